"""A county's profile against the published figures, computed exactly: no draw is made here."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.domains.health.expand import expanded
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import place_of
from tests.domains.conftest import HARRIS, Share

ADULTS = {"age": {"min": 18, "max": 130}}
CODED = (
    "E11", "E66", "I10", "E78", "I25", "I63", "J44", "J45", "C80", "F32", "M19", "N18", "K08",
)  # fmt: skip


def _published(figures: Figures, fips: str) -> dict[str, float]:
    found = figures.con.execute(
        "SELECT code, percent / 100 FROM genesis_reference.prevalences "
        "JOIN genesis_reference.measures USING (measure) WHERE fips = ? AND kind = 'condition'",
        [fips],
    ).fetchall()
    return dict(found)


@pytest.mark.parametrize("code", CODED)
def test_a_county_has_its_published_rates(
    code: str, harris: dict[str, Any], figures: Figures, share: Share
) -> None:
    among: dict[str, Any] = ADULTS
    if code == "K08":
        among = {"age": {"min": 65, "max": 130}}
    if code == "E78":
        among = {"has_cholscreen": 1}
    published = _published(figures, "48201")
    assert len(published) == len(CODED)
    got = share(harris, f"has_{code.lower()}", among)
    assert got == pytest.approx(published[code], abs=1e-6)


def test_children_have_none_of_it(harris: dict[str, Any], share: Share) -> None:
    assert share(harris, "has_e11", {"age": {"min": 0, "max": 17}}) == 0


def test_older_people_have_more_and_obesity_matters(harris: dict[str, Any], share: Share) -> None:
    old = share(harris, "has_e11", {"age": {"min": 65, "max": 130}})
    young = share(harris, "has_e11", {"age": {"min": 18, "max": 44}})
    assert old > 2 * share(harris, "has_e11", ADULTS) - 0.01 > young
    heavy, light = (share(harris, "has_e11", {**ADULTS, "has_e66": x}) for x in (1, 0))
    assert heavy > 2 * light


def test_a_profile_of_old_people_keeps_the_countys_level(
    harris: dict[str, Any], figures: Figures, share: Share
) -> None:
    spec = {
        "demographics": {
            "reference": HARRIS,
            "age": {"type": "normal", "mean": 72, "std_dev": 8, "min": 65},
        }
    }
    old = expanded(spec, figures)
    level = old["tables"]["patients"]["columns"]["has_e11"]["intercept"]
    assert level == harris["tables"]["patients"]["columns"]["has_e11"]["intercept"]
    assert share(old, "has_e11", {}) > 1.5 * share(harris, "has_e11", ADULTS)


def test_what_the_spec_says_is_exact_among_its_own_people(figures: Figures, share: Share) -> None:
    from genesis_sql.profiles.calibrate import calibrate

    spec = {
        "demographics": {"reference": HARRIS, "age": {"min": 50, "max": 90}},
        "clinical": {"comorbidities": [{"code": "I10", "prevalence": 0.7}, {"code": "E11"}]},
    }
    plain = calibrate(expanded(spec, figures), "patients")
    assert share(plain, "has_i10", {}) == pytest.approx(0.7, abs=1e-9)
    old, young = (share(plain, "has_i10", {"age": {"min": a, "max": a + 9}}) for a in (80, 50))
    assert old > young + 0.05


@pytest.mark.parametrize(
    "where",
    [{"type": "state", "state": "TX"}, {"type": "msa", "cbsa": "26420"}, {"type": "nation"}],
)
def test_a_larger_place_has_the_rate_of_its_adults(
    where: dict[str, Any], figures: Figures, share: Share
) -> None:
    plain = expanded({"demographics": {"reference": where}}, figures)
    place = place_of(where, figures, "reference")
    column = {"state": "state", "msa": "cbsa_code"}.get(place.kind)
    chosen = f"WHERE {column} = ?" if column else ""
    ((percent,),) = figures.con.execute(
        "SELECT sum(percent * a.people) / sum(a.people) FROM genesis_reference.prevalences AS p "
        "JOIN (SELECT fips, sum(population) AS people FROM genesis_reference.county_single_ages "
        "WHERE age >= 18 GROUP BY fips) AS a USING (fips) "
        f"JOIN genesis_reference.counties USING (fips) {chosen or 'WHERE true'} "
        "AND measure = 'DIABETES'",
        [place.id] if column else [],
    ).fetchall()
    assert share(plain, "has_e11", ADULTS) == pytest.approx(percent / 100, abs=1e-6)
    counties = plain["tables"]["patients"]["columns"]["county_fips"]
    if place.kind == "state":
        assert len(counties["values"]) == 254
        assert sum(counties["values"].values()) == pytest.approx(1)


def test_ages_and_sexes_are_the_countys(harris: dict[str, Any], figures: Figures) -> None:
    found = dict(
        figures.con.execute(
            "SELECT sex, sum(population) FROM genesis_reference.county_ages WHERE fips = '48201' "
            "GROUP BY sex"
        ).fetchall()
    )
    columns = harris["tables"]["patients"]["columns"]
    women = columns["gender"]["values"]["F"]
    assert women == pytest.approx(found["F"] / sum(found.values()))
    ((bands,),) = figures.con.execute(
        "SELECT sum(population) FILTER (age_min >= 65) / sum(population) "
        "FROM genesis_reference.county_ages WHERE fips = '48201' AND sex = 'F'"
    ).fetchall()
    (of_women,) = (c["then"] for c in columns["age"]["cases"] if c["when"] == {"gender": "F"})
    pairs = zip(of_women["values"], of_women["weights"], strict=True)
    assert sum(w for a, w in pairs if a >= 65) == pytest.approx(bands)


def test_without_a_place_nothing_is_drawn_that_was_not_asked_for(figures: Figures) -> None:
    plain = expanded({"id": "p"}, figures)
    assert set(plain["tables"]) == {"patients"}
    columns = plain["tables"]["patients"]["columns"]
    assert not [c for c in columns if c.startswith("has_")]
    assert columns["age"]["origin"] == "default"


def test_a_measure_of_a_part_stays_one_of_that_part(figures: Figures, share: Share) -> None:
    plain = expanded({"clinical": {"comorbidities": ["high cholesterol"]}}, figures)
    columns = plain["tables"]["patients"]["columns"]
    assert set(columns) >= {"has_e78", "has_cholscreen"}
    asked, all_ = share(plain, "has_e78", {"has_cholscreen": 1}), share(plain, "has_e78", ADULTS)
    screened = share(plain, "has_cholscreen", ADULTS)
    assert 0.3 < asked < 0.45
    assert all_ == pytest.approx(asked * screened)
