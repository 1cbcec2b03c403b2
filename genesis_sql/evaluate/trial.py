"""A model judged fairly: the same fit once more without the rows held out, and rows drawn of it.

The kept model knows all rows, so no row is left to compare with what it has not seen. What is
judged is its twin: the same arguments, learnt from 80 % of the families (see `split`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from genesis_sql.actions.kept import require_there
from genesis_sql.actions.learning import (
    FitArguments,
    arrange,
    learn,
    read,
    schema_source,
    table_source,
)
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError, SourceError
from genesis_sql.evaluate.opening.targets import find_targets
from genesis_sql.evaluate.sides import Sides
from genesis_sql.evaluate.split import HOLDOUT, TRAIN, Split, split
from genesis_sql.models.load import fingerprint
from genesis_sql.models.watch import NoWatch
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import rows_sql
from genesis_sql.plan.spec import Spec
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import models
from genesis_sql.store.ledger import DP
from genesis_sql.store.rows import ModelVersion
from genesis_sql.types import Graph, RawSchema, Relationship

SYNTHETIC = "synthetic"


@dataclass(frozen=True, eq=False)
class Source:
    """What a kept model was learnt from, as it is now.

    Attributes:
        model, version: the kept model.
        arguments, stored: of its fit.
        raw, graph: the source's catalogue and graph.
        fingerprint: of its content.
        changed: whether that is another than the one that was learnt.
    """

    model: Model
    version: ModelVersion
    arguments: FitArguments
    stored: Mapping[str, Any]
    raw: RawSchema
    graph: Graph
    fingerprint: str

    @property
    def changed(self) -> bool:
        """Whether the source is another than at the fit."""
        return self.fingerprint != self.version.fingerprint


@dataclass(frozen=True, eq=False)
class Trial:
    """What a model is judged by.

    Attributes:
        source: the kept model and its source.
        sides: rows learnt from, rows of the twin, rows held out.
        split: the rule that held them out; None where too few rows are there for it.
    """

    source: Source
    sides: Sides
    split: Split | None


class _Looking(NoWatch):
    """Looks on while the twin is learnt: nothing of it is kept."""

    phases = 1

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.notes: dict[str, list[str]] = {}

    @property
    def cancelled(self) -> bool:  # type: ignore[override]
        """Whether the work was asked to stop."""
        return self.ws.job.stopping

    def progress(self, phase: str, share: float) -> None:
        """Of the fit."""
        self.ws.progress(f"learning without the rows held out: {phase}", share)

    def flush(self) -> None:
        """Nothing is written."""

    def learnt(self) -> None:
        """Nothing is told."""


@dataclass
class Twins:
    """The last twins of a session, so that quality, privacy and report learn one together."""

    forget: Callable[[Model], None] = lambda _: None
    held: dict[str, Model] = field(default_factory=dict)
    most: int = 2

    def get(self, key: str) -> Model | None:
        """The twin of that key, if it is there still."""
        return self.held.get(key)

    def keep(self, key: str, model: Model) -> None:
        """Keep one, let go of the oldest."""
        self.held[key] = model
        while len(self.held) > self.most:
            self.forget(self.held.pop(next(iter(self.held))))


def find_source(ws: Workspace, name: str, version: int | None) -> Source:
    """A kept model and what it was learnt from, read again.

    Raises:
        ModelNotFoundError: there is no such model.
        OptionError: it is differentially private, so that nothing may be measured of its source.
        SourceError: the source is not there any more.
    """
    found = models.find(ws.con, ws.database, name, version)
    refuse_private(found)
    model = ws.load(name, version)
    require_there(ws.con, ws.database, model)
    stored = json.loads(found.arguments)
    arguments = _arguments(found.kind, stored)
    try:
        raw = _raw(ws, stored)
        graph, options = arrange(ws, raw, arguments)
        content = fingerprint(read(ws, graph, options, arguments.orphans))
    except SourceError as error:
        message = (
            f"the source of model '{found.model}' cannot be read again ({error}); compare other "
            f"tables with FROM genesis_compare('real', 'synthetic')"
        )
        raise SourceError(message) from error
    return Source(model, found, arguments, stored, raw, graph, content)


def refuse_private(found: ModelVersion) -> None:
    """Raise for a model whose source may not be looked at again.

    Raises:
        OptionError: the model is differentially private.
    """
    if found.method == DP:
        message = (
            f"model '{found.model}' is differentially private: measuring it against its source "
            f"would tell what ε did not pay for; who owns the rows may compare them with "
            f"FROM genesis_compare('real', 'synthetic')"
        )
        raise OptionError(message)


@contextmanager
def trial(
    ws: Workspace, source: Source, *, targets: object = None, seed: int = 0, twins: Twins
) -> Iterator[Trial]:
    """The three sides of a model in a database of their own, which is gone afterwards.

    Args:
        ws: where.
        source: see :func:`find_source`.
        targets: the column that utility is about: its name, or one by table.
        seed: of the rows that are drawn, and of everything that is drawn to measure them.
        twins: models learnt before.
    """
    names = [n for n in source.model.visible if source.graph.table(n).rows]
    sources = {t.name: t.source for t in source.graph.tables if t.name in names}
    chosen = find_targets(source.graph, targets)
    place = f"genesis trial {uuid.uuid4().hex}"
    ws.con.execute(f"ATTACH ':memory:' AS {qualified(place)} (READ_WRITE)")
    try:
        ws.progress("holding rows out", 0.0)
        done = split(ws.con, place, source.graph, sources, _families(source.model))
        ws.con.execute(f"CREATE SCHEMA {qualified(place, SYNTHETIC)}")
        alone = set(names) <= done.shared
        copied = frozenset(t.name for t in source.graph.tables if t.verbatim)
        model = source.model if alone else _twin(ws, source, place, done, twins)
        ws.progress("drawing rows", 0.0)
        _draw(ws, model, place, names, seed)
        at = {side: {n: qualified(place, side, n) for n in names} for side in _SIDES}
        sides = Sides(
            ws.con,
            source.graph,
            sources if alone else at[TRAIN],
            at[SYNTHETIC],
            None if alone else at[HOLDOUT],
            copied if alone else done.shared,
            chosen,
            seed,
            ws.progress,
        )
        yield Trial(source, sides, None if alone else done)
    finally:
        ws.con.execute(f"DETACH {qualified(place)}")


_SIDES = (TRAIN, SYNTHETIC, HOLDOUT)


def _arguments(kind: str, stored: Mapping[str, Any]) -> FitArguments:
    return FitArguments(
        kind,
        stored.get("method") or "trees",
        int(stored.get("seed") or 0),
        {k: v for k, v in (stored.get("options") or {}).items() if k != "resume"},
        stored.get("relationships") or (),
        stored.get("verbatim") or (),
        stored.get("orphans") or "null",
        stored.get("constraints") or (),
    )


def _raw(ws: Workspace, stored: Mapping[str, Any]) -> RawSchema:
    if stored.get("source") is not None:
        return table_source(ws, str(stored["source"]))
    return schema_source(ws, stored.get("schema"), stored.get("tables"))[1]


def _families(model: Model) -> dict[str, Relationship]:
    """The key by which the rows of each table belong to the rows of its main parent."""
    out = {}
    for name in model.visible:
        program = model.programs.get(name)
        if program is None or program.main is None:
            continue
        link = program.main.link
        out[name] = next(
            r
            for r in model.graph.parents(name)
            if (r.parent, r.columns) == (link.parent, link.columns)
        )
    return out


def _twin(ws: Workspace, source: Source, place: str, done: Split, twins: Twins) -> Model:
    """The same fit from the rows that are not held out."""
    key = f"{source.model.uuid} {source.fingerprint}"
    known = twins.get(key)
    if known is not None:
        ws.announce(known)
        return known
    held = {
        t.name: replace(t, source=qualified(place, TRAIN, t.name), rows=done.rows[t.name][0])
        for t in source.raw.tables
        if t.name in done.rows
    }
    raw = RawSchema(tuple(held.get(t.name, t) for t in source.raw.tables))
    arranged = arrange(ws, raw, source.arguments)
    stored = {**source.stored, "split": done.record}
    name, version = source.model.name, source.model.version
    made = learn(ws, name, version, arranged, stored, source.arguments, _Looking(ws)).model
    ws.announce(made)
    twins.keep(key, made)
    return made


def _draw(ws: Workspace, model: Model, place: str, names: list[str], seed: int) -> None:
    """As many rows as were learnt from; in order, so that the same seed gives the same tables."""
    spec = Spec.of(seed)
    sampler = ws.sampler(model, spec)
    for name in names:
        size = sampler.size(name)
        ws.con.execute(
            f"CREATE TABLE {qualified(place, SYNTHETIC, name)} AS "
            f"{rows_sql(model, name, spec, first=0, stop=size)}"
        )
