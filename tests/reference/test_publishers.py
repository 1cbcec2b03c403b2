"""Loaders of real directories, on small files with the publishers' headings and rows of our own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import AccessError, OptionError, SourceError, TargetError

NASTY = "x'); DROP TABLE victim; --\""
REAL = (
    Path(__file__).parents[2]
    / ".."
    / "shared"
    / "refdata"
    / "cms"
    / "Hospital_General_Information.csv"
)
NPPES = [
    "NPI", "Entity Type Code", "Replacement NPI", "Provider Organization Name (Legal Business Name)",
    "Provider Last Name (Legal Name)", "Provider First Name", "Provider Credential Text",
    "Provider First Line Business Practice Location Address", "Provider Business Practice Location Address City Name",
    "Provider Business Practice Location Address State Name", "Provider Business Practice Location Address Postal Code",
    "Provider Business Practice Location Address Telephone Number", "NPI Deactivation Date", "NPI Reactivation Date",
    "Provider Sex Code", "Healthcare Provider Taxonomy Code_1", "Healthcare Provider Primary Taxonomy Switch_1",
    "Healthcare Provider Taxonomy Code_2", "Healthcare Provider Primary Taxonomy Switch_2",
]  # fmt: skip
PROVIDERS = [
    ["2000000001", "1", "", "", "ROWE", "ANA", "MD", "1 ELM ST", "Ayeville", "TX", "700011234", "5550100", "", "", "F", "207RC0000X", "Y", "", ""],
    ["2000000002", "1", "", "", "O'NEIL", "CARL", "", "2 ELM ST", "BORDER", "TX", "70002", "", "", "", "M", "207R00000X", "N", "207RE0101X", "Y"],
    ["2000000003", "2", "", NASTY, "", "", "", "3 ELM ST", "ZEROTOWN", "TX", "501", "", "", "", "", "333600000X", "N", "", ""],
    ["2000000004", "", "", "", "", "", "", "", "", "", "", "", "01/02/2020", "", "", "", "", "", ""],
    ["2000000005", "1", "", "", "BACK", "BEA", "", "5 ELM ST", "DUSTY", "NM", "80001", "", "01/02/2020", "01/02/2021", "F", "207RC0000X", "Y", "", ""],
]  # fmt: skip
POS = [
    "PRVDR_CTGRY_SBTYP_CD", "PRVDR_CTGRY_CD", "CITY_NAME", "FAC_NAME", "PRVDR_NUM", "PGM_TRMNTN_CD", "STATE_CD", "ST_ADR",
    "ZIP_CD", "FIPS_STATE_CD", "FIPS_CNTY_CD", "BED_CNT", "CRTFD_BED_CNT", "GNRL_CNTL_TYPE_CD",
]  # fmt: skip
FACILITIES = [
    ["01", "01", "AYEVILLE", "AYE GENERAL", "450001", "00", "TX", "1 OAK ST", "70001", "48", "001", "250", "240", "02"],
    ["11", "1", "AYEVILLE", "AYE SMALL", "451301", "0", "TX", "2 OAK ST", "70001", "48", "1", "", "25", "02"],
    ["01", "01", "BORDER", "GONE", "450003", "01", "TX", "3 OAK ST", "70002", "48", "003", "99", "", "02"],
    ["", "09", "BORDER", "KIDNEYS", "452501", "00", "TX", "4 OAK ST", "70002", "", "", "0", "0", ""],
    ["", "16", "DUSTY", "NIÑO HOSPICE", "321501", "00", "NM", "5 OAK ST", "80001", "35", "001", "", "", ""],
    ["", "88", "DUSTY", "OTHER", "329999", "00", "NM", "6 OAK ST", "80001", "35", "001", "", "", ""],
]  # fmt: skip
CARE = [
    "Facility ID", "Facility Name", "Address", "City/Town", "State", "ZIP Code", "County/Parish", "Telephone Number",
    "Hospital Type", "Hospital Ownership", "Emergency Services", "Hospital overall rating",
]  # fmt: skip
HOSPITALS = [
    ["450001", "AYE GENERAL", "1 OAK ST", "AYEVILLE", "TX", "70001", "AYE", "(555) 0100", "Acute Care Hospitals", "Proprietary", "Yes", "4"],
    ["451301", "AYE SMALL", "2 OAK ST", "AYEVILLE", "TX", "70001", "NOWHERE", "", "Critical Access Hospitals", "", "No", "Not Available"],
]  # fmt: skip


def write(
    path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8"
) -> str:
    """A CSV file as the publishers write theirs."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(headings)
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def nppes(tmp_path: Path) -> str:
    return write(tmp_path / "npidata_pfile.csv", NPPES, PROVIDERS)


@pytest.fixture
def pos(tmp_path: Path) -> str:
    return write(tmp_path / "pos.csv", POS, FACILITIES, "latin-1")


@pytest.fixture
def care(tmp_path: Path) -> str:
    return write(tmp_path / "care.csv", CARE, HOSPITALS)


def test_nppes(own: duckdb.DuckDBPyConnection, nppes: str) -> None:
    rows = own.execute("CALL genesis_load_directory('nppes', path := ?)", [nppes]).fetchall()
    assert rows == [("providers_nppes", 4, "loaded", "")]
    query = "SELECT npi, entity, last_name, organisation, taxonomy, taxonomies, city, zip, county_fips, fictional FROM genesis_reference.providers_nppes ORDER BY npi"
    assert own.execute(query).fetchall() == [
        (
            "2000000001",
            "person",
            "ROWE",
            None,
            "207RC0000X",
            ["207RC0000X"],
            "AYEVILLE",
            "70001",
            "48001",
            False,
        ),
        (
            "2000000002",
            "person",
            "O'NEIL",
            None,
            "207RE0101X",
            ["207R00000X", "207RE0101X"],
            "BORDER",
            "70002",
            "48003",
            False,
        ),
        (
            "2000000003",
            "organisation",
            None,
            NASTY,
            "333600000X",
            ["333600000X"],
            "ZEROTOWN",
            "00501",
            "48003",
            False,
        ),
        (
            "2000000005",
            "person",
            "BACK",
            None,
            "207RC0000X",
            ["207RC0000X"],
            "DUSTY",
            "80001",
            "35001",
            False,
        ),
    ]


def test_only_of_a_state(own: duckdb.DuckDBPyConnection, nppes: str) -> None:
    assert genesis_sql.load_directory(own, "nppes", nppes)[0]["status"] == "loaded"
    found = genesis_sql.load_directory(own, "nppes", nppes, state="new mexico")
    assert (found[0]["rows"], found[0]["status"]) == (1, "replaced")
    with pytest.raises(SourceError, match="no row that counts; nothing was changed"):
        genesis_sql.load_directory(own, "nppes", nppes, state="AK")
    assert own.execute("SELECT count(*) FROM genesis_reference.providers_nppes").fetchall() == [
        (1,)
    ]


def test_pos(own: duckdb.DuckDBPyConnection, pos: str) -> None:
    genesis_sql.load_directory(own, "pos", pos)
    query = "SELECT facility_id, name, type, county_fips, zip, beds FROM genesis_reference.facilities_pos ORDER BY facility_id"
    assert own.execute(query).fetchall() == [
        ("321501", "NIÑO HOSPICE", "hospice", "35001", "80001", None),
        ("329999", "OTHER", "category 88", "35001", "80001", None),
        ("450001", "AYE GENERAL", "hospital", "48001", "70001", 250),
        ("451301", "AYE SMALL", "hospital", "48001", "70001", 25),
        ("452501", "KIDNEYS", "dialysis", "48003", "70002", None),
    ]


def test_care_compare(own: duckdb.DuckDBPyConnection, care: str) -> None:
    genesis_sql.load_directory(own, "care_compare", care)
    query = "SELECT facility_id, type, subtype, county_fips, rating, ownership FROM genesis_reference.facilities_care_compare"
    assert own.execute(query).fetchall() == [
        ("450001", "hospital", "Acute Care Hospitals", "48001", 4, "Proprietary"),
        ("451301", "hospital", "Critical Access Hospitals", "48001", None, None),
    ]


def test_headings_of_other_releases(own: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    older = {
        "Facility ID": "Provider ID",
        "Facility Name": "Hospital Name",
        "City/Town": "City",
        "County/Parish": "County Name",
    }
    path = write(tmp_path / "older.csv", [older.get(h, h.upper()) for h in CARE], HOSPITALS)
    assert genesis_sql.load_directory(own, "care_compare", path)[0]["rows"] == 2


@pytest.mark.skipif(not REAL.exists(), reason="the publisher's file is not here")
def test_the_publishers_own_file(con: duckdb.DuckDBPyConnection) -> None:
    genesis_sql.load_reference(con, tables=["counties", "zip_county"])
    genesis_sql.load_directory(con, "care_compare", str(REAL))
    query = """SELECT count(*), count(rating), count(*) FILTER (WHERE county_fips IS NULL AND state NOT IN ('PR', 'GU', 'VI', 'AS', 'MP')),
      count(*) FILTER (WHERE county_fips IS NOT NULL) FROM genesis_reference.facilities_care_compare"""
    hospitals, rated, lost, found = con.execute(query).fetchall()[0]
    assert (hospitals, lost) == (5421, 0)
    assert rated == 2869
    assert found > 5300


def test_without_reference_tables_counties_stay_unknown(
    con: duckdb.DuckDBPyConnection, nppes: str
) -> None:
    genesis_sql.load_directory(con, "nppes", nppes)
    assert con.execute(
        "SELECT count(*), count(county_fips) FROM genesis_reference.providers_nppes"
    ).fetchall() == [(4, 0)]


def test_parquet_is_read_too(own: duckdb.DuckDBPyConnection, nppes: str, tmp_path: Path) -> None:
    path = str(tmp_path / "npi.parquet")
    own.execute(f"COPY (FROM read_csv('{nppes}')) TO '{path}' (FORMAT parquet)")  # NPIs as numbers
    assert genesis_sql.load_directory(own, "nppes", path)[0]["rows"] == 4
    assert own.execute(
        "SELECT min(npi), min(zip) FROM genesis_reference.providers_nppes"
    ).fetchall() == [("2000000001", "00501")]


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("nppes", "Entity Type Code"), ("pos", "FAC_NAME"), ("care_compare", "Hospital Type")],
)
def test_a_missing_column(
    nation: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str, heading: str
) -> None:
    headings, rows = {
        "nppes": (NPPES, PROVIDERS),
        "pos": (POS, FACILITIES),
        "care_compare": (CARE, HOSPITALS),
    }[kind]
    path = write(tmp_path / "a.csv", [f"{h}s" if h == heading else h for h in headings], rows)
    with pytest.raises(SourceError, match=f"has no column '{heading}'.*did you mean '{heading}s'"):
        genesis_sql.load_directory(nation, kind, path)


def test_what_is_no_directory(
    nation: duckdb.DuckDBPyConnection, nppes: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="no directory of kind 'npes'; did you mean 'nppes'"):
        genesis_sql.load_directory(nation, "npes", nppes)
    with pytest.raises(SourceError, match="there is no file"):
        genesis_sql.load_directory(nation, "nppes", str(tmp_path / "nothing.csv"))
    (tmp_path / "npi.zip").write_bytes(b"PK")
    with pytest.raises(SourceError, match="unpack a ZIP archive"):
        genesis_sql.load_directory(nation, "nppes", str(tmp_path / "npi.zip"))
    (tmp_path / "bad.parquet").write_bytes(b"PAR0")
    with pytest.raises(SourceError, match="cannot be read"):
        genesis_sql.load_directory(nation, "nppes", str(tmp_path / "bad.parquet"))


def test_a_connection_closed_to_files(closed: duckdb.DuckDBPyConnection, nppes: str) -> None:
    with pytest.raises(AccessError, match="enable_external_access"):
        genesis_sql.load_directory(closed, "nppes", nppes)
    with pytest.raises(duckdb.Error, match="AccessError"):
        closed.execute("CALL genesis_load_directory('nppes', path := ?)", [nppes]).fetchall()


def test_a_table_of_the_users_is_left_alone(own: duckdb.DuckDBPyConnection, nppes: str) -> None:
    own.execute("CREATE TABLE genesis_reference.providers_nppes AS SELECT 42 AS mine")
    with pytest.raises(TargetError, match="providers_nppes was not made by this package"):
        genesis_sql.load_directory(own, "nppes", nppes)
    assert own.execute("FROM genesis_reference.providers_nppes").fetchall() == [(42,)]


def test_names_are_never_sql(own: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    own.execute("CREATE TABLE victim AS SELECT 1 AS a")
    path = write(
        tmp_path / f"{NASTY.replace('/', '')}.csv",
        [*NPPES[:-4], NASTY, *NPPES[-4:]],
        [[*r[:-4], NASTY, *r[-4:]] for r in PROVIDERS],
    )
    own.execute("CALL genesis_load_directory('nppes', path := ?)", [path]).fetchall()
    for given in (
        {"kind": NASTY, "path": path},
        {"kind": "nppes", "path": NASTY},
        {"kind": "nppes", "path": path, "state": NASTY},
    ):
        with pytest.raises(genesis_sql.GenesisError):
            genesis_sql.load_directory(own, **given)
    assert own.execute("FROM victim").fetchall() == [(1,)]
    assert own.execute("SELECT count(*) FROM genesis_reference.providers_nppes").fetchall() == [
        (4,)
    ]
