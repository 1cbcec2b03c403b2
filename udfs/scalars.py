"""The private scalar functions behind the macros.

`genesis_plan_` returns SQL at bind time and touches nothing. The effect functions run once, at execution, and return
their rows or the text of an error; the macros raise it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb

from genesis_sql.errors import GenesisError, to_wire
from genesis_sql.types import Call

RETURNS = {
    "fit": 'model VARCHAR, version INTEGER, table_name VARCHAR, "method" VARCHAR, "rows" BIGINT, "columns" INTEGER, orphans BIGINT, seconds DOUBLE, notes VARCHAR',
    "generate_database": 'table_name VARCHAR, "rows" BIGINT, orphans BIGINT, violations BIGINT, seconds DOUBLE',
    "activate": "model VARCHAR, version INTEGER, status VARCHAR",
    "drop": "model VARCHAR, version INTEGER, status VARCHAR",
    "export": "model VARCHAR, version INTEGER, path VARCHAR, bytes BIGINT",
    "import": "model VARCHAR, version INTEGER, path VARCHAR, bytes BIGINT",
    "check": "severity VARCHAR, table_name VARCHAR, column_name VARCHAR, finding VARCHAR, fix VARCHAR",
    "uninstall": "removed VARCHAR",
}
"""Columns of each effect's rows."""
RETURNS["fit_database"] = RETURNS["fit"]


def give_scalars(con: duckdb.DuckDBPyConnection, doors: Any) -> None:
    """Create the private functions where the instance lacks them."""
    doors.give(
        con,
        "genesis_plan_",
        _plan(doors),
        ["VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR"],
        "VARCHAR",
        null_handling="special",
    )
    for verb, columns in RETURNS.items():
        returns = f'STRUCT("rows" STRUCT({columns})[], error VARCHAR)'
        takes = ["VARCHAR"] * 3 + ["BIGINT"] * 3
        doors.give(
            con,
            f"genesis_{verb}_",
            _effect(verb, doors),
            takes,
            returns,
            null_handling="special",
            side_effects=verb != "check",
        )


def _plan(doors: Any) -> Callable[..., str]:
    def plan(kind: str, arguments: str, database: str, schema: str) -> str:
        return str(doors.plan(kind, json.loads(arguments), database, schema))

    return plan


def _effect(verb: str, doors: Any) -> Callable[..., dict[str, Any]]:
    def effect(
        arguments: str, database: str, schema: str, query: int, transaction: int, begun: int
    ) -> dict[str, Any]:
        try:
            call = Call(verb, json.loads(arguments), database, schema, query, transaction, begun)
            return {"rows": doors.effect(call), "error": None}
        except GenesisError as error:
            return {"rows": None, "error": to_wire(error)}

    return effect
