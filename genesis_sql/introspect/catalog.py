"""DuckDB's catalog functions, read once per call into small records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql.errors import SchemaError
from genesis_sql.introspect.query import ask
from genesis_sql.types import RawColumn, RawForeignKey

OWN_SCHEMA = "genesis"
"""Where the package keeps its own tables; never a source."""

_SCHEMAS = """
SELECT schema_name FROM duckdb_schemas()
WHERE database_name = ? AND schema_name NOT IN ('genesis', 'information_schema', 'pg_catalog')
ORDER BY schema_name
"""

_DATABASES = (
    "SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY database_name"
)

_OBJECTS = """
SELECT table_name, 'table', comment FROM duckdb_tables()
WHERE database_name = ? AND schema_name = ? AND NOT internal AND NOT temporary
UNION ALL
SELECT view_name, 'view', comment FROM duckdb_views()
WHERE database_name = ? AND schema_name = ? AND NOT internal AND NOT temporary
ORDER BY 1
"""

_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()
WHERE database_name = ? AND schema_name = ? AND NOT internal
ORDER BY table_name, column_index
"""

_CONSTRAINTS = """
SELECT table_name, constraint_type, constraint_column_names, referenced_table,
       referenced_column_names, expression
FROM duckdb_constraints()
WHERE database_name = ? AND schema_name = ? AND constraint_type <> 'NOT NULL'
ORDER BY table_name, constraint_index
"""


@dataclass(frozen=True)
class Listed:
    """A table or view of the catalog."""

    name: str
    kind: str
    comment: str | None


@dataclass(frozen=True)
class Keys:
    """The constraints of one table, names spelled as the tables spell them."""

    primary: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign: tuple[RawForeignKey, ...] = ()
    checks: tuple[str, ...] = ()


def databases(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The attached databases."""
    return [r[0] for r in ask(con, _DATABASES, about="the list of databases")]


def schemas(con: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """The schemas of a database that can hold a source; ours is not one of them."""
    return [r[0] for r in ask(con, _SCHEMAS, about="the list of schemas", values=[database])]


def objects(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> list[Listed]:
    """The base tables and views of a schema, by name; TEMP ones are not there."""
    about = f"the list of tables of {database}.{schema}"
    found = ask(con, _OBJECTS, about=about, values=[database, schema, database, schema])
    return [Listed(*row) for row in found]


def columns(
    con: duckdb.DuckDBPyConnection, database: str, schema: str
) -> dict[str, tuple[RawColumn, ...]]:
    """The columns of every table and view of a schema, in their order."""
    about = f"the columns of {database}.{schema}"
    found: dict[str, list[RawColumn]] = {}
    for table, *facts in ask(con, _COLUMNS, about=about, values=[database, schema]):
        found.setdefault(table, []).append(RawColumn(*facts))
    return {table: tuple(cs) for table, cs in found.items()}


def keys(
    con: duckdb.DuckDBPyConnection,
    database: str,
    schema: str,
    known: dict[str, tuple[RawColumn, ...]],
) -> dict[str, Keys]:
    """The keys and checks of every table of a schema.

    DuckDB keeps the names of a constraint as they were typed, so they are matched to the tables'
    own spelling. Keys come in the order of their columns, not of their declaration.
    """
    about = f"the keys of {database}.{schema}"
    grouped: dict[str, list[tuple[Any, ...]]] = {}
    for table, *facts in ask(con, _CONSTRAINTS, about=about, values=[database, schema]):
        grouped.setdefault(table, []).append(tuple(facts))
    return {table: _keys_of(table, rows, known) for table, rows in grouped.items()}


def _keys_of(
    table: str, rows: list[tuple[Any, ...]], known: dict[str, tuple[RawColumn, ...]]
) -> Keys:
    own = [c.name for c in known[table]]
    primary: tuple[str, ...] = ()
    unique, foreign, checks = [], [], []
    for kind, names, parent, parent_names, expression in rows:
        spelled = tuple(spelling(n, own) for n in names)
        if kind == "PRIMARY KEY":
            primary = spelled
        elif kind == "UNIQUE":
            unique.append(spelled)
        elif kind == "CHECK":
            checks.append(expression)
        elif kind == "FOREIGN KEY":
            there = spelling(parent, known)
            theirs = [c.name for c in known[there]]
            referenced = tuple(spelling(n, theirs) for n in parent_names)
            foreign.append(RawForeignKey(spelled, there, referenced))
    unique.sort(key=lambda names: [own.index(n) for n in names])
    foreign.sort(key=lambda fk: ([own.index(n) for n in fk.columns], fk.parent))
    return Keys(primary, tuple(unique), tuple(foreign), tuple(checks))


def spelling(name: str, known: Iterable[str]) -> str:
    """The known name that DuckDB would take this one for: the same, or the same but for case.

    Raises:
        SchemaError: There is none.
    """
    names = list(known)
    found = match(name, names)
    if found is None:
        msg = f"the catalog names '{name}', which is not there"
        raise SchemaError(msg)
    return found


def alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names that differ in case alone, which DuckDB takes for one.

    Example:
        >>> list(alike(["t", "other", "T"]))
        [('t', 'T')]
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            yield other, name


def match(name: str, known: Iterable[str]) -> str | None:
    """The known name that is meant: the exact one, else the only one that differs in case alone."""
    names = list(known)
    if name in names:
        return name
    close = [n for n in names if n.casefold() == name.casefold()]
    return close[0] if len(close) == 1 else None
