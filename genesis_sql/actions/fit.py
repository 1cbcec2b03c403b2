"""Fitting: check, read, learn, store; nothing half-done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from genesis_sql.actions.options import fit_options, split_options
from genesis_sql.actions.watching import Watching
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import OptionError, SourceError, nearest
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.constraints import constraint_notes, declare
from genesis_sql.graph.dangling import check_choice, keep, why_not
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema, read_table
from genesis_sql.introspect.several import read_schemas
from genesis_sql.models.anonymity import OPTIONS, anonymity_of, labels_of
from genesis_sql.models.constrain import constrain, ordered_pairs, shown_constraints
from genesis_sql.models.family import ties
from genesis_sql.models.fit import Described, Fitted, fit_tables
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.load import Loaded, fingerprint, load, load_sample
from genesis_sql.models.methods import METHODS, find_method, prepare
from genesis_sql.models.quasi import anonymity_notes
from genesis_sql.plan.definition import Model, block_methods
from genesis_sql.plan.parts import to_parts
from genesis_sql.program.steps import FORMAT, Program
from genesis_sql.sqlbuild import string
from genesis_sql.store import executions, migrator, models
from genesis_sql.store.content import split
from genesis_sql.store.rows import ColumnRow, ModelContent, RelationshipRow, TableRow
from genesis_sql.types import Graph, RawSchema, RawTable, Relationship, Role, Table

STREAMED, SAMPLE = 1_000_000, 200_000
"""Rows from which a network's table is streamed; rows of it that the rest is learnt from."""


@dataclass(frozen=True)
class FitArguments:
    """Arguments of both fits, as the caller gave them."""

    kind: str
    method: str = "trees"
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    relationships: Sequence[str] = ()
    verbatim: Sequence[str] = ()
    orphans: str = "null"
    constraints: Sequence[str] = ()
    device: str = "auto"

    def plain(self) -> dict[str, Any]:
        """As the store keeps them and the uuid is made of them."""
        out = {"method": self.method, "seed": self.seed, "options": dict(self.options)}
        if self.kind == "database":
            out |= {
                "relationships": list(self.relationships),
                "verbatim": list(self.verbatim),
                "orphans": self.orphans,
            }
        if self.constraints:
            out["constraints"] = list(self.constraints)
        return out


def fit_table(
    ws: Workspace, name: str, source: str, arguments: FitArguments
) -> list[dict[str, Any]]:
    """Fit one table or query as a new version of a model.

    Raises:
        SourceError: the source is missing, empty, or has no column that can be learnt.
    """
    raw = read_table(ws.con, source, database=ws.database, schema=ws.schema)
    if raw.rows == 0:
        message = f"'{source}' has no rows to learn from; insert some, or fit another source"
        raise SourceError(message)
    bare = RawTable(**{**vars(raw), "foreign_keys": ()})
    return _fit(ws, name, RawSchema((bare,)), {**arguments.plain(), "source": source}, arguments)


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
    named = [schema] if isinstance(schema, str) else list(schema or [ws.schema])
    where: str | list[str] = named[0] if len(named) == 1 else named
    shown = " and ".join(f"'{n}'" for n in named)
    if len(named) == 1:
        raw = read_schema(ws.con, database=ws.database, schema=named[0], tables=tables)
    else:
        raw = read_schemas(ws.con, database=ws.database, schemas=named, tables=tables)
    if tables is None:
        raw = RawSchema(tuple(t for t in raw.tables if t.kind == "table"))
    if not raw.tables:
        message = (
            f"schema {shown} of database '{ws.database}' has no tables; name another with "
            "schema := '…'"
        )
        raise SourceError(message)
    if all(t.rows == 0 for t in raw.tables):
        message = (
            f"all {len(raw.tables)} tables of schema {shown} are empty; there is nothing to "
            "learn from"
        )
        raise SourceError(message)
    return _fit(ws, name, raw, {**arguments.plain(), "schema": where, "tables": tables}, arguments)


def _fit(
    ws: Workspace, name: str, raw: RawSchema, stored: dict[str, Any], arguments: FitArguments
) -> list[dict[str, Any]]:
    models.check_name(name)
    find_method(arguments.method)
    options = split_options(arguments.options, [t.name for t in raw.tables], "this fit")
    with ws.job.reading(ws.con):
        graph = _graph(ws, raw, arguments, options)
    by_table = _options(graph, options, arguments)
    kind = "fit" if arguments.kind == "table" else "fit_database"
    execution: int | None = None
    version: int | None = None

    def failed(status: str, text: str) -> None:
        how: dict[str, Any] = {"status": status, "error": text, "seconds": ws.seconds}
        if version is not None:
            models.fail_version(ws.con, ws.database, name, version, **how)
        elif execution is not None:
            executions.finish(ws.con, ws.database, execution, **how)

    asked = stored if arguments.device == "auto" else {**stored, "device": arguments.device}
    with ending(failed):  # around the start, too: Ctrl-C may come just behind it
        execution = executions.start(
            ws.con, ws.database, kind=kind, model=name, arguments=asked, seed=arguments.seed
        )
        ws.job.id = execution
        version = models.begin_version(
            ws.con,
            ws.database,
            name,
            kind=arguments.kind,
            method=arguments.method,
            arguments=stored,
            execution=execution,
        )
        ws.job.begun(version, _begun(name, version, graph, by_table))
        watch = Watching(ws, name, version, graph, by_table)
        tables, fitted = _learn(ws, graph, by_table, arguments, watch)
        fitted.programs.update(constrain(graph, fitted.programs))
        source = graph
        graph = replace(graph, tables=tuple(tables[t.name].table for t in graph.tables))
        print_ = fingerprint(tables)
        uuid = _uuid(stored, print_, [t.checks for t in graph.tables], fitted.programs)
        prepare(block_methods(fitted.programs.values()))
        model = Model(
            name, version, uuid, graph, fitted.programs, fitted.verbatim, topological(graph)
        )
        ws.job.enter(watch.phases, watch.phases)
        ws.progress("storing", 1.0)
        content = _content(model, fitted, tables, print_)
        models.finish_version(ws.con, ws.database, name, version, content, seconds=ws.seconds)
    watch.stored()
    ws.announce(model)
    notes = constraint_notes(ws.con, raw, graph)
    return _report(
        model, fitted, source, _dangling(source, model.graph, arguments.orphans, notes), ws.seconds
    )


def _graph(
    ws: Workspace, raw: RawSchema, arguments: FitArguments, options: Mapping[str, Mapping[str, Any]]
) -> Graph:
    roles = {
        t.name: labels_of(t, options[t.name]) | dict(options[t.name].get("roles", {}))
        for t in raw.tables
    }
    graph = build_graph(
        ws.con, raw, relationships=arguments.relationships, verbatim=arguments.verbatim, roles=roles
    )
    for table in graph.tables:
        if all(c.role is Role.UNSUPPORTED for c in table.columns):
            message = (
                f"table '{table.name}' has no column of a type that can be learnt: see "
                f"FROM genesis_check({string(table.name)}); a fit of other tables of its schema "
                f"names them with tables := [...]"
            )
            raise SourceError(message)
        if not table.nested:
            _check_names(table, graph, options[table.name])
    graph = keep(graph) if arguments.orphans == "keep" else graph
    return declare(ws.con, graph, arguments.constraints)


def _check_names(table: Table, graph: Graph, options: Mapping[str, Any]) -> None:
    """Refuse options that name columns or parents the table does not have."""
    columns = list(table.names)
    parents = [r.parent for r in graph.parents(table.name)]
    main = [options["main"]] if options.get("main") else []
    for option, given, known in (
        ("first", options.get("first", ()), columns),
        ("main", main, parents),
    ):
        for name in given:
            if name not in known:
                what = "column" if option == "first" else "parent"
                message = (
                    f"option '{option}' names {what} '{name}' that '{table.name}' does not have"
                    f"{nearest(str(name), known)}"
                )
                raise OptionError(message)


def _options(
    graph: Graph, options: Mapping[str, Mapping[str, Any]], arguments: FitArguments
) -> dict[str, FitOptions]:
    out = {}
    for table in graph.tables:
        own = _own_options(graph, table, options)
        learnt = fit_options(own, arguments.seed, arguments.method, arguments.device)
        out[table.name] = replace(learnt, anonymity=anonymity_of(table, own))
    return out


def _learn(
    ws: Workspace,
    graph: Graph,
    options: Mapping[str, FitOptions],
    arguments: FitArguments,
    watch: Watching,
) -> tuple[dict[str, Loaded], Fitted]:
    ws.job.enter(1, watch.phases)
    ws.progress("reading", 0.0)
    with ws.job.reading(ws.con):
        if _streamed(graph, options):
            tables = load_sample(ws.con, graph, SAMPLE)
        else:
            asked = {n: o.anonymity for n, o in options.items()}
            tables = load(ws.con, graph, arguments.orphans, asked)
    ws.progress("learning", 0.0)
    by_table = dict(options)
    for name, given in by_table.items():
        if graph.rules or graph.table(name).checks:
            main = ties(tables, name, given.main).main
            pairs = ordered_pairs(graph, name, main.relationship if main else None)
            by_table[name] = replace(given, ordered=pairs)
    try:
        order = topological(graph)
        fitted = fit_tables(tables, order, by_table, watch.progress, watch, began=ws.started)
    finally:
        watch.flush()
    watch.learnt()
    for name, notes in anonymity_notes(graph, tables, options).items():
        fitted.notes[name] = notes + fitted.notes.get(name, [])
    for name, notes in watch.notes.items():
        fitted.notes[name] = notes + fitted.notes.get(name, [])
    return tables, fitted


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


def _streamed(graph: Graph, options: Mapping[str, FitOptions]) -> bool:
    """Whether a table is so large that only a sample is kept: a network alone, without trees."""
    table = graph.tables[0]
    alone = len(graph.tables) == 1 and not graph.relationships and not table.verbatim
    asked = options[table.name]
    if not (alone and table.rows > STREAMED and METHODS[asked.method].neural):
        return False
    if asked.anonymity is not None:
        message = (
            f"option 'k_anonymity' needs all rows in memory, and networks read the {table.rows:,} "
            f"rows of '{table.name}' as a stream; take method := 'trees'"
        )
        raise OptionError(message)
    return True


def _own_options(
    graph: Graph, table: Table, options: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A table's options by the names of its parts; elements of lists have those of their table."""
    if table.nested:
        above = options[graph.parents(table.name)[0].parent]
        return {k: v for k, v in above.items() if k not in ("first", "main", "roles", *OPTIONS)}
    own = dict(options[table.name])
    parts = dict(zip(table.names, (c.name for c in table.columns), strict=True))
    if own.get("first"):
        own["first"] = [parts.get(name, name) for name in own["first"]]
    return own


def _uuid(
    arguments: Mapping[str, Any],
    print_: str,
    checks: Sequence[Sequence[str]],
    programs: Mapping[str, Program],
) -> str:
    """Of the arguments, the source's content and its CHECKs, and of the weights of networks.

    The same fit twice gives the same rows, whatever the name; networks that are trained for some
    time differ.
    """
    parts = [arguments, print_, migrator.library_version(), FORMAT]
    text = json.dumps([*parts, *([checks] if any(checks) else [])], sort_keys=True, default=str)
    digest = blake2b(text.encode(), digest_size=16)
    for name in sorted(programs):
        for part in sorted(programs[name].parts):
            digest.update(np.ascontiguousarray(programs[name].parts[part]).tobytes())
    return digest.hexdigest()


def _content(
    model: Model, fitted: Fitted, tables: Mapping[str, Loaded], print_: str
) -> ModelContent:
    parts = tuple(p for table, part, data in to_parts(model) for p in split(table, part, data))
    by_table: dict[str, list[Described]] = {n: [] for n in model.visible}
    for d in shown_constraints(model.graph, fitted.described):
        by_table.setdefault(d.table, []).append(d)
    names = {
        c.name: shown
        for t in model.graph.tables
        for c, shown in zip(t.columns, t.names, strict=True)
        if c.inside
    }
    rows = tuple(
        TableRow(n, tables[n].whole, tuple(_column(d, names) for d in by_table[n]))
        for n in model.visible
    )
    keys = tuple(RelationshipRow.of(r, _how(r)) for r in model.graph.relationships if r.columns)
    return ModelContent(model.uuid, FORMAT, parts, rows, keys, print_)


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
