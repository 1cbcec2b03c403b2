"""Constraints on the programs that were learnt, and the pairs of columns that they put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from genesis_sql.errors import ConstraintError
from genesis_sql.graph.constraints import comparisons
from genesis_sql.models.learnt import Described
from genesis_sql.program.allowlist import check_expression, columns_of
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import PARENT, Link, Program
from genesis_sql.sqlbuild import column, text
from genesis_sql.types import Graph, Ordered, Relationship, Role, Rule

_SCALES = (
    {Role.INTEGER, Role.DECIMAL},
    {Role.DATE, Role.TIMESTAMP},
    {Role.TIME},
)
"""Roles whose values can be put in one order."""


def constrain(graph: Graph, programs: Mapping[str, Program]) -> dict[str, Program]:
    """The programs with the constraints of the graph: CHECKs and declared ones.

    Raises:
        ConstraintError: a program does not follow a foreign key that a constraint needs.
    """
    out = dict(programs)
    for table in graph.tables:
        if table.name in out and table.checks:
            program = out[table.name]
            folded = _folded(program)
            able = [c for c in table.checks if folded.isdisjoint(n for _, n in columns_of(c))]
            checks = tuple(Constraint(sql, "check") for sql in able)
            out[table.name] = replace(program, constraints=program.constraints + checks)
    for rule in graph.rules:
        if rule.table in out:
            _put(graph, out, rule)
    return out


def _put(graph: Graph, programs: dict[str, Program], rule: Rule) -> None:
    """Add one declared constraint to the program of its table."""
    by_name = {r.name: r for r in graph.relationships}
    paths = {
        name: ".".join(_aliases(programs, rule, [by_name[n] for n in links]))
        for name, links in rule.paths
    }

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            return column(node.name, paths[node.table] if node.table else None)
        return node

    sql = text(check_expression(rule.sql).transform(swap))
    program = programs[rule.table]
    ends = {"": program} | {n: programs.get(by_name[links[-1]].parent) for n, links in rule.paths}
    for path, name in columns_of(rule.sql):
        above = ends[path]
        if above is not None and name in _folded(above):
            message = (
                f"constraint '{rule.shown}' reads '{above.table}.{name}', which is computed from "
                f"the rows below it; put the constraint on these"
            )
            raise ConstraintError(message)
    new = Constraint(sql, "declared", rule.shown)
    programs[rule.table] = replace(program, constraints=(*program.constraints, new))


def _folded(program: Program) -> set[str]:
    """Columns that are made of a row's children, behind which no redraw reaches."""
    return {s.column for s in program.steps if isinstance(s, Aggregate)}


def _aliases(programs: dict[str, Program], rule: Rule, path: list[Relationship]) -> list[str]:
    """How the programs call the parents along a path."""
    out = []
    for key in path:
        program = programs.get(key.child)
        if program is None:
            message = (
                f"constraint '{rule.shown}' goes on from the copied table '{key.child}', which is "
                f"not followed; copy what it needs into a column of '{key.child}'"
            )
            raise ConstraintError(message)
        out.append(_alias(programs, program, key, rule))
    return out


def _alias(programs: dict[str, Program], program: Program, key: Relationship, rule: Rule) -> str:
    links = [*program.links, *([program.main.link] if program.main else [])]
    for link in links:
        if link.parent == key.parent and set(link.columns) == set(key.columns):
            return link.alias
    if key.parent in programs:
        message = (
            f"constraint '{rule.shown}' needs the parent of {key.name}, whose columns another key "
            f"fills; name that key's parent instead"
        )
        raise ConstraintError(message)
    name = f"{key.parent}({', '.join(key.columns)})".replace(".", "·")
    copied = Link(name, key.parent, key.columns, key.parent_columns)
    programs[program.table] = replace(program, links=(*program.links, copied))
    return name


def ordered_pairs(graph: Graph, table: str, main: Relationship | None) -> tuple[Ordered, ...]:
    """Columns that constraints put in order: of a row, or of a row and its main parent.

    Args:
        graph: tables with their CHECKs and declared constraints.
        table: whose rows are learnt.
        main: the foreign key to the main parent, if there is one.
    """
    predicates: list[tuple[str, dict[str, tuple[str, ...]]]] = [
        (sql, {}) for sql in graph.table(table).checks
    ]
    predicates += [(r.sql, dict(r.paths)) for r in graph.rules if r.table == table]
    known = [r.parent for r in [main] if r is not None]
    out: dict[Ordered, None] = {}
    for sql, paths in predicates:
        for low, high, strict in comparisons(sql):
            names = []
            for node in (low, high):
                if not node.table:
                    names.append((node.name, graph.table(table).column(node.name).role))
                elif main is not None and paths[node.table] == (main.name,):
                    role = graph.table(known[0]).column(node.name).role
                    names.append((f"{PARENT}.{node.name}", role))
            alike = len(names) == 2 and any({r for _, r in names} <= s for s in _SCALES)
            if alike and not all(n.startswith(f"{PARENT}.") for n, _ in names):
                out[Ordered(names[0][0], names[1][0], strict)] = None
    return tuple(out)


def shown_constraints(graph: Graph, described: Iterable[Described]) -> list[Described]:
    """Rows of `genesis_describe` with the constraints that their columns have to keep."""
    kept: dict[tuple[str, str], list[str]] = {}
    for table in graph.tables:
        for sql in table.checks:
            for _, name in columns_of(sql):
                kept.setdefault((table.name, name), []).append(f"CHECK ({sql})")
    for rule in graph.rules:
        for path, name in columns_of(rule.sql):
            if not path:
                kept.setdefault((rule.table, name), []).append(rule.shown)
    return [
        replace(d, reason="; ".join([*([d.reason] if d.reason else []), *kept[d.table, d.column]]))
        if (d.table, d.column) in kept
        else d
        for d in described
    ]
