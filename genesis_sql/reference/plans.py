"""What the reading functions of reference data mean: SQL text out of arguments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from genesis_sql.actions.arguments import text, whole
from genesis_sql.reference.finding import facilities_sql, providers_sql
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


def _providers(session: Any, arguments: dict[str, Any], database: str, schema: str) -> str:
    texts = _texts(arguments, ("state", "city", "county", "specialty", "taxonomy"))
    cursors: Cursors = session
    with cursors.cursor() as cursor:
        return providers_sql(cursor, database, **texts, most=whole(arguments, "most"))


def _facilities(session: Any, arguments: dict[str, Any], database: str, schema: str) -> str:
    texts = _texts(arguments, ("state", "city", "county", "facility_type"))
    least, most = whole(arguments, "min_beds"), whole(arguments, "most")
    cursors: Cursors = session
    with cursors.cursor() as cursor:
        return facilities_sql(cursor, database, **texts, min_beds=least, most=most)


def _texts(arguments: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """The texts that were given."""
    return {n: text(arguments, n) for n in names if arguments.get(n) is not None}


PLANS: dict[str, Callable[[Any, dict[str, Any], str, str], str]] = {
    "reference_tables": _tables,
    "find_providers": _providers,
    "find_facilities": _facilities,
}
