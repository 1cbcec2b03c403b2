"""The engines that run compiled programs, each started once where a test asks for it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genesis_sql.program.dialects.base import Dialect
from genesis_sql.program.dialects.clickhouse import CLICKHOUSE
from genesis_sql.program.dialects.duckdb import DUCKDB
from genesis_sql.program.dialects.postgres import POSTGRES
from genesis_sql.program.dialects.spark import SPARK
from genesis_sql.program.dialects.sqlite import SQLITE


@dataclass(frozen=True)
class Engine:
    """An engine that knows nothing of this package.

    Attributes:
        dialect: how programs are written for it.
        ask: runs a query and returns its rows.
    """

    dialect: Dialect
    ask: Callable[[str], list[tuple[Any, ...]]]


def needed(package: str, program: str | None = None) -> None:
    """Skip where a package or program is missing, which CI never does."""
    missing = package if importlib.util.find_spec(package) is None else None
    if missing is None and program is not None and shutil.which(program) is None:
        missing = program
    if missing is None:
        return
    if os.environ.get("GENESIS_SERVERS") == "required":
        pytest.fail(f"there is no {missing}")
    pytest.skip(f"there is no {missing}: the extra 'engines' and make servers install it")


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[Engine]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    yield Engine(DUCKDB, lambda sql: con.execute(sql).fetchall())
    con.close()


@pytest.fixture(scope="session")
def sqlite_engine() -> Iterator[Engine]:
    con = sqlite3.connect(":memory:")
    yield Engine(SQLITE, lambda sql: con.execute(sql).fetchall())
    con.close()


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: Any) -> Iterator[Engine]:
    import psycopg

    with psycopg.connect(postgres_server.fresh(), autocommit=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        for statement in POSTGRES.before:
            con.execute(statement)
        yield Engine(POSTGRES, lambda sql: con.execute(sql).fetchall())


@pytest.fixture(scope="session")
def clickhouse_engine() -> Iterator[Engine]:
    needed("chdb")
    import pyarrow as pa
    from chdb import session

    con = session.Session()
    for statement in CLICKHOUSE.before:
        con.query(statement)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        found = pa.ipc.open_stream(con.query(sql, "ArrowStream").bytes()).read_all()
        columns = (c.to_pylist() for c in found.columns)
        return list(
            zip(
                *([v.decode() if isinstance(v, bytes) else v for v in c] for c in columns),
                strict=True,
            )
        )

    yield Engine(CLICKHOUSE, ask)
    con.close()


QUICK = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""Java that does not take its time to become fast."""


@pytest.fixture(scope="session")
def java() -> None:
    """Skips where Spark cannot run, which CI never does."""
    if shutil.which("java") is None and os.environ.get("GENESIS_SERVERS") != "required":
        pytest.skip("there is no java: make servers installs it")


@pytest.fixture(scope="session")
def spark(java: None) -> Iterator[Any]:
    """A session of the user's own; ours takes it for it is active."""
    from pyspark.sql import SparkSession

    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = SparkSession.builder.master("local[1]")
        for name, value in QUICK.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    os.environ.pop("PYSPARK_PYTHON")
    if before is not None:
        os.environ["PYSPARK_PYTHON"] = before


@pytest.fixture(scope="session")
def spark_engine(spark: Any) -> Engine:
    own = spark.newSession()
    own.conf.set("spark.sql.session.timeZone", "UTC")
    own.conf.set("spark.sql.shuffle.partitions", "1")
    for statement in SPARK.before:
        own.sql(statement)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        columns = own.sql(sql).toArrow().columns
        return list(zip(*(c.to_pylist() for c in columns), strict=True))

    return Engine(SPARK, ask)


@pytest.fixture(scope="session")
def real_adult() -> Path:
    """A real table, beside the checkout."""
    file = Path(__file__).parents[3] / "shared" / "data" / "adult" / "train" / "adult.parquet"
    if not file.exists():
        pytest.skip("the real tables are not here")
    return file
