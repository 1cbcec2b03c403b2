"""The section `coverage`: who insures a person, and the table `coverage` of those insured.

Public figures of the place are the share of people without insurance (ACS, from CDC/ATSDR SVI).
How the others are split among payers is a choice of ours by age, and says so; a spec overrides it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    SPEC,
    SURE,
    Column,
    categorical,
    constant,
    either,
    expression,
    made,
    share,
    shares,
    zero_one,
)
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import Place

NOBODY = "Uninsured"
_BY_AGE = (
    (0, 18, 1.0, {"Commercial": 0.60, "Medicaid": 0.40}),
    (19, 64, 1.0, {"Commercial": 0.79, "Medicaid": 0.18, "Medicare": 0.03}),
    (65, 130, 0.0, {"Medicare": 0.97, "Commercial": 0.03}),
)
"""First and last age, whether the place's uninsured share applies (nearly all people of 65 and more
have Medicare), and how the insured are split: orders of magnitude of ours, no published figure."""
_PLANS = {
    "Commercial": {"PPO": 0.50, "HMO": 0.20, "HDHP": 0.25, "POS": 0.05},
    "Medicaid": {"Managed care": 0.75, "Fee for service": 0.25},
    "Medicare": {"Original Medicare": 0.50, "Medicare Advantage": 0.50},
}
"""Plan types by payer: orders of magnitude of ours, too."""


def payer_columns(
    section: Mapping[str, Any], place: Place, figures: Figures
) -> tuple[dict[str, Column], dict[str, Any]]:
    """`payer` and the hidden flag `insured` of patients, and the payers there are."""
    payer = _payer(section, place, figures)
    insured = {**zero_one(1), "effects": [{"column": "payer", "levels": {NOBODY: -2 * SURE}}]}
    return {
        "payer": payer,
        "insured": made(insured, DEFAULT, "has a row in coverage", hidden=True),
    }, _plans(section)


def _payer(section: Mapping[str, Any], place: Place, figures: Figures) -> Column:
    given = section.get("payers", section.get("payer"))
    if isinstance(given, str):
        given = {given: 1.0}
    if given is not None:
        return made(categorical(shares("coverage.payers", given)), SPEC, "coverage.payers")
    if "uninsured" in section:
        without, origin = share("coverage.uninsured", section["uninsured"]), SPEC
        note = "coverage.uninsured below 65"
    else:
        published = figures.share(place, "uninsured")
        without, origin = (published or 0.0), place.origin
        note = f"uninsured: {without * 100:.1f} % of {place.name}; nobody from 65 on"
    cases: list[tuple[Mapping[str, Any], Column]] = []
    for low, high, applies, split in _BY_AGE:
        part = without * applies
        values = {NOBODY: part} | {name: (1 - part) * value for name, value in split.items()}
        cases.append(({"age": {"min": low, "max": high}}, categorical(values)))
    split_note = "; payers of the insured by age are a choice of ours"
    return made(either(cases[:-1], cases[-1][1]), origin, note + split_note)


def _plans(section: Mapping[str, Any]) -> dict[str, Any]:
    given = section.get("plan_types", section.get("plans"))
    if given is None:
        return {}
    if all(isinstance(v, Mapping) for v in given.values()):
        return {payer: shares(f"coverage.plan_types.{payer}", v) for payer, v in given.items()}
    return {"": shares("coverage.plan_types", given)}


def coverage_table(plans: Mapping[str, Any], day: datetime.date) -> dict[str, Any]:
    """One row for each insured person: payer, plan, since when."""
    origin = SPEC if plans else DEFAULT
    if "" in plans:
        plan: Column = categorical(plans[""])
    else:
        known = {**_PLANS, **plans}
        cases: list[tuple[Mapping[str, Any], Column]] = [
            ({"payer": payer}, categorical(values)) for payer, values in known.items()
        ]
        plan = either(cases, constant("Other"))
    note = "coverage.plan_types" if plans else "a choice of ours"
    start = f"CAST('{day.replace(month=1, day=1).isoformat()}' AS DATE)"
    columns = {
        "patient_id": made({"type": "parent", "column": "patient_id"}, DEFAULT, "whose it is"),
        "member_id": made({"type": "key", "format": "M%09d"}, DEFAULT, "unique"),
        "payer": made({"type": "parent", "column": "payer"}, DEFAULT, "that of the person"),
        "plan_type": made(plan, origin, note),
        "age": made({"type": "parent", "column": "age"}, DEFAULT, "for dates", hidden=True),
        "birth_day": made({"type": "parent", "column": "birth_day"}, DEFAULT, "too", hidden=True),
        "start_date": made(
            expression(_start(start, day), "DATE"),
            DEFAULT,
            "the first day of the year of as_of, or of life",
        ),
    }
    return {
        "parent": "patients",
        "rows": {"type": "each", "flags": ["insured"]},
        "columns": columns,
    }


def _start(first: str, day: datetime.date) -> str:
    from genesis_sql.domains.health.demographics import birth_date

    return f"greatest({first}, {birth_date(day)})"
