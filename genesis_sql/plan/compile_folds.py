"""Columns made of a row's own children, in SQL: joined with groups of the child's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.plan.aggregate import aggregates
from genesis_sql.plan.definition import Model
from genesis_sql.program.domain import Categories
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.sql import NUMBER
from genesis_sql.program.sql_nodes import above, as_type, case, is_null, literal, op
from genesis_sql.program.sql_relation import Relation, select
from genesis_sql.program.steps import PARENT, Link, Program
from genesis_sql.sqlbuild import column

_MADE = {"sum": exp.Sum, "min": exp.Min, "max": exp.Max}


_OWNER = Link(PARENT, "", (), ()).row
"""The hidden column of a child with the row of its main parent."""


def unfolded(model: Model, table: str, columns: Iterable[str]) -> dict[str, dict[str, None]]:
    """What must be drawn for these columns where some are made of children, by table.

    Raises:
        GenesisError: one is a list.
    """
    wanted: dict[str, dict[str, None]] = {table: dict.fromkeys(columns)}
    open_ = [table]
    while open_:
        program = model.programs[open_.pop()]
        for step in aggregates(program, tuple(wanted[program.table])).values():
            if step.function == "list":
                message = (
                    f"column '{step.column}' of table '{program.table}' is the list of rows of "
                    f"'{step.child}', which has no SQL form; read it with genesis_generate"
                )
                raise GenesisError(message)
            below = wanted.setdefault(step.child, {})
            below |= dict.fromkeys([*step.sources, _OWNER])
            open_.append(step.child)
    return wanted


def plain(program: Program, columns: Iterable[str]) -> list[str]:
    """The columns that are not made of children."""
    names = tuple(columns)
    folded = aggregates(program, names)
    return [n for n in names if n not in folded]


def add_fold(rows: Relation, children: Relation, program: Program, step: Aggregate) -> None:
    """Add the column of a step.

    Args:
        rows: of the table.
        children: with the row of the parent and the sources.
        program: the child's.
        step: what to make of them.
    """
    known: exp.Expression = literal(1)
    if step.sources:
        source = column(step.sources[0])
        labels = isinstance(program.domains[step.sources[0]], Categories)
        known = case([(above(source, 0), source)]) if labels else source
    found: exp.Expression = exp.Count(this=known)
    made = found
    if step.function in _MADE:
        made = cast(exp.Expression, _MADE[step.function](this=column(step.sources[0])))
    entries = [("row", column(_OWNER)), ("found", found), ("made", as_type(made, "BIGINT"))]
    groups = select(entries, children.source)
    groups = groups.where(exp.Not(this=is_null(column(_OWNER))), copy=False)
    groups = groups.group_by(column(_OWNER), copy=False)
    name = rows.query.add(f"{step.column} of {step.child}", groups, shared=True)
    some = column("found", "o")
    empty = exp.null() if step.empty is None else literal(step.empty)
    value = case([(above(some, 0), column("made", "o"))], as_type(empty, "BIGINT"))
    same = op(exp.EQ, column("row", "o"), column(NUMBER, "r"))
    rows.join(name, same, [(step.column, value)])
