"""Filling the tables of a target. Rows that refer to rows of their own table go in by levels.

DuckDB checks a key before the rows of the same INSERT are in, so what a row refers to has to be
loaded by an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from genesis_sql.actions.target import Target, Writing
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import IntegrityError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import comments_sql, create_sql, declared_keys, rows_sql, table_columns
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.types import Relationship

MOST_LEVELS = 1_000  # each is an INSERT of its own
_STAGED, _SORTED = (qualified("temp", "main", f"genesis {n}") for n in ("staged", "sorted"))
_CIRCLE = "its rows refer to one another in a circle, or to themselves, so that none can go first"
_DEEP = f"its rows refer to one another over more than {MOST_LEVELS:,} levels"
_FOREIGN = """
SELECT constraint_column_names FROM duckdb_constraints()
WHERE database_name = ? AND schema_name = ? AND table_name = ? AND constraint_type = 'FOREIGN KEY'
"""


@dataclass(frozen=True)
class Filled:
    """A table after its rows are in.

    Attributes:
        rows: how many are new.
        undeclared: why keys that could have been declared are not, by relationship name.
    """

    rows: int
    undeclared: Mapping[str, str] = field(default_factory=dict)


def fill(ws: Workspace, model: Model, writing: Writing, table: str) -> Filled:
    """Make a table, unless it is there already, and write its new rows.

    Raises:
        IntegrityError: appended rows refer to one another in a circle.
    """
    sampler = ws.sampler(model, writing.spec)
    first = sampler.sizing.first(table) if writing.appended else 0
    stop = sampler.size(table)
    place = writing.target.table(table)
    own = _own_keys(ws, model, writing, table)
    if own and stop > first:
        return _by_levels(ws, model, writing, table, own, (first, stop))
    if not writing.appended:
        _make(ws, model, writing, table)
    if stop > first:
        select = rows_sql(model, table, writing.spec, first=first, stop=stop)
        ws.con.execute(f"INSERT INTO {place} {select}")
    return Filled(stop - first)


def _make(
    ws: Workspace, model: Model, writing: Writing, table: str, without: Sequence[str] = ()
) -> None:
    database, schema = writing.target.database, writing.target.place(table)[0]
    ws.con.execute(f"USE {qualified(database, schema)}")  # parents are named without it
    foreign = writing.keys == "declare"
    ws.con.execute(create_sql(model, table, database, schema, foreign=foreign, without=without))
    for statement in comments_sql(model, table, database, schema):
        ws.con.execute(statement)


def _own_keys(ws: Workspace, model: Model, writing: Writing, table: str) -> list[Relationship]:
    """The table's keys to itself that DuckDB checks, or shall check."""
    if writing.keys != "declare":
        return []
    keys = [k for k, reason in declared_keys(model, table) if k.parent == table and not reason]
    if not keys or not writing.appended:
        return keys
    place = [writing.target.database, *writing.target.place(table)]
    there = {tuple(r[0]) for r in ws.con.execute(_FOREIGN, place).fetchall()}
    return [k for k in keys if k.columns in there]


def _by_levels(
    ws: Workspace,
    model: Model,
    writing: Writing,
    table: str,
    own: Sequence[Relationship],
    rows: tuple[int, int],
) -> Filled:
    first, stop = rows
    number = _free_name("#number", table_columns(model, table))
    select = rows_sql(model, table, writing.spec, first=first, stop=stop, number=number)
    ws.con.execute(f"CREATE OR REPLACE TEMP TABLE {_STAGED} AS {select}")
    level, undeclared = _levels(ws, own, number, first, stop - first)
    if writing.appended and undeclared:
        message = f"no rows can be appended to table '{table}': {next(iter(undeclared.values()))}"
        raise IntegrityError(message)
    if not writing.appended:
        _make(ws, model, writing, table, tuple(undeclared))
    _insert(ws, model, writing.target, table, number, np.arange(first, stop), level)
    return Filled(stop - first, undeclared)


def _free_name(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "#"
    return name


def _levels(
    ws: Workspace, own: Sequence[Relationship], number: str, first: int, size: int
) -> tuple[np.ndarray, dict[str, str]]:
    """The level of each staged row, and the keys that cannot be loaded, each with the reason."""
    none = np.zeros(0, np.int64)
    child, parent = none, none
    level, undeclared = np.zeros(size, np.int64), {}
    for key in own:
        pairs = zip(key.columns, key.parent_columns, strict=True)
        on = " AND ".join(f"c.{quoted(a)} = p.{quoted(b)}" for a, b in pairs)
        found = ws.con.execute(
            f"SELECT c.{quoted(number)} AS c, p.{quoted(number)} AS p "  # noqa: S608 - quoted names
            f"FROM {_STAGED} c JOIN {_STAGED} p ON {on}"
        ).fetchnumpy()
        both = (np.r_[child, found["c"] - first], np.r_[parent, found["p"] - first])
        tried = levels(size, *both)
        if isinstance(tried, str):
            undeclared[key.name] = tried
        else:
            level, (child, parent) = tried, both
    return level, undeclared


def levels(size: int, child: np.ndarray, parent: np.ndarray) -> np.ndarray | str:
    """The level of rows 0 to ``size``, above all they refer to, or why there is none.

    Args:
        size: number of rows.
        child: rows that refer to others.
        parent: the row each of them refers to.

    Example:
        >>> levels(4, np.array([0, 2, 3]), np.array([1, 0, 1]))
        array([1, 0, 2, 1])
    """
    level = np.zeros(size, np.int64)
    waits = np.zeros(size, bool)
    waits[child] = True
    for at in range(1, MOST_LEVELS + 1):
        if not len(child):
            return level
        still = waits[parent]
        stuck = np.zeros(size, bool)
        stuck[child[still]] = True
        ready = child[~stuck[child]]
        if not len(ready):
            return _CIRCLE
        level[ready] = at
        waits[ready] = False
        kept = stuck[child]
        child, parent = child[kept], parent[kept]
    return _DEEP


def _insert(
    ws: Workspace,
    model: Model,
    target: Target,
    table: str,
    number: str,
    numbers: np.ndarray,
    level: np.ndarray,
) -> None:
    """The staged rows, level by level, each in the order of the row numbers."""
    names = table_columns(model, table)
    at_level = quoted(_free_name("#level", names))
    ws.con.register("genesis levels", pa.table({"number": numbers, "level": level}))
    try:
        ws.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_SORTED} AS SELECT s.*, l.level AS {at_level} "  # noqa: S608 - quoted names
            f'FROM {_STAGED} s JOIN "genesis levels" l ON l.number = s.{quoted(number)} '
            f"ORDER BY l.level, l.number"
        )
    finally:
        ws.con.unregister("genesis levels")
    columns = ", ".join(map(quoted, names))
    for at in range(int(level.max(initial=0)) + 1):
        rows = f"SELECT {columns} FROM {_SORTED} WHERE {at_level} = {at}"  # noqa: S608 - quoted names
        ws.con.execute(f"INSERT INTO {target.table(table)} ({columns}) {rows}")
    for staged in (_STAGED, _SORTED):
        ws.con.execute(f"DROP TABLE {staged}")
