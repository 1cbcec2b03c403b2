"""Ages of those who have a condition: whom a profile means that gives it to everybody.

Ten people with type 2 diabetes are not ten people of the country. With P(age) of a place and
P(condition | age, sex) as the place's own calibration has it, Bayes' rule gives their ages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genesis_sql.domains.health.columns import Column, either, made
from genesis_sql.domains.health.conditions import Wish, covered, draw
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import Place
from genesis_sql.domains.health.whole_ages import of_years


def affected_ages(wish: Wish, place: Place, figures: Figures) -> Column:
    """The ages, by sex, of those in a place who have a condition.

    Where no public figure says how common it is at which age, it is alike from the age on at
    which it can begin.

    Args:
        wish: the condition; its prevalence plays no part.
        place: whose people and rates are used.
        figures: the reference tables.
    """
    known = _column(wish, place, figures)
    years: dict[str, dict[int, float]] = {"F": {}, "M": {}}
    for (sex, age), people in figures.ages(place).items():
        share = _chance(known, sex, age) if known else float(age >= wish.condition.earliest)
        years[sex][age] = people * share
    cases: list[tuple[Mapping[str, Any], Column]] = [
        ({"gender": sex}, of_years(weights))
        for sex, weights in years.items()
        if any(weights.values())
    ]
    both = {age: sum(w.get(age, 0.0) for w in years.values()) for age in years["F"]}
    note = f"single years by sex of those in {place.name} who have {wish.condition.code}"
    return made({**either(cases, of_years(both)), "sql_type": "INTEGER"}, place.origin, note)


def _column(wish: Wish, place: Place, figures: Figures) -> Column | None:
    """How a place draws the condition; None where no public figure covers it."""
    if not covered(wish.condition, place, figures):
        return None
    drawn = draw([replace(wish, prevalence=None)], place, figures, everything=False)
    return drawn.columns[drawn.flag_of(wish.condition.code, wish.path)]


def _chance(column: Column, sex: str, age: int) -> float:
    """P(condition | sex, age), conditions drawn before it left out."""
    among = column["among"]
    if not among["age"]["min"] <= age <= among["age"]["max"] or among.get("gender", sex) != sex:
        return 0.0
    odds = float(column["intercept"])
    for effect in column["effects"]:
        if effect["column"] == "age":
            odds += sum(b["log_odds"] for b in effect["bands"] if b["min"] <= age <= b["max"])
        elif effect["column"] == "gender":
            odds += effect["levels"].get(sex, 0.0)
    return 1 / (1 + math.exp(-odds))
