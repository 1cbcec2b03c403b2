"""The section `providers`: a table of providers, and who sees whom.

No public-domain file counts providers by specialty and place, so how many there are is the spec's
number, or one of ours that says so; the providers are fictional and their NPIs have a valid check
digit (Luhn over the prefix 80840, ISO/IEC 7812).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genesis_sql.domains.health.columns import DEFAULT, SPEC, Column, constant, made
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import Place, home_columns, place_of
from genesis_sql.domains.health.vocabulary import plain
from genesis_sql.errors import OptionError, nearest

SOURCES = ("networksim", "spec")
SPECIALTIES = (
    "allergy", "anesthesiology", "cardiology", "dermatology", "emergency medicine",
    "endocrinology", "family medicine", "gastroenterology", "general surgery", "geriatrics",
    "hematology", "infectious disease", "internal medicine", "nephrology", "neurology",
    "nurse practitioner", "obstetrics", "oncology", "ophthalmology", "orthopedics",
    "otolaryngology", "pathology", "pediatrics", "physical therapy", "physician assistant",
    "primary care", "psychiatry", "psychology", "pulmonology", "radiology", "rheumatology",
    "urology",
)  # fmt: skip
"""Specialties in everyday words."""
USUAL = 25
"""Providers of a profile that names no number: a choice of ours."""


def tables(
    section: Mapping[str, Any], home: Place, figures: Figures
) -> tuple[dict[str, Column], dict[str, Any]]:
    """`patients.provider_id`, and the table `providers`.

    Raises:
        OptionError: an unknown source, specialty or place, or no whole number of providers.
    """
    source = section.get("source", "networksim")
    if plain(str(source)) not in SOURCES:
        message = f"providers.source: there is no source '{source}'{nearest(str(source), SOURCES)}"
        raise OptionError(message)
    reference = dict(section.get("reference") or {})
    specialty = _specialty(reference.pop("specialty", section.get("specialty")))
    place = place_of(reference, figures, "providers.reference") if reference else home
    count = section.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        message = f"providers.count: {count!r} is no number of providers; give 1 or more"
        raise OptionError(message)
    note = f"providers.count: {count}" if count else unknown_count(specialty, place)
    columns = {
        "provider_id": made({"type": "key", "format": "D%06d"}, DEFAULT, note),
        "specialty": made(constant(specialty), SPEC, "providers.reference.specialty"),
        **{
            n: {**c, "note": f"providers by population: {c['note']}"}
            for n, c in home_columns(place, figures).items()
        },
    }
    seen = made({"type": "reference", "table": "providers"}, DEFAULT, "any of them alike")
    return {"provider_id": seen}, {"providers": {"rows": count or USUAL, "columns": columns}}


def unknown_count(specialty: str, place: Place) -> str:
    """What is said where nobody knows how many there are."""
    return (
        f"{USUAL} is a choice of ours: no public-domain file counts {specialty} in {place.name}; "
        "give providers.count, or load NPPES"
    )


def _specialty(given: Any) -> str:
    if given is None:
        return "primary care"
    name = plain(str(given))
    if name not in SPECIALTIES:
        message = (
            f"providers.reference.specialty: there is no specialty '{given}'"
            f"{nearest(name, SPECIALTIES)}"
        )
        raise OptionError(message)
    return name


def check_digit(nine: str) -> int:
    """The last digit of an NPI by its first nine.

    Example:
        >>> check_digit("123456789")
        3
    """
    digits = [int(d) for d in "80840" + nine]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(reversed(digits))]
    return math.ceil(sum(doubled) / 10) * 10 - sum(doubled)
