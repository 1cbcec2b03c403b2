"""Creates and updates the schema genesis from the numbered files of genesis_sql.migrations.

A file holds plain statements on `genesis.<table>`; they are parsed and qualified with the
database's name (names.script). Each file runs in one transaction together with its record (version,
name, sha256 of the text), so a database has a migration wholly or not at all, and a file that
changed after it ran is noticed.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import time
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from importlib.resources import files

import duckdb

from genesis_sql.errors import MigrationError, ReadOnlyError, TargetError, nearest
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import names
from genesis_sql.store.names import Con
from genesis_sql.store.transaction import now, transaction

_PACKAGE = "genesis_sql.migrations"
_FILE = re.compile(r"(\d{4})_\w+\.sql")

_READ = "SELECT version, checksum, applied_at FROM genesis.migrations ORDER BY version"
_READ_AND_PLACE = """
SELECT version, checksum,
       (SELECT bool_or(readonly) FROM duckdb_databases() WHERE lower(database_name) = lower(?))
FROM genesis.migrations ORDER BY version
"""
_SEEN_FROM: dict[datetime, float] = {}
"""By the record's applied_at: from when, in epoch µs, statements surely see what it made."""
_ABSENT = (duckdb.CatalogException, duckdb.BinderException)
"""What DuckDB raises where the schema, its table or the database is not there."""


@dataclass(frozen=True)
class Migration:
    """A numbered SQL file."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Sha256 of the text, the same on every platform."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@functools.cache
def migrations() -> tuple[Migration, ...]:
    """The files this release ships, in order."""
    found = []
    for file in files(_PACKAGE).iterdir():
        if match := _FILE.fullmatch(file.name):
            text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
            found.append(Migration(int(match[1]), file.name.removesuffix(".sql"), text))
    return tuple(sorted(found, key=lambda m: m.version))


@functools.cache
def library_version() -> str:
    """The installed release of this package."""
    try:
        return metadata.version("genesis-sql")
    except metadata.PackageNotFoundError:
        return "unknown"


def ensure(con: Con, database: str) -> None:
    """Make the store ready to be written; one query where it is.

    Args:
        con: a cursor outside a transaction.
        database: the database's name, as in duckdb_databases().

    Raises:
        ReadOnlyError: the database cannot be written.
        TargetError: there is no such database, or it is not DuckDB's own.
        MigrationError: the store is newer than this release, was changed, or its name is taken.
    """
    try:
        rows = names.run(con, database, _READ_AND_PLACE, database)
    except _ABSENT:
        rows = []
    pending = _pending([(v, c) for v, c, _ in rows], database)
    if pending or rows[0][2]:
        _require_writable(con, database)
    for migration in pending:
        applied = transaction(con, functools.partial(_apply, con, database, migration))
        if applied is not None:
            _SEEN_FROM[applied] = time.time_ns() // 1000


def exists(con: Con, database: str, begun: int | None = None, *, needs: int = 1) -> bool:
    """Whether the database has a store that this release can read; writes nothing.

    Args:
        con: any cursor.
        database: the database's name.
        begun: when the statement that will read the store began, in epoch µs. One that began before
            the store was committed does not see it, though ``con`` does.
        needs: the number of the migration that made what will be read; a store that was only read
            since an older release wrote it may lack it.

    Raises:
        MigrationError: the store is newer than this release, or was changed.
    """
    recorded = _recorded(con, database)
    _pending([(v, c) for v, c, _ in recorded], database)
    needed = [at for version, _, at in recorded if version <= needs]
    return len(needed) == needs and (
        begun is None or all(begun >= _SEEN_FROM.get(at, 0) for at in needed)
    )


def uninstall(con: Con, database: str) -> tuple[str, ...]:
    """Drop the store's tables, and the schema genesis unless something else stands in it.

    Returns:
        The names of the dropped tables; none where the database has no store of ours.

    Raises:
        ReadOnlyError: the database cannot be written.
        MigrationError: the store is newer than this release, which does not know all its tables.
    """
    recorded = _recorded(con, database)
    if not recorded:
        return ()
    _check_not_newer([(v, c) for v, c, _ in recorded], database)
    _require_writable(con, database)
    tables = tuple(t for m in migrations() for t in names.created_tables(m.text))
    with con.cursor() as cursor:
        # DuckDB 2.0 cannot drop "genesis"."genesis" while the database genesis is the current one
        cursor.execute("SET search_path = 'temp.main'")
        try:
            transaction(cursor, functools.partial(_drop, cursor, database, tables, schema=True))
        except duckdb.DependencyException:  # the user keeps things of his own in the schema
            transaction(cursor, functools.partial(_drop, cursor, database, tables, schema=False))
    return tables


def _drop(con: Con, database: str, tables: tuple[str, ...], *, schema: bool) -> None:
    for table in tables:
        con.execute(names.drop_table(table, database))
    if schema:
        names.run(con, database, "DROP SCHEMA genesis")


def _recorded(con: Con, database: str) -> list[tuple[int, str, datetime]]:
    try:
        return names.run(con, database, _READ)
    except _ABSENT:
        return []


def _pending(recorded: list[tuple[int, str]], database: str) -> tuple[Migration, ...]:
    """The migrations that have not run, after a look at those that have."""
    _check_not_newer(recorded, database)
    checksums = dict(recorded)
    for migration in migrations():
        if checksums.get(migration.version, migration.checksum) != migration.checksum:
            message = (
                f"migration {migration.name} of database '{database}' is not the one of "
                f"genesis_sql {library_version()}: another build wrote it, or it was changed by "
                f"hand. With the release that wrote it, CALL genesis_export('<model>', '<file>') "
                f"what you need; then CALL genesis_uninstall() and genesis_import('<file>') here"
            )
            raise MigrationError(message)
    return tuple(m for m in migrations() if m.version not in checksums)


def _check_not_newer(recorded: list[tuple[int, str]], database: str) -> None:
    newest = migrations()[-1].version
    if recorded and (last := max(version for version, _ in recorded)) > newest:
        message = (
            f"the store of database '{database}' has version {last} and genesis_sql "
            f"{library_version()} knows {newest}: run pip install --upgrade genesis-sql"
        )
        raise MigrationError(message)


def _apply(con: Con, database: str, migration: Migration) -> datetime | None:
    """One migration and its record, inside a transaction; another cursor may have been quicker.

    Returns:
        The record's applied_at; None where another cursor has done it.
    """
    there = _columns(con, database)
    if {("migrations", "checksum"), ("migrations", "applied_at")} <= there:
        done = names.run(con, database, _READ)
        if migration.version in {version for version, *_ in done}:
            return None
    if clash := {t for t, _ in there} & set(names.created_tables(migration.text)):
        table = qualified(database, names.SCHEMA, min(clash))
        message = (
            f"the schema genesis of database '{database}' holds a table '{min(clash)}' that is not "
            f"ours: ALTER TABLE {table} RENAME TO <another name>, then try again"
        )
        raise MigrationError(message)
    for statement in names.script(migration.text, database):
        con.execute(statement)
    applied = now()
    _SEEN_FROM[applied] = math.inf
    record = [migration.version, migration.name, migration.checksum, applied, library_version()]
    names.run(con, database, "INSERT INTO genesis.migrations VALUES (?, ?, ?, ?, ?)", *record)
    return applied


def _columns(con: Con, database: str) -> set[tuple[str, str]]:
    """Tables and views in the schema genesis with their columns, in lower case."""
    query = """
    SELECT lower(table_name), lower(column_name) FROM duckdb_columns()
    WHERE lower(database_name) = lower(?) AND lower(schema_name) = 'genesis'
    """
    return set(con.execute(query, [database]).fetchall())


def _require_writable(con: Con, database: str) -> None:
    rows = con.execute(
        "SELECT database_name, readonly, type FROM duckdb_databases() WHERE NOT internal"
    ).fetchall()
    found = next((row for row in rows if row[0].lower() == database.lower()), None)
    if found is None:
        message = (
            f"no database '{database}' is attached{nearest(database, (row[0] for row in rows))}"
        )
        raise TargetError(message)
    _, readonly, kind = found
    if kind != "duckdb":
        message = (
            f"'{database}' is a {kind} database and models are kept in a DuckDB one: "
            f"USE one, after ATTACH 'models.duckdb' AS models"
        )
        raise TargetError(message)
    if readonly:
        message = (
            f"database '{database}' is read-only and this call writes to it: open it without "
            f"read_only, or ATTACH 'models.duckdb' AS models; USE models"
        )
        raise ReadOnlyError(message)
