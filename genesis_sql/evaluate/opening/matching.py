"""Whether tables are of one shape: what real ones have, the others have too."""

from __future__ import annotations

from collections.abc import Iterator

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.catalog import match
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import RawTable, Role, Table

_FAMILIES = {
    Role.INTEGER: "number",
    Role.DECIMAL: "number",
    Role.DATE: "moment",
    Role.TIMESTAMP: "moment",
    Role.CATEGORY: "text",
    Role.IDENTIFIER: "text",
}
SHOWN = 3
"""Faults that one error names."""


def family(type_: str) -> str:
    """What a type is like: only columns of one family can be compared.

    Example:
        >>> family("DECIMAL(10,2)"), family("UUID"), family("TIMESTAMP"), family("TIME")
        ('number', 'text', 'moment', 'time')
    """
    role = role_of_type(type_)
    return _FAMILIES.get(role, role.value)


def check_table(real: Table, other: RawTable, side: str) -> None:
    """Refuse a table that cannot be laid beside the real one.

    Columns that only the other has are passed over; so are those that cannot be learnt.

    Args:
        real: as the graph has it.
        other: the table of the other side.
        side: 'synthetic' or 'held-out'.

    Raises:
        SchemaError: it has no rows, lacks a column, or has one of another family of types.
    """
    if not other.rows:
        msg = f"the {side} table '{real.name}' has no rows: there is nothing to compare"
        raise SchemaError(msg)
    faults = list(_faults(real, other, side))
    if faults:
        more = f" (and {len(faults) - SHOWN} more)" if len(faults) > SHOWN else ""
        raise SchemaError("; ".join(faults[:SHOWN]) + more)


def _faults(real: Table, other: RawTable, side: str) -> Iterator[str]:
    types = {c.name: c.type for c in other.columns}
    for column in real.columns:
        if column.inside or column.role is Role.UNSUPPORTED:
            continue
        name = match(column.name, types)
        if name is None:
            yield (
                f"the {side} table '{real.name}' has no column '{column.name}'"
                f"{nearest(column.name, types)}; give a query in brackets that has one of this name"
            )
        elif column.role is not Role.EMPTY and _other(column.type, types[name]):
            yield (
                f"column '{column.name}' of table '{real.name}' is {column.type} on the real side "
                f"and {types[name]} on the {side} one; give a query in brackets with "
                f"* REPLACE (CAST({quoted(name)} AS {column.type}) AS {quoted(name)})"
            )


def _other(real: str, type_: str) -> bool:
    """Whether the types are of two families; nested ones are not looked into."""
    return family(real) != Role.UNSUPPORTED.value and family(real) != family(type_)
