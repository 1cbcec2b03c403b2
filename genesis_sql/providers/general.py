"""What any table can have: states, codes, flags, counts, measures; and what a bare type says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genesis_sql.errors import OptionError
from genesis_sql.providers import lists_business, lists_text
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.check_digits import VIN_VALUES, VIN_WEIGHTS, digit, ean_sql
from genesis_sql.providers.dates import AS_OF, as_of, span_law, years_before
from genesis_sql.providers.forms import (
    Spec,
    alone,
    computed,
    decimals_of,
    digits_for,
    enum_labels,
    family,
    helper,
    hidden,
    length_of,
    listed,
    most_of,
    number_option,
    plain_type,
    require_length,
    shape_of,
    shaped,
    too_many,
    weighted,
    where,
)
from genesis_sql.providers.names import is_us
from genesis_sql.providers.text import label
from genesis_sql.providers.word import NUMBER, Word
from genesis_sql.sqlbuild import quoted

_RANGE = ("min", "max", "mean")
ANY_NUMBER = ("text", *NUMBER)


# labels


def status(ask: Ask) -> Columns:
    """A state of what the table is about: orders are shipped, invoices paid."""
    if family(ask.type) != "text":
        return alone(ask, weighted([0, 1, 2, 3], [0.1, 0.7, 0.15, 0.05]))
    name = ask.table.lower()
    kinds = [k for k, words in lists_business.STATUS_WORDS.items() if any(w in name for w in words)]
    found = lists_business.STATUSES[kinds[0] if kinds else ""]
    return listed(ask, [*found], [*found.values()], growing=True)


def category(ask: Ask) -> Columns:
    """A kind of anything."""
    found = lists_text.CATEGORIES
    return listed(ask, [*found], [*found.values()], growing=True)


def priority(ask: Ask) -> Columns:
    """How urgent something is: a word, or 1 to 5."""
    if family(ask.type) != "text":
        return alone(ask, weighted([1, 2, 3, 4, 5], [0.08, 0.17, 0.4, 0.25, 0.1]))
    return listed(ask, ["low", "medium", "high", "urgent"], [0.3, 0.45, 0.2, 0.05])


def code(ask: Ask) -> Columns:
    """A short code of letters and digits."""
    length = length_of(ask)
    shapes = ("@@@-####", "@@@####", "@@###", "@@@@", "@@@", "@@", "@")
    fit = [s for s in shapes if length is None or len(s) <= length]
    if ask.unique and (length is None or length >= 12) and ask.rows > 10**8:
        return shaped(ask, "@@@@-#######")
    return shaped(ask, fit[0])


def identifier(ask: Ask) -> Columns:
    """What another system names the row by."""
    kind = family(ask.type)
    if kind == "whole":
        most = min(999_999, most_of(ask.type))
        return _numbered(ask) if ask.unique else alone(ask, _uniform(1, int(most)))
    length = length_of(ask)
    shapes = ("@@##########", "@@########", "########", "######", "####", "###", "##", "#")
    return shaped(ask, next(s for s in shapes if length is None or len(s) <= length))


def flag(ask: Ask) -> Columns:
    """Yes or no; yes for the share in the option share."""
    share = number_option(ask, "share", 0.5)
    if not 0 <= share <= 1:
        message = f"{where(ask)}: share is from 0 to 1, not {share}"
        raise OptionError(message)
    kind, weights = family(ask.type), [share, 1 - share]
    if kind == "boolean":
        return alone(ask, weighted([True, False], weights))
    if kind == "text":
        short = (length_of(ask) or 9) < 3
        return listed(ask, ["Y", "N"] if short else ["yes", "no"], weights)
    return alone(ask, weighted([1, 0], weights))


# numbers


def _uniform(low: float, high: float, decimals: int = 0) -> Spec:
    return {"type": "uniform", "min": low, "max": high, "decimals": decimals}


def _numbered(ask: Ask, first: int = 1) -> Columns:
    """The row's number, counted from the option min."""
    low = int(number_option(ask, "min", first))
    many = int(min(number_option(ask, "max", most_of(ask.type)), most_of(ask.type))) - low + 1
    if ask.unique and ask.rows > many:
        raise too_many(ask, many)
    return computed(ask, f"CAST(n() + {low} AS BIGINT)")


def law(spec: Spec, decimals: int = 0) -> Callable[[Ask], Columns]:
    """A number of a law between bounds that the options min and max move."""

    def make(ask: Ask) -> Columns:
        low = number_option(ask, "min", spec["min"])
        high = min(number_option(ask, "max", spec["max"]), most_of(ask.type))
        if low > high:
            message = f"{where(ask)}: no number lies from min {low} to max {high}"
            raise OptionError(message)
        moved = ask.options.keys() & {"min", "max", "mean"} or high < spec["max"]
        drawn: Spec = {**spec, "min": low, "max": high}
        if moved:
            middle = number_option(ask, "mean", (low + high) / 2)
            sd = max((high - low) / 5, 1e-6)
            drawn = {"type": "normal", "mean": middle, "std_dev": sd, "min": low, "max": high}
        places = decimals_of(ask.type, decimals)
        return alone(ask, {**drawn, "decimals": places})

    return make


def sequence_number(ask: Ask) -> Columns:
    """The number of the row, from 1."""
    if family(ask.type) == "text":
        require_length(ask, digits_for(ask.rows))
        return computed(ask, "CAST(n() + 1 AS VARCHAR)")
    return _numbered(ask)


def version(ask: Ask) -> Columns:
    """A version: 1.4.2 in a text, a small number elsewhere."""
    if family(ask.type) != "text":
        return alone(ask, {"type": "poisson", "mean": 2.0, "min": 1, "max": 40})
    if ask.unique:
        return computed(ask, "'1.' || CAST(n() // 100 AS VARCHAR) || '.' || "
                             "CAST(n() % 100 AS VARCHAR)", 12)  # fmt: skip
    values = [f"{a}.{b}.{c}" for a in range(1, 6) for b in range(8) for c in range(6)]
    return listed(ask, values, [1 / (1 + int(v[0])) for v in values])


# composed ones


def a_json(ask: Ask) -> Columns:
    """A small object."""
    source, level = helper(ask, "source"), helper(ask, "level")
    made: Columns = {
        source: hidden(weighted(["web", "mobile", "email", "phone", "import"], [5, 3, 1, 1, 1])),
        level: hidden(_uniform(1, 9)),
    }
    sql = (
        f'\'{{"source": "\' || {quoted(source)} || \'", "level": \' || '
        f"CAST({quoted(level)} AS VARCHAR) || '}}'"
    )
    if ask.unique:
        sql = "'{\"number\": ' || CAST(n() + 1 AS VARCHAR) || '}'"
    require_length(ask, 32)
    if family(ask.type) == "json":
        return {**made, **computed(ask, f"CAST({sql} AS JSON)")}
    return {**made, **computed(ask, sql)}


def isbn(ask: Ask) -> Columns:
    """An ISBN-13 with its check digit, of 979-9: no country has it."""
    require_length(ask, 13)
    if ask.unique and ask.rows > 10**8:
        raise too_many(ask, 10**8)
    body = helper(ask, "body")
    made: Columns = {body: hidden(shape_of("9799" + "#" * 8, unique=ask.unique))}
    return {**made, **computed(ask, ean_sql(body))}


MAKERS = {"1ZX5A": 3, "2ZX7C": 3, "3ZX9E": 2, "5ZX4B": 2}
"""The first five characters of a VIN: of makers that do not exist."""
YEARS = "KLMNPRST"


def vin(ask: Ask) -> Columns:
    """A vehicle identification number with its check digit, of a maker that does not exist."""
    require_length(ask, 17)
    if ask.unique and ask.rows > 10**8:
        raise too_many(ask, 10**8)
    front, year, body = (helper(ask, w) for w in ("front", "year", "body"))
    made: Columns = {
        front: hidden(weighted([*MAKERS], MAKERS.values())),
        year: hidden(weighted(list(YEARS))),
        body: hidden(shape_of("#" * 8, unique=ask.unique)),
    }
    number = f"CAST({quoted(body)} AS BIGINT)"
    places = [5, 6, 7, 11, 12, 13, 14, 15]  # of the eight digits; 16 is a zero
    terms = [f"{VIN_WEIGHTS[p]} * {digit(number, 7 - k)}" for k, p in enumerate(places)]
    fronts = " ".join(f"WHEN '{f}' THEN {_vin_sum(f, 0)}" for f in MAKERS)
    years = " ".join(f"WHEN '{y}' THEN {_vin_sum(y, 9)}" for y in YEARS)
    fixed = _vin_sum("A", 10)
    total = (
        f"({' + '.join(terms)} + {fixed} + CASE {quoted(front)} {fronts} ELSE 0 END + "
        f"CASE {quoted(year)} {years} ELSE 0 END) % 11"
    )
    check = f"substring('0123456789X', CAST({total} AS BIGINT) + 1, 1)"
    sql = (
        f"{quoted(front)} || left({quoted(body)}, 3) || {check} || {quoted(year)} || 'A' || "
        f"right({quoted(body)}, 5) || '0'"
    )
    return {**made, **computed(ask, sql)}


def _vin_sum(text: str, at: int) -> int:
    return sum(
        VIN_WEIGHTS[at + k] * (int(c) if c.isdigit() else VIN_VALUES[c]) for k, c in enumerate(text)
    )


def license_plate(ask: Ask) -> Columns:
    """Letters and digits of a number plate."""
    return shaped(ask, "@@@-####" if is_us(ask.locale) else "@@-##-@@")


# bare types


def by_type(ask: Ask) -> Columns:
    """A column of which only the type is known.

    Raises:
        OptionError: no value of the type is known and it may not be NULL.
    """
    kind = family(ask.type)
    labels = enum_labels(ask.type)
    if labels:
        return listed(ask, labels)
    makers: dict[str, Callable[[Ask], Columns]] = {
        "text": label, "boolean": flag, "json": a_json,
        "date": _moment, "timestamp": _moment,
    }  # fmt: skip
    if kind == "boolean" and ask.unique:
        if ask.rows > 2:
            raise too_many(ask, 2)
        return computed(ask, "n() % 2 = 1")
    if kind in makers:
        return makers[kind](ask)
    if kind == "time":
        from genesis_sql.providers.times import time_of_day

        return time_of_day(ask)
    if kind == "uuid":
        from genesis_sql.providers.internet import uuid

        return uuid(ask)
    if kind in NUMBER:
        if ask.unique:
            return _numbered(ask)
        high = number_option(ask, "max", min(1_000, most_of(ask.type)))
        low = number_option(ask, "min", min(1, high))
        return alone(ask, _uniform(low, high, decimals_of(ask.type, 2)))
    return _unknown(ask)


def _moment(ask: Ask) -> Columns:
    type_ = plain_type(ask.type)
    if ask.unique:
        from genesis_sql.providers.times import a_date

        return a_date(ask)
    return alone(ask, span_law(years_before(as_of(ask) or AS_OF, 3), as_of(ask), type_))


def _unknown(ask: Ask) -> Columns:
    if ask.nullable:
        return {ask.column: {"type": "constant", "value": None, "sql_type": "VARCHAR"}}
    message = (
        f"{where(ask)} is a {ask.type} that may not be NULL, and no provider makes such values; "
        f"give it an expression, as in columns := {{'{where(ask)}': '…'}}"
    )
    raise OptionError(message)


def _number(make: Any, about: str, example: str) -> Word:
    return Word(make, about, example, NUMBER, _RANGE)


_HEIGHT: Spec = {"type": "normal", "mean": 170, "std_dev": 9.5, "min": 140, "max": 210}
_SIZE: Spec = {"type": "lognormal", "mean": 3.2, "std_dev": 0.7, "min": 1, "max": 400}

WORDS: dict[str, Word] = {
    "status": Word(status, "a state, of what the table is about", "shipped", ANY_NUMBER),
    "category": Word(category, "a kind of anything", "Standard"),
    "priority": Word(priority, "how urgent something is", "medium", ANY_NUMBER),
    "code": Word(code, "a short code", "KVD-4021"),
    "flag": Word(flag, "yes or no; option share", "true", ("boolean", *ANY_NUMBER), ("share",)),
    "quantity": _number(
        law({"type": "poisson", "mean": 2.2, "min": 1, "max": 100}), "how many of a thing", "2"
    ),
    "count": _number(
        law({"type": "lognormal", "mean": 2.5, "std_dev": 1.1, "min": 0, "max": 10_000}),
        "a count", "14",
    ),
    "score": _number(
        law({"type": "normal", "mean": 68, "std_dev": 16, "min": 0, "max": 100}, 1),
        "a score", "71.5",
    ),
    "position": _number(law({"type": "uniform", "min": 1, "max": 100}), "a place in a list", "7"),
    "version": Word(version, "a version", "1.4.2", ANY_NUMBER),
    "weight": _number(
        law({"type": "lognormal", "mean": 1.2, "std_dev": 1.0, "min": 0.05, "max": 500}, 2),
        "a weight; min 40 and max 140 for people", "3.42",
    ),
    "height": _number(law(_HEIGHT, 1), "a height, of people in cm", "171.5"),
    "width": _number(law(_SIZE, 1), "a width", "32.5"),
    "length": _number(law(_SIZE, 1), "a length", "41.0"),
    "temperature": _number(
        law({"type": "normal", "mean": 20, "std_dev": 6, "min": -30, "max": 50}, 1),
        "a temperature in °C", "21.4",
    ),
    "identifier": Word(
        identifier, "what another system names the row by", "KD0482193755", ("text", "whole")
    ),
    "sequence_number": Word(sequence_number, "the number of the row from 1", "1",
                            ("text", "whole")),
    "json": Word(a_json, "a small object", '{"source": "web", "level": 3}', ("text", "json")),
    "isbn": Word(isbn, "an ISBN-13 with check digit, of no country", "9799048219373",
                 ("text", "whole")),
    "vin": Word(vin, "a VIN with check digit, of no maker", "1ZX5A0483K…"),
    "license_plate": Word(license_plate, "a number plate", "KVD-4021"),
}  # fmt: skip
