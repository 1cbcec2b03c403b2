"""A decision tree as arrays, and as the packed nodes that the kernel walks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray, int]:
        """What the kernel walks: packed nodes, the cell of each, levels walked without a question.

        Nodes stand level by level, siblings side by side, a word each: feature (16 bits),
        threshold (24), left child (24). A leaf leads to itself.
        """
        order, depth = _by_level(self)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        feature, leaf = self.feature[order].astype(np.int64), self.feature[order] < 0
        threshold = np.where(leaf, NEVER, self.threshold[order]).astype(np.int64)
        left = np.where(leaf, place[order], place[np.where(leaf, 0, self.left[order])])
        packed = np.maximum(feature, 0) << 48 | threshold << 24 | left
        cells = np.where(leaf, self.left[order], -1).astype(np.int32)
        return packed.astype(np.uint64), cells, int(depth[leaf].mean()) + 2

    @property
    def leaves(self) -> int:
        """Number of cells it leads to."""
        return int((self.feature < 0).sum())


def _by_level(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Nodes from the root down, siblings side by side, and their depths."""
    level = np.zeros(1, np.int64)
    order: list[np.ndarray] = []
    depth: list[np.ndarray] = []
    while len(level):
        order.append(level)
        depth.append(np.full(len(level), len(depth)))
        inner = level[tree.feature[level] >= 0]
        level = np.column_stack([tree.left[inner], tree.right[inner]]).ravel().astype(np.int64)
    return np.concatenate(order), np.concatenate(depth)
