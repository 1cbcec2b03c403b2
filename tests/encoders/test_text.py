"""Free text: habits are learnt, words are made up."""

from __future__ import annotations

import random
import re

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.encoders.text import fit_text
from genesis_sql.errors import SourceError
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.pattern_numpy import render, render_unique
from genesis_sql.program.pattern_sql import render_sql, unique_sql
from genesis_sql.sqlbuild import column, text

WORDS = (
    "the delivery arrived broken customer wants refund soon please call again about order".split()
)


def sentences(rows: int, most: int, seed: int = 1) -> list[str]:
    r = random.Random(seed)
    out = []
    for _ in range(rows):
        made = r.choices(WORDS, k=r.randint(4, most))
        made[2] += "," if r.random() < 0.5 else ""
        out.append(" ".join(made).capitalize() + ".")
    return out


def words(pattern: Pattern, rows: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2**32, (rows, pattern.words_needed), np.uint32)


@pytest.mark.parametrize("most", [6, 30, 120, 600])
def test_texts_have_the_habits_and_not_the_words(most: int) -> None:
    real = sentences(160, most)
    pattern = fit_text(real)
    made = render(pattern, words(pattern, 500)).to_pylist()
    assert min(map(len, real)) <= min(map(len, made))
    assert max(map(len, made)) <= max(map(len, real))
    typical = [np.mean([min(len(t), 2000) for t in texts]) for texts in (real, made)]
    assert typical[1] == pytest.approx(typical[0], rel=0.1)
    assert all(re.fullmatch(r"[A-Z][A-Za-z,. ]*", t) for t in made)
    used = {w.strip(".,").lower() for t in made for w in t.split()}
    assert not used & {w for w in WORDS if len(w) > 4}
    assert most > 12 or all(t.endswith(".") for t in made)  # long ones may end within a phrase
    assert pattern.words_needed <= 4


def test_unique_texts_differ_and_agree_with_sql() -> None:
    pattern = fit_text(sentences(60, 8), salt=5)
    at = np.arange(500)
    unique = render_unique(pattern, at).to_pylist()
    assert len(set(unique)) == len(unique)
    drawn = words(pattern, 500)
    con = duckdb.connect()
    source = {"i": at} | {f"w{k}": drawn[:, k] for k in range(drawn.shape[1])}
    con.register("source", pa.table(source))
    keyed = text(unique_sql(pattern, column("i")))
    made = text(render_sql(pattern, [column(f"w{k}") for k in range(drawn.shape[1])]))
    rows = con.sql(f"SELECT {keyed}, {made} FROM source").fetchall()
    assert [row[0] for row in rows] == unique
    assert [row[1] for row in rows] == render(pattern, drawn).to_pylist()
    assert len(made) < 1_000_000


def test_digits_and_capitals_are_habits_too() -> None:
    pattern = fit_text([f"PAID {k} EUR FOR INVOICE {k * 7}" for k in range(100, 200)])
    made = " ".join(render(pattern, words(pattern, 200)).to_pylist())
    assert 0.1 < sum(c.isdigit() for c in made) / len(made) < 0.5
    assert not [c for c in made if c.islower()]


def test_other_scripts_stay() -> None:
    pattern = fit_text(["это один пример текста для проверки"] * 30)
    assert all(
        re.fullmatch("[\u0430-\u044f ]+", t)
        for t in render(pattern, words(pattern, 50)).to_pylist()
    )


def test_the_same_texts_give_the_same_pattern() -> None:
    assert fit_text(sentences(60, 90)) == fit_text(sentences(60, 90))
    assert fit_text(sentences(100, 9)).kind == "text"


@pytest.mark.parametrize("texts", [[""], ["a"], ["", "", "ab cd"], ["\n\t "], ["…"], ["x" * 9000]])
def test_odd_texts_are_learnt(texts: list[str]) -> None:
    pattern = fit_text(texts)
    made = render(pattern, words(pattern, 20)).to_pylist()
    assert max(map(len, made)) <= min(2000, max(map(len, texts)))
    assert len(set(render_unique(pattern, np.arange(50)).to_pylist())) == 50


def test_a_column_without_text_is_refused() -> None:
    with pytest.raises(SourceError, match="without text"):
        fit_text([None])
