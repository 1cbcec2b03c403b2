"""Running a profile: every table of it, recorded so that it can be run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genesis_sql.actions.generate import GenerateArguments, Recording, generate_database
from genesis_sql.actions.target import find_target
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError, OptionError, ReadOnlyError
from genesis_sql.plan.definition import Model
from genesis_sql.program.steps import ROW, Number, Program
from genesis_sql.sqlbuild import string
from genesis_sql.store import cohorts, profiles, runs
from genesis_sql.store.cohorts import Cohort
from genesis_sql.store.written import Saved

MOST_COUNT = 500_000_000
"""Of a run: its rows are kept, and at 40 bytes each that many need 20 GB."""


@dataclass(frozen=True)
class RunArguments:
    """Arguments of `genesis_run`."""

    cohort: str | None = None
    seed: int | None = None
    count: int | None = None
    version: int | None = None
    target: str | None = None
    if_exists: str = "error"

    def plain(self) -> dict[str, Any]:
        """As the history keeps them."""
        return dict(vars(self))


def run_profile(ws: Workspace, name: str, arguments: RunArguments) -> list[dict[str, Any]]:
    """Write all tables of a profile, as a cohort where it is named; one row per table.

    Raises:
        ModelNotFoundError: there is no such profile.
        OptionError: there is no place, or the count makes no sense.
        CohortError: the cohort is there already, or its place is that of another.
    """
    found = profiles.find(ws.con, ws.database, name, arguments.version)
    saved = profiles.load(ws.con, ws.database, name, found.version)
    model = ws.load(name, found.version)
    seed = arguments.seed if arguments.seed is not None else saved.seed or 0
    target = _target(ws, arguments)
    before = _require_place(ws, arguments, target)
    scale, rows = _sizes(model, saved, arguments.count)
    generated = GenerateArguments(
        target, scale, seed, found.version, arguments.if_exists, rows=rows
    )
    recording = Recording(
        runs.KIND,
        arguments.plain(),
        hashed=True,
        also=_keeping(ws, model, saved, arguments, before),
    )
    return generate_database(ws, name, generated, recording)


def _target(ws: Workspace, arguments: RunArguments) -> str:
    """Where the tables go: as given, or the schema that has the cohort's name."""
    query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
    if ws.con.execute(query, [ws.database]).fetchall()[0][0]:
        message = (
            f"database '{ws.database}' is read-only and a run is recorded in it; open it to "
            f"write, or read rows with FROM genesis_generate(…)"
        )
        raise ReadOnlyError(message)
    if arguments.target is not None:
        return arguments.target
    if arguments.cohort is None:
        message = "the run has no place: name it, as in cohort := 'c1', or say target := 'schema'"
        raise OptionError(message)
    if "." in arguments.cohort:
        message = (
            f"cohort '{arguments.cohort}' has a dot, so that no schema is called so; say where "
            f"its tables go, as in target := {string(arguments.cohort.replace('.', '_'))}"
        )
        raise OptionError(message)
    return arguments.cohort


def _require_place(ws: Workspace, arguments: RunArguments, target: str) -> Cohort | None:
    """The cohort that is written anew or appended to, None where it is new."""
    place = find_target(ws, target)
    known = cohorts.known(ws.con, ws.database)
    name = arguments.cohort
    if name is not None:
        cohorts.check_name(name)
        if place.database != ws.database:
            message = (
                f"cohort '{name}' would stand in '{place.database}', and its record in "
                f"'{ws.database}'; leave cohort out, or USE {place.database} and run it there"
            )
            raise CohortError(message)
    before = known.get(name) if name is not None else None
    if before is not None and arguments.if_exists == "error":
        message = (
            f"there is a cohort '{name}' already; take another name, if_exists := 'replace', or "
            f"CALL genesis_delete_cohort({string(before.name)}) first"
        )
        raise CohortError(message)
    if before is not None and before.schema.lower() != place.schema.lower():
        message = (
            f"cohort '{name}' stands in schema '{before.schema}', not in '{place.schema}'; take "
            f"that target, or another name"
        )
        raise CohortError(message)
    there = [c for c in known.values() if c.schema.lower() == place.schema.lower()]
    if place.database == ws.database and there and there[0].name != name:
        message = (
            f"schema '{place.schema}' holds cohort '{there[0].name}'; take another target, or "
            f"name that cohort"
        )
        raise CohortError(message)
    return before


def _sizes(model: Model, saved: Saved, count: int | None) -> tuple[float, dict[str, int]]:
    """The scale that a count means, and the tables that have exactly that many rows."""
    if count is None:
        return 1.0, {}
    if not 0 < count <= MOST_COUNT:
        message = (
            f"count := {count:,} is not between 1 and {MOST_COUNT:,}; more rows than a run keeps "
            f"come in pieces from genesis_generate(…, first_row := …)"
        )
        raise OptionError(message)
    roots = [t for t in model.visible if model.programs[t].main is None]
    base = saved.count or model.programs[roots[0]].rows
    exact = {t: count for t in roots if model.programs[t].rows == base}
    listed = {t: model.programs[t] for t in roots if _listed(model.programs[t])}
    return count / base, exact | {t: program.rows for t, program in listed.items()}


def _listed(program: Program) -> bool:
    """Whether its rows stand in a list, which does not grow with a run."""
    return any(isinstance(step, Number) and step.column == ROW for step in program.steps)


def _keeping(
    ws: Workspace, model: Model, saved: Saved, arguments: RunArguments, before: Cohort | None
) -> Callable[[int, list[dict[str, Any]]], None]:
    """Writes what the run was drawn from, and the cohort that it leaves."""

    def keep(execution: int, report: list[dict[str, Any]]) -> None:
        place = find_target(ws, _target(ws, arguments))
        run = runs.Run.of(
            execution, model.uuid, saved, arguments.count, arguments.cohort, place.name
        )
        runs.write(ws.con, ws.database, run)
        if arguments.cohort is not None:
            cohort = Cohort(
                arguments.cohort, place.schema, tuple(str(r["table_name"]) for r in report),
                runs.KIND, model.name, model.version, execution,
                before.tags if before else saved.tags,
                before.description if before else saved.description,
                before.created_at if before else None,
            )  # fmt: skip
            cohorts.write(ws.con, ws.database, cohort)

    return keep
