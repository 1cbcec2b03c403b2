"""Fits the programs of all tables of a graph with trees."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from sqlglot import exp

from genesis_sql.models.family import Ties, child_counts, parent_kinds, ties, whole
from genesis_sql.models.fill import fill_labels, fill_numbers
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.gaps import Gap, gap_to, holds, parts, tight, unit
from genesis_sql.models.late import learn_late
from genesis_sql.models.learnt import Described, Drawn, FitOptions, Learnt
from genesis_sql.models.links import learn_fanout
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.models.order import entropy
from genesis_sql.models.settle import Settled
from genesis_sql.models.siblings import (
    arrange,
    before,
    before_of_kind,
    kind_columns,
    kind_step,
    last_of_kind,
    siblings_matter,
)
from genesis_sql.models.summaries import ordered, summaries
from genesis_sql.models.trees import collect_edges, learn_forest, to_edges, used_inputs
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import (
    BEFORE,
    KIND,
    PREV,
    Draw,
    Formula,
    Output,
    Program,
    Step,
    Tree,
    step_columns,
    step_inputs,
)
from genesis_sql.sqlbuild import column as column_node
from genesis_sql.sqlbuild import text
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
        self.kinds: tuple[str, ...] = ()
        if self.family is not None and siblings_matter(self.family):
            self.past = before(self.open, self.family.previous)
            self.kinds = kind_columns(self.open, list(self.open))

    def _order(self) -> list[str]:
        """Columns in the order in which they are drawn: those of few values before the others.

        Of siblings the moment comes first, then what makes their kind.
        """
        first = [c for c in self.options.first if c in self.open]
        if self.past and self.family is not None:
            first += [c for c in (self.family.moment,) if c in self.open and c not in first]
            kinds = [c for c in self.kinds if c not in first]
            first += sorted(kinds, key=lambda c: (entropy(self.own[c]), c))
        rest = [c for c in self.open if c not in first]
        return first + sorted(rest, key=lambda c: (entropy(self.own[c]), c))

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
        if column in self.drawn:
            item, rows = self.drawn[column], self._sample(self._alone(column))
            self._learn_item(column, item, rows if item.only is None else rows[item.only[rows]])
            return
        gaps = self._gaps(column)
        target = self.own[column]
        self.domains[column] = target.domain
        if gaps:
            self._learn_gaps(column, gaps)
        else:
            item = self.drawn[column] = Drawn(target)
            withheld = self._learn_item(column, item, self._sample())
            kind = "tree" if item.tree is not None and item.tree.leaves > 1 else "draw"
            self._tell(column, kind, item, f"{withheld} rare labels withheld" if withheld else "")
        self.inputs.append(target)
        self._order_siblings(column)

    def _learn_item(
        self, name: str, item: Drawn, rows: np.ndarray, more: Sequence[Coded] = ()
    ) -> int:
        """Grow the tree of a drawn column and fill its cells; how many labels were withheld."""
        self.domains[name] = item.target.domain
        asked = [*self.context, *self.inputs, *self.past, *more]
        item.tree, item.cells, item.inputs, withheld = self._tree(item.target, asked, rows)
        return withheld

    def _tell(self, column: str, kind: str, item: Drawn, reason: str) -> None:
        names = tuple(c.name for c in item.inputs if not c.name.startswith("#tree:"))
        self._done(column, kind, reason, names, item.tree.leaves if item.tree else 0)

    def _alone(self, column: str) -> bool:
        """Whether a hidden column stands in for a key of the rows without parent."""
        return column[1:] in self.own and self.ties.main is not None

    # what is counted from something else

    def _gaps(self, column: str) -> list[Gap]:
        """What a column can be counted from: the sibling before, then what is never above it."""
        target, family = self.own[column], self.family
        if unit(target.domain) is None:
            return []
        found: list[Gap] = []
        if self.past and family is not None and column == family.moment:
            gap = gap_to(
                target, next(c for c in self.past if c.name == f"{PREV}.{column}"), f"#gap:{column}"
            )
            found += [gap] if gap is not None and holds(gap) else []
        bases = [
            c
            for c in [*self.context, *self.inputs]
            if unit(c.domain) is not None and _plain(c.name)
        ]
        able = [
            g
            for g in (gap_to(target, c, f"#gap:{column} {c.name}") for c in bases)
            if g is not None
        ]
        able = [g for g in able if holds(g) and (found or tight(target, g))]
        nearest = sorted(able, key=lambda g: float(np.median(g.gap.raw.values[g.gap.rank > 0])))
        return found + nearest[:1]

    def _learn_gaps(self, column: str, gaps: Sequence[Gap]) -> None:
        """A column as base + gap; where there is no base from the next one, at last by itself."""
        target, name, rest = self.own[column], column, self._sample()
        for at, gap in enumerate(gaps):
            item = self.drawn[gap.gap.name] = Drawn(gap.gap)
            made = list(parts(gap.base, ("days left", "weekday", "month")))
            self.middle += [step for step, _ in made]
            if gap.base.name.startswith(f"{PREV}."):
                item.at_most = self._room(gap, target)
            rows = rest[gap.base.rank[rest] > 0]
            self._learn_item(gap.gap.name, item, rows, [c for _, c in made])
            if at == 0:
                self._tell(column, "gap", item, f"counted from {gap.base.name}")
            rest = rest[gap.gap.rank[rest] == 0]
            otherwise = f"#else{at}:{column}" if len(rest) else None
            self.middle.append(gap.formula(name, otherwise))
            self.domains[name] = target.domain
            if otherwise is None:
                return
            name = otherwise
        item = self.drawn[name] = Drawn(replace(target, name=name))
        self._learn_item(
            name, item, rest if len(rest) >= self.options.child_cell else self._sample()
        )

    def _room(self, gap: Gap, target: Coded) -> str:
        """The hidden column with the most that a gap may be: up to the last moment of all."""
        name = f"#room:{target.name}"
        last = exp.Literal.number(abs(int(target.values[-1])))
        most = last if target.values[-1] >= 0 else exp.Neg(this=last)
        base = column_node(gap.base.name)
        taken = base if gap.factor == 1 else base * gap.factor
        self.middle.append(Formula(name, text(exp.Sub(this=most, expression=exp.paren(taken)))))
        self.domains[name] = gap.gap.domain
        return name

    def _order_siblings(self, column: str) -> None:
        """Once all labels of their kind are there, tell the kind of a row."""
        family = self.family
        if not self.past or family is None:
            return
        if column in self.kinds and all(self._known(c) for c in self.kinds):
            step, kind = kind_step([self.own[c] for c in self.kinds])
            self.middle.append(step)
            self.domains[KIND] = kind.domain
            same = last_of_kind(kind.rank, self.parent_row(), family.k)
            self.past += before_of_kind(self.open, same, family.k, self._moment_known())
            self.inputs.append(kind)

    def _known(self, column: str) -> bool:
        return any(c.name == column for c in self.inputs)

    def _moment_known(self) -> str | None:
        moment = self.family.moment if self.family else None
        return moment if moment is not None and self._known(moment) else None

    def parent_row(self) -> np.ndarray:
        """The main parent's row of every row, -1: none."""
        if self.ties.main is None:
            return np.full(self.loaded.rows, -1, np.int64)
        return self.ties.main.parent_row

    def _sample(self, alone: bool = False) -> np.ndarray:  # noqa: FBT001 - private
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
            least = min(options.min_cell, self.options.child_cell)
            options = replace(options, min_cell=least, forest=self.options.child_forest)
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
        extended, summed = list(columns), dict[str, list[Coded]]()
        for child, bond in self.bonds.items():
            links = ([bond.main] if bond.main else []) + list(bond.further)
            for link in [x for x in links if x.relationship.parent == self.name]:
                suffix = child if link is bond.main else f"{child}.{bond.alias(link)}"
                counts = whole(f"#count:{suffix}", child_counts(link, self.loaded.rows))
                self._learn_hidden(counts, extended)
                if link is bond.main:
                    extended.append(counts)
                    summed[child] = self._learn_summaries(child, link, extended)
                else:
                    self._learn_kinds(child, link, bond.alias(link), columns, visible)
        above = [c for c in self.context if _plain(c.name)]
        self.learnt[self.name] = Learnt(visible, dict(self.domains), above, summed)

    def _learn_summaries(self, child: str, link: LinkData, extended: list[Coded]) -> list[Coded]:
        """What this table says about a child table's rows; each is an input of the next."""
        loaded = self.tables[child]
        k = arrange(loaded, link.parent_row, None).k
        found = ordered(summaries(child, loaded.columns, link, k, self.loaded.rows))
        for summary in found:
            self._learn_hidden(summary, extended)
            extended.append(summary)
        return found

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
            target, [*self.context, *inputs], self._sample()
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
            Draw(
                name,
                tuple(c.name for c in i.inputs),
                to_edges(i.tree, i.inputs, edges),
                i.cells,
                i.at_most,
            )
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
            tuple(
                [*self.before, *_by_need([*draws, *self.middle]), *self.after, *self.expressions]
            ),
            dict(self.domains),
            edges,
            outputs,
            self.main,
            tuple(self.links),
        )


def _by_need(steps: Sequence[Step]) -> list[Step]:
    """Steps so that each stands behind its inputs; otherwise as they are given.

    Hidden columns were registered before they were learnt.
    """
    made = {c for s in steps for c in step_columns(s)}
    placed: list[Step] = []
    done: set[str] = set()
    left = list(steps)
    while left:
        ready = [s for s in left if all(i not in made or i in done for i in _needs(s))]
        if not ready:
            message = f"steps read each other in a circle: {[step_columns(s) for s in left]}"
            raise ValueError(message)
        placed += ready
        done.update(c for s in ready for c in step_columns(s))
        left = [s for s in left if not done.issuperset(step_columns(s))]
    return placed


def _needs(step: Step) -> list[str]:
    """What must be there of a row itself before a step can run."""
    names = list(step_inputs(step))
    made_of = [n.partition(".")[2] for n in names if n.startswith(BEFORE[2])]
    of_kind = any(n.startswith(BEFORE[1:]) for n in names)
    return names + ([KIND] if of_kind else []) + made_of


def _plain(name: str) -> bool:
    """Whether a parent's column is one of its own or of an ancestor's: no place, no summary."""
    return not any(part.startswith("#") for part in name.split("."))
