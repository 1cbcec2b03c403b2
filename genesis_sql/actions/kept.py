"""Models that the database does not keep: whether they are there still, and how to have them again.

SDV writes its models by pickle, which runs code when it is read. Their rows in the store say what
was fitted; what draws lives as long as the connection that fitted it.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb

from genesis_sql.errors import ModelNotFoundError, TargetError
from genesis_sql.models.sdv.memory import PREFIX, WHY, lost
from genesis_sql.plan.definition import Model, block_methods
from genesis_sql.sqlbuild import string
from genesis_sql.store import models


def require_there(con: duckdb.DuckDBPyConnection, database: str, model: Model) -> None:
    """Raise where a model cannot be drawn from any more.

    Raises:
        ModelNotFoundError: it was fitted on a connection that is closed.
    """
    method = lost(model.programs.values())
    if method:
        message = (
            f"model '{model.name}' was learnt by method '{method}' on a connection that is "
            f"closed: {WHY}; fit it again: {_statement(con, database, model)}"
        )
        raise ModelNotFoundError(message)


def require_kept(con: duckdb.DuckDBPyConnection, database: str, model: Model) -> None:
    """Raise where a model cannot be written into a file.

    Raises:
        TargetError: it is one of SDV.
    """
    method = next((m for m in block_methods(model.programs.values()) if m.startswith(PREFIX)), "")
    if method:
        message = (
            f"model '{model.name}' cannot be exported: it was learnt by method '{method}', and "
            f"{WHY}; fit it there: {_statement(con, database, model)}"
        )
        raise TargetError(message)


def _statement(con: duckdb.DuckDBPyConnection, database: str, model: Model) -> str:
    """The call that fitted a model."""
    found = models.find(con, database, model.name, model.version)
    held = found.arguments
    given: dict[str, Any] = dict(json.loads(held) if isinstance(held, str) else held or {})
    source = given.pop("source", None)
    verb = "genesis_fit_database" if source is None else "genesis_fit"
    arguments = [string(model.name), *([] if source is None else [string(str(source))])]
    usual = {"seed": 0, "orphans": "null"}
    arguments += [
        f"{name} := {_literal(value)}"
        for name, value in given.items()
        if value not in (None, [], {}, "") and usual.get(name) != value
    ]
    return f"CALL {verb}({', '.join(arguments)})"


def _literal(value: Any) -> str:
    """A plain value as DuckDB writes it."""
    if value == {}:
        return "MAP {}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{string(str(k))}: {_literal(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, str):
        return string(value)
    return "NULL" if value is None else str(value).lower()
