"""PLACES: every county has its prevalences, of the release that each says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genesis_sql import refdata
from genesis_sql.reference_data import health
from genesis_sql.reference_data.build import build

Con = duckdb.DuckDBPyConnection

SAME = {
    "DIABETES": ("diabetes", "diabetes"), "OBESITY": ("obesity", "obesity"),
    "BPHIGH": ("high_blood_pressure", "bphigh"), "TEETHLOST": ("all_teeth_lost", "teethlost"),
    "BPMED": ("high_blood_pressure_medication", "bpmed"), "LPA": ("physical_inactivity", "lpa"),
    "CANCER": ("cancer__non_skin__or_melanoma", "cancer"), "ACCESS2": ("health_insurance", "access2"),
    "MAMMOUSE": ("mammography", "mammouse"), "GHLTH": ("general_health", "ghlth"),
    "COLON_SCREEN": ("colorectal_cancer_screening", "colon_screen"),
    "CSMOKING": ("current_cigarette_smoking", "csmoking"),
    "CHD": ("coronary_heart_disease", "chd"), "SLEEP": ("short_sleep_duration", "sleep"),
}  # fmt: skip
"""Measures and what county_master calls them in the two releases."""


SIX = {
    "CASTHMA": "asthma_pct", "COPD": "copd_pct", "DIABETES": "diabetes_pct",
    "BPHIGH": "hypertension_pct", "OBESITY": "obesity_pct", "CSMOKING": "smoking_pct",
}  # fmt: skip
"""Measures of 2024 that another file has of all counties, those of the wide file's holes too."""
ALIKE = ("24005", "29189", "51059", "51067", "51159", "51161")
"""Counties whose line in the wide file, and so in county_master, is averaged with a city's."""

NEW = ("02063", "02066")
"""Chugach and Copper River, of which the survey of 2019 (blood pressure, cholesterol) says nothing."""


@pytest.mark.parametrize("measure", SAME)
def test_prevalences_are_as_another_merge_has_them(
    con: Con, publishers: Path, measure: str
) -> None:
    new, old = (f"places{y}_{n}" for y, n in zip((24, 22), SAME[measure], strict=True))
    rows = con.execute(
        f"SELECT m.{new}, m.{old}, p.percent, p.release, p.mapped "
        f"FROM read_parquet('{publishers / 'county_master.parquet'}') m "
        f"LEFT JOIN prevalences p ON p.fips = m.county_fips AND p.measure = '{measure}' "
        f"WHERE m.county_fips NOT IN {(*ALIKE, *NEW)}"
    ).fetchall()
    newest = [row for row in rows if row[0] is not None]
    before = [row for row in rows if row[0] is None and row[1] is not None]
    neither = [row for row in rows if row[0] is None and row[1] is None]
    assert all((p, r, m) == (n, "2024", False) for n, _, p, r, m in newest)
    if measure in SIX:
        assert all(p is not None for _, _, p, r, m in before + neither)
        others = [row for row in before if row[3] == "2022"]
        assert len(others) == (67 if measure == "BPHIGH" else 0)  # Florida, which 2021 lacks
        assert {row[3] for row in neither} == {"2024"}
    else:
        others = before
        assert all(p is not None and (r, m) == ("2022", True) for _, _, p, r, m in neither)
    assert all((p, r, m) == (o, "2022", False) for _, o, p, r, m in others)
    assert (len(newest), len(neither)) == ((2926 if len(before) > 134 else 2993), 9)


@pytest.mark.parametrize("measure", SIX)
def test_six_measures_are_cdc_s_in_every_county(con: Con, publishers: Path, measure: str) -> None:
    place = publishers / "cdc_places" / "places_county_6measures_2024_release.csv"
    same, both = con.execute(
        f"SELECT count(*) FILTER (percent = CAST({SIX[measure]} AS DOUBLE)), count(*) "
        "FROM read_csv(?, all_varchar = true) s JOIN prevalences p ON p.fips = s.county_fips "
        f"WHERE p.measure = '{measure}' AND p.release = '2024' AND {SIX[measure]} <> ''",
        [str(place)],
    ).fetchall()[0]
    assert same == both == (3077 if measure == "BPHIGH" else 3144)


def test_counties_that_share_their_name_with_a_city_are_not_averaged(con: Con) -> None:
    """Baltimore County has 12.4 % diabetes, the city 14.3 %; the wide file says 13.35 for both."""
    assert con.execute(
        "SELECT fips, percent FROM prevalences WHERE measure = 'DIABETES' "
        "AND fips IN ('24005', '24510') ORDER BY 1"
    ).fetchall() == [("24005", 12.4), ("24510", 14.3)]
    assert con.execute(
        f"SELECT DISTINCT release FROM prevalences WHERE measure = 'ARTHRITIS' AND fips IN {ALIKE}"
    ).fetchall() == [("2022",)]
    # what CDC publishes has one decimal; an average of two often has more
    assert con.execute(
        "SELECT count(*) FROM prevalences WHERE percent <> round(percent, 1)"
    ).fetchall() == [(0,)]


def test_harris_county(con: Con) -> None:
    assert con.execute(
        "SELECT measure, percent, release FROM prevalences WHERE fips = '48201' "
        "AND measure IN ('DIABETES', 'OBESITY', 'KIDNEY') ORDER BY measure"
    ).fetchall() == [
        ("DIABETES", 14.3, "2024"),
        ("KIDNEY", 2.9, "2022"),
        ("OBESITY", 35.2, "2024"),
    ]


def test_every_county_has_every_old_measure_but_where_cdc_has_none(con: Con) -> None:
    assert con.execute(
        "SELECT count(DISTINCT fips), count(*) - count(DISTINCT (fips, measure)), "
        "count(DISTINCT measure), min(percent) > 0, max(percent) < 100 FROM prevalences"
    ).fetchall() == [(3144, 0, 41, True, True)]
    lacking = con.execute(
        "SELECT c.fips, m.measure FROM counties c, measures m WHERE m.kind <> 'social' "
        "AND m.kind <> 'disability' AND (c.fips, m.measure) NOT IN "
        "(SELECT (fips, measure) FROM prevalences) ORDER BY ALL"
    ).fetchall()
    assert lacking == [(fips, m) for fips in NEW for m in ("BPMED", "CHOLSCREEN", "HIGHCHOL")]


def test_connecticut_lies_between_the_counties_it_was_drawn_from(
    con: Con, publishers: Path
) -> None:
    place = publishers / "cdc_places" / "PLACES_county_GIS_2022_release.csv"
    low, high = con.execute(
        "SELECT min(CAST(ARTHRITIS_CrudePrev AS DOUBLE)), max(CAST(ARTHRITIS_CrudePrev AS DOUBLE)) "
        "FROM read_csv(?, all_varchar = true) WHERE CountyFIPS LIKE '09%'",
        [str(place)],
    ).fetchall()[0]
    mapped = con.execute(
        "SELECT percent FROM prevalences WHERE mapped AND measure = 'ARTHRITIS' ORDER BY 1"
    ).fetchall()
    assert len(mapped) == 9
    assert low <= mapped[0][0] < mapped[-1][0] <= high


def test_measures_say_who_is_asked(con: Con) -> None:
    rows = con.execute(
        "SELECT measure, sex, age_min, age_max, within FROM measures "
        "WHERE sex IS NOT NULL OR (age_min, age_max) <> (18, 100) OR within IS NOT NULL ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("ACCESS2", None, 18, 64, None),
        ("BPMED", None, 18, 100, "BPHIGH"),
        ("COLON_SCREEN", None, 45, 75, None),
        ("HIGHCHOL", None, 18, 100, "CHOLSCREEN"),
        ("MAMMOUSE", "F", 50, 74, None),
        ("TEETHLOST", None, 65, 100, None),
    ]
    assert con.execute(
        "SELECT count(*), count(DISTINCT measure), count(code), count(denominator) FROM measures"
    ).fetchall() == [(41, 41, 13, 41)]
    kinds = con.execute("SELECT kind, count(*) FROM measures GROUP BY 1 ORDER BY 1").fetchall()
    assert kinds == [
        ("behaviour", 4), ("condition", 13), ("disability", 7), ("prevention", 7), ("social", 7),
        ("status", 3),
    ]  # fmt: skip


def test_codes_are_of_icd_10_cm(con: Con) -> None:
    assert (
        con.execute(
            "SELECT measure FROM measures WHERE code IS NOT NULL "
            "AND NOT EXISTS (FROM icd10cm i WHERE starts_with(i.code, measures.code))"
        ).fetchall()
        == []
    )
    assert con.execute("SELECT code FROM measures WHERE measure = 'DIABETES'").fetchall() == [
        ("E11",)
    ]


def test_measures_and_prevalences_name_each_other(con: Con) -> None:
    assert (
        con.execute(
            "SELECT measure FROM measures ANTI JOIN prevalences USING (measure) UNION ALL "
            "SELECT measure FROM prevalences ANTI JOIN measures USING (measure)"
        ).fetchall()
        == []
    )
    assert (
        con.execute(
            "SELECT within FROM measures m WHERE within IS NOT NULL "
            "AND within NOT IN (SELECT measure FROM measures)"
        ).fetchall()
        == []
    )


def test_cdc_s_own_file_of_2024_goes_before_all(publishers: Path, tmp_path: Path) -> None:
    """A made-up file in the form of CDC's: a county's values, of which the wide file has others."""
    columns = health.PLACES_2024.columns
    for name in ("PLACES_county_GIS_2022_release.csv", "2024_Gaz_counties_national.txt"):
        (tmp_path / name).symlink_to(next(publishers.rglob(name)))
    counties = refdata.read("counties").to_pydict()["fips"]
    lines = [",".join((fips, *["55.5"] * (len(columns) - 1))) for fips in counties]
    (tmp_path / health.PLACES_2024.name).write_text("\n".join((",".join(columns), *lines)))
    (built,) = build(tmp_path, tmp_path / "to", [health.PREVALENCES])
    assert built.status == "built"
    table = refdata.read("prevalences", str(tmp_path / "to"))
    found = {
        (r["release"], r["percent"] == 55.5, r["measure"] == "KIDNEY") for r in table.to_pylist()
    }
    assert found == {("2024", True, False), ("2022", False, True)}
