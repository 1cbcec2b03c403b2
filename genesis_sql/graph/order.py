"""Tables in an order in which every parent comes before its children."""

from __future__ import annotations

from genesis_sql.errors import SchemaError
from genesis_sql.graph.notation import relationship_text
from genesis_sql.types import Graph, Relationship


def topological(graph: Graph) -> tuple[str, ...]:
    """The tables, parents first; otherwise in the graph's order. Self-references play no role.

    Raises:
        SchemaError: Tables refer to each other in a circle.
    """
    ordered, waiting = _sorted(graph)
    if waiting:
        raise SchemaError(cycle_text(graph, cycle(graph)))
    return tuple(ordered)


def cycle(graph: Graph) -> tuple[Relationship, ...]:
    """One circle of relationships, each from the parent of the one before; or none."""
    _, waiting = _sorted(graph)
    if not waiting:
        return ()
    path: list[Relationship] = []
    at = waiting[0]
    seen: list[str] = []
    while at not in seen:
        seen.append(at)
        step = next(r for r in graph.parents(at) if r.parent in waiting and r.parent != at)
        path.append(step)
        at = step.parent
    return tuple(path[seen.index(at) :])


def cut(graph: Graph, circle: tuple[Relationship, ...]) -> Relationship | None:
    """The relationship to leave out of a circle: the first that may be NULL, or None."""
    for relationship in circle:
        table = graph.table(relationship.child)
        if any(table.column(name).nullable for name in relationship.columns):
            return relationship
    return None


def cycle_text(graph: Graph, circle: tuple[Relationship, ...]) -> str:
    """The sentence for a circle, with the edge to leave out."""
    tables = " -> ".join(f"'{r.child}'" for r in (*circle, circle[0]))
    edge = cut(graph, circle)
    if edge is None:
        return f"tables refer to each other in a circle: {tables}; none of the keys may be NULL"
    return (
        f"tables refer to each other in a circle: {tables}; "
        f"leave out '{relationship_text(edge)}', which may be NULL"
    )


def _sorted(graph: Graph) -> tuple[list[str], list[str]]:
    """The tables that can be ordered, and those in or behind a circle."""
    ordered: list[str] = []
    waiting = [t.name for t in graph.tables]
    while waiting:
        ready = [t for t in waiting if _parents(graph, t) <= set(ordered)]
        if not ready:
            break
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered, waiting


def _parents(graph: Graph, table: str) -> set[str]:
    return {r.parent for r in graph.parents(table)} - {table}
