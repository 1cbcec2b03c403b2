"""What one column looks like on each side: all that shapes, validity and pictures tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_sql.types import Column

FINE, COARSE = 20, 10
"""Bins of a number alone, and beside another column."""
MOST_LABELS = 1000
"""Labels that are told apart in pairs; the rest of a longer list is one label there."""
DIGITS = 9
"""Decimals of what is summed in floating point: the order of the sum is not seen in them."""


@dataclass(frozen=True)
class Numbers:
    """What only numbers and moments have; moments are microseconds.

    Attributes:
        distance: largest difference of the cumulative shares (Kolmogorov-Smirnov) from the real
            side, of the synthetic and the held-out side; None where a side has no value.
        transport: 1-Wasserstein distance of the same in standard deviations of the real side.
        spread: the sum of sqrt(F (1 - F)) over the real side, in standard deviations: chance moves
            the transport by about this over the root of the rows.
        low, high: of the real side.
        middle: what 1 % and 99 % of the real side lie under.
        whole: whether all real values are whole numbers.
        broken: share of values that are no whole numbers, by side.
        fine, coarse: inner edges of 20 and 10 quantile bins of the real side.
        counts: rows by fine bin (the first is NULL), by side.
        distinct: different values of the real side.
    """

    distance: tuple[float | None, ...]
    transport: tuple[float | None, ...]
    spread: float
    low: float
    high: float
    middle: tuple[float, float]
    whole: bool
    broken: tuple[float, ...]
    fine: tuple[float, ...]
    coarse: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    distinct: int


@dataclass(frozen=True)
class Labels:
    """What only labels have.

    Attributes:
        names: the commonest of the real side, commonest first.
        counts: rows by name, by side.
        distinct: labels of the real side.
    """

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    distinct: int


@dataclass(frozen=True)
class Facts:
    """One column on the real, the synthetic and, where there is one, the held-out side.

    Attributes:
        column, kind: which it is.
        rows, values: rows and those that are not NULL, by side.
        variation: total variation from the real side, of the synthetic and the held-out side.
        chance: total variation that a fresh real sample of the synthetic side's size stays under
            19 times of 20.
        inside: share of values that are in the real side's range, or among its labels, by side.
        singles: real values that occur once (of labels).
        numbers, labels: the rest, by kind.
    """

    column: Column
    kind: str
    rows: tuple[int, ...]
    values: tuple[int, ...]
    variation: tuple[float, ...]
    chance: float
    inside: tuple[float, ...]
    singles: int = 0
    numbers: Numbers | None = None
    labels: Labels | None = None

    @property
    def n(self) -> int:
        """Rows of the smaller side."""
        return min(self.rows[:2])

    def nulls(self, side: int) -> float:
        """Share of NULL on a side."""
        return 1 - self.values[side] / self.rows[side]
