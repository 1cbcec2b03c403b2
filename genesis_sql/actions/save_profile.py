"""Saving a profile: resolve it, compile it, keep it as a new version; nothing half-done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis_sql.actions.begun import Begun
from genesis_sql.actions.content import content_of
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import ModelNotFoundError, OptionError
from genesis_sql.models.learnt import Described
from genesis_sql.plan.definition import Model
from genesis_sql.store import executions, models, profiles
from genesis_sql.store.written import PART, Saved

KIND = "save_profile"


@dataclass(frozen=True)
class Resolved:
    """What a spec means here: the plain profile, the figures behind it, and what to tell of it."""

    plain: Mapping[str, Any]
    reference: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """A plain profile as a model, and how its columns are made."""

    model: Model
    described: Sequence[Described]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What the caller wrote.

    Attributes:
        spec: read and valid.
        schema_version: of its form.
        description, tags: None keeps those of the active version.
    """

    spec: Mapping[str, Any]
    schema_version: int
    description: str | None = None
    tags: Sequence[str] | None = None


def save_profile(
    ws: Workspace,
    name: str,
    written: Written,
    resolve: Callable[[], Resolved],
    compile_: Callable[[Mapping[str, Any], int], Compiled],
) -> list[dict[str, Any]]:
    """Save a profile as a new version of a model; one that says the same is kept as it is.

    Args:
        ws: where.
        name: of the model.
        written: what the caller wrote.
        resolve: looks up what the spec leaves to public figures.
        compile_: (plain profile, version) -> the model.

    Raises:
        ModelExistsError: the name is that of a model that was learnt.
    """
    models.check_name(name)
    begun = Begun(ws, name)
    stored = {"product": written.spec.get("product"), "tags": written.tags}
    with ending(begun.failed):
        execution = begun.start(KIND, stored)
        ws.progress("resolving", 0.0)
        before = _active(ws, name)
        found = resolve()
        saved = _saved(written, found, before[1] if before else None)
        if before is not None and before[1].to_bytes() == saved.to_bytes():
            executions.finish(ws.con, ws.database, execution, seconds=ws.seconds)
            return [_row(name, before[0], "kept", found.plain, found.notes)]
        version = begun.begin(profiles.KIND, profiles.METHOD, stored)
        ws.job.begun(version, [])
        ws.progress("compiling", 0.5)
        done = compile_(found.plain, version)
        rows = {t: done.model.graph.table(t).rows for t in done.model.visible}
        part = ("", PART, saved.to_bytes())
        content = content_of(done.model, done.described, rows, saved.reference, [part])
        models.finish_version(ws.con, ws.database, name, version, content, seconds=ws.seconds)
    ws.announce(done.model)
    return [_row(name, version, "saved", found.plain, (*found.notes, *done.notes))]


def _active(ws: Workspace, name: str) -> tuple[int, Saved] | None:
    """The active version of a profile and what it says; None where there is none."""
    try:
        found = models.find(ws.con, ws.database, name)
    except ModelNotFoundError:
        return None
    if found.kind != profiles.KIND:  # refused in words where the version begins
        return None
    return found.version, profiles.load(ws.con, ws.database, name, found.version)


def _saved(written: Written, found: Resolved, before: Saved | None) -> Saved:
    product = found.plain.get("product") or written.spec.get("product")
    description, tags = written.description, written.tags
    if description is None:
        description = before.description if before else None
    if tags is None:
        tags = before.tags if before else ()
    if any(not t.strip() for t in tags):
        message = "tags := [''] holds a tag without a name; leave it out"
        raise OptionError(message)
    saved = Saved(
        written.spec, found.plain, written.schema_version,
        None if product is None else str(product), description, tuple(dict.fromkeys(tags)),
        found.reference,
    )  # fmt: skip
    return Saved.from_bytes(saved.to_bytes())  # as it will be read: lists, not tuples


def _row(
    name: str, version: int, status: str, plain: Mapping[str, Any], notes: Sequence[str]
) -> dict[str, Any]:
    tables = list(plain.get("tables", {}))
    return {
        "model": name, "version": version, "status": status, "tables": tables,
        "notes": "; ".join(notes),
    }  # fmt: skip
