"""What the verbs of reference data mean: arguments out of SQL, an action each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import optional, text, texts, whole
from genesis_sql.effects import Effect
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def _load_reference(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.load import load

    tables, path = texts(call.arguments, "tables"), optional(call.arguments, "path")
    return [asdict(r) for r in load(cursor, call.database, tables=tables, path=path)]


def _make_directory(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.directory import make_directory

    return make_directory(
        cursor,
        call.database,
        state=optional(call.arguments, "state"),
        county=optional(call.arguments, "county"),
        seed=whole(call.arguments, "seed") or 0,
    )


def _load_directory(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.publishers import load_directory

    kind, path = text(call.arguments, "kind"), text(call.arguments, "path")
    return load_directory(
        cursor, call.database, kind=kind, path=path, state=optional(call.arguments, "state")
    )


def _load_codes(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.codes import load_codes

    kind = text(call.arguments, "kind")
    return load_codes(cursor, call.database, kind=kind, path=optional(call.arguments, "path"))


EFFECTS: dict[str, Effect] = {
    "load_reference": _load_reference,
    "make_directory": _make_directory,
    "load_directory": _load_directory,
    "load_codes": _load_codes,
}
"""Public figures in the database: loading, rolling up, drawing directories from counts."""
