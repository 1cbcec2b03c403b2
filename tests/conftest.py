"""What the tests share: connections with the functions on them, a small graph of tables, fitted models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql

pytest_plugins = ["tests.servers"]

SCHEMA = """
CREATE TABLE shops (id INTEGER PRIMARY KEY, region VARCHAR NOT NULL, opened DATE);
CREATE TABLE customers (
  id BIGINT PRIMARY KEY, shop_id INTEGER REFERENCES shops (id), age INTEGER, income DOUBLE,
  member BOOLEAN);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id BIGINT NOT NULL REFERENCES customers (id),
  amount DECIMAL(10, 2), placed TIMESTAMP);
CREATE TABLE items (
  order_id INTEGER REFERENCES orders (id), line INTEGER, sku VARCHAR, qty INTEGER,
  PRIMARY KEY (order_id, line));
INSERT INTO shops SELECT i, ['north', 'south', 'east'][i % 3 + 1], DATE '2000-01-01' + CAST(i * 30 AS INTEGER)
  FROM range(20) AS r(i);
INSERT INTO customers SELECT i, nullif(i * 7 % 21, 20), 18 + i * 13 % 70, i * 7919 % 50000, i % 3 = 0
  FROM range(150) AS r(i);
INSERT INTO orders SELECT i, i * 31 % 150, (i * 17 % 9999) / 100, TIMESTAMP '2020-01-01' + to_hours(i * 5)
  FROM range(300) AS r(i);
INSERT INTO items SELECT i // 2, i % 2, 'SKU-' || (i % 40), 1 + i % 5 FROM range(500) AS r(i);
"""

PEOPLE = """
CREATE TABLE people AS
SELECT 18 + i * 13 % 70 AS age, ['a', 'b', 'c'][i % 3 + 1] AS grade, round(i * 7919 % 1000 / 7, 2) AS pay
FROM range(300) AS r(i)
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh database in memory."""
    connection = genesis_sql.connect()
    yield connection
    connection.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test keeps its database."""
    return tmp_path / "shop.duckdb"


@pytest.fixture
def file_con(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh database in a file."""
    connection = genesis_sql.connect(str(file))
    yield connection
    connection.close()


@pytest.fixture
def schema(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Four tables with foreign keys: shops <- customers <- orders <- items."""
    con.execute(SCHEMA)
    return con


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Exported models, fitted once: `people` of one table, `shop` of four."""
    folder = tmp_path_factory.mktemp("models")
    found = {name: str(folder / f"{name}.genesis") for name in ("people", "shop")}
    with genesis_sql.connect() as connection:
        connection.execute(SCHEMA)
        connection.execute("CALL genesis_fit_database('shop')").fetchall()
        connection.execute(PEOPLE)
        connection.execute("CALL genesis_fit('people', 'people')").fetchall()
        for name, path in found.items():
            connection.execute("CALL genesis_export(?, ?)", [name, path]).fetchall()
    return found


Load = Callable[[duckdb.DuckDBPyConnection, str], None]


@pytest.fixture(scope="session")
def load(archives: dict[str, str]) -> Load:
    """Puts the model `people` or `shop` and the tables it was learnt from into a database."""

    def run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
        connection.execute({"shop": SCHEMA, "people": PEOPLE}[name])
        connection.execute("CALL genesis_import(?)", [archives[name]]).fetchall()

    return run


@pytest.fixture(scope="session")
def shared(load: Load) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    load(connection, "people")
    load(connection, "shop")
    yield connection
    connection.close()


@pytest.fixture
def tiny_model(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the models `people` and `shop`; all tests share its database and only read."""
    cursor = shared.cursor()
    yield genesis_sql.register(cursor)
    cursor.close()


Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs Python text in another process, which has the package installed as this one has."""

    def run(
        text: str, *arguments: object, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "script.py"  # DuckDB takes `python -c` for a person, and shows progress
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, str(file), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    return run
