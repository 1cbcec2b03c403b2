"""People of a profile whose condition everybody has: their ages are those of the affected."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.domains.health.expand import expanded
from genesis_sql.domains.health.figures import Figures
from tests.domains.conftest import HARRIS


def _ages(figures: Figures, clinical: dict[str, Any], **people: Any) -> dict[str, Any]:
    spec = {"id": "x", "demographics": {"reference": HARRIS, **people}, "clinical": clinical}
    column: dict[str, Any] = expanded(spec, figures)["tables"]["patients"]["columns"]["age"]
    return column


def _women(column: dict[str, Any]) -> dict[int, float]:
    law = next(c["then"] for c in column["cases"] if c["when"] == {"gender": "F"})
    return dict(zip(law["values"], law["weights"], strict=True))


def _mean(weights: dict[int, float]) -> float:
    return sum(age * w for age, w in weights.items()) / sum(weights.values())


def test_those_with_diabetes_are_older_and_no_children(figures: Figures) -> None:
    everybody = _women(_ages(figures, {"primary_condition": {"code": "E11", "prevalence": 0.5}}))
    affected = _women(_ages(figures, {"primary_condition": {"code": "E11", "prevalence": 1.0}}))
    assert min(everybody) == 0
    assert min(affected) == 18
    assert _mean(affected) > _mean(everybody) + 15


def test_the_ages_follow_from_the_rates_by_age(figures: Figures) -> None:
    spec = {"id": "h", "demographics": {"reference": HARRIS}}
    columns = expanded(spec, figures)["tables"]["patients"]["columns"]
    flag = columns["has_c80"]  # depends on age and sex alone
    assert {e["column"] for e in flag["effects"]} <= {"age", "gender"}
    people, affected = (
        _women(columns["age"]),
        _women(_ages(figures, {"primary_condition": "C80"})),
    )
    bands = next(e["bands"] for e in flag["effects"] if e["column"] == "age")
    level = {a: sum(b["log_odds"] for b in bands if b["min"] <= a <= b["max"]) for a in (30, 70)}
    ratio = affected[70] / affected[30] / (people[70] / people[30])
    assert level[70] > level[30]
    assert ratio > 1.5  # the odds ratio bounds the ratio of the rates from above
    assert ratio < 2.7183 ** (level[70] - level[30])


def test_where_no_figure_tells_the_earliest_age_counts(figures: Figures) -> None:
    affected = _women(_ages(figures, {"primary_condition": {"code": "I50", "prevalence": 1}}))
    assert min(affected) == 30


def test_ages_of_the_spec_stay(figures: Figures) -> None:
    law = {"type": "uniform", "min": 5, "max": 9}
    column = _ages(figures, {"primary_condition": "E11"}, age=law)
    assert column["origin"] == "spec"


@pytest.mark.parametrize("code", ["K08", "E78"])
def test_narrower_denominators_too(figures: Figures, code: str) -> None:
    affected = _women(_ages(figures, {"primary_condition": code}))
    assert min(affected) == {"K08": 65, "E78": 18}[code]
