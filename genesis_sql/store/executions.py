"""The history: what was run, with which arguments, and how it ended.

A running row carries the id of its process. DuckDB lets one process at a time write a file, so
whoever opens it knows that the running rows of others are dead: :func:`mark_interrupted`.
"""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql.errors import MigrationError, ModelNotFoundError, nearest
from genesis_sql.store import migrator, names
from genesis_sql.store.names import Con
from genesis_sql.store.redact import redact as redact
from genesis_sql.store.redact import redact_text, redacted_json, storable
from genesis_sql.store.rows import Execution, ExecutionTable
from genesis_sql.store.transaction import now, transaction

_START = """
INSERT INTO genesis.executions
  (id, kind, model, version, arguments, seed, spec, status, started_at, instance,
   library_version, duckdb_version)
SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ? FROM genesis.executions
RETURNING id
"""
_FINISH = """
UPDATE genesis.executions
SET status = ?, rows = ?, seconds = ?, error = ?, fingerprint = coalesce(?, fingerprint),
    finished_at = ?
WHERE id = ?
"""
_TABLE = "INSERT INTO genesis.execution_tables VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_HISTORY_COLUMNS = """
id BIGINT, kind VARCHAR, model VARCHAR, version INTEGER, status VARCHAR, rows BIGINT,
seconds DOUBLE, seed BIGINT, arguments JSON, error VARCHAR, started_at TIMESTAMP,
finished_at TIMESTAMP, library_version VARCHAR, duckdb_version VARCHAR
"""
_HISTORY = """
SELECT id, kind, model, version, status, rows, seconds, seed, arguments, error,
       started_at, finished_at, library_version, duckdb_version
FROM genesis.executions WHERE $model IS NULL OR model = $model ORDER BY id DESC
"""
_INTEGRITY_COLUMNS = """
execution BIGINT, model VARCHAR, table_name VARCHAR, check VARCHAR, of VARCHAR, rows BIGINT,
violations BIGINT
"""
_INTEGRITY = """
WITH last AS (
  SELECT max(id) AS id FROM genesis.executions
  WHERE kind IN ('generate_database', 'run', 'fill') AND status = 'done'
    AND ($model IS NULL OR model = $model)
), made AS (
  SELECT t.execution, e.model, t.table_name, t.position,
         unnest(CAST(t.detail -> '$.checks' AS JSON[])) AS made
  FROM genesis.execution_tables AS t JOIN genesis.executions AS e ON e.id = t.execution
  WHERE t.execution IN (SELECT id FROM last)
)
SELECT execution, model, table_name, made ->> '$.check' AS "check", made ->> '$.of' AS "of",
       CAST(made ->> '$.rows' AS BIGINT) AS "rows",
       CAST(made ->> '$.violations' AS BIGINT) AS violations
FROM made ORDER BY position, "check" <> 'rows', "check", "of"
"""
_ROWS = """
SELECT id, kind, model, version, arguments, seed, spec, fingerprint, rows, seconds, status, error,
       started_at, finished_at, instance, library_version, duckdb_version
FROM genesis.executions WHERE CAST(? AS VARCHAR) IS NULL OR model = ? ORDER BY id DESC
"""
_KNOWN = """
SELECT name FROM genesis.models UNION SELECT model FROM genesis.executions WHERE model IS NOT NULL
"""
DEAD = "the process ended before the work did"


def instance_id() -> str:
    """An id of this process; a forked child gets another one."""
    return _instance_of(os.getpid())


@functools.cache
def _instance_of(process: int) -> str:
    return f"{process}-{uuid.uuid4().hex}"


def start(
    con: Con,
    database: str,
    *,
    kind: str,
    model: str | None,
    version: int | None = None,
    arguments: Mapping[str, Any],
    seed: int | None = None,
    spec: Mapping[str, Any] | None = None,
    instance: str | None = None,
) -> int:
    """Record that work begins, without its secrets; makes the store where there is none.

    Returns:
        The id of the execution.
    """
    migrator.ensure(con, database)
    described = [kind, model, version, redacted_json(arguments), seed, _json_or_none(spec)]
    place = [now(), instance or instance_id(), migrator.library_version(), duckdb.__version__]

    def insert() -> int:
        row = names.run(con, database, _START, *described, *place)[0]
        return int(row[0])

    return transaction(con, insert)


def finish(
    con: Con,
    database: str,
    execution: int,
    *,
    status: str = "done",
    rows: int | None = None,
    seconds: float | None = None,
    error: str | None = None,
    tables: Iterable[ExecutionTable] = (),
    fingerprint: str | None = None,
) -> None:
    """Record how the work ended; a second call replaces the first."""
    end = Ended(status, rows, seconds, error, tuple(tables), fingerprint)
    transaction(con, functools.partial(write_end, con, database, execution, end))


@dataclass(frozen=True)
class Ended:
    """How an execution ended."""

    status: str = "done"
    rows: int | None = None
    seconds: float | None = None
    error: str | None = None
    tables: tuple[ExecutionTable, ...] = ()
    fingerprint: str | None = None


def write_end(con: Con, database: str, execution: int, end: Ended) -> None:
    """The statements of :func:`finish`, for a transaction that writes other things too."""
    text = None if end.error is None else storable(redact_text(end.error))
    values = [end.status, end.rows, end.seconds, text, end.fingerprint, now(), execution]
    names.run(con, database, _FINISH, *values)
    names.run(con, database, "DELETE FROM genesis.execution_tables WHERE execution = ?", execution)
    for position, t in enumerate(end.tables):
        detail = _json_or_none(t.detail)
        values = [execution, position, t.table, t.rows, t.orphans, t.violations, t.seconds, detail]
        names.run(con, database, _TABLE, *values)


def history(con: Con, database: str, model: str | None = None) -> list[Execution]:
    """The executions of a model, or all, newest first.

    Raises:
        ModelNotFoundError: the model neither exists nor ever did.
    """
    if not migrator.exists(con, database):
        return []
    _require_known(con, database, model)
    return [Execution(*row) for row in names.run(con, database, _ROWS, model, model)]


def tables(con: Con, database: str, execution: int) -> list[ExecutionTable]:
    """What an execution did, table by table; ``detail`` is left out."""
    query = """
    SELECT table_name, rows, orphans, violations, seconds FROM genesis.execution_tables
    WHERE execution = ? ORDER BY position
    """
    return [ExecutionTable(*row) for row in names.run(con, database, query, execution)]


def history_sql(
    con: Con, database: str, model: str | None = None, *, begun: int | None = None
) -> str:
    """The SELECT behind `genesis_history`; of no rows where the database has no store."""
    if not migrator.exists(con, database, begun):
        return names.empty(_HISTORY_COLUMNS)
    _require_known(con, database, model)
    return names.filled(_HISTORY, database, model=model)


def integrity_sql(
    con: Con, database: str, model: str | None = None, *, begun: int | None = None
) -> str:
    """The SELECT behind `genesis_integrity`: what the last call checked, table by table."""
    if not migrator.exists(con, database, begun):
        return names.empty(_INTEGRITY_COLUMNS)
    _require_known(con, database, model)
    return names.filled(_INTEGRITY, database, model=model)


def mark_interrupted(con: Con, database: str, instance: str | None = None) -> int:
    """Close the running rows of every other process, and the versions they were fitting.

    Call it when a database is opened. It writes only where there is something to mark, and nothing
    at all where the database is read-only, has no store or one of another release.

    Returns:
        The number of executions that were marked.
    """
    instance = instance or instance_id()
    query = """
    SELECT count(*) FROM genesis.executions WHERE status = 'running' AND instance <> ? AND NOT
      (SELECT bool_or(readonly) FROM duckdb_databases() WHERE lower(database_name) = lower(?))
    """
    try:
        if not migrator.exists(con, database):
            return 0
    except MigrationError:  # the call that needs the store will say so
        return 0
    dead = names.run(con, database, query, instance, database)[0][0]
    if dead:
        transaction(con, functools.partial(_mark, con, database, instance))
    return int(dead)


def _mark(con: Con, database: str, instance: str) -> None:
    executions = """
    UPDATE genesis.executions SET status = 'interrupted', error = ?, finished_at = ?
    WHERE status = 'running' AND instance <> ?
    """
    versions = """
    UPDATE genesis.model_versions SET status = 'interrupted', error = ? WHERE status = 'fitting'
      AND execution NOT IN (SELECT id FROM genesis.executions WHERE status = 'running')
    """
    names.run(con, database, executions, DEAD, now(), instance)
    names.run(con, database, versions, DEAD)


def _require_known(con: Con, database: str, model: str | None) -> None:
    if model is None:
        return
    known = {name for (name,) in names.run(con, database, _KNOWN)}
    if model not in known:
        message = (
            f"nothing was ever run for a model '{model}'{nearest(model, known)}; "
            f"FROM genesis_history() lists all"
        )
        raise ModelNotFoundError(message)


def _json_or_none(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else redacted_json(value)
