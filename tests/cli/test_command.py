"""Exit codes, errors and help, as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import Result

from genesis_sql.cli import main

Genesis = Callable[..., Result]


def _leaves(group: click.Group, *before: str) -> dict[tuple[str, ...], click.Command]:
    """All commands that do something, by the words that call them."""
    found: dict[tuple[str, ...], click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= _leaves(command, *before, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[(*before, name)] = command
    return found


COMMANDS = _leaves(main)
FORMATTED = (("profiles", "show"), ("profiles", "schema"), ("schema", "infer"), ("schema", "show"))
"""Commands that print JSON in any case, or take a --format."""
RUN = [sys.executable, "-c", "from genesis_sql.cli import main; main(prog_name='genesis')"]
# Behind nohup and the like SIGINT is ignored, which a child inherits. (A preexec_fn would fork this
# process with all its libraries' fork handlers, and that crashes once Arrow or DuckDB ran in it.)
LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
LISTENING = [*RUN[:-1], LISTEN + RUN[-1]]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def test_the_commands() -> None:
    alone = (
        "activate assert budget certificate check compare compile demo deploy describe drop export fill fit generate "
        "history import ledger methods models privacy privacy-audit profile quality replay report "
        "run undeploy validate"
    )
    groups = {
        "cohorts": "clone delete export list merge rename save summarise tag",
        "demo": "health",
        "profiles": "list save schema show",
        "schema": "infer show",
        "reference": "build facilities load load-codes load-directory make-directory providers tables",
    }
    expected = {(name,) for name in alone.split()}
    expected |= {(group, name) for group, names in groups.items() for name in names.split()}
    assert set(COMMANDS) == expected


@pytest.mark.parametrize("words", sorted(COMMANDS), ids=" ".join)
def test_every_command_has_help_and_json(words: tuple[str, ...], genesis: Genesis) -> None:
    out = genesis(*words, "--help").stdout
    assert "--json" in out or words in FORMATTED
    assert "  -" in out
    assert len(COMMANDS[words].get_short_help_str(100)) <= 60


def test_a_mistyped_command(genesis: Genesis) -> None:
    assert "No such command 'genrate'" in genesis("genrate", code=2).stderr


def test_errors_are_json_where_json_was_asked_for(genesis: Genesis) -> None:
    done = genesis("describe", "shop.duckdb", "shp", "--json", code=1)
    assert done.stdout == ""
    told = json.loads(done.stderr)
    assert told["error"] == "ModelNotFoundError"
    assert told["message"].startswith("no model 'shp'")


def test_a_file_that_duckdb_cannot_read_is_a_sentence(genesis: Genesis) -> None:
    Path("broken.parquet").write_bytes(b"no parquet at all")
    done = genesis("fit", "broken.parquet", "m", "--to", "m.duckdb", code=1)
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.output
    assert len(done.stderr.splitlines()) == 1


def test_in_a_process_of_its_own(folder: Path) -> None:
    words = ["generate", "shop.duckdb", "shop", "orders", "--rows", "3"]
    done = subprocess.run(
        [*RUN, *words], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 4


def _interrupted(words: list[str], begun: Callable[[], bool]) -> subprocess.CompletedProcess[str]:
    """Run a command, press Ctrl-C once it has begun, and return how it ended."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*LISTENING, *words], env=ENVIRONMENT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            for _ in range(1200):
                if begun() or process.poll() is not None:
                    break
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()  # of one that hangs nothing may be left for the tests behind it
    return subprocess.CompletedProcess(words, process.returncode, out, err)


LINE = "Cancelled by Ctrl-C; nothing was changed.\n"
no_signals = pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent there")


@no_signals
def test_ctrl_c_in_a_fit(folder: Path) -> None:
    with duckdb.connect("shop.duckdb") as con:
        con.execute(
            "CREATE TABLE big AS SELECT i % 5 AS a, hash(i) % 9999 AS b, hash(i, 1) % 777 AS c, "
            "hash(i, 2) % 55 AS d, sqrt(hash(i, 3) % 1000) AS e FROM range(400000) r(i)"
        )
    log = folder / "shop.duckdb.wal"  # appears when the history says that the fit has begun
    words = ["fit", "shop.duckdb", "shop2", "--table", "big"]
    done = _interrupted(words, lambda: log.exists() and log.stat().st_size > 0)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LINE)
    with duckdb.connect("shop.duckdb") as con:
        last = "SELECT kind, status FROM genesis.executions ORDER BY id DESC LIMIT 1"
        assert con.execute(last).fetchall() == [("fit_database", "interrupted")]
        ready = "SELECT model, version FROM genesis.model_versions WHERE status = 'ready'"
        assert con.execute(ready).fetchall() == [("shop", 1)]
        parts = "SELECT DISTINCT model FROM genesis.model_parts"
        assert con.execute(parts).fetchall() == [("shop",)]


@no_signals
@pytest.mark.parametrize(
    "words", [["orders", "--out", "out.parquet"], ["--target", "out.duckdb"]], ids=["out", "target"]
)
def test_ctrl_c_in_a_generate(words: list[str], folder: Path) -> None:
    command = ["generate", "shop.duckdb", "shop", *words, "--scale", "20000"]
    done = _interrupted(command, lambda: any(f.name.startswith(".") for f in folder.iterdir()))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LINE)
    assert {f.name for f in folder.iterdir()} == {"shop.duckdb"}
