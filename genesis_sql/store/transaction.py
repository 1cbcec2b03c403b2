"""Short write transactions that are tried again where another cursor wrote at the same time."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TypeVar

import duckdb

from genesis_sql.errors import TransactionError
from genesis_sql.store.names import Con

T = TypeVar("T")

_CONFLICTS = (duckdb.TransactionException, duckdb.ConstraintException)
"""DuckDB lets the first writer win: the second gets one of these, in its statement or at COMMIT."""

_ATTEMPTS = 14
"""About two seconds in all, with the pauses below; 32 cursors at once were seen to need 8."""

_JITTER = random.SystemRandom()
"""Not the module's own generator: its state is the user's."""


def transaction(con: Con, work: Callable[[], T]) -> T:
    """Run ``work`` in one transaction of the cursor; all of it is kept, or nothing.

    ``work`` may run several times, each time on a fresh view of the database.
    """
    for attempt in range(_ATTEMPTS):
        _begin(con)
        try:
            result = work()
            con.execute("COMMIT")
        except _CONFLICTS as error:
            _rollback(con)
            if attempt == _ATTEMPTS - 1:
                message = (
                    "other calls keep writing to the store, nothing was changed; try again "
                    f"({error})"
                )
                raise TransactionError(message) from error
        except BaseException:
            _rollback(con)
            raise
        else:
            return result
        time.sleep(min(0.001 * 2**attempt, 0.25) * _JITTER.uniform(0.5, 1.5))
    raise AssertionError


def _begin(con: Con) -> None:
    try:
        con.execute("BEGIN TRANSACTION")
    except duckdb.TransactionException as error:
        message = "this call writes in a transaction of its own; COMMIT or ROLLBACK yours first"
        raise TransactionError(message) from error


def _rollback(con: Con) -> None:
    """End the transaction; a failed COMMIT has ended it already, a dead connection cannot."""
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def now() -> datetime:
    """The time in UTC, without a zone, as the store's TIMESTAMP columns hold it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
