"""The queries that verify written tables: each counts rows looked at, and rows that break it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from genesis_sql.graph.constraints import joined
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import table_columns
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Relationship

Place = Callable[[str], str]
"""A table's name to SQL text that names it where it was written."""


@dataclass(frozen=True)
class Check:
    """One question about a table.

    Attributes:
        kind: 'orphans', 'duplicates', 'not null' or 'constraint'.
        of: the relationship, key or column it is about.
        sql: a SELECT of one row: rows looked at, rows that break it.
        share: of the table's rows that may break it: orphans that are kept.
    """

    kind: str
    of: str
    sql: str
    share: float = 0.0

    def holds(self, rows: int, broken: int) -> bool:
        """Whether no more rows break it than may.

        Of a share five standard deviations and a tenth more are allowed, and some must be there
        where at least 25 are expected.

        Args:
            rows: of the table.
            broken: those that break it.
        """
        expected = rows * self.share
        spare = 5 * math.sqrt(expected * (1 - self.share)) + 0.1 * expected
        return broken <= expected + spare and (broken > 0 or expected < 25)


def checks(model: Model, table: str, place: Place) -> list[Check]:
    """All that is verified of a table."""
    return [
        *_not_null(model, table, place),
        *_duplicates(model, table, place),
        *(kept(model, key, orphans(key, place)) for key in model.graph.parents(table)),
        *(_constraints(model, table, place) if table in model.programs else ()),
    ]


def kept(model: Model, key: Relationship, check: Check) -> Check:
    """The check with the share of orphans that the source has and that is kept."""
    rows = max(model.graph.table(key.child).rows, 1)
    return replace(check, share=min(key.kept_orphans / rows, 1.0))


def _constraints(model: Model, table: str, place: Place) -> Iterator[Check]:
    """CHECKs and declared constraints; NULL is kept."""
    asked = [(f"CHECK ({c})", c, place(table)) for c in model.graph.table(table).checks]
    rules = [r for r in model.graph.rules if r.table == table]
    asked += [(r.shown, *joined(model.graph, r, place)) for r in rules]
    for of, predicate, rows in asked:
        sql = f"SELECT count(*), count(*) FILTER (WHERE NOT ({predicate})) FROM {rows}"  # noqa: S608
        yield Check("constraint", of, sql)


def _not_null(model: Model, table: str, place: Place) -> Iterator[Check]:
    node, kept = model.graph.table(table), table_columns(model, table)
    for column in node.columns:
        if not column.nullable and column.name in kept:
            missing = f"count(*) FILTER (WHERE {quoted(column.name)} IS NULL)"
            sql = f"SELECT count(*), {missing} FROM {place(table)}"  # noqa: S608 - quoted names
            yield Check("not null", column.name, sql)


def _duplicates(model: Model, table: str, place: Place) -> Iterator[Check]:
    node, kept = model.graph.table(table), set(table_columns(model, table))
    for key in dict.fromkeys(k for k in (node.primary_key, *node.unique_keys) if k):
        if set(key) <= kept:
            yield Check("duplicates", f"{table}({', '.join(key)})", repeated(key, place(table)))


def repeated(key: Sequence[str], place: str) -> str:
    """Rows whose key is known, and those whose key another row has already."""
    groups = (
        f"SELECT count(*) AS n FROM {place} WHERE {_filled('', key)} "  # noqa: S608 - quoted names
        f"GROUP BY {', '.join(map(quoted, key))}"
    )
    return f"SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM ({groups})"  # noqa: S608


def orphans(key: Relationship, place: Place) -> Check:
    """Rows whose reference finds no parent; a reference with a NULL in it is none."""
    same = " AND ".join(
        f"c.{quoted(a)} = p.{quoted(b)}"
        for a, b in zip(key.columns, key.parent_columns, strict=True)
    )
    found = f"SELECT 1 FROM {place(key.parent)} p WHERE {same}"  # noqa: S608 - quoted names
    lost = f"SELECT NOT EXISTS ({found}) AS lost FROM {place(key.child)} c"  # noqa: S608
    filled = f"{lost} WHERE {_filled('c.', key.columns)}"
    if key.when:
        filled += f" AND CAST(c.{quoted(key.when[0])} AS VARCHAR) = {string(key.when[1])}"
    return Check(
        "orphans",
        key.name,
        f"SELECT count(*), count(*) FILTER (WHERE lost) FROM ({filled})",  # noqa: S608
    )


def _filled(prefix: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{prefix}{quoted(c)} IS NOT NULL" for c in columns)
