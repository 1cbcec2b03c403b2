"""Each network fits real rows, is stored, comes back, keeps conditions and repeats itself.

What these tests cannot tell: whether a network is any good (`python -m benchmarks neural`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql.models.methods import METHODS

from .conftest import ROWS, load

NETWORKS = [name for name, method in METHODS.items() if method.neural]
FEW = {"epochs": 2, "batch_size": 128}
ALL = "FROM genesis_generate('m', rows := 300, seed := 5)"


def test_there_are_networks() -> None:
    assert "argn" in NETWORKS


@pytest.fixture(params=NETWORKS)
def fitted(
    request: pytest.FixtureRequest, tmp_path: Path, trips: pa.Table
) -> tuple[str, Path, list[tuple[object, ...]]]:
    """A method, the file with its model, and rows drawn before the file was closed."""
    path = tmp_path / "m.duckdb"
    with genesis_sql.connect(str(path)) as con:
        load(con, trips)
        row = genesis_sql.fit(con, "m", "trips", method=request.param, options=FEW)[0]
        assert (row["method"], row["rows"], row["columns"]) == (request.param, ROWS, 7)
        rows = con.execute(ALL).fetchall()
    return request.param, path, rows


def test_it_is_stored_and_says_what_it_can(
    fitted: tuple[str, Path, list[tuple[object, ...]]], tmp_path: Path
) -> None:
    name, path, before = fitted
    assert len(set(before)) > 200
    with genesis_sql.connect(str(path)) as con:
        assert con.execute(ALL).fetchall() == before  # reopened
        moved = str(tmp_path / "m.genesis")
        con.execute("CALL genesis_export('m', ?)", [moved]).fetchall()
        parts = "FROM genesis_generate('m', rows := {}, first_row := {}, seed := 5)"
        pieces = [con.execute(parts.format(n, f)).fetchall() for n, f in ((1, 17), (150, 40))]
        assert pieces == [before[17:18], before[40:190]]
        again = con.execute("FROM genesis_generate('m', rows := 300, seed := 6)").fetchall()
        assert again != before
        steps = "SELECT DISTINCT step FROM genesis_describe('m') WHERE column_name <> 'cancelled'"
        assert (name,) in con.execute(steps).fetchall()
        runs = "SELECT count(*) FROM genesis_describe('m') WHERE step = ? AND runs = ?"
        assert con.execute(runs, [name, name]).fetchall()[0][0] > 0
        _conditions(con)
        _values(con)
    with genesis_sql.connect() as other:  # a database that has never seen the source
        other.execute("CALL genesis_import(?)", [moved]).fetchall()
        assert other.execute(ALL).fetchall() == before


def _conditions(con: duckdb.DuckDBPyConnection) -> None:
    """Exact for every row: labels, several of them, NULL, a number in a group."""
    made = "FROM genesis_generate('m', rows := 40, seed := 3, conditions := {})"
    asked = {
        "{'carrier': 'UA'}": "carrier = 'UA'",
        "{'carrier': ['UA', 'DL'], 'origin': 'LGA'}": "carrier IN ('UA', 'DL') AND origin = 'LGA'",
        "{'air_time': NULL}": "air_time IS NULL",
        "{'distance': [733, 2475]}": "distance IN (733, 2475)",
    }
    for given, wanted in asked.items():
        counted = f"SELECT count(*), count(*) FILTER ({wanted}) {made.format(given)}"
        assert con.execute(counted).fetchall() == [(40, 40)], given


def _values(con: duckdb.DuckDBPyConnection) -> None:
    """NULLs where there were some, dates in their year, no carrier of its own making."""
    query = """
        SELECT count(air_time) / count(*), min(day) >= DATE '2013-01-01' AND max(day) < DATE '2014-01-01',
               list_sort(list(DISTINCT carrier)), min(distance) > 0
        FROM {}
    """
    real = con.execute(query.format("trips")).fetchall()[0]
    made = con.execute(query.format("genesis_generate('m', rows := 2000)")).fetchall()[0]
    assert abs(real[0] - made[0]) < 0.15
    assert (made[1], made[3]) == (True, True)
    assert set(made[2]) <= set(real[2])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_fit_gives_the_same_rows(name: str, flights: duckdb.DuckDBPyConnection) -> None:
    for model in ("a", "b"):
        genesis_sql.fit(flights, model, "trips", method=name, seed=4, options={"epochs": 1})
    query = "SELECT count(DISTINCT uuid), count(*) FROM genesis.model_versions"
    assert flights.execute(query).fetchall() == [(1, 2)]


@pytest.mark.parametrize("name", NETWORKS)
def test_tables_that_leave_little_to_learn(name: str, con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE single AS SELECT i % 3 AS a FROM range(30) r(i);
        CREATE TABLE labels AS SELECT 'x' || i % 4 AS a, 'y' || i % 2 AS b FROM range(30) r(i);
        CREATE TABLE constant AS SELECT 1 AS a, 'x' AS b, CAST(NULL AS DATE) AS c FROM range(30);
        CREATE TABLE keys AS SELECT i AS id, uuid() AS u FROM range(30) r(i);
        CREATE TABLE lone AS SELECT 1 AS a, 2.5 AS b;
    """)
    for table in ("single", "labels", "constant", "keys", "lone"):
        genesis_sql.fit(con, table, table, method=name, options={"epochs": 1})
        made = con.execute(f"FROM genesis_generate('{table}', rows := 7)").fetchall()
        assert len(made) == 7, table
    assert set(con.execute("FROM genesis_generate('constant', rows := 5)").fetchall()) == {
        (1, "x", None)
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_it_stands_where_trees_would_in_related_tables(
    name: str, schema: duckdb.DuckDBPyConnection
) -> None:
    options = {"orders": {"method": name, "epochs": 1}}
    found = genesis_sql.fit_database(schema, "shop", options=options)
    assert {r["table_name"]: r["method"] for r in found} == {
        "shops": "trees",
        "customers": "trees",
        "orders": name,
        "items": "trees",
    }
    made = genesis_sql.generate_database(schema, "shop", "synth", scale=2)
    assert all(r["rows"] > 0 for r in made)
    assert [(r["orphans"], r["violations"]) for r in made] == [(0, 0)] * 4
    asked = "SELECT inputs FROM genesis_describe('shop') WHERE table_name = 'orders' AND step = ?"
    assert any("parent.income" in inputs for (inputs,) in schema.execute(asked, [name]).fetchall())
