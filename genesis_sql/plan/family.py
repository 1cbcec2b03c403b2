"""Which rows are the children of which parent: counts of all parents, or of a block at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

KEPT = 8  # blocks whose counts are in memory, per table
Counts = tuple[np.ndarray, np.ndarray]
"""Children of each parent, and the rows without parent behind each."""


@dataclass(frozen=True, eq=False)
class Family:
    """Children of all parents.

    ``ends[p]`` rows belong to parents up to p, ``counts[p]`` of them are the children of p.
    """

    ends: np.ndarray
    counts: np.ndarray

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def find(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The parent of each row, its place behind the rows before, and the children there are."""
        parent = np.searchsorted(self.ends, numbers, side="right")
        k = numbers - np.where(parent > 0, self.ends[np.maximum(parent, 1) - 1], 0)
        return parent, k, self.counts[parent]

    def of(self, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Number of the first child, and the children, of each parent."""
        return np.where(parents > 0, self.ends[np.maximum(parents, 1) - 1], 0), self.counts[parents]

    def parents_of(self, rows: int) -> int:
        """How many parents the first ``rows`` rows need."""
        return int(np.searchsorted(self.ends, rows)) + 1


class BlockedFamily:
    """The same where parents are many: only where each block of them ends is kept.

    The counts of a block are drawn again where its rows are asked for.

    Args:
        parents: how many there are.
        size: parents of a block.
        draw: counts of the parents from one to another.
    """

    def __init__(self, parents: int, size: int, draw: Callable[[int, int], Counts]) -> None:
        self.parents, self.size, self._draw = parents, size, draw
        self._lock = threading.Lock()
        self._held: OrderedDict[int, Family] = OrderedDict()
        sums = []
        for at in range(0, parents, size):
            counts, loose = draw(at, min(at + size, parents))
            sums.append((int(counts.sum()), int(loose.sum())))
        whole = np.array(sums, np.int64).reshape(-1, 2)
        self.counted, self.loose = int(whole[:, 0].sum()), int(whole[:, 1].sum())
        self.ends = np.cumsum(whole.sum(axis=1))

    @property
    def rows(self) -> int:
        """See `Family.rows`."""
        return self.counted + self.loose

    def _block(self, at: int) -> Family:
        with self._lock:
            held = self._held.get(at)
            if held is not None:
                self._held.move_to_end(at)
                return held
        first = at * self.size
        counts, loose = self._draw(first, min(first + self.size, self.parents))
        made = Family(self._begin(at) + np.cumsum(counts + loose), counts)
        with self._lock:
            self._held[at] = made
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return made

    def _begin(self, at: int) -> int:
        return int(self.ends[at - 1]) if at else 0

    def find(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Family.find`."""
        block = np.searchsorted(self.ends, numbers, side="right")
        parent, k, count = np.empty((3, len(numbers)), np.int64)
        for at in np.unique(block).tolist():
            here = block == at
            begin = self._begin(at)
            held = self._block(at)
            near, place, children = Family(held.ends - begin, held.counts).find(
                numbers[here] - begin
            )
            parent[here], k[here], count[here] = near + at * self.size, place, children
        return parent, k, count

    def of(self, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Family.of`."""
        first, count = np.empty((2, len(parents)), np.int64)
        block = parents // self.size
        for at in np.unique(block).tolist():
            here = block == at
            begin, held = self._begin(at), self._block(at)
            near = parents[here] - at * self.size
            first[here] = np.where(near > 0, held.ends[np.maximum(near, 1) - 1], begin)
            count[here] = held.counts[near]
        return first, count

    def parents_of(self, rows: int) -> int:
        """See `Family.parents_of`."""
        at = int(np.searchsorted(self.ends, rows))
        if at >= len(self.ends):
            return self.parents + 1
        return at * self.size + self._block(at).parents_of(rows)
