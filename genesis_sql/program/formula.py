"""Whole-number formulas over raw columns: parsed once, run on numpy arrays, the same in SQL.

Columns, whole numbers, + − × // %, least, greatest and brackets, nothing else. ``//`` and ``%``
are those of whole numbers at least 0, where all engines agree; a formula adds what keeps its
operands there. Divided by 0 they give 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    return np.asarray(_value(parse_formula(sql), columns), np.int64)


def _value(node: exp.Expression, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if isinstance(node, exp.Column):
        return columns[node.name]
    if isinstance(node, exp.Literal):
        return np.asarray(int(node.name), np.int64)
    if isinstance(node, exp.Paren):
        return _value(node.this, columns)
    if isinstance(node, exp.Neg):
        return np.asarray(-_value(node.this, columns))
    if type(node) in _ENDS:
        return reduce(
            _ENDS[type(node)],
            (_value(part, columns) for part in (node.this, *node.args["expressions"])),
        )
    left, right = _value(node.this, columns), _value(node.args["expression"], columns)
    if isinstance(node, exp.IntDiv | exp.Mod):
        if right.ndim == 0 and right != 0:  # numpy divides by one number with a multiplication
            share = np.floor_divide(left, right)
            return np.asarray(share if isinstance(node, exp.IntDiv) else left - share * right)
        by = np.where(right == 0, 1, right)
        return np.where(right == 0, 0, _OPERATORS[type(node)](left, by))
    return _OPERATORS[type(node)](left, right)
