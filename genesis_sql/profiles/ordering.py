"""The tables of a profile in an order in which each finds what it refers to, circles cut open.

A circle of tables is cut at a reference that may be NULL: which row it names is chosen when all
tables are there. A table's reference to itself plays no role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from genesis_sql.errors import ProfileError, nearest

Cut = frozenset[tuple[str, str]]
"""Tables with the links of theirs that are chosen last."""


@dataclass(frozen=True)
class _Edge:
    """A table that another one needs.

    Attributes:
        child, above: the tables.
        role: where the child says so, for errors.
        link: of the reference, None for the parent.
        open_: whether it may be NULL.
        keyed: whether a key of the child holds it.
    """

    child: str
    above: str
    role: str
    link: str | None = None
    open_: bool = False
    keyed: bool = False


def link_name(column: str, spec: Mapping[str, Any]) -> str:
    """The link that a reference belongs to: its own, where it names none."""
    return str(spec.get("link", column))


def may_be_null(spec: Mapping[str, Any]) -> bool:
    """Whether a reference may be NULL."""
    return bool(spec.get("nullable", float(spec.get("null_share", 0.0)) > 0.0))


def ordered(specs: Mapping[str, Any]) -> tuple[tuple[str, ...], Cut]:
    """The tables, each behind its parent and those it refers to, and the links that are cut.

    Args:
        specs: tables of a plain profile.

    Raises:
        ProfileError: one refers to a table that is not there, or a circle has nothing to cut.

    Example:
        >>> a = {"columns": {"b": {"type": "reference", "table": "b", "nullable": True}}}
        >>> b = {"columns": {"a": {"type": "reference", "table": "a"}}}
        >>> ordered({"a": a, "b": b})
        (('a', 'b'), frozenset({('a', 'b')}))
    """
    edges = [edge for name, spec in specs.items() for edge in _edges(name, spec)]
    for edge in edges:
        if edge.above not in specs:
            message = f"tables.{edge.child}.{edge.role}: there is no table '{edge.above}'"
            raise ProfileError(message + nearest(edge.above, specs))
    cut: set[tuple[str, str]] = set()
    while True:
        kept = [e for e in edges if (e.child, e.link) not in cut]
        order, circle = _sorted(tuple(specs), kept)
        if not circle:
            return order, frozenset(cut)
        last = _weakest(circle)
        cut.add((last.child, str(last.link)))


def _edges(name: str, spec: Mapping[str, Any]) -> Iterator[_Edge]:
    if "parent" in spec:
        if spec["parent"] == name:
            message = (
                f"tables.{name}.parent: '{name}' cannot be its own parent; give it a column "
                "of type 'reference' to itself"
            )
            raise ProfileError(message)
        yield _Edge(name, str(spec["parent"]), "parent")
    keys = {c for key in (spec.get("primary_key", ()), *spec.get("unique", ())) for c in key}
    links: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for column, held in spec["columns"].items():
        if held["type"] == "reference":
            links.setdefault(link_name(column, held), []).append((column, held))
    for link, columns in links.items():
        column, held = columns[0]
        if held["table"] != name:
            able = any(may_be_null(h) for _, h in columns)
            able = able and not any(h.get("hidden") for _, h in columns)
            keyed = any(c in keys for c, _ in columns)
            yield _Edge(name, str(held["table"]), f"columns.{column}", link, able, keyed)


def _sorted(
    names: tuple[str, ...], edges: list[_Edge]
) -> tuple[tuple[str, ...], tuple[_Edge, ...]]:
    """The tables in order, or the edges of a circle among them."""
    above: dict[str, list[_Edge]] = {name: [] for name in names}
    for edge in edges:
        above[edge.child].append(edge)
    done: dict[str, None] = {}
    for start in names:
        path: list[_Edge] = []
        waiting = [(start, iter(above[start]))]
        while start not in done:
            name, rest = waiting[-1]
            step = next((e for e in rest if e.above not in done), None)
            if step is None:
                done[name] = None
                waiting.pop()
                path = path[:-1]
                continue
            at = [n for n, _ in waiting]
            path.append(step)
            if step.above in at:
                return (), tuple(path[at.index(step.above) :])
            waiting.append((step.above, iter(above[step.above])))
    return tuple(done), ()


def _weakest(circle: tuple[_Edge, ...]) -> _Edge:
    """The reference of a circle to choose last: one that may be NULL, and best in no key.

    Raises:
        ProfileError: none may be NULL.
    """
    able = [edge for edge in circle if edge.open_]
    if able:
        return min(able, key=lambda edge: edge.keyed)
    tables = " → ".join([*(edge.child for edge in circle), circle[-1].above])
    first = next((e for e in circle if e.link is not None), None)
    mends = (
        f"leave out tables.{circle[0].child}.parent"
        if first is None
        else f'give tables.{first.child}.{first.role} "nullable": true'
    )
    message = (
        "tables refer to one another in a circle, and none of the references may be NULL: "
        f"{tables}; {mends}"
    )
    raise ProfileError(message)
