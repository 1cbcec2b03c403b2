"""Dates and timestamps that lie a drawn whole number of units after others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.draws import Drawn, read_drawn
from genesis_sql.profiles.laws import CONTINUOUS, Spec, kind_of
from genesis_sql.profiles.typed import moment_step
from genesis_sql.program.domain import Domain, Fixed, Grid

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
"""Seconds of a unit."""
FIRST = 4_000_000
"""Days before 1970 from which days are counted up, so that divisions are of numbers from 0."""


def after_kind(where: str, spec: Spec, of: str, source: Domain | None) -> Grid:
    """How a later moment is held: as the earlier one, or as ``sql_type`` says.

    Raises:
        ProfileError: the column before is no date or timestamp, or this one is none.
    """
    if not isinstance(source, Grid | Fixed) or not source.type.startswith(("DATE", "TIMESTAMP")):
        what = f"holds {source.type}" if source is not None else "is computed in SQL"
        message = (
            f"{where} comes after '{of}', which {what}; it has to be a date or timestamp that is "
            "drawn, of type 'after', or a copy of such a one"
        )
        raise ProfileError(message)
    plain = source.type if source.type != "DATE" or spec["unit"] == "day" else "TIMESTAMP"
    type_ = str(spec.get("sql_type") or plain)
    if not type_.startswith(("DATE", "TIMESTAMP")):
        message = f"{where} is a date or timestamp, no {type_}"
        raise ProfileError(message)
    return Grid(type_, moment_step(type_), 0)


def by_law(where: str, name: str, spec: Spec) -> Drawn:
    """The draw of how much later a column of type 'after' is.

    Raises:
        ProfileError: the column says neither 'by' nor 'plus', or its law does not fit.
    """
    if "by" not in spec:
        message = f"{where}: type 'after' needs 'by', a law, or 'plus', a column"
        raise ProfileError(message)
    return later_by(where, f"#own:by:{name}", spec["by"], spec.get("null_share"))


def check_plus(where: str, spec: Spec, plus: str, kind: Domain | None) -> None:
    """Refuse a column of amounts that holds no whole numbers, and options of a law beside it.

    Raises:
        ProfileError: tells which.
    """
    beside = [key for key in ("by", "ordered", "until", "null_share") if spec.get(key)]
    if beside:
        message = f"{where}: '{beside[0]}' stands beside 'plus'; leave one of them out"
        raise ProfileError(message)
    whole = isinstance(kind, Grid) and kind.scale == 0
    if not whole or kind is None or kind.type.startswith(("DATE", "TIME")):
        message = f"{where}: plus names '{plus}', which holds no whole numbers the kernel makes"
        raise ProfileError(message)


def later_by(where: str, name: str, law: Spec, null: float | None) -> Drawn:
    """The draw of how many units later; laws without a min begin at 0.

    Raises:
        ProfileError: it gives no whole numbers, or negative ones.
    """
    spec = {**_from_zero(law), **({"null_share": null} if null else {})}
    kind = kind_of(where, spec, whole=True)
    if not isinstance(kind, Grid) or kind.scale or kind.type.startswith(("DATE", "TIME")):
        message = f"{where}: by is a law of whole numbers, as poisson, uniform or bands"
        raise ProfileError(message)
    drawn = read_drawn(where, name, spec, counts=True)
    if drawn.reach.low < 0:
        message = f"{where}: by can be {drawn.reach.low:g}; a later moment needs a law from 0"
        raise ProfileError(message)
    return drawn


def _from_zero(law: Spec) -> dict[str, Any]:
    if law["type"] == "conditional":
        cases = [{**case, "then": _from_zero(case["then"])} for case in law["cases"]]
        rest: Mapping[str, Any] = (
            {"otherwise": _from_zero(law["otherwise"])} if "otherwise" in law else {}
        )
        return {**law, "cases": cases, **rest}
    open_ = law["type"] in CONTINUOUS and law.get("min") is None
    return {**law, "min": 0} if open_ else dict(law)


@dataclass(frozen=True)
class After:
    """Formulas in a common unit: raw numbers of the source, result, amount, a day and the end."""

    source: int
    result: int
    unit: int
    day: int
    end: int

    @staticmethod
    def of(source: Grid, result: Grid, unit: str, end: Grid | None = None) -> After:
        """Of two grids and the name of a unit; the end is held as the result where nothing says."""
        sizes = [_nanoseconds(source), _nanoseconds(result), UNITS[unit] * 10**9, 86_400 * 10**9]
        sizes.append(_nanoseconds(end or result))
        common = math.gcd(*sizes)
        return After(*(size // common for size in sizes))

    def later(self, of: str, by: str) -> str:
        """The later moment, rounded down to the result's grid."""
        if self.source % self.result == 0 and self.unit % self.result == 0:
            return f"{of} * {self.source // self.result} + {by} * {self.unit // self.result}"
        first = FIRST * self.day
        moment = f"{of} * {self.source} + {by} * {self.unit} + {first}"
        return f"({moment}) // {self.result} - {first // self.result}"

    def room(self, of: str, until: str) -> str:
        """How many units fit before the end of the moment ``until``; 0 where it is past already."""
        if until.lstrip("-").isdecimal():
            last = str((int(until) + 1) * self.end - 1)
        else:
            last = f"({until} + 1) * {self.end} - 1"
        return f"greatest({last} - {of} * {self.source}, 0) // {self.unit}"


def _nanoseconds(grid: Grid) -> int:
    """Of one raw number."""
    if grid.type == "DATE":
        return 86_400 * 10**9
    return grid.step if grid.type == "TIMESTAMP_NS" else grid.step * 1_000
