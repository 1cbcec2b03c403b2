"""The engines that run compiled programs, each in a table: seconds of a text, and its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which
from typing import Any

import pyarrow as pa

from benchmarks.machine import seconds
from genesis_sql.program.dialects.registry import DIALECTS

Ask = Callable[[str], tuple[float, list[Sequence[Any]]]]
"""Runs a text: the seconds until all rows are there, its planning included, and the rows."""


@dataclass(frozen=True)
class Runner:
    """How one engine is run.

    Attributes:
        start: gives what runs a text.
        rows: how many are asked for where DuckDB makes a million.
        missing: why it cannot be run here; empty where it can.
    """

    start: Callable[[], AbstractContextManager[Ask]]
    rows: int
    missing: Callable[[], str] = lambda: ""


def _timed(query: Callable[[str], list[Sequence[Any]]]) -> Ask:
    def ask(text: str) -> tuple[float, list[Sequence[Any]]]:
        found: list[list[Sequence[Any]]] = []
        spent = seconds(lambda: found.append(query(text)))
        return spent, found[0]

    return ask


def _listed(table: pa.Table) -> list[Sequence[Any]]:
    columns = [
        [v.decode() if isinstance(v, bytes) else v for v in c.to_pylist()] for c in table.columns
    ]
    return list(zip(*columns, strict=True))


@contextmanager
def _postgres() -> Iterator[Ask]:
    import psycopg

    from tests.servers import running_postgres

    with running_postgres() as server, psycopg.connect(server.fresh(), autocommit=True) as con:
        for statement in DIALECTS["postgres"].first():
            con.execute(statement)
        yield _timed(lambda text: con.execute(text).fetchall())


@contextmanager
def _sqlite() -> Iterator[Ask]:
    con = sqlite3.connect(":memory:")
    yield _timed(lambda text: con.execute(text).fetchall())
    con.close()


@contextmanager
def _clickhouse() -> Iterator[Ask]:
    from chdb import session

    con = session.Session()
    for statement in DIALECTS["clickhouse"].first():
        con.query(statement)

    def ask(text: str) -> tuple[float, list[Sequence[Any]]]:
        found: list[Any] = []
        spent = seconds(lambda: found.append(con.query(text, "ArrowStream").bytes()))
        return spent, _listed(pa.ipc.open_stream(found[0]).read_all())

    yield ask
    con.close()


@contextmanager
def _datafusion() -> Iterator[Ask]:
    from datafusion import SessionContext

    context = SessionContext()
    for statement in DIALECTS["datafusion"].first():
        context.sql(statement).collect()

    def ask(text: str) -> tuple[float, list[Sequence[Any]]]:
        found: list[pa.Table] = []
        spent = seconds(lambda: found.append(context.sql(text).to_arrow_table()))
        return spent, _listed(found[0])

    yield ask


@contextmanager
def _spark() -> Iterator[Ask]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    for statement in DIALECTS["spark"].first():
        session.sql(statement)

    def ask(text: str) -> tuple[float, list[Sequence[Any]]]:
        found: list[pa.Table] = []
        spent = seconds(lambda: found.append(session.sql(text).toArrow()))
        return spent, _listed(found[0])

    yield ask
    session.stop()


def _without(package: str, program: str = "") -> Callable[[], str]:
    def missing() -> str:
        if find_spec(package) is None:
            return f"no {package}: pip install -e '.[engines]'"
        return f"no {program}: make servers" if program and which(program) is None else ""

    return missing


RUNNERS: dict[str, Runner] = {
    "postgres": Runner(_postgres, 20_000, _without("psycopg", "initdb")),
    "sqlite": Runner(_sqlite, 20_000),
    "clickhouse": Runner(_clickhouse, 20_000, _without("chdb")),
    "datafusion": Runner(_datafusion, 100_000, _without("datafusion")),
    "spark": Runner(_spark, 2_000, _without("pyspark", "java")),
}
"""How each dialect but DuckDB's is run; the rows are as many as one core makes in some seconds,
but for Spark, which plans for two minutes whatever they are."""
