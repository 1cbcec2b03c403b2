"""DuckDB: the numbers of all items stand in one list of each type, a column beside the rows.

A column that is handed on from level to level costs time in every level, and so does the plan of
it: a model of many arrays would spend most of its time on that. An item is a stretch of its list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import numpy as np
from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Dialect,
    Item,
    Node,
    Place,
    repeated,
    union,
    values_relation,
)
from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    element,
    literal,
    named,
    op,
    relation_name,
)
from genesis_sql.sqlbuild import column, fill

_ROWS = 'SELECT i AS "#number", i AS "#address" FROM range($low, $high) AS r(i)'
_BEGINS = 'SELECT i AS "#number" FROM range($low, $high, $step) AS r(i)'
MEMBERS = 64
"""Parts of the rows of a root that threads take: it hands out a range on one."""
_LISTS = {
    "USMALLINT": "#smalls",
    "INTEGER": "#integers",
    "BIGINT": "#wholes",
    "DOUBLE": "#reals",
}
_CELLS, _FOUND = "cells", "#found"
BLOCK = 2**15
"""Rows that share one copy of the lists: DuckDB copies a list for each chunk of a cross join."""


def _kept_as(item: Item) -> str:
    """The smallest type that holds all numbers of an item: what is near is read fast."""
    if item.kind != "int" or not len(item.values) or item.align > 1:
        return item.type
    low, high = int(np.min(item.values)), int(np.max(item.values))
    if low >= 0 and high < 2**16:
        return "USMALLINT"
    return "INTEGER" if low >= -(2**31) and high < 2**31 else item.type


def _by_type(items: Iterable[Item]) -> dict[str, list[Item]]:
    """The items of numbers by the type of their list."""
    out: dict[str, list[Item]] = {}
    for item in items:
        if item.kind != "text":
            out.setdefault(_kept_as(item), []).append(item)
    return out


def _written(item: Item, begin: int) -> np.ndarray:
    """The numbers of an item that begins there; lists are counted from 1."""
    values = np.array(item.values)
    values[: item.places] += begin + 1
    return values


def _above(item: Item) -> int:
    """A power of two above all indices of an item that are not places in it already."""
    return item.align if item.align > 1 else 1 << max(len(item.values) - 1, 0).bit_length()


def _place(item: Item, index: Node, begin: int) -> Node:
    """The place of an element in its list, counted from 1.

    Where an item begins at a multiple of what is above its indices, the place is put together from
    bits: a sum, which DuckDB looks at for an overflow, takes ten times as long.
    """
    if isinstance(index, exp.Literal):
        return literal(int(index.name) + begin + 1)
    inner = index.unnest()
    if isinstance(inner, exp.Sub) and isinstance(inner.expression, exp.Literal):
        begin -= int(inner.expression.name)
        index = inner.this
    elif (begin + 1) % _above(item) == 0:
        return op(exp.BitwiseOr, index, begin + 1)
    return index if begin == -1 else add(index, begin + 1)


def _packed(items: Iterable[Item], *, gaps: bool) -> dict[str, dict[str, int]]:
    """Where each item begins in the list of its type, by type; more items move none.

    With ``gaps`` one begins where `_place` needs no sum, unless that leaves a gap as long as it is.
    """
    out: dict[str, dict[str, int]] = {}
    for type_, of_type in _by_type(items).items():
        begins, size = dict[str, int](), 0
        for item in of_type:
            begin = _multiple(size + 1, item.align) - 1
            if gaps and item.align == 1:
                apart = _multiple(size + 1, _above(item)) - 1
                begin = apart if apart - size <= len(item.values) else size
            begins[item.name] = begin
            size = begin + len(item.values)
        out[type_] = begins
    return out


def _multiple(least: int, of: int) -> int:
    """The lowest multiple of a number that is not below another."""
    return -(-least // of) * of


class _DuckDB(Dialect):
    def materialized(self, *, shared: bool) -> bool | None:
        return shared

    def _begins(self, items: Iterable[Item]) -> dict[str, dict[str, int]]:
        return _packed(items, gaps=self.data is None)

    def cells(self, items: list[Item]) -> exp.Expression:
        """One row: the lists of numbers, and a list for each item of texts."""
        begins, rows, texts = self._begins(items), list[tuple[str, str]](), dict[str, Node]()
        for type_, of_type in _by_type(items).items():
            name = _LISTS[type_]
            found = list[str]()
            for item in of_type:
                begin = begins[type_][item.name]
                found += ["0"] * (begin - len(found))
                found += map(repr, _written(item, begin).tolist())
            rows.append((name, ",".join(found)))
            texts[type_] = _stored(name)
        rows += [row for item in items if item.kind == "text" for row in self.stored(item)]
        made = exp.Select(expressions=named(self._lists(items, texts)))
        return made.from_(values_relation(rows).subquery("held"), copy=False)

    def outside(self, data: Place, items: list[Item]) -> exp.Select:
        """The same row, of texts that stand elsewhere, each for itself."""
        comma, brackets = exp.Literal.string(","), exp.Literal.string("[]")
        texts = dict[str, Node]()
        for type_, of_type in _by_type(items).items():
            plain = [call("trim", _stored(i.name), brackets) for i in of_type if len(i.values)]
            texts[type_] = call("concat_ws", comma, *plain)
        found = [*self._lists(items, texts), (_FOUND, exp.Count(this=exp.Star()))]
        given = super().outside(data, items).subquery("held")
        return exp.Select(expressions=named(found)).from_(given, copy=False)

    def found(self) -> exp.Select:
        return exp.Select(expressions=[column(_FOUND)]).from_(relation_name(_CELLS), copy=False)

    def _lists(self, items: list[Item], texts: Mapping[str, Node]) -> list[tuple[str, Node]]:
        """The columns of that row; the numbers of a type stand in one text."""
        shown = list[tuple[str, Node]]()
        for type_, of_type in _by_type(items).items():
            split = call("string_split", texts[type_], exp.Literal.string(","))
            some = any(len(item.values) for item in of_type)
            shown.append((_LISTS[type_], as_type(split if some else exp.null(), f"{type_}[]")))
        for item in items:
            if item.kind == "text":
                shown.append((item.name, self.parsed(item, _stored(item.name))))
        return shown

    def parquet(self, path: str) -> exp.Expression:
        return exp.Table(this=call("read_parquet", exp.Literal.string(path)))

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        """The list of an item of texts."""
        mark = call("substr", text, literal(1), literal(1))
        return call("string_split", call("substr", text.copy(), literal(2)), mark)

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return element(values, index)

    def reading(
        self, nodes: dict[str, Node], items: Mapping[str, Item], single: dict[str, Node]
    ) -> dict[str, Node]:
        """Elements of columns of the relation that all rows share."""
        packed = self._begins(items.values())

        def swap(node: exp.Expression) -> exp.Expression:
            if not isinstance(node, exp.Anonymous) or node.this not in (
                "genesis_at",
                "genesis_step",
            ):
                return node
            item, index = items[node.expressions[0].name], node.expressions[1].transform(swap)
            kept = _kept_as(item)
            name = item.name if item.kind == "text" else _LISTS[kept]
            single[name] = column(name, _CELLS)
            begin = 0 if item.kind == "text" else packed[kept][item.name]
            place = index if node.this == "genesis_step" else _place(item, index, begin)
            found = call("list_extract", column(name), place)
            return found if kept == item.type else as_type(found, item.type)

        return {name: node.transform(swap) for name, node in nodes.items()}

    def beside(
        self, source: str, shared: list[exp.Table], names: list[str], ends: tuple[Node, Node]
    ) -> exp.Select | None:
        first, stop = (int(end.name) for end in ends)
        number = column("#number")
        until = call("least", add(number, BLOCK), literal(stop))
        each = call("unnest", call("range", number, until))
        made = exp.Select(expressions=named([*((n, column(n)) for n in names), ("#number", each)]))
        made = made.from_(_begins(first, stop).subquery("begins"), copy=False)
        for other in shared:
            made = made.join(other, join_type="cross", copy=False)
        shown = [*((n, column(n)) for n in names), ("#number", number), ("#address", number)]
        return exp.Select(expressions=named(shown)).from_(made.subquery("rows"), copy=False)

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return fill(_ROWS, low=first, high=stop)

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        made = call("unnest", call("range", low, high))
        return repeated(source, columns, made, to)

    def xor(self, left: Node, right: Node) -> Node:
        return call("xor", left, right)

    def divided(self, left: Node, right: Node) -> Node:
        return binary(exp.IntDiv, left, right)

    def date(self, days: Node) -> Node:
        epoch = as_type(exp.Literal.string("1970-01-01"), "DATE")
        return add(epoch, as_type(days, "INTEGER"))

    def timestamp(self, micros: Node) -> Node:
        return call("make_timestamp", micros)

    def timestamp_tz(self, micros: Node) -> Node:
        made = exp.paren(call("make_timestamp", micros))
        return exp.AtTimeZone(this=made, zone=exp.Literal.string("UTC"))

    def timestamp_ns(self, nanos: Node) -> Node:
        return call("make_timestamp_ns", nanos)

    def time(self, micros: Node) -> Node:
        midnight = as_type(exp.Literal.string("24:00:00"), "TIME")
        made = as_type(call("make_timestamp", micros), "TIME")
        return case([(op(exp.EQ, micros, 86_400_000_000), midnight)], made)

    def exact(self, whole: Node) -> Node:
        return as_type(as_type(whole, "HUGEINT"), "DECIMAL(38, 0)")


def _begins(first: int, stop: int) -> exp.Query:
    """The first rows of blocks: a union, whose members DuckDB runs beside each other."""
    size = BLOCK * max(1, -(-(stop - first) // (BLOCK * MEMBERS)))
    ends = [(n, min(n + size, stop)) for n in range(first, stop, size)] or [(first, stop)]
    members = (fill(_BEGINS, low=low, high=high, step=BLOCK) for low, high in ends)
    return cast(exp.Query, union([cast(exp.Select, member) for member in members]))


def _stored(name: str) -> exp.Expression:
    """The text of a name, as an aggregate: DuckDB folds constant lists wherever they stand."""
    found = binary(exp.EQ, column("name"), exp.Literal.string(name))
    return exp.Max(this=case([(found, column("values"))]))


DUCKDB = _DuckDB(
    "duckdb", "DuckDB", "duckdb", reads="columns", infinite=True, midnight=True, cells_kept=True
)
