"""Counties that were redrawn: how a figure of the old ones is carried onto those of 2022."""

from __future__ import annotations

import duckdb

CONNECTICUT = (
    ("09110", "09003", 827245), ("09110", "09013", 149003), ("09120", "09001", 325778),
    ("09130", "09007", 164245), ("09130", "09011", 9980), ("09140", "09001", 40869),
    ("09140", "09003", 60833), ("09140", "09005", 54326), ("09140", "09009", 294348),
    ("09150", "09011", 2570), ("09150", "09013", 785), ("09150", "09015", 91993),
    ("09160", "09003", 11420), ("09160", "09005", 101083), ("09170", "09009", 570487),
    ("09180", "09011", 256005), ("09180", "09015", 24425), ("09190", "09001", 590772),
    ("09190", "09005", 29777),
)  # fmt: skip
"""Planning region, old county, people of its towns at the 2020 Census (P.L. 94-171)."""

ALASKA = (("02063", "02261", 1), ("02066", "02261", 1))
"""Chugach and Copper River were Valdez-Cordova until 2019; each takes its percentages."""

_TABLES = """
CREATE TEMP TABLE redrawn (fips VARCHAR, old VARCHAR, people BIGINT);
CREATE TEMP MACRO figure(x) AS nullif(TRY_CAST(x AS DOUBLE), -999);
CREATE TEMP MACRO code(x) AS lpad(CAST(CAST(CAST(x AS DOUBLE) AS INTEGER) AS VARCHAR), 5, '0');
CREATE TEMP MACRO mean_of(x, people) AS
    round(sum(people * figure(x)) / sum(people) FILTER (WHERE figure(x) IS NOT NULL), 1);
"""

CURRENT = """
CREATE OR REPLACE TEMP TABLE current_counties AS
SELECT GEOID AS fips, coalesce(old, GEOID) AS old, coalesce(people, 1) AS people,
       old IS NOT NULL AS mapped
FROM gazetteer LEFT JOIN redrawn ON fips = GEOID
WHERE GEOID < '57'
"""
"""Every county of the states with the code older files have for it, more than once if several."""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """What the makers read beside the publishers' files: redrawn counties, and three macros.

    ``figure`` reads a number, or NULL for what stands in place of a missing one (-999, -, nothing);
    ``code`` a FIPS code that lost its zeros; ``mean_of`` is an average weighted by people.
    """
    con.execute(_TABLES)
    con.executemany("INSERT INTO redrawn VALUES (?, ?, ?)", [*CONNECTICUT, *ALASKA])
