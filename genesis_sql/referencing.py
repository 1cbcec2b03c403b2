"""What the verbs of reference data mean: arguments out of SQL, an action each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import text, whole
from genesis_sql.effects import Effect
from genesis_sql.jobs import Job
from genesis_sql.measuring import listed
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def _optional(call: Call, name: str) -> str | None:
    """A text, or None where it was not given."""
    return None if call.arguments.get(name) is None else text(call.arguments, name)


def _load_reference(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.load import load

    tables, path = listed(call.arguments, "tables"), _optional(call, "path")
    return [asdict(r) for r in load(cursor, call.database, tables=tables, path=path)]


def _make_directory(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.directory import make_directory

    return make_directory(
        cursor,
        call.database,
        state=_optional(call, "state"),
        county=_optional(call, "county"),
        seed=whole(call.arguments, "seed") or 0,
    )


def _load_directory(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.publishers import load_directory

    kind, path = text(call.arguments, "kind"), text(call.arguments, "path")
    return load_directory(
        cursor, call.database, kind=kind, path=path, state=_optional(call, "state")
    )


def _load_codes(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.reference.codes import load_codes

    kind = text(call.arguments, "kind")
    return load_codes(cursor, call.database, kind=kind, path=_optional(call, "path"))


EFFECTS: dict[str, Effect] = {
    "load_reference": _load_reference,
    "make_directory": _make_directory,
    "load_directory": _load_directory,
    "load_codes": _load_codes,
}
"""Public figures in the database: loading, rolling up, drawing directories from counts."""
