"""Columns of a profile that SQL computes from others of the row, checked against the allow-list."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import exp

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.plan.private import connection
from genesis_sql.profiles.making import Making
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.program.allowlist import check_expression
from genesis_sql.program.steps import PARENT, Copy, Expression
from genesis_sql.sqlbuild import column, quoted, text

Trees = dict[str, exp.Expression]


def add_expressions(
    made: Making, table: TableLaws, tables: Mapping[str, TableLaws]
) -> dict[str, str]:
    """Add the expressions of a table in an order in which each finds what it reads.

    Returns:
        Their types by column.

    Raises:
        ProfileError: one reads what is not there, itself, or does not bind.
    """
    trees, types = _trees(table), {c: k.type for c, k in table.kinds.items()}
    found: dict[str, str] = {}
    for name in _ordered(table, trees):
        sql = text(trees[name])
        found[name] = types[name] = _type(table, name, sql, types)
        made.put(Expression(name, sql))
    for name in table.of("parent"):
        if name not in table.kinds:
            found[name] = _of_parent(made, table, tables, name)
    return found


def _trees(table: TableLaws) -> Trees:
    """The expressions, their columns spelled and quoted as the table has them."""
    known = {c.lower(): c for c in table.columns}
    late = {c for c in table.of("parent") if c not in table.kinds}
    out: Trees = {}
    for name in (n for n in table.of("expression") if n not in table.drawn):
        where = table.where(name)
        tree = check_expression(str(table.columns[name]["sql"]))
        for node in tree.find_all(exp.Column):
            if node.table or node.name.lower() not in known:
                message = f"{where} reads '{node.sql(dialect='duckdb')}', which is no column of it"
                raise ProfileError(message + nearest(node.name, table.columns))
            if known[node.name.lower()] in late:
                message = (
                    f"{where} reads '{node.name}', which the parent computes; compute it from "
                    "copies of the parent's drawn columns"
                )
                raise ProfileError(message)
        out[name] = tree.transform(
            lambda n: column(known[n.name.lower()]) if isinstance(n, exp.Column) else n
        )
    return out


def _ordered(table: TableLaws, trees: Trees) -> list[str]:
    done: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            message = f"expressions of table '{table.name}' read one another: {circle}"
            raise ProfileError(message)
        path.append(name)
        for node in trees[name].find_all(exp.Column):
            if node.name in trees:
                visit(node.name)
        done.append(path.pop())

    for name in trees:
        visit(name)
    return done


def _type(table: TableLaws, name: str, sql: str, types: Mapping[str, str]) -> str:
    """The type DuckDB gives an expression; ``sql_type`` where that is given and a cast exists."""
    given = table.columns[name].get("sql_type")
    fields = ", ".join(
        f"CAST(NULL AS {types[c]}) AS {quoted(c)}" for c in table.columns if c in types
    )
    made = f"CAST({sql} AS {given})" if given else sql
    query = f"DESCRIBE SELECT {made} AS v FROM (SELECT {fields or '1 AS one'})"  # noqa: S608 - a checked expression, checked types, quoted names
    try:
        return str(connection().execute(query).fetchall()[0][1])
    except duckdb.Error as error:
        reason = str(error).strip().split("\n", 1)[0]
        message = f"{table.where(name)}: the expression does not fit its columns: {reason}"
        raise ProfileError(message) from error


def _of_parent(made: Making, table: TableLaws, tables: Mapping[str, TableLaws], name: str) -> str:
    """A copy of what the parent computes: its inputs are copied and it is computed again."""
    above = tables[str(table.parent)]
    source = table.columns[name]["column"]
    trees = _trees(above)
    types = {c: k.type for c, k in above.kinds.items()}
    for step in _ordered(above, trees):
        types[step] = _type(above, step, text(trees[step]), types)
    if source not in trees:
        message = f"{table.where(name)}: '{source}' is a copy itself; copy it from where it is made"
        raise ProfileError(message)

    def swap(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        if node.name in trees:
            inner = trees[node.name].copy().transform(swap)
            return exp.cast(exp.paren(inner), types[node.name], dialect="duckdb")
        hidden = f"#of:{node.name}"
        if hidden not in made.domains:
            made.put(Copy(hidden, f"{PARENT}.{node.name}"), above.kinds[node.name])
        return column(hidden)

    made.put(Expression(name, text(trees[source].copy().transform(swap))))
    return types[source]
