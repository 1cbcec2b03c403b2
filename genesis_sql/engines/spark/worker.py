"""What runs on the workers of Spark: the rows of a query on a model that was sent there.

A worker has a DuckDB of its own and the functions of this package on it, so that the rows come out
of the same statement as on a laptop. It lives from task to task, and so does what it has prepared.
"""

from __future__ import annotations

import functools
import io
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from genesis_sql.errors import GenesisError, MissingExtraError, from_wire, to_wire

if TYPE_CHECKING:
    from genesis_sql.session import Session

BATCH = 32_768  # rows that go to Spark at a time


def task(
    shipped: Any, version: str, queries: list[str], schema: pa.Schema
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that Spark sends to its workers: numbers of queries in, their rows out.

    Spark sends an inner function by value, so that it can say there that the package is missing.

    Args:
        shipped: the broadcast variable that holds the exported model.
        version: of this package here.
        queries: a SELECT by number.
        schema: what they give.
    """

    def rows(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            from genesis_sql.engines.spark import worker
        except ImportError as error:
            import socket
            import sys

            message = (
                f"genesis: MissingExtraError: worker {socket.gethostname()} cannot load "
                f"genesis_sql ({error}); install it for its {sys.executable}: pip install "
                f"genesis-sql=={version}, or name another Python in PYSPARK_PYTHON"
            )
            raise RuntimeError(message) from None
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                yield from worker.batches(shipped.value, version, queries[number], schema)

    return rows


def batches(
    archive: bytes, version: str, query: str, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows of a query on an exported model, some at a time.

    Raises:
        RuntimeError: with an error of ours as text, which is all that Spark brings back.
    """
    try:
        _require_version(version)
        con, session = _opened()
        _announce(con, session, archive)
        for batch in con.sql(query).to_arrow_reader(BATCH):
            yield batch if batch.schema == schema else batch.cast(schema)
    except GenesisError as error:
        raise RuntimeError(to_wire(error)) from error
    except duckdb.Error as error:
        ours = from_wire(str(error))
        if ours is None:
            raise
        raise RuntimeError(to_wire(ours)) from error


def _require_version(version: str) -> None:
    from genesis_sql.store.migrator import library_version

    if library_version() != version:
        message = (
            f"worker {socket.gethostname()} has genesis_sql {library_version()} and this machine "
            f"{version}; install the same there: pip install genesis-sql=={version}"
        )
        raise MissingExtraError(message)


@functools.cache
def _opened() -> tuple[duckdb.DuckDBPyConnection, Session]:
    """The database of this worker; Spark runs as many workers as it wants threads."""
    from genesis_sql.session import connect, session_of

    con = connect(config={"threads": 1})
    session = session_of(con)
    if session.zones:
        con.execute("SET TimeZone = 'UTC'")
    return con, session


def _announce(con: duckdb.DuckDBPyConnection, session: Session, archive: bytes) -> None:
    """Give DuckDB the functions of a model, once."""
    model = _model(archive)
    if model.uuid not in session.models:
        session.announce(con, model)


@functools.lru_cache(maxsize=4)
def _model(archive: bytes) -> Any:
    from genesis_sql.actions.manage import join_parts
    from genesis_sql.models.methods import prepare
    from genesis_sql.plan.definition import block_methods
    from genesis_sql.plan.parts import from_parts
    from genesis_sql.store.archive import read

    entry = read(io.BytesIO(archive))
    parts = join_parts(list(entry.content.parts))
    model = from_parts(parts, name=entry.model, version=1, uuid=entry.content.uuid)
    prepare(block_methods(model.programs.values()))
    return model
