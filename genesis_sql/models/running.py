"""Running totals: a balance is the balance before plus or minus an amount.

Rows of one moment are put into the order in which the total runs; then it is looked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.siblings import Siblings, in_order
from genesis_sql.program.domain import Grid, Raw

LEAST_PAIRS = 200  # rows with a row before them
LOOKS_LIKE = 0.3  # share of rows that must fit before rows of one moment are put in order
HOLDS = 0.995  # share of rows that must fit afterwards
LARGEST_TIE = 64  # rows of one moment in a family that are put in order
MOST_LABELS = 40


@dataclass(frozen=True, eq=False)
class Running:
    """A column that is its value in the row before, plus sign · factor · amount, plus a rest.

    Attributes:
        total, amount: the columns.
        factor: raw numbers of the total that one of the amount stands for.
        by: the label that tells the sign; None where it is the same in all rows.
        signs: int64 by code of that label (0 for NULL), or one number.
        rest: raw numbers left over in each row: less than one of the amount.
        from_zero: whether the first row's total is its own amount.
    """

    total: str
    amount: str
    factor: int
    by: str | None
    signs: np.ndarray
    rest: Coded
    from_zero: bool


def find_running(
    columns: Mapping[str, Coded], family: Siblings, parent: np.ndarray
) -> tuple[Running | None, Siblings]:
    """A running total among the columns, and the siblings in the order in which it runs."""
    if int((family.previous >= 0).sum()) < LEAST_PAIRS:
        return None, family
    numbers = [c for c in columns.values() if isinstance(c.domain, Grid) and _whole(c)]
    for total in numbers:
        for amount in numbers:
            factor = _factor(total, amount)
            if amount is total or factor is None:
                continue
            found = _try(columns, (total, amount, factor), family, parent)
            if found is not None:
                return found
    return None, family


def _whole(column: Coded) -> bool:
    """Whether every row has a number, and more than a few."""
    domain = column.domain
    dated = isinstance(domain, Grid) and domain.type.startswith(("DATE", "TIME"))
    return not dated and len(column.values) > 20 and bool((column.rank > 0).all())


def _factor(total: Coded, amount: Coded) -> int | None:
    mine, theirs = total.domain, amount.domain
    if not isinstance(mine, Grid) or not isinstance(theirs, Grid):
        return None
    if theirs.scale > mine.scale:
        return None
    units = theirs.step * 10 ** (mine.scale - theirs.scale)
    return None if units % mine.step else units // mine.step


def _try(
    columns: Mapping[str, Coded],
    pair: tuple[Coded, Coded, int],
    family: Siblings,
    parent: np.ndarray,
) -> tuple[Running, Siblings] | None:
    total, amount, factor = pair
    value, change = total.raw.values, amount.raw.values * factor
    signs = _signs(value, change, factor, family)
    share = (signs != 0)[family.previous >= 0].mean()
    if share < LOOKS_LIKE or not change.any():
        return None
    by, codes = _by_label(columns, signs, change)
    if codes is None:
        return None
    sign = codes if by is None else codes[columns[by].rank]
    signed = np.broadcast_to(sign, len(value)) * change
    better = _reorder(value, signed, factor, family, parent)
    rest, has = _rest(value, signed, better)
    fits = np.abs(rest) < max(factor, 1)
    if fits[has].mean() < HOLDS:
        return None
    first = (better.previous < 0) & (parent >= 0)
    zero = bool((np.abs(value - signed)[first] < max(factor, 1)).mean() > HOLDS)
    if zero:
        rest, has = np.where(first, value - signed, rest), has | first
        fits = np.abs(rest) < max(factor, 1)
    kept = coded(f"#rest:{total.name}", Grid("BIGINT"), Raw(np.where(fits, rest, 0), has & fits))
    return Running(total.name, amount.name, factor, by, codes, kept, zero), better


def _signs(value: np.ndarray, change: np.ndarray, factor: int, family: Siblings) -> np.ndarray:
    """1 or -1 where the change leads from the row before to this row, else 0."""
    before = value[np.maximum(family.previous, 0)]
    has = (family.previous >= 0) & (change != 0)
    up = has & (np.abs(value - before - change) < max(factor, 1))
    down = has & (np.abs(value - before + change) < max(factor, 1))
    return np.asarray(up.astype(np.int64) - down.astype(np.int64))


def _by_label(
    columns: Mapping[str, Coded], signs: np.ndarray, change: np.ndarray
) -> tuple[str | None, np.ndarray | None]:
    """What tells the sign: nothing, or the label in which it is never mixed."""
    some = signs != 0
    if not (signs[some] < 0).any() or not (signs[some] > 0).any():
        return None, np.array([signs[some][0]], np.int64)
    best: tuple[float, str, np.ndarray] | None = None
    for name, column in columns.items():
        if column.numeric or len(column.values) > MOST_LABELS:
            continue
        size = len(column.values) + 1
        up = np.bincount(column.rank[signs > 0], minlength=size)
        down = np.bincount(column.rank[signs < 0], minlength=size)
        wrong = float(np.minimum(up, down).sum()) / max(int(some.sum()), 1)
        if best is None or wrong < best[0]:
            best = wrong, name, np.where(down > up, -1, 1).astype(np.int64)
    if best is None or best[0] > 1 - HOLDS + 0.02:
        return None, None
    return best[1], best[2]


def _rest(value: np.ndarray, signed: np.ndarray, family: Siblings) -> tuple[np.ndarray, np.ndarray]:
    has = family.previous >= 0
    before = value[np.maximum(family.previous, 0)]
    return np.where(has, value - before - signed, 0), has


def _reorder(
    value: np.ndarray, signed: np.ndarray, factor: int, family: Siblings, parent: np.ndarray
) -> Siblings:
    """Put rows of one moment into the order in which the total runs, greedily."""
    order = np.lexsort((family.k, parent))
    tie = family.tie if family.tie is not None else np.zeros(len(order), np.int64)
    key = np.flatnonzero(
        np.r_[True, (parent[order][1:] != parent[order][:-1]) | (tie[order][1:] != tie[order][:-1])]
    )
    ends = np.r_[key[1:], len(order)]
    begin = value - signed
    for first, stop in zip(key[ends - key > 1], ends[ends - key > 1], strict=True):
        rows = order[first:stop]
        if parent[rows[0]] < 0 or len(rows) > LARGEST_TIE:
            continue
        same_family = first > 0 and parent[order[first - 1]] == parent[rows[0]]
        now = value[order[first - 1]] if same_family else None
        order[first:stop] = _chain(rows, begin, value, now, max(factor, 1))
    k, count, previous = in_order(order, parent)
    return Siblings(k, count, previous, family.moment, family.tie)


def _chain(
    rows: np.ndarray, begin: np.ndarray, value: np.ndarray, now: int | None, grain: int
) -> np.ndarray:
    """Rows one behind the other so that each begins where the one before ends, where it can."""
    left = list(rows)
    out = []
    if now is None:  # the row that no other leads to
        ends = value[rows]
        open_ = [r for r in left if not (np.abs(ends - begin[r]) < grain).any()]
        now = int(begin[open_[0]]) if open_ else int(begin[left[0]])
    while left:
        apart = [abs(int(begin[r]) - now) for r in left]
        at = int(np.argmin(apart))
        row = left.pop(at)
        out.append(row)
        now = int(value[row])
    return np.array(out)
