"""The schema graph of a profile: tables with their keys, and the foreign keys between them."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid
from genesis_sql.program.steps import Program
from genesis_sql.types import Column, Graph, Relationship, Role, Table

_TYPES = {"DATE": Role.DATE, "TIMESTAMP": Role.TIMESTAMP, "BOOLEAN": Role.BOOLEAN}


def parent_key(table: TableLaws, above: TableLaws) -> str:
    """The column that copies the parent's key.

    Raises:
        ProfileError: there is none.
    """
    if above.key is None:
        message = f"tables.{table.name}.parent: table '{above.name}' has no column of type 'key'"
        raise ProfileError(message)
    if table.parent_key is None:
        message = (
            f"table '{table.name}' has no column that names its row of '{above.name}'; add "
            f'"{above.key}": {{"type": "parent", "column": "{above.key}"}}'
        )
        raise ProfileError(message)
    return table.parent_key


def graph_of(tables: Mapping[str, TableLaws], programs: Mapping[str, Program]) -> Graph:
    """Tables in order, every reference as a declared foreign key."""
    nodes = tuple(_table(t, programs[t.name]) for t in tables.values())
    keys = [r for t in tables.values() for r in _relationships(t, tables)]
    return Graph(nodes, tuple(keys))


def _table(table: TableLaws, program: Program) -> Table:
    shown = [o.name for o in program.outputs]
    keys = [c for c in table.of("key") if c in shown]
    columns = tuple(
        Column(o.name, o.type, _role(table, o.name, o.type), _nullable(table, o.name))
        for o in program.outputs
    )
    unique = tuple((c,) for c in keys[1:])
    return Table(table.name, "", columns, program.rows, tuple(keys[:1]), unique)


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
    own = [] if table.parent_key is None else [table.parent_key]
    return [*table.of("reference"), *own]


def _nullable(table: TableLaws, column: str) -> bool:
    sure = column in table.of("key") or column in references(table)
    return not sure or bool(table.columns[column].get("null_share"))


def _relationships(table: TableLaws, tables: Mapping[str, TableLaws]) -> list[Relationship]:
    shown = [c for c, spec in table.columns.items() if not spec.get("hidden")]
    found = []
    if table.parent is not None:
        above = tables[table.parent]
        found.append((parent_key(table, above), above))
    found += [(c, tables[table.columns[c]["table"]]) for c in table.of("reference")]
    return [
        Relationship(table.name, (own,), above.name, (str(above.key),), declared=True)
        for own, above in found
        if own in shown and not above.columns[str(above.key)].get("hidden")
    ]
