"""The same rows on every engine: integers, texts, NULLs and doubles to the last bit."""

from __future__ import annotations

import datetime
import math
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import rows_of, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.dialects.clickhouse import CLICKHOUSE
from genesis_sql.program.dialects.sqlite import SQLITE
from tests.engines.conftest import Engine
from tests.plan.test_compile import KEYS, PEOPLE, RELATIONSHIPS, SHOP, fitted
from tests.plan.test_compile_sequence import fitted as of_database

ENGINES = ["duckdb", "postgres", "sqlite", "datafusion"]
SLOW_ENGINES = ["clickhouse", "spark"]
MISSING = {
    "duckdb": [],
    "postgres": [],
    "sqlite": ["huge", "wide"],
    "clickhouse": ["woke"],
    "datafusion": [],
    "spark": ["woke"],
}
"""Columns of types that an engine does not have."""
RELATED = ["lines", "likes", "visits", "staff", "sales", "teams"]


def people_of(engine: str) -> Model:
    """The table of all types, without those an engine has not."""
    sql = PEOPLE
    if engine != "duckdb":  # it alone has infinite timestamps that its driver can read
        sql = sql.replace("WHEN i % 50 = 0 THEN 'infinity'", "WHEN i % 50 = 0 THEN NULL")
    if engine == "sqlite":
        sql = sql.replace("WHEN i % 17 = 0 THEN 'nan'", "WHEN i % 17 = 0 THEN NULL")
    return fitted(sql, *(f"ALTER TABLE people DROP COLUMN {c}" for c in MISSING[engine]))


@pytest.fixture(scope="module")
def shop() -> Model:
    keys = (f'ALTER TABLE "{t}" ADD PRIMARY KEY ({", ".join(k)})' for t, k in KEYS.items())
    return fitted(SHOP, *keys, relationships=RELATIONSHIPS)


def expected(model: Model, table: str, seed: int, scale: float) -> tuple[list[str], list[Any]]:
    """The types and rows of the sampler."""
    sampler = Sampler(model, seed, scale)
    rows = rows_of(sampler, table, np.arange(sampler.size(table)))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("r", pa.Table.from_batches([pa.RecordBatch.from_struct_array(rows)]))
        found = con.sql(f"SELECT {select_list(model.programs[table])} FROM r")
        return [str(t) for t in found.types], found.fetchall()


def plain(value: Any, type_: str, engine: str) -> Any:
    """A value in a form that is the same for all engines' drivers, and only for equal values."""
    if value is None:
        return None
    if engine == "sqlite" and isinstance(value, str):  # what stands for the types it does not have
        if type_.startswith("TIMESTAMP"):
            value = datetime.datetime.fromisoformat(value)
        elif type_.startswith("DECIMAL"):
            value = Decimal(value)
    if type_ == "FLOAT":
        value = float(np.float32(value))
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    if isinstance(value, bool | int) and type_ == "BOOLEAN":
        return bool(value)
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def check(engine: Engine, model: Model, table: str, scale: float = 1.0) -> int:
    """All rows of a table, by an engine and by the sampler; returns how many there are."""
    name = engine.dialect.name
    types, rows = expected(model, table, 7, scale)
    sql = compile_sql(model, table, seed=7, scale=scale, dialect=engine.dialect)
    made = engine.ask(sql)
    assert len(made) == len(rows)
    for at, type_ in enumerate(types):
        mine = [plain(row[at], type_, name) for row in made]
        theirs = [plain(row[at], type_, name) for row in rows]
        assert mine == theirs, (table, at)
    return len(made)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_table_of_all_types(engine: Engine) -> None:
    assert check(engine, people_of(engine.dialect.name), "people") == 240


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_related_tables(engine: Engine, shop: Model) -> None:
    for table in RELATED:
        assert check(engine, shop, table) > 20


@pytest.mark.slow
@pytest.mark.parametrize("engine", SLOW_ENGINES, indirect=True)
def test_all_types_on_slow_planners(engine: Engine) -> None:
    assert check(engine, people_of(engine.dialect.name), "people") == 240


@pytest.mark.slow
@pytest.mark.parametrize("engine", SLOW_ENGINES, indirect=True)
def test_related_tables_on_slow_planners(engine: Engine, shop: Model) -> None:
    for table in ("parent", "likes", "visits", "lines"):
        assert check(engine, shop, table) > 20


@pytest.fixture(scope="module")
def adult(real_adult: Path) -> Model:
    made = fitted(f"CREATE TABLE adult AS FROM '{real_adult}' LIMIT 3000")
    program = replace(made.programs["adult"], rows=200)
    return replace(made, programs={"adult": program})


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_real_table(engine: Engine, adult: Model) -> None:
    assert check(engine, adult, "adult") == 200


@pytest.mark.slow
def test_a_real_table_on_spark(spark_engine: Engine, adult: Model) -> None:
    assert check(spark_engine, adult, "adult") == 200


@pytest.mark.slow
def test_more_related_tables_on_spark(spark_engine: Engine, shop: Model) -> None:
    for table in ("staff", "sales", "teams"):
        assert check(spark_engine, shop, table) > 20


WALK = """
CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER);
CREATE TABLE walk (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), day DATE, kind VARCHAR);
INSERT INTO people SELECT i, 20 + i * 7 % 50 FROM range(150) r(i);
INSERT INTO walk SELECT p * 10 + k, p, DATE '2020-01-01' + CAST(p * 31 % 300 + k * 7 AS INTEGER),
  ['a', 'b', 'c'][1 + (p * p % 11 + k // 3) % 3]
FROM range(150) a(p), range(9) b(k) WHERE k < 3 + p % 6;
"""


@pytest.mark.slow
def test_rows_that_read_the_rows_before_them_on_spark(spark_engine: Engine) -> None:
    model = of_database(WALK)
    sql = compile_sql(model, "walk", seed=7, dialect=spark_engine.dialect)
    assert sql.startswith("WITH RECURSIVE")
    assert check(spark_engine, model, "walk", 0.2) > 60


FEW = """
CREATE TABLE few AS SELECT i * 3 AS id, CASE WHEN i % 5 > 0 THEN ['x', 'y', 'it''s'][1 + i % 3] END AS label,
  i * i % 97 AS n, sin(i) AS real, DATE '2020-01-01' + CAST(i * 7 % 900 AS INTEGER) AS day FROM range(300) AS r(i)
"""


def test_a_small_table_on_spark(spark_engine: Engine) -> None:
    assert check(spark_engine, fitted(FEW, "ALTER TABLE few ADD PRIMARY KEY (id)"), "few") == 300


# what engines refuse


@pytest.mark.parametrize(
    ("dialect", "statement", "message"),
    [
        (SQLITE, "SELECT CASE WHEN i % 3 > 0 THEN 'nan' ELSE sqrt(i) END AS x", "SQLite has no NaN, which column 'x' of table 't'"),
        (SQLITE, "SELECT CAST(sqrt(i) * 1e30 AS HUGEINT) AS x", "SQLite has no numbers of more than 64 bits"),
        (CLICKHOUSE, "SELECT TIME '00:00:00' + to_minutes(i % 1440) AS x", "ClickHouse has no times of day"),
        (CLICKHOUSE, "SELECT CASE WHEN i % 9 = 0 THEN 'infinity' ELSE TIMESTAMP '2020-01-01' + to_minutes(i * i) END AS x", "ClickHouse has no infinite dates and timestamps, which column 'x'"),
    ],
)  # fmt: skip
def test_types_an_engine_has_not(dialect: Any, statement: str, message: str) -> None:
    model = fitted(f"CREATE TABLE t AS {statement} FROM range(500) AS r(i)")
    with pytest.raises(GenesisError, match=message):
        compile_sql(model, "t", dialect=dialect)


@pytest.mark.parametrize("engine", [*ENGINES, "spark"], indirect=True)
def test_names_and_labels_stay_what_they_are(engine: Engine) -> None:
    name, label = 'a"; DROP TABLE t; -- */', "it's */ \\ | ; 'x' -- $1"
    column, value = name.replace('"', '""'), label.replace("'", "''")
    model = fitted(
        f"""CREATE TABLE t AS SELECT CASE WHEN i % 3 > 0 THEN '{value}' ELSE 'ü|;~^' END AS "{column}",
        i % 7 AS n FROM range(100) AS r(i)"""
    )
    assert check(engine, model, "t") == 100
    rows = engine.ask(compile_sql(model, "t", seed=7, dialect=engine.dialect))
    assert {row[0] for row in rows} == {label, "ü|;~^"}
