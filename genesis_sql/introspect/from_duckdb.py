"""DuckDB's catalog -> RawSchema. Reads only.

A cursor sees no TEMP tables, registered frames or uncommitted tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from genesis_sql.errors import SourceError, nearest
from genesis_sql.introspect import catalog, sources
from genesis_sql.introspect.catalog import OWN_SCHEMA, Keys, Listed
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.types import RawColumn, RawSchema, RawTable

BROKEN = "broken view"
"""A view that no longer binds: it has no columns, and DuckDB's sentence as its comment."""

_NULL_TYPE = '"NULL"'
"""What DuckDB 2 calls the type of a bare NULL; CREATE TABLE AS makes it INTEGER."""


def has_schema(con: duckdb.DuckDBPyConnection, *, database: str, schema: str) -> bool:
    """Whether a database has a schema of that name that may be read (ours may not)."""
    return catalog.match(schema, catalog.schemas(con, database)) is not None


def read_schema(
    con: duckdb.DuckDBPyConnection,
    *,
    database: str,
    schema: str,
    tables: Sequence[str] | None = None,
    counted: bool = True,
) -> RawSchema:
    """The base tables and views of a schema with their keys and exact row counts, ordered by name.

    The order is by name, so that it does not depend on which table was created first.

    Args:
        con: An open connection or cursor.
        database: The attached database.
        schema: Its schema.
        tables: The tables and views to take; all where not given. A view that no longer binds is
            kept with the kind 'broken view' and no columns, unless it is named here.
        counted: Whether rows are counted; otherwise the data are not touched, and 0 stands there.

    Raises:
        SourceError: A database, schema or table is not there, or there is nothing to read.
    """
    there = _database(con, database)
    name = _schema(con, there, schema)
    listed = catalog.objects(con, there, name)
    if not listed:
        msg = f"schema '{there}.{name}' has no tables; {_INVISIBLE}"
        raise SourceError(msg)
    chosen = listed if tables is None else _named(con, tables, listed, there, name)
    strict = tables is not None
    return RawSchema(_read(con, there, name, chosen, strict=strict, counted=counted))


def read_table(
    con: duckdb.DuckDBPyConnection,
    source: str,
    *,
    database: str,
    schema: str,
    counted: bool = True,
) -> RawTable:
    """One table, view or query.

    Args:
        con: An open connection or cursor.
        source: A name (`t`, `schema.t`, `database.schema.t`, in double quotes where needed; the
            exact name first, then case does not matter), or one SELECT in brackets.
        database: Where a name without a database is looked up.
        schema: Where a name without a schema is looked up.
        counted: Whether rows are counted; otherwise the data are not touched, and 0 stands there.

    Raises:
        SourceError: It is not there, or the query is not one SELECT.
    """
    if not source.strip():
        msg = "the source is empty: name a table, or write a query in brackets: '(SELECT …)'"
        raise SourceError(msg)
    if sources.is_query(source):
        return _read_query(con, sources.checked_query(con, source), counted=counted)
    for there, name, table in _places(con, source, database, schema):
        listed = catalog.objects(con, there, name)
        found = catalog.match(table, [o.name for o in listed])
        if found is not None:
            chosen = [o for o in listed if o.name == found]
            return _read(con, there, name, chosen, strict=True, counted=counted)[0]
    raise SourceError(_missing(con, source, database, schema))


_INVISIBLE = (
    "a TEMP table, a registered frame and an uncommitted table cannot be seen from here: "
    "COMMIT, or make a table of it with CREATE TABLE … AS FROM …"
)


def _database(con: duckdb.DuckDBPyConnection, database: str) -> str:
    known = catalog.databases(con)
    found = catalog.match(database, known)
    if found is None:
        msg = f"database '{database}' is not attached{nearest(database, known)}"
        raise SourceError(msg)
    return found


def _schema(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> str:
    if schema.casefold() == OWN_SCHEMA:
        msg = f"schema '{schema}' holds the package's own tables and is no source"
        raise SourceError(msg)
    known = catalog.schemas(con, database)
    found = catalog.match(schema, known)
    if found is None:
        msg = f"database '{database}' has no schema '{schema}'{nearest(schema, known)}"
        raise SourceError(msg)
    return found


def _named(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[str],
    listed: Sequence[Listed],
    database: str,
    schema: str,
) -> list[Listed]:
    known = {o.name: o for o in listed}
    chosen: dict[str, Listed] = {}
    for table in tables:
        found = catalog.match(table, known) or catalog.match(_last(table), known)
        if found is None:
            raise SourceError(_missing(con, table, database, schema))
        chosen[found] = known[found]
    if not chosen:
        msg = "tables := [] names no table; leave it out to take all of them"
        raise SourceError(msg)
    return [chosen[name] for name in sorted(chosen)]


def _last(table: str) -> str:
    """The name inside double quotes, where the caller quoted a single name."""
    parts = sources.split_name(table)
    return parts[0] if len(parts) == 1 else table


def _places(
    con: duckdb.DuckDBPyConnection, source: str, database: str, schema: str
) -> list[tuple[str, str, str]]:
    """The (database, schema, table) a name can mean, the likeliest first."""
    places = [(database, schema, source)]
    match sources.split_name(source):
        case (table,):
            places.append((database, schema, table))
        case (first, table):
            places += [(database, first, table), (first, "main", table)]
        case (there, name, table):
            places.append((there, name, table))
    known = catalog.databases(con)
    found = []
    for there, name, table in places:
        attached = catalog.match(there, known)
        inside = attached and catalog.match(name, catalog.schemas(con, attached))
        if attached and inside:
            found.append((attached, inside, table))
    return found


def _missing(con: duckdb.DuckDBPyConnection, source: str, database: str, schema: str) -> str:
    """The text for a missing table: the nearest match, and the statement that mends it."""
    parts = sources.split_name(source) or (source,)
    if sources.is_file(source):
        inner = string(source.strip().strip("'\""))
        return f"'{source}' is a file, not a table: write the query {string(f'(FROM {inner})')}"
    if len(parts) > 1 and parts[-2].casefold() == OWN_SCHEMA:
        return f"'{source}' is one of the package's own tables and is no source"
    elsewhere = _elsewhere(con, parts[-1], database)
    if elsewhere:
        return f"table '{source}' is not in {database}.{schema}; there is {elsewhere}: name it so"
    known = [o.name for o in catalog.objects(con, database, schema)]
    copy = f"CREATE TABLE my_{_plain(parts[-1])} AS FROM {qualified(*parts)}"
    return (
        f"table '{source}' was not found, or is TEMP, a registered frame or uncommitted, which "
        f"cannot be seen from here: COMMIT, or {copy}{nearest(parts[-1], known)}"
    )


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)[:40]


def _elsewhere(con: duckdb.DuckDBPyConnection, table: str, database: str) -> str:
    """The qualified name of a table of that name in another schema, or nothing."""
    if catalog.match(database, catalog.databases(con)) is None:
        return ""
    for schema in catalog.schemas(con, database):
        found = catalog.match(table, [o.name for o in catalog.objects(con, database, schema)])
        if found is not None:
            return qualified(schema, found)
    return ""


def _read(
    con: duckdb.DuckDBPyConnection,
    database: str,
    schema: str,
    chosen: Sequence[Listed],
    *,
    strict: bool,
    counted: bool = True,
) -> tuple[RawTable, ...]:
    columns = catalog.columns(con, database, schema)
    keys = catalog.keys(con, database, schema, columns)
    tables = []
    for listed in chosen:
        table = RawTable(
            name=listed.name,
            source=qualified(database, schema, listed.name),
            columns=columns.get(listed.name, ()),
            schema=schema,
            kind=listed.kind,
            comment=listed.comment,
        )
        try:
            tables.append(_filled(con, table, keys.get(listed.name, Keys()), counted=counted))
        except SourceError as error:
            if strict or listed.kind != "view":
                raise
            tables.append(replace(table, columns=(), kind=BROKEN, comment=str(error)))
    return tuple(tables)


def _filled(
    con: duckdb.DuckDBPyConnection, table: RawTable, keys: Keys, *, counted: bool
) -> RawTable:
    columns = table.columns
    if table.kind == "view":
        columns = _described(con, table)
    return replace(
        table,
        columns=columns,
        rows=_count(con, table) if counted else 0,
        primary_key=keys.primary,
        unique_keys=keys.unique,
        foreign_keys=keys.foreign,
        checks=keys.checks,
    )


def _read_query(con: duckdb.DuckDBPyConnection, source: str, *, counted: bool) -> RawTable:
    table = RawTable(name="query", source=source, columns=(), schema="", kind="query")
    described = replace(table, columns=_described(con, table))
    return replace(described, rows=_count(con, described) if counted else 0)


def _described(con: duckdb.DuckDBPyConnection, table: RawTable) -> tuple[RawColumn, ...]:
    """The columns of a view or query as they bind now; comments come from the catalog."""
    comments = {c.name: c.comment for c in table.columns}
    template = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM $source)"
    rows = ask(con, template, about=_about(table), source=table.source)
    return tuple(
        RawColumn(name, "INTEGER" if kind == _NULL_TYPE else kind, comment=comments.get(name))
        for name, kind in rows
    )


def _count(con: duckdb.DuckDBPyConnection, table: RawTable) -> int:
    found = ask(con, "SELECT count(*) FROM $source", about=_about(table), source=table.source)
    return int(found[0][0])


def _about(table: RawTable) -> str:
    return "the source query" if table.kind == "query" else f"{table.kind} {quoted(table.name)}"
