"""Expressions of a program: the columns they read, and what they are with all others put in."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sqlglot
from sqlglot import exp

from genesis_sql.program.allowlist import CALLS
from genesis_sql.program.domain import Fixed
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import Expression, Program, step_columns


@lru_cache(maxsize=4096)
def columns_read(sql: str) -> tuple[str, ...]:
    """The columns that an expression names, each once.

    Example:
        >>> columns_read('"b" + "a" * "b"')
        ('b', 'a')
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    return tuple(dict.fromkeys(c.name for c in tree.find_all(exp.Column)))


def computed(program: Program) -> dict[str, str]:
    """The columns that are expressions, with their SQL."""
    return {s.column: s.sql for s in program.steps if isinstance(s, Expression)}


def known_last(program: Program) -> frozenset[str]:
    """The columns that no draw can be checked for: they are known when all rows are.

    Made of a row's children, given by a Python function, or computed from such columns.
    """
    late: set[str] = set()
    for step in program.steps:
        called = isinstance(step, Expression) and any(name in step.sql.lower() for name in CALLS)
        read = columns_read(step.sql) if isinstance(step, Expression) else ()
        if isinstance(step, Aggregate) or called or not late.isdisjoint(read):
            late.update(step_columns(step))
    return frozenset(late)


def sampled(program: Program) -> tuple[str, ...]:
    """The columns that the kernel produces for the output: the visible ones in order.

    Behind them stand the hidden ones that visible expressions read. Constants are written into the
    statement and come from no kernel, unless there is nothing else: a row is one of some column.
    """
    sqls, fixed = computed(program), fixed_columns(program)
    shown = [o.name for o in program.outputs if o.name not in sqls]
    names = dict.fromkeys([n for n in shown if n not in fixed] or shown[:1])
    open_ = [o.name for o in program.outputs if o.name in sqls]
    seen: set[str] = set()
    while open_:
        name = open_.pop(0)
        if name in sqls and name not in seen:
            seen.add(name)
            open_ += columns_read(sqls[name])
        elif name not in sqls and name in program.domains and name not in fixed:
            names.setdefault(name)
    return tuple(names) or tuple(program.domains)[:1]


def fixed_columns(program: Program) -> dict[str, Fixed]:
    """The columns that have one value in all rows."""
    return {n: d for n, d in program.domains.items() if isinstance(d, Fixed)}


def inlined(
    program: Program, name: str, value: Callable[[str], exp.Expression | None]
) -> exp.Expression:
    """The tree of an expression in which every column is replaced by its value.

    Args:
        program: has the expression.
        name: its column.
        value: the node that stands for a column the kernel produces; None leaves a name alone.
    """
    sqls, types = computed(program), {o.name: o.type for o in program.outputs}

    def swap(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        if node.name not in sqls:
            return value(node.name) or node
        inner = exp.paren(put(node.name), copy=False)
        return exp.cast(inner, types[node.name], dialect="duckdb") if node.name in types else inner

    def put(of: str) -> exp.Expression:
        tree = sqlglot.parse_one(sqls[of], read="duckdb")
        return tree.transform(swap)

    return put(name)
