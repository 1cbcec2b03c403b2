"""genesis_quality: a model judged by rows it never saw, through SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.sqlbuild import quoted, string

PEOPLE = """
CREATE TABLE people AS
SELECT 18 + CAST(hash(i) % 60 AS INTEGER) AS age, ['a', 'b', 'c'][1 + CAST(hash(i, 1) % 3 AS INTEGER)] AS grade,
       round(sqrt(hash(i, 2) % 100000), 2) AS pay
FROM range(1500) AS r(i)
"""
LIGHT = "metrics := ['shapes', 'pairs', 'validity']"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the table `people` and a model of it; nobody writes to it."""
    path = tmp_path_factory.mktemp("quality") / "people.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(PEOPLE)
        con.execute("CALL genesis_fit('m', 'people')").fetchall()
    return path


@pytest.fixture
def people(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute(PEOPLE)
    con.execute("CALL genesis_fit('m', 'people')").fetchall()
    return con


def _rows(con: duckdb.DuckDBPyConnection, more: str = LIGHT) -> list[dict[str, Any]]:
    done = con.execute(f"FROM genesis_quality('m', {more})")
    names = [d[0] for d in done.description]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def _attached(con: duckdb.DuckDBPyConnection) -> list[Any]:
    return con.execute("SELECT database_name FROM duckdb_databases() ORDER BY 1").fetchall()


def test_every_number_stands_beside_rows_held_out(people: duckdb.DuckDBPyConnection) -> None:
    before = _attached(people)
    rows = _rows(people)
    assert _attached(people) == before
    held = next(r for r in rows if r["metric"] == "held_out")
    assert 220 < held["score"] < 380
    assert held["n"] + held["score"] == 1500
    assert held["note"] == "20 of 100 by the hash of the row"
    shapes = [r for r in rows if r["metric"] == "tv_similarity"]
    assert {tuple(r["columns"]) for r in shapes} == {("age",), ("grade",), ("pay",)}
    assert all(0.8 < r["score"] < 1 and 0.8 < r["baseline"] < 1 for r in shapes)
    assert {r["verdict"] for r in rows} <= {"pass", "info", "warn"}


def test_the_same_numbers_again_from_a_twin_that_is_kept(people: duckdb.DuckDBPyConnection) -> None:
    first = _rows(people)
    assert len(first) > 10
    assert _rows(people) == first
    assert _rows(people, f"{LIGHT}, seed := 1") != first


def test_what_was_measured_is_in_the_history_and_the_store(
    people: duckdb.DuckDBPyConnection,
) -> None:
    rows = _rows(people)
    found = people.execute("SELECT kind, status, rows FROM genesis_history('m') LIMIT 1").fetchall()
    assert found == [("quality", "done", len(rows))]
    stored = people.execute("SELECT metric, score FROM genesis.measurements ORDER BY position")
    assert stored.fetchall() == [(r["metric"], r["score"]) for r in rows]


def test_what_is_not_there_is_not_measured_twice(people: duckdb.DuckDBPyConnection) -> None:
    """One table has no sequences, and that is known, too."""
    measured = "SELECT count(*) FROM genesis.measurements WHERE part = 'sequences'"
    _rows(people, "metrics := ['sequences']")
    assert people.execute(measured).fetchall() == [(1,)]
    with pytest.raises(duckdb.Error, match="'lag_correlation_error' was not measured"):
        people.execute("CALL genesis_assert('m', 'lag_correlation_error < 0.1')").fetchall()
    assert people.execute(measured).fetchall() == [(1,)]


def test_a_source_that_changed_is_said(people: duckdb.DuckDBPyConnection) -> None:
    changed = [r["score"] for r in _rows(people) if r["metric"] == "source_changed"]
    assert changed == [0.0]
    people.execute("UPDATE people SET age = age + 1 WHERE grade = 'a'")
    (row,) = [r for r in _rows(people) if r["metric"] == "source_changed"]
    assert (row["score"], row["verdict"]) == (1.0, "warn")
    assert "changed since the fit" in row["note"]


def test_a_source_that_is_gone(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("DROP TABLE people")
    with pytest.raises(duckdb.Error, match=r"source of model 'm' cannot be read.*genesis_compare"):
        _rows(people)


def test_a_table_too_small_to_hold_rows_out(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a, i % 3 AS b FROM range(120) AS r(i)")
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    rows = _rows(con, "metrics := ['shapes', 'detection']")
    held = next(r for r in rows if r["metric"] == "held_out")
    assert (held["score"], held["n"]) == (0.0, 120)
    assert next(r for r in rows if r["metric"] == "c2st_auc")["n"] == 120
    assert "too few rows" in held["note"]
    assert all(r["baseline"] is None for r in rows)


def test_a_read_only_file_is_measured_and_not_written(file: Path) -> None:
    with genesis_sql.connect(str(file), read_only=True) as con:
        assert len(_rows(con)) > 10
        assert con.execute("SELECT count(*) FROM genesis_history('m')").fetchall() == [(1,)]
        assert con.execute("CALL genesis_assert('m', 'shape > 0.8')").fetchall()[0][2]
        assert con.execute("CALL genesis_assert('m', 'held_out > 100')").fetchall()[0][2]


def test_assert_measures_what_it_needs_and_takes_the_rest_from_the_store(
    people: duckdb.DuckDBPyConnection,
) -> None:
    people.execute("CALL genesis_assert('m', 'shape > 0.8 AND people.shape <= 1')").fetchall()
    kinds = people.execute("SELECT DISTINCT part FROM genesis.measurements ORDER BY 1").fetchall()
    assert kinds == [("shapes",), ("split",)]
    before = people.execute("SELECT count(*) FROM genesis.measurements").fetchall()
    (row,) = people.execute("CALL genesis_assert('m', 'shape > 0.8')").fetchall()
    assert (row[0], row[2]) == ("shape > 0.8", True)
    assert people.execute("SELECT count(*) FROM genesis.measurements").fetchall() == before
    with pytest.raises(
        duckdb.Error, match=r"genesis: AssertError: model 'm' fails: shape > 2 does not hold"
    ):
        people.execute("CALL genesis_assert('m', 'shape > 2')").fetchall()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("metrics := ['shape']", "no metrics 'shape'; did you mean 'shapes'"),
        ("metrics := []", "measures nothing"),
        ("version := 9", "no version 9|version 9"),
        ("target := 'gade'", "no column 'gade'; did you mean 'grade'"),
    ],
)
def test_bad_input(people: duckdb.DuckDBPyConnection, more: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        _rows(people, more)
    assert len(_attached(people)) == 3


def test_inside_a_transaction_it_is_refused(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("BEGIN")
    with pytest.raises(duckdb.Error, match="TransactionError"):
        _rows(people)
    people.execute("ROLLBACK")


def test_names_stay_names(con: duckdb.DuckDBPyConnection) -> None:
    name = "x'); DROP TABLE victim; --\""
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    con.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)} INTEGER, v VARCHAR)")
    con.execute(
        f"INSERT INTO {quoted(name)} SELECT hash(i) % 50, ['p', 'q'][1 + i % 2] FROM range(400) r(i)"
    )
    con.execute(
        f"CALL genesis_fit_database({string(name)}, tables := [{string(quoted(name))}])"
    ).fetchall()
    done = con.execute(f"FROM genesis_quality({string(name)}, {LIGHT})").fetchall()
    assert any(name in row[2] for row in done)
    held = f"CALL genesis_assert({string(name)}, {string(f'{quoted(name)}.shape > 0')})"
    assert con.execute(held).fetchall()[0][2]
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]


def test_related_tables(schema: duckdb.DuckDBPyConnection) -> None:
    """Families are held out together, so that all keys of both parts resolve."""
    schema.execute(
        "INSERT INTO customers SELECT i, i % 20, 30, 5.0, TRUE FROM range(150, 900) r(i)"
    )
    schema.execute(
        "INSERT INTO orders SELECT i, i * 31 % 900, 1.5, NULL FROM range(300, 1800) r(i)"
    )
    schema.execute("CALL genesis_fit_database('m')").fetchall()
    rows = _rows(schema, "metrics := ['shapes', 'relations']")
    held = {r["table_name"]: r for r in rows if r["metric"] == "held_out"}
    assert held["orders"]["note"] == "with its row of customers, by customer_id"
    assert held["shops"]["note"] == "all rows are in both parts"
    shapes = {(r["table_name"], r["baseline"] is None) for r in rows if r["metric"] == "shape"}
    assert shapes == {(t, t == "shops") for t in ("customers", "items", "orders", "shops")}
    orphans = [r for r in rows if r["metric"] == "orphans"]
    assert [r["table_name"] for r in orphans] == ["customers", "items", "orders"]
    assert all(r["score"] == 0 and r["n"] > 300 for r in orphans)
