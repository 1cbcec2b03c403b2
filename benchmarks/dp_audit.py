"""An audit of noise: how well an observer of many runs can tell two neighbouring tables apart.

Of an event seen in k of n runs, an interval bounds its chance; the bounds of both sides bound
epsilon from below (Jagielski, Ullman, Oprea, "Auditing Differentially Private Machine Learning",
2020).
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from genesis_sql.models.dp.accountant import rho_of
from genesis_sql.models.dp.learn import Asked, learn
from genesis_sql.models.dp.meter import Meter
from genesis_sql.program.domain import Categories

SURE = 4.9  # standard deviations: an audit is wrong once in a million
TRIED = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
SEX = Asked("sex", "VARCHAR", Categories("VARCHAR", ("f", "m")), nullable=False, open=False)


def bounds(k: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a chance; at these counts much like Clopper and Pearson's."""
    share, square = k / n, SURE * SURE
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = SURE / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def audited(one: np.ndarray, other: np.ndarray, delta: float) -> float:
    """The largest epsilon that the runs prove, both ways round; half of them choose the event.

    Args:
        one: a number seen in each run on one table, float64 of shape (runs,).
        other: the same on its neighbour.
        delta: of the guarantee.
    """
    best = 0.0
    for low, high in ((one, other), (other, one), (-one, -other), (-other, -one)):
        tried = np.quantile(high[::2], TRIED)
        at = max(tried, key=lambda t: _proved(high[::2], low[::2], t, delta))
        best = max(best, _proved(high[1::2], low[1::2], at, delta))
    return best


def _proved(high: np.ndarray, low: np.ndarray, at: float, delta: float) -> float:
    """The epsilon that an event proves: a number of at least ``at`` is seen."""
    least = bounds(int((high >= at).sum()), len(high))[0] - delta
    most = bounds(int((low >= at).sum()), len(low))[1]
    return math.log(least / most) if least > 0 else -math.inf


def counts(rows: int, runs: int, epsilon: float, delta: float) -> np.ndarray:
    """One count under the whole budget, many times over."""
    rho = rho_of(epsilon, delta)
    return Meter(rho * (1 + 1e-9)).counts(np.full(runs, rows), rho).counts.astype(np.float64)


def audit_of_counts(runs: int, epsilon: float, delta: float) -> float:
    """The epsilon proved of a noisy count, on tables of 10 and 11 rows."""
    return audited(counts(10, runs, epsilon, delta), counts(11, runs, epsilon, delta), delta)


def fits(rows: list[str], runs: int, epsilon: float, delta: float) -> np.ndarray:
    """What a whole fit shows of the label 'm', many times over."""
    arrow = pa.table({"sex": pa.array(rows, pa.string())})
    rho, shown = rho_of(epsilon, delta), []
    for _ in range(runs):
        found, _ = learn(Meter(rho), [SEX], arrow)
        shown.append(float(found.columns[0].rows[2]) - found.rows / 2)  # noise of the sum cancels
    return np.array(shown)


def audit_of_fits(runs: int, epsilon: float, delta: float) -> float:
    """The epsilon proved of whole fits, on tables of 48 and 49 rows."""
    small = ["f"] * 40 + ["m"] * 8
    return audited(
        fits(small, runs, epsilon, delta), fits([*small, "m"], runs, epsilon, delta), delta
    )
