"""The Python door: a model's rows on Spark."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.exporting import file_names
from genesis_sql.actions.delivering.recording import Record
from genesis_sql.actions.integrity import require_rows
from genesis_sql.actions.kept import require_kept
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.effects import workspace
from genesis_sql.engines.spark import starting
from genesis_sql.engines.spark.arguments import PARTITION_ROWS, Asked, SparkArguments, asked
from genesis_sql.engines.spark.column_types import (
    arrow_schema,
    cast_sql,
    columns_of,
    schema_text,
)
from genesis_sql.engines.spark.manifest import Part, Plan, TablePlan, settle
from genesis_sql.engines.spark.places import Place
from genesis_sql.engines.spark.worker import task
from genesis_sql.engines.spark.writing import Frame, write
from genesis_sql.errors import TransactionError
from genesis_sql.jobs import Job
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import rows_sql
from genesis_sql.progress import reporting
from genesis_sql.session import Session, restored, session_of
from genesis_sql.store import archive, models
from genesis_sql.store.content import read_content
from genesis_sql.store.migrator import library_version
from genesis_sql.store.transfer import require_external_access
from genesis_sql.transactions import open_on

KIND = "generate_on_spark"
Row = dict[str, Any]


def generate_on_spark(
    con: duckdb.DuckDBPyConnection,
    name: str,
    table: str | None = None,
    *,
    to: str,
    master: str | None = None,
    spark: Any = None,
    rows: int | Mapping[str, int] | None = None,
    first_row: int = 0,
    scale: float | None = None,
    seed: int = 0,
    version: int | None = None,
    conditions: Mapping[str, Any] | None = None,
    if_exists: str = "resume",
    partition_rows: int = PARTITION_ROWS,
    conf: Mapping[str, str] | None = None,
) -> list[Row]:
    """Write the rows of one table, or of all, as Parquet files that workers of Spark make.

    They are the rows of `generate` and `generate_database`. Each partition is a file of its own,
    there when all its rows are; the same call goes on where an earlier one was cut off.

    Args:
        con: where the model is kept.
        name: of the model.
        table: of it; all of them where not given.
        to: a folder that all workers reach: s3a://…, hdfs://…, a shared path.
        master: of the cluster, as Spark writes it; this machine where not given.
        spark: a SparkSession that runs already; an active one is taken without being named.
        rows: how many of the table; or by table, the others follow ``scale``.
        first_row: number of the first one; with ``table`` only.
        scale: 2 makes twice as many rows.
        seed: another one gives other rows.
        version: another than the active one.
        conditions: what every row has: {'state': 'CA'} with ``table``, by table without it.
        if_exists: where the folder is not empty: 'resume', 'error', or 'replace' what an earlier
            call wrote.
        partition_rows: of each file.
        conf: settings of the Spark that is started, such as {'spark.executor.memory': '8g'}.

    Raises:
        MissingExtraError: pyspark or Java is missing here, or this package on a worker.
        OptionError: an argument makes no sense.
        TargetError: Spark or the place cannot be reached, or the place holds something else.
    """
    arguments = SparkArguments(
        str(to), table, master, dict(rows) if isinstance(rows, Mapping) else rows, first_row,
        scale, seed, version, conditions or {}, if_exists, partition_rows, conf or {},
    )  # fmt: skip
    arguments.check()
    return _worked(con, name, arguments, spark)


def _worked(
    con: duckdb.DuckDBPyConnection, name: str, arguments: SparkArguments, spark: Any
) -> list[Row]:
    """The call as a job of the session."""
    session = session_of(con)
    query = "SELECT current_database(), current_schema()"
    database, schema = con.execute(query).fetchall()[0]
    if open_on(con):
        message = (
            f"{KIND} was called inside a transaction, whose ROLLBACK would not undo it: "
            "COMMIT or ROLLBACK first, then call it again"
        )
        raise TransactionError(message)
    with session.cursor() as cursor, reporting(KIND) as report:
        job = Job(KIND, name, database)
        job.report = report
        with session.watch.busy(cursor), session.jobs.running(job), restored():
            ws = workspace(session, cursor, database, schema, job)
            return _generate(session, ws, name, arguments, spark)


def _generate(
    session: Session, ws: Workspace, name: str, arguments: SparkArguments, given: Any
) -> list[Row]:
    require_external_access(ws.con)
    starting.require_pyspark()
    model = ws.load(name, arguments.version)
    require_kept(ws.con, ws.database, model)
    rows = asked(session, model, arguments)
    require_rows([{"rows": stop - first} for _, first, stop in rows.ranges])
    ws.announce(model)
    plan = _plan(ws, model, rows, arguments)
    record = Record(ws, model, KIND, arguments.plain(), arguments.seed)
    with ending(record.failed):
        ws.progress("starting Spark", 0.0)
        with starting.session(arguments.master, arguments.conf, given) as spark:
            place = Place(spark, arguments.to)
            settle(place, plan, arguments.if_exists)
            done = write(spark, place, plan, _frame(ws, model, plan, spark), ws.job)
            report = [
                {
                    "table_name": t.table,
                    "rows": done[t.table].rows,
                    "partitions": done[t.table].partitions,
                    "kept": done[t.table].kept,
                    "how": t.how,
                    "path": place.full(t.folder),
                    "seconds": done[t.table].seconds,
                }
                for t in plan.tables
            ]
        record.done(report)
    return report


def _plan(ws: Workspace, model: Model, rows: Asked, arguments: SparkArguments) -> Plan:
    """What is written, by table."""
    times, suffix = starting.has_times(), ".parquet"
    folders = file_names([table for table, _, _ in rows.ranges], suffix[1:])
    tables = []
    for table, first, stop in rows.ranges:
        query = rows_sql(model, table, rows.spec, first=0, stop=0)
        columns = columns_of(ws.con.sql(query), times=times)
        folder = folders[table].removesuffix(suffix)
        tables.append(
            TablePlan(table, folder, first, stop, arguments.partition_rows, "python", columns)
        )
    uuid, version = model.uuid, model.version
    return Plan(model.name, uuid, version, rows.spec, arguments.partition_rows, tuple(tables))


def _frame(ws: Workspace, model: Model, plan: Plan, spark: Any) -> Frame:
    """What makes the rows of partitions."""
    shipped = spark.sparkContext.broadcast(_exported(ws, model))
    here = library_version()

    def frame(table: TablePlan, parts: Sequence[Part]) -> Any:
        queries = [
            cast_sql(
                table.columns,
                rows_sql(model, table.table, plan.spec, first=part.first, stop=part.stop),
            )
            for part in parts
        ]
        numbers = spark.range(0, len(parts), 1, len(parts))
        made = task(shipped, here, queries, arrow_schema(table.columns))
        return numbers.mapInArrow(made, schema_text(table.columns))

    return frame


def _exported(ws: Workspace, model: Model) -> bytes:
    """The model as a file of `genesis_export`."""
    found = models.find(ws.con, ws.database, model.name, model.version)
    file = io.BytesIO()
    archive.write(archive.Entry.of(found, read_content(ws.con, ws.database, found)), file)
    return file.getvalue()
