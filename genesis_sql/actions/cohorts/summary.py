"""What is in a cohort: rows per table, and a line per column."""

from __future__ import annotations

from typing import Any

from genesis_sql.actions.cohorts.tables import Held, read_tables
from genesis_sql.actions.workspace import Workspace
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.store import cohorts

FEW = 20
"""Labels of a column that are counted one by one."""
_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL",
)  # fmt: skip
_ORDERED = ("DATE", "TIMESTAMP", "TIME", "INTERVAL")
COLUMNS = (
    "table_name", "column_name", "type", "rows", "nulls", "distinct_values", "least", "mean",
    "deviation", "median", "greatest", "value", "share",
)  # fmt: skip


def summarise_cohort(ws: Workspace, name: str) -> list[dict[str, Any]]:
    """Rows of each table; numbers of each column; each label of a column of few, with its share.

    A row without a column is about the table, one with a ``value`` about a label.

    Raises:
        CohortError: there is no such cohort, or a table of it is gone.
    """
    found = cohorts.find(ws.con, ws.database, name)
    held = read_tables(ws, found.schema, found.tables)
    out: list[dict[str, Any]] = []
    for at, table in enumerate(held):
        ws.progress(table.name, at / len(held))
        source = qualified(ws.database, found.schema, table.name)
        with ws.job.reading(ws.con):
            out += _table(ws, table, source)
    return out


def _row(table: str, **told: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS), "table_name": table, **told}


def _table(ws: Workspace, table: Held, source: str) -> list[dict[str, Any]]:
    query = f"SELECT count(*), {', '.join(_measures(c.name, c.type) for c in table.columns)}"
    found = ws.con.execute(f"{query} FROM {source}").fetchall()[0]
    rows, values = found[0], found[1:]
    out = [_row(table.name, rows=rows)]
    names = ("nulls", "distinct_values", "least", "mean", "deviation", "median", "greatest")
    for at, c in enumerate(table.columns):
        measured = dict(zip(names, values[at * len(names) :], strict=False))
        measured["nulls"] = rows - measured["nulls"]
        out.append(_row(table.name, column_name=c.name, type=c.type, rows=rows, **measured))
        if _labelled(c.type) and 0 < measured["distinct_values"] <= FEW:
            out += _labels(ws, table.name, c.name, source)
    return out


def _labelled(kind: str) -> bool:
    return kind in ("VARCHAR", "BOOLEAN") or kind.startswith("ENUM")


def _measures(name: str, kind: str) -> str:
    """Seven numbers of a column: not NULL, distinct, least, mean, deviation, median, greatest."""
    c = quoted(name)
    number, ordered = kind.startswith(_NUMBERS), kind.startswith(_ORDERED)
    value = f"CAST({c} AS DOUBLE)"
    ends = [f"CAST({f}({c}) AS VARCHAR)" if number or ordered else "NULL" for f in ("min", "max")]
    inner = [f"{f}({value})" if number else "NULL" for f in ("avg", "stddev_samp", "median")]
    return ", ".join([f"count({c})", f"count(DISTINCT {c})", ends[0], *inner, ends[1]])


def _labels(ws: Workspace, table: str, column: str, source: str) -> list[dict[str, Any]]:
    c = quoted(column)
    query = (
        f"SELECT CAST({c} AS VARCHAR), count(*), count(*) / sum(count(*)) OVER () FROM {source} "  # noqa: S608 - quoted names
        f"WHERE {c} IS NOT NULL GROUP BY {c} ORDER BY count(*) DESC, 1"
    )
    return [
        _row(table, column_name=column, rows=rows, value=value, share=share)
        for value, rows, share in ws.con.execute(query).fetchall()
    ]
