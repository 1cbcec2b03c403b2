"""Patterns: numpy and SQL write the same texts, row numbers never the same text twice."""

from __future__ import annotations

import math
import re
import uuid

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sqlglot import exp

from genesis_sql.errors import ModelFormatError, OptionError
from genesis_sql.program.pattern import (
    DIGITS,
    UUID,
    Counter,
    Pattern,
    Run,
    Shape,
    draw_blocks,
    key_blocks,
    unique_shares,
)
from genesis_sql.program.pattern_numpy import render, render_unique, render_uuid
from genesis_sql.program.pattern_sql import (
    Columns,
    render_columns,
    render_sql,
    unique_columns,
    unique_sql,
    uuid_sql,
)
from genesis_sql.sqlbuild import column, string, text

ROWS = 20_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def one(*parts: str | Run, rows: int = 10, counter: Counter | None = None) -> Pattern:
    return Pattern("identifier", (Shape(parts),), (rows,), counter)


PATTERNS = {
    "prefix": one("ORD-", Run(DIGITS, 6)),
    "one digit": one(Run(DIGITS)),
    "two digits": one(Run(DIGITS, 2)),
    "ten digits": one(Run(DIGITS, 10)),
    "two equal runs": one(Run(DIGITS, 3), "-", Run(DIGITS, 3)),
    "quotes": one("it's \"", Run("'\"\\%", 4), "\t\n"),
    "literal": one("x"),
    "nothing": one(),
    "letters": one(Run(LETTERS, 3), " ", Run("aeiou"), Run("é𝄞ß", 5)),
    "wide symbols": one(Run("JanFebMar", 1, 3), "/", Run("babebi", 9, 2)),
    "md5": one(Run("0123456789abcdef", 32)),
    "counter": one("C", Run(DIGITS, 3), counter=Counter(95, 3, 3, "C", "é")),
    "plain counter": one(Run(DIGITS, 3), counter=Counter(0)),
    "mixture": Pattern(
        "identifier",
        (
            Shape(("A", Run(DIGITS, 3))),
            Shape(("B", Run("ABC"), Run(DIGITS, 2))),
            Shape((Run("éabß", 2), "-", Run(DIGITS, 9))),
            Shape(("A", Run("01", 3))),
        ),
        (100, 50, 10, 5),
        salt=7,
    ),
    "text": Pattern(
        "text",
        (Shape((Run("babebi", 36, 2), " ")), Shape((Run("xyz", 9), Run("abcdefgh", 8)))),
        (10, 3),
    ),
    "uuid": Pattern("uuid", (UUID,), (1,)),
}
each = pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)


def words(count: int, rows: int = ROWS) -> np.ndarray:
    out = np.random.default_rng(5).integers(0, 2**32, (rows, count), dtype=np.uint32)
    out[:2] = [[0], [2**32 - 1]]
    return out


def numbers() -> np.ndarray:
    at = np.arange(ROWS, dtype=np.int64)
    at[-300:] = np.repeat([2**31, 2**40, 2**60], 100) + np.tile(np.arange(100), 3)
    return at


def from_sql(source: dict[str, np.ndarray], tree: exp.Expression | Columns) -> list[str]:
    """What DuckDB makes of an expression, or of a chain of columns put one above the other."""
    con = duckdb.connect()
    con.register("source", pa.table(source))
    chain = tree if isinstance(tree, list) else [("out", tree)]
    query = exp.select("*").from_("source")
    for name, node in chain:
        inner = query.subquery("q")
        query = exp.select(exp.Star(), exp.alias_(node, name, quoted=True)).from_(inner)
    query = exp.select(column(chain[-1][0])).from_(query.subquery("q"))
    return [row[0] for row in con.sql(text(query)).fetchall()]


@each
def test_different_numbers_give_different_texts(pattern: Pattern) -> None:
    at = np.concatenate([np.arange(200_000), 2**31 + np.arange(1000), 2**60 + np.arange(1000)])
    assert len(set(render_unique(pattern, at).to_pylist())) == len(at)


@each
def test_unique_texts_are_the_same_in_sql(pattern: Pattern) -> None:
    expected = render_unique(pattern, numbers()).to_pylist()
    assert from_sql({"i": numbers()}, unique_sql(pattern, column("i"))) == expected


@each
def test_drawn_texts_are_the_same_in_sql(pattern: Pattern) -> None:
    drawn = words(pattern.words_needed)
    source = {f"w{k}": drawn[:, k] for k in range(pattern.words_needed)}
    expected = render(pattern, drawn).to_pylist()
    assert from_sql(source, render_sql(pattern, [column(w) for w in source])) == expected


@pytest.mark.parametrize("name", ["mixture", "md5", "counter"])
def test_chains_of_columns_say_the_same(name: str) -> None:
    pattern, some = PATTERNS[name], numbers()[-500:]
    drawn = words(pattern.words_needed, 500)
    source = {f"w{k}": drawn[:, k] for k in range(pattern.words_needed)}
    unique = from_sql({"i": some}, unique_columns(pattern, "i", "x"))
    assert unique == render_unique(pattern, some).to_pylist()
    chain = render_columns(pattern, list(source), "x")
    assert from_sql(source, chain) == render(pattern, drawn).to_pylist()


def test_a_null_number_gives_null() -> None:
    con = duckdb.connect()
    tree = unique_sql(PATTERNS["prefix"], column("i"))
    assert con.sql(f"SELECT {text(tree)} FROM (SELECT NULL::BIGINT AS i)").fetchall() == [(None,)]


@each
def test_texts_depend_on_their_own_row_only(pattern: Pattern) -> None:
    whole = render_unique(pattern, np.arange(9000)).to_pylist()
    assert render_unique(pattern, np.arange(8000, 8010)).to_pylist() == whole[8000:8010]
    drawn = words(pattern.words_needed, 9000)
    assert (
        render(pattern, drawn[8000:8010]).to_pylist()
        == render(pattern, drawn)[8000:8010].to_pylist()
    )
    assert render_unique(pattern, np.arange(0)).to_pylist() == []


def test_a_counter_counts_up_and_grows() -> None:
    texts = render_unique(PATTERNS["counter"], np.array([0, 1, 2, 1000])).to_pylist()
    assert texts == ["C095é", "C098é", "C101é", "C3095é"]


def test_scattered_numbers_do_not_count_up() -> None:
    for name in ("ten digits", "prefix"):
        made = render_unique(PATTERNS[name], np.arange(5000)).to_pylist()
        values = np.array([int(t.removeprefix("ORD-")) for t in made])
        assert abs(np.corrcoef(values, np.arange(5000))[0, 1]) < 0.05
        assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.05
        assert len(np.unique(np.diff(values))) > 4000


def test_texts_within_the_capacity_use_the_shape_alone() -> None:
    made = set(render_unique(PATTERNS["two digits"], np.arange(100)).to_pylist())
    assert made == {f"{k:02d}" for k in range(100)}
    made = set(render_unique(PATTERNS["two digits"], np.arange(100, 200)).to_pylist())
    assert made == {f"{k:02d}1" for k in range(100)}


def test_shapes_share_the_rows_by_weight() -> None:
    pattern = PATTERNS["mixture"]
    shares = unique_shares(pattern)
    assert [s.shape for s in shares] == list(pattern.shapes[:3])  # the last overlaps with the first
    assert shares[0].first == 0
    assert shares[-1].first + shares[-1].count == 1024
    unique = render_unique(pattern, np.arange(16_384)).to_pylist()
    drawn = render(pattern, words(pattern.words_needed)).to_pylist()
    for texts, total in ((unique, 160), (drawn, 165)):
        firsts = np.array([t[0] for t in texts])
        assert abs((firsts == "B").mean() - 50 / total) < 0.02


def test_drawn_symbols_are_uniform() -> None:
    texts = render(PATTERNS["md5"], words(3)).to_pylist()
    table = np.array(texts).view("U1").reshape(ROWS, 32)
    for place in range(32):
        _, seen = np.unique(table[:, place], return_counts=True)
        assert len(seen) == 16
        assert ((seen - ROWS / 16) ** 2 / (ROWS / 16)).sum() < 45  # chi-square, 15 degrees
    assert len(set(texts)) == ROWS


def test_uuids_are_of_version_four() -> None:
    made = render_uuid(words(4)).to_pylist()
    assert {uuid.UUID(t).version for t in made} == {4}
    assert {uuid.UUID(t).variant for t in made} == {uuid.RFC_4122}
    assert made[2].startswith(f"{words(4)[2, 0]:08x}-")
    source = {f"w{k}": words(4)[:, k] for k in range(4)}
    assert from_sql(source, uuid_sql([column(w) for w in source])) == made
    keys = render_unique(PATTERNS["uuid"], np.arange(1000)).to_pylist()
    assert {uuid.UUID(t).version for t in keys} == {4}


@each
def test_blocks_cover_the_slots_and_stay_small(pattern: Pattern) -> None:
    for shape in pattern.shapes:
        for blocks, limit in ((draw_blocks(shape), 2**24), (key_blocks(shape), 2**30)):
            assert [b.first for b in blocks[1:]] == [b.stop for b in blocks[:-1]]
            assert sum(b.stop - b.first for b in blocks) == len(shape.slots)
            assert math.prod(b.capacity for b in blocks) == shape.capacity
            assert max((b.capacity for b in blocks), default=1) <= limit
    assert 1 <= pattern.words_needed <= 4


@each
def test_plain_values_give_the_pattern_back(pattern: Pattern) -> None:
    assert Pattern.from_dict(pattern.to_dict()) == pattern


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "code"}, "kind is one of"),
        ({"shapes": []}, "1 to 64 shapes"),
        ({"weights": [0]}, "positive"),
        ({"weights": [1, 1]}, "weight for each"),
        ({"weights": [2**31]}, "2\\*\\*31"),
        ({"shapes": [[["", 1, 1]]]}, "no alphabet"),
        ({"shapes": [[["aa", 1, 1]]]}, "twice"),
        ({"shapes": [[["abc", 1, 2]]]}, "divide"),
        ({"shapes": [[["ab", 0, 1]]]}, "no length"),
        ({"shapes": [[["ab", 5000, 1]]]}, "longer than"),
        ({"shapes": [["a\0"]]}, "NUL"),
        ({"shapes": [[["ab", 1, 1, 1]]]}, "cannot be read"),
        ({"shapes": None}, "cannot be read"),
        ({"counter": {"start": -1}}, "out of range"),
        ({"counter": {"begin": 1}}, "cannot be read"),
        ({"kind": "uuid"}, "fixed shape"),
    ],
)
def test_a_changed_pattern_is_refused(change: dict[str, object], match: str) -> None:
    with pytest.raises(ModelFormatError, match=match):
        Pattern.from_dict(PATTERNS["prefix"].to_dict() | change)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(OptionError, match="count from 0"):
        render_unique(PATTERNS["prefix"], np.array([-1]))
    with pytest.raises(OptionError, match="takes 4 words"):
        render(PATTERNS["uuid"], words(3))


def test_literals_are_quoted_in_sql() -> None:
    evil = one("'); DROP TABLE t; --", Run("'x"))
    assert string("'); DROP TABLE t; --") in text(unique_sql(evil, column("i")))
    assert re.fullmatch(
        r"'\); DROP TABLE t; --['x]",
        from_sql({"i": numbers()[:1]}, unique_sql(evil, column("i")))[0],
    )
