"""PLACES: every county has its prevalences, of the release that each says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genesis_sql.reference_data import geography, health

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


def test_counties_add_up_to_the_nation_that_cdc_states(con: Con, publishers: Path) -> None:
    """The file of six measures has a line for the United States; blood pressure lacks Florida."""
    place = publishers / "cdc_places" / "places_county_6measures_2024_release.csv"
    (stated,) = con.execute(
        f"SELECT {', '.join(SIX.values())} FROM read_csv(?, all_varchar = true) "
        "WHERE county_fips = '00059'",
        [str(place)],
    ).fetchall()
    found = con.execute(
        "SELECT measure, sum(percent * adults) / sum(adults) FROM prevalences JOIN ("
        "  SELECT fips, sum(population) AS adults FROM county_ages WHERE age_min >= 18 "
        "  GROUP BY fips) USING (fips) GROUP BY measure"
    ).fetchall()
    adults = dict(found)
    for measure, percent in zip(SIX, stated, strict=True):  # CDC's is of the survey, not a sum
        assert adults[measure] == pytest.approx(float(percent), abs=1.3), measure


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


def _made(values: dict[str, list[dict[str, str]]]) -> dict[tuple[str, str], tuple[object, ...]]:
    """Prevalences from a few made-up lines of the files, by county and measure."""
    import pyarrow as pa

    con = duckdb.connect()
    geography.prepare(con)
    for file in health.PREVALENCES.files:
        rows = [{c: line.get(c, "") for c in file.columns} for line in values.get(file.view, ())]
        schema = pa.schema([(c, pa.string()) for c in file.columns])
        con.register(file.view, pa.Table.from_pylist(rows, schema))
    made = list(health.PREVALENCES.make(con))
    assert made
    return {(fips, measure): (percent, *rest) for fips, measure, percent, *rest in made}


COUNTIES = [
    {"GEOID": "48201", "USPS": "TX", "NAME": "Harris County"},
    {"GEOID": "24005", "USPS": "MD", "NAME": "Baltimore County"},
    {"GEOID": "24510", "USPS": "MD", "NAME": "Baltimore city"},
    {"GEOID": "09190", "USPS": "CT", "NAME": "Western Connecticut Planning Region"},
]
WIDE = [{"fips": f, "diabetes": "11", "arthritis": "21"} for f in ("48201", "24005")]
OLD = [
    {"CountyFIPS": f, "DIABETES_CrudePrev": d, "ARTHRITIS_CrudePrev": a}
    for f, d, a in (
        ("48201", "13", "23"), ("24005", "13", "23"), ("24510", "13", "23"),
        ("09001", "10", "20"), ("09005", "10", "30"),
    )
]  # fmt: skip


def test_files_go_before_each_other() -> None:
    six = [{"county_fips": "48201", "diabetes_pct": "12.00"}]
    own = [{"CountyFIPS": "48201", "DIABETES_CrudePrev": "14.5"}]
    files = {"gazetteer": COUNTIES, "wide_2024": WIDE, "places_2022": OLD}
    made = _made(files)
    assert made["48201", "DIABETES"] == (11, "2024", False)
    assert made["24005", "DIABETES"] == (13, "2022", False)  # its line of 2024 is an average
    assert made["24510", "DIABETES"] == (13, "2022", False)
    made = _made({**files, "six_2024": six})
    assert made["48201", "DIABETES"] == (12, "2024", False)
    assert made["48201", "ARTHRITIS"] == (21, "2024", False)
    made = _made({**files, "six_2024": six, "places_2024": own})
    assert made["48201", "DIABETES"] == (14.5, "2024", False)
    assert made["48201", "ARTHRITIS"] == (21, "2024", False)


def test_connecticut_is_weighted_by_its_towns() -> None:
    """Western Connecticut has 590,772 people of old Fairfield County and 29,777 of Litchfield."""
    made = _made({"gazetteer": COUNTIES, "places_2022": OLD})
    assert made["09190", "DIABETES"] == (10, "2022", True)
    wanted = (20 * 590772 + 30 * 29777) / (590772 + 29777)
    assert made["09190", "ARTHRITIS"] == (round(wanted, 1), "2022", True)
