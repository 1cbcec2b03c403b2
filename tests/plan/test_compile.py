"""Whole tables by one SELECT: the rows of the sampler, parents, counts and choices included."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.errors import GenesisError, ModelNotFoundError
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.dangling import keep
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.fit import FitOptions, fit_tables
from genesis_sql.models.load import load
from genesis_sql.models.trees import TreeOptions
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import batch, rows_of, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.dialects.duckdb import BLOCK
from genesis_sql.program.domain import (
    Raw,
    Reals,
)
from genesis_sql.program.steps import (
    Beyond,
    Block,
    Expression,
    Output,
    Program,
    step_columns,
)
from genesis_sql.types import Graph

OPTIONS = FitOptions(trees=TreeOptions(min_cell=15, forest=2), siblings=False)
"""Rows that depend on the rows before them: tests/plan/test_compile_sequence.py."""


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


def drawn(program: Program) -> list[str]:
    return [c for s in program.steps if not isinstance(s, Expression) for c in step_columns(s)]


def check(
    con: duckdb.DuckDBPyConnection, model: Model, table: str, seed: int = 7, scale: float = 1.0
) -> int:
    """Every raw column and every value of a table, by SQL and by the sampler; returns its rows."""
    program, sampler = model.programs[table], Sampler(model, seed, scale)
    wanted = drawn(program)
    numbers = np.arange(sampler.size(table))
    raw, rows = sampler.raw(table, numbers, wanted), sampler.rows(table, numbers)
    query = compile_sql(model, table, seed=seed, scale=scale, raw=wanted)
    con.execute(f"CREATE OR REPLACE TEMP TABLE made AS {query}")
    found = con.sql("SELECT COLUMNS('^#') FROM made").to_arrow_table()
    assert found["#number"].to_pylist() == numbers.tolist()
    assert found["#address"].to_pylist() == rows.address.tolist()
    for name in wanted:
        assert [repr(v) for v in found[f"#raw {name}"].to_pylist()] == shown(raw[name]), name
    values = pa.RecordBatch.from_struct_array(batch(program, raw))
    con.register("sampled_rows", pa.Table.from_batches([values]))
    expected = con.sql(f"SELECT {select_list(program)} FROM sampled_rows")
    by_sql = con.sql("SELECT COLUMNS('^[^#]') FROM made")
    assert by_sql.types == expected.types
    texts = [r.project("CAST(COLUMNS(*) AS VARCHAR)").to_arrow_table() for r in (by_sql, expected)]
    for name in expected.columns:
        assert texts[0][name].to_pylist() == texts[1][name].to_pylist(), name
    return len(numbers)


def fitted(*statements: str, relationships: tuple[str, ...] = (), orphans: str = "null") -> Model:
    """A model of what the statements create."""
    con = duckdb.connect()
    for statement in statements:
        con.execute(statement)
    schema = read_schema(con, database="memory", schema="main")
    graph = build_graph(con, schema, relationships=list(relationships))
    graph = keep(graph) if orphans == "keep" else graph
    order = topological(graph)
    found = fit_tables(load(con, graph), order, dict.fromkeys(order, OPTIONS))
    con.close()
    return Model("m", 1, "uuid", graph, found.programs, found.verbatim, order)


PEOPLE = """
CREATE TYPE mood AS ENUM ('b,c', 'it''s', 'ü');
CREATE TABLE people (
  id UUID PRIMARY KEY, badge VARCHAR UNIQUE, age TINYINT, work VARCHAR, "capital gain" INTEGER,
  pay DECIMAL(10, 2), ratio DOUBLE, share FLOAT, born DATE, seen TIMESTAMP, woke TIME,
  zoned TIMESTAMPTZ, member BOOLEAN, mood mood, phone VARCHAR, note VARCHAR, "year" INTEGER,
  country VARCHAR, nothing DATE, huge HUGEINT, wide DECIMAL(38, 10));
INSERT INTO people SELECT
  CAST(md5('x' || i) AS UUID), CASE WHEN i % 6 > 0 THEN 'B-' || (10000 + i * 7 % 9973) END,
  17 + i * 13 % 70, ['Private', 'State', NULL, 'it''s'][1 + i * i % 4],
  CASE WHEN i % 11 > 0 THEN 0 WHEN i % 33 = 0 THEN 99999 ELSE i * 7 END,
  CASE WHEN i % 9 > 0 THEN i * 7919 % 90000 / 100 END,
  CASE WHEN i % 17 = 0 THEN 'nan' WHEN i % 19 = 0 THEN 'inf' WHEN i % 23 = 0 THEN '-inf'
    ELSE sin(i) * exp(i % 11) END,
  sin(i), DATE '1950-01-01' + CAST(i * 997 % 20000 AS INTEGER),
  CASE WHEN i % 50 = 0 THEN 'infinity'
    ELSE TIMESTAMP '2020-01-01' + to_seconds(i * 104729 % 20000000) END,
  TIME '00:00:00' + to_minutes(i * 7 % 1440),
  TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_hours(i), i % 3 = 0,
  ['b,c', 'it''s', 'ü', NULL][1 + i % 4],
  CASE WHEN i % 5 > 0 THEN '+49 ' || (i * 7919 % 1000003) END,
  'the ' || md5('n' || i)[1:3 + i % 5] || ' fox ' || i, NULL, 'US', NULL,
  i * (i + 3) * CAST('100000000000000000000' AS HUGEINT),
  i * 7919 % 9973 * CAST(1000000000.25 AS DECIMAL(38, 10))
FROM range(240) AS r(i);
UPDATE people SET "year" = year(born);
"""
SHOP = """
CREATE MACRO code(i) AS 'S' || lpad(CAST(i % 40 * 3 AS VARCHAR), 5, '0');
CREATE TABLE "a.b" AS SELECT code(i) AS code, ['x', 'y'][1 + i % 2] AS kind, i % 7 * 1.5 AS price
FROM range(40) AS r(i);
CREATE TABLE parent AS
SELECT i AS id, ['a', 'b', NULL][1 + i * 7 % 3] AS seg, i * 37 % 101 / 4 AS score
FROM range(80) AS r(i);
CREATE TABLE orders AS
SELECT i * 2 AS id, CASE WHEN i % 25 > 0 THEN i * i * 17 % 80 END AS parent_id,
  code(i * i) AS code, CASE WHEN i % 3 > 0 THEN code(i) END AS other,
  TIMESTAMP '2021-01-01' + to_minutes(i * 991 % 100000) AS placed, i % 7 AS qty
FROM range(200) AS r(i);
CREATE TABLE lines AS
SELECT i * 31 % 200 * 2 AS order_id, 'K' || i % 5 AS sku, sin(i) AS w,
  1 + row_number() OVER (PARTITION BY i * 31 % 200 ORDER BY i) AS nr
FROM range(400) AS r(i);
CREATE TABLE likes AS
SELECT i * i * 7 % 80 AS parent_id, code(i * 13) AS code, min(i % 2) AS z
FROM range(200) AS r(i) GROUP BY ALL;
CREATE TABLE visits AS
SELECT DISTINCT i * i * 7 % 80 AS parent_id, DATE '2020-01-01' + CAST(i * 13 % 90 AS INTEGER) AS day
FROM range(200) AS r(i);
CREATE TABLE staff AS
SELECT i AS id, CASE WHEN i % 10 > 0 THEN i // 3 END AS boss, ['x', 'y'][1 + i % 2] AS k
FROM range(90) AS r(i);
CREATE TABLE prices AS SELECT s AS shop, p AS prod, p * 10 + length(s) AS price
FROM range(8) a(p), (VALUES ('west'), ('north'), ('east')) b(s) WHERE (p + length(s)) % 5 > 0;
CREATE TABLE clerks AS SELECT s AS shop, c AS clerk, 'n' || c % 4 AS rank
FROM range(6) a(c), (VALUES ('east'), ('north'), ('west')) b(s);
CREATE TABLE sales AS
SELECT row_number() OVER () AS id, p.shop, p.prod, c.clerk, p.price * c.clerk % 7 AS qty
FROM prices p JOIN clerks c USING (shop);
CREATE TABLE teams AS SELECT i AS id, i % 3 AS floor, CASE WHEN i % 4 > 0 THEN i * 7 END AS head,
  i * i % 210 AS guest FROM range(30) AS r(i);
CREATE TABLE nicks AS SELECT CAST(i AS VARCHAR) AS nick, i % 4 AS n FROM range(30) AS r(i);
CREATE TABLE players AS SELECT i AS id, i // 7 AS team, i % 7 = 0 AS first, i % 30 AS fan
FROM range(210) AS r(i);
CREATE TABLE marks AS SELECT i AS id, ['team', 'code', 'mark', 'none', NULL][1 + i % 5] AS kind,
  CASE i % 5 WHEN 0 THEN CAST(i % 30 AS VARCHAR) WHEN 1 THEN code(i) WHEN 2 THEN CAST(i // 2 AS VARCHAR)
    WHEN 3 THEN 'n' || i % 20 END AS of
FROM range(150) AS r(i);
CREATE TABLE replies AS
SELECT i * 10 + k AS id, i AS parent_id, k * 7 % 5 AS words,
  CASE WHEN k % 3 > 0 THEN i * 10 + k // 2 END AS reply_to
FROM range(80) a(i), range(9) b(k) WHERE k < i % 10;
"""
KEYS = {
    "a.b": ("code",), "parent": ("id",), "orders": ("id",), "lines": ("order_id", "nr"),
    "likes": ("parent_id", "code"), "visits": ("parent_id", "day"), "staff": ("id",),
    "prices": ("shop", "prod"), "clerks": ("shop", "clerk"), "sales": ("id",), "replies": ("id",),
    "teams": ("id",), "nicks": ("nick",), "players": ("id",), "marks": ("id",),
}  # fmt: skip
RELATIONSHIPS = (
    "orders.parent_id -> parent.id", 'orders.code -> "a.b".code', 'orders.other -> "a.b".code',
    "lines.order_id -> orders.id", "likes.parent_id -> parent.id", 'likes.code -> "a.b".code',
    "visits.parent_id -> parent.id", "staff.boss -> staff.id",
    "teams.head -> players.id", "teams.guest -> players.id", "players.team -> teams.id",
    "players.fan -> teams.id", "marks.of -> \"a.b\".code WHERE kind = 'code'",
    "marks.of -> nicks.nick WHERE kind = 'team'", "replies.parent_id -> parent.id", "replies.reply_to -> replies.id",
    "sales(shop, prod) -> prices(shop, prod)", "sales(shop, clerk) -> clerks(shop, clerk)",
)  # fmt: skip


@pytest.fixture(scope="module")
def people() -> Model:
    return fitted(PEOPLE)


@pytest.fixture(scope="module")
def shop() -> Model:
    keys = (f'ALTER TABLE "{t}" ADD PRIMARY KEY ({", ".join(k)})' for t, k in KEYS.items())
    return fitted(SHOP, *keys, relationships=RELATIONSHIPS)


def test_a_table_of_all_types(plain: duckdb.DuckDBPyConnection, people: Model) -> None:
    assert check(plain, people, "people", seed=1) == 240


@pytest.mark.parametrize("table", KEYS)
def test_related_tables(plain: duckdb.DuckDBPyConnection, shop: Model, table: str) -> None:
    assert check(plain, shop, table) > 0


def test_references_that_dangle(plain: duckdb.DuckDBPyConnection) -> None:
    made = """
        CREATE TABLE town AS SELECT 'T' || (100 + i) AS code, i % 5 AS size FROM range(20) r(i);
        CREATE TABLE buyer AS SELECT i AS id, CASE WHEN i % 3 > 0 THEN 'T' || (100 + i % 30) END AS town,
          CASE WHEN i % 10 = 0 THEN 5000 + i WHEN i % 3 > 0 THEN i // 3 END AS by FROM range(150) r(i);
        CREATE TABLE sale AS SELECT i AS id, i * 13 % 200 AS buyer FROM range(300) r(i)"""
    keys = ("buyer.town -> town.code", "buyer.by -> buyer.id", "sale.buyer -> buyer.id")
    model = fitted(made, relationships=keys, orphans="keep")
    for table in ("buyer", "sale"):
        steps = model.programs[table].steps
        assert any(isinstance(s, Beyond) for s in steps)
        assert check(plain, model, table) > 100


def test_another_scale(plain: duckdb.DuckDBPyConnection, shop: Model) -> None:
    assert check(plain, shop, "sales", 3, 1.7) > check(plain, shop, "sales", 3, 0.5)


FAMILY = ("users", "tags", "places", "notes", "orders", "likes", "lines")


@pytest.mark.parametrize("table", FAMILY)
def test_a_family_made_by_hand(plain: duckdb.DuckDBPyConnection, family: Model, table: str) -> None:
    assert check(plain, family, table) > 0


@pytest.mark.parametrize("table", ["orders", "likes"])
def test_a_small_family(plain: duckdb.DuckDBPyConnection, family: Model, table: str) -> None:
    assert check(plain, family, table, scale=0.1) > 0


# what rows depend on


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.integers(0, 10**6), max_size=40), table=st.sampled_from(FAMILY))
def test_rows_depend_on_their_number_alone(family: Model, places: list[int], table: str) -> None:
    sampler = Sampler(family, 7)
    wanted = drawn(sampler.model.programs[table])
    size = sampler.size(table)
    all_rows = sampler.raw(table, np.arange(size), wanted)
    numbers = np.array([p % size for p in places], np.int64)
    some = Sampler(family, 7).raw(table, numbers, wanted)
    for name in wanted:
        assert shown(some[name]) == shown(all_rows[name].take(numbers)), name


def test_threads_share_the_rows_of_a_root(people: Model) -> None:
    table, stop = next(iter(people.programs)), 5 + 2 * BLOCK + 1
    scale = 2 * stop / people.programs[table].rows
    text = compile_sql(people, table, seed=7, scale=scale, first=5, stop=stop)
    ends = [5, 5 + BLOCK, 5 + 2 * BLOCK, stop]
    ranges = [f"RANGE({low}, {high}, {BLOCK})" for low, high in pairwise(ends)]
    assert [text.count(each) for each in ranges] == [1, 1, 1]  # each is work for one thread


def test_threads_draw_the_same_rows(family: Model) -> None:
    sampler, table = Sampler(family, 3, 20.0), "orders"
    wanted = drawn(sampler.model.programs[table])
    size = sampler.size(table)
    alone = Sampler(family, 3, 20.0).raw(table, np.arange(size), wanted)
    pieces = np.array_split(np.arange(size), 16)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda piece: sampler.raw(table, piece, wanted), pieces))
    for name in wanted:
        assert [v for raw in found for v in shown(raw[name])] == shown(alone[name]), name


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7])
def test_keys_hold_at_every_scale(
    plain: duckdb.DuckDBPyConnection, shop: Model, scale: float
) -> None:
    sampler = Sampler(shop, 11, scale)
    for table, key in KEYS.items():
        rows = pa.RecordBatch.from_struct_array(
            rows_of(sampler, table, np.arange(sampler.size(table)))
        )
        plain.register("sampled_rows", pa.Table.from_batches([rows]))
        columns = select_list(shop.programs[table])
        plain.execute(
            f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT {columns} FROM sampled_rows'
        )
        counted = f'SELECT count(*), count(DISTINCT ({", ".join(key)})) FROM "{table}"'
        all_rows, distinct = plain.execute(counted).fetchall()[0]
        assert all_rows == distinct, table
    for key_ in shop.graph.relationships:
        pairs = zip(key_.columns, key_.parent_columns, strict=True)
        both = " AND ".join(f"c.{a} = p.{b}" for a, b in pairs)
        known = " AND ".join(f"c.{a} IS NOT NULL" for a in key_.columns)
        known += f" AND c.{key_.when[0]} = '{key_.when[1]}'" if key_.when else ""
        lost = f'SELECT count(*) FROM "{key_.child}" c ANTI JOIN "{key_.parent}" p ON {both}'
        assert plain.execute(f"{lost} WHERE {known}").fetchall() == [(0,)], key_.name


# what it refuses


def test_a_table_without_program(family: Model) -> None:
    with pytest.raises(
        ModelNotFoundError, match="no program for table 'user'; did you mean 'users'"
    ):
        compile_sql(family, "user")


def test_a_block_step_has_no_sql_form() -> None:
    block = Program(
        "net", 5, (Block(("x",), "net", "w"),), {"x": Reals("DOUBLE")}, {}, (Output("x", "DOUBLE"),)
    )
    model = Model("m", 1, "u", Graph(()), {"net": block}, {}, ("net",))
    with pytest.raises(GenesisError, match="block step of method 'net'"):
        compile_sql(model, "net")
