"""Growing the tree of one column and filling its cells: what all columns of a table share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from genesis_sql.models.family import Ties
from genesis_sql.models.fill import fill_labels, fill_numbers
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.learnt import Drawn, FitOptions, Learnt
from genesis_sql.models.load import Loaded
from genesis_sql.models.settle import Settled
from genesis_sql.models.totals import hidden, shown, stand_in
from genesis_sql.models.trees import learn_forest, used_inputs
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import Step, Tree


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

    def asked(self, *more: Coded) -> list[Coded]:
        """All that a column may depend on by now."""
        return [*self.context, *self.inputs, *self.past, *more]

    def sample(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Rows in their canonical random order; ``rows`` (bool) keeps some of them."""
        order = np.argsort(self.loaded.hash, kind="stable")
        return order if rows is None else order[rows[order]]

    def parent_row(self) -> np.ndarray:
        """The main parent's row of every row, -1: none."""
        if self.ties.main is None:
            return np.full(self.loaded.rows, -1, np.int64)
        return self.ties.main.parent_row

    def grow(
        self, name: str, target: Coded, inputs: Sequence[Coded], rows: np.ndarray | None = None
    ) -> tuple[Drawn, int]:
        """Draw a column from a tree.

        Args:
            name: of the column.
            target: what to learn.
            inputs: what it may depend on.
            rows: those to learn from, in their canonical order; by default all.

        Returns:
            The finished item, kept in ``drawn`` too, and how many labels were withheld.
        """
        item = self.drawn.setdefault(name, Drawn(target))
        self.domains[name] = target.domain
        at = self.sample() if rows is None else rows
        item.tree, item.cells, item.inputs, withheld = self._tree(target, inputs, at)
        return item, withheld

    def tell(self, column: str, kind: str, item: Drawn, reason: str = "") -> None:
        """Say how a column is made; of a stand-in that is said already."""
        if stand_in(column):
            return
        names = tuple(shown(c.name) for c in item.inputs if not c.name.startswith("#tree:"))
        self._done(column, kind, reason, names, item.tree.leaves if item.tree else 0)

    def _tree(
        self, target: Coded, inputs: Sequence[Coded], rows: np.ndarray
    ) -> tuple[Tree, Cells, tuple[Coded, ...], int]:
        options = self.options.trees
        if self.main is not None or self.ties.copied or hidden(target.name):
            least = min(options.min_cell, self.options.child_cell)
            alone = self.main is None and not hidden(target.name)
            forest = options.forest if alone else self.options.child_forest
            options = replace(options, min_cell=least, forest=forest, apart=True)
        goal = target.rows(rows)
        asked = [] if self.hurried else [c.rows(rows) for c in inputs]
        tree, cell, forest = learn_forest(
            asked,
            goal,
            options,
            self.parent_row()[rows] if target.name.startswith("#kind:") else None,
        )
        pool = [*inputs, *self._forest(target.name, forest)]
        tree, names = used_inputs(tree, [c.name for c in pool])
        by_name = {c.name: c for c in pool}
        goal = goal.rows(np.tile(np.arange(len(rows)), forest))
        used = tuple(by_name[n] for n in names)
        if target.numeric:
            return tree, fill_numbers(goal, cell, tree.leaves, self.options.fill), used, 0
        floor = 1 if hidden(target.name) else self.options.fill.floor
        cells, withheld = fill_labels(
            goal, cell, tree.leaves, replace(self.options.fill, floor=floor)
        )
        return tree, cells, used, withheld

    def _forest(self, name: str, size: int) -> list[Coded]:
        """The hidden column that says which tree of a forest a row uses, all alike."""
        if size == 1:
            return []
        column = f"#tree:{name}"
        codes = np.arange(1, size + 1, dtype=np.int32)
        which = coded(column, Categories("VARCHAR", tuple(str(c) for c in codes)), Raw(codes))
        cells, _ = fill_labels(
            which, np.zeros(size, np.int64), 1, replace(self.options.fill, floor=1)
        )
        self.drawn[column] = Drawn(which, (), Tree.single(), cells)
        self.domains[column] = which.domain
        return [which]
