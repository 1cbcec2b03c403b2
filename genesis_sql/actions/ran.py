"""What a run or a cohort should hold, and where its tables are: what a validation compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from genesis_sql.actions.cohorts.tables import count, read_tables
from genesis_sql.actions.replay import spec_of
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError, ModelNotFoundError, OptionError
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import cohorts, executions, profiles, runs
from genesis_sql.store.cohorts import Cohort


@dataclass(frozen=True)
class Ran:
    """A profile and the tables that were made of it.

    Attributes:
        plain: the profile, with the rows that each root table should have.
        tables: quoted text of each.
        wrote: the rows that the run wrote into each, where that is recorded.
    """

    plain: Mapping[str, Any]
    tables: Mapping[str, str]
    wrote: Mapping[str, int] = field(default_factory=dict)


def of_cohort(ws: Workspace, name: str) -> Ran:
    """The profile and the tables of a cohort: a run, a copy of one, or several together.

    Raises:
        CohortError: there is none, it was made of no profile, or a table is gone.
    """
    found = cohorts.find(ws.con, ws.database, name)
    held = read_tables(ws, found.schema, found.tables)
    places = {t.name: qualified(ws.database, found.schema, t.name) for t in held}
    plain = _profile(ws, found)
    wrote = _sizes(ws, found.execution) if found.origin in (runs.KIND, "clone") else {}
    sizes = wrote or {t: count(ws, found.schema, t) for t in places}
    return Ran(_sized(plain, sizes), places, wrote)


def _profile(ws: Workspace, cohort: Cohort) -> Mapping[str, Any]:
    if cohort.execution is not None and cohort.origin != "generated":
        return runs.find(ws.con, ws.database, cohort.execution)[1].resolved
    try:
        if cohort.profile is not None:
            return profiles.load(ws.con, ws.database, cohort.profile, cohort.version).resolved
    except ModelNotFoundError as error:
        message = f"cohort '{cohort.name}' cannot be compared with its profile: {error}"
        raise CohortError(message) from error
    message = (
        f"cohort '{cohort.name}' was not made of a profile, so that there is nothing to compare "
        f"it with; FROM genesis_summarise_cohort('…') tells what it holds"
    )
    raise CohortError(message)


def of_execution(ws: Workspace, execution: int) -> Ran:
    """The profile and the tables of a run, where it wrote them.

    Raises:
        OptionError: the execution is no run.
        CohortError: its tables are not there any more.
    """
    _, run = runs.find(ws.con, ws.database, execution)
    database, _, schema = run.target.rpartition(".")
    there = [t.table for t in executions.tables(ws.con, ws.database, execution)]
    held = read_tables(replace(ws, database=database), schema, there)
    places = {t.name: qualified(database, schema, t.name) for t in held}
    wrote = _sizes(ws, execution)
    return Ran(_sized(run.resolved, wrote), places, wrote)


def choose(ws: Workspace, cohort: str | None, execution: int | None) -> Ran:
    """One of both.

    Raises:
        OptionError: neither is named, or both are.
    """
    if (cohort is None) == (execution is None):
        message = (
            "name one: FROM genesis_validate('<cohort>'), or genesis_validate(execution := 17)"
        )
        raise OptionError(message)
    return of_cohort(ws, cohort) if cohort is not None else of_execution(ws, execution or 0)


def row_counts(ws: Workspace, ran: Ran) -> list[tuple[str, int, int]]:
    """(table, the rows that the run wrote, the rows that are there)."""
    return [
        (t, n, int(ws.con.execute(f"SELECT count(*) FROM {ran.tables[t]}").fetchall()[0][0]))  # noqa: S608 - quoted
        for t, n in ran.wrote.items()
        if t in ran.tables
    ]


def _sizes(ws: Workspace, execution: int | None) -> dict[str, int]:
    """The rows that a run has written; none where its version is gone."""
    if execution is None:
        return {}
    found, _ = runs.find(ws.con, ws.database, execution)
    try:
        model = ws.load(str(found.model), found.version)
    except ModelNotFoundError:
        return {}
    sampler = ws.sampler(model, spec_of(found))
    return {t: sampler.size(t) for t in model.visible}


def _sized(plain: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """The profile with the rows that its root tables have in a run."""
    tables = {
        name: {**table, "rows": sizes[name]}
        if name in sizes and table.get("parent") is None
        else table
        for name, table in plain["tables"].items()
    }
    return {**plain, "tables": tables}
