"""What was measured of models: rows that say of which version, which source, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from genesis_sql.store import executions, migrator, names
from genesis_sql.store.names import Con
from genesis_sql.store.transaction import transaction

NEEDS = 3
"""The migration that makes the table."""

_INSERT = """
INSERT INTO genesis.measurements
SELECT ?, unnest(CAST(? AS INTEGER[])), ?, ?, ?, ?, ?, unnest(CAST(? AS VARCHAR[])),
       unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[])),
       unnest(CAST(? AS VARCHAR[][])), unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS DOUBLE[])),
       unnest(CAST(? AS DOUBLE[])), unnest(CAST(? AS DOUBLE[])), unnest(CAST(? AS DOUBLE[])),
       unnest(CAST(? AS BIGINT[])), unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[]))
"""
_READ = """
SELECT part, scope, table_name, columns, metric, score, baseline, low, high, n, verdict, note
FROM genesis.measurements AS m
WHERE uuid = ? AND fingerprint = ? AND seed = ? AND part = ? AND about = ? AND execution = (
  SELECT max(o.execution) FROM genesis.measurements AS o WHERE o.uuid = m.uuid
    AND o.fingerprint = m.fingerprint AND o.seed = m.seed AND o.part = m.part
    AND o.about = m.about)
ORDER BY position
"""


@dataclass(frozen=True)
class Measurement:
    """A row of the table `measurements` without what all rows of an execution share."""

    part: str
    scope: str
    table: str
    columns: tuple[str, ...]
    metric: str
    score: float | None
    baseline: float | None
    low: float | None
    high: float | None
    n: int
    verdict: str
    note: str


@dataclass(frozen=True)
class Subject:
    """What was measured: a version of a model, against a source as it was then, with a seed."""

    model: str
    version: int
    uuid: str
    fingerprint: str
    seed: int


def start(
    con: Con, database: str, kind: str, subject: Subject, arguments: Mapping[str, Any]
) -> int:
    """Record that measuring begins; the id of the execution."""
    return executions.start(
        con,
        database,
        kind=kind,
        model=subject.model,
        version=subject.version,
        arguments=arguments,
        seed=subject.seed,
    )


def keep(
    con: Con,
    database: str,
    execution: int,
    subject: Subject,
    rows: Iterable[tuple[str, Measurement]],
    *,
    seconds: float,
) -> None:
    """Write rows, each behind what its part was asked, and close the execution: all or nothing."""
    told = [
        (
            at, m.part, about, m.scope, m.table, list(m.columns), m.metric, m.score, m.baseline,
            m.low, m.high, m.n, m.verdict, m.note,
        )
        for at, (about, m) in enumerate(rows)
    ]  # fmt: skip

    def write() -> None:
        at, *columns = [list(column) for column in zip(*told, strict=True)]
        what = [subject.model, subject.version, subject.uuid, subject.fingerprint, subject.seed]
        names.run(con, database, _INSERT, execution, at, *what, *columns)
        end = executions.Ended("done", len(told), seconds, None, (), subject.fingerprint)
        executions.write_end(con, database, execution, end)

    transaction(con, write)


def kept(con: Con, database: str, subject: Subject, part: str, about: str) -> list[Measurement]:
    """The rows of the last time a part was measured of the same thing; none where it never was."""
    if not migrator.exists(con, database, needs=NEEDS):
        return []
    asked = [subject.uuid, subject.fingerprint, subject.seed, part, about]
    found = names.run(con, database, _READ, *asked)
    return [Measurement(r[0], r[1], r[2], tuple(r[3]), *r[4:]) for r in found]
