"""The columns that no relation fills: by what they mean, else by their type."""

from __future__ import annotations

from typing import Any

from genesis_sql.drafts.by_type import SHARE_OF_NULL, by_type
from genesis_sql.drafts.checks import inside
from genesis_sql.drafts.keys import key_spec
from genesis_sql.drafts.sheet import Sheet
from genesis_sql.errors import SchemaError
from genesis_sql.providers.ask import Meaning
from genesis_sql.types import RawColumn, RawSchema


def find_meanings(sheet: Sheet, schema: RawSchema) -> None:
    """What the columns hold that no key fills."""
    for column in sheet.left():
        if column.meaning:
            sheet.meanings[column.name] = Meaning(column.meaning, reason="given")


def fill_left(sheet: Sheet, locale: str) -> None:
    """Fill what is left of a table."""
    for column in sheet.left():
        listed = allowed(sheet, column)
        if listed is not None:
            spec = _listed(column, listed)
            note = "the labels of its type" if column.values else "the values of its CHECK"
            origin = "spec"
        elif sheet.unique(column.name):
            spec, note, origin = key_spec(sheet, column), "no two rows the same", "default"
        else:
            spec, note, origin = by_type(sheet, column), "only its type is known", "default"
        if column.nullable and not sheet.unique(column.name) and spec["type"] != "key":
            spec["null_share"] = SHARE_OF_NULL
        sheet.put(column.name, {**spec, "origin": origin, "note": note})


def allowed(sheet: Sheet, column: RawColumn) -> list[Any] | None:
    """The only values that a column may have, None where they are not listed.

    Raises:
        SchemaError: there are none.
    """
    facts = sheet.checked.of(column.name)
    if column.type.upper().startswith("ENUM") and not column.values:
        message = f"the ENUM of column '{column.name}' of table '{sheet.name}' has no labels"
        raise SchemaError(message)
    if not column.values and facts.values is None:
        return None
    values = list(column.values or facts.values or ())
    if column.values and facts.values is not None:
        values = [v for v in values if v in facts.values]
    values = [v for v in values if inside(v, facts)]
    if not values:
        message = (
            f"no label of column '{column.name}' of table '{sheet.name}' keeps its CHECK; widen it"
        )
        raise SchemaError(message)
    return values


def _listed(column: RawColumn, values: list[Any]) -> dict[str, Any]:
    return {"type": "explicit", "values": values, "sql_type": column.type}
