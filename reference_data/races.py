"""Race and ethnicity together, as a person has both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from genesis_sql.reference_data.registry import PERSONS, PUBLIC, Row, Source, Table

RACES = ("white", "black", "native", "asian", "pacific", "other", "two_plus")

_SHARES = """
SELECT fips, hispanic, [white, black, native, asian, pacific, other_race, two_plus],
       [white_not_hispanic, black_not_hispanic, native_not_hispanic, asian_not_hispanic,
        pacific_not_hispanic, other_not_hispanic, two_plus_not_hispanic]
FROM counties WHERE hispanic IS NOT NULL AND white IS NOT NULL ORDER BY fips
"""


def _county_races(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for fips, hispanic, of_any, not_hispanic in con.execute(_SHARES).fetchall():
        cells = (*not_hispanic, *split(hispanic, of_any, not_hispanic))
        total = sum(cells)
        for i, percent in enumerate(cells):
            yield fips, RACES[i % len(RACES)], i >= len(RACES), 100 * percent / total


def split(hispanic: float, of_any: Sequence[float], others: Sequence[float]) -> list[float]:
    """The Hispanic people by race: as those of any ethnicity exceed those who are not Hispanic.

    Example:
        >>> split(10, [70, 32], [68, 24])
        [2.0, 8.0]
    """
    more = [max(a - b, 0) for a, b in zip(of_any, others, strict=True)]
    if not sum(more):
        more = list(of_any)
    return [hispanic * part / sum(more) for part in more]


COUNTY_RACES = Table(
    Source(
        table="county_races",
        publisher="U.S. Census Bureau; CDC/ATSDR",
        vintage="ACS 2018-22 through SVI 2022; Hispanics by race: ACS 2015-19",
        licence=PUBLIC,
        denominator=PERSONS.replace(" on 1 July 2023", ""),
        files="",
        transformation=(
            "race by ethnicity in percent, 100 in each county: not Hispanic as in counties "
            "(*_not_hispanic); Hispanics split by race as people of any ethnicity exceed those "
            "not Hispanic; ordered by fips, ethnicity, race as in counties"
        ),
        columns="fips VARCHAR, race VARCHAR, hispanic BOOLEAN, percent DOUBLE",
    ),
    (),
    _county_races,
    after=("counties",),
)

TABLES = (COUNTY_RACES,)
