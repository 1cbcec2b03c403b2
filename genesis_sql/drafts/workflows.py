"""Scenarios in a drafted schema: they fill columns and count rows before anything else does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from genesis_sql.drafts.fill import allowed, filled
from genesis_sql.drafts.moments import first_moment, moment_of
from genesis_sql.drafts.relations import main_parents, sizes
from genesis_sql.drafts.sheet import Sheet, is_moment
from genesis_sql.errors import OptionError, nearest
from genesis_sql.profiles.typed import check_texts
from genesis_sql.scenarios.form import Scenario
from genesis_sql.scenarios.ledger import (
    ledger_columns,
    ledger_moments,
    with_ledgers,
)
from genesis_sql.scenarios.planned import event_columns, flag, flagged, plan_columns
from genesis_sql.scenarios.read import plain_scenarios, read_scenarios
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema

LAWS = ("constant", "categorical", "explicit", "normal", "lognormal", "uniform", "exponential",
        "beta", "poisson", "bands")  # fmt: skip
Sheets = Mapping[str, Sheet]


@dataclass(frozen=True)
class Workflows:
    """The scenarios of a schema.

    Attributes:
        scenarios: as they were read.
        schema: with their ledgers.
        mains: the reference that each table hangs on; tables of events hang on their instances.
        sizes: rows of each table.
        locale: of texts.
        plain: the scenarios as JSON values.
    """

    scenarios: tuple[Scenario, ...]
    schema: RawSchema
    mains: Mapping[str, RawForeignKey]
    sizes: Mapping[str, int]
    locale: str = "en_US"
    plain: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The scenarios as JSON, in which what is set to NULL stays so."""
        return json.dumps(self.plain)

    @property
    def taken(self) -> frozenset[str]:
        """The columns that scenarios fill, by 'table.column'."""
        return frozenset(f"{t}.{c}" for s in self.scenarios for t, c, _ in s.settings())

    def rows(self, table: str) -> dict[str, Any] | None:
        """How many rows of a table a row of its parent has; None where no scenario says so."""
        for scenario in self.scenarios:
            if table == scenario.ledger:
                return {"type": "constant", "value": 1}
            if table in scenario.tables:
                flags = [flag(scenario, table, at) for at in flagged(scenario, table)]
                return {"type": "each", "flags": flags}
        return None


def find_workflows(
    schema: RawSchema, given: Any, rows: Mapping[str, int], *, locale: str = "en_US"
) -> Workflows:
    """Read scenarios, and add what they ask for to the schema.

    Args:
        schema: the tables.
        given: the scenarios, see `genesis_sql.scenarios.read`.
        rows: that are asked for.
        locale: of texts.

    Raises:
        OptionError: the scenarios make no sense there, or rows asks for rows that they count.
    """
    plain = plain_scenarios(given)
    scenarios = read_scenarios(schema, given)
    whole = with_ledgers(schema, scenarios)
    mains = main_parents(whole)
    tables = {t.name: t for t in whole.tables}
    for scenario in scenarios:
        kept = [scenario.ledger] if scenario.ledger else []
        for name in (*scenario.tables, *_sharing(scenario), *kept):
            main, keys = mains.get(name), tables[name].foreign_keys
            if name != scenario.instances and (main is None or main.parent != scenario.instances):
                mains[name] = next(k for k in keys if k.parent == scenario.instances)
    sized = sizes(whole, mains, rows)
    for scenario in scenarios:
        _check_rows(scenario, rows)
        many = sized[scenario.instances]
        counted = {t: max(1, round(many * scenario.rows_of(t))) for t in scenario.tables}
        rows = {**rows, **counted, **{name: many for name in [scenario.ledger] if name}}
        sized = sizes(whole, mains, rows)
    return Workflows(scenarios, whole, mains, sized, locale, plain)


def _sharing(scenario: Scenario) -> Iterable[str]:
    return dict.fromkeys(t for columns in scenario.shared.values() for t, _ in columns)


def _check_rows(scenario: Scenario, rows: Mapping[str, int]) -> None:
    counted = {t.lower(): t for t in (*scenario.tables, scenario.ledger)}
    for name in rows:
        if name.lower() in counted:
            message = (
                f"rows asks for rows of '{counted[name.lower()]}', which the scenario "
                f"'{scenario.name}' counts; ask for rows of '{scenario.instances}'"
            )
            raise OptionError(message)


def check_given(workflows: Workflows, given: Mapping[tuple[str, str], Any]) -> None:
    """Refuse columns that both the caller and a scenario fill.

    Raises:
        OptionError: names the first.
    """
    for scenario in workflows.scenarios:
        for table, column, where in scenario.settings():
            if (table, column) in given:
                message = (
                    f"scenarios.{where}: '{table}.{column}' is filled by columns, too; leave it "
                    "out of one of them"
                )
                raise OptionError(message)


def fill_planned(sheet: Sheet, workflows: Workflows) -> None:
    """The plan of instances, and what scenarios set in a table."""
    for scenario in workflows.scenarios:
        if sheet.name == scenario.instances:
            for name, spec in plan_columns(scenario).items():
                sheet.hide(name, spec)
            _set(sheet, scenario, workflows.locale)
        if sheet.name in scenario.tables:
            for name, spec in event_columns(scenario, sheet.name, scenario.instances).items():
                sheet.hide(name, spec)
            _set_events(sheet, scenario, workflows.locale)
        if sheet.name == scenario.ledger:
            for name, spec in ledger_columns(scenario).items():
                sheet.put(name, {**spec, "origin": "spec", "note": f"of {scenario.name}"})


Case = tuple[dict[str, Any], Any]


def _set(sheet: Sheet, scenario: Scenario, locale: str) -> None:
    """Columns of the instances."""
    for column in dict.fromkeys(c for p in scenario.paths for c in p.settings):
        cases: list[Case] = [
            ({scenario.column("path"): p.name}, p.settings[column])
            for p in scenario.paths
            if column in p.settings
        ]
        whole = len(cases) == len(scenario.paths)
        _put(sheet, column, cases, whole=whole, scenario=scenario, locale=locale)


def _set_events(sheet: Sheet, scenario: Scenario, locale: str) -> None:
    """Columns of events."""
    slots = [s for s in scenario.all_slots if s.event.table == sheet.name]
    for column in dict.fromkeys(c for s in slots for c in s.event.settings):
        cases: list[Case] = []
        for slot in slots:
            if column in slot.event.settings:
                when = {
                    scenario.column("path"): slot.path.name,
                    scenario.column("slot"): slot.at,
                }
                cases.append((when, slot.event.settings[column]))
        whole = len(cases) == len(slots)
        _put(sheet, column, cases, whole=whole, scenario=scenario, locale=locale)


def _put(
    sheet: Sheet,
    name: str,
    cases: list[Case],
    *,
    whole: bool,
    scenario: Scenario,
    locale: str,
) -> None:
    """A column that holds what its case says."""
    column, where = sheet.column(name), f"scenarios.{scenario.name}"
    if sheet.unique(name):
        message = f"{where} sets '{sheet.name}.{name}', which is UNIQUE; leave it to the draft"
        raise OptionError(message)
    for _, value in cases:
        _check_value(where, sheet, column, value)
    spec: dict[str, Any] = {
        "type": "conditional",
        "cases": [{"when": w, "then": {"type": "constant", "value": v}} for w, v in cases],
        "sql_type": column.type,
        "origin": "spec",
        "note": f"as the path of {scenario.name} says",
    }
    last = spec["cases"][-1]["then"]  # where all is set, no row gets here
    spec["otherwise"] = last if whole else _otherwise(where, sheet, column, locale)
    sheet.put(name, spec)


def _otherwise(where: str, sheet: Sheet, column: RawColumn, locale: str) -> dict[str, Any]:
    """What a column holds where nothing is set: what the draft would fill it with, or NULL."""
    made, _, _ = filled(sheet, column, locale)
    law = made[column.name]
    if len(made) == 1 and law["type"] in LAWS:
        return {k: v for k, v in law.items() if k not in ("nullable", "comment", "null_share")}
    if column.nullable:
        return {"type": "constant", "value": None}
    message = (
        f"{where}: '{sheet.name}.{column.name}' is set by some paths and not by others, and may "
        "not be NULL; set it in all of them"
    )
    raise OptionError(message)


def _check_value(where: str, sheet: Sheet, column: RawColumn, value: Any) -> None:
    """Refuse a value that the column cannot hold."""
    shown = f"{where}: '{sheet.name}.{column.name}'"
    if value is None:
        if not column.nullable:
            message = f"{shown} is set to NULL, and is declared NOT NULL; set a value"
            raise OptionError(message)
        return
    labels = allowed(sheet, column)
    if labels is not None and value not in labels:
        message = f"{shown} is set to {value!r}, which its CHECK or type does not allow"
        raise OptionError(message + nearest(str(value), map(str, labels)))
    text = str(value)
    if column.length is not None and len(text) > column.length:
        message = (
            f"{shown} is set to {text[:60]!r}, and its type holds {column.length} characters; "
            "shorten it, or widen the type"
        )
        raise OptionError(message)
    check_texts(shown, column.type, [text.lower() if isinstance(value, bool) else text], None)


def fill_times(sheet: Sheet, sheets: Sheets, workflows: Workflows) -> None:
    """When events were, and in the ledger the first and the last of them."""
    for scenario in workflows.scenarios:
        if sheet.name == scenario.ledger:
            _ledger_times(sheet, sheets, scenario)
        if sheet.name in scenario.tables:
            _event_times(sheet, sheets, scenario)


def _event_times(sheet: Sheet, sheets: Sheets, scenario: Scenario) -> None:
    told = scenario.times.get(sheet.name)
    column = sheet.column(told) if told else first_moment(sheet)
    if column is None:
        return
    if not is_moment(column.type):
        message = (
            f"scenarios.{scenario.name}.times: '{sheet.name}.{column.name}' is no date or timestamp"
        )
        raise OptionError(message)
    base = scenario.column("begin")
    sheet.hide(base, {"type": "parent", "column": _base(sheets, scenario)})
    spec = {"type": "after", "of": base, "plus": scenario.column("seconds"), "unit": "second"}
    note = f"when {scenario.name} comes to it"
    sheet.put(column.name, {**spec, "sql_type": column.type, "origin": "spec", "note": note})
    sheet.moment = column.name


def _base(sheets: Sheets, scenario: Scenario) -> str:
    """The column of the instances from which events are counted."""
    found = moment_of(scenario.instances, sheets)
    if found is not None:
        return found
    sheet, start = sheets[scenario.instances], scenario.column("start")
    low, high = sheet.period
    sheet.hide(start, {"type": "uniform", "min": low, "max": high, "sql_type": "TIMESTAMP"})
    sheet.moment = start
    return start


def _ledger_times(sheet: Sheet, sheets: Sheets, scenario: Scenario) -> None:
    base = scenario.column("begin")
    sheet.hide(base, {"type": "parent", "column": _base(sheets, scenario)})
    for name, (spec, helpers) in ledger_moments(scenario, base).items():
        note = f"the plan of {scenario.name}"
        sheet.put(name, {**spec, "origin": "spec", "note": note}, helpers)


def fill_shared(sheet: Sheet, sheets: Sheets, workflows: Workflows) -> None:
    """Columns that hold one value for each instance: made there, and copied."""
    for scenario in workflows.scenarios:
        for name, columns in scenario.shared.items():
            source = next((c for t, c in columns if t == scenario.instances), None)
            held = source or scenario.column("shared", name)
            if sheet.name == scenario.instances and source is None:
                _make(sheet, sheets, held, columns, workflows.locale)
            for table, column in columns:
                if sheet.name == table and table != scenario.instances:
                    _check_shared(sheet, scenario, name, column)
                    note = f"one value for each of {scenario.instances}"
                    spec = {"type": "parent", "column": held}
                    sheet.put(column, {**spec, "origin": "spec", "note": note})


def _check_shared(sheet: Sheet, scenario: Scenario, name: str, column: str) -> None:
    """Refuse one value for several rows of a column that tells rows apart."""
    many = max(sum(e.most for e in p.events if e.table == sheet.name) for p in scenario.paths)
    counted = sheet.name in scenario.tables
    if sheet.unique(column) and (many > 1 or not counted):
        message = (
            f"scenarios.{scenario.name}.shared.{name}: '{sheet.name}.{column}' is UNIQUE, and an "
            "instance may have several rows there; leave it out"
        )
        raise OptionError(message)


def _make(
    sheet: Sheet, sheets: Sheets, name: str, columns: Iterable[tuple[str, str]], locale: str
) -> None:
    """The value on the instance: as the first column would be filled, no longer than any holds."""
    held = [(sheets[t], sheets[t].column(c)) for t, c in columns]
    above, first = held[0]
    lengths = [c.length for _, c in held if c.length is not None]
    column = replace(
        first,
        name=name,
        length=min(lengths, default=None),
        nullable=all(c.nullable for _, c in held),
    )
    labels = allowed(above, first)
    if labels is not None:
        sheet.hide(name, {"type": "explicit", "values": labels, "sql_type": column.type})
        return
    if first.name in above.meanings:
        sheet.meanings[name] = above.meanings[first.name]
    made, _, _ = filled(sheet, column, locale)
    sheet.meanings.pop(name, None)
    for own, spec in made.items():
        sheet.hide(own, spec)
