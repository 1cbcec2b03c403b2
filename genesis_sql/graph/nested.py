"""Structs, lists and JSON -> columns and hidden tables that can be learnt like all others.

JSON is read as the struct or list of its shape. A struct's field becomes the column
``struct·field``, a list the table ``table.list`` with a row for each element. The sources stay what
they are: a SELECT around them adds the columns.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import duckdb

from genesis_sql.graph.roles import role_of_type
from genesis_sql.graph.shapes import Shape, nulls_of, shape_of
from genesis_sql.introspect.query import ask
from genesis_sql.program.column_types import (
    POINT,
    POSITION,
    ROOT,
    THERE,
    VALUE,
    fields_of,
    is_known,
    item_of,
)
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn, RawTable, Role

JSON = "JSON"


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
    nested = [c for c in raw.columns if _is_nested(c.type)]
    if not nested or not raw.columns:
        return Flat(raw)
    work = _Flattener(con, raw)
    for column in raw.columns:
        shape = None
        if column.type == JSON and not whole and column.name not in left_out:
            shape = shape_of(con, raw.source, column.name)
        reason = shape.reason if shape else why_not(column.type)
        if column not in nested or column.name in left_out or work.taken(column):
            work.columns.append(column)
        elif reason and not (whole and column.type == JSON):
            text = f"type {column.type} cannot be learnt: {reason}; the column is left out"
            work.columns.append(replace(column, reason=text))
        elif whole:
            work.columns.append(replace(column, role=_role(column.type)))
        else:
            work.top(column, shape)
    return work.result()


def _is_nested(type_: str) -> bool:
    return type_ == JSON or bool(fields_of(type_)) or item_of(type_) is not None


def _role(type_: str) -> Role:
    if type_ == JSON:
        return Role.JSON
    return Role.STRUCT if fields_of(type_) else Role.LIST


class _Flattener:
    """The columns of one table while they are flattened."""

    def __init__(self, con: duckdb.DuckDBPyConnection, raw: RawTable) -> None:
        self.con, self.raw = con, raw
        self.columns: list[RawColumn] = []
        self.selected: list[str] = []
        self.lists: list[RawTable] = []
        self.explicit: dict[tuple[str, ...], bool] = {}

    def taken(self, column: RawColumn) -> bool:
        """Whether a name that flattening would make is there already."""
        return any(c.name.startswith(f"{column.name}{POINT}") for c in self.raw.columns)

    def top(self, column: RawColumn, shape: Shape | None = None) -> None:
        """Flatten one column, unless nothing in it has a value."""
        name, sql = column.name, quoted(column.name)
        if not self._count(f"{sql} IS NOT NULL"):
            self.columns.append(column)
            return
        self.columns.append(replace(column, role=_role(column.type)))
        if shape is None:
            self._inside(name, column.type, sql, "true", name)
            return
        self.explicit = nulls_of(self.con, self.raw.source, name, shape.type)
        sql = f"json_transform({sql}, {string(shape.structure)})"
        self._put(f"{name}{ROOT}", shape.type, sql, name, _role(shape.type))
        self._inside(f"{name}{ROOT}", shape.type, sql, "true", name, ())

    def _inside(
        self,
        name: str,
        type_: str,
        sql: str,
        outer: str,
        top: str,
        keys: tuple[str, ...] | None = None,
    ) -> None:
        """The parts of a struct or list that stands at ``sql``; ``keys`` lead there in JSON."""
        if self._count(f"{sql} IS NULL AND {outer}"):
            flag = f"CASE WHEN {sql} IS NOT NULL THEN true END"
            self._put(f"{name}{THERE}", "BOOLEAN", flag, top)
        item = item_of(type_)
        if item is not None:
            self._list(name, item, sql)
        for field, of in fields_of(type_):
            inner = f"struct_extract({sql}, {string(field)})"
            path, way = f"{name}{POINT}{field}", None if keys is None else (*keys, field)
            null = way is None or self.explicit[way]
            if not _is_nested(of):
                self._put(path, of, inner, top, nullable=null)
                continue
            self._put(path, of, inner, top, _role(of), nullable=null)
            self._inside(path, of, inner, f"{sql} IS NOT NULL", top, way)

    def _put(
        self,
        name: str,
        type_: str,
        sql: str,
        top: str,
        role: Role | None = None,
        *,
        nullable: bool = True,
    ) -> None:
        self.columns.append(RawColumn(name, type_, nullable, role=role, inside=top))
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
