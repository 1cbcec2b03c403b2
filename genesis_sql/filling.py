"""What the verbs of schemas mean: a schema without data becomes a profile that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import optional, text, texts, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import AccessError, OptionError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.written import to_plain
from genesis_sql.jobs import Job
from genesis_sql.types import Call, RawSchema

if TYPE_CHECKING:
    from genesis_sql.session import Session

SOURCES = ("ddl", "url", "spec", "raw")
"""Where a schema comes from; ``raw`` is one that Python has read already."""
VERSION = 1
"""Of the stored form of a schema."""


def read_schema(cursor: duckdb.DuckDBPyConnection, given: Mapping[str, Any]) -> RawSchema:
    """The schema that a call names.

    Raises:
        OptionError: it names none, or several.
        AccessError: the connection may not reach others.
    """
    named = [name for name in SOURCES if given.get(name) is not None]
    if len(named) != 1:
        what = " and ".join(named) if named else "none"
        message = (
            f"a schema comes from one of ddl, url and spec, and the call gives {what}: "
            "CALL genesis_schema('crm', ddl := 'CREATE TABLE …')"
        )
        raise OptionError(message)
    value = given[named[0]]
    if isinstance(value, RawSchema):
        return value
    if named[0] == "ddl":
        return read_ddl(text(given, "ddl"), dialect=optional(given, "dialect"))
    if named[0] == "url":
        from genesis_sql.introspect.from_url import read_url

        may_reach(cursor)
        return read_url(text(given, "url"))
    from genesis_sql.introspect.from_mapping import read_mapping

    return read_mapping(value)


def may_reach(cursor: duckdb.DuckDBPyConnection) -> None:
    """Raise AccessError where a connection may not reach other databases."""
    setting = "SELECT current_setting('enable_external_access')"
    if not cursor.execute(setting).fetchall()[0][0]:
        message = (
            "url would reach another database, and enable_external_access is off for this "
            "connection; open one without it"
        )
        raise AccessError(message)


def _mapping(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"{name} := {value!r} is no struct or map; write {name} := {{'name': value}}"
        raise OptionError(message)
    return dict(value)


def _schema(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.save_profile import Compiled, Resolved, Written, save_profile
    from genesis_sql.drafts.draft import draft
    from genesis_sql.drafts.report import report
    from genesis_sql.profiles.compile import compile_profile
    from genesis_sql.profiles.described import describe_profile

    given = call.arguments
    name, schema = text(given, "model"), read_schema(cursor, given)
    columns, counts = _mapping(given, "columns"), _mapping(given, "rows")
    rows = {table: whole(counts, table) or 0 for table in counts}
    locale = optional(given, "locale") or "en_US"
    plain = draft(schema, rows=rows, columns=columns, locale=locale)

    def compiled(plain: Mapping[str, Any], version: int) -> Compiled:
        model = compile_profile(plain, name=name, version=version)
        return Compiled(model, describe_profile(plain, model))

    spec = {"schema": to_plain(schema), "columns": columns, "rows": rows, "locale": locale}
    written = Written(spec, VERSION, optional(given, "description"), texts(given, "tags"))
    ws = workspace(session, cursor, call.database, call.schema, job)
    save_profile(ws, name, written, lambda: Resolved(plain), compiled)
    return report(schema, plain, rows)


EFFECTS: dict[str, Effect] = {"schema": _schema}
