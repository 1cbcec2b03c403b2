"""Bad input: one sentence that names what is wrong, and the nearest thing that is right."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.domains.health.expand import expanded, profile_for
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.vocabulary import condition
from genesis_sql.errors import OptionError


def _place(**named: Any) -> dict[str, Any]:
    return {"demographics": {"reference": named}}


BAD: list[tuple[dict[str, Any], str]] = [
    (_place(type="county", fips="48202"), r"'48202'; the nearest number is '48201' \(Harris Cou"),
    (_place(type="county", fips="Haris County, TX"), r"mean 'Harris County, TX'\? \(that is '482"),
    (_place(type="country", fips="48201"), "did you mean 'county'"),
    (_place(type="county"), "a county is named by 'fips'"),
    (_place(state="Texs"), "demographics.reference.state: .* did you mean 'Texas'"),
    (_place(state="TZ"), "there is no state 'TZ'"),
    (_place(type="msa", cbsa="26421"), r"nearest number is '26420' \(Houston"),
    ({"demographics": {"reference": {}}}, "name a county"),
    ({"demographics": {"source": "populationsym"}}, "did you mean 'populationsim'"),
    ({"demographics": {"source": "populationsim"}}, "needs a reference"),
    ({"demographics": {"as_of": "yesterday"}}, "'yesterday' is no date"),
    ({"demographics": {"gender": {"male": 0.6, "female": 0.6}}}, "gender: the shares sum to 1.2"),
    ({"demographics": {"gender": {"male": 1.6}}}, "gender.male: 1.6 is no share"),
    ({"demographics": {"gender": {"mail": 1.0}}}, "no gender 'mail'; did you mean 'male'"),
    ({"demographics": {"race": {"wite": 1.0}}}, "did you mean 'white'"),
    ({"product": "patientsym"}, "no product 'patientsym'; did you mean 'patientsim'"),
    ({"clinical": {"primary_condition": "diabetis"}}, "did you mean 'diabetes'"),
    ({"clinical": {"comorbidities": ["I50"]}}, r"comorbidities\[0\]: no public figure"),
    ({"clinical": {"comorbidities": ["E12"]}}, "ICD-10-CM has no code 'E12'; did you mean 'E1"),
    ({"clinical": {"primary_condition": "Z99.99"}}, "ICD-10-CM has no code 'Z99.99'"),
    ({"clinical": {"comorbidities": [{}]}}, "name the condition by its code"),
    ({"clinical": {"severity": {"mild": 1.0}}}, "no clinical.primary_condition"),
    ({"clinical": {"comorbidities": ["I10", "hypertension"]}}, "'I10' stands in .* already"),
    (
        {"clinical": {"medications": [{"name": "a", "condition": "copd"}]}},
        "has no condition 'copd'",
    ),
    ({"clinical": {"labs": [{"name": "a"}]}}, "say how 'a' is distributed"),
    ({"clinical": {"labs": [{"name": "a", "value": 1}, {"name": "a"}]}}, "'a' stands there twice"),
    ({"clinical": {"labs": [{"unit": "a"}]}}, r"clinical.labs\[0\]: it has no name"),
    ({"providers": {"reference": {"specialty": "cardiolgy"}}}, "did you mean 'cardiology'"),
    ({"providers": {"source": "networksym"}}, "did you mean 'networksim'"),
    ({"providers": {"count": 0}}, "0 is no number of providers"),
    ({"coverage": {"payers": {"A": 0.5}}}, "coverage.payers: the shares sum to 0.5"),
    ({"trial": {"arms": [{"ratio": 1}]}}, r"trial.arms\[0\]: an arm has a name"),
]


@pytest.mark.parametrize(("spec", "text"), BAD)
def test_it_is_named_with_the_nearest(spec: dict[str, Any], text: str, figures: Figures) -> None:
    with pytest.raises(OptionError, match=text) as caught:
        expanded(spec, figures)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fips", ["48201", 48201, "1001", 1001])
def test_a_county_may_be_a_number(fips: Any, figures: Figures) -> None:
    plain = expanded(_place(type="county", fips=fips), figures)
    column = plain["tables"]["patients"]["columns"]["county_fips"]
    assert column["value"] == str(fips).zfill(5)


@pytest.mark.parametrize("state", ["TX", "tx", "Texas", 48])
def test_a_state_has_several_names(state: Any, figures: Figures) -> None:
    plain = expanded(_place(type="state", state=state), figures)
    assert plain["tables"]["patients"]["columns"]["state"]["value"] == "TX"


def test_conditions_have_several_names() -> None:
    assert {
        condition(n).code for n in ("CKD", "renal_disease", "n18", "Chronic-Kidney-Disease")
    } == {"N18"}
    assert condition("E119").code == "E11.9"
    with pytest.raises(OptionError, match="there is no condition 'E1'"):
        condition("E1")


def test_a_name_of_a_user_stays_a_value(figures: Figures) -> None:
    evil = "x'); DROP TABLE victim; --\""
    spec = {
        "clinical": {
            "primary_condition": {"code": "E11", "description": evil},
            "labs": [{"name": evil, "distribution": {"type": "normal", "mean": 1, "std_dev": 1}}],
            "medications": [{"name": evil}],
        },
        "trial": {"visits": {evil: 3}},
    }
    from genesis_sql.profiles.compile import compile_profile
    from genesis_sql.program.allowlist import check_expression

    plain = expanded(spec, figures)
    texts = [
        column["sql"]
        for table in plain["tables"].values()
        for column in table["columns"].values()
        if column["type"] == "expression"
    ]
    assert any("DROP TABLE" in text for text in texts)
    for text in texts:
        check_expression(text)
    assert compile_profile(plain, name="evil", version=1).order


def test_what_generate_asks_for() -> None:
    spec = profile_for("membersim", 7, "hypertension")
    assert spec["generation"]["count"] == 7
    assert spec["clinical"]["primary_condition"]["code"] == "I10"
    with pytest.raises(OptionError, match="did you mean 'trialsim'"):
        profile_for("trailsim")
    with pytest.raises(OptionError, match="did you mean 'hypertension'"):
        profile_for("patientsim", 1, "hypertnsion")
