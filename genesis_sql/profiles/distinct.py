"""Whether an expression has another value in each row, by what it does with what differs.

A number of the row, or a column that differs from row to row, has to reach the value whole:
`n() % 2`, `floor(n() / 3)` or `n() > 5` throw part of it away, `'A' || n()` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import gcd

from sqlglot import exp

from genesis_sql.program.allowlist import DRAWS, check_expression

_KEEPING: tuple[type, ...] = (
    exp.Paren, exp.Neg, exp.DPipe, exp.Concat, exp.ConcatWs, exp.Lower, exp.Upper, exp.Pad,
    exp.Coalesce, exp.Interval, exp.Ln, exp.Exp, exp.Array,
    *(getattr(exp, n) for n in ("Hex", "MD5", "SHA2", "Reverse", "ToDays") if hasattr(exp, n)),
)  # fmt: skip
"""Nodes whose values differ where one of their parts does, whatever the others are."""
_CALLS = frozenset(
    "to_days to_weeks to_hours to_minutes to_seconds to_milliseconds hex md5 sha256 reverse "
    "concat_ws list_value to_json struct_pack row".split()
)
_SHORTER = frozenset("to_hours to_minutes to_seconds to_milliseconds".split())
"""Steps that a cast to DATE throws away."""
_WHOLE = frozenset(
    "TINYINT SMALLINT INT BIGINT INT128 UTINYINT USMALLINT UINT UBIGINT UINT128".split()
)
_BROKEN = (exp.Mod, exp.IntDiv, exp.Left, exp.Right, exp.Substring)
"""Parts of a number or a text; two of them in one text are taken for the whole of it."""

Differs = Callable[[str], bool]


def is_distinct(sql: str, differs: Differs, rows: int) -> bool:
    """Whether no two rows of a table have the same value of an expression.

    Args:
        sql: of the allow-list, with `n()` and `u()`.
        differs: whether a column of the row has another value in each of them.
        rows: of the table: as far as `n()` goes.

    Example:
        >>> never = lambda name: False
        >>> [is_distinct(s, never, 90) for s in ("n() * 2 + 1", "n() % 100", "n() % 50", "'a'")]
        [True, True, False, False]
    """
    return _whole(check_expression(sql, DRAWS), differs, rows)


def _whole(node: exp.Expression, differs: Differs, rows: int) -> bool:
    if isinstance(node, exp.Column):
        return not node.table and differs(node.name)
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return name == "n" or (name in _CALLS and _any(node.expressions, differs, rows))
    if isinstance(node, exp.Cast):
        return _cast(node, differs, rows)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return _arithmetic(node, differs, rows)
    if isinstance(node, exp.Mod):
        return _remainder(node, rows)
    if isinstance(node, exp.EQ) and isinstance(node.this.unnest(), exp.Mod):
        return rows <= 2 and _remainder(node.this.unnest(), rows)  # true and false
    if isinstance(node, exp.Case):
        ends = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return all(end is not None and _whole(end, differs, rows) for end in ends)
    if isinstance(node, exp.DPipe | exp.Concat) and _together(node, differs):
        return True
    return type(node) in _KEEPING and _any(node.iter_expressions(), differs, rows)


def _any(nodes: Iterable[exp.Expression], differs: Differs, rows: int) -> bool:
    return any(_whole(node, differs, rows) for node in nodes)


def _cast(node: exp.Cast, differs: Differs, rows: int) -> bool:
    """A cast keeps what its type has room for."""
    if isinstance(node, exp.TryCast) or node.is_type("BOOLEAN"):
        return False
    calls = {call.name.lower() for call in node.find_all(exp.Anonymous)}
    if node.is_type("DATE") and calls & _SHORTER:
        return False
    whole = node.to.this.name in _WHOLE
    if whole and any(isinstance(n, exp.Div) for n in node.find_all(exp.Div)):
        return False
    if whole and any(not n.is_int for n in node.find_all(exp.Literal) if not n.is_string):
        return False
    return _whole(node.this, differs, rows)


def _arithmetic(node: exp.Binary, differs: Differs, rows: int) -> bool:
    """One side differs, and the other is the same in all rows."""
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        same = not any(other.find_all(exp.Column, exp.Anonymous))
        if same and _whole(one, differs, rows):
            zero = isinstance(other.unnest(), exp.Literal) and not float(_number(other))
            return not zero or isinstance(node, exp.Add | exp.Sub)
    return False


def _number(node: exp.Expression) -> str:
    inner = node.unnest()
    return "1" if inner.is_string else str(inner.name)


def _remainder(node: exp.Expression, rows: int) -> bool:
    """A n() + b of a number that is at least the rows, and has no factor in common with a."""
    divisor, factor = node.expression.unnest(), _factor(node.this)
    if factor is None or not divisor.is_int:
        return False
    many = int(divisor.name)
    return rows <= many and gcd(factor, many) == 1


def _factor(node: exp.Expression) -> int | None:
    """The a of a n() + b in whole numbers; None where it is something else."""
    inner = node.unnest()
    if isinstance(inner, exp.Anonymous):
        return 1 if inner.name.lower() == "n" else None
    if not isinstance(inner, exp.Add | exp.Mul):
        return None
    for one, other in ((inner.this, inner.expression), (inner.expression, inner.this)):
        found = _factor(one)
        if found is not None and other.unnest().is_int:
            return found * int(other.name) if isinstance(inner, exp.Mul) else found
    return None


def _together(node: exp.Expression, differs: Differs) -> bool:
    """Whether a text holds two parts of the same number or text that differs, or more."""
    parts: dict[str, set[str]] = {}
    for part in node.find_all(*_BROKEN):
        source = part.this.unnest()
        differing = any(
            differs(n.name) if isinstance(n, exp.Column) else n.name.lower() == "n"
            for n in source.find_all(exp.Column, exp.Anonymous)
        )
        if differing and not isinstance(source, _BROKEN):
            parts.setdefault(source.sql(), set()).add(part.sql())
        elif differing:
            parts.setdefault(source.this.unnest().sql(), set()).add(part.sql())
    return any(len(found) > 1 for found in parts.values())
