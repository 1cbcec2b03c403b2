"""What a fit tells while it runs: phases, the log, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.actions.watching import Watching
from genesis_sql.effects import workspace
from genesis_sql.errors import InterruptedFitError
from genesis_sql.jobs import Job
from genesis_sql.models.fit import FitOptions
from genesis_sql.models.watch import TrainingRow
from genesis_sql.session import session_of
from genesis_sql.store import executions, migrator, models
from genesis_sql.types import Column, Graph, Relationship, Role, Table

COLUMNS = (Column("x", "INTEGER", Role.INTEGER), Column("y", "BLOB", Role.UNSUPPORTED))
GRAPH = Graph(
    (Table("a.b", "s", COLUMNS), Table("a", "s", COLUMNS), Table("v", "s", (), verbatim=True)),
    (Relationship("a.b", ("x",), "a", ("x",)),),
)
LOG = "SELECT table_name, step, loss, note FROM genesis.training_log ORDER BY position"


@pytest.fixture
def watch(con: duckdb.DuckDBPyConnection) -> Iterator[Watching]:
    """Of a fit of the tables a, a.b below it, and v, which is copied."""
    session = session_of(con)
    with session.cursor() as cursor:
        ws = workspace(session, cursor, "memory", "main", Job("fit", "m", "memory"))
        migrator.ensure(cursor, "memory")
        execution = executions.start(cursor, "memory", kind="fit", model="m", arguments={})
        models.begin_version(
            cursor, "memory", "m", kind="table", method="argn", arguments={}, execution=execution
        )
        options = {t.name: FitOptions(method="argn") for t in GRAPH.tables}
        yield Watching(ws, "m", 1, GRAPH, options)


def row(step: int, loss: float = 0.5, note: str = "") -> TrainingRow:
    return TrainingRow(step, 0.1 * step, loss, None, 10.0, 0.01 * step, 9.0, note)


def test_each_table_is_a_phase_parents_first(watch: Watching) -> None:
    job = watch.ws.job
    found = []
    for phase in ("a.x", "a.#children", "a.b.x"):
        watch.progress(phase, 0.5)
        found.append((job.number, job.phases, job.table, job.phase))
    assert found == [
        (2, 4, "a", "learning x"),
        (2, 4, "a", "learning"),
        (3, 4, "a.b", "learning x"),
    ]


def test_the_log_is_written_once_in_a_while(
    watch: Watching, con: duckdb.DuckDBPyConnection
) -> None:
    watch.log("a", row(1))
    watch.log("a", row(2, loss=float("nan")))
    assert con.execute(LOG).fetchall() == [("a", 1, 0.5, "")]
    watch.log("a", row(3, note="a smaller batch"))
    written = [("a", 1, 0.5, ""), ("a", 2, None, ""), ("a", 3, 0.5, "a smaller batch")]
    assert con.execute(LOG).fetchall() == written
    watch.log("a.b", row(4))
    watch.flush()
    assert con.execute(LOG).fetchall() == [*written, ("a.b", 4, 0.5, "")]
    job = watch.ws.job
    assert (job.step, job.loss, job.left, job.phase) == (4, 0.5, 9.0, "training")


def test_a_cancelled_fit_hears_it_with_the_next_row(watch: Watching) -> None:
    assert not watch.cancelled
    watch.ws.job.stop("cancelled by genesis_cancel")
    assert watch.cancelled
    with pytest.raises(InterruptedFitError, match="cancelled by genesis_cancel"):
        watch.log("a", row(1))


def test_a_checkpoint_stays_only_after_ctrl_c(
    watch: Watching, con: duckdb.DuckDBPyConnection
) -> None:
    count = "SELECT count(*) FROM genesis.checkpoints"
    watch.save("a", b"state")
    watch.settle()
    watch.stored()
    assert con.execute(count).fetchall() == [(1,)]
    watch.stopped = False
    watch.stored()
    assert con.execute(count).fetchall() == [(0,)]


def test_trees_have_nothing_to_resume_and_say_so(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT range % 5 AS a FROM range(99)")
    (made,) = genesis_sql.fit(con, "m", "t", options={"resume": True})
    assert made["notes"] == "no stopped training by 'trees' to resume, begun anew"
