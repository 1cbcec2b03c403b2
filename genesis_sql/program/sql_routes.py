"""Large trees in SQL: a chain of lookups, a few columns at a time.

A tree is a decision diagram (see `diagram`): what is left to be asked depends on the set of leaves
that are still possible, and the table of an input leads from (set, bin of its code) to the next
set. Where that is too large, it is cut into layers (see `sql_layers`). Inputs whose tables are
small are asked together, as a lookup costs more than a larger table. The cost follows the number
of lookups, not that of leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlglot import exp

from genesis_sql.program.diagram import Question, diagram
from genesis_sql.program.sql_cells import lookup, route
from genesis_sql.program.sql_layers import Stage, layered
from genesis_sql.program.sql_nodes import add, least, op, times
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.tree import Tree

SMALL = 24
"""Leaves up to which a nested CASE is as fast: it costs about as much per leaf as a lookup."""
FLAT = 6
"""The same where a deeply nested CASE may not be read."""
SPARE = 20_000
"""Entries that the table of an input may have more to do without a table of the bins."""
JOINED = 8_192
"""Entries that a table may have more to ask two inputs at once."""


@dataclass(frozen=True, eq=False)
class Link:
    """One lookup of a chain.

    Attributes:
        features: indices into the inputs that it asks.
        bins: of each input the bin of its codes; None where the code is the bin.
        widths: of each input the number of bins.
        next: the next state, or what is found behind the last link, of shape (states, bins of all);
            the bin of the first input runs fastest.
    """

    features: tuple[int, ...]
    bins: tuple[np.ndarray | None, ...]
    widths: tuple[int, ...]
    next: np.ndarray


def routed(
    relation: Relation,
    name: str,
    tree: Tree,
    inputs: Sequence[tuple[exp.Expression, int | None]],
    found: np.ndarray,
) -> exp.Expression:
    """What is found in the cell of a row.

    Args:
        relation: the rows.
        name: what the tables put here are called.
        tree: the router.
        inputs: the code of each, and what all codes are below; None where that is not known.
        found: a whole number for each cell.
    """
    columns = relation.query.dialect.reads == "columns"
    if tree.leaves <= (SMALL if columns else FLAT):
        return route(tree, [code for code, _ in inputs], found)
    codes, sizes = dict[int, exp.Expression](), dict[int, int]()
    stages = asked(tree)
    for stage in stages:
        code, size = inputs[stage.feature]
        last = int(stage.thresholds[-1]) + 1
        known = sizes.get(stage.feature, 0)
        sizes[stage.feature] = max(known, last + 1) if size is None else size
        codes[stage.feature] = code
    for feature, size in sizes.items():
        if inputs[feature][1] is None:
            codes[feature] = least(codes[feature], size - 1)
    walks = columns and relation.query.dialect.data is None
    chain = links(stages, sizes, padded=walks)
    chain[-1] = replace(chain[-1], next=found[chain[-1].next])
    both = exp.BitwiseOr if walks else exp.Add
    places = [_place(relation, f"{name} {at}", link, codes, both) for at, link in enumerate(chain)]
    if walks:
        return relation.walk(f"{name} tree", [link.next for link in chain], places)
    return _stepwise(relation, name, chain, places)


def _place(
    relation: Relation,
    name: str,
    link: Link,
    codes: dict[int, exp.Expression],
    both: type[exp.Binary],
) -> exp.Expression:
    """The column of a link's table that the codes of a row lead to, put together by ``both``."""
    made: exp.Expression | None = None
    size = 1
    for at, (feature, bins, width) in enumerate(
        zip(link.features, link.bins, link.widths, strict=True)
    ):
        code = codes[feature]
        if bins is not None:
            code = lookup(relation, f"{name} bins {at}", bins, code)
        part = code
        if size > 1:
            part = times(code, size)
            if isinstance(code, exp.Column):
                part = relation.once(f"#{code.name} times {size}", part)
        made = part if made is None else op(both, made, part)
        size *= width
    if made is None:
        raise TypeError(link)
    return made


def _stepwise(
    relation: Relation, name: str, chain: Sequence[Link], places: Sequence[exp.Expression]
) -> exp.Expression:
    """A chain whose states are columns; a table says where the row of the next one begins."""
    state: exp.Expression | None = None
    for at, (link, place) in enumerate(zip(chain, places, strict=True)):
        onward = chain[at + 1].next.shape[1] if at + 1 < len(chain) else 1
        index = place if state is None else add(state, place)
        following = lookup(relation, f"{name} next {at}", (link.next * onward).ravel(), index)
        state = relation.put(f"{name} state {at}", following)
    if state is None:
        raise TypeError(chain)
    return state


def asked(tree: Tree) -> list[Stage]:
    """The tables of a tree of several leaves, in the order in which they are read."""
    cuts = {
        int(i): np.unique(tree.threshold[tree.feature == i])
        for i in np.unique(tree.feature)
        if i >= 0
    }
    features = list(cuts)
    questions = [
        Question((i,), np.append(held, held[-1] + 1).astype(np.int64)[None])
        for i, held in cuts.items()
    ]
    made = diagram(tree, questions)
    if made is None:
        return layered(tree)
    return [
        Stage(features[at], cuts[features[at]], table.astype(np.int64))
        for at, table in zip(made.asked, made.tables, strict=True)
    ]


def links(stages: Sequence[Stage], sizes: dict[int, int], *, padded: bool) -> list[Link]:
    """The same tables by code, some asked together.

    Args:
        stages: see `asked`.
        sizes: what the codes of each input are below.
        padded: make all widths powers of two, so that places are put together from bits.
    """
    out: list[Link] = []
    for stage in stages:
        size = sizes[stage.feature]
        bins = np.searchsorted(stage.thresholds, np.arange(size))
        table, held = stage.table, len(stage.table)
        direct = (
            held * (_width(size, padded=padded) - _width(table.shape[1], padded=padded)) <= SPARE
        )
        if direct:
            table = table[:, bins]
        width = _width(table.shape[1], padded=padded)
        table = np.pad(table, ((0, 0), (0, width - table.shape[1])))
        link = Link((stage.feature,), (None if direct else bins,), (width,), table)
        joined = _joined(out[-1], link) if out else None
        out[-1:] = [joined] if joined else [*out[-1:], link]
    return out


def _joined(one: Link, other: Link) -> Link | None:
    """Two links behind each other as one; None where its table would be too large."""
    states, width = one.next.shape[0], one.next.shape[1]
    more = other.next.shape[1]
    if states * width * more > one.next.size + other.next.size + JOINED:
        return None
    table = other.next[one.next].transpose(0, 2, 1).reshape(states, more * width)
    return Link(
        one.features + other.features, one.bins + other.bins, one.widths + other.widths, table
    )


def _width(size: int, *, padded: bool) -> int:
    """The lowest power of two that is not below a size, where rows are padded."""
    return 1 << (size - 1).bit_length() if padded else size
