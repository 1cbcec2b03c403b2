"""The counter draw: words that never change, the same in numpy and in SQL."""

from __future__ import annotations

import hashlib
import itertools
import re
import struct
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_sql.program.draw import Stream, address, draw, draw_columns, inline, stream
from genesis_sql.sqlbuild import quoted, text

ROWS = np.array([0, 1, 2, 2047, 2**31 - 1, 2**31, 2**32, 10**12, 2**62 - 1])
GOLDEN = {
    Stream(a=0, b=0): [
        0,
        3405691463,
        3401107691,
        3671282578,
        2599516937,
        323605628,
        2047041790,
        3306714875,
        3887205948,
    ],
    Stream(a=1, b=2): [
        267533251,
        229111015,
        263459927,
        3647789656,
        3713234371,
        1366533206,
        1465438642,
        2007576635,
        300800295,
    ],
    Stream(a=4294967295, b=4294967295): [
        1341191919,
        2231144723,
        2590651284,
        3610358361,
        1159236815,
        2248628484,
        3555835673,
        3949394801,
        883165449,
    ],
    Stream(a=305419896, b=2596069104): [
        2732604393,
        62661338,
        3750434885,
        2917846506,
        3708958209,
        4293192175,
        516105466,
        3549240362,
        1516035040,
    ],
}
"""Words of ROWS; a change here changes every row of every stored model."""

UUID = "0123456789abcdef" * 2
WORDS = [
    ((0, UUID, "customers", "age", "cell", 0), 1267160125),
    ((0, UUID, "customers", "age", "cell", 1), 913934771),
    ((7, UUID, "customers", "age", "within", 2**31), 297380992),
    ((-1, UUID, "orders", "amount", "cell", 999_999), 3563143783),
    ((2**63 - 1, UUID, "orders", "amount", "cell", 2**62 - 1), 107084731),
    ((7, UUID, "o'rd\"ers", "größe", "word0", 12345), 1505029172),
    ((7, "", "", "", "", 0), 4189749655),
    ((7, UUID, "t" * 130, "c", "cell", 5), 1016354373),
]
"""(seed, uuid, table, column, purpose, row) and its word."""
ADDRESSES = [
    ((0, "orders", 0, 0), 664219372596095160),
    ((0, "orders", 0, 1), 3860117626883438742),
    ((7, "orders", 299, 12), 2487865882845623960),
    ((-5, "items", 2**62 - 1, 0), 4109689392213487533),
    ((7, "items", 4141418289378574848, 3), 1790911659989779706),
]
"""(seed, table, address of the parent, k) of a child of the model UUID, and its address."""

word = st.integers(0, 2**32 - 1)
row = st.integers(0, 2**62 - 1)


def reference(keys: Stream, row: int) -> int:
    """The formula, in Python's whole numbers."""

    def mix(x: int) -> int:
        x ^= x >> 16
        x = x * 0x21F0AAAD % 2**32
        x ^= x >> 15
        x = x * 0x735A2D97 % 2**32
        return x ^ x >> 15

    inner = mix(((row % 2**31 ^ keys.a) + row // 2**31 * 0x735A2D97) % 2**32)
    return mix((inner + row // 2**31 * 1640531527 + keys.b) % 2**32)


def keys_by_hand(*parts: object) -> tuple[int, int]:
    """The two keys: the first and the last four of eight bytes of blake2b."""
    message = bytearray()
    for part in parts:
        raw = str(part).encode("utf-8")
        message += struct.pack("<Q", len(raw)) + raw
    a, b = struct.unpack("<II", hashlib.blake2b(bytes(message), digest_size=8).digest())
    return a, b


def address_by_hand(seed: int, table: str, parent: int, k: int) -> int:
    """A child's address, with the reference's mixer: a stream over k, its keys two words."""
    a, b = (
        reference(Stream(*keys_by_hand(seed, UUID, table, "#address", half)), parent)
        for half in ("low", "high")
    )
    low, high = reference(Stream(a, b), k) >> 1, reference(Stream(b, a), k) >> 1
    return high << 31 | low


@pytest.mark.parametrize(("of", "expected"), WORDS)
def test_words_of_named_streams_never_change(
    of: tuple[int, str, str, str, str, int], expected: int
) -> None:
    *parts, at = of
    assert draw(stream(*of[:5]), np.array([at])).tolist() == [expected]
    assert reference(Stream(*keys_by_hand(*parts)), at) == expected
    told = readme()
    assert told["draw"](*told["keys"](*parts), at) == expected


@pytest.mark.parametrize(("of", "expected"), ADDRESSES)
def test_addresses_of_named_streams_never_change(
    of: tuple[int, str, int, int], expected: int
) -> None:
    seed, table, parent, k = of
    low, high = (stream(seed, UUID, table, "#address", half) for half in ("low", "high"))
    assert address((low, high), np.array([parent]), np.array([k])).tolist() == [expected]
    assert address_by_hand(*of) == expected
    told = readme()
    one, two = (told["keys"](seed, UUID, table, "#address", half) for half in ("low", "high"))
    assert told["address"](one, two, parent, k) == expected


@pytest.mark.parametrize("keys", GOLDEN)
def test_words_never_change(keys: Stream) -> None:
    assert draw(keys, ROWS).tolist() == GOLDEN[keys]


def readme() -> dict[str, Any]:
    """The functions of the README."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- runs: draw -->\n```python\n(.*?)```", text, re.DOTALL)
    told: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), told)
    return told


def test_the_readme_tells_all_of_it() -> None:
    """Who writes the draw in another language by the README gets these words."""
    told = readme()
    for keys, words in GOLDEN.items():
        assert [told["draw"](keys.a, keys.b, int(r)) for r in ROWS] == words
    long = (-7, "uuid", "örders" * 40, "qty", "cell")
    for parts in [(0, "", "", "", ""), (7, "uuid", "orders", "qty", "cell"), long]:
        assert Stream(*told["keys"](*parts)) == stream(*parts)
    parents, k = np.array([0, 0, 1, 2**62 - 1]), np.array([0, 1, 0, 5])
    made = [
        told["address"]((1, 2), (3, 4), int(p), int(i)) for p, i in zip(parents, k, strict=True)
    ]
    assert made == address((Stream(1, 2), Stream(3, 4)), parents, k).tolist()


def test_streams_never_change() -> None:
    assert stream(0, "", "", "", "") == Stream(a=1954319214, b=755547447)
    assert stream(7, "uuid", "orders", "qty", "cell") == Stream(a=4056760086, b=3987977319)


def test_addresses_never_change() -> None:
    keys = Stream(1, 2), Stream(3, 4)
    found = address(keys, np.array([0, 0, 1, 2**62 - 1]), np.array([0, 1, 0, 5]))
    assert found.tolist() == [
        805735104640201856,
        4141418289378575455,
        1301356378803127533,
        3746521401246869492,
    ]


@given(a=word, b=word, rows=st.lists(row, max_size=20))
def test_numpy_follows_the_formula(a: int, b: int, rows: list[int]) -> None:
    keys = Stream(a, b)
    found = draw(keys, np.array(rows, np.int64))
    assert found.dtype == np.uint32
    assert found.tolist() == [reference(keys, r) for r in rows]


def test_sql_draws_the_same_words() -> None:
    rng = np.random.default_rng(1)
    rows = np.r_[ROWS, np.arange(3000), rng.integers(0, 2**62, 3000)]
    with duckdb.connect() as con:
        con.register("rows", pa.table({"row no": rows}))
        for keys in GOLDEN:
            source = "rows"
            for name, node in draw_columns(keys, "row no", "w"):
                source = f"(SELECT *, {text(node)} AS {quoted(name)} FROM {source})"
            found = con.sql(f"SELECT {quoted(name)} FROM {source}")
            assert found.types == ["BIGINT"]
            assert [r[0] for r in found.fetchall()] == draw(keys, rows).tolist()


def test_a_chain_as_one_expression() -> None:
    keys = Stream(5, 6)
    node = inline(draw_columns(keys, "i", "w"))
    with duckdb.connect() as con:
        found = con.execute(f"SELECT {text(node)} FROM range(50) AS r(i)").fetchall()
    assert [r[0] for r in found] == draw(keys, np.arange(50)).tolist()


def test_streams_differ_in_every_part() -> None:
    parts = (1, "u", "t", "c", "p")
    changed = [
        tuple(2 if j == i and i == 0 else "x" if j == i else v for j, v in enumerate(parts))
        for i in range(5)
    ]
    moved = (1, "ut", "", "c", "p"), (1, "u", "tc", "", "p"), (11, "u", "t", "c", "p")
    found = {stream(*p) for p in (parts, *changed, *moved)}  # type: ignore[arg-type]
    assert len(found) == 9


def test_words_look_random() -> None:
    """A sanity check; `python -m benchmarks draw` runs a battery."""
    rows, n = np.arange(50_000), 50_000
    words = [draw(stream(0, "u", "t", f"c{i}", "cell"), rows) for i in range(12)]
    for found in words:
        count = np.bincount(found >> 22, minlength=1024)
        chi = ((count - n / 1024) ** 2 / (n / 1024)).sum()
        assert abs(chi - 1023) < 5 * np.sqrt(2 * 1023)
        assert len(np.unique(found)) == n  # a permutation of the rows below 2**31
    centred = [w / 2**32 - 0.5 for w in words]
    pairs = itertools.combinations(centred, 2)
    assert max(abs(np.corrcoef(x, y)[0, 1]) for x, y in pairs) < 5 / np.sqrt(n)
    assert max(abs(np.corrcoef(x[:-1], x[1:])[0, 1]) for x in centred) < 5 / np.sqrt(n)


def test_addresses_of_children_differ() -> None:
    keys = stream(0, "u", "t", "#address", "low"), stream(0, "u", "t", "#address", "high")
    parents, k = np.divmod(np.arange(200_000), 40)
    found = address(keys, parents, k)
    assert len(np.unique(found)) == len(found)
    assert found.min() >= 0
    assert found.max() < 2**62
    assert abs((found / 2.0**62).mean() - 0.5) < 0.005
