"""Reads the public figures of a place out of the schema `genesis_reference`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genesis_sql.domains.health.geography import Place
from genesis_sql.errors import SourceError
from genesis_sql.sqlbuild import exact_sum, qualified, quoted, string

if TYPE_CHECKING:
    import duckdb

SCHEMA = "genesis_reference"
MAPPED = " (of the counties before 2022)"
"""What is said of figures that planning regions of Connecticut have from its old counties."""
RACES = {
    "white": "White",
    "black": "Black or African American",
    "native": "American Indian or Alaska Native",
    "asian": "Asian",
    "pacific": "Native Hawaiian or Other Pacific Islander",
    "other": "Some Other Race",
    "two_plus": "Two or More Races",
}
"""The categories of the Office of Management and Budget by the words of `county_races`."""


@dataclass(frozen=True)
class Measure:
    """A measure of CDC PLACES: who is asked, and how common it is among them.

    Attributes:
        name: PLACES' own short name, such as DIABETES.
        code: its ICD-10-CM category, None where it is no diagnosis.
        kind: condition, prevention, behaviour, status, disability or social.
        words: what it is called.
        sex: 'F' or 'M' where only they are asked.
        age_min: the youngest age asked.
        age_max: the oldest one.
        within: the measure that is the denominator, or None.
    """

    name: str
    code: str | None
    kind: str
    words: str
    sex: str | None
    age_min: int
    age_max: int | None
    within: str | None


@dataclass(frozen=True)
class Effect:
    """What one level of a factor adds to the log odds of a measure."""

    factor: str
    low: float | None
    high: float | None
    level: str | None
    log_odds: float


@dataclass
class Figures:
    """The reference tables of one database; they are loaded when first asked for.

    Attributes:
        con: the connection.
        database: the database that holds them.
    """

    con: duckdb.DuckDBPyConnection
    database: str
    _loaded: bool = field(default=False, init=False)
    _measures: dict[str, Measure] = field(default_factory=dict, init=False)
    _ages: dict[Place, dict[tuple[str, int], float]] = field(default_factory=dict, init=False)
    _races: dict[Place, dict[tuple[bool, str], float]] = field(default_factory=dict, init=False)
    _prevalences: dict[Place, dict[str, tuple[float, str]]] = field(
        default_factory=dict, init=False
    )

    def rows(self, what: str, table: str, rest: str = "", *values: Any) -> list[tuple[Any, ...]]:
        """The rows of ``SELECT what FROM table rest``, both of them words of this package."""
        self._load()
        query = f"SELECT {what} FROM {self._named(table)} {rest}"  # noqa: S608 - no user's words
        return self.con.execute(query, list(values)).fetchall()

    def rows_of(self, place: Place, what: str, table: str, rest: str = "") -> list[tuple[Any, ...]]:
        """The same for the counties of a place; ``rest`` is what follows the choice of them."""
        if not place.column:
            return self.rows(what, table, rest)
        chosen = (
            f"WHERE fips IN (SELECT fips FROM {self._named('counties')} "  # noqa: S608 - quoted
            f"WHERE {quoted(place.column)} = ?)"
        )
        return self.rows(what, table, f"{chosen} {rest}", place.id)

    def ages(self, place: Place) -> dict[tuple[str, int], float]:
        """People by sex ('F', 'M') and single year."""
        if place not in self._ages:
            what = f"sex, age, {exact_sum('population')}"
            found = self.rows_of(place, what, "county_single_ages", "GROUP BY ALL ORDER BY ALL")
            if not found:
                message = f"the reference tables hold no ages of {place.name}"
                raise SourceError(message)
            self._ages[place] = {(sex, int(age)): float(people) for sex, age, people in found}
        return self._ages[place]

    def races(self, place: Place) -> dict[tuple[bool, str], float]:
        """Shares (0-1) of all people by (whether Hispanic, race in our words)."""
        if place not in self._races:
            joined = f"county_races AS r JOIN {self._named('counties')} USING (fips)"
            what = f"r.hispanic, r.race, CAST({exact_sum('percent * population')} AS DOUBLE)"
            found = self.rows_of(place, what, joined, "GROUP BY ALL ORDER BY ALL")
            total = math.fsum(part for _, _, part in found)
            self._races[place] = {(h, RACES[race]): part / total for h, race, part in found}
        return self._races[place]

    def share(self, place: Place, name: str) -> float | None:
        """One figure of `counties` (0-1), weighted by population; None where it is missing."""
        (value,) = self.rows_of(place, _mean(name), "counties")[0]
        return None if value is None else float(value) / 100

    def measures(self) -> dict[str, Measure]:
        """All measures by name."""
        if not self._measures:
            what = "measure, code, kind, name, sex, age_min, age_max, within"
            found = self.rows(what, "measures", "ORDER BY measure")
            self._measures = {row[0]: Measure(*row) for row in found}
        return self._measures

    def prevalences(self, place: Place) -> dict[str, tuple[float, str]]:
        """Share (0-1) and PLACES release by measure, each weighted by its own denominator."""
        if place not in self._prevalences:
            self._prevalences[place] = self._prevalences_of(place)
        return self._prevalences[place]

    def _prevalences_of(self, place: Place) -> dict[str, tuple[float, str]]:
        release = f"CAST(release AS VARCHAR) || CASE WHEN mapped THEN {string(MAPPED)} ELSE '' END"
        if place.column == "fips":  # one county: its denominator cancels
            found = self.rows_of(place, f"measure, percent, {release}", "prevalences")
            return {m: (float(p) / 100, r) for m, p, r in found if p is not None}
        what = (
            f"measure, {exact_sum('percent * population')} / nullif({exact_sum('population')}, 0), "
            f"string_agg(DISTINCT {release}, ' and ' ORDER BY {release})"
        )
        joined = f"prevalences JOIN {self._named('denominators')} USING (fips, measure)"
        found = self.rows_of(place, what, joined, "GROUP BY measure ORDER BY measure")
        return {m: (float(p) / 100, releases) for m, p, releases in found if p is not None}

    def effects(self) -> dict[str, list[Effect]]:
        """What the odds of each measure depend on, by measure."""
        what = "measure, factor, level_min, level_max, CAST(level AS VARCHAR), log_odds"
        order = "ORDER BY measure, factor, level_min, level"
        found: dict[str, list[Effect]] = {}
        for measure, *rest in self.rows(what, "measure_effects", order):
            found.setdefault(measure, []).append(Effect(*rest))
        return found

    def _named(self, table: str) -> str:
        name, _, joined = table.partition(" ")
        return f"{qualified(self.database, SCHEMA, name)} {joined}".strip()

    def _load(self) -> None:
        if not self._loaded:
            from genesis_sql.reference.load import ensure

            ensure(self.con, self.database)
            self._loaded = True


def _mean(name: str) -> str:
    """SQL of a figure of `counties`, weighted by the people of those that have it."""
    column = quoted(name)
    total = exact_sum(f"{column} * population")
    return f"{total} / sum(population) FILTER ({column} IS NOT NULL)"
