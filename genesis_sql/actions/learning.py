"""Learning: options and tables into a model; nothing is stored here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np

from genesis_sql.actions.options import fit_options, split_options
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError, SourceError, nearest
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.constraints import declare
from genesis_sql.graph.dangling import keep
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema, read_table
from genesis_sql.introspect.several import read_schemas
from genesis_sql.models.anonymity import OPTIONS, anonymity_of, labels_of
from genesis_sql.models.constrain import constrain, ordered_pairs
from genesis_sql.models.family import ties
from genesis_sql.models.fit import Fitted, fit_tables
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.load import Loaded, fingerprint, load, load_sample
from genesis_sql.models.methods import METHODS, TREES, prepare
from genesis_sql.models.quasi import anonymity_notes
from genesis_sql.models.trees import made_ready
from genesis_sql.models.watch import Watch
from genesis_sql.plan.definition import Model, block_methods
from genesis_sql.program.steps import FORMAT, Program
from genesis_sql.sqlbuild import string
from genesis_sql.store import migrator
from genesis_sql.types import Graph, RawSchema, RawTable, Role, Table

STREAMED, SAMPLE = 1_000_000, 200_000
"""Rows from which a network's table is streamed; rows of it that the rest is learnt from."""
TREE_STREAMED, TREE_SAMPLE = 5_000_000, 2_000_000
"""The same where trees learn it: what they ask comes of the sample, their cells of all rows."""


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


@dataclass(frozen=True, eq=False)
class Learnt:
    """A model that was learnt, and what is told of it.

    Attributes:
        model: it.
        fitted: programs and notes by table.
        tables: what they were learnt from.
        source: the graph before references that dangle were settled.
        fingerprint: of the tables' content.
    """

    model: Model
    fitted: Fitted
    tables: Mapping[str, Loaded]
    source: Graph
    fingerprint: str


class Looking(Watch, Protocol):
    """Who looks on while tables are learnt."""

    notes: dict[str, list[str]]

    @property
    def phases(self) -> int:
        """Reading, each table, storing."""
        ...

    def progress(self, phase: str, share: float) -> None:
        """Told `table.column`."""
        ...

    def flush(self) -> None:
        """Write what is not written yet."""
        ...

    def learnt(self) -> None:
        """All tables are learnt."""
        ...


def table_source(ws: Workspace, source: str) -> RawSchema:
    """One table or query, without the keys to others.

    Raises:
        SourceError: it is not there, or has no rows.
    """
    raw = read_table(ws.con, source, database=ws.database, schema=ws.schema)
    if raw.rows == 0:
        message = f"'{source}' has no rows to learn from; insert some, or fit another source"
        raise SourceError(message)
    return RawSchema((RawTable(**{**vars(raw), "foreign_keys": ()}),))


def schema_source(
    ws: Workspace, schema: str | Sequence[str] | None, tables: Sequence[str] | None
) -> tuple[str | list[str], RawSchema]:
    """The tables of one schema or several, and their names as the store keeps them.

    Raises:
        SourceError: there are none, or all of them are empty.
    """
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
    return where, raw


def arrange(
    ws: Workspace, raw: RawSchema, arguments: FitArguments
) -> tuple[Graph, dict[str, FitOptions]]:
    """The schema graph of a fit, and the options of each of its tables."""
    options = split_options(arguments.options, [t.name for t in raw.tables], "this fit")
    with ws.job.reading(ws.con):
        graph = _graph(ws, raw, arguments, options)
    return graph, _options(graph, options, arguments)


def learn(
    ws: Workspace,
    name: str,
    version: int,
    arranged: tuple[Graph, Mapping[str, FitOptions]],
    stored: Mapping[str, Any],
    arguments: FitArguments,
    watch: Looking,
) -> Learnt:
    """Read the tables and learn them.

    Args:
        ws: where.
        name: of the model that comes out.
        version: of it.
        arranged: what :func:`arrange` returned.
        stored: the arguments that the model's uuid is made of.
        arguments: of the fit.
        watch: who looks on.
    """
    source, by_table = arranged
    tables, fitted = _learn(ws, source, by_table, arguments, watch)
    fitted.programs.update(constrain(source, fitted.programs))
    graph = replace(source, tables=tuple(tables[t.name].table for t in source.tables))
    print_ = fingerprint(tables)
    uuid = _uuid(stored, print_, [t.checks for t in graph.tables], fitted.programs)
    prepare(block_methods(fitted.programs.values()))
    order = topological(graph)
    model = Model(name, version, uuid, graph, fitted.programs, fitted.verbatim, order)
    return Learnt(model, fitted, tables, source, print_)


def read(
    ws: Workspace, graph: Graph, options: Mapping[str, FitOptions], orphans: str
) -> dict[str, Loaded]:
    """The tables of a graph, as they are learnt from."""
    with ws.job.reading(ws.con):
        if _streamed(graph, options):
            neural = METHODS[options[graph.tables[0].name].method].neural
            return load_sample(ws.con, graph, SAMPLE if neural else TREE_SAMPLE)
        return load(ws.con, graph, orphans, {n: o.anonymity for n, o in options.items()})


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
    watch: Looking,
) -> tuple[dict[str, Loaded], Fitted]:
    ws.job.enter(1, watch.phases)
    ws.progress("reading", 0.0)
    with made_ready(max(t.rows for t in graph.tables)):
        tables = read(ws, graph, options, arguments.orphans)
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


def _streamed(graph: Graph, options: Mapping[str, FitOptions]) -> bool:
    """Whether a table is so large that only a sample of it is kept: alone, without rules."""
    table = graph.tables[0]
    alone = len(graph.tables) == 1 and not graph.relationships and not table.verbatim
    asked = options[table.name]
    if alone and asked.method == TREES:
        return table.rows > TREE_STREAMED and asked.anonymity is None and not graph.rules
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
