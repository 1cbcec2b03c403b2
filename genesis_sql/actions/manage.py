"""The small verbs: activate, drop, export, import, uninstall, check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genesis_sql.actions.kept import require_kept
from genesis_sql.actions.workspace import Workspace
from genesis_sql.graph.check import check
from genesis_sql.introspect.from_duckdb import has_schema, read_schema, read_table
from genesis_sql.plan.parts import from_parts
from genesis_sql.store import executions, migrator, models, transfer
from genesis_sql.store.rows import ModelPart
from genesis_sql.types import RawSchema


def join_parts(parts: Sequence[ModelPart]) -> list[tuple[str, str, bytes]]:
    """Pieces of at most 64 MiB put together again."""
    out: dict[tuple[str, str], list[bytes]] = {}
    for p in sorted(parts, key=lambda p: (p.table, p.part, p.position)):
        out.setdefault((p.table, p.part), []).append(p.data)
    return [(table, part, b"".join(pieces)) for (table, part), pieces in out.items()]


def activate(ws: Workspace, name: str, version: int) -> list[dict[str, Any]]:
    """Make a version the active one."""
    found = models.activate(ws.con, ws.database, name, version)
    _record(ws, "activate", name, found.version)
    return [{"model": found.model, "version": found.version, "status": "active"}]


def drop(ws: Workspace, name: str) -> list[dict[str, Any]]:
    """Remove a model with its versions; the history stays."""
    removed = models.drop(ws.con, ws.database, name)
    _record(ws, "drop", name, None)
    return [{"model": r.model, "version": r.version, "status": "dropped"} for r in removed]


def export(ws: Workspace, name: str, path: str, version: int | None) -> list[dict[str, Any]]:
    """Write a model into a file."""
    require_kept(ws.con, ws.database, ws.load(name, version))
    done = transfer.export_model(ws.con, ws.database, name, path, version)
    if not _read_only(ws):
        _record(ws, "export", name, done.version, path=path)
    return [{"model": done.model, "version": done.version, "path": path, "bytes": done.bytes}]


def import_(ws: Workspace, path: str, name: str | None) -> list[dict[str, Any]]:
    """Store the model of a file, every program checked first."""

    def validate(parts: list[ModelPart]) -> None:
        from_parts(join_parts(parts), name=name or "import", version=1, uuid="0" * 32)

    done = transfer.import_model(ws.con, ws.database, path, name, validate=validate)
    _record(ws, "import", done.model, done.version, path=path)
    ws.announce(ws.load(done.model, done.version))
    return [{"model": done.model, "version": done.version, "path": path, "bytes": done.bytes}]


def uninstall(ws: Workspace) -> list[dict[str, Any]]:
    """Remove the schema `genesis`: models, history and all."""
    return [{"removed": name} for name in migrator.uninstall(ws.con, ws.database)]


def check_source(
    ws: Workspace, source: str, relationships: Sequence[str], verbatim: Sequence[str]
) -> list[dict[str, Any]]:
    """Findings about a schema, table or query; a schema first where both exist."""
    if not source.lstrip().startswith("(") and has_schema(
        ws.con, database=ws.database, schema=source
    ):
        raw = read_schema(ws.con, database=ws.database, schema=source)
    else:
        raw = RawSchema((read_table(ws.con, source, database=ws.database, schema=ws.schema),))
    found = check(ws.con, raw, relationships=relationships, verbatim=verbatim)
    return [
        {
            "severity": f.severity,
            "table_name": f.table,
            "column_name": f.column,
            "finding": f.finding,
            "fix": f.fix,
        }
        for f in found
    ]


def _read_only(ws: Workspace) -> bool:
    query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
    return bool(ws.con.execute(query, [ws.database]).fetchall()[0][0])


def _record(ws: Workspace, kind: str, name: str, version: int | None, **arguments: str) -> None:
    number = executions.start(
        ws.con, ws.database, kind=kind, model=name, version=version, arguments=arguments
    )
    executions.finish(ws.con, ws.database, number, seconds=ws.seconds)
