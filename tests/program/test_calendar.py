"""Parts of days are the same looked up and worked out."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sql.program import calendar
from genesis_sql.program.calendar import DAY, FIRST_DAY, LAST_DAY, MANY_DAYS, PARTS, part_of

MICROSECONDS = 1_000


@pytest.mark.parametrize("part", PARTS)
def test_a_table_of_days_says_what_the_calendar_says(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = np.random.default_rng(4).integers(FIRST_DAY, LAST_DAY, MANY_DAYS)
    days[:2] = FIRST_DAY, LAST_DAY - 1
    for unit in (DAY, MICROSECONDS):
        values = days * (DAY // unit) + (5 if unit < DAY else 0)
        table = part_of(values, unit, part)
        assert table.dtype == np.int64
        with monkeypatch.context() as patched:
            patched.setattr(calendar, "_tabled", lambda part, days: False)
            assert part_of(values, unit, part).tolist() == table.tolist()


def test_days_outside_are_worked_out() -> None:
    days = np.array([FIRST_DAY - 1, LAST_DAY] * MANY_DAYS)
    assert part_of(days, DAY, "year")[:2].tolist() == [1899, 2100]
    assert part_of(days[:0], DAY, "month").tolist() == []
