"""What was learnt under a budget as steps of a sampling program: each column given its parents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np

from genesis_sql.models.dp.columns import Counted
from genesis_sql.models.dp.infer import marginal_of
from genesis_sql.models.dp.learn import Learnt
from genesis_sql.models.dp.roles import Plan, words
from genesis_sql.models.learnt import Described
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Key, Words
from genesis_sql.program.steps import (
    Copy,
    Draw,
    MainParent,
    Number,
    Output,
    Program,
    Random,
    Sibling,
    Step,
    Tree,
)
from genesis_sql.types import Role

WEIGHT = 2**30  # of a cell in all


def draws(learnt: Learnt) -> tuple[list[Draw], dict[str, np.ndarray]]:
    """A step for each column, parents first, and the edges of numbers that others ask."""
    columns = [_in_order(c) for c in learnt.columns]
    steps: list[Draw] = []
    edges: dict[str, np.ndarray] = {}
    drawn = set(range(learnt.above))
    if learnt.found is None:
        return steps, edges
    tree, tables = learnt.found.tree, learnt.found.probabilities
    left = list(range(len(tree.cliques)))
    while left:  # below a parent: what hangs on it, or on columns drawn before, comes first
        i = left[0]
        if learnt.above:
            i = max(left, key=lambda j: (bool(drawn.intersection(tree.cliques[j])), -j))
        left.remove(i)
        clique = tree.cliques[i]
        known = [v for v in clique if v in drawn]
        for new in [v for v in clique if v not in drawn]:
            joint = marginal_of(tables[i], clique, tuple(sorted([*known, new])))
            order = sorted([*known, new])
            joint = np.moveaxis(joint, order.index(new), -1)
            asked = [v for v in order if v != new]
            steps.append(_draw(columns, new, asked, joint))
            edges |= {
                columns[v].asked.name: _edges(columns[v]) for v in asked if _numeric(columns[v])
            }
            drawn.add(new)
            known.append(new)
    return steps, edges


def domains(learnt: Learnt) -> dict[str, Domain]:
    """How each drawn column is read."""
    return {c.asked.name: _in_order(c).space.domain for c in learnt.own}


def _numeric(column: Counted) -> bool:
    return column.space.low is not None


def _in_order(column: Counted) -> Counted:
    """The column with labels of a group side by side; groups keep their numbers."""
    domain = column.space.domain
    if not isinstance(domain, Categories):
        return column
    size = column.space.size
    order = np.argsort(column.group[1 : size + 1], kind="stable") + 1
    codes = np.r_[0, order, np.arange(size + 1, column.space.codes)]
    labels = tuple(domain.labels[i - 1] for i in order.tolist())
    return replace(
        column,
        space=replace(column.space, domain=replace(domain, labels=labels)),
        rows=column.rows[codes],
        variance=column.variance[codes],
        group=column.group[codes],
    )


def _edges(column: Counted) -> np.ndarray:
    """Where the groups of a number meet: the last value of each but the last one."""
    assert column.space.low is not None
    starts = np.flatnonzero(np.diff(column.group[1:])) + 1
    low = column.space.low[starts]
    return low - 1 if low.dtype.kind == "i" else low


def _lasts(column: Counted) -> list[int]:
    """The last code, as routers see it, of each group that can be drawn."""
    size = column.space.size
    if _numeric(column):
        groups = len(np.unique(column.group[1 : size + 1]))
        return [*([0] if column.space.nullable else []), *range(1, groups + 1)]
    shown = column.group[: size + 1]
    if not column.space.nullable:
        shown = shown.copy()
        shown[0] = -1
    return [int(np.flatnonzero(shown == g)[-1]) for g in np.unique(shown[shown >= 0])]


def _draw(columns: Sequence[Counted], new: int, asked: Sequence[int], joint: np.ndarray) -> Draw:
    """One column, from the joint table of its parents' groups and (last axis) its own."""
    lasts = [_lasts(columns[v]) for v in asked]
    shape = tuple(len(x) for x in lasts)
    held = joint[tuple(slice(n) for n in shape)].reshape(-1, joint.shape[-1])
    cells = _cells(columns[new], held)
    names = tuple(columns[v].asked.name for v in asked)
    return Draw(columns[new].asked.name, names, router(lasts), cells)


def router(lasts: Sequence[Sequence[int]]) -> Tree:
    """A tree that leads each combination of groups to its cell, the last input's group fastest.

    Args:
        lasts: of each input, the last code of each group in order.
    """
    feature: list[int] = []
    threshold: list[int] = []
    left: list[int] = []
    right: list[int] = []

    def grow(at: int, low: int, high: int, cell: int) -> int:
        node = len(feature)
        for held in (feature, threshold, left, right):
            held.append(0)
        if at == len(lasts):
            feature[node], left[node] = -1, cell
        elif high - low == 1:
            inside = cell * len(lasts[at]) + low
            for held in (feature, threshold, left, right):
                held.pop()
            return grow(at + 1, 0, len(lasts[at + 1]) if at + 1 < len(lasts) else 0, inside)
        else:
            middle = (low + high) // 2
            feature[node], threshold[node] = at, lasts[at][middle - 1]
            left[node] = grow(at, low, middle, cell)
            right[node] = grow(at, middle, high, cell)
        return node

    grow(0, 0, len(lasts[0]) if lasts else 0, 0)
    return Tree(*(np.array(x, np.int32) for x in (feature, threshold, left, right)))


def _cells(column: Counted, groups: np.ndarray) -> Cells:
    """Cells of a column from the probability of each of its groups, a row per cell."""
    size = column.space.size
    fine, group = column.rows[: size + 1].copy(), column.group[: size + 1]
    if not column.space.nullable:
        fine[0] = 0.0
    count = np.bincount(group, minlength=groups.shape[1])
    sums = np.bincount(group, fine, groups.shape[1])
    fine = np.where(sums[group] > 0, fine / np.maximum(sums[group], 1e-300), 1 / count[group])
    if not column.space.nullable:
        fine[0] = 0.0
    weight = groups[:, group] * fine
    total = weight.sum(axis=1, keepdims=True)
    alone = np.where(column.rows[: size + 1].sum() > 0, column.rows[: size + 1], 1.0)
    alone = np.where(np.arange(size + 1) == 0, alone * column.space.nullable, alone)
    weight = np.where(total > 0, weight, alone)
    whole = np.rint(weight / weight.sum(axis=1, keepdims=True) * WEIGHT).astype(np.int64)
    owner, code = np.nonzero(whole)
    start = np.searchsorted(owner, np.arange(len(whole) + 1))
    accept, alias = alias_tables(start, whole[owner, code])
    if column.space.low is None:
        return Cells(start, accept, alias, code.astype(np.int32))
    assert column.space.width is not None
    at = np.maximum(code - 1, 0)
    low, width = column.space.low[at], column.space.width[at]
    null = code == 0
    return Cells(
        start, accept, alias, low, np.where(null, 1 if low.dtype.kind == "i" else 0, width), null
    )


def table_program(
    name: str, plans: Sequence[Plan], learnt: Learnt, main: MainParent | None = None
) -> Program:
    """The sampling program of a table: keys and made up text, then what was learnt."""
    steps: list[Step] = []
    held: dict[str, Domain] = {}
    for plan in plans:
        column, domain = plan.column, plan.domain
        if column.name in learnt.unnamed:
            domain = words(column.type, crc32(f"{name}.{column.name}".encode()))
        if isinstance(domain, Key) and not plan.source:
            steps.append(Number(column.name))
        elif plan.source:
            steps.append(Copy(column.name, plan.source))
        elif plan.sibling:
            steps.append(Sibling(column.name, 1))
        elif isinstance(domain, Words):
            steps.append(Random(column.name, domain.pattern.words_needed))
        if domain is not None:
            held[column.name] = domain
    drawn, edges = draws(learnt)
    held |= domains(learnt)
    outputs = tuple(Output(p.column.name, p.column.type) for p in plans if p.column.name in held)
    return Program(name, learnt.rows, (*steps, *drawn), held, edges, outputs, main)


def told(table: str, plans: Sequence[Plan], learnt: Learnt) -> list[Described]:
    """The rows of `genesis_describe`: what was bought, and what the budget did not reach."""
    counted = {c.asked.name: c for c in learnt.own}
    steps = {s.column: s for s in draws(learnt)[0]}
    out = []
    for plan in plans:
        c = plan.column
        role = c.role.value
        if c.name in counted:
            step = steps[c.name]
            shown = _reason(counted[c.name])
            out.append(
                Described(
                    table,
                    c.name,
                    c.type,
                    role,
                    "noisy marginal",
                    step.inputs,
                    step.cells.count,
                    shown,
                )
            )
        elif c.name in learnt.unnamed:
            reason = "no label is frequent enough to be shown: made anew from random letters"
            out.append(Described(table, c.name, c.type, role, "made up", reason=reason))
        elif c.role is Role.UNSUPPORTED:
            out.append(Described(table, c.name, c.type, role, "left out", reason=plan.told))
        else:
            step_ = "made up" if c.role is Role.IDENTIFIER else c.role.value
            out.append(Described(table, c.name, c.type, role, step_, reason=plan.told))
    return out


def _reason(column: Counted) -> str:
    space = column.space
    if space.low is None or space.width is None or not isinstance(space.domain, Grid):
        return column.told
    if space.domain.type in ("DATE", "TIME") or space.domain.type.startswith("TIMESTAMP"):
        return column.told
    unit = 10.0**space.domain.scale
    last = space.low[-1] + space.width[-1] - 1
    return f"{column.told}: {space.low[0] / unit:.12g} to {last / unit:.12g}"
