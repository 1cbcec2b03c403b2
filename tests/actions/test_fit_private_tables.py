"""Related tables under differential privacy: the unit is a row of the root, and what it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest

import genesis_sql
from genesis_sql import errors
from genesis_sql.actions import private_units
from genesis_sql.actions.private_units import chosen
from genesis_sql.models.dp.meter import Meter, Noisy
from genesis_sql.plan.compile import compile_sql
from genesis_sql.session import session_of

TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, kind VARCHAR NOT NULL, age INTEGER);
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer INTEGER REFERENCES customers (id),
  amount INTEGER, way VARCHAR);
CREATE TABLE items ("order" BIGINT REFERENCES orders (id), line INTEGER, sku VARCHAR,
  PRIMARY KEY ("order", line));
"""
ROWS = """
INSERT INTO customers SELECT i, ['a', 'b'][1 + i % 2], 20 + i % 60 FROM range(2000) r(i);
INSERT INTO orders SELECT i * 10 + j, i, j + (i % 2) * 200, ['x', 'y'][1 + i % 2]
  FROM range(2000) r(i), range(4) s(j) WHERE j < 1 + (i % 2) * 2;
INSERT INTO items SELECT id, l, CASE way WHEN 'x' THEN 's1' ELSE 's2' END
  FROM orders, range(2) t(l);
"""
HEAVY = """
INSERT INTO customers VALUES (-1, 'a', 33);
INSERT INTO orders SELECT -1 - j, -1, 777, 'x' FROM range(500) s(j);
INSERT INTO items SELECT id, l, 's1' FROM orders, range(40) t(l) WHERE id < 0;
"""
MOST = 3
OPTIONS = {"epsilon": 20.0, "delta": 1e-6, "most_children": MOST}
CLOSED = {
    "customers": {"bounds": {"age": [0, 120]}, "domains": {"kind": ["a", "b"]}},
    "orders": {"bounds": {"amount": [0, 255]}, "domains": {"way": ["x", "y"]}},
    "items": {"domains": {"sku": ["s1", "s2"]}},
}


def fit(con: duckdb.DuckDBPyConnection, **options: Any) -> Any:
    return genesis_sql.fit_database(con, "m", method="dp", options={**OPTIONS, **options})


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        con.execute(TABLES + ROWS + HEAVY)
        fit(con)
        genesis_sql.generate_database(con, "m", "synth")
        yield con


def test_related_rows(made: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT kind, count(o.id) / count(DISTINCT c.id), avg(amount), avg((way = 'x')::INT)
      FROM synth.customers c LEFT JOIN synth.orders o ON o.customer = c.id GROUP BY ALL ORDER BY 1"""
    (_, few, low, x), (_, many, high, y) = made.execute(query).fetchall()
    assert few == pytest.approx(1.0, abs=0.2)
    assert many == pytest.approx(3.0, abs=0.2)
    assert low < 30
    assert high > 150
    assert x > 0.9 > 0.1 > y
    query = """SELECT avg(((way = 'x') = (sku = 's1'))::INT), max(line), min(line)
      FROM synth.items i JOIN synth.orders o ON o.id = i."order" """
    agree, last, first = made.execute(query).fetchall()[0]
    assert agree > 0.9
    assert (first, last <= MOST) == (1, True)
    worst = made.execute(
        "SELECT max(n) FROM (SELECT count(*) n FROM synth.orders GROUP BY customer)"
    ).fetchall()
    assert worst[0][0] <= MOST  # the 500 orders of one customer are not seen


def test_what_is_told(made: duckdb.DuckDBPyConnection) -> None:
    reasons = dict(
        made.execute(
            "SELECT table_name || '.' || column_name, reason FROM genesis_describe('m')"
        ).fetchall()
    )
    assert reasons["orders.customer"] == "a row of customers, of which 3 rows count"
    sources = made.execute("SELECT DISTINCT source FROM genesis_ledger()").fetchall()
    assert {s for (s,) in sources} == {f'"main"."{t}"' for t in CLOSED}


@pytest.mark.parametrize("table", list(CLOSED))
def test_one_select_gives_the_same_rows(made: duckdb.DuckDBPyConnection, table: str) -> None:
    session = session_of(made)
    with session.cursor() as cursor:
        model = session.load(cursor, "memory", "m", None)
    with duckdb.connect() as plain:
        found = plain.sql(compile_sql(model, table, seed=0, scale=1.0, raw=[]))
        columns = ", ".join(f'"{o.name}"' for o in model.programs[table].outputs)
        ours = found.project(columns).fetchall()
    theirs = made.execute(f"SELECT {columns} FROM synth.{table}").fetchall()
    assert len(ours) > 1000
    assert sorted(map(str, ours)) == sorted(map(str, theirs))


Asked = tuple[str, int, np.ndarray]


def looked_at(statements: str, patch: pytest.MonkeyPatch) -> list[Asked]:
    """What a fit hands to its meters: for what, rows that a unit has, and exact numbers.

    What comes back is held fixed, so that two fits ask the same questions.
    """
    asked: list[Asked] = []

    def counts(meter: Meter, true: np.ndarray, rho: float) -> Noisy:
        asked.append(("counts", meter.most, np.array(true)))
        return Noisy(np.full(np.shape(true), 50), 9)

    def choose(meter: Meter, scores: np.ndarray, rho: float) -> int:
        asked.append(("scores", meter.most, np.array(scores)))
        return 0

    patch.setattr(Meter, "counts", counts)
    patch.setattr(Meter, "choose", choose)
    patch.setattr(private_units, "words", lambda n: np.zeros(n, np.uint64))
    with genesis_sql.connect() as con:
        con.execute(TABLES + statements)
        fit(con, **CLOSED)
    return asked


def test_no_question_depends_on_a_unit_more_than_its_price(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A customer more, with 500 orders of 40 items: each answer moves by what was paid for."""
    one, other = (looked_at(s, monkeypatch) for s in (ROWS, ROWS + HEAVY))
    assert len(one) == len(other) > 15
    moved: dict[int, float] = {}
    for (kind, most, before), (same, price, after) in zip(one, other, strict=True):
        assert (kind, most) == (same, price)
        apart = (after - before).astype(np.float64)
        size = float(np.abs(apart).max() if kind == "scores" else np.sqrt((apart**2).sum()))
        assert size <= most
        moved[most] = max(moved.get(most, 0.0), size)
    assert moved == {1: 1.0, MOST: MOST, MOST**2: MOST**2}  # and the bounds are met


def test_without_the_bound_it_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_units, "chosen", lambda above, most: above >= 0)
    one, other = (looked_at(s, monkeypatch) for s in (ROWS, ROWS + HEAVY))
    worst = max(
        float(np.abs(after - before).max()) / most
        for (_, most, before), (_, _, after) in zip(one, other, strict=True)
    )
    assert worst > 100


def test_rows_that_count_are_taken_at_random() -> None:
    above = np.array([2, 0, 0, 0, -1, 0, 2, 0])
    kept = [chosen(above, 2) for _ in range(60)]
    for one in kept:
        assert [int(one[above == p].sum()) for p in (0, 2)] == [2, 2]
        assert not one[above < 0].any()
    assert len({one.tobytes() for one in kept}) > 4


def test_tables_that_make_no_tree(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(TABLES + "CREATE TABLE goods (id INTEGER PRIMARY KEY, price INTEGER)")
    with pytest.raises(errors.SchemaError, match="'customers', 'goods' hang on no other"):
        fit(con)
    with pytest.raises(errors.OptionError, match="privacy_unit names 'custmers'.*did you mean"):
        fit(con, privacy_unit="custmers")
    con.execute("""CREATE TABLE sold (item INTEGER REFERENCES goods (id),
      customer INTEGER REFERENCES customers (id))""")
    with pytest.raises(errors.SchemaError, match="follows one key"):
        fit(con)
    con.execute("DROP TABLE sold; DROP TABLE goods")
    with pytest.raises(errors.SchemaError, match="declare its key"):
        genesis_sql.fit_database(
            con,
            "m",
            method="dp",
            options=OPTIONS,
            relationships=["orders(amount) -> customers(age)"],
        )
    assert con.execute("FROM genesis_ledger()").fetchall() == []


def test_methods_are_not_mixed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(TABLES + ROWS)
    with pytest.raises(errors.OptionError, match="as a whole or not at all"):
        fit(con, orders={"method": "trees"})
    with pytest.raises(errors.OptionError, match="a guarantee holds for a whole fit"):
        genesis_sql.fit_database(con, "m", options={"orders": {"method": "dp"}})


def test_empty_tables_fit_too(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(TABLES)
    assert [r["table_name"] for r in fit(con)] == ["customers", "orders", "items"]
    genesis_sql.generate_database(con, "m", "synth")
