"""The section `pharmacy`: the fills of what a person takes, as the table `fills`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.clinical import law
from genesis_sql.domains.health.columns import DEFAULT, SPEC, Column, expression, made
from genesis_sql.domains.health.conditions import Drawn

USUAL = {
    "E11": ("metformin", 0.75),
    "I10": ("lisinopril", 0.60),
    "E78": ("atorvastatin", 0.60),
    "J44": ("tiotropium", 0.50),
    "J45": ("albuterol", 0.70),
    "F32": ("sertraline", 0.50),
    "I25": ("aspirin", 0.70),
    "I50": ("furosemide", 0.60),
    "N18": ("losartan", 0.50),
    "M19": ("ibuprofen", 0.40),
}
"""A common medicine of each condition and who takes it: a choice of ours, no published figure."""
_FILLS = {"type": "poisson", "mean": 4}
_SUPPLY = {"type": "categorical", "values": {"30": 0.6, "90": 0.4}}
_COPAY = {"type": "lognormal", "mean": 2.3, "std_dev": 0.7, "max": 500}


def usual(drawn: Drawn) -> list[dict[str, Any]]:
    """What people with the profile's conditions take, where the spec names nothing."""
    return [
        {"name": USUAL[c.group][0], "condition": c.code, "share": USUAL[c.group][1]}
        for c in drawn.meaning.values()
        if c.group in USUAL
    ]


def fills_table(section: Mapping[str, Any], day: datetime.date) -> dict[str, Any]:
    """Fills of each medication within the year before ``day``.

    The section may hold the distributions ``fills`` (a whole number), ``days_supply``, ``copay``.
    """
    return {
        "parent": "medications",
        "rows": _law(section, "fills", _FILLS),
        "columns": {
            "medication_id": _of("medication_id"),
            "patient_id": _of("patient_id"),
            "medication": _of("medication"),
            "days_supply": _made(section, "days_supply", _SUPPLY, sql_type="INTEGER"),
            "copay": _made(section, "copay", _COPAY, sql_type="DOUBLE", decimals=2),
            **_filled(day),
        },
    }


def _filled(day: datetime.date) -> dict[str, Column]:
    """A date from the prescription up to a day."""
    ago = {"type": "parent", "column": "days_ago"}
    sql = f"CAST('{day.isoformat()}' AS DATE) - CAST(floor(since * part) AS INTEGER)"
    note = "a day between the prescription and as_of"
    return {
        "since": made(ago, DEFAULT, note, hidden=True),
        "part": made({"type": "uniform", "min": 0, "max": 1}, DEFAULT, note, hidden=True),
        "filled": made(expression(sql, "DATE"), DEFAULT, note),
    }


def _of(column: str) -> Column:
    return made({"type": "parent", "column": column}, DEFAULT, "that of the medication")


def _law(section: Mapping[str, Any], name: str, otherwise: Mapping[str, Any]) -> Column:
    return law(section[name], f"pharmacy.{name}") if name in section else dict(otherwise)


def _made(
    section: Mapping[str, Any], name: str, otherwise: Mapping[str, Any], **extra: Any
) -> Column:
    stated = name in section
    note = f"pharmacy.{name}" if stated else "a choice of ours"
    column = {**_law(section, name, otherwise), **extra}
    return made(column, SPEC if stated else DEFAULT, note)
