"""Structs and lists -> columns and hidden tables that can be learnt like all others.

A struct's field becomes the column ``struct·field``, a list the table ``table.list`` with a row for
each element. The sources stay what they are: a SELECT around them adds the columns.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import duckdb

from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.query import ask
from genesis_sql.program.column_types import (
    POINT,
    POSITION,
    THERE,
    VALUE,
    fields_of,
    is_known,
    item_of,
)
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn, RawTable, Role


@dataclass(frozen=True)
class Flat:
    """A table whose nested columns are flattened, and the hidden tables of its lists."""

    table: RawTable
    lists: tuple[RawTable, ...] = ()


def why_not(type_: str, *, listed: bool = False) -> str:
    """Why a type cannot be learnt; '' where it can.

    Example:
        >>> why_not("STRUCT(a INTEGER, b BLOB)"), why_not("DATE[]")
        ("field 'b' is of type BLOB", '')
    """
    item, fields = item_of(type_), fields_of(type_)
    if item is not None:
        if listed:
            return "it holds lists in lists"
        return why_not(item, listed=True)
    for name, of in fields:
        inner = why_not(of, listed=listed)
        if inner:
            return inner if fields_of(of) or item_of(of) else f"field '{name}' is {inner}"
    if listed and "HUGEINT" in type_:
        return f"of type {type_}, in a list"
    if fields or (is_known(type_) and role_of_type(type_) is not Role.UNSUPPORTED):
        return ""
    return f"of type {type_}"


def flatten(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    *,
    whole: bool = False,
    left_out: Collection[str] = (),
) -> Flat:
    """A table with its nested columns flattened.

    Args:
        con: An open connection or cursor; only read from.
        raw: The table.
        whole: It is copied unchanged, so that nested columns stay as they are.
        left_out: Columns that the caller leaves out.
    """
    nested = [c for c in raw.columns if fields_of(c.type) or item_of(c.type) is not None]
    if not nested or not raw.columns:
        return Flat(raw)
    work = _Flattener(con, raw)
    for column in raw.columns:
        reason = why_not(column.type)
        if column not in nested or column.name in left_out or work.taken(column):
            work.columns.append(column)
        elif reason:
            text = f"type {column.type} cannot be learnt: {reason}; the column is left out"
            work.columns.append(replace(column, reason=text))
        elif whole:
            work.columns.append(replace(column, role=_role(column.type)))
        else:
            work.top(column)
    return work.result()


def _role(type_: str) -> Role:
    return Role.STRUCT if fields_of(type_) else Role.LIST


class _Flattener:
    """The columns of one table while they are flattened."""

    def __init__(self, con: duckdb.DuckDBPyConnection, raw: RawTable) -> None:
        self.con, self.raw = con, raw
        self.columns: list[RawColumn] = []
        self.selected: list[str] = []
        self.lists: list[RawTable] = []

    def taken(self, column: RawColumn) -> bool:
        """Whether a name that flattening would make is there already."""
        return any(c.name.startswith(f"{column.name}{POINT}") for c in self.raw.columns)

    def top(self, column: RawColumn) -> None:
        """Flatten one column, unless nothing in it has a value."""
        self.columns.append(replace(column, role=_role(column.type)))
        if self._count(f"{quoted(column.name)} IS NOT NULL"):
            self._inside(column.name, column.type, quoted(column.name), "true", column.name)
        else:
            self.columns[-1] = column

    def _inside(self, name: str, type_: str, sql: str, outer: str, top: str) -> None:
        """The parts of a struct or list that stands at ``sql``."""
        if self._count(f"{sql} IS NULL AND {outer}"):
            flag = f"CASE WHEN {sql} IS NOT NULL THEN true END"
            self._put(f"{name}{THERE}", "BOOLEAN", flag, top)
        item = item_of(type_)
        if item is not None:
            self._list(name, item, sql)
        for field, of in fields_of(type_):
            inner = f"struct_extract({sql}, {string(field)})"
            path = f"{name}{POINT}{field}"
            if not fields_of(of) and item_of(of) is None:
                self._put(path, of, inner, top)
                continue
            self._put(path, of, inner, top, _role(of))
            self._inside(path, of, inner, f"{sql} IS NOT NULL", top)

    def _put(self, name: str, type_: str, sql: str, top: str, role: Role | None = None) -> None:
        self.columns.append(RawColumn(name, type_, role=role, inside=top))
        self.selected.append(f"{sql} AS {quoted(name)}")

    def _list(self, name: str, item: str, sql: str) -> None:
        """The hidden table of a list: a row for each element."""
        place = f"generate_subscripts({sql}, 1) AS {quoted(POSITION)}"
        source = f"(SELECT {place}, unnest({sql}) AS {quoted(VALUE)} FROM {self.raw.source})"  # noqa: S608 - quoted names
        columns = (
            RawColumn(POSITION, "BIGINT", nullable=False, role=Role.INTEGER),
            RawColumn(VALUE, item),
        )
        table = RawTable(f"{self.raw.name}.{name}", source, columns, kind="list", nested=name)
        work = _Flattener(self.con, table)
        work.columns.append(columns[0])
        if fields_of(item):
            work.top(columns[1])
        else:
            work.columns.append(columns[1])
        self.lists.append(work.result().table)

    def _count(self, condition: str) -> int:
        about = f"the nested columns of table '{self.raw.name}'"
        template = "SELECT count(*) FROM $source WHERE $condition"
        found = ask(self.con, template, about=about, source=self.raw.source, condition=condition)
        return int(found[0][0])

    def result(self) -> Flat:
        """The table, its source wrapped where columns were added."""
        source = self.raw.source
        if self.selected:
            source = f"(SELECT *, {', '.join(self.selected)} FROM {source})"  # noqa: S608 - quoted names
        table = replace(self.raw, columns=tuple(self.columns), source=source)
        return Flat(table, tuple(self.lists))
