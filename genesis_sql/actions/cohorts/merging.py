"""Merging cohorts of the same tables into a new one; ids are kept apart, references follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.keep import free_schema, require_new, rows_of
from genesis_sql.actions.cohorts.rekey import moves, select_list
from genesis_sql.actions.cohorts.tables import (
    Held,
    copy_recorded,
    create_sql,
    read_tables,
    record,
    require_writable,
    self_keys,
    whole,
)
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import cohorts
from genesis_sql.store.cohorts import Cohort


def merge_cohorts(
    ws: Workspace, given: Sequence[str], new: str, schema: str | None
) -> list[dict[str, Any]]:
    """Put the rows of several cohorts into a new one.

    Raises:
        CohortError: they are not of the same tables, or the new one's place is taken.
    """
    require_writable(ws)
    if len(set(given)) < max(len(given), 2):
        message = f"{len(set(given))} cohorts cannot be merged; name two or more, each once"
        raise CohortError(message)
    sources = [cohorts.find(ws.con, ws.database, name) for name in given]
    require_new(ws, new)
    held = [read_tables(ws, c.schema, c.tables) for c in sources]
    for cohort, tables in zip(sources[1:], held[1:], strict=True):
        _require_alike(sources[0], held[0], cohort, tables)
    place = free_schema(ws, new, schema, [t.name for t in held[0]])
    cohort = _merged(sources, new, place, [t.name for t in held[0]])
    moved = moves(ws, held[0], [c.schema for c in sources])
    with whole(ws):
        ws.con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(ws.database, place)}")
        ws.con.execute(f"USE {qualified(ws.database, place)}")
        for at, table in enumerate(held[0]):
            ws.progress(table.name, at / len(held[0]))
            ws.con.execute(create_sql(ws.database, place, table))
            target = qualified(ws.database, place, table.name)
            for number, source in enumerate(sources):
                rows = select_list(table, moved, number)
                there = qualified(ws.database, source.schema, table.name)
                statement = f"INSERT INTO {target} SELECT {rows} FROM {there}"  # noqa: S608 - quoted names
                _insert(ws, statement, table, source)
        copy_recorded(ws, sources[0], place)
        cohorts.write(ws.con, ws.database, cohort)
    record(ws, "merge_cohorts", cohorts=list(given), new_name=new, schema=place)
    notes = {t.name: self_keys(t) for t in held[0]}
    for (table_name, column), move in moved.items():
        told = f"{column} is kept apart ({move.how})"
        notes[table_name] = "; ".join(filter(None, [notes[table_name], told]))
    return rows_of(ws, cohort, notes)


def _insert(ws: Workspace, statement: str, table: Held, source: Cohort) -> None:
    try:
        ws.con.execute(statement)
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        message = (
            f"cohort '{source.name}' cannot be merged, nothing was changed: table '{table.name}': "
            f"{str(error).splitlines()[0]}"
        )
        raise CohortError(message) from error


def _require_alike(
    first: Cohort, tables: Sequence[Held], other: Cohort, others: Sequence[Held]
) -> None:
    mine, theirs = ({t.name: t for t in side} for side in (tables, others))
    odd = sorted(mine.keys() ^ theirs.keys())
    if odd:
        has, lacks = (first, other) if odd[0] in mine else (other, first)
        message = (
            f"cohorts cannot be merged: '{has.name}' has a table '{odd[0]}' and '{lacks.name}' "
            f"has none; merge cohorts of the same profile"
        )
        raise CohortError(message)
    for name, table in mine.items():
        own, there = ([(c.name, c.type) for c in t.columns] for t in (table, theirs[name]))
        if own != there:
            different = next(iter(sorted(set(own) ^ set(there))), own[0])[0]
            message = (
                f"cohorts cannot be merged: column '{different}' of table '{name}' is not the same "
                f"in '{first.name}' and '{other.name}'; merge cohorts of the same profile"
            )
            raise CohortError(message)


def _merged(sources: Sequence[Cohort], name: str, schema: str, tables: Sequence[str]) -> Cohort:
    """The record of the new cohort: what all agree on, and the tags of any."""
    ran = {(c.profile, c.version) for c in sources}
    profile, version = ran.pop() if len(ran) == 1 else (None, None)
    tags = tuple(dict.fromkeys(t for c in sources for t in c.tags))
    told = f"merged of {', '.join(c.name for c in sources)}"
    return Cohort(name, schema, tuple(tables), "merge", profile, version, None, tags, told)
