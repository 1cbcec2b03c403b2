"""What the verbs of profiles, runs and cohorts mean: arguments out of SQL, an action each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import optional, text, texts, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import OptionError
from genesis_sql.jobs import Job
from genesis_sql.types import Call

if TYPE_CHECKING:
    from genesis_sql.session import Session


def _required(given: Mapping[str, Any], name: str, statement: str) -> int:
    value = whole(given, name)
    if value is None:
        message = f"{name} is missing: {statement}"
        raise OptionError(message)
    return value


def _spec(given: Mapping[str, Any]) -> Any:
    """A spec as the caller wrote it: text, or a struct."""
    value = given.get("spec")
    if not isinstance(value, str | Mapping):
        what = "missing" if value is None else f"{value!r}"
        message = f"spec is {what}; it takes JSON or YAML text, or a struct"
        raise OptionError(message)
    return value


def _save_profile(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql import domains
    from genesis_sql.actions.save_profile import Compiled, Resolved, Written, save_profile
    from genesis_sql.profiles.compile import compile_profile
    from genesis_sql.profiles.described import describe_profile
    from genesis_sql.profiles.read import VERSION
    from genesis_sql.reference.fingerprint import fingerprint
    from genesis_sql.reference.load import ensure

    given = call.arguments
    name, spec = text(given, "model"), domains.read(_spec(given))

    def resolve() -> Resolved:
        if domains.field_of(spec) is None and spec.get("tables"):
            return Resolved(domains.expand(spec, cursor, call.database))
        loaded = ensure(cursor, call.database)
        plain = domains.expand(spec, cursor, call.database)
        told = f"{len(loaded)} reference tables were loaded into schema genesis_reference"
        known = fingerprint(cursor, call.database)
        return Resolved(plain, known, (told,) if loaded else ())

    def compiled(plain: Mapping[str, Any], version: int) -> Compiled:
        model = compile_profile(plain, name=name, version=version)
        return Compiled(model, describe_profile(plain, model))

    written = Written(spec, int(VERSION), optional(given, "description"), texts(given, "tags"))
    ws = workspace(session, cursor, call.database, call.schema, job)
    return save_profile(ws, name, written, resolve, compiled)


def _run(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.run import RunArguments, run_profile

    given = call.arguments
    arguments = RunArguments(
        optional(given, "cohort"),
        whole(given, "seed"),
        whole(given, "count"),
        whole(given, "version"),
        optional(given, "target"),
        optional(given, "if_exists") or "error",
    )
    ws = workspace(session, cursor, call.database, call.schema, job)
    return run_profile(ws, text(given, "model"), arguments)


def _replay(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.replay import replay
    from genesis_sql.reference.fingerprint import fingerprint

    execution = _required(call.arguments, "execution", "CALL genesis_replay(execution := 17)")
    ws = workspace(session, cursor, call.database, call.schema, job)
    return replay(ws, execution, lambda: fingerprint(cursor, call.database))


def _validate(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.ran import choose, row_counts
    from genesis_sql.profiles.validate import validate
    from genesis_sql.profiles.verdict import Check

    given = call.arguments
    ws = workspace(session, cursor, call.database, call.schema, job)
    ran = choose(ws, optional(given, "cohort"), whole(given, "execution"))
    held = [
        Check(table, "", "rows of the run", f"{wrote:,}", f"{there:,}", wrote == there)
        for table, wrote, there in row_counts(ws, ran)
    ]
    return [
        {
            "table_name": c.table, "column_name": c.column or None, "check": c.check,
            "expected": c.expected, "found": c.found, "passed": c.passed, "p_value": c.p_value,
        }
        for c in (*held, *validate(cursor, ran.tables, ran.plain))
    ]  # fmt: skip


def _cohorts(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.cohorts import copying, exporting, keep, merging, summary

    ws, given = workspace(session, cursor, call.database, call.schema, job), call.arguments
    if call.verb == "merge_cohorts":
        sources = texts(given, "cohorts") or []
        new, schema = text(given, "new_name"), optional(given, "schema")
        return merging.merge_cohorts(ws, sources, new, schema)
    name = text(given, "cohort")
    if call.verb == "save_cohort":
        return keep.save_cohort(
            ws, name, schema=optional(given, "schema"), tables=texts(given, "tables"),
            frames=given.get("frames"), tags=texts(given, "tags"),
            description=optional(given, "description"),
        )  # fmt: skip
    if call.verb == "rename_cohort":
        return keep.rename_cohort(ws, name, text(given, "new_name"))
    if call.verb == "tag_cohort":
        tags, remove = (texts(given, n) or [] for n in ("tags", "remove"))
        return keep.tag_cohort(ws, name, tags, remove, optional(given, "description"))
    if call.verb == "clone_cohort":
        return copying.clone_cohort(ws, name, text(given, "new_name"), optional(given, "schema"))
    if call.verb == "summarise_cohort":
        return summary.summarise_cohort(ws, name)
    if call.verb == "export_cohort":
        how = optional(given, "format"), optional(given, "if_exists") or "error"
        return exporting.export_cohort(ws, name, text(given, "path"), *how)
    return keep.delete_cohort(ws, name, keep_tables=given.get("keep_tables") is True)


_OF_COHORTS = (
    "save_cohort", "rename_cohort", "tag_cohort", "clone_cohort", "merge_cohorts",
    "summarise_cohort", "export_cohort", "delete_cohort",
)  # fmt: skip

EFFECTS: dict[str, Effect] = {
    "save_profile": _save_profile,
    "run": _run,
    "replay": _replay,
    "validate": _validate,
    **dict.fromkeys(_OF_COHORTS, _cohorts),
}
