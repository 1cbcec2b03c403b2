"""Structs and lists at fit: elements of lists as rows, and how columns are put together again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from genesis_sql.program.column_types import (
    POINT,
    POSITION,
    ROOT,
    THERE,
    VALUE,
    fields_of,
    item_of,
)
from genesis_sql.program.domain import Domain, Listed, Record
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import Program, Step
from genesis_sql.sqlbuild import column, text
from genesis_sql.types import Column, Role, Table


def elements(table: Table, lists: pa.Array) -> tuple[pa.Table, np.ndarray]:
    """The elements of a list column as the columns of its hidden table, and each one's row."""
    rows = np.asarray(pc.list_parent_indices(lists).to_numpy(zero_copy_only=False), np.int64)
    begins = np.r_[True, rows[1:] != rows[:-1]] if len(rows) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    held = {POSITION: pa.array(np.arange(len(rows)) - start + 1, pa.int64())}
    held.update(_parts(VALUE, lists.flatten()))
    names = [c.name for c in table.columns if c.name in held]
    return pa.table({n: held[n] for n in names}), rows


def _parts(name: str, array: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """A column and, of a struct, the flag that it is there and its fields."""
    if not pa.types.is_struct(array.type):
        yield name, array
        return
    there = pc.if_else(array.is_valid(), pa.scalar(True), pa.scalar(None, pa.bool_()))
    yield f"{name}{THERE}", there
    for field, held in zip(array.type, array.flatten(), strict=True):
        yield from _parts(f"{name}{POINT}{field.name}", held)


def struct_sql(name: str, type_: str, columns: Collection[str]) -> str:
    """The expression that puts a struct together of its parts.

    Example:
        >>> struct_sql("s", "STRUCT(a INTEGER, b DATE)", {"s·a", "s·b", "s·?"})
        'CASE WHEN NOT "s·?" IS NULL THEN ROW("s·a", "s·b") END'
    """
    return text(_struct(name, type_, columns))


def _struct(name: str, type_: str, columns: Collection[str]) -> exp.Expression:
    parts = [
        _struct(path, of, columns)
        if fields_of(of)
        else (column(path) if path in columns else exp.null())
        for path, of in ((f"{name}{POINT}{field}", of) for field, of in fields_of(type_))
    ]
    made = exp.Anonymous(this="row", expressions=parts)
    return _where_there(name, columns, made)


def _where_there(name: str, columns: Collection[str], made: exp.Expression) -> exp.Expression:
    """NULL where the flag of a struct says so."""
    if f"{name}{THERE}" not in columns:
        return made
    there = exp.Is(this=column(f"{name}{THERE}"), expression=exp.null())
    return exp.Case(ifs=[exp.If(this=exp.Not(this=there), true=made)])


def json_sql(name: str, columns: Mapping[str, Column]) -> str:
    """The expression that writes JSON from its parts: keys without a value are null or missing.

    Args:
        name: the JSON column.
        columns: those of the table that are there, by name.
    """
    root = f"{name}{ROOT}"
    return text(_json(root, columns[root].type, columns))


def _json(name: str, type_: str, columns: Mapping[str, Column]) -> exp.Expression:
    """The text of a value, NULL where it has none."""
    if not fields_of(type_):
        if name not in columns:
            return exp.null()
        read = exp.Anonymous(this="to_json", expressions=[column(name)])
        return exp.cast(read, "VARCHAR", dialect="duckdb")
    members: exp.Expression | None = None
    for key, of in fields_of(type_):
        path = f"{name}{POINT}{key}"
        begin = exp.Literal.string(f",{json.dumps(key, ensure_ascii=False)}:")
        value = _json(path, of, columns)
        if path in columns and columns[path].nullable:
            member: exp.Expression = _joined(begin, _or(value, "null"))
        else:
            member = _or(_joined(begin, value), "")
        members = member if members is None else _joined(members, member)
    inside = exp.Substring(this=members, start=exp.Literal.number(2))  # without the first comma
    made = _joined(_joined(exp.Literal.string("{"), inside), exp.Literal.string("}"))
    return _where_there(name, columns, made)


def _joined(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.DPipe(this=left, expression=right)


def _or(value: exp.Expression, otherwise: str) -> exp.Expression:
    return exp.Coalesce(this=value, expressions=[exp.Literal.string(otherwise)])


def list_step(table: Table, name: str, columns: Collection[str]) -> Aggregate:
    """The step that collects the elements of a list column.

    Args:
        table: the hidden table of its elements.
        name: the column.
        columns: those that the parent draws.
    """
    sources = tuple(c.name for c in table.columns if c.name != POSITION and _is_drawn(c.role))
    there = f"{name}{THERE}"
    return Aggregate(name, table.name, sources, "list", present=there if there in columns else None)


def _is_drawn(role: Role) -> bool:
    return role not in (Role.STRUCT, Role.UNSUPPORTED)


def with_lists(programs: dict[str, Program], types: Mapping[str, Mapping[str, str]]) -> None:
    """Tell how lists are read, once the programs of their elements are there.

    Args:
        programs: by table; those with lists are replaced.
        types: by table, the types of its list columns.
    """
    for name, held in types.items():
        program = programs[name]
        domains: dict[str, Domain] = dict(program.domains)
        steps: list[Step] = list(program.steps)
        for at, step in enumerate(steps):
            if isinstance(step, Aggregate) and step.function == "list":
                item = item_of(held[step.column]) or ""
                child = programs[step.child].domains
                used: list[str] = []
                made = _item(VALUE, item, child, used)
                domains[step.column] = Listed(held[step.column], made)
                steps[at] = replace(step, sources=tuple(used))
        programs[name] = replace(program, steps=tuple(steps), domains=domains)


def _item(name: str, type_: str, domains: Mapping[str, Domain], used: list[str]) -> Domain:
    """How the elements of a list are read; notes the columns in their order."""
    fields = fields_of(type_)
    if not fields:
        used.append(name)
        return domains[name]
    optional = f"{name}{THERE}" in domains
    if optional:
        used.append(f"{name}{THERE}")
    parts = tuple(
        (field, _item(f"{name}{POINT}{field}", of, domains, used)) for field, of in fields
    )
    return Record(type_, parts, optional)
