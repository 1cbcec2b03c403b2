"""Tells a statement of its own from one inside BEGIN … COMMIT; DuckDB has no function that does.

An effect commits on a cursor of its own. Inside a transaction of the caller's it would outlive a
ROLLBACK and not see what is uncommitted, so it is refused there. From outside it is certain
(:func:`open_on`). From inside a function there are three facts, all of the statement that runs:

- its query number q and transaction number t, counted per instance. A statement of its own takes
  one of each. So does BEGIN; each further statement of the block, COMMIT too, takes a q only. A
  relation (`con.sql`) takes a t only, where it is bound.
- its age: from the start of its transaction to the moment its macro was bound. 50 µs alone, from
  120 µs after BEGIN.

Samples of (q, t), taken on cursors whenever the package is called, date both numbers. That is
certain in two cases: a sample that falls between t and q (an open block), and no or too few
statements since the last sample (none open). In between the excess of q over t and the age decide,
and where there are other connections, whose blocks count too, the age alone; a wrong refusal ends
with the next call, which is then certain.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from genesis_sql.errors import TransactionError
from genesis_sql.types import Call

LONG, OLD = 200_000, 20_000
"""Microseconds: no macro is that long in binding, whatever else runs; few are that old."""
_NUMBERS = "SELECT CAST(current_query_id() AS BIGINT), CAST(current_transaction_id() AS BIGINT)"
_CONNECTIONS = "SELECT count FROM duckdb_connection_count()"


def open_on(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether BEGIN is open on a connection: two statements then share one transaction."""
    first, second = (con.execute(_NUMBERS).fetchall()[0][1] for _ in range(2))
    return bool(first == second)


class Watch:
    """The samples of one DuckDB instance."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.samples: deque[tuple[int, int]] = deque(maxlen=64)
        self.needed = 1
        self.running = 0

    def look(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take a sample; the cursor is outside any transaction."""
        query, transaction = cursor.execute(_NUMBERS).fetchall()[0]
        with self.lock:
            self.samples.append((query, transaction))

    @contextmanager
    def busy(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """While an effect runs; it ends with a sample."""
        with self.lock:
            self.running += 1
        try:
            yield
        finally:
            with self.lock:
                self.running -= 1
            with suppress(duckdb.Error):  # its connection may be closed by now
                self.look(cursor)

    def check(self, call: Call, cursor: duckdb.DuckDBPyConnection) -> None:
        """Refuse an effect inside a transaction; takes a sample, too.

        Raises:
            TransactionError: it is inside one, for certain or to all appearances.
        """
        if not call.query:
            return
        alone = cursor.execute(_CONNECTIONS).fetchall()[0][0] <= 2  # the caller's and the cursor
        with self.lock:
            certain, inside = self._judged(call, alone=alone and not self.running)
            self.needed = 2 if inside and not certain else 1
        self.look(cursor)
        if inside:
            hint = "" if certain else " (if there is none, just call it again)"
            message = (
                f"genesis_{call.verb} was called inside a transaction, whose ROLLBACK would not "
                f"undo it: nothing was changed; COMMIT or ROLLBACK first, then call it again{hint}"
            )
            raise TransactionError(message)

    def _judged(self, call: Call, *, alone: bool) -> tuple[bool, bool]:
        """(certain, inside)."""
        before = [s for s in self.samples if s[0] < call.query]
        if any(transaction > call.transaction for _, transaction in before):
            return True, True
        query, transaction = max(before, default=(0, 0))
        between = call.query - query - 1
        if between < self.needed:  # BEGIN is one; after a refusal ROLLBACK and BEGIN are two
            return True, False
        began = call.transaction - transaction - 1  # transactions between
        age, excess = call.bound - call.begun, between - began
        if self.running or excess <= 0:  # a statement of its own never takes a q without a t
            return False, age > LONG
        if alone and (began == 0 or excess == 1):  # what ran between ran in this transaction
            return False, True
        return False, age > OLD  # an open block, others that ended, or one of another connection
