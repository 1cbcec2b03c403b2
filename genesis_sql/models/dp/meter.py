"""The only way to the data: every count that leaves is noisy, and is paid for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from genesis_sql.models.dp.accountant import threshold_of, variance_of
from genesis_sql.models.dp.mechanisms import choose, discrete_gaussian

FINE = 16  # a rate of the exponential mechanism is a multiple of 1/16 of its smallest unit


@dataclass(frozen=True, eq=False)
class Noisy:
    """Counts with noise.

    Attributes:
        counts: int64, as released.
        variance: of the noise on each.
    """

    counts: np.ndarray
    variance: int


@dataclass(eq=False)
class Meter:
    """Sells noisy answers about rows until the budget is spent.

    Neighbours differ by one row more or less, or, of a child table, by at most ``most`` rows.

    Attributes:
        rho, delta: the budget.
        most: how many counted rows one unit of privacy has at most.
        spent, risked: what was taken of them.
    """

    rho: float
    delta: float = 0.0
    most: int = 1
    spent: float = field(default=0.0, init=False)
    risked: float = field(default=0.0, init=False)

    def _pay(self, rho: float, delta: float = 0.0) -> None:
        self.spent += rho
        self.risked += delta
        if self.spent > self.rho * (1 + 1e-9) or self.risked > self.delta * (1 + 1e-9):
            message = f"the budget of rho {self.rho:.4g} is spent"
            raise ValueError(message)

    def counts(self, true: np.ndarray, rho: float) -> Noisy:
        """Counts of disjoint groups of rows with discrete Gaussian noise, for rho of zCDP."""
        variance = variance_of(rho) * self.most**2
        self._pay(self.most**2 / (2 * variance))
        flat = np.asarray(true, np.int64).ravel()
        noise = discrete_gaussian(variance, len(flat))
        return Noisy((flat + noise).reshape(np.shape(true)), variance)

    def labels(
        self, true: np.ndarray, rho: float, delta: float, named: int = 0
    ) -> tuple[np.ndarray, Noisy]:
        """Noisy counts of labels that nobody named: those high enough to hide who has them.

        A label that only the rows of one unit have passes with probability δ at most (a noisy
        histogram with a threshold: Korolova et al., 2009).

        Args:
            true: rows of each label.
            rho: the price.
            delta: the price of what may go wrong.
            named: so many in front are shown whatever their count.

        Returns:
            Places of those that pass, and the counts of these.
        """
        noisy = self.counts(true, rho)
        self._pay(0.0, delta)
        least = threshold_of(noisy.variance, delta / self.most) + self.most - 1
        passes = noisy.counts >= least
        passes[:named] = True
        shown = np.flatnonzero(passes)
        return shown, Noisy(noisy.counts[shown], noisy.variance)

    def choose(self, scores: np.ndarray, rho: float) -> int:
        """The place of a high score (exponential mechanism); a row changes each by 1 at most."""
        epsilon = math.sqrt(8 * rho) / self.most
        under = max(1, math.ceil(2 * FINE / epsilon))
        self._pay((2 * FINE / under * self.most) ** 2 / 8)
        return choose(np.asarray(scores, np.int64), FINE, under)
