"""Growing the tree of one column and filling its cells: what all columns of a table share."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from genesis_sql.models.family import Ties
from genesis_sql.models.fill import fill_labels, fill_numbers
from genesis_sql.models.frame import WORKERS, Coded, by_key, coded
from genesis_sql.models.learnt import Drawn, FitOptions, Learnt
from genesis_sql.models.load import Loaded
from genesis_sql.models.settle import Settled
from genesis_sql.models.totals import hidden, shown, stand_in
from genesis_sql.models.trees import learn_forest, used_inputs
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import Step, Tree, step_columns


@dataclass(frozen=True, eq=False)
class _Made:
    """A tree with its cells; ``names`` are the inputs that it asks, ``forest`` its members."""

    tree: Tree
    cells: Cells
    names: tuple[str, ...]
    forest: int
    withheld: int = 0


def _which(name: str) -> str:
    """The hidden column that says which tree of a forest a row uses."""
    return f"#tree:{name}"


class Grown(Settled):
    """A table whose open columns are drawn from trees.

    Attributes:
        hurried: no more trees are grown.
        open: the columns that keys and texts leave to be drawn.
        middle: steps between the draws.
        past: what a row knows of the rows before it.
    """

    hurried = False

    def __init__(
        self,
        tables: Mapping[str, Loaded],
        bonds: Mapping[str, Ties],
        learnt: dict[str, Learnt],
        name: str,
        options: FitOptions,
    ) -> None:
        super().__init__(tables, bonds, learnt, name, options)
        self.open = {c: self.own[c] for c in self.own if c not in self.settled}
        self.middle: list[Step] = []
        self.past: list[Coded] = []
        self._pool: ThreadPoolExecutor | None = None
        self._growing: deque[tuple[Drawn, Sequence[Coded], Future[_Made]]] = deque()
        self._untold: list[tuple[str, str, Drawn, str]] = []

    def add_once(self, steps: Sequence[Step]) -> None:
        """Steps between the draws, without those whose columns are made already."""
        there = {c for s in self.middle for c in step_columns(s)}
        self.middle += [s for s in steps if not there.intersection(step_columns(s))]

    def asked(self, *more: Coded) -> list[Coded]:
        """All that a column may depend on by now."""
        return [*self.context, *self.inputs, *self.past, *more]

    def sample(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Rows in their canonical random order; ``rows`` (bool) keeps some of them."""
        order = self._canonical
        return order if rows is None else order[rows[order]]

    @cached_property
    def _canonical(self) -> np.ndarray:
        """All rows by their hash."""
        return by_key(self.loaded.hash)

    def parent_row(self) -> np.ndarray:
        """The main parent's row of every row, -1: none."""
        if self.ties.main is None:
            return np.full(self.loaded.rows, -1, np.int64)
        return self.ties.main.parent_row

    def grow(
        self, name: str, target: Coded, inputs: Sequence[Coded], rows: np.ndarray | None = None
    ) -> Drawn:
        """Draw a column from a tree.

        Args:
            name: of the column.
            target: what to learn.
            inputs: what it may depend on.
            rows: those to learn from, in their canonical order; by default all.

        Returns:
            The item, kept in ``drawn`` too; after `finish` it has its tree.
        """
        item = self.drawn.setdefault(name, Drawn(target))
        self.domains[name] = target.domain
        at = self.sample() if rows is None else rows
        work = partial(self._make, target, () if self.hurried else tuple(inputs), at)
        if self._pool is None or len(at) <= self.options.trees.forest_rows:
            self._keep(item, inputs, work())
            return item
        while len(self._growing) >= WORKERS:
            self._next()
        self._growing.append((item, inputs, self._pool.submit(work)))
        return item

    @contextmanager
    def side_by_side(self) -> Iterator[None]:
        """While it is open, large trees grow on threads; they are there when it closes."""
        with ThreadPoolExecutor(WORKERS) as self._pool:
            try:
                yield
                self.finish()
            finally:
                self._growing.clear()
                self._pool = None

    def finish(self) -> None:
        """Wait for the trees that still grow, and say how their columns are made."""
        while self._growing:
            self._next()
        for column, kind, item, reason in self._untold:
            leaves = item.tree.leaves if item.tree else 0
            names = tuple(shown(c.name) for c in item.inputs if not c.name.startswith("#tree:"))
            rare = f"{item.withheld} rare labels withheld" if item.withheld else ""
            what = "draw" if kind == "tree" and leaves <= 1 else kind
            self._done(column, what, reason or rare, names, leaves)
        self._untold.clear()

    def tell(self, column: str, kind: str, item: Drawn, reason: str = "") -> None:
        """Say how a column is made, once its tree is there; of a stand-in that is said already."""
        if not stand_in(column):
            self.settled.add(column)
            self._untold.append((column, kind, item, reason))

    def _next(self) -> None:
        """Wait for the tree that was begun first."""
        item, inputs, made = self._growing.popleft()
        self._keep(item, inputs, made.result())

    def _keep(self, item: Drawn, inputs: Sequence[Coded], made: _Made) -> None:
        pool = [*inputs, *self._forest(item.target.name, made.forest)]
        by_name = {c.name: c for c in pool}
        item.tree, item.cells, item.withheld = made.tree, made.cells, made.withheld
        item.inputs = tuple(by_name[n] for n in made.names)

    def _make(self, target: Coded, inputs: Sequence[Coded], rows: np.ndarray) -> _Made:
        options = self.options.trees
        if self.main is not None or self.ties.copied or hidden(target.name):
            least = min(options.min_cell, self.options.child_cell)
            alone = self.main is None and not hidden(target.name)
            forest = options.forest if alone else self.options.child_forest
            options = replace(options, min_cell=least, forest=forest, apart=True)
        family = self.parent_row()[rows] if target.name.startswith("#kind:") else None
        if len(rows) < len(target.rank):
            target, inputs = target.ranked(rows), [c.ranked(rows) for c in inputs]
            rows = np.arange(len(rows))
        tree, cell, size = learn_forest(inputs, target, options, rows, family)
        asked = [c.name for c in inputs] + [_which(target.name)] * (size > 1)
        tree, names = used_inputs(tree, asked)
        goal = replace(target, rank=np.tile(target.rank, size)) if size > 1 else target
        if target.numeric:
            cells = fill_numbers(goal, cell, tree.leaves, self.options.fill)
            return _Made(tree, cells, names, size)
        floor = 1 if hidden(target.name) else self.options.fill.floor
        fill = replace(self.options.fill, floor=floor)
        cells, withheld = fill_labels(goal, cell, tree.leaves, fill)
        return _Made(tree, cells, names, size, withheld)

    def _forest(self, name: str, size: int) -> list[Coded]:
        """The hidden column that says which tree of a forest a row uses, all alike."""
        if size == 1:
            return []
        column = _which(name)
        codes = np.arange(1, size + 1, dtype=np.int32)
        which = coded(column, Categories("VARCHAR", tuple(str(c) for c in codes)), Raw(codes))
        cells, _ = fill_labels(
            which, np.zeros(size, np.int64), 1, replace(self.options.fill, floor=1)
        )
        self.drawn[column] = Drawn(which, (), Tree.single(), cells)
        self.domains[column] = which.domain
        return [which]
