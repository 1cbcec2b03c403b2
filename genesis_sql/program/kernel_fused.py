"""The compiled kernel of many steps: one call per block, some rows at a time through all steps.

What is known of these rows stays in the nearest caches. See `fused` for what the arguments are.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from genesis_sql.program.kernel import _LOW, _S31, _mix, _word

SPAN = 1024  # rows worked on together
EVEN, CODED, WIDE, CUT, TELL, AGAIN, LABELS, NUMBERS = range(8)
_MASK, _SIXTEEN = np.uint64(0xFFFFFFFF), np.uint64(0xFFFF)
_ONE, _TWO, _FOUR, _S32 = (np.uint64(x) for x in (1, 2, 4, 32))
_UNIT = 2.3283064365386963e-10  # 2^-32


@njit(nogil=True)
def _halves(address, first, low, high):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The lower 31 bits of some addresses and the upper; whether one has upper bits."""
    far = np.uint64(0)
    for i in range(min(SPAN, len(address) - first)):
        at = np.uint64(address[first + i])
        low[i] = np.uint32(at & _LOW)
        high[i] = np.uint32(at >> _S31)
        far |= at >> _S31
    return far != 0


@njit(nogil=True)
def _words(a, b, low, high, far, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Words of one stream."""
    if far:
        for i in range(SPAN):
            out[i] = _word(a, b, low[i], high[i])
    else:
        for i in range(SPAN):
            out[i] = _mix(np.uint32(_mix(np.uint32(low[i] ^ a)) + b))


@njit(nogil=True)
def _find(rows, level, trees, cell):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The cells of rows: a look into a table per question; see `fused.Plan`.

    All rows take some questions before the next ones: the wait of one row is the others' time.
    """
    for i in range(SPAN):
        cell[i] = 0
    for k in range(0, len(level) - 3, 6):
        one, two = np.uint64(level[k] * SPAN), np.uint64(level[k + 3] * SPAN)
        wide, wider = np.uint64(level[k + 1]), np.uint64(level[k + 4])
        first, second = np.uint64(level[k + 2]), np.uint64(level[k + 5])
        for i in range(np.uint64(SPAN)):
            at = trees[first + np.uint64(cell[i]) * wide + np.uint64(rows[one + i])]
            cell[i] = trees[second + np.uint64(at) * wider + np.uint64(rows[two + i])]
    if len(level) % 6:
        one, wide, first = np.uint64(level[-3] * SPAN), np.uint64(level[-2]), np.uint64(level[-1])
        for i in range(np.uint64(SPAN)):
            cell[i] = trees[first + np.uint64(cell[i]) * wide + np.uint64(rows[one + i])]


@njit(nogil=True)
def _even(word, count, base, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Codes in a row, each as likely as the others."""
    for i in range(SPAN):
        out[i] = np.uint16(((np.uint64(word[i]) * count) >> _S32) + base)


@njit(nogil=True)
def _coded(word, cell, spans, slots, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Codes of the cells of rows; see `Cells.spans` and `Cells.labels`."""
    for i in range(np.uint64(SPAN)):
        span = spans[np.uint64(cell[i])]
        spread = np.uint64(word[i]) * (span & _MASK)
        slot = slots[(span >> _S32) + (spread >> _S32)]
        other = np.uint64((spread & _MASK) >= (slot >> _S32))
        out[i] = np.uint16((slot >> (other << _FOUR)) & _SIXTEEN)


@njit(nogil=True)
def _wide(word, within, cell, spans, slots, apart, beside, wide, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whole numbers of the cells of rows; see `prepared.Numbers`. How many are NULL."""
    at = np.empty(SPAN, np.uint64)
    for i in range(np.uint64(SPAN)):
        span = spans[np.uint64(cell[i])]
        spread = np.uint64(word[i]) * (span & _MASK)
        at[i] = (span >> _S32) + (spread >> _S32)
        word[i] = np.uint32(spread & _MASK)
    for i in range(np.uint64(SPAN)):
        choice = slots[at[i] * apart]
        other = np.uint64(np.uint64(word[i]) >= (choice >> _S32))
        at[i] += other * ((choice & _MASK) - at[i])
    nulls = np.int64(0)
    for i in range(np.uint64(len(out))):
        place = at[i] * apart + _ONE
        if beside:
            low = np.int64(np.int32(np.uint32(slots[place] & _MASK)))
            width = np.int64(np.int32(np.uint32(slots[place] >> _S32)))
        else:
            low, width = np.int64(slots[place]), np.int64(slots[place + _ONE])
        part = np.float64(within[i]) * _UNIT * np.float64(abs(width)) if wide else 0.0
        out[i] = low + np.int64(part)
        valid[i] = width > 0
        nulls += width <= 0
    return nulls


@njit(nogil=True)
def _cut(values, valid, edges, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Codes of numbers by their edges, see `kernel.cut`."""
    for i in range(len(values)):
        lo, hi = 0, len(edges)
        while lo < hi:
            mid = (lo + hi) >> 1
            if values[i] <= edges[mid]:
                hi = mid
            else:
                lo = mid + 1
        out[i] = 1 + lo if valid[i] else 0


@njit(nogil=True)
def _tell(values, valid, lowest, codes, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Codes of numbers by table, see `kernel.tell`."""
    last = np.int64(lowest + len(codes) - 1)
    for i in range(np.uint64(len(values))):
        code = codes[np.uint64(min(max(values[i], lowest), last) - lowest)]
        out[i] = np.uint16(code * valid[i])


@njit(nogil=True)
def _again(codes, table, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(np.uint64(SPAN)):
        out[i] = table[np.uint64(codes[i])]


@njit(nogil=True)
def _labels(codes, table, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if len(table):
        for i in range(np.uint64(len(out))):
            out[i] = np.int32(table[np.uint64(codes[i])])
    else:
        for i in range(len(out)):
            out[i] = codes[i]


@njit(nogil=True)
def _numbers(codes, table, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The numbers that codes stand for; the first codes stand for NULL. How many are NULL."""
    for i in range(np.uint64(len(out))):
        out[i] = np.int64(table[np.uint64(codes[i])])
    nulls = 0
    if null:
        for i in range(len(out)):
            valid[i] = codes[i] >= null
            nulls += codes[i] < null
    return nulls


@njit(nogil=True, cache=True)
def draw(ops, keys, address, routes, trees, pool, slots, edges, labels, numbers, valid, nulls):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Do the steps of a plan for a block of rows.

    Args:
        ops: int64 of shape (steps, 10), see `fused.Plan`.
        keys: uint64: the streams, two keys each.
        address: of the rows, whole numbers of shape (n,).
        routes: int64: of each question of a tree the row of codes it asks, how many codes there
            are, and the place of its table.
        trees: uint16: the tables of trees.
        pool: uint32: what codes stand for.
        slots: uint64: spans and slots of cells, and the numbers of codes.
        edges: float64, of numbers.
        labels: int32 of shape (label columns, n), written.
        numbers: int64 of shape (number columns, n), written.
        valid: bool of shape (number columns, n), written where one may be NULL.
        nulls: int64 of shape (number columns,): how many are NULL, added to.
    """
    n = len(address)
    low, high = np.zeros(SPAN, np.uint32), np.zeros(SPAN, np.uint32)
    word, within = np.zeros(SPAN, np.uint32), np.zeros(SPAN, np.uint32)
    cell = np.zeros(SPAN, np.uint32)
    rows = np.zeros((ops[:, 1].max() + 1) * SPAN, np.uint16)
    for first in range(0, n, SPAN):
        far = _halves(address, first, low, high)
        last = min(first + SPAN, n)
        for k in range(len(ops)):
            kind, row, a, b, c = ops[k, 0], ops[k, 1], ops[k, 2], ops[k, 3], ops[k, 4]
            d, e, f, g, h = ops[k, 5], ops[k, 6], ops[k, 7], ops[k, 8], ops[k, 9]
            codes = rows[row * SPAN : (row + 1) * SPAN]
            if kind <= WIDE:
                _words(np.uint32(keys[a]), np.uint32(keys[a + 1]), low, high, far, word)
            if kind == EVEN:
                _even(word, np.uint64(b), np.uint64(c), codes)
                continue
            if kind <= WIDE:
                _find(rows, routes[max(b, 0) : max(c, 0)], trees, cell)
            if kind == CODED:
                _coded(word, cell, slots[d:e], slots[e:f], codes)
            elif kind == WIDE:
                if h & 4:
                    _words(np.uint32(keys[a + 2]), np.uint32(keys[a + 3]), low, high, far, within)
                apart, beside = _TWO + np.uint64(not h & 2), (h & 2) != 0
                out, known = numbers[g, first:last], valid[g, first:last]
                nulls[g] += _wide(
                    word, within, cell, slots[d:e], slots[e:f], apart, beside, h & 4, out, known
                )
            elif kind == CUT:
                _cut(numbers[a, first:last], valid[a, first:last], edges[b:c], codes)
            elif kind == TELL:
                _tell(numbers[a, first:last], valid[a, first:last], d, pool[b:c], codes)
            elif kind == AGAIN:
                _again(rows[a * SPAN : (a + 1) * SPAN], pool[b:c], codes)
            elif kind == LABELS:
                _labels(codes, pool[b:c], labels[a, first:last])
            elif kind == NUMBERS:
                known = valid[a, first:last]
                nulls[a] += _numbers(codes, slots[b:c], d, numbers[a, first:last], known)
