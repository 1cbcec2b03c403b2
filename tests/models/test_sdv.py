"""Each method of SDV does what the registry says that it can; on small data, with few epochs.

What they cannot catch: how good SDV's models are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import TargetError
from genesis_sql.models.methods import METHODS

pytest.importorskip("sdv", reason="the extra sdv wants pandas below 3: it is in .venv-duckdb15")

PEOPLE = """
CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER, grade VARCHAR, pay DOUBLE, since DATE,
  member BOOLEAN, score DOUBLE, note VARCHAR);
INSERT INTO people SELECT i, 18 + i * 13 % 70, CASE WHEN i % 7 > 0 THEN ['a', 'b', 'c'][i % 3 + 1] END,
  CASE WHEN i % 5 > 0 THEN round(i * 7919 % 1000 / 7, 2) END,
  DATE '2020-01-01' + CAST(i * 37 % 900 AS INTEGER), i % 2 = 0,
  CAST(i * 7919 % 997 AS DOUBLE) / 3, 'note ' || i
FROM range(240) AS r(i)
"""
TABLES = [n for n, m in METHODS.items() if m.needs == "sdv" and m.data == "one table"]
EPOCHS = {n: "{'epochs': 2}" if "epochs" in m.takes else "NULL" for n, m in METHODS.items()}


def fit(con: duckdb.DuckDBPyConnection, method: str, name: str = "m", options: str = "") -> list:
    given = options or EPOCHS[method]
    sql = f"CALL genesis_fit('{name}', 'people', method := '{method}', device := 'cpu', options := {given})"
    return con.execute(sql).fetchall()


@pytest.fixture(scope="module", params=TABLES)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(method: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A model `m` of the method, once for all tests that only read."""
    with genesis_sql.connect() as con:
        con.execute(PEOPLE)
        (row,) = fit(con, method)
        assert row[3:5] == (method, 240)
        assert "not stored: SDV saves its models by pickle" in row[-1]
        yield con


def test_there_are_four_for_one_table() -> None:
    assert sorted(TABLES) == ["sdv:copulagan", "sdv:ctgan", "sdv:gaussian_copula", "sdv:tvae"]


def test_what_the_registry_says_of_all_of_them() -> None:
    for name in TABLES:
        found = METHODS[name]
        assert found.licence == "Business Source License 1.1"
        assert (found.conditions, found.row_random) == ("redrawn", True)
        assert (found.kept, found.compile, found.real_rows) == (False, False, False)
        assert found.nulls
        assert found.dates


def test_values_lie_in_what_the_columns_hold(fitted: duckdb.DuckDBPyConnection) -> None:
    query = """
    SELECT count(*), count(DISTINCT id), count(note), min(age) >= 18 AND max(age) < 88,
      min(since) >= DATE '2020-01-01' AND max(since) < DATE '2020-01-01' + 900,
      bool_and(grade IN ('a', 'b', 'c') OR grade IS NULL), count(DISTINCT member) = 2,
      count(pay) BETWEEN 1 AND 499, count(grade) BETWEEN 1 AND 499, count(age) = 500,
      bool_and(pay = round(pay, 2)) AND max(pay) < 143 AND min(score) >= 0 AND max(score) <= 996 / 3
    FROM genesis_generate('m', rows := 500, seed := 3)
    """
    (found,) = fitted.execute(query).fetchall()
    assert found == (500, 500, 500, *[True] * 8)


def test_a_range_has_the_rows_of_the_whole(fitted: duckdb.DuckDBPyConnection) -> None:
    whole = fitted.execute("FROM genesis_generate('m', rows := 9000, seed := 5)").fetchall()
    fitted.execute("FROM genesis_generate('m', rows := 10, seed := 6)").fetchall()
    part = "FROM genesis_generate('m', rows := 100, first_row := 8150, seed := 5)"
    assert fitted.execute(part).fetchall() == whole[8150:8250]
    assert len({r[1:] for r in whole}) == 9000
    other = fitted.execute("FROM genesis_generate('m', rows := 10, seed := 6)").fetchall()
    assert other != whole[:10]


def test_conditions_hold_in_every_row(fitted: duckdb.DuckDBPyConnection) -> None:
    query = """
    FROM genesis_generate('m', rows := 30, conditions := {'grade': ['b', NULL]})
    """
    rows = fitted.execute(query).fetchall()
    assert len({r[1:] for r in rows}) == 30
    assert {r[2] for r in rows} == {"b", None}
    assert fitted.execute(query).fetchall() == rows


@pytest.mark.slow
def test_a_condition_that_no_row_meets_is_reported(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PEOPLE)
    fit(con, "sdv:gaussian_copula")
    query = "FROM genesis_generate('m', rows := 1, conditions := {'age': 1000})"
    with pytest.raises(
        duckdb.Error, match=r"was not met by .* in 10,000 attempts.*use WHERE on more rows"
    ):
        con.execute(query).fetchall()


def test_random_numbers_of_others_stay_as_they_are(fitted: duckdb.DuckDBPyConnection) -> None:
    import random

    import numpy as np
    import torch

    def drawn(between: str) -> tuple[float, ...]:
        random.seed(1)
        np.random.seed(2)
        torch.manual_seed(3)
        fitted.execute(between).fetchall()
        return random.random(), float(np.random.random()), float(torch.rand(1))

    assert drawn("FROM genesis_generate('m', rows := 5, seed := 77)") == drawn("SELECT 1")


def test_it_is_described(fitted: duckdb.DuckDBPyConnection, method: str) -> None:
    query = "SELECT column_name, step FROM genesis_describe('m')"
    found = dict(fitted.execute(query).fetchall())
    assert {found[c] for c in ("age", "grade", "pay", "since", "member", "score")} == {method}
    assert found["note"] == "pattern"


def test_it_is_not_exported(fitted: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "m.genesis"
    with pytest.raises(TargetError, match="cannot be exported.*pickle.*CALL genesis_fit"):
        genesis_sql.export(fitted, "m", str(path))
    assert not path.exists()


def test_the_same_fit_draws_the_same_rows(fitted: duckdb.DuckDBPyConnection, method: str) -> None:
    fit(fitted, method, "again")
    first, second = (
        fitted.execute(f"FROM genesis_generate('{name}', rows := 50)").fetchall()
        for name in ("m", "again")
    )
    assert first == second


def test_after_reopening_it_says_how_to_fit_it_again(file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        con.execute(PEOPLE)
        fit(con, "sdv:gaussian_copula", options="{'floor': 4, 'roles': {'note': 'text'}}")
        before = con.execute("FROM genesis_generate('m')").fetchall()
    again = "CALL genesis_fit('m', 'people', method := 'sdv:gaussian_copula', options := {'floor': 4, 'roles': {'note': 'text'}})"
    with genesis_sql.connect(str(file)) as con:
        for call in (
            "FROM genesis_generate('m')",
            "CALL genesis_generate_database('m', target := 'x')",
        ):
            with pytest.raises(duckdb.Error, match="ModelNotFoundError.*pickle") as caught:
                con.execute(call).fetchall()
            assert again in str(caught.value)
        con.execute(again).fetchall()
        assert con.execute("FROM genesis_generate('m')").fetchall() == before
        assert con.execute("SELECT count(*) FROM genesis_models()").fetchall() == [(2,)]


def test_training_ends_when_time_is_up(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PEOPLE)
    (row,) = fit(con, "sdv:tvae", options="{'epochs': 100000, 'max_seconds': 1}")
    assert "time is up after" in row[-1]
    assert con.execute("SELECT count(*) FROM genesis_generate('m')").fetchall() == [(240,)]


@pytest.mark.slow
def test_conditions_on_many_rows_draw_hardly_one_twice(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PEOPLE)
    fit(con, "sdv:gaussian_copula")
    query = """
    SELECT count(*), bool_and(grade = 'b' OR grade IS NULL), count(DISTINCT (age, grade, pay, since, member, score))
    FROM genesis_generate('m', rows := 9000, conditions := {'grade': ['b', NULL]})
    """
    ((rows, kept, distinct),) = con.execute(query).fetchall()
    assert (rows, kept) == (9000, True)
    assert distinct > 7000


@pytest.mark.parametrize(
    ("method", "option"),
    [
        ("sdv:gaussian_copula", "'epochs': 3"),
        ("sdv:tvae", "'learning_rate': 0.1"),
        ("sdv:ctgan", "'resume': true"),
    ],
)
def test_options_that_a_method_does_not_take_are_refused(
    con: duckdb.DuckDBPyConnection, method: str, option: str
) -> None:
    con.execute(PEOPLE)
    with pytest.raises(duckdb.Error, match=f"method '{method}' has no option"):
        fit(con, method, options=f"{{{option}}}")


def test_rows_of_a_child_table_keep_their_keys(schema: duckdb.DuckDBPyConnection) -> None:
    call = "CALL genesis_fit_database('shop', options := {'orders': {'method': 'sdv:gaussian_copula'}})"
    notes = {r[2]: r[-1] for r in schema.execute(call).fetchall()}
    assert "its rows do not depend on their parents" in notes["orders"]
    assert "pickle" not in notes["items"]
    made = schema.execute("CALL genesis_generate_database('shop', target := 'synth')").fetchall()
    assert {r[0] for r in made} == {"shops", "customers", "orders", "items"}
    assert sum(r[2] + r[3] for r in made) == 0
    told = "SELECT reason FROM genesis_describe('shop') WHERE table_name = 'orders' AND column_name = 'amount'"
    assert schema.execute(told).fetchall() == [("its rows do not depend on their parents",)]
