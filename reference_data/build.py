"""Derives the reference tables from their publishers' files.

``python reference_data/build.py --from DIR``, where DIR holds the files under the publishers' own
names, in any subfolder. Writes the tables and SOURCES.csv beside this file; the result is the same
bytes for the same input.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

HERE = Path(__file__).parent
COUNTY_LEVEL = 50


@dataclass(frozen=True)
class Source:
    """A row of SOURCES.csv; ``columns`` are the names with their DuckDB types."""

    table: str
    publisher: str
    vintage: str
    licence: str
    files: str
    transformation: str
    columns: str
    rows: int = 0
    sha256: str = ""


COUNTIES = Source(
    table="counties",
    publisher="U.S. Census Bureau",
    vintage="Population Estimates Vintage 2023; Gazetteer 2024",
    licence="public domain (work of the United States government)",
    files="co-est2023-alldata.csv; 2024_Gaz_counties_national.txt",
    transformation=(
        "rows of summary level 50; fips = state and county code with leading zeros; "
        "name = CTYNAME; state = USPS of the Gazetteer by state code; "
        "population = POPESTIMATE2023; ordered by fips"
    ),
    columns="fips VARCHAR, name VARCHAR, state VARCHAR, population BIGINT",
)


def counties(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """One row per county or equivalent: fips, name, state, population on 1 July 2023."""
    gazetteer = _read(folder, "2024_Gaz_counties_national.txt", delimiter="\t")
    states = {row["GEOID"][:2]: row["USPS"] for row in gazetteer}
    rows = []
    for row in _read(folder, "co-est2023-alldata.csv"):
        if int(row["SUMLEV"]) == COUNTY_LEVEL:
            fips = f"{int(row['STATE']):02d}{int(row['COUNTY']):03d}"
            rows.append((fips, row["CTYNAME"], states[fips[:2]], row["POPESTIMATE2023"]))
    yield from sorted(rows)


TABLES: dict[Source, Callable[[Path], Iterable[tuple[str, ...]]]] = {COUNTIES: counties}


def build(folder: Path, target: Path) -> list[Source]:
    """Write every table and SOURCES.csv into ``target``; return what SOURCES.csv says."""
    done = [_build_one(source, make(folder), target) for source, make in TABLES.items()]
    header = tuple(field.name for field in fields(Source))
    text = _csv([header, *(tuple(str(v) for v in astuple(source)) for source in done)])
    (target / "SOURCES.csv").write_bytes(text.encode())
    return done


def _build_one(source: Source, rows: Iterable[tuple[str, ...]], target: Path) -> Source:
    header = tuple(pair.split()[0] for pair in source.columns.split(", "))
    lines = [header, *rows]
    data = _csv(lines).encode()
    (target / f"{source.table}.csv").write_bytes(data)
    counted = {"rows": len(lines) - 1, "sha256": hashlib.sha256(data).hexdigest()}
    return Source(**{**vars(source), **counted})


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _read(folder: Path, name: str, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The rows of a file below a folder; the Census writes latin-1, many copies are UTF-8."""
    found = sorted(folder.rglob(name))
    if not found:
        message = f"{folder} does not hold {name}"
        raise FileNotFoundError(message)
    data = found[0].read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
        yield {key.strip(): value.strip() for key, value in row.items() if key and value}


def main() -> None:
    """Parse the arguments, build, done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="DIR")
    build(parser.parse_args().folder, HERE)


if __name__ == "__main__":
    main()
