"""Keys of tables that came without any: found by name, by inclusion, or shown as a question."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.graph.check import check
from genesis_sql.graph.keys import resolve
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.types import Finding

CHINOOK = Path(__file__).parents[2].parent / "shared" / "data" / "chinook"
here = pytest.mark.skipif(not CHINOOK.exists(), reason="the data of chinook are not here")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    yield connection
    connection.close()


def known() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CHINOOK / "keys.json").read_text())["tables"]
    return found


def load(con: duckdb.DuckDBPyConnection) -> None:
    """The eleven tables, without any key."""
    for name in known():
        con.execute(
            f'CREATE TABLE "{name}" AS FROM read_parquet(?)', [str(CHINOOK / f"{name}.parquet")]
        )


def findings(con: duckdb.DuckDBPyConnection, **options: Any) -> list[Finding]:
    return check(con, read_schema(con, database="memory", schema="main"), **options)


def listed(found: list[Finding]) -> list[str]:
    """The longest list to paste."""
    fixes = [f.fix for f in found if f.fix.startswith("relationships := ")]
    return [str(v) for v in ast.literal_eval(max(fixes, key=len).split(" := ")[1])]


def test_tables_without_keys(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE film AS SELECT i AS film_id, i % 9 AS year FROM range(90) r(i);
        CREATE TABLE actor AS SELECT i AS actor_id, i % 2 = 0 AS tall FROM range(60) r(i);
        CREATE TABLE cast_list AS SELECT DISTINCT i % 60 AS actor_id, i * 7 % 90 AS film_id FROM range(600) r(i);
        CREATE TABLE reel AS SELECT i // 3 AS film_id, i % 3 AS "no", i * 11 % 17 AS minutes FROM range(240) r(i);
        CREATE TABLE sequel AS SELECT i AS sequel_id, i * 7 % 90 AS "BasisId" FROM range(99) r(i);
    """)
    found = findings(con)
    keys = {f.table: f.fix for f in found if f.fix.startswith("ALTER TABLE")}
    assert keys == {
        "cast_list": 'ALTER TABLE "memory"."main"."cast_list" ADD PRIMARY KEY ("actor_id", "film_id")',
        "reel": 'ALTER TABLE "memory"."main"."reel" ADD PRIMARY KEY ("film_id", "no")',
    }
    (asked,) = [f for f in found if "may be a reference" in f.finding]
    assert (asked.table, asked.column, asked.severity) == ("sequel", "BasisId", "info")
    assert "all its values are in film(film_id); name" in asked.finding
    assert "sequel.BasisId -> film.film_id" in asked.fix
    for fix in keys.values():
        con.execute(fix)
    after = findings(con, relationships=listed(found))
    assert not [f for f in after if "reference" in f.finding or f.fix.startswith("ALTER")]


@here
def test_chinook_without_its_keys(con: duckdb.DuckDBPyConnection) -> None:
    load(con)
    found = findings(con)
    raw = read_schema(con, database="memory", schema="main")
    proposed = {resolve(raw, text).name for text in listed(found) if "…" not in text}
    real = {
        f"{table}({', '.join(fk['cols'])}) -> {fk['parent']}({', '.join(fk['parent_cols'])})"
        for table, node in known().items()
        for fk in node["fks"]
    }
    assert proposed <= real
    assert real - proposed == {"Customer(SupportRepId) -> Employee(EmployeeId)"}
    (asked,) = [f for f in found if "may be a reference" in f.finding]
    assert (asked.table, asked.column) == ("Customer", "SupportRepId")
    assert "Employee(EmployeeId)" in asked.finding
    (bridge,) = [f.fix for f in found if f.table == "PlaylistTrack" and f.fix.startswith("ALTER")]
    assert bridge.endswith('ADD PRIMARY KEY ("PlaylistId", "TrackId")')


@here
def test_chinook_as_proposed_is_learnt_and_generated(con: duckdb.DuckDBPyConnection) -> None:
    """Eleven tables: unique pairs and levels are exact, every key resolves."""
    load(con)
    found = findings(con)
    for fix in [f.fix for f in found if f.fix.startswith("ALTER")]:
        con.execute(fix)
    keys = [k for k in listed(found) if not k.startswith("Customer")]
    keys.append("Customer.SupportRepId -> Employee.EmployeeId")
    genesis_sql.fit_database(con, "chinook", relationships=keys)
    made = genesis_sql.generate_database(con, "chinook", "synth")
    assert len(made) == 11
    assert sum(r["orphans"] + r["violations"] for r in made) == 0
    pairs = "SELECT count(*), count(DISTINCT (PlaylistId, TrackId)) FROM synth.PlaylistTrack"
    ((rows, distinct),) = con.execute(pairs).fetchall()
    assert rows == distinct > 4000
    levels = """WITH RECURSIVE tree AS (
        SELECT EmployeeId AS id, 0 AS depth FROM {0}Employee WHERE ReportsTo IS NULL UNION ALL
        SELECT e.EmployeeId, depth + 1 FROM {0}Employee e JOIN tree ON e.ReportsTo = tree.id)
        SELECT depth, count(*) FROM tree GROUP BY depth ORDER BY depth"""
    assert (
        con.execute(levels.format("synth.")).fetchall() == con.execute(levels.format("")).fetchall()
    )
