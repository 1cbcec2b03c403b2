"""Parents come first; a circle is named with the edge to leave out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from genesis_sql.errors import SchemaError
from genesis_sql.graph.order import cut_circles, cycle, topological
from genesis_sql.types import Column, Graph, Relationship, Role, Table


def graph(names: str, *edges: tuple[str, str], required: str = "") -> Graph:
    """Tables of one letter; an edge goes from a child to its parent and names the column."""
    tables = []
    for name in names:
        columns = [Column("id", "INTEGER", Role.KEY)]
        for child, parent in edges:
            if child == name:
                nullable = child + parent not in required.split()
                columns.append(Column(parent, "INTEGER", Role.FOREIGN_KEY, nullable=nullable))
        tables.append(Table(name, name, tuple(columns)))
    relationships = tuple(
        Relationship(child, (parent,), parent, ("id",)) for child, parent in edges
    )
    return Graph(tuple(tables), relationships)


def test_parents_first_and_otherwise_as_given() -> None:
    found = topological(graph("cabd", ("a", "b"), ("b", "d"), ("c", "c"), ("a", "d")))
    assert found == ("c", "d", "b", "a")


def test_thirty_tables_in_a_row() -> None:
    names = "".join(chr(200 + i) for i in range(30))
    assert topological(graph(names, *pairwise(names))) == tuple(reversed(names))


def test_nothing() -> None:
    assert topological(Graph(())) == ()
    assert cycle(graph("ab", ("a", "b"))) == ()


def test_circle_names_tables_and_the_edge_that_may_be_null() -> None:
    circular = graph("dabc", ("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), required="ab bc")
    with pytest.raises(SchemaError, match=r"'a' -> 'b' -> 'c' -> 'a'; leave out 'c.a -> a.id'"):
        topological(circular)
    assert {r.child for r in cycle(circular)} == {"a", "b", "c"}


def test_the_edge_that_few_rows_and_no_key_hold_is_cut() -> None:
    circular = graph("ab", ("a", "b"), ("b", "a"))
    small = tuple(replace(t, rows={"a": 500, "b": 20}[t.name]) for t in circular.tables)
    found = cut_circles(replace(circular, tables=small))
    assert [r.name for r in found.relationships if r.cut] == ["b(a) -> a(id)"]
    assert topological(found) == ("b", "a")
    keyed = tuple(replace(t, unique_keys=(("a",),) if t.name == "b" else ()) for t in small)
    found = cut_circles(replace(circular, tables=keyed))
    assert [r.name for r in found.relationships if r.cut] == ["a(b) -> b(id)"]


def test_two_circles_and_one_that_cannot_be_cut() -> None:
    edges = (("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("d", "e"), ("e", "d"))
    found = cut_circles(graph("abcde", *edges, required="de ed"))
    assert sum(r.cut for r in found.relationships) == 2
    with pytest.raises(SchemaError, match="'d' -> 'e' -> 'd'; none of the keys may be NULL"):
        topological(found)


def test_circle_without_a_nullable_edge() -> None:
    with pytest.raises(SchemaError, match="none of the keys may be NULL"):
        topological(graph("ab", ("a", "b"), ("b", "a"), required="ab ba"))
