"""Fits the programs of all tables of a graph with trees."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from genesis_sql.models.family import child_counts, parent_kinds, ties, whole
from genesis_sql.models.fill import fill_labels, fill_numbers
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.late import learn_late
from genesis_sql.models.learnt import Described, Drawn, FitOptions, Learnt
from genesis_sql.models.links import learn_fanout
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.models.order import entropy
from genesis_sql.models.settle import Settled
from genesis_sql.models.trees import collect_edges, learn_forest, to_edges, used_inputs
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import Draw, Output, Program, Tree
from genesis_sql.types import Progress, Role, no_progress

__all__ = ["Described", "FitOptions", "Fitted", "fit_tables"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """Programs and verbatim rows by table, and what `genesis_describe` shows."""

    programs: dict[str, Program]
    verbatim: dict[str, pa.Table]
    described: list[Described]
    seconds: dict[str, float] = field(default_factory=dict)


def fit_tables(
    tables: Mapping[str, Loaded],
    order: Sequence[str],
    options: Mapping[str, FitOptions],
    progress: Progress = no_progress,
) -> Fitted:
    """Programs of all tables that are not verbatim.

    Args:
        tables: everything loaded.
        order: table names, parents first.
        options: of the method, by table.
        progress: told after every column; may raise to cancel.
    """
    verbatim = [n for n in order if tables[n].table.verbatim]
    made = [n for n in order if n not in verbatim]
    bonds = {n: ties(tables, n, options[n].main) for n in made}
    total = sum(len(tables[n].table.columns) + 1 for n in made)
    learnt: dict[str, Learnt] = {}
    out = Fitted({}, {n: tables[n].arrow for n in verbatim}, [])
    done, began = 0, time.perf_counter()
    learners: dict[str, Learner] = {}
    for name in made:
        start = time.perf_counter()
        learner = Learner(tables, bonds, learnt, name, options[name])
        for column in learner.steps_to_go():
            progress(f"{name}.{column}", done / max(total, 1))
            limit = options[name].max_seconds
            learner.hurried = limit is not None and time.perf_counter() - began > limit
            learner.learn(column)
            done += 1
        learners[name] = learner
        out.seconds[name] = time.perf_counter() - start
    for name in made:
        learn_late(learners, name)
    for name, learner in learners.items():
        out.programs[name] = learner.program()
        out.described.extend(learner.described)
    for name in verbatim:
        out.described.extend(
            Described(name, c.name, c.type, c.role.value, "verbatim")
            for c in tables[name].table.columns
        )
    progress("fitted", 1.0)
    return out


class Learner(Settled):
    """Learns one table: on what is settled, a tree per column, then what its children need.

    Attributes:
        hurried: no more trees are grown.
    """

    hurried = False

    def _order(self) -> list[str]:
        open_ = [c for c in self.own if c not in self.settled]
        first = [c for c in self.options.first if c in open_]
        rest = sorted((c for c in open_ if c not in first), key=lambda c: (entropy(self.own[c]), c))
        return first + rest

    def steps_to_go(self) -> list[str]:
        """Columns and hidden columns still to be learnt, in order."""
        return (
            self._order()
            + [n for n, item in self.drawn.items() if item.tree is None]
            + ["#children"]
        )

    def learn(self, column: str) -> None:
        """Learn one column."""
        if column == "#children":
            self._learn_children()
            return
        if column in self.own and column not in self.drawn:
            self.drawn[column] = Drawn(self.own[column])
            self.domains[column] = self.own[column].domain
        item = self.drawn[column]
        self.domains[column] = item.target.domain
        alone = (
            item.target.name.startswith("#")
            and column[1:] in self.own
            and self.ties.main is not None
        )
        rows = self._sample(alone)
        item.tree, item.cells, item.inputs, withheld = self._tree(
            item.target, self.context + self.inputs, rows
        )
        if column in self.own:
            self.inputs.append(self.own[column])
            reason = f"{withheld} rare labels withheld" if withheld else ""
            self._done(
                column,
                "tree" if item.tree.leaves > 1 else "draw",
                reason,
                tuple(c.name for c in item.inputs if not c.name.startswith("#tree:")),
                item.tree.leaves,
            )

    def _sample(self, alone: bool) -> np.ndarray:  # noqa: FBT001 - private
        order = np.argsort(self.loaded.hash, kind="stable")
        if alone and self.ties.main is not None:
            loose = order[self.ties.main.parent_row[order] < 0]
            return loose if len(loose) >= self.options.trees.min_cell else order
        return order

    def _tree(
        self, target: Coded, inputs: Sequence[Coded], rows: np.ndarray
    ) -> tuple[Tree, Cells, tuple[Coded, ...], int]:
        options = self.options.trees
        if self.main is not None or target.name.startswith("#"):
            options = replace(options, min_cell=min(options.min_cell, self.options.child_cell))
        goal = target.rows(rows)
        asked = [] if self.hurried else [c.rows(rows) for c in inputs]
        tree, cell, forest = learn_forest(asked, goal, options)
        pool = [*inputs, *self._forest(target.name, forest)]
        tree, names = used_inputs(tree, [c.name for c in pool])
        by_name = {c.name: c for c in pool}
        goal = goal.rows(np.tile(np.arange(len(rows)), forest))
        used = tuple(by_name[n] for n in names)
        if target.numeric:
            return tree, fill_numbers(goal, cell, tree.leaves, self.options.fill), used, 0
        floor = 1 if target.name.startswith("#") else self.options.fill.floor
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

    def _learn_children(self) -> None:
        """Hidden columns for the children: how many, and the kind of row they choose."""
        columns = [c for c in self.inputs if not c.name.startswith("#")]
        visible = {c.name: c for c in columns}
        for link in self.ties.own:
            learn_fanout(self, link)
        for child, bond in self.bonds.items():
            links = ([bond.main] if bond.main else []) + list(bond.further)
            for link in [x for x in links if x.relationship.parent == self.name]:
                suffix = child if link is bond.main else f"{child}.{bond.alias(link)}"
                counts = whole(f"#count:{suffix}", child_counts(link, self.loaded.rows))
                self._learn_hidden(counts, columns)
                if link is not bond.main:
                    self._learn_kinds(child, link, bond.alias(link), columns, visible)
        self.learnt[self.name] = Learnt(visible, dict(self.domains))

    def _learn_kinds(
        self,
        child: str,
        link: LinkData,
        alias: str,
        columns: list[Coded],
        visible: dict[str, Coded],
    ) -> None:
        kinds = parent_kinds(self.loaded, columns, self.tables[child], link)
        labels = tuple(str(i + 1) for i in range(int(kinds.max(initial=1))))
        target = coded(f"#kind:{child}.{alias}", Categories("VARCHAR", labels), Raw(kinds))
        self._learn_hidden(target, columns)
        visible[target.name] = target

    def _learn_hidden(self, target: Coded, inputs: Sequence[Coded]) -> None:
        item = Drawn(target)
        item.tree, item.cells, item.inputs, _ = self._tree(
            target, [*self.context, *inputs], self._sample(alone=False)
        )
        self.drawn[target.name] = item
        self.domains[target.name] = target.domain

    # the program

    def program(self) -> Program:
        """The finished program."""
        items = [
            (name, i)
            for name, i in self.drawn.items()
            if i.tree is not None and i.cells is not None
        ]
        edges = collect_edges([(i.tree, i.inputs) for _, i in items if i.tree])
        draws = [
            Draw(name, tuple(c.name for c in i.inputs), to_edges(i.tree, i.inputs, edges), i.cells)
            for name, i in items
            if i.tree is not None and i.cells is not None
        ]
        outputs = tuple(
            Output(c.name, c.type)
            for c in self.loaded.table.columns
            if c.role is not Role.UNSUPPORTED
        )
        places = {c.name: i for i, c in enumerate(self.loaded.table.columns)}
        self.described.sort(key=lambda d: places[d.column])
        return Program(
            self.name,
            self.loaded.rows,
            tuple([*self.before, *_by_need(draws), *self.after, *self.expressions]),
            dict(self.domains),
            edges,
            outputs,
            self.main,
            tuple(self.links),
        )


def _by_need(draws: list[Draw]) -> list[Draw]:
    """Draws so that each stands behind its inputs.

    Hidden columns were registered before they were learnt.
    """
    made = {d.column for d in draws}
    placed: list[Draw] = []
    done: set[str] = set()
    left = draws
    while left:
        ready = [d for d in left if all(i not in made or i in done for i in d.inputs)]
        placed += ready
        done.update(d.column for d in ready)
        left = [d for d in left if d.column not in done]
    return placed
