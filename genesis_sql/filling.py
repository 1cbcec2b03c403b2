"""What the verbs of schemas mean: a schema without data becomes a profile that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.arguments import optional, text, texts, whole
from genesis_sql.effects import Effect, workspace
from genesis_sql.errors import AccessError, LanguageError, OptionError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.written import to_plain
from genesis_sql.jobs import Job
from genesis_sql.types import Call, RawSchema, Relationship

if TYPE_CHECKING:
    from genesis_sql.actions.workspace import Workspace
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
            "the call would reach the network, and enable_external_access is off for this "
            "connection; open one without it"
        )
        raise AccessError(message)


def _mapping(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"{name} is no struct or map; write {name} := {{'name': value}}"
        raise OptionError(message)
    return dict(value)


def _rows(counts: Mapping[str, Any], table: str) -> int:
    """The rows asked of a table."""
    many = whole(counts, table)
    if many is None:
        message = f"rows says NULL of '{table}'; write a number of rows, or leave '{table}' out"
        raise OptionError(message)
    return many


def _schema(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.actions.save_profile import Compiled, Resolved, Written, save_profile
    from genesis_sql.drafts.draft import draft
    from genesis_sql.drafts.report import report
    from genesis_sql.drafts.workflows import find_workflows
    from genesis_sql.profiles.compile import compile_profile
    from genesis_sql.profiles.described import describe_profile

    given = call.arguments
    name, schema = text(given, "model"), read_schema(cursor, given)
    columns, counts = _mapping(given, "columns"), _mapping(given, "rows")
    rows = {table: _rows(counts, table) for table in counts}
    locale = optional(given, "locale") or "en_US"
    ws = workspace(session, cursor, call.database, call.schema, job)
    proposed = _proposed(ws, name, schema, columns, given)
    columns = dict(proposed.columns)
    filled = {**proposed.found, **columns}
    flows = find_workflows(schema, given.get("scenarios"), rows, locale=locale)
    plain = draft(schema, rows=rows, columns=filled, locale=locale, scenarios=flows.text)

    def compiled(plain: Mapping[str, Any], version: int) -> Compiled:
        model = compile_profile(plain, name=name, version=version)
        return Compiled(model, describe_profile(plain, model))

    spec = {"schema": to_plain(schema), "columns": columns, "rows": rows, "locale": locale}
    spec |= proposed.told
    if flows.scenarios:
        spec["scenarios"] = dict(flows.plain)
    written = Written(spec, VERSION, optional(given, "description"), texts(given, "tags"))
    save_profile(ws, name, written, lambda: Resolved(plain), compiled)
    return [
        {**row, "notes": "; ".join(filter(None, (row["notes"], *proposed.of(row["table_name"]))))}
        for row in report(flows.schema, plain, flows.sizes)
    ]


@dataclass(frozen=True)
class _Proposal:
    """What the caller gives, and what a language model adds.

    Attributes:
        columns: of the caller.
        found: of the language model, by 'table.column'.
        left_out: of its answer, and why.
        told: what the stored spec says of it.
    """

    columns: Mapping[str, Any]
    found: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def of(self, table: str) -> list[str]:
        """What there is to say of a table."""
        own = [n.rpartition(".")[2] for n in self.found if n.rpartition(".")[0] == table]
        said = [f"proposed by a language model: {', '.join(own)}"] if own else []
        return said + [f"left out: {n}" for n in self.left_out if n.startswith(f"{table}.")]


def _proposed(
    ws: Workspace,
    name: str,
    schema: RawSchema,
    columns: Mapping[str, Any],
    given: Mapping[str, Any],
) -> _Proposal:
    """What a language model proposes, where the call names one.

    Raises:
        OptionError: a prompt or texts are wanted, and no language model is named.
    """
    from genesis_sql.drafts.draft import draft
    from genesis_sql.drafts.wishes import texts_wanted, wish_of
    from genesis_sql.drafts.workflows import find_workflows
    from genesis_sql.language.config import read_config
    from genesis_sql.language.propose import propose
    from genesis_sql.profiles.compile import compile_profile

    config, prompt = read_config(given.get("llm")), given.get("prompt")
    columns, texts = texts_wanted(schema, columns)
    if config is None:
        if prompt is None and not texts:
            return _Proposal(columns)
        what = "prompt" if prompt is not None else f"the texts of '{next(iter(texts))}'"
        message = (
            f"{what} asks a language model, and the call names none: add "
            "llm := {'provider': 'openai', 'model_name': '…'}, or leave it out"
        )
        raise OptionError(message)
    may_reach(ws.con)
    flows = find_workflows(schema, given.get("scenarios"), {})
    drafted = draft(schema, columns=columns, scenarios=flows.text)
    wish = replace(
        wish_of(schema, drafted, {*columns, *flows.taken}, prompt, texts),
        fits=lambda found: compile_profile(
            draft(schema, columns={**found, **columns}, scenarios=flows.text), name=name, version=1
        ),
    )
    found = propose(ws.con, ws.database, name, wish, config)
    missing = [n for n in texts if n not in found.columns]
    if missing:
        message = f"the language model gave no texts for '{missing[0]}'; ask again or list them"
        raise LanguageError(message)
    told = {"prompt": prompt, "language": found.language, "proposed": found.columns}
    return _Proposal(columns, found.columns, found.notes, told)


def _copy_database(
    session: Session, cursor: duckdb.DuckDBPyConnection, call: Call, job: Job
) -> list[dict[str, Any]]:
    from genesis_sql.graph.notation import relationship_text
    from genesis_sql.introspect.rows_of import copy_rows

    given = call.arguments
    url, target = text(given, "url"), text(given, "target")
    may_reach(cursor)
    ws = workspace(session, cursor, call.database, call.schema, job)
    copied = copy_rows(
        cursor, url, target=target, schema=optional(given, "schema"),
        tables=texts(given, "tables"), limit=whole(given, "most"), progress=ws.progress,
    )  # fmt: skip
    return [
        {
            "table_name": table.name, "rows": table.rows,
            "relationships": [
                relationship_text(Relationship(table.name, k.columns, k.parent, k.parent_columns))
                for k in table.foreign_keys
            ],
        }
        for table in copied.schema.tables
    ]  # fmt: skip


EFFECTS: dict[str, Effect] = {"schema": _schema, "copy_database": _copy_database}
