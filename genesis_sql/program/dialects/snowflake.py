"""Snowflake, written after its documentation and not run: an array is a scalar subquery.

Its whole numbers are NUMBER(38), whose quotients are rounded: what is divided loses its remainder
first.
"""

from __future__ import annotations

from typing import cast

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
from genesis_sql.program.dialects.shared import WIDER, single
from genesis_sql.program.sql_nodes import add, as_type, call, literal, named, op, own, relation_name
from genesis_sql.sqlbuild import column

_SOURCE = (
    sqlglot.parse_one("SELECT 1 FROM TABLE(GENERATOR(ROWCOUNT => 1))", dialect="snowflake")
    .args["from_"]
    .this
)
_AT = sqlglot.parse_one("ROW_NUMBER() OVER (ORDER BY SEQ8())", dialect="snowflake")
_TYPES = {
    "UUID": "VARCHAR",
    "TIMESTAMP": "TIMESTAMP_NTZ(6)",
    "TIMESTAMPNTZ": "TIMESTAMP_NTZ(6)",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ(9)",
    "TIMESTAMPTZ": "TIMESTAMP_TZ(6)",
    **WIDER,
}


class _Snowflake(Dialect):
    def stored(self, item: Item) -> list[tuple[str, str]]:
        """Whole numbers as JSON; doubles as texts, since JSON has no NaN."""
        values = item.values
        if isinstance(values, tuple):
            return [(item.name, separator(values).join(values))]
        if item.kind == "int":
            return super().stored(item)
        return [(item.name, ",".join(map(repr, values.tolist())))]

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if item.kind == "int":
            return call("PARSE_JSON", text)
        mark = separator(item.values) if isinstance(item.values, tuple) else ","
        return call("SPLIT", text, exp.Literal.string(mark))

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        found = call("GET", self.list_of(item), index)
        if item.kind == "int":
            return as_type(found, "BIGINT")
        text = as_type(found, "VARCHAR")
        return text if item.kind == "text" else as_type(text, "DOUBLE")

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return as_type(call("GET", values, index), "BIGINT")

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        """The number of rows of a generator is a literal."""
        low, count = int(first.name), int(stop.name) - int(first.name)
        source, at = _SOURCE.copy(), cast(Node, _AT.copy())
        cast(Node, source.find(exp.Literal)).replace(literal(count))
        return numbered(source, add(at, low - 1))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        numbers = call("ARRAY_GENERATE_RANGE", low, high)
        made = exp.Kwarg(this=exp.Var(this="INPUT"), expression=numbers)
        alias = exp.TableAlias(this=exp.to_identifier("numbers"))
        flat = exp.Lateral(this=call("FLATTEN", made), alias=alias)
        shown = [(n, column(n)) for n in columns]
        value = exp.column("VALUE", table="numbers")
        tree = exp.Select(expressions=named([*shown, (to, as_type(value, "BIGINT"))]))
        return tree.from_(relation_name(source), copy=False).join(flat, copy=False)

    def words(self, words: list[Node]) -> Node:
        return call("ARRAY_CONSTRUCT", *words)

    def xor(self, left: Node, right: Node) -> Node:
        return call("BITXOR", left, right)

    def shifted(self, left: Node, bits: int) -> Node:
        return call("BITSHIFTRIGHT", left, literal(bits))

    def masked(self, left: Node, bits: int) -> Node:
        return call("BITAND", left, literal(2**bits - 1))

    def divided(self, left: Node, right: Node) -> Node:
        whole = op(exp.Sub, exp.paren(left), op(exp.Mod, exp.paren(own(left)), right))
        return as_type(exp.Div(this=exp.paren(whole), expression=own(right)), "BIGINT")

    def cast(self, node: exp.Expression) -> Node:
        """Its FLOAT has 53 bits."""
        if node.args["to"].is_type(exp.DataType.Type.FLOAT):
            return single(node.this)
        return retyped(to_text(node, ("ENUM",)), _TYPES, "snowflake")

    def date(self, days: Node) -> Node:
        return _later("DAY", days, as_type(exp.Literal.string("1970-01-01"), "DATE"))

    def timestamp(self, micros: Node) -> Node:
        return call("TO_TIMESTAMP_NTZ", micros, literal(6))

    def timestamp_tz(self, micros: Node) -> Node:
        return call("TO_TIMESTAMP_TZ", micros, literal(6))

    def timestamp_ns(self, nanos: Node) -> Node:
        return call("TO_TIMESTAMP_NTZ", nanos, literal(9))

    def time(self, micros: Node) -> Node:
        return _later("MICROSECOND", micros, as_type(exp.Literal.string("00:00:00"), "TIME"))


def _later(unit: str, count: Node, since: Node) -> Node:
    return call("DATEADD", exp.Var(this=unit), count, since)


SNOWFLAKE = _Snowflake("snowflake", "Snowflake", "snowflake", ran=False, walks=False)
