"""Fits the programs of all tables of a graph; columns by trees where no other method is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pyarrow as pa

from genesis_sql.models.determine import Fixed, find_fixed, lookup_step
from genesis_sql.models.differences import differences
from genesis_sql.models.family import Ties, child_counts, parent_kinds, ties, whole
from genesis_sql.models.fill import fill_labels
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.late import learn_late
from genesis_sql.models.learnt import Described, Drawn, FitOptions, Learnt
from genesis_sql.models.links import learn_fanout
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.models.local import Local, find_local
from genesis_sql.models.methods import TREES
from genesis_sql.models.nested import with_lists
from genesis_sql.models.order import entropy
from genesis_sql.models.quasi import GROUP, learn_quasi
from genesis_sql.models.recount import recounted
from genesis_sql.models.siblings import arrange
from genesis_sql.models.summaries import ordered, summaries
from genesis_sql.models.timed import Timed
from genesis_sql.models.totals import hidden, settled, shown
from genesis_sql.models.trees import collect_edges, to_edges, used_inputs
from genesis_sql.models.watch import Watch
from genesis_sql.program.column_types import POSITION
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import (
    TIME,
    Draw,
    Formula,
    Output,
    Program,
    Step,
    step_columns,
    step_inputs,
)
from genesis_sql.types import Progress, Role, no_progress

__all__ = ["Described", "FitOptions", "Fitted", "fit_tables"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """Programs and verbatim rows by table, and what `genesis_describe` shows.

    ``notes`` are facts of the fit by table.
    """

    programs: dict[str, Program]
    verbatim: dict[str, pa.Table]
    described: list[Described]
    seconds: dict[str, float] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


def fit_tables(
    tables: Mapping[str, Loaded],
    order: Sequence[str],
    options: Mapping[str, FitOptions],
    progress: Progress = no_progress,
    watch: Watch | None = None,
    began: float | None = None,
) -> Fitted:
    """Programs of all tables that are not verbatim.

    Args:
        tables: everything loaded.
        order: table names, parents first.
        options: of the method, by table.
        progress: told after every column; may raise to cancel.
        watch: who looks on while networks are trained.
        began: when the work did, by `time.perf_counter`; the limit of seconds counts from there.
    """
    verbatim = [n for n in order if tables[n].table.verbatim]
    made = [n for n in order if n not in verbatim]
    bonds = {n: ties(tables, n, options[n].main) for n in made}
    total = sum(len(tables[n].table.columns) + 1 for n in made)
    learnt: dict[str, Learnt] = {}
    out = Fitted({}, {n: tables[n].arrow for n in verbatim}, [])
    done, began = 0, time.perf_counter() if began is None else began
    learners: dict[str, Learner] = {}
    methods = {options[n].method if n in made else "verbatim" for n in order}
    for name in made:
        start = time.perf_counter()
        learner = _learner(tables, bonds, learnt, name, options[name], watch, methods)
        learner.began = start if len(made) > 1 else began
        with learner.side_by_side():
            for column in learner.steps_to_go():
                progress(f"{name}.{column}", done / max(total, 1))
                limit = options[name].max_seconds
                learner.hurried = limit is not None and time.perf_counter() - began > limit
                learner.learn(column)
                done += 1
        learners[name] = learner
        out.seconds[name] = time.perf_counter() - start
        out.methods[name] = options[name].method
    for name in made:
        learn_late(learners, name)
    if any(method.startswith("sdv:") for method in methods):
        from genesis_sql.models.sdv.choice import learn_together

        learn_together(learners)
    for name, learner in learners.items():
        out.notes[name] = learner.notes
        out.programs[name] = _counted(learner, progress)
        out.described.extend(learner.described)
    for name in verbatim:
        out.described.extend(
            Described(name, c.name, c.type, c.role.value, "verbatim")
            for c in tables[name].table.columns
        )
    out.programs.update(settled(out.programs))
    with_lists(out.programs, {n: _lists(tables[n]) for n in made})
    progress("fitted", 1.0)
    return out


def _counted(learner: Learner, progress: Progress) -> Program:
    """The program of a learner, its cells filled from all rows where it saw a sample of them."""
    program, stream = learner.program(), learner.loaded.stream
    if stream is None or learner.options.method != TREES:
        return program
    told = partial(progress, f"{learner.name}: counting all rows")
    return recounted(program, stream, learner.options.fill, told)


def _learner(
    tables: Mapping[str, Loaded],
    bonds: Mapping[str, Ties],
    learnt: dict[str, Learnt],
    name: str,
    options: FitOptions,
    watch: Watch | None,
    methods: set[str],
) -> Learner:
    """What learns a table by its method."""
    if options.quasi:  # a row's group is drawn as a whole, not after the row before it
        options = replace(options, siblings=False)
    if options.method == TREES:
        return Learner(tables, bonds, learnt, name, options)
    from genesis_sql.models.block import BlockLearner

    kind = BlockLearner
    if options.method.startswith("sdv:"):
        from genesis_sql.models.sdv.choice import learner_of

        kind = learner_of(options.method, tables, methods)
    # a block knows no rows before a row
    learner = kind(tables, bonds, learnt, name, replace(options, siblings=False))
    learner.watch = watch or learner.watch
    return learner


def _lists(loaded: Loaded) -> dict[str, str]:
    """The list columns of a table with their types."""
    return {c.name: c.type for c in loaded.table.columns if c.role is Role.LIST}


class Learner(Timed):
    """Learns one table: on what is settled, a tree per column, then what its children need."""

    began = 0.0
    """When its seconds began to count."""

    @property
    def notes(self) -> list[str]:
        """What the caller should know of this fit."""
        return []

    @cached_property
    def fixed(self) -> dict[str, Fixed]:
        """Columns that others of the row, or the parent, fix in every row."""
        barred = [c for c in self.open if self._ordering(c)]
        barred += [self.running.total] if self.running is not None and self.past else []
        barred += self.options.quasi
        barred += [name for made in self.local.values() for name in (made.column, made.moment)]
        above = {c.name: c for c in self.context if _plain(shown(c.name)) and c.numeric}
        return {f.column: f for f in find_fixed(self.open, above, barred)}

    @cached_property
    def local(self) -> dict[str, Local]:
        """Columns that are a calendar part of a moment in another time zone."""
        moments = {c.name: c for c in [*self.inputs, *self.open.values()] if c.name in self.own}
        return {x.column: x for x in find_local(moments, self.open)}

    def _order(self) -> list[str]:
        """Columns in the order in which they are drawn: those of few values before the others.

        Of siblings the moment comes first, then what makes their kind.
        """
        open_ = [c for c in self.open if c not in self.options.quasi]
        first = [c for c in open_ if shown(c) in self.options.first]
        first.sort(key=lambda c: self.options.first.index(shown(c)))
        if self.past and self.family is not None:
            first += [c for c in open_ if self._ordering(c) and c not in first]
            kinds = [c for c in self.kinds if c not in first]
            first += sorted(kinds, key=lambda c: (entropy(self.own[c]), c))
        rest = [c for c in open_ if c not in first]
        order = first + sorted(rest, key=lambda c: (entropy(self.own[c]), c))
        for made in self.local.values():
            order = _behind(order, made.column, (made.moment,))
        for fixed in self.fixed.values():
            order = _behind(order, fixed.column, fixed.inputs)
        return self._totals_last(order)

    def _totals_last(self, order: list[str]) -> list[str]:
        """A running total directly behind what it is made of."""
        run = self.running if self.past else None
        if run is None or run.total not in order:
            return order
        return _behind(order, run.total, (run.amount, *([run.by] if run.by else [])))

    def steps_to_go(self) -> list[str]:
        """Columns and hidden columns still to be learnt, in order."""
        return (
            ([GROUP] if self.options.quasi else [])
            + self._order()
            + [n for n, item in self.drawn.items() if item.tree is None]
            + ["#children"]
        )

    def learn(self, column: str) -> None:
        """Learn one column."""
        if column == GROUP:
            learn_quasi(self, self.options.quasi)
            return
        if column == "#children":
            self._learn_children()
            return
        if column in self.drawn:
            item = self.drawn[column]
            alone = column[1:] in self.own and self.ties.main is not None
            loose = self.sample(self.parent_row() < 0) if alone else self.sample()
            enough = len(loose) >= self.options.trees.min_cell
            chosen = loose if enough else self.sample()
            chosen = chosen if item.only is None else chosen[item.only[chosen]]
            self.grow(column, item.target, self.asked(), chosen)
            return
        target = self.own[column]
        if column in self.local:
            self._fix_local(self.local[column])
            self._known_now(target)
            return
        if column in self.fixed:
            self._fix(self.fixed[column])
            self._known_now(target)
            return
        followed = self.follow(column) if self._ordering(column) else None
        if self.running is not None and self.past and column == self.running.total:
            self.run_total(column, self.running)
            sign = f"its sign by {self.running.by}" if self.running.by else "always the same sign"
            self._done(column, "running total", f"of {self.running.amount}, {sign}")
        elif followed is not None:
            self.tell(column, "gap", followed, "after the sibling before")
        elif gaps := self.bases(column, target, [*self.context, *self.inputs], always=False):
            item = self.count_from(column, target, gaps, self.asked())
            self.tell(column, "gap", item, f"counted from {shown(gaps[0].base.name)}")
        else:
            item = self.grow(column, target, self.asked(*self._differences(target)))
            if self.running is not None and self.past and column == self.running.amount:
                item.at_most = self.total_room(self.running)
            self.tell(column, "tree", item)
        self._known_now(target)

    def _differences(self, target: Coded) -> list[Coded]:
        """Differences of numbers of the row that tell of a column; their steps once."""
        if self.hurried:
            return []
        numbers = [c for c in self.inputs if not c.name.startswith("#")]
        made = differences(target, numbers, self.asked(), self.sample())
        self.add_once([step for step, _ in made])
        self.domains |= {c.name: c.domain for _, c in made}
        return [c for _, c in made]

    def _known_now(self, target: Coded) -> None:
        """A column is drawn: later ones may depend on it, on its calendar parts, on its kind."""
        self.inputs += [target, *self.calendar(target)]
        self.order_siblings(target.name)

    def _fix_local(self, made: Local) -> None:
        """A calendar part of a moment elsewhere."""
        self.add_once(made.steps)
        self.domains |= {**made.domains, made.column: self.own[made.column].domain}
        self._done(made.column, "formula", made.told, (made.moment,))

    def _fix(self, fixed: Fixed) -> None:
        """A column that others fix: by a formula, or looked up."""
        column, target = fixed.column, self.own[fixed.column]
        self.domains[column] = target.domain
        told = tuple(shown(n) for n in fixed.inputs)
        names = ", ".join(told)
        if fixed.formula is None:
            inputs = [self.own[n] for n in fixed.inputs]
            self.middle.append(lookup_step(target, inputs, self.options.fill.floor))
            self._done(column, "lookup", f"fixed by {names}", told)
            return
        otherwise = None
        if fixed.left is not None and fixed.left.any():
            otherwise = f"#else:{column}"
            rows = self.sample(fixed.left)
            self.grow(otherwise, replace(target, name=otherwise), self.asked(), rows)
        self.middle.append(Formula(column, fixed.formula, otherwise))
        self._done(column, "formula", shown(fixed.formula), told)

    def _learn_children(self) -> None:
        """Hidden columns for the children: how many, and the kind of row they choose."""
        columns = [c for c in self.inputs if not hidden(c.name)]
        visible = {c.name: c for c in columns}
        for link in self.ties.own:
            learn_fanout(self, link)
        extended, summed = list(columns), dict[str, list[Coded]]()
        for child, bond in self.bonds.items():
            links = ([bond.main] if bond.main else []) + list(bond.further)
            for link in [x for x in links if x.relationship.parent == self.name]:
                suffix = child if link is bond.main else f"{child}.{bond.alias(link)}"
                counts = whole(f"#count:{suffix}", child_counts(link, self.loaded.rows))
                self.grow(counts.name, counts, [*self.context, *extended])
                if link is bond.main:
                    extended.append(counts)
                    summed[child] = self._learn_summaries(child, link, extended)
                else:
                    self._learn_kinds(child, link, bond.alias(link), columns, visible)
        above = [c for c in self.context if _plain(shown(c.name))]
        self.learnt[self.name] = Learnt(visible, dict(self.domains), above, summed)

    def _learn_summaries(self, child: str, link: LinkData, extended: list[Coded]) -> list[Coded]:
        """What this table says about a child table's rows; each is an input of the next."""
        loaded = self.tables[child]
        family = arrange(loaded, link.parent_row, POSITION if loaded.table.nested else None)
        moment, known = family.moment, [*self.context, *extended]
        hashes = (loaded.hash, self.loaded.hash)
        found = ordered(summaries(child, loaded.columns, link, family, known, hashes), moment)
        for summary in found:
            inputs = [*self.context, *extended]
            gaps = self.bases(summary.name, summary, inputs, always=False)
            least = f"#min:{child}.{moment}"
            timed = summary.name == least
            item = self.count_from(summary.name, summary, gaps if timed else [], inputs)
            if summary.name == f"#max:{child}.{moment}" and least in self.domains:
                item.at_least = least
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
        tree, cell = parent_kinds(self.loaded, columns, self.tables[child], link)
        labels = tuple(str(i + 1) for i in range(tree.leaves))
        kinds = Raw((cell + 1).astype(np.int32))
        target = coded(f"#kind:{child}.{alias}", Categories("VARCHAR", labels), kinds)
        tree, names = used_inputs(tree, [c.name for c in columns])
        by_name = {c.name: c for c in columns}
        cells, _ = fill_labels(target, cell, tree.leaves, replace(self.options.fill, floor=1))
        inputs = tuple(by_name[n] for n in names)
        self.drawn[target.name] = Drawn(target, inputs, tree, cells)
        self.domains[target.name] = target.domain
        visible[target.name] = target

    # the program

    def program(self) -> Program:
        """The finished program."""
        self.finish()
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
                i.at_least,
            )
            for name, i in items
            if i.tree is not None and i.cells is not None
        ]
        outputs = tuple(
            Output(c.name, c.type)
            for c in self.loaded.table.columns
            if c.role is not Role.UNSUPPORTED and not c.inside
        )
        places = {c.name: i for i, c in enumerate(self.loaded.table.columns)}
        self.described.sort(key=lambda d: places[d.column])
        return Program(
            self.name,
            self.loaded.whole,
            tuple(
                [
                    *self.before,
                    *_by_need([*draws, *self.middle], self.moment_known()),
                    *self.after,
                    *self.expressions,
                ]
            ),
            dict(self.domains),
            edges,
            outputs,
            self.main,
            tuple(self.links),
            self.parts,
            moment=self.moment_known() if self.kind is not None else None,
        )


def _behind(order: list[str], column: str, inputs: Sequence[str]) -> list[str]:
    """The order with a column directly behind the last of its inputs."""
    if column not in order:
        return order
    kept = [c for c in order if c != column]
    at = max((kept.index(c) for c in inputs if c in kept), default=-1) + 1
    return [*kept[:at], column, *kept[at:]]


def _by_need(steps: Sequence[Step], moment: str | None) -> list[Step]:
    """Steps so that each stands behind its inputs; otherwise as they are given.

    Hidden columns were registered before they were learnt.
    """
    made = {c for s in steps for c in step_columns(s)}
    placed: list[Step] = []
    done: set[str] = set()
    left = list(steps)
    while left:
        ready = [s for s in left if all(i not in made or i in done for i in _needs(s, moment))]
        if not ready:
            message = f"steps read each other in a circle: {[step_columns(s) for s in left]}"
            raise ValueError(message)
        placed += ready
        done.update(c for s in ready for c in step_columns(s))
        left = [s for s in left if not done.issuperset(step_columns(s))]
    return placed


def _needs(step: Step, moment: str | None) -> list[str]:
    """What must be there of a row itself before a step can run."""
    names = list(step_inputs(step))
    timed = moment is not None and any(n.startswith(f"{TIME}.") for n in names)
    return [*names, moment] if timed and moment is not None else names


def _plain(name: str) -> bool:
    """Whether a parent's column is one of its own or of an ancestor's: no place, no summary."""
    return not any(part.startswith("#") for part in name.split("."))
