"""Spark SQL: an array is a scalar subquery, which it runs once and keeps as a constant."""

from __future__ import annotations

import math

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
from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import (
    as_type,
    call,
    case,
    less,
    literal,
    named,
    op,
    relation_name,
    up_to,
)
from genesis_sql.sqlbuild import column

_TYPES = {
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMPTZ": "TIMESTAMP",
    **WIDER,
}


class _Spark(Dialect):
    def cells(self, items: list[Item]) -> exp.Expression | None:
        return None

    def parquet(self, path: str) -> exp.Expression:
        """A backslash would quote what follows."""
        plain = path.replace("\\", "\\\\")
        names = [exp.to_identifier(n, quoted=True) for n in (plain, "parquet")]
        return exp.Table(this=names[0], db=names[1])

    def failure(self, message: str) -> exp.Expression:
        return call("raise_error", exp.Literal.string(message))

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        if not isinstance(item.values, tuple):
            inner = call("substring", text, literal(2), op(exp.Sub, call("length", text), 2))
            return as_type(call("split", inner, exp.Literal.string(",")), f"{item.type}[]")
        mark = exp.Literal.string(f"\\Q{separator(item.values)}\\E")
        return call("split", call("substring", text, literal(2)), mark)

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        if self.data is not None:
            return super().at(item, index)
        values, mark = item.values, ","
        if isinstance(values, tuple):
            mark = separator(values)
            plain = mark.join(values)
        else:
            plain = ",".join(map(repr, values.tolist()))
        by = exp.Literal.string(f"\\Q{mark}\\E" if mark != "," else mark)
        made = call("split", exp.Literal.string(plain), by)
        return self.element(made if item.kind == "text" else as_type(made, f"{item.type}[]"), index)

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return call("get", values, as_type(index, "INTEGER"))

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        made = exp.Table(this=call("range", first, stop))
        return numbered(made, exp.column("id"))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        none = up_to(high.copy(), low.copy())
        made = call("sequence", low, op(exp.Sub, high, 1))
        shown = [
            *((n, column(n)) for n in columns),
            (to, call("explode", case([(none, call("array"))], made))),
        ]
        return exp.Select(expressions=named(shown)).from_(relation_name(source), copy=False)

    def shifted(self, left: Node, bits: int) -> Node:
        return call("shiftright", left, literal(bits))

    def masked(self, left: Node, bits: int) -> Node:
        return exp.BitwiseAnd(this=exp.paren(left), expression=literal(2**bits - 1))

    def divided(self, left: Node, right: Node) -> Node:
        return binary(exp.IntDiv, left, right)

    def floored(self, value: Node) -> Node:
        return exp.Floor(this=value)

    def floor(self, value: Node) -> Node:
        """Spark's own gives a BIGINT, which is too small for the largest."""
        rest = op(exp.Mod, value, as_type(literal(1), "DOUBLE"))
        cut = op(exp.Sub, value, rest)
        return case([(less(rest, 0), op(exp.Sub, cut, 1))], cut)

    def substring(self, node: exp.Expression) -> Node:
        node.set("start", as_type(node.args["start"], "INTEGER"))
        return node

    def real(self, value: float) -> Node:
        if math.isfinite(value):
            return _suffixed(repr(value), "D")
        return super().real(value)

    def cast(self, node: exp.Expression) -> Node:
        inner = node.this
        if isinstance(inner, exp.Literal) and not inner.is_string and node.is_type("BIGINT"):
            return _suffixed(inner.name, "L")
        return retyped(to_text(node, ("ENUM", "UUID")), _TYPES, "spark")

    def date(self, days: Node) -> Node:
        return call("date_from_unix_date", as_type(days, "INTEGER"))

    def timestamp(self, micros: Node) -> Node:
        epoch = exp.cast(
            exp.Literal.string("1970-01-01 00:00:00"), "TIMESTAMP_NTZ", dialect="spark"
        )
        return call("timestampadd", exp.Var(this="MICROSECOND"), micros, epoch)

    def timestamp_tz(self, micros: Node) -> Node:
        return call("timestamp_micros", micros)


def _suffixed(number: str, kind: str) -> Node:
    """A number whose last letter tells its type, which is less to analyze than a cast."""
    return exp.paren(exp.Var(this=f"{number}{kind}"), copy=False)


_BEFORE = (
    "SET spark.sql.ansi.enabled = false",
    "SET spark.sql.analyzer.maxIterations = 2000",
    "SET spark.sql.optimizer.maxIterations = 2000",
    "SET spark.sql.constraintPropagation.enabled = false",
    "SET spark.sql.optimizer.dynamicPartitionPruning.enabled = false",
    "SET spark.sql.optimizer.runtime.bloomFilter.enabled = false",
    "SET spark.sql.cteRecursionLevelLimit = 1000000",
    "SET spark.sql.cteRecursionRowLimit = -1",
    "SET spark.sql.codegen.wholeStage = false",
    "SET spark.sql.adaptive.enabled = false",
)
"""Many levels pass through the analyzer; one Java method for all of them would be too long.

Pruning of partitions puts the text of a column into its reader, level by level: a word of the draw
reads each of its steps twice, and takes more memory than there is. Rows that read the rows before
them recur once for each row of the largest family.
"""

SPARK = _Spark("spark", "Spark SQL", "spark", small=20, within=True, before=_BEFORE)
