"""The Parquet file that a compiled text reads its data from."""

from __future__ import annotations

from pathlib import Path

import duckdb

from genesis_sql.cli import files
from genesis_sql.errors import OptionError, TargetError


def write_cells(path: str, cells: duckdb.DuckDBPyRelation, con: duckdb.DuckDBPyConnection) -> None:
    """Write the rows (name, values) of a text; a file that has them already is left alone.

    Raises:
        TargetError: a file of that name holds something else, or cannot be written.
        OptionError: the path is not one of this machine.
    """
    if "://" in path:
        message = (
            f"--data {path}: genesis compile writes files of this machine only; in DuckDB it is "
            f"COPY (FROM genesis_compile_data(…)) TO '{path}'"
        )
        raise OptionError(message)
    if Path(path).exists():
        if _held(path) != sorted(cells.fetchall()):
            message = (
                f"'{path}' is there already and holds other data; name another file, or remove it"
            )
            raise TargetError(message)
        return
    files.copy(cells, con, path)


def _held(path: str) -> list[tuple[str, str]] | None:
    """The rows of a file of cell data; None where it is something else."""
    with duckdb.connect() as con:
        try:
            found = con.read_parquet(path)
            rows = found.fetchall() if found.columns == ["name", "values"] else None
        except duckdb.Error:
            return None
    return None if rows is None else sorted(rows)
