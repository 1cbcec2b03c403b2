"""The first look at one table: what each column holds, and what to be wary of.

It shows real values (the commonest, the ends, quantiles): it is for the eyes of those who may see
the table, and is no part of a model, a report or a certificate.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from string import Template
from typing import Any

import duckdb

from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import SourceError
from genesis_sql.evaluate.counts.values import kept
from genesis_sql.evaluate.opening.found import find
from genesis_sql.evaluate.profiling.cautions import column_warnings, table_warnings
from genesis_sql.evaluate.profiling.meanings import meaning_of
from genesis_sql.evaluate.sides import MOMENT, NUMBER, kind_of
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Column, RawSchema, RawTable, Role, Table

WIDEST = 120
"""Characters of a value that are shown."""
_NUMBERS = (Role.INTEGER, Role.DECIMAL)
_SORTED = (*_NUMBERS, Role.DATE, Role.TIMESTAMP, Role.TIME)
_WHOLE = (Role.STRUCT, Role.LIST, Role.UNSUPPORTED)
"""Columns whose values are not looked at; the parts of a struct are columns of their own."""


def profile(ws: Workspace, source: str) -> list[dict[str, Any]]:
    """A row for the whole table, called '*', and one for each column.

    Args:
        ws: where the caller stands.
        source: a table, a view, a query in brackets or a file of data.

    Raises:
        SourceError: there is no such table, or it has no rows or columns.
        AccessError: it is a file, and the connection is closed to files.
    """
    with ExitStack() as open_:
        table = _one(ws, source, open_)
        graph = build_graph(ws.con, RawSchema((table,)))
        built = graph.table(table.name)
        rows = [_table_row(ws.con, table, built)]
        for at, (column, shown) in enumerate(zip(built.columns, built.names, strict=True)):
            ws.progress(f"looking at {shown}", at / len(built.columns))
            rows.append(_column_row(ws.con, built, column, shown))
        return rows


def _one(ws: Workspace, source: str, open_: ExitStack) -> RawTable:
    """The table to look at.

    Raises:
        SourceError: the place has several, or the table has nothing in it.
    """
    found = find(ws, source, open_)
    if not found.single and len(found.tables) > 1:
        some = ", ".join(f"'{source}.{t}'" for t in list(found.tables)[:4])
        msg = f"'{source}' holds {len(found.tables)} tables: name one of them, such as {some}"
        raise SourceError(msg)
    ((name, table),) = found.tables.items()
    if not table.columns or not table.rows:
        msg = f"'{source}' has no {'rows' if table.columns else 'columns'}: there is nothing to see"
        raise SourceError(msg)
    return replace(table, name=name)


@dataclass(frozen=True)
class Seen:
    """What the values of a column told; texts are cut."""

    least: str | None = None
    quantiles: tuple[str | None, ...] = (None, None, None)
    greatest: str | None = None
    mean: float | None = None
    deviation: float | None = None
    pattern: str | None = None
    commonest: str | None = None
    share: float | None = None


def _row(name: str, type_: str, **more: Any) -> dict[str, Any]:
    """A row with every field that `genesis_profile` returns."""
    empty = dict.fromkeys(
        ("role", "meaning", "nulls", "distinct_values", "least", "quantile_25", "median",
         "quantile_75", "greatest", "mean", "deviation", "pattern", "commonest", "commonest_share")
    )  # fmt: skip
    return {"column_name": name, "type": type_, **empty, **more}


def _table_row(con: duckdb.DuckDBPyConnection, raw: RawTable, table: Table) -> dict[str, Any]:
    distinct, warnings = table_warnings(con, raw, table)
    return _row(
        "*", raw.kind, role="table", rows=table.rows, distinct_values=distinct, warning=warnings
    )


def _column_row(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, shown: str
) -> dict[str, Any]:
    seen, warnings = Seen(), column.reason if column.role is Role.UNSUPPORTED else ""
    if column.role not in _WHOLE:
        name = quoted(column.name)
        counted = _COUNTED.substitute(source=table.source, column=name)
        with kept(con, counted, about=f"column {name}") as values:
            seen = _seen(con, table, column, values)
            warnings = column_warnings(con, table, column, values)
    return _row(
        shown,
        column.type,
        role=column.role.value,
        meaning=column.personal or meaning_of(shown, column.role) or None,
        rows=column.rows,
        nulls=column.nulls,
        distinct_values=None if column.role in _WHOLE else column.distinct,
        least=seen.least,
        quantile_25=seen.quantiles[0],
        median=seen.quantiles[1],
        quantile_75=seen.quantiles[2],
        greatest=seen.greatest,
        mean=seen.mean,
        deviation=seen.deviation,
        pattern=seen.pattern,
        commonest=seen.commonest,
        commonest_share=seen.share,
        warning=warnings or None,
    )


_COUNTED = Template(
    "SELECT $column AS v, count(*) AS n FROM $source WHERE $column IS NOT NULL GROUP BY 1"
)
_ENDS = Template("SELECT CAST(min(v) AS VARCHAR), CAST(max(v) AS VARCHAR) FROM $values")
_COMMONEST = Template("SELECT CAST(v AS VARCHAR), n FROM $values ORDER BY n DESC, v LIMIT 1")
_QUANTILES = Template("""
SELECT CAST(quantile_disc($column, [0.25, 0.5, 0.75]) AS VARCHAR[]) FROM $source
""")
_MOMENTS = Template("""
SELECT avg(x), stddev_samp(x) FROM (SELECT CAST($column AS DOUBLE) AS x FROM $source)
WHERE isfinite(x)
""")


def _seen(con: duckdb.DuckDBPyConnection, table: Table, column: Column, values: str) -> Seen:
    """What the values of a column tell; they are in a table with their counts."""

    def one(template: Template, **more: str) -> tuple[Any, ...]:
        about, name = f"column '{column.name}'", quoted(column.name)
        text = template.substitute(more, column=name, source=table.source, values=values)
        rows = ask(con, "$text", about=about, text=text)
        return rows[0] if rows else (None, None)

    kind = kind_of(column)
    least, greatest = one(_ENDS)
    commonest, count = one(_COMMONEST)
    sorted_ = kind in (NUMBER, MOMENT) or role_of_type(column.type) in _SORTED
    quantiles = one(_QUANTILES)[0] if sorted_ and count else None
    mean, deviation = one(_MOMENTS) if role_of_type(column.type) in _NUMBERS else (None, None)
    return Seen(
        least=_cut(least),
        quantiles=tuple(quantiles or (None, None, None)),
        greatest=_cut(greatest),
        mean=_rounded(mean),
        deviation=_rounded(deviation),
        pattern=_pattern(con, values) if column.type == "VARCHAR" and count else None,
        commonest=_cut(commonest),
        share=count / column.rows if count else None,
    )


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _rounded(value: float | None) -> float | None:
    """To nine digits that count: the order of a sum is not seen in them."""
    return None if value is None else float(f"{value:.9g}")


_SHAPED = Template(r"""
WITH shapes AS (
  SELECT regexp_replace(regexp_replace(regexp_replace(left(v, 60), '[\p{Ll}\p{Lo}]', 'a', 'g'),
           '\p{Lu}', 'A', 'g'), '[0-9]', '9', 'g') AS shape, n
  FROM $values ORDER BY n DESC, md5(v) LIMIT $most
), words AS (
  SELECT regexp_replace(regexp_replace(regexp_replace(shape, 'aa+', 'a+', 'g'), 'AA+', 'A+', 'g'),
           '99+', '9+', 'g') AS shape, n FROM shapes
)
SELECT shape FROM (
  SELECT 0 AS kind, shape, sum(n) AS n FROM shapes GROUP BY shape
  UNION ALL
  SELECT 1, shape, sum(n) FROM words GROUP BY shape
)
WHERE 2 * n >= (SELECT sum(n) FROM shapes) ORDER BY kind, n DESC, shape LIMIT 1
""")
LOOKED_AT = 5000
"""Different texts whose pattern is looked at, commonest first."""


def _pattern(con: duckdb.DuckDBPyConnection, values: str) -> str | None:
    """The shape of half the texts or more: A, a and 9 for letters and digits, + for a run of them.

    'AAA-999' where they have one length, else 'Aa+ Aa+'; None where they have too many shapes.
    """
    statement = _SHAPED.substitute(values=values, most=str(LOOKED_AT))
    found = ask(con, "$text", about="the patterns of a column", text=statement)
    return found[0][0] if found else None
