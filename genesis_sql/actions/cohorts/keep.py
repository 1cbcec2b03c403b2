"""Saving, renaming, tagging and deleting cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.tables import (
    count,
    new_schema,
    read_tables,
    record,
    require_writable,
    whole,
)
from genesis_sql.actions.target import runs_into
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError, OptionError, nearest
from genesis_sql.introspect.frames import registered
from genesis_sql.sqlbuild import qualified, string
from genesis_sql.store import cohorts, executions, names
from genesis_sql.store.cohorts import ADOPTED, Cohort

Row = dict[str, Any]
_FORGET = """
DELETE FROM genesis.relationships
WHERE lower(target) IN (lower(?), lower(?)) AND child IN (SELECT unnest(CAST(? AS VARCHAR[])))
"""
_INSIDE = """
SELECT count(*) FROM (
  SELECT database_name, schema_name FROM duckdb_tables() UNION ALL
  SELECT database_name, schema_name FROM duckdb_views() UNION ALL
  SELECT database_name, schema_name FROM duckdb_sequences() UNION ALL
  SELECT database_name, schema_name FROM duckdb_types() UNION ALL
  SELECT database_name, schema_name FROM duckdb_functions()
) WHERE database_name = ? AND schema_name = ?
"""


def require_new(ws: Workspace, name: str) -> None:
    """Raise where a name is taken, or is none."""
    cohorts.check_name(name)
    if name in cohorts.known(ws.con, ws.database):
        message = (
            f"there is a cohort '{name}' already; take another name, or "
            f"CALL genesis_delete_cohort({string(name)}) first"
        )
        raise CohortError(message)


def free_schema(ws: Workspace, name: str, schema: str | None, wanted: Sequence[str]) -> str:
    """Where a new cohort goes: the schema named, or that of its own name."""
    if schema is None and "." in name:
        message = (
            f"cohort '{name}' has a dot, so that no schema is called so; name one, as in "
            f"schema := {string(name.replace('.', '_'))}"
        )
        raise OptionError(message)
    place = new_schema(ws, schema if schema is not None else name, wanted)
    for other in cohorts.known(ws.con, ws.database).values():
        if other.schema.lower() == place.lower():
            message = f"schema '{place}' holds cohort '{other.name}'; name another schema"
            raise CohortError(message)
    return place


def save_cohort(
    ws: Workspace,
    name: str,
    *,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
    frames: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    description: str | None = None,
) -> list[Row]:
    """Keep the tables of a schema, or of frames that are written into one, as a cohort.

    Raises:
        CohortError: the name is taken, or the tables are another cohort's.
    """
    require_writable(ws)
    require_new(ws, name)
    if frames is not None:
        place = free_schema(ws, name, schema, list(frames))
        cohort = Cohort(name, place, tuple(frames), "frames")
    else:
        cohort = _adopted(ws, name, schema if schema is not None else name, tables)
    cohort = replace(cohort, tags=_tags(tags or ()), description=description)
    with whole(ws):
        if frames is not None:
            _write_frames(ws, cohort.schema, frames)
        cohorts.write(ws.con, ws.database, cohort)
    record(ws, "save_cohort", cohort=name, schema=cohort.schema, tables=list(cohort.tables))
    return rows_of(ws, cohort, {})


def _adopted(ws: Workspace, name: str, schema: str, tables: Sequence[str] | None) -> Cohort:
    held = read_tables(ws, schema, tables)
    place = new_schema(ws, schema, ())
    chosen = tuple(t.name for t in held)
    for other in cohorts.known(ws.con, ws.database).values():
        shared = {t.lower() for t in other.tables} & {t.lower() for t in chosen}
        if other.schema.lower() == place.lower() and shared:
            message = (
                f"table '{min(shared)}' of schema '{place}' belongs to cohort '{other.name}'; "
                f"CALL genesis_rename_cohort({string(other.name)}, {string(name)}) renames it"
            )
            raise CohortError(message)
    for run in runs_into(ws, ws.database, place):
        wrote = {t.table.lower() for t in executions.tables(ws.con, ws.database, run.id)}
        if {t.lower() for t in chosen} <= wrote:
            return Cohort(name, place, chosen, "generated", run.model, run.version, run.id)
    return Cohort(name, place, chosen, ADOPTED)


def _write_frames(ws: Workspace, schema: str, frames: Mapping[str, Any]) -> None:
    if not frames:
        message = "tables is empty; give one frame at least, as in {'patients': frame}"
        raise CohortError(message)
    ws.con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(ws.database, schema)}")
    for table, frame in frames.items():
        with registered(ws.con, frame) as query:
            place = qualified(ws.database, schema, table)
            ws.con.execute(f"CREATE TABLE {place} AS FROM {query}")


def rows_of(ws: Workspace, cohort: Cohort, notes: Mapping[str, str]) -> list[Row]:
    """A row per table of a cohort that was written."""
    return [
        {
            "cohort": cohort.name, "schema_name": cohort.schema, "table_name": t,
            "rows": count(ws, cohort.schema, t), "notes": notes.get(t, ""),
        }
        for t in cohort.tables
    ]  # fmt: skip


def rename_cohort(ws: Workspace, name: str, new: str) -> list[Row]:
    """Give a cohort another name; its schema keeps its own, for DuckDB renames none."""
    require_writable(ws)
    found = cohorts.find(ws.con, ws.database, name)
    require_new(ws, new)
    with whole(ws):
        cohorts.remove(ws.con, ws.database, name)
        cohorts.write(ws.con, ws.database, replace(found, name=new))
    record(ws, "rename_cohort", cohort=name, new_name=new)
    note = f"its tables stay in schema '{found.schema}'"
    return [_told(replace(found, name=new), note)]


def tag_cohort(
    ws: Workspace,
    name: str,
    tags: Sequence[str],
    remove: Sequence[str],
    description: str | None,
) -> list[Row]:
    """Add tags to a cohort, take others away, or describe it anew.

    Raises:
        CohortError: there is no such cohort, or it has no such tag to take away.
    """
    require_writable(ws)
    found = cohorts.find(ws.con, ws.database, name)
    for tag in remove:
        if tag not in found.tags:
            message = f"cohort '{name}' has no tag '{tag}'{nearest(tag, found.tags)}"
            raise CohortError(message)
    kept = [t for t in (*found.tags, *_tags(tags)) if t not in remove]
    text = found.description if description is None else description
    changed = replace(found, tags=tuple(dict.fromkeys(kept)), description=text)
    with whole(ws):
        cohorts.write(ws.con, ws.database, changed)
    record(ws, "tag_cohort", cohort=name, tags=list(changed.tags))
    return [_told(changed, "")]


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    if any(not t.strip() for t in tags):
        message = "tags := [''] holds a tag without a name; leave it out"
        raise OptionError(message)
    return tuple(dict.fromkeys(tags))


def _told(cohort: Cohort, note: str) -> Row:
    return {
        "cohort": cohort.name, "schema_name": cohort.schema, "tags": list(cohort.tags),
        "description": cohort.description, "notes": note,
    }  # fmt: skip


def delete_cohort(ws: Workspace, name: str, *, keep_tables: bool = False) -> list[Row]:
    """Drop the tables of a cohort and forget it; its schema too, once it is empty.

    Raises:
        CohortError: there is none, its tables were not written here, or others refer to them.
    """
    require_writable(ws)
    found = cohorts.find(ws.con, ws.database, name)
    if not found.written and not keep_tables:
        message = (
            f"the tables of cohort '{name}' in schema '{found.schema}' were not written by this "
            f"package, so that it drops none; CALL genesis_delete_cohort({string(name)}, "
            f"keep_tables := true) forgets the cohort alone"
        )
        raise CohortError(message)
    with whole(ws):
        if not keep_tables:
            _drop(ws, found)
        cohorts.remove(ws.con, ws.database, name)
    record(ws, "delete_cohort", cohort=name, keep_tables=keep_tables)
    status = "kept" if keep_tables else "dropped"
    return [{"cohort": name, "table_name": t, "status": status} for t in found.tables]


def _drop(ws: Workspace, cohort: Cohort) -> None:
    """Drop the tables, children first, and the schema where nothing else is in it."""
    for table in reversed(cohort.tables):
        try:
            place = qualified(ws.database, cohort.schema, table)
            ws.con.execute(f"DROP TABLE IF EXISTS {place}")
        except duckdb.Error as error:
            message = (
                f"table '{table}' of cohort '{cohort.name}' cannot be dropped, nothing was "
                f"changed: {str(error).splitlines()[0]}"
            )
            raise CohortError(message) from error
    places = (cohort.schema, f"{ws.database}.{cohort.schema}", list(cohort.tables))
    names.run(ws.con, ws.database, _FORGET, *places)
    inside = ws.con.execute(_INSIDE, [ws.database, cohort.schema]).fetchall()[0][0]
    if not inside and cohort.schema.lower() != "main":
        ws.con.execute(f"DROP SCHEMA IF EXISTS {qualified(ws.database, cohort.schema)}")
