"""PostgreSQL: an array is a subquery that it computes once; OFFSET 0 keeps a level on its own."""

from __future__ import annotations

from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Dialect,
    Item,
    Node,
    retyped,
    to_text,
)
from genesis_sql.program.dialects.shared import WIDER
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    floored,
    literal,
    named,
    op,
    relation_name,
)
from genesis_sql.sqlbuild import column, fill

_SOURCE = """SELECT i AS "#number", i AS "#address"
FROM generate_series(CAST($low AS BIGINT), CAST($high AS BIGINT)) AS r(i)"""
_LEAP = """TIMESTAMP '1970-01-01 00:00:00' + $days * INTERVAL '1 day'
+ $micros * INTERVAL '1 microsecond'"""


_TYPES = {
    "TINYINT": "SMALLINT",
    **WIDER,
    "UINT128": "DECIMAL(39, 0)",
}


class _Postgres(Dialect):
    def materialized(self, *, shared: bool) -> bool | None:
        return True if shared else None

    def fenced(self, tree: exp.Expression, *, shared: bool) -> exp.Expression:
        return tree if shared or not isinstance(tree, exp.Select) else tree.offset(0, copy=False)

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if item.kind == "text":
            mark = call("substr", text, literal(1), literal(1))
            return call("string_to_array", call("substr", text.copy(), literal(2)), mark)
        braces = [exp.Literal.string(b) for b in ("[]", "{}")]
        return as_type(call("translate", text, *braces), f"{item.type}[]")

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return exp.Bracket(this=values, expressions=[as_type(add(index, 1), "INTEGER")], offset=1)

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return fill(_SOURCE, low=first, high=op(exp.Sub, stop, 1))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        made = call("generate_series", low, op(exp.Sub, high, 1))
        shown = [*((n, column(n)) for n in columns), (to, made)]
        return exp.Select(expressions=named(shown)).from_(relation_name(source), copy=False)

    def substring(self, node: exp.Expression) -> Node:
        node.set("start", as_type(node.args["start"], "INTEGER"))
        return node

    def cast(self, node: exp.Expression) -> Node:
        return retyped(to_text(node, ("ENUM",)), _TYPES, "postgres")

    def date(self, days: Node) -> Node:
        return add(as_type(exp.Literal.string("1970-01-01"), "DATE"), as_type(days, "INTEGER"))

    def timestamp(self, micros: Node) -> Node:
        return exp.paren(self._moment(micros))

    def _moment(self, micros: Node) -> Node:
        """Days and the rest apart: an interval of 2**53 microseconds or more is not exact."""
        day = 86_400_000_000
        days = floored(exp.Div(this=as_type(micros, "DOUBLE"), expression=literal(day)))
        rest = op(exp.Sub, micros, op(exp.Mul, days, day))
        return fill(_LEAP, days=exp.paren(days.copy()), micros=exp.paren(rest))

    def timestamp_tz(self, micros: Node) -> Node:
        made = exp.paren(self._moment(micros))
        return exp.AtTimeZone(this=made, zone=exp.Literal.string("UTC"))

    def time(self, micros: Node) -> Node:
        midnight = as_type(exp.Literal.string("24:00:00"), "TIME")
        step = fill("$m * INTERVAL '1 microsecond'", m=exp.paren(micros))
        made = as_type(step, "TIME")
        return case([(op(exp.EQ, micros, 86_400_000_000), midnight)], made)


_BEFORE = ("SET jit = off",)
"""Machine code for a query of many levels takes longer than its rows."""

POSTGRES = _Postgres(
    "postgres", "PostgreSQL", "postgres", infinite=True, midnight=True, wide=1664, before=_BEFORE
)
