"""A fit that nobody waits for: a thread of its own, with a cursor of its own."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 - so that its end at exit comes behind ours
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from genesis_sql import interrupt
from genesis_sql.errors import OptionError
from genesis_sql.jobs import CLOSED, Job, Jobs
from genesis_sql.types import Call, Progress

if TYPE_CHECKING:
    from genesis_sql.session import Session

OFTEN = 0.25  # seconds between two looks at the connections
PATIENCE = 5.0  # seconds at the end of the process
_STARTED: set[Jobs] = set()
"""Where something was begun; to be stopped before the process ends."""


def _stop_all() -> None:
    for jobs in _STARTED:
        jobs.stop(CLOSED, PATIENCE)


# atexit is too late: pools of threads, which trees grow in, refuse work before
threading._register_atexit(_stop_all)  # type: ignore[attr-defined]


def wanted(call: Call) -> bool:
    """Whether the caller does not wait for the end.

    Raises:
        OptionError: `wait` is neither true nor false, or there is a frame to read.
    """
    wait = call.arguments.get("wait")
    if wait is None or wait is True:
        return False
    if wait is not False:
        message = f"wait := {wait!r} is not known; it takes true or false"
        raise OptionError(message)
    if "frame" in call.arguments:
        message = (
            "a frame may change while it is read in the background: CREATE TABLE t AS FROM frame "
            "and fit that, or leave wait=False out"
        )
        raise OptionError(message)
    return True


def start(session: Session, call: Call, report: Progress) -> list[dict[str, Any]]:
    """Begin the work of a call and return once it has its version; what fails before is raised."""
    job = Job(call.verb, call.arguments.get("model"), call.database)
    caller = call.connection or getattr(session.local, "caller", 0)
    job.thread = threading.Thread(
        target=_run, args=(session, call, job, caller), name=f"genesis_{call.verb}", daemon=True
    )
    _STARTED.add(session.jobs)
    job.thread.start()
    try:
        while not job.settled.wait(0.05):
            report("reading", 0.0)
    except BaseException:
        job.stop("cancelled by Ctrl-C")
        raise
    error, job.raised = job.raised, None
    if error is not None:
        raise error
    return job.rows


def _run(session: Session, call: Call, job: Job, caller: int) -> None:
    session.local.caller = caller
    try:
        with interrupt.ignored(), session.cursor(lasting=True) as cursor, _attended(session, job):
            session.work(call, cursor, job)
    except BaseException as error:
        if not job.ended.is_set():  # no cursor could be had
            job.end(error)


@contextmanager
def _attended(session: Session, job: Job) -> Iterator[None]:
    """While a job runs: it is stopped where its session has no open connection any more."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(OFTEN):
            if not session.alive():
                job.stop(CLOSED)

    watcher = threading.Thread(target=look, name="genesis_attended", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
