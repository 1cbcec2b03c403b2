"""The referee's numbers, score.py's, of the same tables; it shares no code with us."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import pytest

SCORE = Path(__file__).parents[3] / "shared" / "score" / "score.py"
DATA = SCORE.parents[1] / "data"
ROUNDED = 5.1e-5
"""The referee gives its means with four decimals."""


def referee() -> Any:
    """score.py as a module; the test is skipped where the folder is missing."""
    if not SCORE.exists():
        pytest.skip(f"{SCORE} is not there")
    spec = importlib.util.spec_from_file_location("referee_score", SCORE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def frames(con: duckdb.DuckDBPyConnection, *sources: str) -> tuple[Any, dict[str, str], list[Any]]:
    """The referee, the kinds of columns, and the tables as it sees them; the first is the real one."""
    score = referee()
    raw = [con.sql(f"FROM {s}").df() for s in sources]
    keys = {"tables": {"t": {}}}
    kinds = score.schema({"t": raw[0]}, keys)[0]["t"]
    return score, kinds, [score.coerce(r, kinds) for r in raw]


def own(con: duckdb.DuckDBPyConnection, real: str, synthetic: str) -> dict[str, Any]:
    """The referee's `own` of two tables."""
    score, kinds, (first, second) = frames(con, real, synthetic)
    return score.own(first, second, kinds)
