"""Steps that are done together: the first ones of what a program needs, as a plan for one call.

Columns of few values are drawn as small codes, which trees ask and tables turn into values. What
has no such form (see `_Planner.add`), and all that comes after it, is left to `execute`. Nothing
here changes what a row is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from genesis_sql.program.cells import Cells
from genesis_sql.program.diagram import Question, diagram
from genesis_sql.program.domain import Categories, Raw, Reals
from genesis_sql.program.places import places
from genesis_sql.program.prepared import SHORT, Prepared
from genesis_sql.program.steps import Draw, Lookup

MOST_ENTRIES = 2**19  # of the tables of one tree
MOST_PLANS = 16  # of one program
FEW = 256  # codes that trees take as they are
PURPOSES = ("cell", "within")


@dataclass(frozen=True, eq=False)
class Plan:
    """The arguments of `kernel_fused.draw`, and which columns come out of it.

    An op is its kind, the row of codes that it makes or reads, and what the kind needs:

    - EVEN: keys, how many codes, the first of them.
    - CODED: keys, its route from and to (-1: one cell), spans from, slots from, and to.
    - WIDE: the same, the row of numbers, and 2 for slots of two words, 4 for slots wider than one
      number, or both.
    - CUT: the row of numbers, edges from, edges to.
    - TELL: the row of numbers, codes from, and to; the number of the first.
    - AGAIN: the row of codes it reads, what they become from, and to.
    - LABELS: the row of labels, what they are from, and to (none: the codes).
    - NUMBERS: the row of numbers, what they are from, and to; how many of the first codes are NULL.

    A route is of each question of a tree the row of codes it asks, how many codes there are, and
    where its table begins. An entry is the row of the next table, or the cell at the end.

    Attributes:
        steps: how many of the needed steps it does.
        drawn: the columns that have keys, in their order.
        labels: the row of each column of labels that comes out.
        numbers: that of each column of numbers; there may be more rows of numbers.
        asked: the columns that trees ask.
    """

    steps: int
    drawn: tuple[str, ...]
    labels: dict[str, int]
    numbers: dict[str, int]
    asked: tuple[str, ...]
    size: int
    ops: np.ndarray
    routes: np.ndarray
    trees: np.ndarray
    pool: np.ndarray
    slots: np.ndarray
    edges: np.ndarray

    def run(self, keys: np.ndarray, address: np.ndarray) -> dict[str, Raw]:
        """The columns of rows with those addresses, by the streams of the drawn columns."""
        from genesis_sql.program import kernel_fused

        labels = np.empty((len(self.labels), len(address)), np.int32)
        numbers = np.empty((self.size, len(address)), np.int64)
        valid, nulls = np.empty(numbers.shape, bool), np.zeros(self.size, np.int64)
        tables = (self.routes, self.trees, self.pool, self.slots, self.edges)
        kernel_fused.draw(self.ops, keys, address, *tables, labels, numbers, valid, nulls)
        made = {name: Raw(labels[row]) for name, row in self.labels.items()}
        for name, row in self.numbers.items():
            made[name] = Raw(numbers[row], valid[row] if nulls[row] else None)
        return made


@dataclass(frozen=True, eq=False)
class _Column:
    """A column of few values: its row of codes and what they stand for; or its row of numbers."""

    row: int
    value: np.ndarray | None
    null: np.ndarray | None = None
    number: int = -1

    @property
    def labels(self) -> bool:
        """Whether it holds label codes."""
        return self.value is not None and self.value.dtype == np.int32


def plan(prepared: Prepared, steps: Sequence[Any], names: Iterable[str]) -> Plan | None:
    """The plan of the first of some steps; None where the first one has no such form.

    Args:
        prepared: the program's draws.
        steps: that are needed, in order.
        names: the columns to come out; all where some steps are left.
    """
    planner = _Planner(prepared)
    done = 0
    while done < len(steps) and planner.add(steps[done]):
        done += 1
    if not planner.drawn:
        return None
    wanted = set(names) if done == len(steps) else set(planner.columns)
    return planner.plan(done, [name for name in planner.columns if name in wanted])


class _Planner:
    """Collects the ops of steps."""

    def __init__(self, prepared: Prepared) -> None:
        from genesis_sql.program import kernel_fused

        self.kernel, self.prepared = kernel_fused, prepared
        self.columns: dict[str, _Column] = {}
        self.asked: dict[str, tuple[int, np.ndarray]] = {}
        self.drawn: list[str] = []
        self.ops: list[tuple[int, ...]] = []
        self.rows = self.numbers = 0
        self.routes, self.trees = _Pool(np.int64), _Pool(np.uint16)
        self.pool, self.slots = _Pool(np.uint32), _Pool(np.uint64)
        self.edges = _Pool(np.float64)

    def add(self, step: Any) -> bool:
        """Add a step; whether it has a form here."""
        if isinstance(step, Lookup):
            return self._lookup(step)
        if not isinstance(step, Draw) or step.at_most or step.at_least:
            return False
        domain = self.prepared.domains[step.column]
        labels = isinstance(domain, Categories)
        if isinstance(domain, Reals) or (labels and step.cells.labels is None):
            return False
        route = self._route(step)
        if route is None:
            return False
        keys = 4 * len(self.drawn)
        self.drawn.append(step.column)
        if labels:
            low = step.cells.low.astype(np.int32)
            self._coded(step, keys, route, low, np.arange(int(low.max()) + 1, dtype=np.int32))
            return True
        self._number(step, keys, route)
        return True

    def plan(self, done: int, names: list[str]) -> Plan:
        """What was added, with those columns coming out."""
        labels: dict[str, int] = {}
        numbers: dict[str, int] = {}
        for name in names:
            column = self.columns[name]
            if column.value is None:
                numbers[name] = column.number
            elif column.labels:
                same = np.array_equal(column.value, np.arange(len(column.value)))
                ends = self.pool.add(column.value[: 0 if same else None].astype(np.uint32))
                self._op(self.kernel.LABELS, column.row, len(labels), *ends)
                labels[name] = len(labels)
            else:
                numbers[name] = self._numbers_out(column)
        ops = np.array(self.ops, np.int64)
        drawn, asked = tuple(self.drawn), tuple(self.asked)
        pools = (self.routes, self.trees, self.pool, self.slots, self.edges)
        return Plan(
            done, drawn, labels, numbers, asked, self.numbers, ops, *(p.whole() for p in pools)
        )

    def _op(self, *op: int) -> None:
        self.ops.append((*op, *[0] * (10 - len(op))))

    def _row(self) -> int:
        self.rows += 1
        return self.rows - 1

    def _coded(
        self,
        step: Draw,
        keys: int,
        route: tuple[int, int],
        code: np.ndarray,
        value: np.ndarray,
        null: np.ndarray | None = None,
    ) -> None:
        """Draw codes of slots: the value of each code is given."""
        row = self._row()
        self.columns[step.column] = _Column(row, value, null)
        cells = replace(step.cells, low=code, width=None, null=None)
        if route[0] < 0 and _is_even(cells):
            self._op(self.kernel.EVEN, row, keys, len(code), int(code[0]))
        else:
            spans, slots = self.slots.add(cells.spans), self.slots.add(cells.labels)
            self._op(self.kernel.CODED, row, keys, *route, spans[0], *slots)

    def _number(self, step: Draw, keys: int, route: tuple[int, int]) -> None:
        made, cells = self.prepared.number(step), step.cells
        if cells.width is None or cells.null is None:
            raise TypeError(cells)
        missing = cells.null | (cells.width <= 0)
        if not made.wide:
            pairs = np.column_stack([~missing, cells.low])
            value, code = np.unique(pairs, axis=0, return_inverse=True)
            if len(value) <= SHORT:
                self._coded(step, keys, route, code.reshape(-1), value[:, 1], value[:, 0] == 0)
                return
        beside = made.values.dtype == np.int32
        if beside:
            slots = made.choices
        else:
            slots = np.column_stack(
                [made.choices, made.values.view(np.uint64).reshape(-1, 2)]
            ).reshape(-1)
        how = 2 * beside + 4 * made.wide
        ends = (self.slots.add(cells.spans)[0], *self.slots.add(slots))
        self._op(self.kernel.WIDE, 0, keys, *route, *ends, self.numbers, how)
        self.columns[step.column] = _Column(-1, None, None, self.numbers)
        self.numbers += 1

    def _lookup(self, step: Lookup) -> bool:
        """A column that another one of few values fixes has the same codes."""
        if len(step.inputs) != 1 or step.values.dtype not in (np.int32, np.int64):
            return False
        source = self.columns.get(step.inputs[0])
        if source is None or source.value is None:
            return False
        if step.valid is not None and step.values.dtype == np.int32:
            return False
        known = source.value > 0 if source.labels else ~_missing(source)
        found = places(step, [source.value], [known])
        null = None if step.valid is None else ~step.valid[found]
        self.columns[step.column] = _Column(source.row, step.values[found], null)
        return True

    def _numbers_out(self, column: _Column) -> int:
        value, null, row = column.value, _missing(column), column.row
        if value is None:
            raise TypeError(column)
        if null.any() and not null[: int(null.sum())].all():
            order = np.argsort(~null, kind="stable")
            ends = self.pool.add(np.argsort(order).astype(np.uint32))
            row = self._row()
            self._op(self.kernel.AGAIN, row, column.row, *ends)
            value = value[order]
        held = self.slots.add(value.astype(np.int64).view(np.uint64))
        self._op(self.kernel.NUMBERS, row, self.numbers, *held, int(null.sum()))
        self.numbers += 1
        return self.numbers - 1

    def _route(self, step: Draw) -> tuple[int, int] | None:
        """Where the route of a step is among the routes; (-1, -1) where all rows have cell 0."""
        if step.tree.leaves == 1:
            return -1, -1
        if not all(self._can_ask(step.inputs[i]) for i in np.unique(step.tree.feature) if i >= 0):
            return None
        questions = self._questions(step)
        key = (step.column, *((q.inputs, q.codes.tobytes()) for _, _, q in questions))
        if key not in self.prepared.diagrams:
            self.prepared.diagrams[key] = diagram(step.tree, [q for _, _, q in questions])
        made = self.prepared.diagrams[key]
        if made is None or sum(table.size for table in made.tables) > MOST_ENTRIES:
            return None
        route: list[int] = []
        for asked, table in zip(made.asked, made.tables, strict=True):
            row, size, _ = questions[asked]
            route += [row, size, self.trees.add(table.reshape(-1))[0]]
        return self.routes.add(np.array(route, np.int64))

    def _questions(self, step: Draw) -> list[tuple[int, int, Question]]:
        """What a tree asks: the row of codes of each question, how many codes, and the question.

        Inputs that have one row are asked together.
        """
        inputs: dict[int, list[tuple[int, np.ndarray]]] = {}
        size: dict[int, int] = {}
        for i in (int(i) for i in np.unique(step.tree.feature) if i >= 0):
            row, codes = self._ask(step.inputs[i])
            inputs.setdefault(row, []).append((i, codes))
            size[row] = len(codes)
        return [(row, size[row], _question(held)) for row, held in inputs.items()]

    def _can_ask(self, name: str) -> bool:
        column, edges = self.columns.get(name), self.prepared.edges(name)
        if column is None or column.value is not None:
            return column is not None
        return edges is not None and len(edges) + 2 <= SHORT

    def _ask(self, name: str) -> tuple[int, np.ndarray]:
        """The row of codes of a column that a tree asks, and the tree's code of each of them."""
        if name not in self.asked:
            self.asked[name] = self._asked(name)
        return self.asked[name]

    def _asked(self, name: str) -> tuple[int, np.ndarray]:
        column, edges = self.columns[name], self.prepared.edges(name)
        if column.value is None:
            row = self._row()
            if edges is None:
                raise TypeError(name)
            told = self.prepared.told(name, edges)
            if told is None:
                self._op(self.kernel.CUT, row, column.number, *self.edges.add(edges))
            else:
                ends = self.pool.add(told.codes)
                self._op(self.kernel.TELL, row, column.number, *ends, told.lowest)
            return row, np.arange(len(edges) + 2)
        if edges is None:
            most = int(self.prepared.sizes[self.prepared.place[name]]) - 1
            codes = np.clip(column.value.astype(np.int32), 0, most)
        else:
            below = 1 + np.searchsorted(edges, column.value, side="left")
            codes = np.where(_missing(column), 0, below)
        if len(codes) <= max(FEW, 2 * int(codes.max())):
            return column.row, codes
        row = self._row()
        self._op(self.kernel.AGAIN, row, column.row, *self.pool.add(codes.astype(np.uint32)))
        return row, np.arange(int(codes.max()) + 1)


def _question(held: Sequence[tuple[int, np.ndarray]]) -> Question:
    return Question(tuple(i for i, _ in held), np.array([codes for _, codes in held], np.int64))


class _Pool:
    """Arrays one after the other."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self.dtype, self.size = dtype, 0
        self.parts: list[np.ndarray] = []

    def add(self, part: np.ndarray | None) -> tuple[int, int]:
        """Where a further one begins and ends."""
        if part is None:
            raise TypeError(part)
        begin = self.size
        self.parts.append(np.asarray(part, self.dtype))
        self.size += len(part)
        return begin, self.size

    def whole(self) -> np.ndarray:
        """All of them."""
        return np.concatenate([np.zeros(0, self.dtype), *self.parts])


def _missing(column: _Column) -> np.ndarray:
    if column.value is None:
        raise TypeError(column)
    return np.zeros(len(column.value), bool) if column.null is None else column.null


def _is_even(cells: Cells) -> bool:
    """Whether there is one cell whose slots are codes in a row, each as likely as the others."""
    slots = np.arange(len(cells.low))
    alone = cells.low[cells.alias] == cells.low
    return cells.count == 1 and bool((alone & (cells.low == cells.low[0] + slots)).all())


@lru_cache(maxsize=1_024)
def keys_of(identity: Any, table: str, columns: tuple[str, ...]) -> np.ndarray:
    """The keys of the streams of some columns: two streams, and of each two keys."""
    made = [identity.keys(table, column, PURPOSES) for column in columns]
    return np.concatenate([np.zeros(0, np.uint64), *made])
