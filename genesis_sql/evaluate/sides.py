"""What is compared: real tables, synthetic ones and those held out, all of one shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from genesis_sql.graph.personal import anew
from genesis_sql.types import Column, Graph, Progress, Relationship, Role, Table, no_progress

NUMBER, MOMENT, LABEL = "number", "moment", "label"

_KINDS = {
    Role.INTEGER: NUMBER,
    Role.DECIMAL: NUMBER,
    Role.DATE: MOMENT,
    Role.TIMESTAMP: MOMENT,
    Role.TIME: MOMENT,
    Role.CATEGORY: LABEL,
    Role.BOOLEAN: LABEL,
    Role.CONSTANT: LABEL,
}


@dataclass(frozen=True, eq=False)
class Sides:
    """Two or three sets of the same tables.

    Attributes:
        con: a cursor of one's own; its temporary tables may be used and are dropped again.
        graph: tables, roles and keys as the real ones have them; elements of lists are no tables.
        real: SQL that can stand behind FROM (a quoted name, or a query in brackets) by table: what
            the synthetic rows were learnt from.
        synthetic: the same of the synthetic tables.
        holdout: the same of real rows that nothing was learnt from; None where there are none.
        shared: tables that `real` and `holdout` have in common: nothing can be detected in them.
        targets: the column that utility is about, by table.
        seed: of samples and classifiers.
        progress: told what is measured.
        known: what one group worked out of the tables, kept for the next; numbers, never tables.
    """

    con: duckdb.DuckDBPyConnection
    graph: Graph
    real: Mapping[str, str]
    synthetic: Mapping[str, str]
    holdout: Mapping[str, str] | None = None
    shared: frozenset[str] = frozenset()
    targets: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    progress: Progress = no_progress
    known: dict[object, Any] = field(default_factory=dict, repr=False)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that are compared."""
        return tuple(t for t in self.graph.tables if t.name in self.real)

    @property
    def relationships(self) -> tuple[Relationship, ...]:
        """The keys whose both ends are compared."""
        known = {t.name for t in self.tables}
        return tuple(r for r in self.graph.relationships if {r.child, r.parent} <= known)


def kind_of(column: Column) -> str | None:
    """'number', 'moment' or 'label'; None for keys, free text, nested and empty columns.

    None, too, for personal data that are made anew: their values are to differ.
    """
    return None if anew(column) else _KINDS.get(column.role)


_ID = re.compile(r"(^|.*[_ \-])(id|key|no|nr|number|pk|rowid)|.*[a-z](Id|ID|Key|No)", re.DOTALL)


def numbers_rows(table: Table, column: Column) -> bool:
    """Whether a column is a key that nobody declared: by its name, and no value comes twice.

    Files declare no keys, and rows that were copied under other numbers are copies all the same.
    """
    unique = column.distinct == column.rows > 1 and not column.nulls
    named = _ID.fullmatch(column.name) or _ID.fullmatch(column.name.lower())
    return unique and column.role is Role.INTEGER and bool(named) and not table.primary_key


def measured(table: Table) -> dict[str, str]:
    """The columns of a table that shapes, pairs and classifiers look at, with their kinds."""
    chosen = [c for c in table.columns if not c.inside and not numbers_rows(table, c)]
    kinds = {c.name: kind_of(c) for c in chosen}
    return {name: kind for name, kind in kinds.items() if kind is not None}
