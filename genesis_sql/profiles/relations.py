"""The schema graph of a profile: tables with their keys, and the foreign keys between them."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.declared import declared, is_missing, is_nullable, main_columns
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid
from genesis_sql.program.steps import Program
from genesis_sql.types import Column, Graph, Relationship, Role, Table

_TYPES = {"DATE": Role.DATE, "TIMESTAMP": Role.TIMESTAMP, "BOOLEAN": Role.BOOLEAN}


def parent_key(table: TableLaws, above: TableLaws) -> tuple[tuple[str, str], ...]:
    """The columns that copy a key of the parent, with what they copy.

    Raises:
        ProfileError: there are none.
    """
    if table.main:
        return table.main
    if not above.keys:
        message = (
            f"tables.{table.name}.parent: table '{above.name}' has no key to name its rows by; "
            "give it a column of type 'key', or a primary_key"
        )
        raise ProfileError(message)
    copies = ", ".join(f'"{c}": {{"type": "parent", "column": "{c}"}}' for c in above.keys[0])
    message = (
        f"table '{table.name}' has no column that names its row of '{above.name}'; add {copies}"
    )
    raise ProfileError(message)


def graph_of(
    tables: Mapping[str, TableLaws],
    programs: Mapping[str, Program],
    checks: Mapping[str, tuple[str, ...]],
) -> Graph:
    """Tables in order, every reference as a declared foreign key."""
    nodes = tuple(_table(t, tables, programs[t.name], checks[t.name]) for t in tables.values())
    keys = [r for t in tables.values() for r in _relationships(t, tables)]
    return Graph(nodes, tuple(keys))


def _table(
    table: TableLaws,
    tables: Mapping[str, TableLaws],
    program: Program,
    checks: tuple[str, ...],
) -> Table:
    keys = declared(table)
    columns = tuple(
        Column(
            o.name, o.type, _role(table, o.name, o.type), is_nullable(table, o.name),
            nulls=int(is_missing(table, o.name, tables)),
            comment=table.columns[o.name].get("comment"),
        )
        for o in program.outputs
    )  # fmt: skip
    return Table(
        table.name, "", columns, program.rows, keys.primary, keys.unique, checks=checks,
        comment=table.spec.get("comment"),
    )  # fmt: skip


def _role(table: TableLaws, column: str, type_: str) -> Role:
    held = table.columns[column]
    if held["type"] == "key":
        return Role.KEY
    if column in references(table):
        return Role.FOREIGN_KEY
    kind: Domain | None = table.kinds.get(column)
    if type_.upper() in _TYPES:
        return _TYPES[type_.upper()]
    if isinstance(kind, Fixed):
        return Role.CONSTANT if kind.value is not None else Role.EMPTY
    if isinstance(kind, Categories):
        return Role.CATEGORY
    whole = type_.upper().endswith("INT") or type_.upper() == "INTEGER"
    text = type_.upper().startswith(("VARCHAR", "UUID", "JSON", "ENUM"))
    if text:
        return Role.TEXT
    return Role.INTEGER if whole and not (isinstance(kind, Grid) and kind.scale) else Role.DECIMAL


def references(table: TableLaws) -> list[str]:
    """The columns that are foreign keys."""
    return [*table.of("reference"), *main_columns(table)]


def _relationships(table: TableLaws, tables: Mapping[str, TableLaws]) -> list[Relationship]:
    found = []
    if table.parent is not None:
        above = tables[table.parent]
        found.append((parent_key(table, above), above, False))
    found += [(law.whole, tables[law.table], law.late) for law in table.links.values()]
    return [
        Relationship(
            table.name,
            tuple(own for own, _ in pairs),
            above.name,
            tuple(theirs for _, theirs in pairs),
            declared=True,
            cut=late,
        )
        for pairs, above, late in found
        if not any(table.columns[own].get("hidden") for own, _ in pairs)
        and not any(above.columns[theirs].get("hidden") for _, theirs in pairs)
    ]
