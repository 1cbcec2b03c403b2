"""Rows that a required further parent is there for.

A child whose two composite keys share a column takes that column from one parent and chooses the
other among the rows that agree. A row of the first parent that no row of the second agrees with can
have no such child: it gets none, or is not chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from genesis_sql.plan.definition import Model
from genesis_sql.program.steps import PARENT, Copy, Link, Pick, Program


@dataclass(frozen=True)
class Match:
    """A required choice, and where the columns that have to agree come from.

    Attributes:
        step: the choice.
        link: the key that it fills.
        source: alias of the parent that gives the shared columns.
        columns: those columns there, in the order of ``step.shared``; none: all rows agree.
    """

    step: Pick
    link: Link
    source: str
    columns: tuple[str, ...]


def matches(model: Model, program: Program) -> tuple[Match, ...]:
    """The choices of a table that no row can do without, of parents that stand before it."""
    node = next((t for t in model.graph.tables if t.name == program.table), None)
    before = model.order[: model.order.index(program.table)]
    copies = {s.column: s for s in program.steps if isinstance(s, Copy)}
    links = {link.alias: link for link in program.links}
    found = []
    for step in program.steps:
        if node is None or not isinstance(step, Pick) or links[step.alias].parent not in before:
            continue
        link = links[step.alias]
        required = any(
            c in copies
            and copies[c].otherwise is None
            and copies[c].source.startswith(f"{step.alias}.")
            and (not node.column(c).nullable or c in node.primary_key)
            for c in link.columns
        )
        given = [copies[own].source.partition(".") for own, _ in step.shared if own in copies]
        sources = {alias for alias, _, _ in given}
        if required and len(given) == len(step.shared) and len(sources) <= 1:
            source = sources.pop() if sources else PARENT
            found.append(Match(step, link, source, tuple(column for *_, column in given)))
    return tuple(found)
