"""Columns -> roles, from their types and one pass over the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from genesis_sql.errors import OptionError, nearest
from genesis_sql.graph.personal import with_personal
from genesis_sql.introspect.query import ask
from genesis_sql.program.column_types import POINT, is_known
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Column, RawColumn, Role

MANY_LABELS = 50
"""Text with more different values than this, and than half of its values, is no category."""

SMALL_TABLE = 100
FEW_ROWS = 20
"""From FEW_ROWS to SMALL_TABLE rows, text whose values all differ is no category."""

LONG_TEXT = 64
"""Values without spaces that are longer than this on average are text: no code is that long."""

SHAPE_SAMPLE = 2000
FEW_SHAPES = 20
"""Text with spaces is still an identifier where this many values with digits have at most this many
shapes: telephone numbers, 'Customer 00017'."""

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip

_BY_TYPE = {
    "BOOLEAN": Role.BOOLEAN,
    "FLOAT": Role.DECIMAL,
    "DOUBLE": Role.DECIMAL,
    "DATE": Role.DATE,
    "TIME": Role.TIME,
    "TIME_NS": Role.TIME,
    "UUID": Role.IDENTIFIER,
    "VARCHAR": Role.CATEGORY,
} | dict.fromkeys(_INTEGERS, Role.INTEGER)

_MADE_ANEW = (Role.KEY, Role.IDENTIFIER, Role.TEXT)
"""Roles that a caller may give to personal data without having it copied."""

_SCAN = "SELECT count(*), $counts FROM $source"

_SHAPES = """
SELECT count(*), count(DISTINCT shape), avg(length(value)),
       avg(CAST(contains(trim(value), ' ') AS INTEGER)),
       avg(CAST(contains(shape, '9') AS INTEGER))
FROM (
  SELECT $column AS value,
         regexp_replace(regexp_replace($column, '\\p{L}', 'a', 'g'), '[0-9]', '9', 'g') AS shape
  FROM $source WHERE $column IS NOT NULL
  ORDER BY md5($column), $column LIMIT $limit
)
"""


def profile_columns(
    con: duckdb.DuckDBPyConnection,
    source: str,
    raw_columns: Sequence[RawColumn],
    *,
    keys: Mapping[str, Role] | None = None,
    overrides: Mapping[str, str] | None = None,
    table: str = "",
) -> tuple[Column, ...]:
    """The columns with exact counts and roles, from one aggregate scan.

    Text that is nearly unique is looked at once more, at most SHAPE_SAMPLE values of it.

    Args:
        con: An open connection or cursor.
        source: SQL text behind FROM.
        raw_columns: The columns in order.
        keys: The columns that are keys by themselves (Role.KEY) or in a foreign key
            (Role.FOREIGN_KEY).
        overrides: Roles by name that the caller gives to columns.
        table: Its name: `name` in `customers` is a person's, in `products` it is not.

    Raises:
        OptionError: An override names no column or no role, or a role the column cannot have.
        SourceError: The data cannot be read.
    """
    known = keys or {}
    wanted = _overrides(overrides or {}, raw_columns)
    counts = _counts(con, source, raw_columns)
    columns = []
    for raw, (rows, nonnull, distinct) in zip(raw_columns, counts, strict=True):
        column = Column(
            name=raw.name,
            type=raw.type,
            role=Role.UNSUPPORTED,
            nullable=raw.nullable,
            rows=rows,
            distinct=distinct,
            nulls=rows - nonnull,
            comment=raw.comment,
            inside=raw.inside,
            reason=raw.reason,
        )
        seen = _with_role(con, source, column, known.get(raw.name))
        if raw.role is not None:
            seen = replace(column, role=raw.role)
        elif raw.name not in wanted or wanted[raw.name] in _MADE_ANEW:
            seen = with_personal(con, source, table, seen)
        columns.append(_overridden(seen, wanted.get(raw.name)))
    return tuple(columns)


def role_of_type(type_: str) -> Role:
    """The role a type has before the data are seen; UNSUPPORTED where it cannot be learnt.

    Example:
        >>> role_of_type("DECIMAL(38,10)"), role_of_type("INTEGER[]")
        (<Role.DECIMAL: 'decimal'>, <Role.UNSUPPORTED: 'unsupported'>)
    """
    if type_.endswith("]"):
        return Role.UNSUPPORTED
    if type_.startswith("ENUM("):
        return Role.CATEGORY
    if type_.startswith("DECIMAL"):
        return Role.DECIMAL
    if type_.startswith("TIMESTAMP"):
        return Role.TIMESTAMP
    return _BY_TYPE.get(type_, Role.UNSUPPORTED)


def comparable(left: str, right: str) -> bool:
    """Whether the values of two types can be equal, so that one can refer to the other.

    Example:
        >>> comparable("INTEGER", "BIGINT"), comparable("INTEGER", "VARCHAR")
        (True, False)
    """
    return left == right or (_family(left) == _family(right) != Role.UNSUPPORTED.value)


def _family(type_: str) -> str:
    role = role_of_type(type_)
    if role in (Role.INTEGER, Role.DECIMAL):
        return "number"
    if role in (Role.DATE, Role.TIMESTAMP):
        return "moment"
    return str(role.value)


def _counts(
    con: duckdb.DuckDBPyConnection, source: str, raw_columns: Sequence[RawColumn]
) -> list[tuple[int, int, int]]:
    """Rows, values and different values of each column (0 of an unsupported type)."""
    parts = []
    for raw in raw_columns:
        supported = role_of_type(raw.type) is not Role.UNSUPPORTED
        name = quoted(raw.name)
        parts += [f"count({name})", f"count(DISTINCT {name})" if supported else "0"]
    found = ask(con, _SCAN, about=f"the data of {source}", counts=", ".join(parts), source=source)[
        0
    ]
    return [(found[0], found[at], found[at + 1]) for at in range(1, len(found), 2)]


def _with_role(
    con: duckdb.DuckDBPyConnection, source: str, column: Column, key: Role | None
) -> Column:
    """The column with the role that key, type and data give it."""
    by_type = role_of_type(column.type)
    values = column.rows - column.nulls
    if key is Role.FOREIGN_KEY:
        return replace(column, role=key)
    if not values and is_known(column.type) and (column.rows or by_type is Role.UNSUPPORTED):
        return replace(column, role=Role.EMPTY, reason="all values are NULL")
    if by_type is Role.UNSUPPORTED:
        yet = f"type {column.type} cannot be learnt yet; the column is left out"
        reason = column.reason or yet
        return replace(column, role=by_type, reason=reason)
    if key is None and "HUGEINT" in column.type and _too_wide(con, source, column.name):
        reason = "numbers of 39 digits cannot be learnt; the column is left out"
        return replace(column, role=Role.UNSUPPORTED, reason=reason)
    if key is Role.KEY and column.nulls:
        partly = Role.IDENTIFIER if column.type == "VARCHAR" else by_type
        return replace(column, role=partly, reason="unique where it is not NULL")
    if key is not None:
        return replace(column, role=key)
    if column.distinct == 1 and not column.nulls and column.rows > 1:
        return replace(column, role=Role.CONSTANT)
    if column.type == "VARCHAR" and _no_category(column, values):
        differ = f"{column.distinct:,} of {values:,} values differ"
        return replace(column, role=_text_role(con, source, column.name), reason=differ)
    return replace(column, role=by_type)


def _too_wide(con: duckdb.DuckDBPyConnection, source: str, name: str) -> bool:
    """Whether a HUGEINT column holds numbers that no DECIMAL, and so no Arrow array, can hold."""
    limit = 10**38
    found = ask(
        con,
        "SELECT count(*) FROM $source WHERE $column >= $limit OR $column <= -$limit",
        about=f"column {quoted(name)}",
        column=quoted(name),
        source=source,
        limit=str(limit),
    )
    return bool(found[0][0])


def _no_category(column: Column, values: int) -> bool:
    """Whether text has too many different values to be labels."""
    if column.distinct > MANY_LABELS and 2 * column.distinct > values:
        return True
    return FEW_ROWS < column.rows <= SMALL_TABLE and column.distinct == values > FEW_ROWS


def _text_role(con: duckdb.DuckDBPyConnection, source: str, name: str) -> Role:
    """IDENTIFIER for single words and few shapes, TEXT for the rest."""
    found = ask(
        con,
        _SHAPES,
        about=f"column {quoted(name)}",
        column=quoted(name),
        source=source,
        limit=str(SHAPE_SAMPLE),
    )
    values, shapes, length, spaced, digits = found[0]
    if spaced <= 0.5:
        return Role.IDENTIFIER if length <= LONG_TEXT else Role.TEXT
    few = shapes <= min(FEW_SHAPES, values // 4)
    return Role.IDENTIFIER if few and digits >= 0.9 else Role.TEXT


def _overrides(overrides: Mapping[str, str], raw_columns: Sequence[RawColumn]) -> dict[str, Role]:
    """The roles the caller gives, names and roles checked."""
    names = {c.name.casefold(): c.name for c in raw_columns}
    for part in (c.name for c in raw_columns if c.inside):
        names.setdefault(part.replace(POINT, ".").casefold(), part)
    roles = {r.value: r for r in Role}
    wanted: dict[str, Role] = {}
    for column, text in overrides.items():
        name = column if column in names.values() else names.get(column.casefold())
        if name is None:
            msg = f"role for unknown column '{column}'{nearest(column, names.values())}"
            raise OptionError(msg)
        role = roles.get(re.sub(r"[\s_]+", " ", str(text).strip().lower()))
        if role is None:
            msg = f"column '{name}' has unknown role '{text}'{nearest(str(text), roles)}"
            raise OptionError(msg)
        wanted[name] = role
    return wanted


def _overridden(column: Column, wanted: Role | None) -> Column:
    """The column with the caller's role, where its type and keys allow it."""
    if wanted is column.role is Role.UNSUPPORTED:
        return replace(column, reason="left out by the caller")
    if wanted is None or wanted is column.role:
        return column
    if wanted is Role.UNSUPPORTED and column.role not in (Role.KEY, Role.FOREIGN_KEY):
        return replace(column, role=wanted, reason="left out by the caller")
    allowed = _allowed(column)
    if wanted not in allowed:
        shown = ", ".join(f"'{r.value}'" for r in sorted(allowed)) or "none"
        msg = (
            f"column '{column.name}' ({column.type}, {column.role.value}) cannot have the role "
            f"'{wanted.value}'; it can have: {shown}{_why(column, wanted)}"
        )
        raise OptionError(msg)
    return replace(column, role=wanted, reason="given by the caller")


def _allowed(column: Column) -> set[Role]:
    """The roles a caller may give to a column."""
    if column.role in (Role.KEY, Role.FOREIGN_KEY):
        return {column.role}
    if column.role in (Role.EMPTY, Role.UNSUPPORTED, Role.STRUCT, Role.LIST, Role.JSON):
        return {column.role, Role.UNSUPPORTED}
    by_type = role_of_type(column.type)
    allowed = {column.role, by_type, Role.CATEGORY, Role.UNSUPPORTED}
    if column.type == "VARCHAR":
        allowed |= {Role.IDENTIFIER, Role.TEXT}
    if column.distinct == column.rows > 0 and not column.nulls:
        allowed.add(Role.KEY)
    return allowed


def _why(column: Column, wanted: Role) -> str:
    if wanted is Role.FOREIGN_KEY:
        return "; name the parent in relationships := [...]"
    if wanted is Role.KEY:
        return f"; a key names every row, but {column.distinct:,} of {column.rows:,} values differ"
    return ""
