"""Two sides of a comparison, opened for tests without a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from genesis_sql.actions.workspace import Workspace
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.opening.places import open_sides
from genesis_sql.evaluate.sides import Sides

FRESH = """
CREATE SCHEMA real; CREATE SCHEMA synth; CREATE SCHEMA held;
CREATE TABLE real.people AS
SELECT (i * 7919 % 60) + 18 AS age, CASE WHEN i % 10 = 3 THEN NULL ELSE ['a', 'b', 'c', 'd'][i * 7919 // 3 % 4 + 1] END AS grade,
       ln(1 + i * 7919 % 1000) * 10 AS pay, DATE '2020-01-01' + CAST(i * 31 % 365 AS INTEGER) AS since, i % 3 = 0 AS member
FROM range(1000) AS r(i);
CREATE TABLE synth.people AS
SELECT (i * 104729 % 60) + 18 AS age, CASE WHEN i % 7 = 3 THEN NULL ELSE ['a', 'b', 'c', 'e'][i * 7919 // 3 % 4 + 1] END AS grade,
       ln(1 + i * 104729 % 700) * 11 AS pay, DATE '2020-03-01' + CAST(i * 37 % 365 AS INTEGER) AS since, i % 4 = 0 AS member
FROM range(800) AS r(i);
CREATE TABLE held.people AS
SELECT (i * 6700417 % 60) + 18 AS age, CASE WHEN i % 10 = 4 THEN NULL ELSE ['a', 'b', 'c', 'd'][i * 7919 // 3 % 4 + 1] END AS grade,
       ln(1 + i * 7907 % 1000) * 10 AS pay, DATE '2020-01-01' + CAST(i * 29 % 365 AS INTEGER) AS since, i % 3 = 1 AS member
FROM range(500) AS r(i);
"""
"""Three schemas with a table `people`: real rows, others, and some like the real ones."""


def workspace(con: duckdb.DuckDBPyConnection) -> Workspace:
    """What `open_sides` works with: no model is asked for."""
    cursor = con.cursor()
    row = con.execute("SELECT current_database(), current_schema()").fetchall()[0]
    return Workspace(cursor, row[0], row[1], _none, _none, _none)  # type: ignore[arg-type]


def _none(*_: object) -> None:
    message = "no model is asked for"
    raise AssertionError(message)


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, *places: str, **more: object) -> Iterator[Sides]:
    """Sides of the places, see `open_sides`."""
    ws = workspace(con)
    try:
        with open_sides(ws, *places, **more) as sides:  # type: ignore[arg-type]
            yield sides
    finally:
        ws.con.close()


def by_name(metrics: list[Metric], name: str) -> dict[tuple[str, ...], Metric]:
    """The rows of one metric by columns; there are some."""
    found = {m.columns: m for m in metrics if m.name == name}
    assert found, name
    return found
