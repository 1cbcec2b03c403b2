"""What goes wrong in the middle: Ctrl-C, a killed process, two at once. Nothing half-made is left.

Bad arguments are in sql/errors.test, names in sql/test_injection.py, types in udfs/test_types.py,
transactions in test_transactions.py, read-only files in test_session.py.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

import genesis_sql

Load = Callable[[duckdb.DuckDBPyConnection, str], None]
Script = Callable[..., CompletedProcess[str]]

BIG = """
CREATE TABLE IF NOT EXISTS big AS SELECT i, {columns} FROM range(120000) AS r(i)
""".format(
    columns=", ".join(f"CAST(hash(i + {k}) % {100 + k} AS INTEGER) AS c{k}" for k in range(20))
)

STOPPED = """
import os, signal, sys, threading, time
import genesis_sql

file, statement, which, number = sys.argv[1:]
con = genesis_sql.connect(file)
spy = con.cursor()

def stop():
    query = "SELECT count(*) FROM shop.genesis.executions WHERE status = 'running' AND kind = ?"
    for _ in range(1000):
        time.sleep(0.02)
        try:
            if spy.execute(query, [which]).fetchall()[0][0]:
                break
        except Exception:  # there is no store yet
            pass
    time.sleep(0.3)
    os.kill(os.getpid(), int(number))

threading.Thread(target=stop, daemon=True).start()
try:
    con.execute(statement).fetchall()
    print("ended")
except BaseException as error:
    print(type(error).__name__, str(error).splitlines()[0])
time.sleep(0.2)
spy.close()
print(con.execute("SELECT count(*) FROM genesis_generate('people')").fetchall())
print(con.execute("SELECT model, status FROM genesis_models() ORDER BY ALL").fetchall())
con.close()
"""


@pytest.fixture
def ready(file: Path, load: Load) -> Path:
    """A file with the tables and models `people` and `shop` and a table that takes a while to fit."""
    with genesis_sql.connect(str(file)) as con:
        load(con, "people")
        load(con, "shop")
        con.execute(BIG)
        con.execute("CALL genesis_fit('big', 'people')").fetchall()
    return file


def left(file: Path) -> tuple[list[tuple[object, ...]], ...]:
    """Models, the newest execution and the schemas of the file, opened anew."""
    with genesis_sql.connect(str(file)) as con:
        models = con.execute(
            "SELECT model, version, status, active FROM genesis_models() WHERE model = 'big' ORDER BY 2"
        ).fetchall()
        last = con.execute(
            "SELECT kind, status, error FROM genesis_history() ORDER BY id DESC LIMIT 1"
        ).fetchall()
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name = 'synth'"
        ).fetchall()
        parts = con.execute("SELECT DISTINCT version FROM genesis.model_parts WHERE model = 'big'")
        assert parts.fetchall() == [(1,)]
        # and everything works on
        assert len(con.execute("FROM genesis_generate('big')").fetchall()) == 300
        con.execute("CALL genesis_fit('big', 'people')").fetchall()
        con.execute("CALL genesis_generate_database('shop', target := 'synth')").fetchall()
    return models, last, tables


FIT = ("CALL genesis_fit('big', 'big')", "fit")
GENERATE = (
    "CALL genesis_generate_database('shop', target := 'synth', scale := 3000)",
    "generate_database",
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other there")
@pytest.mark.parametrize(("statement", "kind"), [FIT, GENERATE], ids=["fit", "generate"])
def test_ctrl_c(ready: Path, script: Script, statement: str, kind: str) -> None:
    ended = script(STOPPED, ready, statement, kind, int(signal.SIGINT))
    lines = ended.stdout.splitlines()
    assert "ended" not in lines, "too quick to be stopped"
    assert "InterruptedFitError: cancelled by Ctrl-C; nothing was changed" in lines[0] or (
        lines[0] == "RuntimeError Query interrupted"
    ), ended
    assert lines[1] == "[(300,)]", ended
    assert ("('big', 'interrupted')" in lines[2]) == (kind == "fit"), ended
    models, last, tables = left(ready)
    assert models[0] == ("big", 1, "ready", True)
    assert models[1:] == ([("big", 2, "interrupted", False)] if kind == "fit" else [])
    assert last == [(kind, "interrupted", "cancelled by Ctrl-C")]
    assert tables == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize(("statement", "kind"), [FIT, GENERATE], ids=["fit", "generate"])
def test_killed(ready: Path, script: Script, statement: str, kind: str) -> None:
    ended = script(STOPPED, ready, statement, kind, int(signal.SIGKILL))
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == ""
    models, last, tables = left(ready)
    assert models[0] == ("big", 1, "ready", True)
    assert models[1:] == ([("big", 2, "interrupted", False)] if kind == "fit" else [])
    assert last == [(kind, "interrupted", "the process ended before the work did")]
    assert tables == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_killed_while_it_writes_another_file(ready: Path, script: Script, tmp_path: Path) -> None:
    out = tmp_path / "out.duckdb"
    statement = f"ATTACH '{out}' AS out; {GENERATE[0].replace('synth', 'out.main')}"
    ended = script(STOPPED, ready, statement, GENERATE[1], int(signal.SIGKILL))
    assert ended.returncode == -signal.SIGKILL
    if out.exists():
        with duckdb.connect(str(out)) as con:
            assert con.execute("FROM duckdb_tables()").fetchall() == []
    _, last, _ = left(ready)
    assert last == [(GENERATE[1], "interrupted", "the process ended before the work did")]


def test_two_fits_of_one_name_at_once(con: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"hash(i + {k}) % 97 AS c{k}" for k in range(6))
    con.execute(f"CREATE TABLE big AS SELECT {columns} FROM range(8000) AS r(i)")
    ended: list[object] = []

    def fit() -> None:
        cursor = genesis_sql.register(con.cursor())
        ended.append(cursor.execute("SELECT version FROM genesis_fit('m', 'big')").fetchall())
        cursor.close()

    thread = threading.Thread(target=fit)
    thread.start()
    while not con.execute("FROM genesis_models()").fetchall():
        time.sleep(0.01)
    told = "genesis: ModelExistsError: model 'm' is being fitted by another call since .*; wait"
    for effect in ("genesis_fit('m', 'big')", "genesis_fit_database('m')"):
        with pytest.raises(duckdb.InvalidInputException, match=told):
            con.execute(f"CALL {effect}").fetchall()
    with pytest.raises(duckdb.InvalidInputException, match="'m' cannot be dropped yet"):
        con.execute("CALL genesis_drop('m')").fetchall()
    with pytest.raises(duckdb.InvalidInputException, match="version 1 is being fitted since"):
        con.execute("FROM genesis_generate('m')").fetchall()
    assert not ended, "too quick"
    thread.join()
    assert ended == [[(1,)]]
    assert con.execute("SELECT status FROM genesis_models()").fetchall() == [("ready",)]


def test_fits_of_other_names_at_once(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE small AS SELECT range % 3 AS a, range % 7 AS b FROM range(300)")
    told: list[str] = []

    def fit(name: str) -> None:
        cursor = genesis_sql.register(con.cursor())
        try:
            for _ in range(3):
                cursor.execute("CALL genesis_fit(?, 'small')", [name]).fetchall()
                cursor.execute("SELECT count(*) FROM genesis_generate(?)", [name]).fetchall()
        except duckdb.Error as error:
            told.append(str(error))
        finally:
            cursor.close()

    threads = [threading.Thread(target=fit, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == []
    found = con.execute("SELECT model, max(version) FROM genesis_models() GROUP BY ALL ORDER BY 1")
    assert found.fetchall() == [("a", 3), ("b", 3), ("c", 3), ("d", 3)]


def test_files_are_out_of_bounds(
    con: duckdb.DuckDBPyConnection, load: Load, tmp_path: Path
) -> None:
    load(con, "people")
    con.execute("SET enable_external_access = false")
    path = str(tmp_path / "people.genesis")
    for effect in ("genesis_export('people', ?)", "genesis_import(?)"):
        with pytest.raises(
            duckdb.InvalidInputException, match="genesis: AccessError: .*enable_external_access"
        ):
            con.execute(f"CALL {effect}", [path]).fetchall()
    assert not Path(path).exists()
    with pytest.raises(duckdb.InvalidInputException, match="genesis: SourceError"):
        con.execute("CALL genesis_fit('m', '(FROM ''/etc/passwd.csv'')')").fetchall()
    assert con.execute("SELECT count(*) FROM genesis_generate('people')").fetchall() == [(300,)]
    con.execute("CALL genesis_fit('m', 'people')").fetchall()


def test_a_frame_is_no_source_in_sql(con: duckdb.DuckDBPyConnection) -> None:
    import pandas

    frame = pandas.DataFrame({"a": [1, 2, 3]})
    con.register("registered", frame)
    for name in ("frame", "registered"):
        with pytest.raises(
            duckdb.InvalidInputException, match=f'CREATE TABLE my_{name} AS FROM "{name}"'
        ):
            con.execute("CALL genesis_fit('m', ?)", [name]).fetchall()


def test_a_statement_runs_out_of_memory(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    load(con, "people")
    con.execute("SET memory_limit = '30MB'; SET temp_directory = ''")
    with pytest.raises(
        duckdb.Error, match="genesis: GenesisError: DuckDB stopped it: Out of Memory"
    ):
        con.execute(
            "CALL genesis_generate_database('people', target := 's', scale := 20000)"
        ).fetchall()
    con.execute("RESET memory_limit")
    assert con.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 's'"
    ).fetchall() == [(0,)]
    assert con.execute("SELECT status FROM genesis_history() LIMIT 1").fetchall() == [("error",)]
    assert con.execute("SELECT count(*) FROM genesis_generate('people')").fetchall() == [(300,)]
