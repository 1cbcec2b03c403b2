"""What a statement asks of an engine's parser: how deep its expressions are, how wide its rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

MOST_LEVELS = 300
"""Levels of an expression that are written at most: all engines and sqlglot follow as many."""


def depth(tree: exp.Expression) -> int:
    """How many levels an expression has; chains of one operator count one by one."""
    most, open_ = 0, [(tree, 1)]
    while open_:
        node, level = open_.pop()
        most = max(most, level)
        within = level if isinstance(node, exp.Paren | exp.Alias) else level + 1
        open_.extend((child, within) for child in node.iter_expressions())
    return most


def parser_stack(tree: exp.Expression) -> int:
    """How many symbols SQLite's parser holds at once while it reads an expression."""
    most, open_ = 0, [(tree, 0)]
    while open_:
        node, held = open_.pop()
        most = max(most, held + 1)
        open_.extend((child, held + more) for child, more in _held(node))
    return most


def _held(node: exp.Expression) -> Iterator[tuple[exp.Expression, int]]:
    """The parts of an expression, with the symbols that stand open in front of each."""
    if isinstance(node, exp.Case):
        for at, branch in enumerate(node.args["ifs"]):
            yield branch.this, 3 if at == 0 else 4
            yield branch.args["true"], 5 if at == 0 else 6
        if node.args.get("default") is not None:
            yield node.args["default"], 4
    elif isinstance(node, exp.Binary):
        yield node.this, 0
        yield node.expression, 2
    elif isinstance(node, exp.Subquery | exp.Select):
        yield from ((child, 4) for child in node.iter_expressions())
    elif isinstance(node, exp.Func):
        for at, child in enumerate(node.iter_expressions()):
            yield child, 3 if at == 0 else 5
    elif isinstance(node, exp.Alias):
        yield node.this, 0
    else:
        yield from ((child, 1) for child in node.iter_expressions())
