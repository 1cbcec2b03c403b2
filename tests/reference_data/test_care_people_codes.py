"""Facilities by county, names, lives, wages and codes: known figures, sums, and what is left out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genesis_sql import refdata
from genesis_sql.reference_data import races

Con = duckdb.DuckDBPyConnection


def _rows(con: Con, sql: str) -> list[tuple[object, ...]]:
    return con.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("hospital", 3000, 3130),
        ("critical access hospital", 1360, 1380),
        ("psychiatric hospital", 600, 630),
        ("long-term hospital", 300, 460),
        ("nursing", 14500, 15100),
        ("home health", 10000, 11000),
        ("dialysis", 7400, 7900),
        ("hospice", 5000, 5500),
        ("outpatient therapy", 1500, 2100),
    ],
)
def test_facilities_are_as_many_as_are_known(con: Con, kind: str, low: int, high: int) -> None:
    """Care Compare lists 5,421 hospitals, some in territories; CMS counts the others alike."""
    ((found,),) = _rows(con, f"SELECT sum(facilities) FROM facility_counts WHERE type = '{kind}'")
    assert low <= found <= high  # type: ignore[operator]


def test_hospitals_lie_where_care_compare_says(con: Con, publishers: Path) -> None:
    """Counted by the county that a hospital names, where the name tells: nearly all agree."""
    place = publishers / "cms" / "Hospital_General_Information.csv"
    ((named, same),) = con.execute(
        'WITH h AS (SELECT State AS state, upper("County/Parish") AS county, count(*) AS n '
        "  FROM read_csv(?, all_varchar = true) "
        "  WHERE \"Hospital Type\" = 'Acute Care Hospitals' GROUP BY ALL), "
        "g AS (SELECT fips, state, upper(regexp_replace(name, ' (County|Parish)$', '')) AS county "
        "  FROM counties), f AS (FROM facility_counts WHERE type = 'hospital') "
        "SELECT sum(n), sum(n) FILTER (n = facilities) FROM h JOIN g USING (state, county) "
        "LEFT JOIN f USING (fips)",
        [str(place)],
    ).fetchall()
    assert named > 2700
    assert same / named > 0.97


def test_facilities_are_counts_and_nothing_else(con: Con) -> None:
    assert refdata.read("facility_counts").column_names == [
        "fips", "type", "facilities", "beds", "with_beds",
    ]  # fmt: skip
    assert _rows(
        con,
        "SELECT count(*) FROM facility_counts WHERE facilities < 1 OR with_beds > facilities "
        "OR (beds IS NULL) <> (with_beds = 0) OR fips NOT IN (SELECT fips FROM counties)",
    ) == [(0,)]
    (row,) = _rows(con, "FROM facility_counts WHERE fips = '48201' AND type = 'hospital'")
    assert row[2] == 34
    assert 0 < row[4] < row[2]  # type: ignore[operator]


def test_first_names(con: Con) -> None:
    assert _rows(
        con,
        "SELECT sex, decade, arg_max(name, count) FROM first_names WHERE decade IN (1930, 1990) "
        "GROUP BY ALL ORDER BY 1, 2",
    ) == [
        ("F", 1930, "Mary"),
        ("F", 1990, "Jessica"),
        ("M", 1930, "Robert"),
        ("M", 1990, "Michael"),
    ]
    assert _rows(
        con,
        "SELECT count(DISTINCT (sex, decade)), count(DISTINCT decade), min(count), "
        "count(*) - count(DISTINCT (name, sex, decade)) FROM first_names",
    ) == [(18, 9, 100, 0)]


def test_surnames(con: Con) -> None:
    assert _rows(con, "FROM surnames LIMIT 2") == [("Smith", 0.01006), ("Johnson", 0.0081)]
    ((names, share, capitals),) = _rows(
        con, "SELECT count(*), sum(share), count(*) FILTER (name = upper(name)) FROM surnames"
    )
    assert (names, capitals) == (18839, 0)
    assert 0.79 < share < 0.80  # type: ignore[operator]
    assert _rows(con, "SELECT name FROM surnames WHERE name ILIKE 'mcdonald'") == [("McDonald",)]


def test_life_table(con: Con) -> None:
    assert _rows(
        con, "SELECT sex, count(*), min(age), max(age) FROM life_table GROUP BY 1 ORDER BY 1"
    ) == [
        ("F", 120, 0, 119),
        ("M", 120, 0, 119),
    ]
    assert _rows(con, "SELECT sex, lx, ex FROM life_table WHERE age = 65 ORDER BY 1") == [
        ("F", 87568, 20.45), ("M", 79795, 17.89),
    ]  # fmt: skip
    # survivors of a year are the survivors before it, less those who die
    assert _rows(
        con,
        "SELECT max(abs(b.lx - a.lx * (1 - a.qx))) < 1.5 FROM life_table a "
        "JOIN life_table b ON b.sex = a.sex AND b.age = a.age + 1",
    ) == [(True,)]


def test_wages(con: Con) -> None:
    assert _rows(
        con, "SELECT p10, p25, p50, p75, p90 FROM wages WHERE occupation = 'Registered Nurses'"
    ) == [(52080, 60110, 73300, 90760, 111220)]
    assert _rows(
        con,
        "SELECT count(*), count(*) FILTER (p90 IS NULL), "
        "count(*) FILTER (NOT (p10 <= p25 AND p25 <= p50 AND p50 <= p75 AND p75 <= p90)) FROM wages",
    ) == [(1058, 45, 0)]


@pytest.mark.parametrize(
    ("table", "rows", "code", "start"),
    [
        ("icd10cm", 72750, "E11.9", "Type 2 diabetes mellitus without complications"),
        ("hcpcs", 7125, "E0601", "Continuous positive airway pressure"),
        ("ms_drg", 767, "637", "DIABETES WITH MCC"),
        ("mdc", 25, "05", "Diseases and Disorders of the Circulatory System"),
        ("place_of_service", 50, "11", "Office"),
    ],
)
def test_codes(con: Con, table: str, rows: int, code: str, start: str) -> None:
    assert _rows(
        con, f"SELECT count(*), count(DISTINCT code), min(length(description)) > 2 FROM {table}"
    ) == [(rows, rows, True)]
    ((text,),) = _rows(con, f"SELECT description FROM {table} WHERE code = '{code}'")
    assert text.startswith(start)  # type: ignore[attr-defined]


def test_code_lists_of_others_are_left_out(con: Con) -> None:
    """CPT codes are five digits (or four and F, T, U), dental ones D and four: neither ships."""
    assert _rows(con, "SELECT code FROM hcpcs WHERE regexp_matches(code, '^[0-9D]|[^0-9]$')") == []
    assert _rows(con, "SELECT count(*) FROM hcpcs WHERE code = 'G0503'") == [(1,)]
    assert _rows(con, "SELECT DISTINCT kind FROM ms_drg ORDER BY 1") == [
        ("medical",), ("surgical",), (None,),
    ]  # fmt: skip
    groups = "SELECT mdc FROM ms_drg WHERE mdc NOT IN (SELECT code FROM mdc)"
    assert _rows(con, groups) == []


def test_hispanics_are_split_by_race() -> None:
    assert races.split(30, [80, 30], [60, 20]) == [20, 10]
    assert races.split(30, [30, 10], [60, 20]) == [22.5, 7.5]
