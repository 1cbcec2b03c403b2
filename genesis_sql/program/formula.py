"""Whole-number formulas over raw columns: parsed once, run on numpy arrays, the same in SQL.

Columns, whole numbers, + − × // %, least, greatest and brackets, nothing else. ``//`` and ``%``
are those of whole numbers at least 0, where all engines agree; a formula adds what keeps its
operands there. Divided by 0 they give 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.errors import ExpressionError

MAX_LENGTH = 4_000
_OPERATORS: dict[type, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    exp.Add: np.add,
    exp.Sub: np.subtract,
    exp.Mul: np.multiply,
    exp.IntDiv: np.floor_divide,
    exp.Mod: np.mod,
}
_ENDS: dict[type, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    exp.Least: np.minimum,
    exp.Greatest: np.maximum,
}


@lru_cache(maxsize=4_096)
def parse_formula(sql: str) -> exp.Expression:
    """The tree of a formula.

    Raises:
        ExpressionError: it holds something else.

    Example:
        >>> parse_formula('"a" + 10 * "b"').sql()
        '"a" + 10 * "b"'
    """
    if not isinstance(sql, str) or len(sql) > MAX_LENGTH:
        message = f"a formula is text of at most {MAX_LENGTH} characters"
        raise ExpressionError(message)
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        message = f"the formula {sql[:80]!r} does not parse: {str(error).splitlines()[0]}"
        raise ExpressionError(message) from error
    _check(tree, sql)
    return tree  # type: ignore[return-value]


def _check(node: object, sql: str) -> None:
    if isinstance(node, exp.Column) and type(node.this) is exp.Identifier and len(node.parts) == 1:
        return
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal():
        return
    if type(node) in _OPERATORS:
        _check(node.args["this"], sql)  # type: ignore[attr-defined]
        _check(node.args["expression"], sql)  # type: ignore[attr-defined]
        return
    if type(node) in _ENDS:
        for part in (node.args["this"], *node.args["expressions"]):  # type: ignore[attr-defined]
            _check(part, sql)
        return
    if type(node) in (exp.Paren, exp.Neg):
        _check(node.args["this"], sql)  # type: ignore[attr-defined]
        return
    message = (
        f"the formula {sql[:80]!r} holds a {type(node).__name__}; allowed are columns, whole "
        "numbers, + - * // %, least, greatest and brackets"
    )
    raise ExpressionError(message)


@lru_cache(maxsize=4_096)
def formula_columns(sql: str) -> tuple[str, ...]:
    """The columns a formula reads, each once."""
    return tuple(dict.fromkeys(n.name for n in parse_formula(sql).find_all(exp.Column)))


def evaluate(sql: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Values of a formula.

    Args:
        sql: the formula.
        columns: int64 arrays of shape (n,) by name.

    Returns:
        int64 of shape (n,).
    """
    done: dict[int, np.ndarray] = {}
    parts = _parts(sql)
    for at, (part, read) in enumerate(parts):
        done[at] = _done(part, [done[place] for place in part.of], columns)
        for place in read:  # memory that is let go serves the next part
            del done[place]
    return np.asarray(done[len(parts) - 1], np.int64)


@dataclass(frozen=True)
class _Part:
    """A number of a formula, made of parts before it.

    Attributes:
        kind: what is done.
        of: the places of the parts that it is done with.
        name: of the column.
        number: that is written in the formula.
    """

    kind: type
    of: tuple[int, ...] = ()
    name: str = ""
    number: int = 0


class _Parts:
    """The parts of one formula in the order in which they are made; equal ones are made once."""

    def __init__(self) -> None:
        self.made: dict[_Part, int] = {}

    def add(self, node: exp.Expression) -> int:
        """The place of a node's value."""
        if isinstance(node, exp.Paren):
            return self.add(node.this)
        if isinstance(node, exp.Column):
            return self._put(_Part(exp.Column, name=node.name))
        if isinstance(node, exp.Literal):
            return self._put(_Part(exp.Literal, number=int(node.name)))
        if isinstance(node, exp.Neg):
            return self._put(_Part(exp.Neg, (self.add(node.this),)))
        if type(node) in _ENDS:
            parts = (self.add(part) for part in (node.this, *node.args["expressions"]))
            return reduce(lambda a, b: self._put(_Part(type(node), (a, b))), parts)
        both = self.add(node.this), self.add(node.args["expression"])
        if isinstance(node, exp.Mod) and self._divides(both[1]):
            whole = self._put(_Part(exp.IntDiv, both))
            return self._put(_Part(exp.Sub, (both[0], self._put(_Part(exp.Mul, (whole, both[1]))))))
        return self._put(_Part(type(node), both))

    def _divides(self, at: int) -> bool:
        """Whether a part is a number other than 0: then a rest follows from the quotient."""
        part = list(self.made)[at]
        return part.kind is exp.Literal and part.number != 0

    def _put(self, part: _Part) -> int:
        return self.made.setdefault(part, len(self.made))


@lru_cache(maxsize=4_096)
def _parts(sql: str) -> tuple[tuple[_Part, tuple[int, ...]], ...]:
    """The parts, the last one the formula itself, each with those that none behind it reads."""
    parts = _Parts()
    last = parts.add(parse_formula(sql))
    made = list(parts.made)[: last + 1]
    read = {place: at for at, part in enumerate(made) for place in part.of}
    return tuple(
        (part, tuple(place for place in set(part.of) if read[place] == at))
        for at, part in enumerate(made)
    )


def _done(part: _Part, of: Sequence[np.ndarray], columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if part.kind is exp.Column:
        return columns[part.name]
    if part.kind is exp.Literal:
        return np.asarray(part.number, np.int64)
    if part.kind is exp.Neg:
        return np.asarray(-of[0])
    left, right = of
    if part.kind in _ENDS:
        return _ENDS[part.kind](left, right)
    if part.kind in (exp.IntDiv, exp.Mod) and not (right.ndim == 0 and right != 0):
        by = np.where(right == 0, 1, right)
        return np.where(right == 0, 0, _OPERATORS[part.kind](left, by))
    return _OPERATORS[part.kind](left, right)
