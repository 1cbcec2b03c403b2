"""Tables in an order in which every parent comes before its children."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.errors import SchemaError
from genesis_sql.graph.notation import relationship_text
from genesis_sql.types import Graph, Relationship


def topological(graph: Graph) -> tuple[str, ...]:
    """The tables, parents first; otherwise in the graph's order.

    References of a table to itself, those that are cut and those that hold for one value of a
    column play no role: their rows are chosen when all tables are there.

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
        step = next(r for r in _followed(graph, at) if r.parent in waiting)
        path.append(step)
        at = step.parent
    return tuple(path[seen.index(at) :])


def cut(graph: Graph, circle: tuple[Relationship, ...]) -> Relationship | None:
    """The relationship of a circle to choose last: one that may be NULL, or None.

    One that no key needs and that fewest rows hold goes first: what is chosen last says nothing
    about the other columns of its table.
    """
    able = [r for r in circle if _may_be_null(graph, r)]
    return min(able, key=lambda r: (_in_keys(graph, r), graph.table(r.child).rows), default=None)


def cut_circles(graph: Graph) -> Graph:
    """The graph with a relationship marked as cut in every circle that has one to cut."""
    while circle := cycle(graph):
        edge = cut(graph, circle)
        if edge is None:
            break
        marked = tuple(replace(r, cut=True) if r is edge else r for r in graph.relationships)
        graph = replace(graph, relationships=marked)
    return graph


def _may_be_null(graph: Graph, relationship: Relationship) -> bool:
    table = graph.table(relationship.child)
    return table.verbatim or any(table.column(c).nullable for c in relationship.columns)


def _in_keys(graph: Graph, relationship: Relationship) -> int:
    """How many keys hold columns of the reference: its table's, and what others refer to."""
    table = graph.table(relationship.child)
    held = [table.primary_key, *table.unique_keys]
    held += [r.parent_columns for r in graph.children(table.name)]
    return sum(not set(key).isdisjoint(relationship.columns) for key in held)


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
    return {r.parent for r in _followed(graph, table)}


def _followed(graph: Graph, table: str) -> list[Relationship]:
    """The references of a table that decide on the order."""
    return [r for r in graph.parents(table) if not r.cut and not r.when and r.parent != table]
