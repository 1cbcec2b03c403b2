"""Who the people are: sex, age and birth date, ethnicity and race, where they live."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    SPEC,
    Column,
    categorical,
    either,
    expression,
    made,
    shares,
)
from genesis_sql.domains.health.figures import RACES, Figures
from genesis_sql.domains.health.geography import NATION, Place, home_columns, place_of
from genesis_sql.domains.health.vocabulary import plain
from genesis_sql.domains.health.whole_ages import of_years, whole_ages
from genesis_sql.errors import OptionError, nearest

AS_OF = "2024-12-31"
"""The day on which people have their age, unless the spec names one; never today."""
SOURCES = ("populationsim", "spec")
HISPANIC, NOT_HISPANIC = "Hispanic or Latino", "Not Hispanic or Latino"
_SEXES = {
    "F": ("f", "female", "woman", "women", "girl"),
    "M": ("m", "male", "man", "men", "boy"),
    "O": ("o", "other", "x", "nonbinary", "non binary"),
    "U": ("u", "unknown"),
}
_RACES = {
    **{label: (key.replace("_", " "), plain(label)) for key, label in RACES.items()},
    RACES["black"]: ("black", "african american", "black or african american"),
    RACES["native"]: ("native", "american indian", "alaska native", "native american", "aian"),
    RACES["pacific"]: ("pacific", "pacific islander", "native hawaiian", "nhpi"),
    RACES["other"]: ("other", "other race", "some other race"),
    RACES["two_plus"]: ("two plus", "multiracial", "two or more", "two or more races", "mixed"),
}
_ETHNICITIES = {
    HISPANIC: ("hispanic", "latino", "hispanic or latino"),
    NOT_HISPANIC: ("not hispanic", "non hispanic", "not hispanic or latino"),
}


def places(section: Mapping[str, Any], figures: Figures) -> tuple[Place, Place]:
    """The place whose figures are used, and the one where the people live.

    Raises:
        OptionError: an unknown source or place, or ``source`` without a place.
    """
    path = "demographics"
    source = section.get("source")
    if source is not None and plain(str(source)) not in SOURCES:
        message = f"{path}.source: there is no source '{source}'{nearest(str(source), SOURCES)}"
        raise OptionError(message)
    reference, geography = section.get("reference"), section.get("geography")
    if reference is None and geography is None:
        if source == "populationsim":
            message = (
                f"{path}: the source 'populationsim' needs a reference, such as "
                "{'type': 'county', 'fips': '48201'}"
            )
            raise OptionError(message)
        return NATION, NATION
    named = None if reference is None else place_of(reference, figures, f"{path}.reference")
    home = None if geography is None else place_of(geography, figures, f"{path}.geography")
    return named or home or NATION, home or named or NATION


def as_of(section: Mapping[str, Any]) -> datetime.date:
    """The day on which the people have their age.

    Raises:
        OptionError: it is no date.
    """
    given = section.get("as_of", AS_OF)
    try:
        return datetime.date.fromisoformat(str(given))
    except ValueError as error:
        message = f"demographics.as_of: '{given}' is no date such as '{AS_OF}'"
        raise OptionError(message) from error


def person_columns(
    section: Mapping[str, Any], place: Place, home: Place, figures: Figures
) -> dict[str, Column]:
    """The columns of a person, in the order in which they are drawn."""
    day = as_of(section)
    return {
        "gender": _gender(section, place, figures),
        "age": _age(section, place, figures),
        "birth_day": made(
            {"type": "bands", "bands": [{"min": 0, "max": 364, "weight": 1}]},
            DEFAULT,
            "days since the last birthday",
            hidden=True,
        ),
        "birth_date": made(
            expression(birth_date(day), "DATE"), DEFAULT, f"from the age on {day.isoformat()}"
        ),
        "ethnicity": _ethnicity(section, place, figures),
        "race": _race(section, place, figures),
        **home_columns(home, figures),
    }


def birth_date(day: datetime.date) -> str:
    """SQL of the birth date: so many years before a day, less the days since the birthday.

    Between two birthdays lie at least 365 days, so 0 to 364 of them never change the age.
    """
    return f"CAST(CAST('{day.isoformat()}' AS DATE) - to_years(age) AS DATE) - birth_day"


def population_columns(place: Place, figures: Figures) -> dict[str, Column]:
    """Sex and age of a place as they are: what its rates are calibrated on."""
    return {"gender": _gender({}, place, figures), "age": _age({}, place, figures)}


def _gender(section: Mapping[str, Any], place: Place, figures: Figures) -> Column:
    if "gender" in section:
        given = shares("demographics.gender", section["gender"])
        return made(categorical(_named(given, _SEXES, "gender")), SPEC, "demographics.gender")
    totals: dict[str, float] = {"F": 0.0, "M": 0.0}
    for (sex, _), people in figures.ages(place).items():
        totals[sex] += people
    note = f"sex of the people of {place.name}, 2023"
    return made(categorical(totals), place.origin, note)


def _age(section: Mapping[str, Any], place: Place, figures: Figures) -> Column:
    if "age" in section:
        return made(whole_ages(section["age"]), SPEC, "demographics.age, in whole years")
    years: dict[str, dict[int, float]] = {"F": {}, "M": {}}
    both: dict[int, float] = {}
    for (sex, age), people in figures.ages(place).items():
        years[sex][age] = people
        both[age] = both.get(age, 0.0) + people
    cases: list[tuple[Mapping[str, Any], Column]] = [
        ({"gender": sex}, of_years(weights)) for sex, weights in years.items()
    ]
    note = (
        f"single years by sex of {place.name}: the nation's, raked to the county's bands 0-17, "
        "18-64, 65-84, 85+"
    )
    return made({**either(cases, of_years(both)), "sql_type": "INTEGER"}, place.origin, note)


def _ethnicity(section: Mapping[str, Any], place: Place, figures: Figures) -> Column:
    if "ethnicity" in section:
        given = shares("demographics.ethnicity", section["ethnicity"])
        named = _named(given, _ETHNICITIES, "ethnicity")
        return made(categorical(named), SPEC, "demographics.ethnicity")
    hispanic = math.fsum(part for (is_so, _), part in figures.races(place).items() if is_so)
    values = {HISPANIC: hispanic, NOT_HISPANIC: 1 - hispanic}
    return made(categorical(values), place.origin, f"share of {place.name}")


def _race(section: Mapping[str, Any], place: Place, figures: Figures) -> Column:
    if "race" in section:
        given = shares("demographics.race", section["race"])
        return made(categorical(_named(given, _RACES, "race")), SPEC, "demographics.race")
    laws: dict[bool, Column] = {}
    for is_so in (True, False):
        races = {race: part for (h, race), part in figures.races(place).items() if h == is_so}
        if sum(races.values()) > 0:
            laws[is_so] = categorical(races)
    column = next(iter(laws.values()))
    if len(laws) == 2:
        column = either([({"ethnicity": HISPANIC}, laws[True])], laws[False])
    return made(column, place.origin, f"shares of {place.name} by ethnicity")


def _named(
    given: Mapping[str, float], known: Mapping[str, tuple[str, ...]], field: str
) -> dict[str, float]:
    """Shares by our own labels.

    Raises:
        OptionError: a label means nothing here.
    """
    words = {word: label for label, words in known.items() for word in words}
    found: dict[str, float] = {}
    for name, value in given.items():
        label = words.get(plain(name))
        if label is None:
            message = (
                f"demographics.{field}: there is no {field} '{name}'{nearest(plain(name), words)}"
            )
            raise OptionError(message)
        found[label] = found.get(label, 0.0) + value
    return found
