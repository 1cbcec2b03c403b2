"""What all readers of schemas end with: names matched, references found, checks translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.checks import with_checks
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable

UNTYPED = ""
"""The type of a column that takes that of the key it refers to."""


@dataclass(frozen=True)
class Reference:
    """A foreign key as written: the parent's schema and its columns may be missing."""

    columns: tuple[str, ...]
    table: str
    parent_columns: tuple[str, ...] = ()
    schema: str = ""


@dataclass(frozen=True)
class Found:
    """A table as a reader found it, its references still as written."""

    table: RawTable
    references: tuple[Reference, ...] = ()


def complete(
    found: Sequence[Found], *, dialect: str = "duckdb", notes: Sequence[str] = ()
) -> RawSchema:
    """The schema of tables as they were found, in their order.

    Tables of several schemas are named `schema.table`. Columns that a reference points at become a
    key of their table where they are none. What no column can be is left to `drafts`.

    Args:
        found: Tables with bare names and, where known, their schema.
        dialect: What the checks and defaults are written in.
        notes: What the reader left out.

    Raises:
        SchemaError: A table is there twice, a key or reference names what is not there.
    """
    if not found:
        message = "the schema has no tables"
        raise SchemaError(message)
    schemas = {f.table.schema for f in found} - {""}
    several = len(schemas) > 1
    home = next(iter(schemas)) if len(schemas) == 1 else ""
    placed = [_placed(f, home=home, several=several) for f in found]
    tables: dict[str, RawTable] = {}
    for one in placed:
        if one.table.name in tables:
            message = f"table '{one.table.name}' is there twice"
            raise SchemaError(message)
        tables[one.table.name] = _spelled(one.table)
    for one in placed:
        for reference in one.references:
            _refer(tables, one.table.name, reference)
    _typed(tables)
    return with_checks(RawSchema(tuple(tables.values()), tuple(notes)), dialect=dialect)


def _placed(found: Found, *, home: str, several: bool) -> Found:
    table = found.table
    schema = table.schema or home
    name = f"{schema}.{table.name}" if several and schema else table.name
    return replace(found, table=replace(table, name=name, schema=schema or "main"))


def _spelled(table: RawTable) -> RawTable:
    """The table with its keys spelled as its columns, the primary key NOT NULL."""
    names = [c.name for c in table.columns]
    if not names:
        message = f"table '{table.name}' has no columns"
        raise SchemaError(message)
    folded: dict[str, str] = {}
    for name in names:
        if name.casefold() in folded:
            message = f"table '{table.name}' has the column '{name}' twice"
            raise SchemaError(message)
        folded[name.casefold()] = name
    primary = columns_of(table.name, names, table.primary_key, "its primary key")
    unique = [columns_of(table.name, names, key, "a unique key") for key in table.unique_keys]
    columns = tuple(replace(c, nullable=False) if c.name in primary else c for c in table.columns)
    kept = tuple(dict.fromkeys(key for key in unique if set(key) != set(primary)))
    return replace(table, columns=columns, primary_key=primary, unique_keys=kept)


def columns_of(
    table: str, names: Sequence[str], wanted: Iterable[str], what: str
) -> tuple[str, ...]:
    """Names of columns as the table spells them.

    Raises:
        SchemaError: One is not there.
    """
    spelled = []
    for name in wanted:
        found = match(name, names)
        if found is None:
            message = f"table '{table}': {what} names no column '{name}'{nearest(name, names)}"
            raise SchemaError(message)
        spelled.append(found)
    return tuple(spelled)


def _refer(tables: dict[str, RawTable], child: str, reference: Reference) -> None:
    """Put one reference into its table, and the key it points at into the other."""
    own = tables[child]
    what = f"the foreign key to '{reference.table}'"
    columns = columns_of(child, [c.name for c in own.columns], reference.columns, what)
    parent = tables[_parent(tables, own, reference)]
    names = [c.name for c in parent.columns]
    above = reference.parent_columns or parent.primary_key
    shown = f"{child}({', '.join(columns)}) -> {parent.name}"
    if len(above) != len(columns):
        wrong = "its columns are not as many as those it refers to"
        missing = f"'{parent.name}' has no primary key: name the columns it refers to"
        message = f"foreign key {shown}: {wrong if above else missing}"
        raise SchemaError(message)
    target = columns_of(parent.name, names, above, f"the foreign key {shown}")
    if not any(set(target) == set(key) for key in (parent.primary_key, *parent.unique_keys)):
        tables[parent.name] = parent = _with_key(parent, target)
    own = tables[child]
    key = RawForeignKey(columns, parent.name, target)
    if key not in own.foreign_keys:
        tables[child] = replace(own, foreign_keys=(*own.foreign_keys, key))


def _with_key(table: RawTable, columns: tuple[str, ...]) -> RawTable:
    if table.primary_key:
        return replace(table, unique_keys=(*table.unique_keys, columns))
    return _spelled(replace(table, primary_key=columns))


def _parent(tables: Mapping[str, RawTable], child: RawTable, reference: Reference) -> str:
    """The name of the table that a reference means: in the schema named, in the child's, anywhere.

    Raises:
        SchemaError: There is none.
    """
    bare = {name: name.removeprefix(f"{t.schema}.") for name, t in tables.items()}
    schema = reference.schema
    for wanted in (schema, None) if schema else (child.schema, None):
        inside = [n for n, t in tables.items() if wanted in (None, t.schema)]
        found = match(reference.table, [bare[n] for n in inside])
        named = [n for n in inside if bare[n] == found]
        if len(named) == 1 and (wanted is not None or not schema or not _several(tables)):
            return named[0]
    whole = match(reference.table, tables)
    if whole is not None and not schema:
        return whole
    shown = f"{schema}.{reference.table}" if schema else reference.table
    own = ", ".join(reference.columns)
    message = (
        f"foreign key {child.name}({own}) refers to the table '{shown}', which is not there"
        f"{nearest(shown if _several(tables) else reference.table, tables)}"
    )
    raise SchemaError(message)


def _several(tables: Mapping[str, RawTable]) -> bool:
    return len({t.schema for t in tables.values()}) > 1


def _typed(tables: dict[str, RawTable]) -> None:
    """Give columns without a type the one of the key they refer to, however long the chain."""
    for _ in range(len(tables) + 1):
        changed = False
        for name, table in list(tables.items()):
            columns = tuple(_like(c, _above(tables, table, c)) for c in table.columns)
            changed = changed or columns != table.columns
            tables[name] = replace(table, columns=columns)
        if not changed:
            break
    for name, table in tables.items():
        for column in table.columns:
            if column.type == UNTYPED:
                message = f"table '{name}', column '{column.name}' has no type and refers to none"
                raise SchemaError(message)


def _above(tables: Mapping[str, RawTable], table: RawTable, column: RawColumn) -> RawColumn | None:
    """The column that a column refers to."""
    for key in table.foreign_keys:
        if column.name in key.columns:
            name = key.parent_columns[key.columns.index(column.name)]
            return next(c for c in tables[key.parent].columns if c.name == name)
    return None


def _like(column: RawColumn, parent: RawColumn | None) -> RawColumn:
    if parent is None or column.type != UNTYPED or parent.type == UNTYPED:
        return column
    return replace(column, type=parent.type, length=parent.length, values=parent.values)
