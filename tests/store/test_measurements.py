"""What was measured is kept as rows, and found again for the same version, source and seed."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from genesis_sql.store import executions, measurements
from genesis_sql.store.measurements import Measurement, Subject

SUBJECT = Subject("m'; --", 3, "u" * 32, "f" * 32, 7)
ROWS = [
    Measurement(
        "shapes", "column", 't"x', ("a", "b'c"), "ks", 0.5, None, 0.1, 0.9, 12, "pass", "n"
    ),
    Measurement("shapes", "table", "t", (), "shape", None, 0.25, None, None, 3, "info", ""),
    Measurement("pairs", "pair", "t", ("a", "b"), "pair", 1.0, 1.0, None, None, 5, "pass", ""),
]


def _keep(con: duckdb.DuckDBPyConnection, subject: Subject, about: str = "") -> int:
    number = measurements.start(con, "memory", "quality", subject, {"target": "x"})
    rows = [(about, m) for m in ROWS]
    measurements.keep(con, "memory", number, subject, rows, seconds=1.5)
    return number


def test_rows_come_back_as_they_were(con: duckdb.DuckDBPyConnection) -> None:
    assert measurements.kept(con, "memory", SUBJECT, "shapes", "") == []
    number = _keep(con, SUBJECT)
    assert measurements.kept(con, "memory", SUBJECT, "shapes", "") == ROWS[:2]
    assert measurements.kept(con, "memory", SUBJECT, "pairs", "") == ROWS[2:]
    run = next(e for e in executions.history(con, "memory") if e.id == number)
    assert (run.kind, run.status, run.rows, run.fingerprint) == ("quality", "done", 3, "f" * 32)


def test_another_source_seed_or_question_is_another_thing(con: duckdb.DuckDBPyConnection) -> None:
    _keep(con, SUBJECT, "income")
    for other in (
        replace(SUBJECT, fingerprint="g" * 32),
        replace(SUBJECT, seed=8),
        replace(SUBJECT, uuid="v" * 32),
    ):
        assert measurements.kept(con, "memory", other, "shapes", "income") == []
    assert measurements.kept(con, "memory", SUBJECT, "shapes", "") == []
    assert measurements.kept(con, "memory", SUBJECT, "shapes", "income") == ROWS[:2]


def test_the_last_time_counts(con: duckdb.DuckDBPyConnection) -> None:
    _keep(con, SUBJECT)
    number = measurements.start(con, "memory", "quality", SUBJECT, {})
    newer = replace(ROWS[0], score=0.75)
    measurements.keep(con, "memory", number, SUBJECT, [("", newer)], seconds=1.0)
    assert measurements.kept(con, "memory", SUBJECT, "shapes", "") == [newer]
    assert measurements.kept(con, "memory", SUBJECT, "pairs", "") == ROWS[2:]
