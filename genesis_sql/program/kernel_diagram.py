"""The compiled part of `diagram`: sets of leaves that are left, told apart by hashing."""

from __future__ import annotations

import numpy as np
from numba import njit

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_PRIME, _S29 = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@njit(nogil=True, cache=True)
def rule_out(masks, first, answers, inner, threshold, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Take from the masks the leaves that the nodes of a tree rule out.

    Args:
        masks: uint64 of shape (rows, words), changed: the leaves that an answer leaves.
        first: int64, the row of each input's first answer.
        answers: int64, how many answers each input has.
        inner: int64, the input that each inner node asks.
        threshold: int64, of each inner node: the answers above it lead to the right.
        bounds: int64 of shape (inner nodes, 3): the leaves below begin, those to the right, end.
    """
    for node in range(len(inner)):
        for answer in range(answers[inner[node]]):
            right = np.int64(answer > threshold[node])
            row = masks[first[inner[node]] + answer]
            for leaf in range(bounds[node, 1 - right], bounds[node, 2 - right]):
                row[leaf >> 6] &= ~(_ONE << np.uint64(leaf & 63))


@njit(nogil=True, cache=True)
def cross(states, masks, out, to):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """What is left of some sets of leaves after each answer to one question.

    Args:
        states: uint64 of shape (sets, words), none of them empty.
        masks: uint64 of shape (answers, words): what each answer leaves.
        out: uint64 of shape (most, words): room for the sets that are left.
        to: int32 of shape (sets, answers): which of these each answer leads to.

    Returns:
        How many sets are left; -1 where there is no room for all.
    """
    words, most = states.shape[1], len(out)
    size = np.int64(16)
    while size < 3 * most:
        size *= 2
    table = np.empty(size, np.int64)
    for i in range(size):
        table[i] = -1
    found, last = np.int64(0), np.uint64(size - 1)
    here = np.empty(words, np.uint64)
    for s in range(len(states)):
        low, high = 0, words
        while states[s, low] == 0:
            low += 1
        while states[s, high - 1] == 0:
            high -= 1
        for a in range(len(masks)):
            mixed = np.uint64(low)
            for w in range(low, high):
                here[w] = states[s, w] & masks[a, w]
                mixed = (mixed ^ here[w]) * _PRIME
                mixed ^= mixed >> _S29
            at = mixed & last
            while True:
                held = table[at]
                if held < 0:
                    if found == most:
                        return -1
                    for w in range(words):
                        out[found, w] = here[w] if low <= w < high else _ZERO
                    table[at] = held = found
                    found += 1
                    break
                same = True
                for w in range(words):
                    same &= out[held, w] == (here[w] if low <= w < high else _ZERO)
                if same:
                    break
                at = (at + _ONE) & last
            to[s, a] = held
    return found
