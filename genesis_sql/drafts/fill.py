"""The columns that no relation fills: by what they mean, else by their type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genesis_sql.drafts.absent import absent_shares
from genesis_sql.drafts.by_type import (
    SHARE_OF_NULL,
    by_type,
    decimals_of,
    is_held,
    number_bounds,
    whole_bounds,
)
from genesis_sql.drafts.checks import Facts, inside
from genesis_sql.drafts.keys import key_spec
from genesis_sql.drafts.sheet import Sheet, is_number, is_text, is_whole
from genesis_sql.errors import OptionError, SchemaError
from genesis_sql.providers.ask import Ask, Columns, Meaning
from genesis_sql.providers.catalog import EVERY, MOSTLY_NULL, WORDS, fill_measure, provider
from genesis_sql.providers.kin import together
from genesis_sql.providers.kinds import kind_labels
from genesis_sql.providers.meanings import ONLY_TYPES, meaning_of, type_class
from genesis_sql.providers.measures import Measure, measure_of
from genesis_sql.providers.told import length_of
from genesis_sql.types import RawColumn, RawSchema

UNUSED = ("path",)
"""Options of meanings that no provider takes: the course of a status, see `drafts.states`."""
UNTOLD = frozenset(("", "category", "code", "date", "label", "position", "priority", "score"))
"""Meanings of texts that leave open which labels there are."""
MOST_ROWS = 1_000_000
"""Rows that a unique column reaches to, where its type holds so many values."""
SHARED = (
    "categorical", "explicit", "normal", "lognormal", "uniform", "exponential", "beta",
    "poisson", "bands", "conditional",
)  # fmt: skip
"""Types of columns that take a share of NULL."""
ABSENT = (*SHARED, "expression", "combined", "pattern")
"""Types of columns that are NULL where a CHECK wants it."""
ALWAYS = frozenset(
    "first_name last_name full_name email username company product_name product_category status "
    "category created_at updated_at event_time start_time date price cost amount total_amount "
    "balance salary quantity count title label gender birth_date city country postal_code state "
    "street_address flag currency_code sku member_id icd10_code procedure_code".split()
)
"""Meanings that people fill in wherever they may leave them out."""


def find_meanings(sheet: Sheet, schema: RawSchema) -> None:
    """What the columns hold that no key fills."""
    keys = {c for k in sheet.raw.foreign_keys for c in k.columns}
    for column in sheet.raw.columns:
        if column.name not in keys:
            sheet.meanings[column.name] = meaning_of(column, sheet.raw, schema)


def fill_asked(sheet: Sheet, asked: Mapping[str, Mapping[str, Any]], locale: str) -> None:
    """The columns for which the caller names a provider, with its options."""
    for name, held in asked.items():
        given = dict(held)
        origin = str(given.pop("origin", "spec"))
        meaning = Meaning(str(given.pop("provider")), given, "it was named")
        made = _provided(sheet, sheet.column(name), meaning, locale)
        _put(sheet, name, made, {"origin": origin, "note": _note(meaning)})


def fill_left(sheet: Sheet, locale: str) -> None:
    """Fill what is left of a table; locale is that of names, addresses and texts."""
    shares = absent_shares(sheet.raw)
    for column in sheet.left():
        if not is_held(column.type) and column.nullable:
            sheet.notes.append(f"{column.name} is left out: no value of type {column.type} is made")
            continue
        made, note, origin = filled(sheet, column, locale)
        told: dict[str, Any] = {"origin": origin, "note": note}
        if column.nullable and column.name in shares and made[column.name]["type"] in ABSENT:
            told["null_share"] = shares[column.name]
        _put(sheet, column.name, made, told)


def _put(sheet: Sheet, name: str, made: Columns, told: Mapping[str, Any]) -> None:
    *helpers, last = made
    sheet.put(name, {**made[last], **told}, {h: made[h] for h in helpers})


def filled(sheet: Sheet, column: RawColumn, locale: str) -> tuple[Columns, str, str]:
    """What fills a column that nobody speaks of, why, and where that comes from."""
    meaning, listed = sheet.meanings.get(column.name, Meaning("")), allowed(sheet, column)
    if listed is not None:
        enum = column.type.upper().startswith("ENUM")
        told = "the labels of its type" if enum else "the values of its CHECK"
        held = meaning.options.get("values")
        same = isinstance(held, Mapping) and set(held) == set(listed)
        return _plain(sheet, column, held if same else listed), told, "spec"
    options = {k: v for k, v in meaning.options.items() if k not in UNUSED}
    facts = sheet.checked.of(column.name)
    if facts.bounded and is_number(column.type):
        options |= _bounds(column, facts)
    measure = None if "values" in options else find_measure(sheet, column)
    if measure is not None:
        made = _measured(sheet, column, measure, options)
        if made is not None:
            return made, f"{measure.name}: as its name measures it", "default"
    labels = None if "values" in options else _named_labels(sheet, column, meaning.name)
    if labels is not None:
        return _plain(sheet, column, labels), "labels that its name tells", "default"
    word = WORDS.get(meaning.name)
    if word is not None:
        known = {k: v for k, v in options.items() if k in (*word.options, *EVERY)}
        if facts.bounded and not {"min", "max"} & set(known) and "values" not in known:
            return _plain(sheet, column, None), "as its CHECK bounds it", "default"
        try:
            made = _provided(sheet, column, replace(meaning, options=known), locale)
        except OptionError as error:
            if sheet.unique(column.name):
                told = "the number of the row"
                return {column.name: key_spec(sheet, column)}, told, "default"
            told = f"only its type is known, for {error}"
            return _plain(sheet, column, None), told, "default"
        return made, _note(meaning), "default"
    return _plain(sheet, column, None), "only its type is known", "default"


def find_measure(sheet: Sheet, column: RawColumn) -> Measure | None:
    """Which number a column holds, by its name; None where the caller says what it means."""
    said = column.meaning.strip().lower()
    if said and said not in ONLY_TYPES | {"year"}:
        return None
    return measure_of(column, sheet.raw, type_class(column.type))


def _measured(
    sheet: Sheet, column: RawColumn, measure: Measure, options: Mapping[str, Any]
) -> Columns | None:
    """The columns of a measure, None where it cannot be one."""
    if sheet.unique(column.name):
        return None
    found = ((find_measure(sheet, c), c.name) for c in sheet.raw.columns if c is not column)
    beside = {m.name: name for name, m in sheet.meanings.items() if name != column.name}
    beside |= {m.name: name for m, name in found if m is not None}
    held = {k: v for k, v in options.items() if k in ("min", "max", "as_of")}
    if column.nullable and sheet.meaning(column.name) not in ALWAYS:
        held["null_share"] = SHARE_OF_NULL
    ask = Ask(
        sheet.name, column.name, column.type, column.length, nullable=column.nullable, options=held
    )
    return fill_measure(measure, beside, ask)


def _named_labels(sheet: Sheet, column: RawColumn, meaning: str) -> dict[str, float] | None:
    """The labels of a text column by its name, where nothing else says more."""
    said = column.meaning.strip().lower()
    if not is_text(column.type) or sheet.unique(column.name) or said not in ONLY_TYPES | {""}:
        return None
    return kind_labels(column.name, length_of(column)) if meaning in UNTOLD else None


def _bounds(column: RawColumn, facts: Facts) -> dict[str, float]:
    if is_whole(column.type):
        low, high = whole_bounds(column, facts)
        found: tuple[float, float] = (low, high)
    else:
        found = number_bounds(facts, 10.0 ** -decimals_of(column.type))
    named = {"min": (facts.low, found[0]), "max": (facts.high, found[1])}
    return {name: value for name, (given, value) in named.items() if given is not None}


def _note(meaning: Meaning) -> str:
    return ": ".join(t for t in (meaning.name, meaning.reason) if t)


def _provided(sheet: Sheet, column: RawColumn, meaning: Meaning, locale: str) -> Columns:
    """What a provider makes; of few values, as far as the rows asked for.

    Raises:
        OptionError: there is no such provider, or the column cannot hold its values.
    """
    make, options = provider(meaning.name), dict(meaning.options)
    unique = sheet.unique(column.name)
    if column.nullable and not unique and meaning.name not in ALWAYS:
        options.setdefault("null_share", MOSTLY_NULL.get(meaning.name, SHARE_OF_NULL))
    others = [(n, m.name) for n, m in sheet.meanings.items() if n != column.name and m.name]
    beside = together(column.name, meaning.name, others, sheet.name)
    types = {word: sheet.column(name).type for word, name in beside.items()}
    ask = Ask(
        sheet.name, column.name, column.type, column.length, unique, column.nullable,
        max(sheet.rows, MOST_ROWS), locale, beside, options, types,
    )  # fmt: skip
    try:
        return make(ask)
    except OptionError:
        if not unique or ask.rows <= sheet.rows:
            raise
        return make(replace(ask, rows=sheet.rows))


def _plain(sheet: Sheet, column: RawColumn, listed: Any) -> Columns:
    """A column of which nothing but its type and its labels is known."""
    if listed is None and sheet.unique(column.name):
        return {column.name: key_spec(sheet, column)}
    spec = by_type(sheet, column) if listed is None else _drawn(listed, column)
    if column.nullable and spec["type"] in SHARED and sheet.meaning(column.name) not in ALWAYS:
        spec["null_share"] = SHARE_OF_NULL
    return {column.name: spec}


def _drawn(values: Any, column: RawColumn) -> dict[str, Any]:
    """A law of labels, with their weights where these are told."""
    if isinstance(values, Mapping):
        total = math.fsum(values.values())
        shares = [w / total for w in values.values()]
        spec = {"type": "explicit", "values": list(values), "weights": shares}
    else:
        spec = {"type": "explicit", "values": list(values)}
    return {**spec, "sql_type": column.type}


def allowed(sheet: Sheet, column: RawColumn) -> list[Any] | None:
    """The only values that a column may have, None where they are not listed.

    Raises:
        SchemaError: there are none.
    """
    facts = sheet.checked.of(column.name)
    where = f"column '{column.name}' of table '{sheet.name}'"
    if column.type.upper().startswith("ENUM") and not column.values:
        message = f"the ENUM of {where} has no labels; give it one"
        raise SchemaError(message)
    if not column.values and facts.values is None:
        return None
    values = list(column.values or facts.values or ())
    if column.values and facts.values is not None:
        values = [v for v in values if v in facts.values]
    values = [v for v in values if inside(v, facts)]
    if not values:
        message = f"no label of {where} keeps its CHECK; widen it, or drop it"
        raise SchemaError(message)
    return values
