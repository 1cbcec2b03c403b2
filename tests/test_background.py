"""Fits that nobody waits for: seen and stopped from other connections, resumed, cut off."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pandas as pd
import pytest

import genesis_sql
from genesis_sql.errors import OptionError, TransactionError
from tests.conftest import PEOPLE

Script = Callable[..., CompletedProcess[str]]
Rows = list[tuple[Any, ...]]

ENDLESS = """
CALL genesis_fit('m', 'people', method := 'argn', device := 'cpu', wait := false,
                 options := {'epochs': 10000000})
"""
RESUMED = """
FROM genesis_fit('m', 'people', method := 'argn', device := 'cpu',
                 options := {'max_seconds': 0.3, 'epochs': 10000000, 'resume': true})
"""
LONGER = RESUMED.replace("0.3", "2")  # a busy machine, too, gets as far as a step


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What is found once there is something."""
    for _ in range(int(seconds * 20)):
        if value := found():
            return value
        time.sleep(0.05)
    message = "nothing came"
    raise AssertionError(message)


def jobs(con: duckdb.DuckDBPyConnection, columns: str = "status") -> Rows:
    return con.execute(f"SELECT {columns} FROM genesis_jobs()").fetchall()


@pytest.fixture(scope="module")
def stopped() -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Any]]]:
    """A model of trees, then a network that was seen in training and cancelled; what was seen."""
    pytest.importorskip("torch")
    seen: dict[str, Any] = {}
    with genesis_sql.connect() as con:
        con.execute(PEOPLE)
        con.execute("CALL genesis_fit('m', 'people')").fetchall()
        other = genesis_sql.register(con.cursor())
        seen["begun"] = con.execute(ENDLESS).fetchall()
        log = "FROM genesis_training_log('m') WHERE validation_loss IS NOT NULL"
        seen["log"] = until(lambda: other.execute(log).fetchall())
        seen["jobs"] = other.execute("FROM genesis_jobs()").fetchall()
        for name, statement in {
            "again": "CALL genesis_fit('m', 'people')",
            "drop": "CALL genesis_drop('m')",
            "cancel": "CALL genesis_cancel('mm')",
        }.items():
            with pytest.raises(duckdb.Error, match="genesis: ") as error:
                other.execute(statement).fetchall()
            seen[name] = str(error.value)
        seen["cancelled"] = other.execute("CALL genesis_cancel('m')").fetchall()
        seen["after"] = other.execute("FROM genesis_jobs()").fetchall()
        yield con, seen


Stopped = tuple[duckdb.DuckDBPyConnection, dict[str, Any]]


def test_the_call_returns_at_once(stopped: Stopped) -> None:
    (row,) = stopped[1]["begun"]
    assert row[:8] == ("m", 2, "people", "argn", 300, 3, 0, 0.0)
    assert "FROM genesis_jobs()" in row[8]
    assert "CALL genesis_cancel('m')" in row[8]


def test_the_log_is_read_while_it_trains(stopped: Stopped) -> None:
    for version, table, step, epoch, loss, validation, pace, seconds, note in stopped[1]["log"]:
        assert (version, table, note) == (2, "people", "")
        assert step >= 1
        assert epoch > 0
        assert min(loss, validation, pace, seconds) > 0


def test_a_running_job(stopped: Stopped) -> None:
    running, before = stopped[1]["jobs"]
    assert running[1:8] == ("fit", "m", 2, "people", "training", 2, 3)
    assert running[8] >= 1  # step
    assert min(running[9:11]) > 0  # loss, seconds
    assert running[12:] == ("running", None)
    assert (before[3], before[12], before[6:8]) == (1, "done", (3, 3))


def test_what_is_refused_meanwhile(stopped: Stopped) -> None:
    _, seen = stopped
    assert "ModelExistsError: model 'm' is being fitted by another call since" in seen["again"]
    assert "ModelExistsError: model 'm' cannot be dropped yet" in seen["drop"]
    assert "nothing runs for model 'mm'; did you mean 'm'?" in seen["cancel"]


def test_cancelled(stopped: Stopped) -> None:
    con, seen = stopped
    assert seen["cancelled"] == [("m", 2, "cancelled")]
    assert (seen["after"][1][12:]) == ("cancelled", "cancelled by genesis_cancel")
    versions = "SELECT version, status, active, error FROM genesis_models() WHERE version < 3"
    assert con.execute(versions).fetchall() == [
        (1, "ready", True, None),
        (2, "interrupted", False, "cancelled by genesis_cancel"),
    ]
    logged = "SELECT count(*) > 0 FROM genesis_training_log('m', version := 2)"
    assert con.execute(logged).fetchall() == [(True,)]
    with pytest.raises(duckdb.Error, match="nothing runs for model 'm': the last job of it is"):
        con.execute("CALL genesis_cancel('m')").fetchall()


def test_resumed(stopped: Stopped) -> None:
    con, _ = stopped
    kept = "SELECT version, table_name, method, octet_length(data) > 0 FROM genesis.checkpoints"
    assert con.execute(kept).fetchall() == [(2, "people", "argn", True)]
    (row,) = con.execute(LONGER).fetchall()
    assert row[8] == "resumed from version 2; time is up"
    last = "SELECT max(step) FROM genesis_training_log('m', version := 2)"
    steps = con.execute("SELECT step, note FROM genesis_training_log('m')").fetchall()
    assert steps[0][1] == f"went on from step {steps[0][0]} of an earlier fit"
    assert 1 <= steps[0][0] <= con.execute(last).fetchall()[0][0]
    assert steps[-1][0] > steps[0][0]
    assert con.execute(kept).fetchall() == []
    assert len(con.execute("FROM genesis_generate('m')").fetchall()) == 300
    (row,) = con.execute(RESUMED).fetchall()
    assert row[8] == "no stopped training by 'argn' to resume, begun anew; time is up"


def test_dropped_with_its_log() -> None:
    pytest.importorskip("torch")
    with genesis_sql.connect() as con:
        con.execute(PEOPLE)
        con.execute(RESUMED).fetchall()
        assert con.execute("SELECT count(*) > 0 FROM genesis_training_log('m')").fetchall() == [
            (True,)
        ]
        con.execute("CALL genesis_drop('m')").fetchall()
        assert con.execute("SELECT count(*) FROM genesis.training_log").fetchall() == [(0,)]
        with pytest.raises(duckdb.Error, match="ModelNotFoundError: no model 'm'"):
            con.execute("FROM genesis_training_log('m')")


def test_what_does_not_fit_is_not_resumed() -> None:
    pytest.importorskip("torch")
    with genesis_sql.connect() as con:
        con.execute(PEOPLE)
        con.execute(ENDLESS).fetchall()
        until(lambda: con.execute("FROM genesis_training_log('m')").fetchall())
        con.execute("CALL genesis_cancel('m')").fetchall()
        con.execute("UPDATE people SET grade = age")
        with pytest.raises(duckdb.Error, match="OptionError: the training .* had other sizes then"):
            con.execute(RESUMED).fetchall()
        con.execute("ALTER TABLE people DROP grade; ALTER TABLE people ADD COLUMN n INTEGER")
        con.execute("UPDATE people SET n = age % 7")
        with pytest.raises(duckdb.Error, match=r"had other columns then \(grade, n\); leave"):
            con.execute(RESUMED).fetchall()
        assert con.execute("SELECT version FROM genesis.checkpoints").fetchall() == [(1,)]


def test_trees_in_the_background(schema: duckdb.DuckDBPyConnection) -> None:
    con = schema
    rows = genesis_sql.fit_database(con, "shop", wait=False)
    assert {r["table_name"] for r in rows} == {"shops", "customers", "orders", "items"}
    until(lambda: jobs(con) != [("running",)])
    what = "kind, model, version, phase, phase_number, phases, status, error"
    assert jobs(con, what) == [("fit_database", "shop", 1, "storing", 6, 6, "done", None)]
    assert len(con.execute("FROM genesis_generate('shop', 'orders')").fetchall()) > 100
    status = con.execute("SELECT id, status FROM genesis_history()").fetchall()
    assert status == jobs(con, "id, status")
    assert genesis_sql.list_jobs(con).columns[-2:] == ["status", "error"]


def test_what_is_wrong_is_said_at_once(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PEOPLE)
    for statement, told in {
        "genesis_fit('m', 'peopel', wait := false)": "did you mean 'people'",
        "genesis_fit('m', 'people', method := 'tree', wait := false)": "did you mean 'trees'",
        "genesis_fit('m', 'people', wait := 5)": "wait := 5 is not known; it takes true or false",
        "genesis_fit('m', 'people', wait := false, options := {'epoch': 1})": "no option 'epoch'",
    }.items():
        with pytest.raises(duckdb.InvalidInputException, match=told):
            con.execute(f"CALL {statement}").fetchall()
    assert set(jobs(con)) == {("error",)}
    with pytest.raises(OptionError, match="a frame may change while it is read"):
        genesis_sql.fit(con, "m", pd.DataFrame({"a": [1, 2, 3]}), wait=False)
    con.execute("BEGIN")
    with pytest.raises(TransactionError, match="fit was called inside a transaction"):
        genesis_sql.fit(con, "m", "people", wait=False)
    con.execute("ROLLBACK")
    assert con.execute("FROM genesis_models()").fetchall() == []


def test_others_see_a_fit_that_is_waited_for(con: duckdb.DuckDBPyConnection) -> None:
    pytest.importorskip("torch")

    con.execute(PEOPLE)
    other = genesis_sql.register(con.cursor())
    ended: list[str] = []

    def fit() -> None:
        with pytest.raises(duckdb.Error, match="InterruptedFitError: cancelled by genesis_cancel"):
            other.execute(ENDLESS.replace("false", "true")).fetchall()
        ended.append("cancelled")

    thread = threading.Thread(target=fit)
    thread.start()
    until(lambda: jobs(con, "status, phase") == [("running", "training")])
    assert genesis_sql.cancel(con, "m") == [{"model": "m", "version": 1, "status": "cancelled"}]
    thread.join(30)
    assert ended == ["cancelled"]


def test_it_ends_with_the_last_connection(file: Path) -> None:
    pytest.importorskip("torch")
    con = genesis_sql.connect(str(file))
    con.execute(PEOPLE)
    con.execute(ENDLESS).fetchall()
    until(lambda: con.execute("FROM genesis_training_log('m')").fetchall())
    con.close()

    def closed() -> Rows:
        try:
            again = genesis_sql.connect(str(file), read_only=True)
        except duckdb.Error:  # it is still open, and not read-only
            return []
        with again:
            found = "SELECT status, error FROM genesis_models()"
            assert again.execute("SELECT count(*) FROM genesis_training_log('m')").fetchall()
            return again.execute(found).fetchall()

    assert until(closed) == [("interrupted", "stopped, for its connections were closed")]


END = """
import sys, time
import genesis_sql

con = genesis_sql.connect(sys.argv[1])
con.execute(sys.argv[2])
con.execute(sys.argv[3]).fetchall()
while sys.argv[4] not in con.execute("SELECT phase FROM genesis_jobs()").fetchall()[0][0]:
    time.sleep(0.01)
print("over")
"""
WIDE = "CREATE TABLE people AS SELECT {} FROM range(90000) AS r(i)".format(
    ", ".join(f"hash(i + {k}) % {900 + k} AS c{k}" for k in range(9))
)
TREES = "CALL genesis_fit('m', 'people', wait := false)"


@pytest.mark.parametrize(
    ("table", "statement", "phase"),
    [
        pytest.param(WIDE, TREES, "learning c", id="trees"),
        pytest.param(PEOPLE, ENDLESS, "training", id="network", marks=pytest.mark.slow),
    ],
)
def test_it_ends_with_the_process(
    file: Path, script: Script, table: str, statement: str, phase: str
) -> None:
    ended = script(END, file, table, statement, phase)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")
    with genesis_sql.connect(str(file)) as con:
        found = con.execute("SELECT status FROM genesis_models()").fetchall()
        assert found == [("interrupted",)]


PRESSED = """
import os, signal, sys, threading, time
import genesis_sql

con = genesis_sql.connect(sys.argv[1])
con.execute(sys.argv[2])
other = genesis_sql.register(con.cursor())

def press():
    while not other.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'checkpoints'").fetchall()[0][0]:
        time.sleep(0.02)
    log = "SELECT count(validation_loss) FROM genesis.training_log"
    while not other.execute(log).fetchall()[0][0]:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
options = {"epochs": 10000000}
if sys.argv[3] == "python":
    rows = genesis_sql.fit(con, "m", "people", method="argn", device="cpu", options=options)
    print(rows[0]["notes"])
else:
    try:  # DuckDB may have interrupted the statement by then
        print(con.execute("CALL genesis_fit('m', 'people', method := 'argn', device := 'cpu', options := $1)", [options]).fetchall()[0][8])
    except BaseException as error:
        print(type(error).__name__)
    until = time.time() + 20
    while con.execute("SELECT status FROM genesis_models()").fetchall() == [("fitting",)] and time.time() < until:
        time.sleep(0.1)
print(con.execute("SELECT status, error FROM genesis_models()").fetchall())
print(con.execute("SELECT version FROM genesis.checkpoints").fetchall())
print(len(con.execute("FROM genesis_generate('m')").fetchall()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other there")
@pytest.mark.slow
@pytest.mark.parametrize("door", ["python", "sql"])
def test_ctrl_c_keeps_the_best_state(file: Path, script: Script, door: str) -> None:
    pytest.importorskip("torch")
    ended = script(PRESSED, file, PEOPLE, door)
    lines = ended.stdout.splitlines()
    assert lines[1:] == ["[('ready', None)]", "[(1,)]", "300"], ended
    if door == "python":
        assert lines[0] == "stopped by Ctrl-C; the best state so far is kept", ended


PRESSED_WHILE_WRITTEN = """
import os, signal, sys, threading, time
import genesis_sql
from genesis_sql.store import training

append, done = training.append_log, []

def append_and_press(con, database, model, version, first, rows):
    append(con, database, model, version, first, rows)
    if not done and any(row[4] is not None for row in rows):
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        con.execute("SELECT sum(sqrt(a.range)) FROM range(30000) AS a, range(30000) AS b").fetchall()
        done.append(True)

training.append_log = append_and_press
con = genesis_sql.connect(sys.argv[1])
con.execute(sys.argv[2])
rows = genesis_sql.fit(con, "m", "people", method="argn", device="cpu", options={"epochs": 10000000})
print(rows[0]["notes"])
print(con.execute("SELECT status, error FROM genesis_models()").fetchall(), done)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other there")
@pytest.mark.slow
def test_ctrl_c_while_the_log_is_written_keeps_the_best_state(file: Path, script: Script) -> None:
    pytest.importorskip("torch")
    ended = script(PRESSED_WHILE_WRITTEN, file, PEOPLE)
    kept = "stopped by Ctrl-C; the best state so far is kept"
    assert ended.stdout.splitlines() == [kept, "[('ready', None)] [True]"], ended
