"""The fictional directory: as many as counted, in their county, invented, the same again."""

from __future__ import annotations

import math

import duckdb
import pytest

import genesis_sql
from genesis_sql import refdata
from genesis_sql.errors import OptionError, SourceError, TargetError
from tests.reference.conftest import put_nation
from tests.reference.test_npi import luhn

NASTY = "x'); DROP TABLE victim; --\""


@pytest.fixture
def made(own: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    genesis_sql.make_directory(own)
    return own


def _all(
    con: duckdb.DuckDBPyConnection, table: str, where: str = "true"
) -> list[tuple[object, ...]]:
    return con.execute(f"FROM genesis_reference.{table} WHERE {where} ORDER BY npi").fetchall()


def test_as_many_as_are_counted(invented: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT county_fips, type, count(*), sum(beds), count(beds) FROM genesis_reference.facilities_fictional GROUP BY ALL ORDER BY ALL"
    counted = "SELECT fips, type, facilities, beds, with_beds FROM genesis_reference.facility_counts ORDER BY ALL"
    assert invented.execute(query).fetchall() == invented.execute(counted).fetchall()
    least = invented.execute(
        "SELECT min(beds) FROM genesis_reference.facilities_fictional"
    ).fetchall()
    assert least[0][0] > 0


def test_one_person_in_charge_of_each(invented: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT count(*), count(DISTINCT p.npi), bool_and(p.organisation = f.name), bool_and(p.specialty = f.type),
      bool_and(p.address = f.address), bool_and(p.county_fips = f.county_fips)
      FROM genesis_reference.providers_fictional AS p JOIN genesis_reference.facilities_fictional AS f USING (facility_id)"""
    assert invented.execute(query).fetchall() == [(14, 14, True, True, True, True)]
    roles = dict(
        invented.execute(
            "SELECT DISTINCT specialty, role FROM genesis_reference.providers_fictional"
        ).fetchall()
    )
    assert roles["psychiatric hospital"] == roles["hospital"] == "head of the medical staff"
    assert roles["dialysis"] == "medical director"


def test_numbers_are_valid_and_once_each(invented: duckdb.DuckDBPyConnection) -> None:
    found = [
        n
        for t in ("facilities", "providers")
        for (n,) in invented.execute(f"SELECT npi FROM genesis_reference.{t}_fictional").fetchall()
    ]
    assert len(found) == len(set(found)) == 28
    assert all(luhn(f"80840{n}") and n.startswith("2") for n in found)


def test_they_say_that_they_are_fictional(invented: duckdb.DuckDBPyConnection) -> None:
    for table in ("facilities_fictional", "providers_fictional"):
        assert invented.execute(
            f"SELECT bool_and(fictional) FROM genesis_reference.{table}"
        ).fetchall() == [(True,)]
        comment = invented.execute(
            "SELECT comment FROM duckdb_tables() WHERE table_name = ?", [table]
        ).fetchall()[0][0]
        assert "no such place or person" in comment


def test_they_lie_in_their_county(invented: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT f.lat, f.lon, c.lat, c.lon, c.land_sqmi FROM genesis_reference.facilities_fictional AS f
      JOIN genesis_reference.counties AS c ON c.fips = f.county_fips"""
    rows = invented.execute(query).fetchall()
    assert len(rows) == 14
    for lat, lon, at_lat, at_lon, area in rows:
        north = (lat - at_lat) * 69.0
        east = (lon - at_lon) * 69.17 * math.cos(math.radians(at_lat))
        assert 0 < math.hypot(north, east) <= 0.51 * math.sqrt(area / math.pi)
    assert len({row[:2] for row in rows}) == 14


def test_zips_and_cities_are_the_countys(invented: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT DISTINCT f.state, f.county_fips, f.zip, f.city, z.res_ratio FROM genesis_reference.facilities_fictional AS f LEFT JOIN genesis_reference.zip_county AS z ON z.zip = f.zip AND z.fips = f.county_fips AND z.city = f.city"
    rows = invented.execute(query).fetchall()
    assert rows
    assert all(ratio is not None and ratio > 0 for *_, ratio in rows)


def test_zips_come_by_their_weight(own: duckdb.DuckDBPyConnection) -> None:
    own.execute(
        "UPDATE genesis_reference.facility_counts SET facilities = 20000, beds = NULL WHERE fips = '48001' AND type = 'dialysis'"
    )
    genesis_sql.make_directory(own, county="48001")
    query = "SELECT avg((zip = '70001')::INTEGER) FROM genesis_reference.facilities_fictional WHERE type = 'dialysis'"
    share = own.execute(query).fetchall()[0][0]
    assert share == pytest.approx(1 / 1.3, abs=5 * math.sqrt(0.77 * 0.23 / 20000))


def test_names_come_by_their_weight_of_those_of_working_age(own: duckdb.DuckDBPyConnection) -> None:
    own.execute(
        "UPDATE genesis_reference.facility_counts SET facilities = 20000, beds = NULL WHERE fips = '48001' AND type = 'dialysis'"
    )
    genesis_sql.make_directory(own, county="48001")
    names = dict(
        own.execute(
            "SELECT first_name, count(*) FROM genesis_reference.providers_fictional GROUP BY 1"
        ).fetchall()
    )
    assert set(names) == {"Ana", "Bea", "Carl"}
    assert names["Ana"] / (names["Ana"] + names["Bea"]) == pytest.approx(0.9, abs=0.02)
    last = dict(
        own.execute(
            "SELECT last_name, count(*) FROM genesis_reference.providers_fictional GROUP BY 1"
        ).fetchall()
    )
    assert last["Rowe"] / sum(last.values()) == pytest.approx(0.75, abs=0.02)


def test_the_same_again_and_another_with_another_seed(made: duckdb.DuckDBPyConnection) -> None:
    before = _all(made, "facilities_fictional"), _all(made, "providers_fictional")
    rows = genesis_sql.make_directory(made)
    assert [r["status"] for r in rows] == ["replaced", "replaced"]
    assert (_all(made, "facilities_fictional"), _all(made, "providers_fictional")) == before
    genesis_sql.make_directory(made, seed=1)
    assert _all(made, "facilities_fictional") != before[0]


def test_a_countys_directory_is_part_of_the_nations(made: duckdb.DuckDBPyConnection) -> None:
    whole = {
        t: _all(made, t, "county_fips = '48003'")
        for t in ("facilities_fictional", "providers_fictional")
    }
    assert all(len(rows) == 3 for rows in whole.values())
    for given in ({"county": "48003"}, {"county": "bee", "state": "texas"}):
        genesis_sql.make_directory(made, **given)
        assert {t: _all(made, t) for t in whole} == whole
    genesis_sql.make_directory(made, state="NM")
    assert {
        r[0]
        for r in made.execute("SELECT state FROM genesis_reference.facilities_fictional").fetchall()
    } == {"NM"}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"state": "Texsa"}, "there is no state 'Texsa'.*did you mean 'Texas'"),
        ({"county": "48002"}, "there is no county '48002'; did you mean '48003'"),
        ({"county": "Bea County"}, "there is no county 'Bea County'; did you mean 'Bee County'"),
        ({"county": "Aye"}, r"can be any of '35001' \(Aye County, NM\), '48001'"),
        ({"county": "Bee", "state": "NM"}, "there is no county 'Bee' in NM"),
        ({"county": NASTY}, "there is no county"),
        ({"state": NASTY}, "there is no state"),
    ],
)
def test_an_unknown_place(
    nation: duckdb.DuckDBPyConnection, given: dict[str, str], text: str
) -> None:
    with pytest.raises(OptionError, match=text):
        genesis_sql.make_directory(nation, **given)
    assert "facilities_fictional" not in {
        r[0] for r in nation.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    }


def test_through_sql(own: duckdb.DuckDBPyConnection) -> None:
    rows = own.execute("CALL genesis_make_directory(state := 'TX', seed := 3)").fetchall()
    assert [r[:3] for r in rows] == [
        ("facilities_fictional", 9, "made"),
        ("providers_fictional", 9, "made"),
    ]
    assert "begins with 2" in rows[0][3]


def test_a_table_of_the_users_is_left_alone(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("CREATE TABLE genesis_reference.providers_fictional AS SELECT 42 AS mine")
    with pytest.raises(TargetError, match="providers_fictional was not made by this package"):
        genesis_sql.make_directory(own)
    assert own.execute("FROM genesis_reference.providers_fictional").fetchall() == [(42,)]


def test_without_counts_there_is_nothing_to_draw_from(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_nation(con)
    monkeypatch.setattr(refdata, "sources", lambda folder=None: {})
    con.execute("DROP TABLE genesis_reference.facility_counts")
    with pytest.raises(SourceError, match="drawn from genesis_reference.facility_counts"):
        genesis_sql.make_directory(con)


def test_no_facility_is_no_error(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("DELETE FROM genesis_reference.facility_counts WHERE fips = '35001'")
    assert [r["rows"] for r in genesis_sql.make_directory(own, state="NM")] == [0, 0]


@pytest.mark.slow
def test_the_whole_nation(con: duckdb.DuckDBPyConnection) -> None:
    rows = {r["table_name"]: r["rows"] for r in genesis_sql.make_directory(con)}
    counted = con.execute(
        "SELECT sum(facilities), sum(beds) FROM genesis_reference.facility_counts"
    ).fetchall()[0]
    assert rows["facilities_fictional"] == rows["providers_fictional"] == counted[0] > 40_000
    query = """SELECT count(DISTINCT npi), count(zip), sum(beds) FROM
      (SELECT npi, zip, beds FROM genesis_reference.facilities_fictional UNION ALL
       SELECT npi, zip, NULL FROM genesis_reference.providers_fictional)"""
    assert con.execute(query).fetchall() == [(2 * counted[0], 2 * counted[0], counted[1])]
