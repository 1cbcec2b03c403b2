"""The private scalar functions behind the macros.

`genesis_plan_` returns SQL when a statement is bound, and touches nothing. `genesis_effect_` runs
once, when it is executed, and returns rows as JSON or the text of an error; the SQL around it gives
the rows their types, or raises the error. One function for all verbs: to create one takes a
millisecond or two of every connection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import duckdb

from genesis_sql.errors import GenesisError, from_wire, to_wire
from genesis_sql.interrupt import cancelled
from genesis_sql.sqlbuild import string
from genesis_sql.types import Call

from .returns import RETURNS

EFFECT, READ = "genesis_effect_", "genesis_read_"
READS = ("check",)
"""Verbs that DuckDB may run as often as it likes: they change nothing."""
_NUMBERS = (
    "CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT), epoch_us(now())"
)
_EFFECT = """
SELECT unnest(
    CASE WHEN done.error IS NULL THEN CAST(CAST(done."rows" AS JSON) AS STRUCT({columns})[])
    ELSE error(done.error) END, recursive := true
)
FROM (SELECT {function}({verb}, {arguments}, {database}, {schema}, {numbers}) AS done)
"""
"""What a macro of an effect becomes.

The numbers tell a transaction, see genesis_sql/transactions.py.
"""


def give_scalars(con: duckdb.DuckDBPyConnection, doors: Any) -> None:
    """Create the private functions where the instance lacks them."""
    doors.give(
        con,
        "genesis_plan_",
        _plan(doors),
        ["VARCHAR"] * 4 + ["UBIGINT", "BIGINT"],
        "VARCHAR",
        null_handling="special",
    )
    doors.give(
        con,
        "genesis_python",
        _values(doors),
        None,  # any number of any types
        "VARCHAR",
        type="arrow",
        null_handling="special",
    )
    for name, lasting in ((EFFECT, True), (READ, False)):
        doors.give(
            con,
            name,
            _effect(doors),
            ["VARCHAR"] * 4 + ["BIGINT"] * 5,
            'STRUCT("rows" VARCHAR, error VARCHAR)',
            null_handling="special",
            side_effects=lasting,
        )


def _plan(doors: Any) -> Callable[..., str]:
    def plan(
        kind: str, arguments: str, database: str, schema: str, connection: int, begun: int
    ) -> str:
        bound = time.time_ns() // 1000
        if kind in RETURNS:
            return _effect_sql(kind, arguments, database, schema, (bound, connection))
        try:
            given = json.loads(arguments)
            return str(doors.plan(kind, given, database, schema, connection, begun))
        except (GenesisError, duckdb.Error, KeyboardInterrupt) as error:
            failing = f"error({string(to_wire(_ours(error)))})"
            return f"SELECT {failing} AS error WHERE {failing} IS NULL"  # count(*) reads it, too

    return plan


def _values(doors: Any) -> Callable[..., Any]:
    def values(*given: Any) -> Any:
        try:
            return doors.values(*given)
        except GenesisError as error:
            raise RuntimeError(to_wire(error)) from error
        except KeyboardInterrupt as error:
            raise RuntimeError(to_wire(cancelled())) from error

    return values


def _effect_sql(
    verb: str, arguments: str, database: str, schema: str, numbers: tuple[int, int]
) -> str:
    return _EFFECT.format(
        columns=RETURNS[verb],
        function=READ if verb in READS else EFFECT,
        verb=string(verb),
        arguments=string(arguments),
        database=string(database),
        schema=string(schema),
        numbers=", ".join([_NUMBERS, *map(str, numbers)]),
    )


def _effect(doors: Any) -> Callable[..., dict[str, Any]]:
    def effect(
        verb: str,
        arguments: str,
        database: str,
        schema: str,
        query: int,
        transaction: int,
        begun: int,
        bound: int,
        connection: int,
    ) -> dict[str, Any]:
        try:
            given = json.loads(arguments)
            numbers = (query, transaction, begun, bound, connection)
            call = Call(verb, given, database, schema, *numbers)
            return {"rows": json.dumps(doors.effect(call), default=_plain), "error": None}
        except (GenesisError, duckdb.Error, KeyboardInterrupt) as error:
            return {"rows": None, "error": to_wire(_ours(error))}

    return effect


def _plain(value: Any) -> Any:
    """A NumPy number as Python's; what else JSON lacks as DuckDB reads it from text."""
    return value.item() if hasattr(value, "item") else str(value)


def _ours(error: BaseException) -> GenesisError:
    """The same as an error of this package, which is told without a traceback."""
    if isinstance(error, GenesisError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return cancelled()
    inner = from_wire(str(error))  # of a function of ours inside the statement
    if inner is not None:
        return inner
    return GenesisError(f"DuckDB stopped it: {str(error).strip().splitlines()[0]}")
