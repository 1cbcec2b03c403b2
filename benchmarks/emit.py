"""Raw 32-bit words for a battery: `python -m benchmarks.emit SOURCE [SEED] | dieharder -g 200 …`.

A stream is a permutation of its words, which tests on whole words see and no program does: what is
written is what programs use, leading bits, pairs of words, the columns of one row, the children of
a parent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np

from genesis_sql.program.draw import Stream, address, stream

BLOCK = 2**17
COLUMNS = 15
CHILDREN = 4


def streams(seed: int, count: int, table: str = "battery") -> list[Stream]:
    """Streams as models make them, one per column."""
    return [stream(seed, "benchmark", table, f"c{i}", "cell") for i in range(count)]


def words(keys: Stream, rows: np.ndarray) -> np.ndarray:
    """Words of a stream, uint32 of shape (n,), by the compiled kernel."""
    from genesis_sql.program import kernel

    out = np.empty(len(rows), np.uint32)
    kernel.words(np.array([keys.a, keys.b], np.uint64), rows.astype(np.uint64), out)
    return out


def leading(values: np.ndarray) -> bytes:
    """The top 24 bits of words, three bytes each."""
    return (
        values.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    )  # little-endian: the low byte is first


def doubles(first: np.ndarray, second: np.ndarray) -> bytes:
    """The 32 leading bits of doubles made of 27 bits of one word and 26 of another."""
    return ((first & np.uint32(0xFFFFFFE0)) | (second >> np.uint32(27))).tobytes()


def _blocks(size: int = BLOCK) -> Iterator[np.ndarray]:
    at = 0
    while True:
        yield np.arange(at, at + size, dtype=np.int64)
        at += size


def top24(seed: int) -> Iterator[bytes]:
    """Top 24 bits of single draws of one stream, over consecutive rows."""
    (keys,) = streams(seed, 1)
    return (leading(words(keys, rows)) for rows in _blocks())


def pairs(seed: int) -> Iterator[bytes]:
    """Doubles made of two streams, over consecutive rows."""
    one, two = streams(seed, 2)
    return (doubles(words(one, rows), words(two, rows)) for rows in _blocks())


def columns(seed: int) -> Iterator[bytes]:
    """All words of a row, one per column, then the next row."""
    keys = streams(seed, COLUMNS)
    return (np.column_stack([words(k, rows) for k in keys]).tobytes() for rows in _blocks())


def near(seed: int) -> Iterator[bytes]:
    """The first words of ever new streams: a row each of 64, then the next 64 streams."""
    rng = np.random.default_rng([seed, 1])
    rows = np.arange(64, dtype=np.int64)
    while True:
        keys = [Stream(int(a), int(b)) for a, b in rng.integers(0, 2**32, (2048, 2))]
        yield np.column_stack([words(k, rows) for k in keys]).tobytes()


def family(seed: int, parents: np.ndarray, children: int) -> np.ndarray:
    """Addresses of the first children of each parent, int64 of shape (parents, children)."""
    low, high = streams(seed, 2, "address")
    above, k = np.repeat(parents, children), np.tile(np.arange(children), len(parents))
    return address((low, high), above, k).reshape(-1, children)


def children(seed: int) -> Iterator[bytes]:
    """Words of one stream at the addresses of the children, parent by parent."""
    (keys,) = streams(seed, 1, "child")
    for rows in _blocks(BLOCK // CHILDREN):
        yield words(keys, family(seed, rows, CHILDREN).ravel()).tobytes()


def addresses(seed: int) -> Iterator[bytes]:
    """Top 24 bits of both halves of the children's addresses, parent by parent."""
    for rows in _blocks(BLOCK // CHILDREN):
        at = family(seed, rows, CHILDREN).ravel()
        halves = np.column_stack([at >> 31, at & (2**31 - 1)]).astype(np.uint32)
        yield leading(np.ascontiguousarray(halves << np.uint32(1)))


def grandchildren(seed: int) -> Iterator[bytes]:
    """Words of one stream at the addresses of the children's children."""
    (keys,) = streams(seed, 1, "grandchild")
    for rows in _blocks(BLOCK // CHILDREN // CHILDREN):
        first = family(seed, rows, CHILDREN).ravel()
        yield words(keys, family(seed + 1, first, CHILDREN).ravel()).tobytes()


SOURCES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "top24": top24,
    "pairs": pairs,
    "columns": columns,
    "near": near,
    "children": children,
    "addresses": addresses,
    "grandchildren": grandchildren,
}


def main(arguments: list[str]) -> int:
    """Write words until the reader has had enough."""
    source, seed = arguments[0], int(arguments[1]) if len(arguments) > 1 else 0
    try:
        for block in SOURCES[source](seed):
            sys.stdout.buffer.write(block)
    except BrokenPipeError:
        sys.stderr.close()  # the reader is done; nothing to report at exit
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
