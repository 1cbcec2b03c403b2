"""Identifiers: the pattern is learnt, no text of the source is."""

from __future__ import annotations

import random
import re

import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.encoders.identifier import fit_identifier, fit_pattern
from genesis_sql.errors import SourceError
from genesis_sql.program.pattern import DIGITS, Pattern, Run
from genesis_sql.program.pattern_numpy import render, render_unique

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GIVEN = "Anna Maria Peter Johannes Luise Otto Emilia Konrad Sabine Viktor Helena Gustav".split()
HOSTS = ["example.org", "mail.example.com", "example.net"]
ROWS = 2000


def pick(alphabet: str, length: int, r: random.Random) -> str:
    return "".join(r.choices(alphabet, k=length))


def name(r: random.Random) -> str:
    return r.choice(GIVEN)[: r.randint(3, 8)] + pick("aeiou", 1, r) + pick("nrst", 1, r)


SOURCES = {
    "order": (lambda r: f"ORD-{r.randrange(10**6):06d}", r"ORD-\d{6}"),
    "plate": (lambda r: f"{pick(UPPER, 3, r)} {pick(DIGITS, 4, r)}", r"[A-Z]{3} \d{4}"),
    "no leading zero": (lambda r: f"x{r.randint(1000, 9999)}", r"x[1-9]\d{3}"),
    "hex": (lambda r: pick("0123456789abcdef", 12, r), r"[0-9a-f]{12}"),
    "few letters": (lambda r: f"A{pick('KQX', 1, r)}{pick(DIGITS, 5, r)}", r"A[KQX]\d{5}"),
    "month": (lambda r: f"{r.randint(1, 12):02d}/{pick(DIGITS, 5, r)}", r"(0\d|1[0-2])/\d{5}"),
    "tail": (
        lambda r: f"N{r.randint(100, 999)}{r.choice(['AA', 'UA', ''])}",
        r"N[1-9]\d\d([AU]A)?",
    ),
    "mail": (
        lambda r: f"{name(r)}.{name(r)}@{r.choice(HOSTS)}".lower(),
        r"[a-z]+\.[a-z]+@(example\.org|mail\.example\.com|example\.net)",
    ),
    "address": (
        lambda r: f"https://{name(r)}.com/{pick(DIGITS, 4, r)}",
        r"https://[A-Za-z]+\.com/\d{4}",
    ),
    "telephone": (
        lambda r: f"+1 ({r.randint(200, 999)}) 555-{pick(DIGITS, 4, r)}",
        r"\+1 \([2-9]\d\d\) 555-\d{4}",
    ),
    "person": (lambda r: f"{name(r)} {name(r)}".title(), r"[A-Z][a-z]+ [A-Z][a-z]+"),
}


def source(kind: str, rows: int = ROWS) -> list[str]:
    r = random.Random(3)
    return [SOURCES[kind][0](r) for _ in range(rows)]


def texts_of(pattern: Pattern, rows: int = ROWS) -> tuple[list[str], list[str]]:
    words = np.random.default_rng(1).integers(0, 2**32, (rows, pattern.words_needed), np.uint32)
    unique = render_unique(pattern, np.arange(rows)).to_pylist()
    return unique, render(pattern, words).to_pylist()


@pytest.mark.parametrize("kind", SOURCES)
def test_texts_look_like_the_source(kind: str) -> None:
    real = source(kind)
    pattern = fit_identifier(real)
    unique, drawn = texts_of(pattern)
    assert [t for t in unique + drawn if not re.fullmatch(SOURCES[kind][1], t)] == []
    assert len(set(unique)) == ROWS
    assert sum(pattern.weights) == pytest.approx(ROWS, rel=0.05)
    means = [np.mean([len(t) for t in texts]) for texts in (real, unique, drawn)]
    assert means[1:] == pytest.approx([means[0]] * 2, rel=0.12)


@pytest.mark.parametrize("kind", ["mail", "person", "address", "hex", "telephone"])
def test_no_text_of_the_source_comes_back(kind: str) -> None:
    unique, drawn = texts_of(fit_identifier(source(kind)))
    assert len({*unique, *drawn} & {*source(kind)}) <= 2
    assert not {*unique, *drawn} & {*source(kind, 5)}


@pytest.mark.parametrize("kind", ["order", "mail", "person", "telephone", "few letters"])
def test_a_tiny_table_leaves_classes_only(kind: str) -> None:
    pattern = fit_identifier(source(kind, 19))
    for shape in pattern.shapes:
        assert not [p for p in shape.parts if isinstance(p, str) and any(c.isalnum() for c in p)]
    for text in texts_of(pattern, 50)[0]:
        masks = {re.sub(r"\w+", "w", t) for t in source(kind, 19)}
        assert re.sub(r"\w+", "w", text) in masks


def test_shapes_of_few_rows_are_counted_under_the_commonest() -> None:
    real = [*source("order", 500), *(f"SECRET-{k}-{k}x" for k in range(19))]
    pattern = fit_identifier(real)
    assert len(pattern.shapes) == 1
    assert pattern.weights == (519,)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        ([f"C{k:04d}" for k in range(1, 400)], ["C0001", "C0002"]),
        ([f"cust_{k}" for k in range(7, 1200)], ["cust_7", "cust_8"]),
        ([f"{k:03d}/24" for k in range(10, 900, 10)], ["010/24", "020/24"]),
        ([str(k) for k in range(1, 6)], ["1", "2"]),
        ([f"T{k}" for k in range(5000) if k % 5], ["T1", "T2"]),
    ],
)
def test_what_counts_up_counts_up(texts: list[str], first: list[str]) -> None:
    mixed = random.Random(1).sample(texts, len(texts))
    assert render_unique(fit_identifier(mixed), np.arange(2)).to_pylist() == first


@pytest.mark.parametrize(
    "texts",
    [
        [f"C{k * k % 9973:04d}" for k in range(400)],
        [f"T{k}" for k in range(10)],
        ["7", "07", "007", "12"],
        ["A1", "A2", "B3"] * 20,
        ["12", "x3"] * 30,
    ],
)
def test_what_does_not_count_up_is_scattered(texts: list[str]) -> None:
    assert fit_identifier(texts).counter is None


def test_uuids_are_known() -> None:
    digits = random.Random(2)
    real = [
        "-".join(pick("0123456789abcdef", k, digits) for k in (8, 4, 4, 4, 12)) for _ in range(30)
    ]
    assert fit_identifier(real).kind == "uuid"
    assert fit_identifier([t.upper() for t in real]).kind == "identifier"


def test_texts_without_common_marks_get_one_alphabet_or_prose() -> None:
    r = random.Random(4)
    blobs = [pick("abcXYZ019+/-_", 30, r) for _ in range(300)]
    pattern = fit_identifier(blobs)
    assert {len(t) for t in texts_of(pattern, 100)[0]} == {30}
    prose = [" ".join(pick("abc,.-", 5, r) for _ in range(r.randint(1, 9))) for _ in range(300)]
    assert fit_identifier(prose).kind == "identifier"
    assert {*texts_of(fit_identifier(prose), 300)[0]}.isdisjoint(prose)


def test_other_scripts_stay() -> None:
    r = random.Random(5)
    real = [pick("абвгд", 6, r) + " " + pick("山川田中村木", 2, r) for _ in range(100)]
    for text in texts_of(fit_identifier(real), 50)[0]:
        assert re.fullmatch("[\u0430-\u044f]{6} [\u4e00-\u9fa5]{2}", text)


def test_any_array_of_texts_will_do() -> None:
    texts = ["AB-1", None, "CD-2"] * 40
    expected = fit_identifier([t for t in texts if t])
    for values in (texts, np.array(texts, object), pa.array(texts), pa.chunked_array([texts])):
        assert fit_identifier(values) == expected
    assert fit_identifier(pa.array(texts, pa.large_string())) == expected
    with pytest.raises(SourceError, match="without text"):
        fit_identifier([None, None])


@pytest.mark.parametrize("texts", [[""], ["", "a"], ["\0"], ["é" * 600] * 30, [" ", "--"] * 30])
def test_odd_texts_are_learnt(texts: list[str]) -> None:
    unique, _ = texts_of(fit_identifier(texts), 100)
    assert len(set(unique)) == 100


def test_numbers_and_names_at_one_place_are_not_mixed() -> None:
    places = ["12", "345", "Elm", "Oak", "9 ", "Lime", "77", "1234", "Birch"]
    real = [f"{a} {b}" for a in places for b in ("Road", "Lane", "Street")]
    for text in texts_of(fit_identifier([t.replace("  ", " ") for t in real]), 60)[0]:
        assert re.fullmatch(r"(\d+|[A-Z][a-z]+) [A-Z][a-z]+", text)


def test_names_of_a_word_that_varies_keep_their_place() -> None:
    pattern = fit_identifier([f"Suite {k * k % 977:03d}" for k in range(300)])
    assert pattern.shapes[0].parts == ("Suite ", Run(DIGITS, 3))


def test_the_kind_of_a_column_is_chosen() -> None:
    assert fit_pattern(source("person")).kind == "identifier"
    assert fit_pattern(["a made up text of seven words"] * 30).kind == "text"
