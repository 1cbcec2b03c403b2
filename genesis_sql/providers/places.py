"""Real places in one packed text each: city, state, postal code, county, where it lies.

The United States come from the reference tables (HUD-USPS crosswalk of ZIP codes, Census counties);
eight other countries have a dozen of their large cities with the code of one of their districts.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from genesis_sql import refdata
from genesis_sql.providers.lists_places import CITIES, COUNTRIES, STATE_ZONES
from genesis_sql.providers.names import is_us
from genesis_sql.reference.states import STATES

WIDTHS = {
    "postal_code": 9, "state_code": 4, "latitude": 9, "longitude": 10, "city": 24, "county": 30,
    "state": 28, "time_zone": 20,
}  # fmt: skip
PARTS: dict[str, tuple[int, int]] = {}
"""Where each part stands in a packed place: its first character from 0, and its width."""
_at = 0
for _name, _width in WIDTHS.items():
    PARTS[_name] = (_at, _width)
    _at += _width
COUNTIES, PER_PERSON, MOST_ZIPS = 420, 250_000, 10
"""The largest counties and one of each state; a ZIP code for so many people, so many at most."""

Place = dict[str, str]
Packed = tuple[tuple[str, ...], tuple[float, ...]]


def own_locale(locale: str) -> str | None:
    """The locale whose places we have, None where Faker has to make them up.

    Example:
        >>> own_locale("de-de"), own_locale("en"), own_locale("fi_FI")
        ('de_DE', 'en_US', None)
    """
    if is_us(locale):
        return "en_US"
    language, _, country = locale.strip().replace("-", "_").partition("_")
    wanted = f"{language.lower()}_{(country or language).upper()}"
    return wanted if wanted in CITIES else None


def country_of(locale: str) -> tuple[str, str]:
    """Code and English name of the country of a locale.

    Example:
        >>> country_of("de_DE"), country_of("en_US")
        (('DE', 'Germany'), ('US', 'United States'))
    """
    code = "US" if is_us(locale) else locale.strip().replace("-", "_").split("_")[-1].upper()
    return (code, COUNTRIES[code]) if code in COUNTRIES else ("US", "United States")


@lru_cache(maxsize=32)
def places(locale: str) -> Packed:
    """Packed places of a locale with their weights.

    Args:
        locale: one that `own_locale` knows.

    Example:
        >>> packed, weights = places("en_US")
        >>> len(packed) == len(weights), len(set(map(len, packed)))
        (True, 1)
    """
    own = own_locale(locale)
    if own == "en_US":
        return _us_places()
    rows = CITIES[str(own)]
    return tuple(_packed(_of_row(row)) for row in rows), tuple(float(row[-1]) for row in rows)


def _of_row(row: tuple[str, str, str, str, str, str, str, str, int]) -> Place:
    return dict(zip(("city", "state", "state_code", "postal_code", "county", "latitude",
                     "longitude", "time_zone"), row[:-1], strict=True))  # fmt: skip


def _packed(place: Place) -> str:
    return "".join(place[name][:width].ljust(width) for name, width in WIDTHS.items())


@lru_cache(maxsize=1)
def zip_codes() -> tuple[str, ...]:
    """All ZIP codes of the United States in which people live."""
    table = refdata.read("zip_county")
    pairs = zip(table["zip"].to_pylist(), table["res_ratio"].to_pylist(), strict=True)
    return tuple(dict.fromkeys(code for code, ratio in pairs if ratio > 0))


def _us_places() -> Packed:
    counties = _counties()
    zips: dict[str, list[tuple[str, str]]] = defaultdict(list)
    table = refdata.read("zip_county")
    columns = (table[c].to_pylist() for c in ("zip", "fips", "city", "state", "res_ratio"))
    for code, fips, city, state, ratio in zip(*columns, strict=True):
        known = fips in counties and state == counties[fips]["place"]["state_code"]
        if known and ratio > 0.9 and len(city) <= WIDTHS["city"]:
            zips[fips].append((code, city))
    packed, weights = [], []
    for fips, county in counties.items():
        held = zips.get(fips, [])
        many = min(len(held), MOST_ZIPS, max(1, round(county["population"] / PER_PERSON)))
        for k in range(many):
            code, city = held[k * len(held) // many]
            packed.append(_packed({**county["place"], "postal_code": code, "city": _title(city)}))
            weights.append(county["population"] / many)
    return tuple(packed), tuple(weights)


def _counties() -> dict[str, dict]:  # type: ignore[type-arg]
    """The largest counties, and the largest one of each state."""
    names = ("fips", "state", "name", "population", "lat", "lon")
    table = refdata.read("counties").select(list(names)).to_pylist()
    ranked = sorted(table, key=lambda c: (-c["population"], c["fips"]))
    kept, seen = [], set()
    for at, county in enumerate(ranked):
        if at < COUNTIES or county["state"] not in seen:
            kept.append(county)
            seen.add(county["state"])
    return {c["fips"]: {"population": c["population"], "place": _us_place(c)} for c in kept}


def _us_place(county: dict) -> Place:  # type: ignore[type-arg]
    return {
        "state_code": county["state"], "state": STATES[county["state"]],
        "county": county["name"], "latitude": f"{county['lat']:.5f}",
        "longitude": f"{county['lon']:.5f}", "time_zone": STATE_ZONES[county["state"]],
    }  # fmt: skip


def _title(city: str) -> str:
    """A name in capitals as it is usually written.

    Example:
        >>> _title("WINSTON SALEM"), _title("MCALLEN")
        ('Winston Salem', 'McAllen')
    """
    words = [w.capitalize() for w in city.split()]
    return " ".join(w[:2] + w[2:].capitalize() if w[:2] == "Mc" else w for w in words)
