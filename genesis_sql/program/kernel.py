"""The compiled kernel: one call per step and block, without the interpreter lock.

numba earns its place here: it ran 2 to 3.6 times as fast as the same loops in numpy
(`python -m benchmarks kernel`).
No fastmath: results must not depend on the machine. Imported only when rows are drawn.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from genesis_sql.program.draw import GOLDEN, M1, M2

_M1, _M2, _G = np.uint64(M1), np.uint64(M2), np.uint64(GOLDEN)
_MASK, _LOW = np.uint64(0xFFFFFFFF), np.uint64(2**31 - 1)
_S15, _S16, _S31, _S32 = np.uint64(15), np.uint64(16), np.uint64(31), np.uint64(32)


@njit(nogil=True, cache=True, inline="always")
def _mix(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    x = x ^ (x >> _S16)
    x = (x * _M1) & _MASK
    x = x ^ (x >> _S15)
    x = (x * _M2) & _MASK
    return x ^ (x >> _S15)


@njit(nogil=True, cache=True, inline="always")
def _word(a, b, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    inner = _mix((row & _LOW) ^ a)
    return _mix((inner + (row >> _S31) * _G + b) & _MASK)


@njit(nogil=True, cache=True, inline="always")
def _cell(codes, i, nodes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    node = 0
    feature = nodes[0, 0]
    while feature >= 0:
        node = nodes[node, 2] if codes[i, feature] <= nodes[node, 1] else nodes[node, 3]
        feature = nodes[node, 0]
    return nodes[node, 2]


@njit(nogil=True, cache=True, inline="always")
def _slot(cell, word, start, accept, alias):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    first = start[cell]
    spread = word * np.uint64(start[cell + 1] - first)
    at = first + np.int64(spread >> _S32)
    if (spread & _MASK) >= np.uint64(accept[at]):
        at = np.int64(alias[at])
    return at


@njit(nogil=True, cache=True)
def draw_codes(codes, nodes, keys, rows, cells, low, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw label codes into ``out`` (int32, n).

    Args:
        codes: int32 of shape (n, inputs): a row's inputs lie side by side.
        nodes: int32 of shape (nodes, 4): feature (-1 at a leaf), threshold, left (the cell), right.
        keys: uint64 of shape (2,): the stream.
        rows: uint64 of shape (n,): addresses.
        cells: start, accept, alias.
        low: int32 of shape (slots,): the codes.
        out: int32 of shape (n,).
    """
    start, accept, alias = cells
    for i in range(len(rows)):
        cell = _cell(codes, i, nodes)
        out[i] = low[_slot(cell, _word(keys[0], keys[1], rows[i]), start, accept, alias)]


@njit(nogil=True, cache=True)
def draw_grid(codes, nodes, keys, rows, cells, low, width, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw whole numbers on a grid.

    ``keys`` has the two streams a, b, a', b'. ``valid`` is False at NULL.
    """
    start, accept, alias = cells
    for i in range(len(rows)):
        cell = _cell(codes, i, nodes)
        at = _slot(cell, _word(keys[0], keys[1], rows[i]), start, accept, alias)
        valid[i] = not null[at]
        if width[at] > 1:
            part = np.float64(_word(keys[2], keys[3], rows[i])) * 2.3283064365386963e-10
            out[i] = low[at] + np.int64(np.floor(part * np.float64(width[at])))
        else:
            out[i] = low[at]


@njit(nogil=True, cache=True)
def draw_reals(codes, nodes, keys, rows, cells, low, width, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw doubles: low + u · width."""
    start, accept, alias = cells
    for i in range(len(rows)):
        cell = _cell(codes, i, nodes)
        at = _slot(cell, _word(keys[0], keys[1], rows[i]), start, accept, alias)
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
