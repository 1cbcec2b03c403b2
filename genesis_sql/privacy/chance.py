"""What chance alone does: intervals of shares, and verdicts that wait until it is ruled out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN, Measure, Metric

Z95 = 1.959964
"""Standard errors to each side of a 95 % confidence interval."""
SURE = 3.0
"""Standard errors that a score has to lie beyond its baseline before a verdict is not 'pass': an
audit makes some twenty comparisons for each table, and fresh real rows shall pass all of them."""


def wilson(hits: float, n: float) -> tuple[float, float]:
    """The 95 % confidence interval of a share (Wilson 1927, JASA 22).

    Example:
        >>> [round(x, 3) for x in wilson(0, 100)]
        [0.0, 0.037]
    """
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (max(0.0, middle - half) if hits else 0.0), (
        min(1.0, middle + half) if hits < n else 1.0
    )


def difference_error(a: float, n: float, b: float, m: float) -> float:
    """Standard error of a/n - b/m where both have the same chance."""
    both = (a + b) / (n + m)
    return math.sqrt(both * (1 - both) * (1 / n + 1 / m))


def beyond(measure: Measure, excess: float, error: float) -> str:
    """The verdict on how far a score lies on the bad side of its baseline, chance taken off.

    Example:
        >>> copies = Measure("exact_copies", "lower", "", good=0.001, fair=0.001, ideal=0.0)
        >>> beyond(copies, 0.01, 0.001), beyond(copies, 0.01, 0.005)
        ('fail', 'pass')
    """
    if math.isnan(excess) or math.isnan(error):
        return INFO
    certain = excess - SURE * error
    return PASS if certain <= measure.good else WARN if certain <= measure.fair else FAIL


@dataclass(frozen=True)
class Risk:
    """How much better an attack does on rows that were learnt from than on rows held out.

    (attack - control) / (1 - control): of the records that general statistics do not give away,
    the share that the synthetic rows do (Giomi et al. 2023, PoPETs 2).

    Attributes:
        value: from 0 (nothing) to 1; below 0 where chance favoured the held-out rows.
        error: its standard error.
    """

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % confidence interval, cut to [0, 1]."""
        ends = (self.value - Z95 * self.error, self.value + Z95 * self.error)
        return max(0.0, min(1.0, ends[0])), max(0.0, min(1.0, ends[1]))


def risk(
    attack: NDArray[np.float64], control: NDArray[np.float64], alike: float = 1.0
) -> Risk | None:
    """The risk of an attack from its successes (0 to 1 each); None where all of the control are."""
    a, b = float(attack.mean()), float(control.mean())
    if b >= 1:
        return None
    # Jeffreys' half successes keep the error above 0 where all or none succeed
    spread_a = (len(attack) * a + 0.5) / (len(attack) + 1)
    spread_b = (len(control) * b + 0.5) / (len(control) + 1)
    error_a = alike * spread_a * (1 - spread_a) / len(attack)
    error_b = alike * spread_b * (1 - spread_b) / len(control)
    slope = (1 - a) / (1 - b) ** 2
    return Risk((a - b) / (1 - b), math.sqrt(error_a / (1 - b) ** 2 + slope**2 * error_b))


def median_error(values: NDArray[np.float32], share: float, seed: int) -> float:
    """Standard error of a quantile, by drawing the values 200 times anew (Efron 1979)."""
    n = len(values)
    drawn = values[np.random.default_rng([seed, 5]).integers(0, n, (200, n))]
    return float(np.std(np.quantile(drawn, share, axis=1)))


def unmeasured(measure: Measure, table: str, why: str, columns: tuple[str, ...] = ()) -> Metric:
    """The row of what could not be measured."""
    return Metric("privacy", table, columns, measure.name, None, None, 0, INFO, note=why)


NO_HOLDOUT = "no rows were held out, so there is nothing to compare with: give holdout := …"
