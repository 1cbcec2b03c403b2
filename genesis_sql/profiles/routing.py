"""Trees of a profile: cases in which the first that holds wins, and log odds that add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.when import Axis, Test
from genesis_sql.program.tree import Tree

MOST_LEAVES = 2**18

Box = tuple[tuple[int, int], ...]
"""Codes from and to of each input."""
Found = tuple[int, int]
"""(-1, cell), or (input, threshold) of the next question."""


@dataclass(frozen=True, eq=False)
class Case:
    """A cell, and the codes that lead to it by input (no entry: all)."""

    cell: int
    masks: dict[int, np.ndarray]


@dataclass(frozen=True, eq=False)
class Sum:
    """Log odds that add up: the intercept and what each input's code adds."""

    intercept: float
    added: tuple[np.ndarray, ...]
    among: Case


def case_of(cell: int, tests: Sequence[Test], inputs: Sequence[str], axes: dict[str, Axis]) -> Case:
    """A case; several tests of one column have to hold together."""
    masks: dict[int, np.ndarray] = {}
    for test in tests:
        at, mask = inputs.index(test.column), axes[test.column].masks[test]
        masks[at] = masks[at] & mask if at in masks else mask
    return Case(cell, masks)


def first_of(cases: Sequence[Case], otherwise: int) -> Callable[[Box], Found]:
    """The question that a box of codes leaves open about cases, or the cell it leads to."""

    def decide(box: Box) -> Found:
        alive = []
        for case in cases:
            parts = {i: m[box[i][0] : box[i][1] + 1] for i, m in case.masks.items()}
            if all(p.any() for p in parts.values()):
                alive.append(parts)
                open_ = [i for i, p in parts.items() if not p.all()]
                if not open_ and len(alive) == 1:
                    return -1, case.cell
                if not open_:
                    break
        if not alive:
            return -1, otherwise
        at = next(i for i, p in alive[0].items() if not p.all())
        turns = np.zeros(box[at][1] - box[at][0], bool)
        for parts in alive:
            if at in parts:
                turns |= np.diff(parts[at])
        places = np.flatnonzero(turns)
        return at, box[at][0] + int(places[len(places) // 2])

    return decide


def added_up(sums: Sum, cell: Callable[[float], int], outside: int) -> Callable[[Box], Found]:
    """The same for log odds that add up: outside the case ``among`` stands one cell."""
    among = first_of([sums.among], -1)

    def decide(box: Box) -> Found:
        at, found = among(box)
        if at >= 0:
            return at, found
        if found < 0:
            return -1, outside
        total = sums.intercept
        for i, ((low, high), values) in enumerate(zip(box, sums.added, strict=True)):
            here = values[low : high + 1]
            turns = np.flatnonzero(np.diff(here))
            if len(turns):
                return i, low + int(turns[len(turns) // 2])
            total += float(here[0])
        return -1, cell(total)

    return decide


@dataclass
class _Nodes:
    feature: list[int] = field(default_factory=list)
    threshold: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def add(self) -> int:
        for held in (self.feature, self.threshold, self.left, self.right):
            held.append(0)
        return len(self.feature) - 1


def grow(where: str, codes: Box, decide: Callable[[Box], Found]) -> Tree:
    """The tree that asks until every box of codes has its cell.

    Args:
        where: the column, for errors.
        codes: from and to of each input.
        decide: see `first_of`.

    Raises:
        ProfileError: it has too many leaves.
    """
    nodes = _Nodes()

    def put(box: Box) -> int:
        at = nodes.add()
        if at > 2 * MOST_LEAVES:
            message = f"{where}: its conditions lead to more than {MOST_LEAVES:,} cases"
            raise ProfileError(message)
        which, found = decide(box)
        nodes.feature[at] = which
        if which < 0:
            nodes.left[at] = found
            return at
        low, high = box[which]
        nodes.threshold[at] = found
        nodes.left[at] = put((*box[:which], (low, found), *box[which + 1 :]))
        nodes.right[at] = put((*box[:which], (found + 1, high), *box[which + 1 :]))
        return at

    put(codes)
    arrays = (nodes.feature, nodes.threshold, nodes.left, nodes.right)
    return Tree(*(np.array(a, np.int32) for a in arrays))
