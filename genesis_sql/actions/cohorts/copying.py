"""Copying a cohort: tables, rows and keys, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genesis_sql.actions.cohorts.keep import free_schema, require_new, rows_of
from genesis_sql.actions.cohorts.tables import (
    copy_recorded,
    create_sql,
    read_tables,
    record,
    require_writable,
    self_keys,
    whole,
)
from genesis_sql.actions.workspace import Workspace
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import cohorts


def clone_cohort(ws: Workspace, name: str, new: str, schema: str | None) -> list[dict[str, Any]]:
    """Copy the tables of a cohort, with their keys, under another name.

    Raises:
        CohortError: there is no such cohort, or the new one's place is taken.
    """
    require_writable(ws)
    found = cohorts.find(ws.con, ws.database, name)
    require_new(ws, new)
    held = read_tables(ws, found.schema, found.tables)
    place = free_schema(ws, new, schema, [t.name for t in held])
    made = tuple(t.name for t in held)
    cohort = replace(
        found, name=new, schema=place, tables=made, origin="clone", created_at=None, updated_at=None
    )
    notes = {}
    with whole(ws):
        ws.con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(ws.database, place)}")
        ws.con.execute(f"USE {qualified(ws.database, place)}")
        for at, table in enumerate(held):
            ws.progress(table.name, at / len(held))
            ws.con.execute(create_sql(ws.database, place, table))
            source = qualified(ws.database, found.schema, table.name)
            target = qualified(ws.database, place, table.name)
            ws.con.execute(f"INSERT INTO {target} FROM {source}")
            notes[table.name] = self_keys(table)
        copy_recorded(ws, found, place)
        cohorts.write(ws.con, ws.database, cohort)
    record(ws, "clone_cohort", cohort=name, new_name=new, schema=place)
    return rows_of(ws, cohort, notes)
