"""A model's rows on Spark, from the call to the report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.exporting import file_names
from genesis_sql.actions.delivering.recording import Record
from genesis_sql.actions.integrity import require_rows
from genesis_sql.actions.kept import require_kept
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.effects import workspace
from genesis_sql.engines.spark import starting
from genesis_sql.engines.spark.arguments import Asked, SparkArguments, asked
from genesis_sql.engines.spark.column_types import (
    arrow_schema,
    cast_sql,
    columns_of,
    schema_text,
)
from genesis_sql.engines.spark.compiled import compiled, require_sql
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


def generate(
    con: duckdb.DuckDBPyConnection, name: str, arguments: SparkArguments, spark: Any
) -> list[Row]:
    """Run a call as a job of the session.

    Args:
        con: where the model is kept.
        name: of the model.
        arguments: of the call.
        spark: the user's SparkSession, where one was given.
    """
    arguments.check()
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
    if arguments.how == "sql":
        require_sql(model, rows.spec, [table for table, _, _ in rows.ranges])
    plan = _plan(ws, model, rows, arguments)
    record = Record(ws, model, KIND, arguments.plain(), arguments.seed)
    with ending(record.failed):
        ws.progress("starting Spark", 0.0)
        with starting.session(arguments.master, arguments.conf, given) as spark:
            place = Place(spark, arguments.to)
            settle(place, plan, arguments.if_exists)
            made = _frame if arguments.how == "kernel" else _compiled
            done = write(spark, place, plan, made(ws, model, plan, spark), ws.job)
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
    tables, how = [], "python" if arguments.how == "kernel" else arguments.how
    for table, first, stop in rows.ranges:
        query = rows_sql(model, table, rows.spec, first=0, stop=0)
        columns = columns_of(ws.con.sql(query), times=times)
        folder = folders[table].removesuffix(suffix)
        tables.append(TablePlan(table, folder, first, stop, arguments.partition_rows, how, columns))
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


def _compiled(ws: Workspace, model: Model, plan: Plan, spark: Any) -> Frame:
    return compiled(ws.con, model, plan, spark)


def _exported(ws: Workspace, model: Model) -> bytes:
    """The model as a file of `genesis_export`."""
    found = models.find(ws.con, ws.database, model.name, model.version)
    file = io.BytesIO()
    archive.write(archive.Entry.of(found, read_content(ws.con, ws.database, found)), file)
    return file.getvalue()
