"""A run writes every table, is recorded, and can be drawn again to the last byte."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import (
    CohortError,
    IntegrityError,
    ModelNotFoundError,
    OptionError,
    ReadOnlyError,
    TargetError,
    TransactionError,
)

Con = duckdb.DuckDBPyConnection
Spec = dict[str, Any]


def rows(con: Con, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, values).fetchall()


def test_what_a_run_writes_and_records(ran: Con, clinic: Spec) -> None:
    made = ran.execute("CALL genesis_run('clinic', cohort := 'c3', seed := 42)").fetchall()
    assert [r[:4] for r in made[:2]] == [("rooms", 5, 0, 0), ("people", 200, 0, 0)]
    same = "SELECT count(*) FROM (FROM c1.visits EXCEPT FROM c3.visits)"
    assert rows(ran, same) == [(0,)]
    assert rows(ran, "SELECT count(*) FROM c3.visits") == [(made[2][1],)]
    keys = rows(
        ran,
        "SELECT count(*) FROM duckdb_constraints() WHERE schema_name = 'c3' AND constraint_type IN "
        "('PRIMARY KEY', 'FOREIGN KEY')",
    )
    assert keys == [(5,)]
    execution, status, seed, told = rows(
        ran, "SELECT id, status, seed, arguments FROM genesis_history('clinic') LIMIT 1"
    )[0]
    assert (status, seed) == ("done", 42)
    assert '"cohort": "c3"' in told
    kept = genesis_sql.load_profile(ran, execution=execution)
    assert (kept["spec"], kept["version"]) == (clinic, 1)
    hashes = rows(
        ran,
        "SELECT detail ->> '$.content_hash' FROM genesis.execution_tables WHERE execution = ? "
        "ORDER BY position",
        execution,
    )
    assert [h for (h,) in hashes] == [r[5] for r in made]
    cohort = rows(
        ran,
        "SELECT schema_name, tables, rows, origin, profile, version, execution, tags FROM "
        "genesis_cohorts() WHERE name = 'c3'",
    )
    assert cohort == [("c3", 3, 205 + made[2][1], "run", "clinic", 1, execution, ["care"])]
    assert rows(ran, "SELECT executions FROM genesis_profiles()") == [(3,)]


@pytest.mark.parametrize("threads", [1, 4])
def test_replay_is_the_same_by_any_number_of_threads(ran: Con, threads: int) -> None:
    ran.execute(f"SET threads = {threads}")
    found = ran.execute("CALL genesis_replay(execution := 3)").fetchall()
    assert [(r[0], r[1], r[4]) for r in found[:2]] == [("rooms", 1, True), ("people", 40, True)]
    assert all(r[2] == r[3] and len(r[2]) == 32 for r in found)
    tables = rows(ran, "SELECT count(*) FROM duckdb_tables() WHERE schema_name NOT LIKE 'genesis%'")
    assert tables == [(6,)]
    assert rows(ran, "SELECT count(*) FROM genesis_history()") == [(3,)]


def test_replay_inside_a_transaction_and_read_only(ran: Con, tmp_path: Path) -> None:
    ran.execute("BEGIN")
    assert all(r["identical"] for r in genesis_sql.replay(ran, 2))
    ran.execute("ROLLBACK")
    ran.close()
    with genesis_sql.connect(str(tmp_path / "clinic.duckdb"), read_only=True) as con:
        assert all(r["identical"] for r in genesis_sql.replay(con, 2))
        with pytest.raises(ReadOnlyError, match="a run is recorded in it"):
            genesis_sql.run_profile(con, "clinic", "c9")
        with pytest.raises(ReadOnlyError, match="cohorts are recorded in it"):
            genesis_sql.delete_cohort(con, "c1")


def test_replay_tells_what_changed(ran: Con) -> None:
    ran.execute(
        "UPDATE genesis.execution_tables SET detail = json_merge_patch(detail, "
        """'{"content_hash": "0"}') WHERE execution = 2 AND table_name = 'people'"""
    )
    with pytest.raises(IntegrityError, match="other rows of table 'people' now: nothing else"):
        genesis_sql.replay(ran, 2)
    ran.execute("UPDATE genesis.executions SET library_version = '0.0.1' WHERE id = 2")
    with pytest.raises(IntegrityError, match=r"genesis_sql was 0\.0\.1 and is "):
        genesis_sql.replay(ran, 2)


def test_replay_needs_the_version_that_ran(ran: Con, clinic: Spec) -> None:
    genesis_sql.drop(ran, "clinic")
    with pytest.raises(ModelNotFoundError, match="version 1 of profile 'clinic' is gone"):
        genesis_sql.replay(ran, 2)
    changed = copy.deepcopy(clinic)
    changed["tables"]["people"]["columns"]["weight"]["mean"] = 90
    genesis_sql.save_profile(ran, "clinic", changed)
    with pytest.raises(ModelNotFoundError, match="version 1 of 'clinic' is another one now"):
        genesis_sql.replay(ran, 2)
    spec = genesis_sql.load_profile(ran, execution=2)["spec"]
    assert spec == clinic
    genesis_sql.drop(ran, "clinic")
    genesis_sql.save_profile(ran, "clinic", spec)
    assert all(r["identical"] for r in genesis_sql.replay(ran, 2))


def test_counts_and_seeds(ran: Con, clinic: Spec) -> None:
    assert rows(ran, "SELECT count(*) FROM c2.people UNION ALL SELECT count(*) FROM c2.rooms") == [
        (40,), (1,),
    ]  # fmt: skip
    seeds = rows(ran, "SELECT seed FROM genesis_history() WHERE kind = 'run' ORDER BY id")
    assert seeds == [(42,), (clinic["generation"]["seed"],)]
    first = "(SELECT * FROM c2.people ORDER BY person)"
    own = f"SELECT count(*) FROM (FROM genesis_generate('clinic', 'people', rows := 40, seed := 7) EXCEPT FROM {first})"
    assert rows(ran, own) == [(0,)]


def test_replace_and_append(ran: Con) -> None:
    with pytest.raises(CohortError, match="there is a cohort 'c2' already"):
        genesis_sql.run_profile(ran, "clinic", "c2")
    ran.execute("CALL genesis_tag_cohort('c2', tags := ['mine'])")
    made = genesis_sql.run_profile(ran, "clinic", "c2", count=30, if_exists="replace")
    assert rows(ran, "SELECT count(*) FROM c2.people") == [(30,)]
    more = genesis_sql.run_profile(ran, "clinic", "c2", count=20, if_exists="append")
    assert rows(ran, "SELECT count(*) FROM c2.people") == [(50,)]
    assert made[1]["content_hash"] != more[1]["content_hash"]
    last = rows(ran, "SELECT execution, tags FROM genesis_cohorts() WHERE name = 'c2'")[0]
    assert last[1] == ["care", "mine"]
    assert [r["rows"] for r in genesis_sql.replay(ran, last[0])][1] == 50


def test_another_place(ran: Con, tmp_path: Path) -> None:
    genesis_sql.run_profile(ran, "clinic", "v1.2", count=3, target="v1_2")
    assert rows(ran, "SELECT schema_name FROM genesis_cohorts() WHERE name = 'v1.2'") == [("v1_2",)]
    ran.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS other")
    genesis_sql.run_profile(ran, "clinic", count=3, target="other.main")
    assert rows(ran, "SELECT count(*) FROM other.people") == [(3,)]
    execution = rows(ran, "SELECT max(id) FROM genesis_history()")[0][0]
    assert all(r["identical"] for r in genesis_sql.replay(ran, execution))
    with pytest.raises(CohortError, match="would stand in 'other', and its record in 'clinic'"):
        genesis_sql.run_profile(ran, "clinic", "far", target="other.main")


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({}, OptionError, "the run has no place"),
        ({"cohort": "x", "count": 0}, OptionError, "count := 0 is not between 1 and"),
        ({"cohort": "x", "count": -5}, OptionError, "count := -5 is not between"),
        ({"cohort": "x", "count": 10**9}, OptionError, "count := 1,000,000,000 is not between"),
        ({"cohort": "x", "version": 9}, ModelNotFoundError, "has no version 9"),
        ({"cohort": "x", "if_exists": "maybe"}, OptionError, "if_exists := 'maybe'"),
        ({"cohort": "a.b"}, OptionError, "has a dot"),
        ({"cohort": " "}, (CohortError, TargetError), "visible|no place for tables"),
        ({"cohort": "x", "target": "c1"}, CohortError, "schema 'c1' holds cohort 'c1'"),
        ({"cohort": "c1", "target": "c2", "if_exists": "replace"}, CohortError, "stands in schema"),
        ({"cohort": "genesis"}, TargetError, "is no place for tables"),
        ({"target": "nowhere.x"}, TargetError, "'nowhere', which is not attached"),
        ({"cohort": "main"}, TargetError, "has a table 'people' already"),
    ],
)
def test_bad_input(still: Con, given: dict[str, Any], error: Any, match: str) -> None:
    still.execute("CREATE TABLE IF NOT EXISTS people (i INTEGER)")
    before = rows(still, "SELECT table_name FROM duckdb_tables() ORDER BY 1")
    with pytest.raises(error, match=match):
        genesis_sql.run_profile(still, "clinic", **given)
    assert rows(still, "SELECT table_name FROM duckdb_tables() ORDER BY 1") == before
    assert rows(still, "SELECT count(*) FROM genesis_cohorts()") == [(2,)]


def test_a_mistyped_profile(still: Con) -> None:
    with pytest.raises(ModelNotFoundError, match="no model 'clinik'; did you mean 'clinic'"):
        genesis_sql.run_profile(still, "clinik", "x")


def test_no_run_inside_a_transaction(ran: Con) -> None:
    ran.execute("BEGIN")
    with pytest.raises(TransactionError, match="inside a transaction"):
        genesis_sql.run_profile(ran, "clinic", "x")
    ran.execute("ROLLBACK")
    assert rows(ran, "SELECT count(*) FROM genesis_cohorts()") == [(2,)]


def test_odd_names(ran: Con) -> None:
    ran.execute("CREATE TABLE victim (i INTEGER)")
    odd = "x'); DROP TABLE victim; --\" 🙂"
    genesis_sql.run_profile(ran, "clinic", odd, count=2)
    assert rows(ran, "SELECT schema_name FROM genesis_cohorts(search := 'drop')") == [(odd,)]
    found = ran.execute("SELECT count(*) FROM genesis_cohorts(search := ?)", ["' OR true --"])
    assert found.fetchall() == [(0,)]
    assert rows(ran, "SELECT count(*) FROM victim") == [(0,)]


def test_validation(ran: Con) -> None:
    for name in ("c1", "c2"):
        found = genesis_sql.validate_run(ran, name)
        assert len(found) > 8
        assert [r for r in found if r["passed"] is False] == []
    assert genesis_sql.validate_run(ran, execution=2) == genesis_sql.validate_run(ran, "c1")
    genesis_sql.clone_cohort(ran, "c1", "copy")
    ran.execute("UPDATE copy.people SET weight = 50 WHERE sex = 'F'")
    broken = [r for r in genesis_sql.validate_run(ran, "copy") if r["passed"] is False]
    assert {r["column_name"] for r in broken} == {"weight"}
    ran.execute("DELETE FROM c2.visits WHERE visit = 'V00000001'")
    lost = [r for r in genesis_sql.validate_run(ran, "c2") if r["passed"] is False]
    assert ("visits", "rows of the run") in {(r["table_name"], r["check"]) for r in lost}
    ran.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS a")
    genesis_sql.save_cohort(ran, "s")
    with pytest.raises(CohortError, match="was not made of a profile"):
        genesis_sql.validate_run(ran, "s")
    with pytest.raises(OptionError, match="name one"):
        genesis_sql.validate_run(ran)
    with pytest.raises(CohortError, match="no cohort 'c3'; there are: 'c1'"):
        genesis_sql.validate_run(ran, "c3")
    ran.execute("DROP TABLE c2.visits")
    with pytest.raises(CohortError, match="has no table 'visits' any more"):
        genesis_sql.validate_run(ran, "c2")
