"""Days around a fixed one: no provider ever asks the clock."""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime, timedelta

from genesis_sql.errors import OptionError
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.forms import Spec, where

AS_OF = date(2026, 1, 1)
"""Today, for whoever says nothing else: the option as_of moves it."""


def as_of(ask: Ask) -> date:
    """The day that ages and spans of time are counted from.

    Raises:
        OptionError: the option as_of is no day.
    """
    return day_of(ask, "as_of", AS_OF)


def day_of(ask: Ask, name: str, default: date) -> date:
    """An option that is a day.

    Raises:
        OptionError: it is none.
    """
    given = ask.options.get(name)
    if given is None:
        return default
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError as error:
        message = f"{where(ask)}: the option {name} is a day as '2026-01-01', not {given!r}"
        raise OptionError(message) from error


def date_sql(day: date) -> str:
    """A day as SQL.

    Example:
        >>> date_sql(AS_OF)
        "DATE '2026-01-01'"
    """
    return f"DATE '{day.isoformat()}'"


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; of 29 February the 28th.

    Example:
        >>> years_before(date(2026, 1, 1), 18).isoformat()
        '2008-01-01'
        >>> years_before(date(2024, 2, 29), 1).isoformat()
        '2023-02-28'
    """
    short = (day.month, day.day) == (2, 29) and not isleap(day.year - years)
    return day.replace(year=day.year - years, day=28 if short else day.day)


def birth_law(day: date, low: int, high: int) -> Spec:
    """Days of birth of people aged ``low`` to ``high`` (full years) at a day; fewer are old."""
    ages = [low, *(a for a in (45, 65) if low < a <= high), high + 1]
    weights = [0.5, 0.32, 0.18][: len(ages) - 1]
    held = [
        {
            "min": (years_before(day, old) + timedelta(days=1)).isoformat(),
            "max": years_before(day, young).isoformat(),
            "weight": weight / sum(weights),
        }
        for young, old, weight in zip(ages, ages[1:], weights, strict=False)
    ]
    return {"type": "bands", "bands": held, "sql_type": "DATE"}


def span_law(first: date, last: date, type_: str) -> Spec:
    """Moments from one day to another, more of them late: as a business grows."""
    days = (last - first).days
    cuts = [first, first + timedelta(days=days // 2), first + timedelta(days=days * 4 // 5), last]
    if days < 5 or type_ not in ("DATE", "TIMESTAMP"):
        return {
            "type": "uniform", "min": first.isoformat(), "max": last.isoformat(), "sql_type": type_,
        }  # fmt: skip
    step = timedelta(days=1) if type_ == "DATE" else timedelta(seconds=1)
    moments = [datetime.combine(c, datetime.min.time()) for c in cuts]
    bands = []
    for at, weight in enumerate((0.35, 0.37, 0.28)):
        end = moments[at + 1] - (step if at < 2 else timedelta(0))
        low, high = moments[at].isoformat(" "), end.isoformat(" ")
        cut = 10 if type_ == "DATE" else 19
        bands.append({"min": low[:cut], "max": high[:cut], "weight": weight})
    return {"type": "bands", "bands": bands, "sql_type": type_}
