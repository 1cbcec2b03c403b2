"""Whole tables by one SELECT: the rows of the sampler, parents, counts and choices included."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.graph.build import build_graph
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.fit import FitOptions, fit_tables
from genesis_sql.models.load import load
from genesis_sql.models.trees import TreeOptions
from genesis_sql.plan.definition import Model
from genesis_sql.plan.oracle import oracle_sql
from genesis_sql.plan.output import batch, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Key, Raw, Reals
from genesis_sql.program.pattern import DIGITS, IntegerKey, Pattern, Run, Shape
from genesis_sql.program.steps import (
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
    query = oracle_sql(model, table, seed=seed, scale=scale, raw=wanted)
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
"""
KEYS = {
    "a.b": ("code",), "parent": ("id",), "orders": ("id",), "lines": ("order_id", "nr"),
    "likes": ("parent_id", "code"), "visits": ("parent_id", "day"), "staff": ("id",),
    "prices": ("shop", "prod"), "clerks": ("shop", "clerk"), "sales": ("id",),
}  # fmt: skip
RELATIONSHIPS = (
    "orders.parent_id -> parent.id", 'orders.code -> "a.b".code', 'orders.other -> "a.b".code',
    "lines.order_id -> orders.id", "likes.parent_id -> parent.id", 'likes.code -> "a.b".code',
    "visits.parent_id -> parent.id", "staff.boss -> staff.id",
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


def test_another_scale(plain: duckdb.DuckDBPyConnection, shop: Model) -> None:
    assert check(plain, shop, "sales", 3, 1.7) > check(plain, shop, "sales", 3, 0.5)


# a family made by hand: what fits seldom or never make


def cell_of(weights: list[int], low: list[float], dtype: type, null: int | None = None) -> Cells:
    """One cell of atoms."""
    start, values = np.array([0, len(low)]), np.array(low, dtype)
    accept, alias = alias_tables(start, np.array(weights))
    if dtype is np.int32:
        return Cells(start, accept, alias, values)
    width = np.ones_like(values) if dtype is np.int64 else np.zeros_like(values)
    return Cells(start, accept, alias, values, width, np.arange(len(low)) == null)


def label(name: str, weights: list[int]) -> Draw:
    """A label of code 0, 1, … with these weights."""
    return Draw(name, (), Tree.single(), cell_of(weights, list(range(len(weights))), np.int32))


def whole(name: str, low: list[float], null: int | None = None) -> Draw:
    return Draw(name, (), Tree.single(), cell_of([1] * len(low), low, np.int64, null))


def split(name: str, asked: tuple[str, ...], thresholds: tuple[int, ...], dtype: type) -> Draw:
    """A chain of questions, one cell for each answer and one for the rest."""
    n = len(asked)
    tree = Tree(
        np.array([*range(n), *[-1] * (n + 1)], np.int32),
        np.array([*thresholds, *[0] * (n + 1)], np.int32),
        np.array([*range(n, 2 * n), *range(n + 1)], np.int32),
        np.array([*range(1, n), 2 * n, *[0] * (n + 1)], np.int32),
    )
    cells = 2 * np.arange(n + 2)
    accept, alias = alias_tables(cells, np.tile([1, 3], n + 1))
    low = np.arange(2 * n + 2).astype(dtype) % (3 if dtype is np.int32 else 100)
    if dtype is np.int32:
        return Draw(name, asked, tree, Cells(cells, accept, alias, low))
    width = np.full_like(low, 7)
    return Draw(name, asked, tree, Cells(cells, accept, alias, low, width, low % 5 == 3))


def labels(*names: str) -> Categories:
    return Categories("VARCHAR", names)


ZONES, ZONES_TURNED = labels("n", "s", "w"), labels("w", "n", "q")
CODE = Key("VARCHAR", Pattern("identifier", (Shape(("T", Run(DIGITS, 4))),), (40,), salt=2))


def program(
    table: str, rows: int, steps: list[Step], domains: dict[str, Domain], **more: object
) -> Program:
    outputs = tuple(Output(n, d.type) for n, d in domains.items() if not n.startswith("#"))
    return Program(table, rows, tuple(steps), domains, more.pop("edges", {}), outputs, **more)  # type: ignore[arg-type]


def users() -> Program:
    counts = {"#count:orders": Grid("BIGINT"), "#count:likes": Grid("BIGINT")}
    domains = {"id": Key("INTEGER", IntegerKey(10, 5)), "zone": ZONES, "level": Grid("DATE", 7)}
    steps = [
        Number("id"),
        label("zone", [1, 2, 3, 4]),
        whole("level", [0, 100, 2000], null=1),
        whole("#count:orders", [0, 1, 2, 5, -3]),
        whole("#count:likes", [0, 3, 30]),
        label("#kind:boss", [1, 4]),
        PickSelf("#row:boss", "boss", "#kind:boss"),
        Copy("boss", "boss.id"),
        Copy("zone of boss", "boss.zone"),
        split("rank", ("boss.zone", "zone"), (0, 2), np.int32),
    ]
    more = {"boss": domains["id"], "zone of boss": ZONES, "rank": ZONES, "#kind:boss": labels("1")}
    links = (Link("boss", "users", ("boss",), ("id",)),)
    return program("users", 40, steps, {**domains, **counts, **more}, links=links)


def tags() -> Program:
    domains: dict[str, Domain] = {"code": CODE, "weight": Reals("DOUBLE")}
    hidden: dict[str, Domain] = {"#kind": labels("1", "2", "3", "4"), "#weight": Grid("BIGINT")}
    steps = [
        Number("code"),
        Draw("weight", (), Tree.single(), cell_of([1, 1], [0.1, np.inf], np.float64)),
        label("#kind", [0 + 1, 2, 2, 1, 1]),
        whole("#weight", [0, 0, 1, 7]),
    ]
    return program("tags", 30, steps, {**domains, **hidden})


def places() -> Program:
    domains: dict[str, Domain] = {
        "zone": ZONES_TURNED,
        "nr": Grid("SMALLINT"),
        "#weight": Grid("BIGINT"),
    }
    steps = [
        Digit("zone", np.array([1, 2], np.int32), 1, 1, 2),
        Digit("nr", np.array([3, 5, 9]), 2, 2, 0),
        whole("#weight", [0]),
    ]
    return program("places", 8, steps, domains)


def orders() -> Program:
    main = MainParent(Link("parent", "users", ("user_id",), ("id",)), "#count:orders", 13, 40)
    links = (
        Link("tags", "tags", ("code",), ("code",)),
        Link("places", "places", ("zone", "nr"), ("zone", "nr")),
        Link("any", "places", ("other",), ("nr",)),
    )
    domains: dict[str, Domain] = {
        "user_id": Key("INTEGER", IntegerKey(10, 5)), "zone": ZONES, "level": Grid("DATE", 7), "line": Grid("BIGINT"),
        "day": Grid("DATE"), "code": CODE, "nr": Grid("SMALLINT"), "other": Grid("SMALLINT"), "fit": Reals("DOUBLE"),
        "#count:lines": Grid("BIGINT"), "#zone": ZONES, "#level": Grid("DATE", 7),
        "#kind:tags": labels("1", "2", "3", "4", "5", "6"), "#kind:places": labels("1"), "#kind:any": labels("1", "2"),
    }  # fmt: skip
    edges = {
        "parent.level": np.array([50, 100]), "parent.#k": np.array([0, 1]), "parent.#count": np.array([0, 3]), "tags.weight": np.array([0.5]),
    }  # fmt: skip
    steps: list[Step] = [
        Sibling("line", 1),
        Stratum("day", np.array([3, 50, 51, 700])),
        label("#zone", [1, 1, 1]),
        whole("#level", [5, 6, 7], null=2),
        label("#kind:tags", [1, 1, 1, 1, 1, 1, 1]),
        label("#kind:places", [1, 9]),
        label("#kind:any", [0 + 1, 1, 1]),
        split("#count:lines", ("parent.#k", "parent.#count", "parent.level"), (1, 2, 0), np.int64),
        Copy("user_id", "parent.id"),
        Copy("zone", "parent.zone", "#zone"),
        Copy("level", "parent.level", "#level"),
        Pick("#row:tags", "tags", "#kind:tags", "#kind", "#weight"),
        Copy("code", "tags.code"),
        split("fit", ("tags.weight", "zone", "parent.zone"), (1, 1, 0), np.float64),
        Pick("#row:places", "places", "#kind:places", "", "#weight", (("zone", "zone"),)),
        Copy("nr", "places.nr"),
        Pick("#row:any", "any", "#kind:any", "zone", "#weight"),
        Copy("other", "any.nr"),
    ]
    return program("orders", 60, steps, domains, main=main, links=links, edges=edges)


def likes() -> Program:
    main = MainParent(Link("parent", "users", ("user_id",), ("id",)), "#count:likes")
    links = (Link("tags", "tags", ("code",), ("code",)),)
    domains: dict[str, Domain] = {"user_id": Key("INTEGER", IntegerKey(10, 5)), "code": CODE}
    steps = [
        Copy("user_id", "parent.id"),
        PickDistinct("#row:tags", "tags"),
        Copy("code", "tags.code"),
    ]
    return program("likes", 60, steps, domains, main=main, links=links)


def lines() -> Program:
    main = MainParent(
        Link("parent", "orders", ("user_id", "line"), ("user_id", "line")), "#count:lines", 5, 60
    )
    domains: dict[str, Domain] = {
        "user_id": Key("INTEGER", IntegerKey(10, 5)), "line": Grid("BIGINT"), "nr": Grid("INTEGER"), "zone": ZONES,
    }  # fmt: skip
    steps: list[Step] = [
        Sibling("nr"),
        Copy("user_id", "parent.user_id"),
        Copy("line", "parent.line"),
        split("zone", ("parent.zone", "parent.nr"), (1, 2), np.int32),
    ]
    edges = {"parent.nr": np.array([4, 6])}
    return program("lines", 100, steps, domains, main=main, edges=edges)


FAMILY_ORDER = ("users", "tags", "places", "orders", "likes", "lines")


def family() -> Model:
    made = {p.table: p for p in (users(), tags(), places(), orders(), likes(), lines())}
    return Model("family", 1, "family", Graph(()), made, {}, FAMILY_ORDER)


@pytest.mark.parametrize("table", FAMILY_ORDER)
def test_a_family_made_by_hand(plain: duckdb.DuckDBPyConnection, table: str) -> None:
    assert check(plain, family(), table) > 0


@pytest.mark.parametrize("table", ["orders", "likes"])
def test_a_small_family(plain: duckdb.DuckDBPyConnection, table: str) -> None:
    assert check(plain, family(), table, scale=0.1) > 0
