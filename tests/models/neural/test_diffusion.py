"""Masked diffusion: what it learns, what it keeps, and that a row is the same in any range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
import torch

import genesis_sql
from genesis_sql.models.neural import diffusion
from genesis_sql.models.neural.data import Field, Rows
from genesis_sql.models.neural.diffusion import BUDGET, Config, Denoiser, sample
from genesis_sql.models.neural.fit import trained_by
from genesis_sql.models.neural.sampling import Asked, Held
from genesis_sql.models.neural.training import Batch, Budget
from genesis_sql.models.watch import NoWatch
from genesis_sql.program.draw import draw, stream

QUICK = "options := {'epochs': 20, 'batch_size': 128}"
SOURCE = """
    CREATE TABLE t AS SELECT
        ['a', 'b', 'c'][1 + i % 3] AS label,
        i % 3 * 100 + hash(i) % 40 AS number,
        CASE WHEN hash(i, 1) % 4 = 0 THEN NULL ELSE hash(i, 2) % 1000 / 8 END AS gaps,
        7 AS same
    FROM range(900) r(i)"""
MATCHES = (
    "SELECT avg(CAST(number // 100 = ascii(label) - 97 AS INTEGER)), "
    "avg(CAST(gaps IS NULL AS INTEGER)), count(*), min(same), max(same) FROM "
)


@pytest.fixture(scope="module")
def fitted() -> Iterator[duckdb.DuckDBPyConnection]:
    """A label that decides a number, a number with gaps, and a constant."""
    con = genesis_sql.connect()
    con.execute(SOURCE)
    con.execute(f"CALL genesis_fit('m', 't', method := 'diffusion', device := 'cpu', {QUICK})")
    yield con
    con.close()


def test_a_label_decides_a_number_and_gaps_are_as_many(fitted: duckdb.DuckDBPyConnection) -> None:
    query = f"{MATCHES} genesis_generate('m', rows := 1000)"
    fits, gaps, rows, *same = fitted.execute(query).fetchall()[0]
    assert rows == 1000
    assert same == [7, 7]
    assert fits > 0.9  # alone: a third
    assert abs(gaps - 0.25) < 0.06


def test_a_range_is_what_the_whole_has_there(fitted: duckdb.DuckDBPyConnection) -> None:
    made = "genesis_generate('m', rows := {}, first_row := {}, scale := 5, seed := {})"
    whole = fitted.execute(f"FROM {made.format(3000, 0, 4)}").fetchall()
    for first, rows in ((0, 3000), (2000, 500), (2047, 2), (17, 1)):
        part = fitted.execute(f"FROM {made.format(rows, first, 4)}").fetchall()
        assert part == whole[first : first + rows]
    other = fitted.execute(f"FROM {made.format(3000, 0, 5)}").fetchall()
    assert sum(a == b for a, b in zip(whole, other, strict=True)) < 300


def test_conditions_hold_in_every_row(fitted: duckdb.DuckDBPyConnection) -> None:
    query = "FROM genesis_generate('m', rows := 300, conditions := {'label': 'b', 'gaps': NULL})"
    made = fitted.execute(f"SELECT label, gaps, number {query}").fetchall()
    assert len(made) == 300
    assert {row[:2] for row in made} == {("b", None)}
    assert np.mean([100 <= number < 140 for *_, number in made]) > 0.85


def test_it_survives_a_file_and_a_move(fitted: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    query = "FROM genesis_generate('m', rows := 200, seed := 3)"
    before = fitted.execute(query).fetchall()
    fitted.execute(f"CALL genesis_export('m', '{tmp_path / 'm.genesis'}')")
    file = tmp_path / "moved.duckdb"
    with genesis_sql.connect(str(file)) as con:
        con.execute(f"CALL genesis_import('{tmp_path / 'm.genesis'}')")
        assert con.execute(query).fetchall() == before
    with genesis_sql.connect(str(file)) as con:
        assert con.execute(query).fetchall() == before


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("chr(CAST(97 + i % 3 AS INTEGER)) AS label", 60),
        ("i % 17 AS number", 60),
        ("hash(i) % 1000 / 8 AS x, hash(i, 1) % 1000 AS y", 400),
        ("'k' || i % 5 AS label, CASE WHEN i % 2 = 0 THEN i END AS half", 30),
        ("'k' || hash(i) % 700 AS many, i % 2 = 0 AS even", 4000),
        ("CAST(NULL AS INTEGER) AS nothing, i % 3 AS x", 50),
    ],
)
def test_tables_of_any_kind(con: duckdb.DuckDBPyConnection, columns: str, rows: int) -> None:
    con.execute(f"CREATE TABLE t AS SELECT {columns} FROM range({rows}) r(i)")
    con.execute(
        "CALL genesis_fit('m', 't', method := 'diffusion', device := 'cpu', "
        "options := {'epochs': 1, 'floor': 1})"
    )
    made = con.execute("FROM genesis_generate('m', rows := 100)").fetchall()
    assert len(made) == 100
    assert len(set(made)) > 1


def test_a_child_knows_its_parent(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY, kind VARCHAR);
        CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, x INTEGER, y INTEGER);
        INSERT INTO p SELECT i, ['u', 'v'][1 + i * 7 // 3 % 2] FROM range(300) r(i);
        INSERT INTO c SELECT i, i // 3, CASE kind WHEN 'u' THEN 10 ELSE 20 END + i % 2, i % 5
            FROM range(900) r(i) JOIN p ON p.id = i // 3""")
    options = "{'c': {'method': 'diffusion', 'epochs': 20, 'batch_size': 128}}"
    con.execute(f"CALL genesis_fit_database('m', device := 'cpu', options := {options})")
    con.execute("CALL genesis_generate_database('m', target := 's')")
    query = """
        SELECT avg(CAST((x >= 20) = (kind = 'v') AS INTEGER)), count(*)
        FROM s.c JOIN s.p ON c.p = p.id"""
    right, rows = con.execute(query).fetchall()[0]
    assert rows > 500
    assert right > 0.9


# the network alone


def field(name: str, size: int, *, ordered: bool = False) -> Field:
    return Field(name, size, ordered, False, (1 / size,) * size)


FIELDS = (field("a", 4), field("b", 40, ordered=True), field("c", 2))


def rows(n: int) -> Rows:
    """b follows a, c is even or odd as the context is."""
    rng = np.random.default_rng(5)
    a, context = rng.integers(0, 4, n), rng.integers(0, 2, n)
    tokens = np.column_stack([a, a * 10 + rng.integers(0, 10, n), context]).astype(np.int16)
    return Rows.of(tokens, context[:, None].astype(np.int16), FIELDS, (field("k", 2),))


@pytest.fixture(scope="module")
def held() -> Held:
    budget = Budget(epochs=25, batch=128, rate=BUDGET.rate)
    tensors, about, trained = trained_by(diffusion, rows(1000), budget, watch=NoWatch())
    assert trained.steps > 100
    return Held(tensors, {**about, "fields": [{"made": f.name} for f in FIELDS]})


def asked(at: np.ndarray, given: dict[int, np.ndarray] | None = None) -> Asked:
    def words(purpose: str) -> np.ndarray:
        return draw(stream(1, "u", "t", "#block", purpose), at)

    return Asked(len(at), (at % 2)[:, None].astype(np.int32), words, given or {})


def test_scattered_rows_are_those_of_the_whole(held: Held) -> None:
    whole = sample(held, asked(np.arange(3000)))
    at = np.random.default_rng(2).permutation(3000)[:700]
    assert whole.shape == (3000, 3)
    assert np.array_equal(sample(held, asked(at)), whole[at])
    assert sample(held, asked(at[:0])).shape == (0, 3)


def test_fields_follow_each_other_and_the_context(held: Held) -> None:
    made = sample(held, asked(np.arange(2000)))
    assert np.mean(made[:, 1] // 10 == made[:, 0]) > 0.9
    assert np.mean(made[:, 2] == np.arange(2000) % 2) > 0.97
    shares = np.bincount(made[:, 0], minlength=4) / 2000
    assert abs(shares - 0.25).max() < 0.06


def test_given_fields_are_drawn_first_among_what_is_asked(held: Held) -> None:
    weights = {1: (np.arange(40) >= 35).astype(float), 0: np.array([1.0, 0, 0, 1])}
    made = sample(held, asked(np.arange(500), weights))
    assert set(made[:, 1]) == set(range(35, 40))
    assert np.mean(made[:, 0] == 3) > 0.9
    never = {0: np.array([0.0, 0, 1, 0]), 1: (np.arange(40) < 3).astype(float)}
    made = sample(held, asked(np.arange(500), never))
    assert set(made[:, 0]) == {2}
    assert set(made[:, 1]) <= {0, 1, 2}


def test_wide_tables_unmask_several_fields_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = tuple(field(str(j), 3) for j in range(14))
    tokens = np.repeat(np.arange(600) % 3, 14).reshape(600, 14).astype(np.int16)
    source = Rows.of(tokens, np.zeros((600, 0), np.int16), fields, ())
    budget = Budget(10, 64, BUDGET.rate)
    tensors, about, _ = trained_by(diffusion, source, budget, watch=NoWatch())
    held = Held(tensors, {**about, "fields": [{"made": f.name} for f in fields]})
    monkeypatch.setattr(diffusion, "STEPS", 6)
    whole, part = (
        sample(held, Asked(n, np.zeros((n, 0), np.int32), asked(np.arange(n)).words, {}))
        for n in (400, 7)
    )
    assert whole.shape == (400, 14)
    assert np.array_equal(whole[:7], part)
    most = np.median(whole, axis=1)[:, None]
    assert np.mean(whole == most) > 0.8  # the first two or three are drawn without each other
    assert {0.0, 1.0, 2.0} <= set(most[:, 0])


def test_validation_repeats_itself_and_touches_no_global_state() -> None:
    source = rows(200)
    network = Denoiser(Config.of(source), source.fields, 0)
    batch = Batch(*(torch.from_numpy(a).long() for a in (source.tokens, source.context)))
    before = torch.get_rng_state()
    with torch.no_grad():
        first, again = network.loss(batch), network.loss(batch)
        network.loss(batch, torch.Generator().manual_seed(1))
    assert first == again
    assert abs(float(first) - np.log(4) - np.log(40) - np.log(2)) < 1.0  # nothing is known yet
    assert torch.equal(torch.get_rng_state(), before)
