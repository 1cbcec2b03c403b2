"""A plain profile in the forms that compile today; the others become simpler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMPILED = frozenset(
    ("key", "constant", "categorical", "explicit", "normal", "lognormal", "uniform", "exponential",
     "beta", "poisson", "bands", "conditional", "logistic", "expression", "parent", "reference",
     "chosen", "listed")
)  # fmt: skip
"""Column types that `profiles.compile` draws."""
KEPT = {"reference": ("table", "null_share"), "parent": ("column",)}
ABOUT = ("type", "hidden", "sql_type", "decimals", "origin", "note")


def lowered(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The same profile without forms that do not compile."""
    tables = {}
    for name, table in plain["tables"].items():
        columns = {c: _column(spec) for c, spec in table["columns"].items()}
        kept = {k: v for k, v in table.items() if k in ("parent", "rows")}
        tables[name] = {**kept, "columns": {c: s for c, s in columns.items() if s is not None}}
    return {**plain, "tables": tables}


def _column(spec: dict[str, Any]) -> dict[str, Any] | None:
    type_ = spec["type"]
    if type_ in KEPT:
        return {k: v for k, v in spec.items() if k in (*ABOUT, *KEPT[type_]) and k != "sql_type"}
    if type_ in COMPILED:
        return spec
    return {"type": "constant", "value": None, "sql_type": spec.get("sql_type", "VARCHAR")}
