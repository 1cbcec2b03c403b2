"""What the reading functions of reference data mean: SQL text out of arguments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from genesis_sql.reference.place import Con
from genesis_sql.reference.tables import tables_sql


class Cursors(Protocol):
    """What a plan needs of a session."""

    def cursor(self) -> AbstractContextManager[Con]:
        """A cursor of its own on the caller's connection."""


def _tables(session: Any, arguments: dict[str, Any], database: str, schema: str) -> str:
    cursors: Cursors = session
    with cursors.cursor() as cursor:
        return tables_sql(cursor, database)


PLANS: dict[str, Callable[[Any, dict[str, Any], str, str], str]] = {
    "reference_tables": _tables,
}
