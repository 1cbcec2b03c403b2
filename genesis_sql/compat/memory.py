"""The database of calls that were given none: in memory, one per process, nothing stays in it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from genesis_sql.session import connect, register

_LOCK = threading.RLock()
_CANNOT = """
SELECT readonly AND NOT EXISTS (
  SELECT 1 FROM duckdb_schemas() AS s
  WHERE s.database_name = d.database_name AND s.schema_name = 'genesis_reference')
FROM duckdb_databases() AS d WHERE database_name = current_database()
"""
"""A database opened to read, without the reference: it cannot be loaded either."""


@functools.cache
def _memory() -> duckdb.DuckDBPyConnection:
    return connect()


@contextmanager
def standing(con: duckdb.DuckDBPyConnection | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The user's connection with our functions on it, or that in memory, one caller at a time."""
    if con is not None:
        yield register(con)
        return
    with _LOCK:
        yield _memory()


@contextmanager
def knowing(
    con: duckdb.DuckDBPyConnection | None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection, and its database that holds the reference or takes it.

    Where the user's can do neither, the one in memory is asked: the package's figures are the same.
    """
    if con is not None and con.execute(_CANNOT).fetchall()[0][0]:
        con = None
    with standing(con) as found:
        yield found, database_of(found)


def database_of(con: duckdb.DuckDBPyConnection) -> str:
    """The name of the database where a connection stands."""
    return str(con.execute("SELECT current_database()").fetchall()[0][0])


def dicts(
    found: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation,
) -> list[dict[str, Any]]:
    """The rows of a query or a relation as dicts."""
    names = [d[0] for d in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
