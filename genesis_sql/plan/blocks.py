"""Blocks of rows ahead of DuckDB.

It asks for 2,048 at a time on one thread, the kernel likes more and has others. What a block holds
depends on its row numbers alone, so cutting and drawing ahead change no row.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

import pyarrow as pa

FIRST, LARGEST = 8_192, 32_768  # rows of a block: small at first, so that LIMIT 5 costs little
KEPT = 6  # blocks in memory per table: two for each of a few readers


class _Pool:
    """Daemon threads that draw blocks.

    Those of concurrent.futures keep a process from ending where Ctrl-C comes while one starts.
    """

    def __init__(self, size: int) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[int, int]]] = (
            SimpleQueue()
        )
        for number in range(size):
            threading.Thread(target=self._work, name=f"genesis_{number}", daemon=True).start()

    def submit(
        self, draw: Callable[[int, int], pa.StructArray], first: int, stop: int
    ) -> Future[Any]:
        """Have rows [first, stop) drawn."""
        future: Future[Any] = Future()
        self._tasks.put((future, draw, (first, stop)))
        return future

    def _work(self) -> None:
        while True:
            future, draw, rows = self._tasks.get()
            try:
                future.set_result(draw(*rows))
            except BaseException as error:
                future.set_exception(error)
            del future, draw


@lru_cache(maxsize=1)
def _pool() -> _Pool:
    return _Pool(max(1, min(8, os.cpu_count() or 1)))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has no threads of its parent's


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

    def chunk(self, first: int, stop: int, end: int) -> tuple[pa.StructArray, int]:
        """A block that has the rows [first, stop), and where in it they begin.

        The query that asks ends before row ``end``.
        """
        with self._lock:
            block = self._holding(first, stop) or self._begin(
                first, max(stop, min(end, first + FIRST))
            )
            self._go_on(block, end)
        return block.rows.result(), first - block.first

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
