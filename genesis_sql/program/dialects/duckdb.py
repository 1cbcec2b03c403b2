"""DuckDB: lists stand beside the rows as columns of a one-row relation, which it never copies."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Dialect,
    Item,
    Node,
    repeated,
    values_relation,
)
from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import add, as_type, call, case, element, literal, op
from genesis_sql.sqlbuild import column, fill

_ROWS = 'SELECT i AS "#number", i AS "#address" FROM range($low, $high) AS r(i)'


class _DuckDB(Dialect):
    def materialized(self, *, shared: bool) -> bool | None:
        return shared

    def cells(self, items: list[Item]) -> exp.Expression:
        return values_relation([row for item in items for row in self.stored(item)])

    def parquet(self, path: str) -> exp.Expression:
        return exp.Table(this=call("read_parquet", exp.Literal.string(path)))

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if item.kind != "text":
            return as_type(text, f"{item.type}[]")
        mark = call("substr", text, literal(1), literal(1))
        return call("string_split", call("substr", text.copy(), literal(2)), mark)

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return element(values, index)

    def reading(
        self, nodes: dict[str, Node], items: Mapping[str, Item], single: dict[str, Node]
    ) -> dict[str, Node]:
        """Elements of columns of the relation that all rows share, one aggregate over the data."""

        def swap(node: exp.Expression) -> exp.Expression:
            if not isinstance(node, exp.Anonymous) or node.this != "genesis_at":
                return node
            item = items[node.expressions[0].name]
            if item.name not in single:
                found = binary(exp.EQ, column("name", "cells"), exp.Literal.string(item.name))
                text = exp.Max(this=case([(found, column("values", "cells"))]))
                single[item.name] = self.parsed(item, text)
            return element(column(item.name), node.expressions[1].transform(swap))

        return {name: node.transform(swap) for name, node in nodes.items()}

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return fill(_ROWS, low=first, high=stop)

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        made = call("unnest", call("range", low, high))
        return repeated(source, columns, made, to)

    def xor(self, left: Node, right: Node) -> Node:
        return call("xor", left, right)

    def shifted(self, left: Node, bits: int) -> Node | None:
        return exp.paren(binary(exp.BitwiseRightShift, left, literal(bits)), copy=False)

    def masked(self, left: Node, bits: int) -> Node | None:
        return exp.paren(binary(exp.BitwiseAnd, left, literal(2**bits - 1)), copy=False)

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


DUCKDB = _DuckDB("duckdb", "DuckDB", "duckdb", reads="columns", infinite=True, midnight=True)
