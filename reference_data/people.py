"""What else is known of people at large: names, how long they live, what work pays."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from genesis_sql.reference_data.registry import PUBLIC, File, Row, Source, Table, query

_DECADES = tuple(range(1930, 2011, 10))
_FEWEST = 100
"""Of a year's children with a name; fewer are left out, who are 4 to 14 in 100."""

BIRTHS = tuple(
    File(
        f"births_{year}",
        f"yob{year}.txt",
        ("name", "sex", "count"),
        folder="names/ssa_babynames",
        header=("name", "sex", "count"),
    )
    for year in _DECADES
)
LAST_NAMES = File(
    "last_names",
    "census1990_dist.all.last",
    ("name", "percent"),
    folder="names",
    others="*dist.all.last",
    delimiter=" ",
    header=("name", "percent", "cumulative", "rank"),
)
LIVES = File(
    "lives",
    "ssa_period_life_table_1970_2017.csv",
    ("sex", "year", "age", "qx", "lx", "ex"),
    folder="mortality",
    others="ssa_period_life_table_*.csv",
)
OCCUPATIONS = File(
    "occupations",
    "oews_occupation_wage_quantiles.csv",
    ("occupation_group", "occupation", "p10", "p25", "p50", "p75", "p90"),
    folder="bls",
)


def _first_names(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for year, file in zip(_DECADES, BIRTHS, strict=True):
        found = con.table(file.view).filter(f"CAST(count AS INTEGER) >= {_FEWEST}").fetchall()
        rows = [(name, sex, year, int(count)) for name, sex, count in found]
        yield from sorted(rows, key=lambda row: (row[1], -row[3], row[0]))


def _surnames(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for name, percent in con.table("last_names").fetchall():
        if float(percent) > 0:
            yield spelt(name), float(percent) / 100


def spelt(name: str) -> str:
    """A name of capitals as people write it.

    Example:
        >>> spelt("SMITH"), spelt("MCDONALD")
        ('Smith', 'McDonald')
    """
    return f"Mc{name[2:].capitalize()}" if name.startswith("MC") else name.capitalize()


FIRST_NAMES = Table(
    Source(
        table="first_names",
        publisher="U.S. Social Security Administration",
        vintage="births of 1930, 1940, … 2010",
        licence=PUBLIC,
        denominator="children born in the year who got a Social Security number",
        files="",
        transformation=(
            "decade = the year, which stands for the ten from it; names of fewer than 100 "
            "children are left out; ordered by decade, sex, count downwards"
        ),
        columns="name VARCHAR, sex VARCHAR, decade INTEGER, count BIGINT",
    ),
    BIRTHS,
    _first_names,
)

SURNAMES = Table(
    Source(
        table="surnames",
        publisher="U.S. Census Bureau",
        vintage="1990 Census name files",
        licence=PUBLIC,
        denominator="persons counted in 1990 whose name was kept",
        files="",
        transformation=(
            "names of at least 0.0005 % of people, with their share from 0 to 1; the shares sum "
            "to less than 1; capitals written as usual; in the file's order, the commonest first"
        ),
        columns="name VARCHAR, share DOUBLE",
    ),
    (LAST_NAMES,),
    _surnames,
)

LIFE_TABLE = Table(
    Source(
        table="life_table",
        publisher="U.S. Social Security Administration, Office of the Chief Actuary",
        vintage="period life table 2017 (Trustees Report 2020)",
        licence=PUBLIC,
        denominator="100,000 born alive of a sex",
        files="",
        transformation=(
            "rows of 2017; qx = probability of dying within a year, lx = survivors, ex = years "
            "left on average; ordered by sex, age"
        ),
        columns="sex VARCHAR, age INTEGER, qx DOUBLE, lx BIGINT, ex DOUBLE",
    ),
    (LIVES,),
    query(
        "SELECT sex, CAST(age AS INTEGER) AS age, CAST(qx AS DOUBLE), CAST(lx AS BIGINT), "
        "CAST(ex AS DOUBLE) FROM lives WHERE year = '2017' ORDER BY sex, age"
    ),
)

WAGES = Table(
    Source(
        table="wages",
        publisher="U.S. Bureau of Labor Statistics, OEWS",
        vintage="May 2019, national",
        licence=PUBLIC,
        denominator="employees of an occupation, not the self-employed",
        files="",
        transformation=(
            "yearly wages in dollars below which 10, 25, 50, 75 and 90 % earn; NULL where the "
            "publisher only says that it is $208,000 or more; ordered by group, occupation"
        ),
        columns=(
            "occupation_group VARCHAR, occupation VARCHAR, p10 INTEGER, p25 INTEGER, "
            "p50 INTEGER, p75 INTEGER, p90 INTEGER"
        ),
    ),
    (OCCUPATIONS,),
    query(
        "SELECT occupation_group, occupation, CAST(figure(p10) AS INTEGER), "
        "CAST(figure(p25) AS INTEGER), CAST(figure(p50) AS INTEGER), "
        "CAST(figure(p75) AS INTEGER), CAST(figure(p90) AS INTEGER) FROM occupations "
        "ORDER BY occupation_group, occupation"
    ),
)

TABLES = (FIRST_NAMES, SURNAMES, LIFE_TABLE, WAGES)
