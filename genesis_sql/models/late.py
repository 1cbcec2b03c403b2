"""Foreign keys whose rows are chosen when all tables are learnt.

Those that close a circle of tables, and those that hold for one value of a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from sqlglot import exp

from genesis_sql.encoders.number import fit_number
from genesis_sql.graph.roles import role_of_type
from genesis_sql.models.family import child_counts, whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.keys import text_column
from genesis_sql.models.links import HEAVY, MOSTLY, Pairs, dangling_key, without_loops
from genesis_sql.models.load import LinkData, code_labels, value_holds
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import (
    Copy,
    Expression,
    Link,
    Pick,
    PickSelf,
    Random,
    Tree,
)
from genesis_sql.sqlbuild import column, text
from genesis_sql.types import Role

if TYPE_CHECKING:
    from genesis_sql.models.fit import Learner


@dataclass(frozen=True, eq=False)
class _Gate:
    """The rows in which a reference holds: those of one label.

    Attributes:
        label: the column that decides.
        code: of its value.
        rows: bool of shape (n,), the source's rows that have it.
    """

    label: Coded
    code: int
    rows: np.ndarray


def learn_late(learners: Mapping[str, Learner], name: str) -> None:
    """The late references of a table, once all tables are learnt."""
    child = learners[name]
    made: dict[str, list[str]] = {}
    for link in child.ties.late if child.loaded.rows else ():
        key = link.relationship
        gate = _gate(child, key.when) if key.when else None
        if key.when and gate is None:
            continue
        hidden = _keys(child, link)
        if key.parent == name:
            _choose_earlier(child, link, gate, hidden)
        elif key.parent not in learners:
            _draw_copied(child, link, gate, hidden)
        else:
            _choose(child, learners[key.parent], link, gate, hidden)
        if gate is not None:
            for own, column_ in hidden.items():
                made.setdefault(own, []).append(column_)
    for link in child.ties.late if child.loaded.rows else ():
        for own in link.relationship.columns:
            if own not in child.settled:
                _merge(child, own, made.get(own, []))


def _gate(child: Learner, when: tuple[str, str]) -> _Gate | None:
    """None where the label does not occur."""
    held = child.own.get(when[0])
    if held is None or not isinstance(held.domain, Categories) or when[0] not in child.domains:
        return None
    if when[1] not in held.domain.labels:
        return None
    code = held.domain.labels.index(when[1]) + 1
    return _Gate(held, code, value_holds(child.loaded.arrow, when))


def _keys(child: Learner, link: LinkData) -> dict[str, str]:
    """The columns that a reference fills, each with its name; hidden where others fill it too."""
    key, alias = link.relationship, child.ties.alias(link)
    open_ = [own for own in key.columns if own not in child.settled]
    return {own: f"#key:{own}.{alias}" if key.when else own for own in open_}


# the choice


def _choose(
    child: Learner, parent: Learner, link: LinkData, gate: _Gate | None, hidden: Mapping[str, str]
) -> None:
    """A further parent of a table that may stand before it.

    Where the parent's row nearly always refers back to the row that chooses it (a department's
    manager works there), it is chosen among those that do.
    """
    key, alias = link.relationship, child.ties.alias(link)
    if not hidden:
        return
    pairs = tuple(zip(key.columns, key.parent_columns, strict=True))
    shared = tuple(p for p in pairs if p[0] in child.settled)
    shared = tuple(dict.fromkeys((*shared, *_points_back(child, parent, link))))
    group, weight = f"#kind:{child.name}.{alias}", f"#count:{child.name}.{alias}"
    kinds = _kinds(child, parent, link, "" if shared else group)
    columns = [c for c in parent.inputs if not c.name.startswith("#")]
    counts = child_counts(link, parent.loaded.rows) * (HEAVY if shared else 1)
    parent.grow(weight, whole(weight, counts), [*parent.context, *columns])
    filled = kinds if key.kept_orphans else _filled(child, kinds, hidden)
    _learn_gated(child, filled, gate)
    child.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
    row = child.links[-1].row
    child.after.append(Pick(row, alias, kinds.name, group, weight, shared))
    reason = f"key of {key.parent}, chosen last: the tables form a circle"
    _copies(child, link, hidden, parent, None if gate else reason)
    for name in [n for n, item in child.drawn.items() if item.tree is None]:
        child.learn(name)


def _copies(
    child: Learner,
    link: LinkData,
    hidden: Mapping[str, str],
    parent: Learner,
    reason: str | None,
) -> None:
    """Copy steps for the key; the visible ones are done with a reason."""
    key, alias = link.relationship, child.ties.alias(link)
    for own, above in zip(key.columns, key.parent_columns, strict=True):
        if own in hidden:
            child.domains[hidden[own]] = parent.domains[above]
            lost = dangling_key(child, link, own, alias)
            child.after.append(Copy(hidden[own], f"{alias}.{above}", lost))
            if reason is not None:
                child._done(own, "copy", reason)


def _kinds(child: Learner, parent: Learner, link: LinkData, group: str) -> Coded:
    """The kind of parent that each row has, 0 for none; only 0 and 1 without a ``group``."""
    has = link.parent_row >= 0
    kinds = has.astype(np.int32)
    labels: tuple[str, ...] = ("1",)
    if group:
        columns = [c for c in parent.inputs if not c.name.startswith("#")]
        held = parent.learnt[parent.name].columns
        parent._learn_kinds(child.name, link, child.ties.alias(link), columns, held)
        found = held[group].raw.values
        if len(found):
            kinds = np.where(has, found[np.maximum(link.parent_row, 0)], 0).astype(np.int32)
        labels = tuple(str(i + 1) for i in range(int(found.max(initial=1))))
    name = f"#kind:{child.ties.alias(link)}"
    return coded(name, Categories("VARCHAR", labels), Raw(kinds))


def _points_back(child: Learner, parent: Learner, link: LinkData) -> Pairs:
    """The key by which the parent's rows refer to the rows that choose them, where they do."""
    rows = np.flatnonzero(link.parent_row >= 0)
    best, share = None, MOSTLY
    for back in parent.loaded.links:
        if back.relationship.parent == child.name and len(rows):
            agrees = float((back.parent_row[link.parent_row[rows]] == rows).mean())
            settled = set(back.relationship.columns) <= parent.settled
            if settled and agrees >= share:
                best, share = back, agrees
    if best is None:
        return ()
    key = best.relationship
    return tuple(zip(key.parent_columns, key.columns, strict=True))


def _choose_earlier(
    child: Learner, link: LinkData, gate: _Gate | None, hidden: Mapping[str, str]
) -> None:
    """A reference to the table itself that holds for one label: an earlier row."""
    key, alias = link.relationship, child.ties.alias(link)
    if not hidden:
        return
    has = without_loops(link.parent_row) >= 0
    kinds = coded(f"#kind:{alias}", Categories("VARCHAR", ("1",)), Raw(has.astype(np.int32)))
    _learn_gated(child, _filled(child, kinds, hidden), gate)
    child.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
    child.after.append(PickSelf(child.links[-1].row, alias, kinds.name))
    _copies(child, link, hidden, child, None)


def _draw_copied(
    child: Learner, link: LinkData, gate: _Gate | None, hidden: Mapping[str, str]
) -> None:
    """A reference to a verbatim table: its key is drawn like a label."""
    for own, name in hidden.items():
        values = child.loaded.arrow[own].combine_chunks().cast(pa.string())
        known = np.where(link.parent_row >= 0, values.to_numpy(zero_copy_only=False), None)
        type_ = child.loaded.table.column(own).type
        _learn_gated(child, code_labels(name, type_, pa.array(known, pa.string())), gate)


# hidden labels that hold in some rows only


def _strict(child: Learner, hidden: Mapping[str, str]) -> bool:
    return any(not child.loaded.table.column(own).nullable for own in hidden)


def _filled(child: Learner, kinds: Coded, hidden: Mapping[str, str]) -> Coded:
    """Without rows that have no parent, where the column may not be NULL."""
    if not _strict(child, hidden):
        return kinds
    return coded(kinds.name, kinds.domain, Raw(np.maximum(kinds.raw.values, 1)))


def _learn_gated(
    child: Learner, target: Coded, gate: _Gate | None, rows: np.ndarray | None = None
) -> None:
    """A hidden column learnt from the rows in which a reference holds; code 0 in all others."""
    columns = [c for c in child.inputs if not c.name.startswith("#")]
    chosen = gate.rows if gate is not None else rows
    inputs = [*child.context, *columns]
    item = child.grow(target.name, target, inputs, child.sample(chosen))
    if gate is not None and item.tree is not None and item.cells is not None:
        item.tree, item.cells, item.inputs = _gated(item.tree, item.cells, item.inputs, gate)


def _gated(
    tree: Tree, cells: Cells, inputs: tuple[Coded, ...], gate: _Gate
) -> tuple[Tree, Cells, tuple[Coded, ...]]:
    """The tree behind two questions that let only the label's code through."""
    if gate.label.name not in [c.name for c in inputs]:
        inputs = (*inputs, gate.label)
    at = [c.name for c in inputs].index(gate.label.name)
    inner, none, root = tree.feature >= 0, cells.count, 4
    left = np.where(inner, tree.left + root, tree.left)
    right = np.where(inner, tree.right + root, tree.right)
    behind = Tree(
        np.r_[at, at, -1, -1, tree.feature].astype(np.int32),
        np.r_[gate.code - 1, gate.code, 0, 0, tree.threshold].astype(np.int32),
        np.r_[2, root, none, none, left].astype(np.int32),
        np.r_[1, 3, 0, 0, right].astype(np.int32),
    )
    slots = len(cells.low)
    wider = Cells(
        np.r_[cells.start, slots + 1].astype(np.int64),
        np.r_[cells.accept, np.uint32(2**32 - 1)].astype(np.uint32),
        np.r_[cells.alias, slots].astype(np.int32),
        np.r_[cells.low, 0].astype(np.int32),
    )
    return behind, wider, inputs


# the visible column


def _merge(child: Learner, own: str, hidden: list[str]) -> None:
    """The visible column: the key of whichever parent the row has, or a value of its own."""
    node = child.loaded.table.column(own)
    links = [x.relationship for x in child.ties.late if own in x.relationship.columns]
    known = [k.when for k in links if k.when]
    parts: list[exp.Expression] = [exp.cast(column(h), node.type, dialect="duckdb") for h in hidden]
    other = _own_values(child, own, known)
    if other is not None:
        case = exp.Case().when(_has_label(known), exp.null())
        parts.append(case.else_(exp.cast(column(other), node.type, dialect="duckdb")))
    for key in links:
        if key.parent == child.name and key.when and not node.nullable:  # the first row of all
            itself = dict(zip(key.columns, key.parent_columns, strict=True))[own]
            parts.append(exp.Case().when(_has_label([key.when]), column(itself)))
    either = exp.Coalesce(this=parts[0], expressions=parts[1:]) if parts else exp.null()
    child.expressions.append(Expression(own, text(either)))
    child.domains.pop(own, None)
    names = " or ".join(dict.fromkeys(k.parent for k in links))
    child._done(own, "copy", f"key of {names}, by '{known[0][0]}'" if known else "no parent")


def _has_label(labels: list[tuple[str, str]]) -> exp.Expression:
    """Whether the row has one of these labels, all of one column."""
    held = exp.cast(column(labels[0][0]), "VARCHAR", dialect="duckdb")
    return exp.In(this=held, expressions=[exp.Literal.string(value) for _, value in labels])


def _own_values(child: Learner, own: str, known: list[tuple[str, str]]) -> str | None:
    """A hidden column for the rows whose label no reference holds for; None where all are NULL."""
    if len({name for name, _ in known}) != 1:
        return None
    rest = ~np.any([value_holds(child.loaded.arrow, when) for when in known], axis=0)
    array = child.loaded.arrow[own].combine_chunks()
    there = rest & np.asarray(array.is_valid())
    if not there.any():
        return None
    name, node = f"#other:{own}", child.loaded.table.column(own)
    if role_of_type(node.type) is Role.INTEGER:
        _learn_gated(child, coded(name, *fit_number(array, node.type)), None, rest)
        return name
    present = f"#has:{name}"
    label = coded(present, Categories("VARCHAR", ("1",)), Raw(there.astype(np.int32)))
    _learn_gated(child, label, None, rest)
    only = replace(child.loaded, arrow=child.loaded.arrow.filter(pa.array(there)))
    domain, words = text_column(only, own)
    child.domains[name] = domain
    child.after.append(Random(name, words, present))
    return name
