"""Files that commands read and write: databases and tables of data, whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

import duckdb

from genesis_sql.errors import AccessError, SourceError, TargetError
from genesis_sql.introspect import files as data
from genesis_sql.introspect.files import held_elsewhere
from genesis_sql.session import connect
from genesis_sql.sqlbuild import quoted, string

DATABASES, READERS, PACKED = data.DATABASES, data.READERS, data.PACKED
kind, require, source = data.kind, data.require, data.source
WRITERS = {
    ".csv": "FORMAT csv, HEADER",
    ".tsv": "FORMAT csv, HEADER, DELIMITER '\t'",
    ".parquet": "FORMAT parquet",
    ".json": "FORMAT json, ARRAY true",
    ".jsonl": "FORMAT json",
    ".ndjson": "FORMAT json",
}
STORAGE = "v1.5.0"
"""What DuckDB 1.5 can open; DuckDB 2 writes files that it cannot unless it is told."""


def is_database(path: str) -> bool:
    """Whether a file is a DuckDB database: by its first bytes, or its name if it is not there."""
    try:
        with Path(path).open("rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError:
        return kind(path) in DATABASES


@contextmanager
def opened(path: str, access: str = "write") -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with our functions on it.

    Args:
        path: the file.
        access: 'read', 'write', 'either' (write where that can be), 'create' (where it is missing).
    """
    there = Path(path).exists()
    if access != "create":
        require(path)
    if there and not is_database(path):
        hint = "; it is a table: give it to genesis fit or genesis check" * (kind(path) in READERS)
        message = f"'{path}' is not a DuckDB database{hint}"
        raise SourceError(message)
    con = _connect(path, access)
    try:
        yield con
    except BaseException:
        _stop(con)
        raise
    finally:
        left_empty = not there and _is_empty(con)
        con.close()
        if left_empty:
            Path(path).unlink(missing_ok=True)


def _stop(con: duckdb.DuckDBPyConnection) -> None:
    """End what still runs: DuckDB 1.5 works on after Ctrl-C, and Python cannot exit under it."""
    with suppress(duckdb.Error, RuntimeError):
        con.interrupt()
        con.execute("SELECT 1").fetchall()


def _is_empty(con: duckdb.DuckDBPyConnection) -> bool:
    with suppress(duckdb.Error):
        return not con.execute("SELECT 1 FROM duckdb_tables() LIMIT 1").fetchall()
    return False


@contextmanager
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that no file holds."""
    con = connect()
    try:
        yield con
    finally:
        con.close()


def _connect(path: str, access: str) -> duckdb.DuckDBPyConnection:
    try:
        return connect(path, read_only=access == "read")
    except duckdb.Error as error:
        if access == "either":
            return _connect(path, "read")
        raise SourceError(_why_not(path, error)) from error


def _why_not(path: str, error: duckdb.Error) -> str:
    """A sentence on why DuckDB cannot open a file."""
    text = str(error)
    held = held_elsewhere(path, text)
    if held:
        return held
    if "newer version of DuckDB" in text:
        return (
            f"'{path}' was written by a newer DuckDB than {duckdb.__version__}: "
            f"pip install --upgrade duckdb"
        )
    return f"'{path}' cannot be opened: {text.splitlines()[0]}"


@contextmanager
def replacing(path: str) -> Iterator[str]:
    """A temporary name beside a file; it takes the file's name once all went well, or vanishes."""
    place = Path(path)
    if not place.parent.is_dir():
        message = f"'{path}' cannot be written: there is no folder '{place.parent}'"
        raise TargetError(message)
    passing = place.with_name(f".{os.getpid()}-{place.name}")
    try:
        yield str(passing)
        os.replace(passing, place)
    except PermissionError as error:
        message = f"'{path}' cannot be written: {error.strerror}"
        raise AccessError(message) from error
    finally:
        for left in (passing, passing.with_name(f"{passing.name}.wal")):
            with suppress(OSError):
                left.unlink()


def alias(path: str) -> str:
    """The name under which a file is attached, of its whole path: no two files share one."""
    place = Path(path).absolute()
    stem = re.sub(r"\W", "_", place.stem)
    return f"{stem}_{blake2b(str(place).encode(), digest_size=4).hexdigest()}"


def attach(con: duckdb.DuckDBPyConnection, path: str, name: str, *, new: bool) -> None:
    """Attach a database; a new one so that DuckDB 1.5 can open it too."""
    how = f" (STORAGE_VERSION {string(STORAGE)})" if new else ""
    try:
        con.execute(f"ATTACH {string(path)} AS {quoted(name)}{how}")
    except duckdb.Error as error:
        raise TargetError(_why_not(path, error)) from error


def detach(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let go of an attached database; what was written to it is in its file then."""
    con.execute(f"DETACH {quoted(name)}")


def copy(relation: duckdb.DuckDBPyRelation, con: duckdb.DuckDBPyConnection, path: str) -> int:
    """Write a relation into a file of data; returns the number of rows."""
    packed = PACKED.get(Path(path).suffix.lower())
    how = WRITERS[kind(path)] + (f", COMPRESSION {packed}" if packed else "")
    with replacing(path) as passing:
        query = f"COPY ({relation.sql_query()}) TO {string(passing)} ({how})"
        return int(con.execute(query).fetchall()[0][0])
