"""What a caller names as one side of a comparison: schema, table, query, file or folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import SourceError, nearest
from genesis_sql.evaluate.counts.values import kept, run
from genesis_sql.evaluate.opening.matching import family
from genesis_sql.introspect import catalog, files, sources
from genesis_sql.introspect.from_duckdb import has_schema, read_schema, read_table
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.store.transfer import require_external_access
from genesis_sql.types import RawTable


@dataclass(frozen=True)
class Found:
    """The tables of one side.

    Attributes:
        place: as the caller wrote it.
        single: whether it is one table, whose name then does not matter.
        tables: by name.
    """

    place: str
    single: bool
    tables: Mapping[str, RawTable] = field(default_factory=dict)


def find(ws: Workspace, place: str, open_: ExitStack, like: Found | None = None) -> Found:
    """The tables at a place.

    Queries and text files are read once, into temporary tables that end with ``open_``; tables of
    a schema and Parquet files stay where they are.

    Args:
        ws: where the caller stands.
        place: a schema (also 'database.schema'), a table, a query in brackets, a file of data or a
            folder of them. A schema comes first where both are called so.
        open_: closes what was opened.
        like: the real side; columns of CSV files that DuckDB guesses another type for are read as
            its types, where they can be.

    Raises:
        SourceError: there is nothing at the place.
        AccessError: it is a file, and the connection is closed to files.
    """
    if not place.strip():
        msg = "a side of the comparison is empty: name a schema, a table, a query or a file"
        raise SourceError(msg)
    if sources.is_query(place):
        query = sources.checked_query(ws.con, place)
        name = open_.enter_context(kept(ws.con, _ALL.substitute(source=query)))
        return Found(place, True, {"query": _temporary(ws, name, "query")})
    schema = _schema(ws, place)
    if schema is not None:
        raw = read_schema(ws.con, database=schema[0], schema=schema[1])
        return Found(place, False, {t.name: t for t in raw.tables})
    if files.kind(place):
        return Found(place, True, dict([_file(ws, place, open_, like)]))
    if _is_folder(ws, place):
        return _folder(ws, place, open_, like)
    return Found(place, True, {(t := _table(ws, place)).name: t})


_ALL = Template("SELECT * FROM $source")


def _schema(ws: Workspace, place: str) -> tuple[str, str] | None:
    """Database and schema, where the place is one."""
    tries = [(ws.database, place)]
    match sources.split_name(place):
        case (name,):
            tries.append((ws.database, name))
        case (database, name):
            tries.append((database, name))
    for database, name in tries:
        if has_schema(ws.con, database=database, schema=name):
            return database, name
    return None


def _table(ws: Workspace, place: str) -> RawTable:
    try:
        return read_table(ws.con, place, database=ws.database, schema=ws.schema)
    except SourceError as error:
        hint = nearest(place, catalog.schemas(ws.con, ws.database))
        if not hint.startswith("; did you mean"):
            raise
        msg = f"there is no schema, table, file or folder '{place}'{hint}"
        raise SourceError(msg) from error


def _temporary(ws: Workspace, table: str, name: str) -> RawTable:
    """A temporary table as the graph reads it; the catalog's functions do not list it."""
    query = f"({_ALL.substitute(source=f'temp.{table}')})"
    raw = read_table(ws.con, query, database=ws.database, schema=ws.schema)
    return replace(raw, name=name)


# files


def _is_folder(ws: Workspace, place: str) -> bool:
    """Whether it is a folder; only what looks like one is looked for where files are closed."""
    looks = "/" in place or "\\" in place
    if looks:
        require_external_access(ws.con)
    closed = not run(ws.con, "SELECT current_setting('enable_external_access')")[0][0]
    return not closed and Path(place).is_dir()


def _folder(ws: Workspace, place: str, open_: ExitStack, like: Found | None) -> Found:
    require_external_access(ws.con)
    tables: dict[str, RawTable] = {}
    for path in files.folder(place):
        name, table = _file(ws, path, open_, like)
        if name in tables:
            msg = f"folder '{place}' has two files of the table '{name}'; keep one of them"
            raise SourceError(msg)
        tables[name] = table
    return Found(place, False, tables)


def _file(ws: Workspace, path: str, open_: ExitStack, like: Found | None) -> tuple[str, RawTable]:
    require_external_access(ws.con)
    name = files.stem(path)
    if files.kind(path) in files.DATABASES:
        files.require(path)
        msg = f"'{path}' is a database: ATTACH {string(path)} AS db, then name 'db.main'"
        raise SourceError(msg)
    query = files.source(path)
    if files.kind(path) == ".parquet":
        raw = read_table(ws.con, query, database=ws.database, schema=ws.schema)
        return name, replace(raw, name=name)
    if files.READERS[files.kind(path)] == "read_csv":
        query = _csv(ws, path, query, _like(like, name))
    made = open_.enter_context(kept(ws.con, _ALL.substitute(source=query), about=f"file '{path}'"))
    return name, _temporary(ws, made, name)


def _like(like: Found | None, name: str) -> RawTable | None:
    """The real table that a file is of."""
    if like is None:
        return None
    only = next(iter(like.tables.values())) if like.single else None
    return only or like.tables.get(name)


_TYPED = Template("(SELECT * FROM read_csv($path, types = {$types}))")
_TRIED = Template("SELECT count($column) FROM $source")
_DESCRIBED = Template("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM $source)")


def _csv(ws: Workspace, path: str, query: str, like: RawTable | None) -> str:
    """The query of a CSV file, with the real side's types where a guess went another way.

    A column of digits that is text on the real side, or one without any value, is no other type.
    """
    if like is None:
        return query
    wanted = {c.name.casefold(): c.type for c in like.columns}
    typed = {}
    about = f"file '{path}'"
    for name, guess in ask(
        ws.con, "$query", about=about, query=_DESCRIBED.substitute(source=query)
    ):
        real = wanted.get(name.casefold(), guess)
        if family(real) == "text" != family(guess):
            typed[name] = "VARCHAR"
        elif guess == "VARCHAR" and family(real) != "text" and _reads(ws, path, name, real):
            typed[name] = real
    return _typed(path, typed) if typed else query


def _typed(path: str, types: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{string(name)}: {string(type_)}" for name, type_ in types.items())
    return _TYPED.substitute(path=string(path), types=pairs)


def _reads(ws: Workspace, path: str, name: str, type_: str) -> bool:
    """Whether a column of a file can be read as a type."""
    try:
        run(ws.con, _TRIED.substitute(column=quoted(name), source=_typed(path, {name: type_})))
    except SourceError:
        return False
    return True
