"""CDC PLACES: what is measured of the adults of every county, and how common it is."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from genesis_sql.reference_data.geography import CURRENT
from genesis_sql.reference_data.population import GAZETTEER
from genesis_sql.reference_data.registry import PUBLIC, File, Row, Source, Table, query, typed

# Measure; its column in the wide file of 2024 ('' where only 2022 has it); kind; code; name.
_OF_ADULTS = (
    ("ARTHRITIS", "arthritis", "condition", "M19", "Arthritis"),
    ("BPHIGH", "high_blood_pressure", "condition", "I10", "High blood pressure"),
    ("CANCER", "cancer_(non_skin)_or_melanoma", "condition", "C80",
     "Cancer (non-skin) or melanoma"),
    ("CASTHMA", "current_asthma", "condition", "J45", "Current asthma"),
    ("CHD", "coronary_heart_disease", "condition", "I25", "Coronary heart disease"),
    ("COPD", "copd", "condition", "J44", "Chronic obstructive pulmonary disease"),
    ("DEPRESSION", "depression", "condition", "F32", "Depression"),
    ("DIABETES", "diabetes", "condition", "E11", "Diagnosed diabetes"),
    ("HIGHCHOL", "high_cholesterol", "condition", "E78", "High cholesterol"),
    ("KIDNEY", "", "condition", "N18", "Chronic kidney disease"),
    ("OBESITY", "obesity", "condition", "E66", "Obesity"),
    ("STROKE", "stroke", "condition", "I63", "Stroke"),
    ("TEETHLOST", "all_teeth_lost", "condition", "K08", "All teeth lost"),
    ("ACCESS2", "health_insurance", "prevention", None, "No health insurance"),
    ("BPMED", "high_blood_pressure_medication", "prevention", None,
     "Medicine for high blood pressure"),
    ("CHECKUP", "annual_checkup", "prevention", None, "Visit to a doctor for a check-up"),
    ("CHOLSCREEN", "cholesterol_screening", "prevention", None, "Cholesterol screening"),
    ("COLON_SCREEN", "colorectal_cancer_screening", "prevention", None,
     "Colorectal cancer screening"),
    ("DENTAL", "dental_visit", "prevention", None, "Visit to a dentist"),
    ("MAMMOUSE", "mammography", "prevention", None, "Mammography"),
    ("BINGE", "binge_drinking", "behaviour", None, "Binge drinking"),
    ("CSMOKING", "current_cigarette_smoking", "behaviour", None, "Current cigarette smoking"),
    ("LPA", "physical_inactivity", "behaviour", None, "No leisure-time physical activity"),
    ("SLEEP", "short_sleep_duration", "behaviour", None, "Short sleep duration"),
    ("GHLTH", "general_health", "status", None, "Fair or poor health"),
    ("MHLTH", "frequent_mental_distress", "status", None, "Frequent mental distress"),
    ("PHLTH", "frequent_physical_distress", "status", None, "Frequent physical distress"),
    ("COGNITION", "cognitive_disability", "disability", None, "Cognitive disability"),
    ("DISABILITY", "any_disability", "disability", None, "Any disability"),
    ("HEARING", "hearing_disability", "disability", None, "Hearing disability"),
    ("INDEPLIVE", "independent_living_disability", "disability", None,
     "Independent living disability"),
    ("MOBILITY", "mobility_disability", "disability", None, "Mobility disability"),
    ("SELFCARE", "self_care_disability", "disability", None, "Self-care disability"),
    ("VISION", "vision_disability", "disability", None, "Vision disability"),
    ("EMOTIONSPT", "lack_of_social/emotional_support", "social", None,
     "Lack of social and emotional support"),
    ("FOODINSECU", "food_insecurity", "social", None, "Food insecurity"),
    ("FOODSTAMP", "food_stamps", "social", None, "Received food stamps"),
    ("HOUSINSECU", "housing_insecurity", "social", None, "Housing insecurity"),
    ("ISOLATION", "social_isolation", "social", None, "Loneliness"),
    ("LACKTRPT", "transportation_barriers", "social", None, "Lack of reliable transportation"),
    ("SHUTUTILITY", "utility_services_threat", "social", None, "Utility services shut-off threat"),
)  # fmt: skip
"""The 40 measures of the 2024 release and chronic kidney disease, which only 2022 has."""

# Measure: sex, ages from and to, the measure that it is within, who that is in words.
_NARROWER: dict[str, tuple[str | None, int, int, str | None, str]] = {
    "ACCESS2": (None, 18, 64, None, "adults aged 18-64"),
    "BPMED": (None, 18, 100, "BPHIGH", "adults with high blood pressure"),
    "COLON_SCREEN": (None, 45, 75, None, "adults aged 45-75 (release 2022: 50-75)"),
    "HIGHCHOL": (None, 18, 100, "CHOLSCREEN", "adults whose cholesterol was ever checked"),
    "MAMMOUSE": ("F", 50, 74, None, "women aged 50-74"),
    "TEETHLOST": (None, 65, 100, None, "adults aged 65 and more"),
}
_ADULTS = (None, 18, 100, None, "adults aged 18 and more")

_IN_2022 = (
    "ACCESS2 ARTHRITIS BINGE BPHIGH BPMED CANCER CASTHMA CHD CHECKUP CHOLSCREEN COLON_SCREEN COPD "
    "CSMOKING DENTAL DEPRESSION DIABETES GHLTH HIGHCHOL KIDNEY LPA MAMMOUSE MHLTH OBESITY PHLTH "
    "SLEEP STROKE TEETHLOST"
).split()

PLACES_2024 = File(
    "places_2024",
    "PLACES_county_GIS_2024_release.csv",
    ("CountyFIPS", *(f"{row[0]}_CrudePrev" for row in _OF_ADULTS if row[1])),
    folder="cdc_places",
    optional=True,
)
WIDE_2024 = File(
    "wide_2024",
    "svi_places_wide_2024_release.csv",
    ("fips", *(row[1] for row in _OF_ADULTS if row[1])),
    folder="cdc_places",
    others="svi_places_wide_*_release.csv",
    instead=PLACES_2024.view,
)
SIX = {
    "asthma_pct": "CASTHMA",
    "copd_pct": "COPD",
    "diabetes_pct": "DIABETES",
    "hypertension_pct": "BPHIGH",
    "obesity_pct": "OBESITY",
    "smoking_pct": "CSMOKING",
}
SIX_2024 = File(
    "six_2024",
    "places_county_6measures_2024_release.csv",
    ("county_fips", *SIX),
    folder="cdc_places",
    others="places_county_6measures_*_release.csv",
    instead=PLACES_2024.view,
)
PLACES_2022 = File(
    "places_2022",
    "PLACES_county_GIS_2022_release.csv",
    ("CountyFIPS", *(f"{measure}_CrudePrev" for measure in _IN_2022)),
    folder="cdc_places",
    others="places_county_gis_*_release.csv",
)

_PREVALENCES = """
WITH alike AS (
    SELECT GEOID AS fips, count(*) OVER (
        PARTITION BY USPS, regexp_replace(lower(NAME), ' (county|city)$', '')) > 1 AS alike
    FROM gazetteer
), newest AS (
    SELECT fips, measure, arg_min(percent, rank) AS percent FROM (
        SELECT code(CountyFIPS) AS fips, title, figure(value) AS percent, 1 AS rank
        FROM (UNPIVOT places_2024 ON COLUMNS(* EXCLUDE CountyFIPS) INTO NAME title VALUE value)
        UNION ALL
        SELECT code(county_fips), title, figure(value), 2
        FROM (UNPIVOT six_2024 ON COLUMNS(* EXCLUDE county_fips) INTO NAME title VALUE value)
        UNION ALL
        SELECT code(w.fips), title, figure(value), 3
        FROM (UNPIVOT wide_2024 ON COLUMNS(* EXCLUDE fips) INTO NAME title VALUE value) w
        JOIN alike a ON a.fips = code(w.fips) WHERE NOT alike
    ) JOIN titles USING (title)
    WHERE percent IS NOT NULL AND fips IN (SELECT fips FROM current_counties)
    GROUP BY ALL
), holders AS (
    SELECT fips, CASE WHEN starts_with(fips, '09') THEN old ELSE fips END AS old, people
    FROM current_counties
), before AS (
    SELECT h.fips, measure, mean_of(value, people) AS percent
    FROM (UNPIVOT places_2022 ON COLUMNS(* EXCLUDE CountyFIPS) INTO NAME title VALUE value) p
    JOIN titles USING (title) JOIN holders h ON h.old = code(CountyFIPS)
    WHERE figure(value) IS NOT NULL
    GROUP BY ALL
)
SELECT fips, measure, percent, '2024' AS release, false AS mapped FROM newest
UNION ALL
SELECT b.fips, b.measure, b.percent, '2022', starts_with(b.fips, '09')
FROM before b ANTI JOIN newest n ON n.fips = b.fips AND n.measure = b.measure
ORDER BY fips, measure
"""
"""The wide file has one line for a county and a city of one name, the average of both."""


def _measures(con: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    for measure, _, kind, code, name in sorted(_OF_ADULTS, key=lambda row: row[0]):
        sex, low, high, within, who = _NARROWER.get(measure, _ADULTS)
        yield measure, name, kind, sex, low, high, code, within, who


def _prevalences(con: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    con.execute(CURRENT)
    con.execute("CREATE TEMP TABLE titles (title VARCHAR, measure VARCHAR)")
    titles = {title: measure for measure, title, *_ in _OF_ADULTS if title} | SIX
    titles |= {f"{row[0]}_CrudePrev": row[0] for row in _OF_ADULTS}
    con.executemany("INSERT INTO titles VALUES (?, ?)", list(titles.items()))
    return query(_PREVALENCES)(con)


MEASURES = Table(
    Source(
        table="measures",
        publisher="CDC PLACES",
        vintage="measure definitions of the 2024 release",
        licence=PUBLIC,
        denominator="each measure's own, in words in denominator",
        files="",
        transformation=(
            "names, ages and sex of CDC's definitions in our words; age_max 100 is open; within = "
            "the measure whose cases are asked (HIGHCHOL is of those ever screened, of which "
            "CHOLSCREEN, screened within 5 years, is the nearest measure); code = the ICD-10-CM "
            "category that stands for a condition here; ordered by measure"
        ),
        columns=", ".join(
            (
                typed("VARCHAR", "measure name kind sex"),
                typed("INTEGER", "age_min age_max"),
                typed("VARCHAR", "code within denominator"),
            )
        ),
    ),
    (),
    _measures,
)

PREVALENCES = Table(
    Source(
        table="prevalences",
        publisher="CDC PLACES",
        vintage="2024 release (BRFSS 2022, 2021), 2022 release (BRFSS 2020, 2019) where it lacks",
        licence=PUBLIC,
        denominator="each measure's own, see measures; COLON_SCREEN of release 2022 is of 50-75",
        files="",
        transformation=(
            "crude prevalence in percent; release says which one a value is of: 2024 from the "
            "file of six measures, then from the wide one, without its lines for the six counties "
            "that share their name with a city and stand there averaged with it; else 2022; "
            "mapped: a planning region of Connecticut, where 2022 has the old counties, is their "
            "average weighted by the towns' people of 2020; measures that are new in 2024 are "
            "left out where 2024 lacks them, the seven social ones in ten more states; Chugach and "
            "Copper River lack BPMED, CHOLSCREEN, HIGHCHOL; CDC's own "
            "file of 2024 goes before all where it is there; ordered by fips, measure"
        ),
        columns=("fips VARCHAR, measure VARCHAR, percent DOUBLE, release VARCHAR, mapped BOOLEAN"),
    ),
    (PLACES_2024, SIX_2024, WIDE_2024, PLACES_2022, GAZETTEER),
    _prevalences,
)

TABLES = (MEASURES, PREVALENCES)
