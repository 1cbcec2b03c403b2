"""The only place that turns sqlglot trees into DuckDB text.

Names from users become quoted identifier nodes, values become literal nodes or bound parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"


def text(tree: exp.Expression, *, pretty: bool = False) -> str:
    """DuckDB text of a tree."""
    return tree.sql(dialect=DIALECT, pretty=pretty)


def quoted(name: str) -> str:
    """A name as DuckDB identifier text, always in double quotes.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def qualified(*parts: str) -> str:
    """A dotted name as DuckDB text, each part quoted."""
    return ".".join(quoted(p) for p in parts if p)


def string(value: str) -> str:
    """A string literal as DuckDB text."""
    return "'" + value.replace("'", "''") + "'"


def exact_sum(value: str) -> str:
    """A sum of SQL doubles that is the same in whatever order threads add them up.

    Each is rounded to nine decimals; 29 digits may stand before them.
    """
    return f"sum(CAST({value} AS DECIMAL(38, 9)))"


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column node."""
    return exp.column(name, table=table, quoted=True)


def fill(template: str, **nodes: Any) -> exp.Expression:
    """Parse a template once and put nodes in the place of its named parameters (``$name``).

    Example:
        >>> text(fill("SELECT $c FROM t", c=column("a b")))
        'SELECT "a b" FROM t'
    """
    tree = sqlglot.parse_one(template, read=DIALECT)

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Parameter | exp.Placeholder) and node.name in nodes:
            value = nodes[node.name]
            is_node = isinstance(value, exp.Expression)
            return cast(exp.Expression, value if is_node else exp.convert(value))
        return node

    return tree.transform(swap)


def rows_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A SELECT of literal rows; there is at least one.

    Example:
        >>> rows_of(["a", "b"], [[1, True], [2, None]])
        'SELECT * FROM (VALUES (1, TRUE), (2, NULL)) AS "rows"("a", "b")'
    """
    names = [exp.to_identifier(c, quoted=True) for c in columns]
    values = exp.values([tuple(row) for row in rows])
    alias = exp.TableAlias(this=exp.to_identifier("rows", quoted=True), columns=names)
    values.set("alias", alias)
    return text(exp.select("*").from_(values))
