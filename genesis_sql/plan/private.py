"""DuckDB connections of the package's own, one per thread, to ask predicates and casts.

They hold no data of anybody, cannot reach files or the network, and are never the caller's.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

import duckdb
import pyarrow as pa

_LOCAL = threading.local()
_SETTINGS = {"enable_external_access": "false", "threads": "1"}


def connection() -> duckdb.DuckDBPyConnection:
    """The connection of this thread."""
    con = getattr(_LOCAL, "con", None)
    if con is None:
        con = duckdb.connect(":memory:", config=dict(_SETTINGS))
        with suppress(duckdb.CatalogException):  # without the extension there are no zones
            con.execute("SET TimeZone = 'UTC'")
        _LOCAL.con = con
    found: duckdb.DuckDBPyConnection = con
    return found


def ask(query: str, **tables: pa.Table) -> dict[str, Any]:
    """Columns of a query over Arrow tables, as numpy arrays.

    Raises:
        duckdb.Error: the query does not bind, or a value cannot be computed.
    """
    con = connection()
    for name, table in tables.items():
        con.register(name, table)
    try:
        found: dict[str, Any] = con.execute(query).fetchnumpy()
    finally:
        for name in tables:
            con.unregister(name)
    return found


def _forget() -> None:
    _LOCAL.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a child shares no connection with its parent
