"""Blocks of rows ahead of DuckDB.

It asks for 2,048 at a time on one thread, the kernel likes more and has others. What a block holds
depends on its row numbers alone, so cutting and drawing ahead change no row.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

FIRST, LARGEST = 8_192, 32_768  # rows of a block: small at first, so that LIMIT 5 costs little
KEPT = 6  # blocks in memory per table: two for each of a few readers


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1)), thread_name_prefix="genesis")


@dataclass(frozen=True, eq=False)
class _Block:
    """Rows [first, stop), drawn or being drawn."""

    first: int
    stop: int
    rows: Future[pa.StructArray]


class Blocks:
    """The rows of one table for one seed and scale, by chunks of consecutive numbers."""

    def __init__(self, draw: Callable[[int, int], pa.StructArray]) -> None:
        self._draw = draw
        self._lock = threading.Lock()
        self._held: OrderedDict[int, _Block] = OrderedDict()

    def chunk(self, first: int, stop: int, end: int) -> pa.StructArray:
        """Rows [first, stop); the query that asks ends before row ``end``."""
        with self._lock:
            block = self._holding(first, stop) or self._begin(
                first, max(stop, min(end, first + FIRST))
            )
            self._go_on(block, end)
        drawn = block.rows.result()
        return drawn.slice(first - block.first, stop - first)

    def _holding(self, first: int, stop: int) -> _Block | None:
        for block in reversed(self._held.values()):
            if block.first <= first and stop <= block.stop:
                return block
        return None

    def _go_on(self, block: _Block, end: int) -> None:
        """Have the block behind this one drawn while DuckDB takes this one."""
        if block.stop < end and block.stop not in self._held:
            size = min(2 * (block.stop - block.first), LARGEST)
            self._begin(block.stop, min(end, block.stop + size))

    def _begin(self, first: int, stop: int) -> _Block:
        block = _Block(first, stop, _pool().submit(self._draw, first, stop))
        self._held[first] = block
        self._held.move_to_end(first)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
        return block
