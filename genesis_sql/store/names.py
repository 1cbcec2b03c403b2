"""Three-part names: every statement of the store says which database it means.

Statements are written with `genesis.<table>`; here each such table gets the database's name in
front, in the parsed tree, so that a file called genesis.duckdb (whose database is named genesis
too) is no special case.
"""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import duckdb
import sqlglot
from sqlglot import exp

from genesis_sql import sqlbuild

SCHEMA = "genesis"
Con: TypeAlias = duckdb.DuckDBPyConnection
"""A cursor of the caller, outside a transaction."""


def _qualify(tree: exp.Expression, database: str) -> exp.Expression:
    for table in tree.find_all(exp.Table):
        if table.db == SCHEMA and not table.catalog:
            if isinstance(table.this, exp.Identifier):  # CREATE SCHEMA has none
                table.this.set("quoted", True)
            table.set("db", exp.to_identifier(SCHEMA, quoted=True))
            table.set("catalog", exp.to_identifier(database, quoted=True))
    return tree


@functools.lru_cache(maxsize=512)
def sql(template: str, database: str) -> str:
    """A statement with the database's name in front of each table of the store.

    Example:
        >>> sql("SELECT name FROM genesis.models", "shop")
        'SELECT name FROM "shop"."genesis"."models"'
    """
    return sqlbuild.text(_qualify(sqlbuild.fill(template), database))


def run(con: Con, database: str, template: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement of the store with bound values, and fetch its rows."""
    return con.execute(sql(template, database), values).fetchall()


def filled(template: str, database: str, **values: Any) -> str:
    """The same with literals in the place of `$name`, because query() binds nothing."""
    return sqlbuild.text(_qualify(sqlbuild.fill(template, **values), database))


@functools.lru_cache(maxsize=64)
def script(text: str, database: str) -> tuple[str, ...]:
    """The statements of a migration file, qualified."""
    return tuple(sqlbuild.text(_qualify(tree, database)) for tree in _statements(text))


def _statements(text: str) -> list[exp.Expression]:
    trees = sqlglot.parse(text, read=sqlbuild.DIALECT)
    return [tree for tree in trees if isinstance(tree, exp.Expression)]


@functools.lru_cache(maxsize=64)
def created_tables(text: str) -> tuple[str, ...]:
    """The names of the tables that a migration file creates, in its order."""
    creates = (t for t in _statements(text) if isinstance(t, exp.Create) and t.kind == "TABLE")
    return tuple(table.name for t in creates if (table := t.find(exp.Table)) is not None)


def drop_table(table: str, database: str) -> str:
    """The statement that drops a table of the store."""
    return f"DROP TABLE IF EXISTS {sqlbuild.qualified(database, SCHEMA, table)}"


def empty(columns: str) -> str:
    """A SELECT of no rows with these columns and types.

    Example:
        >>> empty("id BIGINT, model VARCHAR")
        'SELECT CAST(NULL AS BIGINT) AS "id", CAST(NULL AS TEXT) AS "model" WHERE FALSE'
    """
    nothing = []
    for column in columns.split(","):
        name, kind = column.split()
        null = exp.cast(exp.null(), kind, dialect=sqlbuild.DIALECT)
        nothing.append(exp.alias_(null, name, quoted=True))
    return sqlbuild.text(exp.select(*nothing).where(exp.false()))
