"""Jobs in memory: what they show, how they stop."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from genesis_sql.errors import GenesisError, InterruptedFitError
from genesis_sql.jobs import CANCELLED, KEPT, Job, Jobs

FOREVER = "SELECT count(*) FROM range(100000000) a, range(1000) b WHERE a.range % 7 = b.range"


def ended(error: BaseException | None, why: str = "") -> tuple[object, object]:
    jobs, job = Jobs(), Job("fit", "m", "db")
    if why:
        job.stop(why)
    try:
        with jobs.running(job):
            assert jobs.rows("DB")[0]["status"] == "running"
            if error is not None:
                raise error
    except type(error or OSError):
        pass
    (row,) = jobs.rows("db")
    return row["status"], row["error"]


def test_how_one_ends() -> None:
    stopped = InterruptedFitError(f"{CANCELLED}; nothing was changed")
    assert ended(None) == ("done", None)
    assert ended(GenesisError("no")) == ("error", "no")
    assert ended(ValueError("no")) == ("error", "ValueError: no")
    assert ended(KeyboardInterrupt()) == ("interrupted", "cancelled by Ctrl-C")
    assert ended(stopped, CANCELLED) == ("cancelled", CANCELLED)
    assert ended(stopped, "closed")[0] == "interrupted"


def test_the_newest_first_of_one_database_and_not_all_of_them() -> None:
    jobs = Jobs()
    with jobs.running(Job("fit", "old", "db")), jobs.running(Job("drop", "m", "db")):
        for number in range(KEPT + 5):
            with jobs.running(Job("fit", str(number), "db")), jobs.running(Job("fit", "x", "b")):
                pass
        names = [row["model"] for row in jobs.rows("db")]
    assert names[0] == str(KEPT + 4)
    assert names[-1] == "old"
    assert len(names) < KEPT
    assert "x" not in names


def test_progress_raises_once_it_has_to_stop() -> None:
    told: list[str] = []
    job = Job("fit", "m")
    job.report = lambda phase, share: told.append(phase)
    job.progress("reading", 0.0)
    job.stop(CANCELLED)
    job.stop("another reason")
    with pytest.raises(InterruptedFitError, match="cancelled by genesis_cancel; nothing was"):
        job.progress("learning", 0.5)
    assert told == ["reading"]


def test_a_table_begins_without_the_loss_of_the_one_before() -> None:
    job = Job("fit", "m")
    job.enter(2, 4, "a")
    job.step, job.loss, job.left = 7, 0.5, 3.0
    job.enter(2, 4, "a")
    assert job.row()["step"] == 7
    job.enter(3, 4, "b")
    assert [job.row()[n] for n in ("table_name", "phase_number", "step", "loss")] == [
        "b", 3, None, None,
    ]  # fmt: skip


def test_a_query_that_reads_is_interrupted() -> None:
    job = Job("fit", "m")
    with duckdb.connect() as con:
        threading.Timer(0.3, job.stop, ["stopped here"]).start()
        began = time.perf_counter()
        with (
            pytest.raises(InterruptedFitError, match="^stopped here; nothing was changed"),
            job.reading(con),
        ):
            con.execute(FOREVER).fetchall()
        assert time.perf_counter() - began < 30
        with pytest.raises(InterruptedFitError, match="stopped here"), job.reading(con):
            pytest.fail("it began")


def test_what_runs_in_the_background_is_waited_for_not_longer_than_that() -> None:
    jobs, quick, deaf = Jobs(), Job("fit", "quick"), Job("fit", "deaf")
    over = threading.Event()

    def work(job: Job) -> None:
        with jobs.running(job):
            while not over.wait(0.01) and (job is deaf or not job.stopping):
                pass

    for job in (quick, deaf):
        job.thread = threading.Thread(target=work, args=(job,), daemon=True)
        job.thread.start()
    time.sleep(0.1)
    began = time.perf_counter()
    jobs.stop("the end", 0.3)
    assert time.perf_counter() - began < 5
    assert quick.ended.is_set()
    assert not deaf.ended.is_set()
    over.set()
    assert deaf.thread is not None
    deaf.thread.join()
