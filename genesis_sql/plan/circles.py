"""What a column of a model hangs on, through steps, parents and choices: it may not be itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis_sql.plan.definition import Model, group_columns
from genesis_sql.program.steps import (
    PARENT,
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
    table, column = node
    if table not in model.programs:
        return
    program = model.programs[table]
    links = {link.alias: link.parent for link in program.links}
    if column == ROWS:
        yield from _rows(program, links)
        return
    yield table, ROWS
    step = makers[table].get(column)
    if step is None:
        return
    for name in step_inputs(step):
        yield from _read(program, links, name, makers[table])
    if isinstance(step, Pick | PickDistinct):
        yield links[step.alias], ROWS
    if isinstance(step, Pick):
        for read in (step.weight, *group_columns(step)):
            yield links[step.alias], read


def _rows(program: Program, links: Mapping[str, str]) -> Iterator[Node]:
    if program.main is None:
        return
    yield program.main.link.parent, ROWS
    yield program.main.link.parent, program.main.count
    for step in program.steps:
        if isinstance(step, PickDistinct):
            yield links[step.alias], ROWS


def _read(
    program: Program, links: Mapping[str, str], name: str, mine: Mapping[str, Step]
) -> Iterator[Node]:
    """What an input hangs on: a column of ours, or one of a parent with the choice of its row."""
    if name in mine:
        yield program.table, name
        return
    alias, _, read = name.partition(".")
    if alias == PARENT and program.main is not None:
        if read not in ("#k", "#count"):
            yield program.main.link.parent, read
        return
    yield program.table, f"#row:{alias}"
    yield links[alias], read
