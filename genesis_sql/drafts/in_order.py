"""Moments of tables that refer to themselves: a row is later than those that it can name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from genesis_sql.drafts.keys import is_tree
from genesis_sql.drafts.sheet import Sheet, base_type
from genesis_sql.providers.ask import Columns
from genesis_sql.types import RawColumn

LENGTH = 0.2
"""Mean time in which the rows of one parent come to be, as a share of the period."""
GROWTH = 8
"""The share of the rows, as a divisor, that came to be in the first half of the time."""


def has_tree(sheet: Sheet) -> bool:
    """Whether rows of a table name earlier ones."""
    return any(is_tree(sheet, key) for key in sheet.others)


def in_order(
    sheet: Sheet, column: RawColumn, source: str | None, sheets: Mapping[str, Sheet], end: str
) -> tuple[dict[str, Any], Columns, str]:
    """A moment that is the later, the later the row comes among its siblings, or in its table.

    Args:
        sheet: a table that refers to itself.
        column: when a row came to be.
        source: when a row of the main parent came to be; None where there is no parent, or no time.
        sheets: all tables.
        end: last day.

    Returns:
        The column, the hidden ones before it, and what is told of it.
    """
    start, type_ = sheet.period[0], base_type(column.type)
    unit = "day" if type_ == "DATE" else "second"
    spec = {"type": "after", "ordered": True, "unit": unit, "sql_type": column.type}
    since = sheet.free_name(f"{column.name}_since")
    if sheet.main is None:
        begin = {"type": "constant", "value": start, "sql_type": "DATE"}
        half = max(1, sheet.rows // GROWTH)
        spec |= {"of": since, "until": end, "half": half}
        return spec, {since: begin}, "in the order of the rows"
    above = sheets[sheet.main.parent]
    if source is None:
        source = above.free_name(f"{sheet.name}_since")
        above.hide(source, {"type": "uniform", "min": start, "max": end, "sql_type": "TIMESTAMP"})
    last, until = above.free_name(f"{sheet.name}_until"), sheet.free_name(f"{column.name}_until")
    days = (date.fromisoformat(end) - date.fromisoformat(start)).days * LENGTH
    minutes = {"type": "exponential", "mean": round(days * 24 * 60), "min": 60, "decimals": 0}
    length = {"type": "after", "of": source, "by": minutes, "unit": "minute", "until": end}
    above.hide(last, {**length, "sql_type": "TIMESTAMP"})
    helpers: Columns = {
        since: {"type": "parent", "column": source},
        until: {"type": "parent", "column": last},
    }
    spec |= {"of": since, "until": until}
    return spec, helpers, f"in the order of the rows of one of {above.name}"
