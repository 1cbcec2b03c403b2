"""BigQuery, written after its documentation and not run: an array is a scalar subquery."""

from __future__ import annotations

from collections.abc import Mapping

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
from genesis_sql.program.dialects.shared import single
from genesis_sql.program.sql_nodes import as_type, call, named, op, relation_name
from genesis_sql.sqlbuild import column

_TYPES = {
    "UTINYINT": "INT64",
    "USMALLINT": "INT64",
    "UINT": "INT64",
    "UBIGINT": "BIGNUMERIC(20)",
    "INT128": "BIGNUMERIC(38)",
    "UINT128": "BIGNUMERIC(38)",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMPNTZ": "DATETIME",
    "TIMESTAMPTZ": "TIMESTAMP",
}


class _BigQuery(Dialect):
    def text(self, tree: exp.Expression) -> str:
        """A point in the name of a relation would divide it."""
        for node in tree.find_all(exp.Table, exp.CTE):
            name = node.this if isinstance(node, exp.Table) else node.args["alias"]
            name = name.this if isinstance(name, exp.TableAlias) else name
            if isinstance(name, exp.Identifier):
                name.set("this", name.name.replace(".", "_"))
        return super().text(tree)

    def stored(self, item: Item) -> list[tuple[str, str]]:
        values = item.values
        if isinstance(values, tuple):
            return [(item.name, separator(values).join(values))]
        return [(item.name, ",".join(map(repr, values.tolist())))]

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        mark = separator(item.values) if isinstance(item.values, tuple) else ","
        return call("SPLIT", text, exp.Literal.string(mark))

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        found = self.element(self.list_of(item), index)
        return found if item.kind == "text" else as_type(found, item.type)

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return exp.Bracket(this=values, expressions=[index], offset=0, safe=True)

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return numbered(_numbers(first, stop), exp.column("i"))

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        shown = [(n, column(n)) for n in columns]
        tree = exp.Select(expressions=named([*shown, (to, exp.column("i"))]))
        tree = tree.from_(relation_name(source), copy=False)
        return tree.join(_numbers(low, high), join_type="cross", copy=False)

    def divided(self, left: Node, right: Node) -> Node:
        return call("DIV", left, right)

    def rest(self, left: Node, right: Node) -> Node:
        return call("MOD", left, right)

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """What rows are ordered by is never NULL, and its own place of NULL needs no words."""
        if isinstance(node, exp.Ordered):
            node.set("nulls_first", True)
        return super()._swapped(node, items)

    def cast(self, node: exp.Expression) -> Node:
        to = node.args["to"]
        if to.is_type(exp.DataType.Type.FLOAT):
            return single(node.this)
        if to.is_type(exp.DataType.Type.DECIMAL):
            digits, scale = (int(e.name) for e in to.expressions)
            kind = "NUMERIC" if scale <= 9 and digits <= scale + 29 else "BIGNUMERIC"
            shown = f"{kind}({digits:d}, {scale:d})"
            return exp.Cast(this=node.this, to=exp.DataType.build(shown, dialect="bigquery"))
        return retyped(to_text(node, ("ENUM", "UUID")), _TYPES, "bigquery")

    def date(self, days: Node) -> Node:
        return call("DATE_FROM_UNIX_DATE", days)

    def timestamp(self, micros: Node) -> Node:
        return call("DATETIME", call("TIMESTAMP_MICROS", micros))

    def timestamp_tz(self, micros: Node) -> Node:
        return call("TIMESTAMP_MICROS", micros)

    def time(self, micros: Node) -> Node:
        return call("TIME", call("TIMESTAMP_MICROS", micros))


def _numbers(low: Node, high: Node) -> exp.Expression:
    """The relation ``i`` of low … high - 1."""
    made = call("GENERATE_ARRAY", low, op(exp.Sub, high, 1))
    alias = exp.TableAlias(columns=[exp.to_identifier("i")])
    return exp.Unnest(expressions=[made], alias=alias)


BIGQUERY = _BigQuery("bigquery", "BigQuery", "bigquery", ran=False, walks=False)
