"""Searches: the real directory before the invented one, and a sentence where neither can answer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import ModelNotFoundError, OptionError
from tests.reference import test_publishers as files

NASTY = files.NASTY


def _of(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.execute(query).fetchall()


def test_where_there_is_no_directory(nation: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(
        ModelNotFoundError, match="no directory of providers is there: download the NPPES file"
    ):
        genesis_sql.find_providers(nation, state="TX")
    with pytest.raises(
        ModelNotFoundError, match=r"CALL genesis_make_directory\(\) for an invented one"
    ):
        genesis_sql.find_facilities(nation, state="TX")


def test_the_invented_one(invented: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT count(*), bool_and(fictional), min(source) FROM genesis_find_facilities(state := 'texas')"
    assert _of(invented, query) == [(9, True, "facilities_fictional")]
    assert _of(
        invented, "SELECT count(*) FROM genesis_find_facilities(facility_type := 'Hospital')"
    ) == [(7,)]
    assert _of(
        invented,
        "SELECT count(*) FROM genesis_find_facilities(facility_type := 'psychiatric_hospital')",
    ) == [(1,)]
    assert (
        _of(
            invented,
            "SELECT count(*), min(beds) >= 250 FROM genesis_find_facilities(min_beds := 250)",
        )[0][1]
        is True
    )
    assert _of(
        invented, "SELECT count(*) FROM genesis_find_facilities(county := 'Bee', state := 'TX')"
    ) == [(3,)]
    query = "SELECT count(*), min(source) FROM genesis_find_providers(specialty := 'dialysis', county := '48001')"
    assert _of(invented, query) == [(2, "providers_fictional")]
    assert {
        c for (c,) in _of(invented, "SELECT city FROM genesis_find_providers(city := ' Dusty ')")
    } == {"DUSTY"}


def test_specialties_that_nobody_counts_are_not_invented(
    invented: duckdb.DuckDBPyConnection,
) -> None:
    for given in (
        {"specialty": "endocrinology"},
        {"specialty": "Emergency_Medicine"},
        {"taxonomy": "207RC0000X"},
    ):
        with pytest.raises(
            ModelNotFoundError, match=r"none are invented.*CALL genesis_load_directory\('nppes'"
        ):
            genesis_sql.find_providers(invented, **given)
    with pytest.raises(
        duckdb.Error, match="no public figures count the providers of specialty 'cardiology'"
    ):
        invented.execute("FROM genesis_find_providers(specialty := 'cardiology')")


def test_nppes_comes_first(own: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    genesis_sql.make_directory(own)
    genesis_sql.load_directory(
        own, "nppes", files.write(tmp_path / "n.csv", files.NPPES, files.PROVIDERS)
    )
    query = "SELECT npi, source, fictional FROM genesis_find_providers(state := 'TX', specialty := 'cardiology')"
    assert _of(own, query) == [("2000000001", "providers_nppes", False)]
    found = genesis_sql.find_providers(own, taxonomy="207re0101x").project("npi").fetchall()
    assert found == [("2000000002",)]
    assert _of(own, "SELECT npi FROM genesis_find_providers(county := '48003')") == [
        ("2000000002",),
        ("2000000003",),
    ]
    assert _of(own, "SELECT count(*) FROM genesis_find_providers(most := 2)") == [(2,)]
    assert _of(own, "SELECT count(*) FROM genesis_find_providers(most := 0)") == [(0,)]
    assert genesis_sql.find_providers(own, city="nowhere").fetchall() == []


def test_pos_before_care_compare_before_the_invented_one(
    own: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    care = files.write(tmp_path / "c.csv", files.CARE, files.HOSPITALS)
    genesis_sql.load_directory(own, "care_compare", care)
    source = "SELECT DISTINCT source FROM genesis_find_facilities({})"
    assert _of(own, source.format("facility_type := 'hospital'")) == [("facilities_care_compare",)]
    for given in ({"min_beds": 1}, {"facility_type": "dialysis"}):
        with pytest.raises(
            ModelNotFoundError, match="hospitals only, without beds: CALL genesis_load_directory"
        ):
            genesis_sql.find_facilities(own, **given)
    genesis_sql.make_directory(own)
    assert _of(own, source.format("min_beds := 1")) == [("facilities_fictional",)]
    genesis_sql.load_directory(
        own, "pos", files.write(tmp_path / "p.csv", files.POS, files.FACILITIES)
    )
    assert _of(own, source.format("")) == [("facilities_pos",)]
    query = "SELECT facility_id FROM genesis_find_facilities(state := 'TX', facility_type := 'hospital', min_beds := 200)"
    assert _of(own, query) == [("450001",)]


@pytest.mark.parametrize(
    ("function", "given", "text"),
    [
        ("find_providers", {"state": "TZ"}, "there is no state 'TZ'"),
        (
            "find_providers",
            {"specialty": "cardiolgy"},
            "no specialty 'cardiolgy' here.*did you mean 'cardiology'",
        ),
        ("find_providers", {"specialty": "nursin"}, "did you mean 'nursing'"),
        (
            "find_providers",
            {"taxonomy": "cardiology"},
            "no code of ten characters.*did you mean 'cardiology'",
        ),
        ("find_providers", {"county": "48002"}, "no county '48002'; did you mean '48003'"),
        ("find_providers", {"limit": -1}, "-1 rows cannot be given"),
        ("find_providers", {"limit": 2.5}, "most is 2.5; it takes a whole number"),
        (
            "find_facilities",
            {"facility_type": "hospitl"},
            "no facility type 'hospitl' here.*did you mean 'hospital'",
        ),
        ("find_facilities", {"min_beds": "many"}, "min_beds is 'many'"),
        ("find_facilities", {"state": 48}, "state is 48; it takes a text"),
    ],
)
def test_bad_input(
    invented: duckdb.DuckDBPyConnection, function: str, given: dict[str, object], text: str
) -> None:
    with pytest.raises(OptionError, match=text):
        getattr(genesis_sql, function)(invented, **given)


def test_values_are_never_sql(invented: duckdb.DuckDBPyConnection) -> None:
    quoted = NASTY.replace("'", "''")
    for function, names in (
        ("find_providers", ("state", "county", "specialty", "taxonomy")),
        ("find_facilities", ("state", "county", "facility_type")),
    ):
        assert _of(invented, f"SELECT count(*) FROM genesis_{function}(city := '{quoted}')") == [
            (0,)
        ]
        for name in names:
            with pytest.raises(duckdb.Error, match="OptionError"):
                invented.execute(f"FROM genesis_{function}({name} := '{quoted}')").fetchall()
    assert _of(invented, "FROM victim") == [(1,)]


def test_it_can_be_joined_and_counted(invented: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT c.name, count(*) FROM genesis_find_facilities() AS f JOIN genesis_reference.counties AS c ON c.fips = f.county_fips GROUP BY ALL ORDER BY 2"
    assert _of(invented, query)[-1][1] == 11  # Aye County, of two states
