"""What the framework guide shows, by its own Python names: one test per call or group of them."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql import compat
from genesis_sql.errors import GenesisError, OptionError
from tests.compat.conftest import OLDER, TRAVIS

Con = duckdb.DuckDBPyConnection


# Quick start


def test_generate_by_product_count_and_condition() -> None:
    result = compat.generate(product="patientsim", count=25, condition="diabetes")
    assert len(result["patients"]) == 25
    assert {p["primary_condition"] for p in result["patients"]} == {"E11"}
    with_it = {c["patient_id"] for c in result["conditions"] if c["code"].startswith("E11")}
    assert with_it == {p["patient_id"] for p in result["patients"]}
    ages = sorted(p["age"] for p in result["patients"])
    assert ages[0] >= 18  # of those who have it, not of the country
    assert ages[12] > 50
    assert result.get("cohort_id") is None
    assert compat.generate(product="patientsim", count=25, condition="diabetes") == result


_SLOW = pytest.mark.slow  # the others have what these have, too


@pytest.mark.parametrize(
    "product",
    [
        pytest.param("patientsim", marks=_SLOW),
        pytest.param("membersim", marks=_SLOW),
        "rxmembersim",
        "trialsim",
    ],
)
def test_every_product_makes_patients_and_tables_of_its_own(product: str) -> None:
    result = compat.generate(product=product, count=40, condition="diabetes")
    assert len(result["patients"]) == 40
    prescribed = {m["medication_id"]: m["prescribed"] for m in result.get("medications", ())}
    fills = result.get("fills", [])
    assert bool(fills) == (product == "rxmembersim")
    assert all(f["filled"] >= prescribed[f["medication_id"]] for f in fills)
    assert all(isinstance(rows, list) for rows in result.values())


def test_nothing_is_left_behind_in_memory() -> None:
    compat.generate(count=3)
    with compat.memory.standing(None) as con:
        assert con.execute("FROM genesis_models()").fetchall() == []


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ({"product": "patientsin"}, "patientsim"),
        ({"condition": "diabetis"}, "diabetes"),
        ({"count": 0}, "count"),
    ],
)
def test_what_is_mistyped_is_named(arguments: dict[str, Any], near: str) -> None:
    with pytest.raises(GenesisError, match=near):
        compat.generate(**{"count": 5, **arguments})


@pytest.fixture(scope="module")
def older() -> dict[str, Any]:
    """The rows of OLDER, made once."""
    return compat.ProfileExecutor().execute(OLDER)


def test_execute_a_profile(older: dict[str, Any]) -> None:
    people = older["patients"]
    assert len(people) == 400
    assert all(66 <= p["age"] <= 90 for p in people)
    assert sum(p["age"] == 66 for p in people) < 40  # mapped into the interval, not clamped
    assert 220 < sum(p["gender"].upper().startswith("F") for p in people) < 330


def test_the_text_of_a_profile_gives_the_same_and_another_seed_others(
    older: dict[str, Any],
) -> None:
    executor = compat.ProfileExecutor()
    assert executor.execute(json.dumps(OLDER["profile"])) == older
    assert executor.execute(OLDER, seed=12)["patients"] != older["patients"]


def test_execute_with_a_connection_records_and_gives_the_same_rows(
    con: Con, older: dict[str, Any]
) -> None:
    result = compat.ProfileExecutor(con).execute(OLDER)
    kept = result.pop("cohort_id")
    assert kept in [r[0] for r in con.execute("SELECT name FROM genesis_cohorts()").fetchall()]
    assert result == older
    assert compat.ProfileExecutor(con).execute(OLDER)["cohort_id"] != kept


# Reference data in profiles


def test_a_hybrid_profile_says_what_the_reference_says(con: Con) -> None:
    hybrid = compat.create_hybrid_profile(TRAVIS, con)
    assert hybrid["profile"]["id"] == "travis-county"
    assert "providers" not in hybrid["profile"]["tables"]
    columns = hybrid["profile"]["tables"]["patients"]["columns"]
    assert columns["age"]["origin"] == "reference"
    json.dumps(hybrid)
    result = compat.ProfileExecutor().execute(hybrid)
    assert len(result["patients"]) == 500
    assert {p["county_fips"] for p in result["patients"]} == {"48453"}


def test_a_hybrid_profile_with_its_network(con: Con) -> None:
    hybrid = compat.create_hybrid_profile_with_network(TRAVIS, con)
    result = compat.ProfileExecutor().execute(hybrid)
    assert len(result["providers"]) > 0
    assert result == compat.ProfileExecutor().execute(TRAVIS)


def test_what_is_given_stays(con: Con) -> None:
    spec = {**TRAVIS["profile"], "demographics": {
        **TRAVIS["profile"]["demographics"], "gender": {"male": 0.0, "female": 1.0},
    }}  # fmt: skip
    result = compat.ProfileExecutor().execute(compat.create_hybrid_profile(spec, con))
    assert {p["gender"].upper()[0] for p in result["patients"]} == {"F"}
    assert min(p["age"] for p in result["patients"]) < 18


def test_a_file_opened_to_read_can_be_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "empty.duckdb")
    duckdb.connect(path).close()
    with duckdb.connect(path, read_only=True) as con:
        hybrid = compat.create_hybrid_profile_with_network(TRAVIS, con)
        assert hybrid == compat.create_hybrid_profile_with_network(TRAVIS)
        assert compat.ReferenceProfileResolver(con).resolve_county("48453").state == "TX"


# Profile persistence


@pytest.fixture
def manager(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    shutil.copy(shelf, "healthsim.duckdb")
    manager = compat.get_manager()
    yield manager
    manager.close()


def test_the_manager_keeps_in_a_file_here(manager: Any, tmp_path: Path) -> None:
    manager.profiles.save_profile(name="kept", profile_spec=OLDER)
    assert compat.get_manager().profiles.load_profile("kept").version == 1
    manager.close()
    assert (tmp_path / "healthsim.duckdb").exists()
    again = compat.get_manager()
    assert again.profiles.load_profile("kept").profile_spec == OLDER["profile"]
    again.close()


def test_save_load_execute_record_and_repeat(manager: Any, older: dict[str, Any]) -> None:
    identity = manager.profiles.save_profile(
        name="older-v1", profile_spec=OLDER, description="Older people", tags=["diabetes", "older"]
    )
    profile = manager.profiles.load_profile("older-v1")
    assert profile.id == identity
    assert manager.profiles.load_profile(identity) == profile
    assert (profile.description, set(profile.tags)) == ("Older people", {"diabetes", "older"})

    assert profile.profile_spec == OLDER["profile"]
    executor, result = compat.ProfileExecutor(), older
    number = manager.profiles.record_execution(
        profile_id=profile.id,
        cohort_id=result.get("cohort_id"),
        seed=11,
        count=len(result["patients"]),
        duration_ms=1500,
    )
    spec = manager.profiles.get_execution_spec(execution_id=number)
    assert executor.execute(spec) == result
    history = manager.con.execute(
        "SELECT kind, rows, round(seconds, 1), seed FROM genesis_history('older-v1') WHERE id = ?",
        [number],
    ).fetchall()
    assert [row[1:] for row in history] == [(400, 1.5, 11)]


def test_an_execution_keeps_its_spec_when_the_profile_changes(manager: Any) -> None:
    manager.profiles.save_profile(name="p", profile_spec=OLDER)
    result = compat.ProfileExecutor(manager.con).execute(OLDER, seed=4)
    number = manager.profiles.record_execution(
        profile_id="p", cohort_id=result.pop("cohort_id"), seed=4, count=400, duration_ms=1
    )
    manager.profiles.save_profile(name="p", profile_spec=TRAVIS)
    assert manager.profiles.load_profile("p").profile_spec == TRAVIS["profile"]
    assert manager.profiles.load_profile("p@1").profile_spec == OLDER["profile"]
    spec = manager.profiles.get_execution_spec(execution_id=number)
    assert compat.ProfileExecutor().execute(spec) == result


def test_list_by_tags_search_and_product(manager: Any) -> None:
    manager.profiles.save_profile(name="older", profile_spec=OLDER, tags=["diabetes"])
    manager.profiles.save_profile(name="travis", profile_spec=TRAVIS, description="Around Austin")

    def names(**wanted: Any) -> list[str]:
        return [p.name for p in manager.profiles.list_profiles(**wanted)]

    assert names() == ["older", "travis"]
    assert names(tags=["diabetes"]) == ["older"]
    assert names(search="austin") == ["travis"]
    assert names(product="patientsim") == ["older"]


def test_an_unknown_profile_is_refused(manager: Any) -> None:
    manager.profiles.save_profile(name="older", profile_spec=OLDER)
    with pytest.raises(GenesisError, match="did you mean 'older'"):
        manager.profiles.load_profile("oldr")
    with pytest.raises(GenesisError, match="999"):
        manager.profiles.get_execution_spec(execution_id=999)


def test_persist_and_summary(manager: Any) -> None:
    result = compat.generate(count=30, condition="hypertension")
    told = manager.persist(result, context="Thirty people for a first look")
    assert told["counts"]["patients"] == 30
    assert "patients" not in told
    summary = manager.get_summary(told["cohort_id"])
    assert summary["counts"] == told["counts"]
    assert summary["description"] == "Thirty people for a first look"
    with pytest.raises(GenesisError, match="no cohort 'nothing'"):
        manager.get_summary("nothing")


# Reference data


def test_counties_and_states_have_figures(con: Con) -> None:
    resolver = compat.ReferenceProfileResolver(con)
    county = resolver.resolve_county("48453")
    assert (county.name, county.state) == ("Travis County", "TX")
    assert 4 < county.pct_diabetes < 15
    assert 15 < county.pct_obesity < 45
    assert 5 < county.pct_age_65_plus < 20
    state = resolver.resolve_state("TX")
    assert state.population > 30_000_000
    assert state.pct_diabetes > county.pct_diabetes
    assert resolver.resolve_state("Texas").to_dict() == state.to_dict()
    with pytest.raises(AttributeError, match="pct_diabetes"):
        _ = county.pct_diabetis
    assert "pct_obesity" in dir(county)


@pytest.mark.parametrize(("wrong", "near"), [("48202", "48201"), ("Haris County, TX", "Harris")])
def test_an_unknown_county_is_refused_with_the_nearest(con: Con, wrong: str, near: str) -> None:
    with pytest.raises(OptionError, match=near):
        compat.ReferenceProfileResolver(con).resolve_county(wrong)


def test_an_unknown_state_is_refused_with_the_nearest(con: Con) -> None:
    with pytest.raises(OptionError, match="TEXAS|Texas"):
        compat.ReferenceProfileResolver(con).resolve_state("Texsas")


def test_facilities_are_found_by_state_type_and_beds(con: Con) -> None:
    resolver = compat.NetworkSimResolver(con)
    hospitals = resolver.find_facilities(state="TX", facility_type="hospital", min_beds=250)
    assert len(hospitals) > 3
    assert all(h["beds"] >= 250 and h["state"] == "TX" for h in hospitals)
    assert all(h["fictional"] for h in hospitals)
    assert len(resolver.find_facilities(state="TX", facility_type="hospital", limit=2)) == 2
    with pytest.raises(GenesisError, match="did you mean 'hospital'"):
        resolver.find_facilities(state="TX", facility_type="hospitl")


def test_providers_of_a_specialty_need_a_directory_that_knows_them(
    con: Con, tmp_path: Path
) -> None:
    heart = compat.TAXONOMY_MAP["cardiology"]
    resolver = compat.NetworkSimResolver(con)
    with pytest.raises(GenesisError, match="genesis_load_directory"):
        resolver.find_providers(state="TX", city="HOUSTON", taxonomy=heart, limit=7)
    path = tmp_path / "npidata.csv"
    path.write_text(_npi_file([("1", "Ada", heart, "HOUSTON")] * 9 + [("1", "Bo", "X", "WACO")]))
    genesis_sql.load_directory(con, "nppes", str(path))
    found = resolver.find_providers(state="TX", city="Houston", taxonomy=heart, limit=7)
    assert len(found) == 7
    assert {(p["first_name"], p["city"]) for p in found} == {("Ada", "HOUSTON")}
    assert resolver.find_providers(state="TX", specialty="cardiology", city="WACO") == []


def _npi_file(people: list[tuple[str, str, str, str]]) -> str:
    """The columns of CMS's file that are read, with people of our own."""
    place = "Provider Business Practice Location Address"
    headings = [
        "NPI", "Entity Type Code", "Provider Organization Name (Legal Business Name)",
        "Provider Last Name (Legal Name)", "Provider First Name",
        "Provider First Line Business Practice Location Address", f"{place} City Name",
        f"{place} State Name", f"{place} Postal Code", "Healthcare Provider Taxonomy Code_1",
    ]  # fmt: skip
    rows = [
        [str(2_000_000_000 + n), kind, "", "Lovelace", name, "1 Main St", city, "TX", "77002", code]
        for n, (kind, name, code, city) in enumerate(people)
    ]
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in [headings, *rows])


def test_specialties_have_plain_names() -> None:
    names = compat.TAXONOMY_MAP
    assert names["family_medicine"] == names["family medicine"] != names["cardiology"]
    assert {"endocrinology", "nephrology", "pulmonology"} <= set(names)
    with pytest.raises(KeyError, match="did you mean 'cardiology'"):
        _ = names["cardiolgy"]


def test_names_are_where_the_guide_imports_them_from() -> None:
    generation = importlib.import_module("genesis_sql.compat.generation")
    state = importlib.import_module("genesis_sql.compat.state")
    structured = importlib.import_module("genesis_sql.compat.structured")
    config = importlib.import_module("genesis_sql.language.config")
    for name in compat.__all__:
        assert any(hasattr(m, name) for m in (generation, state, structured, config)), name


def test_a_name_that_is_sql_is_only_a_name(manager: Any) -> None:
    manager.con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    name = "x'); DROP TABLE victim; --\""
    manager.profiles.save_profile(name=name, profile_spec=OLDER, tags=[name], description=name)
    assert manager.profiles.load_profile(name).name == name
    assert [p.name for p in manager.profiles.list_profiles(tags=[name], search=name)] == [name]
    told = manager.persist({name: [{name: 1}], "patients": [{"patient_id": "P1"}]}, context=name)
    assert told["counts"] == {name: 1, "patients": 1}
    assert manager.con.execute("FROM victim").fetchall() == [(1,)]


def test_the_package_is_thin() -> None:
    folder = Path(compat.__file__).parent
    lines = sum(len(p.read_text(encoding="utf-8").splitlines()) for p in folder.glob("*.py"))
    assert 100 < lines < 1_100
    assert genesis_sql.generate is not compat.generate
