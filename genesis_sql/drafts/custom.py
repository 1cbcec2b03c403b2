"""What a caller says of a column: SQL, a provider, a distribution, a function, a list of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genesis_sql.drafts.sheet import Sheet
from genesis_sql.errors import ExpressionError, OptionError, nearest
from genesis_sql.profiles.read import check_column
from genesis_sql.program.allowlist import check_expression
from genesis_sql.providers.catalog import FAKER, WORDS
from genesis_sql.types import RawSchema, RawTable

Given = Mapping[str, Any]


def by_column(schema: RawSchema, given: Given) -> dict[tuple[str, str], Any]:
    """What is given, by table and column as the schema spells them.

    Args:
        schema: the tables.
        given: by 'table.column', or by table and then by column.

    Raises:
        OptionError: there is no such table or column.
    """
    tables = {t.name.lower(): t for t in schema.tables}
    out: dict[tuple[str, str], Any] = {}
    for name, value in _flat(given, tables):
        table, _, column = name.rpartition(".")
        found = tables.get(table.lower())
        if found is None:
            message = f"columns names '{name}', and the schema has no such table"
            raise OptionError(message + nearest(table or name, [t.name for t in schema.tables]))
        known = {c.name.lower(): c.name for c in found.columns}
        if column.lower() not in known:
            message = f"columns names '{name}', and table '{found.name}' has no such column"
            raise OptionError(message + nearest(column, known.values()))
        out[found.name, known[column.lower()]] = value
    return out


def _flat(given: Given, tables: Mapping[str, RawTable]) -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = []
    for name, value in given.items():
        if name.lower() in tables and isinstance(value, Mapping):
            out += [(f"{name}.{column}", held) for column, held in value.items()]
        else:
            out.append((name, value))
    return out


def without_given(schema: RawSchema, given: Mapping[tuple[str, str], Any]) -> RawSchema:
    """The schema without the foreign keys whose columns the caller fills himself.

    What he fills them with may name any row, or none: nothing is promised of it.
    """

    def kept(table: RawTable) -> RawTable:
        keys = [
            k for k in table.foreign_keys if not any((table.name, c) in given for c in k.columns)
        ]
        return replace(table, foreign_keys=tuple(keys))

    return replace(schema, tables=tuple(kept(t) for t in schema.tables))


def fill_custom(sheet: Sheet, given: Mapping[tuple[str, str], Any]) -> dict[str, Given]:
    """The columns of a table that the caller fills with SQL or a law of his own.

    Returns:
        Those that a provider fills, with its word and options.
    """
    asked: dict[str, Given] = {}
    for (table, name), value in given.items():
        if table != sheet.name:
            continue
        if isinstance(value, Mapping) and "provider" in value:
            _check_provider(f"{table}.{name}", str(value["provider"]))
            asked[name] = value
        else:
            sheet.put(name, {"origin": "spec", **_spec(sheet, name, value)})
    return asked


def _check_provider(where: str, word: str) -> None:
    if word not in WORDS and not word.startswith(FAKER):
        message = f"columns gives '{where}' the provider '{word}', which does not exist"
        raise OptionError(message + nearest(word, WORDS))


def _spec(sheet: Sheet, name: str, value: Any) -> dict[str, Any]:
    held = sheet.column(name)
    sized = held.type == "VARCHAR" and held.length is not None
    type_ = f"VARCHAR({held.length})" if sized else held.type
    if isinstance(value, str):
        return {"type": "expression", "sql": value, "sql_type": type_, "note": "given as SQL"}
    if isinstance(value, list | tuple) and value:
        return {"type": "explicit", "values": list(value), "sql_type": type_, "note": "given"}
    if isinstance(value, Mapping) and "type" in value:
        typed = {} if value["type"] in ("key", "reference", "parent") else {"sql_type": type_}
        spec = {**typed, **value}
        check_column(sheet.name, name, spec)
        return {**spec, "note": value.get("note", "given")}
    message = (
        f"columns says {value!r} of '{sheet.name}.{name}'; it takes SQL text, a list of values, "
        "{'provider': word} or {'type': …}"
    )
    raise OptionError(message)


def fill_generated(sheet: Sheet) -> None:
    """Columns that the database computes itself: with its own expression, where that is known."""
    for column in sheet.left():
        if not column.generated or not column.default:
            continue
        try:
            check_expression(column.default)
        except ExpressionError:
            sheet.notes.append(f"{column.name} is not computed as the database would")
            continue
        spec = {"type": "expression", "sql": column.default, "sql_type": column.type}
        note = f"generated as {column.default}"
        sheet.put(column.name, {**spec, "origin": "spec", "note": note})
