"""Trino, written after its documentation and not run: an array is a scalar subquery."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Dialect,
    Item,
    Node,
    numbered,
    retyped,
    separator,
    to_text,
)
from genesis_sql.program.dialects.shared import WIDER
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    less,
    literal,
    named,
    op,
    relation_name,
    times,
)
from genesis_sql.sqlbuild import column

_SOURCE = (
    sqlglot.parse_one("SELECT 1 FROM TABLE(sequence(start => 1, stop => 2))", dialect="trino")
    .args["from_"]
    .this
)
_TYPES = {
    "TIMESTAMP": "TIMESTAMP(6)",
    "TIMESTAMPNTZ": "TIMESTAMP(6)",
    "TIMESTAMP_NS": "TIMESTAMP(9)",
    "TIMESTAMPTZ": "TIMESTAMP(6) WITH TIME ZONE",
    "TIME": "TIME(6)",
    **WIDER,
}
_DOUBLES = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


class _Trino(Dialect):
    def stored(self, item: Item) -> list[tuple[str, str]]:
        """Whole numbers as JSON; doubles as texts, since JSON has no NaN."""
        values = item.values
        if isinstance(values, tuple):
            return [(item.name, separator(values).join(values))]
        if item.kind == "int":
            return super().stored(item)
        return [(item.name, ",".join(_DOUBLES.get(repr(v), repr(v)) for v in values.tolist()))]

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if item.kind == "int":
            return as_type(call("json_parse", text), "BIGINT[]")
        mark = separator(item.values) if isinstance(item.values, tuple) else ","
        made = call("split", text, exp.Literal.string(mark))
        return made if item.kind == "text" else as_type(made, "DOUBLE[]")

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return call("element_at", values, add(index, 1))

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        """``sequence`` as a table has no bound, as an array it has 10,000 elements at most."""
        low, last = int(first.name), int(stop.name) - 1
        source = _SOURCE.copy()
        for node, value in zip(source.find_all(exp.Literal), (low, max(last, low)), strict=True):
            node.replace(literal(value))
        made = numbered(source, exp.column("sequential_number"))
        return made if last >= low else made.where(exp.false(), copy=False)

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        none = as_type(exp.Array(), "BIGINT[]")
        some = less(low, high)
        made = case([(some, call("sequence", low, op(exp.Sub, high, 1)))], none)
        names = [exp.to_identifier("i")]
        alias = exp.TableAlias(this=exp.to_identifier("numbers"), columns=names)
        shown = [(n, column(n)) for n in columns]
        tree = exp.Select(expressions=named([*shown, (to, exp.column("i"))]))
        tree = tree.from_(relation_name(source), copy=False)
        return tree.join(exp.Unnest(expressions=[made], alias=alias), join_type="cross", copy=False)

    def xor(self, left: Node, right: Node) -> Node:
        return call("bitwise_xor", left, right)

    def shifted(self, left: Node, bits: int) -> Node:
        return call("bitwise_right_shift", left, literal(bits))

    def masked(self, left: Node, bits: int) -> Node:
        return call("bitwise_and", left, literal(2**bits - 1))

    def real(self, value: float) -> Node:
        if math.isnan(value):
            return call("nan")
        if math.isinf(value):
            return call("infinity") if value > 0 else exp.paren(exp.Neg(this=call("infinity")))
        return super().real(value)

    def cast(self, node: exp.Expression) -> Node:
        return retyped(to_text(node, ("ENUM",)), _TYPES, "trino")

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """Only texts are joined, which need no cast."""
        if isinstance(node, exp.DPipe):
            node.set("safe", False)
        return super()._swapped(node, items)

    def date(self, days: Node) -> Node:
        epoch = as_type(exp.Literal.string("1970-01-01"), "DATE")
        return call("date_add", exp.Literal.string("day"), days, epoch)

    def timestamp(self, micros: Node) -> Node:
        return _typed(_moment(micros, 1000), "TIMESTAMP(6)")

    def timestamp_tz(self, micros: Node) -> Node:
        return _typed(_moment(micros, 1000), "TIMESTAMP(6) WITH TIME ZONE")

    def timestamp_ns(self, nanos: Node) -> Node:
        return _typed(_moment(nanos, 1), "TIMESTAMP(9)")

    def time(self, micros: Node) -> Node:
        return _typed(_moment(micros, 1000), "TIME(6)")


def _moment(count: Node, nanos: int) -> Node:
    """A moment in UTC; more nanoseconds than a BIGINT counts are a DECIMAL."""
    whole = times(as_type(count, "DECIMAL(38, 0)"), nanos)
    made = call("from_unixtime_nanos", whole)
    return exp.AtTimeZone(this=made, zone=exp.Literal.string("UTC"))


def _typed(node: Node, type_: str) -> Node:
    return exp.Cast(this=node, to=exp.DataType.build(type_, dialect="trino"))


TRINO = _Trino("trino", "Trino", "trino", ran=False, walks=False)
