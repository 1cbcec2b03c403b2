"""The section `clinical`: which conditions, how severe, what is measured and what is taken."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    SPEC,
    Column,
    Told,
    categorical,
    constant,
    either,
    expression,
    made,
    share,
    shares,
    zero_one,
)
from genesis_sql.domains.health.conditions import Drawn, Wish
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.vocabulary import Condition, condition
from genesis_sql.errors import OptionError, nearest

Table = dict[str, Any]
_YEAR = {"type": "bands", "bands": [{"min": 0, "max": 364, "weight": 1}]}
LAB_DECIMALS = 2
"""Decimals of laboratory values where the spec says nothing."""
UNITS = {
    "hba1c": "%",
    "glucose": "mg/dL",
    "ldl": "mg/dL",
    "hdl": "mg/dL",
    "egfr": "mL/min/1.73 m2",
    "creatinine": "mg/dL",
    "systolic": "mm[Hg]",
    "diastolic": "mm[Hg]",
    "bmi": "kg/m2",
}
"""Usual units of the values that specs name most; codes of tests come with the spec."""


def wishes(section: Mapping[str, Any], figures: Figures) -> list[Wish]:
    """What the section says of conditions, the primary one first.

    Raises:
        OptionError: a condition or a code is unknown, or stands there twice.
    """
    found = []
    primary = section.get("primary_condition")
    if primary is not None:
        found.append(_wish(primary, "clinical.primary_condition", 1.0, figures))
    for i, other in enumerate(section.get("comorbidities", ())):
        found.append(_wish(other, f"clinical.comorbidities[{i}]", None, figures))
    seen: dict[str, str] = {}
    for wish in found:
        code = wish.condition.code
        if code in seen:
            message = f"{wish.path}: the condition '{code}' stands in {seen[code]} already"
            raise OptionError(message)
        seen[code] = wish.path
    return found


def _wish(given: Any, path: str, otherwise: float | None, figures: Figures) -> Wish:
    if isinstance(given, str):
        given = {"code": given}
    named = given.get("code", given.get("name", given.get("condition")))
    if named is None:
        message = f"{path}: name the condition by its code, such as 'E11'"
        raise OptionError(message)
    wanted = condition(str(named), f"{path}.code", given.get("description"))
    prevalence = given.get("prevalence")
    at = otherwise if prevalence is None else share(f"{path}.prevalence", prevalence)
    return Wish(_known(wanted, f"{path}.code", figures), at, path)


def _known(wanted: Condition, path: str, figures: Figures) -> Condition:
    """The condition, its code being one of ICD-10-CM, with the words that stand there.

    Raises:
        OptionError: ICD-10-CM has no such code, nor one that begins so.
    """
    code = wanted.code
    found = figures.rows(
        "code, description", "icd10cm", "WHERE starts_with(code, ?) ORDER BY code LIMIT 1", code
    )
    if not found:
        alike = "WHERE starts_with(code, ?) ORDER BY code"
        codes = [c for (c,) in figures.rows("code", "icd10cm", alike, code[:2])]
        groups = {c[:3] for c in codes}
        message = f"{path}: ICD-10-CM has no code '{code}'{nearest(code, [*codes, *groups])}"
        raise OptionError(message)
    if wanted.description == code and found[0][0] == code:
        return replace(wanted, description=found[0][1])
    return wanted


def severity_column(section: Mapping[str, Any], primary: str | None) -> dict[str, Column]:
    """`severity` of those with the primary condition: NULL for the others."""
    given = section.get("severity")
    if given is None:
        return {}
    if primary is None:
        message = "clinical.severity: there is no clinical.primary_condition that could be severe"
        raise OptionError(message)
    then = law(given, "clinical.severity")
    return {"severity": made(either([({primary: 1}, then)]), SPEC, "clinical.severity")}


def law(given: Any, path: str) -> Column:
    """A distribution as it stands in a spec: shares by label, equal labels, a value, or itself."""
    if isinstance(given, Mapping) and "type" in given:
        return dict(given)
    if isinstance(given, Mapping):
        levels = given.get("levels", given)
        if isinstance(levels, Mapping):
            return categorical(shares(path, levels))
        given = levels
    if isinstance(given, Sequence) and not isinstance(given, str):
        return {"type": "explicit", "values": list(given)}
    return constant(given)


def labs(section: Mapping[str, Any], drawn: Drawn) -> tuple[dict[str, Column], dict[str, Table]]:
    """The flags of who is measured, and the table `labs` of the values.

    Each lab is ``{name, distribution, by_condition: {code: distribution}, share, code, unit,
    decimals}``; numbers stand in `value`, words in `result`.

    Raises:
        OptionError: a lab has no distribution, stands there twice, or asks for a condition that the
            profile does not draw.
    """
    given = listed(section.get("labs"), "clinical.labs")
    if not given:
        return {}, {}
    flags: dict[str, Column] = {}
    labels: dict[str, dict[str, str]] = {"test": {}, "code": {}, "unit": {}}
    cases: list[tuple[Mapping[str, Any], Column]] = []
    for i, lab in enumerate(given):
        path, name = f"clinical.labs[{i}]", str(lab["name"])
        if name in labels["test"].values():
            message = f"{path}: the lab '{name}' stands there twice; give it by_condition"
            raise OptionError(message)
        flag = _flag("lab", name, flags)
        flags[flag] = _some(lab.get("share", 1), {}, path)
        labels["test"][flag] = name
        labels["code"][flag] = str(lab.get("code", ""))
        labels["unit"][flag] = str(lab.get("unit", UNITS.get(name.lower(), "")))
        for code_of, spec in lab.get("by_condition", {}).items():
            has = drawn.flag_of(str(code_of), f"{path}.by_condition")
            cases.append(({"test": name, has: 1}, law(spec, f"{path}.by_condition.{code_of}")))
        cases.append(({"test": name}, law(_value_of(lab, path), path)))
    decimals = max(int(lab.get("decimals", LAB_DECIMALS)) for lab in given)
    return flags, {"labs": _labs_table(flags, labels, cases, decimals)}


def _labs_table(
    flags: Mapping[str, Column],
    labels: Mapping[str, Mapping[str, str]],
    cases: Sequence[tuple[Mapping[str, Any], Column]],
    decimals: int,
) -> Table:
    columns = {"patient_id": made({"type": "parent", "column": "patient_id"}, DEFAULT, "whose")}
    for name, values in labels.items():
        columns[name] = made({"type": "chosen", "labels": dict(values)}, SPEC, "clinical.labs")
    for has in dict.fromkeys(c for when, _ in cases for c in when if c != "test"):
        note = "for the value"
        columns[has] = made({"type": "parent", "column": has}, DEFAULT, note, hidden=True)
    numbers = [case for case in cases if not _of_words(case[1])]
    words = [case for case in cases if _of_words(case[1])]
    if numbers:
        column = {**either(numbers), "sql_type": "DOUBLE", "decimals": decimals}
        columns["value"] = made(column, SPEC, "by test")
    if words:
        columns["result"] = made({**either(words), "sql_type": "VARCHAR"}, SPEC, "by test")
    return {
        "parent": "patients",
        "rows": {"type": "each", "flags": list(flags)},
        "columns": columns,
    }


def _of_words(column: Column) -> bool:
    """Whether a law gives words in place of numbers."""
    values = column.get("values", [column["value"]] if "value" in column else [])
    inner = [case["then"] for case in column.get("cases", ())]
    return any(isinstance(v, str) and not _is_number(v) for v in values) or any(
        _of_words(law_) for law_ in inner
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _value_of(lab: Mapping[str, Any], path: str) -> Any:
    for key in ("distribution", "value", "result"):
        if key in lab:
            return lab[key]
    if "type" in lab:
        kept = {"name", "code", "unit", "share", "by_condition", "decimals"}
        return {k: v for k, v in lab.items() if k not in kept}
    message = f"{path}: say how '{lab['name']}' is distributed, such as {{'type': 'normal', …}}"
    raise OptionError(message)


def medications(
    given: Sequence[Mapping[str, Any]], drawn: Drawn, day: datetime.date, told: Told
) -> tuple[dict[str, Column], dict[str, Table]]:
    """The flags of who takes what, and the table `medications`.

    Each medication is ``{name, condition, share, code, dose}``; with a condition only those who
    have it take it.
    """
    if not given:
        return {}, {}
    flags: dict[str, Column] = {}
    labels: dict[str, dict[str, str]] = {"medication": {}, "code": {}, "dose": {}, "condition": {}}
    for i, drug in enumerate(given):
        flag = _flag("takes", str(drug["name"]), flags)
        among: dict[str, Any] = {}
        labels["condition"][flag] = ""
        if (named := drug.get("condition")) is not None:
            has = drawn.flag_of(str(named), f"{told.note}[{i}].condition")
            among, labels["condition"][flag] = {has: 1}, drawn.meaning[has].code
        part = drug.get("share", drug.get("prevalence", 1))
        flags[flag] = _some(part, among, f"{told.note}[{i}]", told.origin)
        labels["medication"][flag] = str(drug["name"])
        for column in ("code", "dose"):
            labels[column][flag] = str(drug.get(column, ""))
    return flags, {"medications": _medications_table(flags, labels, day, told)}


def _medications_table(
    flags: Mapping[str, Column],
    labels: Mapping[str, Mapping[str, str]],
    day: datetime.date,
    told: Told,
) -> Table:
    chosen = {
        name: made({"type": "chosen", "labels": dict(values)}, *told)
        for name, values in labels.items()
    }
    patient = made({"type": "parent", "column": "patient_id"}, DEFAULT, "whose it is")
    return {
        "parent": "patients",
        "rows": {"type": "each", "flags": list(flags)},
        "columns": {
            "medication_id": made({"type": "key", "format": "R%09d"}, DEFAULT, "unique"),
            "patient_id": patient,
            **chosen,
            **days_before(day, "prescribed"),
        },
    }


def days_before(day: datetime.date, name: str) -> dict[str, Column]:
    """A date within the year up to a day."""
    sql = f"CAST('{day.isoformat()}' AS DATE) - days_ago"
    note = "a day of the year before as_of"
    return {
        "days_ago": made(_YEAR, DEFAULT, note, hidden=True),
        name: made(expression(sql, "DATE"), DEFAULT, note),
    }


def _some(part: Any, among: Mapping[str, Any], path: str, origin: str = SPEC) -> Column:
    """A flag that holds for a share of those it is among."""
    return made(zero_one(share(f"{path}.share", part), among), origin, path, hidden=True)


def _flag(prefix: str, name: str, taken: Mapping[str, Any]) -> str:
    flag = f"{prefix}_" + re.sub(r"\W+", "_", name.lower()).strip("_")
    while flag in taken:
        flag += "_"
    return flag


def listed(given: Any, path: str) -> list[dict[str, Any]]:
    """A list of things with names; ``{name: {...}}`` and bare names are the same."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        given = [{"name": name, **_inner(spec)} for name, spec in given.items()]
    found: list[dict[str, Any]] = [{"name": g} if isinstance(g, str) else dict(g) for g in given]
    for i, entry in enumerate(found):
        names = (entry.get(k) for k in ("name", "drug", "test", "code"))
        entry["name"] = next((n for n in names if n is not None), None)
        if entry["name"] is None:
            message = f"{path}[{i}]: it has no name"
            raise OptionError(message)
    return found


def _inner(spec: Any) -> dict[str, Any]:
    if isinstance(spec, Mapping) and "type" not in spec:
        return dict(spec)
    return {"distribution": spec}
