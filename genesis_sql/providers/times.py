"""Moments in the order of business: made, changed, due, ended, deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from genesis_sql.errors import OptionError
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.dates import as_of, day_of, span_law, years_before
from genesis_sql.providers.forms import (
    Spec,
    alone,
    computed,
    family,
    helper,
    hidden,
    length_of,
    listed,
    number_option,
    plain_type,
    too_many,
    where,
)
from genesis_sql.providers.word import NUMBER, Word
from genesis_sql.sqlbuild import quoted

DAY = 86_400
YEARS = 3
"""How far back business goes."""
MOMENTS = ("date", "timestamp", "text", "whole")
_BOUNDS = ("min", "max", "as_of")
EARLIER: dict[str, tuple[str, ...]] = {
    "updated_at": ("created_at", "start_time", "event_time", "date"),
    "deleted_at": ("updated_at", "created_at", "start_time", "date"),
    "end_time": ("start_time", "created_at", "event_time", "date"),
    "due_time": ("start_time", "created_at", "event_time", "date"),
}
"""What comes before a moment: the first of these that the table has."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
LONGEST = 9
"""Letters of September; a column that holds fewer has three of each, or its number."""


def _bounds(ask: Ask, before: int = YEARS, behind: float = 0.0) -> tuple[date, date]:
    day = as_of(ask)
    last = day_of(ask, "max", day + timedelta(days=round(behind * 365.25)))
    first = day_of(ask, "min", min(years_before(day, before), last))
    if first > last:
        message = f"{where(ask)}: min {first} is behind max {last}"
        raise OptionError(message)
    return first, last


def _moment_type(ask: Ask) -> str:
    """The type in which a moment is drawn: days where days are asked for."""
    return "DATE" if family(ask.type) == "date" else "TIMESTAMP"


def _written(ask: Ask, spec: Spec) -> Columns:
    """A moment as the column holds it: itself, a text, or seconds since 1970."""
    kind = family(ask.type)
    if kind in ("date", "timestamp"):
        return alone(ask, spec)
    name = helper(ask, "moment")
    made = {name: hidden(spec)}
    if kind == "text":
        return {**made, **computed(ask, f"CAST({quoted(name)} AS VARCHAR)", 19)}
    return {**made, **computed(ask, f"CAST(extract('epoch' FROM {quoted(name)}) AS BIGINT)")}


def _within(ask: Ask, before: int = YEARS, behind: float = 0.0) -> Columns:
    first, last = _bounds(ask, before, behind)
    if ask.unique:
        return _each_its_own(ask, first)
    return _written(ask, span_law(first, last, _moment_type(ask)))


def _each_its_own(ask: Ask, first: date) -> Columns:
    """Moments that no two rows share: a day or a minute apart."""
    unit = "to_days" if _moment_type(ask) == "DATE" else "to_minutes"
    sql = f"{_moment_type(ask)} '{first.isoformat()}' + {unit}(CAST(n() AS INTEGER))"
    kind = family(ask.type)
    if kind == "text":
        return computed(ask, f"CAST({sql} AS VARCHAR)", 19)
    if kind == "whole":
        return computed(ask, f"CAST(extract('epoch' FROM {sql}) AS BIGINT)")
    return computed(ask, f"CAST({sql} AS {plain_type(ask.type)})")


def created_at(ask: Ask) -> Columns:
    """When a row was made."""
    return _within(ask)


def event_time(ask: Ask) -> Columns:
    """When something happened: behind the row's making where that is known."""
    return _behind(
        ask, ("created_at",), {"type": "exponential", "mean": 20.0, "decimals": 0}, "day"
    ) or _within(ask)


def start_time(ask: Ask) -> Columns:
    """When something starts."""
    return _within(ask)


def a_date(ask: Ask) -> Columns:
    """Any other day."""
    return _within(ask)


def _behind(
    ask: Ask, earlier: tuple[str, ...], by: Spec, unit: str, *, until: bool = True
) -> Columns | None:
    """A moment behind the first of these that the table has, None where it has none."""
    found = [m for m in earlier if m in ask.siblings]
    moments = [m for m in found if family(ask.types.get(m, ask.type)) in ("date", "timestamp")]
    if not moments or ask.unique or family(ask.type) not in ("date", "timestamp"):
        return None
    spec: Spec = {"type": "after", "of": ask.siblings[moments[0]], "by": by, "unit": unit}
    if until:
        last = day_of(ask, "max", as_of(ask))
        spec["until"] = last.isoformat()
    return alone(ask, spec)


def _later(ask: Ask, by: Spec, unit: str, *, until: bool = True, behind: float = 0.0) -> Columns:
    word = str(ask.options.get("#word"))
    made = _behind(ask, EARLIER[word], by, unit, until=until)
    return made if made is not None else _within(ask, behind=behind)


def updated_at(ask: Ask) -> Columns:
    """The last change: behind the making."""
    return _later(
        _named(ask, "updated_at"), {"type": "exponential", "mean": 60.0, "decimals": 0}, "day"
    )


def deleted_at(ask: Ask) -> Columns:
    """A deletion: most rows have none."""
    return _later(
        _named(ask, "deleted_at"), {"type": "exponential", "mean": 200.0, "decimals": 0}, "day"
    )


def end_time(ask: Ask) -> Columns:
    """An end: behind the start."""
    named = _named(ask, "end_time")
    if family(ask.type) == "date":
        by: Spec = {
            "type": "lognormal",
            "mean": 3.2,
            "std_dev": 1.0,
            "min": 1,
            "max": 1500,
            "decimals": 0,
        }
        return _later(named, by, "day", until=False)
    by = {"type": "lognormal", "mean": 4.2, "std_dev": 0.8, "min": 5, "max": 10_000, "decimals": 0}
    return _later(named, by, "minute", until=False)


def due_time(ask: Ask) -> Columns:
    """When something is due: 7 to 60 days later."""
    by: Spec = {
        "type": "explicit",
        "values": [7, 14, 30, 45, 60],
        "weights": [0.1, 0.3, 0.4, 0.1, 0.1],
    }
    return _later(_named(ask, "due_time"), by, "day", until=False, behind=0.2)


def _named(ask: Ask, word: str) -> Ask:
    from dataclasses import replace

    return replace(ask, options={**ask.options, "#word": word})


def time_of_day(ask: Ask) -> Columns:
    """A time of the day, most of them between 8 and 20 o'clock, on the minute."""
    name = helper(ask, "minute")
    bands = [(480, 1199, 0.85), (0, 479, 0.07), (1200, 1439, 0.08)]
    law = {
        "type": "bands",
        "bands": [{"min": a, "max": b, "weight": w} for a, b, w in bands],
        "decimals": 0,
        "hidden": True,
    }
    sql = f"TIMESTAMP '2000-01-01' + to_minutes(CAST({quoted(name)} AS INTEGER))"
    if ask.unique:
        if ask.rows > DAY:
            raise too_many(ask, DAY)
        sql = "TIMESTAMP '2000-01-01' + to_seconds(CAST(n() % 86400 AS INTEGER))"
    kind = family(ask.type)
    if kind == "text":
        return {name: law, **computed(ask, f"CAST(CAST({sql} AS TIME) AS VARCHAR)", 8)}
    return {name: law, **computed(ask, f"CAST({sql} AS TIME)")}


def year(ask: Ask) -> Columns:
    """A year."""
    last = as_of(ask).year - 1
    low, high = int(number_option(ask, "min", last - 9)), int(number_option(ask, "max", last))
    if family(ask.type) == "text":
        return listed(ask, [str(y) for y in range(low, high + 1)])
    return alone(ask, {"type": "uniform", "min": low, "max": high, "decimals": 0})


def month(ask: Ask) -> Columns:
    """A month: its number, or its name in a text."""
    if family(ask.type) == "text":
        length = length_of(ask) or LONGEST
        short = [m[:3] for m in MONTHS] if length >= 3 else [f"{m:02d}" for m in range(1, 13)]
        return listed(ask, MONTHS if length >= LONGEST else short)
    return alone(ask, {"type": "uniform", "min": 1, "max": 12, "decimals": 0})


def duration(ask: Ask) -> Columns:
    """How long something took, in a unit of the reader's."""
    low, high = number_option(ask, "min", 1), number_option(ask, "max", 480)
    decimals = 0 if family(ask.type) == "whole" else 1
    law: dict[str, Any] = {"type": "lognormal", "mean": 3.2, "std_dev": 0.9, "decimals": decimals}
    return alone(ask, {**law, "min": low, "max": high})


WORDS: dict[str, Word] = {
    "created_at": Word(
        created_at, "when a row was made", "2024-11-05 14:03:27", MOMENTS, _BOUNDS
    ),
    "updated_at": Word(
        updated_at, "its last change, never before it was made", "2025-02-01 09:12:40", MOMENTS,
        _BOUNDS,
    ),
    "deleted_at": Word(
        deleted_at, "its deletion, later still; nine in ten have none", "NULL", MOMENTS, _BOUNDS
    ),
    "event_time": Word(
        event_time, "when something happened", "2025-06-17 18:44:01", MOMENTS, _BOUNDS
    ),
    "start_time": Word(
        start_time, "when something starts", "2025-03-01 08:30:00", MOMENTS, _BOUNDS
    ),
    "end_time": Word(
        end_time, "when it ends, behind its start", "2025-03-01 09:45:12", MOMENTS, _BOUNDS
    ),
    "due_time": Word(
        due_time, "when it is due, 7 to 60 days behind", "2025-03-31", MOMENTS, _BOUNDS
    ),
    "date": Word(a_date, "any other day", "2025-09-14", MOMENTS, _BOUNDS),
    "time_of_day": Word(time_of_day, "a time of the day", "14:25:00", ("time", "text")),
    "year": Word(year, "a year", "2023", ("text", *NUMBER), ("min", "max", "as_of")),
    "month": Word(month, "a month", "7", ("text", *NUMBER)),
    "duration": Word(duration, "how long something took", "35", NUMBER, ("min", "max")),
}  # fmt: skip
