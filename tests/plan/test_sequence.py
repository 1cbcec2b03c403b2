"""Children that know the rows before them: ranges, order, and what a row is told of its past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import duckdb
import numpy as np
import pytest

import genesis_sql
from genesis_sql.models import siblings
from genesis_sql.models.frame import coded
from genesis_sql.models.siblings import Siblings, ago, in_order
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.steps import BEFORE, PREV, step_inputs
from genesis_sql.session import session_of

VISITS = """
CREATE TABLE patients (id INTEGER PRIMARY KEY, sex VARCHAR, born DATE);
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id), day DATE NOT NULL,
    kind VARCHAR, score INTEGER, paid INTEGER, balance INTEGER);
INSERT INTO patients SELECT i, ['f', 'm'][1 + i % 2], DATE '1950-01-01' + CAST(hash(i) % 9000 AS INTEGER)
    FROM range(300) r(i);
INSERT INTO visits
WITH RECURSIVE walk AS (
    SELECT p.id AS patient_id, 0 AS k, DATE '2020-01-01' + CAST(hash(p.id, 'd') % 200 AS INTEGER) AS day,
        hash(p.id, 'k') % 3 AS kind, 50 + CAST(hash(p.id, 's') % 20 AS INTEGER) AS score,
        CAST(hash(p.id, 'p') % 90 AS INTEGER) AS paid, CAST(hash(p.id, 'p') % 90 AS INTEGER) AS balance
    FROM patients p
    UNION ALL
    SELECT patient_id, k + 1, day + CAST(1 + hash(patient_id, k, 'd') % 30 AS INTEGER),
        CASE WHEN hash(patient_id, k, 'k') % 10 < 8 THEN (kind + 1) % 3 ELSE kind END,
        score + CAST(hash(patient_id, k, 's') % 3 AS INTEGER) - 1,
        CAST(hash(patient_id, k, 'p') % 90 AS INTEGER),
        balance + CASE WHEN kind = 0 THEN -1 ELSE 1 END * CAST(hash(patient_id, k, 'p') % 90 AS INTEGER)
    FROM walk WHERE k < 3 + hash(patient_id, 'n') % 6
)
SELECT row_number() OVER (ORDER BY patient_id, k), patient_id, day,
    ['check', 'cure', 'test'][1 + CAST(kind AS INTEGER)], score, paid, balance
FROM walk;
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    connection.execute(VISITS)
    connection.execute("CALL genesis_fit_database('m')").fetchall()
    connection.execute("CALL genesis_generate_database('m', target := 's', seed := 3)").fetchall()
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def model(con: duckdb.DuckDBPyConnection) -> Model:
    session = session_of(con)
    with session.cursor() as cursor:
        found: Model = session.load(cursor, "memory", "m", None)
    return found


def told(model: Model) -> list[str]:
    """What rows are told of the rows before them."""
    read = (name for step in model.programs["visits"].steps for name in step_inputs(step))
    return list(dict.fromkeys(name for name in read if name.startswith(BEFORE)))


def test_rows_know_the_rows_before_them(model: Model) -> None:
    assert any(name.startswith(f"{PREV}.") for name in told(model))


def test_any_range_is_that_of_the_whole(con: duckdb.DuckDBPyConnection) -> None:
    whole = con.execute("FROM s.visits ORDER BY id").fetchall()
    every = "FROM genesis_generate('m', 'visits', seed := 3, scale := 1.0)"
    assert con.execute(every).fetchall() == con.execute("FROM s.visits").fetchall()
    assert len(whole) > 1000
    for first, rows in ((0, 1), (7, 40), (len(whole) - 3, 3), (501, 333)):
        part = f"{every[:-1]}, rows := {rows}, first_row := {first})"
        assert (
            con.execute(part).fetchall()
            == con.execute(f"FROM s.visits LIMIT {rows} OFFSET {first}").fetchall()
        )


def test_what_a_row_is_told_is_what_happened(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The features of generated rows, told while they are drawn, and computed afterwards as the fit does."""
    sampler, program, names = Sampler(model, 3), model.programs["visits"], told(model)
    numbers = np.arange(sampler.size("visits"))
    rows, parent = sampler.locate("visits", numbers)
    assert parent is not None
    got = sampler.raw("visits", numbers, ["day", "#kind", *names])
    kind = coded("#kind", program.domains["#kind"], got["#kind"])
    day = coded("day", program.domains["day"], got["day"])
    k, count, previous = in_order(np.lexsort((rows.k, parent)), parent)
    assert np.array_equal(k, rows.k)
    family = Siblings(k, count, previous, "day")
    codes = sorted(
        {int(n.split(".")[1]) for n in names if n.startswith(("#ago", "#time", "#past"))}
    )
    monkeypatch.setattr(siblings, "frequent_kinds", lambda kind: codes)
    found = {c.name: c for part in ago(kind, family, parent, day) for c in part}
    compared = [n for n in names if n in found]
    assert compared
    for name in compared:
        valid = found[name].rank > 0
        mine = np.ones(len(valid), bool) if got[name].valid is None else got[name].valid
        assert np.array_equal(mine, valid), name
        assert np.array_equal(got[name].values[valid], found[name].raw.values[valid]), name


def test_moments_stand_in_order(con: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT count(*), count(*) FILTER (day < before) FROM (
        SELECT day, lag(day) OVER (PARTITION BY patient_id ORDER BY rowid) AS before FROM s.visits)"""
    rows, early = con.execute(query).fetchall()[0]
    assert rows > 1000
    assert early == 0
    same = "SELECT count(*) - count(DISTINCT (patient_id, day)) FROM {}.visits"
    for schema in ("main", "s"):
        assert con.execute(same.format(schema)).fetchall() == [(0,)]


def test_kinds_follow_each_other(con: duckdb.DuckDBPyConnection) -> None:
    """Eight of ten visits are of the kind after the last one's."""
    query = """SELECT avg(CAST(kind = after AS INTEGER)) FROM (
        SELECT kind, lag(CASE kind WHEN 'check' THEN 'cure' WHEN 'cure' THEN 'test' ELSE 'check' END)
            OVER (PARTITION BY patient_id ORDER BY rowid) AS after FROM {}.visits) WHERE after IS NOT NULL"""
    real, made = (con.execute(query.format(s)).fetchall()[0][0] for s in ("main", "s"))
    assert real == pytest.approx(0.8, abs=0.03)
    assert made == pytest.approx(real, abs=0.05)


def test_the_whole_is_the_same_without_neighbours(model: Model) -> None:
    """A family drawn alone is the family drawn among all."""
    sampler, other = Sampler(model, 3), Sampler(replace(model), 3)
    ends = sampler.family("visits").ends
    whole = sampler.raw("visits", np.arange(ends[-1]), ["score", "day"])
    for first, stop in pairwise(ends[10:21]):
        alone = other.raw("visits", np.arange(first, stop), ["score", "day"])
        for name in ("score", "day"):
            assert np.array_equal(alone[name].values, whole[name].values[first:stop])
