"""What the measurements mean: arguments out of SQL, rows of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql import effects
from genesis_sql.actions.arguments import text, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import OptionError
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.run import GROUPS, check_groups, evaluate, measurer, metrics, metrics_of
from genesis_sql.evaluate.sides import Sides
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.evaluate.judgement import Judgement
    from genesis_sql.evaluate.trial import Twins
    from genesis_sql.session import Session


PRIVACY = "privacy"
"""The part that holds all attacks."""


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


def _judgement(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> AbstractContextManager[Judgement]:
    """What is known, and can be measured, of the version that a call names."""
    from genesis_sql.evaluate.judgement import Judgement
    from genesis_sql.evaluate.trial import find_source

    given = call.arguments
    ws = workspace(session, cursor, call.database, call.schema, job)
    source = find_source(ws, text(given, "model"), whole(given, "version"))
    sensitive, known = listed(given, "sensitive"), listed(given, "known")
    measurers = {group: measurer(group) for group in GROUPS}
    measurers[PRIVACY] = lambda sides: _audit(sides, sensitive, known)
    asked = {"target": given.get("target"), "sensitive": sensitive, "known": known}
    return closing(
        Judgement(
            ws, source, measurers, kind=call.verb, asked=asked,
            seed=whole(given, "seed") or 0, twins=_twins(session),
        )
    )  # fmt: skip


def _audit(sides: Sides, sensitive: list[str] | None, known: list[str] | None) -> list[Metric]:
    from genesis_sql.privacy.audit import audit

    return audit(sides, sensitive, known)


def _twins(session: Session) -> Twins:
    """The session's; who falls out of them is forgotten by the session, too."""
    from genesis_sql.evaluate.trial import Twins

    if session.twins is None:
        session.twins = Twins(lambda model: session.models.pop(model.uuid, None))
    return session.twins


def all_metrics() -> dict[str, Measure]:
    """What all metrics mean, those of privacy too."""
    from genesis_sql.evaluate import judgement
    from genesis_sql.privacy import audit

    return {m.name: m for m in (*judgement.METRICS, *metrics().values(), *audit.METRICS)}


def _parts_of(names: Iterable[str]) -> list[str]:
    """The parts that hold these metrics, in order."""
    from genesis_sql.evaluate.judgement import METRICS, SPLIT

    where = {m.name: group for group in GROUPS for m in metrics_of(group)}
    wanted = {where.get(name, PRIVACY) for name in names if name not in {m.name for m in METRICS}}
    return [p for p in (SPLIT, *GROUPS, PRIVACY) if p in wanted]


def _quality(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    groups = list(check_groups(listed(call.arguments, "metrics")))
    if call.arguments.get("target") is None and groups != ["utility"]:
        groups = [g for g in groups if g != "utility"]
    with _judgement(session, cursor, call, job) as judgement:
        return [quality_row(m) for m in judgement.measure(groups)]


def _privacy(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    with _judgement(session, cursor, call, job) as judgement:
        return [privacy_row(m) for m in judgement.measure([PRIVACY])]


def _assert(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.gate import hold, read_condition, require

    known = all_metrics()
    terms = read_condition(text(call.arguments, "condition"), known)
    with _judgement(session, cursor, call, job) as judgement:
        parts = _parts_of(name for term in terms for _, name in term.names)
        held = hold(terms, judgement.parts(parts), known)
        require(judgement.subject.model, held)
    return [{"condition": h.term.text, "value": h.value, "passed": h.passed} for h in held]


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
    "quality": _quality,
    "privacy": _privacy,
    "assert": _assert,
    "compare": _compare,
    "privacy_audit": _privacy_audit,
    "profile": _profile,
}
