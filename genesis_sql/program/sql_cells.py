"""Routers and cells in SQL: small trees as nested CASE, alias draws in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from sqlglot import exp

from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Domain, Grid, Reals
from genesis_sql.program.draw import WORD
from genesis_sql.program.sql_nodes import (
    above,
    add,
    as_type,
    case,
    div,
    floored,
    is_null,
    less,
    literal,
    mod,
    op,
    own,
    real,
    times,
    up_to,
)
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.steps import Draw, Program, Tree, step_columns
from genesis_sql.sqlbuild import column

_CODES = 2**15
"""Codes below it fit into one whole number with the threshold of their slot, two at a time."""
SPREAD = 10_000
"""Numbers from a column's lowest to its highest up to which each has its code in an array."""
HALF_OPEN = 2.0**-32  # a word times this lies in [0, 1)


def route(tree: Tree, codes: Sequence[exp.Expression], found: np.ndarray) -> exp.Expression:
    """What is found in the cell of a row: left where code ≤ threshold."""
    made: dict[int, exp.Expression] = {}
    for node in range(len(tree.feature) - 1, -1, -1):  # children stand behind their parents
        left, right = int(tree.left[node]), int(tree.right[node])
        if tree.feature[node] < 0:
            made[node] = literal(int(found[left]))
        else:
            asked = up_to(codes[tree.feature[node]], int(tree.threshold[node]))
            made[node] = case([(asked, made[left])], made[right])
    return made[0]


def cut(value: exp.Expression, edges: np.ndarray) -> exp.Expression:
    """Code of a number: 0 for NULL, else 1 + the edges below it (NaN lies above all here too)."""
    codes = [literal(1 + i) for i in range(len(edges) + 1)]
    return case([(is_null(value), literal(0))], _between(value, edges, codes))


def coded(relation: Relation, program: Program, name: str) -> exp.Expression:
    """Code of a raw number: an element of an array where the column has few values, else `cut`."""
    edges, ends = program.edges[name], _ends(program, name)
    if relation.query.dialect.reads != "columns" or ends is None or ends[1] - ends[0] > SPREAD:
        return cut(column(name), edges)
    values = np.arange(ends[0], ends[1] + 1)
    codes = (1 + np.searchsorted(edges, values)).astype(np.int32)
    found = lookup(relation, f"#{name} codes", codes, op(exp.Sub, column(name), ends[0]))
    return exp.Coalesce(this=found, expressions=[literal(0)]) if ends[2] else found


def _ends(program: Program, name: str) -> tuple[int, int, bool] | None:
    """The lowest and the highest number that a column draws, and whether it has NULL."""
    steps = [s for s in program.steps if name in step_columns(s)]
    step = steps[0] if len(steps) == 1 else None
    if not isinstance(step, Draw) or not isinstance(program.domains[name], Grid):
        return None
    cells = step.cells
    real = np.ones(len(cells.low), bool) if cells.null is None else ~cells.null
    if (step.at_most, step.at_least) != (None, None) or cells.width is None or not real.any():
        return None
    highest = cells.low[real] + np.maximum(cells.width[real], 1)
    return int(cells.low[real].min()), int(highest.max()) - 1, not bool(real.all())


def fraction(word: exp.Expression) -> exp.Expression:
    """A word as a double in [0, 1)."""
    return times(as_type(word, "DOUBLE"), real(HALF_OPEN))


def lookup(
    relation: Relation, name: str, values: np.ndarray, index: exp.Expression | int
) -> exp.Expression:
    """An element of a fixed array."""
    return relation.array(name, values, index)


def _between(
    value: exp.Expression, edges: np.ndarray, found: Sequence[exp.Expression]
) -> exp.Expression:
    """One of the nodes, by the number of edges below a value."""
    shown = [real(e) if edges.dtype.kind == "f" else literal(e) for e in edges.tolist()]

    def between(low: int, high: int) -> exp.Expression:
        if low == high:
            return own(found[low])
        middle = (low + high) // 2
        under = up_to(value, shown[middle])
        return case([(under, between(low, middle))], between(middle + 1, high))

    return between(0, len(shown))


def spans(cells: Cells) -> tuple[np.ndarray, int]:
    """The first slot and the number of slots of each cell in one number; the bits of the latter."""
    size = np.diff(cells.start)
    bits = int(size.max()).bit_length()
    return cells.start[:-1].astype(np.int64) << bits | size, bits


def slot(
    relation: Relation, name: str, cells: Cells, cell: exp.Expression, word: exp.Expression
) -> tuple[exp.Column, exp.Expression, exp.Expression | None]:
    """Walker's alias method, as in `cells`: the slot a word hits, its alias, which one it is.

    Args:
        relation: the rows.
        name: what the columns put here are called.
        cells: all slots.
        cell: the number of each row's cell in `spans`.
        word: decides on the slot.

    Returns:
        The slot hit, the packed words' remainder of the draw and the first slot of the cell, None
        where that is 0.
    """
    if cells.count == 1:
        first = None
        spread = relation.put(f"{name} spread", times(word, len(cells.low)))
    else:
        _, bits = spans(cells)
        spread = relation.put(f"{name} spread", times(word, mod(cell, 2**bits)))
        first = div(cell, 2**bits)
    hit = relation.put(f"{name} hit", _from(first, div(spread, WORD)))
    return hit, spread, first


def _from(first: exp.Expression | None, more: exp.Expression) -> exp.Expression:
    return more if first is None else add(first, more)


def drawn(
    relation: Relation,
    name: str,
    cells: Cells,
    domain: Domain,
    cell: exp.Expression,
    word: exp.Expression,
    within: Callable[[], exp.Expression],
) -> exp.Expression:
    """What the cells draw: a code, or a number inside an interval; NULL at a null slot.

    Args:
        relation: the rows.
        name: what the columns put here are called.
        cells: all slots.
        domain: of the column drawn.
        cell: the number of each row's cell in `spans`.
        word: decides on the slot.
        within: gives the word that decides on the place inside the interval.
    """
    hit, spread, first = slot(relation, name, cells, cell, word)
    if cells.width is None and (cells.alias == np.arange(len(cells.alias))).all():
        return _alike(relation, name, cells.low, hit)
    labels = isinstance(domain, Categories) or cells.width is None
    accept = cells.accept.astype(np.int64)
    if labels and len(cells.low) and cells.low.min() >= 0 and cells.low.max() < _CODES:
        codes = cells.low.astype(np.int64)
        packed = (codes[cells.alias] * _CODES + codes) * WORD + accept
        both = relation.put(f"{name} both", lookup(relation, f"{name} slots", packed, hit))
        taken = less(mod(spread, WORD), mod(both, WORD))
        return case([(taken, mod(div(both, WORD), _CODES))], div(both, WORD * _CODES))
    begins = np.repeat(cells.start[:-1], np.diff(cells.start))
    packed = (cells.alias.astype(np.int64) - begins) * WORD + accept
    both = relation.put(f"{name} both", lookup(relation, f"{name} slots", packed, hit))
    taken = less(mod(spread, WORD), mod(both, WORD))
    at = relation.put(f"{name} slot", case([(taken, hit)], _from(first, div(both, WORD))))
    low = lookup(relation, f"{name} low", cells.low, at)
    return low if labels else _inside(relation, name, cells, domain, at, low, within)


def _alike(relation: Relation, name: str, low: np.ndarray, hit: exp.Expression) -> exp.Expression:
    """The code of the slot hit, where no slot has an alias, such as the members of a forest."""
    begin = int(low[0])
    if begin >= 0 and (low == begin + np.arange(len(low))).all():
        return add(hit, begin)
    return lookup(relation, f"{name} low", low, hit)


def _inside(
    relation: Relation,
    name: str,
    cells: Cells,
    domain: Domain,
    at: exp.Expression,
    low: exp.Expression,
    within: Callable[[], exp.Expression],
) -> exp.Expression:
    """A place in the interval of a slot; a width below 0 stands for NULL."""
    reals = isinstance(domain, Reals)
    given = cast(np.ndarray, cells.width)
    widths = np.where(given > (0 if reals else 1), given, 0)  # NaN is no width either
    nulls = cells.null is not None and bool(cells.null.any())
    if nulls:
        widths = np.where(cast(np.ndarray, cells.null), -1, widths).astype(widths.dtype)
    if not widths.any():
        return low
    width = relation.put(f"{name} width", lookup(relation, f"{name} widths", widths, at))
    whens = [(less(width, 0), cast(exp.Expression, exp.null()))] if nulls else []
    if (widths > 0).any():
        low = relation.put(f"{name} from", low)
        inside = times(fraction(within()), as_type(width, "DOUBLE"))
        whens.append((above(width, 0), add(low, inside if reals else floored(inside))))
    return case(whens, low)
