"""ClickHouse: an array is a scalar subquery, which is a constant of the query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Dialect,
    Item,
    Node,
    Place,
    numbered,
    retyped,
    separator,
    to_text,
)
from genesis_sql.program.sql_nodes import (
    add,
    call,
    literal,
    named,
    op,
    relation_name,
)
from genesis_sql.sqlbuild import column

_TYPES = {
    "DATE": "Nullable(Date32)",
    "TIMESTAMP": "Nullable(DateTime64(6, 'UTC'))",
    "TIMESTAMPNTZ": "Nullable(DateTime64(6, 'UTC'))",
    "TIMESTAMPTZ": "Nullable(DateTime64(6, 'UTC'))",
    "TIMESTAMP_NS": "Nullable(DateTime64(9, 'UTC'))",
    "INT128": "Nullable(Decimal(38, 0))",
}


class _ClickHouse(Dialect):
    def stored(self, item: Item) -> list[tuple[str, str]]:
        """Doubles as the whole numbers of their bits: not every text is read to the last bit."""
        if item.kind == "real":
            return super().stored(Item(item.name, item.values.view("i8")))  # type: ignore[union-attr]
        return super().stored(item)

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if item.kind == "text":
            mark = exp.Literal.string(separator(cast(tuple[str, ...], item.values)))
            return call("splitByString", mark, call("substringUTF8", text, literal(2)))
        made = call("JSONExtract", text, exp.Literal.string("Array(Int64)"))
        if item.kind == "real":
            lambda_ = exp.Lambda(
                this=call("reinterpretAsFloat64", exp.column("x")),
                expressions=[exp.to_identifier("x")],
            )
            return call("arrayMap", lambda_, made)
        return made

    def cells(self, items: list[Item]) -> exp.Expression | None:
        return None

    def parquet(self, path: str) -> exp.Expression:
        form = exp.Literal.string("Parquet")
        name = "s3" if path.startswith("s3://") else "url" if "://" in path else "file"
        return exp.Table(this=call(name, exp.Literal.string(path), form))

    def outside(self, data: Place, items: list[Item]) -> exp.Select:
        """Texts that are never NULL: a list cannot be made of one that may be."""
        made = super().outside(data, items)
        plain = [(n, call("assumeNotNull", column(n))) for n in ("name", "values")]
        made.set("expressions", named(plain))
        return made

    def asserted(self, test: exp.Expression, message: str) -> exp.Expression:
        lost = exp.Not(this=exp.paren(test))
        return op(exp.EQ, call("throwIf", lost, exp.Literal.string(message)), 0)

    def list_of(self, item: Item) -> exp.Expression:
        """A subquery without a relation: a row for each array would be read for every one."""
        if self.data is not None:  # one row also where there is none: `complete` tells it
            made = self.parsed(item, call("any", column("values")))
            found = exp.Select(expressions=[made]).from_(relation_name("cells"))
            chosen = op(exp.EQ, column("name"), exp.Literal.string(item.name))
            return exp.Subquery(this=found.where(chosen, copy=False))
        text = exp.Literal.string(self.stored(item)[0][1])
        return exp.Subquery(this=exp.Select(expressions=[self.parsed(item, text)]))

    def materialized(self, *, shared: bool) -> bool | None:
        return True if shared else None

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return call("arrayElement", values, call("assumeNotNull", add(index, 1)))

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        made = exp.Table(this=call("numbers", first, op(exp.Sub, stop, first)))
        return numbered(made, call("toInt64", exp.column("number")))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        ends = [call("assumeNotNull", call("toInt64", n)) for n in (low, high)]
        made = call("toInt64", call("arrayJoin", call("range", *ends)))
        shown = [*((n, column(n)) for n in columns), (to, made)]
        return exp.Select(expressions=named(shown)).from_(relation_name(source), copy=False)

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """A count is signed as all other whole numbers are."""
        if isinstance(node, exp.Count):
            return call("toInt64", exp.Count(this=exp.Star()))
        return super()._swapped(node, items)

    def xor(self, left: Node, right: Node) -> Node:
        return call("bitXor", left, right)

    def shifted(self, left: Node, bits: int) -> Node:
        return call("bitShiftRight", left, literal(bits))

    def masked(self, left: Node, bits: int) -> Node:
        return call("bitAnd", left, call("toInt64", literal(2**bits - 1)))

    def divided(self, left: Node, right: Node) -> Node:
        return call("intDiv", left, right)

    def real(self, value: float) -> Node:
        import struct

        (bits,) = struct.unpack("<q", struct.pack("<d", value))
        return call("reinterpretAsFloat64", call("toInt64", literal(bits)))

    def pad(self, node: exp.Expression) -> Node:
        return call("leftPad", node.this, node.args["expression"], exp.Literal.string("0"))

    def cast(self, node: exp.Expression) -> Node:
        return retyped(to_text(node, ("ENUM",)), _TYPES, "clickhouse")

    def date(self, days: Node) -> Node:
        return call("toDate32", call("toInt32", days))

    def timestamp(self, micros: Node) -> Node:
        return call("fromUnixTimestamp64Micro", call("toInt64", micros), exp.Literal.string("UTC"))

    def timestamp_tz(self, micros: Node) -> Node:
        return self.timestamp(micros)

    def timestamp_ns(self, nanos: Node) -> Node:
        return call("fromUnixTimestamp64Nano", call("toInt64", nanos), exp.Literal.string("UTC"))


_BEFORE = (
    "SET max_query_size = 1000000000",
    "SET max_parser_depth = 10000",
    "SET max_ast_elements = 10000000",
    "SET max_expanded_ast_elements = 10000000",
    "SET max_ast_depth = 10000",
    "SET max_subquery_depth = 10000",
    "SET join_use_nulls = 1",
    "SET enable_materialized_cte = 1",
)
"""A query longer than 256 KB is refused without them; a LEFT JOIN that finds nothing gives NULL."""

CLICKHOUSE = _ClickHouse(
    "clickhouse", "ClickHouse", "clickhouse", keeps=False, decimals=False, before=_BEFORE
)
