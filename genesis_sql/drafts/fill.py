"""The columns that no relation fills: by what they mean, else by their type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from genesis_sql.drafts.by_type import SHARE_OF_NULL, by_type
from genesis_sql.drafts.checks import inside
from genesis_sql.drafts.keys import key_spec
from genesis_sql.drafts.sheet import Sheet
from genesis_sql.errors import OptionError, SchemaError, nearest
from genesis_sql.providers.ask import Ask, Columns, Meaning, Provider
from genesis_sql.providers.meanings import meaning_of
from genesis_sql.types import RawColumn, RawSchema

MOST_ROWS = 1_000_000
"""Rows that a unique column reaches to, where its type holds so many values."""
SHARED = (
    "constant", "categorical", "explicit", "normal", "lognormal", "uniform", "exponential", "beta",
    "poisson", "bands", "conditional",
)  # fmt: skip
"""Types of columns that take a share of NULL."""
ALWAYS = frozenset(
    "first_name last_name full_name email username company product_name product_category status "
    "category created_at updated_at event_time start_time date price cost amount total_amount "
    "balance salary quantity count title label gender birth_date city country postal_code state "
    "street_address flag currency_code sku member_id icd10_code procedure_code".split()
)
"""Meanings that people fill in wherever they may leave them out."""


def find_meanings(sheet: Sheet, schema: RawSchema) -> None:
    """What the columns hold that no key fills."""
    keys = {*sheet.key_columns, *(c for k in sheet.raw.foreign_keys for c in k.columns)}
    for column in sheet.raw.columns:
        if column.name not in keys:
            sheet.meanings[column.name] = meaning_of(column, sheet.raw, schema)


def _found(module: str, name: str) -> Any:
    return getattr(import_module(module), name) if find_spec(module) else None


def fill_left(sheet: Sheet, locale: str, asked: Mapping[str, Mapping[str, Any]]) -> None:
    """Fill what is left of a table.

    Args:
        sheet: the table.
        locale: of names, addresses and texts.
        asked: providers that the caller names, by column.
    """
    providers: Mapping[str, Provider] = _found("genesis_sql.providers.catalog", "PROVIDERS") or {}
    for column in sheet.left():
        meaning, origin = sheet.meanings.get(column.name, Meaning("")), "default"
        if column.name in asked:
            meaning = _asked(sheet, column, asked[column.name], providers)
            origin = str(asked[column.name].get("origin", "spec"))
        listed = None if column.name in asked else allowed(sheet, column)
        provider = providers.get(meaning.name)
        if provider is not None:
            ask = _ask(sheet, column, _with_labels(meaning, listed), locale)
            made, note = _provided(provider, ask, sheet), _note(meaning)
        else:
            made, note = _plain(sheet, column, listed, meaning)
        origin = "spec" if listed is not None else origin
        _put(sheet, column, made, {"origin": origin, "note": note}, always=meaning.name in ALWAYS)


def _put(
    sheet: Sheet, column: RawColumn, made: Columns, told: Mapping[str, Any], *, always: bool
) -> None:
    *helpers, last = made
    spec = {**made[last], **told}
    if column.nullable and not always and not sheet.unique(column.name) and spec["type"] in SHARED:
        spec.setdefault("null_share", SHARE_OF_NULL)
    sheet.put(column.name, spec, {h: made[h] for h in helpers})


def _note(meaning: Meaning) -> str:
    return f"{meaning.name}: {meaning.reason}" if meaning.reason else meaning.name


def _asked(
    sheet: Sheet,
    column: RawColumn,
    given: Mapping[str, Any],
    providers: Mapping[str, Provider],
) -> Meaning:
    word = str(given["provider"])
    if word not in providers:
        message = (
            f"columns names the provider '{word}' for '{sheet.name}.{column.name}', which does "
            f"not exist{nearest(word, providers)}"
        )
        raise OptionError(message)
    options = {k: v for k, v in given.items() if k not in ("provider", "origin")}
    return Meaning(word, options, "it was named")


def _with_labels(meaning: Meaning, listed: list[Any] | None) -> Meaning:
    if listed is None or meaning.options.get("values"):
        return meaning
    return replace(meaning, options={**meaning.options, "values": listed})


def _ask(sheet: Sheet, column: RawColumn, meaning: Meaning, locale: str) -> Ask:
    siblings = {m.name: n for n, m in reversed(sheet.meanings.items()) if n != column.name}
    return Ask(
        sheet.name, column.name, column.type, column.length, sheet.unique(column.name),
        column.nullable, max(sheet.rows, MOST_ROWS), locale, siblings, meaning.options,
    )  # fmt: skip


def _provided(provider: Provider, ask: Ask, sheet: Sheet) -> Columns:
    """What a provider makes; of few values, as far as the rows asked for."""
    try:
        return provider(ask)
    except OptionError:
        if not ask.unique or ask.rows <= sheet.rows:
            raise
        return provider(replace(ask, rows=sheet.rows))


def _plain(
    sheet: Sheet, column: RawColumn, listed: list[Any] | None, meaning: Meaning
) -> tuple[Columns, str]:
    """A column of which nothing but its type and its labels is known."""
    if listed is not None:
        told = "the labels of its type" if column.values else "the values of its CHECK"
        return {column.name: _drawn(listed, column)}, told
    if meaning.options.get("values"):
        return {column.name: _drawn(meaning.options["values"], column)}, _note(meaning)
    if sheet.unique(column.name):
        return {column.name: key_spec(sheet, column)}, "no two rows the same"
    return {column.name: by_type(sheet, column)}, "only its type is known"


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
