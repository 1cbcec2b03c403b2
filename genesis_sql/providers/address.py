"""Addresses: a real city with its state, its ZIP code and where it lies, in one draw.

What belongs to one place is drawn together: the first of its columns that the table has owns a
hidden column with a whole place (`place_column`), and all of them cut their part out of it. Each
column that reads it brings it along, always the same, so that any of them can stand alone.
"""

from __future__ import annotations

from genesis_sql.providers import lists_places as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.faker_words import words_of
from genesis_sql.providers.forms import (
    Spec,
    alone,
    combined,
    computed,
    family,
    helper,
    hidden,
    length_of,
    listed,
    require_length,
    weighted,
)
from genesis_sql.providers.places import PARTS, country_of, own_locale, places, zip_codes
from genesis_sql.providers.short_forms import ALPHA_3
from genesis_sql.providers.word import TEXT, Word
from genesis_sql.providers.words import words_of as words_of_name
from genesis_sql.sqlbuild import quoted

SHORTEST_ZONE = 10
"""Letters that a column of names of time zones has at least; a shorter one holds UTC or EST."""
OWNERS = (
    "postal_code", "city", "state_code", "state", "county", "latitude", "longitude", "time_zone",
    "full_address",
)  # fmt: skip
"""Meanings that read a place; the first one there owns it."""


def place_column(ask: Ask, word: str) -> tuple[str, Spec]:
    """The hidden column with the row's place, the same for all that ask."""
    there = {**ask.siblings, word: ask.column}
    owner = next(there[m] for m in OWNERS if m in there)
    packed, weights = places(ask.locale)
    return f"{owner}_place", hidden(weighted(packed, weights))


def part_sql(place: str, part: str) -> str:
    """SQL that cuts a part out of a packed place."""
    first, width = PARTS[part]
    return f"trim(substring({quoted(place)}, {first + 1}, {width}))"


def _part(word: str, part: str | None = None) -> Word:
    name = part or word

    def make(ask: Ask) -> Columns:
        if own_locale(ask.locale) is None:
            return listed(ask, *words_of(words.FAKER[word], ask), growing=True)
        if ask.unique and word == "postal_code" and own_locale(ask.locale) == "en_US":
            return listed(ask, zip_codes())
        if ask.unique:
            packed, _ = places(ask.locale)
            first, width = PARTS[name]
            found = list(dict.fromkeys(p[first : first + width].strip() for p in packed))
            return listed(ask, found, growing=word == "city")
        place, spec = place_column(ask, word)
        if word == "postal_code":
            return {place: spec, **_postal_code(ask, part_sql(place, name))}
        if word == "time_zone" and (length_of(ask) or 3) < SHORTEST_ZONE:
            return listed(ask, [*words.ZONES], [*words.ZONES.values()])
        require_length(ask, {"state_code": 2, "time_zone": SHORTEST_ZONE}.get(word, 1))
        first, width = PARTS[name]
        longest = max(len(p[first : first + width].strip()) for p in places(ask.locale)[0])
        if word == "state" and longest > (length_of(ask) or longest):
            return {place: spec, **computed(ask, part_sql(place, "state_code"), 4)}
        return {place: spec, **computed(ask, part_sql(place, name), longest)}

    families = ("text", "whole") if word == "postal_code" else TEXT
    return Word(make, words.ABOUT[word], words.EXAMPLES[word], families)


def _postal_code(ask: Ask, sql: str) -> Columns:
    """A code, without its hyphen or blank where there is no room for it; never a piece of one."""
    first, width = PARTS["postal_code"]
    codes = {p[first : first + width].strip() for p in places(ask.locale)[0]}
    length = length_of(ask)
    if length is not None and length < max(map(len, codes)):
        sql = f"replace(replace({sql}, '-', ''), ' ', '')"
        require_length(ask, max(len(c.replace("-", "").replace(" ", "")) for c in codes))
    return computed(ask, sql)


def _coordinate(word: str) -> Word:
    def make(ask: Ask) -> Columns:
        low, high = (-60, 75) if word == "latitude" else (-180, 180)
        if own_locale(ask.locale) is None or ask.unique:
            law = {"type": "uniform", "min": low, "max": high, "decimals": 5}
            return alone(ask, law)
        place, spec = place_column(ask, word)
        near = "round((u() - 0.5) * 0.1, 5)"
        sql = f"CAST({part_sql(place, word)} AS DOUBLE) + {near}"
        if family(ask.type) == "text":
            return {place: spec, **computed(ask, f"CAST(round({sql}, 5) AS VARCHAR)", 10)}
        return {place: spec, **computed(ask, f"round({sql}, 5)")}

    return Word(make, words.ABOUT[word], words.EXAMPLES[word], ("decimal", "float", "text"))


# streets


def _streets(ask: Ask) -> tuple[list[str], bool]:
    """Names of streets, and whether the number stands in front."""
    locale = own_locale(ask.locale)
    if locale in words.STREETS:
        return list(words.STREETS[locale]), locale in words.NUMBER_FIRST
    found, _ = words_of("street_name", ask)
    return found, False


def street_address(ask: Ask) -> Columns:
    """A street and a number in it."""
    names, first = _streets(ask)
    if ask.unique:
        numbers = [str(k) for k in range(1, 400)]
        if own_locale(ask.locale) == "en_US":
            return combined(ask, [numbers, words.STREET_WORDS, words.STREET_KINDS])
        parts = [numbers, names] if first else [names, numbers]
        return combined(ask, parts)
    street, number = helper(ask, "street"), helper(ask, "number")
    far = own_locale(ask.locale) == "en_US"
    law = {"type": "lognormal", "mean": 4.2, "std_dev": 1.3, "min": 1, "max": 9899, "decimals": 0}
    law |= {} if far else {"mean": 3.0, "std_dev": 1.0, "max": 199}
    made: Columns = {street: hidden(weighted(names)), number: hidden(law)}
    digits = f"CAST({quoted(number)} AS VARCHAR)"
    sql = (
        f"{digits} || ' ' || {quoted(street)}" if first else f"{quoted(street)} || ' ' || {digits}"
    )
    return {**made, **computed(ask, sql, max(map(len, names)) + 5)}


def address_line_2(ask: Ask) -> Columns:
    """A flat or a floor."""
    numbers = [str(k) for k in range(1, 100)]
    return combined(ask, [["Apt", "Suite", "Unit", "Floor"], numbers])


def full_address(ask: Ask) -> Columns:
    """Street, place and state in one line."""
    made: Columns = {}
    street = ask.siblings.get("street_address")
    if street is None:
        from dataclasses import replace

        street = helper(ask, "line")
        inner = replace(ask, column=street, type="VARCHAR", length=None, unique=False)
        made = {c: hidden(s) for c, s in street_address(inner).items()}
    line = f"{quoted(street)} || ', ' || "
    if own_locale(ask.locale) is None:
        city = helper(ask, "city")
        made[city] = hidden(weighted(*words_of("city", ask)))
        sql = line + quoted(city)
    else:
        place, spec = place_column(ask, "full_address")
        made[place] = spec
        cut = {p: part_sql(place, p) for p in ("city", "state_code", "postal_code")}
        sql = (
            f"{line}{cut['city']} || ', ' || {cut['state_code']} || ' ' || {cut['postal_code']}"
            if own_locale(ask.locale) == "en_US"
            else f"{line}{cut['postal_code']} || ' ' || {cut['city']}"
        )
    if ask.unique:
        sql = f"'No. ' || CAST(n() + 1 AS VARCHAR) || ', ' || {sql}"
    return {**made, **computed(ask, sql, 120)}


# countries


def _of_three(ask: Ask) -> bool:
    """Whether a code of a country has three letters: a CHAR(3), or one that is called so."""
    return length_of(ask) == 3 or bool({"3", "iso3", "alpha3"} & set(words_of_name(ask.column)))


def _country(word: str) -> Word:
    def make(ask: Ask) -> Columns:
        code = word == "country_code"
        three = code and _of_three(ask)
        near = any(m in ask.siblings for m in ("city", "postal_code", "state", "state_code"))
        if near and not ask.unique:
            home = country_of(ask.locale)
            home_code = ALPHA_3[home[0]] if three else home[0]
            return listed(ask, [home_code if code else home[1]])
        held = [(ALPHA_3[c] if three else c, n) for c, n in words.COUNTRIES.items()]
        if ask.unique:
            return listed(ask, [c if code else n for c, n in held])
        there = {**ask.siblings, word: ask.column}
        owner = there.get("country_code", there.get("country", ask.column))
        packed = [f"{c}{ALPHA_3[c]}{n}" for c, n in words.COUNTRIES.items()]
        shares = [words.COUNTRY_SHARES.get(c, 0.4) for c in words.COUNTRIES]
        name = f"{owner}_country"
        made: Columns = {name: hidden(weighted(packed, shares))}
        require_length(ask, 2)
        part = "3, 3" if three else "1, 2" if code else "6"
        sql = f"substring({quoted(name)}, {part})"
        return {**made, **computed(ask, sql, None if code else max(map(len, packed)) - 5)}

    return Word(make, words.ABOUT[word], words.EXAMPLES[word])


WORDS: dict[str, Word] = {
    "street_address": Word(street_address, "a street and a number", "214 Oak Street"),
    "address_line_2": Word(address_line_2, "a flat, a suite or a floor", "Apt 12"),
    "full_address": Word(
        full_address,
        "street, city, state and ZIP code in one line",
        "7 Elm Street, Austin, TX 78701",
    ),
    **{w: _part(w) for w in ("city", "state", "state_code", "postal_code", "county", "time_zone")},
    **{w: _country(w) for w in ("country", "country_code")},
    **{w: _coordinate(w) for w in ("latitude", "longitude")},
}
