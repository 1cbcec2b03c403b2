"""Whole tables by one SELECT: the rows of the sampler, parents, counts and choices included."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.errors import GenesisError, ModelNotFoundError
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.fit import FitOptions, fit_tables
from genesis_sql.models.load import load
from genesis_sql.models.trees import TreeOptions
from genesis_sql.plan.definition import Model
from genesis_sql.plan.oracle import oracle_raw_sql, oracle_sql
from genesis_sql.plan.output import batch, sampled, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Key, Raw, Reals
from genesis_sql.program.pattern import DIGITS, IntegerKey, Pattern, Run, Shape
from genesis_sql.program.steps import (
    Block,
    Copy,
    Digit,
    Draw,
    Expression,
    Link,
    MainParent,
    Number,
    Output,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Sibling,
    Step,
    Stratum,
    Tree,
    step_columns,
)
from genesis_sql.types import Graph

OPTIONS = FitOptions(trees=TreeOptions(min_cell=15, forest=2))


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows nothing of this package."""
    con = duckdb.connect()
    yield con
    con.close()


def shown(raw: Raw) -> list[str]:
    """Texts that tell any two values apart."""
    valid = [True] * len(raw) if raw.valid is None else raw.valid.tolist()
    values = zip(raw.values.tolist(), valid, strict=True)
    return [repr(v if ok else None) for v, ok in values]


def check(
    con: duckdb.DuckDBPyConnection, model: Model, table: str, seed: int = 7, scale: float = 1.0
) -> int:
    """Every raw column and every value of a table, by SQL and by the sampler; returns its rows."""
    program, sampler = model.programs[table], Sampler(model, seed, scale)
    steps = [s for s in program.steps if not isinstance(s, Expression)]
    wanted = [c for step in steps for c in step_columns(step)]
    numbers = np.arange(sampler.size(table))
    raw, rows = sampler.raw(table, numbers, wanted), sampler.rows(table, numbers)
    found = con.sql(oracle_raw_sql(model, table, wanted, seed=seed, scale=scale)).to_arrow_table()
    assert found["#number"].to_pylist() == numbers.tolist()
    assert found["#address"].to_pylist() == rows.address.tolist()
    for name in wanted:
        assert [repr(v) for v in found[name].to_pylist()] == shown(raw[name]), name
    made = con.sql(oracle_sql(model, table, seed=seed, scale=scale))
    values = pa.RecordBatch.from_struct_array(batch(program, raw))
    con.register("sampled_rows", pa.Table.from_batches([values]))
    expected = con.sql(f"SELECT {select_list(program)} FROM sampled_rows")
    assert made.types == expected.types
    by_sql, by_kernel = (r.project("CAST(COLUMNS(*) AS VARCHAR)").to_arrow_table() for r in (made, expected))
    for name in by_kernel.column_names:
        assert by_sql[name].to_pylist() == by_kernel[name].to_pylist(), name
    return len(numbers)


def fitted(*statements: str, relationships: tuple[str, ...] = ()) -> Model:
    """A model of what the statements create."""
    con = duckdb.connect()
    for statement in statements:
        con.execute(statement)
    schema = read_schema(con, database="memory", schema="main")
    graph = build_graph(con, schema, relationships=list(relationships))
    order = topological(graph)
    found = fit_tables(load(con, graph), order, dict.fromkeys(order, OPTIONS))
    con.close()
    return Model("m", 1, "uuid", graph, found.programs, found.verbatim, order)


PEOPLE = """
CREATE TYPE mood AS ENUM ('b,c', 'it''s', 'ü');
CREATE TABLE people (
  id UUID PRIMARY KEY, badge VARCHAR UNIQUE, age TINYINT, work VARCHAR, "capital gain" INTEGER,
  pay DECIMAL(10, 2), ratio DOUBLE, share FLOAT, born DATE, seen TIMESTAMP, woke TIME, zoned TIMESTAMPTZ,
  member BOOLEAN, mood mood, phone VARCHAR, note VARCHAR, "year" INTEGER, country VARCHAR, nothing DATE,
  huge HUGEINT, wide DECIMAL(38, 10));
INSERT INTO people SELECT
  CAST(md5('x' || i) AS UUID), CASE WHEN i % 6 > 0 THEN 'B-' || (10000 + i * 7 % 9973) END,
  17 + i * 13 % 70, ['Private', 'State', NULL, 'it''s'][1 + i * i % 4],
  CASE WHEN i % 11 > 0 THEN 0 WHEN i % 33 = 0 THEN 99999 ELSE i * 7 END,
  CASE WHEN i % 9 > 0 THEN i * 7919 % 90000 / 100 END,
  CASE WHEN i % 17 = 0 THEN 'nan' WHEN i % 19 = 0 THEN 'inf' WHEN i % 23 = 0 THEN '-inf' ELSE sin(i) * exp(i % 11) END,
  sin(i), DATE '1950-01-01' + CAST(i * 997 % 20000 AS INTEGER),
  CASE WHEN i % 50 = 0 THEN 'infinity' ELSE TIMESTAMP '2020-01-01' + to_seconds(i * 104729 % 20000000) END,
  TIME '00:00:00' + to_minutes(i * 7 % 1440), TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_hours(i),
  i % 3 = 0, ['b,c', 'it''s', 'ü', NULL][1 + i % 4], CASE WHEN i % 5 > 0 THEN '+49 ' || (i * 7919 % 1000003) END,
  'the ' || md5('n' || i)[1:3 + i % 5] || ' fox ' || i, NULL, 'US', NULL,
  i * (i + 3) * CAST('100000000000000000000' AS HUGEINT), i * 7919 % 9973 * CAST(1000000000.25 AS DECIMAL(38, 10))
FROM range(240) AS r(i);
UPDATE people SET "year" = year(born);
"""
FAMILY = """
CREATE TABLE "a.b" AS SELECT 'S' || lpad(CAST(i * 3 AS VARCHAR), 5, '0') AS code, ['x', 'y'][1 + i % 2] AS kind, i % 7 * 1.5 AS price
  FROM range(40) AS r(i);
CREATE TABLE parent AS SELECT i AS id, ['a', 'b', NULL][1 + i * 7 % 3] AS seg, i * 37 % 101 / 4 AS score FROM range(80) AS r(i);
CREATE TABLE orders AS SELECT i * 2 AS id, CASE WHEN i % 25 > 0 THEN i * i * 17 % 80 END AS parent_id,
  'S' || lpad(CAST(i * i % 40 * 3 AS VARCHAR), 5, '0') AS code, CASE WHEN i % 3 > 0 THEN 'S' || lpad(CAST(i % 40 * 3 AS VARCHAR), 5, '0') END AS other,
  TIMESTAMP '2021-01-01' + to_minutes(i * 991 % 100000) AS placed, i % 7 AS qty FROM range(200) AS r(i);
CREATE TABLE lines AS SELECT i * 31 % 200 * 2 AS order_id, 1 + row_number() OVER (PARTITION BY i * 31 % 200 ORDER BY i) AS nr, 'K' || i % 5 AS sku, sin(i) AS w
  FROM range(400) AS r(i);
CREATE TABLE likes AS SELECT DISTINCT i * i * 7 % 80 AS parent_id, 'S' || lpad(CAST(i * 13 % 40 * 3 AS VARCHAR), 5, '0') AS code, i % 2 AS z
  FROM range(200) AS r(i);
DELETE FROM likes WHERE rowid NOT IN (SELECT min(rowid) FROM likes GROUP BY parent_id, code);
CREATE TABLE visits AS SELECT DISTINCT i * i * 7 % 80 AS parent_id, DATE '2020-01-01' + CAST(i * 13 % 90 AS INTEGER) AS day FROM range(200) AS r(i);
CREATE TABLE staff AS SELECT i AS id, CASE WHEN i % 10 > 0 THEN i // 3 END AS boss, ['x', 'y'][1 + i % 2] AS k FROM range(90) AS r(i);
CREATE TABLE prices AS SELECT s AS shop, p AS prod, p * 10 + length(s) AS price FROM range(8) a(p), (VALUES ('west'), ('north'), ('east')) b(s) WHERE (p + length(s)) % 5 > 0;
CREATE TABLE clerks AS SELECT s AS shop, c AS clerk, 'n' || c % 4 AS rank FROM range(6) a(c), (VALUES ('east'), ('north'), ('west')) b(s);
CREATE TABLE sales AS SELECT row_number() OVER () AS id, p.shop, p.prod, c.clerk, p.price * c.clerk % 7 AS qty FROM prices p JOIN clerks c USING (shop);
"""
KEYS = {
    "a.b": "code", "parent": "id", "orders": "id", "lines": "order_id, nr", "likes": "parent_id, code", "visits": "parent_id, day",
    "staff": "id", "prices": "shop, prod", "clerks": "shop, clerk", "sales": "id",
}  # fmt: skip
RELATIONSHIPS = (
    "orders.parent_id -> parent.id", 'orders.code -> "a.b".code', 'orders.other -> "a.b".code', "lines.order_id -> orders.id",
    "likes.parent_id -> parent.id", 'likes.code -> "a.b".code', "visits.parent_id -> parent.id", "staff.boss -> staff.id",
    "sales(shop, prod) -> prices(shop, prod)", "sales(shop, clerk) -> clerks(shop, clerk)",
)  # fmt: skip


@pytest.fixture(scope="module")
def people() -> Model:
    return fitted(PEOPLE)


@pytest.fixture(scope="module")
def shop() -> Model:
    keys = (f'ALTER TABLE "{t}" ADD PRIMARY KEY ({k})' for t, k in KEYS.items())
    return fitted(FAMILY, *keys, relationships=RELATIONSHIPS)


def test_a_table_of_all_types(plain: duckdb.DuckDBPyConnection, people: Model) -> None:
    assert check(plain, people, "people", seed=1) == 240


@pytest.mark.parametrize("table", KEYS)
def test_related_tables(plain: duckdb.DuckDBPyConnection, shop: Model, table: str) -> None:
    assert check(plain, shop, table) > 0


@pytest.mark.parametrize(("table", "scale"), [("orders", 0.3), ("likes", 0.2), ("sales", 1.7)])
def test_other_scales(
    plain: duckdb.DuckDBPyConnection, shop: Model, table: str, scale: float
) -> None:
    assert check(plain, shop, table, 3, scale) > 0
