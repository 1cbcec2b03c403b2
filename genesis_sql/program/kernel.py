"""The compiled kernel: one call per step and block, without the interpreter lock.

numba earns its place here: it ran 4 to 10 times as fast as the same loops in numpy
(`python -m benchmarks kernel`).
No fastmath: results must not depend on the machine. Imported only when rows are drawn.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from genesis_sql.program.draw import GOLDEN, HIGH, M1, M2

_M1, _M2, _G, _H = np.uint64(M1), np.uint64(M2), np.uint64(GOLDEN), np.uint64(HIGH)
_MASK, _LOW = np.uint64(0xFFFFFFFF), np.uint64(2**31 - 1)
_S15, _S16, _S31, _S32 = np.uint64(15), np.uint64(16), np.uint64(31), np.uint64(32)
_S24, _S48, _MASK24, _ONE = np.uint64(24), np.uint64(48), np.uint64(2**24 - 1), np.uint64(1)
SPAN = 2_048  # rows walked together: their places stay in the nearest cache


@njit(nogil=True, cache=True, inline="always")
def _mix(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    x = x ^ (x >> _S16)
    x = (x * _M1) & _MASK
    x = x ^ (x >> _S15)
    x = (x * _M2) & _MASK
    return x ^ (x >> _S15)


@njit(nogil=True, cache=True, inline="always")
def _word(a, b, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    high = row >> _S31
    inner = _mix((((row & _LOW) ^ a) + high * _H) & _MASK)
    return _mix((inner + high * _G + b) & _MASK)


@njit(nogil=True, cache=True, inline="always")
def _step(codes, at, i, nodes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    node = nodes[at]
    code = np.uint64(codes[node >> _S48, i])
    return (node & _MASK24) + np.uint64(code > ((node >> _S24) & _MASK24))


@njit(nogil=True, cache=True)
def route(codes, nodes, leaf, levels, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Cells of rows into ``out``: a level at a time over some rows, no branch to mispredict.

    Args:
        codes: int32 of shape (inputs, n).
        nodes: uint64, see `Tree.nodes`.
        leaf: int32, the cell of each node.
        levels: how many levels are walked before a row is asked whether it has arrived.
        out: int32 of shape (n,).
    """
    if len(nodes) == 1:
        out[:] = leaf[0]
        return
    at = np.empty(SPAN, np.uint64)
    for first in range(0, len(out), SPAN):
        here = np.uint64(min(SPAN, len(out) - first))
        begin = np.uint64(first)
        for i in range(here):
            at[i] = 0
        for _ in range(levels):
            for i in range(here):
                at[i] = _step(codes, at[i], begin + i, nodes)
        for i in range(here):
            node, below = at[i], _step(codes, at[i], begin + i, nodes)
            while below != node:
                node, below = below, _step(codes, below, begin + i, nodes)
            out[begin + i] = leaf[node]


@njit(nogil=True, cache=True, inline="always")
def _slot(cell, word, start, accept, either):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    first = start[np.uint64(cell)]
    spread = word * np.uint64(start[np.uint64(cell) + _ONE] - first)
    at = np.uint64(first) + (spread >> _S32)
    return np.uint64(either[at, np.uint64((spread & _MASK) >= np.uint64(accept[at]))])


@njit(nogil=True, cache=True)
def draw_codes(cell, keys, rows, cells, low, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw label codes into ``out`` (int32, n).

    Args:
        cell: int32 of shape (n,), see `route`.
        keys: uint64 of shape (2,): the stream.
        rows: uint64 of shape (n,): addresses.
        cells: start, accept, either.
        low: int32 of shape (slots,): the codes.
        out: int32 of shape (n,).
    """
    start, accept, either = cells
    for i in range(len(rows)):
        out[i] = low[_slot(cell[i], _word(keys[0], keys[1], rows[i]), start, accept, either)]


@njit(nogil=True, cache=True)
def draw_grid(cell, keys, rows, cells, low, width, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw whole numbers on a grid.

    ``keys`` has the two streams a, b, a', b'. ``valid`` is False at NULL.
    """
    start, accept, either = cells
    for i in range(len(rows)):
        at = _slot(cell[i], _word(keys[0], keys[1], rows[i]), start, accept, either)
        valid[i] = not null[at]
        if width[at] > 1:
            part = np.float64(_word(keys[2], keys[3], rows[i])) * 2.3283064365386963e-10
            out[i] = low[at] + np.int64(np.floor(part * np.float64(width[at])))
        else:
            out[i] = low[at]


@njit(nogil=True, cache=True)
def draw_reals(cell, keys, rows, cells, low, width, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw doubles: low + u · width."""
    start, accept, either = cells
    for i in range(len(rows)):
        at = _slot(cell[i], _word(keys[0], keys[1], rows[i]), start, accept, either)
        valid[i] = not null[at]
        if width[at] > 0.0:
            part = np.float64(_word(keys[2], keys[3], rows[i])) * 2.3283064365386963e-10
            out[i] = low[at] + part * width[at]
        else:
            out[i] = low[at]


@njit(nogil=True, cache=True)
def cut(values, valid, edges, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Codes of numbers: 0 for NULL, else 1 + the edges below the value (NaN lies above all)."""
    n_edges = len(edges)
    for i in range(len(values)):
        if not valid[i]:
            out[i] = 0
            continue
        lo, hi = 0, n_edges
        while lo < hi:
            mid = (lo + hi) >> 1
            if values[i] <= edges[mid]:
                hi = mid
            else:
                lo = mid + 1
        out[i] = 1 + lo


@njit(nogil=True, cache=True)
def words(keys, rows, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Words of a stream into ``out`` (uint32, n)."""
    for i in range(len(rows)):
        out[i] = _word(keys[0], keys[1], rows[i])


@njit(nogil=True, cache=True)
def choose(group, word, offsets, cumulated, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Position of the member chosen by weight; -1 where the group is empty or below 0.

    Args:
        group: int64 of shape (n,).
        word: uint32 of shape (n,).
        offsets: int64 of shape (groups + 1,), members of each group.
        cumulated: int64 of shape (members,), running sum of the weights within the group.
        out: int64 of shape (n,).
    """
    for i in range(len(group)):
        g = group[i]
        if g < 0 or offsets[g] == offsets[g + 1]:
            out[i] = -1
            continue
        lo, hi = offsets[g], offsets[g + 1] - 1
        total = cumulated[hi]
        target = (
            np.int64((np.uint64(word[i]) * np.uint64(total)) >> _S32)
            if total < 2**31
            else np.int64(np.float64(word[i]) * 2.3283064365386963e-10 * np.float64(total))
        )
        while lo < hi:
            mid = (lo + hi) >> 1
            if cumulated[mid] > target:
                hi = mid
            else:
                lo = mid + 1
        out[i] = lo
