"""One column of all sides as SQL: a number or a label for each row, and how often each occurs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from string import Template
from typing import Any

import duckdb

from genesis_sql.evaluate.sides import LABEL, MOMENT, Sides
from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Column, Role

_NUMBERS = {Role.INTEGER, Role.DECIMAL}
_DAYS = {Role.DATE, Role.TIMESTAMP}


def value_sql(column: Column, kind: str) -> str:
    """A row's number as DOUBLE (moments in microseconds), or its label as VARCHAR.

    The same on every side, whatever member of the family the type is: 1 and 1.0 are one label. NaN
    counts as NULL, as it does in pandas.
    """
    name, role = quoted(column.name), role_of_type(column.type)
    number = f"nullif(CAST({name} AS DOUBLE), CAST('nan' AS DOUBLE))"
    if kind == MOMENT:
        return f"CAST(epoch_us({name}) AS DOUBLE)"
    if kind != LABEL:
        return number
    if role in _NUMBERS:
        return f"CAST({number} AS VARCHAR)"
    return f"CAST(CAST({name} AS TIMESTAMP) AS VARCHAR)" if role in _DAYS else text_of(name)


def text_of(name: str) -> str:
    """A value of any other type as text."""
    return f"CAST({name} AS VARCHAR)"


def number_literal(value: float) -> str:
    """A DOUBLE exactly, as SQL text.

    Example:
        >>> number_literal(0.1), number_literal(1e300), number_literal(float("inf"))
        ('0.1e0', '1e+300', "CAST('inf' AS DOUBLE)")
    """
    text = repr(float(value))
    if not any(c.isdigit() for c in text):
        return f"CAST('{text}' AS DOUBLE)"
    return text if "e" in text else f"{text}e0"


def sides_of(sides: Sides, table: str) -> tuple[str, ...]:
    """What stands behind FROM: real, synthetic and, where there is one of its own, the holdout."""
    if sides.holdout is None or table in sides.shared:
        return sides.real[table], sides.synthetic[table]
    return sides.real[table], sides.synthetic[table], sides.holdout[table]


_SIDE = Template("SELECT CAST($number AS UTINYINT) AS side, $columns FROM $source")


def stacked(sources: Sequence[str], columns: str) -> str:
    """The rows of all sides over each other, `side` saying whose."""
    parts = [
        _SIDE.substitute(number=number, columns=columns, source=source)
        for number, source in enumerate(sources)
    ]
    return f"({' UNION ALL '.join(parts)})"


_CREATE = Template("CREATE TEMP TABLE $name AS $query")


@contextmanager
def kept(
    con: duckdb.DuckDBPyConnection, query: str, *, about: str = "the tables to compare"
) -> Iterator[str]:
    """A temporary table of a query's rows under a name of its own; dropped again."""
    name = quoted(f"genesis_{uuid.uuid4().hex}")
    ask(con, "$made", about=about, made=_CREATE.substitute(name=name, query=query))
    try:
        yield name
    finally:
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")


def run(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a statement that holds no placeholders any more.

    Raises:
        SourceError: DuckDB refuses it.
    """
    return ask(con, "$query", about="the tables to compare", query=query)
