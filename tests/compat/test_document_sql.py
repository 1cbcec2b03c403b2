"""What the framework guide shows, asked in SQL: one test per group of calls."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from genesis_sql.errors import GenesisError, from_wire

COLUMNS = {
    "patient_id", "birth_date", "age", "gender", "race", "ethnicity", "county_fips", "state",
    "primary_condition",
}  # fmt: skip
Con = duckdb.DuckDBPyConnection


def _rows(con: Con, query: str, *values: Any) -> list[dict[str, Any]]:
    found = con.execute(query, list(values) or None)
    names = [d[0] for d in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_profile_generates_at_once(saved: Con) -> None:
    rows = _rows(saved, "FROM genesis_generate('older-with-diabetes', 'patients', rows := 300)")
    assert len(rows) == 300
    assert set(rows[0]) >= COLUMNS
    assert len({r["patient_id"] for r in rows}) == 300
    assert all(66 <= r["age"] <= 90 for r in rows)
    assert {r["primary_condition"] for r in rows} == {"E11"}
    again = _rows(saved, "FROM genesis_generate('older-with-diabetes', 'patients', rows := 300)")
    other = _rows(
        saved, "FROM genesis_generate('older-with-diabetes', 'patients', rows := 300, seed := 8)"
    )
    assert rows == again
    assert rows != other


def test_a_county_brings_its_own_people(saved: Con) -> None:
    found = _rows(
        saved,
        "SELECT count(DISTINCT county_fips) AS counties, any_value(state) AS state, "
        "       min(age) AS youngest, max(age) AS oldest "
        "FROM genesis_generate('travis-county', 'patients', rows := 2000, seed := 1)",
    )[0]
    assert (found["counties"], found["state"]) == (1, "TX")
    assert found["youngest"] < 5
    assert found["oldest"] > 80
    codes = _rows(
        saved, "SELECT DISTINCT code FROM genesis_generate('travis-county', 'conditions')"
    )
    assert {"E11", "E66", "I10"} <= {str(c["code"])[:3] for c in codes}


def test_a_run_is_a_cohort_with_all_its_tables(saved: Con) -> None:
    made = _rows(saved, "CALL genesis_run('older-with-diabetes', cohort := 'c1', seed := 42)")
    sizes = {r["table_name"]: r["rows"] for r in made}
    assert sizes["patients"] == 400
    assert sizes["conditions"] >= 400
    orphans = (
        "SELECT count(*) FROM c1.conditions ANTI JOIN c1.patients USING (patient_id)"  # nobody's
    )
    assert saved.execute(orphans).fetchall() == [(0,)]
    assert "c1" in [r["name"] for r in _rows(saved, "FROM genesis_cohorts()")]
    hypertension = saved.execute("SELECT count(*) FROM c1.conditions WHERE code[:3] = 'I10'")
    assert 190 < hypertension.fetchall()[0][0] < 290
    none = saved.execute("SELECT count(*) FROM c1.conditions WHERE code[:3] = 'E78'")
    assert none.fetchall() == [(0,)]


def test_profiles_are_found_by_tag_text_and_product(saved: Con) -> None:
    def names(arguments: str) -> list[str]:
        return [r["name"] for r in _rows(saved, f"FROM genesis_profiles({arguments})")]

    assert names("") == ["older-with-diabetes", "travis-county"]
    assert names("tags := ['diabetes']") == ["older-with-diabetes"]
    assert names("search := 'travis'") == ["travis-county"]
    assert names("product := 'patientsim'") == ["older-with-diabetes"]
    assert names("tags := ['diabetes'], search := 'travis'") == []


def test_the_history_and_a_replay(saved: Con) -> None:
    saved.execute("CALL genesis_run('travis-county', cohort := 'again', seed := 5, count := 200)")
    done = _rows(saved, "FROM genesis_history('travis-county')")
    run = next(r for r in done if r["kind"] == "run")
    assert (run["status"], run["seed"]) == ("done", 5)
    proven = _rows(saved, "CALL genesis_replay(execution := ?)", run["id"])
    assert {r["table_name"] for r in proven} >= {"patients", "conditions"}
    assert all(r["identical"] for r in proven)
    saved.execute("CALL genesis_delete_cohort('again')")
    assert "again" not in [r["name"] for r in _rows(saved, "FROM genesis_cohorts()")]


def test_a_run_is_validated_against_its_profile(saved: Con) -> None:
    saved.execute("CALL genesis_run('travis-county', cohort := 'checked', seed := 2)")
    found = _rows(saved, "FROM genesis_validate(cohort := 'checked')")
    passed = {(r["table_name"], r["column_name"]): r["passed"] for r in found}
    assert passed["patients", "gender"] is passed["patients", "age"] is True
    assert False not in passed.values()
    saved.execute("UPDATE checked.patients SET gender = 'F'")
    found = _rows(saved, "FROM genesis_validate(cohort := 'checked')")
    wrong = {(r["table_name"], r["column_name"]) for r in found if r["passed"] is False}
    assert wrong == {("patients", "gender")}


def test_cohorts_are_managed(saved: Con) -> None:
    saved.execute("CALL genesis_run('older-with-diabetes', cohort := 'a', seed := 1, count := 50)")
    saved.execute("CALL genesis_run('older-with-diabetes', cohort := 'b', seed := 2, count := 50)")
    saved.execute("CALL genesis_tag_cohort('a', tags := ['pilot'])")
    saved.execute("CALL genesis_rename_cohort('b', new_name := 'second')")
    saved.execute("CALL genesis_clone_cohort('a', new_name := 'copy')")
    saved.execute("CALL genesis_merge_cohorts(['a', 'second'], new_name := 'together')")
    tagged = {r["name"] for r in _rows(saved, "FROM genesis_cohorts(tags := ['pilot'])")}
    assert {"a", "copy"} <= tagged
    assert saved.execute("SELECT count(*) FROM together.patients").fetchall() == [(100,)]
    told = _rows(saved, "CALL genesis_summarise_cohort('together')")
    assert any(r["table_name"] == "patients" for r in told)


def test_places_and_directories_are_tables_to_join(con: Con) -> None:
    county = _rows(con, "FROM genesis_reference.county_figures WHERE fips = '48453'")[0]
    assert county["name"] == "Travis County"
    assert 4 < county["pct_diabetes"] < 15
    assert 5 < county["pct_age_65_plus"] < 20
    states = _rows(
        con, "SELECT pct_obesity, counties FROM genesis_reference.states WHERE state = 'TX'"
    )
    assert states[0]["counties"] == 254
    assert 25 < states[0]["pct_obesity"] < 45
    listed = _rows(con, "FROM genesis_reference_tables()")
    assert {"counties", "prevalences"} <= {r["table_name"] for r in listed}


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"clinical": {"comorbidities": [{"code": "I10", "prevalence": 1.7}]}},
         r"clinical\.comorbidities\[0\]\.prevalence"),
        ({"demographics": {"reference": {"type": "county", "fips": "48209999"}}}, "fips"),
        ({"demographics": {"gender": {"male": 0.3, "female": 0.3}}}, r"demographics\.gender"),
        ({"generation": {"count": 0}}, r"generation\.count"),
        ({"product": "patientsin"}, "patientsim"),
    ],
)  # fmt: skip
def test_a_wrong_spec_is_refused_with_its_path(con: Con, spec: dict[str, Any], path: str) -> None:
    text = json.dumps({"id": "wrong", **spec})
    with pytest.raises(duckdb.Error, match=path) as caught:
        con.execute("CALL genesis_save_profile('wrong', spec := ?)", [text])
    assert isinstance(from_wire(str(caught.value)), GenesisError)
    assert "wrong" not in [r["name"] for r in _rows(con, "FROM genesis_profiles()")]


def test_names_that_are_sql_do_nothing_but_name(con: Con) -> None:
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    name = "x'); DROP TABLE victim; --\""
    spec = {"id": name, "generation": {"count": 20}, "demographics": {"gender": {"female": 1.0}}}
    con.execute("CALL genesis_save_profile(?, spec := ?)", [name, json.dumps(spec)])
    rows = con.execute("SELECT gender FROM genesis_generate(?, 'patients')", [name]).fetchall()
    assert len(rows) == 20
    assert con.execute("FROM victim").fetchall() == [(1,)]
