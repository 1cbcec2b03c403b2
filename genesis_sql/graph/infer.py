"""Proposals: keys that nobody declared, and tables better copied than made anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from genesis_sql.graph import keys
from genesis_sql.graph.roles import comparable
from genesis_sql.types import Column, Graph, RawSchema, Relationship, Role, Table

MIN_SHARE = 0.7
"""A proposed key finds a parent for at least this share of its values."""

SMALL = 2000
SMALL_SHARE = 0.01
"""A table is a dimension with at most SMALL rows, or this share of the rows that refer to it."""

_GENERIC = {
    "id", "key", "pk", "uuid", "guid", "no", "nr", "num", "number", "index", "code", "name",
    "title", "label", "value", "type", "status", "kind", "year", "day", "date", "time", "hour",
    "month", "minute", "rank", "position", "comment", "note", "email",
}  # fmt: skip
"""Names that say nothing about which table is meant."""

_IDS = {"id", "key", "pk", "uuid", "guid", "code", "no", "nr", "number"}
_SUFFIXES = ("", "id", "key", "code", "no", "nr", "ref", "fk", "fkey", "uuid")
_SELF = {"parent", "parentid", "manager", "managerid", "bossid", "reportsto", "replyto"}

_PERSONAL = re.compile(
    r"mail|phone|fax|first_?name|last_?name|surname|full_?name|user_?name|birth|dob$|ssn|passport|iban|"
    r"password|^salary|gender|^sex$|street|address",
    re.IGNORECASE,
)
"""Columns of people: their tables are never proposed for copying."""

_KEY_ROLES = {Role.KEY, Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER, Role.FOREIGN_KEY}


@dataclass(frozen=True)
class Proposal:
    """A key that names and data suggest; ``share`` of the references find a parent."""

    relationship: Relationship
    share: float


def propose_relationships(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph
) -> list[Proposal]:
    """Keys that the graph does not have, found by name and tried by query.

    Args:
        con: An open connection or cursor.
        raw: The tables the graph was built from.
        graph: The graph; verified keys and counts come from it.
    """
    found: dict[tuple[str, tuple[str, ...]], Proposal] = {}
    for _, relationship in sorted(_candidates(graph), key=lambda c: c[0]):
        place = (relationship.child, relationship.columns)
        if place in found:
            continue
        share = _share(con, raw, graph, relationship)
        if share >= MIN_SHARE:
            found[place] = Proposal(relationship, share)
    order = [t.name for t in graph.tables]
    return sorted(found.values(), key=lambda p: order.index(p.relationship.child))


def propose_keys(graph: Graph) -> tuple[tuple[str, str], ...]:
    """Tables without any primary key, with the column whose name and data make it one."""
    found = []
    for table in graph.tables:
        for key, declared in _single_keys(table):
            if not declared and _is_main(table, key):
                found.append((table.name, key.name))
                break
    return tuple(found)


def propose_verbatim(graph: Graph) -> tuple[str, ...]:
    """Dimension tables: small, referred to, with names a reader knows, and nobody's personal data.

    A table that refers to another one is proposed only if that one is proposed too.
    """
    proposed = {t.name for t in graph.tables if _is_dimension(graph, t)}
    while True:
        kept = {n for n in proposed if {r.parent for r in graph.parents(n)} <= proposed}
        if kept == proposed:
            return tuple(t.name for t in graph.tables if t.name in kept)
        proposed = kept


def _is_dimension(graph: Graph, table: Table) -> bool:
    children = graph.children(table.name)
    referring = [graph.table(r.child).rows for r in children]
    if not referring or not table.rows or 2 * table.rows > max(referring):
        return False
    if any(_PERSONAL.search(c.name) for c in table.columns):
        return False
    keys_of = {name for r in children for name in r.parent_columns}
    named = any(_is_name(table, c) for c in table.columns if c.name not in keys_of)
    text_key = any(table.column(name).type == "VARCHAR" for name in keys_of)
    if table.rows <= SMALL:
        return named or text_key
    return named and table.rows < SMALL_SHARE * max(referring)


def _is_name(table: Table, column: Column) -> bool:
    """Whether a column other than the key tells the rows apart by text."""
    if column.type != "VARCHAR" or column.role in (Role.KEY, Role.FOREIGN_KEY):
        return False
    return column.nulls == 0 and column.distinct >= 0.9 * table.rows > 0.9


def _candidates(graph: Graph) -> Iterator[tuple[int, Relationship]]:
    """Possible keys with their rank, the likeliest lowest."""
    taken = {(r.child, r.columns) for r in graph.relationships}
    for parent in graph.tables:
        for key, declared in _single_keys(parent):
            for child in graph.tables:
                for column in child.columns:
                    rank = _rank(graph, parent, key, child, column)
                    if rank is None or (child.name, (column.name,)) in taken:
                        continue
                    found = Relationship(child.name, (column.name,), parent.name, (key.name,))
                    yield rank + (0 if declared else 1), found
        yield from _composite(graph, parent, taken)


def _single_keys(table: Table) -> Iterator[tuple[Column, bool]]:
    """Columns that name a row: by the catalog, or only by what the data say."""
    declared = {key[0] for key in (table.primary_key, *table.unique_keys) if len(key) == 1}
    for column in table.columns:
        unique = column.distinct == column.rows > 1 and not column.nulls
        if column.name in declared:
            yield column, True
        elif unique and column.role in _KEY_ROLES and not table.primary_key:
            yield column, False


def _rank(graph: Graph, parent: Table, key: Column, child: Table, column: Column) -> int | None:
    """How likely the names make it that a column refers to a key; None where they do not."""
    if column.role not in _KEY_ROLES or not comparable(column.type, key.type):
        return None
    name, key_name = _plain(column.name), _plain(key.name)
    if child.name == parent.name:
        return 0 if name in _SELF and column.name != key.name else None
    stems = _stems(parent.name)
    names = {s + key_name for s in stems}
    if _is_main(parent, key):
        names |= {s + ending for s in stems for ending in _SUFFIXES}
    if name in names:
        return 0 if _is_child(parent, key, child, column, stems) else None
    if any(len(n) > 4 and name.endswith(n) and _ends_in_word(column.name, n) for n in names):
        return 4
    if name == key_name and name not in _GENERIC:
        return 2 if _is_child(parent, key, child, column, stems) else None
    return None


def _is_main(table: Table, key: Column) -> bool:
    """Whether a unique column is the table's own name for its rows: `id`, `customer_id`, `code`."""
    name = _plain(key.name)
    own = {s + ending for s in _stems(table.name) for ending in _SUFFIXES}
    return name in _IDS or name in own


def _is_child(parent: Table, key: Column, child: Table, column: Column, stems: set[str]) -> bool:
    """Of two unique columns the one with fewer rows, or whose table the name does not mean."""
    if column.distinct < column.rows or column.nulls or child.rows < parent.rows:
        return True
    return child.rows == parent.rows and any(_plain(key.name).startswith(s) for s in stems)


def _composite(
    graph: Graph, parent: Table, taken: set[tuple[str, tuple[str, ...]]]
) -> Iterator[tuple[int, Relationship]]:
    """Tables that have all the columns of a composite key, by name and type."""
    for key in (parent.primary_key, *parent.unique_keys):
        if len(key) < 2:
            continue
        for child in graph.tables:
            names = {c.name.casefold(): c for c in child.columns}
            columns = [names.get(n.casefold()) for n in key]
            own = {k for t in (child.primary_key, *child.unique_keys) for k in [frozenset(t)]}
            for_child = tuple(c.name for c in columns if c is not None)
            if (
                child.name != parent.name
                and len(for_child) == len(key)
                and (child.name, for_child) not in taken
                and (frozenset(for_child) not in own or child.rows < parent.rows)
                and all(_comparable(names[n.casefold()], parent.column(n)) for n in key)
            ):
                yield 1, Relationship(child.name, for_child, parent.name, key)


def _comparable(column: Column, key: Column) -> bool:
    unlearnt = (Role.UNSUPPORTED, Role.EMPTY)
    return column.role not in unlearnt and comparable(column.type, key.type)


def _share(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph, relationship: Relationship
) -> float:
    """The share of complete references that find their parent; 0 where there is none."""
    child = next(t for t in raw.tables if t.name == relationship.child)
    rows = graph.table(child.name).rows
    references = rows - keys.missing(con, child, relationship.columns)
    if not references:
        return 0.0
    return 1.0 - keys.orphans(con, raw, relationship) / references


def _plain(name: str) -> str:
    """A name without case and separators.

    Example:
        >>> _plain("Customer_Id")
        'customerid'
    """
    return "".join(c for c in name.casefold() if c.isalnum())


def _stems(table: str) -> set[str]:
    """A table's name in the singular and as it is.

    Example:
        >>> sorted(_stems("Categories"))
        ['categorie', 'categories', 'category']
    """
    name = _plain(table)
    stems = {name}
    if name.endswith("ies"):
        stems.add(name[:-3] + "y")
    elif name.endswith("es"):
        stems.add(name[:-2])
    if name.endswith("s"):
        stems.add(name[:-1])
    return {s for s in stems if len(s) > 1}


def _ends_in_word(name: str, ending: str) -> bool:
    """Whether the ending starts a word of the name: `billing_customer_id`, `BillingCustomerId`."""
    starts = [m.start() for m in re.finditer(r"(?<=[^a-zA-Z0-9])\w|(?<=[a-z0-9])[A-Z]", name)]
    return any(_plain(name[at:]) == ending for at in starts)
