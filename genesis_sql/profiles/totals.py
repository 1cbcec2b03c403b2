"""Columns of a profile that are made of the row's own children: sums, counts, extremes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.hidden import own_column
from genesis_sql.profiles.making import Making
from genesis_sql.program.domain import Domain, Fixed, Grid
from genesis_sql.program.fold import Aggregate
from genesis_sql.sqlbuild import string

if TYPE_CHECKING:
    from genesis_sql.profiles.laws import Spec
    from genesis_sql.profiles.tables import TableLaws


Tables = Mapping[str, "TableLaws"]
COUNTED = Grid("BIGINT", 1, 0)


def read_totals(tables: Tables) -> None:
    """Find how the totals of all tables are held: those of children before those of parents.

    Raises:
        ProfileError: a total's table is no child, or its column cannot be added up.
    """
    for table in reversed(list(tables.values())):
        for name in table.of("total"):
            table.kinds[name] = _kind(table, tables, name)


def _kind(table: TableLaws, tables: Tables, name: str) -> Grid:
    spec, where = table.columns[name], table.where(name)
    child = tables.get(str(spec["table"]))
    children = [t.name for t in tables.values() if t.parent == table.name]
    if child is None or child.parent != table.name:
        message = f"{where}: '{spec['table']}' is no child of '{table.name}'"
        raise ProfileError(message + nearest(str(spec["table"]), children))
    if spec.get("null_share"):
        message = (
            f"{where} is made of children, and is NULL where they say so; leave null_share out"
        )
        raise ProfileError(message)
    if "column" not in spec:
        if spec["function"] != "count":
            message = f"{where}: {spec['function']} needs a 'column' of '{child.name}'"
            raise ProfileError(message)
        return COUNTED
    own = own_column(where, exp.column(str(spec["column"])), child.columns)
    kind = child.kinds.get(own)
    if spec["function"] == "count" and kind is not None and not isinstance(kind, Fixed):
        return COUNTED
    if not isinstance(kind, Grid):
        raise ProfileError(_unfit(where, child, own, kind))
    if spec["function"] != "sum":
        return kind
    if kind.type.startswith(("DATE", "TIME")):
        message = f"{where}: moments cannot be added up; take min, max or count"
        raise ProfileError(message)
    return Grid(f"DECIMAL(18,{kind.scale})", kind.step, kind.scale)


def _unfit(where: str, child: TableLaws, own: str, kind: Domain | None) -> str:
    name = f"'{child.name}.{own}'"
    if kind is None:
        return (
            f"{where}: {name} is of type '{child.columns[own]['type']}', which SQL computes after "
            "all rows are drawn; make it a 'formula' to add it up"
        )
    if isinstance(kind, Fixed):
        return f"{where}: {name} is the same in every row; take function 'count' and a formula"
    return f"{where}: {name} has no fixed number of decimals; give it 'decimals'"


def put_totals(made: Making, table: TableLaws, tables: Tables) -> dict[str, str]:
    """Add the totals of a table; returns their types where the kernel's is another."""
    types = {}
    for name in table.of("total"):
        spec, kind = table.columns[name], table.kinds[name]
        child = tables[str(spec["table"])]
        named = exp.column(str(spec.get("column")))
        own = own_column(table.where(name), named, child.columns) if "column" in spec else None
        sources = () if own is None else (own,)
        function = str(spec["function"])
        empty = 0 if function in ("sum", "count") else None
        made.put(Aggregate(name, child.name, sources, function, empty), kind)
        types[name] = total_type(spec, kind)
    return types


def total_type(spec: Spec, kind: Domain) -> str:
    """The type of a total; sums of whole numbers are whole numbers."""
    if spec.get("sql_type"):
        return str(spec["sql_type"])
    whole = spec["function"] == "sum" and isinstance(kind, Grid) and not kind.scale
    return "BIGINT" if whole else kind.type


def total_error(where: str, table: str, name: str) -> str:
    """Why a child cannot read a total of its parent."""
    return (
        f"{where} reads {string(table + '.' + name)}, which is made of the rows of a child: a "
        "child cannot read what it is part of"
    )
