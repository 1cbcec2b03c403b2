"""The ledger of a scenario: a table with one row for each instance, which tells its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genesis_sql.scenarios.form import Scenario
from genesis_sql.scenarios.planned import Columns, offset, rows
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable

SCENARIO, PATH, BEGIN, END = "scenario", "path", "begin_at", "end_at"


def with_ledgers(schema: RawSchema, scenarios: tuple[Scenario, ...]) -> RawSchema:
    """The schema with a ledger for each scenario that has one, behind its tables."""
    tables = {t.name: t for t in schema.tables}
    made = tuple(ledger_table(s, tables) for s in scenarios if s.ledger)
    return replace(schema, tables=(*schema.tables, *made))


def _key_names(scenario: Scenario, tables: Mapping[str, RawTable]) -> dict[str, str]:
    """The ledger's columns that name the instance, by the columns of its primary key.

    They are called as in the first table of events, so that one name joins all of them.
    """
    key = tables[scenario.instances].primary_key
    taken = {SCENARIO, PATH, BEGIN, END, *(f"{t}_rows".lower() for t in scenario.tables)}
    named = dict(zip(key, key, strict=True))
    for table in scenario.tables[:1]:
        for held in tables[table].foreign_keys:
            if held.parent == scenario.instances and set(held.parent_columns) == set(key):
                named = dict(zip(held.parent_columns, held.columns, strict=True))
    return {
        k: named[k] if named[k].lower() not in taken else f"{scenario.instances}_{k}" for k in key
    }


def ledger_table(scenario: Scenario, tables: Mapping[str, RawTable]) -> RawTable:
    """The ledger as a table of the schema: named by the instance, which it refers to."""
    instances = tables[scenario.instances]
    held = {c.name: c for c in instances.columns}
    names = _key_names(scenario, tables)
    keys = [
        replace(held[key], name=own, nullable=False, comment=None, default=None, identity=False)
        for key, own in names.items()
    ]
    told = [
        RawColumn(SCENARIO, "VARCHAR", nullable=False),
        RawColumn(PATH, "VARCHAR", nullable=False),
        *(RawColumn(f"{t}_rows", "INTEGER", nullable=False) for t in scenario.tables),
        RawColumn(BEGIN, "TIMESTAMP"),
        RawColumn(END, "TIMESTAMP"),
    ]
    own = tuple(names.values())
    key = RawForeignKey(own, instances.name, instances.primary_key)
    comment = f"The plan of the scenario {scenario.name}: a row for each row of {instances.name}"
    return RawTable(
        scenario.ledger, "", (*keys, *told), primary_key=own, foreign_keys=(key,), comment=comment
    )


def ledger_columns(scenario: Scenario) -> Columns:
    """What fills a ledger, but for its key and its moments."""
    out: dict[str, dict[str, Any]] = {
        SCENARIO: {"type": "constant", "value": scenario.name, "sql_type": "VARCHAR"},
        PATH: {"type": "parent", "column": scenario.column("path")},
    }
    for table in scenario.tables:
        out[f"{table}_rows"] = {"type": "parent", "column": rows(scenario, table)}
    return out


def ledger_moments(scenario: Scenario, base: str) -> dict[str, tuple[dict[str, Any], Columns]]:
    """The moments of the first and the last event, with the hidden columns that they need.

    Args:
        scenario: which.
        base: the ledger's hidden copy of the moment at which an instance begins.
    """
    out = {}
    for name, at in ((BEGIN, 1), (END, scenario.length)):
        plus, helpers = scenario.column(name), Columns()
        if scenario.length:
            helpers[plus] = {"type": "parent", "column": offset(scenario, at)}
        else:
            helpers[plus] = {"type": "explicit", "values": [0], "sql_type": "BIGINT"}
        spec = {"type": "after", "of": base, "plus": plus, "unit": "second"}
        out[name] = ({**spec, "sql_type": "TIMESTAMP"}, helpers)
    return out
