"""A schema without data as a plain profile: relations, moments, totals, states, and the rest.

Each stage fills the columns it understands and leaves the others to those behind it; what nothing
understands is filled by what it means (`genesis_sql.providers`), or else by its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genesis_sql.drafts.amounts import fill_amounts
from genesis_sql.drafts.apart import fill_apart
from genesis_sql.drafts.capacity import check_capacity
from genesis_sql.drafts.checks import read_checks
from genesis_sql.drafts.custom import by_column, fill_custom, fill_generated, without_given
from genesis_sql.drafts.days import widen_period
from genesis_sql.drafts.equal import fill_equal
from genesis_sql.drafts.fill import fill_asked, fill_left, find_meanings
from genesis_sql.drafts.flags import fill_flags
from genesis_sql.drafts.kept_checks import leave_out_checks
from genesis_sql.drafts.keys import ABSENT, children, fill_keys
from genesis_sql.drafts.moments import fill_moments, find_periods
from genesis_sql.drafts.relations import careful, check_keys, ordered
from genesis_sql.drafts.sheet import Sheet
from genesis_sql.drafts.siblings import fill_siblings
from genesis_sql.drafts.sums import copy_prices, fill_lines, fill_sums
from genesis_sql.drafts.vocabulary import widen_states
from genesis_sql.drafts.workflows import (
    Workflows,
    check_given,
    fill_planned,
    fill_shared,
    fill_times,
    find_workflows,
)
from genesis_sql.types import RawSchema

Plain = dict[str, Any]
Sheets = dict[str, Sheet]


def draft(
    schema: RawSchema,
    *,
    rows: Mapping[str, int] | None = None,
    columns: Mapping[str, Any] | None = None,
    locale: str = "en_US",
    scenarios: Any = None,
) -> Plain:
    """The plain profile of a schema.

    Args:
        schema: its tables, as a reader of `genesis_sql.introspect` gives them.
        rows: of tables, at scale 1; the others follow from how many children parents have.
        columns: what fills a column, by 'table.column'.
        locale: of names, addresses and other texts.
        scenarios: workflows that rows take, by name, see `genesis_sql.scenarios`.

    Raises:
        SchemaError: a foreign key leads nowhere, no row can keep a CHECK, or no column of that
            type can be filled.
        OptionError: rows or columns name what is not there.

    Example:
        >>> from genesis_sql.types import RawColumn, RawTable
        >>> id_ = RawColumn("id", "INTEGER", nullable=False)
        >>> table = RawTable("tags", "", (id_,), primary_key=("id",))
        >>> draft(RawSchema((table,)), rows={"tags": 5})["tables"]["tags"]["rows"]
        5
    """
    given = by_column(schema, columns or {})
    schema = without_given(schema, given)
    check_keys(schema)
    flows = find_workflows(schema, scenarios, rows or {}, locale=locale)
    check_given(flows, given)
    schema, sheets = flows.schema, _sheets(flows)
    wanted = {name.lower() for name in rows or {}}
    absent = ABSENT if careful(schema) else 0.0
    stages: tuple[Callable[[Sheet], None], ...] = (
        lambda sheet: _find_meanings(sheet, schema),
        lambda sheet: check_capacity(sheet, asked=sheet.name.lower() in wanted),
        lambda sheet: fill_asked(sheet, fill_custom(sheet, given), locale),
        fill_generated,
        lambda sheet: fill_planned(sheet, flows),
        lambda sheet: fill_shared(sheet, sheets, flows),
        lambda sheet: fill_keys(sheet, sheets, absent=absent),
        fill_siblings,
        lambda sheet: _fill_moments(sheet, sheets, flows),
        lambda sheet: copy_prices(sheet, sheets),
        fill_lines,
        lambda sheet: fill_sums(sheet, sheets),
        _fill_amounts,
        lambda sheet: fill_left(sheet, locale),
        lambda sheet: fill_apart(sheet, locale),
    )
    for stage in stages:
        for sheet in sheets.values():
            stage(sheet)
    plain = {"tables": {name: _table(sheet, sheets, flows) for name, sheet in sheets.items()}}
    leave_out_checks(plain, sheets)
    return plain


def _sheets(flows: Workflows) -> Sheets:
    """A sheet for each table, parents first."""
    sheets: Sheets = {}
    for table in ordered(flows.schema):
        main = flows.mains.get(table.name)
        others = tuple(k for k in table.foreign_keys if k is not main)
        checked = read_checks(table)
        sheets[table.name] = Sheet(table, flows.sizes[table.name], checked, main, others)
    find_periods(sheets)
    for sheet in sheets.values():
        widen_period(sheet, sheets[sheet.main.parent].rows if sheet.main else None)
    return sheets


def _find_meanings(sheet: Sheet, schema: RawSchema) -> None:
    find_meanings(sheet, schema)
    widen_states(sheet)


def _fill_amounts(sheet: Sheet) -> None:
    fill_equal(sheet)
    fill_amounts(sheet)


def _fill_moments(sheet: Sheet, sheets: Sheets, flows: Workflows) -> None:
    fill_times(sheet, sheets, flows)
    fill_moments(sheet, sheets)
    fill_flags(sheet)


def _table(sheet: Sheet, sheets: Sheets, flows: Workflows) -> Plain:
    out: Plain = {}
    if sheet.main is not None:
        rows = flows.rows(sheet.name) or children(sheet, sheets[sheet.main.parent])
        out = {"parent": sheet.main.parent, "rows": rows}
    else:
        out = {"rows": sheet.rows}
    out["primary_key"] = list(sheet.raw.primary_key)
    out["unique"] = [list(k) for k in sheet.raw.unique_keys]
    out["checks"] = list(sheet.raw.checks)
    out["comment"] = sheet.raw.comment
    out["description"] = "; ".join(sheet.notes)
    return {**{k: v for k, v in out.items() if v or k == "rows"}, "columns": _columns(sheet)}


def _columns(sheet: Sheet) -> Plain:
    """The columns, with what the schema says of each."""
    out = sheet.columns()
    for column in sheet.raw.columns:
        if column.name in out:
            out[column.name]["nullable"] = column.nullable and column.name not in sheet.key_columns
            if column.comment:
                out[column.name]["comment"] = column.comment
    return out
