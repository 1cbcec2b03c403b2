"""What SQLAlchemy takes for a DBAPI connection: DuckDB's, with cursors of their own.

A transaction begins with its first statement, not before. So an effect (`CALL genesis_fit(…)`),
which commits by itself (see :mod:`genesis_sql.transactions`), runs alone where nothing was written
before it, and is refused where something was: a ROLLBACK could not take it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import duckdb

from genesis_sql.errors import TransactionError
from genesis_sql.session import WRITELESS

_READS = re.compile(r"\s*\(*\s*(select|from|values|describe|summarize|show)\b", re.IGNORECASE)
_MAY_READ = re.compile(r"\s*(\(|with\b|table\b|/\*|--)", re.IGNORECASE)
"""How a statement begins that DuckDB has to parse before it is known."""
_PREFIX = "genesis_"
_CALLS = re.compile(r'\b(genesis_\w+)"?\s*\(', re.IGNORECASE)
_TEXTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$", re.DOTALL)


@lru_cache(maxsize=1024)
def called_effect(statement: str) -> str | None:
    """The effect that a statement calls; those in texts and comments are none.

    Example:
        >>> called_effect("CALL genesis_fit('m', 'people')")
        'genesis_fit'
        >>> called_effect("SELECT 'genesis_fit('") is None
        True
    """
    if _PREFIX not in statement.lower():
        return None
    from genesis_sql.verbs import EFFECTS

    effects = {_PREFIX + verb for verb in EFFECTS if verb not in WRITELESS}
    called = (found[1].lower() for found in _CALLS.finditer(_TEXTS.sub(" ", statement)))
    return next((name for name in called if name in effects), None)


class Connection:
    """One DuckDB connection; ``dbapi_connection`` is DuckDB's own."""

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self.dbapi_connection = raw
        self.autocommit = False
        self.closed = False
        self.notices: list[str] = []
        self._wanted = False
        self._open = False
        self._wrote = False
        self._reader: Cursor | None = None

    def cursor(self) -> Cursor:
        """A cursor; as many as you like may be read at the same time."""
        return Cursor(self)

    def begin(self) -> None:
        """A transaction from the next statement on."""
        self._wanted = not self.autocommit

    def commit(self) -> None:
        """End the transaction, if there is one."""
        self._end("commit")

    def rollback(self) -> None:
        """Take the transaction back, if there is one."""
        self._end("rollback")

    def close(self) -> None:
        """Close DuckDB's connection."""
        self._reader = None
        self.dbapi_connection.close()
        self.closed = True

    def ready(self, statement: str, reader: Cursor) -> duckdb.DuckDBPyConnection:
        """DuckDB's connection, ready for a statement whose rows this cursor will read."""
        self._set_aside()
        effect = called_effect(statement)
        if effect is not None:
            self._leave(effect)
        elif self._wanted and not self._open:
            self.dbapi_connection.begin()
            self._open = True
        self._wrote = self._open and (
            self._wrote or not _only_reads(self.dbapi_connection, statement)
        )
        self._reader = reader
        return self.dbapi_connection

    def done(self, reader: Cursor) -> None:
        """A cursor reads no more."""
        if self._reader is reader:
            self._reader = None

    def _leave(self, effect: str) -> None:
        if self._wrote:
            message = (
                f"{effect} commits by itself, and this transaction has written already: call "
                "commit() on the SQLAlchemy connection first, or open it with "
                "execution_options(isolation_level='AUTOCOMMIT')"
            )
            raise TransactionError(message)
        if self._open:
            self.commit()
            self._wanted = True

    def _end(self, how: str) -> None:
        self._set_aside()
        opened, self._open, self._wrote, self._wanted = self._open, False, False, False
        if opened:
            getattr(self.dbapi_connection, how)()

    def _set_aside(self) -> None:
        """Fetch what another cursor has not read yet: DuckDB holds one result a connection."""
        if self._reader is not None:
            self._reader.set_aside()
            self._reader = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dbapi_connection, name)


def _only_reads(con: duckdb.DuckDBPyConnection, statement: str) -> bool:
    if _READS.match(statement):
        return ";" not in statement.strip().rstrip(";")
    if not _MAY_READ.match(statement):
        return False
    try:
        return all(s.type == duckdb.StatementType.SELECT for s in con.extract_statements(statement))
    except duckdb.Error:  # it is run next, and says what is wrong
        return False


def _gives_rows(con: duckdb.DuckDBPyConnection, statement: str) -> bool:
    """Whether a statement that was run answers with rows of its own, however they are named."""
    last = con.extract_statements(statement)[-1]
    query = duckdb.ExpectedResultType.QUERY_RESULT in last.expected_result_type
    only = last.expected_result_type == [duckdb.ExpectedResultType.QUERY_RESULT]
    return only or (query and "returning" in statement.lower())


class Cursor:
    """A statement and its rows."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[Any] | None = None
        self.rowcount = -1
        self._rows: Iterator[Any] | None = None

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        """Run a statement."""
        raw = self.connection.ready(statement, self)
        self._rows = None
        if parameters:
            raw.execute(statement, parameters)
        else:
            raw.execute(statement)
        self.rowcount = -1
        self.description = list(raw.description or ())
        if self._counts_only(statement):
            self.description, counted = None, raw.fetchone()
            self.rowcount = counted[0] if counted and isinstance(counted[0], int) else -1

    def executemany(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run a statement for each set of parameters."""
        self.connection.ready(statement, self).executemany(statement, list(parameters))
        self.description, self.rowcount, self._rows = None, -1, None

    def _counts_only(self, statement: str) -> bool:
        """Whether DuckDB answers with how many rows it changed, or that it has done it."""
        names = [column[0] for column in self.description or ()]
        if names not in ([], ["Count"], ["Success"]) or _READS.match(statement):
            return False
        return not (names and _gives_rows(self.connection.dbapi_connection, statement))

    def set_aside(self) -> None:
        """Fetch the rows that are left: the connection is needed for something else."""
        if self.description is not None and self._rows is None:
            self._rows = iter(self.connection.dbapi_connection.fetchall())

    def fetchone(self) -> Any:
        """The next row, or None."""
        if self._rows is None:
            return self.connection.dbapi_connection.fetchone()
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        size = self.arraysize if size is None else size
        if self._rows is None:
            return self.connection.dbapi_connection.fetchmany(size)
        return [row for _, row in zip(range(size), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        if self._rows is None:
            return self.connection.dbapi_connection.fetchall()
        return list(self._rows)

    def close(self) -> None:
        """Nothing more is read."""
        self.connection.done(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection.dbapi_connection, name)
