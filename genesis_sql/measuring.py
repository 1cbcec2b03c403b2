"""What the measurements mean: arguments out of SQL, rows of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import text, texts, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.run import GROUPS, check_groups, evaluate, measurer, metrics, metrics_of
from genesis_sql.evaluate.sides import Sides
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.evaluate.judgement import Judgement
    from genesis_sql.evaluate.trial import Twins
    from genesis_sql.report.content import Content
    from genesis_sql.session import Session
    from genesis_sql.store.rows import ModelVersion


SPLIT, PRIVACY, GUARANTEE = "split", "privacy", "guarantee"
"""The part that says what was held out, that of all attacks, and that of what is paid for."""


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


def _version(cursor: duckdb.DuckDBPyConnection, call: Call) -> ModelVersion:
    """The version that a call names."""
    from genesis_sql.store import models

    name, version = text(call.arguments, "model"), whole(call.arguments, "version")
    return models.find(cursor, call.database, name, version)


def _judgement(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> AbstractContextManager[Judgement]:
    """What is known, and can be measured, of the version that a call names."""
    from genesis_sql.evaluate.judgement import Judgement
    from genesis_sql.evaluate.trial import find_source

    given = call.arguments
    ws = workspace(session, cursor, call.database, call.schema, job)
    source = find_source(ws, text(given, "model"), whole(given, "version"))
    sensitive, known = texts(given, "sensitive"), texts(given, "known")
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
    held: Twins = session.twins
    return held


def all_metrics() -> dict[str, Measure]:
    """What all metrics mean, those of privacy too."""
    from genesis_sql.evaluate import guarantee, judgement
    from genesis_sql.privacy import audit

    measured = (*judgement.METRICS, *metrics().values(), *audit.METRICS)
    return {m.name: m for m in (*measured, *guarantee.METRICS)}


def part_of(name: str) -> str:
    """The part that measures a metric."""
    from genesis_sql.evaluate import guarantee, judgement

    where = {m.name: group for group in GROUPS for m in metrics_of(group)}
    where |= {m.name: SPLIT for m in judgement.METRICS}
    where |= {m.name: GUARANTEE for m in guarantee.METRICS}
    return where.get(name, PRIVACY)


def _parts_of(names: Iterable[str]) -> list[str]:
    """The parts that hold these metrics, in order."""
    wanted = {part_of(name) for name in names}
    return [p for p in (SPLIT, *GROUPS, PRIVACY) if p in wanted]


def _quality(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    groups = list(check_groups(texts(call.arguments, "metrics")))
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
    from genesis_sql.evaluate.guarantee import guarantee

    known = all_metrics()
    terms = read_condition(text(call.arguments, "condition"), known)
    found = _version(cursor, call)
    rows = guarantee(found)
    parts = _parts_of(name for term in terms for _, name in term.names)
    if parts:
        with _judgement(session, cursor, call, job) as judgement:
            rows += judgement.parts(parts)
    held = hold(terms, rows, known)
    require(found.model, held)
    return [{"condition": h.term.text, "value": h.value, "passed": h.passed} for h in held]


def _content(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job, *, pictures: bool
) -> Content:
    """All that a report or a certificate is made of, the certificate too.

    Of a differentially private model that is what it promises and what it spent.
    """
    from genesis_sql.report.certificate import certificate
    from genesis_sql.report.gather import gather_private
    from genesis_sql.store.ledger import DP

    found = _version(cursor, call)
    if found.method == DP:
        ws = workspace(session, cursor, call.database, call.schema, job)
        content = gather_private(ws, found, all_metrics())
    else:
        with _judgement(session, cursor, call, job) as judgement:
            content = _measured(judgement, call.arguments, pictures=pictures)
    return replace(content, certificate=certificate(content))


def _measured(judgement: Judgement, given: Mapping[str, Any], *, pictures: bool) -> Content:
    from genesis_sql.report.gather import gather

    parts = [g for g in GROUPS if g != "utility" or given.get("target") is not None]
    groups = {m.name: group for group in GROUPS for m in metrics_of(group)}
    return gather(judgement, [SPLIT, *parts], [PRIVACY], all_metrics(), groups, pictures=pictures)


def _report(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.report.page import page
    from genesis_sql.report.verdict import verdict
    from genesis_sql.report.writing import check_place, write_page
    from genesis_sql.store.transfer import require_external_access

    path = call.arguments.get("path")
    if path is not None:
        require_external_access(cursor)
        check_place(text(call.arguments, "path"))
    content = _content(session, cursor, call, job, pictures=True)
    found = verdict(content)
    written = page(content).encode()
    if path is not None:
        write_page(str(path), written)
    row = {
        "path": path, "bytes": len(written), "verdict": " ".join(found.sentences),
        "failed": found.failed, "warned": found.warned,
    }  # fmt: skip
    return [row | ({"content": content} if call.arguments.get("content") is True else {})]


def _certificate(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.report.gather import as_text

    content = _content(session, cursor, call, job, pictures=False)
    facts, p = content.certificate or {}, content.provenance
    return [
        {
            "model": p.model, "version": p.version, "certificate": as_text(facts),
            "sha256": facts["sha256"],
        }
    ]  # fmt: skip


def _compare(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.opening.places import open_sides

    given = call.arguments
    groups = check_groups(texts(given, "metrics"))
    ws = workspace(session, cursor, call.database, call.schema, job)
    with open_sides(
        ws,
        text(given, "real"),
        text(given, "synthetic"),
        holdout=None if given.get("holdout") is None else text(given, "holdout"),
        relationships=texts(given, "relationships") or [],
        targets=given.get("target"),
        seed=whole(given, "seed") or 0,
    ) as sides:
        return [quality_row(m) for m in evaluate(sides, groups)]


def _privacy_audit(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.opening.places import open_sides
    from genesis_sql.privacy.audit import audit

    given = call.arguments
    ws = workspace(session, cursor, call.database, call.schema, job)
    with open_sides(
        ws,
        text(given, "real"),
        text(given, "synthetic"),
        holdout=None if given.get("holdout") is None else text(given, "holdout"),
        relationships=texts(given, "relationships") or [],
        seed=whole(given, "seed") or 0,
    ) as sides:
        found = audit(sides, texts(given, "sensitive"), texts(given, "known"))
        return [privacy_row(m) for m in found]


def _profile(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.evaluate.profiling.profile import profile

    ws = workspace(session, cursor, call.database, call.schema, job)
    return profile(ws, text(call.arguments, "source"))


EFFECTS: dict[str, Effect] = {
    "quality": _quality,
    "privacy": _privacy,
    "assert": _assert,
    "report": _report,
    "certificate": _certificate,
    "compare": _compare,
    "privacy_audit": _privacy_audit,
    "profile": _profile,
}
