"""Reads scenarios: a mapping or JSON text, checked by its schema, then against the tables.

Every error is one sentence that begins with the path of what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.profiles.wording import worded
from genesis_sql.scenarios.form import Event, Path, Scenario
from genesis_sql.scenarios.schema import SCENARIOS
from genesis_sql.scenarios.waits import wait
from genesis_sql.types import RawSchema, RawTable

MOST_SLOTS = 60
"""Rows that one instance of a path has at most."""


def read_scenarios(schema: RawSchema, given: Any) -> tuple[Scenario, ...]:
    """The scenarios of a call, with tables and columns as the schema spells them.

    Args:
        schema: the tables.
        given: by name, a mapping or JSON text; None: there are none.

    Raises:
        OptionError: they do not keep the form, name what is not there, or contradict one another.
    """
    plain = plain_scenarios(given)
    if not plain:
        return ()
    _check_names(plain)
    from jsonschema import Draft202012Validator

    found = list(Draft202012Validator(SCENARIOS).iter_errors(plain))
    if found:
        message = f"scenarios: {worded(found)}"
        raise OptionError(message)
    tables = {t.name.lower(): t for t in schema.tables}
    read = tuple(_scenario(name, held, tables) for name, held in plain.items())
    _apart(read, tables)
    return read


def _check_names(plain: Any) -> None:
    """Refuse a scenario without a name, and a number in the place of the table of instances.

    Raises:
        OptionError: tells how it is written.
    """
    if not isinstance(plain, Mapping):
        return
    if {"instances", "paths"} <= set(plain):
        message = "scenarios holds one scenario without a name; give it one: {'orders': {…}}"
        raise OptionError(message)
    for name, held in plain.items():
        given = held.get("instances") if isinstance(held, Mapping) else None
        if isinstance(given, int | float):
            message = (
                f"scenarios.{name}.instances names the table whose rows are the instances, and is "
                f"{given}; ask for so many of them in rows := MAP {{'table': {given}}}"
            )
            raise OptionError(message)


def plain_scenarios(given: Any) -> Any:
    """JSON values without what is NULL, as SQL fills up structs of one list.

    In JSON text a column may be set to null.

    Raises:
        OptionError: it is text and no JSON, or holds what JSON cannot.
    """
    written = isinstance(given, str)
    if written:
        try:
            given = json.loads(given)
        except json.JSONDecodeError as error:
            message = f"scenarios is text, and no JSON: {error}"
            raise OptionError(message) from error
    if given is None:
        return {}
    try:
        plain = json.loads(json.dumps(given, allow_nan=False, default=str))
    except (TypeError, ValueError) as error:
        message = f"scenarios holds what JSON cannot: {error}"
        raise OptionError(message) from error
    return _without_nulls(plain, keep=False, written=written)


def _without_nulls(value: Any, *, keep: bool, written: bool) -> Any:
    """Without what is NULL and so was not given; in JSON text, what is set to it stays."""
    if isinstance(value, Mapping):
        return {
            k: _without_nulls(v, keep=written and k == "set", written=written)
            for k, v in value.items()
            if keep or v is not None
        }
    if isinstance(value, list):
        return [_without_nulls(v, keep=False, written=written) for v in value]
    return value


Tables = Mapping[str, RawTable]


def _table(where: str, name: str, tables: Tables) -> RawTable:
    if name.lower() not in tables:
        message = f"{where} names the table '{name}', which the schema does not have"
        raise OptionError(message + nearest(name, [t.name for t in tables.values()]))
    return tables[name.lower()]


def _column(where: str, table: RawTable, name: str) -> str:
    known = {c.name.lower(): c.name for c in table.columns}
    if name.lower() not in known:
        message = f"{where} names the column '{name}', which table '{table.name}' does not have"
        raise OptionError(message + nearest(name, known.values()))
    found = known[name.lower()]
    keys = {c for key in table.foreign_keys for c in key.columns}
    if found in keys or found in table.primary_key:
        message = f"{where} names '{table.name}.{found}', a key, which the rows' relations fill"
        raise OptionError(message)
    return found


def _scenario(name: str, held: Mapping[str, Any], tables: Tables) -> Scenario:
    where = f"scenarios.{name}"
    instances = _table(f"{where}.instances", held["instances"], tables)
    if not instances.primary_key:
        message = (
            f"{where}.instances: table '{instances.name}' has no primary key to name its rows by; "
            "give it one"
        )
        raise OptionError(message)
    paths = tuple(
        _path(f"{where}.paths[{n}]", path, instances, tables)
        for n, path in enumerate(held["paths"])
    )
    twice = _twice(p.name for p in paths)
    if twice is not None:
        message = f"{where}.paths: two paths have the name '{twice}'; rename one"
        raise OptionError(message)
    if not any(p.weight for p in paths):
        message = f"{where}.paths: all weights are 0; give one of the paths a weight"
        raise OptionError(message)
    times = {
        _event_table(f"{where}.times", t, instances, tables).name: _column(
            f"{where}.times.{t}", _table(where, t, tables), c
        )
        for t, c in held.get("times", {}).items()
    }
    shared = {
        key: tuple(_pair(f"{where}.shared.{key}", c, instances, tables) for c in columns)
        for key, columns in held.get("shared", {}).items()
    }
    ledger = held.get("ledger", True)
    named = f"{name}_ledger" if ledger is True else ledger or ""
    return Scenario(name, instances.name, paths, named, times, shared)


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            return name
        seen.add(name.lower())
    return None


def _path(where: str, held: Mapping[str, Any], instances: RawTable, tables: Tables) -> Path:
    events = tuple(
        _event(f"{where}.events[{n}]", event, instances, tables)
        for n, event in enumerate(held.get("events", ()))
    )
    if events and not events[0].least:
        message = f"{where}.events[0].count: the first event of a path has at least 1 row"
        raise OptionError(message)
    if sum(e.most for e in events) > MOST_SLOTS:
        message = f"{where}.events: an instance has at most {MOST_SLOTS} rows; count fewer"
        raise OptionError(message)
    settings = {}
    for name, value in held.get("set", {}).items():
        table, _, column = name.rpartition(".")
        if table and table.lower() != instances.name.lower():
            message = (
                f"{where}.set names '{name}', and a path sets columns of its instances, "
                f"'{instances.name}'; set columns of other tables in events"
            )
            raise OptionError(message)
        settings[_column(f"{where}.set", instances, column)] = value
    return Path(held["name"], float(held.get("weight", 1.0)), settings, events)


def _event_table(where: str, name: str, instances: RawTable, tables: Tables) -> RawTable:
    table = _table(where, name, tables)
    if table is instances:
        message = f"{where}: '{table.name}' holds the instances; events are rows of other tables"
        raise OptionError(message)
    if not any(key.parent == instances.name for key in table.foreign_keys):
        message = (
            f"{where}: table '{table.name}' has no foreign key to '{instances.name}', whose rows "
            "are the instances; declare one, or leave it out"
        )
        raise OptionError(message)
    return table


def _event(where: str, held: Mapping[str, Any], instances: RawTable, tables: Tables) -> Event:
    table = _event_table(f"{where}.table", held["table"], instances, tables)
    count = held.get("count", 1)
    least, most = (count[0], count[-1]) if isinstance(count, list) else (count, count)
    if least > most or not most:
        message = f"{where}.count: {count} allows no row; write one number, or [least, most]"
        raise OptionError(message)
    settings = {
        _column(f"{where}.set", table, name.removeprefix(f"{table.name}.")): value
        for name, value in held.get("set", {}).items()
    }
    law = wait(f"{where}.after", held.get("after"), held.get("unit", "day"))
    return Event(table.name, settings, int(least), int(most), law)


def _pair(where: str, name: str, instances: RawTable, tables: Tables) -> tuple[str, str]:
    table, _, column = name.rpartition(".")
    found = _table(where, table, tables)
    if found is not instances:
        _event_table(where, table, instances, tables)
    return found.name, _column(where, found, column)


def _apart(scenarios: Iterable[Scenario], tables: Tables) -> None:
    """Refuse two that fill one table or column, and ledgers that are there already."""
    columns: dict[tuple[str, str], str] = {}
    rows: dict[str, str] = {}
    ledgers = {name: t.name for name, t in tables.items()}
    for scenario in scenarios:
        for table, column, where in dict.fromkeys(scenario.settings()):
            owner = where.partition("[")[0]
            before = columns.setdefault((table, column), owner)
            if before != owner:
                message = (
                    f"scenarios.{where}: '{table}.{column}' is filled by scenarios.{before}, too; "
                    "leave one of them out"
                )
                raise OptionError(message)
        for table in scenario.tables:
            before = rows.setdefault(table, scenario.name)
            if before != scenario.name:
                message = (
                    f"scenarios.{scenario.name}: the rows of '{table}' come from the scenario "
                    f"'{before}', too; leave one of them out"
                )
                raise OptionError(message)
        if not scenario.ledger:
            continue
        if scenario.ledger.lower() in ledgers:
            message = (
                f"scenarios.{scenario.name}.ledger: there is a table '{scenario.ledger}' already; "
                "choose another name"
            )
            raise OptionError(message)
        ledgers[scenario.ledger.lower()] = scenario.ledger
