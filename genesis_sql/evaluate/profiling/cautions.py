"""What to be wary of in a column or a table: each told once, with how many rows it is about."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template
from typing import Any

import duckdb

from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Column, RawTable, Role, Table

MOSTLY = 0.5
"""Share of NULL from which on a column is mostly NULL."""
NEARLY = 0.95
"""Share of different values from which on text is nearly unique."""
SURE = 0.99
"""Share of the texts that have to be numbers or dates."""
SPIKE = 0.2
"""Share of zeros, in a column of otherwise larger numbers, that may stand for 'none'."""
FAR = 3
"""Interquartile ranges beyond the quartiles: Tukey (1977), 'far out'."""
_STANDINS = (
    "", "n/a", "na", "#n/a", "null", "none", "nil", "nan", "-", "--", "?", "unknown", "missing",
    "undefined", "tbd", "todo", "xxx", "not available", "not applicable",
)  # fmt: skip
_NINES = (-1, -9, -99, -999, -9999, 99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999)
_DAYS = ("1900-01-01", "1970-01-01", "1899-12-30", "9999-12-31", "2099-12-31", "0001-01-01")
_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d")


def column_warnings(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, values: str
) -> str:
    """The warnings of a column, '; ' between them.

    Args:
        con: an open connection.
        table: whose column it is.
        column: with its counts.
        values: a table of its values v and their counts n.
    """
    return "; ".join([*_counted(table, column), *_looked(con, table, column, values)])


def _counted(table: Table, column: Column) -> Iterator[str]:
    """What the counts tell."""
    there = column.rows - column.nulls
    if not there:
        yield "all values are NULL"
        return
    if column.distinct == 1:
        yield "constant" if not column.nulls else "one value besides NULL"
    if column.nulls >= MOSTLY * column.rows:
        yield f"mostly NULL ({column.nulls:,} of {column.rows:,} rows)"
    key = column.role in (Role.KEY, Role.FOREIGN_KEY)
    alone = column.distinct == there > 1
    if alone and not column.nulls and not key and role_of_type(column.type) is not Role.DECIMAL:
        yield "unique: could be the key"
    elif not alone and not key and column.type == "VARCHAR" and column.distinct > NEARLY * there:
        yield f"nearly unique ({there - column.distinct:,} values are repeated)"


def _looked(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, values: str
) -> Iterator[str]:
    """What the values tell."""
    by_type = role_of_type(column.type)
    if column.rows == column.nulls or column.role is Role.FOREIGN_KEY:
        return
    if column.type == "VARCHAR":
        yield from _texts(_one(con, _TEXTS, values=values, **_TEXT_PARTS))
    elif by_type in (Role.DATE, Role.TIMESTAMP):
        yield from _moments(_one(con, _MOMENTS, values=values, days=", ".join(map(string, _DAYS))))
    elif by_type in (Role.INTEGER, Role.DECIMAL) and column.role is not Role.KEY:
        parts = {"source": table.source, "column": quoted(column.name), "far": str(FAR)}
        nines = ", ".join(map(str, _NINES))
        yield from _numbers(_one(con, _NUMBERS, values=values, nines=nines, **parts), column)


def _one(con: duckdb.DuckDBPyConnection, template: Template, **parts: str) -> tuple[Any, ...]:
    text = template.substitute(parts)
    return ask(con, "$text", about="the values of a column", text=text)[0]


# texts

_TEXTS = Template("""
SELECT sum(n), coalesce(sum(n) FILTER (WHERE v <> trim(v, E' \\t\\n\\r')), 0),
       count(*) - count(DISTINCT lower(trim(v))),
       coalesce(sum(n) FILTER (WHERE TRY_CAST(trim(v) AS DOUBLE) IS NOT NULL), 0),
       coalesce(sum(n) FILTER (WHERE regexp_matches(trim(v), '^[+-]?0[0-9]')), 0),
       coalesce(sum(n) FILTER (WHERE regexp_matches(v, '[-:/.]|^[0-9]{8}$$') AND
                                     (TRY_CAST(trim(v) AS TIMESTAMP) IS NOT NULL OR $tried)), 0),
       coalesce(sum(n) FILTER (WHERE lower(trim(v)) IN ($standins)), 0),
       min(v) FILTER (WHERE lower(trim(v)) IN ($standins))
FROM $values
""")
_TEXT_PARTS = {
    "tried": " OR ".join(f"try_strptime(trim(v), {string(f)}) IS NOT NULL" for f in _FORMATS),
    "standins": ", ".join(map(string, _STANDINS)),
}


def _texts(found: tuple[Any, ...]) -> Iterator[str]:
    total, spaces, alike, numbers, zeros, dates, standins, standin = found
    if standins:
        yield f"{_rows(standins)} with a placeholder such as {standin!r}"
    left = total - standins
    if left and numbers >= SURE * left and not zeros:
        yield "numbers stored as text"
    elif left and dates >= SURE * left:
        yield "dates stored as text"
    if spaces:
        yield f"{_rows(spaces)} with spaces at an end"
    if alike:
        yield f"{alike:,} values differ from another in case or spaces alone"


# moments

_MOMENTS = Template("""
SELECT coalesce(sum(n) FILTER (WHERE v < DATE '1900-01-01'), 0),
       coalesce(sum(n) FILTER (WHERE v > now()), 0),
       coalesce(sum(n) FILTER (WHERE day IN ($days)), 0), min(day) FILTER (WHERE day IN ($days))
FROM (SELECT v, n, left(CAST(v AS VARCHAR), 10) AS day FROM $values)
""")


def _moments(found: tuple[Any, ...]) -> Iterator[str]:
    early, late, standins, standin = found
    if standins > 1:
        yield f"{_rows(standins)} with a placeholder such as {standin}"
    if early:
        yield f"{_rows(early)} before 1900"
    if late:
        yield f"{_rows(late)} in the future"


# numbers

_NUMBERS = Template("""
WITH q AS (
  SELECT quantile_disc(CAST($column AS DOUBLE), 0.25) AS low,
         quantile_disc(CAST($column AS DOUBLE), 0.75) AS high
  FROM $source
), ends AS (SELECT min(v) AS least, max(v) AS greatest FROM $values),
seen AS (
  SELECT *, v IN ($nines) AND v IN (least, greatest) AS nine,
         v < low - $far * (high - low) OR v > high + $far * (high - low) AS far
  FROM $values, q, ends
)
SELECT coalesce(sum(n) FILTER (WHERE far), 0), any_value(high - low),
       coalesce(sum(n) FILTER (WHERE v = 0), 0), sum(n),
       coalesce(sum(n) FILTER (WHERE nine), 0), min(v) FILTER (WHERE nine),
       any_value(least), min(v) FILTER (WHERE v > 0),
       coalesce(sum(n) FILTER (WHERE NOT isfinite(CAST(v AS DOUBLE))), 0)
FROM seen
""")


def _numbers(found: tuple[Any, ...], column: Column) -> Iterator[str]:
    far, between, zeros, total, nines, nine, least, above, wild = found
    if wild:
        yield f"{_rows(wild)} with NaN or infinity"
    if nines > 1:
        yield f"{_rows(nines)} with a placeholder such as {nine}"
    gap = least == 0 and above is not None and above > 1 and column.distinct > 2
    if gap and zeros >= SPIKE * total:
        yield f"{_rows(zeros)} are 0, all others {above} or more: 0 may stand for none"
    if far and between:
        yield f"{_rows(far)} far out"


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


# the table

_DISTINCT = Template("SELECT count(*) FROM (SELECT DISTINCT $columns FROM $source)")


def table_warnings(con: duckdb.DuckDBPyConnection, raw: RawTable, table: Table) -> tuple[int, str]:
    """Different rows of a table, and its warnings."""
    columns = ", ".join(quoted(c.name) for c in raw.columns)
    statement = _DISTINCT.substitute(columns=columns, source=raw.source)
    distinct = int(ask(con, "$text", about="the rows", text=statement)[0][0])
    told = []
    if distinct < table.rows:
        told.append(f"{_rows(table.rows - distinct)} are duplicates of another")
    keys = [c.name for c in table.columns if _names_rows(c)]
    if table.primary_key:
        told.append(f"the key is {', '.join(table.primary_key)}")
    elif keys:
        told.append(f"no key is declared; unique: {', '.join(keys[:5])}")
    elif distinct == table.rows:
        told.append("no column alone is unique")
    return distinct, "; ".join(told)


def _names_rows(column: Column) -> bool:
    whole = column.distinct == column.rows > 1 and not column.nulls and not column.inside
    return whole and role_of_type(column.type) in (Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER)
