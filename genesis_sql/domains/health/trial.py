"""The section `trial`: the arm of each subject, and the table `visits`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    SPEC,
    Column,
    categorical,
    constant,
    expression,
    made,
    share,
    shares,
    zero_one,
)
from genesis_sql.errors import OptionError
from genesis_sql.sqlbuild import string

_ARMS = {"treatment": 0.5, "placebo": 0.5}
_VISITS = {"baseline": 0, "week 4": 28, "week 12": 84, "week 24": 168}
"""Visits by their day after enrolment, where the spec names none: a choice of ours."""


def subject_columns(section: Mapping[str, Any], day: datetime.date) -> dict[str, Column]:
    """`arm`, `enrolled`, and a hidden flag for each visit of patients."""
    found: dict[str, Column] = {}
    if (name := section.get("id", section.get("name", section.get("trial_id")))) is not None:
        found["trial_id"] = made(constant(str(name)), SPEC, "trial.id")
    stated = "arms" in section
    note = "trial.arms" if stated else "two arms alike: a choice of ours"
    found["arm"] = made(categorical(_arms(section)), SPEC if stated else DEFAULT, note)
    window = int(section.get("enrolment_days", section.get("enrollment_days", 180)))
    found["enrolment_day"] = made(
        {"type": "bands", "bands": [{"min": 0, "max": max(window, 0), "weight": 1}]},
        SPEC if "enrolment_days" in section else DEFAULT,
        "days into the enrolment",
        hidden=True,
    )
    sql = f"CAST('{day.isoformat()}' AS DATE) + enrolment_day"
    found["enrolled"] = made(expression(sql, "DATE"), DEFAULT, "from as_of on")
    attend = share("trial.attendance", section.get("attendance", 1))
    for name in _flags(section):
        found[name] = made(zero_one(attend), DEFAULT, "trial.attendance", hidden=True)
    return found


def visits_table(section: Mapping[str, Any], day: datetime.date) -> dict[str, Any]:
    """A row for each visit a subject attends, within three days of its planned day."""
    days = _visits(section)
    names = dict(zip(_flags(section), days, strict=True))
    whens = " ".join(f"WHEN {string(name)} THEN {at}" for name, at in days.items())
    sql = f"CAST('{day.isoformat()}' AS DATE) + enrolment_day + CASE visit {whens} END + late"
    origin = SPEC if "visits" in section else DEFAULT
    hidden = {"type": "parent", "column": "enrolment_day"}
    late = {"type": "bands", "bands": [{"min": 0, "max": 3, "weight": 1}]}
    return {
        "parent": "patients",
        "rows": {"type": "each", "flags": list(names)},
        "columns": {
            "patient_id": made({"type": "parent", "column": "patient_id"}, DEFAULT, "whose it is"),
            "visit": made({"type": "chosen", "labels": names}, origin, "trial.visits"),
            "arm": made({"type": "parent", "column": "arm"}, DEFAULT, "that of the person"),
            "enrolment_day": made(hidden, DEFAULT, "for the date", hidden=True),
            "late": made(late, DEFAULT, "days behind the plan", hidden=True),
            "visit_date": made(expression(sql, "DATE"), origin, "planned day and up to 3 more"),
        },
    }


def _arms(section: Mapping[str, Any]) -> dict[str, float]:
    given = section.get("arms", _ARMS)
    if isinstance(given, Mapping):
        return shares("trial.arms", given)
    weights: dict[str, float] = {}
    for i, arm in enumerate(given):
        entry = {"name": arm} if isinstance(arm, str) else arm
        if "name" not in entry:
            message = f"trial.arms[{i}]: an arm has a name"
            raise OptionError(message)
        weights[str(entry["name"])] = float(entry.get("ratio", entry.get("share", 1)))
    return weights


def _visits(section: Mapping[str, Any]) -> dict[str, int]:
    given = section.get("visits", _VISITS)
    if isinstance(given, Mapping):
        return {str(name): int(at) for name, at in given.items()}
    return {str(v.get("name", f"day {v['day']}")): int(v["day"]) for v in given}


def _flags(section: Mapping[str, Any]) -> list[str]:
    return [f"visit_{i + 1}" for i in range(len(_visits(section)))]
