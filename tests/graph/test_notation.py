"""The notation for undeclared keys: three forms, quoted names, clear refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_sql.errors import SchemaError
from genesis_sql.graph.notation import parse_relationship, relationship_text
from genesis_sql.types import Relationship


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders.customer_id -> customers.id", ("orders", ("customer_id",), "customers", ("id",))),
        ("orders.customer_id->customers", ("orders", ("customer_id",), "customers", ())),
        ("f(o, t) -> w(a,b)", ("f", ("o", "t"), "w", ("a", "b"))),
        (" f ( o ,t ) → w ( a , b ) ", ("f", ("o", "t"), "w", ("a", "b"))),
        ("f(o, t) -> w", ("f", ("o", "t"), "w", ())),
        ('"my table"."a b" -> x.y', ("my table", ("a b",), "x", ("y",))),
        ('"a""b"."->" -> "x.y"."c(d)"', ('a"b', ("->",), "x.y", ("c(d)",))),
        ("größe.naïve -> 日本.鍵", ("größe", ("naïve",), "日本", ("鍵",))),
        ("order-items.order-id -> orders.id", ("order-items", ("order-id",), "orders", ("id",))),
        (
            '"x; DROP TABLE y --".a -> b."c\'"',
            ("x; DROP TABLE y --", ("a",), "b", ("c'",)),
        ),
    ],
)
def test_forms(text: str, expected: tuple) -> None:
    assert parse_relationship(text) == Relationship(*expected)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("likes.of -> posts.id WHERE kind = 'post'", ("kind", "post")),
        ("likes(of, part) -> posts(id, part) where likes.kind=7", ("kind", "7")),
        ("likes.of -> posts WHERE \"the kind\" = 'it''s; --'", ("the kind", "it's; --")),
        ("likes.of -> posts.id WHERE kind = -1.5", ("kind", "-1.5")),
        ("likes.where -> where.where WHERE kind = 'where'", ("kind", "where")),
    ],
)
def test_conditions(text: str, when: tuple[str, str]) -> None:
    found = parse_relationship(text)
    assert (found.child, found.when) == ("likes", when)
    assert parse_relationship(relationship_text(found)) == found


def test_schemas_in_front() -> None:
    found = parse_relationship("crm.orders.customer -> base.customers(id)")
    assert found == Relationship("crm.orders", ("customer",), "base.customers", ("id",))
    assert relationship_text(found) == "crm.orders.customer -> base.customers.id"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "it has no arrow"),
        ("orders", "it has no arrow"),
        ("a.b -> c.d -> e.f", "it has 2 arrows"),
        ("orders -> customers", "which column of 'orders'"),
        ("orders -> customers.id", "which column of 'orders'"),
        ("f(a, b) -> w(c)", "2 columns on the left and 1 on the right"),
        ("f(a, a) -> w(c, d)", "named twice"),
        ("my table.a -> b.c", "double quotes"),
        ("s.t.c.d -> x.y", "not a table with its columns"),
        ("f.a -> w.b WHERE", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k = post", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k = 'a' OR 1 = 1", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k = 'a'; DROP TABLE f", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k = 1 AND l = 2", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE k IN ('a')", "behind WHERE stands one column"),
        ("f.a -> w.b WHERE w.k = 'a'", "it takes a column of 'f'"),
        ("f.a -> w.b WHERE a = 'a'", "a column of the reference itself"),
        ("f() -> w(c)", "not a table with its columns"),
        ("f(a -> w(c)", "not a table with its columns"),
        ("f.a -> ", "not a table with its columns"),
        ("f.a -> w.b; DROP TABLE f", "stops making sense at '; DROP TABLE f'"),
        ('f."a -> w.b', "stops making sense"),
        ("f.'a' -> w.b", "stops making sense"),
    ],
)
def test_refused(text: str, match: str) -> None:
    with pytest.raises(SchemaError, match=match):
        parse_relationship(text)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
several = st.lists(names, min_size=1, max_size=3, unique=True)


@given(child=names, parent=names, columns=several, value=st.text(max_size=9), data=st.data())
def test_text_and_back(child, parent, columns, value, data) -> None:
    size = len(columns)
    theirs = data.draw(st.lists(names, min_size=size, max_size=size, unique=True))
    first = Relationship(child, tuple(columns), parent, tuple(theirs))
    assert parse_relationship(relationship_text(first)) == first
    kind = data.draw(names.filter(lambda n: n not in columns))
    typed = replace(first, when=(kind, value))
    assert parse_relationship(relationship_text(typed)) == typed
