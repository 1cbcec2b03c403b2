"""The engines that run compiled programs, each started once where a test asks for it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from genesis_sql.program.dialects.base import Dialect
from genesis_sql.program.dialects.clickhouse import CLICKHOUSE
from genesis_sql.program.dialects.datafusion import DATAFUSION
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
        run: runs a statement that returns none.
    """

    dialect: Dialect
    ask: Callable[[str], list[tuple[Any, ...]]]
    run: Callable[[str], object] = lambda sql: None

    def put(self, table: str, rows: Sequence[tuple[str, str]]) -> None:
        """Write cell data into a table; its name is in the engine's own quotes."""
        quote, more = ('"', "") if self.dialect.name != "clickhouse" else ("`", " ENGINE = Memory")
        kind = "TEXT" if self.dialect.name != "clickhouse" else "String"
        names = ", ".join(f"{quote}{n}{quote} {kind}" for n in ("name", "values"))
        self.run(f"CREATE TABLE {table} ({names}){more}")
        for row in rows:
            texts = ", ".join(exp.Literal.string(v).sql(self.dialect.writes) for v in row)
            self.run(f"INSERT INTO {table} VALUES ({texts})")


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


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that the test's parameter names."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[Engine]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    yield Engine(DUCKDB, lambda sql: con.execute(sql).fetchall(), con.execute)
    con.close()


@pytest.fixture(scope="session")
def sqlite_engine() -> Iterator[Engine]:
    con = sqlite3.connect(":memory:")
    yield Engine(SQLITE, lambda sql: con.execute(sql).fetchall(), con.execute)
    con.close()


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: Any) -> Iterator[Engine]:
    import psycopg

    with psycopg.connect(postgres_server.fresh(), autocommit=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        for statement in POSTGRES.before:
            con.execute(statement)
        yield Engine(POSTGRES, lambda sql: con.execute(sql).fetchall(), con.execute)


@pytest.fixture(scope="session")
def clickhouse_engine() -> Iterator[Engine]:
    needed("chdb")
    import pyarrow as pa
    from chdb import session

    con = session.Session()
    for statement in CLICKHOUSE.before:
        con.query(statement)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        try:
            answer = con.query(sql, "ArrowStream").bytes()
        except RuntimeError:
            con.query("SELECT 1")  # chdb answers whatever follows an error with nothing
            raise
        found = pa.ipc.open_stream(answer).read_all()
        columns = (c.to_pylist() for c in found.columns)
        return list(
            zip(
                *([v.decode() if isinstance(v, bytes) else v for v in c] for c in columns),
                strict=True,
            )
        )

    yield Engine(CLICKHOUSE, ask, con.query)
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


GATEWAY = """
import sys
from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway
made = launch_gateway(SparkConf(False).setAll([a.split("=", 1) for a in sys.argv[1:]]))
print(made.java_parameters.port, made.java_parameters.auth_token, flush=True)
sys.stdin.read()
"""
"""Starts Java in a small process: one with the threads of other tests may not live through a fork."""


@pytest.fixture(scope="session")
def gateway(java: None) -> Iterator[dict[str, str]]:
    """Java, and the environment in which a process that spark-submit starts finds it."""
    needed("pyspark")
    command = [sys.executable, "-c", GATEWAY, *(f"{n}={v}" for n, v in QUICK.items())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as made:
        assert made.stdout is not None
        port, secret = made.stdout.readline().split()
        yield {"PYSPARK_GATEWAY_PORT": port, "PYSPARK_GATEWAY_SECRET": secret}


@pytest.fixture(scope="session")
def spark(gateway: dict[str, str]) -> Iterator[Any]:
    """A session of the user's own; ours takes it for it is active."""
    from pyspark.sql import SparkSession

    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        for name, value in {**gateway, "PYSPARK_PYTHON": sys.executable}.items():
            patch.setenv(name, value)
        builder = SparkSession.builder.master("local[1]")
        for name, value in QUICK.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


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

    return Engine(SPARK, ask, own.sql)


@pytest.fixture(scope="session")
def datafusion_engine() -> Engine:
    needed("datafusion")
    from datafusion import SessionContext

    context = SessionContext()
    for statement in DATAFUSION.before:
        context.sql(statement).collect()

    def ask(sql: str) -> list[tuple[Any, ...]]:
        batches = context.sql(sql).collect()
        return [
            row for b in batches for row in zip(*(c.to_pylist() for c in b.columns), strict=True)
        ]

    return Engine(DATAFUSION, ask, lambda sql: context.sql(sql).collect())


@pytest.fixture(scope="session")
def real_adult() -> Path:
    """A real table, beside the checkout."""
    file = Path(__file__).parents[3] / "shared" / "data" / "adult" / "train" / "adult.parquet"
    if not file.exists():
        pytest.skip("the real tables are not here")
    return file
