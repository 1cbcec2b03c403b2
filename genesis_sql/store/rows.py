"""What the store keeps, as frozen rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from genesis_sql.types import Relationship

MAX_PART = 64 * 2**20
"""Bytes in one part: a BLOB of this size is bound, read and checked without strain."""


@dataclass(frozen=True)
class ModelVersion:
    """A row of model_versions; ``arguments`` and ``metrics`` are JSON text, times are UTC."""

    model: str
    version: int
    uuid: str | None
    status: str
    kind: str
    method: str
    arguments: str
    library_version: str
    format_version: int | None
    fingerprint: str | None
    metrics: str | None
    error: str | None
    created_at: datetime
    seconds: float | None
    execution: int | None
    active: bool


@dataclass(frozen=True)
class ModelPart:
    """A piece of a table's sampling program: ``position`` numbers the pieces of one ``part``."""

    table: str
    part: str
    position: int
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The checksum that is stored beside the data."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class ColumnRow:
    """A row of `genesis_describe`; ``cells`` is None where the step has none."""

    name: str
    type: str
    role: str
    step: str = ""
    inputs: tuple[str, ...] = ()
    cells: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class TableRow:
    """A table of a model, with the number of rows it was learnt from."""

    name: str
    rows: int
    columns: tuple[ColumnRow, ...] = ()


@dataclass(frozen=True)
class RelationshipRow:
    """A foreign key as stored, with the reason why DuckDB does not declare it."""

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    declared: bool = False
    orphans: int = 0
    nulls: int = 0
    reason: str = ""

    @classmethod
    def of(cls, key: Relationship, reason: str = "") -> RelationshipRow:
        """The row of a foreign key of the schema graph."""
        return cls(
            key.child,
            key.columns,
            key.parent,
            key.parent_columns,
            key.declared,
            key.orphans,
            key.nulls,
            reason,
        )


@dataclass(frozen=True)
class ModelContent:
    """Everything that makes a version: what a fit hands over, and what an export file holds."""

    uuid: str
    format_version: int
    parts: tuple[ModelPart, ...]
    tables: tuple[TableRow, ...]
    relationships: tuple[RelationshipRow, ...] = ()
    fingerprint: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Removed:
    """A version that `genesis_drop` took away."""

    model: str
    version: int
    status: str
    tables: int
    parts: int


@dataclass(frozen=True)
class Execution:
    """A row of executions. ``arguments`` and ``spec`` are JSON text; times are UTC."""

    id: int
    kind: str
    model: str | None
    version: int | None
    arguments: str
    seed: int | None
    spec: str | None
    fingerprint: str | None
    rows: int | None
    seconds: float | None
    status: str
    error: str | None
    started_at: datetime
    finished_at: datetime | None
    instance: str
    library_version: str
    duckdb_version: str


@dataclass(frozen=True)
class ExecutionTable:
    """What an execution did to one table; ``detail`` goes into a JSON column."""

    table: str
    rows: int | None = None
    orphans: int | None = None
    violations: int | None = None
    seconds: float | None = None
    detail: Mapping[str, Any] | None = None
