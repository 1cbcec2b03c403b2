"""Filling cells with rows, so that no cell is a person.

Numbers: a value that occurs often stays an atom; a rare one becomes the interval half-way to its
neighbours in the cell, never across a gap that is wide in the whole column; the outermost rows of
the column share their mean.
Labels: those with fewer rows than the floor are withheld.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_sql.models.frame import Coded
from genesis_sql.models.trees import FEW
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Grid

RARE = 5  # a value with fewer rows in the column is smoothed
SPIKE, SPIKE_RATIO, CLOSE = 20, 3.0, 2  # rows, times its neighbours' mean; steps between these
GAP_NEIGHBOURS, GAP_RATIO = 10, 20.0  # a gap this many times the local spacing is empty on purpose
MAX_SLOTS, SLOT_ROWS = 512, 20  # intervals a cell keeps at most; rows of each where it has more


@dataclass(frozen=True)
class FillOptions:
    """How cells are filled.

    Attributes:
        floor: labels with fewer rows are withheld.
        edge_rows: outermost rows of a number that share their mean.
        smooth: whether rare numbers become intervals.
    """

    floor: int = 5
    edge_rows: int = 20
    smooth: bool = True


def fill_labels(
    column: Coded, cell: np.ndarray, cells: int, options: FillOptions
) -> tuple[Cells, int]:
    """Cells of a label column.

    Args:
        column: n rows.
        cell: int64 of shape (n,), the cell of each row.
        cells: how many there are.
        options: the floor.

    Returns:
        The cells and how many labels were withheld.
    """
    at, weight = _count(cell, column.rank, cells, len(column.count) + 1)
    return label_cells(at, weight, np.r_[0, column.count], cells, options)


def label_cells(
    at: np.ndarray, weight: np.ndarray, count: np.ndarray, cells: int, options: FillOptions
) -> tuple[Cells, int]:
    """The same of rows that are counted already.

    Args:
        at: cell · (labels + 1) + code, each once, in order.
        weight: the rows of each of them.
        count: the rows of NULL, which does not matter, and of each label.
        cells: how many cells there are.
        options: the floor.
    """
    size = len(count)
    keep = np.r_[True, count[1:] >= options.floor]
    if not keep[1:].any():  # every label is rare: a small table, where all are equally rare
        keep[:] = True
    withheld = int((~keep[1:] & (count[1:] > 0)).sum())
    allowed = keep[at % size]
    at, weight = at[allowed], weight[allowed]
    code, owner = at % size, at // size
    code, owner, weight = _fallback(code, owner, weight, cells)
    start = np.searchsorted(owner, np.arange(cells + 1))
    accept, alias = alias_tables(start, weight)
    return Cells(start, accept, alias, code.astype(np.int32)), withheld


def _count(
    cell: np.ndarray, rank: np.ndarray, cells: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct cell · size + rank in order, with their rows."""
    key = cell * size + rank
    if cells * size <= 4 * len(key) + 1_000_000:
        counted = np.bincount(key, minlength=1)
        found = np.flatnonzero(counted)
        return found, counted[found].astype(np.int64)
    return np.unique(key, return_counts=True)


def _fallback(
    code: np.ndarray, owner: np.ndarray, weight: np.ndarray, cells: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give cells that lost all their rows the distribution of the whole column."""
    empty = np.setdiff1d(np.arange(cells), owner)
    if len(empty) == 0:
        return code, owner, weight
    everywhere, total = np.zeros(1, np.int64), np.ones(1, np.int64)
    if len(code):
        counted = np.bincount(code, weight).astype(np.int64)
        everywhere = np.flatnonzero(counted)
        total = counted[everywhere]
    code = np.r_[code, np.tile(everywhere, len(empty))]
    owner = np.r_[owner, np.repeat(empty, len(everywhere))]
    weight = np.r_[weight, np.tile(total, len(empty))].astype(np.int64)
    order = np.argsort(owner, kind="stable")
    return code[order], owner[order], weight[order]


def wide_gaps(values: np.ndarray) -> np.ndarray:
    """Which gaps between neighbouring values are empty on purpose: bool of shape (values - 1,).

    A gap counts as wide where it is GAP_RATIO times the mean spacing of the GAP_NEIGHBOURS values
    on its denser side.
    """
    v = values.astype(np.float64)
    gap = np.diff(v)
    if len(gap) <= 2 * GAP_NEIGHBOURS:
        return (
            gap > 0.5 * max(float(v[-1] - v[0]), 1e-300)
            if len(gap) > 1
            else np.zeros(len(gap), bool)
        )
    k = GAP_NEIGHBOURS
    run = np.full(len(v), np.inf)
    run[k:] = (v[k:] - v[:-k]) / k
    left = run[:-1]
    right = np.r_[(v[k:] - v[:-k]) / k, np.full(k, np.inf)][1:]
    with np.errstate(invalid="ignore"):
        return np.asarray(~(gap <= GAP_RATIO * np.minimum(left, right)))


def _trim(column: Coded, rows: int) -> np.ndarray:
    """Values with the outermost ``rows`` rows at either end replaced by their mean, spikes kept."""
    values = column.values.copy()
    for end in (slice(None), slice(None, None, -1)):
        count = column.count[end]
        reach = int(np.searchsorted(np.cumsum(count), rows)) + 1
        if reach < 2 or count[0] >= rows or reach >= len(values) // 2:
            continue
        block = column.values[end][:reach].astype(np.float64)
        take = count[:reach].copy()
        take[-1] -= int(count[:reach].sum()) - rows
        if not np.isfinite(block).all():
            continue
        mean = float((block * take).sum() / rows)
        if isinstance(column.domain, Grid):  # near 2^63 a double may round past the last value
            inside = sorted((int(values[end][0]), int(values[end][reach - 1])))
            mean = min(max(round(mean), inside[0]), inside[1])
        values[end][:reach] = mean
    return np.maximum.accumulate(values) if len(values) else values


def fill_numbers(column: Coded, cell: np.ndarray, cells: int, options: FillOptions) -> Cells:
    """Cells of a number column (grid or doubles); arguments as in :func:`fill_labels`."""
    at, weight = _count(cell, column.rank, cells, len(column.values) + 1)
    return number_cells(column, at, weight, cells, options)


def number_cells(
    column: Coded, at: np.ndarray, weight: np.ndarray, cells: int, options: FillOptions
) -> Cells:
    """The same of rows that are counted already.

    Args:
        column: its distinct values, and how many rows have each; rows are not looked at.
        at: cell · (values + 1) + rank, each once, in order.
        weight: the rows of each of them.
        cells: how many cells there are.
        options: how they are filled.
    """
    size = len(column.values) + 1
    if not len(at):  # an empty table: NULL
        at, weight = np.arange(cells) * size, np.ones(cells, np.int64)
    rank, owner = at % size, at // size
    values = _trim(column, options.edge_rows)
    value = np.r_[values[:1] if len(values) else np.zeros(1, column.raw.values.dtype), values][rank]
    null = rank == 0
    low, high = value, value
    if options.smooth and len(column.values) > FEW:
        low, high, keep = _intervals(column, rank, owner, value, weight)
        weight = np.add.reduceat(weight, np.flatnonzero(keep))
        low, high, owner, null = low[keep], high[keep], owner[keep], null[keep]
    start = np.searchsorted(owner, np.arange(cells + 1))
    accept, alias = alias_tables(start, weight)
    whole = isinstance(column.domain, Grid)
    with np.errstate(invalid="ignore"):  # between infinities
        width = np.maximum(high - low, 1) if whole else np.maximum(high - low, 0.0)
    return Cells(
        start,
        accept,
        alias,
        low.astype(column.raw.values.dtype),
        width.astype(column.raw.values.dtype),
        null,
    )


def _intervals(
    column: Coded, rank: np.ndarray, owner: np.ndarray, value: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half-way bounds of rare slots, [low, high).

    ``keep`` marks the first slot of each run that becomes one interval.
    """
    whole = isinstance(column.domain, Grid)
    rare = np.r_[False, _rare(column)][rank]
    wide = np.r_[0, 0, np.cumsum(wide_gaps(column.values))][
        : len(column.values) + 1
    ]  # wide gaps below each rank
    joined = (owner[1:] == owner[:-1]) & (rank[:-1] > 0) & (wide[rank[1:]] == wide[rank[:-1]])
    below, above = value[:-1], value[1:]
    with np.errstate(invalid="ignore"):  # between infinities
        middle = below + (above - below + 1) // 2 if whole else below / 2 + above / 2
    step = 1 if whole else 0.0
    low, high = value.copy(), value + step
    low[1:] = np.where(rare[1:] & joined, middle, low[1:])
    high[:-1] = np.where(
        rare[:-1] & joined, np.maximum(middle, high[:-1]) if whole else middle, high[:-1]
    )
    keep = np.ones(len(rank), bool)
    sizes = np.bincount(owner)
    if sizes.max(initial=0) > MAX_SLOTS:
        keep = _merge(rare, joined, owner, weight, sizes)
        last = np.r_[np.flatnonzero(keep)[1:] - 1, len(rank) - 1]
        high[np.flatnonzero(keep)] = high[last]
    return low, high, keep


def _rare(column: Coded) -> np.ndarray:
    """Values that few rows have: bool of shape (values,).

    Where a grid is full, a day with six rows among days with three is chance, and is rare as well.
    """
    count = column.count
    rare = count < RARE
    if isinstance(column.domain, Grid) and len(count) > 2 * GAP_NEIGHBOURS:
        near = np.diff(column.values) <= CLOSE
        full = np.r_[True, near] & np.r_[near, True]
        around = np.ones(2 * GAP_NEIGHBOURS + 1)
        mean = np.convolve(count, around, "same") / np.convolve(np.ones(len(count)), around, "same")
        rare |= full & (count < SPIKE) & (count <= SPIKE_RATIO * mean)
    return np.asarray(rare)


def _merge(
    rare: np.ndarray, joined: np.ndarray, owner: np.ndarray, weight: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """In crowded cells, runs of rare neighbours become intervals of about equal weight."""
    crowded = sizes[owner] > MAX_SLOTS
    total = np.bincount(owner, weights=weight)
    running = np.cumsum(weight)
    before = np.r_[0, running[:-1]]
    first = np.r_[0, np.flatnonzero(np.diff(owner)) + 1]
    inside = before - np.repeat(before[first], np.diff(np.r_[first, len(owner)]))
    slots = np.clip(total // SLOT_ROWS, 1, MAX_SLOTS)[owner]
    chunk = (inside * slots // np.maximum(total[owner], 1)).astype(np.int64)
    same = joined & crowded[1:] & rare[1:] & rare[:-1] & (chunk[1:] == chunk[:-1])
    return np.asarray(np.r_[True, ~same])
