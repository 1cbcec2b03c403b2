"""Relationships: names resolved, types compared, parents verified, NULLs and orphans counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.graph.notation import parse_relationship, relationship_text
from genesis_sql.graph.roles import comparable, role_of_type
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawSchema, RawTable, Relationship, Role

_ONE_SCHEMA = "; a schema stands in front where the fit has several: schema := ['…', '…']"

_GROUPS = """
SELECT count(*) FILTER (rows > 1), coalesce(sum(rows), 0) - count(*)
FROM (SELECT count(*) AS rows FROM $source WHERE $complete GROUP BY $names)
"""

_MISSING = "SELECT count(*) FROM $source WHERE NOT ($complete) AND ($held)"

_ORPHANS = """
SELECT count(*)
FROM (SELECT $columns FROM $child WHERE $complete AND ($held)) AS child
ANTI JOIN (SELECT $parent_columns FROM $parent) AS parent USING ($names)
"""


def declared(raw: RawSchema) -> tuple[list[Relationship], list[tuple[Relationship, str]]]:
    """The catalog's foreign keys: those to follow, and those left out with the reason."""
    tables = {t.name: t for t in raw.tables}
    kept: list[Relationship] = []
    left: list[tuple[Relationship, str]] = []
    for table in raw.tables:
        for key in table.foreign_keys:
            found = Relationship(
                table.name, key.columns, key.parent, key.parent_columns, declared=True
            )
            parent = tables.get(key.parent)
            if parent is None:
                left.append((found, f"table '{key.parent}' is not taken"))
            elif unsupported := _unsupported(table, key.columns):
                left.append((found, f"column '{unsupported}' has a type that cannot be learnt"))
            else:
                kept.append(found)
    return kept, left


def resolve(raw: RawSchema, text: str) -> Relationship:
    """A relationship in the notation, with the names as the tables spell them.

    Args:
        raw: The tables.
        text: The caller's text; parent columns left out are the parent's primary key.

    Raises:
        SchemaError: It cannot be read, names nothing, or the types cannot be equal.
    """
    parsed = parse_relationship(text)
    parsed = _without_columns(raw, parsed)
    child, parent = _table(raw, parsed.child, text), _table(raw, parsed.parent, text)
    columns = tuple(_column(child, name, text) for name in parsed.columns)
    theirs = parsed.parent_columns or parent.primary_key
    if not theirs:
        msg = (
            f"relationship '{text}': table '{parent.name}' has no primary key; name its column: "
            f"'{relationship_text(Relationship(child.name, columns, parent.name, ('…',)))}'"
        )
        raise SchemaError(msg)
    if len(theirs) != len(columns):
        msg = (
            f"relationship '{text}': the primary key of '{parent.name}' is ({', '.join(theirs)}), "
            f"name as many columns of '{child.name}'"
        )
        raise SchemaError(msg)
    parent_columns = tuple(_column(parent, name, text) for name in theirs)
    when = parsed.when and (_column(child, parsed.when[0], text), parsed.when[1])
    found = Relationship(child.name, columns, parent.name, parent_columns, when=when)
    _check_types(child, parent, found)
    return found


def _without_columns(raw: RawSchema, parsed: Relationship) -> Relationship:
    """`crm.customers` read as a table of a schema, where it is one."""
    known = [t.name for t in raw.tables]
    whole = f"{parsed.parent}.{''.join(parsed.parent_columns)}"
    alone = len(parsed.parent_columns) == 1 and match(parsed.parent, known) is None
    if alone and match(whole, known) is not None:
        return replace(parsed, parent=whole, parent_columns=())
    return parsed


def same_pairs(left: Relationship, right: Relationship) -> bool:
    """Whether two relationships say the same, in whatever order of their columns."""
    if (left.child, left.parent, left.when) != (right.child, right.parent, right.when):
        return False
    pairs = [set(zip(r.columns, r.parent_columns, strict=True)) for r in (left, right)]
    return pairs[0] == pairs[1]


def merge(kept: Iterable[Relationship], given: Iterable[Relationship]) -> list[Relationship]:
    """Declared and given relationships, each once, the declared first."""
    merged: list[Relationship] = []
    for relationship in [*kept, *given]:
        if not any(same_pairs(relationship, other) for other in merged):
            merged.append(relationship)
    return merged


def has_key(table: RawTable, columns: Sequence[str]) -> bool:
    """Whether the catalog already says that these columns name a row."""
    keys = [table.primary_key, *table.unique_keys]
    return any(set(key) == set(columns) for key in keys)


def verify_parent(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, relationship: Relationship
) -> None:
    """Make sure that the parent's columns name at most one row.

    Raises:
        SchemaError: Some values occur in more than one row.
    """
    parent = _by_name(raw, relationship.parent)
    if has_key(parent, relationship.parent_columns):
        return
    values, surplus = duplicates(con, parent, relationship.parent_columns)
    if surplus:
        shown = ", ".join(relationship.parent_columns)
        msg = (
            f"relationship '{relationship_text(relationship)}' needs unique values in "
            f"{parent.name}({shown}), but {values:,} of them occur more than once "
            f"({surplus:,} rows too many)"
        )
        raise SchemaError(msg)


def duplicates(
    con: duckdb.DuckDBPyConnection, table: RawTable, columns: Sequence[str]
) -> tuple[int, int]:
    """How many values (without NULL) occur more than once, and how many rows are too many."""
    found = ask(
        con,
        _GROUPS,
        about=f"table '{table.name}'",
        source=table.source,
        complete=_complete(columns),
        names=_names(columns),
    )
    return int(found[0][0]), int(found[0][1])


def missing(
    con: duckdb.DuckDBPyConnection,
    table: RawTable,
    columns: Sequence[str],
    when: tuple[str, str] | None = None,
) -> int:
    """How many rows (of those with that value) have a NULL in one of the columns."""
    about = f"table '{table.name}'"
    nodes = {"complete": _complete(columns), "held": holds(when)}
    found = ask(con, _MISSING, about=about, source=table.source, **nodes)
    return int(found[0][0])


def holds(when: tuple[str, str] | None) -> str:
    r"""The rows in which a reference holds, as a condition in SQL.

    Example:
        >>> holds(("kind", "post")), holds(None)
        ('CAST("kind" AS VARCHAR) = \'post\'', 'true')
    """
    return f"CAST({quoted(when[0])} AS VARCHAR) = {string(when[1])}" if when else "true"


def orphans(con: duckdb.DuckDBPyConnection, raw: RawSchema, relationship: Relationship) -> int:
    """How many child rows refer to a parent that is not there; NULL refers to nothing."""
    child, parent = _by_name(raw, relationship.child), _by_name(raw, relationship.parent)
    aliases = [f"k{at}" for at in range(len(relationship.columns))]
    found = ask(
        con,
        _ORPHANS,
        about=f"relationship '{relationship_text(relationship)}'",
        columns=_renamed(relationship.columns, aliases),
        child=child.source,
        complete=_complete(relationship.columns),
        held=holds(relationship.when),
        parent_columns=_renamed(relationship.parent_columns, aliases),
        parent=parent.source,
        names=_names(aliases),
    )
    return int(found[0][0])


def counted(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, relationship: Relationship
) -> Relationship:
    """The relationship with its NULL references and orphans counted; DuckDB keeps declared keys."""
    child = _by_name(raw, relationship.child)
    return replace(
        relationship,
        nulls=missing(con, child, relationship.columns, relationship.when),
        orphans=0 if relationship.declared else orphans(con, raw, relationship),
    )


def _table(raw: RawSchema, name: str, text: str) -> RawTable:
    known = [t.name for t in raw.tables if t.columns]
    found = match(name, known)
    if found is None:
        schemas = "" if any("." in n for n in known) or "." not in name else _ONE_SCHEMA
        msg = f"relationship '{text}': there is no table '{name}'{nearest(name, known)}{schemas}"
        raise SchemaError(msg)
    return _by_name(raw, found)


def _by_name(raw: RawSchema, name: str) -> RawTable:
    return next(t for t in raw.tables if t.name == name)


def _column(table: RawTable, name: str, text: str) -> str:
    known = [c.name for c in table.columns]
    found = match(name, known)
    if found is None:
        ending = nearest(name, known)
        msg = f"relationship '{text}': table '{table.name}' has no column '{name}'{ending}"
        raise SchemaError(msg)
    return found


def _types(table: RawTable) -> dict[str, str]:
    return {c.name: c.type for c in table.columns}


def _unsupported(table: RawTable, columns: Sequence[str]) -> str | None:
    types = _types(table)
    return next((c for c in columns if role_of_type(types[c]) is Role.UNSUPPORTED), None)


def _check_types(child: RawTable, parent: RawTable, relationship: Relationship) -> None:
    """Raise where two columns cannot be equal, cannot be learnt, or a column refers to itself."""
    text = relationship_text(relationship)
    if child is parent and set(relationship.columns) == set(relationship.parent_columns):
        msg = f"relationship '{text}' refers from a column to itself"
        raise SchemaError(msg)
    ours, theirs = _types(child), _types(parent)
    for name, other in zip(relationship.columns, relationship.parent_columns, strict=True):
        if role_of_type(ours[name]) is Role.UNSUPPORTED or not comparable(
            ours[name], theirs[other]
        ):
            msg = (
                f"relationship '{text}': {child.name}.{name} ({ours[name]}) cannot refer to "
                f"{parent.name}.{other} ({theirs[other]}); make a view that casts one of them"
            )
            raise SchemaError(msg)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(quoted(c) for c in columns)


def _complete(columns: Iterable[str]) -> str:
    return " AND ".join(f"{quoted(c)} IS NOT NULL" for c in columns)


def _renamed(columns: Iterable[str], aliases: Iterable[str]) -> str:
    pairs = zip(columns, aliases, strict=True)
    return ", ".join(f"{quoted(c)} AS {quoted(alias)}" for c, alias in pairs)
