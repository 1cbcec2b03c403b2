"""Writes partitions: a job of Spark for each; a file gets its name when all rows are in it."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from genesis_sql.engines.spark.manifest import DONE, PASSING, Part, Plan, TablePlan, require_parts
from genesis_sql.engines.spark.places import Place
from genesis_sql.engines.spark.starting import reason
from genesis_sql.errors import (
    GenesisError,
    IntegrityError,
    MissingExtraError,
    TargetError,
    from_wire,
)
from genesis_sql.jobs import Job
from genesis_sql.store.migrator import library_version

MOST_JOBS = 64  # of Spark at a time; on more cores than that each writes several partitions
OFTEN = 0.5  # seconds between two looks whether the work was cancelled
_WRITTEN = re.compile(r"part-(\d+)-.*\.parquet")
_OURS = re.compile(r"genesis: \w+: [^\n]*")

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")

Frame = Callable[[TablePlan, Sequence[Part]], Any]
"""(table, partitions) -> a DataFrame of Spark with a partition for each, in order."""


@dataclass
class Done:
    """What was written of a table.

    Attributes:
        partitions: that this call wrote.
        kept: partitions that were there.
        rows: of both.
        began, ended: by the clock that counts seconds.
    """

    partitions: int = 0
    kept: int = 0
    rows: int = 0
    began: float = field(default_factory=time.perf_counter)
    ended: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """From the first to the last partition."""
        return round(self.ended - self.began, 3)


@dataclass(frozen=True)
class _Task:
    table: TablePlan
    parts: tuple[Part, ...]


def write(spark: Any, place: Place, plan: Plan, frame: Frame, job: Job) -> dict[str, Done]:
    """Write all partitions that are not there; by table, what was done.

    Raises:
        GenesisError: a partition failed; what is complete stays.
    """
    there = {t.table: frozenset(require_parts(place, t.folder)) for t in plan.tables}
    writer = _Writer(spark, place, frame, there)
    done: dict[str, Done] = {}
    total, written = max(sum(t.rows for t in plan.tables), 1), 0
    tasks = _tasks(plan, writer.group)
    running: dict[Future[tuple[int, int]], _Task] = {}
    pool = ThreadPoolExecutor(writer.jobs, "genesis_spark")
    try:
        while True:
            for task in islice(tasks, 2 * writer.jobs - len(running)):
                done.setdefault(task.table.table, Done())
                running[pool.submit(writer.run, task)] = task
            if not running:
                break
            for future in wait(running, OFTEN, FIRST_COMPLETED).done:
                task = running.pop(future)
                written += _add(done[task.table.table], task, future.result())
            job.progress(_phase(running, job, plan), written / total)
    except BaseException:
        writer.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    place.remove(PASSING)
    if DONE not in (place.names() or []):
        place.write(DONE, "")
    return done


def _tasks(plan: Plan, group: int) -> Iterator[_Task]:
    for table in plan.tables:
        parts = table.parts()
        while some := tuple(islice(parts, group)):
            yield _Task(table, some)


def _add(done: Done, task: _Task, counts: tuple[int, int]) -> int:
    written, kept = counts
    rows = sum(part.stop - part.first for part in task.parts)
    done.partitions += written
    done.kept += kept
    done.rows += rows
    done.ended = time.perf_counter()
    return rows


def _phase(running: dict[Future[tuple[int, int]], _Task], job: Job, plan: Plan) -> str:
    """The table that is written now."""
    table = next(iter(running.values())).table.table if running else plan.tables[-1].table
    names = [t.table for t in plan.tables]
    job.enter(names.index(table) + 1, len(names), table)
    return table


class _Writer:
    """Runs jobs on threads of this process."""

    def __init__(
        self, spark: Any, place: Place, frame: Frame, there: dict[str, frozenset[str]]
    ) -> None:
        self.spark, self.place, self.frame, self.there = spark, place, frame, there
        self.name = f"genesis-{uuid.uuid4().hex}"
        cores = max(int(spark.sparkContext.defaultParallelism), 1)
        self.jobs = min(cores, MOST_JOBS)
        self.group = -(-cores // MOST_JOBS)
        self.stopped = False

    def stop(self) -> None:
        """Cancel what runs on Spark."""
        self.stopped = True
        self.spark.sparkContext.cancelJobGroup(self.name)

    def run(self, task: _Task) -> tuple[int, int]:
        """Write the partitions of a task; how many, and how many were there."""
        missing = [p for p in task.parts if not self._complete(task.table, p)]
        if missing and not self.stopped:
            try:
                self._write(task.table, missing)
            except GenesisError:
                raise
            except Exception as error:  # of pyspark, py4j and the JVM: no class in common
                raise self._told(task.table, missing, error) from error
        return len(missing), len(task.parts) - len(missing)

    def _complete(self, table: TablePlan, part: Part) -> bool:
        """Whether a partition is there with all its rows; one that has not is removed."""
        if part.name not in self.there[table.table]:
            return False
        name = f"{table.folder}/{part.name}"
        try:
            whole = self.place.rows(name) == part.stop - part.first
        except TargetError:  # no Parquet: it was cut off by something else than this program
            whole = False
        if not whole:
            self.place.remove(name)
        return whole

    def _write(self, table: TablePlan, parts: Sequence[Part]) -> None:
        passing = f"{PASSING}/{self.name}/{table.folder}-{parts[0].number}"
        context = self.spark.sparkContext
        span = f"rows {parts[0].first:,} to {parts[-1].stop:,}"
        context.setJobGroup(self.name, f"genesis {table.table}: {span}")
        self.frame(table, parts).write.mode("overwrite").parquet(self.place.full(passing))
        found = {
            int(held[1]): name
            for name in self.place.names(passing) or []
            if (held := _WRITTEN.fullmatch(name))
        }
        for at, part in enumerate(parts):
            self._publish(table, part, f"{passing}/{found[at]}" if at in found else None)
        self.place.remove(passing)

    def _publish(self, table: TablePlan, part: Part, passing: str | None) -> None:
        """Give a file its name, once it is known to be whole."""
        if passing is None:
            message = (
                f"the workers of Spark wrote partition {part.number} of '{table.table}' to "
                f"'{self.place.shown}' and it is not there: take a place that they and this "
                "machine share, as in s3a://… or hdfs://…"
            )
            raise TargetError(message)
        rows = self.place.rows(passing)
        if rows != part.stop - part.first:
            message = (
                f"partition {part.number} of '{table.table}' has {rows:,} rows of "
                f"{part.stop - part.first:,}; it was not kept, please report this model"
            )
            raise IntegrityError(message)
        self.place.move(passing, f"{table.folder}/{part.name}")

    def _told(self, table: TablePlan, parts: Sequence[Part], error: Exception) -> GenesisError:
        """The error of a job as one of ours."""
        ours = _OURS.search(str(error))
        told = from_wire(ours[0]) if ours else None
        if told is not None:
            return told
        missing = _MISSING.search(str(error))
        if missing is not None:
            message = (
                f"the Python of a worker of Spark has no {missing[1]}: install this package there, "
                f"pip install genesis-sql=={library_version()}, and name that Python in "
                "PYSPARK_PYTHON"
            )
            return MissingExtraError(message)
        message = (
            f"rows {parts[0].first:,} to {parts[-1].stop:,} of '{table.table}' failed on Spark: "
            f"{reason(error)}; what is complete stays, and the same call goes on from there"
        )
        return TargetError(message)
