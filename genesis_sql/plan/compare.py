"""Comparisons of two columns on one grid, without asking DuckDB: the commonest constraints."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
from sqlglot import exp

from genesis_sql.plan.accept import Broken, all_of
from genesis_sql.plan.definition import Model
from genesis_sql.plan.predicate import Predicates, end_of
from genesis_sql.program.allowlist import check_expression
from genesis_sql.program.domain import Grid, Raw
from genesis_sql.program.expressions import sampled
from genesis_sql.program.steps import Program
from genesis_sql.sqlbuild import text

_KEPT: dict[type, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    exp.LT: operator.lt, exp.LTE: operator.le, exp.GT: operator.gt, exp.GTE: operator.ge,
    exp.EQ: operator.eq, exp.NEQ: operator.ne,
}  # fmt: skip


def broken_by(
    model: Model, program: Program, sqls: Sequence[str]
) -> tuple[Broken, tuple[str, ...]]:
    """What tells the rows that break some predicates, and the columns that it reads."""
    each: list[Broken] = []
    needed: dict[str, None] = {}
    rest: list[str] = []
    for part in (part for sql in sqls for part in _parts(sql)):
        fast = _compared(model, program, part)
        if fast is None:
            rest.append(text(part))
        else:
            each.append(fast[0])
            needed |= dict.fromkeys(fast[1])
    if rest:
        slow = Predicates(model, program, rest)
        each.append(slow)
        needed |= dict.fromkeys(slow.needed)
    return all_of(each), tuple(needed)


def _parts(sql: str) -> list[exp.Expression]:
    """What has to hold at once: a row breaks a predicate where one of these is false."""
    tree = check_expression(sql).unnest()
    parts = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return [cast(exp.Expression, part) for part in parts]


def _compared(
    model: Model, program: Program, part: exp.Expression
) -> tuple[Broken, tuple[str, str]] | None:
    """A comparison of two columns whose raw numbers can be compared; None for anything else."""
    node = part.unnest()
    kept = _KEPT.get(type(node))
    if kept is None:
        return None
    sides = [_on_grid(model, program, side) for side in (node.this, node.expression)]
    if sides[0] is None or sides[1] is None:
        return None
    (left, one), (right, other) = sides[0], sides[1]
    if one.scale != other.scale or one.type != other.type:
        return None

    def broken(raw: Mapping[str, Raw], n: int) -> np.ndarray:
        a, b = raw[left], raw[right]
        out = ~kept(a.values * one.step, b.values * other.step)
        for side in (a, b):
            if side.valid is not None:
                out &= side.valid
        return np.asarray(out)

    return broken, (left, right)


def _on_grid(model: Model, program: Program, side: exp.Expression) -> tuple[str, Grid] | None:
    """The raw column that one side of a comparison is, and its grid."""
    node = side.unnest()
    if not isinstance(node, exp.Column):
        return None
    path = tuple(node.table.split(".")) if node.table else ()
    owner, link = end_of(model, program, path)
    copied = link is not None and link.parent in model.verbatim
    domain = None if copied else owner.domains.get(node.name)
    if not isinstance(domain, Grid) or domain.type == "FLOAT" or node.name not in sampled(owner):
        return None  # of single floats, two numbers on the grid may be one
    types = {o.name: o.type for o in owner.outputs}
    if types.get(node.name) != domain.type:
        return None
    return ".".join([*path, node.name]), domain
