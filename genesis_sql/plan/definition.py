"""A fitted model as one object: its schema graph and the programs of its tables."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from genesis_sql.program.domain import Domain
from genesis_sql.program.steps import (
    PARENT,
    PLACES,
    Block,
    Pick,
    Program,
    step_columns,
    step_inputs,
)
from genesis_sql.types import Graph

_OF_CHILD = {f"{PARENT}.{place}" for place in PLACES}
"""Columns of the main parent's alias that are the child's own."""


@dataclass(frozen=True, eq=False)
class Model:
    """Programs of one or more related tables.

    Attributes:
        name, version, uuid: what it is called; the uuid alone (with the seed) decides the draws.
        graph: tables and foreign keys, as fitted.
        programs: by table.
        verbatim: rows of the tables that are copied unchanged, by table.
        order: all tables, parents first.
        prepared: what is worked out of it once, for all seeds; it goes when the model goes.
    """

    name: str
    version: int
    uuid: str
    graph: Graph
    programs: Mapping[str, Program]
    verbatim: Mapping[str, pa.Table]
    order: tuple[str, ...]
    prepared: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def visible(self) -> tuple[str, ...]:
        """The tables that users see: not those of the elements of lists."""
        hidden = {t.name for t in self.graph.tables if t.nested}
        return tuple(n for n in self.order if n not in hidden)


def block_methods(programs: Iterable[Program]) -> set[str]:
    """The methods of the blocks of programs: their samplers have to be there before rows are."""
    return {s.method for p in programs for s in p.steps if isinstance(s, Block)}


def apart(model: Model, program: Program) -> frozenset[str]:
    """Aliases of chosen parents that do not stand before the table: itself, or behind a cut edge.

    What is read of those rows is drawn apart from what reads it.
    """
    place = {name: at for at, name in enumerate(model.order)}
    links = {link.alias: link.parent for link in program.links}
    chosen = {step.alias for step in program.steps if isinstance(step, Pick)}
    return frozenset(a for a in chosen if place[links[a]] >= place[program.table])


def read_of_parents(
    program: Program, columns: Iterable[str], without: Container[str] = ()
) -> list[tuple[str, str]]:
    """(parent, its column) of all that a program reads of its parents for some columns.

    Args:
        program: which.
        columns: of it.
        without: aliases of parents to leave out.
    """
    links = {link.alias: link.parent for link in program.links if link.alias not in without}
    out: list[tuple[str, str]] = []
    if program.main is not None:
        links[PARENT] = program.main.link.parent
        out.append((program.main.link.parent, program.main.count))
    wanted = tuple(columns)
    steps = program.needed(wanted)
    made = {c for step in program.steps for c in step_columns(step)}
    names = [*(c for c in wanted if c not in made), *(n for s in steps for n in step_inputs(s))]
    names = [n for n in names if n not in made]
    for name in dict.fromkeys(names):
        alias, _, read = name.partition(".")
        if alias in links and name not in _OF_CHILD:
            out.append((links[alias], read))
    for step in steps:
        if isinstance(step, Pick) and step.alias in links:
            out += [(links[step.alias], read) for read in (step.weight, *group_columns(step))]
    return out


def parent_of(program: Program, alias: str) -> str | None:
    """The table behind an alias of a program."""
    if alias == PARENT and program.main is not None:
        return program.main.link.parent
    return next((link.parent for link in program.links if link.alias == alias), None)


def domain_of(model: Model, table: str, name: str) -> Domain:
    """How a column of a table is read, or one of its parents' that is read through it."""
    program = model.programs[table]
    alias, _, above = name.partition(".")
    parent = parent_of(program, alias) if name not in program.domains else None
    return program.domains[name] if parent is None else domain_of(model, parent, above)


def group_columns(step: Pick) -> list[str]:
    """The columns of the parent whose values make the groups of a choice."""
    return [theirs for _, theirs in step.shared] or [step.group]
