"""What a column of a model hangs on, through steps, parents and choices: it may not be itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis_sql.plan.definition import Model, group_columns, parent_of
from genesis_sql.program.steps import (
    BEFORE,
    PARENT,
    PLACES,
    Beyond,
    Pick,
    PickDistinct,
    Program,
    Step,
    step_columns,
    step_inputs,
)

ROWS = "#rows"
"""Stands for how many rows a table has and what their addresses are."""

Node = tuple[str, str]
"""A table and one of its columns, or `ROWS`."""


def circle(model: Model) -> list[Node]:
    """Columns that hang on one another in a circle, the first of them twice; empty: there is none.

    Args:
        model: whose programs name only parents and columns that are there.
    """
    makers = {
        table: {column: step for step in program.steps for column in step_columns(step)}
        for table, program in model.programs.items()
    }
    done: set[Node] = set()
    path: list[Node] = []
    waiting: list[Iterator[Node]] = [iter([(t, c) for t, made in makers.items() for c in made])]
    while waiting:  # depth first, without recursion: chains may be long
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            if path:
                done.add(path.pop())
        elif node in path:
            return [*path[path.index(node) :], node]
        elif node not in done:
            path.append(node)
            waiting.append(_hangs_on(model, makers, node))
    return []


def _hangs_on(model: Model, makers: Mapping[str, Mapping[str, Step]], node: Node) -> Iterator[Node]:
    """What a column hangs on first; of earlier siblings only what lies outside their family."""
    table, column = node
    if table not in model.programs:
        return
    program, mine = model.programs[table], makers[table]
    if column == ROWS:
        yield from _rows(program)
        return
    yield table, ROWS
    if column.startswith(BEFORE):
        for step in program.needed([column]):
            foreign = [n for n in step_inputs(step) if n not in mine and not n.startswith(BEFORE)]
            for name in foreign:
                yield from (n for n in _read(program, mine, name) if n != _row(table, name))
            yield from _chosen(program, step)
    elif column in mine:
        yield from _of_step(program, mine, mine[column])
    else:
        yield from _read(program, mine, column)


def _of_step(program: Program, mine: Mapping[str, Step], step: Step) -> Iterator[Node]:
    for name in step_inputs(step):
        yield from _read(program, mine, name)
    yield from _chosen(program, step)


def _chosen(program: Program, step: Step) -> Iterator[Node]:
    """What the choice of a parent's row hangs on there."""
    if isinstance(step, Pick | PickDistinct | Beyond):
        parent = parent_of(program, step.alias) or ""
        yield parent, ROWS
        if isinstance(step, Pick):
            yield from ((parent, read) for read in (step.weight, *group_columns(step)))


def _rows(program: Program) -> Iterator[Node]:
    if program.main is None:
        return
    yield program.main.link.parent, ROWS
    yield program.main.link.parent, program.main.count
    for step in program.steps:
        if isinstance(step, PickDistinct):
            yield parent_of(program, step.alias) or "", ROWS


def _read(program: Program, mine: Mapping[str, Step], name: str) -> Iterator[Node]:
    """What an input hangs on: a column of ours, or one of a parent with the choice of its row."""
    if name in mine or name.startswith(BEFORE):
        yield program.table, name
        return
    alias, _, read = name.partition(".")
    if alias != PARENT or program.main is None:
        yield _row(program.table, name)
    elif read in PLACES:
        return
    parent = parent_of(program, alias)
    if parent is not None:
        yield parent, read


def _row(table: str, name: str) -> Node:
    """The column with the chosen row of a parent whose column is read."""
    return table, f"#row:{name.partition('.')[0]}"
