"""A disk that fills up, by the limit on the size of files that a process of its own has."""

import json
import shutil
import subprocess
import sys

import duckdb
import pytest

import genesis_sql

ROWS = 2_000
JOB = """
import json, resource, sys
import genesis_sql

place, statement, room = sys.argv[1:]
con = genesis_sql.connect(f"{place}/model.duckdb")
con.execute(f"ATTACH '{place}/target.duckdb' AS target")
con.execute("CREATE TABLE target.kept AS FROM range(5)")
con.execute("CHECKPOINT target")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), resource.RLIM_INFINITY))
try:
    con.execute(statement).fetchall()
    said = None
except Exception as error:
    said = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
history = con.execute(
    "SELECT status, error FROM genesis_history() WHERE kind <> 'fit'"
).fetchall()
tables = con.execute(
    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'target'"
).fetchall()
print(json.dumps({"said": said, "history": history, "tables": tables}))
con.close()
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("full") / "model.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(
            "CREATE TABLE big AS SELECT i AS id, md5(CAST(i AS VARCHAR)) AS t, hash(i) AS h "
            "FROM range(?) AS r(i)",
            [ROWS],
        )
        con.execute("CALL genesis_fit('m', 'big')").fetchall()
    return path


@pytest.fixture
def place(tmp_path, model):
    shutil.copy(model, tmp_path / "model.duckdb")
    return tmp_path


def full(place, statement, room=7_000_000):
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(place), statement, str(room)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("format_", ["parquet", "sql"])
def test_an_export_onto_a_full_disk_leaves_no_file(place, format_):
    out = place / "out"
    told = full(
        place,
        f"CALL genesis_export_database('m', '{out}', format := '{format_}', scale := 150)",
    )
    assert "too large" in told["said"]
    assert "is removed" in told["said"]
    ((status, error),) = told["history"]
    assert status == "error"
    assert "too large" in error
    assert not out.exists() or not list(out.iterdir())
    assert not list(place.glob("*.part"))


def test_an_export_with_room_stays(place):
    out = place / "out"
    told = full(place, f"CALL genesis_export_database('m', '{out}', scale := 2)")
    assert told["said"] is None
    assert told["history"] == [["done", None]]
    assert duckdb.sql(f"SELECT count(*) FROM '{out}/big.parquet'").fetchall() == [(2 * ROWS,)]


def test_a_database_on_a_full_disk_keeps_what_it_had(place):
    told = full(place, "CALL genesis_generate_database('m', target := 'target.made', scale := 200)")
    assert "nothing was kept" in told["said"]
    assert "'target.made' cannot be written" in told["said"]
    ((status, error),) = told["history"]
    assert status == "error"
    assert "too large" in error
    assert told["tables"] == [["kept"]]
    with duckdb.connect(str(place / "target.duckdb")) as con:
        assert con.execute("SELECT count(*) FROM kept").fetchall() == [(5,)]
    told = json.loads(again(place))
    assert told == {"rows": 3 * ROWS, "history": ["done", "error"]}


def again(place):
    """The next process finds the history, and room."""
    job = """
import json, sys
import genesis_sql
con = genesis_sql.connect(sys.argv[1] + "/model.duckdb")
con.execute(f"ATTACH '{sys.argv[1]}/target.duckdb' AS target")
con.execute("CALL genesis_generate_database('m', target := 'target.made', scale := 3)").fetchall()
rows = con.execute("SELECT count(*) FROM target.made.big").fetchall()[0][0]
history = con.execute("SELECT status FROM genesis_history() WHERE kind <> 'fit' ORDER BY ALL")
print(json.dumps({"rows": rows, "history": [s for s, in history.fetchall()]}))
con.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", job, str(place)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
