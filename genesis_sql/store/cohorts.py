"""Cohorts in the store: a name, the schema where the tables are, and where they come from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from genesis_sql.errors import CohortError, nearest
from genesis_sql.store import migrator, names
from genesis_sql.store.names import Con
from genesis_sql.store.profiles import NEEDS
from genesis_sql.store.transaction import now

ADOPTED = "adopted"
"""The origin of a cohort whose tables nobody here wrote."""

_COLUMNS = """
name, schema_name, tables, origin, profile, version, execution, tags, description, created_at,
updated_at
"""
_FIND = f"SELECT {_COLUMNS} FROM genesis.cohorts ORDER BY name"  # noqa: S608 - a constant
_INSERT = """
INSERT OR REPLACE INTO genesis.cohorts
VALUES (?, ?, CAST(? AS VARCHAR[]), ?, ?, ?, ?, CAST(? AS VARCHAR[]), ?, ?, ?)
"""
_LIST_COLUMNS = """
name VARCHAR, schema_name VARCHAR, tables BIGINT, rows BIGINT, origin VARCHAR, profile VARCHAR,
version INTEGER, execution BIGINT, tags VARCHAR[], description VARCHAR, created_at TIMESTAMP,
updated_at TIMESTAMP
"""
_LIST = """
WITH held AS (
  SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = $place
), wanted AS (
  SELECT name, schema_name, unnest(tables) AS table_name FROM genesis.cohorts
), counted AS (
  SELECT w.name, count(h.table_name) AS tables, CAST(sum(h.estimated_size) AS BIGINT) AS rows
  FROM wanted AS w LEFT JOIN held AS h
    ON h.schema_name = w.schema_name AND h.table_name = w.table_name
  GROUP BY w.name
)
SELECT c.name, c.schema_name, coalesce(n.tables, 0) AS tables, coalesce(n.rows, 0) AS rows,
       c.origin, c.profile, c.version, c.execution, c.tags, c.description, c.created_at,
       c.updated_at
FROM genesis.cohorts AS c LEFT JOIN counted AS n ON n.name = c.name
WHERE ($tags IS NULL OR list_has_all(c.tags, CAST($tags AS VARCHAR[])))
  AND ($search IS NULL OR contains(lower(c.name), lower($search))
       OR contains(lower(coalesce(c.description, '')), lower($search))
       OR contains(lower(coalesce(c.profile, '')), lower($search)))
ORDER BY c.name
"""


@dataclass(frozen=True)
class Cohort:
    """A row of genesis.cohorts; times are UTC."""

    name: str
    schema: str
    tables: tuple[str, ...]
    origin: str
    profile: str | None = None
    version: int | None = None
    execution: int | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def written(self) -> bool:
        """Whether its tables were written here."""
        return self.origin != ADOPTED


def known(con: Con, database: str) -> dict[str, Cohort]:
    """All cohorts by name."""
    if not migrator.exists(con, database, needs=NEEDS):
        return {}
    found = (Cohort(*row) for row in names.run(con, database, _FIND))
    return {c.name: replace(c, tables=tuple(c.tables), tags=tuple(c.tags)) for c in found}


def find(con: Con, database: str, name: str) -> Cohort:
    """The cohort of that name.

    Raises:
        CohortError: there is none; the nearest name is told.
    """
    there = known(con, database)
    if name not in there:
        message = f"no cohort '{name}'{nearest(name, there)}; FROM genesis_cohorts() lists them all"
        raise CohortError(message)
    return there[name]


def write(con: Con, database: str, cohort: Cohort) -> None:
    """Keep a cohort, in the place of an earlier one of the name, in the caller's transaction."""
    origin = [cohort.origin, cohort.profile, cohort.version, cohort.execution]
    told = [list(cohort.tags), cohort.description]
    times = [cohort.created_at or now(), now()]
    values = [cohort.name, cohort.schema, list(cohort.tables), *origin, *told, *times]
    names.run(con, database, _INSERT, *values)


def remove(con: Con, database: str, name: str) -> None:
    """Forget a cohort, in the caller's transaction."""
    names.run(con, database, "DELETE FROM genesis.cohorts WHERE name = ?", name)


def check_name(name: str) -> None:
    """Raise where the name of a cohort is empty or holds control characters."""
    if not name.strip() or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        message = f"{name!r} cannot be the name of a cohort: give it one with visible characters"
        raise CohortError(message)


def list_sql(
    con: Con,
    database: str,
    *,
    tags: list[str] | None = None,
    search: str | None = None,
    begun: int | None = None,
) -> str:
    """The SELECT behind `genesis_cohorts`; ``rows`` are DuckDB's own estimates."""
    if not migrator.exists(con, database, begun, needs=NEEDS):
        return names.empty(_LIST_COLUMNS)
    return names.filled(_LIST, database, tags=tags, search=search, place=database)
