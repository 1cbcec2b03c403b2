"""Profiles as people write them: every form, and errors that say where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles import read as module
from genesis_sql.profiles.read import read_profile, schema

SPEC: dict[str, Any] = {
    "id": "few",
    "generation": {"count": 5, "seed": 42, "batch_size": 50},
    "tables": {
        "people": {
            "columns": {
                "id": {"type": "key", "format": "P%04d"},
                "age": {"type": "normal", "mean": 72, "std_dev": 8, "min": 65},
                "sex": {"type": "categorical", "values": {"F": 52, "M": 48}},
            }
        }
    },
}
YAML = """
# a comment
profile:
  id: few
  generation: {count: 5, seed: 42, batch_size: 50}
  tables:
    people:
      columns:
        id: {type: key, format: P%04d}
        age: {type: normal, mean: 72, std_dev: 8, min: 65}
        sex: {type: categorical, values: {F: 52, M: 48}}
"""
SECTIONS = {
    "clinical": {
        "type": "object",
        "properties": {
            "comorbidities": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"prevalence": {"$ref": "#/$defs/share"}},
                    "additionalProperties": False,
                },
            }
        },
        "additionalProperties": False,
    }
}


@pytest.mark.parametrize(
    "spec",
    [SPEC, {"profile": SPEC}, json.dumps(SPEC), json.dumps({"profile": SPEC}), YAML],
    ids=["mapping", "outer key", "json", "json, outer key", "yaml"],
)
def test_every_form_says_the_same(spec: Any) -> None:
    assert read_profile(spec) == SPEC


def test_the_callers_mapping_stays() -> None:
    read_profile(SPEC)["tables"]["people"]["columns"].clear()
    assert list(SPEC["tables"]["people"]["columns"]) == ["id", "age", "sex"]


def test_the_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    whole = schema(SECTIONS)
    Draft202012Validator.check_schema(whole)
    assert whole["$schema"].endswith("2020-12/schema")
    assert "clinical" in whole["properties"]
    assert "clinical" not in schema()["properties"]
    for name, part in whole["$defs"].items():
        assert part.get("title") or name in ("bound", "value"), name


def test_all_types_are_possible() -> None:
    """What the compiler knows, the schema knows, and the other way round."""
    from genesis_sql.profiles.laws import FAMILIES

    known = set(schema()["$defs"]["column"]["properties"]["type"]["enum"])
    assert {*FAMILIES, "conditional", "logistic", "key", "parent", "reference"} <= known
    listed = set(schema()["$defs"]["distribution"]["properties"]["type"]["enum"])
    assert listed == {*FAMILIES, "conditional"}


def one(column: dict[str, Any], **table: Any) -> dict[str, Any]:
    """A profile of one column."""
    return {"tables": {"t": {"columns": {"a": column}, **table}}}


def law(type_: str, **given: Any) -> dict[str, Any]:
    """A law."""
    return {"type": type_, **given}


ERRORS: list[tuple[Any, str]] = [
    (
        {"clinical": {"comorbidities": [{"prevalence": 0.5}, {"prevalence": 1.7}]}},
        "clinical.comorbidities[1].prevalence: 1.7 is not ≤ 1",
    ),
    ({"clinicl": {}}, "unknown key 'clinicl'; did you mean 'clinical'?"),
    (one(law("normal", mean=1, std_dev=0)), "tables.t.columns.a.std_dev: 0 is not > 0"),
    (
        one(law("normal", meen=1, std_dev=1)),
        "tables.t.columns.a: unknown key 'meen'; did you mean 'mean'?",
    ),
    (one(law("normal", std_dev=1)), "tables.t.columns.a: 'mean' is missing"),
    (
        one(law("norml", mean=1)),
        "tables.t.columns.a.type: 'norml' is not possible here; did you mean 'normal'?",
    ),
    (one(law("normal", mean="x", std_dev=[])), "tables.t.columns.a.std_dev: [] is no number"),
    (
        one(law("normal", mean=5, std_dev=1, min=9, max=3)),
        "tables.t.columns.a: min 9 is above max 3",
    ),
    (
        one(law("categorical", values={"a": 0.5, "b": 0.6})),
        "tables.t.columns.a.values: sum to 1.1, 0.1 too much; shares sum to 1, percent to 100",
    ),
    (
        one(law("categorical", values={"a": 0.333, "b": 0.333, "c": 0.333})),
        "tables.t.columns.a.values: sum to 0.999, 0.001 too little; shares sum to 1, percent to 100",
    ),
    (
        one(law("categorical", values={"a": 40, "b": 50})),
        "tables.t.columns.a.values: sum to 90, 10 too little; shares sum to 1, percent to 100",
    ),
    (
        one(law("explicit", values=[1, 2], weights=[1.0])),
        "tables.t.columns.a.weights: 1 weights for 2 values",
    ),
    (
        one(law("bands", bands=[{"min": 3, "max": 1, "weight": 1}])),
        "tables.t.columns.a.bands[0]: min 3 is above max 1",
    ),
    (one(law("categorical", values={})), "tables.t.columns.a.values: is empty"),
    ({"generation": {"count": 0}}, "generation.count: 0 makes no rows; ask for at least 1"),
    (
        {"generation": {"count": 10**9 + 1}},
        "generation.count: 1,000,000,001 is above 1,000,000,000 (10⁹) rows at scale 1; keep a "
        "smaller number in the profile and generate with scale := …, in shards by first_row := …",
    ),
    ({"generation": {"count": 2.5}}, "generation.count: 2.5 is no whole number"),
    (one(law("logistic")), "tables.t.columns.a: give 'rate' or 'intercept'"),
    (
        one(law("logistic", rate=0.5, intercept=1)),
        "tables.t.columns.a: has 'rate' and 'intercept'; give 'rate' or 'intercept'",
    ),
    (one(law("constant", value=1), parent="x"), "tables.t: 'rows' is missing"),
    (
        one(law("conditional", cases=[{"when": {"x": {"mn": 1}}, "then": law("key")}])),
        "tables.t.columns.a.cases[0].then.type: 'key' is not possible here",
    ),
    (
        {"tables": {"a.b": {"columns": {"a": law("constant", value=1)}}}},
        "tables: 'a.b' cannot be a name; names do not begin with # and hold no point",
    ),
    (
        {"schema_version": "2"},
        "schema_version: '2' is newer than this release, which reads up to '1'; install the "
        "release of genesis_sql that wrote it",
    ),
    ({"schema_version": "old"}, "schema_version: 'old' is no version; this release reads '1'"),
    ("a: 1\na: 2", "line 2: the key 'a' stands twice in one object; keep one name"),
    ('{"id": "a", "id": "b"}', "the key 'id' stands twice in one object; keep one of them"),
    (
        "!!python/object/apply:os.system ['true']",
        "line 1: the profile is neither JSON nor YAML: could not determine a constructor",
    ),
    ("[1, 2]", "a profile is an object with keys, and the text holds a list"),
    ("", "a profile is an object with keys, and the text holds nothing"),
    ('{"a": NaN}', "the profile holds NaN, which is no number JSON knows"),
    ({"id": float("nan")}, "the profile holds what JSON cannot"),
    (3, "a profile is JSON text, YAML text or a mapping, not a int"),
    ({"profile": {}, "id": "x"}, "'id' stands beside the outer key 'profile'; put it inside"),
]


@pytest.mark.parametrize(("spec", "message"), ERRORS)
def test_errors_are_one_sentence_with_a_path(spec: Any, message: str) -> None:
    with pytest.raises(ProfileError) as raised:
        read_profile(spec, SECTIONS)
    text = str(raised.value)
    assert text.startswith(message)
    assert "\n" not in text


def test_aliases_do_not_unfold_without_end() -> None:
    lines = ["a: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"k{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(ProfileError, match="aliases unfold to more than"):
        read_profile("\n".join(lines))


def test_shares_may_be_off_by_a_millionth() -> None:
    thirds = {"a": 1 / 3, "b": 1 / 3, "c": 0.3333333}
    assert read_profile(one(law("categorical", values=thirds)))


def test_older_versions_are_brought_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(plain: dict[str, Any]) -> dict[str, Any]:
        rest = {k: v for k, v in plain.items() if k != "name"}
        return {**rest, "id": plain["name"]}

    monkeypatch.setitem(module.MIGRATIONS, "0", ("1", renamed))
    assert read_profile({"schema_version": "0", "name": "few"}) == {"id": "few"}
    with pytest.raises(ProfileError, match="unknown key 'name'"):
        read_profile({"schema_version": "1", "name": "few"})


@pytest.mark.parametrize(
    "column",
    [
        {"type": "explicit", "values": [*range(99), ["nested"]]},
        {"type": "explicit", "values": [*range(50)], "weights": [True] * 50},
        {"type": "explicit", "values": [*range(50)], "weights": [-1] + [1] * 49},
        {"type": "combined", "parts": [[f"w{k}" for k in range(99)] + ["w1"]]},
        {"type": "combined", "parts": [[f"w{k}" for k in range(99)] + [""]]},
    ],
)
def test_what_is_wrong_far_back_in_a_long_list_is_found(column: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="tables.t.columns.c"):
        read_profile({"tables": {"t": {"columns": {"c": column}}}})
