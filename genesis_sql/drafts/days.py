"""The days that a date of a key has, so that no row has to lie in a far future."""

from __future__ import annotations

import math
from datetime import date, timedelta

from genesis_sql.drafts.sheet import Sheet, base_type
from genesis_sql.types import RawColumn

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
"""Between them lie dates that anybody believes."""
SPARE = 1.3
"""Days for each row: drawn dates are mended where they repeat, the sooner the more are free."""
BUSIEST = 20
"""Rows of the busiest parent, in means: lognormal laws with the spread of `drafts.keys`."""


def days_of(sheet: Sheet, column: RawColumn) -> int:
    """How many days a date may be, by its CHECKs, else anything that is believed.

    Example:
        >>> from genesis_sql.drafts.checks import Checked, Facts
        >>> from genesis_sql.types import RawTable
        >>> day = RawColumn("day", "DATE")
        >>> facts = Checked({"day": Facts(low="2020-01-01", high="2020-01-31")})
        >>> days_of(Sheet(RawTable("t", "", (day,)), 1, facts), day)
        31
    """
    facts = sheet.checked.of(column.name)
    return (_day(facts.high, LAST) - _day(facts.low, FIRST)).days + 1


def _day(value: object, otherwise: date) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:  # a bound that is no day, or none
        return otherwise


def widen_period(sheet: Sheet, above: int | None) -> None:
    """Let a table go back as far as the days of its keys need.

    Args:
        sheet: the table, with its period.
        above: rows of its main parent.
    """
    start, end = (date.fromisoformat(day) for day in sheet.period)
    days = math.ceil(max((_needed(sheet, c, above) for c in sheet.raw.columns), default=0))
    if (end - start).days < days:
        start = max(FIRST, end - timedelta(days=min(days, (end - FIRST).days)))
        end = min(LAST, max(end, start + timedelta(days=min(days, (LAST - start).days))))
        sheet.period = start.isoformat(), end.isoformat()


def _needed(sheet: Sheet, column: RawColumn, above: int | None) -> float:
    """Days that the rows need, or those of one parent where they only tell these apart."""
    if base_type(column.type) != "DATE":
        return 0.0
    if sheet.unique(column.name):
        return sheet.rows * SPARE
    main = set(sheet.main.columns) if sheet.main else set()
    keys = [set(k) for k in (sheet.raw.primary_key, *sheet.raw.unique_keys)]
    if above and main and {column.name, *main} in keys:
        return sheet.rows / above * BUSIEST
    return 0.0
