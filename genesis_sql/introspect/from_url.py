"""A live database by its SQLAlchemy URL -> RawSchema."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from sqlite3 import sqlite_version_info
from typing import Any

import duckdb
import sqlalchemy as sa
import sqlglot
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine
from sqlglot import exp

from genesis_sql.errors import OptionError, SourceError, nearest
from genesis_sql.introspect import urls
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.checks import with_checks
from genesis_sql.introspect.files import held_elsewhere
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.introspect.from_sqlalchemy import read_models
from genesis_sql.introspect.query import ask, first_line
from genesis_sql.introspect.sqlalchemy_types import SQLGLOT
from genesis_sql.introspect.type_words import kind_of
from genesis_sql.types import RawColumn, RawSchema, RawTable

_COLUMNS = """
SELECT table_name, column_name, column_default FROM duckdb_columns()
WHERE database_name = ? AND schema_name = ? AND column_default IS NOT NULL
"""
_TABLES = "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"


_SQLITE_UNIQUE = sa.text("""
SELECT l.name, i.name FROM pragma_index_list(:table) AS l, pragma_index_info(l.name) AS i
WHERE l."unique" AND l.origin = 'u' ORDER BY l.seq DESC, i.seqno
""")
_SQLITE_KINDS = sa.text("""
SELECT name, type FROM pragma_table_list WHERE schema = coalesce(:schema, 'main')
""")
_POSTGRES_DOMAINS = sa.text("""
SELECT column_name, character_maximum_length, numeric_precision, numeric_scale
FROM information_schema.columns WHERE domain_name IS NOT NULL AND table_name = :table
  AND table_schema = coalesce(:schema, current_schema())
""")
_MARIADB_CHECKS = sa.text("""
SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = coalesce(:schema, database()) AND TABLE_NAME = :table
  AND LEVEL = 'Column' ORDER BY CONSTRAINT_NAME
""")


def read_url(
    url: str | URL | Engine, *, schema: str | None = None, tables: Sequence[str] | None = None
) -> RawSchema:
    """The tables of a database with all that its catalog tells; the rows are not touched.

    Args:
        url: SQLAlchemy's, as in `postgresql://user:password@host/shop`, `mysql://…`,
            `sqlite:///shop.db`, `duckdb:///shop.duckdb`; or an Engine of it.
        schema: One of its schemas; the usual one where not given ('public', 'main', …).
        tables: The tables to take; all where not given. A foreign key to another becomes a note.

    Raises:
        OptionError: The URL is none.
        SourceError: The database cannot be reached, or has no such schema or table.
        MissingExtraError: Its driver is not installed.
    """
    place = urls.parsed(url)
    if place.drivername.partition("+")[0] in urls.DUCKDB:
        return _of_duckdb(place, schema, tables)
    with urls.connected(place) as connection, urls.telling(place, "cannot be read"):
        return _reflected(connection, schema, tables)


def _reflected(
    connection: Connection, schema: str | None, tables: Sequence[str] | None
) -> RawSchema:
    inspector = sa.inspect(connection)
    _require_schema(inspector, schema)
    known = inspector.get_table_names(schema=schema)
    left = _virtual(connection, schema) & set(known) if tables is None else set()
    chosen = [t for t in known if t not in left]
    chosen = chosen if tables is None else [_meant(t, known) for t in tables]
    if not chosen:
        where = f"schema '{schema}'" if schema else "the database"
        message = f"{where} has no tables"
        raise SourceError(message)
    meta = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # on types it does not know: we note them
        meta.reflect(connection, schema=schema, only=chosen, resolve_fks=tables is None)
    dialect = SQLGLOT.get(connection.dialect.name, "")
    usual = schema or inspector.default_schema_name
    found = sorted(meta.tables.values(), key=lambda t: (t.schema or usual or "", t.name))
    for table in found:
        _add_missed(connection, table)
    read = read_models(found, dialect=dialect, reflected=True, home=usual or "main")
    notes = [f"table '{t}' is or serves an index of SQLite's: left out" for t in sorted(left)]
    return replace(read, notes=(*read.notes, *notes))


def _virtual(connection: Connection, schema: str | None) -> set[str]:
    """SQLite's virtual tables, such as those of full-text search, and where they keep their data.

    Versions before 3.37 do not tell them.
    """
    new = connection.dialect.name == "sqlite" and sqlite_version_info >= (3, 37)
    found = connection.execute(_SQLITE_KINDS, {"schema": schema}) if new else ()
    return {name for name, kind in found if kind in ("shadow", "virtual")}


def _add_missed(connection: Connection, table: sa.Table) -> None:
    """What SQLAlchemy does not see: constraints behind a column, and the sizes of domains."""
    values = {"table": table.name, "schema": table.schema}
    if connection.dialect.name == "sqlite":
        keys: dict[str, list[str]] = {}
        for index, column in connection.execute(_SQLITE_UNIQUE, values):
            keys.setdefault(index, []).append(column)
        for names in keys.values():
            table.append_constraint(sa.UniqueConstraint(*names))
    elif connection.dialect.name in ("mysql", "mariadb"):
        _add_years(connection, table)
    if getattr(connection.dialect, "is_mariadb", False):
        for (check,) in connection.execute(_MARIADB_CHECKS, values):
            table.append_constraint(sa.CheckConstraint(sa.literal_column(check)))
    elif connection.dialect.name == "postgresql":
        sizes = {r[0]: r[1:] for r in connection.execute(_POSTGRES_DOMAINS, values)}
        for column in table.columns:
            if column.name in sizes and hasattr(column.type, "data_type"):
                column.type.data_type = _sized(column.type.data_type, *sizes[column.name])


def _add_years(connection: Connection, table: sa.Table) -> None:
    """What a YEAR holds besides 0, which no type here says."""
    for column in table.columns:
        if type(column.type).__name__ == "YEAR":
            name = connection.dialect.identifier_preparer.quote_identifier(column.name)
            within: Any = sa.literal_column(f"{name} BETWEEN 1901 AND 2155")
            table.append_constraint(sa.CheckConstraint(within))


def _sized(type_: Any, length: int | None, digits: int | None, scale: int | None) -> Any:
    """The type of a domain with its length or digits, which SQLAlchemy leaves out."""
    if isinstance(type_, sa.String):
        return sa.String(length)
    plain = isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float)
    return sa.Numeric(digits, scale) if plain else type_


def _require_schema(inspector: sa.Inspector, schema: str | None) -> None:
    known = inspector.get_schema_names()
    if schema is not None and schema not in known:
        message = f"the database has no schema '{schema}'{nearest(schema, known)}"
        raise SourceError(message)


def _meant(table: str, known: Sequence[str]) -> str:
    found = match(table, known)
    if found is None:
        message = f"the database has no table '{table}'{nearest(table, known)}"
        raise SourceError(message)
    return found


def _of_duckdb(url: URL, schema: str | None, tables: Sequence[str] | None) -> RawSchema:
    """A DuckDB file by our own reader: duckdb-engine sees no keys (FACTS.md)."""
    file = url.database
    if not file or file == ":memory:":
        message = "a DuckDB database in memory is empty: name a file, as in duckdb:///shop.duckdb"
        raise OptionError(message)
    if not Path(file).is_file():
        message = f"there is no DuckDB database '{file}'"
        raise SourceError(message)
    con = _opened(file)
    try:
        database = str(ask(con, "SELECT current_database()", about="its name")[0][0])
        place = {"database": database, "schema": schema or "main"}
        read = read_schema(con, **place, tables=tables, counted=False)
        kept = [t for t in read.tables if t.kind == "table"]
        known = {t.name for t in kept}
        plain = [_told(con, t, place, known) for t in kept]
    finally:
        con.close()
    if not plain:
        message = f"'{file}' has no tables in the schema '{schema or 'main'}'"
        raise SourceError(message)
    notes = [
        f"table '{t.name}', column '{', '.join(k.columns)}' refers to '{k.parent}', which is not "
        "among the tables: left out"
        for t in kept
        for k in t.foreign_keys
        if k.parent not in known
    ]
    return with_checks(RawSchema(tuple(plain), tuple(notes)), dialect="duckdb")


def _opened(file: str) -> duckdb.DuckDBPyConnection:
    """The file, read-only; where this process has it open already, as it has it open."""
    try:
        return duckdb.connect(file, read_only=True)
    except duckdb.ConnectionException:
        return duckdb.connect(file)
    except duckdb.Error as error:
        held = held_elsewhere(file, str(error))
        message = held or f"'{file}' cannot be opened: {first_line(error)}"
        raise SourceError(message) from error


def _told(
    con: duckdb.DuckDBPyConnection, table: RawTable, place: dict[str, str], known: set[str]
) -> RawTable:
    """With defaults, labels and what is generated, and without keys to tables not taken."""
    values = [place["database"], place["schema"]]
    defaults = {
        column: text
        for name, column, text in ask(con, _COLUMNS, about="the defaults", values=values)
        if name == table.name
    }
    made = dict(ask(con, _TABLES, about="the tables", values=values))
    computed = _computed(made.get(table.name, ""))
    columns = tuple(_told_column(c, defaults.get(c.name), computed) for c in table.columns)
    keys = tuple(k for k in table.foreign_keys if k.parent in known)
    return replace(table, source="", columns=columns, foreign_keys=keys)


def _told_column(column: RawColumn, default: str | None, computed: dict[str, str]) -> RawColumn:
    if column.name in computed:
        return replace(column, generated=True, default=computed[column.name])
    if column.type.startswith("ENUM("):
        column = replace(column, values=kind_of(exp.DataType.build(column.type, "duckdb")).values)
    if default and "nextval" in default.lower():
        return replace(column, identity=True)
    return replace(column, default=None if default in (None, "NULL") else default)


def _computed(statement: str) -> dict[str, str]:
    """The generated columns of a table, by the statement that makes it: no catalog lists them."""
    if not re.search(r"\bAS\b", statement, re.IGNORECASE):
        return {}
    tree = sqlglot.parse_one(statement, read="duckdb")
    found = {}
    for column in tree.find_all(exp.ColumnDef):
        for part in column.find_all(
            exp.ComputedColumnConstraint, exp.GeneratedAsIdentityColumnConstraint
        ):
            inner = part.expression if "Generated" in type(part).__name__ else part.this
            if inner is not None:
                found[column.name] = inner.unnest().sql(dialect="duckdb")
    return found
