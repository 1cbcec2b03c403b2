"""Calendar parts of a moment that is told in another time zone: found at fit and kept exactly.

A column ``hour`` beside a moment in UTC holds the hour of some place. Its distance to the moment's
own hour is the same for months on end and changes where summer time begins or ends. That makes it a
step function of the moment, and year, month, day and weekday of the place follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.frame import Coded
from genesis_sql.models.gaps import unit
from genesis_sql.program.calendar import part_of
from genesis_sql.program.domain import Domain, Grid
from genesis_sql.program.formula import evaluate
from genesis_sql.program.steps import Formula, Lookup, Part, Step
from genesis_sql.sqlbuild import quoted

HOUR = 3_600 * 10**9  # nanoseconds
YEAR = 8_766 * HOUR
CHANGES = 3  # of the distance in a year, as many as there may be
ROWS = 50  # that a distance holds for, on the average
COUNT = Grid("BIGINT")
PARTS = {
    "hour": ("minute of day", "{} // 60"),
    "minute": ("minute of day", "{} % 60"),
    "minute of day": ("minute of day", "{}"),
    "day": ("day", "{}"),
    "month": ("month", "{}"),
    "quarter": ("month", "({} + 2) // 3"),
    "year": ("year", "{}"),
    "weekday, Monday 0": ("weekday", "{}"),
    "weekday, Monday 1": ("weekday", "{} + 1"),
    "weekday, Sunday 0": ("weekday", "({} + 1) % 7"),
}
"""What a column may hold: a part of `genesis_sql.program.calendar` and a formula over it."""


@dataclass(frozen=True, eq=False)
class Local:
    """A column that is a part of a moment in another time zone.

    Attributes:
        column: what is fixed.
        moment: by which column.
        told: in words.
        steps: what computes it, hidden columns first; columns of one moment share those.
        domains: of the hidden columns.
    """

    column: str
    moment: str
    told: str
    steps: tuple[Step, ...]
    domains: Mapping[str, Domain]


def find_local(moments: Mapping[str, Coded], columns: Mapping[str, Coded]) -> list[Local]:
    """Columns that are a part of a moment some hours earlier or later, in every row.

    Args:
        moments: columns known before the others.
        columns: those still to be drawn.
    """
    found: dict[str, Local] = {}
    for name, moment in moments.items():
        per = unit(moment.domain)
        able = {n: c for n, c in columns.items() if n != name and _comparable(c, moment)}
        if per is None or HOUR % per or len(moment.rank) < ROWS:
            continue
        for clock in able.values():
            begins, hours = _distance(moment, clock, per)
            if not len(begins):
                continue
            for made in _parts(name, moment, able, (begins, hours), per):
                found.setdefault(made.column, made)
            break
    return list(found.values())


def _comparable(column: Coded, moment: Coded) -> bool:
    """Whether it holds whole numbers wherever the moment is known, and nowhere else."""
    domain = column.domain
    if not isinstance(domain, Grid) or domain.step != 1 or domain.scale != 0:
        return False
    if "INT" not in domain.type or len(column.values) < 2:
        return False
    return bool(((column.rank > 0) == (moment.rank > 0)).all())


def _distance(moment: Coded, clock: Coded, per: int) -> tuple[np.ndarray, np.ndarray]:
    """From when on the clock is how many hours ahead; empty where it is no clock of the moment.

    Returns:
        Raw moments, and hours from -11 to 12; each int64 of shape (runs,).
    """
    nothing = np.empty(0, np.int64), np.empty(0, np.int64)
    if clock.values[0] < 0 or clock.values[-1] != 23:
        return nothing
    known = moment.rank > 0
    at = moment.raw.values[known]
    ahead = (clock.raw.values[known] - part_of(at, per, "minute of day") // 60 + 11) % 24 - 11
    order = np.argsort(at, kind="stable")
    at, ahead = at[order], ahead[order]
    starts = np.flatnonzero(np.r_[True, ahead[1:] != ahead[:-1]])
    years = (int(at[-1]) - int(at[0])) * per / YEAR + 1
    if len(starts) > CHANGES * years or len(starts) * ROWS > len(at):
        return nothing
    begins = at[starts]
    if (np.diff(begins) <= 0).any() or (at[starts[1:] - 1] == begins[1:]).any():
        return nothing  # one moment has two clocks
    return begins, ahead[starts].astype(np.int64)


def _parts(
    name: str,
    moment: Coded,
    able: Mapping[str, Coded],
    distance: tuple[np.ndarray, np.ndarray],
    per: int,
) -> Iterator[Local]:
    begins, hours = distance
    ahead, there = f"#ahead:{name}", f"#local:{name}"
    keys = np.arange(1, len(begins) + 1)
    lookup = Lookup(ahead, (name,), (begins,), keys, hours)
    shifted = Formula(there, f"{quoted(name)} + {quoted(ahead)} * {HOUR // per}")
    known = moment.rank > 0
    at = moment.raw.values[known]
    values = at + hours[np.searchsorted(begins, at, side="right") - 1] * (HOUR // per)
    domains: dict[str, Domain] = {ahead: COUNT, there: moment.domain}
    least, most = int(hours.min()), int(hours.max())
    told = f"{least:+d} h" if least == most else f"{least:+d} h to {most:+d} h"
    for column, held in able.items():
        for what, (part, formula) in PARTS.items():
            hidden = f"#{part}:{there}"
            made = {hidden: part_of(values, per, part)}
            sql = formula.format(quoted(hidden))
            if not np.array_equal(evaluate(sql, made), held.raw.values[known]):
                continue
            steps = (lookup, shifted, Part(hidden, there, part, per), Formula(column, sql))
            yield Local(column, name, f"{what} of {name} {told}", steps, {**domains, hidden: COUNT})
            break
