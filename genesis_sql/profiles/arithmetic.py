"""Exact arithmetic of a profile's formulas: whole numbers with a number of decimals each.

A value x with s decimals is held as the whole number x · 10^s. Sums are brought to the same
decimals, products add theirs; the result is rounded once, halves away from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.errors import ProfileError

MOST = 2**62
"""Whole numbers of the kernel stay below it."""
MOST_DECIMALS = 18
_ENDS: dict[type[exp.Expression], tuple[str, Callable[[list[float]], float]]] = {
    exp.Least: ("least", min),
    exp.Greatest: ("greatest", max),
}


@dataclass(frozen=True)
class Exact:
    """A formula over whole numbers, its decimals, and from where to where its values can be."""

    sql: str
    scale: int = 0
    low: float = -math.inf
    high: float = math.inf

    def at(self, scale: int) -> Exact:
        """The same with more decimals."""
        if scale == self.scale:
            return self
        by = 10 ** (scale - self.scale)
        return Exact(f"({self.sql}) * {by}", scale, self.low * by, self.high * by)

    def rounded(self, scale: int) -> Exact:
        """The value with so many decimals, halves away from 0."""
        if scale >= self.scale:
            return self.at(scale)
        by = 10 ** (self.scale - scale)
        up = f"(greatest({self.sql}, 0) + {by // 2}) // {by}"
        if self.low < 0:
            up = f"{up} - (greatest(-({self.sql}), 0) + {by // 2}) // {by}"
        ends = (_round(self.low / by), _round(self.high / by))
        return Exact(up, scale, *ends)


Find = Callable[[exp.Column], Exact]


def parse_arithmetic(where: str, sql: str) -> exp.Expression:
    """The tree of a formula: columns, numbers, + − ×, least, greatest, brackets.

    Raises:
        ProfileError: it holds something else.

    Example:
        >>> parse_arithmetic("items.sum", "quantity * 1.5").sql()
        'quantity * 1.5'
    """
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        message = f"{where}: the formula {sql[:80]!r} does not parse"
        raise ProfileError(message) from error
    if len(trees) != 1 or trees[0] is None:
        message = f"{where}: {sql[:80]!r} is not one formula"
        raise ProfileError(message)
    _check(where, trees[0], 0)
    return trees[0]  # type: ignore[return-value]


def _check(where: str, node: object, depth: int) -> None:
    if isinstance(node, exp.Column) and type(node.this) is exp.Identifier and len(node.parts) < 3:
        return
    if isinstance(node, exp.Literal) and not node.is_string:
        return
    if depth > 60:
        message = f"{where}: the formula is nested too deeply"
        raise ProfileError(message)
    inner: list[object] = []
    if type(node) in (exp.Add, exp.Sub, exp.Mul):
        inner = [node.args["this"], node.args["expression"]]  # type: ignore[attr-defined]
    elif type(node) in _ENDS:
        inner = [node.args["this"], *node.args["expressions"]]  # type: ignore[attr-defined]
    elif type(node) in (exp.Paren, exp.Neg):
        inner = [node.args["this"]]  # type: ignore[attr-defined]
    if not inner:
        message = (
            f"{where}: a formula holds a {type(node).__name__}; it may hold columns, numbers, "
            "+ - *, least and greatest; for anything else take the type 'expression'"
        )
        raise ProfileError(message)
    for part in inner:
        _check(where, part, depth + 1)


def exact(where: str, node: exp.Expression, find: Find, most: float = MOST) -> Exact:
    """A formula as whole-number arithmetic.

    Args:
        where: the column, for errors.
        node: of `parse_arithmetic`.
        find: what stands for a column.
        most: no value on the way may reach it.

    Raises:
        ProfileError: a value on the way can be too large.
    """
    made = _exact(where, node, find, most)
    if max(abs(made.low), abs(made.high)) >= most and math.isfinite(made.high - made.low):
        message = f"{where}: the values of its formula leave 64 bits; take fewer decimals"
        raise ProfileError(message)
    if made.scale > MOST_DECIMALS:
        message = f"{where}: its formula has {made.scale} decimals; {MOST_DECIMALS} are possible"
        raise ProfileError(message)
    return made


def _exact(where: str, node: exp.Expression, find: Find, most: float) -> Exact:
    if isinstance(node, exp.Column):
        return find(node)
    if isinstance(node, exp.Literal):
        return _number(where, node.name)
    if isinstance(node, exp.Paren):
        inner = exact(where, node.this, find, most)
        return Exact(f"({inner.sql})", inner.scale, inner.low, inner.high)
    if isinstance(node, exp.Neg):
        inner = exact(where, node.this, find, most)
        return Exact(f"-({inner.sql})", inner.scale, -inner.high, -inner.low)
    if type(node) in _ENDS:
        return _end(where, node, find, most)
    left, right = (exact(where, side, find, most) for side in (node.this, node.args["expression"]))
    if isinstance(node, exp.Mul):
        return _product(left, right)
    left, right = left.at(max(left.scale, right.scale)), right.at(max(left.scale, right.scale))
    if isinstance(node, exp.Add):
        ends = (left.low + right.low, left.high + right.high)
        return Exact(f"{left.sql} + {right.sql}", left.scale, *ends)
    ends = (left.low - right.high, left.high - right.low)
    return Exact(f"{left.sql} - ({right.sql})", left.scale, *ends)


def _number(where: str, text: str) -> Exact:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        message = f"{where}: {text[:40]!r} is no number"
        raise ProfileError(message) from error
    scale = max(0, -int(value.as_tuple().exponent))
    if scale > MOST_DECIMALS or abs(value) >= 10**MOST_DECIMALS:
        message = f"{where}: the number {text[:40]} is too long for a formula"
        raise ProfileError(message)
    whole = int(value.scaleb(scale))
    return Exact(str(whole), scale, whole, whole)


def _product(left: Exact, right: Exact) -> Exact:
    ends = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    sql = f"({left.sql}) * ({right.sql})"
    return Exact(sql, left.scale + right.scale, min(ends), max(ends))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _round(value: float) -> float:
    return value if math.isinf(value) else math.copysign(math.floor(abs(value) + 0.5), value)


def _end(where: str, node: exp.Expression, find: Find, most: float) -> Exact:
    name, chosen = _ENDS[type(node)]
    parts = [exact(where, part, find, most) for part in (node.this, *node.args["expressions"])]
    scale = max(p.scale for p in parts)
    parts = [p.at(scale) for p in parts]
    ends = (chosen([p.low for p in parts]), chosen([p.high for p in parts]))
    return Exact(f"{name}({', '.join(p.sql for p in parts)})", scale, *ends)
