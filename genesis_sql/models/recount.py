"""Cells by all rows of a table whose trees were grown on a sample: a batch of rows at a time.

Values are counted by cell, those of columns with very many in the slots that the sample left. The
table itself is never in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from genesis_sql.encoders.number import encode_number
from genesis_sql.errors import ModelFormatError
from genesis_sql.models.fill import FillOptions, label_cells, number_cells
from genesis_sql.models.frame import Coded, coded, distinct
from genesis_sql.models.stream import Stream
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Raw, Reals
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.partial import steps_from
from genesis_sql.program.prepared import cells_of
from genesis_sql.program.steps import Draw, Formula, Lookup, Part, Program

FIXED = (Formula, Lookup, Part)
"""Steps that make of the columns of a row always the same."""
MOST_COUNTS = 32_000_000
"""Counts of values by cell, 8 bytes each, that all columns of a table have together."""
_NOBODY = Identity("", 0)  # no step that runs here draws


def recounted(
    program: Program,
    stream: Stream,
    options: FillOptions,
    progress: Callable[[float], None] = lambda _: None,
) -> Program:
    """The program with the cells of its visible columns filled from all rows of a stream.

    Columns that are drawn over hidden ones keep the cells of the sample, as do labels that are too
    many to be counted.
    """
    names = [o.name for o in program.outputs if _readable(program.domains.get(o.name))]
    counts = _counts(program, stream, _counted(program, names))
    if not counts:
        return program
    wanted = tuple(dict.fromkeys(n for c in counts for n in c.step.inputs))
    done = 0
    for batch in stream.batches(names):
        given = {n: _raw(program.domains[n], batch.column(i)) for i, n in enumerate(names)}
        numbers = np.zeros(batch.num_rows, np.int64)
        raw = run(program, _NOBODY, Rows(numbers, numbers), None, wanted, given=given)
        codes: dict[str, np.ndarray] = {}
        for count in counts:
            count.add(_route(program, count.step, raw, codes), raw[count.step.column])
        done += batch.num_rows
        progress(done / max(stream.rows, 1))
    made = {c.step.column: replace(c.step, cells=c.cells(options)) for c in counts}
    steps = (made.get(s.column, s) if isinstance(s, Draw) else s for s in program.steps)
    return replace(program, steps=tuple(steps))


def _readable(domain: Domain | None) -> bool:
    return isinstance(domain, Categories | Grid | Reals)


def _counted(program: Program, names: list[str]) -> list[Draw]:
    """The draws of visible columns whose inputs those columns fix."""
    known = frozenset(names)
    out = []
    for step in program.steps:
        if not isinstance(step, Draw) or step.column not in known:
            continue
        between = steps_from(program, tuple(step.inputs), known)
        made = known.union(*(s.columns if hasattr(s, "columns") else (s.column,) for s in between))
        if all(isinstance(s, FIXED) for s in between) and made.issuperset(step.inputs):
            out.append(step)
    return out


def _raw(domain: Domain, values: pa.Array) -> Raw:
    """A column of a batch as the program reads it; labels it does not know have code -1."""
    if isinstance(domain, Grid | Reals):
        return encode_number(values, domain)
    if not isinstance(domain, Categories):
        raise TypeError(domain)
    coded = values.cast(pa.string()).dictionary_encode()
    place = {label: i + 1 for i, label in enumerate(domain.labels)}
    codes = [place.get(label, -1) for label in coded.dictionary.to_pylist()]
    index = coded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    return Raw(np.array([*codes, 0], np.int32)[index])


def _counts(program: Program, stream: Stream, steps: list[Draw]) -> list[_Count]:
    """How each column is counted, those of few values first: by value as long as there is room."""
    room, out = MOST_COUNTS, list[_Count]()
    few = {s.column: stream.table.column(s.column).distinct * s.cells.count for s in steps}
    for step in sorted(steps, key=lambda s: (few[s.column], s.column)):
        domain = program.domains[step.column]
        if few[step.column] <= room:
            out.append(_ByValue(step, _values(domain, stream, step)))
            room -= few[step.column]
        elif not isinstance(domain, Categories):  # labels keep the cells of the sample
            out.append(_BySlot(step))
    return out


def _values(domain: Domain, stream: Stream, step: Draw) -> Coded:
    """The column with all its values and no rows."""
    name = step.column
    if isinstance(domain, Categories):
        return coded(name, domain, Raw(np.zeros(0, np.int32)))
    held = stream.distinct(name)
    raw = _raw(domain, held.column(0).combine_chunks())
    values, place, _ = distinct(raw.values)
    count = np.bincount(place, held.column(1).to_numpy(), len(values)).astype(np.int64)
    none = Raw(np.zeros(0, raw.values.dtype))
    return Coded(name, domain, none, np.zeros(0, np.int32), values, count)


class _Count(Protocol):
    """The rows of a column by cell, counted so far."""

    step: Draw

    def add(self, cell: np.ndarray, raw: Raw) -> None:
        """Count a batch of rows: the cell of each, and its value."""
        ...

    def cells(self, options: FillOptions) -> Cells:
        """The cells of all rows."""
        ...


class _ByValue:
    """Counts of every value of a column in every cell."""

    def __init__(self, step: Draw, column: Coded) -> None:
        self.step, self.column = step, column
        self.labels = isinstance(column.domain, Categories)
        self.size = len(column.values) + 1
        self.rows = np.zeros(step.cells.count * self.size, np.int64)

    def add(self, cell: np.ndarray, raw: Raw) -> None:
        """See `_Count.add`."""
        if self.labels:
            known, rank = raw.values >= 0, raw.values
        else:
            known = np.ones(len(raw), bool)
            rank = np.searchsorted(self.column.values, raw.values, side="right")
            rank = rank if raw.valid is None else np.where(raw.valid, rank, 0)
        np.add.at(self.rows, cell[known].astype(np.int64) * self.size + rank[known], 1)

    def cells(self, options: FillOptions) -> Cells:
        """See `_Count.cells`."""
        at = np.flatnonzero(self.rows)
        weight, cells = self.rows[at], self.step.cells.count
        if self.labels:
            count = np.bincount(at % self.size, weight, self.size).astype(np.int64)
            return label_cells(at, weight, count, cells, options)[0]
        return number_cells(self.column, at, weight, cells, options)


class _BySlot:
    """Counts of the slots that a sample left, each the rows that are nearest to it."""

    def __init__(self, step: Draw) -> None:
        self.step = step
        self.slots = _Slots(step.cells)
        self.rows = np.zeros(len(step.cells.low), np.int64)

    def add(self, cell: np.ndarray, raw: Raw) -> None:
        """See `_Count.add`."""
        at = self.slots.find(cell, raw)
        np.add.at(self.rows, at[at >= 0], 1)

    def cells(self, options: FillOptions) -> Cells:
        """See `_Count.cells`; a slot of the mean of outermost rows may have no row itself."""
        old = self.step.cells
        accept, alias = alias_tables(old.start, np.maximum(self.rows, 1))
        return replace(old, accept=accept, alias=alias)


class _Slots:
    """Where the values of number columns fall: the slot of their cell that is nearest."""

    def __init__(self, cells: Cells) -> None:
        if cells.null is None or cells.width is None:
            message = "a column of numbers has cells of labels"
            raise ModelFormatError(message)
        self.cells, self.null = cells, cells.null
        owner = np.repeat(np.arange(cells.count), np.diff(cells.start))
        real = np.flatnonzero(~self.null)
        self.places = np.unique(cells.low[real])
        key = owner[real] * (len(self.places) + 1) + self._place(cells.low[real])
        order = np.lexsort((real, key))
        self.slot, self.key = real[order], key[order]
        self.of_null = np.full(cells.count, -1, np.int64)
        self.of_null[owner[self.null]] = np.flatnonzero(self.null)
        self.owner = owner
        whole = cells.low.dtype.kind == "i"
        self.last = cells.low + (np.maximum(cells.width - 1, 0) if whole else cells.width)

    def _place(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.searchsorted(self.places, values, side="right"))

    def find(self, cell: np.ndarray, raw: Raw) -> np.ndarray:
        """The slot of each row, -1 where its cell has none for it."""
        out = np.full(len(cell), -1, np.int64)
        valid = np.ones(len(cell), bool) if raw.valid is None else raw.valid
        out[~valid] = self.of_null[cell[~valid]]
        if len(self.slot):
            out[valid] = self._nearest(cell[valid], raw.values[valid])
        return out

    def _nearest(self, cell: np.ndarray, values: np.ndarray) -> np.ndarray:
        key = cell.astype(np.int64) * (len(self.places) + 1) + self._place(values)
        at = np.searchsorted(self.key, key, side="right")
        below, above = (
            self.slot[np.maximum(at - 1, 0)],
            self.slot[np.minimum(at, len(self.key) - 1)],
        )
        has_below = (at > 0) & (self.owner[below] == cell)
        has_above = (at < len(self.key)) & (self.owner[above] == cell)
        low = self.cells.low.astype(np.float64)
        number, last = values.astype(np.float64), self.last.astype(np.float64)
        with np.errstate(invalid="ignore"):  # between infinities
            nearer = (number > last[below]) & (low[above] - number < number - last[below])
        upper = has_above & (~has_below | nearer)
        return np.asarray(np.where(upper, above, np.where(has_below, below, -1)))


def _route(
    program: Program, step: Draw, raw: Mapping[str, Raw], codes: dict[str, np.ndarray]
) -> np.ndarray:
    """The cell of each row: int32 of shape (n,)."""
    target = raw[step.column]
    asked = np.empty((len(step.inputs), len(target)), np.int32)
    for i, name in enumerate(step.inputs):
        if name not in codes:
            codes[name] = _codes(program, name, raw[name])
        asked[i] = codes[name]
    return cells_of(step.tree, asked)


def _codes(program: Program, name: str, raw: Raw) -> np.ndarray:
    from genesis_sql.program import kernel

    if name not in program.edges:
        return np.asarray(np.maximum(raw.values, 0), np.int32)
    out = np.empty(len(raw), np.int32)
    valid = np.ones(len(raw), bool) if raw.valid is None else raw.valid
    kernel.cut(raw.values, valid, program.edges[name], out)
    return out
