"""What a person wrote survives the store byte for byte, and damage is told."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import pytest

from genesis_sql.errors import ModelFormatError, ModelNotFoundError, OptionError
from genesis_sql.store import cohorts, executions, migrator, models, profiles, runs
from genesis_sql.store.cohorts import Cohort
from genesis_sql.store.content import split
from genesis_sql.store.rows import ModelContent, ModelPart
from genesis_sql.store.written import PART, Saved, of_parts

DB = "genesis"
ODD = """it's "a" Größe 🙂; DROP TABLE x; -- \\ $name ?"""
SAVED = Saved(
    {"id": ODD, "password": "kept: it is no secret of ours", "tables": {"b": 1, "a": [1.5, None]}},
    {"generation": {"count": 30, "seed": 4}, "tables": {"b": {}, "a": {}}},
    1, "clinics", ODD, ("t", ODD), "f1",
)  # fmt: skip


def test_there_and_back() -> None:
    assert Saved.from_bytes(SAVED.to_bytes()) == SAVED
    assert list(Saved.from_bytes(SAVED.to_bytes()).resolved["tables"]) == ["b", "a"]
    assert (SAVED.count, SAVED.seed) == (30, 4)
    assert (replace(SAVED, resolved={}).count, replace(SAVED, resolved={}).seed) == (None, None)
    parts = split("", PART, SAVED.to_bytes())
    assert of_parts([ModelPart("t", PART, 0, b"no"), *parts]) == SAVED
    assert of_parts([ModelPart("t", PART, 0, b"no")]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"spec": []}, {"tags": "t"}, {"tags": [1]}, {"schema_version": "1"}, {"product": 1},
        {"more": 1}, {"resolved": None}, {"reference": {}}, {"schema_version": True},
    ],
)  # fmt: skip
def test_damage(change: dict[str, object]) -> None:
    plain = json.loads(SAVED.to_bytes()) | change
    with pytest.raises(ModelFormatError, match="the text of the profile is damaged"):
        Saved.from_bytes(json.dumps(plain).encode())
    with pytest.raises(ModelFormatError, match="the text of the profile is damaged"):
        Saved.from_bytes(b"{")


def save(con: duckdb.DuckDBPyConnection, content: ModelContent, name: str = ODD) -> int:
    execution = executions.start(con, DB, kind="save_profile", model=name, arguments={})
    version = models.begin_version(
        con, DB, name, kind=profiles.KIND, method=profiles.METHOD, arguments={}, execution=execution
    )
    whole = replace(content, parts=(*content.parts, *split("", PART, SAVED.to_bytes())))
    models.finish_version(con, DB, name, version, whole, seconds=0.1)
    return version


def listed(con: duckdb.DuckDBPyConnection, **how: object) -> list[tuple[object, ...]]:
    text = profiles.list_sql(con, DB, **how).replace("'", "''")  # type: ignore[arg-type]
    return con.execute(
        f"SELECT name, version, product, tags, count FROM query('{text}')"
    ).fetchall()


def test_profiles_are_found_by_their_active_version(
    con: duckdb.DuckDBPyConnection, content: ModelContent
) -> None:
    for _ in range(2):
        save(con, content)
    assert listed(con, search="größe", tags=[ODD], product="CLINICS") == [
        (ODD, 2, "clinics", ["t", ODD], 30)
    ]
    models.activate(con, DB, ODD, 1)
    assert [row[1] for row in listed(con)] == [1]
    assert profiles.load(con, DB, ODD) == SAVED
    models.drop(con, DB, ODD)
    assert listed(con) == []
    with pytest.raises(ModelNotFoundError, match="no model 'x'"):
        profiles.load(con, DB, "x")


def test_a_run_keeps_what_it_was_drawn_from(con: duckdb.DuckDBPyConnection) -> None:
    migrator.ensure(con, DB)
    one, two = (executions.start(con, DB, kind="run", model="m", arguments={}) for _ in range(2))
    runs.write(con, DB, runs.Run.of(one, "u", SAVED, 7, ODD, "genesis.c"))
    executions.finish(con, DB, one, tables=[])
    executions.finish(con, DB, two, status="error", error="broken", tables=[])
    found, run = runs.find(con, DB, one)
    assert (found.id, run.count, run.cohort, run.spec) == (one, 7, ODD, SAVED.spec)
    with pytest.raises(OptionError, match=r"execution 2 left no rows \(error: broken\)"):
        runs.find(con, DB, two)


def test_cohorts_are_rows(con: duckdb.DuckDBPyConnection) -> None:
    assert cohorts.known(con, DB) == {}
    migrator.ensure(con, DB)
    cohort = Cohort(ODD, "s", ("a", ODD), "run", "p", 1, 2, ("t",), ODD)
    cohorts.write(con, DB, cohort)
    found = cohorts.find(con, DB, ODD)
    assert replace(found, created_at=None, updated_at=None) == cohort
    cohorts.write(con, DB, replace(found, tags=()))
    changed = cohorts.find(con, DB, ODD)
    assert (changed.tags, changed.created_at) == ((), found.created_at)
    cohorts.remove(con, DB, ODD)
    assert cohorts.known(con, DB) == {}
