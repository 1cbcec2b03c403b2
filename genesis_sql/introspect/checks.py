"""Checks and defaults of another dialect -> DuckDB's, or a note on why not."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from genesis_sql.introspect.query import first_line
from genesis_sql.sqlbuild import DIALECT, quoted
from genesis_sql.types import RawColumn, RawSchema, RawTable

_JSON = re.compile(r"\(*json_valid\s*\(\s*[`\"]?(\w+)[`\"]?\s*\)+$", re.IGNORECASE)

_COUNTS = {"num_nulls": (1, 0), "num_nonnulls": (0, 1)}
"""Functions of PostgreSQL, and what they count for NULL and for a value."""

_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "threads": 1,
    "autoinstall_known_extensions": False,
}
"""A database of its own that reads no file: a check is only bound there, and never run."""


def translated(text: str, dialect: str, *, table: str = "") -> str | None:
    """The DuckDB text of an expression of a dialect; None where sqlglot cannot read it.

    The name of the ``table`` before its columns is left out.

    Example:
        >>> translated("a = ANY (ARRAY[1, 2])", "postgres")
        'a IN (1, 2)'
    """
    quiet = logging.getLogger("sqlglot")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)
    try:
        tree = sqlglot.parse_one(text, read=dialect).transform(_listed)
        for column in tree.find_all(exp.Column):
            if column.table and column.table.casefold() == table.casefold():
                column.set("table", None)
        return tree.sql(dialect=DIALECT)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    finally:
        quiet.setLevel(level)


def with_checks(schema: RawSchema, *, dialect: str) -> RawSchema:
    """The schema with the checks that DuckDB takes; the others become notes.

    A check that lists the values of a column gives them to the column too.
    """
    notes = list(schema.notes)
    tables = []
    with duckdb.connect(":memory:", config=_ALONE) as con:
        for table in schema.tables:
            tables.append(_checked(con, table, dialect, notes))
    return replace(schema, tables=tuple(tables), notes=tuple(dict.fromkeys(notes)))


def _checked(
    con: duckdb.DuckDBPyConnection, table: RawTable, dialect: str, notes: list[str]
) -> RawTable:
    columns = {c.name: c for c in table.columns}
    bare = table.name.removeprefix(f"{table.schema}.")
    read = {
        check: translated(check, dialect, table=bare)
        for check in table.checks
        if not _says_json(columns, check)
    }
    texts = list(dict.fromkeys(t for t in read.values() if t is not None))
    all_right = not texts or not _refused(con, table, *texts)  # one try tells for nearly all tables
    reasons = {} if all_right else {t: _refused(con, table, t) for t in texts}
    for check, text in read.items():
        reason = "sqlglot cannot read it" if text is None else reasons.get(text, "")
        if reason:
            notes.append(f"table '{table.name}': left out CHECK ({check}): {reason}")
    kept = tuple(t for t in texts if not reasons.get(t))
    for text in kept:
        _list_values(columns, text)
    return replace(table, checks=kept, columns=tuple(columns.values()))


def _says_json(columns: dict[str, RawColumn], check: str) -> bool:
    """Whether a check is MariaDB's way to say that a text is JSON."""
    found = _JSON.match(check)
    column = columns.get(found[1]) if found else None
    if column is not None and column.type == "VARCHAR":
        columns[column.name] = replace(column, type="JSON", length=None)
    return column is not None


def _refused(con: duckdb.DuckDBPyConnection, table: RawTable, *checks: str) -> str:
    """Why DuckDB does not take checks, or nothing."""
    columns = ", ".join(f"{quoted(c.name)} {_bindable(c)}" for c in table.columns)
    bound = ", ".join(f"CHECK ({check})" for check in checks)
    statement = f"CREATE OR REPLACE TEMP TABLE t ({columns}, {bound})"
    try:
        if len(con.extract_statements(statement)) != 1:
            return "it is more than one expression"
        con.execute(statement)
    except duckdb.Error as error:
        return first_line(error)
    return ""


def _bindable(column: RawColumn) -> str:
    """The type under which a check is bound."""
    return "VARCHAR" if column.type == "JSON" else column.type


def _list_values(columns: dict[str, RawColumn], check: str) -> None:
    """The labels of `status IN ('a', 'b')`, alone or beside other conditions."""
    try:
        tree = sqlglot.parse_one(check, read=DIALECT)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return
    for part in tree.unnest().flatten() if isinstance(tree.unnest(), exp.And) else [tree]:
        name, labels = _labels(part)
        found = next((c for c in columns.values() if c.name.casefold() == name.casefold()), None)
        if found is not None and labels and not found.values:
            columns[found.name] = replace(found, values=labels)


def _listed(node: exp.Expression) -> exp.Expression:
    """`x = ANY (ARRAY['a', 'b'])`, which PostgreSQL makes of an IN, as IN again."""
    if isinstance(node, exp.Anonymous) and node.name.lower() in _COUNTS and node.expressions:
        return _counted(node)
    if not isinstance(node, exp.EQ) or not isinstance(node.expression, exp.Any):
        return node
    items = node.expression.this
    while isinstance(items, exp.Paren | exp.Cast):
        items = items.this
    if not isinstance(items, exp.Array):
        return node
    return exp.In(this=_bared(node.this), expressions=[_bared(i) for i in items.expressions])


def _counted(node: exp.Anonymous) -> exp.Expression:
    """PostgreSQL's count of its arguments that are NULL, or are not, which DuckDB lacks."""
    null, known = _COUNTS[node.name.lower()]
    ones = [
        f"CASE WHEN ({item.sql(dialect=DIALECT)}) IS NULL THEN {null} ELSE {known} END"
        for item in node.expressions
    ]
    return exp.paren(sqlglot.parse_one(" + ".join(ones), read=DIALECT))


def _bared(node: exp.Expression) -> exp.Expression:
    """Without brackets, and without casts to text, which all of them are."""
    while isinstance(node, exp.Paren) or (
        isinstance(node, exp.Cast) and node.to.is_type("text", "varchar", "char")
    ):
        node = node.this
    return node


def _labels(part: Any) -> tuple[str, tuple[str, ...]]:
    """Column and labels of an IN."""
    tree = part.unnest()
    if not isinstance(tree, exp.In):
        return "", ()
    subject, texts = _bared(tree.this), [_bared(i) for i in tree.expressions]
    plain = all(isinstance(i, exp.Literal) and i.is_string for i in texts)
    if not plain or not isinstance(subject, exp.Column):
        return "", ()
    return subject.name, tuple(dict.fromkeys(i.name for i in texts))
