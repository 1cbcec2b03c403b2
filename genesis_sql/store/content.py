"""The content of a version: its parts, checked by sha256, and the rows that describe it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from genesis_sql.errors import ModelFormatError
from genesis_sql.store import names, written
from genesis_sql.store.names import Con
from genesis_sql.store.rows import (
    MAX_PART,
    ColumnRow,
    ModelContent,
    ModelPart,
    ModelVersion,
    RelationshipRow,
    TableRow,
)
from genesis_sql.store.transaction import transaction

_PART = "INSERT INTO genesis.model_parts VALUES (?, ?, ?, ?, ?, ?, ?)"
_TABLE = "INSERT INTO genesis.model_tables VALUES (?, ?, ?, ?, ?)"
_COLUMNS = """
INSERT INTO genesis.model_columns
SELECT ?, ?, ?, unnest(CAST(? AS INTEGER[])),
       unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[])),
       unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[][])), unnest(CAST(? AS BIGINT[])),
       unnest(CAST(? AS VARCHAR[]))
"""
_RELATIONSHIP = "INSERT INTO genesis.relationships VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_READ_PARTS = """
SELECT table_name, part, position, data, sha256 FROM genesis.model_parts
WHERE model = ? AND version = ? AND (CAST(? AS VARCHAR) IS NULL OR table_name = ?)
ORDER BY table_name, part, position
"""
_READ_COLUMNS = """
SELECT table_position, column_name, type, role, step, inputs, cells, reason
FROM genesis.model_columns WHERE model = ? AND version = ? ORDER BY table_position, position
"""
_READ_TABLES = """
SELECT position, table_name, rows
FROM genesis.model_tables WHERE model = ? AND version = ? ORDER BY position
"""
_READ_RELATIONSHIPS = """
SELECT child, child_columns, parent, parent_columns, declared, orphans, nulls, reason
FROM genesis.relationships WHERE model = ? AND version = ? AND target = ? ORDER BY position
"""


def split(table: str, part: str, data: bytes) -> tuple[ModelPart, ...]:
    """The parts of a blob of any size; their ``data``, joined by ``position``, is the blob."""
    starts = range(0, max(len(data), 1), MAX_PART)
    return tuple(ModelPart(table, part, i, data[at : at + MAX_PART]) for i, at in enumerate(starts))


def check_parts(parts: Iterable[ModelPart]) -> None:
    """Raise where a part is too large, or two stand in one place."""
    seen = set()
    for p in parts:
        place = (p.table, p.part, p.position)
        if len(p.data) > MAX_PART or place in seen:
            size = f"has {len(p.data)} bytes, {MAX_PART} are allowed"
            what = "is there twice" if place in seen else size
            message = f"part {p.position} of '{p.part}' of table '{p.table}' {what}"
            raise ModelFormatError(message)
        seen.add(place)


def write_content(con: Con, database: str, name: str, version: int, content: ModelContent) -> None:
    """The statements that store a version's content, for a transaction of the caller."""
    for p in content.parts:
        values = (p.table, p.part, p.position, p.data, p.sha256)
        names.run(con, database, _PART, name, version, *values)
    for position, table in enumerate(content.tables):
        names.run(con, database, _TABLE, name, version, position, table.name, table.rows)
        if table.columns:
            rows = [(i, *_values(c)) for i, c in enumerate(table.columns)]
            lists = [list(column) for column in zip(*rows, strict=True)]
            names.run(con, database, _COLUMNS, name, version, position, *lists)
    _write_relationships(con, database, name, version, "", content.relationships)
    written.write(con, database, name, version, content.parts)


def record_relationships(
    con: Con,
    database: str,
    name: str,
    version: int,
    target: str,
    relationships: Iterable[RelationshipRow],
) -> None:
    """Note the foreign keys of synthetic tables in ``target``, replacing earlier notes."""
    rows = tuple(relationships)

    def write() -> None:
        query = """
        DELETE FROM genesis.relationships
        WHERE target = ? AND (model = ? OR child IN (SELECT unnest(CAST(? AS VARCHAR[]))))
        """
        names.run(con, database, query, target, name, [r.child for r in rows])
        _write_relationships(con, database, name, version, target, rows)

    transaction(con, write)


def _write_relationships(
    con: Con,
    database: str,
    name: str,
    version: int,
    target: str,
    rows: tuple[RelationshipRow, ...],
) -> None:
    for position, r in enumerate(rows):
        keys = [r.child, list(r.columns), r.parent, list(r.parent_columns)]
        counts = [r.declared, r.orphans, r.nulls, r.reason]
        where = (name, version, target, position)
        names.run(con, database, _RELATIONSHIP, *where, *keys, *counts)


def _values(c: ColumnRow) -> tuple[Any, ...]:
    return (c.name, c.type, c.role, c.step, list(c.inputs), c.cells, c.reason)


def read_parts(
    con: Con, database: str, name: str, version: int, table: str | None = None
) -> list[ModelPart]:
    """The parts of a version, or of one table of it, with their checksums compared."""
    rows = names.run(con, database, _READ_PARTS, name, version, table, table)
    for table_name, part, position, data, checksum in rows:
        if hashlib.sha256(data).hexdigest() != checksum:
            message = (
                f"part {position} of '{part}' of table '{table_name}' in version {version} of "
                f"model '{name}' was changed after it was stored: fit the model again, or "
                f"CALL genesis_import('<file>', model := '<another>') with an export of it"
            )
            raise ModelFormatError(message)
    return [ModelPart(*row[:4]) for row in rows]


def read_tables(con: Con, database: str, name: str, version: int) -> tuple[TableRow, ...]:
    """The tables of a version with their columns, in the order of the fit."""
    columns: dict[int, list[ColumnRow]] = {}
    for at, *values in names.run(con, database, _READ_COLUMNS, name, version):
        column = ColumnRow(*values)
        column = replace(column, inputs=tuple(column.inputs))
        columns.setdefault(at, []).append(column)
    tables = names.run(con, database, _READ_TABLES, name, version)
    return tuple(TableRow(table, rows, tuple(columns.get(at, ()))) for at, table, rows in tables)


def read_relationships(
    con: Con, database: str, name: str, version: int, target: str = ""
) -> tuple[RelationshipRow, ...]:
    """The foreign keys of a version, or of the synthetic tables it made in ``target``."""
    rows = names.run(con, database, _READ_RELATIONSHIPS, name, version, target)
    return tuple(RelationshipRow(c, tuple(cs), p, tuple(ps), *rest) for c, cs, p, ps, *rest in rows)


def read_content(con: Con, database: str, found: ModelVersion) -> ModelContent:
    """Everything that makes a version that is ready."""
    where = (con, database, found.model, found.version)
    return ModelContent(
        uuid=found.uuid or "",
        format_version=found.format_version or 0,
        parts=tuple(read_parts(*where)),
        tables=read_tables(*where),
        relationships=read_relationships(*where),
        fingerprint=found.fingerprint,
        metrics=json.loads(found.metrics or "{}"),
    )
