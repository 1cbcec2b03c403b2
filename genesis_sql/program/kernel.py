"""The compiled kernel: one call per step and block, without the interpreter lock.

numba earns its place here: it ran 4 to 10 times as fast as the same loops in numpy
(`python -m benchmarks kernel`).
No fastmath: results must not depend on the machine. Imported only when rows are drawn.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from genesis_sql.program.draw import GOLDEN, HIGH, M1, M2

_M1, _M2, _G, _H = np.uint32(M1), np.uint32(M2), np.uint32(GOLDEN), np.uint32(HIGH)
_MASK, _LOW = np.uint64(0xFFFFFFFF), np.uint64(2**31 - 1)
_S15, _S16 = np.uint32(15), np.uint32(16)
_S31, _S32, _S58 = np.uint64(31), np.uint64(32), np.uint64(58)
_S24, _S48, _MASK24 = np.uint64(24), np.uint64(48), np.uint64(2**24 - 1)
_ZERO, _ONE, _TWO, _THREE, _FOUR = (np.uint64(x) for x in range(5))
_SIXTEEN_BITS, _WIDTH = np.uint64(0xFFFF), np.uint64(64)
_ALL = np.uint64(2**64 - 1)
_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_PLACE = np.zeros(64, np.uint8)  # of the one bit that is set, by the leading bits of the product
for _bit in range(64):
    _PLACE[(0x03F79D71B4CB0A89 << _bit) % 2**64 >> 58] = _bit
_UNIT = 2.3283064365386963e-10  # 2^-32
SPAN = 2_048  # rows worked on together: what is known of them stays in the nearest cache


@njit(nogil=True, cache=True, inline="always")
def _mix(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    x = np.uint32(x ^ (x >> _S16))
    x = np.uint32(x * _M1)
    x = np.uint32(x ^ (x >> _S15))
    x = np.uint32(x * _M2)
    return np.uint32(x ^ (x >> _S15))


@njit(nogil=True, cache=True, inline="always")
def _word(a, b, low, high):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A word in 32-bit arithmetic: what flows over is cut off, as the definition has it."""
    inner = _mix(np.uint32(np.uint32(low ^ a) + np.uint32(high * _H)))
    return _mix(np.uint32(np.uint32(inner + np.uint32(high * _G)) + b))


@njit(nogil=True, cache=True, inline="always")
def _fill(keys, at, halves, first, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Words of the stream at ``keys[at]`` for rows from ``first``: 32 bits all through.

    Such loops are vectorized; that takes a third of the time.
    """
    a, b = np.uint32(keys[at]), np.uint32(keys[at + 1])
    low, high = halves[0, first : first + SPAN], halves[1, first : first + SPAN]
    for i in range(len(low)):
        out[i] = _word(a, b, low[i], high[i])
    return len(low)


@njit(nogil=True, cache=True, inline="always")
def _step(codes, at, i, nodes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    node = nodes[at]
    code = np.uint64(codes[node >> _S48, i])
    return (node & _MASK24) + np.uint64(code > ((node >> _S24) & _MASK24))


@njit(nogil=True, cache=True)
def walk(codes, pick, roots, nodes, leaf, levels, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Cells of rows into ``out``: a level at a time over some rows, no branch to mispredict.

    Args:
        codes: whole numbers of shape (inputs, n).
        pick: the input whose code chooses the root.
        roots: uint64, the root of each of its codes.
        nodes: uint64, see `prepared.Walk`.
        leaf: int32, the cell of each node.
        levels: how many levels are walked before a row is asked whether it has arrived.
        out: int32 of shape (n,).
    """
    at = np.empty(SPAN, np.uint64)
    for first in range(0, len(out), SPAN):
        here = np.uint64(min(SPAN, len(out) - first))
        begin = np.uint64(first)
        for i in range(here):
            at[i] = roots[np.uint64(codes[pick, begin + i])]
        for _ in range(levels):
            for i in range(here):
                at[i] = _step(codes, at[i], begin + i, nodes)
        for i in range(here):
            node, below = at[i], _step(codes, at[i], begin + i, nodes)
            while below != node:
                node, below = below, _step(codes, below, begin + i, nodes)
            out[begin + i] = leaf[node]


@njit(nogil=True, cache=True)
def sift(codes, pick, member, asked, places, masks, leaf, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Cells of rows into ``out``: each code of a row crosses out leaves, one leaf is left.

    After Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles
    of regression trees" (2015). A place below 0 ends the inputs: a loop of unknown length stays a
    loop over words in registers.

    Args:
        codes: whole numbers of shape (inputs, n).
        pick: the input whose code chooses a member.
        member: uint64, the member of each of its codes (32 bits) and where its masks begin (32).
        asked: int64, the inputs that have masks; -1 at the end.
        places: uint64, where the masks of each input begin in a member's.
        masks: uint64 of shape (rows, words): the leaves that a code leaves.
        leaf: int32 of shape (members, 64 * words), the cell of each leaf.
        out: int32 of shape (n,).
    """
    words, begin = masks.shape[1], asked * codes.shape[1]
    flat, first = codes.ravel(), np.uint64(pick * codes.shape[1])
    if words == 1:
        _sift_one(flat, first, member, begin, places, masks.ravel(), leaf.ravel(), out)
    elif words == 2:
        _sift_two(flat, first, member, begin, places, masks.ravel(), leaf.ravel(), out)
    else:
        _sift_four(flat, first, member, begin, places, masks.ravel(), leaf.ravel(), out)


@njit(nogil=True, cache=True)
def _sift_one(codes, pick, member, begin, places, masks, leaf, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(np.uint64(len(out))):
        which = member[np.uint64(codes[pick + i])]
        base, a, f = which & _MASK, _ALL, _ZERO
        while begin[f] >= 0:
            a &= masks[base + places[f] + np.uint64(codes[np.uint64(begin[f]) + i])]
            f += _ONE
        out[i] = leaf[(which >> _S32) * _WIDTH + np.uint64(_PLACE[(a * _BRUIJN) >> _S58])]


@njit(nogil=True, cache=True)
def _sift_two(codes, pick, member, begin, places, masks, leaf, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(np.uint64(len(out))):
        which = member[np.uint64(codes[pick + i])]
        base, a, b, f = which & _MASK, _ALL, _ALL, _ZERO
        while begin[f] >= 0:
            at = (base + places[f] + np.uint64(codes[np.uint64(begin[f]) + i])) * _TWO
            a &= masks[at]
            b &= masks[at + _ONE]
            f += _ONE
        place = np.uint64(_PLACE[((a | b) * _BRUIJN) >> _S58]) + _WIDTH * np.uint64(b != _ZERO)
        out[i] = leaf[(which >> _S32) * _WIDTH * _TWO + place]


@njit(nogil=True, cache=True)
def _sift_four(codes, pick, member, begin, places, masks, leaf, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(np.uint64(len(out))):
        which = member[np.uint64(codes[pick + i])]
        base, f = which & _MASK, _ZERO
        a, b, c, d = _ALL, _ALL, _ALL, _ALL
        while begin[f] >= 0:
            at = (base + places[f] + np.uint64(codes[np.uint64(begin[f]) + i])) * _FOUR
            a &= masks[at]
            b &= masks[at + _ONE]
            c &= masks[at + _TWO]
            d &= masks[at + _THREE]
            f += _ONE
        place = np.uint64(_PLACE[((a | b | c | d) * _BRUIJN) >> _S58])
        word = np.uint64(b != _ZERO) + _TWO * np.uint64(c != _ZERO) + _THREE * np.uint64(d != _ZERO)
        out[i] = leaf[(which >> _S32) * _WIDTH * _FOUR + word * _WIDTH + place]


@njit(nogil=True, cache=True)
def cross_out(masks, places, sizes, inner, threshold, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Take from the masks of one member the leaves that its nodes rule out.

    Args:
        masks: uint64 of shape (rows, words), changed.
        places: int64, where the masks of each input begin.
        sizes: int64, how many codes each input has.
        inner: int64, the input that each inner node asks.
        threshold: int64, of each inner node.
        bounds: int64 of shape (inner nodes, 3): the leaves below begin, those to the right, end.
    """
    for node in range(len(inner)):
        for code in range(sizes[inner[node]]):
            right = code > threshold[node]
            begin, end = bounds[node, 1 - right], bounds[node, 2 - right]
            for leaf in range(begin, end):
                masks[places[inner[node]] + code, leaf >> 6] &= ~(_ONE << np.uint64(leaf & 63))


@njit(nogil=True, cache=True)
def draw_codes(cell, keys, halves, spans, slots, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw label codes into ``out`` (int32, n).

    Args:
        cell: int32 of shape (n,), see `walk` and `sift`; of shape (0,) where all rows have cell 0.
        keys: uint64 of shape (2,): the stream.
        halves: uint32 of shape (2, n): the lower 31 bits of addresses, and the upper.
        spans: uint64, first slot (32 bits) and number of slots of each cell, see `Cells.spans`.
        slots: uint64, accept (32 bits), the alias's code (16) and the own (16), see `Cells.labels`.
        out: int32 of shape (n,).
    """
    word = np.empty(SPAN, np.uint32)
    if len(cell) == 0:
        for first in range(0, len(out), SPAN):
            here = _fill(keys, 0, halves, first, word)
            for i in range(np.uint64(here)):
                out[np.uint64(first) + i] = _label(word[i], spans[0], slots)
        return
    for first in range(0, len(out), SPAN):
        here = _fill(keys, 0, halves, first, word)
        begin = np.uint64(first)
        for i in range(np.uint64(here)):
            out[begin + i] = _label(word[i], spans[np.uint64(cell[begin + i])], slots)


@njit(nogil=True, cache=True, inline="always")
def _label(word, span, slots):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    spread = np.uint64(word) * (span & _MASK)
    slot = slots[(span >> _S32) + (spread >> _S32)]
    other = np.uint64((spread & _MASK) >= (slot >> _S32))
    return np.int32((slot >> (other << _FOUR)) & _SIXTEEN_BITS)


@njit(nogil=True, cache=True, inline="always")
def _slots(cell, first, word, spans, choices, apart, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The slots of some rows into ``at``.

    One look into memory per loop: the more rows are waited for at once, the shorter the wait.
    """
    here, begin = np.uint64(min(SPAN, len(cell) - first)), np.uint64(first)
    for i in range(here):
        span = spans[np.uint64(cell[begin + i])]
        spread = np.uint64(word[i]) * (span & _MASK)
        at[i] = (span >> _S32) + (spread >> _S32)
        word[i] = np.uint32(spread & _MASK)
    for i in range(here):
        choice = choices[at[i] * apart]
        other = np.uint64(np.uint64(word[i]) >= (choice >> _S32))
        at[i] += other * ((choice & _MASK) - at[i])
    return here


@njit(nogil=True, cache=True)
def draw_many_codes(cell, keys, halves, spans, choices, low, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw label codes of which one does not fit in 16 bits."""
    word, at = np.empty(SPAN, np.uint32), np.empty(SPAN, np.uint64)
    for first in range(0, len(out), SPAN):
        _fill(keys, 0, halves, first, word)
        here, begin = _slots(cell, first, word, spans, choices, _ONE, at), np.uint64(first)
        for i in range(here):
            out[begin + i] = low[at[i]]


@njit(nogil=True, cache=True)
def draw_grid(cell, keys, halves, spans, choices, values, apart, wide, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw whole numbers on a grid.

    Args:
        cell: int32 of shape (n,).
        keys: uint64 of shape (4,): the streams of the slot and of the place in it.
        halves: see `draw_codes`.
        spans: see `draw_codes`.
        choices: uint64, accept and alias (32 bits each), see `Cells.choices`.
        values: low and width by turns; the width of NULL is negative.
        apart: uint64 of shape (3,): words from one choice to the next, numbers from one value to
            the next, and before the first: both may stand side by side, see `prepared.Numbers`.
        wide: whether a slot is wider than one number.
        out: int64 of shape (n,).
        valid: bool of shape (n,), False at NULL.
    """
    word, within = np.empty(SPAN, np.uint32), np.empty(SPAN, np.uint32)
    at, step, low = np.empty(SPAN, np.uint64), apart[1], apart[2]
    for first in range(0, len(out), SPAN):
        _fill(keys, 0, halves, first, word)
        here, begin = _slots(cell, first, word, spans, choices, apart[0], at), np.uint64(first)
        if wide:
            _fill(keys, 2, halves, first, within)
            for i in range(here):
                width = values[at[i] * step + low + _ONE]
                part = np.float64(within[i]) * _UNIT * np.float64(abs(width))
                out[begin + i] = values[at[i] * step + low] + np.int64(part)
                valid[begin + i] = width > 0
        else:
            for i in range(here):
                out[begin + i] = values[at[i] * step + low]
                valid[begin + i] = values[at[i] * step + low + _ONE] > 0


@njit(nogil=True, cache=True)
def draw_reals(cell, keys, halves, spans, choices, low, width, null, out, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw doubles: low + u · width."""
    word, within = np.empty(SPAN, np.uint32), np.empty(SPAN, np.uint32)
    at = np.empty(SPAN, np.uint64)
    for first in range(0, len(out), SPAN):
        _fill(keys, 0, halves, first, word)
        _fill(keys, 2, halves, first, within)
        here, begin = _slots(cell, first, word, spans, choices, _ONE, at), np.uint64(first)
        for i in range(here):
            valid[begin + i] = not null[at[i]]
            if width[at[i]] > 0.0:
                out[begin + i] = low[at[i]] + np.float64(within[i]) * _UNIT * width[at[i]]
            else:
                out[begin + i] = low[at[i]]


@njit(nogil=True, cache=True)
def clamp(values, most, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Label codes as trees ask them: all from ``most`` on are alike, and so are all below 1."""
    for i in range(len(values)):
        out[i] = min(max(values[i], 0), most)


@njit(nogil=True, cache=True)
def tell(values, valid, lowest, codes, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Codes of whole numbers that lie close together: looked up; see `cut`.

    Args:
        values: int64 of shape (n,).
        valid: bool of shape (n,) or of shape (0,) where nothing is NULL.
        lowest: the number of the first code; lower ones have the same.
        codes: of the numbers from there on; higher ones have the last.
        out: of shape (n,).
    """
    last = np.int64(lowest + len(codes) - 1)
    for i in range(np.uint64(len(values))):
        out[i] = codes[np.uint64(min(max(values[i], lowest), last) - lowest)]
    for i in range(np.uint64(len(valid))):
        out[i] = out[i] if valid[i] else 0


@njit(nogil=True, cache=True)
def join(codes, places, sizes, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Mixed radix numbers of the codes at some places, into the place ``at``."""
    for i in range(codes.shape[1]):
        number = np.int64(0)
        for k in range(len(places)):
            number = number * sizes[k] + codes[places[k], i]
        codes[at, i] = number


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
    a, b = np.uint32(keys[0]), np.uint32(keys[1])
    for i in range(len(rows)):
        out[i] = _word(a, b, np.uint32(rows[i] & _LOW), np.uint32(rows[i] >> _S31))


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
