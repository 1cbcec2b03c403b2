"""Checks a program that came from outside before the kernel may index with its numbers."""

from __future__ import annotations

import re

import numpy as np

from genesis_sql.errors import ModelFormatError
from genesis_sql.program.domain import Categories, Fixed
from genesis_sql.program.steps import (
    PARENT,
    Copy,
    Digit,
    Draw,
    Expression,
    Program,
    Stratum,
    Tree,
    step_columns,
    step_inputs,
)

_TYPE = re.compile(
    r"(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE"
    r"|DECIMAL\(\d{1,2}, ?\d{1,2}\)|DATE|TIME(_NS)?"
    r"|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|VARCHAR|UUID|ENUM\((?:'(?:[^']|'')*'(?:, ?)?)+\))"
)


def _require(condition: object, text: str) -> None:
    if not condition:
        message = f"a stored program is damaged: {text}"
        raise ModelFormatError(message)


def check_type(type_: str) -> None:
    """Refuse text that is no DuckDB type a column can have: it is written into statements."""
    _require(
        isinstance(type_, str) and _TYPE.fullmatch(type_), f"'{str(type_)[:40]}' is no column type"
    )


def check_program(program: Program) -> None:
    """Refuse a program with numbers outside its arrays, or steps that read what is not there."""
    aliases = {link.alias for link in program.links} | ({PARENT} if program.main else set())
    made: set[str] = set()
    for output in program.outputs:
        check_type(output.type)
    for step in program.steps:
        for name in step_inputs(step):
            foreign = "." in name and name.split(".", 1)[0] in aliases
            _require(
                foreign or name in made or _is_row(name, aliases),
                f"column '{name}' is read before it is made",
            )
        for column in step_columns(step):
            _require(column not in made, f"column '{column}' is made twice")
            made.add(column)
        if isinstance(step, Draw):
            _check_draw(step, program)
        if isinstance(step, Digit | Stratum):
            _require(len(step.values) > 0, "a key part has no values")
    _check_domains(program, made)


def _is_row(name: str, aliases: set[str]) -> bool:
    return name.startswith("#row:") and name[5:] in aliases


def _check_domains(program: Program, made: set[str]) -> None:
    computed = {s.column for s in program.steps if isinstance(s, Expression)}
    for output in program.outputs:
        _require(output.name in made, f"column '{output.name}' is not made")
        _require(
            output.name in computed or output.name in program.domains,
            f"column '{output.name}' has no domain",
        )
    for step in program.steps:
        if isinstance(step, Draw | Copy | Digit):
            _require(step.column in program.domains, f"column '{step.column}' has no domain")
    for domain in program.domains.values():
        check_type(domain.type)
        _require(
            not isinstance(domain, Fixed) or domain.value is None or isinstance(domain.value, str),
            "a constant is no text",
        )


def _check_draw(step: Draw, program: Program) -> None:
    _check_tree(step.tree, len(step.inputs), step.cells.count)
    cells, slots = step.cells, len(step.cells.low)
    _require(
        len(cells.start) > 1 and cells.start[0] == 0 and cells.start[-1] == slots,
        "cells do not fit their slots",
    )
    _require(bool((np.diff(cells.start) > 0).all()), "a cell is empty")
    _require(len(cells.accept) == slots == len(cells.alias), "alias tables do not fit")
    _require(
        slots and int(cells.alias.min()) >= 0 and int(cells.alias.max()) < slots,
        "an alias points outside",
    )
    if isinstance(program.domains[step.column], Categories):
        labels = len(program.domains[step.column].labels)  # type: ignore[union-attr]
        _require(
            cells.low.dtype == np.int32
            and int(cells.low.min()) >= 0
            and int(cells.low.max()) <= labels,
            "a code has no label",
        )
    else:
        _require(cells.width is not None and len(cells.width) == slots, "widths do not fit")
        _require(cells.null is not None and len(cells.null) == slots, "null marks do not fit")


def _check_tree(tree: Tree, inputs: int, cells: int) -> None:
    n = len(tree.feature)
    _require(
        n == len(tree.threshold) == len(tree.left) == len(tree.right) and n > 0,
        "a tree's arrays differ in length",
    )
    inner = tree.feature >= 0
    _require(
        int(tree.feature.max()) < inputs and int(tree.feature.min()) >= -1,
        "a tree asks about an input it does not have",
    )
    after = np.arange(n)[inner]
    for child in (tree.left[inner], tree.right[inner]):
        _require(
            bool((child > after).all()) and (len(child) == 0 or int(child.max()) < n),
            "a tree is no tree",
        )
    ends = tree.left[~inner]
    _require(len(ends) and int(ends.min()) >= 0 and int(ends.max()) < cells, "a leaf has no cell")
