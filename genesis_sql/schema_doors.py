"""The Python doors of schemas without data: SQLAlchemy, a URL, DDL, a mapping, a dbt manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql.doors import Row, effect, listed
from genesis_sql.types import RawSchema


@dataclass(frozen=True)
class Wanted:
    """What a door adds to a schema.

    Attributes:
        columns: what fills a column, by 'table.column'.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        description, tags: what the profile is found by.
    """

    columns: Mapping[str, Any] | None = None
    rows: Mapping[str, int] | None = None
    locale: str | None = None
    description: str | None = None
    tags: Sequence[str] | None = None


def from_schema(
    con: duckdb.DuckDBPyConnection, name: str, schema: RawSchema, wanted: Wanted | None = None
) -> list[Row]:
    """Save the profile of a schema that was read; what the other doors end in."""
    given = wanted or Wanted()
    more = {**vars(given), "tags": listed("tags", given.tags)}
    return effect(con, "schema", {"model": name, "raw": schema, **more})
