"""The section `providers`: a table of providers, and who sees whom.

The rows come from the directory of the database where it knows the specialty: NPPES where the user
loaded it, else the fictional one. No public-domain file counts doctors by specialty and place; then
as many are invented as the spec says, or a number of ours that says so. Invented NPIs have valid
check digits and are nobody's.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    REFERENCE,
    SPEC,
    Column,
    constant,
    made,
)
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import Place, home_columns, place_of
from genesis_sql.domains.health.people import provider_names
from genesis_sql.errors import OptionError, nearest
from genesis_sql.reference import place as standing
from genesis_sql.reference.finding import NPPES, PROVIDER_COLUMNS, providers_sql
from genesis_sql.reference.npi import fictional_npis
from genesis_sql.reference.specialties import TAXONOMIES, plain

SOURCES = ("networksim", "spec")
USUAL = 25
"""Invented providers of a profile that names no number: a choice of ours."""
MOST = 1000
"""Providers taken from a directory where the spec names no number: the first by NPI."""
ANY = "family medicine"
"""The specialty where the spec names none."""
_FIRST = 50_000_000
"""Numbers of invented NPIs: behind those of the fictional directory."""
_LEFT_OUT = ("entity", "credential", "role", "fictional")


def tables(
    section: Mapping[str, Any], home: Place, figures: Figures
) -> tuple[dict[str, Column], dict[str, Any]]:
    """`patients.provider_id`, and the table `providers`.

    Raises:
        OptionError: an unknown source, specialty or place, no whole number of providers, or none
            of that specialty there.
        ModelNotFoundError: the directory that knows the specialty is not there; what to load.
    """
    source = section.get("source", "networksim")
    if plain(str(source)) not in SOURCES:
        message = f"providers.source: there is no source '{source}'{nearest(str(source), SOURCES)}"
        raise OptionError(message)
    reference = dict(section.get("reference") or {})
    specialty = _specialty(reference.pop("specialty", section.get("specialty", ANY)), figures)
    city = reference.pop("city", None)
    place = place_of(reference, figures, "providers.reference") if reference else home
    count = section.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        message = f"providers.count: {count!r} is no number of providers; give 1 or more"
        raise OptionError(message)
    if _counted(specialty, figures):
        made_ = _found(specialty, place, city, count or MOST, figures)
    else:
        made_ = _invented(specialty, place, count, figures)
    seen = made({"type": "reference", "table": "providers"}, DEFAULT, "any of them alike")
    return {"provider_id": seen}, {"providers": made_}


def _specialty(given: Any, figures: Figures) -> str:
    """A specialty in plain words: of doctors, or a type of facility.

    Raises:
        OptionError: it is neither.
    """
    word = plain(str(given))
    types = [kind for (kind,) in figures.rows("DISTINCT type", "facility_counts", "ORDER BY type")]
    if word not in TAXONOMIES and word not in types:
        ending = nearest(word, [*TAXONOMIES, *types])
        message = f"providers.reference.specialty: there is no specialty '{given}'{ending}"
        raise OptionError(message)
    return word


def _counted(specialty: str, figures: Figures) -> bool:
    """Whether a directory knows who they are, or would if it was there."""
    there = standing.standing(figures.con, figures.database)
    return specialty not in TAXONOMIES or (NPPES in there and there[NPPES].ours)


def _found(
    specialty: str, place: Place, city: str | None, most: int, figures: Figures
) -> dict[str, Any]:
    """Rows of the directory."""
    rows: list[tuple[Any, ...]] = []
    for where in _wheres(place, figures):
        query = providers_sql(
            figures.con, figures.database, specialty=specialty, city=city, most=most, **where
        )
        rows += figures.con.execute(query).fetchall()[: most - len(rows)]
        if len(rows) == most:
            break
    if not rows:
        message = f"providers.reference: the directory has no {specialty} in {city or place.name}"
        raise OptionError(message)
    table = rows[0][-1]
    note = f"genesis_reference.{table}: {len(rows)} of {specialty} in {city or place.name}, by NPI"
    columns: dict[str, Column] = {"provider_id": _key(note)}
    for name, values in zip(PROVIDER_COLUMNS, zip(*rows, strict=True), strict=False):
        if name not in _LEFT_OUT and any(value is not None for value in values):
            listed = {"type": "listed", "values": list(values)}
            columns[name] = made(listed, REFERENCE, f"genesis_reference.{table}")
    return {"rows": len(rows), "columns": columns}


def _wheres(place: Place, figures: Figures) -> list[dict[str, str]]:
    """The searches that cover a place."""
    if place.kind == "nation":
        return [{}]
    if place.kind in ("state", "county"):
        return [{"state" if place.kind == "state" else "county": place.id}]
    found = figures.rows_of(place, "fips", "counties", "ORDER BY fips")
    return [{"county": fips} for fips in itertools.chain.from_iterable(found)]


def _invented(specialty: str, place: Place, count: int | None, figures: Figures) -> dict[str, Any]:
    """Fictional providers, as many as the spec says."""
    import numpy as np

    many = count or USUAL
    note = f"providers.count: {count}" if count else unknown_count(specialty, place)
    npis = fictional_npis(np.arange(_FIRST, _FIRST + many), 0)
    listed = {"type": "listed", "values": [str(npi) for npi in npis.tolist()]}
    columns = {
        "provider_id": _key(note),
        "npi": made(listed, DEFAULT, "invented, with a valid check digit"),
        **provider_names(figures),
        "specialty": made(constant(specialty), SPEC, "providers.reference.specialty"),
        "taxonomy": made(constant(TAXONOMIES[specialty]), DEFAULT, "the code of the specialty"),
        **home_columns(place, figures),
    }
    return {"rows": many, "columns": columns}


def _key(note: str) -> Column:
    return made({"type": "key", "format": "D%06d"}, DEFAULT, note)


def unknown_count(specialty: str, place: Place) -> str:
    """What is said where nobody knows how many there are."""
    return (
        f"{USUAL} is a choice of ours: no public-domain file counts {specialty} in {place.name}; "
        "give providers.count, or CALL genesis_load_directory('nppes', path := "
        "'npidata_pfile.csv') for the real ones"
    )
