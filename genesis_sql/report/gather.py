"""A report's content out of a model's measurements, its description and its provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from genesis_sql.actions.workspace import Workspace
from genesis_sql.evaluate.judgement import SPLIT, Judgement
from genesis_sql.evaluate.measures import Measure
from genesis_sql.evaluate.pictures import distributions, matrices
from genesis_sql.store import ledger, names
from genesis_sql.store.rows import ModelVersion

from .content import (
    ANEW,
    COPIED,
    LEARNT,
    LEFT_OUT,
    Content,
    Guarantee,
    Handled,
    Provenance,
    Spending,
)

PERSONAL = "personal: "
"""How the reason of a column of personal data begins in `genesis_describe`."""
_ANEW = ("key", "foreign key", "identifier", "text")
_COLUMNS = """
SELECT t.table_name, c.column_name, c.role, c.step, c.reason
FROM genesis.model_tables AS t JOIN genesis.model_columns AS c
  ON c.model = t.model AND c.version = t.version AND c.table_position = t.position
WHERE t.model = ? AND t.version = ? ORDER BY t.position, c.position
"""
_NOTES = """
SELECT t.table_name, c.column_name, c.reason
FROM genesis.model_tables AS t JOIN genesis.model_columns AS c
  ON c.model = t.model AND c.version = t.version AND c.table_position = t.position
WHERE t.model = ? AND t.version = ? AND c.reason <> '' ORDER BY t.position, c.position
"""
_PARTS = """
SELECT table_name || '/' || part || '/' || position, sha256 FROM genesis.model_parts
WHERE model = ? AND version = ? ORDER BY ALL
"""


def gather(
    judgement: Judgement,
    parts: Sequence[str],
    attacks: Sequence[str],
    meanings: Mapping[str, Measure],
    groups: Mapping[str, str],
    *,
    pictures: bool = True,
) -> Content:
    """Everything that is known of a version; what was not measured yet is measured now.

    Args:
        judgement: of the version.
        parts: of quality.
        attacks: parts of privacy.
        meanings: what each metric means, by name.
        groups: the part that each metric belongs to.
        pictures: whether columns and pairs are drawn.
    """
    judgement.parts([*parts, *attacks])
    quality, privacy = judgement.parts(parts), judgement.parts(attacks)
    sides = judgement.trial.sides if pictures else None
    found, ws = judgement.source.version, judgement.ws
    return Content(
        found.model,
        _provenance(judgement),
        tuple(quality),
        tuple(privacy),
        tuple(distributions(sides)) if sides else (),
        tuple(matrices(sides)) if sides else (),
        meanings,
        groups,
        None,
        handled(ws, found),
    )


def _provenance(judgement: Judgement) -> Provenance:
    source = judgement.source
    found, stored = source.version, source.stored
    rows: dict[str, tuple[int | None, int | None, int | None]] = {}
    told = {m.table: m for m in judgement.known(SPLIT) or () if m.name == "held_out"}
    for name in source.model.visible:
        m = told.get(name)
        rows[name] = (
            (m.n, None, round(m.score or 0)) if m else (source.graph.table(name).rows, None, None)
        )
    return Provenance(
        model=found.model,
        version=found.version,
        method=found.method,
        uuid=source.model.uuid,
        fitted=f"{found.created_at:%Y-%m-%d %H:%M} UTC",
        fit_seed=int(stored.get("seed") or 0),
        seed=judgement.seed,
        fingerprint=found.fingerprint or "",
        changed="The source has changed since the fit." if source.changed else "",
        library=found.library_version,
        duckdb=duckdb.__version__,
        rows=rows,
        options=stored.get("options") or {},
        parts=part_hashes(judgement.ws, found),
        holdout=(
            "The baseline compares the rows that the judged fit learnt from with rows that were "
            "held out by a hash of their keys, families together."
        ),
    )


def gather_private(ws: Workspace, found: ModelVersion, meanings: Mapping[str, Measure]) -> Content:
    """What a differentially private version promises, and what was spent of its sources."""
    held, stored = ledger.guarantee(found) or {}, json.loads(found.arguments)
    fits = [row for row in ledger.rows(ws.con, ws.database) if row[1] is not None]
    own = {str(row[0]) for row in fits if (row[1], row[2]) == (found.model, found.version)}
    spent = [_spending(*row) for row in fits if row[0] in own]
    budgets = [ledger.account(ws.con, ws.database, s).budget for s in sorted(own)]
    least = min((b[0] for b in budgets if b is not None), default=None)
    columns = handled(ws, found)
    rows = names.run(ws.con, ws.database, _NOTES, found.model, found.version)
    most = held.get("most_children")
    bound = f" with at most {most} rows below each row" if most is not None else ""
    return Content(
        found.model,
        Provenance(
            model=found.model,
            version=found.version,
            method=found.method,
            uuid=found.uuid or "",
            fitted=f"{found.created_at:%Y-%m-%d %H:%M} UTC",
            library=found.library_version,
            duckdb=duckdb.__version__,
            options=stored.get("options") or {},
            parts=part_hashes(ws, found),
            holdout="Nothing was held out: no number here was measured on the source.",
        ),
        meanings=meanings,
        guarantee=Guarantee(
            float(held["epsilon"]),
            float(held["delta"]),
            f"The unit is {held['unit']}{bound}.",
            f"discrete Gaussian noise of the operating system's secure source, counted as zCDP, "
            f"rho {held['rho']:.4g}",
            tuple(f"{t}.{c}: {reason}" for t, c, reason in rows),
            tuple(spent),
            least,
        ),
        columns=columns,
    )


def _spending(
    source: Any, model: Any, version: Any, epsilon: Any, delta: Any, rho: Any, *rest: Any
) -> Spending:
    """An entry of the ledger."""
    what = f"{source}, for {model} version {version}"
    return Spending(what, float(epsilon), float(delta), float(rho), str(rest[-1]))


def part_hashes(ws: Workspace, found: ModelVersion) -> dict[str, str]:
    """SHA-256 of the stored parts of a version."""
    return dict(names.run(ws.con, ws.database, _PARTS, found.model, found.version))


def handled(ws: Workspace, found: ModelVersion) -> tuple[Handled, ...]:
    """How each column of a version is handled."""
    rows = names.run(ws.con, ws.database, _COLUMNS, found.model, found.version)
    return tuple(_handled(*row) for row in rows)


def _handled(table: str, column: str, role: str, step: str, reason: str) -> Handled:
    personal = next((r for r in reason.split("; ") if r.startswith(PERSONAL)), "")
    kind = personal.removeprefix(PERSONAL).partition(",")[0]
    if step == "left out":
        made = LEFT_OUT
    elif step == "verbatim":
        made = COPIED
    elif role in _ANEW or "made anew" in personal or "invented" in personal:
        made = ANEW
    else:
        made = LEARNT
    return Handled(table, column, kind, made, f"{role}, {step}")


def as_text(facts: Mapping[str, object]) -> str:
    """A certificate as JSON text."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)
