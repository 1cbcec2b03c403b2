"""Flags that say what a moment or a state says: paid, deleted, active."""

from __future__ import annotations

from collections.abc import Iterable

from genesis_sql.drafts.sheet import Sheet, base_type, is_moment, is_whole
from genesis_sql.drafts.states import BAD, labels_of, reached
from genesis_sql.drafts.words import stems, words
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn

SMALL = frozenset(("is", "has", "was", "been", "flag", "ind", "already"))
"""Words of a flag that tell nothing."""
ON = frozenset(("active", "enabled", "current", "live"))
"""Words of flags that are false where something has ended."""
OFF = frozenset("term deac dele ende clos canc disc arch left remo reti bloc susp inac".split())
"""First letters of moments at which it has."""


def fill_flags(sheet: Sheet) -> None:
    """The flags of a table that nothing fills yet and of which a moment or a state tells."""
    for column in sheet.left():
        if not _is_flag(sheet, column):
            continue
        told = [w for w in words(column.name) if w not in SMALL]
        found = _still(sheet) if set(told) & ON else _happened(sheet, "_".join(told))
        if found is not None:
            sql, note = found
            shown = (
                sql if base_type(column.type) == "BOOLEAN" else f"CASE WHEN {sql} THEN 1 ELSE 0 END"
            )
            spec = {"type": "expression", "sql": shown, "sql_type": column.type}
            sheet.put(column.name, {**spec, "origin": "default", "note": note})


def _is_flag(sheet: Sheet, column: RawColumn) -> bool:
    if sheet.unique(column.name) or sheet.checked.of(column.name).values is not None:
        return False
    small = is_whole(column.type) and sheet.meaning(column.name) == "flag"
    return base_type(column.type) == "BOOLEAN" or small


def _moments(sheet: Sheet, told: Iterable[str]) -> list[str]:
    """The moments that may be missing and whose names tell one of these."""
    wanted = set(told)
    return [
        c.name
        for c in sheet.raw.columns
        if c.nullable and c.name in sheet.made and is_moment(c.type) and wanted & set(stems(c.name))
    ]


def _happened(sheet: Sheet, name: str) -> tuple[str, str] | None:
    """Whether the moment of that name is there, or a state says so."""
    held = _moments(sheet, stems(name))
    if held:
        return f"{quoted(held[0])} IS NOT NULL", f"whether {held[0]} is there"
    states = reached(sheet, name)
    if states is None or not states.labels:
        return None
    return states.sql(), f"as {states.column} says"


def _still(sheet: Sheet) -> tuple[str, str] | None:
    """Whether nothing has ended."""
    held = _moments(sheet, OFF)
    if held:
        none = " AND ".join(f"{quoted(name)} IS NULL" for name in held)
        return none, f"as long as {' and '.join(held)} are not there"
    for column, labels in labels_of(sheet):
        active = [x for x in labels if "active" in words(x)] or [
            x for x in labels if not set(stems(x)) & BAD
        ]
        if 0 < len(active) < len(labels):
            listed = ", ".join(map(string, active))
            return f"{quoted(column)} IN ({listed})", f"as {column} says"
    return None
