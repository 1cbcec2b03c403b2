"""Tables whose rows read earlier siblings, open keys and required parents as one SELECT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pytest

import genesis_sql
from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.steps import AGO, PREV, TIME, Override, step_inputs
from genesis_sql.session import session_of
from tests.plan.test_compile import check
from tests.plan.test_sequence import VISITS
from tests.plan.test_unique import CASES, ROOTS


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def fitted(*statements: str, **options: object) -> Model:
    """The model that `genesis_fit_database` makes of what the statements create."""
    con = genesis_sql.connect()
    for statement in statements:
        con.execute(statement)
    given = "".join(f", {name} := ?" for name in options)
    con.execute(f"CALL genesis_fit_database('m'{given})", list(options.values()))
    session = session_of(con)
    with session.cursor() as cursor:
        found: Model = session.load(cursor, "memory", "m", None)
    con.close()
    return found


@pytest.fixture(scope="module")
def visits() -> Model:
    """Visits in their order, and some of nobody."""
    return fitted(
        VISITS,
        "INSERT INTO visits SELECT 9000 + i, NULL, DATE '2020-01-01' + CAST(i AS INTEGER), 'cure', 60, 5, 5 FROM range(40) t(i)",
    )


def told(model: Model, table: str) -> set[str]:
    return {n.partition(".")[0] for s in model.programs[table].steps for n in step_inputs(s)}


@pytest.mark.parametrize("scale", [0.1, 2.3])
def test_rows_that_know_the_rows_before_them(
    plain: duckdb.DuckDBPyConnection, visits: Model, scale: float
) -> None:
    assert {PREV, AGO, TIME} <= told(visits, "visits")
    rows = check(plain, visits, "visits", scale=scale)
    assert rows > 100
    alone = Sampler(visits, 7, scale).rows("visits", np.arange(rows)).k == -1
    assert 0 < alone.sum() < rows / 2


def test_a_range_is_that_of_the_whole(plain: duckdb.DuckDBPyConnection, visits: Model) -> None:
    whole = plain.sql(compile_sql(visits, "visits", seed=3)).fetchall()
    part = plain.sql(compile_sql(visits, "visits", seed=3, first=333, stop=345)).fetchall()
    assert part == whole[333:345]


def test_constraints_of_rows_that_know_the_rows_before_them(
    plain: duckdb.DuckDBPyConnection, visits: Model
) -> None:
    program = visits.programs["visits"]
    kept = replace(program, constraints=(Constraint("paid > 20 OR kind = 'cure'", "declared"),))
    model = replace(visits, programs={**visits.programs, "visits": kept})
    assert len(Sampler(model, 7).attempts("visits", ["score"])[0]) > 10
    assert check(plain, model, "visits") > 1000


@pytest.mark.parametrize("column", ["kind", "balance"])
def test_a_column_alone(plain: duckdb.DuckDBPyConnection, visits: Model, column: str) -> None:
    """What stands inside the recursion and behind it depends on what is asked for."""
    query = compile_sql(visits, "visits", raw=[column])
    found = plain.sql(f'SELECT "#raw {column}" FROM ({query})').fetchall()
    raw = Sampler(visits).raw("visits", np.arange(len(found)), [column])[column]
    assert [v for (v,) in found] == raw.values.tolist()


@pytest.mark.parametrize(
    "case",
    ["a pair of further parents", "two numbers", "names below a row of the same table"],
)
def test_keys_that_no_step_keeps(plain: duckdb.DuckDBPyConnection, case: str) -> None:
    model = fitted(ROOTS, CASES[case], options={"x": {"min_cell": 5}})
    steps = Sampler(model, 7, 2.0).program("x").steps
    assert any(isinstance(s, Override) for s in steps)
    assert check(plain, model, "x", scale=2.0) > 20


SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, state VARCHAR, age INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
  amount DECIMAL(10, 2), placed DATE);
INSERT INTO customers SELECT i, ['CA', 'NY', 'TX'][1 + i % 3], 18 + i * 7919 % 61 FROM range(1, 401) t(i);
INSERT INTO orders SELECT id * 10 + k, id, 20 * (1 + id % 3) + (id * 31 + k * 577) % 1999 / 100,
  DATE '2025-01-01' + CAST((id * 37 + k * 101) % 365 AS INTEGER)
  FROM customers, range(4) t(k) WHERE k < age // 18;
"""


@pytest.mark.parametrize("table", ["customers", "orders"])
def test_a_shop(plain: duckdb.DuckDBPyConnection, shop: Model, table: str) -> None:
    assert check(plain, shop, table) > 300


@pytest.fixture(scope="module")
def shop() -> Model:
    return fitted(SHOP)


def constrained(model: Model, table: str, sql: str) -> Model:
    kept = replace(model.programs[table], constraints=(Constraint(sql, "declared"),))
    return replace(model, programs={**model.programs, table: kept})


def test_late_attempts(plain: duckdb.DuckDBPyConnection, shop: Model) -> None:
    """Behind attempt 63 what the parents say is drawn anew, which has no SQL form."""
    rare = constrained(shop, "orders", "extract(day FROM placed) = 5")
    with pytest.raises(
        GenesisError, match="rows of table 'orders' keep its constraints only behin"
    ):
        compile_sql(rare, "orders", scale=0.2)
    rare = constrained(shop, "customers", "age = 30")
    assert Sampler(rare, 7, 0.2).attempts("customers", ["age"])[1].max() > 63
    assert check(plain, rare, "customers", scale=0.2) == 80
