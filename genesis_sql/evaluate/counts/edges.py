"""Bins of numbers: where the real side's quantiles lie, and a number's bin as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.counts.values import number_literal


def ranks(values: int, bins: int) -> tuple[int, ...]:
    """The places in sorted order, from 0, that the quantiles between the bins are made of."""
    low, high, _ = _places(values, bins)
    return tuple(sorted({*low.tolist(), *high.tolist()}))


def quantile_edges(values: int, bins: int, at: Mapping[int, float]) -> tuple[float, ...]:
    """The inner edges of quantile bins, each once; a value with much mass has a bin of its own.

    Linear between order statistics, the 7th way of Hyndman and Fan (1996), "Sample quantiles in
    statistical packages", which is NumPy's own.

    Args:
        values: how many there are.
        bins: how many bins are wished for.
        at: the value at each of `ranks`.
    """
    low, high, part = _places(values, bins)
    below = np.array([at[k] for k in low.tolist()])
    above = np.array([at[k] for k in high.tolist()])
    with np.errstate(invalid="ignore"):  # two infinite values
        step = above - below
        edges = np.where(part < 0.5, below + step * part, above - step * (1 - part))
    edges = np.where(below == above, below, edges)
    return tuple(np.unique(edges).tolist())


def end_ranks(values: int) -> tuple[int, int]:
    """The places in sorted order of the 1 % and the 99 % quantile."""
    return (values - 1) // 100, (values - 1) - (values - 1) // 100


def ends(values: int, at: Mapping[int, float]) -> tuple[float, float]:
    """The 1 % and the 99 % quantile."""
    low, high = end_ranks(values)
    return at[low], at[high]


def drawn_edges(
    low: float, high: float, middle: tuple[float, float], bins: int, *, whole: bool = False
) -> tuple[float, ...]:
    """The inner edges of bins to draw: of one width between the ends, far values in the outer two.

    Args:
        low: the least value.
        high: the greatest.
        middle: what lies between is drawn at full width.
        bins: how many there are at most.
        whole: widths are whole numbers, so that each bin has as many of them.

    Example:
        >>> drawn_edges(0.0, 1e6, (0.0, 9.0), 4), drawn_edges(0.0, 9.0, (0.0, 9.0), 4, whole=True)
        ((3.0, 6.0, 9.0), (3.0, 6.0))
    """
    width = (middle[1] - middle[0]) / bins
    start = low if middle[0] - low <= width else middle[0]
    stop = high if high - middle[1] <= width else middle[1]
    inside = bins - (start > low) - (stop < high)
    if not np.isfinite(stop - start) or start == stop or inside < 1:
        return ()
    step = (stop - start) / inside
    if whole:
        step = float(np.ceil(step))
        inside = int(np.ceil((stop - start) / step))
    points = [start + step * at for at in range(inside + 1)]
    return tuple(p for p in points if low < p < high)


def few_edges(values: Sequence[float]) -> tuple[float, ...]:
    """The inner edges that tell a few sorted values apart one by one.

    Example:
        >>> few_edges([1.0, 2.0, 5.0])
        (1.5, 3.5)
    """
    return tuple((a + b) / 2 for a, b in pairwise(values))


def equal_edges(low: float, high: float, bins: int) -> tuple[float, ...]:
    """The inner edges of bins of one width, as NumPy's histogram has them."""
    if not np.isfinite(low) or not np.isfinite(high):
        return ()
    if low == high:
        low, high = low - 0.5, high + 0.5
    return tuple(np.linspace(low, high, bins + 1)[1:-1].tolist())


def bin_sql(value: str, edges: Sequence[float]) -> str:
    """The bin of a number, counted from 1; 0 of NULL. An edge belongs to the bin above it.

    A tree of comparisons: of 20 bins each number meets 4 or 5 edges, not all of them.

    Example:
        >>> bin_sql("v", [1.5]).replace("::UTINYINT", "")
        'CASE WHEN v IS NULL THEN 0 ELSE CASE WHEN v < 1.5e0 THEN 1 ELSE 2 END END'
    """

    def between(first: int, last: int) -> str:
        if first == last:
            return f"{first}::UTINYINT"
        middle = (first + last + 1) // 2
        edge = number_literal(edges[middle - 2])
        below, above = between(first, middle - 1), between(middle, last)
        return f"CASE WHEN {value} < {edge} THEN {below} ELSE {above} END"

    return f"CASE WHEN {value} IS NULL THEN 0::UTINYINT ELSE {between(1, len(edges) + 1)} END"


def _places(values: int, bins: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    at = np.linspace(0, 1, bins + 1)[1:-1] * (values - 1)
    low = np.floor(at).astype(np.int64)
    return low, np.minimum(low + 1, values - 1), at - low
