"""The codes that trees ask, of one block of rows, side by side; and the draws that make them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw, Reals
from genesis_sql.program.draw import LOW
from genesis_sql.program.prepared import Prepared, Told
from genesis_sql.program.steps import Draw

HALF = 31  # bits of the lower part of an address


class Codes:
    """The inputs of a program's trees for n rows.

    A column's codes are made when the first step asks them: what overrides its values later changes
    them for no other step.
    """

    def __init__(self, prepared: Prepared, address: np.ndarray) -> None:
        self.prepared, self.rows = prepared, len(address)
        self.halves = np.empty((2, len(address)), np.uint32)
        np.bitwise_and(address, LOW - 1, out=self.halves[0], casting="unsafe")
        np.right_shift(address, HALF, out=self.halves[1], casting="unsafe")
        count = len(prepared.place) + len(prepared.joint)
        self._held = np.empty((count, len(address)), prepared.dtype)
        self._known: set[str | tuple[str, ...]] = set()

    def cells(self, step: Draw, column: Callable[[str], Raw]) -> np.ndarray:
        """The cell of each row, int32 of shape (n,), or (0,) where all have cell 0.

        ``column`` gives what is not known yet.
        """
        route = self.prepared.route(step)
        if not route.asked:
            return np.empty(0, np.int32)
        for name in route.asked:
            if name not in self._known:
                self.learn(name, column(name))
        for names in route.joint:
            if names not in self._known:
                self._join(names)
        out = np.empty(self.rows, np.int32)
        route.cells(self._held, out)
        return out

    def learn(self, name: str, raw: Raw) -> None:
        """The codes of a column that trees ask."""
        from genesis_sql.program import kernel

        at, edges = self.prepared.place[name], self.prepared.edges(name)
        if edges is None:
            labels = raw.values.astype(np.int32, copy=False)
            kernel.clamp(labels, int(self.prepared.sizes[at]) - 1, self._held[at])
        else:
            self._tell(name, raw, edges)
        self._known.add(name)

    def _tell(self, name: str, raw: Raw, edges: np.ndarray) -> None:
        """Codes of numbers."""
        from genesis_sql.program import kernel

        out = self._held[self.prepared.place[name]]
        told = self.prepared.told(name, edges) if raw.values.dtype == np.int64 else None
        if told is not None:
            valid = np.empty(0, bool) if raw.valid is None else raw.valid
            kernel.tell(raw.values, valid, told.lowest, told.codes, out)
            return
        valid = np.ones(len(raw), bool) if raw.valid is None else raw.valid
        kernel.cut(raw.values, valid, edges, out)

    def _join(self, names: tuple[str, ...]) -> None:
        from genesis_sql.program import kernel

        places = np.array([self.prepared.place[name] for name in names])
        kernel.join(self._held, places, self.prepared.sizes[places], self.prepared.joint[names])
        self._known.add(names)

    def told(self, values: np.ndarray, table: Told) -> np.ndarray:
        """What a table says of whole numbers."""
        from genesis_sql.program import kernel

        out = np.empty(self.rows, table.codes.dtype)
        kernel.tell(values, np.empty(0, bool), table.lowest, table.codes, out)
        return out

    def draw(self, step: Draw, cell: np.ndarray, keys: np.ndarray) -> Raw:
        """Values of the cells of rows by the streams in ``keys``.

        Args:
            step: what is drawn.
            cell: see `cells`.
            keys: uint64 of shape (4,): the streams of the slot and of the place in it.
        """
        domain = self.prepared.domains[step.column]
        if isinstance(domain, Categories):
            return self._labels(step.cells, cell, keys)
        if not len(cell):
            cell = np.zeros(self.rows, np.int32)
        return (self._reals if isinstance(domain, Reals) else self._numbers)(step, cell, keys)

    def _labels(self, cells: Cells, cell: np.ndarray, keys: np.ndarray) -> Raw:
        from genesis_sql.program import kernel

        out = np.empty(self.rows, np.int32)
        if cells.labels is not None:
            kernel.draw_codes(cell, keys, self.halves, cells.spans, cells.labels, out)
            return Raw(out)
        cell = cell if len(cell) else np.zeros(self.rows, np.int32)
        slots = (cells.spans, cells.choices, cells.low)
        kernel.draw_many_codes(cell, keys, self.halves, *slots, out)
        return Raw(out)

    def _numbers(self, step: Draw, cell: np.ndarray, keys: np.ndarray) -> Raw:
        from genesis_sql.program import kernel

        made, cells = self.prepared.number(step), step.cells
        out, valid = np.empty(self.rows, np.int64), np.empty(self.rows, bool)
        slots = (cells.spans, made.choices, made.values, made.apart, made.wide)
        kernel.draw_grid(cell, keys, self.halves, *slots, out, valid)
        return Raw(out, None if valid.all() else valid)

    def _reals(self, step: Draw, cell: np.ndarray, keys: np.ndarray) -> Raw:
        from genesis_sql.program import kernel

        cells = step.cells
        out, valid = np.empty(self.rows, cells.low.dtype), np.empty(self.rows, bool)
        slots = (cells.spans, cells.choices, cells.low, cells.width, cells.null)
        kernel.draw_reals(cell, keys, self.halves, *slots, out, valid)
        return Raw(out, None if valid.all() else valid)
