"""A decision tree as chains of table lookups, a chain for each layer of it.

A state is the set of leaves that a row can still reach, kept as the bits of one whole number. The
features' order is chosen so that few states arise. Where they would still be too many, the tree is
cut by depth into layers, each with a chain of its own from the nodes at its top to those at its
bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from genesis_sql.program.tree import Tree

MOST = 400_000
"""Entries of all tables of one tree, beyond which it is cut into more layers."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One lookup: the next state of a row is ``table[state, bin of its code]``.

    Attributes:
        feature: index into the step's inputs.
        thresholds: in order; the bin of a code is the number of thresholds below it.
        table: int64 of shape (states, bins); of the last stage the cells.
    """

    feature: int
    thresholds: np.ndarray
    table: np.ndarray


def layered(tree: Tree) -> list[Stage]:
    """The stages that lead from the root (state 0) to the cells; none for a single leaf."""
    depth = _depths(tree)
    deepest = int(depth.max())
    layers = 1
    while True:
        height = -(-deepest // layers) if deepest else 1
        made = _with_height(tree, depth, max(height, 1))
        if made is not None:
            return made
        layers = min(2 * layers, deepest)


def _depths(tree: Tree) -> np.ndarray:
    depth = np.zeros(len(tree.feature), np.int64)
    for node in range(len(tree.feature)):  # children stand behind their parents
        if tree.feature[node] >= 0:
            depth[[tree.left[node], tree.right[node]]] = depth[node] + 1
    return depth


def _with_height(tree: Tree, depth: np.ndarray, height: int) -> list[Stage] | None:
    """The stages with layers of that height; None where they are too large and can be smaller."""
    roots, stages, entries = [0], list[Stage](), 0
    while any(tree.feature[r] >= 0 for r in roots):
        found = _layer(tree, depth, roots, height, MOST - entries if height > 1 else None)
        if found is None:
            return None
        more, roots = found
        stages += more
        entries += sum(s.table.size for s in more)
    if not stages:
        return []
    last = stages[-1]
    cells = np.array([int(tree.left[r]) for r in roots], np.int64)
    return [*stages[:-1], Stage(last.feature, last.thresholds, cells[last.table])]


def _layer(
    tree: Tree, depth: np.ndarray, roots: list[int], height: int, most: int | None
) -> tuple[list[Stage], list[int]] | None:
    """The stages from some nodes to those ``height`` below, and these nodes."""
    until = min(int(depth[r]) for r in roots if tree.feature[r] >= 0) + height
    bottom, spans = list[int](), dict[int, tuple[int, int]]()
    for root in roots:
        _walk(tree, depth, root, until, bottom, spans)
    inner = [n for n in spans if tree.feature[n] >= 0 and depth[n] < until]
    states = [_bits(*spans[r]) for r in roots]
    masks = _masks(tree, inner, spans, len(bottom))
    stages = list[Stage]()
    while masks:
        feature, following = _next(states, masks, most)
        if feature < 0:
            return None
        thresholds, allowed = masks.pop(feature)
        places = {state: i for i, state in enumerate(following)}
        table = [[places[s & mask] for mask in allowed] for s in states]
        stages.append(Stage(feature, thresholds, np.array(table, np.int64)))
        states = list(following)
        if most is not None:
            most -= stages[-1].table.size
            if most < 0:
                return None
    return stages, [bottom[s.bit_length() - 1] for s in states]


def _walk(
    tree: Tree,
    depth: np.ndarray,
    root: int,
    until: int,
    bottom: list[int],
    spans: dict[int, tuple[int, int]],
) -> None:
    """Number the nodes at the bottom from left to right; each node's span of them."""
    open_ = [(root, False)]
    while open_:
        node, done = open_.pop()
        if done:
            spans[node] = (spans[int(tree.left[node])][0], spans[int(tree.right[node])][1])
        elif tree.feature[node] < 0 or depth[node] >= until:
            spans[node] = (len(bottom), len(bottom) + 1)
            bottom.append(node)
        else:
            open_ += [(node, True), (int(tree.right[node]), False), (int(tree.left[node]), False)]


def _bits(first: int, stop: int) -> int:
    return (1 << stop) - (1 << first)


def _masks(
    tree: Tree, inner: Iterable[int], spans: Mapping[int, tuple[int, int]], count: int
) -> dict[int, tuple[np.ndarray, list[int]]]:
    """For each feature its thresholds, and for each bin the nodes at the bottom that it allows."""
    splits: dict[int, list[int]] = {}
    for node in inner:
        splits.setdefault(int(tree.feature[node]), []).append(node)
    out: dict[int, tuple[np.ndarray, list[int]]] = {}
    for feature, nodes in sorted(splits.items()):
        thresholds = np.unique(tree.threshold[nodes])
        allowed = [_bits(0, count)] * (len(thresholds) + 1)
        for node in nodes:
            at = int(np.searchsorted(thresholds, tree.threshold[node]))
            left = ~_bits(*spans[int(tree.left[node])])
            right = ~_bits(*spans[int(tree.right[node])])
            for bin_ in range(len(allowed)):
                allowed[bin_] &= right if bin_ <= at else left
        out[feature] = (thresholds, allowed)
    return out


def _next(
    states: list[int], masks: Mapping[int, tuple[np.ndarray, list[int]]], most: int | None
) -> tuple[int, dict[int, None]]:
    """The feature that leads to the fewest states, and these; -1 where all lead to too many."""
    best, found = -1, dict[int, None]()
    for feature, (_, allowed) in masks.items():
        if most is not None and len(states) * len(allowed) > most:
            continue
        made = dict[int, None]()
        for mask in allowed:
            made.update(dict.fromkeys(s & mask for s in states))
            if best >= 0 and len(made) >= len(found):
                break
        else:
            best, found = feature, made
    return best, found
