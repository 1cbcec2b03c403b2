"""Moments and numbers counted from others: the gap to a column that is never above them.

An order's date is drawn as days since the order before, an end as a duration behind its start: so
the order of the source holds in every row, and durations look like durations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.frame import Coded, coded
from genesis_sql.program.calendar import DAY, part_of
from genesis_sql.program.domain import Grid, Raw
from genesis_sql.program.steps import Formula, Part
from genesis_sql.sqlbuild import column as column_node
from genesis_sql.sqlbuild import text

SAFE = 2**61  # raw numbers below that can be subtracted and shared out
LEAST_ROWS = 50  # with both values
HOT, HOT_ROWS, HOT_SHARE, AROUND = 3.0, 20, 0.05, 7  # what makes a day hot, beside 2 · 7 others
TIGHT = 0.5  # a gap is worth it where its spread is at most that share of the column's


@dataclass(frozen=True, eq=False)
class Gap:
    """A column as base + gap.

    Attributes:
        base: what it is counted from, of n rows.
        factor: raw numbers of the column that one raw number of the base stands for.
        gap: raw numbers from the base to the column; NULL where one of them is.
    """

    base: Coded
    factor: int
    gap: Coded

    def formula(self, column: str, otherwise: str | None) -> Formula:
        """The step that adds them."""
        base = column_node(self.base.name)
        whole = base if self.factor == 1 else base * self.factor
        return Formula(column, text(whole + column_node(self.gap.name)), otherwise)


def unit(domain: object) -> int | None:
    """Nanoseconds that one raw number stands for; None where it is no date or time."""
    if not isinstance(domain, Grid):
        return None
    if domain.type == "DATE":
        return domain.step * DAY
    if domain.type == "TIMESTAMP_NS":
        return domain.step
    return domain.step * 1000 if domain.type.startswith("TIMESTAMP") else None


def gap_to(column: Coded, base: Coded, name: str) -> Gap | None:
    """The column counted from a base that lies on a coarser grid or the same; else None."""
    factor = _factor(column.domain, base.domain)
    if factor is None or _largest(column) >= SAFE or _largest(base) * factor >= SAFE:
        return None
    valid = (column.rank > 0) & (base.rank > 0)
    gap = np.where(valid, column.raw.values - base.raw.values * factor, 0)
    return Gap(base, factor, coded(name, Grid("BIGINT"), Raw(gap, valid)))


def _largest(column: Coded) -> int:
    """The largest raw number, without its sign; the infinities of dates are the largest of all."""
    values = column.values
    return max(abs(int(values[0])), abs(int(values[-1]))) if len(values) else 0


def _factor(domain: object, base: object) -> int | None:
    if not isinstance(domain, Grid) or not isinstance(base, Grid):
        return None
    mine, theirs = unit(domain), unit(base)
    if mine is None and theirs is None and domain.scale == base.scale:
        mine, theirs = domain.step, base.step
    if mine is None or theirs is None or theirs % mine:
        return None
    return theirs // mine


def holds(gap: Gap, *, strict: bool = False) -> bool:
    """Whether the base is never above the column, in enough rows."""
    known = gap.gap.rank > 0
    least = int(gap.gap.values[0]) if len(gap.gap.values) else 0
    return int(known.sum()) >= LEAST_ROWS and least >= int(strict)


def tight(column: Coded, gap: Gap) -> bool:
    """Whether the gap spreads much less than the column itself."""
    known = gap.gap.rank > 0
    own, apart = column.raw.values[known], gap.gap.raw.values[known]
    return bool(_spread(apart) <= TIGHT * _spread(own))


def _spread(values: np.ndarray) -> float:
    low, high = np.quantile(values, [0.1, 0.9])
    return float(high - low)


def hot_days(column: Coded) -> np.ndarray:
    """Moments that are HOT times as frequent as their neighbours; none where few rows have them.

    Raw numbers in order.
    """
    count = column.count.astype(np.float64)
    if len(count) <= 2 * AROUND:
        return np.zeros(0, np.int64)
    padded = np.pad(count, AROUND, mode="reflect")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1), axis=1)
    hot = (count >= HOT * usual) & (count >= HOT_ROWS)
    if count[hot].sum() < HOT_SHARE * count.sum():
        return np.zeros(0, np.int64)
    return np.asarray(column.values[hot], np.int64)


def parts(column: Coded, wanted: Sequence[str]) -> Iterator[tuple[Part, Coded]]:
    """Calendar parts of a moment as steps and as columns; none of what is constant."""
    per = unit(column.domain)
    if per is None or _largest(column) >= SAFE:
        return
    valid = column.rank > 0
    for part in wanted:
        values = np.r_[0, part_of(column.values, per, part)][column.rank]
        made = coded(f"#{part}:{column.name}", Grid("BIGINT"), Raw(values, valid))
        if len(made.values) > 1:
            yield Part(made.name, column.name, part, per), made
