"""How like each other two distributions of a number are, from their counts."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

import duckdb

from genesis_sql.evaluate.counts.values import run

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


def union(queries: Sequence[str]) -> str:
    """All rows of several queries."""
    return " UNION ALL ".join(queries)
