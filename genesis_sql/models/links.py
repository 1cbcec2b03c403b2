"""Foreign keys that need more than a parent chosen by its kind.

A table's key to itself, and keys that close a circle of tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.models.family import child_counts, whole
from genesis_sql.models.frame import coded
from genesis_sql.models.learnt import Drawn
from genesis_sql.models.load import LinkData, code_labels, dangling
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Key, Raw
from genesis_sql.program.steps import Beyond, Copy, Digit, Draw, Link, Lookup, Pick, Tree

if TYPE_CHECKING:
    from genesis_sql.models.fit import Learner
    from genesis_sql.models.settle import Settled

Pairs = tuple[tuple[str, str], ...]
"""Columns of a table beside those of its parent."""

PATTERN = 65_536
"""Rows whose levels are written down; larger tables repeat them, in proportion."""
LEVELS = 1_000
"""Deeper rows count as of this level."""
DRAWN_LEVELS = 60
"""The same where levels are drawn."""
HEAVY = 1_000
"""What a chosen row weighs beside one that is not, where the choice gives every row at least 1."""
_ABOVE = "key of a row on a higher level"
MOSTLY = 0.9
"""The share of references from which on a rule of the source is kept in every row."""


# levels of a tree


def without_loops(parent: np.ndarray) -> np.ndarray:
    """Parent rows (-1: none) with those of rows in a loop among themselves taken away."""
    n = len(parent)
    at = np.where(parent == np.arange(n), -1, parent)
    jump = at.copy()
    for _ in range(max(n, 2).bit_length()):  # 2^k steps up: who never arrives has a loop above it
        jump = np.where(jump >= 0, jump[np.maximum(jump, 0)], -1)
    lost = np.flatnonzero(jump >= 0)
    looping = np.unique(jump[lost])  # after so many steps up one stands inside the loop
    while len(looping):
        more = np.setdiff1d(at[looping], looping)
        if not len(more):
            break
        looping = np.union1d(looping, more)
    at[looping] = -1
    return at


def depths(parent: np.ndarray) -> np.ndarray:
    """Level of every row, 0 for roots, at most `LEVELS`; the parents are free of loops."""
    depth = np.zeros(len(parent), np.int64)
    up = parent.copy()
    for _ in range(LEVELS):
        below = up >= 0
        if not below.any():
            break
        depth += below
        up = np.where(below, parent[np.maximum(up, 0)], -1)
    return depth


def level_pattern(depth: np.ndarray) -> np.ndarray:
    """The levels of rows 0, 1, …: as often as in the source, spread evenly.

    No level stands before the one above it.

    Args:
        depth: level of every row of the source, at least one.

    Returns:
        int32 of shape (min(rows, PATTERN),); it is repeated for further rows.
    """
    count = np.bincount(depth)
    length = min(len(depth), PATTERN)
    exact = count * length / len(depth)
    given = np.maximum(np.floor(exact).astype(np.int64), 1)
    order = np.argsort(given - exact, kind="stable")  # the largest remainders first
    given[order[: max(length - int(given.sum()), 0)]] += 1
    while given.sum() > length:
        given[int(np.argmax(given))] -= 1
    place = np.concatenate([(np.arange(g) + 0.5) / g for g in given])
    level = np.repeat(np.arange(len(given)), given)
    made = level[np.lexsort((level, place))].astype(np.int32)
    deepest = -1
    for at in range(length):
        if made[at] > deepest + 1:
            later = at + int(np.argmax(made[at:] == deepest + 1))
            made[at], made[later] = made[later], made[at]
        deepest = max(deepest, int(made[at]))
    return made


# references of a kind of their own


def copy_composite(table: Settled, link: LinkData) -> None:
    """A reference of several columns to a verbatim table: one label for each row there."""
    key = link.relationship
    name = f"#key:{key.parent}({', '.join(key.columns)})"
    has = link.parent_row >= 0
    found, first, code = np.unique(link.parent_row[has], return_index=True, return_inverse=True)
    codes = np.zeros(len(has), np.int32)
    codes[has] = code + 1
    labels = tuple(str(i + 1) for i in range(len(found)))
    table.drawn[name] = Drawn(coded(name, Categories("VARCHAR", labels), Raw(codes)))
    rows = np.flatnonzero(has)[first]
    for own in key.columns:
        if own in table.settled:
            continue
        values = table.loaded.arrow[own].combine_chunks()
        held = code_labels(own, table.loaded.table.column(own).type, values)
        places = np.arange(len(found) + 1)
        made = np.r_[0, held.raw.values[rows]].astype(np.int32)
        levels = (np.arange(1, max(len(found), 1) + 1),)
        table.after.append(Lookup(own, (name,), levels, places, made))
        table.domains[own] = held.domain
        table._done(own, "copy", f"key of {key.parent}")


# references that dangle


def dangling_key(table: Settled, link: LinkData, own: str, alias: str) -> str | None:
    """The hidden column with a key that no parent has, NULL where the source has NULL.

    For rows without parent; None where the orphans of a key are not kept. The domain of the column
    ``own`` is known.
    """
    if not link.relationship.kept_orphans:
        return None
    domain = table.domains[own]
    if not isinstance(domain, Key):
        return None
    alone = link.parent_row < 0
    lost = dangling(table.loaded.arrow, link)
    if not lost.any():
        return None
    values = table.loaded.arrow[own].filter(pa.array(lost))
    spread = int(pc.count_distinct(values).as_py())
    present, name = f"#dangles:{alias}", f"#lost:{own}"
    label = coded(present, Categories("VARCHAR", ("1",)), Raw(lost.astype(np.int32)))
    table.drawn[present] = Drawn(label, only=alone)
    table.after.append(Beyond(name, alias, spread, present))
    table.domains[name] = domain
    return name


# a table's key to itself


def settle_own(table: Settled) -> None:
    """The keys of a table to itself: a row's parent is chosen by levels.

    Of one key the parent stands one level above, and the levels are a pattern. Of rows that stay
    with their main parent (replies under one post) they are drawn, and the choice is made among the
    siblings. Several keys whose rows form no circle share one order of levels, so that the new rows
    form none either; each draws the level of its parent.
    """
    together = _common_levels(table)
    if together is not None:
        _settle_levels(table, together, "#depth", "#level", drawn=False)
    for link in table.ties.own:
        _settle_own(table, link, together)


def _settle_own(table: Settled, link: LinkData, together: np.ndarray | None) -> None:
    key, alias = link.relationship, table.ties.alias(link)
    pairs = tuple(zip(key.columns, key.parent_columns, strict=True))
    left = [(own, above) for own, above in pairs if own not in table.settled]
    if not left or not table.loaded.rows:
        return
    parent = without_loops(link.parent_row)
    shared = tuple(p for p in pairs if p[0] in table.settled)
    if together is not None:
        kind, level = f"#kind:{alias}", "#level"
        table.after.append(_parent_level(kind, together, parent))
        table.domains[kind] = table.domains[level]
    else:
        kind, level = f"#depth:{alias}", f"#level:{alias}"
        beside = _stays(table, parent)
        shared = (*shared, *beside)
        _settle_levels(table, depths(parent), kind, level, drawn=bool(beside))
    shared = (*dict.fromkeys(shared), (kind, level)) if shared else ()
    table.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
    row, weight = table.links[-1].row, f"#count:{table.name}.{alias}"
    table.after.append(Pick(row, alias, kind, level, weight, shared))
    strict = any(not table.loaded.table.column(own).nullable for own, _ in left)
    to_itself = strict or not (link.parent_row < 0).any()
    for own, above in left:
        table.domains[own] = table.domains[above]
        root = dangling_key(table, link, own, alias) or (above if to_itself else None)
        table.after.append(Copy(own, f"{alias}.{above}", root))
        table._done(own, "copy", "key of a row one level above" if together is None else _ABOVE)


def _common_levels(table: Settled) -> np.ndarray | None:
    """Levels above which all parents of a row stand, of several keys; None where there are none."""
    if len(table.ties.own) < 2 or not table.loaded.rows:
        return None
    parents = [x.parent_row for x in table.ties.own]
    if any(_stays(table, without_loops(p)) for p in parents):
        return None
    depth = np.zeros(table.loaded.rows, np.int64)
    for _ in range(LEVELS):
        higher = depth
        for parent in parents:
            below = np.where(parent >= 0, depth[np.maximum(parent, 0)] + 1, 0)
            higher = np.maximum(higher, below)
        if (higher == depth).all():
            return depth
        depth = higher
    return None


def _parent_level(column: str, depth: np.ndarray, parent: np.ndarray) -> Draw:
    """Draws the level of the row below the parent, given a row's level; 0: no parent."""
    above = np.where(parent >= 0, depth[np.maximum(parent, 0)] + 1, 0)
    size = int(depth.max()) + 1
    found, count = np.unique(depth * (size + 1) + above, return_counts=True)
    return _by_code("#depth", column, found // (size + 1), found % (size + 1), count)


def _stays(table: Settled, parent: np.ndarray) -> Pairs:
    """The main parent's key, where a row and the row it refers to nearly always share it."""
    main = table.ties.main
    has = parent >= 0
    if main is None or not has.any():
        return ()
    same = main.parent_row[has] == main.parent_row[parent[has]]
    if same.mean() < MOSTLY:
        return ()
    return tuple((own, own) for own in main.relationship.columns if own in table.settled)


def _settle_levels(
    table: Settled, depth: np.ndarray, level: str, above_level: str, *, drawn: bool
) -> None:
    """Hidden labels: a row's level, NULL for roots, and the level of the rows below it."""
    pattern = level_pattern(np.minimum(depth, DRAWN_LEVELS) if drawn else depth)
    deepest = int(pattern.max())
    domain = Categories("VARCHAR", tuple(str(i + 1) for i in range(deepest + 1)))
    table.domains[level] = table.domains[above_level] = domain
    held = coded(level, domain, Raw(np.minimum(depth, deepest).astype(np.int32)))
    if drawn:
        table.drawn[level] = Drawn(held)
        table.after.append(_next_code(level, above_level, deepest))
        return
    table.inputs.append(held)
    for name, values in ((level, pattern), (above_level, pattern + 1)):
        table.before.append(Digit(name, values.astype(np.int32), 0, 1, len(pattern)))


def _next_code(source: str, column: str, highest: int) -> Draw:
    """A draw with one value in each cell: code c of the source becomes c + 1."""
    codes = np.arange(highest + 1)
    return _by_code(source, column, codes, codes + 1, np.ones(highest + 1, np.int64))


def _by_code(
    source: str, column: str, cell: np.ndarray, code: np.ndarray, weight: np.ndarray
) -> Draw:
    """A draw of labels with a cell for each code of the source.

    Args:
        source: a label column.
        column: what is drawn.
        cell: sorted, code of the source; each from 0 on is there.
        code: what is drawn there.
        weight: how often.
    """
    nodes: list[list[int]] = []

    def grow(low: int, high: int) -> int:
        at = len(nodes)
        nodes.append([-1, 0, low, 0])
        if low < high:
            middle = (low + high) // 2
            nodes[at] = [0, middle, grow(low, middle), grow(middle + 1, high)]
        return at

    grow(0, int(cell[-1]))
    start = np.searchsorted(cell, np.arange(int(cell[-1]) + 2))
    cells = Cells(start, *alias_tables(start, weight), code.astype(np.int32))
    return Draw(column, (source,), Tree(*np.array(nodes, np.int32).T.copy()), cells)


def learn_fanout(table: Learner, link: LinkData) -> None:
    """How often a row is chosen by others of its table: a hidden count, given its level."""
    alias = table.ties.alias(link)
    pick = next((s for s in table.after if isinstance(s, Pick) and s.alias == alias), None)
    if pick is None:
        return
    children = LinkData(link.relationship, without_loops(link.parent_row))
    counts = child_counts(children, table.loaded.rows) * (HEAVY if pick.shared else 1)
    level = [c for c in table.inputs if c.name in (pick.kind, "#depth")]
    level += [table.drawn[pick.kind].target] if pick.kind in table.drawn else []
    columns = [c for c in table.inputs if not c.name.startswith("#")]
    target = whole(pick.weight, counts)
    table.grow(target.name, target, [*table.context, *columns, *level])
