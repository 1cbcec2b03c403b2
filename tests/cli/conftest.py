"""A small fitted shop, and the command line on it in a folder of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from genesis_sql.cli import main

SHOP = """
CREATE TABLE customers (id BIGINT PRIMARY KEY, region VARCHAR, age BIGINT);
INSERT INTO customers SELECT i, ['N', 'S', 'E', 'W'][1 + i % 4], 20 + i % 50 FROM range(300) r(i);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id BIGINT REFERENCES customers (id),
                     amount DECIMAL(10, 2), placed TIMESTAMP);
INSERT INTO orders SELECT i, i * 7 % 300, (i * 37 % 1000) / 10,
                          TIMESTAMP '2024-01-01' + to_hours(i) FROM range(900) r(i);
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """shop.duckdb with the model 'shop'; nobody writes to it."""
    file = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    with duckdb.connect(file) as con:
        con.execute(SHOP)
    done = CliRunner().invoke(main, ["fit", str(file), "shop"])
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture
def folder(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a copy of shop.duckdb."""
    shutil.copy(shop, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Genesis = Callable[..., Result]


@pytest.fixture
def genesis(folder: Path) -> Genesis:
    """Runs a command and checks its exit code."""

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, list(words))
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


@pytest.fixture
def told(genesis: Genesis) -> Callable[..., Any]:
    """Runs a command with --json and returns what it printed."""
    return lambda *words, code=0: json.loads(genesis(*words, "--json", code=code).stdout)
