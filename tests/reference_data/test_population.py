"""Counties and their people: known figures, sums, and what a third party's merge says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genesis_sql import refdata
from genesis_sql.reference_data import geography, population

Con = duckdb.DuckDBPyConnection

SAME = {
    "population": "pop2023", "births": "births2023", "deaths": "deaths2023",
    "net_migration": "netmig2023", "rucc": "rucc_2023", "lat": "lat", "lon": "lon",
    "land_sqmi": "land_sqmi", "cbsa_code": "cbsa_code", "cbsa_type": "cbsa_type",
    "median_income": "median_household_income", "mean_income": "mean_household_income",
    "households": "households", "income_lt10k": "hh_inc_lt10k",
    "income_200k_plus": "hh_inc_200k_plus", "uninsured": "svi_ep_uninsur",
    "poverty": "svi_ep_pov150", "unemployment": "svi_ep_unemp", "disabled": "svi_ep_disabl",
    "hispanic": "svi_ep_hisp", "black_not_hispanic": "svi_ep_afam",
    "no_high_school": "svi_ep_nohsdp", "under_18": "svi_ep_age17", "over_65": "svi_ep_age65",
    "no_vehicle": "svi_ep_noveh", "no_internet": "svi_ep_noint", "svi_overall": "svi_rpl_themes",
    "svi_theme1": "svi_rpl_theme1", "svi_theme4": "svi_rpl_theme4",
}  # fmt: skip
"""Columns of counties and of county_master, which somebody else merged from the same files."""


def _one(con: Con, sql: str) -> tuple[object, ...]:
    (row,) = con.execute(sql).fetchall()
    return row


@pytest.mark.parametrize("column", SAME)
def test_counties_are_as_another_merge_has_them(con: Con, publishers: Path, column: str) -> None:
    place = publishers / "county_master.parquet"
    apart, both = _one(
        con,
        f"SELECT count(*) FILTER (c.{column} IS DISTINCT FROM m.{SAME[column]}), count(*) "
        f"FROM counties c JOIN read_parquet('{place}') m ON m.county_fips = c.fips",
    )
    assert (apart, both) == (0, 3144)


def test_harris_county(con: Con) -> None:
    columns = "state, name, population, rucc, cbsa_title, median_income, hispanic, white, uninsured"
    assert _one(con, f"SELECT {columns} FROM counties WHERE fips = '48201'") == (
        "TX", "Harris County", 4835125, 1, "Houston-Pasadena-The Woodlands, TX", 73104, 43.9, 62.5,
        21.2,
    )  # fmt: skip


def test_missing_figures_are_null_and_never_a_number_for_it(con: Con) -> None:
    for name in refdata.sources():
        table = refdata.read(name)
        for field in table.schema:
            if str(field.type) in ("int32", "int64", "double"):
                smallest = _one(con, f'SELECT min("{field.name}") FROM {name}')[0]
                assert smallest is not None, (name, field.name)
                assert smallest >= 0 or field.name in ("lon", "net_migration", "log_odds"), name
    # Kenedy TX and Esmeralda NV: too few households for a median
    lacking = con.execute("SELECT fips FROM counties WHERE median_income IS NULL ORDER BY fips")
    assert lacking.fetchall() == [("32009",), ("48261",)]


def test_percentages_are_percentages(con: Con) -> None:
    percents = [
        column
        for column in refdata.read("counties").column_names[18:-5]
        if column not in ("households",)
    ]
    assert len(percents) > 35
    for column in percents:
        low, high = _one(con, f"SELECT min({column}), max({column}) FROM counties")
        assert 0 <= low < high <= 100, column  # type: ignore[operator]
        assert high > 1, column  # type: ignore[operator]
    incomes = " + ".join(c for c in percents if c.startswith("income_"))
    low, high = _one(con, f"SELECT min({incomes}), max({incomes}) FROM counties")
    assert 99.5 < low <= high < 100.5  # type: ignore[operator]
    races = "white + black + native + asian + pacific + other_race + two_plus"
    low, high = _one(con, f"SELECT min({races}), max({races}) FROM counties")
    assert 99.7 < low <= high < 100.3  # type: ignore[operator]


def test_ages_sum_to_the_counties(con: Con) -> None:
    assert _one(
        con,
        "SELECT count(*) FILTER (a.people <> c.population), count(*), sum(a.people) "
        "FROM counties c LEFT JOIN (SELECT fips, sum(population) AS people FROM county_ages "
        "GROUP BY fips) a USING (fips)",
    ) == (0, 3144, 334914895)
    assert _one(con, "SELECT count(*), count(DISTINCT (fips, sex, age_min)) FROM county_ages") == (
        8 * 3144,
        8 * 3144,
    )


def test_ages_are_those_of_the_counties_table(con: Con) -> None:
    """Under 18 and 65 and more are SVI's shares, rounded there to a tenth of a percent."""
    young, old = _one(
        con,
        "SELECT max(abs(young - under_18)), max(abs(old - over_65)) FROM counties JOIN ("
        "  SELECT fips, 100 * sum(population) FILTER (age_max < 18) / sum(population) AS young, "
        "  100 * sum(population) FILTER (age_min >= 65) / sum(population) AS old "
        "  FROM county_ages GROUP BY fips) USING (fips) WHERE population > 5000",
    )
    assert young < 0.08  # type: ignore[operator]
    assert old < 0.08  # type: ignore[operator]


def test_harris_ages(con: Con) -> None:
    rows = con.execute("SELECT * EXCLUDE fips FROM county_ages WHERE fips = '48201'").fetchall()
    assert rows == [
        ("F", 0, 17, 622207), ("M", 0, 17, 645398), ("F", 18, 64, 1515407), ("M", 18, 64, 1518437),
        ("F", 65, 84, 261689), ("M", 65, 84, 216563), ("F", 85, 100, 35779), ("M", 85, 100, 19645),
    ]  # fmt: skip


def test_national_ages(con: Con) -> None:
    assert _one(
        con,
        "SELECT count(*), min(age), max(age), sum(population), "
        "sum(population) FILTER (sex = 'F') > sum(population) FILTER (sex = 'M') "
        "FROM national_ages",
    ) == (202, 0, 100, 336806231, True)


def test_races_sum_to_all_and_agree_with_counties(con: Con) -> None:
    assert _one(con, "SELECT count(DISTINCT fips), count(*) FROM county_races") == (3144, 14 * 3144)
    low, high, apart = _one(
        con,
        "SELECT min(total), max(total), max(abs(latin - hispanic)) FROM counties JOIN ("
        "  SELECT fips, sum(percent) AS total, sum(percent) FILTER (hispanic) AS latin "
        "  FROM county_races GROUP BY fips) USING (fips)",
    )
    assert 99.9999 < low <= high < 100.0001  # type: ignore[operator]
    assert apart < 0.3  # type: ignore[operator] # eight figures rounded to a tenth
    assert 100 * 0.43 < _one(
        con, "SELECT sum(percent) FROM county_races WHERE fips = '48201' AND hispanic"
    )[0] < 45  # type: ignore[operator] # fmt: skip


def test_zip_codes_lie_in_known_counties(con: Con) -> None:
    assert _one(
        con,
        "SELECT count(*) FILTER (c.fips IS NULL), count(DISTINCT zip), count(DISTINCT z.fips) "
        "FROM zip_county z LEFT JOIN counties c USING (fips)",
    ) == (0, 39298, 3144)
    assert con.execute(
        "SELECT fips, city, state FROM zip_county WHERE zip = '77002'"
    ).fetchall() == [("48201", "HOUSTON", "TX")]
    over = "SELECT count(*) FROM (SELECT sum(res_ratio) s FROM zip_county GROUP BY zip) WHERE s > 1.001"
    assert _one(con, over) == (0,)


def test_connecticut_adds_up_to_the_census_of_its_regions(publishers: Path) -> None:
    """Of the towns' people 2020, summed by region: the estimates' base differs by under 100."""
    by_region: dict[str, int] = {}
    for region, _, people in geography.CONNECTICUT:
        by_region[region] = by_region.get(region, 0) + people
    con = duckdb.connect()
    place = publishers / "census" / population.ESTIMATES.name
    base = con.execute(
        "SELECT '09' || lpad(CAST(COUNTY AS VARCHAR), 3, '0'), CAST(ESTIMATESBASE2020 AS INTEGER) "
        "FROM read_csv(?, all_varchar = true, encoding = 'latin-1') "
        "WHERE CAST(STATE AS INTEGER) = 9 AND CAST(SUMLEV AS INTEGER) = 50",
        [str(place)],
    ).fetchall()
    assert len(base) == len(by_region) == 9
    assert all(abs(by_region[region] - people) < 100 for region, people in base)
    assert sum(by_region.values()) == 3605944  # Connecticut, 2020 Census


def test_redrawn_counties_have_figures_of_those_they_were(con: Con) -> None:
    chugach, copper = con.execute(
        "SELECT white, bachelors FROM counties WHERE fips IN ('02063', '02066')"
    ).fetchall()
    assert chugach == copper == (71.8, 30.8)  # Valdez-Cordova's
    low, high = _one(con, "SELECT min(black), max(black) FROM counties WHERE state = 'CT'")
    assert 0.9 < low < high < 14  # type: ignore[operator]


def test_whole_numbers_keep_the_total() -> None:
    assert population.whole([0.5, 0.5, 0.5, 0.5], 2) == [1, 1, 0, 0]
    assert population.whole([2.0, 3.0], 5) == [2, 3]
