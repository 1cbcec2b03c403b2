"""The reference tables are what SOURCES.csv says, and what the publishers say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from genesis_sql import refdata
from genesis_sql.errors import ModelNotFoundError, SourceError
from genesis_sql.reference_data.registry import checksum

KNOWN_COUNTIES = [
    ("01001", "Autauga County", "AL", 60342),
    ("06037", "Los Angeles County", "CA", 9663345),
    ("09110", "Capitol Planning Region", "CT", 975328),
    ("24510", "Baltimore city", "MD", 565239),
    ("35013", "Doña Ana County", "NM", 225210),
]


def test_there_is_at_least_one_table() -> None:
    assert "counties" in refdata.sources()


@pytest.mark.parametrize("name", sorted(refdata.sources()))
def test_checksum_and_rows_are_as_stated(name: str) -> None:
    stated = refdata.sources()[name]
    table = refdata.read(name)
    rows = [list(row.values()) for row in table.to_pylist()]
    assert checksum(table.column_names, rows) == stated["sha256"]
    assert table.num_rows == int(stated["rows"]) > 0
    assert table.column_names == [pair.split()[0] for pair in stated["columns"].split(", ")]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_no_thread_begins() -> None:
    """A process that ends while a thread of Arrow's begins is aborted, its work done."""
    text = """
import os, pyarrow.parquet
from genesis_sql import refdata
before = len(os.listdir("/proc/self/task"))
print(refdata.read("counties").num_rows, len(os.listdir("/proc/self/task")) - before)
"""
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3144", "0"]


@pytest.mark.parametrize("name", sorted(refdata.sources()))
def test_origin_is_stated(name: str) -> None:
    stated = refdata.sources()[name]
    fields = ("publisher", "vintage", "licence", "denominator", "transformation", "columns")
    assert all(stated[field] for field in fields)


def test_every_data_file_has_its_row_in_sources() -> None:
    folder = Path(str(refdata.path("SOURCES"))).parent
    files = {f.stem for f in folder.iterdir() if f.suffix in {".csv", ".parquet"}}
    assert files == {"SOURCES", *refdata.sources()}


def test_counties_are_complete() -> None:
    counties = refdata.read("counties").to_pydict()
    fips, state, population = counties["fips"], counties["state"], counties["population"]
    assert len(fips) == len(set(fips)) == 3144
    assert all(re.fullmatch("[0-9]{5}", code) for code in fips)
    assert (len(set(state)), state.count("TX")) == (51, 254)
    assert (sum(population), min(population)) == (334914895, 43)


@pytest.mark.parametrize("row", KNOWN_COUNTIES, ids=lambda row: row[1])
def test_known_counties(row: tuple[str, str, str, int]) -> None:
    columns = refdata.read("counties").select(["fips", "name", "state", "population"]).to_pydict()
    assert row in list(zip(*columns.values(), strict=True))


def test_a_folder_of_tables_is_read_instead(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no SOURCES\.csv; .*genesis reference build --from DIR"):
        refdata.sources(str(tmp_path))
    for name in ("SOURCES", "mdc"):
        place = refdata.path(name)
        (tmp_path / place.name).write_bytes(place.read_bytes())
    assert refdata.read("mdc", str(tmp_path)).equals(refdata.read("mdc"))
    assert refdata.path("mdc", str(tmp_path)) == tmp_path / "mdc.parquet"
    with pytest.raises(SourceError, match=r"wages\.parquet' is not there, though SOURCES\.csv"):
        refdata.read("wages", str(tmp_path))
    (tmp_path / "mdc.parquet").write_bytes(b"no")
    with pytest.raises(SourceError, match=r"mdc\.parquet' is not a Parquet file"):
        refdata.read("mdc", str(tmp_path))
    (tmp_path / "SOURCES.csv").write_text("table,rows\nmdc,1\n")
    with pytest.raises(SourceError, match=r"of another release: it lacks columns, licence"):
        refdata.sources(str(tmp_path))


def test_all_tables_are_small_together() -> None:
    sizes = [len(refdata.path(name).read_bytes()) for name in ("SOURCES", *refdata.sources())]
    assert len(sizes) > 15
    assert sum(sizes) < 12_000_000


@pytest.mark.parametrize("name", ["countiess", "../SOURCES", ""])
def test_unknown_table_is_named(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match=r"there is no reference table .*counties"):
        refdata.read(name)
