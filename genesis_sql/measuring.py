"""What the measurements mean: arguments out of SQL, rows of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql import effects
from genesis_sql.actions.arguments import text, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import OptionError
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.run import check_groups, evaluate
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def listed(given: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of texts, or None where it was not given; a text alone is a list of one.

    Raises:
        OptionError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return None
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        message = f"{name} := {value!r} is no list of texts; write {name} := ['…']"
        raise OptionError(message)
    return value


def quality_row(m: Metric) -> dict[str, Any]:
    """As `genesis_quality` and `genesis_compare` return it."""
    return {
        "scope": m.scope, "table_name": m.table, "columns": list(m.columns), "metric": m.name,
        "score": m.score, "baseline": m.baseline, "n": m.n, "verdict": m.verdict, "note": m.note,
    }  # fmt: skip


def privacy_row(m: Metric) -> dict[str, Any]:
    """As `genesis_privacy` returns it."""
    return {
        "table_name": m.table, "columns": list(m.columns), "metric": m.name, "score": m.score,
        "baseline": m.baseline, "low": m.low, "high": m.high, "n": m.n, "verdict": m.verdict,
        "note": m.note,
    }  # fmt: skip


def _compare(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.places import open_sides

    given = call.arguments
    groups = check_groups(listed(given, "metrics"))
    ws = workspace(session, cursor, call.database, call.schema, job)
    with open_sides(
        ws,
        text(given, "real"),
        text(given, "synthetic"),
        holdout=None if given.get("holdout") is None else text(given, "holdout"),
        relationships=listed(given, "relationships") or [],
        targets=given.get("target"),
        seed=whole(given, "seed") or 0,
    ) as sides:
        return [quality_row(m) for m in evaluate(sides, groups)]


def _privacy_audit(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.places import open_sides
    from genesis_sql.privacy.audit import audit

    given = call.arguments
    ws = workspace(session, cursor, call.database, call.schema, job)
    with open_sides(
        ws,
        text(given, "real"),
        text(given, "synthetic"),
        holdout=None if given.get("holdout") is None else text(given, "holdout"),
        relationships=listed(given, "relationships") or [],
        seed=whole(given, "seed") or 0,
    ) as sides:
        found = audit(sides, listed(given, "sensitive"), listed(given, "known"))
        return [privacy_row(m) for m in found]


def _profile(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.profile import profile

    ws = workspace(session, cursor, call.database, call.schema, job)
    return profile(ws, text(call.arguments, "source"))


EFFECTS: dict[str, Effect] = {
    **effects.EFFECTS,
    "compare": _compare,
    "privacy_audit": _privacy_audit,
    "profile": _profile,
}
