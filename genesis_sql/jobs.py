"""Long work in memory: how far it is, how it ended, and how it is asked to stop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from genesis_sql import interrupt
from genesis_sql.errors import GenesisError, InterruptedFitError
from genesis_sql.types import Progress, no_progress

LONG = (
    "fit", "fit_database", "generate_database", "run", "replay", "fill", "export_database",
    "generate_on_spark",
)  # fmt: skip
"""Verbs that `genesis_jobs` shows."""
KEPT = 100  # jobs that are shown after their end
CANCELLED = "cancelled by genesis_cancel"
CLOSED = "stopped, for its connections were closed"


class Job:
    """One piece of work; a row of `genesis_jobs`.

    Attributes:
        kind, model, database: what it does, and where the model is kept.
        id: its execution, once the history has it.
        version, table: what it works on.
        phase, number, phases: what it does now, which of how many phases that is.
        step, loss, left: of the network in training; seconds that are left at most.
        status: 'running', 'done', 'error', 'interrupted' or 'cancelled'; ``error`` says why.
        report: told of every phase; raises after Ctrl-C.
        rows: what a call returns that does not wait for the end.
        raised: the exception that ended it before its version was there, for who waits for that.
        settled: set once its version is there, or it has ended.
        ended: set once nothing of it runs any more.
        thread: the one it has of its own, in the background.
        began: by the clock that counts seconds.
    """

    def __init__(self, kind: str = "", model: object = None, database: str = "") -> None:
        self.kind, self.database = kind, database
        self.model = model if isinstance(model, str) else None
        self.id: int | None = None
        self.version: int | None = None
        self.table: str | None = None
        self.phase, self.number, self.phases = "starting", 0, 1
        self.step: int | None = None
        self.loss: float | None = None
        self.left: float | None = None
        self.status, self.error = "running", ""
        self.report: Progress = no_progress
        self.rows: list[dict[str, Any]] = []
        self.raised: BaseException | None = None
        self.settled, self.ended = threading.Event(), threading.Event()
        self.thread: threading.Thread | None = None
        self.began = time.perf_counter()
        self._taken: float | None = None
        self._why = ""
        self._reads: duckdb.DuckDBPyConnection | None = None

    # asking it to stop

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return bool(self._why)

    def stop(self, why: str) -> None:
        """Ask it to stop; a query that reads the source is interrupted."""
        self._why = self._why or why
        reads = self._reads
        if reads is not None:
            reads.interrupt()

    def check(self) -> None:
        """Raise where it was asked to stop.

        Raises:
            InterruptedFitError: it was.
        """
        if self._why:
            raise interrupt.cancelled(self._why)

    @contextmanager
    def reading(self, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """While a cursor reads the source: a query may be interrupted."""
        self.check()
        self._reads = con
        try:
            yield
        except duckdb.InterruptException:
            self.check()
            raise
        finally:
            self._reads = None

    # how far it is

    def progress(self, phase: str, share: float) -> None:
        """A phase begins or goes on; raises where it has to stop."""
        self.check()
        self.phase = phase
        self.report(phase, share)

    def enter(self, number: int, phases: int, table: str | None = None) -> None:
        """The phase that begins now."""
        self.number, self.phases = number, phases
        if table != self.table:
            self.table, self.step, self.loss, self.left = table, None, None, None

    def begun(self, version: int, rows: list[dict[str, Any]]) -> None:
        """Its version is there; who does not wait gets these rows."""
        self.version, self.rows = version, rows
        self.settled.set()

    def end(self, error: BaseException | None = None) -> None:
        """It is over."""
        self._taken = time.perf_counter() - self.began
        self.left = None
        if self.thread is not None and not self.settled.is_set():
            self.raised = error
        if error is None:
            self.status, self.number, self.table = "done", self.phases, None
        elif isinstance(error, InterruptedFitError | KeyboardInterrupt):
            self.status = "cancelled" if self._why == CANCELLED else "interrupted"
            self.error = str(error).partition(";")[0] or "cancelled by Ctrl-C"
        else:
            ours = isinstance(error, GenesisError)
            self.status = "error"
            self.error = str(error) if ours else f"{type(error).__name__}: {error}"
        self.report = no_progress
        self.settled.set()
        self.ended.set()

    def row(self) -> dict[str, Any]:
        """As `genesis_jobs` shows it."""
        taken = time.perf_counter() - self.began if self._taken is None else self._taken
        return {
            "id": self.id,
            "kind": self.kind,
            "model": self.model,
            "version": self.version,
            "table_name": self.table,
            "phase": self.phase,
            "phase_number": self.number,
            "phases": self.phases,
            "step": self.step,
            "loss": self.loss,
            "seconds": round(taken, 3),
            "seconds_left": self.left,
            "status": self.status,
            "error": self.error or None,
        }


class Jobs:
    """The jobs of a session, the newest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[Job] = []
        self._ended: deque[Job] = deque(maxlen=KEPT)

    @contextmanager
    def running(self, job: Job) -> Iterator[None]:
        """While a job runs."""
        with self._lock:
            self._running.insert(0, job)
        try:
            yield
        except BaseException as error:
            self._over(job, error)
            raise
        else:
            self._over(job)

    def _over(self, job: Job, error: BaseException | None = None) -> None:
        with self._lock:
            self._running.remove(job)
            if job.kind in LONG:
                self._ended.appendleft(job)
        job.end(error)

    def of(self, database: str) -> list[Job]:
        """Those of a database, the newest first."""
        with self._lock:
            known = [*self._running, *self._ended]
        found = [j for j in known if j.database.lower() == database.lower() and j.kind in LONG]
        return sorted(found, key=lambda j: -j.began)

    def rows(self, database: str) -> list[dict[str, Any]]:
        """The rows of `genesis_jobs`."""
        return [job.row() for job in self.of(database)]

    def stop(self, why: str, seconds: float) -> None:
        """Stop what runs in the background and wait for it, not longer than that in all."""
        with self._lock:
            jobs = [j for j in self._running if j.thread is not None]
        until = time.perf_counter() + seconds
        for job in jobs:
            job.stop(why)
        for job in jobs:
            if job.thread is not None and job.thread is not threading.current_thread():
                job.thread.join(max(until - time.perf_counter(), 0.0))
