"""Views on the reference tables: roll-ups to states, metropolitan areas and the nation.

They are ordinary views that name the tables of their own schema, so they work in any connection,
without this package. Populations are summed. A percentage is averaged with the people (or
households) that it is a percentage of; where a county has no figure, it counts in neither sum.
Medians, ranks and positions cannot be averaged and are not in the roll-ups.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from genesis_sql.reference import place
from genesis_sql.reference.place import Con, Standing
from genesis_sql.reference.states import STATES
from genesis_sql.sqlbuild import exact_sum, quoted, string

_HEADING = re.compile(r"^-- (\w+): ([\w ]+)$", re.MULTILINE)
_SUMMED = ("births", "deaths", "net_migration", "land_sqmi", "households")
_AVERAGED = ("mean_income",)
_OF_HOUSEHOLDS = re.compile(
    r"income_.*|mean_income|no_vehicle|no_internet|housing_burden|single_parent"
)
_OF_ADULTS_25 = ("no_high_school", "high_school", "some_college", "bachelors")
_NOT_AVERAGED = re.compile(r"lat|lon|rucc|median_.*|svi_.*")
_STATE_NAME = " ".join(
    [
        "CASE any_value(c.state)",
        *(f"WHEN {string(k)} THEN {string(v)}" for k, v in STATES.items()),
        "END",
    ]
)

_AGES = {
    "age_0_17": "a.age_min = 0",
    "age_18_64": "a.age_min = 18",
    "age_65_84": "a.age_min = 65",
    "age_85_plus": "a.age_min = 85",
    "age_65_plus": "a.age_min >= 65",
    "female": "a.sex = 'F'",
    "male": "a.sex = 'M'",
}
_FIGURES = """
WITH ages AS (
  SELECT a.fips, {ages} FROM county_ages AS a GROUP BY a.fips
), rates AS (
  SELECT p.fips, {rates} FROM prevalences AS p GROUP BY p.fips
)
SELECT c.*, ages.* EXCLUDE (fips), rates.* EXCLUDE (fips)
FROM counties AS c
LEFT JOIN ages ON ages.fips = c.fips LEFT JOIN rates ON rates.fips = c.fips
""".strip()
_ROLLED = """
WITH grown AS (
  SELECT fips, CAST({grown} AS DOUBLE) AS population
  FROM county_single_ages WHERE age >= 25 GROUP BY fips
), persons AS (
  SELECT {keys}, {persons}
  FROM counties AS c LEFT JOIN grown ON grown.fips = c.fips WHERE {where} GROUP BY {by}
), ages AS (
  SELECT {keys}, {ages}
  FROM county_ages AS a JOIN counties AS c ON c.fips = a.fips WHERE {where} GROUP BY {by}
), averages AS (
  SELECT {keys}, p.measure AS measure, {average} AS percent
  FROM prevalences AS p JOIN denominators AS d ON d.fips = p.fips AND d.measure = p.measure
  JOIN counties AS c ON c.fips = p.fips WHERE {where} GROUP BY {by}, p.measure
), rates AS (
  SELECT {names}, {rates} FROM averages AS p GROUP BY {names}
)
SELECT persons.*, ages.* EXCLUDE ({names}), rates.* EXCLUDE ({names})
FROM persons LEFT JOIN ages ON ages.{key} = persons.{key}
LEFT JOIN rates ON rates.{key} = persons.{key}
""".strip()
"""Education is a percentage of the grown: people of 25 and more."""


@dataclass(frozen=True)
class View:
    """A view: its query, and the tables and views that have to be there."""

    name: str
    needs: tuple[str, ...]
    query: str

    @property
    def comment(self) -> str:
        """What its comment says."""
        digest = hashlib.sha256(self.query.encode()).hexdigest()
        return f"{place.MARK} reference view of {', '.join(self.needs)}; sha256 {digest}"


@dataclass(frozen=True)
class Level:
    """What counties are rolled up to.

    Attributes:
        view: its name.
        keys: what names a row, by column.
        where: which counties count.
        told: what else is said of a row.
    """

    view: str
    keys: Mapping[str, str]
    where: str = "true"
    told: Mapping[str, str] = field(default_factory=dict)


LEVELS = (
    Level("states", {"state": "c.state", "state_fips": "c.fips[:2]"}, told={"name": _STATE_NAME}),
    Level(
        "metros",
        {"cbsa_code": "c.cbsa_code", "cbsa_title": "c.cbsa_title", "cbsa_type": "c.cbsa_type"},
        "c.cbsa_code IS NOT NULL",
    ),
    Level("nation", {"nation": "'US'"}),
)


def make(con: Con, database: str, *, anew: bool) -> None:
    """Create the views whose tables are there, in the caller's transaction.

    Args:
        con: a cursor.
        database: whose schema genesis_reference it is about.
        anew: also those that stand already: their tables may have other columns now.

    Raises:
        TargetError: something of the user's has the name of a view.
    """
    there = place.standing(con, database)
    for view in _views(con, database, there):
        place.require_ours(there, view.name, "CALL genesis_load_reference()")
        if anew or view.name not in there or there[view.name].comment != view.comment:
            place.put_view(con, database, view.name, view.query, view.comment)


def missing(con: Con, database: str, there: Mapping[str, Standing]) -> list[str]:
    """Views that could stand and do not, or are those of another release."""
    views = _views(con, database, there)
    return [v.name for v in views if v.name not in there or there[v.name].comment != v.comment]


def _views(con: Con, database: str, there: Mapping[str, Standing]) -> list[View]:
    """All views whose tables stand, in an order in which they can be made."""
    possible = {n for n, s in there.items() if s.ours and not s.is_view}
    found = []
    for view in _fixed() + _wide(con, database, possible):
        if possible.issuperset(view.needs):
            possible.add(view.name)
            found.append(view)
    return found


def _fixed() -> list[View]:
    written = resources.files(__package__).joinpath("views.sql").read_text(encoding="utf-8")
    marks = list(_HEADING.finditer(written))
    ends = [m.start() for m in marks[1:]] + [len(written)]
    return [
        View(m[1], tuple(m[2].split()), written[m.end() : end].strip().rstrip(";"))
        for m, end in zip(marks, ends, strict=True)
    ]


def _wide(con: Con, database: str, possible: set[str]) -> list[View]:
    needs = ("counties", "county_ages", "prevalences", "measures")
    if not possible.issuperset(needs):
        return []
    listed = f"SELECT DISTINCT measure FROM {place.full(database, 'measures')} ORDER BY measure"  # noqa: S608 - quoted
    measures = [m for (m,) in con.execute(listed).fetchall()]
    columns = place.columns(con, database, "counties")
    rolled = (*needs, "county_single_ages", "denominators")
    return [View("county_figures", needs, _figures(measures))] + [
        View(level.view, rolled, _rolled(level, columns, measures))
        for level in LEVELS
        if columns.keys() >= {name for name in level.keys if name.startswith("cbsa")}
    ]


def _ages() -> list[str]:
    """Percentages of age and sex, from rows of county_ages called a."""
    return [
        f"100.0 * coalesce(sum(a.population) FILTER (WHERE {part}), 0) / sum(a.population) "
        f"AS pct_{name}"
        for name, part in _AGES.items()
    ]


def _figures(measures: Sequence[str]) -> str:
    """One row per county: its own columns, its ages, and a column per measure."""
    return _FIGURES.format(ages=_listed(_ages()), rates=_listed(_rates(measures)))


def _rates(measures: Sequence[str]) -> list[str]:
    """A column per measure, from rows called p that have one value of each."""
    return [
        f"max(p.percent) FILTER (WHERE p.measure = {string(m)}) AS {_column(m)}" for m in measures
    ]


def _rolled(level: Level, columns: Mapping[str, str], measures: Sequence[str]) -> str:
    """One row per state, metropolitan area or nation."""
    return _ROLLED.format(
        keys=_listed(_named(level.keys)),
        by=_listed(list(level.keys.values())),
        grown=exact_sum("population"),
        names=", ".join(map(quoted, level.keys)),
        key=quoted(next(iter(level.keys))),
        where=level.where,
        persons=_listed([*_named(level.told), *_persons(columns)]),
        ages=_listed(_ages()),
        average=_average("p.percent", "d.population"),
        rates=_listed(_rates(measures)),
    )


def _persons(columns: Mapping[str, str]) -> list[str]:
    """Sums and averages of the columns of counties."""
    found = ["count(*) AS counties", "sum(c.population) AS population"]
    for name, kind in columns.items():
        value = f"c.{quoted(name)}"
        if name in _SUMMED:
            total = f"sum({value})" if kind != "DOUBLE" else f"CAST({exact_sum(value)} AS DOUBLE)"
            found.append(f"{total} AS {quoted(name)}")
        elif name in _AVERAGED or (kind == "DOUBLE" and not _NOT_AVERAGED.fullmatch(name)):
            found.append(f"{_average(value, _weight(name, columns))} AS {quoted(name)}")
    return found


def _average(value: str, weight: str) -> str:
    """A mean with weights, over the rows that have a value."""
    rows = f"FILTER (WHERE {value} IS NOT NULL)"
    total = exact_sum(f"{value} * {weight}")
    return f"{total} {rows} / {exact_sum(weight)} {rows}"


def _weight(name: str, columns: Mapping[str, str]) -> str:
    """What a percentage is a percentage of."""
    if _OF_HOUSEHOLDS.fullmatch(name) and "households" in columns:
        return "c.households"
    return "grown.population" if name in _OF_ADULTS_25 else "c.population"


def _named(expressions: Mapping[str, str]) -> list[str]:
    return [f"{expression} AS {quoted(name)}" for name, expression in expressions.items()]


def _column(measure: str) -> str:
    return quoted(f"pct_{measure.lower()}")


def _listed(parts: Sequence[str]) -> str:
    return ",\n  ".join(parts)
