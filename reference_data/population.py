"""Counties and what the census knows of their people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from genesis_sql.reference_data.geography import CURRENT
from genesis_sql.reference_data.registry import (
    PERSONS,
    PUBLIC,
    File,
    Row,
    Source,
    Table,
    query,
    typed,
)

_INCOMES = " ".join(f"S1901_C01_{i:03d}E" for i in range(1, 14))
_SVI = (
    "FIPS E_TOTPOP E_AGE17 E_AGE65 EP_POV150 EP_UNEMP EP_HBURD EP_NOHSDP EP_UNINSUR EP_AGE65 "
    "EP_AGE17 EP_DISABL EP_SNGPNT EP_LIMENG EP_MINRTY EP_AFAM EP_HISP EP_ASIAN EP_AIAN EP_NHPI "
    "EP_TWOMORE EP_OTHERRACE EP_NOVEH EP_NOINT RPL_THEMES RPL_THEME1 RPL_THEME2 RPL_THEME3 "
    "RPL_THEME4"
)
_PROFILE = (
    "fips name state white_2019 black_2019 native_2019 asian_2019 pac_isl_2019 "
    "other_single_race_2019 two_plus_races_2019 hs_grad_2019 some_college_2017 bachelors_2019"
)
_BANDS = (
    "GEO.display-label Male_age0to17 Female_age0to17 Male_age18to64 Female_age18to64 "
    "Male_age65plus Female_age65plus Male_age85plusr Female_age85plusr"
).split()

ESTIMATES = File(
    "estimates",
    "co-est2023-alldata.csv",
    tuple("SUMLEV STATE COUNTY CTYNAME POPESTIMATE2023 BIRTHS2023 DEATHS2023 NETMIG2023".split()),
    folder="census",
    others="co-est*-alldata.csv",
)
GAZETTEER = File(
    "gazetteer",
    "2024_Gaz_counties_national.txt",
    ("USPS", "GEOID", "NAME", "ALAND_SQMI", "INTPTLAT", "INTPTLONG"),
    folder="census",
    others="*_gaz_counties_national.txt",
    delimiter="\t",
)
RURAL = File(
    "rural",
    "Ruralurbancontinuumcodes2023.csv",
    ("FIPS", "Attribute", "Value"),
    folder="usda",
    others="ruralurban*.csv",
)
METROS = File(
    "metros",
    "cbsa_definitions.csv",
    ("county_fips", "cbsa_code", "cbsa_title", "cbsa_type"),
    folder="crosswalk",
)
INCOMES = File(
    "incomes",
    "ACSST5Y2023.S1901-Data.csv",
    ("GEO_ID", *_INCOMES.split()),
    folder="census",
    others="acsst5y*.s1901-data.csv",
)
SVI = File(
    "svi",
    "SVI_2022_US_county.csv",
    tuple(_SVI.split()),
    folder="svi",
    others="svi_*_us_county.csv",
)
PROFILE = File(
    "profile",
    "openintro_county_complete_2000_2019.csv",
    tuple(_PROFILE.split()),
    folder="census",
    others="*county_complete*.csv",
)
BANDS = File(
    "bands",
    "county_sex_by_4_age_bands_2018.csv",
    tuple(_BANDS),
    folder="census",
    others="county_sex_by_4_age_bands_*.csv",
    delimiter=";",
)
NATIONAL = File(
    "national",
    "nc-est2024-agesex-res.csv",
    ("SEX", "AGE", "POPESTIMATE2023"),
    folder="census",
    others="nc-est*-agesex-res.csv",
)
ZIPS = File(
    "zips",
    "hud_zip_county_2025q2.parquet",
    ("zip", "county", "usps_zip_pref_city", "usps_zip_pref_state", "res_ratio", "tot_ratio"),
    folder="crosswalk",
    others="hud_zip_county_*.parquet",
    delimiter="",
)

_COUNTIES = """
WITH people AS (
    SELECT code(STATE || lpad(COUNTY, 3, '0')) AS fips, CTYNAME AS name,
           CAST(POPESTIMATE2023 AS BIGINT) AS population, CAST(BIRTHS2023 AS BIGINT) AS births,
           CAST(DEATHS2023 AS BIGINT) AS deaths, CAST(NETMIG2023 AS BIGINT) AS net_migration
    FROM estimates WHERE CAST(SUMLEV AS INTEGER) = 50
), codes AS (
    SELECT code(FIPS) AS fips, CAST(Value AS INTEGER) AS rucc FROM rural
    WHERE Attribute = 'RUCC_2023'
), races AS (
    SELECT c.fips, mean_of(white_2019, people) AS white, mean_of(black_2019, people) AS black,
           mean_of(native_2019, people) AS native, mean_of(asian_2019, people) AS asian,
           mean_of(pac_isl_2019, people) AS pacific,
           mean_of(other_single_race_2019, people) AS other_race,
           mean_of(two_plus_races_2019, people) AS two_plus,
           mean_of(hs_grad_2019, people) AS high_school,
           mean_of(some_college_2017, people) AS some_college,
           mean_of(bachelors_2019, people) AS bachelors
    FROM current_counties c JOIN profile p ON code(p.fips) = c.old GROUP BY ALL
)
SELECT p.fips, p.fips[:2] AS state_fips, USPS AS state, p.name, population, births, deaths,
       net_migration, CAST(INTPTLAT AS DOUBLE) AS lat, CAST(INTPTLONG AS DOUBLE) AS lon,
       CAST(ALAND_SQMI AS DOUBLE) AS land_sqmi, rucc, cbsa_code, cbsa_title, cbsa_type,
       CAST(figure(S1901_C01_012E) AS BIGINT), CAST(figure(S1901_C01_013E) AS BIGINT),
       CAST(figure(S1901_C01_001E) AS BIGINT), figure(S1901_C01_002E), figure(S1901_C01_003E),
       figure(S1901_C01_004E), figure(S1901_C01_005E), figure(S1901_C01_006E),
       figure(S1901_C01_007E), figure(S1901_C01_008E), figure(S1901_C01_009E),
       figure(S1901_C01_010E), figure(S1901_C01_011E),
       white, black, native, asian, pacific, other_race, two_plus, figure(EP_HISP),
       round(100 - figure(EP_MINRTY), 1), figure(EP_AFAM), figure(EP_AIAN), figure(EP_ASIAN),
       figure(EP_NHPI), figure(EP_OTHERRACE), figure(EP_TWOMORE),
       figure(EP_NOHSDP), high_school, some_college, bachelors,
       figure(EP_AGE17), figure(EP_AGE65), figure(EP_UNINSUR), figure(EP_POV150),
       figure(EP_UNEMP), figure(EP_DISABL), figure(EP_LIMENG), figure(EP_NOVEH),
       figure(EP_NOINT), figure(EP_HBURD), figure(EP_SNGPNT),
       figure(RPL_THEMES), figure(RPL_THEME1), figure(RPL_THEME2), figure(RPL_THEME3),
       figure(RPL_THEME4)
FROM people p JOIN gazetteer g ON g.GEOID = p.fips
LEFT JOIN codes c ON c.fips = p.fips
LEFT JOIN metros m ON m.county_fips = p.fips
LEFT JOIN incomes i ON i.GEO_ID = '0500000US' || p.fips
LEFT JOIN svi s ON code(s.FIPS) = p.fips
LEFT JOIN races r ON r.fips = p.fips
ORDER BY p.fips
"""


def _counties(con: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    con.execute(CURRENT)
    return query(_COUNTIES)(con)


COUNTIES = Table(
    Source(
        table="counties",
        publisher="U.S. Census Bureau; USDA Economic Research Service; OMB; CDC/ATSDR",
        vintage=(
            "population, births, deaths, net_migration: Vintage 2023; lat, lon, land_sqmi: "
            "Gazetteer 2024; rucc: 2023; cbsa: OMB July 2023; incomes: ACS 2019-23; white to "
            "two_plus, high_school, bachelors: ACS 2015-19; some_college: ACS 2013-17; all else: "
            "ACS 2018-22 through SVI 2022"
        ),
        licence=PUBLIC,
        denominator=(
            "races, hispanic, under_18, over_65: persons; income_*, no_vehicle, no_internet: "
            "households (housing_burden: occupied homes, single_parent: households); education: "
            "persons of 25 and more; unemployment: labour force of 16 and more; uninsured, "
            "disabled: civilians outside institutions; poverty: persons whose status is known; "
            "limited_english: persons of 5 and more"
        ),
        files="",
        transformation=(
            "rows of summary level 50; state = USPS of the Gazetteer; cbsa of a county outside "
            "all is NULL; -999 and - are NULL; white to two_plus are of any ethnicity, "
            "*_not_hispanic and hispanic leave nobody twice; white_not_hispanic = 100 - EP_MINRTY; "
            "no_high_school is of EP_NOHSDP, high_school and bachelors say that or more; poverty "
            "is below 150 % of the poverty line; figures of ACS 2015-19 for Connecticut's planning "
            "regions are averages of the old counties weighted by the towns' people of 2020, "
            "those of Chugach and Copper River are Valdez-Cordova's; svi_* are ranks from 0 to 1; "
            "ordered by fips"
        ),
        columns=", ".join(
            (
                typed("VARCHAR", "fips state_fips state name"),
                typed("BIGINT", "population births deaths net_migration"),
                typed("DOUBLE", "lat lon land_sqmi"),
                typed("INTEGER", "rucc"),
                typed("VARCHAR", "cbsa_code cbsa_title cbsa_type"),
                typed("BIGINT", "median_income mean_income households"),
                typed(
                    "DOUBLE",
                    "income_lt10k income_10k_15k income_15k_25k income_25k_35k income_35k_50k "
                    "income_50k_75k income_75k_100k income_100k_150k income_150k_200k "
                    "income_200k_plus white black native asian pacific other_race two_plus "
                    "hispanic white_not_hispanic black_not_hispanic native_not_hispanic "
                    "asian_not_hispanic pacific_not_hispanic other_not_hispanic "
                    "two_plus_not_hispanic no_high_school high_school some_college bachelors "
                    "under_18 over_65 uninsured poverty unemployment disabled limited_english "
                    "no_vehicle no_internet housing_burden single_parent svi_overall svi_theme1 "
                    "svi_theme2 svi_theme3 svi_theme4",
                ),
            )
        ),
    ),
    (ESTIMATES, GAZETTEER, RURAL, METROS, INCOMES, SVI, PROFILE),
    _counties,
)

_NAMES = {
    "Hoonah-Angoon Census Area, Alaska": "Hoonah Angoon Census Area, Alaska",
    "Skagway Municipality, Alaska": "Skagway, Alaska",
    "Wrangell City and Borough, Alaska": "Wrangell, Alaska",
    "Do? Ana County, New Mexico": "Dona Ana County, New Mexico",
}
"""The file of age bands has no codes; these are its names that the file with codes spells so."""

_AGES = """
WITH named AS (
    SELECT code(fips) AS old, name || ', ' || state AS label FROM profile
), counted AS (
    SELECT n.old, b.* FROM bands b LEFT JOIN spelt s ON s.here = b."GEO.display-label"
    JOIN named n ON n.label = coalesce(s.there, b."GEO.display-label")
), redone AS (
    SELECT s.fips, sum(s.people / t.people * figure(Female_age0to17)) AS f0,
           sum(s.people / t.people * figure(Male_age0to17)) AS m0,
           sum(s.people / t.people * figure(Female_age18to64)) AS f18,
           sum(s.people / t.people * figure(Male_age18to64)) AS m18,
           sum(s.people / t.people * (figure(Female_age65plus) - figure(Female_age85plusr))) AS f65,
           sum(s.people / t.people * (figure(Male_age65plus) - figure(Male_age85plusr))) AS m65,
           sum(s.people / t.people * figure(Female_age85plusr)) AS f85,
           sum(s.people / t.people * figure(Male_age85plusr)) AS m85
    FROM current_counties s JOIN counted c USING (old)
    JOIN (SELECT old, sum(people) AS people FROM current_counties GROUP BY old) t USING (old)
    GROUP BY s.fips
)
SELECT c.fips, c.population, figure(E_AGE17) / figure(E_TOTPOP), figure(E_AGE65) / figure(E_TOTPOP),
       f0, m0, f18, m18, f65, m65, f85, m85
FROM counties c LEFT JOIN redone r USING (fips) LEFT JOIN svi s ON code(s.FIPS) = c.fips
ORDER BY c.fips
"""
_SEXES = ("F", "M")
_EDGES = ((0, 17), (18, 64), (65, 84), (85, 100))


def _county_ages(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    """Sex and age in 2018, moved to the ages of 2018-22 and to the population of 2023."""
    con.execute(CURRENT)
    con.execute("CREATE TEMP TABLE spelt (here VARCHAR, there VARCHAR)")
    con.executemany("INSERT INTO spelt VALUES (?, ?)", list(_NAMES.items()))
    for fips, population, young, old, *cells in con.execute(_AGES).fetchall():
        groups = (young, 1 - young - old, old)
        parts = [
            part if sum(part) else [1] * len(part) for part in (cells[:2], cells[2:4], cells[4:])
        ]
        wanted = [
            population * share * cell / sum(part)
            for share, part in zip(groups, parts, strict=True)
            for cell in part
        ]
        for i, people in enumerate(whole(wanted, population)):
            yield fips, _SEXES[i % 2], *_EDGES[i // 2], people


def whole(parts: list[float], total: int) -> list[int]:
    """Whole numbers that sum to a total, by largest remainder; parts that sum to about it.

    Example:
        >>> whole([1.4, 1.4, 1.2], 4)
        [2, 1, 1]
    """
    down = [int(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (down[i] - parts[i], i))
    for i in order[: total - sum(down)]:
        down[i] += 1
    return down


COUNTY_AGES = Table(
    Source(
        table="county_ages",
        publisher="U.S. Census Bureau; CDC/ATSDR",
        vintage="sex within age: estimates of 2018; ages: ACS 2018-22; people: Vintage 2023",
        licence=PUBLIC,
        denominator=PERSONS,
        files="",
        transformation=(
            "a county's people of 2023 are split into under 18, 18-64 and 65 and more by "
            "E_AGE17 and E_AGE65 of SVI 2022, each of these by sex and 85 and more as in 2018; "
            "whole numbers by largest remainder; counties redrawn since 2018 (Connecticut, "
            "Chugach, Copper River) take the old counties' split, weighted by the towns' people "
            "of 2020; age_max 100 is open; ordered by fips, age, sex"
        ),
        columns="fips VARCHAR, sex VARCHAR, age_min INTEGER, age_max INTEGER, population BIGINT",
    ),
    (BANDS, GAZETTEER, PROFILE, SVI),
    _county_ages,
    after=("counties",),
)

NATIONAL_AGES = Table(
    Source(
        table="national_ages",
        publisher="U.S. Census Bureau",
        vintage="Population Estimates Vintage 2024, of 1 July 2023",
        licence=PUBLIC,
        denominator=PERSONS,
        files="",
        transformation="sex F and M of SEX 2 and 1; age 100 is 100 and more; ordered by age, sex",
        columns="age INTEGER, sex VARCHAR, population BIGINT",
    ),
    (NATIONAL,),
    query(
        "SELECT CAST(AGE AS INTEGER) AS age, CASE SEX WHEN '1' THEN 'M' ELSE 'F' END AS sex, "
        "CAST(POPESTIMATE2023 AS BIGINT) FROM national WHERE SEX <> '0' AND AGE <> '999' "
        "ORDER BY age, sex"
    ),
)

ZIP_COUNTY = Table(
    Source(
        table="zip_county",
        publisher="U.S. Department of Housing and Urban Development, HUD-USPS crosswalk",
        vintage="2025 Q2",
        licence="public domain; HUD asks to be named as the source",
        denominator="residential addresses of a ZIP code",
        files="",
        transformation=(
            "counties of the 50 states and DC; res_ratio = share of the ZIP's residential "
            "addresses in the county, 0 where it has none; ordered by zip, fips"
        ),
        columns="zip VARCHAR, fips VARCHAR, city VARCHAR, state VARCHAR, res_ratio DOUBLE",
    ),
    (ZIPS,),
    query(
        "SELECT zip, county AS fips, usps_zip_pref_city, usps_zip_pref_state, res_ratio "
        "FROM zips WHERE county < '57' ORDER BY zip, fips"
    ),
)

TABLES = (COUNTIES, COUNTY_AGES, NATIONAL_AGES, ZIP_COUNTY)
