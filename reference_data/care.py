"""How many places of care a county has, by type; of no single one anything is kept."""

from __future__ import annotations

from genesis_sql.reference_data.population import GAZETTEER, ZIPS
from genesis_sql.reference_data.registry import PUBLIC, File, Source, Table, query

FACILITIES = File(
    "facilities",
    "facilities.parquet",
    ("ccn", "facility_type", "beds", "fips_county", "is_hospital_unit"),
    delimiter="",
)
HOSPITALS = File(
    "hospitals",
    "Hospital_General_Information.csv",
    ("Facility ID", "State", "ZIP Code", "County/Parish", "Hospital Type"),
    folder="cms",
)

_COUNTS = """
WITH certified AS (
    SELECT ccn, facility_type, beds, fips_county AS fips, TRY_CAST(ccn[3:] AS INTEGER) AS serial
    FROM facilities
    WHERE regexp_full_match(ccn, '(0[1-9]|[1-9A-C][0-9])([0-9A-Z][0-9]{3}|C[0-9]{7})')
      AND fips_county < '57' AND NOT is_hospital_unit
), others AS (
    SELECT fips, CASE
               WHEN facility_type = 'hospital' AND serial BETWEEN 2000 AND 2299
                   THEN 'long-term hospital'
               WHEN facility_type = 'hospital' AND serial BETWEEN 3025 AND 3099
                   THEN 'rehabilitation hospital'
               WHEN facility_type IN ('snf', 'nf', 'snf_nf_dual', 'snf_nf_distinct_part')
                   THEN 'nursing'
               WHEN facility_type = 'hha' THEN 'home health'
               WHEN facility_type = 'esrd' THEN 'dialysis'
               WHEN facility_type = 'hospice' THEN 'hospice'
               WHEN facility_type IN ('opt_sp', 'corf') THEN 'outpatient therapy'
               WHEN facility_type = 'asc' THEN 'surgery centre'
           END AS type, beds
    FROM certified
), listed AS (
    SELECT "Facility ID" AS ccn, CASE "Hospital Type"
               WHEN 'Acute Care Hospitals' THEN 'hospital'
               WHEN 'Acute Care - Veterans Administration' THEN 'veterans hospital'
               WHEN 'Acute Care - Department of Defense' THEN 'military hospital'
               WHEN 'Critical Access Hospitals' THEN 'critical access hospital'
               WHEN 'Rural Emergency Hospital' THEN 'rural emergency hospital'
               WHEN 'Childrens' THEN 'children''s hospital'
               WHEN 'Psychiatric' THEN 'psychiatric hospital'
           END AS type, State AS state, "ZIP Code"[:5] AS zip, upper("County/Parish") AS county
    FROM hospitals
), placed AS (
    SELECT l.ccn, l.type, g.GEOID AS fips FROM listed l
    LEFT JOIN zips z ON z.zip = l.zip
    JOIN gazetteer g ON (g.GEOID = z.county AND g.USPS = l.state)
    QUALIFY row_number() OVER (
        PARTITION BY l.ccn ORDER BY starts_with(upper(g.NAME), l.county || ' ') DESC,
        z.tot_ratio DESC, g.GEOID) = 1
), every_one AS (
    SELECT fips, type, beds FROM others
    UNION ALL
    SELECT p.fips, p.type, c.beds FROM placed p
    LEFT JOIN certified c ON c.ccn = p.ccn AND c.facility_type = 'hospital'
)
SELECT fips, type, count(*) AS facilities, CAST(sum(beds) AS BIGINT) AS beds,
       count(beds) AS with_beds
FROM every_one WHERE type IS NOT NULL AND fips < '57' GROUP BY ALL ORDER BY fips, type
"""

FACILITY_COUNTS = Table(
    Source(
        table="facility_counts",
        publisher="Centers for Medicare & Medicaid Services",
        vintage="Care Compare 2026-02 for hospitals; certified providers as of the file for others",
        licence=PUBLIC,
        denominator="certified facilities in the county",
        files="",
        transformation=(
            "hospitals that Care Compare lists, in the county of their ZIP code that they name, or "
            "else that most of its addresses are in; long-term (2000-2299) and rehabilitation "
            "(3025-3099) hospitals by their CMS number, and all other types by facility_type, "
            "where closed ones cannot be told; without units of hospitals, numbers that are no "
            "CMS number, territories, and types of which the file has next to none (clinics); "
            "surgery centres are a small part of all; beds = sum over the with_beds facilities "
            "whose beds are known; ordered by fips, type"
        ),
        columns="fips VARCHAR, type VARCHAR, facilities BIGINT, beds BIGINT, with_beds BIGINT",
    ),
    (FACILITIES, HOSPITALS, GAZETTEER, ZIPS),
    query(_COUNTS),
)

TABLES = (FACILITY_COUNTS,)
