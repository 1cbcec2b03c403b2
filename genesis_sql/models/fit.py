"""Fits the programs of all tables of a graph with trees."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from genesis_sql.models.derive import derived_columns
from genesis_sql.models.family import (
    Ties,
    child_counts,
    gather,
    parent_kinds,
    sibling_order,
    ties,
    whole,
)
from genesis_sql.models.fill import FillOptions, fill_labels, fill_numbers
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.keys import KeyColumn, Residual, key_column, residual, text_column
from genesis_sql.models.load import NUMBERS, LinkData, Loaded, code_labels
from genesis_sql.models.order import entropy
from genesis_sql.models.trees import TreeOptions, collect_edges, learn_forest, to_edges, used_inputs
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Domain, Fixed, Raw
from genesis_sql.program.steps import (
    PARENT,
    Constant,
    Copy,
    Digit,
    Draw,
    Expression,
    Link,
    MainParent,
    Number,
    Output,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Random,
    Sibling,
    Step,
    Stratum,
    Tree,
)
from genesis_sql.types import Column, Progress, Role, no_progress


@dataclass(frozen=True)
class FitOptions:
    """Options of the method `trees`.

    Attributes:
        trees: how trees are grown.
        fill: how cells are filled.
        first: columns drawn before all others.
        main: the main parent, where it is not to be chosen.
        child_cell: rows per cell in tables that have a parent, and of hidden columns.
        max_seconds: after that long no more trees are grown; the columns left are drawn without inputs.
    """

    trees: TreeOptions = field(default_factory=TreeOptions)
    fill: FillOptions = field(default_factory=FillOptions)
    first: tuple[str, ...] = ()
    main: str | None = None
    child_cell: int = 10
    max_seconds: float | None = None


@dataclass(frozen=True, eq=False)
class Described:
    """A row of `genesis_describe`."""

    table: str
    column: str
    type: str
    role: str
    step: str
    inputs: tuple[str, ...] = ()
    cells: int = 0
    reason: str = ""


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
    for name in made:
        start = time.perf_counter()
        learner = Learner(tables, bonds, learnt, name, options[name])
        for column in learner.steps_to_go():
            progress(f"{name}.{column}", done / max(total, 1))
            limit = options[name].max_seconds
            learner.hurried = limit is not None and time.perf_counter() - began > limit
            learner.learn(column)
            done += 1
        out.programs[name] = learner.program()
        out.described.extend(learner.described)
        out.seconds[name] = time.perf_counter() - start
    for name in verbatim:
        out.described.extend(
            Described(name, c.name, c.type, c.role.value, "verbatim")
            for c in tables[name].table.columns
        )
    progress("fitted", 1.0)
    return out


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a table that is done gives to its children: coded columns as read, and all domains."""

    columns: dict[str, Coded]
    domains: dict[str, Domain]


@dataclass(eq=False)
class _Drawn:
    """A column still to be drawn, and the step it became (thresholds in ranks until all trees are known)."""

    target: Coded
    inputs: tuple[Coded, ...] = ()
    tree: Tree | None = None
    cells: Cells | None = None


class Learner:
    """Learns one table: what is fixed by keys first, then a tree per column, then what its children need."""

    def __init__(
        self,
        tables: Mapping[str, Loaded],
        bonds: Mapping[str, Ties],
        learnt: dict[str, Learnt],
        name: str,
        options: FitOptions,
    ) -> None:
        self.tables, self.bonds, self.learnt, self.options = tables, bonds, learnt, options
        self.loaded, self.ties = tables[name], bonds[name]
        self.name = name
        self.before: list[Step] = []
        self.after: list[Step] = []
        self.expressions: list[Step] = []
        self.domains: dict[str, Domain] = {}
        self.drawn: dict[str, _Drawn] = {}
        self.context: list[Coded] = []
        self.inputs: list[Coded] = []
        self.links: list[Link] = []
        self.described: list[Described] = []
        self.own: dict[str, Coded] = dict(self.loaded.columns)
        self.place: dict[str, Coded] = {}
        self.settled: set[str] = set()
        self.main: MainParent | None = None
        self.hurried = False
        self.unique_by: set[str] = set()
        self._settle()

    # what is fixed by keys

    def _settle(self) -> None:
        self._label_copied_keys()
        if self.ties.main is not None:
            self._settle_main(self.ties.main)
        self._settle_key()
        for link in self.ties.further:
            self._settle_further(link)
        for link in self.ties.own:
            self._settle_own(link)
        self._settle_text()
        self._settle_derived()
        self.todo = self._order()

    def _label_copied_keys(self) -> None:
        """A reference to a verbatim table is a label: the keys that occur."""
        for link in self.ties.copied:
            key = link.relationship
            if len(key.columns) > 1:
                continue
            column = self.loaded.table.column(key.columns[0])
            values = self.loaded.arrow[column.name].combine_chunks().cast(pa.string())
            found = pa.array(
                np.where(link.parent_row >= 0, values.to_numpy(zero_copy_only=False), None),
                pa.string(),
            )
            self.own[column.name] = code_labels(column.name, column.type, found)

    def _settle_main(self, link: LinkData) -> None:
        key, parent = link.relationship, self.tables[link.relationship.parent]
        strict = any(not self.loaded.table.column(c).nullable for c in key.columns) or bool(
            set(key.columns) & set(self.loaded.table.primary_key)
        )
        loose = 0 if strict else int((link.parent_row < 0).sum())
        program_link = Link(PARENT, key.parent, key.columns, key.parent_columns)
        self.main = MainParent(program_link, f"#count:{self.name}", loose, max(parent.rows, 1))
        further = self.ties.further + self.ties.own
        chosen = {c for x in further for c in x.relationship.columns}
        left = residual(self.loaded, self.own, link, chosen)
        k, count = sibling_order(
            self.loaded, link, left.column if left and left.kind == "sibling" else None
        )
        self.place = {
            "k": whole(f"{PARENT}.#k", np.maximum(k, 0), k >= 0),
            "count": whole(f"{PARENT}.#count", count),
        }
        self.context = [
            gather(c, link.parent_row, f"{PARENT}.{n}")
            for n, c in self.learnt[key.parent].columns.items()
            if not n.startswith("#")
        ] + list(self.place.values())
        shared = {c for x in self.loaded.links if x is not link for c in x.relationship.columns}
        for own, above in zip(key.columns, key.parent_columns, strict=True):
            self._copy(own, PARENT, above, drawn_alone=own in shared and loose > 0, link=link)
        if left is not None:
            self._settle_residual(left)

    def _copy(self, own: str, alias: str, above: str, *, drawn_alone: bool, link: LinkData) -> None:
        """The key column is the parent's; where rows without parent need one for another key, it is drawn."""
        parent = self.learnt[link.relationship.parent].columns.get(above)
        otherwise = None
        if (
            drawn_alone
            and parent is not None
            and isinstance(parent.domain, Categories)
            and own in self.own
        ):
            otherwise = f"#{own}"
            self.drawn[otherwise] = _Drawn(self._in_domain(own, parent, otherwise))
        self.after.append(Copy(own, f"{alias}.{above}", otherwise))
        self.domains[own] = self.learnt[link.relationship.parent].domains[above]
        self._done(own, "copy", f"key of {link.relationship.parent}")

    def _in_domain(self, own: str, parent: Coded, name: str) -> Coded:
        """The column coded with the parent's labels."""
        mine, theirs = self.own[own].domain, parent.domain
        if not isinstance(mine, Categories) or not isinstance(theirs, Categories):
            raise TypeError(own)
        place = {label: i + 1 for i, label in enumerate(theirs.labels)}
        codes = np.array([0] + [place.get(label, 0) for label in mine.labels], np.int32)[
            self.own[own].raw.values
        ]
        return coded(name, theirs, Raw(codes))

    def _done(
        self, column: str, step: str, reason: str = "", inputs: tuple[str, ...] = (), cells: int = 0
    ) -> None:
        node = self.loaded.table.column(column)
        self.settled.add(column)
        self.described.append(
            Described(
                self.name,
                column,
                node.type,
                node.role.value,
                step,
                inputs,
                cells,
                reason or node.reason,
            )
        )

    def _settle_residual(self, left: Residual) -> None:
        if left.column in self.settled:
            return
        held = self.own[left.column]
        self.unique_by.add(left.column)
        self.domains[left.column] = held.domain
        if left.kind == "sibling":
            self.before.append(Sibling(left.column, left.base))
            self._done(left.column, "sibling", "place among the siblings")
        else:
            self.before.append(Stratum(left.column, held.values))
            self._done(left.column, "stratum", "differs among the siblings")

    def _settle_key(self) -> None:
        table = self.loaded.table
        open_key = [c for c in table.primary_key if c not in self.settled]
        linked = {c for x in self.ties.further + self.ties.own for c in x.relationship.columns}
        single = [(c,) for c in open_key] if len(table.primary_key) == 1 else []
        for (column,) in single + [u for u in table.unique_keys if len(u) == 1]:
            if column not in self.settled and column not in linked:
                self._settle_unique(column)
        if (
            len(table.primary_key) > 1
            and open_key == list(table.primary_key)
            and not linked.intersection(open_key)
        ):
            self._settle_lattice(open_key)

    def _settle_unique(self, column: str) -> None:
        node = self.loaded.table.column(column)
        if node.role in (Role.UNSUPPORTED, Role.EMPTY, Role.CONSTANT):
            return
        if (node.role in NUMBERS and node.role is not Role.INTEGER) or (
            node.role is Role.KEY and key_column(self.loaded, column) is None
        ):
            self._settle_moment(column)
            return
        found = key_column(self.loaded, column)
        if found is None:
            return
        self._number(column, found, "unique")

    def _number(self, column: str, found: KeyColumn, reason: str) -> None:
        present = self._presence(column) if self.loaded.table.column(column).nulls else None
        self.domains[column] = found.domain
        (self.after if present else self.before).append(Number(column, present))
        self._done(column, "unique", reason)

    def _settle_moment(self, column: str) -> None:
        """A unique date, time or decimal: its values in order, then on."""
        held = self.own.get(column)
        if held is None or not len(held.values):
            return
        self.domains[column] = held.domain
        step = int(np.median(np.diff(held.values))) if len(held.values) > 1 else 1
        self.before.append(Digit(column, held.values, max(step, 1), 1, 0))
        self._done(column, "digit", "unique, in order")

    def _settle_lattice(self, key: list[str]) -> None:
        """A composite key without parent: a nearly full grid becomes mixed radix digits, otherwise one part counts."""
        held = [self.own.get(c) for c in key]
        sizes = [len(c.values) if c is not None else 0 for c in held]
        if 0 not in sizes and self.loaded.rows >= 0.5 * np.prod([float(s) for s in sizes]):
            divisor = 1
            for at in np.argsort(sizes, kind="stable"):
                column, last = held[at], at == int(np.argsort(sizes, kind="stable")[-1])
                if column is None:
                    continue
                step = (
                    int(np.median(np.diff(column.values)))
                    if column.numeric and len(column.values) > 1
                    else 1
                )
                values = column.values if column.numeric else column.values.astype(np.int32)
                self.before.append(Digit(key[at], values, step, divisor, 0 if last else sizes[at]))
                self.domains[key[at]] = column.domain
                self.inputs.append(column)
                self._done(key[at], "digit", "part of a key that fills a grid")
                divisor *= sizes[at]
            return
        for column in sorted(key, key=lambda c: -self.loaded.table.column(c).distinct):
            found = key_column(self.loaded, column)
            if found is not None:
                self._number(column, found, "makes the key unique")
                return

    def _presence(self, column: str) -> str:
        """A hidden label: is there a value?"""
        name = f"#has:{column}"
        has = np.asarray(self.loaded.arrow[column].combine_chunks().is_valid())
        self.drawn[name] = _Drawn(
            coded(name, Categories("VARCHAR", ("1",)), Raw(has.astype(np.int32)))
        )
        return name

    def _settle_further(self, link: LinkData) -> None:
        key, alias = link.relationship, self.ties.alias(link)
        left = [
            (c, p)
            for c, p in zip(key.columns, key.parent_columns, strict=True)
            if c not in self.settled
        ]
        if not left:
            return
        self.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
        row = self.links[-1].row
        if self._bridge(key.columns):
            self.unique_by.update(key.columns)
            self.after.append(PickDistinct(row, alias))
        else:
            shared = tuple(
                (c, p)
                for c, p in zip(key.columns, key.parent_columns, strict=True)
                if c in self.settled
            )
            self._pick(link, alias, row, shared)
        for own, above in left:
            self._copy(own, alias, above, drawn_alone=False, link=link)

    def _bridge(self, columns: tuple[str, ...]) -> bool:
        """Whether this key has to make a composite key unique among the main parent's children."""
        keys = [self.loaded.table.primary_key, *self.loaded.table.unique_keys]
        main = set(self.ties.main.relationship.columns) if self.ties.main else set()
        unique = self.unique_by
        return bool(main) and any(
            main | set(columns) <= set(k) and not unique.intersection(k) for k in keys
        )

    def _pick(
        self, link: LinkData, alias: str, row: str, shared: tuple[tuple[str, str], ...]
    ) -> None:
        group = f"#kind:{self.name}.{alias}"
        kinds = self.learnt[link.relationship.parent].columns[group].raw.values
        kind = np.where(
            link.parent_row >= 0, kinds[np.maximum(link.parent_row, 0)] if len(kinds) else 0, 0
        ).astype(np.int32)
        name = f"#kind:{alias}"
        labels = tuple(str(i + 1) for i in range(int(kinds.max(initial=1))))
        strict = any(not self.loaded.table.column(c).nullable for c in link.relationship.columns)
        target = coded(
            name,
            Categories("VARCHAR", labels),
            Raw(np.where(strict & (kind == 0), 1, kind).astype(np.int32)),
        )
        self.drawn[name] = _Drawn(target)
        self.after.append(Pick(row, alias, name, group, f"#count:{self.name}.{alias}", shared))

    def _settle_own(self, link: LinkData) -> None:
        alias = self.ties.alias(link)
        key = link.relationship
        if len(key.columns) > 1 or key.columns[0] in self.settled:
            return
        self.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
        name = f"#kind:{alias}"
        self.drawn[name] = _Drawn(
            coded(name, Categories("VARCHAR", ("1",)), Raw((link.parent_row >= 0).astype(np.int32)))
        )
        self.after.append(PickSelf(self.links[-1].row, alias, name))
        self.after.append(Copy(key.columns[0], f"{alias}.{key.parent_columns[0]}"))
        self.domains[key.columns[0]] = self.domains[key.parent_columns[0]]
        self._done(key.columns[0], "copy", "key of an earlier row")

    def _settle_text(self) -> None:
        for column in self.loaded.table.columns:
            if column.name in self.settled:
                continue
            if column.role is Role.CATEGORY and column.type == "VARCHAR" and self._personal(column):
                del self.own[column.name]
                column = replace(column, role=Role.IDENTIFIER, reason="no label is shared by many")
            if (
                column.role in (Role.IDENTIFIER, Role.TEXT, Role.KEY)
                and column.name not in self.own
            ):
                domain, words = text_column(self.loaded, column.name)
                present = self._presence(column.name) if column.nulls else None
                self.domains[column.name] = domain
                self.after.append(Random(column.name, words, present))
                self._done(column.name, "pattern", column.reason)
            elif column.role in (Role.CONSTANT, Role.EMPTY):
                value = (
                    self.loaded.arrow[column.name][0].as_py()
                    if column.role is Role.CONSTANT
                    else None
                )
                self.domains[column.name] = Fixed(column.type, value)
                self.before.append(Constant(column.name))
                self._done(column.name, "constant")
            elif column.role is Role.UNSUPPORTED:
                self._done(column.name, "left out", column.reason)

    def _personal(self, column: Column) -> bool:
        """Whether every label belongs to a few rows and most to one: then none is copied."""
        count = self.own[column.name].count
        return (
            len(count) > 0
            and 2 * len(count) > count.sum()
            and count.max() < max(self.options.fill.floor, 2)
        )

    def _settle_derived(self) -> None:
        for column, sql in derived_columns(self.own, self.settled).items():
            self.expressions.append(Expression(column, sql))
            self.domains.pop(column, None)
            self._done(column, "expression", sql)

    # trees

    def _order(self) -> list[str]:
        open_ = [c for c in self.own if c not in self.settled]
        first = [c for c in self.options.first if c in open_]
        rest = sorted((c for c in open_ if c not in first), key=lambda c: (entropy(self.own[c]), c))
        return first + rest

    def steps_to_go(self) -> list[str]:
        """Columns and hidden columns still to be learnt, in order."""
        return (
            self.todo + [n for n, item in self.drawn.items() if item.tree is None] + ["#children"]
        )

    def learn(self, column: str) -> None:
        """Learn one column."""
        if column == "#children":
            self._learn_children()
            return
        if column in self.own and column not in self.drawn:
            self.drawn[column] = _Drawn(self.own[column])
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
                tuple(c.name for c in item.inputs),
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
        self.drawn[column] = _Drawn(which, (), Tree.single(), cells)
        self.domains[column] = which.domain
        return [which]

    def _learn_children(self) -> None:
        """Hidden columns for the children: how many, and the kind of row they choose."""
        columns = [c for c in self.inputs if not c.name.startswith("#")]
        visible = {c.name: c for c in columns}
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
        item = _Drawn(target)
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
    """Draws so that each stands behind its inputs (hidden columns were registered before they were learnt)."""
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
