"""How rows get into each kind of database: COPY, INSERTs of many rows, executemany.

Each loader takes its rows from a cursor of DuckDB in batches of Arrow, and works on a connection
that is inside a transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from genesis_sql.actions.delivering.cells import (
    BARE,
    csv_line,
    doubled,
    family,
    literal_line,
    packets,
    text_sql,
)
from genesis_sql.actions.delivering.there import ForeignKey, Place, There
from genesis_sql.sqlbuild import quoted, string

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

ROWS = 8_192
"""Of a batch: four of DuckDB's own."""
PACKET = 1 << 20
"""Bytes of one message at most; MariaDB takes 16 MiB, of MySQL's old default 4 a quarter."""
_DEFINITION = """
SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
WHERE k.contype = 'f' AND k.conrelid = CAST(%s AS regclass) AND k.conname = %s
  AND k.conparentid = 0 AND t.relkind = 'r' AND k.convalidated
  AND pg_has_role(t.relowner, 'USAGE') AND has_table_privilege(k.confrelid, 'REFERENCES')
  AND obj_description(k.oid, 'pg_constraint') IS NULL
"""
"""A key that its owner may drop and make again, nothing lost: not a comment, nor a partition's."""
_SEQUENCE = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")


class Loader(Protocol):
    """Puts rows into one kind of database."""

    def begin(self, con: Connection) -> None:
        """Settings of the session, before its first transaction."""
        ...

    def aside(self, con: Connection, there: There) -> AbstractContextManager[There]:
        """A context in which keys are not checked row by row; with them, the rest of what is there.

        Many rows are checked much quicker all at once, when the context ends or by `checking`.
        """
        ...

    def circles(
        self, con: Connection, there: There, tables: Sequence[str]
    ) -> AbstractContextManager[None]:
        """A context in which rows of these tables may refer to rows that are not there yet."""
        ...

    def load(self, con: Connection, place: Place, rows: Iterable[Any], tick: Any) -> None:
        """Write the batches that `select` gives."""
        ...

    def select(self, place: Place, source: str) -> str:
        """The SELECT, over a query of the model's columns, whose batches `load` takes."""
        ...

    def end(self, con: Connection, place: Place) -> None:
        """What is due once the rows of a table are in."""
        ...


def loader(con: Connection) -> Loader:
    """The one for a connection."""
    kinds: Mapping[str, type[Loader]] = {"postgresql": PostgreSQL, "sqlite": SQLite}
    return kinds.get(con.dialect.name, MariaDB)()


@contextmanager
def batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[Iterable[Any]]:
    """The batches of a query, one at a time; the cursor serves nothing else meanwhile."""
    reader = con.sql(query).to_arrow_reader(ROWS)
    try:
        yield reader
    finally:
        reader.close()  # a half-read result blocks the cursor, and errors hold on to it


def table_text(con: Connection, place: Place) -> str:
    """A table there, as quoted text."""
    return ".".join(_quoted(con, p) for p in (place.schema, place.name) if p)


def column_text(con: Connection, columns: Iterable[str]) -> str:
    """Columns there, as quoted text."""
    return ", ".join(_quoted(con, c) for c in columns)


def _quoted(con: Connection, name: str) -> str:
    """A name in the quotes of a database; SQLAlchemy's own would double each % too."""
    quote = con.dialect.identifier_preparer.final_quote
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def run(con: Connection, statement: str) -> None:
    """Run a statement as it stands, past everything that reads % or : in it."""
    with closing(_raw(con).cursor()) as cursor:
        cursor.execute(statement)


class PostgreSQL:
    """COPY FROM STDIN of CSV; a COPY checks its keys when it ends, so rows may be in any order."""

    def begin(self, con: Connection) -> None:
        """Nothing: COPY reads dates in any setting as they are written here."""

    @contextmanager
    def aside(self, con: Connection, there: There) -> Iterator[There]:
        """Keys are dropped and made again in the same transaction, where they are the user's own.

        A key that is made reads each side once; one that is there asks for every row.
        """
        made = [(f, text) for f in there.foreign if (text := self._definition(con, there, f))]
        for key, _ in made:
            self._alter(con, there, key, "DROP CONSTRAINT {}")
        yield there.without(f for f, _ in made)
        for key, definitions in made:
            for definition in definitions:
                self._alter(con, there, key, definition)

    def _definition(self, con: Connection, there: There, key: ForeignKey) -> tuple[str, ...]:
        """What makes a key as it is; nothing where it is not ours to drop."""
        if key.name is None:
            return ()
        with closing(_raw(con).cursor()) as cursor:
            cursor.execute(_DEFINITION, [table_text(con, there.places[key.child]), key.name])
            found = cursor.fetchall()
        return tuple(
            f"ADD CONSTRAINT {{}} {d.replace('{', '{{').replace('}', '}}')}" for (d,) in found
        )

    @contextmanager
    def circles(self, con: Connection, there: There, tables: Sequence[str]) -> Iterator[None]:
        """Keys between these tables are checked when all are in.

        Those that cannot be deferred are made so for the transaction, which needs their owner.
        """
        keys = [f for f in there.foreign if {f.child, f.parent} <= set(tables)]
        keys = [f for f in keys if f.child != f.parent and f.name]
        for key in keys:
            if not key.deferrable:
                self._alter(con, there, key, "ALTER CONSTRAINT {} DEFERRABLE")
        names = [_constraint(con, there, key) for key in keys]
        if names:
            run(con, f"SET CONSTRAINTS {', '.join(names)} DEFERRED")
        yield
        if names:
            run(con, f"SET CONSTRAINTS {', '.join(names)} IMMEDIATE")
        for key in keys:
            if not key.deferrable:
                self._alter(con, there, key, "ALTER CONSTRAINT {} NOT DEFERRABLE")

    def _alter(self, con: Connection, there: There, key: ForeignKey, how: str) -> None:
        table, name = table_text(con, there.places[key.child]), column_text(con, [str(key.name)])
        run(con, f"ALTER TABLE {table} {how.format(name)}")

    def select(self, place: Place, source: str) -> str:
        """Lines of CSV."""
        return f"SELECT {csv_line(place.cells)} AS line FROM ({source})"  # noqa: S608 - quoted

    def load(self, con: Connection, place: Place, rows: Iterable[Any], tick: Any) -> None:
        """One COPY."""
        columns = column_text(con, (c.there for c in place.cells))
        statement = f"COPY {table_text(con, place)} ({columns}) FROM STDIN (FORMAT csv)"
        with _raw(con).cursor() as cursor, cursor.copy(statement) as copy:
            for batch in rows:
                for packet in packets(batch.column(0), PACKET):
                    copy.write(packet)
                tick(batch.num_rows)

    def end(self, con: Connection, place: Place) -> None:
        """Set sequences behind the last number."""
        table = table_text(con, place)
        for column, default in place.counted:
            name = column_text(con, [column])
            found = _SEQUENCE.match(str(default or ""))
            owned = f"pg_get_serial_sequence({string(table)}, {string(column)})"
            sequence = f"'{found[1]}'" if found else owned
            last = f"(SELECT max({name}) FROM {table})"  # noqa: S608 - quoted names
            run(
                con,
                f"SELECT setval(CAST({sequence} AS regclass), {last}) FROM {table} LIMIT 1",  # noqa: S608
            )


def _constraint(con: Connection, there: There, key: ForeignKey) -> str:
    parts = (there.places[key.child].schema, key.name)
    return ".".join(_quoted(con, p) for p in parts if p)


class MariaDB:
    """INSERTs of many rows, written as text; a batch is a few messages."""

    def begin(self, con: Connection) -> None:
        """A value that does not fit is an error, 0 a key like others, a backslash a letter."""
        run(
            con,
            "SET SESSION time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, "
            "',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES')",
        )
        con.rollback()

    @contextmanager
    def aside(self, con: Connection, there: There) -> Iterator[There]:
        """Nothing is checked: every reference is counted afterwards."""
        run(con, "SET SESSION foreign_key_checks = 0")
        try:
            yield there.without(there.foreign)
        finally:
            run(con, "SET SESSION foreign_key_checks = 1")

    @contextmanager
    def circles(self, con: Connection, there: There, tables: Sequence[str]) -> Iterator[None]:
        """Keys are checked row by row here: not in these tables, whose orphans are counted."""
        off = len(tables) > 1 or any(map(there.own, tables))
        if off:
            run(con, "SET SESSION foreign_key_checks = 0")
        try:
            yield
        finally:
            if off:
                run(con, "SET SESSION foreign_key_checks = 1")

    def select(self, place: Place, source: str) -> str:
        """Tuples of literals."""
        line = literal_line(place.cells, doubled, "X'{}'")
        return f"SELECT {line} AS line FROM ({source})"  # noqa: S608 - quoted names

    def load(self, con: Connection, place: Place, rows: Iterable[Any], tick: Any) -> None:
        """An INSERT for each packet."""
        columns = column_text(con, (c.there for c in place.cells))
        head = f"INSERT INTO {table_text(con, place)} ({columns}) VALUES ".encode()  # noqa: S608
        with _raw(con).cursor() as cursor:
            for batch in rows:
                for packet in packets(batch.column(0), PACKET):
                    cursor.execute(head + bytes(packet[:-2]))  # without the last comma
                tick(batch.num_rows)

    def end(self, con: Connection, place: Place) -> None:
        """Nothing: AUTO_INCREMENT goes on behind the largest number by itself."""


class SQLite:
    """executemany; keys are not checked on a new connection, so that orphans are counted."""

    def begin(self, con: Connection) -> None:
        """Keys are counted at the end, as some files were built to check them from the start."""
        run(con, "PRAGMA foreign_keys = OFF")
        con.rollback()

    @contextmanager
    def aside(self, con: Connection, there: There) -> Iterator[There]:
        """Nothing is checked as it is."""
        yield there

    @contextmanager
    def circles(self, con: Connection, there: There, tables: Sequence[str]) -> Iterator[None]:
        """The same."""
        yield

    def select(self, place: Place, source: str) -> str:
        """Values as SQLAlchemy keeps them in SQLite."""

        def one(cell: Any) -> str:
            of = family(cell.type)
            if of in ("binary", "boolean") or (of == "whole" and "HUGE" not in cell.type.upper()):
                return quoted(cell.name)
            if of in BARE and cell.kind in BARE:
                return f"CAST({quoted(cell.name)} AS DOUBLE)"
            if of in ("timestamp", "instant"):
                moment = f"make_timestamp(epoch_us({quoted(cell.name)}))"
                return f"strftime({moment}, '%Y-%m-%d %H:%M:%S.%f')"
            return text_sql(cell)

        return f"SELECT {', '.join(map(one, place.cells))} FROM ({source})"  # noqa: S608

    def load(self, con: Connection, place: Place, rows: Iterable[Any], tick: Any) -> None:
        """One executemany for each batch."""
        columns = column_text(con, (c.there for c in place.cells))
        marks = ", ".join("?" * len(place.cells))
        statement = f"INSERT INTO {table_text(con, place)} ({columns}) VALUES ({marks})"  # noqa: S608
        cursor = _raw(con).cursor()
        for batch in rows:
            values = zip(*(c.to_pylist() for c in batch.columns), strict=True)
            cursor.executemany(statement, values)
            tick(batch.num_rows)
        cursor.close()

    def end(self, con: Connection, place: Place) -> None:
        """Nothing: a row's number goes on behind the largest by itself."""


def _raw(con: Connection) -> Any:
    """The driver's own connection, in the same transaction."""
    return con.connection.driver_connection
