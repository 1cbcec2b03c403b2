"""Calendar parts of moments, in whole numbers: what a step reads of a date or time."""

from __future__ import annotations

import numpy as np

PARTS = ("year", "month", "day", "days left", "weekday", "minute of day")
"""``days left`` counts to the end of the month; ``weekday`` is 0 on Monday."""
DAY = 86_400 * 10**9  # nanoseconds


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
