"""How likely a run of its profile looks at least as odd as this one: p-values valid at every size.

Counts: the tails of a sum of binomials (Poisson binomial), exact by its characteristic function
(Hong 2013). Distributions: the inequality of Dvoretzky, Kiefer and Wolfowitz with the constant of
Massart (1990), P(sup |F_n − F| > d) ≤ 2 exp(−2 n d²), which holds for discrete laws too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

WIDE = 300.0
"""Standard deviations from which on the normal law stands for a sum: its skew is below 1/1,800."""
WINDOW = 40.0
"""Standard deviations that the exact tails look at."""


def binomial_p(k: int, n: int, share: float) -> float:
    """Two-sided p-value of k ones out of n: twice the smaller tail, both with k.

    Example:
        >>> round(binomial_p(9, 10, 0.5), 4)
        0.0215
    """
    from scipy.special import betainc

    at_least = 1.0 if k <= 0 else float(betainc(k, n - k + 1, share))
    at_most = 1.0 if k >= n else 1.0 - float(betainc(k + 1, n - k, share))
    return min(1.0, 2.0 * min(at_least, at_most))


def sum_p(k: int, sizes: Sequence[int], shares: Sequence[float]) -> float:
    """The same of k ones among groups of rows with a share each."""
    n, p = np.array(sizes, np.float64), np.array(shares, np.float64)
    if len(n) == 1:
        return binomial_p(k, int(n[0]), float(p[0]))
    mean, deviation = float((n * p).sum()), math.sqrt(float((n * p * (1.0 - p)).sum()))
    if deviation == 0.0:
        return 1.0 if k == round(mean) else 0.0
    if deviation >= WIDE:
        from scipy.special import ndtr

        off = max(abs(k - mean) - 0.5, 0.0) / deviation
        return min(1.0, 2.0 * float(ndtr(-off)))
    low, mass = _masses(n, p, mean, deviation)
    if not low <= k < low + len(mass):
        return 0.0
    at = k - low
    tails = float(mass[: at + 1].sum()), float(mass[at:].sum())
    return min(1.0, 2.0 * max(min(tails), 0.0))


def _masses(n: np.ndarray, p: np.ndarray, mean: float, deviation: float) -> tuple[int, np.ndarray]:
    """The first number of ones that is looked at, and the mass of it and those after it."""
    size = 2 ** math.ceil(math.log2(WINDOW * deviation + 64.0))
    low = math.floor(mean) - size // 2
    angle = 2j * np.pi * np.arange(size) / size
    total = -angle * low
    for count, share in zip(n, p, strict=True):
        with np.errstate(divide="ignore"):
            total = total + count * np.log1p(share * np.expm1(angle))
    mass = np.fft.fft(np.exp(total)).real / size
    return low, np.maximum(mass, 0.0)


def distance_p(distance: float, n: int) -> float:
    """A bound on the chance that n values stray so far from their distribution function."""
    return min(1.0, 2.0 * math.exp(-2.0 * n * distance**2))


def holm(values: Sequence[float]) -> list[float]:
    """p-values adjusted so that all together they err as seldom as one (Holm 1979).

    Example:
        >>> holm([0.01, 0.5, 0.02])
        [0.03, 0.5, 0.04]
    """
    out, worst = [0.0] * len(values), 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=lambda i: values[i])):
        worst = max(worst, min(1.0, values[at] * (len(values) - rank)))
        out[at] = worst
    return out
