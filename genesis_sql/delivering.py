"""What the verbs of deliveries mean: a model's tables into another database, or into files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import number, optional, text, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import OptionError
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"{name} := {value!r} is no struct or map; write {name} := {{'name': value}}"
        raise OptionError(message)
    return value


def _asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that are asked for, in all the ways there are."""
    scale, counts = number(given, "scale"), _mapping(given, "rows")
    return {
        "scale": 1.0 if scale is None else scale,
        "seed": whole(given, "seed") or 0,
        "version": whole(given, "version"),
        "if_exists": optional(given, "if_exists") or "error",
        "rows": {table: whole(counts, table) or 0 for table in counts},
        "conditions": _mapping(given, "conditions"),
    }


def _fill(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.delivering.filling import FillArguments, fill_database

    given = call.arguments
    arguments = FillArguments(
        text(given, "url"),
        commit=optional(given, "commit") or "all",
        schema=optional(given, "schema"),
        dry_run=given.get("dry_run") is True,
        **_asked(given),
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    return fill_database(ws, text(given, "model"), arguments)


def _export_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.delivering.files import FileArguments, export_database

    given = call.arguments
    arguments = FileArguments(
        text(given, "path"),
        optional(given, "format"),
        optional(given, "dialect") or "duckdb",
        **_asked(given),
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    return export_database(ws, text(given, "model"), arguments)


EFFECTS: dict[str, Effect] = {"fill": _fill, "export_database": _export_database}
