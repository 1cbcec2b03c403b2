"""Routers and cells in SQL: trees as nested CASE, cells as lists, alias draws in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sqlglot import exp

from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Domain, Reals
from genesis_sql.program.draw import WORD
from genesis_sql.program.sql_nodes import (
    above,
    add,
    as_type,
    case,
    div,
    element,
    floored,
    is_null,
    less,
    literal,
    mod,
    numbers,
    op,
    real,
    times,
    up_to,
)
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.steps import Tree

HALF_OPEN = 2.0**-32  # a word times this lies in [0, 1)


def route(tree: Tree, codes: Sequence[exp.Expression]) -> exp.Expression:
    """The cell of a row: left where code ≤ threshold."""
    made: dict[int, exp.Expression] = {}
    for node in range(len(tree.feature) - 1, -1, -1):  # children stand behind their parents
        left, right = int(tree.left[node]), int(tree.right[node])
        if tree.feature[node] < 0:
            made[node] = literal(left)
        else:
            asked = up_to(codes[tree.feature[node]], int(tree.threshold[node]))
            made[node] = case([(asked, made[left])], made[right])
    return made[0]


def cut(value: exp.Expression, edges: np.ndarray) -> exp.Expression:
    """Code of a number: 0 for NULL, else 1 + the edges below it (NaN lies above all here too)."""
    shown = [real(e) if edges.dtype.kind == "f" else literal(e) for e in edges.tolist()]

    def between(low: int, high: int) -> exp.Expression:
        if low == high:
            return literal(1 + low)
        middle = (low + high) // 2
        under = up_to(value, shown[middle])
        return case([(under, between(low, middle))], between(middle + 1, high))

    return case([(is_null(value), literal(0))], between(0, len(shown)))


def fraction(word: exp.Expression) -> exp.Expression:
    """A word as a double in [0, 1)."""
    return times(as_type(word, "DOUBLE"), real(HALF_OPEN))


def lookup(
    relation: Relation, name: str, values: np.ndarray, index: exp.Expression | int
) -> exp.Expression:
    """An element of a fixed array."""
    return element(relation.single(name, numbers(values)), index)


def slot(
    relation: Relation, name: str, cells: Cells, cell: exp.Expression, word: exp.Expression
) -> exp.Column:
    """The slot that a word draws in a cell: Walker's alias method, as in `cells`."""
    starts = relation.single(f"{name} start", numbers(cells.start))
    at = relation.put(f"{name} cell", cell)
    size = op(exp.Sub, element(starts, add(at, 1)), element(starts, at))
    spread = relation.put(f"{name} spread", times(word, size))
    first = relation.put(f"{name} first", add(element(starts, at), div(spread, WORD)))
    taken = less(mod(spread, WORD), lookup(relation, f"{name} accept", cells.accept, first))
    other = lookup(relation, f"{name} alias", cells.alias, first)
    return relation.put(f"{name} slot", case([(taken, first)], other))


def drawn(
    relation: Relation,
    name: str,
    cells: Cells,
    domain: Domain,
    at: exp.Column,
    within: Callable[[], exp.Expression],
) -> exp.Expression:
    """What a slot stands for: a code, or a number inside its interval; NULL at a null slot.

    Args:
        relation: the rows.
        name: what the columns put here are called.
        cells: all slots.
        domain: of the column drawn.
        at: the slot of each row.
        within: gives the word that decides on the place inside the interval.
    """
    low = lookup(relation, f"{name} low", cells.low, at)
    if isinstance(domain, Categories) or cells.width is None:
        return low
    reals = isinstance(domain, Reals)
    widths = np.where(cells.width > (0 if reals else 1), cells.width, 0)  # NaN is no width either
    node = low
    if widths.any():
        width = relation.put(f"{name} width", lookup(relation, f"{name} widths", widths, at))
        inside = times(fraction(within()), as_type(width, "DOUBLE"))
        node = case([(above(width, 0), add(low, inside if reals else floored(inside)))], low)
    if cells.null is None or not cells.null.any():
        return node
    null = lookup(relation, f"{name} null", cells.null.astype(np.int32), at)
    return case([(op(exp.EQ, null, 0), node)])
