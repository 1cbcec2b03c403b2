"""Deploy: a model's tables as macros of the user's file, which need no Python; and undeploy."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import ModelNotFoundError, OptionError, TargetError, nearest
from genesis_sql.plan.definition import Model
from genesis_sql.plan.macro import MARK, macro_sql
from genesis_sql.sqlbuild import qualified, string
from genesis_sql.store import executions
from genesis_sql.store.rows import ExecutionTable
from genesis_sql.store.transaction import transaction

CHOICES = ("error", "replace")
PARAMETERS = '"rows" := NULL, first_row := 0, "scale" := NULL, seed := 0'
_MARKED = re.compile(re.escape(f"'{MARK}") + r"(\{[^']*\})'")
_FUNCTIONS = """
SELECT database_name, schema_name, function_name, function_type, coalesce(macro_definition, '')
FROM duckdb_functions()
WHERE (database_name = $database OR database_name = 'system')
"""


@dataclass(frozen=True)
class Found:
    """A function that is there.

    Attributes:
        database, schema, name, type: as DuckDB lists it.
        model, version, table: what it was deployed from; None of a function of others.
    """

    database: str
    schema: str
    name: str
    type: str
    model: str | None = None
    version: int | None = None
    table: str | None = None


def deploy(
    ws: Workspace, name: str, version: int | None, prefix: str | None, if_exists: str
) -> list[dict[str, Any]]:
    """Write a macro for each table of a model into the current schema; all of them or none."""
    if if_exists not in CHOICES:
        message = f"if_exists := {string(if_exists)} is not known{nearest(if_exists, CHOICES)}"
        raise OptionError(message)
    model = ws.load(name, version)
    named = macro_names(model, prefix)
    there = {found.name.lower(): found for found in functions(ws)}
    replaced = [t for t, made in named.items() if _free(ws, model, made, there, if_exists)]
    texts = {}
    for done, table in enumerate(named):
        ws.progress(f"writing {named[table]}", done / len(named))
        mark = json.dumps({"model": model.name, "version": model.version, "table": table})
        texts[table] = macro_sql(model, table, mark.replace("'", "\\u0027"))

    def create() -> None:
        for table, body in texts.items():
            there = qualified(ws.database, ws.schema, named[table])
            if table in replaced:
                ws.con.execute(f"DROP MACRO TABLE {there}")
            ws.con.execute(f"CREATE MACRO {there}({PARAMETERS}) AS TABLE {body}")

    transaction(ws.con, create)
    given = {"prefix": prefix, "if_exists": if_exists, "schema": ws.schema}
    _record(ws, "deploy", model.name, model.version, given, list(named))
    return [
        {
            "model": model.name,
            "version": model.version,
            "table_name": table,
            "macro": made,
            "bytes": len(texts[table].encode()),
            "status": "replaced" if table in replaced else "deployed",
        }
        for table, made in named.items()
    ]


def undeploy(ws: Workspace, name: str) -> list[dict[str, Any]]:
    """Remove the macros of a model from all schemas of the database."""
    known = [found for found in functions(ws) if found.model is not None]
    mine = [found for found in known if found.model == name]
    if not mine:
        models = {str(found.model) for found in known}
        message = (
            f"no macros of a model '{name}' are deployed in this database{nearest(name, models)}; "
            f"CALL genesis_deploy({string(name)}) writes them"
        )
        raise ModelNotFoundError(message)

    def remove() -> None:
        for found in mine:
            made = qualified(found.database, found.schema, found.name)
            ws.con.execute(f"DROP MACRO TABLE {made}")

    transaction(ws.con, remove)
    _record(ws, "undeploy", name, None, {}, [str(found.table) for found in mine])
    return [
        {
            "model": name,
            "version": found.version,
            "table_name": found.table,
            "macro": found.name,
            "status": "removed",
        }
        for found in mine
    ]


def macro_names(model: Model, prefix: str | None) -> dict[str, str]:
    """The macro of each table: the model's name and the table's, or one of them alone.

    Raises:
        OptionError: two tables would have the same.
    """
    tables = model.visible
    if prefix is None and len(tables) == 1:
        return {tables[0]: model.name}
    before = f"{model.name}_" if prefix is None else prefix
    named = {table: before + table.replace(".", "_") for table in tables}
    seen: dict[str, str] = {}
    for table, made in named.items():
        other = seen.setdefault(made.lower(), table)
        if other != table:
            message = (
                f"the macros of tables '{other}' and '{table}' would both be called '{made}'; "
                "rename one of the tables and fit again"
            )
            raise OptionError(message)
    return named


def functions(ws: Workspace) -> list[Found]:
    """The functions of the caller's database and of DuckDB itself."""
    out = []
    rows = ws.con.execute(_FUNCTIONS, {"database": ws.database}).fetchall()
    for database, schema, name, type_, text in rows:
        mark = _MARKED.search(text) if type_ == "table_macro" else None
        told = json.loads(mark[1]) if mark else {}
        of = (told.get("model"), told.get("version"), told.get("table"))
        out.append(Found(database, schema, name, type_, *of))
    return out


def _free(ws: Workspace, model: Model, made: str, there: dict[str, Found], if_exists: str) -> bool:
    """Whether a macro of ours is to be replaced.

    Raises:
        TargetError: the name is taken.
    """
    found = there.get(made.lower())
    if found is None or (found.database != "system" and found.schema != ws.schema):
        return False
    again = f"CALL genesis_deploy({string(model.name)}, "
    if found.model is None:
        whose = "DuckDB's own" if found.database == "system" else "another"
        message = (
            f"the name '{made}' is taken by {whose} function ({found.type}); choose others: "
            f"{again}prefix := {string(model.name + '_new_')})"
        )
        raise TargetError(message)
    if if_exists == "replace":
        return True
    message = (
        f"the name '{made}' is taken by the macro of table '{found.table}' of model "
        f"'{found.model}', version {found.version}; replace it: {again}if_exists := 'replace')"
    )
    raise TargetError(message)


def _record(
    ws: Workspace,
    kind: str,
    name: str,
    version: int | None,
    arguments: dict[str, Any],
    tables: Sequence[str],
) -> None:
    number = executions.start(
        ws.con, ws.database, kind=kind, model=name, version=version, arguments=arguments
    )
    done = [ExecutionTable(table) for table in tables]
    executions.finish(ws.con, ws.database, number, seconds=ws.seconds, tables=done)
