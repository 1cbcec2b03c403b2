"""References that find no parent: what may become of them, and which of them can be kept."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.errors import OptionError, nearest
from genesis_sql.graph.roles import role_of_type
from genesis_sql.types import Graph, Relationship, Role

CHOICES = ("null", "drop", "keep")
"""They become NULL; their rows are not learnt from; as many of the new rows have such ones."""


def check_choice(orphans: str) -> str:
    """The choice, if it is one.

    Raises:
        OptionError: it is none.
    """
    if orphans not in CHOICES:
        message = (
            f"orphans := '{orphans}' is not known{nearest(orphans, CHOICES)}; it takes 'null' (a "
            "dangling reference becomes NULL), 'drop' (its row is not learnt from) or 'keep' (as "
            "many new rows have one)"
        )
        raise OptionError(message)
    return orphans


def keep(graph: Graph) -> Graph:
    """The graph with the orphans marked as kept, where keys can be made that no parent has."""
    marked = tuple(
        replace(r, kept_orphans=r.orphans) if not why_not(graph, r) else r
        for r in graph.relationships
    )
    return replace(graph, relationships=marked)


def why_not(graph: Graph, key: Relationship) -> str:
    """Why the orphans of a reference cannot be kept; empty where they can, or there are none."""
    child, parent = graph.table(key.child), graph.table(key.parent)
    if not key.orphans or child.verbatim:
        return ""
    if len(key.columns) > 1:
        return "a key of several columns"
    if key.when:
        return "a key that holds for one label"
    if any(key.columns[0] in k for k in (child.primary_key, *child.unique_keys)):
        return "its column is part of a key"
    if any(key.columns[0] in r.columns for r in graph.parents(child.name) if r is not key):
        return "its column is part of another reference"
    if parent.verbatim:
        return ""
    above = key.parent_columns[0]
    copied = any(above in r.columns for r in graph.parents(parent.name))
    type_ = parent.column(above).type
    made = role_of_type(type_) is Role.INTEGER or type_ in ("VARCHAR", "UUID")
    return "the parent's key is no number or text of its own" if copied or not made else ""
