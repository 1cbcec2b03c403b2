"""What the effects mean: arguments out of SQL, an action each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import number, text, whole
from genesis_sql.errors import ModelNotFoundError, OptionError, nearest
from genesis_sql.jobs import CANCELLED, Job
from genesis_sql.sqlbuild import string
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.actions.workspace import Workspace
    from genesis_sql.session import Session

Effect = Callable[["Session", duckdb.DuckDBPyConnection, Call, Job], list[dict[str, Any]]]


def workspace(
    session: Session,
    cursor: duckdb.DuckDBPyConnection,
    database: str,
    schema: str,
    job: Job,
) -> Workspace:
    """What an action works with."""
    from genesis_sql.actions.workspace import Workspace

    return Workspace(
        cursor,
        database,
        schema,
        lambda name, version: session.load(cursor, database, name, version),
        session.sampler,
        lambda model: session.announce(cursor, model),
        job,
    )


def _list(call: Call, name: str) -> list[str]:
    value = call.arguments.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        message = f"{name} := {value!r} is no list of texts; write {name} := ['…']"
        raise OptionError(message)
    return value


def _mapping(call: Call, name: str) -> Mapping[str, Any]:
    value = call.arguments.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"{name} := {value!r} is no struct or map; write {name} := {{'name': value}}"
        raise OptionError(message)
    return value


def _counts(call: Call, name: str) -> dict[str, int]:
    """Whole numbers by name."""
    given = _mapping(call, name)
    return {key: whole(given, key) or 0 for key in given}


def _seed(call: Call) -> int:
    return whole(call.arguments, "seed") or 0


@contextmanager
def _source(cursor: duckdb.DuckDBPyConnection, call: Call) -> Iterator[str]:
    """The source's text; a frame (only Python passes one) is registered on the cursor meanwhile."""
    if "frame" not in call.arguments:
        yield text(call.arguments, "source")
        return
    from genesis_sql.introspect.frames import registered

    with registered(cursor, call.arguments["frame"]) as query:
        yield query


def _fit(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.fit import FitArguments, fit_table

    given = call.arguments
    arguments = FitArguments(
        "table",
        given.get("method") or "trees",
        _seed(call),
        _mapping(call, "options"),
        constraints=_list(call, "constraints"),
        device=given.get("device") or "auto",
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    with _source(cursor, call) as source:
        return fit_table(ws, text(given, "model"), source, arguments)


def _schemas(call: Call) -> str | list[str] | None:
    """A schema's name, or a list of several."""
    value = call.arguments.get("schema")
    if value is None or isinstance(value, str):
        return value
    names = _list(call, "schema")
    if not names:
        message = "schema := [] names none; leave it out for the current one"
        raise OptionError(message)
    return names


def _fit_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.fit import FitArguments, fit_schema

    given = call.arguments
    arguments = FitArguments(
        "database",
        given.get("method") or "trees",
        _seed(call),
        _mapping(call, "options"),
        _list(call, "relationships"),
        _list(call, "verbatim"),
        given.get("orphans") or "null",
        _list(call, "constraints"),
        given.get("device") or "auto",
    )
    tables = None if given.get("tables") is None else _list(call, "tables")
    return fit_schema(
        workspace(session, cursor, call.database, call.schema, job),
        text(given, "model"),
        _schemas(call),
        tables,
        arguments,
    )


def _generate_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.generate import GenerateArguments, generate_database

    given = call.arguments
    if not given.get("target"):
        message = "target is missing: say where the tables go, as in target := 'synth'"
        raise OptionError(message)
    scale = number(given, "scale")
    arguments = GenerateArguments(
        text(given, "target"),
        1.0 if scale is None else scale,
        _seed(call),
        whole(given, "version"),
        given.get("if_exists") or "error",
        given.get("keys") or "declare",
        _counts(call, "rows"),
        _mapping(call, "conditions"),
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    return generate_database(ws, text(given, "model"), arguments)


def _manage(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions import manage

    ws, given = workspace(session, cursor, call.database, call.schema, job), call.arguments
    if call.verb == "activate":
        name, version = text(given, "model"), whole(given, "version")
        if version is None:
            message = f"version is missing: CALL genesis_activate({string(name)}, version := 1)"
            raise OptionError(message)
        return manage.activate(ws, name, version)
    if call.verb == "drop":
        return manage.drop(ws, text(given, "model"))
    if call.verb == "export":
        return manage.export(ws, text(given, "model"), text(given, "path"), whole(given, "version"))
    if call.verb == "import":
        other = None if given.get("model") is None else text(given, "model")
        return manage.import_(ws, text(given, "path"), other)
    if call.verb == "check":
        with _source(cursor, call) as source:
            return manage.check_source(
                ws, source, _list(call, "relationships"), _list(call, "verbatim")
            )
    return manage.uninstall(ws)


def _deploy(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions import deploy

    ws, given = workspace(session, cursor, call.database, call.schema, job), call.arguments
    if call.verb == "undeploy":
        return deploy.undeploy(ws, text(given, "model"))
    prefix = None if given.get("prefix") is None else text(given, "prefix")
    if_exists = given.get("if_exists") or "error"
    return deploy.deploy(ws, text(given, "model"), whole(given, "version"), prefix, if_exists)


def _budget(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.fit_private import budget

    ws, given = workspace(session, cursor, call.database, call.schema, job), call.arguments
    return budget(ws, text(given, "source"), number(given, "epsilon"), number(given, "delta"))


WAITED = 10.0  # seconds for the end of what is cancelled


def _cancel(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    """Ask what runs for a model to stop, and wait a while for it."""
    name = text(call.arguments, "model")
    known = session.jobs.of(call.database)
    found = [j for j in known if j.model == name and j.status == "running"]
    if not found:
        before = next((j for j in known if j.model == name), None)
        running = {str(j.model) for j in known if j.status == "running"}
        ended = f": the last job of it is {before.status}" if before else ""
        message = (
            f"nothing runs for model '{name}'{ended}{nearest(name, running)}; "
            f"FROM genesis_jobs() lists what does"
        )
        raise ModelNotFoundError(message)
    for other in found:
        other.stop(CANCELLED)
    until = time.perf_counter() + WAITED
    while time.perf_counter() < until and not all(j.ended.is_set() for j in found):
        found[0].ended.wait(0.05)
        job.progress("stopping", 0.0)
    return [
        {
            "model": name,
            "version": j.version,
            "status": "stopping" if j.status == "running" else j.status,
        }
        for j in found
    ]


EFFECTS: dict[str, Effect] = {
    "fit": _fit,
    "fit_database": _fit_database,
    "generate_database": _generate_database,
    "cancel": _cancel,
    "budget": _budget,
    "deploy": _deploy,
    "undeploy": _deploy,
    **dict.fromkeys(("activate", "drop", "export", "import", "check", "uninstall"), _manage),
}
