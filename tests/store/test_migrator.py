"""The schema genesis comes into being when it is needed, whole, and goes without a trace."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import MigrationError, ReadOnlyError, TargetError, TransactionError
from genesis_sql.store import executions, migrator, models, names

DB = "genesis"
OBJECTS = """
SELECT 'schema', schema_name FROM duckdb_schemas() WHERE database_name = 'genesis'
UNION ALL
SELECT 'table', schema_name || '.' || table_name FROM duckdb_tables()
WHERE database_name = 'genesis'
UNION ALL
SELECT 'macro', function_name FROM duckdb_functions() WHERE database_name = 'genesis' ORDER BY ALL
"""


class Counted:
    """A connection that counts its statements."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.statements = con, list[str]()

    def execute(self, query: str, *values: Any) -> duckdb.DuckDBPyConnection:
        self.statements.append(query)
        return self.con.execute(query, *values)


def test_reading_leaves_the_file_untouched(disk: duckdb.DuckDBPyConnection, file: Path) -> None:
    disk.execute("CREATE TABLE t AS SELECT 1 AS a")
    disk.close()
    before = hashlib.sha256(file.read_bytes()).digest()
    with duckdb.connect(file) as again:
        assert not migrator.exists(again, DB)
        assert executions.mark_interrupted(again, DB) == 0
        assert executions.history(again, DB) == []
        assert again.execute(models.list_sql(again, DB)).fetchall() == []
        assert again.execute(executions.history_sql(again, DB)).fetchall() == []
        assert migrator.uninstall(again, DB) == ()
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_ensure_is_idempotent_and_one_query(con: duckdb.DuckDBPyConnection) -> None:
    migrator.ensure(con, DB)
    first = con.execute(OBJECTS).fetchall()
    counted: Any = Counted(con)
    migrator.ensure(counted, DB)
    assert len(counted.statements) == 1
    assert con.execute(OBJECTS).fetchall() == first
    record = names.run(con, DB, "SELECT version, name, checksum FROM genesis.migrations")
    assert record == [(m.version, m.name, m.checksum) for m in migrator.migrations()]
    assert migrator.exists(con, DB)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [m.version for m in migrator.migrations()] == [*range(1, len(migrator.migrations()) + 1)]


def test_cursors_that_apply_at_once(con: duckdb.DuckDBPyConnection) -> None:
    cursors = [con.cursor() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda cursor: migrator.ensure(cursor, DB), cursors))
    assert names.run(con, DB, "SELECT count(*) FROM genesis.migrations") == [
        (len(migrator.migrations()),)
    ]


def test_a_broken_migration_leaves_nothing(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrator.migrations()[0]
    broken = migrator.Migration(
        2, "0002_broken", "CREATE TABLE genesis.more (a INT); SELECT nothing FROM genesis.more"
    )
    monkeypatch.setattr(migrator, "migrations", lambda: (first, broken))
    with pytest.raises(duckdb.BinderException, match="nothing"):
        migrator.ensure(con, DB)
    assert names.run(con, DB, "SELECT version FROM genesis.migrations") == [(1,)]
    assert ("table", "genesis.more") not in con.execute(OBJECTS).fetchall()


def test_a_later_migration_is_applied_to_an_old_store(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrator.ensure(con, DB)
    number = migrator.migrations()[-1].version + 1
    later = migrator.Migration(
        number, f"{number:04}_more", "ALTER TABLE genesis.models ADD COLUMN note VARCHAR"
    )
    known = (*migrator.migrations(), later)
    monkeypatch.setattr(migrator, "migrations", lambda: known)
    assert migrator.exists(con, DB)
    migrator.ensure(con, DB)
    assert names.run(con, DB, "SELECT note FROM genesis.models") == []


def test_a_store_of_an_older_release_is_read_without_its_later_tables(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrator.migrations()[0]
    with monkeypatch.context() as patch:
        patch.setattr(migrator, "migrations", lambda: (first,))
        migrator.ensure(con, DB)
    assert migrator.exists(con, DB)
    assert not migrator.exists(con, DB, needs=2)
    assert con.execute(models.list_sql(con, DB)).fetchall() == []
    migrator.ensure(con, DB)
    assert migrator.exists(con, DB, needs=2)


def test_a_changed_checksum_is_named(con: duckdb.DuckDBPyConnection) -> None:
    migrator.ensure(con, DB)
    names.run(con, DB, "UPDATE genesis.migrations SET checksum = 'x'")
    with pytest.raises(
        MigrationError, match="migration 0001_init of database 'genesis' is not the one of"
    ):
        migrator.ensure(con, DB)
    with pytest.raises(MigrationError, match="genesis_uninstall"):
        models.list_sql(con, DB)
    assert executions.mark_interrupted(con, DB) == 0
    assert "models" in migrator.uninstall(con, DB)


def test_a_newer_store_asks_for_an_upgrade(con: duckdb.DuckDBPyConnection) -> None:
    migrator.ensure(con, DB)
    names.run(con, DB, "INSERT INTO genesis.migrations VALUES (99, 'x', 'x', '2030-01-01', '9.0')")
    number = migrator.migrations()[-1].version
    for call in (migrator.ensure, migrator.exists, migrator.uninstall):
        with pytest.raises(
            MigrationError, match=rf"version 99 and .* knows {number}: run pip install --upgrade"
        ):
            call(con, DB)


def test_tables_of_the_user_are_not_taken_over(con: duckdb.DuckDBPyConnection) -> None:
    con.execute('CREATE SCHEMA "genesis"."genesis"')
    con.execute('CREATE VIEW "genesis"."genesis"."Models" AS SELECT 1 AS a')
    assert not migrator.exists(con, DB)
    with pytest.raises(MigrationError, match="holds a table 'models' that is not ours"):
        migrator.ensure(con, DB)
    assert migrator.uninstall(con, DB) == ()


@pytest.mark.parametrize("columns", ["a INTEGER", "version INTEGER, checksum VARCHAR"])
def test_a_migrations_table_of_the_user(con: duckdb.DuckDBPyConnection, columns: str) -> None:
    con.execute('CREATE SCHEMA "genesis"."genesis"')
    con.execute(f'CREATE TABLE "genesis"."genesis".migrations ({columns})')
    with pytest.raises(MigrationError, match="holds a table 'migrations' that is not ours"):
        migrator.ensure(con, DB)


def test_a_read_only_database(disk: duckdb.DuckDBPyConnection, file: Path) -> None:
    disk.execute("CREATE TABLE t AS SELECT 1 AS a")
    disk.close()
    with duckdb.connect(file, read_only=True) as readonly:
        assert not migrator.exists(readonly, DB)
        with pytest.raises(ReadOnlyError, match=r"'genesis' is read-only .* ATTACH"):
            migrator.ensure(readonly, DB)
    with duckdb.connect(file) as writable:
        migrator.ensure(writable, DB)
    with duckdb.connect(file, read_only=True) as readonly:
        assert migrator.exists(readonly, DB)
        for call in (migrator.ensure, migrator.uninstall):
            with pytest.raises(ReadOnlyError, match="'genesis' is read-only"):
                call(readonly, DB)


def test_a_database_that_is_not_attached(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(
        TargetError, match="no database 'genesi' is attached; did you mean 'genesis'"
    ):
        migrator.ensure(con, "genesi")


def test_inside_a_transaction_of_the_caller(con: duckdb.DuckDBPyConnection) -> None:
    migrator.ensure(con, DB)
    con.execute("BEGIN")
    with pytest.raises(TransactionError, match="COMMIT or ROLLBACK yours first"):
        executions.start(con, DB, kind="fit", model="m", arguments={})


@pytest.mark.parametrize("alias", ["genesis", "models", 'a "b"; DROP', "Größe 1"])
def test_any_attached_database(alias: str) -> None:
    quoted = '"' + alias.replace('"', '""') + '"'
    with duckdb.connect() as con:
        con.execute(f"ATTACH ':memory:' AS {quoted}")
        migrator.ensure(con, alias)
        assert migrator.exists(con, alias)
        assert not migrator.exists(con, "memory")
        assert "models" in migrator.uninstall(con, alias)
        assert not migrator.exists(con, alias)


def test_uninstall_leaves_the_catalog_as_it_was(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT 1 AS a")
    con.execute("CREATE MACRO twice(x) AS 2 * x")
    before = con.execute(OBJECTS).fetchall()
    migrator.ensure(con, DB)
    assert "executions" in migrator.uninstall(con, DB)
    assert con.execute(OBJECTS).fetchall() == before
    migrator.ensure(con, DB)
    assert migrator.exists(con, DB)


@pytest.mark.parametrize(
    "own", ["TABLE {}.mine (a INTEGER)", "MACRO {}.mine(x) AS x", "VIEW {}.mine AS SELECT 1 AS a"]
)
def test_uninstall_keeps_what_the_user_put_into_the_schema(
    con: duckdb.DuckDBPyConnection, own: str
) -> None:
    migrator.ensure(con, DB)
    con.execute("CREATE " + own.format('"genesis"."genesis"'))
    assert "models" in migrator.uninstall(con, DB)
    left = con.execute(OBJECTS).fetchall()
    assert ("schema", "genesis") in left
    assert ("table", "genesis.models") not in left
    migrator.ensure(con, DB)


def test_a_statement_from_before_the_store_sees_none(con: duckdb.DuckDBPyConnection) -> None:
    """A plan looks with a cursor of its own, later than the statement that it is for."""
    before = time.time_ns() // 1000
    migrator.ensure(con, DB)
    after = time.time_ns() // 1000
    assert not migrator.exists(con, DB, before)
    assert migrator.exists(con, DB, after)
    assert migrator.exists(con, DB)


def test_no_read_fails_while_the_store_is_made(con: duckdb.DuckDBPyConnection) -> None:
    """The window is a millisecond wide: reads without pause, in many databases."""
    found = []
    for number in range(40):
        other = genesis_sql.register(duckdb.connect(config={"threads": 2}))
        other.execute(f"ATTACH ':memory:' AS d{number}; USE d{number}")
        cursor = other.cursor()
        maker = threading.Thread(target=migrator.ensure, args=[cursor, f"d{number}"])
        maker.start()
        while maker.is_alive():
            found.append(other.execute("SELECT count(*) FROM genesis_models()").fetchall())
        maker.join()
        assert other.execute("SELECT count(*) FROM genesis_history()").fetchall() == [(0,)]
        other.close()
    assert len(found) > 40
    assert set(map(str, found)) == {"[(0,)]"}
