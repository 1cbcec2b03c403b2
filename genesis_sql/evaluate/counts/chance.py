"""How far two samples of the same rows lie apart by chance: what a verdict may not hold against.

Every bound here is one that a fresh sample of real rows, of the synthetic side's size, keeps at
least 19 times of 20.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from string import Template

from genesis_sql.evaluate.measures import Measure, Metric, judged

Z = 1.96
"""Standard errors that a normal deviation stays within 95 times of 100."""
_KOLMOGOROV = 1.358
"""95 % point of the Kolmogorov distribution."""
_ROUNDING = 1e-9
_ONE_SIDED = 2.0
"""1.645, and a little for the few cells that hold most rows."""


def judged_by_chance(measure: Measure, metric: Metric, chance: float | None) -> Metric:
    """The row with its verdict; a loss below ``chance`` passes, whatever the baseline.

    Args:
        measure: whose ideal is 1 where more is better, else 0.
        metric: the row.
        chance: the loss that a fresh real sample stays under, from the ideal; None: not known.
    """
    if chance is None or metric.score is None:
        return judged(measure, metric)
    base = measure.ideal if metric.baseline is None else metric.baseline
    good = max(measure.good, chance - abs(base - measure.ideal)) + _ROUNDING
    wider = replace(measure, good=good, fair=good + measure.fair - measure.good)
    return judged(wider, metric)


def apart(rows: int, others: int) -> float:
    """The standard error of a difference of two means, over the standard deviation."""
    return math.sqrt(1 / rows + 1 / others)


def distance_chance(rows: int, others: int) -> float:
    """Kolmogorov-Smirnov distance of two samples of one distribution."""
    return _KOLMOGOROV * apart(rows, others)


def share_chance(share: float, rows: int, others: int) -> float:
    """Difference of two shares, ``share`` that of both together."""
    return Z * math.sqrt(max(share * (1 - share), 0.0)) * apart(rows, others)


_CELLS = Template(
    "fsum(CASE WHEN n0 + n1 > 0 THEN greatest($least, sqrt(n0 + n1) * $each) ELSE 0 END)"
)


def _parts(rows: int, others: int) -> tuple[float, float]:
    return 2 / (rows + others), math.sqrt(2 / math.pi / rows / others)


def variation_sql(rows: int, others: int) -> str:
    """SQL of the mean absolute difference of cells with n0 and n1 rows, summed over them."""
    least, each = _parts(rows, others)
    return _CELLS.substitute(least=f"{least!r}::DOUBLE", each=f"{each!r}::DOUBLE")


def variation_chance(cells: float, more: Sequence[int], rows: int, others: int) -> float:
    """Total variation of two samples of one distribution.

    The k rows of a cell fall on the sides like tosses of a coin, so its difference is about
    sqrt(2 k / (pi n0 n1)), and never less than one row's; the sum's standard deviation is below
    sqrt((1 - 2 / pi) (1 / n0 + 1 / n1)) / 2.

    Args:
        cells: what `variation_sql` gave.
        more: rows of both sides in further cells.
        rows: of one side.
        others: of the other.
    """
    least, each = _parts(rows, others)
    total = cells + sum(max(least, math.sqrt(k) * each) for k in more if k)
    spread = math.sqrt(1 - 2 / math.pi) * apart(rows, others) / 2
    return total / 2 + _ONE_SIDED * spread
