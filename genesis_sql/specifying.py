"""What the verbs of profiles, runs and cohorts mean: arguments out of SQL, an action each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import text, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import OptionError
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def optional(given: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where it was not given."""
    return None if given.get(name) is None else text(given, name)


def _required(given: Mapping[str, Any], name: str, statement: str) -> int:
    value = whole(given, name)
    if value is None:
        message = f"{name} is missing: {statement}"
        raise OptionError(message)
    return value


def _run(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.run import RunArguments, run_profile

    given = call.arguments
    arguments = RunArguments(
        optional(given, "cohort"),
        whole(given, "seed"),
        whole(given, "count"),
        whole(given, "version"),
        optional(given, "target"),
        optional(given, "if_exists") or "error",
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    return run_profile(ws, text(given, "model"), arguments)


def _replay(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.replay import replay

    execution = _required(call.arguments, "execution", "CALL genesis_replay(execution := 17)")
    ws = workspace(session, cursor, call.database, call.schema, job)
    return replay(ws, execution, None)


EFFECTS: dict[str, Effect] = {
    "run": _run,
    "replay": _replay,
}
