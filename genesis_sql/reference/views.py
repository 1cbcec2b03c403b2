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

from sqlglot import exp

from genesis_sql.reference import place
from genesis_sql.reference.place import Con, Standing
from genesis_sql.reference.states import STATES
from genesis_sql.sqlbuild import column, fill, string, text

_HEADING = re.compile(r"^-- (\w+): ([\w ]+)$", re.MULTILINE)
_SUMMED = ("births", "deaths", "net_migration", "land_sqmi", "households")
_AVERAGED = ("mean_income",)
_OF_HOUSEHOLDS = re.compile(
    r"income_.*|mean_income|no_vehicle|no_internet|housing_burden|single_parent"
)
_OF_ADULTS_25 = ("no_high_school", "high_school", "some_college", "bachelors")
_NOT_AVERAGED = re.compile(r"lat|lon|rucc|median_.*|svi_.*")
_PERCENT = "sum($x * $w) FILTER (WHERE NOT $x IS NULL) / sum($w) FILTER (WHERE NOT $x IS NULL)"
_STATE_NAME = " ".join(
    [
        "CASE any_value(c.state)",
        *(f"WHEN {string(k)} THEN {string(v)}" for k, v in STATES.items()),
        "END",
    ]
)

_GROWN = (
    "SELECT fips, sum(population) AS population FROM county_single_ages "
    "WHERE age >= 25 GROUP BY fips"
)
"""What education is a percentage of."""


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
    where: str = "TRUE"
    told: Mapping[str, str] = field(default_factory=dict)


LEVELS = (
    Level("states", {"state": "c.state", "state_fips": "c.fips[:2]"}, told={"name": _STATE_NAME}),
    Level(
        "metros",
        {"cbsa_code": "c.cbsa_code", "cbsa_title": "c.cbsa_title", "cbsa_type": "c.cbsa_type"},
        "NOT c.cbsa_code IS NULL",
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
    query = f"SELECT DISTINCT measure FROM {place.full(database, 'measures')} ORDER BY measure"  # noqa: S608 - quoted
    measures = [m for (m,) in con.execute(query).fetchall()]
    columns = place.columns(con, database, "counties")
    figures = View("county_figures", needs, text(_figures(measures)))
    rolled = (*needs, "county_single_ages", "denominators")
    return [figures] + [
        View(level.view, rolled, text(_rolled(level, columns, measures)))
        for level in LEVELS
        if columns.keys() >= {name for name in level.keys if name.startswith("cbsa")}
    ]


def _ages(of: str) -> dict[str, str]:
    """Percentages of age and sex, from rows of county_ages called ``of``."""
    whole = f"sum({of}.population)"
    parts = {
        "age_0_17": f"{of}.age_min = 0",
        "age_18_64": f"{of}.age_min = 18",
        "age_65_84": f"{of}.age_min = 65",
        "age_85_plus": f"{of}.age_min = 85",
        "age_65_plus": f"{of}.age_min >= 65",
        "female": f"{of}.sex = 'F'",
        "male": f"{of}.sex = 'M'",
    }
    return {
        f"pct_{name}": f"100.0 * coalesce({whole} FILTER (WHERE {part}), 0) / {whole}"
        for name, part in parts.items()
    }


def _figures(measures: Sequence[str]) -> exp.Expression:
    """One row per county: its own columns, its ages, and a column per measure."""
    ages = exp.select("a.fips", *(_named(e, n) for n, e in _ages("a").items()))
    rates = exp.select("p.fips", *(_rate(m, "max(p.percent)") for m in measures))
    return (
        exp.select("c.*", "ages.* EXCLUDE (fips)", "rates.* EXCLUDE (fips)", dialect="duckdb")
        .with_(
            "ages",
            as_=ages.from_("county_ages AS a", copy=False).group_by("a.fips", copy=False),
            copy=False,
        )
        .with_(
            "rates",
            as_=rates.from_("prevalences AS p", copy=False).group_by("p.fips", copy=False),
            copy=False,
        )
        .from_("counties AS c", copy=False)
        .join("ages", on="ages.fips = c.fips", join_type="left", copy=False)
        .join("rates", on="rates.fips = c.fips", join_type="left", copy=False)
    )


def _rolled(level: Level, columns: Mapping[str, str], measures: Sequence[str]) -> exp.Expression:
    """One row per state, metropolitan area or nation."""
    keys = [_named(e, n) for n, e in level.keys.items()]
    names = list(level.keys)
    by = [fill(e) for e in level.keys.values()]
    told = [_named(e, n) for n, e in level.told.items()]
    persons = exp.select(*keys, *told, *_persons(columns)).from_("counties AS c", copy=False)
    persons = persons.join("grown", on="grown.fips = c.fips", join_type="left", copy=False)
    ages = exp.select(*keys, *(_named(e, n) for n, e in _ages("a").items()))
    ages = ages.from_("county_ages AS a", copy=False).join(
        "counties AS c", on="c.fips = a.fips", copy=False
    )
    rate = text(fill(_PERCENT, x=fill("p.percent"), w=fill("d.population")))
    rates = exp.select(*keys, *(_rate(m, rate) for m in measures)).from_(
        "prevalences AS p", copy=False
    )
    rates = rates.join(
        "denominators AS d", on="d.fips = p.fips AND d.measure = p.measure", copy=False
    )
    rates = rates.join("counties AS c", on="c.fips = p.fips", copy=False)
    query = exp.select(
        "persons.*",
        *(f"{t}.* EXCLUDE ({', '.join(names)})" for t in ("ages", "rates")),
        dialect="duckdb",
    )
    query = query.with_("grown", as_=_GROWN, copy=False)
    for name, part in (("persons", persons), ("ages", ages), ("rates", rates)):
        query = query.with_(
            name, as_=part.where(level.where, copy=False).group_by(*by, copy=False), copy=False
        )
    query = query.from_("persons", copy=False)
    for name in ("ages", "rates"):
        on = f"{name}.{names[0]} = persons.{names[0]}"
        query = query.join(name, on=on, join_type="left", copy=False)
    return query


def _persons(columns: Mapping[str, str]) -> list[exp.Expression]:
    """Sums and averages of the columns of counties."""
    found = [_named("count(*)", "counties"), _named("sum(c.population)", "population")]
    for name, kind in columns.items():
        if name in _SUMMED:
            found.append(_as(exp.Sum(this=column(name, "c")), name))
        elif name in _AVERAGED or (kind == "DOUBLE" and not _NOT_AVERAGED.fullmatch(name)):
            average = fill(_PERCENT, x=column(name, "c"), w=_weight(name, columns))
            found.append(_as(average, name))
    return found


def _weight(name: str, columns: Mapping[str, str]) -> exp.Expression:
    """What a percentage is a percentage of."""
    if _OF_HOUSEHOLDS.fullmatch(name) and "households" in columns:
        return column("households", "c")
    return column("population", "grown" if name in _OF_ADULTS_25 else "c")


def _as(node: exp.Expression, name: str) -> exp.Expression:
    return exp.Alias(this=node, alias=exp.to_identifier(name, quoted=True))


def _named(expression: str, name: str) -> exp.Expression:
    return _as(fill(expression), name)


def _rate(measure: str, aggregate: str) -> exp.Expression:
    """One measure out of the rows of prevalences called p, as a column of its own."""
    of_measure = exp.EQ(this=column("measure", "p"), expression=exp.Literal.string(measure))
    tree = fill(aggregate)
    filters = list(tree.find_all(exp.Filter))
    for node in filters:
        where = node.args["expression"]
        where.set("this", exp.and_(where.this, of_measure.copy()))
    if not filters:
        tree = exp.Filter(this=tree, expression=exp.Where(this=of_measure))
    return _as(tree, f"pct_{measure.lower()}")
