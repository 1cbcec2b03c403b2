"""Names and addresses, on request: `demographics.names`, `demographics.address`.

They cost draws from long lists, so that nobody pays for them who does not ask.
"""

from __future__ import annotations

from collections.abc import Mapping
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

NAMES, SURNAMES = 200, 1000
"""The most frequent first names of a sex and decade, and surnames, that are drawn."""
_ZIPS = 20_000
_GAP = " | "


def name_columns(section: Mapping[str, Any], figures: Figures) -> dict[str, Column]:
    """`given_name` by sex and decade of birth, and `family_name`."""
    if not section.get("names"):
        return {}
    year = as_of(section).year
    most = (
        "QUALIFY row_number() OVER (PARTITION BY sex, decade ORDER BY count DESC, name) <= ? "
        "ORDER BY ALL"
    )
    groups: dict[tuple[str, int], dict[str, float]] = {}
    for sex, decade, name, count in figures.rows(
        "sex, decade, name, count", "first_names", most, NAMES
    ):
        groups.setdefault((sex, int(decade)), {})[name] = float(count)
    decades = sorted({decade for _, decade in groups})
    cases: list[tuple[Mapping[str, Any], Column]] = []
    for (sex, decade), names in groups.items():
        ages = {"min": year - decade - 9, "max": year - decade}
        if decade == decades[0]:
            ages["max"] = 130
        if decade == decades[-1]:
            ages["min"] = 0
        cases.append(({"gender": sex, "age": ages}, categorical(names)))
    both: dict[str, float] = {}
    for names in groups.values():
        for name, count in names.items():
            both[name] = both.get(name, 0.0) + count
    most = "ORDER BY share DESC, name LIMIT ?"
    surnames = figures.rows("name, share", "surnames", most, SURNAMES)
    families = {name: float(part) for name, part in surnames}
    given = either(cases, categorical(both))
    return {
        "given_name": made(given, REFERENCE, "SSA baby names by sex and decade of birth"),
        "family_name": made(categorical(families), REFERENCE, "Census surnames by frequency"),
    }


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
        ({"county_fips": fips}, categorical(places)) for fips, places in spots.items()
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
