"""SQLite: no lists, so that an array is bytes of which each element has the same number.

``substr`` of a BLOB costs the same wherever it reads. Dates, times and timestamps are ISO text, as
SQLite's own functions have them, decimals text, booleans 0 and 1. A double comes as a whole number
and a power of two, since SQLite does not read every decimal text to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from sqlglot import exp

from genesis_sql.program.dialects.base import Dialect, Item, Node
from genesis_sql.program.dialects.limits import parser_stack
from genesis_sql.program.dialects.shared import counted_up, either, single
from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    less,
    literal,
    named,
    op,
    own,
    relation_name,
    times,
)
from genesis_sql.sqlbuild import column, fill

_ROWS = """WITH RECURSIVE r(i) AS (SELECT CAST($low AS INTEGER) WHERE $low < $high
UNION ALL SELECT i + 1 FROM r WHERE i + 1 < $high) SELECT i AS "#number", i AS "#address" FROM r"""
_FORMS: dict[type, str] = {exp.Year: "%Y", exp.Month: "%m", exp.Day: "%d"}
_PARTS = {"YEAR": "%Y", "MONTH": "%m", "DAY": "%d", "HOUR": "%H", "MINUTE": "%M"}
_STEP = 60
"""Bits that one division by a power of two moves."""
_STACK = 85
"""Symbols of an expression that its parser holds at once: 100 before 3.46, its statement's too."""
_BYTES = "{} bytes"
_ENDS = "{} ends"


class _SQLite(Dialect):
    def materialized(self, *, shared: bool) -> bool | None:
        return True if shared else None

    def is_too_deep(self, tree: exp.Expression) -> bool:
        return parser_stack(tree) > _STACK

    def fenced(self, tree: exp.Expression, *, shared: bool) -> exp.Expression:
        if shared or not isinstance(tree, exp.Select):
            return tree
        return tree.limit(-1, copy=False).offset(0, copy=False)

    # cell data

    def stored(self, item: Item) -> list[tuple[str, str]]:
        if isinstance(item.values, tuple):
            lengths = [len(t.encode()) for t in item.values]
            ends = np.cumsum([0, *lengths])
            return [(item.name, "".join(item.values)), *_wide(_ENDS.format(item.name), ends)]
        if item.kind == "int":
            return _wide(item.name, item.values)
        whole, power = _parts(item.values)
        return [*_wide(item.name, whole), *_wide(_ENDS.format(item.name), power)]

    def cells(self, items: list[Item]) -> exp.Expression:
        made = exp.values([row for item in items for row in self.stored(item)])
        made.set("alias", exp.TableAlias(this=exp.to_identifier("rows", quoted=True)))
        shown = [("name", exp.column("column1")), ("values", exp.column("column2"))]
        return exp.Select(expressions=named(shown)).from_(made, copy=False)

    def held(self, rows: list[exp.Tuple]) -> tuple[exp.Expression, list[exp.Expression]]:
        """Its VALUES names its columns itself."""
        made = exp.values(rows)
        made.set("alias", exp.TableAlias(this=exp.to_identifier("held")))
        return made, [exp.column(f"column{1 + i}") for i in range(len(rows[0].expressions))]

    def failure(self, message: str) -> exp.Expression:
        """A cast never fails here; a path that is none does, and the error tells it."""
        return call("json_extract", exp.Literal.string("{}"), exp.Literal.string(message))

    def _bytes(self, name: str) -> exp.Expression:
        blob = exp.cast(column("values"), "BLOB", dialect="sqlite")
        found = exp.Select(expressions=[blob]).from_(relation_name("cells"))
        chosen = binary(exp.EQ, column("name"), exp.Literal.string(name))
        return exp.Subquery(this=found.where(chosen, copy=False))

    def _whole(self, name: str, values: np.ndarray, index: Node) -> Node:
        width = _width(values)
        place = add(times(index, width), 1)
        return _cast(call("substr", self._bytes(name), place, literal(width)), "BIGINT")

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        ends = _ENDS.format(item.name)
        if isinstance(item.values, tuple):
            bounds = np.cumsum([0, *(len(t.encode()) for t in item.values)])
            first = self._whole(ends, bounds, index)
            until = self._whole(ends, bounds, add(index, 1))
            length = op(exp.Sub, until, first.copy())
            return _cast(call("substr", self._bytes(item.name), add(first, 1), length), "VARCHAR")
        if item.kind == "int":
            return self._whole(item.name, item.values, index)
        whole, power = _parts(item.values)
        made = as_type(self._whole(item.name, whole, index), "DOUBLE")
        if not power.any():
            return made
        return _moved(made, self._whole(ends, power, index), int(power.min()), int(power.max()))

    # rows

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        return fill(_ROWS, low=first, high=stop)

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        return counted_up(source, columns, low, high, to)

    # words

    def xor(self, left: Node, right: Node) -> Node:
        return either(left, right)

    def end(self, name: str, nodes: list[Node]) -> Node:
        return call("min" if name == "least" else "max", *nodes)

    def words(self, words: list[Node]) -> Node:
        """Ten digits each, one after the other."""
        made: Node = _padded(words[0], 10)
        for one in words[1:]:
            made = exp.DPipe(this=made, expression=_padded(one, 10), safe=True)
        return made

    def word(self, words: Node, index: Node) -> Node:
        first = literal(1 + 10 * int(index.name))
        return _cast(call("substr", words, first, literal(10)), "BIGINT")

    def real(self, value: float) -> Node:
        if not math.isfinite(value):
            return exp.Literal.number("9e999" if value > 0 else "-9e999")
        whole, power = _parts(np.array([value]))
        made = as_type(literal(int(whole[0])), "DOUBLE")
        return _moved(made, literal(int(power[0])), int(power[0]), int(power[0]))

    def floored(self, value: Node) -> Node:
        whole = _cast(value, "BIGINT")
        below = case([(less(value.copy(), whole), literal(1))], literal(0))
        return op(exp.Sub, whole.copy(), below)

    def floor(self, value: Node) -> Node:
        return as_type(self.floored(value), "DOUBLE")

    def pad(self, node: exp.Expression) -> Node:
        return _filled(node.this, int(node.args["expression"].name))

    def cast(self, node: exp.Expression) -> Node:
        to = node.args["to"]
        name = to.this.name
        if name in ("INT128", "UINT128"):
            what = "whole numbers of 128 bits"
            raise self.without(what)
        if name == "BOOLEAN":
            return case(
                [
                    (op(exp.EQ, node.this, exp.Literal.string("true")), literal(1)),
                    (op(exp.EQ, node.this.copy(), exp.Literal.string("false")), literal(0)),
                ],
                node.this.copy(),
            )
        if name == "FLOAT":
            return single(node.this)
        kept = ("DATE", "DECIMAL", "UUID", "ENUM", "TIME")
        if name in kept or name.startswith("TIME"):
            return exp.paren(node.this)
        return node

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """Parts of a date too, which expressions of users read."""
        form = _FORMS.get(type(node))
        if isinstance(node, exp.Extract):
            form = _PARTS.get(node.name.upper())
        if form is None:
            return super()._swapped(node, items)
        value = node.expression if isinstance(node, exp.Extract) else node.this
        return _cast(call("strftime", exp.Literal.string(form), value), "BIGINT")

    def date(self, days: Node) -> Node:
        return call("date", times(days, 86_400), exp.Literal.string("unixepoch"))

    def timestamp(self, micros: Node) -> Node:
        return _iso(micros, "datetime")

    def timestamp_tz(self, micros: Node) -> Node:
        return exp.DPipe(
            this=_iso(micros, "datetime"), expression=exp.Literal.string("+00:00"), safe=True
        )

    def time(self, micros: Node) -> Node:
        midnight = exp.Literal.string("24:00:00")
        return case([(op(exp.EQ, micros, 86_400_000_000), midnight)], _iso(micros, "time"))

    def exact(self, whole: Node) -> Node:
        what = "numbers of more than 64 bits"
        raise self.without(what)

    def decimal(self, units: Node, scale: Node) -> Node:
        """Text: the whole part, a point, and the rest."""
        digits = int(scale.name)
        plain = units.this if isinstance(units, exp.Paren) else units
        if digits == 0:
            return as_type(plain, "VARCHAR")
        if digits > 18:
            what = "decimals of more than 18 digits behind the point"
            raise self.without(what)
        size = call("abs", plain)
        sign = case([(less(plain.copy(), 0), exp.Literal.string("-"))], exp.Literal.string(""))
        whole = as_type(exp.Div(this=size, expression=literal(10**digits), typed=True), "VARCHAR")
        rest = _filled(
            as_type(binary(exp.Mod, size.copy(), literal(10**digits)), "VARCHAR"), digits
        )
        made: Node = sign
        for part in (whole, exp.Literal.string("."), rest):
            made = exp.DPipe(this=made, expression=part, safe=True)
        return exp.paren(made)


def _cast(node: Node, type_: str) -> Node:
    return as_type(node, type_)


def _width(values: np.ndarray) -> int:
    return (
        max((len(str(int(v))) for v in (values.min(), values.max())), default=1)
        if len(values)
        else 1
    )


def _wide(name: str, values: np.ndarray) -> list[tuple[str, str]]:
    """A row of whole numbers, all with the same number of characters."""
    width = _width(values)
    return [(name, "".join(f"{int(v):>{width}}" for v in values))]


def _parts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers and powers of two whose products are the doubles; infinite ones by 2**1100."""
    finite = np.isfinite(values)
    mantissa, power = np.frexp(np.where(finite, values, 0.0))
    whole = (mantissa * 2.0**53).astype(np.int64)
    power = np.where(whole == 0, 0, power.astype(np.int64) - 53)
    while True:
        even = (whole % 2 == 0) & (whole != 0) & (power < 0)
        if not even.any():
            break
        whole, power = np.where(even, whole // 2, whole), np.where(even, power + 1, power)
    return np.where(finite, whole, np.where(values > 0, 1, -1)), np.where(finite, power, 1100)


def _moved(value: Node, power: Node, least: int, most: int) -> Node:
    """A double times a power of two, in steps that are exact."""
    one = literal(1)
    for first in range(0, max(-least, 0), _STEP):
        bits = call(
            "min",
            call(
                "max",
                op(exp.Sub, exp.paren(exp.Neg(this=exp.paren(own(power)))), first),
                literal(0),
            ),
            literal(_STEP),
        )
        shift = exp.paren(binary(exp.BitwiseLeftShift, one.copy(), bits))
        value = exp.Div(this=exp.paren(value), expression=shift)
    for first in range(0, max(most, 0), _STEP):
        bits = call(
            "min",
            call("max", op(exp.Sub, exp.paren(own(power)), first), literal(0)),
            literal(_STEP),
        )
        shift = exp.paren(binary(exp.BitwiseLeftShift, one.copy(), bits))
        value = exp.Mul(this=exp.paren(value), expression=shift)
    return exp.paren(value)


def _filled(text: Node, digits: int) -> Node:
    """The last digits of a text behind that many zeros."""
    zeros = exp.Literal.string("0" * digits)
    joined = exp.DPipe(this=zeros, expression=exp.paren(own(text)), safe=True)
    return call("substr", joined, literal(-digits))


def _padded(word: Node, digits: int) -> Node:
    return _filled(as_type(word, "VARCHAR"), digits)


def _iso(micros: Node, function: str) -> Node:
    """ISO text of a moment, with six decimals where there are any."""
    second = 1_000_000
    rest = exp.paren(
        binary(
            exp.Mod,
            exp.paren(add(binary(exp.Mod, exp.paren(micros), literal(second)), second)),
            literal(second),
        )
    )
    whole = exp.Div(
        this=exp.paren(op(exp.Sub, exp.paren(micros.copy()), rest)),
        expression=literal(second),
        typed=True,
    )
    shown = call(function, whole, exp.Literal.string("unixepoch"))
    tail = exp.DPipe(this=exp.Literal.string("."), expression=_padded(rest.copy(), 6), safe=True)
    return exp.paren(
        exp.DPipe(
            this=shown,
            expression=case([(op(exp.EQ, rest.copy(), 0), exp.Literal.string(""))], tail),
            safe=True,
        )
    )


SQLITE = _SQLite(
    "sqlite",
    "SQLite",
    "sqlite",
    nan=False,
    midnight=True,
    nested=4,
    walks=False,
    decimals=False,
    wide=2000,
)
