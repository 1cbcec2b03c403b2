"""What a person sees, and what a pipe gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from genesis_sql.cli import show

ROWS = [
    {"name": "a b", "rows": 1000, "share": 0.25, "ok": True, "none": None},
    {"name": "ü", "rows": 7, "share": 1.0, "ok": False, "none": None},
]


def test_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows(ROWS, as_json=False, columns=["name", "rows", "share", "ok"])
    assert capsys.readouterr().out.splitlines() == [
        "name  rows  share   ok",
        "a b   1000  0.250  yes",
        "ü        7  1.000   no",
    ]


def test_json_has_all_columns_and_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([{**ROWS[0], "at": datetime(2024, 1, 2, 3)}], as_json=True, columns=["name"])
    assert json.loads(capsys.readouterr().out) == [{**ROWS[0], "at": "2024-01-02T03:00:00"}]


def test_nothing_is_said_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([], as_json=False, nothing="There is nothing.")
    assert capsys.readouterr() == ("", "There is nothing.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_it_is_drawn_on_a_terminal(folder: Path) -> None:
    import pty

    code = """
from genesis_sql.cli import main
main(["models", "shop.duckdb"], standalone_mode=False)
main(["generate", "shop.duckdb", "shop", "customers"], standalone_mode=False)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "100"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=environment
    )
    process.wait(timeout=60)
    os.close(theirs)
    drawn = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "───" in drawn
    assert "1,200" in drawn
    assert "The first 20 rows; --rows N shows more, --out FILE keeps all." in drawn
