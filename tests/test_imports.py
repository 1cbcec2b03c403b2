"""`import genesis_sql` stays light: each heavy library is loaded where it is used."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import genesis_sql

HEAVY = ("pandas", "sklearn", "sqlalchemy", "numba", "faker", "torch", "sdv", "pyspark")
MOST_SECONDS_ADDED = 0.2
RUNS = 7


def _python(code: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd
    )
    return done.stdout.strip()


def _seconds(modules: str, cwd: Path) -> float:
    clock = "import time; start = time.perf_counter()"
    return float(_python(f"{clock}; import {modules}; print(time.perf_counter() - start)", cwd))


def test_import_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys, genesis_sql; genesis_sql.connect; print(*(m for m in {HEAVY} if m in sys.modules))"
    assert _python(code, tmp_path) == ""


def test_import_is_quick(tmp_path: Path) -> None:
    """Medians of runs in turn, so that a busy machine slows both alike."""
    base, with_us = [], []
    for _ in range(RUNS):
        base.append(_seconds("duckdb, sqlglot", tmp_path))
        with_us.append(_seconds("duckdb, sqlglot, genesis_sql.public", tmp_path))
    added = statistics.median(with_us) - statistics.median(base)
    assert added <= MOST_SECONDS_ADDED, f"{added:.3f} s"


def test_the_names_load_with_the_first_that_is_asked_for(tmp_path: Path) -> None:
    """Whoever imports the package alone, as pytest does for its plugin, loads none of it."""
    code = "import sys, genesis_sql; print('duckdb' in sys.modules, 'genesis_sql.public' in sys.modules)"
    assert _python(code, tmp_path) == "False False"
    code = "from genesis_sql import *; import genesis_sql as g; print(fit is g.fit, 'fit' in dir(g), g.errors.GenesisError is g.GenesisError)"
    assert _python(code, tmp_path) == "True True True"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(
        AttributeError, match=r"genesis_sql has no 'generat'; did you mean 'generate'"
    ):
        genesis_sql.generat  # noqa: B018
