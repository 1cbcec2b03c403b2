"""Places: which counties a reference means, and where its people live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis_sql.domains.health.columns import DEFAULT, REFERENCE, Column, categorical, either, made
from genesis_sql.errors import OptionError, nearest
from genesis_sql.reference.states import STATES

if TYPE_CHECKING:
    from genesis_sql.domains.health.figures import Figures

KINDS = ("county", "state", "msa", "nation")
_KEYS = {"county": "fips", "state": "state", "msa": "cbsa"}


@dataclass(frozen=True)
class Place:
    """A county, a state, a metropolitan area or the nation, as the set of its counties.

    Attributes:
        kind: one of `KINDS`.
        id: FIPS code, letters of the state, CBSA code, or 'US'.
        name: what people call it.
        column: the column of `counties` that holds ``id``; '' for the nation.
        origin: 'reference' where the spec names the place, 'default' where nothing does.
    """

    kind: str
    id: str
    name: str
    column: str
    origin: str = REFERENCE


NATION = Place("nation", "US", "the United States", "", DEFAULT)


def place_of(reference: Mapping[str, Any], figures: Figures, path: str) -> Place:
    """The place that a reference names.

    Args:
        reference: ``{"type": "county", "fips": "48201"}``, ``{"type": "state", "state": "TX"}``,
            ``{"type": "msa", "cbsa": "26420"}``, ``{"type": "nation"}``; the type may be left out
            where the other key tells it.
        figures: where to look it up.
        path: where the reference stands in the spec.

    Raises:
        OptionError: no such kind, or no such place; with the nearest one.
    """
    kind = str(reference.get("type") or _kind(reference, path)).lower()
    kind = {"metro": "msa", "cbsa": "msa", "national": "nation", "us": "nation"}.get(kind, kind)
    if kind not in KINDS:
        message = f"{path}.type: there is no reference of type '{kind}'{nearest(kind, KINDS)}"
        raise OptionError(message)
    if kind == "nation":
        return Place("nation", "US", "the United States", "")
    given = reference.get(_KEYS[kind], reference.get("fips", reference.get("code")))
    if given is None:
        message = f"{path}: a {kind} is named by '{_KEYS[kind]}'"
        raise OptionError(message)
    return {"county": _county, "state": _state, "msa": _metro}[kind](given, figures, path)


def _kind(reference: Mapping[str, Any], path: str) -> str:
    for kind, key in _KEYS.items():
        if key in reference:
            return kind
    message = f"{path}: name a county ('fips'), a state ('state') or a metropolitan area ('cbsa')"
    raise OptionError(message)


def _county(given: Any, figures: Figures, path: str) -> Place:
    fips = _code(given, 5)
    counties = figures.rows("fips, name, state", "counties", "ORDER BY fips")
    for code, name, state in counties:
        if code == fips:
            return Place("county", fips, f"{name}, {state}", "fips")
    near = ""
    if fips.isdigit():
        code, name, state = min(counties, key=lambda c: (abs(int(c[0]) - int(fips)), c[0]))
        near = f"; the nearest number is '{code}' ({name}, {state})"
    else:
        by_name = {f"{name}, {state}": code for code, name, state in counties}
        near = nearest(str(given), by_name)
        near += _its_code(near, by_name)
    message = f"{path}.fips: there is no county '{given}'{near}"
    raise OptionError(message)


def _its_code(ending: str, codes: Mapping[str, str]) -> str:
    named = ending.split("'")[1] if ending.startswith("; did") else ""
    return f" (that is '{codes[named]}')" if named in codes else ""


def _state(given: Any, figures: Figures, path: str) -> Place:
    states = figures.rows("DISTINCT state, state_fips", "counties", "ORDER BY ALL")
    wanted = str(given).strip().upper()
    for state, code in states:
        if wanted == state or _code(given, 2) == code or wanted == STATES.get(state, "").upper():
            return Place("state", state, STATES.get(state, state), "state")
    names = {STATES.get(s, s): s for s, _ in states}
    ending = nearest(wanted, {s for s, _ in states} if len(wanted) <= 2 else names)
    message = f"{path}.state: there is no state '{given}'{ending}"
    raise OptionError(message)


def _metro(given: Any, figures: Figures, path: str) -> Place:
    known = "WHERE cbsa_code IS NOT NULL ORDER BY ALL"
    metros = figures.rows("DISTINCT cbsa_code, cbsa_title", "counties", known)
    wanted = str(given).strip()
    for code, title in metros:
        if wanted in (code, title):
            return Place("msa", code, title, "cbsa_code")
    if wanted.isdigit():
        code, title = min(metros, key=lambda m: (abs(int(m[0]) - int(wanted)), m[0]))
        ending = f"; the nearest number is '{code}' ({title})"
    else:
        titles = {title: code for code, title in metros}
        ending = nearest(wanted, titles)
        ending += _its_code(ending, titles)
    message = f"{path}.cbsa: there is no metropolitan area '{given}'{ending}"
    raise OptionError(message)


def _code(given: Any, digits: int) -> str:
    """Codes keep their leading zeros, also where a number was written."""
    text = str(int(given)) if isinstance(given, int | float) else str(given).strip()
    return text.zfill(digits) if text.isdigit() else text


def home_columns(place: Place, figures: Figures) -> dict[str, Column]:
    """`county_fips` and `state`, drawn by population: the state first, its county after it."""
    by_state: dict[str, dict[str, float]] = {}
    found = figures.rows_of(place, "state, fips, population", "counties", "ORDER BY ALL")
    for state, fips, people in found:
        by_state.setdefault(state, {})[fips] = float(people or 0)
    drawn = f"counties of {place.name} by their population of 2023"
    note = place.name if place.kind == "county" else drawn
    states = categorical({s: sum(counties.values()) for s, counties in by_state.items()})
    cases = [({"state": s}, categorical(c)) for s, c in by_state.items()]
    county = cases[0][1] if len(cases) == 1 else either(cases[1:], cases[0][1])
    return {
        "state": made(states, place.origin, note),
        "county_fips": made(county, place.origin, note),
    }
