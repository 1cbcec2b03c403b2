"""What the effects mean: arguments out of SQL, an action each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.errors import OptionError
from genesis_sql.types import Call, Progress

if TYPE_CHECKING:
    from genesis_sql.actions.workspace import Workspace
    from genesis_sql.session import Session

Effect = Callable[["Session", duckdb.DuckDBPyConnection, Call, Progress], list[dict[str, Any]]]


def workspace(
    session: Session,
    cursor: duckdb.DuckDBPyConnection,
    database: str,
    schema: str,
    progress: Progress,
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
        progress,
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


def _seed(call: Call) -> int:
    return int(call.arguments.get("seed") or 0)


def _fit(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, progress: Progress
) -> list[dict[str, Any]]:
    from genesis_sql.actions.fit import FitArguments, fit_table

    given = call.arguments
    arguments = FitArguments(
        "table", given.get("method") or "trees", _seed(call), _mapping(call, "options")
    )
    return fit_table(
        workspace(session, cursor, call.database, call.schema, progress),
        given["model"],
        given["source"],
        arguments,
    )


def _fit_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, progress: Progress
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
    )
    tables = _list(call, "tables") or None
    return fit_schema(
        workspace(session, cursor, call.database, call.schema, progress),
        given["model"],
        given.get("schema"),
        tables,
        arguments,
    )


def _generate_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, progress: Progress
) -> list[dict[str, Any]]:
    from genesis_sql.actions.generate import GenerateArguments, generate_database

    given = call.arguments
    if not given.get("target"):
        message = "target is missing: say where the tables go, as in target := 'synth'"
        raise OptionError(message)
    scale = given.get("scale")
    arguments = GenerateArguments(
        given["target"],
        1.0 if scale is None else float(scale),
        _seed(call),
        given.get("version"),
        given.get("if_exists") or "error",
        given.get("keys") or "declare",
    )
    return generate_database(
        workspace(session, cursor, call.database, call.schema, progress), given["model"], arguments
    )


def _manage(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, progress: Progress
) -> list[dict[str, Any]]:
    from genesis_sql.actions import manage

    ws, given = workspace(session, cursor, call.database, call.schema, progress), call.arguments
    if call.verb == "activate":
        if given.get("version") is None:
            message = f"version is missing: CALL genesis_activate('{given['model']}', version := 1)"
            raise OptionError(message)
        return manage.activate(ws, given["model"], given["version"])
    if call.verb == "drop":
        return manage.drop(ws, given["model"])
    if call.verb == "export":
        return manage.export(ws, given["model"], given["path"], given.get("version"))
    if call.verb == "import":
        return manage.import_(ws, given["path"], given.get("model"))
    if call.verb == "check":
        return manage.check_source(
            ws, given["source"], _list(call, "relationships"), _list(call, "verbatim")
        )
    return manage.uninstall(ws)


EFFECTS: dict[str, Effect] = {
    "fit": _fit,
    "fit_database": _fit_database,
    "generate_database": _generate_database,
    **dict.fromkeys(("activate", "drop", "export", "import", "check", "uninstall"), _manage),
}
