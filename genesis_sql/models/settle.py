"""What the keys of a table fix before trees are grown: copied, counted, chosen and made columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from genesis_sql.graph.personal import anew
from genesis_sql.models.derive import derived_columns
from genesis_sql.models.family import Ties, gather, whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.keys import KeyColumn, Residual, differ, key_column, residual, text_column
from genesis_sql.models.learnt import Described, Drawn, FitOptions, Learnt
from genesis_sql.models.links import (
    copy_composite,
    dangling_key,
    settle_own,
)
from genesis_sql.models.load import NUMBERS, LinkData, Loaded, code_labels, dangling
from genesis_sql.models.nested import json_sql, list_step, struct_sql
from genesis_sql.models.running import Running, find_running
from genesis_sql.models.siblings import Siblings, arrange
from genesis_sql.models.totals import DRAWN, find_totals, hidden, shown, sources_of
from genesis_sql.program.column_types import ROOT
from genesis_sql.program.domain import Categories, Domain, Fixed, Raw
from genesis_sql.program.steps import (
    PARENT,
    Constant,
    Copy,
    Digit,
    Expression,
    Link,
    MainParent,
    Number,
    Pick,
    PickDistinct,
    Random,
    Sibling,
    Step,
    Stratum,
)
from genesis_sql.types import Column, Role, Table


def places(family: Siblings) -> list[Coded]:
    """A row's place among its siblings, their number, and how many come after it."""
    k, count = family.k, family.count
    return [
        whole(f"{PARENT}.#k", np.maximum(k, 0), k >= 0),
        whole(f"{PARENT}.#count", count),
        whole(f"{PARENT}.#left", np.maximum(count - k - 1, 0), k >= 0),
    ]


IN_ORDER = "unique, in order"


class Settled:
    """One table with all that its keys, texts and calendar parts fix, before any tree is grown."""

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
        self.drawn: dict[str, Drawn] = {}
        self.parts: dict[str, np.ndarray] = {}
        self.context: list[Coded] = []
        self.inputs: list[Coded] = []
        self.links: list[Link] = []
        self.described: list[Described] = []
        self.own: dict[str, Coded] = dict(self.loaded.columns)
        self.family: Siblings | None = None
        self.running: Running | None = None
        self.settled: set[str] = set()
        self.main: MainParent | None = None
        self.unique_by: set[str] = set()
        self._settle()

    def _settle(self) -> None:
        self._label_copied_keys()
        if self.ties.main is not None:
            self._settle_main(self.ties.main)
        self._settle_key()
        for link in self.ties.further:
            self._settle_further(link)
        settle_own(self)
        if self.loaded.rows == 0:
            self._settle_empty()
        self._settle_text()
        self._settle_nested()
        self._settle_totals()
        self._settle_derived()

    def _label_copied_keys(self) -> None:
        """A reference to a verbatim table is a label: the keys that occur."""
        for link in self.ties.copied:
            key = link.relationship
            if len(key.columns) > 1:
                copy_composite(self, link)
                continue
            column = self.loaded.table.column(key.columns[0])
            values = self.loaded.arrow[column.name].combine_chunks().cast(pa.string())
            found = pa.array(
                np.where(link.parent_row >= 0, values.to_numpy(zero_copy_only=False), None),
                pa.string(),
            )
            if key.kept_orphans:
                found = self._with_common(values, dangling(self.loaded.arrow, link))
            self.own[column.name] = code_labels(column.name, column.type, found)

    def _with_common(self, values: pa.Array, lost: np.ndarray) -> pa.Array:
        """References that dangle as they are; the rare ones as the commonest of them."""
        held = values.to_numpy(zero_copy_only=False).copy()
        known, place, count = np.unique(held[lost], return_inverse=True, return_counts=True)
        rare = count[place] < self.options.fill.floor
        held[lost] = np.where(rare, known[np.argmax(count)], held[lost])
        return pa.array(held, pa.string())

    def _settle_main(self, link: LinkData) -> None:
        key, parent = link.relationship, self.tables[link.relationship.parent]
        strict = any(not self.loaded.table.column(c).nullable for c in key.columns) or bool(
            set(key.columns) & set(self.loaded.table.primary_key)
        )
        loose = 0 if strict and not key.kept_orphans else int((link.parent_row < 0).sum())
        program_link = Link(PARENT, key.parent, key.columns, key.parent_columns)
        self.main = MainParent(program_link, f"#count:{self.name}", loose, max(parent.rows, 1))
        further = self.ties.further + self.ties.own + self.ties.late
        chosen = {c for x in further for c in x.relationship.columns}
        left = residual(self.loaded, self.own, link, chosen)
        by = left.column if left and left.kind == "sibling" else None
        family = arrange(self.loaded, link.parent_row, by)
        self.running, self.family = find_running(self.loaded.columns, family, link.parent_row)
        self.context = self._of_parent(link) + places(self.family)
        shared = {c for x in self.loaded.links if x is not link for c in x.relationship.columns}
        for own, above in zip(key.columns, key.parent_columns, strict=True):
            self._copy(own, PARENT, above, drawn_alone=own in shared and loose > 0, link=link)
        if left is not None:
            self._settle_residual(left)

    def _of_parent(self, link: LinkData) -> list[Coded]:
        """The parent's columns for its children: its own, its ancestors', and its summaries."""
        learnt = self.learnt[link.relationship.parent]
        own = [c for n, c in learnt.columns.items() if not hidden(n)]
        found = [*own, *learnt.above, *learnt.summaries.get(self.name, [])]
        found = [c for c in found if f"{PARENT}.{c.name}" not in self.own]
        return [gather(c, link.parent_row, f"{PARENT}.{c.name}") for c in found]

    def _copy(self, own: str, alias: str, above: str, *, drawn_alone: bool, link: LinkData) -> None:
        """The key column is the parent's.

        Where rows without parent need one for another key, it is drawn.
        """
        parent = self.learnt[link.relationship.parent].columns.get(above)
        otherwise = None
        if (
            drawn_alone
            and parent is not None
            and isinstance(parent.domain, Categories)
            and own in self.own
        ):
            otherwise = f"#{own}"
            self.drawn[otherwise] = Drawn(self._in_domain(own, parent, otherwise))
        self.domains[own] = self.learnt[link.relationship.parent].domains[above]
        otherwise = otherwise or dangling_key(self, link, own, alias)
        self.after.append(Copy(own, f"{alias}.{above}", otherwise))
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
                "; ".join(t for t in (self._is_personal(node), reason or node.reason) if t),
            )
        )

    def _is_personal(self, node: Column) -> str:
        """What `genesis_describe` says of a column of personal data."""
        if not node.personal or node.role is Role.UNSUPPORTED:
            return ""
        return f"personal: {node.personal}{', made anew' if anew(node) else ''}"

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
        chosen = self.ties.further + self.ties.own + self.ties.late
        linked = {c for x in chosen for c in x.relationship.columns}
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
        if node.type == "BOOLEAN" or node.type.startswith("ENUM"):
            self._settle_labels(column)
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
        self._done(column, "digit", IN_ORDER)

    def _settle_labels(self, column: str) -> None:
        """A unique column of a type that has few values: each once, then NULL or an end."""
        node = self.loaded.table.column(column)
        texts = self.loaded.arrow[column].combine_chunks().cast(pa.string())
        held = code_labels(column, node.type, texts)
        values = [*held.values.tolist(), *([0] if node.nullable else [])]
        self.own[column], self.domains[column] = held, held.domain
        self.before.append(Digit(column, np.array(values, np.int32), 0, 1, 0))
        self._done(column, "digit", IN_ORDER)

    def _settle_lattice(self, key: list[str]) -> None:
        """A composite key without parent.

        A nearly full grid becomes mixed radix digits, otherwise one part counts.
        """
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
        room = any(c is not None and c.numeric for c in held) or (
            math.prod(sizes) >= 4 * self.loaded.rows
        )
        if 0 not in sizes and room and max(sizes) < self.loaded.rows / 2:
            return  # values that many rows share are drawn; the key is looked after as a whole
        for column in sorted(key, key=lambda c: -self.loaded.table.column(c).distinct):
            found = key_column(self.loaded, column)
            if found is not None:
                self._number(column, found, "makes the key unique")
                return

    def _presence(self, column: str) -> str:
        """A hidden label: is there a value?"""
        name = f"#has:{column}"
        has = np.asarray(self.loaded.arrow[column].combine_chunks().is_valid())
        self.drawn[name] = Drawn(
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
        if self._bridge(link):
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

    def _bridge(self, link: LinkData) -> bool:
        """Whether this key has to make a composite key unique among the main parent's children.

        Where siblings share a parent the whole key is looked after when rows are made.
        """
        columns = link.relationship.columns
        if self.ties.main is None or not differ(self.ties.main.parent_row, link.parent_row):
            return False
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
        key = link.relationship
        strict = any(not self.loaded.table.column(c).nullable for c in key.columns)
        strict = strict and not key.kept_orphans
        target = coded(
            name,
            Categories("VARCHAR", labels),
            Raw(np.where(strict & (kind == 0), 1, kind).astype(np.int32)),
        )
        self.drawn[name] = Drawn(target)
        self.after.append(Pick(row, alias, name, group, f"#count:{self.name}.{alias}", shared))

    def _settle_empty(self) -> None:
        """A table without rows stays without rows: its columns are NULL of their types."""
        for column in self.loaded.table.columns:
            if column.name in self.settled or column.role is Role.UNSUPPORTED:
                continue
            self.own.pop(column.name, None)
            self.domains[column.name] = Fixed(column.type, None)
            self.before.append(Constant(column.name))
            self._done(column.name, "constant", "the table is empty")

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

    def _settle_nested(self) -> None:
        """Structs and lists are put together again after all their parts are drawn."""
        parts = {c.name: c for c in self.loaded.table.columns if c.role is not Role.UNSUPPORTED}
        for column in self.loaded.table.columns:
            if column.role is Role.STRUCT and not column.inside:
                sql = struct_sql(column.name, column.type, parts)
                self.expressions.append(Expression(column.name, sql))
                self._done(column.name, "struct", "of its fields")
            elif column.role is Role.JSON:
                self.expressions.append(Expression(column.name, json_sql(column.name, parts)))
                self._done(column.name, "json", "of its keys")
            elif column.role is Role.LIST:
                table = next(t for t in self._lists() if t.nested == column.name)
                self.after.append(list_step(table, column.name, parts))
                if not column.name.endswith(ROOT):
                    self._done(column.name, "list", "of its elements in order")

    def _lists(self) -> list[Table]:
        """The hidden tables of this table's list columns."""
        own = [n for n, bond in self.bonds.items() if bond.main is not None]
        nested = [self.tables[n].table for n in own if self.tables[n].table.nested]
        parents = {n: self.bonds[n].main for n in own}
        return [t for t in nested if (x := parents[t.name]) and x.relationship.parent == self.name]

    def _settle_totals(self) -> None:
        """Columns that the children fix: drawn under another name, which all others read."""
        for column, total in find_totals(self.tables, self.bonds, self.name).items():
            if column not in self.settled and column in self.own:
                name = f"{DRAWN}{column}"
                self.own[name] = replace(self.own.pop(column), name=name)
                self.domains[column] = total.domain
                self.after.append(total.step)
                self._done(column, "aggregate", total.text)
                if self.family is not None and self.family.moment == column:
                    self.family = replace(self.family, moment=name)
                if self.running and column in (self.running.total, self.running.amount):
                    self.running = None  # it would read what only the children fix

    def _settle_derived(self) -> None:
        if self.loaded.table.nested:
            return
        columns = {shown(n): c for n, c in self.own.items()}
        kept = self.settled | sources_of(self.tables, self.bonds, self.name)
        for column, sql in derived_columns(columns, kept).items():
            self.expressions.append(Expression(column, sql))
            self.domains.pop(column, None)
            self._done(column, "expression", sql)
