"""Layouts of the publishers' directories: their columns, and the query that makes rows of them.

Each row of :data:`LAYOUTS` reads one file. The queries are text with the quoted headings of the
file in their place; values of the file never become text of a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from genesis_sql.sqlbuild import string

Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Columns, each with what it is called in this release and in others."""
NO_LICENCE = "public domain (work of the United States government); loaded by you, never shipped"


@dataclass(frozen=True)
class Geography:
    """Tables that tell counties, as text, where they are there."""

    zip_county: str | None
    counties: str | None

    def of_zip(self) -> str:
        """A relation (zip, fips): the county that has most homes of a ZIP."""
        if self.zip_county is None:
            return "(SELECT NULL::VARCHAR AS zip, NULL::VARCHAR AS fips WHERE false)"
        most = "arg_max(fips, res_ratio ORDER BY fips)"
        return f"(SELECT zip, {most} AS fips FROM {self.zip_county} GROUP BY zip)"  # noqa: S608

    def of_name(self) -> str:
        """A relation (state, name, fips): names as letters, without 'County' and the like."""
        if self.counties is None:
            return (
                "(SELECT NULL::VARCHAR AS state, NULL::VARCHAR AS name, NULL::VARCHAR AS fips "
                "WHERE false)"
            )
        short = bare_name(f"regexp_replace(upper(name), {string(_KINDS)}, '')")
        return (
            f"(SELECT state, {short} AS name, min(fips) AS fips FROM {self.counties} "  # noqa: S608
            f"GROUP BY state, {short} HAVING count(*) = 1)"
        )


_KINDS = " (COUNTY|PARISH|BOROUGH|CENSUS AREA|MUNICIPALITY|CITY AND BOROUGH)$"


def bare_name(expression: str) -> str:
    """A county's name as letters only, with SAINT for ST."""
    upper = f"regexp_replace(upper({expression}), '^(ST|STE)[. ]+', 'SAINT')"
    return f"regexp_replace({upper}, '[^A-Z]', '', 'g')"


@dataclass(frozen=True)
class Layout:
    """A publisher's file: where its rows go, its columns, and how they are read."""

    table: str
    title: str
    publisher: str
    required: Names
    query: Callable[[str, Mapping[str, str], Geography], str]
    optional: Names = ()
    licence: str = NO_LICENCE
    note: str = ""


def _text(heading: str | None) -> str:
    """A trimmed text, NULL where it is empty or not there."""
    return "NULL::VARCHAR" if heading is None else f"nullif(trim(CAST(f.{heading} AS VARCHAR)), '')"


def _zip(heading: str | None) -> str:
    """Five digits; leading zeros that a spreadsheet took away are put back."""
    value = _text(heading)
    return (
        f"CASE WHEN length({value}) IN (8, 9) THEN left(lpad({value}, 9, '0'), 5) "
        f"WHEN length({value}) < 5 THEN lpad({value}, 5, '0') ELSE left({value}, 5) END"
    )


def _whole(heading: str | None) -> str:
    return f"TRY_CAST({_text(heading)} AS INTEGER)"


# CMS Hospital General Information

CARE_COMPARE: Names = (
    ("Facility ID", "Provider ID"),
    ("Facility Name", "Hospital Name"),
    ("Address",),
    ("City/Town", "City"),
    ("State",),
    ("ZIP Code",),
    ("County/Parish", "County Name"),
    ("Hospital Type",),
)


def _care_compare(source: str, h: Mapping[str, str], geography: Geography) -> str:
    return f"""
SELECT {_text(h["Facility ID"])} AS facility_id, NULL::VARCHAR AS npi,
  {_text(h["Facility Name"])} AS name, 'hospital' AS type, {_text(h["Hospital Type"])} AS subtype,
  {_text(h["Address"])} AS address, upper({_text(h["City/Town"])}) AS city,
  upper({_text(h["State"])}) AS state, {_zip(h["ZIP Code"])} AS zip,
  coalesce(n.fips, z.fips) AS county_fips, NULL::DOUBLE AS lat, NULL::DOUBLE AS lon,
  NULL::INTEGER AS beds, {_text(h.get("Hospital Ownership"))} AS ownership,
  {_whole(h.get("Hospital overall rating"))} AS rating, false AS fictional
FROM {source} AS f
LEFT JOIN {geography.of_zip()} AS z ON z.zip = {_zip(h["ZIP Code"])}
LEFT JOIN {geography.of_name()} AS n ON n.state = upper({_text(h["State"])})
  AND n.name = {bare_name(_text(h["County/Parish"]))}
WHERE {_text(h["Facility ID"])} IS NOT NULL ORDER BY facility_id"""  # noqa: S608 - quoted


# CMS Provider of Services, hospital and other

POS: Names = (
    ("PRVDR_NUM",),
    ("PRVDR_CTGRY_CD",),
    ("FAC_NAME",),
    ("ST_ADR",),
    ("CITY_NAME",),
    ("STATE_CD",),
    ("ZIP_CD",),
)
POS_OPTIONAL: Names = (
    ("PRVDR_CTGRY_SBTYP_CD",),
    ("FIPS_STATE_CD",),
    ("FIPS_CNTY_CD",),
    ("BED_CNT",),
    ("CRTFD_BED_CNT",),
    ("GNRL_CNTL_TYPE_CD",),
    ("PGM_TRMNTN_CD",),
)
POS_TYPES = {
    "01": "hospital", "02": "nursing", "03": "nursing", "04": "nursing", "05": "home health",
    "06": "psychiatric residence", "07": "portable x-ray", "08": "outpatient therapy",
    "09": "dialysis", "10": "nursing", "11": "care of intellectual disability",
    "12": "rural clinic", "14": "outpatient rehabilitation", "15": "surgery centre",
    "16": "hospice", "17": "organ procurement", "19": "mental health centre",
    "21": "health centre",
}  # fmt: skip
"""Categories of PRVDR_CTGRY_CD in our words; another one becomes 'category NN'."""


def _pos(source: str, h: Mapping[str, str], geography: Geography) -> str:
    code = f"lpad({_text(h['PRVDR_CTGRY_CD'])}, 2, '0')"
    cases = " ".join(f"WHEN {string(k)} THEN {string(v)}" for k, v in POS_TYPES.items())
    county = (
        f"lpad({_text(h['FIPS_STATE_CD'])}, 2, '0') || lpad({_text(h['FIPS_CNTY_CD'])}, 3, '0')"
        if {"FIPS_STATE_CD", "FIPS_CNTY_CD"} <= h.keys()
        else "NULL::VARCHAR"
    )
    ended = h.get("PGM_TRMNTN_CD")
    active = f"coalesce({_whole(ended)}, 0) = 0" if ended else "true"
    all_beds, certified = (_whole(h.get(name)) for name in ("BED_CNT", "CRTFD_BED_CNT"))
    beds = f"coalesce(nullif({all_beds}, 0), nullif({certified}, 0))"
    return f"""
SELECT {_text(h["PRVDR_NUM"])} AS facility_id, NULL::VARCHAR AS npi, {_text(h["FAC_NAME"])} AS name,
  CASE {code} {cases} ELSE 'category ' || {code} END AS type,
  {_text(h.get("PRVDR_CTGRY_SBTYP_CD"))} AS subtype, {_text(h["ST_ADR"])} AS address,
  upper({_text(h["CITY_NAME"])}) AS city, upper({_text(h["STATE_CD"])}) AS state,
  {_zip(h["ZIP_CD"])} AS zip, coalesce({county}, z.fips) AS county_fips,
  NULL::DOUBLE AS lat, NULL::DOUBLE AS lon, {beds} AS beds,
  {_text(h.get("GNRL_CNTL_TYPE_CD"))} AS ownership, NULL::INTEGER AS rating, false AS fictional
FROM {source} AS f LEFT JOIN {geography.of_zip()} AS z ON z.zip = {_zip(h["ZIP_CD"])}
WHERE {_text(h["PRVDR_NUM"])} IS NOT NULL AND {active} ORDER BY facility_id"""  # noqa: S608 - quoted


# NPPES

_PLACE = "Provider Business Practice Location Address"
_STREET = "Provider First Line Business Practice Location Address"
_TAXONOMY, _SWITCH = (
    "Healthcare Provider Taxonomy Code",
    "Healthcare Provider Primary Taxonomy Switch",
)
_MOST_TAXONOMIES = 15
NPPES: Names = (
    ("NPI",),
    ("Entity Type Code",),
    ("Provider Organization Name (Legal Business Name)",),
    ("Provider Last Name (Legal Name)",),
    ("Provider First Name",),
    (_STREET,),
    (f"{_PLACE} City Name",),
    (f"{_PLACE} State Name",),
    (f"{_PLACE} Postal Code",),
    (f"{_TAXONOMY}_1",),
)
NPPES_OPTIONAL: Names = (
    ("Provider Credential Text",),
    ("Provider Sex Code", "Provider Gender Code"),
    (f"{_PLACE} Telephone Number",),
    ("NPI Deactivation Date",),
    ("NPI Reactivation Date",),
    *((f"{_TAXONOMY}_{i}",) for i in range(2, _MOST_TAXONOMIES + 1)),
    *((f"{_SWITCH}_{i}",) for i in range(1, _MOST_TAXONOMIES + 1)),
)


def _nppes(source: str, h: Mapping[str, str], geography: Geography) -> str:
    numbers = [i for i in range(1, _MOST_TAXONOMIES + 1) if f"{_TAXONOMY}_{i}" in h]
    codes = [_text(h[f"{_TAXONOMY}_{i}"]) for i in numbers]
    primary = " ".join(
        f"WHEN {_text(h[f'{_SWITCH}_{i}'])} = 'Y' THEN {_text(h[f'{_TAXONOMY}_{i}'])}"
        for i in numbers
        if f"{_SWITCH}_{i}" in h
    )
    first = f"CASE {primary} ELSE {codes[0]} END" if primary else codes[0]
    ended, back = _text(h.get("NPI Deactivation Date")), _text(h.get("NPI Reactivation Date"))
    zip_code = _zip(h[f"{_PLACE} Postal Code"])
    return f"""
SELECT {_text(h["NPI"])} AS npi,
  CASE {_text(h["Entity Type Code"])} WHEN '1' THEN 'person' WHEN '2' THEN 'organisation' END
    AS entity,
  {_text(h["Provider First Name"])} AS first_name,
  {_text(h["Provider Last Name (Legal Name)"])} AS last_name,
  {_text(h.get("Provider Sex Code"))} AS sex,
  {_text(h["Provider Organization Name (Legal Business Name)"])} AS organisation,
  NULL::VARCHAR AS facility_id, NULL::VARCHAR AS specialty, NULL::VARCHAR AS role,
  {_text(h.get("Provider Credential Text"))} AS credential, {first} AS taxonomy,
  list_filter([{", ".join(codes)}], lambda code: code IS NOT NULL) AS taxonomies,
  {_text(h[_STREET])} AS address, upper({_text(h[f"{_PLACE} City Name"])}) AS city,
  upper({_text(h[f"{_PLACE} State Name"])}) AS state, {zip_code} AS zip, z.fips AS county_fips,
  NULL::DOUBLE AS lat, NULL::DOUBLE AS lon,
  {_text(h.get(f"{_PLACE} Telephone Number"))} AS phone, false AS fictional
FROM {source} AS f LEFT JOIN {geography.of_zip()} AS z ON z.zip = {zip_code}
WHERE {_text(h["NPI"])} IS NOT NULL AND ({ended} IS NULL OR {back} IS NOT NULL)"""  # noqa: S608 - quoted


LAYOUTS: dict[str, Layout] = {
    "nppes": Layout(
        "providers_nppes", "NPPES npidata_pfile", "CMS NPPES", NPPES, _nppes, NPPES_OPTIONAL
    ),
    "pos": Layout("facilities_pos", "CMS Provider of Services", "CMS", POS, _pos, POS_OPTIONAL),
    "care_compare": Layout(
        "facilities_care_compare",
        "CMS Hospital General Information",
        "CMS Care Compare",
        CARE_COMPARE,
        _care_compare,
        (("Hospital Ownership",), ("Hospital overall rating",)),
        note="hospitals only, without their beds",
    ),
}
