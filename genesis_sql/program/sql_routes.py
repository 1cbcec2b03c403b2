"""Large trees in SQL: a chain of lookups, one for each column that the tree asks about.

A tree is read one input at a time. What is known after some inputs is the set of leaves that are
still possible; equal sets are one state. The table of an input leads from (state, bin of its code)
to the next state, and behind the last input only one leaf is left. The cost follows the number of
inputs, not that of leaves. Leaf sets as bit masks: Lucchese et al., "QuickScorer" (SIGIR 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from genesis_sql.program.sql_cells import lookup, route
from genesis_sql.program.sql_layers import layered
from genesis_sql.program.sql_nodes import add, least, times
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.tree import Tree

SMALL = 24
"""Leaves up to which a nested CASE is as fast: it costs about as much per leaf as a lookup."""
FLAT = 6
"""The same where a deeply nested CASE may not be read."""
SPARE = 20_000
"""Entries that the table of an input may have more to do without a table of the bins."""
MOST = 600_000
"""Entries of all tables of a tree; where it needs more, it is cut into layers (see `sql_layers`)."""


@dataclass(frozen=True, eq=False)
class Link:
    """One input of a chain.

    Attributes:
        feature: index into the inputs.
        bins: the bin of each code up to the last one that makes a difference.
        width: number of bins.
        next: the next state, or the cell behind the last input, of shape (states · width,).
    """

    feature: int
    bins: np.ndarray
    width: int
    next: np.ndarray


def routed(
    relation: Relation,
    name: str,
    tree: Tree,
    inputs: Sequence[tuple[exp.Expression, int | None]],
) -> exp.Expression:
    """The cell of a row.

    Args:
        relation: the rows.
        name: what the tables put here are called.
        tree: the router.
        inputs: the code of each, and what all codes are below; None where that is not known.
    """
    codes = [code for code, _ in inputs]
    columns = relation.query.dialect.reads == "columns"
    if tree.leaves <= (SMALL if columns else FLAT):
        return route(tree, codes)
    links = chain(tree) or _in_layers(tree)
    if columns and links and relation.query.dialect.data is None:
        return _direct(relation, name, links, inputs)
    state: exp.Expression | None = None
    for at, link in enumerate(links):
        code = least(codes[link.feature], len(link.bins) - 1)
        place = lookup(relation, f"{name} bins {at}", link.bins, code)
        if state is not None:
            place = add(times(state, link.width), place)
        following = lookup(relation, f"{name} next {at}", link.next, place)
        state = relation.put(f"{name} state {at}", following)
    return state if state is not None else route(tree, codes)


def _direct(
    relation: Relation,
    name: str,
    links: Sequence[Link],
    inputs: Sequence[tuple[exp.Expression, int | None]],
) -> exp.Expression:
    """A chain whose tables have a place for each code: fewer steps, in larger tables."""
    tables: list[np.ndarray] = []
    places: list[exp.Expression] = []
    for at, link in enumerate(links):
        code, size = inputs[link.feature]
        if size is None:
            size = len(link.bins)
            code = least(code, size - 1)
        bins = link.bins[np.minimum(np.arange(size), len(link.bins) - 1)]
        table = link.next.reshape(-1, link.width)
        if len(table) * (_power(size) - _power(link.width)) <= SPARE:
            table = table[:, bins]
        else:
            code = lookup(relation, f"{name} bins {at}", bins, code)
        spare = _power(table.shape[1]) - table.shape[1]
        tables.append(np.pad(table, ((0, 0), (0, spare))))
        places.append(code)
    return relation.walk(f"{name} tree", tables, places)


def _power(size: int) -> int:
    """The lowest power of two that is not below a size."""
    return 1 << (size - 1).bit_length()


def _in_layers(tree: Tree) -> list[Link]:
    """A chain for each layer of a tree, one behind the other."""
    out = []
    for stage in layered(tree):
        cuts = stage.thresholds
        bins = np.searchsorted(cuts, np.arange(cuts[-1] + 2)).astype(np.int32)
        table = stage.table.ravel().astype(np.int32)
        out.append(Link(stage.feature, bins, stage.table.shape[1], table))
    return out


def chain(tree: Tree) -> list[Link] | None:
    """The tables of a tree, the cheapest input first each time; None where they are too large."""
    cells, full, left = _masks(tree)
    states, entries, out = [full], 0, list[Link]()
    while left:
        reached = {f: {s & m for s in states for m in masks} for f, (_, masks) in left.items()}
        cost = {f: len(states) * len(left[f][1]) + 3 * len(new) for f, new in reached.items()}
        chosen = min(cost, key=lambda f: (cost[f], f))
        cuts, masks = left.pop(chosen)
        entries += len(states) * len(masks)
        if (
            entries + max((len(reached[chosen]) * len(m) for _, m in left.values()), default=0)
            > MOST
        ):
            return None
        after = sorted(reached[chosen])
        number = {s: i for i, s in enumerate(after)}
        if not left:
            number = {s: cells[s.bit_length() - 1] for s in after}
        table = np.array([number[s & m] for s in states for m in masks], np.int32)
        bins = np.searchsorted(cuts, np.arange(cuts[-1] + 2)).astype(np.int32)
        out.append(Link(chosen, bins, len(masks), table))
        states = after
    return out


def _masks(tree: Tree) -> tuple[list[int], int, dict[int, tuple[list[int], list[int]]]]:
    """The cells by leaf, all leaves, and by feature its thresholds and the leaves of each bin."""
    cells: list[int] = []
    below: dict[int, int] = {}
    splits: dict[int, list[tuple[int, int]]] = {}
    for node in _upwards(tree):
        if tree.feature[node] < 0:
            below[node] = 1 << len(cells)
            cells.append(int(tree.left[node]))
        else:
            below[node] = below[int(tree.left[node])] | below[int(tree.right[node])]
            splits.setdefault(int(tree.feature[node]), []).append((int(tree.threshold[node]), node))
    found = {}
    for feature, nodes in splits.items():
        cuts = sorted({threshold for threshold, _ in nodes})
        masks = [below[0]] * (len(cuts) + 1)
        for threshold, node in nodes:
            at = cuts.index(threshold)
            for bin_ in range(len(masks)):
                gone = tree.right[node] if bin_ <= at else tree.left[node]
                masks[bin_] &= ~below[int(gone)]
        found[feature] = (cuts, masks)
    return cells, below[0], found


def _upwards(tree: Tree) -> list[int]:
    """Nodes, children before their parents."""
    order, open_ = list[int](), [0]
    while open_:
        node = open_.pop()
        order.append(node)
        if tree.feature[node] >= 0:
            open_ += [int(tree.left[node]), int(tree.right[node])]
    return order[::-1]
