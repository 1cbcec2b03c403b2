"""Columns of which a CHECK allows only some to hold a value: `(a IS NULL) <> (b IS NULL)`.

Such a CHECK is asked for each way to leave columns empty, so that it may be written in any way.
"""

from __future__ import annotations

from itertools import product

from sqlglot import exp

from genesis_sql.drafts.checks import read_checks
from genesis_sql.errors import ExpressionError
from genesis_sql.plan.private import connection
from genesis_sql.program.allowlist import check_expression
from genesis_sql.sqlbuild import text
from genesis_sql.types import RawForeignKey, RawTable

MOST = 6
"""Columns of one CHECK whose ways are counted: 64 of them."""


def absent_shares(table: RawTable) -> dict[str, float]:
    """The share of NULL of columns that may not all hold a value, as the CHECKs leave it.

    Example:
        >>> from genesis_sql.types import RawColumn
        >>> columns = tuple(RawColumn(c, "INTEGER") for c in "abc")
        >>> absent_shares(RawTable("t", "", columns, checks=("(a IS NULL) <> (b IS NULL)",)))
        {'a': 0.5, 'b': 0.5}
    """
    shares: dict[str, float] = {}
    for check in table.checks:
        names, ways = _ways(table, check)
        if not ways or (True,) * len(names) in ways:
            continue
        some = [way for way in ways if any(way)] or ways
        for at, name in enumerate(names):
            share = sum(not way[at] for way in some) / len(some)
            shares[name] = max(shares.get(name, 0.0), round(share, 6))
    return {name: share for name, share in shares.items() if share}


def _ways(table: RawTable, check: str) -> tuple[list[str], list[tuple[bool, ...]]]:
    """The columns that a CHECK only asks for NULL, and which of them may hold values at once."""
    known = {c.name.lower(): c.name for c in table.columns}
    try:
        tree = check_expression(check)
    except ExpressionError:
        return [], []
    columns = list(tree.find_all(exp.Column))
    if not columns or not all(_asked(c) and c.name.lower() in known for c in columns):
        return [], []
    names = list(dict.fromkeys(known[c.name.lower()] for c in columns))
    if not 1 < len(names) <= MOST:
        return [], []
    ways = list(product((True, False), repeat=len(names)))
    asked = ", ".join(
        f"coalesce({_with(tree, dict(zip(names, way, strict=True)), known)}, true)" for way in ways
    )
    found = connection().execute(f"SELECT {asked}").fetchall()[0]
    return names, [way for way, kept in zip(ways, found, strict=True) if kept]


def _asked(node: exp.Expression) -> bool:
    """Whether a column is only asked whether it is NULL."""
    above = node.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    return isinstance(above, exp.Is) and isinstance(above.expression.unnest(), exp.Null)


def _with(tree: exp.Expression, way: dict[str, bool], known: dict[str, str]) -> str:
    """A CHECK with 1 or NULL for its columns."""

    def swap(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        return exp.Literal.number(1) if way[known[node.name.lower()]] else exp.null()

    return f"({text(tree.copy().transform(swap))})"


def bound(table: RawTable) -> set[str]:
    """Columns of references that no row of a parent can be counted by.

    They are NULL at times, or below another reference: the last row of a parent has none above it.
    """
    own = {c for key in table.foreign_keys for c in key.columns}
    if not own or not table.checks:
        return set()
    ordered = {
        name
        for pair in read_checks(table).ordered
        if {pair.low, pair.high} <= own
        for name in (pair.low, pair.high)
    }
    return ordered | (own & absent_shares(table).keys())


def chosen_share(table: RawTable, key: RawForeignKey) -> float | None:
    """The share of NULL of a reference, where CHECKs say it."""
    shares = absent_shares(table)
    return max((shares[c] for c in key.columns if c in shares), default=None)
