"""A model and what is told of it, as the rows and parts that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genesis_sql.models.constrain import shown_constraints
from genesis_sql.models.learnt import Described
from genesis_sql.plan.definition import Model
from genesis_sql.plan.parts import Part, to_parts
from genesis_sql.program.steps import FORMAT
from genesis_sql.store.content import split
from genesis_sql.store.rows import ColumnRow, ModelContent, RelationshipRow, TableRow
from genesis_sql.types import Relationship


def content_of(
    model: Model,
    described: Sequence[Described],
    rows: Mapping[str, int],
    fingerprint: str | None,
    more: Sequence[Part] = (),
) -> ModelContent:
    """A version as the store keeps it.

    Args:
        model: its programs.
        described: how its columns are made.
        rows: of each table that users see, at scale 1.
        fingerprint: of what it was made from.
        more: parts besides those of the programs.
    """
    whole = [*to_parts(model), *more]
    parts = tuple(p for table, part, data in whole for p in split(table, part, data))
    by_table: dict[str, list[Described]] = {n: [] for n in model.visible}
    for d in shown_constraints(model.graph, described):
        by_table.setdefault(d.table, []).append(d)
    names = {
        c.name: shown
        for t in model.graph.tables
        for c, shown in zip(t.columns, t.names, strict=True)
        if c.inside
    }
    tables = tuple(
        TableRow(n, rows[n], tuple(_column(d, names) for d in by_table[n])) for n in model.visible
    )
    keys = tuple(RelationshipRow.of(r, _how(r)) for r in model.graph.relationships if r.columns)
    return ModelContent(model.uuid, FORMAT, parts, tables, keys, fingerprint)


def _how(key: Relationship) -> str:
    """What is special about a key."""
    if key.when:
        return f"it holds only where '{key.when[0]}' is '{key.when[1]}'"
    return "it closes a circle of tables" if key.cut else ""


def _column(d: Described, names: Mapping[str, str]) -> ColumnRow:
    """As the store keeps it: parts of nested columns by the names that users write."""
    inputs = []
    for name in d.inputs:
        alias, dot, part = name.rpartition(".")
        inputs.append(f"{alias}{dot}{names.get(part, part)}")
    column = names.get(d.column, d.column)
    return ColumnRow(column, d.type, d.role, d.step, tuple(inputs), d.cells or None, d.reason)
