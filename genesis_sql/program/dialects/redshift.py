"""Redshift, written after its documentation and not run: arrays are unnested and joined.

A text holds 65,535 bytes at most, so that a long array comes in pieces. ``generate_series`` runs on
its leader alone: rows are counted by digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

import sqlglot
from sqlglot import exp

from genesis_sql.errors import OptionError
from genesis_sql.program.dialects.base import (
    Item,
    Node,
    Place,
    retyped,
    to_text,
    union,
)
from genesis_sql.program.dialects.joining import PLACE, VALUE, Joining
from genesis_sql.program.dialects.shared import WIDER, counted_up, either
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    floored,
    is_null,
    less,
    literal,
    named,
    op,
    own,
    times,
)

_MOST = 60_000
_DAY = 86_400_000_000
_PIECE = sqlglot.parse_one(
    "SELECT v FROM (SELECT JSON_PARSE('') AS a) AS t, t.a AS v AT i", dialect="redshift"
)
_RUNNING = sqlglot.parse_one(
    "SUM(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING)", dialect="redshift"
).args["spec"]
_TYPES = {
    "UUID": "VARCHAR(36)",
    **WIDER,
}


class _Redshift(Joining):
    def rows_of(self, item: Item) -> exp.Query:
        """A SELECT for each piece of the array."""
        pieces: list[exp.Select] = []
        for first, text in _pieces(item):
            tree = cast(exp.Select, _PIECE.copy())
            cast(exp.Literal, tree.find(exp.Literal, bfs=False)).replace(exp.Literal.string(text))
            value: Node = as_type(exp.column("v"), "BIGINT" if item.kind == "int" else "VARCHAR")
            value = as_type(value, "DOUBLE") if item.kind == "real" else value
            shown = [(PLACE, add(exp.column("i"), first)), (VALUE, value)]
            tree.set("expressions", named(shown))
            pieces.append(tree)
        return cast(exp.Query, union(pieces))

    def source(self, data: Place) -> exp.Expression:
        message = "a text of Redshift is too short for cell data: leave data out, they stand in it"
        raise OptionError(message)

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        """Digits, each of ten rows, cross joined."""
        low, count = int(first.name), int(stop.name) - int(first.name)
        ten = union([exp.Select(expressions=named([("d", literal(d))])) for d in range(10)])
        number: Node = exp.column("d", table="d0")
        places = range(max(len(str(max(count - 1, 0))), 1))
        tree = exp.Select()
        for at in places:
            digit = exp.alias_(exp.Subquery(this=ten.copy()), f"d{at}", table=True)
            if at == 0:
                tree = tree.from_(digit, copy=False)
                continue
            number = add(number, times(exp.column("d", table=f"d{at}"), 10**at))
            tree = tree.join(digit, join_type="cross", copy=False)
        number = as_type(number, "BIGINT")
        tree = tree.where(less(number, count), copy=False)
        tree.set("expressions", named([(n, add(number, low)) for n in ("#number", "#address")]))
        return tree

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        return counted_up(source, columns, low, high, to)

    def held(self, rows: list[exp.Tuple]) -> tuple[exp.Expression, list[exp.Expression]]:
        """It has no VALUES that a query reads: SELECTs of one row each."""
        names = [f"c{i}" for i in range(len(rows[0].expressions))]
        made = union(
            [exp.Select(expressions=named(zip(names, r.expressions, strict=True))) for r in rows]
        )
        alias = exp.TableAlias(this=exp.to_identifier("held"))
        columns: list[exp.Expression] = [exp.column(n) for n in names]
        return exp.Subquery(this=made, alias=alias), columns

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        return as_type(exp.Bracket(this=values, expressions=[index], offset=0), "BIGINT")

    def xor(self, left: Node, right: Node) -> Node:
        return either(left, right)

    def substring(self, node: exp.Expression) -> Node:
        node.set("start", as_type(node.args["start"], "INTEGER"))
        return node

    def cast(self, node: exp.Expression) -> Node:
        """A text is no boolean for it."""
        known = isinstance(
            node.this.unnest(), exp.Predicate | exp.Connector | exp.Not | exp.Boolean
        )
        if node.args["to"].is_type(exp.DataType.Type.BOOLEAN) and not known:
            return case(
                [
                    (op(exp.EQ, node.this, exp.Literal.string("true")), exp.true()),
                    (op(exp.EQ, node.this.copy(), exp.Literal.string("false")), exp.false()),
                ]
            )
        return retyped(to_text(node, ("ENUM",)), _TYPES, "redshift")

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """Sums that run have a frame, and NULL is compared by hand."""
        if isinstance(node, exp.NullSafeEQ):
            left, right = node.this, node.expression
            gone = exp.And(this=is_null(left), expression=is_null(right))
            same = op(exp.EQ, left, right)
            return exp.paren(exp.Or(this=same, expression=exp.paren(gone)))
        if isinstance(node, exp.Window) and node.args.get("order") and not node.args.get("spec"):
            if isinstance(node.this, exp.Sum):
                node.set("spec", _RUNNING.copy())
            return node
        return super()._swapped(node, items)

    def date(self, days: Node) -> Node:
        return add(as_type(exp.Literal.string("1970-01-01"), "DATE"), as_type(days, "INTEGER"))

    def timestamp(self, micros: Node) -> Node:
        """Days, seconds and the rest, as what is added is an INTEGER."""
        days = floored(exp.Div(this=as_type(micros, "DOUBLE"), expression=literal(_DAY)))
        rest = op(exp.Sub, micros, times(days, _DAY))
        made: Node = as_type(exp.Literal.string("1970-01-01 00:00:00"), "TIMESTAMP")
        rest = exp.paren(rest)
        steps = [
            ("day", days),
            ("second", self.divided(rest, literal(1_000_000))),
            ("microsecond", op(exp.Mod, rest.copy(), 1_000_000)),
        ]
        for unit, count in steps:
            made = call("DATEADD", exp.Var(this=unit), as_type(own(count), "INTEGER"), made)
        return made

    def timestamp_tz(self, micros: Node) -> Node:
        made = self.timestamp(micros)
        return exp.AtTimeZone(this=made, zone=exp.Literal.string("UTC"))

    def time(self, micros: Node) -> Node:
        return as_type(self.timestamp(micros), "TIME")


def _pieces(item: Item) -> list[tuple[int, str]]:
    """JSON of parts of an array that are short enough, each with the place of its first element."""
    values = item.values
    shown = [json.dumps(v, ensure_ascii=False) for v in values] if isinstance(values, tuple) else []
    if not isinstance(values, tuple):
        plain = map(repr, values.tolist())
        shown = [f'"{v}"' for v in plain] if item.kind == "real" else list(plain)
    out, first, size = list[tuple[int, str]](), 0, 0
    for at, one in enumerate(shown):
        length = len(one.encode()) + 1
        if size and size + length > _MOST:
            out.append((first, f"[{','.join(shown[first:at])}]"))
            first, size = at, 0
        size += length
    return [*out, (first, f"[{','.join(shown[first:])}]")]


REDSHIFT = _Redshift("redshift", "Redshift", "redshift", reads="joins", ran=False, walks=False)
