"""Several schemas as one: their tables by `schema.table`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from genesis_sql.errors import SourceError, nearest
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.types import RawSchema, RawTable


def read_schemas(
    con: duckdb.DuckDBPyConnection,
    *,
    database: str,
    schemas: Sequence[str],
    tables: Sequence[str] | None = None,
) -> RawSchema:
    """The tables of several schemas, each named `schema.table`, with the keys inside a schema.

    DuckDB has no foreign keys between schemas; such keys are given as relationships.

    Args:
        con: An open connection or cursor.
        database: The attached database.
        schemas: Two or more.
        tables: The tables to take, `schema.table` or a name that only one schema has; all where
            not given.

    Raises:
        SourceError: A schema or table is not there, or a table is in several schemas.
    """
    found: dict[str, RawTable] = {}
    for schema in schemas:
        for table in read_schema(con, database=database, schema=schema).tables:
            name = f"{table.schema}.{table.name}"
            if name in found:
                msg = f"schema '{schema}' is named twice"
                raise SourceError(msg)
            found[name] = _qualified(table, name)
    if tables is None:
        return RawSchema(tuple(found.values()))
    chosen = {name: found[name] for name in (_meant(t, found) for t in tables)}
    return RawSchema(tuple(chosen[name] for name in sorted(chosen)))


def _qualified(table: RawTable, name: str) -> RawTable:
    keys = tuple(replace(k, parent=f"{table.schema}.{k.parent}") for k in table.foreign_keys)
    return replace(table, name=name, foreign_keys=keys)


def _meant(name: str, found: dict[str, RawTable]) -> str:
    whole = match(name, found)
    if whole is not None:
        return whole
    bare = [full for full, t in found.items() if full == f"{t.schema}.{name}"]
    if len(bare) == 1:
        return bare[0]
    if bare:
        msg = f"tables names '{name}', which is in several schemas: write '{bare[0]}'"
        raise SourceError(msg)
    msg = f"tables names '{name}', which no schema has{nearest(name, found)}"
    raise SourceError(msg)
