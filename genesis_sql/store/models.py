"""Models and their versions: begin, finish or fail, find, load, activate, drop.

A version begins as 'fitting', without content. Its parts, its description, the status 'ready', the
activation and the end of its execution are written in one transaction: what the tables show is a
whole model or none.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from typing import Any

from genesis_sql.errors import ModelExistsError, ModelNotFoundError, OptionError, nearest
from genesis_sql.sqlbuild import string
from genesis_sql.store import executions, migrator, names
from genesis_sql.store.content import check_parts, read_parts, write_content
from genesis_sql.store.names import Con
from genesis_sql.store.redact import redact_text, redacted_json, storable
from genesis_sql.store.rows import ExecutionTable, ModelContent, ModelPart, ModelVersion, Removed
from genesis_sql.store.transaction import now, transaction

_VERSIONS = """
SELECT v.model, v.version, v.uuid, v.status, v.kind, v.method, v.arguments, v.library_version,
       v.format_version, v.fingerprint, v.metrics, v.error, v.created_at, v.seconds, v.execution,
       coalesce(v.version = m.active_version, FALSE) AS active
FROM genesis.model_versions AS v JOIN genesis.models AS m ON m.name = v.model
WHERE v.model = ? ORDER BY v.version
"""
_USED = """
SELECT v.model, v.version, v.uuid
FROM genesis.model_versions AS v JOIN genesis.models AS m ON m.name = v.model
WHERE v.model = ? AND v.status = 'ready' AND v.version = coalesce(?, m.active_version)
"""
_FITTING = """
SELECT v.version, v.created_at, e.instance FROM genesis.model_versions AS v
LEFT JOIN genesis.executions AS e ON e.id = v.execution WHERE v.model = ? AND v.status = 'fitting'
"""
_BEGIN = """
INSERT INTO genesis.model_versions
  (model, version, uuid, status, kind, method, arguments, library_version, format_version,
   fingerprint, metrics, created_at, seconds, execution)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_READY = """
UPDATE genesis.model_versions
SET status = 'ready', uuid = ?, format_version = ?, fingerprint = ?, metrics = ?, seconds = ?
WHERE model = ? AND version = ?
"""
_COUNTS = """
SELECT (SELECT count(*) FROM genesis.model_tables WHERE model = ? AND version = ?),
       (SELECT count(*) FROM genesis.model_parts WHERE model = ? AND version = ?)
"""
_DROP = (
    "DELETE FROM genesis.model_parts WHERE model = ?",
    "DELETE FROM genesis.model_columns WHERE model = ?",
    "DELETE FROM genesis.model_tables WHERE model = ?",
    "DELETE FROM genesis.relationships WHERE model = ? AND target = ''",
    "DELETE FROM genesis.training_log WHERE model = ?",
    "DELETE FROM genesis.checkpoints WHERE model = ?",
    "DELETE FROM genesis.measurements WHERE model = ?",
    "DELETE FROM genesis.profiles WHERE model = ?",
    "DELETE FROM genesis.model_versions WHERE model = ?",
    "DELETE FROM genesis.models WHERE name = ?",
)
"""The keys of synthetic tables stay: their tables do."""
_LIST_COLUMNS = """
model VARCHAR, version INTEGER, active BOOLEAN, status VARCHAR, kind VARCHAR, method VARCHAR,
tables BIGINT, rows BIGINT, created_at TIMESTAMP, seconds DOUBLE, error VARCHAR
"""
_LIST = """
SELECT v.model, v.version, coalesce(v.version = m.active_version, FALSE) AS active, v.status,
       v.kind, v.method, count(t.table_name) AS tables, CAST(sum(t.rows) AS BIGINT) AS rows,
       v.created_at, v.seconds, v.error
FROM genesis.model_versions AS v JOIN genesis.models AS m ON m.name = v.model
LEFT JOIN genesis.model_tables AS t ON t.model = v.model AND t.version = v.version
GROUP BY ALL ORDER BY v.model, v.version
"""
_DESCRIBE = """
SELECT t.table_name, c.column_name, c.type, c.role, c.step, c.inputs, c.cells, c.reason
FROM genesis.model_tables AS t JOIN genesis.model_columns AS c
  ON c.model = t.model AND c.version = t.version AND c.table_position = t.position
WHERE t.model = $model AND t.version = $version ORDER BY t.position, c.position
"""


def begin_version(
    con: Con,
    database: str,
    name: str,
    *,
    kind: str,
    method: str,
    arguments: Mapping[str, Any],
    execution: int,
) -> int:
    """Reserve the next version of a model for a fit and return its number.

    Args:
        con: a cursor outside a transaction.
        database: the database that keeps the model.
        name: the model's name.
        kind: 'table' or 'database'.
        method: how it will be learnt.
        arguments: of the call; stored without secrets.
        execution: the id from executions.start, whose process owns this version.

    Raises:
        ModelExistsError: a fit of this name is running, or it names another kind of model.
    """
    check_name(name)
    migrator.ensure(con, database)
    values = [kind, method, redacted_json(arguments)]
    return transaction(con, functools.partial(_begin, con, database, name, values, execution))


def _begin(con: Con, database: str, name: str, values: list[str], execution: int) -> int:
    _refuse_second_fit(con, database, name, execution)
    kind, method, arguments = values
    before = versions(con, database, name)
    if other := next((v.kind for v in before if v.status == "ready" and v.kind != kind), None):
        message = (
            f"model '{name}' is a {other} model; take another name, or CALL "
            f"genesis_drop({string(name)}) first"
        )
        raise ModelExistsError(message)
    version = max((v.version for v in before), default=0) + 1
    row = [name, version, None, "fitting", kind, method, arguments, migrator.library_version()]
    insert_version(con, database, [*row, None, None, None, now(), None, execution])
    query = "UPDATE genesis.executions SET model = ?, version = ? WHERE id = ?"
    names.run(con, database, query, name, version, execution)
    return version


def _refuse_second_fit(con: Con, database: str, name: str, execution: int) -> None:
    """Raise where the same process fits this name already; close what a dead process left."""
    query = "SELECT instance FROM genesis.executions WHERE id = ?"
    mine = names.run(con, database, query, execution)
    for version, since, instance in names.run(con, database, _FITTING, name):
        if not mine or instance == mine[0][0]:
            message = (
                f"model '{name}' is being fitted by another call since "
                f"{since:%Y-%m-%d %H:%M:%S} UTC; wait for it, or take another name"
            )
            raise ModelExistsError(message)
        _set_failed(con, database, name, version, "interrupted", executions.DEAD)


def insert_version(con: Con, database: str, row: list[Any]) -> None:
    """A row of model_versions, and one of models where this is the first version."""
    model = "INSERT INTO genesis.models VALUES (?, NULL, ?) ON CONFLICT DO NOTHING"
    names.run(con, database, model, row[0], now())
    names.run(con, database, _BEGIN, *row)


def finish_version(
    con: Con,
    database: str,
    name: str,
    version: int,
    content: ModelContent,
    *,
    seconds: float,
    activate: bool = True,
) -> None:
    """Write a version's content, make it ready and close its execution: all or nothing.

    Raises:
        ModelNotFoundError: the version is not being fitted any more: it was dropped meanwhile.
        ModelFormatError: a part is too large, or there are two of the same place.
    """
    check_parts(content.parts)

    def write() -> None:
        execution = _execution_of(con, database, name, version)
        metrics = redacted_json(content.metrics)
        head = [content.uuid, content.format_version, content.fingerprint, metrics, seconds]
        names.run(con, database, _READY, *head, name, version)
        write_content(con, database, name, version, content)
        if activate:
            set_active(con, database, name, version)
        tables = tuple(ExecutionTable(t.name, t.rows) for t in content.tables)
        rows = sum(t.rows for t in content.tables)
        end = executions.Ended("done", rows, seconds, None, tables, content.fingerprint)
        executions.write_end(con, database, execution, end)

    transaction(con, write)


def _execution_of(con: Con, database: str, name: str, version: int) -> int:
    """The execution that fits this version."""
    query = """
    SELECT execution FROM genesis.model_versions WHERE model = ? AND version = ? AND status =
    'fitting'
    """
    found = names.run(con, database, query, name, version)
    if not found:
        message = (
            f"version {version} of model '{name}' is no longer being fitted: "
            f"it was dropped or stopped meanwhile"
        )
        raise ModelNotFoundError(message)
    return int(found[0][0])


def fail_version(
    con: Con,
    database: str,
    name: str,
    version: int,
    *,
    status: str = "error",
    error: str,
    seconds: float | None = None,
) -> None:
    """Close a fit that did not succeed, and its execution; the active version stays active.

    A version that is not being fitted (ready, dropped, closed before) is left as it is.
    """

    def write() -> None:
        try:
            execution = _execution_of(con, database, name, version)
        except ModelNotFoundError:
            return
        _set_failed(con, database, name, version, status, error, seconds)
        end = executions.Ended(status, None, seconds, error)
        executions.write_end(con, database, execution, end)

    transaction(con, write)


def _set_failed(
    con: Con,
    database: str,
    name: str,
    version: int,
    status: str,
    error: str,
    seconds: float | None = None,
) -> None:
    query = """
    UPDATE genesis.model_versions SET status = ?, error = ?, seconds = ? WHERE model = ? AND version
    = ?
    """
    text = storable(redact_text(error))
    names.run(con, database, query, status, text, seconds, name, version)


def versions(con: Con, database: str, name: str) -> list[ModelVersion]:
    """Every version of a model, whatever its status; none where the name is unknown."""
    return [ModelVersion(*row) for row in names.run(con, database, _VERSIONS, name)]


def used(con: Con, database: str, name: str, version: int | None) -> tuple[str, int, str]:
    """Model, version and uuid of what `find` finds, which statements ask for each time.

    Raises:
        ModelNotFoundError: there is none; the text says what there is instead.
    """
    stored = migrator.exists(con, database)
    rows = names.run(con, database, _USED, name, version) if stored else []
    if rows:
        model, number, uuid = rows[0]
        return model, number, str(uuid)
    found = find(con, database, name, version)
    return found.model, found.version, str(found.uuid)


def find(con: Con, database: str, name: str, version: int | None = None) -> ModelVersion:
    """The active version of a model, or another one that is ready.

    Raises:
        ModelNotFoundError: there is none; the text says what there is instead.
    """
    stored = migrator.exists(con, database)
    known = versions(con, database, name) if stored else []
    for found in known:
        if found.status == "ready" and (
            found.active if version is None else found.version == version
        ):
            return found
    if not known:
        everyone = _names(con, database) if stored else []
        message = (
            f"no model '{name}'{nearest(name, everyone)}; FROM genesis_models() lists them all"
        )
    elif version is None:
        message = _no_active(name, known)
    else:
        message = _no_version(name, version, known)
    raise ModelNotFoundError(message)


def _names(con: Con, database: str) -> list[str]:
    return [name for (name,) in names.run(con, database, "SELECT name FROM genesis.models")]


def _no_active(name: str, known: list[ModelVersion]) -> str:
    if ready := [v.version for v in known if v.status == "ready"]:
        return (
            f"model '{name}' has no active version; "
            f"CALL genesis_activate({string(name)}, version := {ready[-1]})"
        )
    return (
        f"model '{name}' has no version to use: {_fate(known[-1])}; "
        f"FROM genesis_models() lists all models"
    )


def _no_version(name: str, version: int, known: list[ModelVersion]) -> str:
    if same := [v for v in known if v.version == version]:
        return f"version {version} of model '{name}' cannot be used: {_fate(same[0])}"
    numbers = ", ".join(str(v.version) for v in known if v.status == "ready") or "none"
    return (
        f"model '{name}' has no version {version}; ready: {numbers}; "
        f"FROM genesis_models() lists all models"
    )


def _fate(version: ModelVersion) -> str:
    since = f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC"
    if version.status == "fitting":
        return f"version {version.version} is being fitted since {since}"
    what = "was interrupted" if version.status == "interrupted" else "failed"
    return f"version {version.version} of {since} {what} ({version.error}); fit it again"


def load_parts(
    con: Con, database: str, name: str, version: int, table: str | None = None
) -> list[ModelPart]:
    """The parts of a version, or of one of its tables, by table, part and position.

    Raises:
        ModelFormatError: a part does not have the checksum that it was stored with.
    """
    return read_parts(con, database, name, version, table)


def activate(con: Con, database: str, name: str, version: int) -> ModelVersion:
    """Make a version the one that is used where none is named.

    Raises:
        ModelNotFoundError: there is no such version, or it is not ready.
        ReadOnlyError: the database cannot be written.
    """

    def write() -> None:
        find(con, database, name, version)
        set_active(con, database, name, version)

    find(con, database, name, version)
    migrator.ensure(con, database)
    transaction(con, write)
    return find(con, database, name, version)


def set_active(con: Con, database: str, name: str, version: int) -> None:
    """The statement of :func:`activate`, for a transaction of the caller."""
    query = "UPDATE genesis.models SET active_version = ? WHERE name = ?"
    names.run(con, database, query, version, name)


def drop(con: Con, database: str, name: str) -> list[Removed]:
    """Remove a model with all its versions; the history keeps its executions.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelExistsError: it is being fitted.
        ReadOnlyError: the database cannot be written.
    """
    if not migrator.exists(con, database) or not versions(con, database, name):
        find(con, database, name)
    migrator.ensure(con, database)
    return transaction(con, functools.partial(_drop, con, database, name))


def _drop(con: Con, database: str, name: str) -> list[Removed]:
    removed = []
    for v in versions(con, database, name):
        if v.status == "fitting":
            message = f"model '{name}' cannot be dropped yet: {_fate(v)}; wait for it or stop it"
            raise ModelExistsError(message)
        counts = names.run(con, database, _COUNTS, *(name, v.version) * 2)[0]
        removed.append(Removed(name, v.version, v.status, *counts))
    for query in _DROP:
        names.run(con, database, query, name)
    return removed


def list_sql(con: Con, database: str, begun: int | None = None) -> str:
    """The SELECT behind `genesis_models`; of no rows where the database has no store."""
    if not migrator.exists(con, database, begun):
        return names.empty(_LIST_COLUMNS)
    return names.sql(_LIST, database)


def describe_sql(con: Con, database: str, name: str, version: int | None = None) -> str:
    """The SELECT behind `genesis_describe`: a row per column of a version.

    Raises:
        ModelNotFoundError: there is no such version that is ready.
    """
    found = find(con, database, name, version)
    return names.filled(_DESCRIBE, database, model=found.model, version=found.version)


def check_name(name: str) -> None:
    """Raise where a model's name is empty or holds control characters."""
    if not name.strip() or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        message = f"{name!r} cannot be the name of a model: give it one with visible characters"
        raise OptionError(message)
