"""DataFusion: an element of an array is a row that is joined by its place.

It copies a list for each row that reads it, and a hash join copies nothing. The texts of the arrays
stand in the joins, as it puts a common table expression into each of its readers.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from genesis_sql.program.dialects.base import (
    Item,
    Node,
    numbered,
    repeated,
    retyped,
    separator,
    to_text,
)
from genesis_sql.program.dialects.joining import PLACE, VALUE, Joining
from genesis_sql.program.sql_nodes import add, as_type, call, literal, named, op, relation_name
from genesis_sql.sqlbuild import column

_PARTS: dict[type, str] = {exp.Year: "year", exp.Month: "month", exp.Day: "day"}
_TYPES = {
    "UUID": "TEXT",
    "TIMESTAMP": "TIMESTAMP(6)",
    "TIMESTAMPNTZ": "TIMESTAMP(6)",
    "INT128": "DECIMAL(38, 0)",
    "UINT128": "DECIMAL(38, 0)",
}


class _DataFusion(Joining):
    def text(self, tree: exp.Expression) -> str:
        """It knows functions that give relations in lower case only."""
        return tree.sql(dialect=self.writes, copy=False, comments=True, normalize_functions=False)

    def first(self) -> tuple[str, ...]:
        """A Parquet file becomes a table of its own name."""
        if self.data is None or not self.data.parquet:
            return self.before
        path = self.data.parquet
        name, place = exp.to_identifier(path, quoted=True).sql(), exp.Literal.string(path).sql()
        made = f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} STORED AS PARQUET LOCATION {place}"
        return (*self.before, made)

    def parquet(self, path: str) -> exp.Expression:
        return exp.Table(this=exp.to_identifier(path, quoted=True))

    def rows_of(self, item: Item) -> exp.Query:
        places = call("range", literal(0), literal(len(item.values)))
        values = self._list(item) if self.data is None else self.parsed(item, column("values"))
        shown = [(PLACE, call("unnest", places)), (VALUE, call("unnest", values))]
        made = exp.Select(expressions=named(shown))
        if self.data is None:
            return made
        same = op(exp.EQ, column("name"), exp.Literal.string(item.name))
        return made.from_(relation_name("cells"), copy=False).where(same, copy=False)

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        """The list of an item whose text stands elsewhere."""
        if isinstance(item.values, tuple):
            mark = exp.Literal.string(separator(item.values))
            return call("string_to_array", call("substr", text, literal(2)), mark)
        brackets, comma = (exp.Literal.string(t) for t in ("[]", ","))
        made = call("string_to_array", call("btrim", text, brackets), comma)
        return as_type(made, "DOUBLE[]" if item.kind == "real" else "BIGINT[]")

    def _list(self, item: Item) -> exp.Expression:
        values = item.values
        mark = separator(values) if isinstance(values, tuple) else ","
        shown = values if isinstance(values, tuple) else map(repr, values.tolist())
        parts = [exp.Literal.string(t) for t in (mark.join(shown), mark)]
        made = call("string_to_array", *parts)
        if item.kind == "text":
            return made
        return as_type(made, "DOUBLE[]" if item.kind == "real" else "BIGINT[]")

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return call("array_element", values, add(index, 1))

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return numbered(exp.Table(this=call("range", first, stop)), exp.column("value"))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        return repeated(source, columns, call("unnest", call("range", low, high)), to)

    def words(self, words: list[Node]) -> Node:
        return call("make_array", *words)

    def cast(self, node: exp.Expression) -> Node:
        if node.args["to"].is_type(exp.DataType.Type.TIMESTAMPTZ):
            return _arrow(node.this, 'Timestamp(Microsecond, Some("UTC"))')
        if node.args["to"].is_type(exp.DataType.Type.TIMESTAMP_NS):
            return _arrow(node.this, "Timestamp(Nanosecond, None)")
        return retyped(to_text(node, ("ENUM",)), _TYPES, "")

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """Parts of a date and quotients too, which expressions of users have."""
        if isinstance(node, exp.Div) and not node.args.get("typed"):
            node.set("this", as_type(node.this, "DOUBLE"))
        if isinstance(node, exp.NullSafeEQ):  # what follows would be its right side
            return exp.paren(node, copy=False)
        part = _PARTS.get(type(node))
        if part is None:
            return super()._swapped(node, items)
        return as_type(call("date_part", exp.Literal.string(part), node.this), "BIGINT")

    def date(self, days: Node) -> Node:
        return as_type(as_type(days, "INTEGER"), "DATE")

    def timestamp(self, micros: Node) -> Node:
        return _arrow(micros, "Timestamp(Microsecond, None)")

    def timestamp_tz(self, micros: Node) -> Node:
        return _arrow(micros, 'Timestamp(Microsecond, Some("UTC"))')

    def timestamp_ns(self, nanos: Node) -> Node:
        return _arrow(nanos, "Timestamp(Nanosecond, None)")

    def time(self, micros: Node) -> Node:
        return _arrow(micros, "Time64(Microsecond)")


def _arrow(value: Node, type_: str) -> Node:
    return call("arrow_cast", value, exp.Literal.string(type_))


_BEFORE = (
    "SET datafusion.sql_parser.recursion_limit = 1000",
    "SET datafusion.optimizer.repartition_joins = false",
)
"""A nested CASE is deeper than the 50 levels that its parser follows. All rows read a list, so that
dividing both sides of a join is of no use."""

DATAFUSION = _DataFusion("datafusion", "DataFusion", "", reads="joins", before=_BEFORE)
