"""A profile is a model version: whole or not at all, found by its tags, kept where it says the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.actions.save_profile import Resolved, Written, save_profile
from genesis_sql.effects import workspace
from genesis_sql.errors import (
    IntegrityError,
    ModelExistsError,
    ModelNotFoundError,
    ProfileError,
)
from genesis_sql.jobs import Job
from genesis_sql.session import session_of

ODD = "x'); DROP TABLE victim; --\" 🙂"
Con = duckdb.DuckDBPyConnection
Spec = dict[str, Any]


def other(clinic: Spec, mean: float = 80) -> Spec:
    changed = copy.deepcopy(clinic)
    changed["tables"]["people"]["columns"]["weight"]["mean"] = mean
    return changed


def test_the_same_again_is_kept_and_another_is_a_version(con: Con, clinic: Spec) -> None:
    text = json.dumps(clinic)
    row = con.execute("CALL genesis_save_profile('p', spec := ?, tags := ['a', 'a'])", [text])
    assert row.fetchall() == [("p", 1, "saved", ["rooms", "people", "visits"], "")]
    states = [
        genesis_sql.save_profile(con, "p", spec, **how)[0]
        for spec, how in (
            (clinic, {}),
            ({"profile": clinic}, {"tags": ["a"]}),
            (other(clinic), {}),
            (other(clinic), {"description": "told"}),
            (other(clinic), {"tags": []}),
        )
    ]
    assert [(s["version"], s["status"]) for s in states] == [
        (1, "kept"), (1, "kept"), (2, "saved"), (3, "saved"), (4, "saved"),
    ]  # fmt: skip
    listed = con.execute(
        "SELECT version, description, tags, versions, count FROM genesis_profiles()"
    )
    assert listed.fetchall() == [(4, "told", [], 4, 200)]
    rows = con.execute("SELECT kind, status, version FROM genesis_history('p') ORDER BY id")
    assert [r[:2] for r in rows.fetchall()] == [("save_profile", "done")] * 6
    first = genesis_sql.load_profile(con, "p", version=1)
    assert first["spec"] == clinic
    assert first["resolved"]["tables"].keys() == clinic["tables"].keys()


def test_the_order_of_columns_is_kept(con: Con, clinic: Spec) -> None:
    genesis_sql.save_profile(con, "p", clinic)
    people = clinic["tables"]["people"]
    turned = {"columns": dict(reversed(people["columns"].items()))}
    spec = {**clinic, "tables": {**clinic["tables"], "people": turned}}
    assert spec == clinic
    assert genesis_sql.save_profile(con, "p", spec)[0]["version"] == 2
    columns = con.sql("FROM genesis_generate('p', 'people', rows := 1)").columns
    assert columns == ["smoker", "weight", "sex", "person"]
    kept = genesis_sql.load_profile(con, "p")
    for told in (kept["spec"], kept["resolved"]):
        assert list(told["tables"]["people"]["columns"]) == columns


def test_a_struct_and_yaml_say_the_same_as_json(con: Con) -> None:
    said = [
        """{'id': 's', 'tables': {'t': {'rows': 3, 'columns': {'k': {'type': 'key'}}}}}""",
        """'{"id": "s", "tables": {"t": {"rows": 3, "columns": {"k": {"type": "key"}}}}}'""",
        """'{id: s, tables: {t: {rows: 3, columns: {k: {type: key}}}}}'""",
    ]
    found = [
        con.execute(f"CALL genesis_save_profile('s', spec := {text})").fetchall()[0][1:3]
        for text in said
    ]
    assert found == [(1, "saved"), (1, "kept"), (1, "kept")]


def test_it_is_a_model_as_others_are(ran: Con, tmp_path: Path, clinic: Spec) -> None:
    con = ran
    count = "SELECT count(*) FROM genesis_generate('clinic', 'people', rows := 7, seed := 1)"
    assert con.execute(count).fetchall() == [(7,)]
    listed = con.execute("SELECT kind, method, active, tables FROM genesis_models()").fetchall()
    assert listed == [("profile", "profile", True, 3)]
    described = "SELECT count(*), count(step) FROM genesis_describe('clinic')"
    assert con.execute(described).fetchall() == [(9, 9)]
    genesis_sql.save_profile(con, "clinic", other(clinic))
    genesis_sql.activate(con, "clinic", version=1)
    assert con.execute("SELECT version FROM genesis_profiles()").fetchall() == [(1,)]
    found = genesis_sql.generate_database(con, "clinic", "synth", scale=0.5)
    assert {r["table_name"]: r["rows"] for r in found}["people"] == 100
    path = str(tmp_path / "clinic.genesis")
    genesis_sql.export(con, "clinic", path, version=2)
    genesis_sql.drop(con, "clinic")
    assert con.execute("SELECT count(*) FROM genesis_profiles()").fetchall() == [(0,)]
    genesis_sql.import_(con, path, name=ODD)
    held = con.execute("SELECT name, version, tags, description FROM genesis_profiles()").fetchall()
    assert held == [(ODD, 1, ["care"], "A small one")]
    assert genesis_sql.load_profile(con, ODD)["spec"] == other(clinic)
    assert len(genesis_sql.run_profile(con, ODD, "again", count=3)) == 3


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"tags": ["care"]}, ["clinic", ODD]),
        ({"tags": ["care", "odd"]}, [ODD]),
        ({"tags": ["other"]}, []),
        ({"search": "SMALL"}, ["clinic"]),
        ({"search": "drop table"}, [ODD]),
        ({"search": "%"}, []),
        ({"search": "' OR 1 = 1 --"}, []),
        ({"product": "Clinics"}, [ODD]),
        ({"product": "x') OR ('a' = 'a"}, []),
        ({}, ["clinic", ODD]),
    ],
)
def test_finding(two: Con, how: dict[str, Any], expected: list[str]) -> None:
    found = genesis_sql.list_profiles(two, **how)
    assert [row[0] for row in found.fetchall()] == expected
    assert found.columns[:5] == ["name", "version", "product", "description", "tags"]


@pytest.fixture(scope="module")
def two(still: Con) -> Con:
    """Two profiles; the second has an odd name and a product."""
    still.execute("CREATE TABLE victim (i INTEGER)")
    columns = {"k": {"type": "key"}}
    spec = {"id": "odd", "product": "clinics", "tables": {"t": {"rows": 2, "columns": columns}}}
    session = session_of(still)
    with session.cursor() as cursor:
        from genesis_sql.actions.save_profile import Compiled
        from genesis_sql.profiles.compile import compile_profile

        ws = workspace(session, cursor, "clinic", "main", Job())
        written = Written(spec, 1, "told", ["care", "odd"])
        save_profile(
            ws, ODD, written, lambda: Resolved(spec),
            lambda plain, v: Compiled(compile_profile(plain, name=ODD, version=v), []),
        )  # fmt: skip
    return still


def test_the_victim_is_there(two: Con) -> None:
    assert two.execute("SELECT count(*) FROM victim").fetchall() == [(0,)]


def test_nothing_yet(con: Con) -> None:
    before = con.execute("FROM genesis_profiles()").description
    assert con.execute("FROM genesis_profiles()").fetchall() == []
    genesis_sql.save_profile(
        con, "s", {"id": "s", "tables": {"t": {"rows": 1, "columns": {"k": {"type": "key"}}}}}
    )
    assert con.execute("FROM genesis_profiles()").description == before
    with pytest.raises(ModelNotFoundError, match="no model 'clinc'"):
        genesis_sql.load_profile(con, "clinc")


def test_an_unfinished_save_leaves_the_active_version(ran: Con, clinic: Spec) -> None:
    session = session_of(ran)

    def broken(plain: Any, version: int) -> Any:
        message = f"broken at version {version}"
        raise ProfileError(message)

    with session.cursor() as cursor:
        ws = workspace(session, cursor, "clinic", "main", Job())
        with pytest.raises(ProfileError, match="broken at version 2"):
            save_profile(ws, "clinic", Written(clinic, 1, "x"), lambda: Resolved(clinic), broken)
    listed = ran.execute("SELECT version, active, status, error FROM genesis_models() ORDER BY 1")
    assert listed.fetchall() == [
        (1, True, "ready", None),
        (2, False, "error", "broken at version 2"),
    ]
    assert ran.execute("SELECT version FROM genesis_profiles()").fetchall() == [(1,)]
    parts = "SELECT count(*) FROM genesis.model_parts WHERE version = 2"
    assert ran.execute(parts).fetchall() == [(0,)]
    assert genesis_sql.save_profile(ran, "clinic", other(clinic))[0]["version"] == 3


def test_names_are_shared_with_models_that_were_learnt(con: Con, clinic: Spec) -> None:
    con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(50)")
    genesis_sql.fit(con, "m", "t")
    with pytest.raises(ModelExistsError, match=r"'m' is a table model; .* genesis_drop\('m'\)"):
        genesis_sql.save_profile(con, "m", clinic)
    genesis_sql.save_profile(con, "p", clinic)
    with pytest.raises(ModelExistsError, match="'p' is a profile model"):
        genesis_sql.fit(con, "p", "t")
    with pytest.raises(ModelNotFoundError, match="'m' is a model that was learnt"):
        genesis_sql.load_profile(con, "m")
    with pytest.raises(ModelNotFoundError, match="'m' is a model that was learnt"):
        genesis_sql.run_profile(con, "m", "c")


FEW = "'{tables: {t: {rows: 3, columns: {k: {type: key}}}}, id: few}'"


@pytest.mark.parametrize(
    ("call", "match"),
    [
        ("genesis_save_profile('x', spec := 7)", "OptionError: spec is 7; it takes JSON"),
        ("genesis_save_profile('x', spec := NULL)", "OptionError: spec is missing"),
        ("genesis_save_profile('x', spec := '{id: 7}')", "ProfileError: id: 7"),
        (f"genesis_save_profile(' ', spec := {FEW})", "OptionError: ' ' cannot be the name"),
        (f"genesis_save_profile('x', spec := {FEW}, tags := 7)", "OptionError: tags := 7 is no"),
        (f"genesis_save_profile('x', spec := {FEW}, tags := [' '])", "OptionError: .* a tag with"),
        ("genesis_profile_spec()", "OptionError: name one"),
        ("genesis_profile_spec('clinic', execution := 2)", "OptionError: name one"),
        ("genesis_profile_spec(execution := 77)", "ModelNotFoundError: .* runs are: 3, 2"),
        ("genesis_profile_spec(execution := 1)", "OptionError: .* is no run of a profile"),
        ("genesis_profiles(tags := [1])", "OptionError: .* is no list of texts"),
    ],
)
def test_bad_input(still: Con, call: str, match: str) -> None:
    with pytest.raises(duckdb.Error, match=match):
        still.execute(f"FROM {call}").fetchall()
    ready = "SELECT count(*) FROM genesis_models() WHERE model = 'x' AND status = 'ready'"
    assert still.execute(ready).fetchall() == [(0,)]


def test_a_profile_of_public_figures(con: Con) -> None:
    """It loads the figures by itself, says so, and keeps their fingerprint for a replay."""
    county = {"source": "populationsim", "reference": {"type": "county", "fips": "48201"}}
    spec = {"id": "harris", "product": "patientsim", "demographics": county}
    spec["generation"] = {"count": 20}
    row = genesis_sql.save_profile(con, "harris", spec)[0]
    assert "reference tables were loaded into schema genesis_reference" in row["notes"]
    assert set(row["tables"]) >= {"patients", "conditions"}
    assert genesis_sql.save_profile(con, "harris", spec)[0] == {
        **row,
        "status": "kept",
        "notes": "",
    }
    listed = con.execute("SELECT product, count FROM genesis_profiles(product := 'PatientSim')")
    assert listed.fetchall() == [("patientsim", 20)]
    genesis_sql.run_profile(con, "harris", "c", seed=1)
    run = con.execute("SELECT max(id) FROM genesis_history()").fetchall()[0][0]
    con.execute("UPDATE genesis_reference.counties SET population = 1 WHERE fips = '48201'")
    assert all(r["identical"] for r in genesis_sql.replay(con, run))
    assert len(genesis_sql.load_profile(con, execution=run)["reference"]) == 64
    con.execute("UPDATE genesis.execution_tables SET detail = '{}'")
    with pytest.raises(IntegrityError, match="the reference data was .* and is "):
        genesis_sql.replay(con, run)
