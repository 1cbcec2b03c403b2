"""What a scenario plans for an instance, as hidden columns of its table; no row is needed for it.

The path follows from the row's number. A slot is a row that an instance may have; which slots it
has, and how long after its begin each of them is, stands on the instance itself, so that the rows
and the ledger read the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genesis_sql.scenarios.form import Scenario, Slot
from genesis_sql.sqlbuild import quoted

Columns = dict[str, dict[str, Any]]
CERTAIN = 60.0
"""Log odds that leave no chance: 1 - 1/(1 + e^-60) is 0 on the grid of draws."""
PER_FORMULA = 12
"""Slots in one formula."""


def plan_columns(scenario: Scenario) -> Columns:
    """The hidden columns of the instance table: path, counts, flags, waits, offsets."""
    path, out = scenario.column("path"), Columns()
    out[path] = {
        "type": "allocated",
        "values": [p.name for p in scenario.paths],
        "weights": [p.weight for p in scenario.paths],
    }
    for slot in scenario.all_slots:
        if slot.event.least < slot.event.most:
            law = {"type": "uniform", "min": slot.event.least, "max": slot.event.most}
            out[_count(scenario, slot)] = {**law, "decimals": 0, "sql_type": "INTEGER"}
    for table in scenario.tables:
        for at in flagged(scenario, table):
            out |= _flag(scenario, table, at)
        flags = [quoted(flag(scenario, table, at)) for at in flagged(scenario, table)]
        out[rows(scenario, table)] = {
            "type": "formula", "sql": " + ".join(flags), "sql_type": "INTEGER",
        }  # fmt: skip
    return out | _offsets(scenario)


def rows(scenario: Scenario, table: str) -> str:
    """The column with the number of rows of a table."""
    return scenario.column("rows", table)


def flag(scenario: Scenario, table: str, at: int) -> str:
    """The column that is 1 where an instance has a row of a table in a slot."""
    return scenario.column("has", table, at)


def offset(scenario: Scenario, at: int) -> str:
    """The column with the seconds from the begin to a slot."""
    return scenario.column("offset", at)


def flagged(scenario: Scenario, table: str) -> list[int]:
    """The slots that may be rows of a table."""
    return sorted({s.at for s in scenario.all_slots if s.event.table == table})


def _count(scenario: Scenario, slot: Slot) -> str:
    """The column with the rows of an event whose number is drawn."""
    return scenario.column("count", scenario.paths.index(slot.path), slot.place)


def _when(scenario: Scenario, slot: Slot) -> dict[str, Any]:
    """The condition that an instance has a slot."""
    when: dict[str, Any] = {scenario.column("path"): slot.path.name}
    if not slot.sure:
        when[_count(scenario, slot)] = {"min": slot.again}
    return when


def _flag(scenario: Scenario, table: str, at: int) -> Columns:
    """A 0/1 column that has no chance in it: its log odds are far from 0 on either side."""
    slots = [s for s in scenario.all_slots if s.at == at and s.event.table == table]
    name, path = flag(scenario, table, at), scenario.column("path")
    held: dict[str, Any] = {"type": "logistic", "intercept": -CERTAIN}
    if all(s.sure for s in slots):
        levels = {s.path.name: 2 * CERTAIN for s in slots}
        return {name: {**held, "effects": [{"column": path, "levels": levels}]}}
    there = scenario.column("there", table, at)
    one = {"type": "constant", "value": 1}
    cases = [{"when": _when(scenario, s), "then": one} for s in slots]
    zero = {"type": "constant", "value": 0}
    law = {"type": "conditional", "cases": cases, "otherwise": zero, "sql_type": "INTEGER"}
    bands = [{"min": 1, "max": 1, "log_odds": 2 * CERTAIN}]
    return {there: law, name: {**held, "effects": [{"column": there, "bands": bands}]}}


def _offsets(scenario: Scenario) -> Columns:
    """Waits of the slots, 0 of those that an instance has not, and what they add up to."""
    out, before = Columns(), ""
    for at in range(1, scenario.length + 1):
        slots = [s for s in scenario.all_slots if s.at == at and s.event.law is not None]
        cases = [{"when": _when(scenario, s), "then": dict(s.event.law or {})} for s in slots]
        wait = scenario.column("wait", at)
        zero = {"type": "constant", "value": 0}
        law = {"type": "conditional", "cases": cases, "otherwise": zero} if cases else zero
        out[wait] = {**law, "sql_type": "BIGINT"}
        out[offset(scenario, at)] = {"type": "formula", "sql": before + quoted(wait)}
        before = f"{quoted(offset(scenario, at))} + "
    return out


def event_columns(scenario: Scenario, table: str, above: str) -> Columns:
    """The hidden columns of a table of events: path and slot of the row, seconds since the begin.

    Args:
        scenario: which.
        table: of its events.
        above: the instance table.
    """
    slot = scenario.column("slot")
    places = flagged(scenario, table)
    labels = {flag(scenario, table, at): at for at in places}
    out: Columns = {
        scenario.column("path"): {"type": "parent", "column": scenario.column("path")},
        slot: {"type": "chosen", "labels": labels, "sql_type": "INTEGER"},
    }
    terms, last = [], 0
    for at in places:  # each wait between two rows counts from the later one on
        until = quoted(offset(scenario, at))
        since = f" - {quoted(above)}.{quoted(offset(scenario, last))}" if last else ""
        factor = f"least(1, greatest(0, {quoted(slot)} - {at - 1}))"
        terms.append(f"{factor} * ({quoted(above)}.{until}{since})")
        last = at
    return out | _summed(scenario, terms)


def _summed(scenario: Scenario, terms: Iterable[str]) -> Columns:
    """A sum in parts, as formulas are of limited length."""
    listed, out, parts = list(terms), Columns(), []
    for at in range(0, len(listed), PER_FORMULA):
        name = scenario.column("seconds", at)
        out[name] = {"type": "formula", "sql": " + ".join(listed[at : at + PER_FORMULA])}
        parts.append(quoted(name))
    out[scenario.column("seconds")] = {"type": "formula", "sql": " + ".join(parts)}
    return out
