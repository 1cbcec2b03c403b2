"""A model as parts: what the store keeps and an export file carries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from genesis_sql.errors import GenesisError, ModelFormatError
from genesis_sql.plan.aggregate import unfit_aggregate
from genesis_sql.plan.circles import circle
from genesis_sql.plan.definition import Model, parent_of, read_of_parents
from genesis_sql.plan.predicate import unreadable
from genesis_sql.program.allowlist import check_expression, columns_of
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.serialize import from_bytes, to_bytes
from genesis_sql.program.steps import Expression, Link, Program, step_columns
from genesis_sql.program.validate import check_type
from genesis_sql.types import Column, Graph, Relationship, Role, Rule, Table

GRAPH, PROGRAM, ROWS = "graph", "program", "rows"
"""Names of the parts: the schema graph (of no table), a table's program, a copied table's rows."""

Part = tuple[str, str, bytes]


def to_parts(model: Model) -> list[Part]:
    """(table, part, bytes) of everything; equal models give equal bytes."""
    plain = {
        "tables": [_without_source(asdict(t)) for t in model.graph.tables],
        "relationships": [asdict(r) for r in model.graph.relationships],
    }
    if model.graph.rules:
        plain["rules"] = [asdict(r) for r in model.graph.rules]
    graph = json.dumps({**plain, "order": model.order}, ensure_ascii=False, sort_keys=True).encode()
    out: list[Part] = [("", GRAPH, graph)]
    out += [(name, PROGRAM, to_bytes(p)) for name, p in model.programs.items()]
    out += [(name, ROWS, _ipc(t)) for name, t in model.verbatim.items()]
    return out


def _without_source(table: dict[str, object]) -> dict[str, object]:
    return {**table, "source": ""}


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    raw: bytes = sink.getvalue().to_pybytes()
    return raw


def from_parts(parts: Iterable[Part], *, name: str, version: int, uuid: str) -> Model:
    """The model of :func:`to_parts`, every program checked.

    Raises:
        ModelFormatError: something is missing or damaged.
    """
    held = {(table, part): data for table, part, data in parts}
    try:
        plain = json.loads(held["", GRAPH])
        graph = Graph(
            tuple(_table(t) for t in plain["tables"]),
            tuple(_relationship(r) for r in plain["relationships"]),
            tuple(_rule(r) for r in plain.get("rules", ())),
        )
        order = tuple(str(n) for n in plain["order"])
        programs = {t: from_bytes(data) for (t, part), data in held.items() if part == PROGRAM}
        verbatim = {
            t: pa.ipc.open_stream(data).read_all()
            for (t, part), data in held.items()
            if part == ROWS
        }
    except (KeyError, TypeError, ValueError, pa.ArrowInvalid) as error:
        if isinstance(error, GenesisError):
            raise
        message = f"model '{name}' is damaged: {error!r}"
        raise ModelFormatError(message) from error
    if set(order) != set(programs) | set(verbatim) or {t.name for t in graph.tables} != set(order):
        message = f"model '{name}' is damaged: its tables and programs do not agree"
        raise ModelFormatError(message)
    model = Model(name, version, uuid, graph, programs, verbatim, order)
    for table, program in programs.items():
        wrong = _wrong(model, table, program)
        if wrong:
            message = f"model '{name}' is damaged: '{table}' {wrong}"
            raise ModelFormatError(message)
    turning = circle(model)
    if turning:
        table, column = turning[0]
        message = (
            f"model '{name}' is damaged: '{table}' reads its own column '{column}' in a circle"
        )
        raise ModelFormatError(message)
    return model


def _wrong(model: Model, table: str, program: Program) -> str:
    """What keeps a program from being run: parents behind it, columns they do not have."""
    if program.table != table:
        return "has the program of another table"
    for link in [*program.links, *([program.main.link] if program.main else [])]:
        if link.parent in model.verbatim and link in program.links:
            continue
        if link.parent not in model.programs:
            return f"has a parent '{link.parent}' that is not there"
        own = link.parent == table and link in program.links
        behind = not own and model.order.index(link.parent) >= model.order.index(table)
        if behind and (link not in program.links or not _is_cut(model, table, link)):
            return f"stands before its parent '{link.parent}'"
    missing = unreadable(model, program, [c.sql for c in program.constraints])
    if missing is not None:
        return f"has a constraint on '{missing}', which is not there"
    for step in program.steps:
        if isinstance(step, Aggregate) and (
            unfit := unfit_aggregate(model.programs, program, step)
        ):
            return unfit
    for parent, read in read_of_parents(
        program, [c for s in program.steps for c in step_columns(s)]
    ):
        if parent in model.verbatim:
            return f"reads a column '{read}' of the copied table '{parent}'"
        if not _has(model, parent, read):
            return f"reads a column '{read}' that its parent '{parent}' does not have"
    return ""


def _is_cut(model: Model, table: str, link: Link) -> bool:
    """Whether the graph says that the rows of this key are chosen when all tables are there."""
    return any(
        (r.cut or r.when) and (r.columns, r.parent) == (link.columns, link.parent)
        for r in model.graph.parents(table)
    )


def _has(model: Model, table: str, name: str) -> bool:
    """Whether a table makes a column, or can read it of a parent."""
    steps = model.programs[table].needed([name])
    if any(name in step_columns(s) for s in steps):
        return not isinstance(steps[-1], Expression | Aggregate)
    alias, _, above = name.partition(".")
    parent = parent_of(model.programs[table], alias)
    return parent is not None and parent != table and _has(model, parent, above)


def _table(plain: dict[str, Any]) -> Table:
    columns = tuple(_column(c) for c in plain.pop("columns"))
    unique = tuple(tuple(u) for u in plain.pop("unique_keys"))
    key, checks = tuple(plain.pop("primary_key")), tuple(plain.pop("checks", ()))
    names = {c.name for c in columns}
    if any(path or name not in names for c in checks for path, name in columns_of(c)):
        message = f"table '{plain['name']}' has a CHECK over a column it does not have"
        raise ModelFormatError(message)
    return Table(columns=columns, unique_keys=unique, primary_key=key, checks=checks, **plain)


def _rule(plain: dict[str, Any]) -> Rule:
    check_expression(plain["sql"])
    paths = tuple((str(name), tuple(map(str, links))) for name, links in plain["paths"])
    return Rule(**{**plain, "paths": paths})


def _column(plain: dict[str, Any]) -> Column:
    role = Role(plain["role"])
    if role is not Role.UNSUPPORTED:
        check_type(str(plain["type"]))
    return Column(**{**plain, "role": role})


def _relationship(plain: dict[str, Any]) -> Relationship:
    columns, above = tuple(plain["columns"]), tuple(plain["parent_columns"])
    held = plain.get("when")
    when = None if held is None else (str(held[0]), str(held[1]))
    return Relationship(**{**plain, "columns": columns, "parent_columns": above, "when": when})
