"""What a caller says of a column: SQL, a provider, a distribution, a list of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_sql.drafts.sheet import Sheet
from genesis_sql.errors import OptionError, nearest

Given = Mapping[str, Any]


def by_column(sheets: Mapping[str, Sheet], given: Given) -> dict[tuple[str, str], Any]:
    """What is given, by table and column as the schema spells them.

    Args:
        sheets: the tables.
        given: by 'table.column', or by table and then by column.

    Raises:
        OptionError: there is no such table or column.
    """
    out: dict[tuple[str, str], Any] = {}
    for name, value in _flat(given, sheets):
        table, _, column = name.partition(".")
        found = next((s for n, s in sheets.items() if n.lower() == table.lower()), None)
        if found is None or not column:
            message = f"columns names '{name}', and the schema has no such table"
            raise OptionError(message + nearest(table, sheets))
        known = {c.name.lower(): c.name for c in found.raw.columns}
        if column.lower() not in known:
            message = f"columns names '{name}', and table '{found.name}' has no such column"
            raise OptionError(message + nearest(column, known.values()))
        out[found.name, known[column.lower()]] = value
    return out


def _flat(given: Given, sheets: Mapping[str, Sheet]) -> list[tuple[str, Any]]:
    tables = {n.lower() for n in sheets}
    out: list[tuple[str, Any]] = []
    for name, value in given.items():
        if name.lower() in tables and isinstance(value, Mapping):
            out += [(f"{name}.{column}", held) for column, held in value.items()]
        else:
            out.append((name, value))
    return out


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
            asked[name] = value
        else:
            sheet.put(name, {**_spec(sheet, name, value), "origin": "spec"})
    return asked


def _spec(sheet: Sheet, name: str, value: Any) -> dict[str, Any]:
    type_ = sheet.column(name).type
    if isinstance(value, str):
        return {"type": "expression", "sql": value, "sql_type": type_, "note": "given as SQL"}
    if isinstance(value, list | tuple) and value:
        return {"type": "explicit", "values": list(value), "sql_type": type_, "note": "given"}
    if isinstance(value, Mapping) and "type" in value:
        typed = {} if value["type"] in ("key", "reference", "parent") else {"sql_type": type_}
        return {**typed, **value, "note": value.get("note", "given")}
    message = (
        f"columns says {value!r} of '{sheet.name}.{name}'; it takes SQL text, a list of values, "
        "{'provider': word} or {'type': …}"
    )
    raise OptionError(message)
