"""Names and addresses, on request: `demographics.names`, `demographics.address`.

They cost draws from long lists, so that nobody pays for them who does not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from genesis_sql.domains.health.columns import (
    REFERENCE,
    Column,
    categorical,
    either,
    expression,
    made,
)
from genesis_sql.domains.health.demographics import as_of
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import Place
from genesis_sql.errors import OptionError

WORKING = (1960, 1970, 1980, 1990)
"""Decades of birth of people at work."""
NAMES, SURNAMES = 200, 1000
"""The most frequent first names of a sex and decade, and surnames, that are drawn."""
_ZIPS = 20_000
_GAP = " | "


def name_columns(section: Mapping[str, Any], figures: Figures) -> dict[str, Column]:
    """`given_name` by sex and decade of birth, and `family_name`."""
    if not section.get("names"):
        return {}
    year = as_of(section).year
    groups = _first_names(figures)
    decades = sorted({decade for _, decade in groups})
    cases: list[tuple[Mapping[str, Any], Column]] = []
    for (sex, decade), names in groups.items():
        ages = {"min": year - decade - 9, "max": year - decade}
        if decade == decades[0]:
            ages["max"] = 130
        if decade == decades[-1]:
            ages["min"] = 0
        cases.append(({"gender": sex, "age": ages}, categorical(names)))
    given = either(cases, categorical(_together(groups.values())))
    return {
        "given_name": made(given, REFERENCE, "SSA baby names by sex and decade of birth"),
        "family_name": _family(figures),
    }


def provider_names(figures: Figures) -> dict[str, Column]:
    """`first_name` and `last_name` of people who were born from 1960 to 1990."""
    working = [names for (_, decade), names in _first_names(figures).items() if decade in WORKING]
    given = made(categorical(_together(working)), REFERENCE, "SSA baby names of 1960 to 1990")
    return {"first_name": given, "last_name": _family(figures)}


def _first_names(figures: Figures) -> dict[tuple[str, int], dict[str, float]]:
    """How many were given each name, by sex and decade."""
    most = (
        "QUALIFY row_number() OVER (PARTITION BY sex, decade ORDER BY count DESC, name) <= ? "
        "ORDER BY ALL"
    )
    groups: dict[tuple[str, int], dict[str, float]] = {}
    for sex, decade, name, count in figures.rows(
        "sex, decade, name, count", "first_names", most, NAMES
    ):
        groups.setdefault((sex, int(decade)), {})[name] = float(count)
    return groups


def _together(groups: Iterable[Mapping[str, float]]) -> dict[str, float]:
    both: dict[str, float] = {}
    for names in groups:
        for name, count in names.items():
            both[name] = both.get(name, 0.0) + count
    return both


def _family(figures: Figures) -> Column:
    most = "ORDER BY share DESC, name LIMIT ?"
    found = figures.rows("name, share", "surnames", most, SURNAMES)
    law = categorical({name: float(part) for name, part in found})
    return made(law, REFERENCE, "Census surnames by frequency")


def address_columns(section: Mapping[str, Any], home: Place, figures: Figures) -> dict[str, Column]:
    """`zip` and `city` of the county, by the part of a ZIP's homes that lie in it.

    Raises:
        OptionError: the place has more ZIP codes than a profile can hold.
    """
    if not section.get("address"):
        return {}
    spots: dict[str, dict[str, float]] = {}
    for fips, code, city, part in figures.rows_of(
        home, "fips, zip, city, res_ratio", "zip_county", "ORDER BY ALL"
    ):
        spots.setdefault(fips, {})[f"{code}{_GAP}{city}"] = float(part or 0)
    if sum(len(s) for s in spots.values()) > _ZIPS:
        message = (
            f"demographics.address: {home.name} has too many ZIP codes; name a state or county"
        )
        raise OptionError(message)
    cases: list[tuple[Mapping[str, Any], Column]] = [
        ({"county_fips": fips}, categorical(places if any(places.values()) else _alike(places)))
        for fips, places in spots.items()
    ]
    if not cases:
        message = f"demographics.address: the reference tables hold no ZIP codes of {home.name}"
        raise OptionError(message)
    note = "HUD ZIP-county: by the part of a ZIP's homes in the county"
    return {
        "spot": made(either(cases), REFERENCE, note, hidden=True),
        "zip": made(expression("left(spot, 5)", "VARCHAR"), REFERENCE, note),
        "city": made(expression(f"substring(spot, {6 + len(_GAP)})", "VARCHAR"), REFERENCE, note),
    }


def _alike(places: Mapping[str, float]) -> dict[str, float]:
    """Equal weights: of a county where HUD counts no home at all."""
    return dict.fromkeys(places, 1.0)
