"""Calendar parts of moments, in whole numbers: what a step reads of a date or time."""

from __future__ import annotations

import numpy as np

PARTS = ("year", "month", "day", "days left", "weekday", "minute of day")
"""``days left`` counts to the end of the month; ``weekday`` is 0 on Monday."""
DAY = 86_400 * 10**9  # nanoseconds
FIRST_DAY, LAST_DAY = -25_567, 47_482  # 1900 to 2099: parts of these days are looked up
MANY_DAYS = 4_096
_TABLES: dict[str, np.ndarray] = {}


def part_of(values: np.ndarray, unit: int, part: str) -> np.ndarray:
    """A part of moments.

    Args:
        values: int64 of shape (n,), counted in units since 1970-01-01.
        unit: nanoseconds.
        part: one of PARTS.

    Returns:
        int64 of shape (n,).
    """
    per_day = max(DAY // unit, 1)
    days = values // per_day if unit < DAY else values * (unit // DAY)
    if part == "weekday":
        return np.asarray((days + 3) % 7)
    if part == "minute of day":
        return np.asarray((values - days * per_day) * unit // (60 * 10**9))
    if _tabled(part, days):
        return np.asarray(_table(part)[days - FIRST_DAY])
    return _of_days(days, part)


def _tabled(part: str, days: np.ndarray) -> bool:
    """Whether a part of days is looked up: a table takes as long as some thousand rows."""
    many = len(days) >= MANY_DAYS or (len(days) > 0 and part in _TABLES)
    return many and int(days.min()) >= FIRST_DAY and int(days.max()) < LAST_DAY


def _table(part: str) -> np.ndarray:
    """A part of all days of two centuries."""
    if part not in _TABLES:
        _TABLES[part] = _of_days(np.arange(FIRST_DAY, LAST_DAY), part)
    return _TABLES[part]


def _of_days(days: np.ndarray, part: str) -> np.ndarray:
    """A part that the day alone decides."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    if part == "year":
        return np.asarray(date.astype("datetime64[Y]").astype(np.int64) + 1970)
    if part == "month":
        return np.asarray(month.astype(np.int64) % 12 + 1)
    if part == "day":
        return np.asarray((date - month.astype("datetime64[D]")).astype(np.int64) + 1)
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((following - date).astype(np.int64) - 1)
