"""The log of trainings, and checkpoints: the state from which a stopped one goes on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from genesis_sql.errors import ModelNotFoundError
from genesis_sql.store import migrator, models, names
from genesis_sql.store.content import split
from genesis_sql.store.names import Con
from genesis_sql.store.transaction import now, transaction

NEEDS = 2
"""The migration that makes both tables."""

LogRow = tuple[str, int, float, float | None, float | None, float | None, float, str]
"""Table, step, epoch, loss, validation loss, rows per second, seconds, note."""

_LOG = "INSERT INTO genesis.training_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOG_COLUMNS = """
version INTEGER, table_name VARCHAR, step BIGINT, epoch DOUBLE, loss DOUBLE,
validation_loss DOUBLE, rows_per_s DOUBLE, seconds DOUBLE, note VARCHAR
"""
_READ_LOG = """
SELECT version, table_name, step, epoch, loss, validation_loss, rows_per_s, seconds, note
FROM genesis.training_log
WHERE model = $model AND version = coalesce(
  $version, (SELECT max(v.version) FROM genesis.model_versions AS v WHERE v.model = $model))
ORDER BY version, position
"""
_SAVE = "INSERT INTO genesis.checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET = """
DELETE FROM genesis.checkpoints WHERE model = ? AND version <= ?
  AND (CAST(? AS VARCHAR) IS NULL OR table_name = ?)
"""
_LATEST = """
SELECT version, about, data FROM genesis.checkpoints AS c
WHERE model = ? AND table_name = ? AND method = ? AND version < ? AND version = (
  SELECT max(o.version) FROM genesis.checkpoints AS o WHERE o.model = c.model
    AND o.table_name = c.table_name AND o.method = c.method AND o.version < ?)
ORDER BY position
"""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a stopped training; ``about`` is JSON text."""

    version: int
    about: str
    data: bytes


def append_log(
    con: Con, database: str, model: str, version: int, first: int, rows: Sequence[LogRow]
) -> None:
    """Write rows of a training in a transaction of their own; ``first`` is the number of one."""

    def write() -> None:
        for position, row in enumerate(rows, first):
            names.run(con, database, _LOG, model, version, position, *row)

    transaction(con, write)


def log_sql(
    con: Con, database: str, name: str, version: int | None = None, *, begun: int | None = None
) -> str:
    """The SELECT behind `genesis_training_log`; by default of the newest version, ready or not.

    Raises:
        ModelNotFoundError: there is no such model, or no such version.
    """
    known = models.versions(con, database, name) if migrator.exists(con, database) else []
    if not known:
        models.find(con, database, name)
    if version is not None and version not in [v.version for v in known]:
        numbers = ", ".join(str(v.version) for v in known)
        message = f"model '{name}' has no version {version}; there are: {numbers}"
        raise ModelNotFoundError(message)
    if not migrator.exists(con, database, begun, needs=NEEDS):
        return names.empty(_LOG_COLUMNS)
    return names.filled(_READ_LOG, database, model=name, version=version)


def save_checkpoint(
    con: Con,
    database: str,
    model: str,
    version: int,
    table: str,
    *,
    method: str,
    about: str,
    state: bytes,
) -> None:
    """Keep the state of a training in the place of earlier ones of the same table."""

    def write() -> None:
        names.run(con, database, _FORGET, model, version, table, table)
        for p in split(table, "", state):
            where = (model, version, table, method, about)
            names.run(con, database, _SAVE, *where, p.position, p.data, now())

    transaction(con, write)


def latest_checkpoint(
    con: Con, database: str, model: str, table: str, *, method: str, before: int
) -> Checkpoint | None:
    """The newest checkpoint of a table by that method, of a version before this one."""
    found = names.run(con, database, _LATEST, model, table, method, before, before)
    if not found:
        return None
    version, about, _ = found[0]
    return Checkpoint(int(version), str(about), b"".join(data for *_, data in found))


def forget_checkpoints(con: Con, database: str, model: str, version: int) -> None:
    """Remove the checkpoints of a version that is ready, and those of versions before it."""
    query = functools.partial(names.run, con, database, _FORGET, model, version, None, None)
    transaction(con, query)
