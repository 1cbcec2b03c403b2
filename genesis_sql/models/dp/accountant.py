"""What noise costs: zero-concentrated differential privacy (zCDP) and its (ε, δ).

Costs rho of zCDP add up (Bun, Steinke, "Concentrated Differential Privacy", 2016, lemma 1.7). So do
the δ of steps that may fail: approximate zCDP, their definition 8.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

HALVINGS = 80  # each halves an interval: past the digits of a double


def delta_of(rho: float, epsilon: float) -> float:
    """The δ with which rho-zCDP is (ε, δ)-DP.

    The least, over orders a > 1, of exp((a - 1)(a·rho - epsilon)) / (a - 1) · (1 - 1/a)^a:
    proposition 12 of Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy"
    (2020).

    Example:
        >>> 8e-10 < delta_of(0.01488, 1.0) < 1e-9
        True
    """
    if rho <= 0:
        return 0.0
    low, high = 1.0 + 1e-12, (epsilon + 1) / (2 * rho) + 2
    for _ in range(HALVINGS):  # the logarithm is convex: find where its slope turns
        order = (low + high) / 2
        slope = (2 * order - 1) * rho - epsilon + math.log1p(-1.0 / order)
        low, high = (order, high) if slope < 0 else (low, order)
    order = (low + high) / 2
    log = (order - 1) * (order * rho - epsilon) + order * math.log1p(-1 / order)
    log -= math.log(order - 1)
    return min(1.0, math.exp(min(log, 0.0)))


def epsilon_of(rho: float, delta: float) -> float:
    """The ε with which rho-zCDP is (ε, δ)-DP."""
    if rho <= 0:
        return 0.0
    low, high = 0.0, rho + 2 * math.sqrt(rho * math.log(1 / delta)) + 1e-12
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_of(rho, middle) <= delta else (middle, high)
    return high


def rho_of(epsilon: float, delta: float) -> float:
    """The largest rho whose zCDP is (ε, δ)-DP."""
    low, high = 0.0, epsilon + 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= delta else (low, middle)
    return low


def variance_of(rho: float) -> int:
    """The least whole variance of Gaussian noise on a count that costs at most rho."""
    return max(1, math.ceil(1 / (2 * rho)))


def threshold_of(variance: int, delta: float) -> int:
    """What noisy counts must reach so that a label of one row alone is shown with at most that δ.

    The tail of the discrete Gaussian lies below that of the continuous one, shifted by one
    (Canonne et al., corollary 10 and its proof).
    """
    return 2 + math.ceil(math.sqrt(variance) * -NormalDist().inv_cdf(delta))


@dataclass(frozen=True)
class Cost:
    """What something costs.

    Attributes:
        rho: of zCDP.
        delta: the chance that it shows what it should not.
    """

    rho: float
    delta: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Both."""
        return Cost(self.rho + other.rho, self.delta + other.delta)

    def epsilon(self, delta: float) -> float:
        """The ε of both parts at that δ; infinite where the chances alone exceed it."""
        if not self.rho and not self.delta:
            return 0.0
        left = delta - self.delta
        return epsilon_of(self.rho, left) if left > 0 else math.inf
