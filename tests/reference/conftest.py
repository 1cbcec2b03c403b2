"""A small nation made by hand: three counties of two states, whose roll-ups can be worked out on paper."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.reference import place, views
from genesis_sql.sqlbuild import quoted

TABLES = {
    "counties": """
        SELECT * FROM (VALUES
          ('48001', '48', 'TX', 'Aye County', 1000, 30e0, -95e0, 100e0, 1, '100', 'Aye, TX', 'Metro', 50000, 60000, 400, 10e0, 80e0, 20e0, 5e-1),
          ('48003', '48', 'TX', 'Bee County', 3000, 31.0, -97.0, 400.0, 2, '100', 'Aye, TX', 'Metro', 40000, 80000, 100, 30.0, 40.0, NULL, 0.9),
          ('35001', '35', 'NM', 'Aye County', 500, 34.0, -106.0, 900.0, 9, NULL, NULL, NULL, 30000, 40000, 200, 20.0, NULL, 50.0, 0.1)
        ) AS t(fips, state_fips, state, name, population, lat, lon, land_sqmi, rucc, cbsa_code, cbsa_title, cbsa_type,
               median_income, mean_income, households, income_lt10k, white, bachelors, svi_overall)""",
    "county_ages": """
        SELECT fips, sex, age_min, age_max, population::BIGINT AS population FROM (VALUES
          ('48001', 'F', 0, 17, 200), ('48001', 'F', 18, 64, 300), ('48001', 'F', 65, NULL, 100),
          ('48001', 'M', 0, 17, 100), ('48001', 'M', 18, 64, 200), ('48001', 'M', 65, NULL, 100),
          ('48003', 'F', 0, 17, 500), ('48003', 'F', 18, 64, 900), ('48003', 'F', 65, NULL, 100),
          ('48003', 'M', 0, 17, 500), ('48003', 'M', 18, 64, 900), ('48003', 'M', 65, NULL, 100),
          ('35001', 'F', 0, 17, 100), ('35001', 'F', 18, 64, 100), ('35001', 'F', 65, NULL, 50),
          ('35001', 'M', 0, 17, 100), ('35001', 'M', 18, 64, 100), ('35001', 'M', 65, NULL, 50)
        ) AS t(fips, sex, age_min, age_max, population)""",
    # women of 50 to 64 are a fifth of those of 18 to 64: 30 years of 1 and 15 of 0.5 and 2 of 0
    "national_ages": """
        SELECT age::INTEGER AS age, sex,
          (CASE WHEN age BETWEEN 18 AND 19 THEN 0 WHEN age BETWEEN 50 AND 64 THEN 50 ELSE 100 END)::BIGINT AS population
        FROM range(101) AS r(age), (VALUES ('F'), ('M')) AS s(sex)""",
    "measures": """
        SELECT * FROM (VALUES
          ('DIABETES', NULL, 18, NULL, NULL), ('BPHIGH', NULL, 18, NULL, NULL),
          ('BPMED', NULL, 18, NULL, 'BPHIGH'), ('MAMMOUSE', 'F', 50, 64, NULL),
          ('TEETHLOST', NULL, 65, 100, NULL)
        ) AS t(measure, sex, age_min, age_max, "within")""",
    "prevalences": """
        SELECT fips, measure, percent::DOUBLE AS percent, release FROM (VALUES
          ('48001', 'DIABETES', 10.0, '2024'), ('48003', 'DIABETES', 20.0, '2024'), ('35001', 'DIABETES', 40.0, '2022'),
          ('48001', 'BPHIGH', 50.0, '2024'), ('48003', 'BPHIGH', 25.0, '2024'),
          ('48001', 'BPMED', 80.0, '2024'), ('48003', 'BPMED', 60.0, '2024'), ('35001', 'BPMED', 1.0, '2024'),
          ('48001', 'MAMMOUSE', 70.0, '2024'), ('48003', 'MAMMOUSE', 50.0, '2024'),
          ('48001', 'TEETHLOST', 10.0, '2024'), ('48003', 'TEETHLOST', 30.0, '2024')
        ) AS t(fips, measure, percent, release)""",
    "facility_counts": """
        SELECT fips, type, facilities::BIGINT AS facilities, beds::BIGINT AS beds, with_beds::BIGINT AS with_beds FROM (VALUES
          ('48001', 'hospital', 4, 1000, 3), ('48001', 'dialysis', 2, NULL, 0), ('48003', 'psychiatric hospital', 1, 60, 1),
          ('48003', 'hospital', 2, NULL, 0), ('35001', 'nursing', 5, 300, 5)
        ) AS t(fips, type, facilities, beds, with_beds)""",
    "zip_county": """
        SELECT zip, fips, city, state, res_ratio::DOUBLE AS res_ratio FROM (VALUES
          ('70001', '48001', 'AYEVILLE', 'TX', 1.0), ('70002', '48001', 'BORDER', 'TX', 0.3), ('70002', '48003', 'BORDER', 'TX', 0.7),
          ('00501', '48003', 'ZEROTOWN', 'TX', 0.0), ('80001', '35001', 'DUSTY', 'NM', 1.0)
        ) AS t(zip, fips, city, state, res_ratio)""",
    "first_names": """
        SELECT * FROM (VALUES ('Ana', 'F', 1970, 90), ('Bea', 'F', 1980, 10), ('Carl', 'M', 1960, 50), ('Old', 'M', 1930, 9999))
          AS t(name, sex, decade, "count")""",
    "surnames": "SELECT * FROM (VALUES ('Rowe', 0.75), ('O''Neil', 0.25)) AS t(name, share)",
}
"""As the shipped tables, so far as the code under test reads them."""


_LEFT = (
    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory' AND schema_name = 'main'"
)
_ATTACHED = (
    "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'"
)


def put_nation(con: duckdb.DuckDBPyConnection, database: str = "memory") -> None:
    """The small nation, as if this package had loaded it, with its views."""
    cursor = con.cursor()
    place.make_schema(cursor, database)
    for name, query in TABLES.items():
        comment = place.remark("reference table", "Nobody", "1999", "ours", "0" * 64)
        place.put(cursor, database, name, query, comment)
    views.make(cursor, database, anew=True)
    cursor.close()


@pytest.fixture(scope="session")
def _shared() -> Iterator[duckdb.DuckDBPyConnection]:
    """One connection for all tests that write: putting the functions on one takes 0.2 s."""
    connection = genesis_sql.connect()
    yield connection
    connection.close()


@pytest.fixture
def con(_shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory; what a test leaves in it is removed."""
    yield _shared
    _shared.execute("DROP SCHEMA IF EXISTS genesis_reference CASCADE")
    for (name,) in _shared.execute(_LEFT).fetchall():
        _shared.execute(f"DROP TABLE {quoted(name)}")
    for (name,) in _shared.execute(_ATTACHED).fetchall():
        _shared.execute(f"DETACH {quoted(name)}")


@pytest.fixture
def closed() -> Iterator[duckdb.DuckDBPyConnection]:
    """The small nation on a connection that may not touch files, which cannot be undone."""
    connection = genesis_sql.connect()
    put_nation(connection)
    connection.execute("SET enable_external_access = false")
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def nation() -> Iterator[duckdb.DuckDBPyConnection]:
    """The small nation, for tests that only read."""
    connection = genesis_sql.connect()
    put_nation(connection)
    yield connection
    connection.close()


@pytest.fixture
def own(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The small nation in a database of the test's own; `ensure` finds the other tables missing."""
    put_nation(con)
    return con


@pytest.fixture(scope="session")
def invented() -> Iterator[duckdb.DuckDBPyConnection]:
    """The small nation with its fictional directory, for tests that only read."""
    connection = genesis_sql.connect()
    put_nation(connection)
    genesis_sql.make_directory(connection)
    connection.execute("CREATE TABLE victim AS SELECT 1 AS a")
    yield connection
    connection.close()
