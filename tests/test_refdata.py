"""The reference tables are what SOURCES.csv says, and what the publishers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genesis_sql import refdata
from genesis_sql.errors import ModelNotFoundError, SourceError
from genesis_sql.reference_data.build import build
from genesis_sql.reference_data.registry import checksum

PUBLISHERS = Path(__file__).parents[2] / "shared" / "refdata"

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


@pytest.mark.parametrize("name", sorted(refdata.sources()))
def test_origin_is_stated(name: str) -> None:
    stated = refdata.sources()[name]
    assert all(stated[field] for field in ("publisher", "vintage", "licence", "transformation"))


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


@pytest.mark.skipif(not PUBLISHERS.is_dir(), reason="needs the files of ../shared/refdata")
def test_build_gives_what_ships(tmp_path: Path) -> None:
    assert {built.status for built in build(PUBLISHERS, tmp_path)} == {"built"}
    assert refdata.sources(str(tmp_path)) == refdata.sources()


def test_build_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match="holds none of the publishers' files, such as co-est2023"
    ):
        build(tmp_path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["countiess", "../SOURCES", ""])
def test_unknown_table_is_named(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match=r"there is no reference table .*counties"):
        refdata.read(name)
