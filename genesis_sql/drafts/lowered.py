"""A plain profile in the forms that compile today; the others become simpler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_YET = frozenset(("after", "formula", "total", "combined", "pattern", "function"))
"""Column types that `profiles.compile` does not draw."""


def lowered(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The same profile without forms that do not compile."""
    tables = {}
    for name, table in plain["tables"].items():
        columns = {c: _column(spec) for c, spec in table["columns"].items()}
        tables[name] = {**table, "columns": columns}
    return {**plain, "tables": tables}


def _column(spec: dict[str, Any]) -> dict[str, Any]:
    if spec["type"] not in NOT_YET:
        return spec
    kept = {k: v for k, v in spec.items() if k in ("hidden", "origin", "note", "comment")}
    type_ = spec.get("sql_type", "VARCHAR")
    return {"type": "constant", "value": None, "sql_type": type_, **kept}
