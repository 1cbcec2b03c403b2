"""What the verbs of reference data mean: arguments out of SQL, an action each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import text
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


EFFECTS: dict[str, Effect] = {
    "load_reference": _load_reference,
}
"""Public figures in the database: loading, rolling up, drawing directories from counts."""
