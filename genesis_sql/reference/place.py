"""The schema genesis_reference of a database: what stands in it, and which of it is ours.

Every table and view of ours carries a comment that starts with :data:`MARK`; whatever has none is
the user's, and is never replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from genesis_sql.errors import ReadOnlyError, TargetError, nearest
from genesis_sql.sqlbuild import qualified, string

SCHEMA = "genesis_reference"
MARK = "genesis_sql"
_CHECKSUM = re.compile(r"sha256 ([0-9a-f]{64})$")
_THERE = """
SELECT table_name AS name, comment, false AS is_view FROM duckdb_tables()
WHERE database_name = $database AND schema_name = $schema
UNION ALL
SELECT view_name, comment, true FROM duckdb_views()
WHERE database_name = $database AND schema_name = $schema AND NOT internal
"""

Con = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Standing:
    """A table or view that stands in the schema."""

    name: str
    comment: str
    is_view: bool

    @property
    def ours(self) -> bool:
        """Whether this package made it."""
        return self.comment.startswith(MARK)

    @property
    def checksum(self) -> str:
        """The checksum that its comment ends with, or nothing."""
        found = _CHECKSUM.search(self.comment)
        return found[1] if found else ""


def standing(con: Con, database: str) -> dict[str, Standing]:
    """What stands in the schema, by name; nothing where there is no such schema."""
    given = {"database": database, "schema": SCHEMA}
    rows = con.execute(_THERE, given).fetchall()
    return {name: Standing(name, comment or "", is_view) for name, comment, is_view in rows}


def remark(what: str, publisher: str, vintage: str, licence: str, checksum: str = "") -> str:
    """The comment of a table of ours.

    Example:
        >>> remark("reference table", "CDC", "2024", "public domain", "ab").splitlines()
        ['genesis_sql reference table', 'CDC', '2024', 'public domain', 'sha256 ab']
    """
    parts = [what, publisher, vintage, licence] + [f"sha256 {checksum}"] * bool(checksum)
    return f"{MARK} " + "\n".join(" ".join(part.split()) for part in parts)


def stated(standing: Standing) -> tuple[str, str, str, str]:
    """What the comment of a table says: what it is, its publisher, vintage, licence."""
    parts = standing.comment.removeprefix(f"{MARK} ").split("\n")
    what, publisher, vintage, licence = (parts + [""] * 4)[:4]
    return what, publisher, vintage, licence


def require_writable(con: Con, database: str) -> None:
    """Raise where the database cannot take the schema.

    Raises:
        ReadOnlyError: it is read-only.
        TargetError: it is not there, or not DuckDB's own.
    """
    query = "SELECT database_name, readonly, type FROM duckdb_databases() WHERE NOT internal"
    known = {name: (readonly, kind) for name, readonly, kind in con.execute(query).fetchall()}
    if database not in known:
        message = f"there is no database '{database}' here{nearest(database, known)}"
        raise TargetError(message)
    readonly, kind = known[database]
    if kind != "duckdb":
        message = (
            f"'{database}' is a {kind} database and reference tables are kept in a DuckDB one: "
            f"USE one, after ATTACH 'reference.duckdb' AS reference"
        )
        raise TargetError(message)
    if readonly:
        message = (
            f"database '{database}' is read-only and the reference tables are not all in it: open "
            f"it without read_only, then CALL genesis_load_reference()"
        )
        raise ReadOnlyError(message)


def require_ours(there: dict[str, Standing], name: str, statement: str) -> None:
    """Raise TargetError where something of the user's has this name."""
    if name in there and not there[name].ours:
        kind = "view" if there[name].is_view else "table"
        message = (
            f"the {kind} {SCHEMA}.{name} was not made by this package, so it was left alone: "
            f"rename or drop it, then {statement}"
        )
        raise TargetError(message)


def full(database: str, name: str) -> str:
    """The name of a table of the schema as DuckDB text."""
    return qualified(database, SCHEMA, name)


def make_schema(con: Con, database: str) -> None:
    """Create the schema where it is missing."""
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(database, SCHEMA)}")


def put(con: Con, database: str, name: str, query: str, comment: str) -> int:
    """Replace a table of ours by the rows of a query, with its comment; returns their number."""
    place = full(database, name)
    con.execute(f"CREATE OR REPLACE TABLE {place} AS {query}")
    con.execute(f"COMMENT ON TABLE {place} IS {string(comment)}")
    return count(con, database, name)


def count(con: Con, database: str, name: str) -> int:
    """The number of rows of a table."""
    query = f"SELECT count(*) FROM {full(database, name)}"  # noqa: S608 - quoted
    return int(con.execute(query).fetchall()[0][0])


def put_view(con: Con, database: str, name: str, query: str, comment: str) -> None:
    """Replace a view of ours; the names in its query are those of the same schema."""
    place = full(database, name)
    con.execute(f"CREATE OR REPLACE VIEW {place} AS {query}")
    con.execute(f"COMMENT ON VIEW {place} IS {string(comment)}")


def columns(con: Con, database: str, name: str) -> dict[str, str]:
    """Columns of a table with their types, in order."""
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? "
        "AND schema_name = ? AND table_name = ? ORDER BY column_index"
    )
    return dict(con.execute(query, [database, SCHEMA, name]).fetchall())
