"""The order of columns and of labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genesis_sql.models.frame import Coded

BINS = 16


def entropy(column: Coded) -> float:
    """Entropy of the ranks in bits, NULL included."""
    p = np.bincount(column.rank) / max(len(column.rank), 1)
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def binned(column: Coded, bins: int = BINS, *, apart: bool = False) -> np.ndarray:
    """Codes of at most ``bins`` + 1 groups of about equal rows.

    Labels: the commonest ones, the rest pooled. ``apart``: numbers that fill a group alone stand
    beside the groups of the others, so that a spike leaves them as many as ever.
    """
    if column.numeric:
        if apart and len(column.values) > bins:
            return _apart(column, bins)
        share = np.cumsum(np.r_[0, column.count]) / max(int(column.count.sum()), 1)
        place = (
            1 + np.minimum((share[:-1] * bins).astype(np.int64), bins - 1)
            if len(column.values) > bins
            else 1 + np.arange(len(column.values))
        )
        return np.asarray(np.r_[0, place][column.rank])
    common = np.argsort(-column.count, kind="stable")[: bins - 1]
    place = np.full(len(column.count) + 1, bins, np.int64)
    place[0] = 0
    place[common + 1] = 1 + np.arange(len(common))
    return np.asarray(place[column.rank])


def _apart(column: Coded, bins: int) -> np.ndarray:
    """Groups of the numbers that are no spikes, and one for each spike, in order."""
    count = np.bincount(column.rank, minlength=len(column.values) + 1)[1:].astype(np.float64)
    spike = count >= max(count.sum(), 1) / bins
    rest = np.where(spike, 0.0, count)
    share = np.cumsum(np.r_[0.0, rest])[:-1] / max(rest.sum(), 1)
    group = np.minimum((share * bins).astype(np.int64), bins - 1)
    begins = np.r_[True, spike[1:] | spike[:-1] | (group[1:] != group[:-1])]
    return np.asarray(np.r_[0, np.cumsum(begins)][column.rank])


def label_order(column: Coded, others: Sequence[np.ndarray]) -> np.ndarray:
    """Labels along the first axis of a correspondence analysis against all other columns.

    After Greenacre, "Theory and Applications of Correspondence Analysis" (1984).

    Args:
        column: a label column of n rows.
        others: binned codes of the other columns, each of shape (n,).

    Returns:
        0-based label positions in order, shape (labels,); by frequency where nothing else tells
        them apart.
    """
    size = len(column.count)
    if size < 3 or not others:
        return np.arange(size)
    has = column.rank > 0
    label = column.rank[has] - 1
    blocks = [
        np.bincount(label * (BINS + 1) + o[has], minlength=size * (BINS + 1)).reshape(size, -1)
        for o in others
    ]
    table = np.concatenate(blocks, axis=1).astype(np.float64)
    table = table[:, table.sum(0) > 0] / max(table.sum(), 1)
    row, col = table.sum(1), table.sum(0)
    row_safe = np.where(row > 0, row, 1)
    spread = (table - np.outer(row, col)) / np.sqrt(np.outer(row_safe, col))
    if size <= spread.shape[1]:
        axis = np.linalg.eigh(spread @ spread.T)[1][:, -1]
    else:  # the same axis from the smaller side: thousands of labels take no longer than a few
        axis = spread @ np.linalg.eigh(spread.T @ spread)[1][:, -1]
    axis = axis / np.sqrt(row_safe)
    axis = np.round(axis * np.sign(axis[np.argmax(np.abs(axis))] or 1.0), 9)
    return np.lexsort((np.arange(size), axis))
