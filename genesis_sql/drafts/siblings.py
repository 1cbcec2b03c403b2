"""What tells the rows of one parent apart: numbers of lines, and the one that is the first."""

from __future__ import annotations

from genesis_sql.drafts.sheet import Sheet, base_type, is_whole
from genesis_sql.drafts.words import words
from genesis_sql.sqlbuild import quoted

ONE = frozenset(("primary", "default", "main", "preferred"))
LINES = (
    ("line", "number"), ("line", "no"), ("line", "num"), ("line",), ("lineno",), ("linenumber",),
    ("line", "item", "number"), ("seq",), ("sequence",), ("sequence", "number"), ("sort", "order"),
    ("position",), ("ordinal",), ("item", "number"), ("step",), ("step", "number"),
)  # fmt: skip


def fill_siblings(sheet: Sheet) -> None:
    """Flags of which one row of a parent has it, and the numbers of rows of a parent."""
    if sheet.main is None:
        return
    for column in sheet.left():
        told = words(column.name)
        if base_type(column.type) == "BOOLEAN" and set(told) & ONE:
            place = sheet.free_name(f"{column.name}_place")
            spec = {"type": "expression", "sql": f"{quoted(place)} = 1", "sql_type": "BOOLEAN"}
            note = f"true for the first row of each of {sheet.main.parent}"
            told_of = {**spec, "origin": "default", "note": note}
            sheet.put(column.name, told_of, {place: {"type": "sibling", "base": 1}})
        elif is_whole(column.type) and (told in LINES or _paired(sheet, column.name)):
            note = f"its place among the rows of one of {sheet.main.parent}"
            place_of = {"type": "sibling", "base": 1, "sql_type": column.type}
            sheet.put(column.name, {**place_of, "origin": "default", "note": note})


def _paired(sheet: Sheet, name: str) -> bool:
    """Whether it tells rows of one main parent apart."""
    if sheet.main is None:
        return False
    return any(set(k) == {*sheet.main.columns, name} for k in sheet.raw.unique_keys)
