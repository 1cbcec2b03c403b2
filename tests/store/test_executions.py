"""The history holds what is needed to repeat a call, and how it ended."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import duckdb
import pytest

from genesis_sql.errors import ModelNotFoundError
from genesis_sql.store import executions, migrator, models, names
from genesis_sql.store.rows import ExecutionTable
from genesis_sql.store.transaction import now

DB = "genesis"


def start(
    con: duckdb.DuckDBPyConnection, model: str | None = "m", instance: str | None = None
) -> int:
    arguments = {"source": "postgres://u:pw@h/d", "rows": 3}
    return executions.start(
        con,
        DB,
        kind="fit",
        model=model,
        arguments=arguments,
        seed=7,
        spec={"x": [1]},
        instance=instance,
    )


def test_a_run_from_start_to_finish(con: duckdb.DuckDBPyConnection) -> None:
    one = start(con)
    running = executions.history(con, DB)[0]
    assert (running.id, running.status, running.finished_at) == (one, "running", None)
    done = ExecutionTable("a;'b", 3, 1, 0, 0.25, {"dropped": ["x"], "password": "pw"})
    executions.finish(con, DB, one, rows=3, seconds=0.5, tables=[done], fingerprint="f")
    row = executions.history(con, DB)[0]
    assert (row.status, row.rows, row.seconds, row.seed, row.fingerprint) == (
        "done",
        3,
        0.5,
        7,
        "f",
    )
    assert json.loads(row.arguments) == {"rows": 3, "source": "postgres://***@h/d"}
    assert json.loads(row.spec or "") == {"x": [1]}
    assert row.duckdb_version == duckdb.__version__
    assert row.instance == executions.instance_id()
    assert abs(row.started_at - now()) < timedelta(minutes=1)
    assert executions.tables(con, DB, one) == [ExecutionTable("a;'b", 3, 1, 0, 0.25)]
    assert names.run(con, DB, "SELECT detail FROM genesis.execution_tables") == [
        ('{"dropped": ["x"], "password": "***"}',)
    ]


def test_a_second_finish_replaces_the_first(con: duckdb.DuckDBPyConnection) -> None:
    one = start(con)
    executions.finish(con, DB, one, tables=[ExecutionTable("a"), ExecutionTable("b")])
    executions.finish(con, DB, one, status="error", error="no: https://u:pw@h \0\ud800", tables=[])
    row = executions.history(con, DB)[0]
    assert (row.status, row.error) == ("error", "no: https://***@h ?")
    assert executions.tables(con, DB, one) == []


def test_history_is_newest_first_and_of_one_model(con: duckdb.DuckDBPyConnection) -> None:
    ids = [start(con, name) for name in ("a", 'it\'s "b"; --', None, "a")]
    assert [e.id for e in executions.history(con, DB)] == ids[::-1]
    for name, expected in (("a", [ids[3], ids[0]]), ('it\'s "b"; --', [ids[1]])):
        assert [e.id for e in executions.history(con, DB, name)] == expected
        text = names_in_query(executions.history_sql(con, DB, name))
        assert [row[0] for row in con.execute(text).fetchall()] == expected
    with pytest.raises(
        ModelNotFoundError, match="nothing was ever run for a model 'aa'; did you mean 'a'"
    ):
        executions.history_sql(con, DB, "aa")


def names_in_query(text: str) -> str:
    return "FROM query('" + text.replace("'", "''") + "')"


def test_the_empty_history_has_the_same_columns(con: duckdb.DuckDBPyConnection) -> None:
    before = con.execute(names_in_query(executions.history_sql(con, DB))).description
    migrator.ensure(con, DB)
    assert con.execute(names_in_query(executions.history_sql(con, DB))).description == before


def test_only_rows_of_other_instances_are_marked(con: duckdb.DuckDBPyConnection) -> None:
    dead, mine, done = start(con, instance="another"), start(con), start(con, instance="another")
    executions.finish(con, DB, done)
    cursor = con.cursor()
    assert executions.mark_interrupted(cursor, DB) == 1
    assert executions.mark_interrupted(cursor, DB) == 0
    states = {e.id: (e.status, e.error) for e in executions.history(con, DB)}
    assert states == {
        dead: ("interrupted", executions.DEAD),
        mine: ("running", None),
        done: ("done", None),
    }


def test_a_version_of_a_dead_instance_is_interrupted(con: duckdb.DuckDBPyConnection) -> None:
    for name, instance in (("x", "another"), ("y", None)):
        one = start(con, name, instance)
        models.begin_version(
            con, DB, name, kind="table", method="trees", arguments={}, execution=one
        )
    executions.mark_interrupted(con, DB)
    assert models.versions(con, DB, "x")[0].status == "interrupted"
    assert models.versions(con, DB, "y")[0].status == "fitting"


def test_marking_does_not_write_to_a_read_only_file(
    disk: duckdb.DuckDBPyConnection, file: os.PathLike[str]
) -> None:
    start(disk, instance="another")
    disk.close()
    with duckdb.connect(file, read_only=True) as readonly:
        assert executions.mark_interrupted(readonly, DB) == 0
        assert executions.history(readonly, DB)[0].status == "running"


def test_starting_at_once_gives_each_its_id(con: duckdb.DuckDBPyConnection) -> None:
    cursors = [con.cursor() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(start, cursors))
    assert sorted(ids) == [*range(1, 9)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_another_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = executions.instance_id()
    assert parent == executions.instance_id()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert parent != executions.instance_id()
