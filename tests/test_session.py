"""Connections of every kind: cursors, files, other processes, SQLAlchemy, and what is left when they close."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest
import sqlalchemy

import genesis_sql
from genesis_sql.errors import GenesisError, SourceError
from genesis_sql.session import restored, session_of

Load = Callable[[duckdb.DuckDBPyConnection, str], None]
Script = Callable[..., CompletedProcess[str]]
COUNT = "SELECT count(*) FROM genesis_generate('people')"


def rows(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute("FROM genesis_generate('people', seed := 3)").fetchall()


# registration


def test_registering_twice_changes_nothing(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    load(con, "people")
    before = rows(con)
    for _ in range(3):
        assert genesis_sql.register(con) is con
    assert rows(con) == before
    assert session_of(con) is session_of(con.cursor())


def test_a_cursor_gets_the_functions_on_its_own(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    load(con, "people")
    cursor = con.cursor()
    with pytest.raises(duckdb.CatalogException, match="genesis_generate"):
        cursor.execute(COUNT)
    assert genesis_sql.register(cursor).execute(COUNT).fetchall() == [(300,)]
    cursor.execute("CALL genesis_fit('again', 'people')").fetchall()
    cursor.close()
    assert con.execute("SELECT count(*) FROM genesis_generate('again')").fetchall() == [(300,)]


def test_only_a_cursor_is_registered(load: Load) -> None:
    con = duckdb.connect()
    cursor = genesis_sql.register(con.cursor())
    load(cursor, "people")
    del con
    gc.collect()
    assert cursor.execute(COUNT).fetchall() == [(300,)]
    cursor.execute("CALL genesis_fit('again', 'people')").fetchall()
    cursor.close()


def test_the_registered_cursor_is_gone(load: Load) -> None:
    """The functions stay, for those who register next."""
    con = duckdb.connect()
    cursor = genesis_sql.register(con.cursor())
    load(cursor, "people")
    before = rows(cursor)
    cursor.close()
    del cursor
    gc.collect()
    with pytest.raises(duckdb.Error, match="genesis_sql.register"):
        con.execute("FROM query(genesis_plan_('models', '{}', 'memory', 'main', 0, 0))").fetchall()
    assert rows(genesis_sql.register(con)) == before
    con.close()


def test_models_of_an_instance_nobody_looks_at_are_let_go(load: Load) -> None:
    con = genesis_sql.connect()
    load(con, "people")
    session = session_of(con)
    assert session.models
    con.close()
    genesis_sql.connect().close()
    assert not session.models


def test_connections_come_and_go(load: Load) -> None:
    """DuckDB crashes where a function is called whose Python object is gone."""
    for _ in range(3):
        con = genesis_sql.connect()
        load(con, "people")
        cursors = [genesis_sql.register(con.cursor()) for _ in range(3)]
        del con
        gc.collect()
        assert [c.execute(COUNT).fetchall() for c in cursors] == [[(300,)]] * 3
        del cursors
        gc.collect()


def test_two_databases_in_memory_are_apart(load: Load) -> None:
    one, other = genesis_sql.connect(), genesis_sql.connect()
    load(one, "people")
    assert one.execute("SELECT count(*) FROM genesis_models()").fetchall() == [(1,)]
    assert other.execute("SELECT count(*) FROM genesis_models()").fetchall() == [(0,)]
    load(other, "people")
    assert rows(one) == rows(other)
    one.close()
    assert other.execute(COUNT).fetchall() == [(300,)]
    other.close()


def test_many_threads_read(tiny_model: duckdb.DuckDBPyConnection) -> None:
    wanted, found = rows(tiny_model), []

    def read() -> None:
        cursor = genesis_sql.register(tiny_model.cursor())
        found.append(rows(cursor))
        cursor.close()

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 6


# where one stands


def test_use(file_con: duckdb.DuckDBPyConnection, load: Load, tmp_path: Path) -> None:
    con = file_con
    load(con, "people")
    before = rows(con)
    con.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS other")
    con.execute("CREATE TABLE other.main.cats AS SELECT range % 4 AS lives FROM range(80)")
    con.execute("USE other")
    assert con.execute("FROM genesis_models()").fetchall() == []
    con.execute("CALL genesis_fit('cats', 'cats')").fetchall()
    assert con.execute("SELECT model FROM genesis_models()").fetchall() == [("cats",)]
    con.execute("CREATE SCHEMA deep; CREATE TABLE deep.dogs AS FROM cats; USE other.deep")
    con.execute("CALL genesis_fit('dogs', 'dogs')").fetchall()
    assert con.execute("SELECT count(*) FROM genesis_generate('dogs')").fetchall() == [(80,)]
    con.execute("USE shop")
    assert con.execute("SELECT model FROM genesis_models()").fetchall() == [("people",)]
    assert rows(con) == before


def test_models_of_a_file_that_is_attached_later(
    file: Path, load: Load, con: duckdb.DuckDBPyConnection
) -> None:
    with genesis_sql.connect(str(file)) as writer:
        load(writer, "people")
        before = rows(writer)
    con.execute(f"ATTACH '{file}' AS models (READ_ONLY)")
    con.execute("USE models")
    with pytest.raises(duckdb.InvalidInputException, match="run it again"):
        rows(con)
    assert rows(con) == before
    con.execute("USE memory; DETACH models")
    with genesis_sql.connect() as third:
        third.execute(f"ATTACH '{file}' AS models (READ_ONLY)")
        third.execute("USE models")
        assert third.execute("SELECT model FROM genesis_models()").fetchall() == [("people",)]
        assert rows(third) == before
    con.execute(f"ATTACH '{file}' AS models (READ_ONLY)")
    con.execute("USE models")
    assert con.execute("CREATE TABLE memory.main.s AS FROM genesis_generate('people')").fetchall()


def test_a_database_called_genesis(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "genesis.duckdb"
    with genesis_sql.connect(str(path)) as con:
        load(con, "shop")
        con.execute("CALL genesis_fit('again', 'shops')").fetchall()
        made = con.execute("CALL genesis_generate_database('shop', target := 'synth')").fetchall()
        assert len(made) == 4
        con.execute("CALL genesis_generate_database('shop', target := 'genesis.other')").fetchall()
        assert con.execute("SELECT count(*) FROM genesis.other.shops").fetchall() == [(20,)]
        assert len(con.execute("FROM genesis_history()").fetchall()) == 4
    with genesis_sql.connect(str(path)) as con:
        assert con.execute("SELECT count(*) FROM genesis_generate('again')").fetchall() == [(20,)]
        assert con.execute("CALL genesis_uninstall()").fetchall()
        assert con.execute("SELECT count(*) FROM customers").fetchall() == [(150,)]


def test_the_time_zone_of_the_user_stays(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    con.execute("SET TimeZone = 'Asia/Tokyo'")
    load(con, "people")
    con.execute("CALL genesis_fit('again', 'people')").fetchall()
    assert con.execute("SELECT current_setting('TimeZone')").fetchall() == [("Asia/Tokyo",)]


# files


def test_a_read_only_file(file: Path, load: Load, tmp_path: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        load(con, "shop")
        load(con, "people")
        before = rows(con)
    con = genesis_sql.connect(str(file), read_only=True)
    assert rows(con) == before
    assert len(con.execute("FROM genesis_models()").fetchall()) == 2
    assert len(con.execute("FROM genesis_describe('people')").fetchall()) == 3
    assert len(con.execute("FROM genesis_history()").fetchall()) == 2
    assert con.execute("FROM genesis_check('people')").fetchall()
    path = str(tmp_path / "people.genesis")
    assert con.execute("CALL genesis_export('people', ?)", [path]).fetchall()
    for effect in (
        "genesis_fit('m', 'people')",
        "genesis_fit_database('m')",
        "genesis_generate_database('shop', target := 'synth')",
        "genesis_activate('people', version := 1)",
        "genesis_drop('people')",
        f"genesis_import('{path}', model := 'm')",
        "genesis_uninstall()",
    ):
        with pytest.raises(duckdb.InvalidInputException, match="genesis: ReadOnlyError: .*'shop'"):
            con.execute(f"CALL {effect}").fetchall()
    # into another file it goes
    con.execute(f"ATTACH '{tmp_path / 'out.duckdb'}' AS out (READ_WRITE)")
    con.execute("CALL genesis_generate_database('shop', target := 'out.main')").fetchall()
    assert con.execute("SELECT count(*) FROM out.main.items").fetchall()[0][0] > 400
    con.close()


def test_reopened_here_and_elsewhere(file: Path, load: Load, script: Script) -> None:
    with genesis_sql.connect(str(file)) as con:
        load(con, "people")
        con.execute("CREATE VIEW v AS FROM genesis_generate('people', rows := 40)")
        before = rows(con)
    text = """
import sys, genesis_sql
con = genesis_sql.connect(sys.argv[1])
print(con.execute("FROM genesis_generate('people', seed := 3)").fetchall())
print(con.execute("SELECT count(*) FROM v").fetchall())
con.execute("CALL genesis_fit('elsewhere', 'people')").fetchall()
con.close()
"""
    ended = script(text, file)
    assert ended.stdout.splitlines() == [str(before), "[(40,)]"], ended.stderr
    with genesis_sql.connect(str(file)) as con:
        assert rows(con) == before
        assert con.execute("SELECT count(*) FROM genesis_generate('elsewhere')").fetchall() == [
            (300,)
        ]


def test_without_the_package(file: Path, load: Load, tmp_path: Path) -> None:
    """Nothing in the file needs the package but what was written with it: a saved view says so."""
    with genesis_sql.connect(str(file)) as con:
        load(con, "shop")
        load(con, "people")
        con.execute("CREATE VIEW v AS FROM genesis_generate('people')")
        con.execute("CREATE TABLE s AS FROM genesis_generate('people')")
    with duckdb.connect(str(file)) as con:
        assert con.execute("SELECT count(*) FROM s").fetchall() == [(300,)]
        assert con.execute("SELECT name FROM genesis.models ORDER BY name").fetchall() == [
            ("people",),
            ("shop",),
        ]
        con.execute("INSERT INTO people FROM people; ALTER TABLE s ADD COLUMN more INTEGER")
        with pytest.raises(duckdb.CatalogException, match="genesis_generate"):
            con.execute("FROM v")
        functions = "SELECT count(*) FROM duckdb_functions() WHERE function_name LIKE 'genesis%'"
        assert con.execute(functions).fetchall() == [(0,)]
        con.execute("DROP VIEW v")
        con.execute(f"EXPORT DATABASE '{tmp_path / 'out'}'")
    with duckdb.connect() as con:
        con.execute(f"IMPORT DATABASE '{tmp_path / 'out'}'")
        assert con.execute("SELECT count(*) FROM people").fetchall() == [(600,)]
        genesis_sql.register(con)
        assert con.execute(COUNT).fetchall() == [(300,)]
        con.execute("CALL genesis_fit('people', 'people')").fetchall()
        assert con.execute("SELECT max(version) FROM genesis_models()").fetchall() == [(2,)]


def test_two_connections_to_one_file(file: Path, load: Load) -> None:
    one, other = genesis_sql.connect(str(file)), genesis_sql.connect(str(file))
    load(one, "people")
    before = rows(one)
    assert rows(other) == before
    other.execute("CALL genesis_fit('people', 'people')").fetchall()
    assert one.execute("SELECT max(version) FROM genesis_models()").fetchall() == [(2,)]
    one.close()
    assert other.execute("SELECT count(*) FROM genesis_generate('people')").fetchall() == [(300,)]
    other.execute("CALL genesis_drop('people')").fetchall()
    other.close()


def test_closing_frees_the_file(file: Path, load: Load, script: Script) -> None:
    con = genesis_sql.connect(str(file))
    load(con, "people")
    assert con.execute(COUNT).fetchall() == [(300,)]
    cursor = genesis_sql.register(con.cursor())
    assert cursor.execute(COUNT).fetchall() == [(300,)]
    cursor.close()
    con.close()
    text = (
        "import sys, duckdb; print(duckdb.connect(sys.argv[1]).execute('FROM people').fetchone())"
    )
    ended = script(text, file)
    assert ended.stdout, ended.stderr


def test_a_new_database_under_the_same_name(file: Path, load: Load) -> None:
    for _ in range(2):
        con = genesis_sql.connect(str(file))
        assert con.execute("FROM genesis_models()").fetchall() == []
        load(con, "people")
        assert con.execute(COUNT).fetchall() == [(300,)]
        con.close()
        file.unlink()


def test_a_schema_genesis_of_the_users_own(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE SCHEMA genesis; CREATE TABLE genesis.model_versions (verse INTEGER)")
        con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(30)")
    with genesis_sql.connect(str(file)) as con:
        assert con.execute("FROM genesis_models()").fetchall() == []
        with pytest.raises(duckdb.InvalidInputException, match="genesis: MigrationError: "):
            con.execute("CALL genesis_fit('m', 't')").fetchall()
        assert con.execute("FROM genesis.model_versions").fetchall() == []


def test_a_damaged_model_does_not_shut_the_database(file: Path, load: Load) -> None:
    with genesis_sql.connect(str(file)) as con:
        load(con, "people")
        load(con, "shop")
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE genesis.model_parts SET data = 'x' WHERE model = 'shop'")
    with genesis_sql.connect(str(file)) as con:
        assert con.execute(COUNT).fetchall() == [(300,)]
        with pytest.raises(duckdb.InvalidInputException, match="genesis: ModelFormatError: .*shop"):
            con.execute("FROM genesis_generate('shop', 'orders')").fetchall()
        con.execute("CALL genesis_drop('shop')").fetchall()


# forgotten connections


@pytest.mark.parametrize(
    "end",
    [
        "",
        "con.execute('CALL genesis_fit(1, 2)')",
        "sys.exit(3)",
        "rel = con.sql(\"FROM genesis_generate('m')\"); rel.limit(3).fetchall()",
        "cur = genesis_sql.register(con.cursor()); cur.execute(\"FROM genesis_generate('m')\")",
        "raw = duckdb.connect(); genesis_sql.register(raw); genesis_sql.register(raw.cursor())",
    ],
    ids=["returns", "raises", "exits", "relation", "cursor", "another"],
)
def test_a_forgotten_connection_says_nothing(script: Script, end: str) -> None:
    text = f"""
import sys, duckdb, genesis_sql
con = genesis_sql.connect()
con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(30)")
con.execute("CALL genesis_fit('m', 't')").fetchall()
con.execute("FROM genesis_generate('m')").fetchall()
{end}
"""
    ended = script(text)
    assert ended.returncode == (1 if "1, 2" in end else 3 if "exit" in end else 0), ended.stderr
    assert "leaked" not in ended.stderr
    assert ended.stderr == "" or "InvalidInputException" in ended.stderr


def test_a_session_without_connections_says_what_to_do() -> None:
    con = genesis_sql.connect()
    session = session_of(con)
    con.close()
    with pytest.raises(SourceError, match=r"call genesis_sql\.register\(con\)"), session.cursor():
        pass


def test_errors_become_classes_again(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SourceError, match="table 'nope' was not found"), restored():
        con.execute("CALL genesis_fit('m', 'nope')").fetchall()
    with pytest.raises(duckdb.CatalogException, match="nope"), restored():
        con.execute("FROM nope")
    with pytest.raises(GenesisError), restored():
        con.execute("FROM genesis_generate('m', rows := -1)")


# SQLAlchemy


@pytest.fixture
def engine(file: Path) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(f"duckdb:///{file}")

    @sqlalchemy.event.listens_for(made, "connect")
    def put(raw: Any, record: Any) -> None:
        genesis_sql.register(raw)

    yield made
    made.dispose()


def test_sqlalchemy(engine: sqlalchemy.Engine) -> None:
    """Its driver knows no AUTOCOMMIT and begins a transaction; a COMMIT ends it for an effect."""
    text = sqlalchemy.text
    with engine.connect() as con:
        con.execute(text("CREATE TABLE people AS SELECT range % 5 AS a FROM range(100)"))
        con.commit()
        con.exec_driver_sql("COMMIT")
        fitted = con.execute(text("SELECT * FROM genesis_fit(:m, 'people')"), {"m": "m"})
        assert [(row["model"], row["rows"]) for row in fitted.mappings()] == [("m", 100)]
        assert con.execute(text("CALL genesis_fit('m', 'people')")).all()[0][1] == 2
        made = con.execute(
            text("SELECT count(*) FROM genesis_generate('m', rows := :n)"), {"n": 12}
        )
        assert made.scalar() == 12
    with engine.connect() as con:
        assert con.execute(text("SELECT count(*) FROM genesis_models()")).scalar() == 2
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="genesis: ModelNotFoundError"):
            con.execute(text("SELECT * FROM genesis_generate('nope')"))


def test_sqlalchemy_in_a_transaction(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as con:
        con.execute(sqlalchemy.text("CREATE TABLE people AS SELECT range % 5 AS a FROM range(50)"))
        con.commit()
    with engine.connect() as con:
        con.execute(sqlalchemy.text("FROM genesis_models()")).all()
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="genesis: TransactionError"):
            con.execute(sqlalchemy.text("CALL genesis_fit('m', 'people')"))
    with engine.connect() as con:
        assert con.execute(sqlalchemy.text("FROM genesis_models()")).all() == []
