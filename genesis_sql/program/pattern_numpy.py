"""Patterns written by numpy: row numbers or random words in, a pyarrow array of strings out.

Texts are painted as rows of bytes, all symbols of one place at a time; the byte 0 stands for
nothing and is dropped at the end, so different lengths and letters of several bytes need no loop
over rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from genesis_sql.errors import OptionError
from genesis_sql.program.pattern import (
    SHARES,
    STRIDE,
    UUID,
    UUID_BLOCKS,
    Block,
    Counter,
    Pattern,
    Run,
    Shape,
    content_words,
    draw_blocks,
    fill_constants,
    key_blocks,
    mix_constants,
    overflow_mark,
    residues,
    unique_shares,
)
from genesis_sql.program.scatter import HALF, PRIME, PRIME2, Scatter, row_numbers, scatter

if TYPE_CHECKING:
    import pyarrow as pa

PAINTED = 2**20
"""Bytes painted at a time: they stay in the cache."""

Pieces = list[tuple[np.ndarray, np.ndarray]]
"""Row positions and the bytes of their texts, by shape."""


def render_unique(pattern: Pattern, numbers: np.ndarray) -> pa.StringArray:
    """Texts of row numbers, int64, 0 or more: a different text for each number.

    Past the last text of a shape a number is appended, after a mark where there are several shapes.

    Example:
        >>> key = Pattern("identifier", (Shape(("A", Run("0123456789", 1))),), (5,))
        >>> texts = render_unique(key, np.arange(12)).to_pylist()
        >>> texts[10:], len(set(texts))
        (['A01', 'A71'], 12)
    """
    return _texts(row_numbers(numbers), _widest(pattern), lambda at: _unique(pattern, at))


def render(pattern: Pattern, words: np.ndarray) -> pa.StringArray:
    """Texts of random words, uint32 of shape (rows, ``pattern.words_needed``)."""
    if words.ndim != 2 or words.shape[1] < pattern.words_needed:
        message = f"the pattern takes {pattern.words_needed} words a row; shape: {words.shape}"
        raise OptionError(message)
    return _texts(words.astype(np.uint64), _widest(pattern), lambda block: _drawn(pattern, block))


def render_uuid(words: np.ndarray) -> pa.StringArray:
    """UUIDs of version 4 as text, of random words of shape (rows, 4)."""
    return render(Pattern("uuid", (UUID,), (1,)), words)


def _widest(pattern: Pattern) -> int:
    return max(len(_canvas(s).row) for s in pattern.shapes) + 20


def _texts(rows: np.ndarray, width: int, write: Callable[[np.ndarray], Pieces]) -> pa.StringArray:
    """Write some rows at a time, drop the zero bytes, join."""
    import pyarrow as pa

    size = max(256, PAINTED // width)
    lengths, data, total = [np.zeros(1, np.int64)], list[np.ndarray](), 0
    for first in range(0, len(rows), size):
        block = _weave(write(rows[first : first + size]), len(rows[first : first + size]))
        if block.shape[1] and int(block.min()) > 0:
            lengths.append(np.full(len(block), block.shape[1], np.int64))
            data.append(block.reshape(-1))
        else:
            some = block != 0
            lengths.append(some.sum(axis=1, dtype=np.int64))
            data.append(block[some])
        total += len(data[-1])
    if total >= 2**31:
        message = (
            f"{len(rows)} texts have {total} bytes, an Arrow array holds 2^31: take fewer rows"
        )
        raise OptionError(message)
    offsets = np.cumsum(np.concatenate(lengths)).astype(np.int32)
    joined = np.concatenate(data) if data else np.zeros(0, np.uint8)
    return pa.StringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(joined))


def _weave(pieces: Pieces, rows: int) -> np.ndarray:
    """The pieces' bytes in row order, uint8 of shape (rows, widest)."""
    if len(pieces) == 1:
        return pieces[0][1]
    out = np.zeros((rows, max(b.shape[1] for _, b in pieces)), np.uint8)
    for at, block in pieces:
        out[at, : block.shape[1]] = block
    return out


@dataclass(frozen=True, eq=False)
class _Canvas:
    """A shape as bytes: a row with the literal text, and where the symbols of each slot go."""

    row: np.ndarray
    places: tuple[tuple[int, np.ndarray], ...]


def _symbol_table(run: Run) -> np.ndarray:
    """UTF-8 bytes of the symbols, uint8 of shape (symbols, widest); 0 fills up shorter ones."""
    raw = [s.encode() for s in run.symbols]
    widest = max(map(len, raw))
    return np.frombuffer(b"".join(r.ljust(widest, b"\0") for r in raw), np.uint8).reshape(
        -1, widest
    )


@lru_cache(maxsize=1024)
def _canvas(shape: Shape) -> _Canvas:
    row, places = b"", list[tuple[int, np.ndarray]]()
    for part in shape.parts:
        if isinstance(part, str):
            row += part.encode()
            continue
        table = _symbol_table(part)
        for _ in range(part.length):
            places.append((len(row), table[:, 0].copy() if table.shape[1] == 1 else table))
            row += bytes(table.shape[1])
    return _Canvas(np.frombuffer(row, np.uint8), tuple(places))


def _paint(
    shape: Shape, blocks: tuple[Block, ...], values: list[np.ndarray], rows: int
) -> np.ndarray:
    """Bytes of the texts whose blocks have these values, uint8 of shape (rows, bytes)."""
    canvas = _canvas(shape)
    out = np.empty((rows, len(canvas.row)), np.uint8)
    out[:] = canvas.row
    for block, value in zip(blocks, values, strict=True):
        rest = value.astype(np.uint32)
        for slot in range(block.stop - 1, block.first - 1, -1):
            offset, table = canvas.places[slot]
            digit = rest
            if slot > block.first:
                rest = rest // np.uint32(len(table))
                digit = digit - rest * np.uint32(len(table))
            if table.ndim == 1:
                out[:, offset] = table[digit]
            else:
                out[:, offset : offset + table.shape[1]] = table[digit]
    return out


def _decimal(values: np.ndarray, least: int) -> np.ndarray:
    """At least that many decimal digits, right aligned, uint8 of shape (rows, digits)."""
    longest = len(str(int(values.max(initial=0))))
    width = max(longest, least, 1)
    if longest <= least:
        return _padded(values, width)
    out, rest = np.empty((len(values), width), np.uint8), values
    for place in range(width):
        tens = rest // np.uint64(10)
        digit = (rest - tens * np.uint64(10)).astype(np.uint8) + np.uint8(48)
        out[:, width - 1 - place] = digit if place < max(least, 1) else np.where(rest > 0, digit, 0)
        rest = tens
    return out


@lru_cache(maxsize=1)
def _fours() -> np.ndarray:
    """The texts '0000' to '9999', each as one uint32."""
    digits = np.arange(10_000)[:, None] // np.array([1_000, 100, 10, 1]) % 10 + 48
    return np.ascontiguousarray(digits.astype(np.uint8)).view(np.uint32).ravel()


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    """Digits with zeros in front, four at a time: uint8 of shape (rows, width)."""
    groups, rest = -(-width // 4), values
    out = np.empty((len(values), groups), np.uint32)
    for at in range(groups - 1, -1, -1):
        above = rest // np.uint64(10_000)
        out[:, at] = _fours()[(rest - above * np.uint64(10_000)).astype(np.intp)]
        rest = above
    return out.view(np.uint8)[:, 4 * groups - width :]


def _repeat(text: str, rows: np.ndarray) -> np.ndarray:
    """The text where a row is true, nothing elsewhere."""
    return np.where(rows[:, None], np.frombuffer(text.encode(), np.uint8), np.uint8(0))


def _count(counter: Counter, at: np.ndarray) -> np.ndarray:
    every = np.ones(len(at), bool)
    digits = _decimal(at * np.uint64(counter.step) + np.uint64(counter.start), counter.width)
    return np.hstack([_repeat(counter.prefix, every), digits, _repeat(counter.suffix, every)])


def _keyed(shape: Shape, at: np.ndarray, mark: str, salt: int) -> np.ndarray:
    """The unique texts of one shape, by their count inside the shape."""
    blocks = key_blocks(shape)
    high, low = blocks[-2].capacity, blocks[-1].capacity
    beyond = at // np.uint64(high * low)
    inside = at - beyond * np.uint64(high * low)
    small, values = at % np.uint64(HALF), list[np.ndarray]()
    for k, block in enumerate(blocks[:-2]):
        s, t, c = (np.uint64(v) for v in fill_constants(salt, k))
        mixed = (small + s) * (small + t) % np.uint64(PRIME) * c % np.uint64(PRIME2)
        values.append(mixed % np.uint64(block.capacity))
    out = _paint(shape, blocks, [*values, *scatter(inside, Scatter.of(high, low, salt))], len(at))
    over = beyond > 0
    if not over.any():
        return out
    return np.hstack(
        [out, _repeat(mark, over), np.where(over[:, None], _decimal(beyond, 1), np.uint8(0))]
    )


def _unique(pattern: Pattern, at: np.ndarray) -> Pieces:
    """Row positions and bytes, by shape."""
    shares, mark = unique_shares(pattern), overflow_mark(pattern)
    if pattern.counter is not None:
        return [(np.arange(len(at)), _count(pattern.counter, at))]
    if len(shares) == 1:
        return [(np.arange(len(at)), _keyed(shares[0].shape, at, mark, pattern.salt))]
    whole, part = at // np.uint64(SHARES), at % np.uint64(SHARES)
    part = (part * np.uint64(STRIDE) + np.uint64(residues(pattern))) % np.uint64(SHARES)
    out = []
    for share in shares:
        rows = np.flatnonzero((part >= share.first) & (part < share.first + share.count))
        inner = whole[rows] * np.uint64(share.count) + part[rows] - np.uint64(share.first)
        out.append((rows, _keyed(share.shape, inner, mark, pattern.salt)))
    return out


def _drawn(pattern: Pattern, words: np.ndarray) -> Pieces:
    """Row positions and bytes, by shape."""
    if pattern.kind == "uuid":
        halves = [
            h
            for k in range(4)
            for h in (words[:, k] >> np.uint64(16), words[:, k] & np.uint64(0xFFFF))
        ]
        values = [h % np.uint64(b.capacity) for h, b in zip(halves, UUID_BLOCKS, strict=True)]
        return [(np.arange(len(words)), _paint(UUID, UUID_BLOCKS, values, len(words)))]
    if len(pattern.shapes) == 1:
        return [(np.arange(len(words)), _fill(pattern.shapes[0], words, content_words(pattern)))]
    cumulated = np.cumsum(np.array(pattern.weights, np.uint64))
    chosen = np.searchsorted(cumulated, words[:, 0] * cumulated[-1] >> np.uint64(32), side="right")
    out = []
    for k in np.unique(chosen):
        rows = np.flatnonzero(chosen == k)
        out.append((rows, _fill(pattern.shapes[k], words[rows, 1:], content_words(pattern))))
    return out


def _fill(shape: Shape, words: np.ndarray, count: int) -> np.ndarray:
    """Texts of a shape out of random words: one for each block, from the fourth on two mixed."""
    values = list[np.ndarray]()
    for k, block in enumerate(draw_blocks(shape)):
        capacity = np.uint64(block.capacity)
        if k < count:
            values.append(words[:, k] * capacity >> np.uint64(32))
            continue
        a, b, c = (np.uint64(v) for v in mix_constants(k))
        mixed = (words[:, k % 3] * a + words[:, (k + 1) % 3] * b + c) % np.uint64(PRIME)
        values.append(mixed * capacity // np.uint64(PRIME))
    return _paint(shape, draw_blocks(shape), values, len(words))
