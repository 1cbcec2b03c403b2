"""Dates and times in order: in a row, after the parent's, as far as the row's state has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from genesis_sql.drafts.in_order import has_tree, in_order
from genesis_sql.drafts.sheet import Sheet, base_type, is_moment
from genesis_sql.drafts.stages import (
    BY_MEANING,
    DUE,
    EXPIRY,
    OTHER,
    STAGES,
    Stage,
    place_beside,
    place_of,
)
from genesis_sql.drafts.states import STEPS, Reached, reached
from genesis_sql.drafts.words import stems, words
from genesis_sql.providers.ask import Columns
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import RawColumn

LAST = date(2025, 12, 31)
"""The day on which histories end: fixed, for rows do not depend on the clock."""
YEARS = 3
"""Of a history; tables that others choose from are older by as much."""
CHILD = 0.15
"""Mean time between a parent's moment and a child's, as a share of the period."""
EARLY = 0.7
"""The share of the period in which rows come to be that others follow."""
AHEAD = frozenset(
    "due deadline expires expiry expiration expire renews renewal next planned expected estimated "
    "scheduled target until through thru maturity promised".split()
)
"""Words of moments that may lie behind the end of a history."""
FREE = ("birth_date", "card_expiry", "time_of_day", "year", "month")
"""Meanings that are in no order with others."""


def find_periods(sheets: Mapping[str, Sheet]) -> None:
    """The days in which rows of each table come to be: what is chosen from is there before.

    Tables that hang on one another share a period; one that another only chooses from is earlier.
    """
    roots = {name: _root(name, sheets) for name in sheets}
    later: dict[str, set[str]] = {root: set() for root in roots.values()}
    for name, sheet in sheets.items():
        for key in sheet.others:
            if roots[key.parent] != roots[name]:
                later[roots[key.parent]].add(roots[name])
    backs = {root: _depth(root, later, ()) for root in later}
    last = min(backs.values(), default=0)
    for name, sheet in sheets.items():
        back = backs[roots[name]] - last
        end = LAST - timedelta(days=round(365.25 * YEARS * back))
        start = end - timedelta(days=round(365.25 * YEARS) - 1)
        sheet.period = start.isoformat(), end.isoformat()


def _root(name: str, sheets: Mapping[str, Sheet]) -> str:
    main = sheets[name].main
    return name if main is None else _root(main.parent, sheets)


def _depth(root: str, later: Mapping[str, set[str]], seen: tuple[str, ...]) -> int:
    """How many periods come behind that of a root; tables that choose from each other share one."""
    if root in seen:
        return 0
    return max((1 + _depth(r, later, (*seen, root)) for r in later[root] - {*seen}), default=0)


def fill_moments(sheet: Sheet, sheets: Mapping[str, Sheet]) -> None:
    """The dates and times of a table that have an order."""
    ordered = _moments(sheet)
    if not ordered:
        return
    if sheet.moment is None:  # else a scenario has filled it
        sheet.moment = _first(sheet, ordered.pop(0), sheets)
        if sheet.moment is None:  # something that may never come: nothing is after it
            fill_moments(sheet, sheets)
            return
    first = before = sheet.moment
    ahead: str | None = None  # the last of what is planned, which nothing that happened waits for
    gap: str | None = None
    for column in ordered:
        stage, planned = stage_of(sheet, column), _is_planned(sheet, column)
        aside = stage.side and not stage.end
        spec = _after(column, first if aside else (planned and ahead) or before, stage)
        if not planned:
            spec["until"] = sheet.period[1]
        note = f"after {spec['of']}"
        if _labels(sheet, column) is None and column.nullable and stage.missing:
            made, gap = _sometimes(sheet, column, spec, stage, note, gap)
        else:
            made = _reached(sheet, column, spec, note, {})
        if planned and not aside:
            ahead = made
        elif not aside:
            before = made


def _is_planned(sheet: Sheet, column: RawColumn) -> bool:
    """Whether a moment may lie behind the end of the history: it has not happened yet."""
    told = set(words(column.name))
    checked = any(column.name in (pair.low, pair.high) for pair in sheet.checked.ordered)
    aside = stage_of(sheet, column) in (STAGES[DUE], STAGES[EXPIRY])
    named = bool(told & AHEAD) or {"valid", "to"} <= told
    return aside or (named and not checked)


def _moments(sheet: Sheet) -> list[RawColumn]:
    """The columns that nothing fills yet and that have an order, in it."""
    left = [c for c in sheet.left() if is_moment(c.type) and sheet.meaning(c.name) not in FREE]
    keyed = sheet.key_columns
    return _in_order(sheet, [replace(c, nullable=False) if c.name in keyed else c for c in left])


def first_moment(sheet: Sheet) -> RawColumn | None:
    """The column that says when a row came to be, as far as nothing fills it yet."""
    return next(iter(_moments(sheet)), None)


def stage_of(sheet: Sheet, column: RawColumn) -> Stage:
    """What happens at a moment, by its name, else by what it means."""
    at = _place(sheet, column)
    return STAGES[at] if at is not None else OTHER


def _place(sheet: Sheet, column: RawColumn) -> int | None:
    moments = [c.name for c in sheet.raw.columns if is_moment(c.type)]
    found = place_beside(column.name, moments)
    found = place_of(column.name) if found is None else found
    return BY_MEANING.get(sheet.meaning(column.name)) if found is None else found


def _in_order(sheet: Sheet, columns: Iterable[RawColumn]) -> list[RawColumn]:
    """As they come to a row: by their stage, and as CHECKs of two columns say."""

    def rank(column: RawColumn) -> tuple[float, int]:
        found = _place(sheet, column)
        at = 0.5 if found is None else found + 0.5 * ("ende" in stems(column.name))
        return at, [c.name for c in sheet.raw.columns].index(column.name)

    left, out = sorted(columns, key=rank), list[RawColumn]()
    names = {c.name for c in left}
    pairs = [(p.low, p.high) for p in sheet.checked.ordered if {p.low, p.high} <= names]
    while left:
        waiting = {high for low, high in pairs if low in {c.name for c in left}}
        column = next((c for c in left if c.name not in waiting), left[0])
        left.remove(column)
        out.append(column)
    return out


def _first(sheet: Sheet, column: RawColumn, sheets: Mapping[str, Sheet]) -> str | None:
    """When the row came to be: after its parent did, inside the table's period.

    Returns:
        The column that holds it in every row; None where it is something that may never come.
    """
    start, end = sheet.period
    facts = sheet.checked.of(column.name)
    source = moment_of(sheet.main.parent, sheets) if sheet.main else None
    if source is None and any(s.main and s.main.parent == sheet.name for s in sheets.values()):
        days = (date.fromisoformat(end) - date.fromisoformat(start)).days
        end = (date.fromisoformat(start) + timedelta(days=round(days * EARLY))).isoformat()
    if has_tree(sheet) and not facts.bounded:
        ordered, hidden, told = in_order(sheet, column, source, sheets, end)
        return _begun(sheet, column, ordered, told, hidden)
    if source is None or sheet.main is None or facts.bounded:
        low, high = str(facts.low or start), str(facts.high or end)
        spec = {"type": "uniform", "min": min(low, high), "max": high, "sql_type": column.type}
        return _begun(sheet, column, spec, f"between {min(low, high)} and {high}", {})
    copy = sheet.free_name(f"{column.name}_since")
    days = (date.fromisoformat(end) - date.fromisoformat(start)).days
    spec = _after(column, copy, Stage((), days * CHILD))
    spec["until"] = end
    helper: Columns = {copy: {"type": "parent", "column": source}}
    return _begun(sheet, column, spec, f"after {sheet.main.parent}.{source}", helper)


def _begun(
    sheet: Sheet, column: RawColumn, spec: dict[str, Any], note: str, helpers: Columns
) -> str | None:
    missing = stage_of(sheet, column).missing
    if column.nullable and missing and _labels(sheet, column) is None:
        sheet.put(column.name, _told({**spec, "null_share": missing}, note), helpers)
        return None
    return _reached(sheet, column, spec, note, helpers)


def moment_of(table: str, sheets: Mapping[str, Sheet]) -> str | None:
    """The column of a table that says when a row came to be; its parent's, copied, if it has none.

    None where no table above has one.
    """
    sheet = sheets[table]
    if sheet.moment is None and sheet.main is not None:
        above = moment_of(sheet.main.parent, sheets)
        if above is not None:
            sheet.moment = sheet.free_name(f"{above}_above")
            sheet.hide(sheet.moment, {"type": "parent", "column": above})
    return sheet.moment


def _labels(sheet: Sheet, column: RawColumn) -> Reached | None:
    """The states in which a moment has come; None where none says so."""
    found = reached(sheet, column.name) if column.nullable else None
    begun = found is not None and _place(sheet, column) == 0 and found.begins(sheet)
    return None if begun else found


def _reached(
    sheet: Sheet, column: RawColumn, spec: dict[str, Any], note: str, helpers: Columns
) -> str:
    """A moment, NULL in rows whose state has not come to it; the column that always holds it."""
    labels = _labels(sheet, column)
    if labels is None:
        sheet.put(column.name, _told(spec, note), helpers)
        return column.name
    held = sheet.free_name(f"{column.name}_moment")
    shown = {
        "type": "expression",
        "sql": f"CASE WHEN {labels.sql()} THEN {quoted(held)} END",
        "sql_type": column.type,
    }
    told = f"{note}, where {labels.column} has come so far"
    sheet.put(column.name, _told(shown, told), {**helpers, held: spec})
    return held


def _sometimes(
    sheet: Sheet, column: RawColumn, spec: dict[str, Any], stage: Stage, note: str, gap: str | None
) -> tuple[str, str | None]:
    """One that is NULL in a share of the rows: all steps behind one that was not taken are.

    Returns:
        The column that holds it in every row, and one that is NULL where the step was not taken.
    """
    if stage.side and not stage.end:
        sheet.put(column.name, _told({**spec, "null_share": stage.missing}, note))
        return str(spec["of"]), gap
    held, taken = (sheet.free_name(f"{column.name}_{word}") for word in ("moment", "taken"))
    course = stage in STAGES[STEPS.start : STEPS.stop]
    step: dict[str, Any] = {"type": "formula", "sql": quoted(gap) if gap and course else "0"}
    step["null_share"] = stage.missing
    shown = {"type": "after", "of": held, "plus": taken, "unit": spec["unit"]}
    shown["sql_type"] = column.type
    sheet.put(column.name, _told(shown, note), {held: spec, taken: step})
    return held, taken if course else gap


def _after(column: RawColumn, before: str, stage: Stage) -> dict[str, Any]:
    days = stage.days
    day = base_type(column.type) == "DATE"
    mean = days if day else days * 24 * 60
    law = {"type": "exponential", "mean": round(max(mean, 1.0), 3), "min": 1, "decimals": 0}
    unit = "day" if day else "minute"
    return {"type": "after", "of": before, "by": law, "unit": unit, "sql_type": column.type}


def _told(spec: Mapping[str, Any], note: str) -> dict[str, Any]:
    return {**spec, "origin": "default", "note": note}
