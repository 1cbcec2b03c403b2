"""The column that utility is about: named by a caller, found in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.evaluate.sides import kind_of
from genesis_sql.introspect.catalog import match
from genesis_sql.types import Column, Graph, Table


def find_targets(graph: Graph, given: Any) -> dict[str, str]:
    """Targets by table.

    Args:
        graph: the real tables.
        given: None, 'column', 'table.column', or a mapping of columns by table.

    Raises:
        OptionError: there is no such column, it is in several tables, or nothing can be told of it.
    """
    if given is None:
        return {}
    if isinstance(given, str):
        table, column = _column(graph, given)
        return {table.name: _usable(table, column).name}
    if not isinstance(given, Mapping) or not all(isinstance(c, str) for c in given.values()):
        msg = (
            f"target := {given!r} is no column; write target := 'table.column', or a struct: "
            f"{{'table': 'column'}}"
        )
        raise OptionError(msg)
    found = {}
    for name, text in given.items():
        known = {t.name: t for t in graph.tables if not t.nested}
        there = match(str(name), known)
        if there is None:
            msg = f"target names no table '{name}'{nearest(str(name), known)}"
            raise OptionError(msg)
        found[there] = _usable(known[there], _of(known[there], text)).name
    return found


def _column(graph: Graph, text: str) -> tuple[Table, Column]:
    tables = [t for t in graph.tables if not t.nested]
    places = [(t, c) for t in tables for c in t.columns if not c.inside]
    for exact in (True, False):
        for names in ([c.name for _, c in places], [f"{t.name}.{c.name}" for t, c in places]):
            same = [n == text if exact else n.casefold() == text.casefold() for n in names]
            found = [place for place, is_it in zip(places, same, strict=True) if is_it]
            if len(found) == 1:
                return found[0]
            if found:
                several = ", ".join(f"'{t.name}.{c.name}'" for t, c in found)
                msg = f"target '{text}' is in several tables: write one of {several}"
                raise OptionError(msg)
    known = [c.name for _, c in places] + [f"{t.name}.{c.name}" for t, c in places if "." in text]
    msg = f"target names no column '{text}'{nearest(text, known)}"
    raise OptionError(msg)


def _of(table: Table, text: str) -> Column:
    known = {c.name: c for c in table.columns if not c.inside}
    found = match(text, known)
    if found is None:
        msg = f"target names no column '{text}' of table '{table.name}'{nearest(text, known)}"
        raise OptionError(msg)
    return known[found]


def _usable(table: Table, column: Column) -> Column:
    """The column, where a classifier can be taught it."""
    where = f"target '{table.name}.{column.name}'"
    if column.distinct <= 1:
        msg = f"{where} is constant: it has one value, so nothing can be predicted; name another"
        raise OptionError(msg)
    if kind_of(column) is None:
        msg = (
            f"{where} has the role '{column.role.value}', which no model predicts; name a number, "
            f"moment or label"
        )
        raise OptionError(msg)
    return column
