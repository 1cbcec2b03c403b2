"""The Python doors of deliveries: a model's tables into another database, or into files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from genesis_sql.doors import Row, effect


def fill(
    con: duckdb.DuckDBPyConnection,
    name: str,
    url: Any,
    *,
    rows: Mapping[str, int] | None = None,
    scale: float = 1.0,
    seed: int = 0,
    version: int | None = None,
    if_exists: str = "error",
    commit: str = "all",
    schema: str | None = None,
    conditions: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> list[Row]:
    """Write all tables of a model into a database that has them, in the order of their keys.

    Args:
        con: where the model is kept.
        name: of the model.
        url: of the database, as SQLAlchemy writes it: postgresql://user:password@host/database,
            mysql+pymysql://…, sqlite:///file. A URL or Engine object of SQLAlchemy works too.
        rows: of tables by name; the others follow ``scale``.
        scale: 2 makes twice as many rows as the model has.
        seed: another one gives other rows.
        version: another than the active one.
        if_exists: what happens where the tables hold rows: 'error', 'append' to them, or 'replace'
            them.
        commit: 'all' keeps all tables or none; 'table' commits piece by piece, and the same call
            goes on behind what is committed after it was cut off.
        schema: there; the connection's own where not given.
        conditions: what rows have, by table and column.
        dry_run: look whether all fits, tell the rows, write nothing.

    Raises:
        TargetError: the database cannot be reached or written, or its tables do not fit.
        IntegrityError: a key does not hold there; nothing is kept then.
    """
    given: Row = {
        "model": name, "url": url_text(url), "rows": None if rows is None else dict(rows),
        "scale": scale, "seed": seed, "version": version, "if_exists": if_exists,
        "commit": commit, "schema": schema, "conditions": _plain(conditions), "dry_run": dry_run,
    }  # fmt: skip
    return effect(con, "fill", given)


def export_database(
    con: duckdb.DuckDBPyConnection,
    name: str,
    path: str | Path,
    *,
    format: str | None = None,
    dialect: str | None = None,
    rows: Mapping[str, int] | None = None,
    scale: float = 1.0,
    seed: int = 0,
    version: int | None = None,
    if_exists: str = "error",
    conditions: Mapping[str, Any] | None = None,
) -> list[Row]:
    """Write all tables of a model into files, one for each, or one SQL script of all.

    Args:
        con: where the model is kept.
        name: of the model.
        path: a folder, which is made where it is missing; or a file that ends in .sql.
        format: 'parquet', 'csv', 'json', 'jsonl' or 'sql'.
        dialect: of 'sql': that of any database that sqlglot knows.
        rows: of tables by name; the others follow ``scale``.
        scale: 2 makes twice as many rows as the model has.
        seed: another one gives other rows.
        version: another than the active one.
        if_exists: 'error', or 'replace' the files of these names.
        conditions: what rows have, by table and column.

    Raises:
        TargetError: a file is there already, or cannot be written.
        AccessError: the connection may not touch files.
    """
    given: Row = {
        "model": name, "path": str(path), "format": format, "dialect": dialect,
        "rows": None if rows is None else dict(rows), "scale": scale, "seed": seed,
        "version": version, "if_exists": if_exists, "conditions": _plain(conditions),
    }  # fmt: skip
    return effect(con, "export_database", given)


def url_text(url: Any) -> Any:
    """A URL as text, with the password that SQLAlchemy's own text would hide."""
    inner = getattr(url, "url", url)  # an Engine has one
    render = getattr(inner, "render_as_string", None)
    return inner if render is None else render(hide_password=False)


def _plain(conditions: Mapping[str, Any] | None) -> Any:
    import json

    return None if conditions is None else json.loads(json.dumps(conditions, default=str))
