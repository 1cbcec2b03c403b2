"""Each section of a health spec: what it makes, what a spec overrides, and where it came from."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.domains import expand, field_of, read, schema, sections
from genesis_sql.domains.health.expand import FIRST, expanded
from genesis_sql.domains.health.figures import Figures
from genesis_sql.errors import ProfileError
from tests.domains.conftest import HARRIS

ELDERLY = {
    "id": "elderly-diabetic",
    "generation": {"count": 100, "seed": 42},
    "demographics": {"age": {"type": "normal", "mean": 72, "std_dev": 8, "min": 65}},
    "clinical": {"primary_condition": {"code": "E11", "prevalence": 1.0}},
}
NETWORK = {
    "id": "harris-diabetic",
    "demographics": {"source": "populationsim", "reference": HARRIS},
    "providers": {
        "source": "networksim",
        "reference": {"state": "TX", "specialty": "endocrinology"},
    },
}
STRUCTURE = {
    "id": "unique-identifier",
    "product": "patientsim",
    "generation": {"count": 100, "seed": 42, "batch_size": 50},
    "demographics": {
        "age": {"type": "normal", "mean": 65, "std_dev": 10, "min": 18, "max": 95},
        "gender": {"male": 0.48, "female": 0.52},
        "source": "populationsim",
        "reference": HARRIS,
    },
    "clinical": {
        "primary_condition": {
            "code": "E11",
            "description": "Type 2 diabetes mellitus",
            "prevalence": 1.0,
        },
        "comorbidities": [{"code": "I10", "prevalence": 0.7}, {"code": "E78", "prevalence": 0.5}],
        "severity": {"mild": 0.5, "moderate": 0.3, "severe": 0.2},
        "labs": [
            {
                "name": "hba1c",
                "distribution": {"type": "normal", "mean": 5.4, "std_dev": 0.4},
                "by_condition": {"diabetes": {"type": "normal", "mean": 7.8, "std_dev": 1.3}},
            },
            {"name": "ldl", "value": {"type": "normal", "mean": 110, "std_dev": 25}, "share": 0.5},
        ],
        "medications": [{"name": "metformin", "condition": "E11", "share": 0.7}, "aspirin"],
    },
    "coverage": {"payers": {"Medicare": 0.8, "Commercial": 0.2}, "plan_types": {"HMO": 1.0}},
    "pharmacy": {"fills": {"type": "poisson", "mean": 6}},
    "trial": {"id": "T1", "arms": [{"name": "A", "ratio": 2}, {"name": "B"}], "visits": {"v": 7}},
    "providers": {"specialty": "endocrinology", "count": 8},
}


@pytest.mark.parametrize("spec", [ELDERLY, NETWORK, STRUCTURE])
def test_the_documents_specs_are_valid_and_compile(spec: dict[str, Any], figures: Figures) -> None:
    from genesis_sql.profiles.compile import compile_profile

    plain = expanded(read({"profile": spec}), figures)
    assert read(plain) == plain
    assert list(plain["tables"]["patients"]["columns"])[: len(FIRST)] == list(FIRST)
    model = compile_profile(plain, name="p", version=1)
    assert set(model.order) >= {"patients"} | set(plain["tables"])


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"demographics": {"agee": 1}}, "demographics: unknown key 'agee'; did you mean 'age'"),
        ({"clinicl": {}}, "unknown key 'clinicl'; did you mean 'clinical'"),
        (
            {"clinical": {"comorbidities": ["I10", {"code": "E78", "prevalence": 1.7}]}},
            r"clinical.comorbidities\[1\].prevalence: 1.7 is not ≤ 1",
        ),
        (
            {"clinical": {"comorbidities": [{"code": "E78", "prevalense": 0.7}]}},
            r"comorbidities\[0\]: unknown key 'prevalense'; did you mean 'prevalence'",
        ),
        (
            {"demographics": {"age": {"type": "normal", "mean": 3, "std_dev": -1}}},
            "demographics.age.std_dev: -1 is not > 0",
        ),
        ({"demographics": {"age": "old"}}, "demographics.age: 'old' is no object or number"),
        ({"providers": {"count": 1.5}}, "providers.count: 1.5 is no whole number"),
        ({"trial": {"attendance": 2}}, "trial.attendance: 2 is not ≤ 1"),
        ({"trial": {"arms": [{"ratio": 1}]}}, r"trial.arms\[0\]: 'name' is missing"),
    ],
)
def test_the_schema_names_the_place_of_what_it_refuses(spec: dict[str, Any], text: str) -> None:
    with pytest.raises(ProfileError, match=text):
        read({"profile": spec})


def test_the_schema_itself_is_one() -> None:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(schema())
    assert set(sections("health")["properties"]) <= set(schema()["properties"])


def _columns(spec: dict[str, Any], figures: Figures, table: str = "patients") -> dict[str, Any]:
    found: dict[str, Any] = expanded(spec, figures)["tables"][table]["columns"]
    return found


def test_a_spec_overrides_field_by_field_and_says_so(figures: Figures) -> None:
    columns = _columns(
        {
            "demographics": {
                "reference": HARRIS,
                "gender": {"m": 0.25, "Female": 0.75},
                "race": {"black": 1.0},
            }
        },
        figures,
    )
    assert columns["gender"]["values"] == {"F": 0.75, "M": 0.25} | {}
    assert columns["race"]["value"] == "Black or African American"
    origins = {name: columns[name]["origin"] for name in ("gender", "race", "age", "ethnicity")}
    assert origins == {
        "gender": "spec",
        "race": "spec",
        "age": "reference",
        "ethnicity": "reference",
    }
    assert "Harris County" in columns["age"]["note"]
    assert "14.3 % of the people aged 18+ of Harris County" in columns["has_e11"]["note"]
    assert "2022" in columns["has_n18"]["note"]
    assert "2024" in columns["has_e11"]["note"]


def test_every_column_says_where_it_comes_from(figures: Figures) -> None:
    plain = expanded(STRUCTURE, figures)
    told = [
        (table, name)
        for table, held in plain["tables"].items()
        for name, column in held["columns"].items()
        if column.get("origin") in ("spec", "reference", "default") and column.get("note")
    ]
    assert len(told) == sum(len(t["columns"]) for t in plain["tables"].values()) > 50


def test_where_people_live_may_differ_from_whose_figures_they_have(figures: Figures) -> None:
    spec = {"demographics": {"reference": HARRIS, "geography": {"state": "VT"}}}
    columns = _columns(spec, figures)
    assert columns["state"]["value"] == "VT"
    assert "Harris" in columns["age"]["note"]


def test_custom_tables_add_to_ours_and_override_them(figures: Figures) -> None:
    spec = {
        "demographics": {"reference": HARRIS},
        "tables": {
            "patients": {
                "columns": {
                    "state": {"type": "constant", "value": "XX"},
                    "shoe": {"type": "normal", "mean": 40, "std_dev": 3},
                    "race": None,
                }
            },
            "visits": {
                "parent": "patients",
                "rows": {"type": "poisson", "mean": 2},
                "columns": {"length": {"type": "uniform", "min": 0, "max": 1}},
            },
        },
    }
    plain = expanded(spec, figures)
    columns = plain["tables"]["patients"]["columns"]
    assert columns["state"]["value"] == "XX"
    assert columns["state"]["origin"] == "spec"
    assert "shoe" in columns
    assert "race" not in columns
    assert plain["tables"]["visits"]["parent"] == "patients"


def test_a_profile_of_another_field_passes_through(figures: Figures) -> None:
    spec = {"id": "x", "tables": {"t": {"rows": 3, "columns": {"a": {"type": "constant"}}}}}
    assert field_of(spec) is None
    assert expand(spec, figures.con, "memory") == spec
    with_health = expand({"id": "x", "product": "patientsim"}, figures.con, "memory")
    assert set(with_health["tables"]) == {"patients"}


def test_what_was_resolved_once_stays_as_it_is(figures: Figures) -> None:
    plain = expanded({"product": "membersim", "demographics": {"reference": HARRIS}}, figures)
    assert expand(plain, figures.con, "memory") == plain


@pytest.mark.parametrize(
    ("product", "tables"),
    [
        ("patientsim", {"patients", "conditions"}),
        ("membersim", {"patients", "conditions", "coverage"}),
        ("rxmembersim", {"patients", "conditions", "coverage", "medications", "fills"}),
        ("trialsim", {"patients", "conditions", "visits"}),
    ],
)
def test_a_product_brings_its_tables(product: str, tables: set[str], figures: Figures) -> None:
    spec = {"product": product, "demographics": {"reference": HARRIS}}
    assert set(expanded(spec, figures)["tables"]) == tables


def test_medicines_of_both_sections_are_taken(figures: Figures) -> None:
    spec = {
        "clinical": {"primary_condition": "E11", "medications": ["metformin"]},
        "pharmacy": {"medications": [{"name": "glipizide", "condition": "E11", "share": 0.2}]},
    }
    columns = _columns(spec, figures, "medications")
    assert set(columns["medication"]["labels"].values()) == {"metformin", "glipizide"}
    assert columns["medication"]["origin"] == "spec"
    usual = _columns(
        {"clinical": {"primary_condition": "E11"}, "pharmacy": {}}, figures, "medications"
    )
    assert usual["medication"]["origin"] == "default"
    assert usual["medication"]["note"] == "a choice of ours"


def test_connecticut_says_whose_figures_it_has(figures: Figures) -> None:
    columns = _columns({"demographics": {"reference": {"fips": "09110"}}}, figures)
    assert "PLACES 2022 (of the counties before 2022)" in columns["has_n18"]["note"]
    assert "PLACES 2024: " in columns["has_e11"]["note"]


def test_a_pharmacy_alone_has_something_to_fill(figures: Figures) -> None:
    assert {"medications", "fills"} <= set(expanded({"product": "rxmembersim"}, figures)["tables"])


def test_the_uninsured_are_those_of_the_county(figures: Figures) -> None:
    columns = _columns({"coverage": {}, "demographics": {"reference": HARRIS}}, figures)
    payer = columns["payer"]
    assert payer["cases"][1]["then"]["values"]["Uninsured"] == pytest.approx(0.212)
    assert "21.2 %" in payer["note"]
    assert "choice of ours" in payer["note"]
    assert "Uninsured" not in payer["otherwise"]["values"]


def test_races_by_ethnicity_are_the_countys(figures: Figures) -> None:
    columns = _columns({"demographics": {"reference": HARRIS}}, figures)
    found = figures.con.execute(
        "SELECT sum(percent) FILTER (hispanic) / 100, "
        "sum(percent) FILTER (NOT hispanic AND race = 'black') / sum(percent) FILTER (NOT hispanic), "
        "sum(percent) FILTER (hispanic AND race = 'white') / sum(percent) FILTER (hispanic) "
        "FROM genesis_reference.county_races WHERE fips = '48201'"
    ).fetchall()[0]
    assert 0.3 < found[0] < 0.6
    assert columns["ethnicity"]["values"]["Hispanic or Latino"] == pytest.approx(found[0], abs=1e-6)
    here = columns["race"]["otherwise"]["values"]["Black or African American"]
    there = columns["race"]["cases"][0]["then"]["values"]["White"]
    assert (here, there) == pytest.approx(found[1:])


def test_names_and_addresses_come_on_request(figures: Figures) -> None:
    spec = {"demographics": {"reference": HARRIS, "names": True, "address": True}}
    columns = _columns(spec, figures)
    assert not {"given_name", "zip"} & set(
        _columns({"demographics": {"reference": HARRIS}}, figures)
    )
    old = next(
        case["then"]["values"]
        for case in columns["given_name"]["cases"]
        if case["when"] == {"gender": "F", "age": {"min": 85, "max": 130}}
    )
    assert max(old, key=lambda name: old[name]) == "Mary"
    spots = columns["spot"]["cases"][0]["then"]["values"]
    assert "77002 | HOUSTON" in {spot.upper() for spot in spots}


def test_the_conditions_say_where_each_comes_from(figures: Figures) -> None:
    spec = {
        "demographics": {"reference": HARRIS},
        "clinical": {"comorbidities": [{"code": "I10", "prevalence": 0.7}]},
    }
    code = _columns(spec, figures, "conditions")["code"]
    assert code["origin"] == "spec"
    assert "E11: CDC PLACES 2024: 14.3 %" in code["note"]
    assert "I10: clinical.comorbidities[0]" in code["note"]


def test_labs_of_numbers_and_of_words(figures: Figures) -> None:
    labs = [
        {"name": "culture", "value": {"positive": 0.2, "negative": 0.8}},
        {"name": "egfr", "type": "normal", "mean": 80, "std_dev": 9, "decimals": 1},
    ]
    columns = _columns({"clinical": {"labs": labs}}, figures, "labs")
    assert columns["result"]["cases"][0]["when"] == {"test": "culture"}
    assert columns["value"]["cases"][0]["when"] == {"test": "egfr"}
    assert columns["unit"]["labels"]["lab_egfr"] == "mL/min/1.73 m2"
    assert columns["unit"]["labels"]["lab_culture"] == ""


def test_a_county_without_counted_homes_has_addresses_too(figures: Figures) -> None:
    spec = {"demographics": {"reference": {"fips": "48301"}, "address": True}}
    spots = _columns(spec, figures)["spot"]["cases"][0]["then"]
    assert spots["type"] in ("categorical", "constant")
    assert spots.get("values", {"": 1}) != {}
