"""Public code lists: ICD-10-CM, HCPCS level II, MS-DRG, place of service; no CPT, no CDT."""

from __future__ import annotations

from genesis_sql.reference_data.registry import PUBLIC, File, Source, Table, query

DIAGNOSES = File(
    "diagnoses",
    "icd10cm_2022.parquet",
    ("code", "description"),
    folder="icd10",
    others="icd10cm_*.parquet",
    delimiter="",
)
SUPPLIES = File(
    "supplies",
    "hcpcs_level_2.csv",
    ("hcpcs", "seqnum", "long_description"),
    folder="terminology",
)
GROUPS = File(
    "groups",
    "ms_drg.csv",
    ("ms_drg", "mdc", "medical_surgical", "description"),
    folder="terminology",
)
CATEGORIES = File("categories", "mdc.csv", ("mdc", "description"), folder="terminology")
PLACES = File(
    "places",
    "place_of_service.csv",
    ("place_of_service_code", "description"),
    folder="terminology",
)


_DIAGNOSES = """
WITH mended AS (
    SELECT CASE WHEN spilt THEN code[:4] || rtrim(description[:3]) ELSE code END AS code,
           CASE WHEN spilt THEN ltrim(description[4:]) ELSE description END AS description
    FROM (SELECT *, length(code) = 5 AND description[1] = code[5] AND description[4] = ' ' AS spilt
          FROM diagnoses)
)
SELECT CASE WHEN length(code) > 3 THEN code[:3] || '.' || code[4:] ELSE code END AS code,
       description FROM mended ORDER BY code
"""
"""Some copies cut the lines of CMS in the wrong place: code E1131 for E11311, and the last one to
three characters of the code stand before the description."""

ICD10CM = Table(
    Source(
        table="icd10cm",
        publisher="CDC National Center for Health Statistics; CMS",
        vintage="fiscal year 2022",
        licence=PUBLIC,
        denominator="none: a list of codes",
        files="",
        transformation="billable codes, written with their dot; ordered by code",
        columns="code VARCHAR, description VARCHAR",
    ),
    (DIAGNOSES,),
    query(_DIAGNOSES),
)

HCPCS = Table(
    Source(
        table="hcpcs",
        publisher="Centers for Medicare & Medicaid Services",
        vintage="HCPCS level II as of the file; CMS sets it anew each quarter",
        licence=PUBLIC,
        denominator="none: a list of codes",
        files="",
        transformation=(
            "codes of five characters with their long description, lines of one code joined; "
            "without modifiers and without the dental codes D…, which are not public; "
            "ordered by code"
        ),
        columns="code VARCHAR, description VARCHAR",
    ),
    (SUPPLIES,),
    query(
        "SELECT hcpcs AS code, string_agg(long_description, ' ' ORDER BY seqnum) FROM supplies "
        "WHERE length(hcpcs) = 5 AND NOT starts_with(hcpcs, 'D') GROUP BY hcpcs ORDER BY code"
    ),
)

MS_DRG = Table(
    Source(
        table="ms_drg",
        publisher="Centers for Medicare & Medicaid Services",
        vintage="MS-DRG as of the file",
        licence=PUBLIC,
        denominator="none: a list of codes",
        files="",
        transformation=(
            "kind = surgical or medical, NULL where neither; mdc NULL where a group is of no "
            "category; ordered by code"
        ),
        columns="code VARCHAR, mdc VARCHAR, kind VARCHAR, description VARCHAR",
    ),
    (GROUPS,),
    query(
        "SELECT ms_drg AS code, nullif(mdc, ''), lower(nullif(medical_surgical, '')), description "
        "FROM groups ORDER BY code"
    ),
)

MDC = Table(
    Source(
        table="mdc",
        publisher="Centers for Medicare & Medicaid Services",
        vintage="MS-DRG as of the file",
        licence=PUBLIC,
        denominator="none: a list of codes",
        files="",
        transformation="as published; ordered by code",
        columns="code VARCHAR, description VARCHAR",
    ),
    (CATEGORIES,),
    query("SELECT mdc AS code, description FROM categories ORDER BY code"),
)

PLACE_OF_SERVICE = Table(
    Source(
        table="place_of_service",
        publisher="Centers for Medicare & Medicaid Services",
        vintage="as of the file, with telehealth at home (10)",
        licence=PUBLIC,
        denominator="none: a list of codes",
        files="",
        transformation="as published; ordered by code",
        columns="code VARCHAR, description VARCHAR",
    ),
    (PLACES,),
    query("SELECT place_of_service_code AS code, description FROM places ORDER BY code"),
)

TABLES = (ICD10CM, HCPCS, MS_DRG, MDC, PLACE_OF_SERVICE)
