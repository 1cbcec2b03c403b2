"""Cells: the distributions at the leaves of a router, all leaves of a step in flat arrays.

A cell is a list of *slots* drawn by Walker's alias method with integer arithmetic: word u picks
slot ``(u * m) >> 32`` of m, and the low 32 bits of that product decide between the slot and its
alias. A slot is an atom or an interval: ``low + floor(u' / 2**32 * width)`` on a grid, without the
floor for doubles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of a step.

    Attributes:
        start: int64 of shape (cells + 1,), where each cell's slots begin.
        accept: uint32 of shape (slots,), the alias threshold.
        alias: int32 of shape (slots,), the other slot (absolute).
        low: int32 codes, int64 grid numbers or float64, of shape (slots,).
        width: None for codes, else of low's type: 1 (grid) or 0 (double) marks an atom.
        null: bool of shape (slots,), or None where no slot is NULL (codes: code 0).
    """

    start: np.ndarray
    accept: np.ndarray
    alias: np.ndarray
    low: np.ndarray
    width: np.ndarray | None = None
    null: np.ndarray | None = None

    @cached_property
    def spans(self) -> np.ndarray:
        """First slot (32 bits) and number of slots of each cell, uint64 of shape (cells,)."""
        first, size = self.start[:-1].astype(np.uint64), np.diff(self.start).astype(np.uint64)
        return first << np.uint64(32) | size

    @cached_property
    def choices(self) -> np.ndarray:
        """Threshold and alias of each slot (32 bits each), uint64 of shape (slots,)."""
        return self.accept.astype(np.uint64) << np.uint64(32) | self.alias.astype(np.uint64)

    @cached_property
    def labels(self) -> np.ndarray | None:
        """Threshold (32 bits), the alias's code and the own (16 bits each), uint64 of (slots,).

        None where a code does not fit.
        """
        if int(self.low.max(initial=0)) >= 2**16:
            return None
        low = self.low.astype(np.uint64)
        other = low[self.alias] << np.uint64(16)
        return np.asarray(self.accept.astype(np.uint64) << np.uint64(32) | other | low)

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.start) - 1


def alias_tables(start: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alias thresholds and partners for every cell at once (Vose 1991), exact in integers.

    Args:
        start: int64 of shape (cells + 1,).
        weight: positive integers of shape (slots,); a cell's sum times its slots stays below 2**62.

    Returns:
        accept (uint32), alias (int32, absolute), both of shape (slots,).
    """
    size = np.diff(start)
    cell = np.repeat(np.arange(len(size)), size)
    total = np.add.reduceat(weight, start[:-1]).astype(np.int64)
    left = weight.astype(np.int64) * size[cell]
    accept = np.full(len(weight), 2**32 - 1, np.uint64)
    alias = np.arange(len(weight), dtype=np.int64)
    small = left < total[cell]
    order = np.lexsort((np.arange(len(weight)), ~small, cell))
    stack, smalls = order.copy(), np.bincount(cell[small], minlength=len(size)).astype(np.int64)
    bottom, top = start[:-1].copy(), start[1:] - 1
    # stack[bottom .. bottom + smalls) holds the small slots, the rest up to top the large ones
    active = np.flatnonzero((smalls > 0) & (smalls < size))
    while len(active):
        s, g = stack[bottom[active]], stack[top[active]]
        accept[s] = (left[s].astype(np.uint64) << np.uint64(32)) // total[active].astype(np.uint64)
        alias[s] = g
        left[g] -= total[active] - left[s]
        bottom[active] += 1
        smalls[active] -= 1
        shrunk = active[left[g] < total[active]]
        if len(shrunk):  # the large one has become small: move it to the front
            moved = stack[top[shrunk]]
            bottom[shrunk] -= 1
            stack[bottom[shrunk]] = moved
            top[shrunk] -= 1
            smalls[shrunk] += 1
        active = active[(smalls[active] > 0) & (top[active] - bottom[active] + 1 > smalls[active])]
    return accept.astype(np.uint32), alias.astype(np.int32)
