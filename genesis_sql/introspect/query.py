"""One way to put a question to DuckDB, for the stages that only read."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Any

import duckdb

from genesis_sql.errors import SourceError


def ask(
    con: duckdb.DuckDBPyConnection,
    template: str,
    *,
    about: str,
    values: Sequence[Any] = (),
    **parts: str,
) -> list[tuple[Any, ...]]:
    """Run one statement, read its result to the end and return the rows.

    Args:
        con: An open connection or cursor.
        template: SQL text; ``$name`` stands for the part of that name.
        about: What is read, for the error's text.
        values: Bound parameters, one for each ``?``.
        parts: SQL text that `genesis_sql.sqlbuild` quoted, or a checked source. Put in once and not
            read again for placeholders, so that a name such as ``$parts`` is harmless.

    Raises:
        SourceError: DuckDB refuses the statement. Ctrl-C passes through as DuckDB's own error.
    """
    try:
        return con.execute(Template(template).substitute(parts), list(values)).fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        msg = f"{about} cannot be read; DuckDB says: {first_line(error)}"
        raise SourceError(msg) from error


def first_line(error: Exception) -> str:
    """The first line of an error's text, which holds DuckDB's sentence."""
    return str(error).strip().split("\n", 1)[0]
