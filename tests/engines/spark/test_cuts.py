"""Workers and drivers that are killed in mid-run: the rows are whole, and the same."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import genesis_sql
from tests.engines.spark.test_doors import require_same
from tests.test_readme import _block

pytestmark = pytest.mark.slow

SCALE, SIZE = 300, 4_000
COMMAND = [sys.executable, "-c", "from genesis_sql.cli import main; main()", "generate"]


def command(file: Path, to: Path, master: str, *more: str) -> list[str]:
    """The table orders, in some dozen partitions."""
    asked = [str(file), "shop", "orders", "--engine", "spark", "--scale", str(SCALE), "--json"]
    where = ["--to", str(to), "--master", master, "--partition-rows", str(SIZE)]
    small = ["--spark-conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1"]
    return [*COMMAND, *asked, *where, *small, *more]


@contextmanager
def begun(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a group of processes of its own, which is gone at the end."""
    with log.open("wb") as err:
        process = subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=err,
            start_new_session=True,
            env={
                **os.environ,
                "SPARK_LOCAL_DIRS": str(log.parent),
                "SPARK_WORKER_DIR": str(log.parent),
            },
            cwd=log.parent,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 300
    while not happened():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < until, log.read_text()[-3000:]
        time.sleep(0.05)


def parts(to: Path) -> list[Path]:
    return sorted((to / "orders").glob("part-*.parquet"))


def executors(above: int) -> list[int]:
    """The processes of Spark's executors that descend from a process."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    family = {above}
    while more := {int(p) for p, parent, _ in rows if int(parent) in family} - family:
        family |= more
    return [
        int(p)
        for p, _, text in rows
        if int(p) in family and "java" in text and "CoarseGrainedExecutorBackend" in text
    ]


def require_whole(file: Path, to: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        query = f"FROM genesis_generate('shop', 'orders', scale := {SCALE})"
        require_same(con, query, to / "orders", rows=SCALE * 300)
    assert len(parts(to)) == -(-SCALE * 300 // SIZE)
    assert (to / "_SUCCESS").exists()


def test_a_killed_worker_is_replaced(java: None, shop_file: Path, tmp_path: Path) -> None:
    to, log = tmp_path / "out", tmp_path / "log"
    with begun(command(shop_file, to, "local-cluster[2,1,1024]"), log) as process:
        wait_for(lambda: len(parts(to)) >= 2, process, log)
        found = executors(process.pid)
        assert len(found) == 2
        os.kill(found[0], signal.SIGKILL)
        there = len(parts(to))
        out = process.communicate(timeout=600)[0]
        assert process.returncode == 0, log.read_text()[-3000:]
    row = json.loads(out)[0]
    assert there < row["partitions"] == -(-SCALE * 300 // SIZE)
    require_whole(shop_file, to)


def test_a_killed_driver_is_followed_by_the_same_call(
    java: None, shop_file: Path, tmp_path: Path
) -> None:
    to, log = tmp_path / "out", tmp_path / "log"
    call = command(shop_file, to, "local[2]")
    with begun(call, log) as process:
        wait_for(lambda: len(parts(to)) >= 3, process, log)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = {p.name: p.stat().st_mtime_ns for p in parts(to)}
    assert 3 <= len(before) < -(-SCALE * 300 // SIZE)
    assert not (to / "_SUCCESS").exists()
    with begun(call, log) as process:
        out = process.communicate(timeout=600)[0]
        assert process.returncode == 0, log.read_text()[-3000:]
    row = json.loads(out)[0]
    assert (row["kept"], row["rows"]) == (len(before), SCALE * 300)
    assert {name: (to / "orders" / name).stat().st_mtime_ns for name in before} == before
    assert not (to / "_passing").exists()
    require_whole(shop_file, to)
    with genesis_sql.connect(str(shop_file)) as con:
        query = "SELECT status FROM genesis_history() WHERE arguments ->> 'to' = ? ORDER BY id"
        assert con.execute(query, [str(to)]).fetchall() == [("interrupted",), ("done",)]


def test_ctrl_c_leaves_what_is_complete(java: None, shop_file: Path, tmp_path: Path) -> None:
    to, log = tmp_path / "out", tmp_path / "log"
    with begun(command(shop_file, to, "local[2]"), log) as process:
        wait_for(lambda: len(parts(to)) >= 1, process, log)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode == 130, log.read_text()[-3000:]
    assert 1 <= len(parts(to)) < -(-SCALE * 300 // SIZE)
    with genesis_sql.connect(str(shop_file)) as con:
        query = "SELECT status FROM genesis_history() WHERE arguments ->> 'to' = ?"
        assert con.execute(query, [str(to)]).fetchall() == [("interrupted",)]


def test_the_command_of_the_readme(java: None, shop_file: Path, tmp_path: Path) -> None:
    shutil.copy(shop_file, tmp_path / "shop.duckdb")
    words = shlex.split(_block("bash", "On Spark"))
    assert words[:2] == ["genesis", "generate"]
    with begun([*COMMAND, *words[2:]], tmp_path / "log") as process:
        process.communicate(timeout=600)
        assert process.returncode == 0, (tmp_path / "log").read_text()[-3000:]
    with genesis_sql.connect(str(tmp_path / "shop.duckdb")) as con:
        for table in ("shops", "customers", "orders", "items"):
            query = f"FROM genesis_generate('shop', '{table}', scale := 10)"
            require_same(con, query, tmp_path / "lake" / table)


def test_a_worker_without_the_package_is_told_of(
    java: None, shop_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Path(sys.base_prefix) / "bin" / "python3"
    probe = [str(bare), "-c", "import genesis_sql"]
    if subprocess.run(probe, capture_output=True, cwd=tmp_path, check=False).returncode == 0:
        pytest.skip("the Python behind this environment has the package, too")
    monkeypatch.setenv("PYSPARK_PYTHON", str(bare))
    log = tmp_path / "log"
    with begun(command(shop_file, tmp_path / "out", "local[1]"), log) as process:
        process.communicate(timeout=300)
        assert process.returncode == 1
    told = json.loads(log.read_text().splitlines()[-1])
    assert "at org.apache.spark" not in log.read_text()
    assert told["error"] == "MissingExtraError"
    assert "pip install genesis-sql==" in told["message"]
    assert "PYSPARK_PYTHON" in told["message"]


NETWORK = """
import sys
import genesis_sql

with genesis_sql.connect(sys.argv[1]) as con:
    con.execute("CREATE TABLE people AS SELECT 18 + i * 13 % 70 AS age, ['a', 'b', 'c'][i % 3 + 1] AS grade, "
                "round(i * 7919 % 1000 / 7, 2) AS pay FROM range(300) AS r(i)")
    con.execute("CALL genesis_fit('net', 'people', method := 'argn', device := 'cpu', options := {'epochs': 2})").fetchall()
    made = genesis_sql.generate_on_spark(con, "net", to=sys.argv[2], master="local[2]", rows=3000, partition_rows=700)
    assert made[0]["how"] == "python", made
    assert made[0]["partitions"] == 5, made
"""


def test_a_network_draws_the_same_rows_there(
    java: None, script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = script(NETWORK, tmp_path / "net.duckdb", tmp_path / "out", timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    with genesis_sql.connect(str(tmp_path / "net.duckdb")) as con:
        query = "FROM genesis_generate('net', rows := 3000)"
        require_same(con, query, tmp_path / "out" / "people", rows=3000)
