"""Calendar parts of a moment that are told in another time zone hold in every row."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql

WEATHER = """
SET TimeZone = 'UTC';
CREATE TABLE weather AS
SELECT seen AT TIME ZONE 'UTC' AS seen, station,
    extract(year FROM there) AS year, extract(month FROM there) AS month,
    extract(day FROM there) AS day, extract(hour FROM there) AS hour,
    extract(isodow FROM there) AS weekday, CAST(hash(seen, station) % 40 AS INTEGER) AS temp
FROM (
    SELECT seen, seen + to_hours(CASE WHEN seen BETWEEN '2013-03-10 07:00' AND '2013-11-03 05:00'
        THEN -4 ELSE -5 END) AS there
    FROM (SELECT TIMESTAMP '2013-01-01' + to_hours(i) AS seen FROM range(8700) r(i))
), (VALUES ('A'), ('B')) s(station);
ALTER TABLE weather ADD PRIMARY KEY (seen, station);
"""
PARTS = {"year": "year", "month": "month", "day": "day", "hour": "hour", "weekday": "isodow"}
THERE = """
(seen AT TIME ZONE 'UTC' + to_hours(CASE
    WHEN seen BETWEEN TIMESTAMPTZ '2013-03-10 07:00:00+00' AND TIMESTAMPTZ '2013-11-03 05:00:00+00'
    THEN -4 ELSE -5 END))
"""


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(WEATHER)
    con.execute("CALL genesis_fit('w', 'weather')")
    con.execute("CREATE TABLE made AS FROM genesis_generate('w', rows := 12000, seed := 3)")
    yield con
    con.close()


def test_they_are_found_and_told(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute(
        "SELECT column_name, reason FROM genesis_describe('w') WHERE step = 'formula'"
    ).fetchall()
    assert {name for name, _ in found} >= {"month", "day", "hour", "weekday"}
    assert dict(found)["hour"] == "hour of seen -5 h to -4 h"
    assert dict(found)["weekday"] == "weekday, Monday 1 of seen -5 h to -4 h"


def test_they_hold_in_every_row(db: duckdb.DuckDBPyConnection) -> None:
    wrong = " OR ".join(f"{p} <> extract({what} FROM {THERE})" for p, what in PARTS.items())
    count = "SELECT count(*), count(*) FILTER (WHERE {}), count(DISTINCT month) FROM {}"
    assert db.execute(count.format(wrong, "weather")).fetchall() == [(17_400, 0, 12)]
    ((rows, broken, months),) = db.execute(count.format(wrong, "made")).fetchall()
    assert (rows, broken) == (12_000, 0)
    assert months > 5


def test_a_clock_that_jumps_about_is_none(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        "CREATE TABLE odd AS SELECT seen, station, (hour + hash(seen) % 2) % 24 AS hour FROM weather"
    )
    db.execute("CALL genesis_fit('odd', 'odd')")
    steps = "SELECT step FROM genesis_describe('odd') WHERE column_name = 'hour'"
    assert db.execute(steps).fetchall() not in ([], [("formula",)])


def test_names_are_quoted(db: duckdb.DuckDBPyConnection) -> None:
    name = 'a"b {0} // 1; DROP TABLE made; --'
    quoted = name.replace('"', '""')
    db.execute(f'CREATE TABLE named AS SELECT seen AS "{quoted}", station, hour FROM weather')
    db.execute("CALL genesis_fit('named', 'named')")
    (told,) = db.execute(
        "SELECT reason FROM genesis_describe('named') WHERE column_name = 'hour'"
    ).fetchall()
    assert told == (f"hour of {name} -5 h to -4 h",)
    there = THERE.replace("seen", f'"{quoted}"')
    query = f"SELECT count(*), count(*) FILTER (WHERE hour <> extract(hour FROM {there})) FROM "
    made = db.execute(query + "genesis_generate('named', rows := 3000)").fetchall()
    assert made == [(3000, 0)]
