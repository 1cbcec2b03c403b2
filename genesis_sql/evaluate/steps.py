"""How like each other two distributions of a number are, from their counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from string import Template
from typing import Any

import duckdb

from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted

_STEPS = Template("""
WITH "#both" AS (
  SELECT x, n, CAST(0 AS HUGEINT) AS m FROM ($one) UNION ALL SELECT x, 0, n FROM ($other)),
"#at" AS (SELECT x, sum(n) AS n, sum(m) AS m FROM "#both" WHERE x IS NOT NULL GROUP BY x),
"#up" AS (
  SELECT sum(n) OVER up / sum(n) OVER () - sum(m) OVER up / sum(m) OVER () AS apart, n, m
  FROM "#at" WINDOW up AS (ORDER BY x ROWS UNBOUNDED PRECEDING))
SELECT 1 - max(abs(apart)), coalesce(sum(n), 0), coalesce(sum(m), 0) FROM "#up"
""")


def alike(con: duckdb.DuckDBPyConnection, one: str, other: str) -> tuple[float | None, int, int]:
    """1 - the Kolmogorov-Smirnov distance of two distributions, and how many values each has.

    Args:
        con: an open connection or cursor.
        one: a SELECT of values x and how often each occurs, n.
        other: the same of the other side.

    Returns:
        None for the distance where a side has no values.
    """
    score, n, m = run(con, _STEPS.substitute(one=one, other=other))[0]
    return (None if score is None or not n or not m else float(score)), int(n), int(m)


def run(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a statement without placeholders.

    Raises:
        SourceError: DuckDB refuses it.
    """
    return ask(con, "$query", about="the tables to compare", query=query)


_KEEP = Template("CREATE TEMP TABLE $name AS $query")


@contextmanager
def put_aside(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    """A temporary table of a query's rows, under a name that nobody has; dropped again."""
    name = f"temp.{quoted(f'genesis_{uuid.uuid4().hex}')}"
    run(con, _KEEP.substitute(name=name, query=query))
    try:
        yield name
    finally:
        con.execute(f"DROP TABLE IF EXISTS {name}")


def union(queries: Sequence[str]) -> str:
    """All rows of several queries."""
    return " UNION ALL ".join(queries)
