"""The rows of a live database -> tables of a DuckDB schema, so that they can be learnt from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from genesis_sql.errors import OptionError, SourceError, TargetError
from genesis_sql.introspect import urls
from genesis_sql.introspect.catalog import alike
from genesis_sql.introspect.from_url import read_url
from genesis_sql.introspect.query import first_line
from genesis_sql.introspect.written import to_ddl
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.types import (
    Progress,
    RawColumn,
    RawSchema,
    RawTable,
    Relationship,
    Role,
    no_progress,
)

BATCH = 20_000
"""Rows fetched and inserted at a time."""

_ROWS = "genesis_rows"
"""What a batch is called while DuckDB reads it."""


@dataclass(frozen=True)
class Copied:
    """What was brought over.

    Attributes:
        schema: as it was read, its tables with their row counts.
        relationships: the foreign keys as `relationships := [...]` takes them, for DuckDB cannot
            hold those of a circle, of a schema to another, or of a table to itself while it fills.
    """

    schema: RawSchema
    relationships: tuple[str, ...]

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return {t.name: t.rows for t in self.schema.tables}


def copy_rows(
    con: duckdb.DuckDBPyConnection,
    url: str,
    *,
    target: str,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
    limit: int | None = None,
    progress: Progress = no_progress,
) -> Copied:
    """Make the tables of a database in a new schema of the connection, with their rows.

    Keys, NOT NULL and comments come too, foreign keys as text. One snapshot of the source is read
    where it can give one; nothing is left behind where it fails.

    Args:
        con: An open connection, outside a transaction.
        url: Of a PostgreSQL, MySQL, MariaDB or SQLite database; a DuckDB file is attached instead.
        target: The schema to make; it must not be there.
        schema: One of the source's schemas.
        tables: The tables to take; all where not given.
        limit: Rows of each table at most, the first ones by its primary key.
        progress: Told the table and the share of tables done.

    Raises:
        OptionError: The URL is a DuckDB file's or none.
        SourceError: The source cannot be reached or read, or a value does not fit its column.
        TargetError: The schema is there already.
    """
    place = urls.parsed(url)
    if place.drivername.partition("+")[0] in urls.DUCKDB:
        message = f"a DuckDB file needs no copy: ATTACH {string(place.database or '')} (READ_ONLY)"
        raise OptionError(message)
    raw = read_url(url, schema=schema, tables=tables)
    if len({t.schema for t in raw.tables}) > 1:
        message = "the tables are of several schemas; name one: schema := 'public'"
        raise OptionError(message)
    _require_apart(raw)
    here = con.execute("SELECT current_database(), current_schema()").fetchall()[0]
    con.execute("BEGIN")
    try:
        _make(con, raw, target, here[0])
        counts = _copy(con, place, raw, target, schema, limit, progress)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    finally:
        con.execute("USE " + qualified(*here))
    counted = tuple(replace(t, rows=counts[t.name]) for t in raw.tables)
    return Copied(replace(raw, tables=counted), _relationships(raw))


def _relationships(raw: RawSchema) -> tuple[str, ...]:
    return tuple(
        Relationship(t.name, k.columns, k.parent, k.parent_columns).name
        for t in raw.tables
        for k in t.foreign_keys
    )


def _require_apart(raw: RawSchema) -> None:
    """Refuse tables whose names DuckDB takes for one."""
    for one, other in alike(t.name for t in raw.tables):
        message = (
            f"the tables '{one}' and '{other}' differ in case alone, which DuckDB does "
            f"not tell apart; take one of them: tables := [{string(one)}, …]"
        )
        raise SourceError(message)


def _make(con: duckdb.DuckDBPyConnection, raw: RawSchema, target: str, database: str) -> None:
    """The empty tables, without foreign keys and checks, which only cost time here."""
    try:
        con.execute("CREATE SCHEMA " + quoted(target))
    except duckdb.CatalogException as error:
        drop = f"DROP SCHEMA {quoted(target)} CASCADE"
        message = f"schema '{target}' is there already; name another, or {drop}"
        raise TargetError(message) from error
    bare = [
        replace(t, foreign_keys=(), checks=(), columns=tuple(map(_plain, t.columns)))
        for t in raw.tables
    ]
    con.execute("USE " + qualified(database, target))
    con.execute(to_ddl(replace(raw, tables=tuple(bare))))


def _plain(column: RawColumn) -> RawColumn:
    """A column to be filled as it is: neither computed nor with a default."""
    return replace(column, default=None, generated=False, identity=False)


def _copy(
    con: duckdb.DuckDBPyConnection,
    place: URL,
    raw: RawSchema,
    target: str,
    schema: str | None,
    limit: int | None,
    progress: Progress,
) -> dict[str, int]:
    counts: dict[str, int] = {}
    with urls.connected(place) as source, urls.telling(place, "cannot be read"):
        source = _snapshot(source)
        for at, table in enumerate(raw.tables):
            progress(f"reading {table.name}", at / len(raw.tables))
            counts[table.name] = 0
            for rows in _batches(source, table, schema, limit):
                _insert(con, table, target, rows)
                counts[table.name] += len(rows)
    return counts


def _snapshot(source: Connection) -> Connection:
    """One view of all tables, so that children find their parents."""
    if source.dialect.name in ("postgresql", "mysql", "mariadb"):
        return source.execution_options(isolation_level="REPEATABLE READ")
    source.exec_driver_sql("BEGIN")  # pysqlite begins none for a SELECT
    return source


def _batches(
    source: Connection, table: RawTable, schema: str | None, limit: int | None
) -> Iterator[Sequence[Any]]:
    there = sa.table(table.name, *(sa.column(c.name) for c in table.columns), schema=schema)
    wanted = sa.select(*(_selected(source, there, c) for c in table.columns if not _is_left(c)))
    wanted = wanted.order_by(*(there.c[k] for k in table.primary_key)).limit(limit)
    streamed = source.execution_options(yield_per=BATCH).execute(wanted)
    with streamed:
        yield from streamed.partitions()


def _selected(source: Connection, there: sa.TableClause, column: RawColumn) -> Any:
    """A column of a SELECT; PostgreSQL's money as the number it is, for its text has a $."""
    money = source.dialect.name == "postgresql" and column.type.startswith("DECIMAL")
    return sa.cast(there.c[column.name], sa.Numeric()) if money else there.c[column.name]


def _is_left(column: RawColumn) -> bool:
    """Whether a column's values have no counterpart here; it stays NULL."""
    return column.role is Role.UNSUPPORTED


def _insert(
    con: duckdb.DuckDBPyConnection, table: RawTable, target: str, rows: Sequence[Any]
) -> None:
    import pyarrow as pa

    taken = [c for c in table.columns if not _is_left(c)]
    arrays = [_array(table, column, [row[at] for row in rows]) for at, column in enumerate(taken)]
    names = [f"c{at}" for at in range(len(taken))]
    casts = ", ".join(f"CAST({quoted(n)} AS {c.type})" for n, c in zip(names, taken, strict=True))
    own = ", ".join(quoted(c.name) for c in taken)
    con.register(_ROWS, pa.table(arrays, names=names))
    into = qualified(target, table.name)
    try:
        con.execute(f"INSERT INTO {into} ({own}) SELECT {casts} FROM {quoted(_ROWS)}")  # noqa: S608
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        message = f"the rows of table '{table.name}' cannot be taken: {first_line(error)}"
        raise SourceError(message) from error
    finally:
        with suppress(duckdb.TransactionException):  # aborted: ROLLBACK takes it away
            con.unregister(_ROWS)


def _array(table: RawTable, column: RawColumn, values: list[Any]) -> Any:
    """The values of a column as Arrow; texts where DuckDB's cast knows better than Python."""
    import pyarrow as pa

    type_, made = _arrow(column.type)
    try:
        return pa.array([None if v is None else made(v) for v in values], type=type_)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        wrong = next((v for v in values if v is not None and not _fits(v, type_, made)), None)
        message = (
            f"table '{table.name}', column '{column.name}': {str(wrong)[:60]!r} is no {column.type}"
        )
        raise SourceError(message) from error


def _fits(value: Any, type_: Any, made: Callable[[Any], Any]) -> bool:
    import pyarrow as pa

    try:
        pa.array([made(value)], type=type_)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _arrow(type_: str) -> tuple[Any, Callable[[Any], Any]]:
    """The Arrow type that carries a DuckDB type, and what Python's values go through."""
    import pyarrow as pa

    if type_ == "BOOLEAN":
        return pa.bool_(), _truth
    if type_ in ("DOUBLE", "FLOAT"):
        return pa.float64(), float
    if type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        return pa.int64(), _whole
    if type_ == "INTERVAL":
        return pa.duration("us"), lambda value: value
    if type_ == "BLOB":
        return pa.binary(), bytes
    if type_ == "JSON":
        return pa.string(), _json
    if type_.endswith("]"):
        return None, list
    return pa.string(), str


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _truth(value: Any) -> bool:
    if value in (0, 1, b"\x00", b"\x01"):
        return value in (1, b"\x01")
    raise ValueError(value)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
