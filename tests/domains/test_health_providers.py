"""Providers of a profile: out of a directory where one knows them, else invented, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import genesis_sql
from genesis_sql.domains.health.expand import expanded
from genesis_sql.domains.health.figures import Figures
from genesis_sql.errors import ModelNotFoundError, OptionError
from genesis_sql.reference import place
from genesis_sql.reference.directory import FACILITIES, PROVIDERS, make_directory
from genesis_sql.reference.finding import NPPES, PROVIDER_COLUMNS
from genesis_sql.reference.npi import check_digits
from tests.domains.conftest import HARRIS, keep


def _spec(specialty: str, **reference: Any) -> dict[str, Any]:
    return {
        "demographics": {"reference": HARRIS},
        "providers": {
            "source": "networksim",
            "reference": {"specialty": specialty, **reference},
        },
    }


@pytest.fixture
def directory(figures: Figures) -> Iterator[Figures]:
    """The fictional directory of Vermont, for one test."""
    cursor = figures.con.cursor()
    make_directory(cursor, figures.database, state="VT")
    yield figures
    for name in (FACILITIES, PROVIDERS):
        cursor.execute(f"DROP TABLE {place.full(figures.database, name)}")


@pytest.fixture
def nppes(figures: Figures) -> Iterator[Figures]:
    """Three providers of Texas as if NPPES was loaded, one of them a cardiologist of Houston."""
    cursor = figures.con.cursor()
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in PROVIDER_COLUMNS[1:-6])
    query = (
        f"SELECT npi, {columns}, city, 'TX' AS state, '77002' AS zip, '48201' AS county_fips, "
        "CAST(NULL AS VARCHAR) AS phone, false AS fictional, [taxonomy] AS taxonomies "
        "FROM (VALUES ('1000000004', 'HOUSTON', '207RC0000X'), ('1000000012', 'AUSTIN', '207RC0000X'), "
        "('1000000020', 'HOUSTON', '207RE0101X')) AS t(npi, city, taxonomy)"
    )
    place.put(cursor, figures.database, NPPES, query, f"{place.MARK} directory")
    yield figures
    cursor.execute(f"DROP TABLE {place.full(figures.database, NPPES)}")


def test_doctors_nobody_counts_are_invented_and_it_is_said(figures: Figures) -> None:
    plain = expanded(_spec("endocrinology", state="TX"), figures)
    columns = plain["tables"]["providers"]["columns"]
    note = columns["provider_id"]["note"]
    assert "no public-domain file counts endocrinology in Texas" in note
    assert "CALL genesis_load_directory('nppes'" in note
    npis = columns["npi"]["values"]
    assert len(set(npis)) == plain["tables"]["providers"]["rows"] == 25
    import numpy as np

    nine = np.array([int(npi[:9]) for npi in npis])
    assert [int(npi[9]) for npi in npis] == check_digits(nine).tolist()
    assert {npi[0] for npi in npis} == {"2"}


def test_their_number_is_the_specs(figures: Figures) -> None:
    spec = {"providers": {"specialty": "Cardiology", "count": 8, "reference": {"fips": "48201"}}}
    table = expanded(spec, figures)["tables"]["providers"]
    assert table["rows"] == 8
    assert table["columns"]["provider_id"]["note"] == "providers.count: 8"
    assert table["columns"]["county_fips"]["value"] == "48201"


def test_a_loaded_directory_gives_the_rows(nppes: Figures) -> None:
    table = expanded(_spec("cardiology", state="TX"), nppes)["tables"]["providers"]
    assert table["columns"]["npi"]["values"] == ["1000000004", "1000000012"]
    assert table["columns"]["npi"]["origin"] == "reference"
    assert "organisation" not in table["columns"]
    there = expanded(_spec("cardiology", state="TX", city="Houston"), nppes)
    assert there["tables"]["providers"]["columns"]["npi"]["values"] == ["1000000004"]
    with pytest.raises(OptionError, match="the directory has no urology in Harris County, TX"):
        expanded(_spec("urology"), nppes)


def test_facilities_people_come_from_the_fictional_directory(directory: Figures) -> None:
    table = expanded(_spec("dialysis", state="VT"), directory)["tables"]["providers"]
    ((counted,),) = directory.con.execute(
        "SELECT sum(facilities) FROM genesis_reference.facility_counts "
        "JOIN genesis_reference.counties USING (fips) WHERE state = 'VT' AND type = 'dialysis'"
    ).fetchall()
    assert table["rows"] == counted > 0
    assert set(table["columns"]["state"]["values"]) == {"VT"}


def test_without_it_the_statement_is_named(figures: Figures) -> None:
    with pytest.raises(ModelNotFoundError, match=r"CALL genesis_make_directory\(\)"):
        expanded(_spec("dialysis", state="VT"), figures)


def test_patients_see_providers_of_the_table(nppes: Figures) -> None:
    plain = expanded(_spec("cardiology", state="TX"), nppes)
    with genesis_sql.connect() as con:
        keep(con, plain, "seen")
        rows = con.execute(
            "SELECT npi, count(*) FROM genesis_generate('seen', 'patients') "
            "JOIN genesis_generate('seen', 'providers') USING (provider_id) GROUP BY npi ORDER BY npi"
        ).fetchall()
    assert [npi for npi, _ in rows] == ["1000000004", "1000000012"]
    assert sum(n for _, n in rows) == 100
    assert min(n for _, n in rows) > 25


def test_a_larger_run_has_the_same_providers(figures: Figures) -> None:
    spec = {**_spec("endocrinology"), "generation": {"count": 25}}
    with genesis_sql.connect() as con:
        keep(con, expanded(spec, figures), "more")
        con.execute("CALL genesis_run('more', cohort := 'c', count := 500, seed := 1)").fetchall()
        found = con.execute(
            "SELECT (SELECT count(*) FROM c.patients), count(*), count(DISTINCT npi) FROM c.providers"
        ).fetchall()
    assert found == [(500, 25, 25)]
