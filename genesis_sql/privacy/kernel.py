"""The compiled search for nearest rows: exact, over all reference rows, without the lock.

Every column is a float32 of which only differences up to 1 count, so the inner loop has no branch.
No fastmath: results must not depend on the machine. Imported only when rows are compared.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 1_024  # reference rows compared at once: with 15 columns they fit the second cache
_ONE, _ZERO, _FAR = np.float32(1.0), np.float32(0.0), np.float32(np.inf)


@njit(nogil=True, cache=True)
def nearest(queries, refs, size, skip, dist, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Fill in the nearest reference rows of each query, nearest first, ties by lowest index.

    The loops over a block are simple enough for the compiler to take eight rows at a time: 14 times
    as fast as the same with a single matrix, whose indices it cannot prove to be inside.

    Args:
        queries: float32 of shape (n, columns).
        refs: float32 of shape (blocks, columns, BLOCK).
        size: how many reference rows there are; what stands behind them only fills the block.
        skip: int64 of shape (n,), the reference row that is the query itself; -1 for none.
        dist: float32 of shape (n, k), filled with infinity before.
        index: int64 of shape (n, k), filled with -1 before.
    """
    blocks, columns, _ = refs.shape
    n, k = dist.shape
    total = np.empty(BLOCK, np.float32)
    for block in range(blocks):
        part, first = refs[block], block * BLOCK
        for q in range(n):
            total[:] = _ZERO
            for j in range(columns):
                value, row = queries[q, j], part[j]
                for i in range(BLOCK):
                    apart = np.float32(abs(value - row[i]))
                    total[i] += apart if apart < _ONE else _ONE
            low = _FAR
            for i in range(BLOCK):
                low = total[i] if total[i] < low else low
            if low < dist[q, k - 1]:
                _keep(total, first, size, skip[q], dist[q], index[q])


@njit(nogil=True, cache=True)
def _keep(total, first, size, skip, dist, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Put those of a block that are near enough in their places."""
    last = len(dist) - 1
    for i in range(min(BLOCK, size - first)):
        if total[i] < dist[last] and first + i != skip:
            at = last
            while at > 0 and dist[at - 1] > total[i]:
                dist[at] = dist[at - 1]
                index[at] = index[at - 1]
                at -= 1
            dist[at] = total[i]
            index[at] = first + i


@njit(nogil=True, cache=True)
def matches(rows, columns, low, high, out, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """How many rows fulfil each predicate: low <= value <= high in each of its columns.

    Args:
        rows: float32 of shape (columns, m).
        columns: int64 of shape (n, width), the columns of each predicate; -1 for none.
        low: float32 of shape (n, width), lower bounds.
        high: float32 of shape (n, width), upper bounds.
        out: int64 of shape (n,), counted up to 2.
        last: int64 of shape (n,), the last row that was counted.
    """
    m = rows.shape[1]
    for p in range(len(out)):
        found = 0
        for i in range(m):
            fits = True
            for w in range(columns.shape[1]):
                j = columns[p, w]
                if j >= 0 and not low[p, w] <= rows[j, i] <= high[p, w]:
                    fits = False
                    break
            if fits:
                found += 1
                last[p] = i
                if found == 2:
                    break
        out[p] = found
