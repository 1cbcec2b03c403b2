"""Fitting: check, read, learn, store; nothing half-done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_sql.actions.begun import Begun
from genesis_sql.actions.content import content_of
from genesis_sql.actions.fit_private import fit_private_schema, fit_private_table
from genesis_sql.actions.learning import FitArguments as FitArguments
from genesis_sql.actions.learning import arrange, learn, schema_source, table_source
from genesis_sql.actions.watching import Watching
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.graph.constraints import constraint_notes
from genesis_sql.graph.dangling import check_choice, why_not
from genesis_sql.models.fit import Fitted
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.methods import DP, find_method
from genesis_sql.plan.definition import Model
from genesis_sql.sqlbuild import string
from genesis_sql.store import models
from genesis_sql.types import Graph, RawSchema


def fit_table(
    ws: Workspace, name: str, source: str, arguments: FitArguments
) -> list[dict[str, Any]]:
    """Fit one table or query as a new version of a model.

    Raises:
        SourceError: the source is missing, empty, or has no column that can be learnt.
    """
    if arguments.method == DP:
        return fit_private_table(ws, name, source, arguments)
    raw = table_source(ws, source)
    return _fit(ws, name, raw, {**arguments.plain(), "source": source}, arguments)


def fit_schema(
    ws: Workspace,
    name: str,
    schema: str | Sequence[str] | None,
    tables: Sequence[str] | None,
    arguments: FitArguments,
) -> list[dict[str, Any]]:
    """Fit the tables of a schema, related by their keys, as a new version of a model.

    Those of several schemas are named `schema.table` in the model.
    """
    check_choice(arguments.orphans)
    if arguments.method == DP:
        return fit_private_schema(ws, name, schema, tables, arguments)
    where, raw = schema_source(ws, schema, tables)
    return _fit(ws, name, raw, {**arguments.plain(), "schema": where, "tables": tables}, arguments)


def _fit(
    ws: Workspace, name: str, raw: RawSchema, stored: dict[str, Any], arguments: FitArguments
) -> list[dict[str, Any]]:
    models.check_name(name)
    find_method(arguments.method)
    graph, by_table = arrange(ws, raw, arguments)
    kind = "fit" if arguments.kind == "table" else "fit_database"
    begun = Begun(ws, name)
    asked = stored if arguments.device == "auto" else {**stored, "device": arguments.device}
    with ending(begun.failed):  # around the start, too: Ctrl-C may come just behind it
        begun.start(kind, asked, arguments.seed)
        version = begun.begin(arguments.kind, arguments.method, stored)
        ws.job.begun(version, _begun(name, version, graph, by_table))
        watch = Watching(ws, name, version, graph, by_table)
        done = learn(ws, name, version, (graph, by_table), stored, arguments, watch)
        model, fitted = done.model, done.fitted
        ws.job.enter(watch.phases, watch.phases)
        ws.progress("storing", 1.0)
        rows = {n: done.tables[n].whole for n in model.visible}
        content = content_of(model, fitted.described, rows, done.fingerprint)
        models.finish_version(ws.con, ws.database, name, version, content, seconds=ws.seconds)
    watch.stored()
    ws.announce(model)
    notes = constraint_notes(ws.con, raw, model.graph)
    return _report(
        model, fitted, graph, _dangling(graph, model.graph, arguments.orphans, notes), ws.seconds
    )


def _begun(
    name: str, version: int, graph: Graph, options: Mapping[str, FitOptions]
) -> list[dict[str, Any]]:
    """What a call returns that does not wait: a row per table."""
    note = (
        f"runs in the background: FROM genesis_jobs() shows how far it is, "
        f"CALL genesis_cancel({string(name)}) stops it"
    )
    return [
        {
            "model": name, "version": version, "table_name": t.name,
            "method": "verbatim" if t.verbatim else options[t.name].method, "rows": t.rows,
            "columns": sum(not c.inside for c in t.columns), "orphans":
            sum(r.orphans for r in graph.parents(t.name)), "seconds": 0.0, "notes": note,
        }
        for t in graph.tables if not t.nested
    ]  # fmt: skip


def _dangling(
    source: Graph, kept: Graph, orphans: str, notes: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """What becomes of the references that dangle, by table, and the other notes behind."""
    out = {}
    for table in source.tables:
        dropped = table.rows - kept.table(table.name).rows
        told = [f"{dropped} rows with dangling references left out"] if dropped else []
        told += [] if dropped else _lost(source, table.name, orphans)
        told += ["empty: stays empty"] if not table.rows else []
        out[table.name] = told + notes.get(table.name, [])
    return out


def _lost(graph: Graph, table: str, orphans: str) -> list[str]:
    """What becomes of the references of one table that dangle."""
    found = [r for r in graph.parents(table) if r.orphans]
    kept = sum(r.kept_orphans for r in found)
    lost = [r for r in found if not r.kept_orphans]
    notes = [f"{kept} dangling references are kept"] if kept else []
    if lost:
        reasons = dict.fromkeys(why_not(graph, r) for r in lost) if orphans == "keep" else {}
        why = f" ({'; '.join(reasons)})" if reasons else ""
        notes.append(f"{sum(r.orphans for r in lost)} dangling references become NULL{why}")
    return notes


def _report(
    model: Model, fitted: Fitted, graph: Graph, notes_of: Mapping[str, list[str]], seconds: float
) -> list[dict[str, Any]]:
    out = []
    for name in model.visible:
        table = graph.table(name)
        left = [
            f"{d.column}: {d.reason}"
            for d in fitted.described
            if d.table == name and d.step == "left out"
        ]
        lost = sum(r.orphans for r in graph.parents(name))
        notes = left + notes_of.get(name, []) + fitted.notes.get(name, [])
        how = "verbatim" if table.verbatim else fitted.methods[name]
        columns = sum(not c.inside for c in table.columns)
        taken = round(seconds if len(model.visible) == 1 else fitted.seconds.get(name, 0.0), 3)
        out.append({
            "model": model.name, "version": model.version, "table_name": name, "method": how,
            "rows": table.rows, "columns": columns, "orphans": lost,
            "seconds": taken, "notes": "; ".join(notes),
        })  # fmt: skip
    return out
