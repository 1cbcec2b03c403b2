"""A tree as a decision diagram: every question is asked once, in the same order for all rows.

What is left to be asked depends on the set of leaves that the answers so far leave. Rows with the
same set go on together, so a step down is one look into a table, whatever the tree looked like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_sql.program.tree import Tree, leaves_below, levels

MOST_LEAVES, MOST_SETS = 4_096, 4_096  # above these a tree is walked


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked at once: some inputs of a tree that follow from one small number.

    Attributes:
        inputs: of the tree.
        codes: int64 of shape (inputs, numbers): the code of each that follows.
    """

    inputs: tuple[int, ...]
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Diagram:
    """Tables, one for each question.

    Attributes:
        asked: the questions in the order in which they are asked.
        tables: uint16 of shape (sets, numbers), one for each of these: the next set, or the cell.
    """

    asked: tuple[int, ...]
    tables: tuple[np.ndarray, ...]


def diagram(tree: Tree, questions: Sequence[Question]) -> Diagram | None:
    """The diagram of a tree of several leaves; None where it would be too large.

    Args:
        tree: its inputs are all in one of the questions.
        questions: the order does not matter.
    """
    if tree.leaves > MOST_LEAVES:
        return None
    masks, cell = _masks(tree)
    left = []
    for question in questions:
        mask = np.full((question.codes.shape[1], cell.shape[0] + 63 >> 6), 2**64 - 1, np.uint64)
        for i, codes in zip(question.inputs, question.codes, strict=True):
            thresholds, own = masks[i]
            mask &= own[np.searchsorted(thresholds, codes, side="left")]
        left.append(mask)
    return _asked(_bits(len(cell)), left, cell)


def _masks(tree: Tree) -> tuple[dict[int, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Of each input its thresholds, and what an answer leaves: that many of them lie below a code.

    Behind them the cell of each leaf.
    """
    from genesis_sql.program import kernel_diagram as kernel

    found = levels(tree, np.zeros(1, np.int64))
    begin, count = leaves_below(tree, found)
    order = np.concatenate(found)
    inner, ends = order[tree.feature[order] >= 0], order[tree.feature[order] < 0]
    feature, threshold = tree.feature[inner].astype(np.int64), tree.threshold[inner]
    thresholds = {int(i): np.unique(threshold[feature == i]) for i in np.unique(feature)}
    place, answers = np.empty(len(inner), np.int64), np.zeros(int(feature.max()) + 1, np.int64)
    for i, held in thresholds.items():
        place[feature == i] = np.searchsorted(held, threshold[feature == i])
        answers[i] = len(held) + 1
    first = np.cumsum(np.append(0, answers))
    masks = np.repeat(_bits(tree.leaves), first[-1], axis=0)
    right = tree.right[inner]
    bounds = np.column_stack([begin[inner], begin[right], begin[inner] + count[inner]])
    kernel.rule_out(masks, first, answers, feature, place, bounds)
    cell = np.empty(tree.leaves, np.int64)
    cell[begin[ends]] = tree.left[ends]
    return {i: (held, masks[first[i] : first[i + 1]]) for i, held in thresholds.items()}, cell


def _bits(count: int) -> np.ndarray:
    """One row of words whose first ``count`` bits are set."""
    bits = np.zeros(-(-count // 64) * 64, np.uint8)
    bits[:count] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)[None]


def _asked(sets: np.ndarray, masks: list[np.ndarray], cell: np.ndarray) -> Diagram | None:
    """Ask one question after the other, of those left the one that tells the fewest sets apart.

    A question with many answers makes wide tables: it is asked while there are few sets.
    """
    from genesis_sql.program import kernel_diagram as kernel

    different = [np.unique(mask, axis=0, return_inverse=True) for mask in masks]
    asked: list[int] = []
    tables: list[np.ndarray] = []
    while len(asked) < len(masks):
        best: tuple[float, int, np.ndarray, np.ndarray] | None = None
        for i, (mask, answer) in enumerate(different):
            if i in asked:
                continue
            out = np.empty((MOST_SETS, sets.shape[1]), np.uint64)
            to = np.empty((len(sets), len(mask)), np.int32)
            found = kernel.cross(sets, mask, out, to)
            if found < 0:
                continue
            score = float(np.log(found / len(sets)) / np.log(max(len(answer), 2)))
            if best is None or score < best[0]:
                best = (score, i, out[:found].copy(), to)
        if best is None:
            return None
        _, i, sets, to = best
        asked.append(i)
        tables.append(to[:, different[i][1].reshape(-1)])
    bits = np.unpackbits(sets.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    tables[-1] = cell[bits.argmax(axis=1)][tables[-1]]
    return Diagram(tuple(asked), tuple(table.astype(np.uint16) for table in tables))
