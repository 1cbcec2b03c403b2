"""A decision tree as arrays, and the members it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEVER = 2**24 - 1  # above every code: the threshold of a leaf in packed nodes


@dataclass(frozen=True, eq=False)
class Tree:
    """A decision tree over the codes of a step's inputs; a row goes left where code ≤ threshold.

    Attributes:
        feature: int32 of shape (nodes,), index into the step's inputs; -1 at a leaf.
        threshold: int32 of shape (nodes,).
        left, right: int32 of shape (nodes,); at a leaf ``left`` is the cell.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @staticmethod
    def single() -> Tree:
        """The constant router: one cell."""
        zero, none = np.zeros(1, np.int32), np.full(1, -1, np.int32)
        return Tree(none, zero, zero, zero)

    @property
    def leaves(self) -> int:
        """Number of cells it leads to."""
        return int((self.feature < 0).sum())


@dataclass(frozen=True, eq=False)
class Members:
    """A tree without the nodes from its root down that ask one input again and again.

    Each answer leads to a member; a forest is such a tree.

    Attributes:
        asked: the input that tells which member a row uses, and the thresholds of its nodes.
        roots: the root of each member.
    """

    asked: int
    thresholds: np.ndarray
    roots: np.ndarray

    @staticmethod
    def of(tree: Tree) -> Members:
        """The members of a tree of more than one leaf."""
        node, asked = 0, int(tree.feature[0])
        thresholds: list[int] = []
        roots: list[int] = []
        while tree.feature[node] == asked and (
            not thresholds or tree.threshold[node] > thresholds[-1]
        ):
            thresholds.append(int(tree.threshold[node]))
            roots.append(int(tree.left[node]))
            node = int(tree.right[node])
        return Members(asked, np.array(thresholds), np.array([*roots, node]))

    def of_codes(self, size: int) -> np.ndarray:
        """The member of each code below ``size``."""
        return np.searchsorted(self.thresholds, np.arange(size))


def levels(tree: Tree, roots: np.ndarray) -> list[np.ndarray]:
    """Nodes below some roots, level by level, siblings side by side."""
    level, found = np.asarray(roots, np.int64), []
    while len(level):
        found.append(level)
        inner = level[tree.feature[level] >= 0]
        level = np.column_stack([tree.left[inner], tree.right[inner]]).ravel().astype(np.int64)
    return found


def leaves_below(tree: Tree, found: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of each node the number of leaves to the left of it, and of those below it.

    Args:
        tree: the tree.
        found: its `levels` from one root.
    """
    begin, count = np.zeros(len(tree.feature), np.int64), np.ones(len(tree.feature), np.int64)
    for level in reversed(found):
        inner = level[tree.feature[level] >= 0]
        count[inner] = count[tree.left[inner]] + count[tree.right[inner]]
    for level in found:
        inner = level[tree.feature[level] >= 0]
        left, right = tree.left[inner], tree.right[inner]
        begin[left], begin[right] = begin[inner], begin[inner] + count[left]
    return begin, count
