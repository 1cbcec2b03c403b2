"""Rows stream: a process that writes many keeps no more of them than one that writes few."""

import json
import subprocess
import sys
import time

import pytest

import genesis_sql

MANY = 4_000_000
JOB = """
import json, resource, sys
import genesis_sql

def peak():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20
    with open("/proc/self/status") as told:  # ru_maxrss is never below that of who began the process
        return next(int(line.split()[1]) // 2**10 for line in told if line.startswith("VmHWM"))

out, many = sys.argv[1], int(sys.argv[2])
con = genesis_sql.connect()
con.execute(
    "CREATE TABLE t AS SELECT hash(i) % 1000 AS a, hash(i, 1) % 100000 AS b, "
    "['red', 'green', 'blue'][1 + CAST(hash(i, 2) % 3 AS INTEGER)] AS c, hash(i, 3) % 77 AS d "
    "FROM range(3000) AS r(i)"
)
con.execute("CALL genesis_fit('m', 't')").fetchall()
peaks = []
for rows in (200_000, many):
    con.execute(f"COPY (FROM genesis_generate('m', rows := {rows})) TO '{out}'")
    peaks.append(peak())
rows = con.execute("SELECT count(*) FROM read_parquet(?)", [out]).fetchall()[0][0]
print(json.dumps({"peaks": peaks, "rows": rows}))
con.close()
"""


def test_memory_does_not_grow_with_the_rows(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(tmp_path / "x.parquet"), str(MANY)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    few, many = told["peaks"]
    assert told["rows"] == MANY
    assert many < few + 64  # MB; all of them would be 100 and more
    assert many < 1_000


@pytest.fixture(scope="module")
def con():
    with genesis_sql.connect() as made:
        made.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, a INTEGER)")
        made.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id))")
        made.execute("INSERT INTO p SELECT i, hash(i) % 50 FROM range(300) AS r(i)")
        made.execute("INSERT INTO c SELECT i, hash(i) % 300 FROM range(3000) AS r(i)")
        made.execute("CALL genesis_fit('one', '(SELECT a FROM p)')").fetchall()
        made.execute("CALL genesis_fit_database('two')").fetchall()
        made.execute("FROM genesis_generate('one', rows := 10)").fetchall()
        yield made


def test_billions_of_rows_are_taken_and_limit_stops_early(con):
    began = time.perf_counter()
    query = "FROM genesis_generate('one', rows := 5000000000, first_row := {}) LIMIT 3"
    head = con.execute(query.format(0)).fetchall()
    tail = con.execute(query.format(90_000_000_000)).fetchall()
    assert len(head) == len(tail) == 3
    assert time.perf_counter() - began < 20


def test_a_plan_is_shown_and_nothing_generated(con):
    began = time.perf_counter()
    found = con.execute("EXPLAIN FROM genesis_generate('one', rows := 900000000000)").fetchall()
    assert "RANGE" in str(found).upper()
    assert "genesis_kernel" in str(found)
    assert time.perf_counter() - began < 5


def test_children_of_a_million_parents_need_no_array_of_parents(con):
    session = genesis_sql.session.session_of(con)
    rows = con.execute("FROM genesis_generate('two', 'c', rows := 12000000) LIMIT 3").fetchall()
    assert len(rows) == 3
    sampler = next(s for s in reversed(session.samplers.values()) if s.model.name == "two")
    assert type(sampler.family("c")).__name__ == "BlockedFamily"
    assert len(sampler.family("c").ends) < 30
    assert sampler.size("c") >= 12_000_000
