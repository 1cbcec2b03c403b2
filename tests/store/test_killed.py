"""A process that is killed leaves no half model, and the history says that it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from genesis_sql.store import executions, models, names

DB = "genesis"
ROOT = Path(__file__).parents[2]
FIT = """
import os, signal, sys
import duckdb
from genesis_sql.store import executions, models
from genesis_sql.store.rows import ColumnRow, ModelContent, ModelPart, TableRow

class Killed:
    '''A connection whose process dies before the n-th statement of this kind.'''
    def __init__(self, con, start, n):
        self.con, self.start, self.left = con, start, n
    def execute(self, query, *values):
        if query.startswith(self.start):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.con.execute(query, *values)

file, start, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
parts = tuple(ModelPart("t", "cells", i, os.urandom(2_000_000)) for i in range(3))
content = ModelContent("u", 1, parts, (TableRow("t", 1, (ColumnRow("a", "INT", "key"),)),))
con = duckdb.connect(file)
for con, name in ((con, "m"), (Killed(con, start, n), "m")):
    run = executions.start(con, "genesis", kind="fit", model=name, arguments={})
    version = models.begin_version(
        con, "genesis", name, kind="table", method="trees", arguments={}, execution=run
    )
    models.finish_version(con, "genesis", name, version, content, seconds=0.1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ('UPDATE "genesis"."genesis"."model_versions"', 1),  # begun, nothing of its content written
        ("COMMIT", 3),  # all written, not committed
    ],
)
def test_killed_in_a_fit(file: Path, statement: str, number: int) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FIT, str(file), statement, str(number)]
    ended = subprocess.run(command, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    with duckdb.connect(file) as con:
        assert executions.mark_interrupted(con, DB) == 1
        first, second = models.versions(con, DB, "m")
        assert (first.status, first.active) == ("ready", True)
        assert (second.status, second.active, second.error) == (
            "interrupted",
            False,
            executions.DEAD,
        )
        assert len(models.load_parts(con, DB, "m", 1)) == 3
        for table in ("model_parts", "model_tables", "model_columns"):
            found = names.run(con, DB, f"SELECT DISTINCT version FROM genesis.{table}")
            assert found == [(1,)]
        assert [e.status for e in executions.history(con, DB)] == ["interrupted", "done"]
