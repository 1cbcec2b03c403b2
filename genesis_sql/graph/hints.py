"""Keys that only a person can name: pairs of columns, references that no name gives away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb

from genesis_sql.graph import keys
from genesis_sql.graph.roles import comparable
from genesis_sql.types import Column, Graph, RawSchema, RawTable, Relationship, Role, Table

_PLACE = re.compile(r"(line|item|seq|row|pos)\w*|no|nr|num|number|index|rank|order", re.IGNORECASE)
"""Names of a column that numbers the rows of one parent."""
_REFERS = re.compile(r"(?<=[a-z0-9])(Id|ID|Key|Ref|Fk)$|_(id|key|ref|fk)$", re.IGNORECASE)
_REFERENCES = {Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER}


def pair_key(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph, table: Table
) -> tuple[str, ...]:
    """Columns that together name a row: references, or one with a number; () where none do.

    Args:
        con: an open connection; two columns at a time are counted.
        raw: what the graph was built from.
        graph: with all references, the proposed ones too.
        table: of the graph, without a key.
    """
    here = next(t for t in raw.tables if t.name == table.name)
    own = [r.columns for r in graph.parents(table.name) if not r.when]
    numbers = [(c.name,) for c in table.columns if _PLACE.fullmatch(c.name)]
    for first, second in _pairs(own, numbers):
        pair = tuple(dict.fromkeys((*first, *second)))
        if len(pair) > max(len(first), len(second)) and _names_rows(con, here, pair):
            return tuple(c.name for c in table.columns if c.name in pair)
    return ()


def _pairs(
    own: Sequence[tuple[str, ...]], numbers: Sequence[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for at, first in enumerate(own):
        yield from ((first, second) for second in [*own[at + 1 :], *numbers])


def _names_rows(con: duckdb.DuckDBPyConnection, table: RawTable, columns: tuple[str, ...]) -> bool:
    if keys.missing(con, table, columns):
        return False
    return keys.duplicates(con, table, columns)[1] == 0


def possible_references(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph
) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Columns called like a reference whose values all are keys of another table.

    Yields:
        The table, the column, and every (table, key) that has all its values.
    """
    taken = {(r.child, c) for r in graph.relationships for c in r.columns}
    for table in graph.tables:
        for column in table.columns:
            named = column.role in _REFERENCES and bool(_REFERS.search(column.name))
            named = named and not column.inside
            repeated = 1 < column.distinct < column.rows - column.nulls  # no key of its own
            if named and repeated and (table.name, column.name) not in taken:
                found = tuple(_holders(con, raw, graph, table, column))
                if found:
                    yield table.name, column.name, found


def _holders(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph, table: Table, column: Column
) -> Iterator[tuple[str, str]]:
    for parent in graph.tables:
        named = [parent.primary_key, *parent.unique_keys]
        named += [r.parent_columns for r in graph.children(parent.name)]
        for name in dict.fromkeys(k[0] for k in named if len(k) == 1):
            key = parent.column(name)
            able = comparable(column.type, key.type) and column.distinct <= key.distinct
            if able and (parent.name, name) != (table.name, column.name):
                tried = Relationship(table.name, (column.name,), parent.name, (name,))
                if not keys.orphans(con, raw, tried):
                    yield parent.name, name
