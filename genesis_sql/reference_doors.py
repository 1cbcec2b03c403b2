"""The Python doors of reference data: public figures, directories and codes in the database."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from genesis_sql.doors import Row, effect, listed, read


def load_reference(
    con: duckdb.DuckDBPyConnection,
    *,
    path: str | None = None,
    tables: Sequence[str] | None = None,
) -> list[Row]:
    """Put reference tables into the schema genesis_reference, and return a dict per table.

    Args:
        con: where they go.
        path: a folder that `genesis reference build` wrote; the shipped tables where not given.
        tables: only these.

    Raises:
        TargetError: a table of yours has the name of one of these; nothing was changed.

    Example:
        >>> con = duckdb.connect()
        >>> [row["status"] for row in load_reference(con, tables=["counties"])]
        ['loaded']
        >>> [row["status"] for row in load_reference(con, tables=["counties"])]
        ['kept']
        >>> con.close()
    """
    return effect(con, "load_reference", {"path": path, "tables": listed("tables", tables)})


def list_reference_tables(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """What there is of reference tables, loaded or not, with publisher, vintage and licence."""
    return read(con, "reference_tables", {})
