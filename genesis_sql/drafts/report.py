"""What a drafted schema says of itself: a row for each table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from genesis_sql.drafts.relations import main_parents, sizes
from genesis_sql.types import RawSchema


def report(
    schema: RawSchema, plain: Mapping[str, Any], rows: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Tables in the order in which they are filled: what hangs on what, and how many rows.

    Args:
        schema: as it was read.
        plain: the profile drafted from it.
        rows: that were asked for.
    """
    tables = {t.name: t for t in schema.tables}
    sized = sizes(schema, main_parents(schema), rows)
    out = []
    notes = _read(schema)
    for name, spec in plain["tables"].items():
        shown = [c for c, held in spec["columns"].items() if not held.get("hidden")]
        parents = dict.fromkeys(k.parent for k in tables[name].foreign_keys)
        out.append(
            {
                "table_name": name, "columns": len(shown),
                "rows": spec["rows"] if isinstance(spec["rows"], int) else sized[name],
                "parents": list(parents),
                "notes": "; ".join(filter(None, [_notes(spec), *notes.get(name, [])])),
            }
        )  # fmt: skip
    return out


def _read(schema: RawSchema) -> dict[str, list[str]]:
    """What the reader could not take, by the table that it names; else at the first one."""
    out: dict[str, list[str]] = {}
    for note in schema.notes:
        named = [t.name for t in schema.tables if re.search(rf"\b{re.escape(t.name)}\b", note)]
        out.setdefault(named[0] if named else schema.tables[0].name, []).append(note)
    return out


def _notes(spec: Mapping[str, Any]) -> str:
    """What of a table is worth a word: the parent its rows are counted by, what is left out."""
    told = [f"its rows hang on {spec['parent']}"] if "parent" in spec else []
    return "; ".join([*told, *filter(None, [spec.get("description")])])
