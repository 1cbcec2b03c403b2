"""Totals of a parent: found where they hold in every row, and exact in every synthetic row."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql

SHOP = """
CREATE TABLE customers AS SELECT i AS id, ['CA', 'NY'][1 + i % 2] AS state FROM range(1, 201) t(i);
ALTER TABLE customers ADD PRIMARY KEY (id);
CREATE TABLE orders AS SELECT i AS id, 1 + (i * 7919) % 190 AS customer_id,
    ['web', 'shop', 'phone'][1 + i % 3] AS channel FROM range(1, 601) t(i);
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE TABLE items AS SELECT o.id * 10 + k AS id, o.id AS order_id,
    CAST(round(5 + random() * 50 * CASE channel WHEN 'web' THEN 1 ELSE 4 END, 2)
        AS DECIMAL(9, 2)) AS amount,
    CASE WHEN random() < .3 THEN NULL ELSE CAST(random() * 9 AS INTEGER) END AS rebate,
    TIMESTAMP '2024-01-01' + INTERVAL 1 MINUTE * CAST(random() * 500000 AS INTEGER) AS packed
    FROM orders o, range(5) t(k) WHERE k < o.id % 6;
ALTER TABLE items ADD PRIMARY KEY (id);
CREATE OR REPLACE TABLE orders AS SELECT o.*,
    coalesce(sum(amount), 0) AS total, count(i.id) AS n_items, max(rebate) AS best,
    min(packed) AS first_packed, avg(amount) AS mean
    FROM orders o LEFT JOIN items i ON i.order_id = o.id GROUP BY ALL;
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE OR REPLACE TABLE customers AS SELECT c.*, sum(total) AS spent, max(total) AS largest
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY ALL;
ALTER TABLE customers ADD PRIMARY KEY (id);
"""
KEYS = "['orders.customer_id -> customers', 'items.order_id -> orders']"


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute("SELECT setseed(0.25)")
    con.execute(SHOP)
    con.execute(f"CALL genesis_fit_database('shop', relationships := {KEYS})")
    con.execute("CALL genesis_generate_database('shop', target := 'synth', scale := 2, seed := 3)")
    yield con
    con.close()


def test_they_are_shown(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute("""SELECT table_name || '.' || column_name, reason
        FROM genesis_describe('shop') WHERE step = 'aggregate'""").fetchall()
    assert dict(found) == {
        "orders.total": "sum of items.amount",
        "orders.n_items": "count of items",
        "orders.best": "max of items.rebate",
        "orders.first_packed": "min of items.packed",
        "customers.spent": "sum of orders.total",
        "customers.largest": "max of orders.total",
    }
    inputs = db.execute("""SELECT DISTINCT unnest(inputs) FROM genesis_describe('shop')""")
    assert not [i for (i,) in inputs.fetchall() if "#drawn" in i]


def test_they_hold_in_every_synthetic_row(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute("""SELECT o.id, total, n_items, best, first_packed,
        coalesce(sum(amount), 0) = total, count(i.id) = n_items,
        max(rebate) IS NOT DISTINCT FROM best, min(packed) IS NOT DISTINCT FROM first_packed
        FROM synth.orders o LEFT JOIN synth.items i ON i.order_id = o.id
        GROUP BY o.id, total, n_items, best, first_packed""").fetchall()
    assert len(rows) > 1000
    assert all(all(r[5:]) for r in rows)
    assert 0 < sum(r[2] == 0 for r in rows) == sum(r[4] is None for r in rows) < len(rows)
    spent = db.execute("""SELECT spent IS NOT DISTINCT FROM sum(total)
        AND largest IS NOT DISTINCT FROM max(total), spent IS NULL
        FROM synth.customers c LEFT JOIN synth.orders o ON o.customer_id = c.id
        GROUP BY c.id, spent, largest""").fetchall()
    assert len(spent) == 400
    assert all(ok for ok, _ in spent)
    assert any(none for _, none in spent)


def test_types_are_kept(db: duckdb.DuckDBPyConnection) -> None:
    for table in ("orders", "customers"):
        assert db.sql(f"FROM synth.{table}").types == db.sql(f"FROM {table}").types


def test_a_range_of_rows_has_the_same_totals(db: duckdb.DuckDBPyConnection) -> None:
    whole = db.execute("FROM genesis_generate('shop', 'orders', scale := 2, seed := 3)").fetchall()
    part = "genesis_generate('shop', 'orders', rows := 50, first_row := 700, scale := 2, seed := 3)"
    assert db.execute(f"FROM {part}").fetchall() == whole[700:750]
    assert db.execute("FROM synth.orders").fetchall() == whole


def test_what_the_total_says_is_kept(db: duckdb.DuckDBPyConnection) -> None:
    mean = "SELECT channel, avg(total) FROM {0} GROUP BY channel ORDER BY channel"
    real, made = (dict(db.execute(mean.format(t)).fetchall()) for t in ("orders", "synth.orders"))
    assert made["phone"] > 1.8 * made["web"]
    assert all(abs(float(made[c]) / float(real[c]) - 1) < 0.2 for c in real)


def test_almost_a_total_is_no_total(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("CREATE SCHEMA other")
    db.execute("CREATE TABLE other.items AS FROM items")
    db.execute(
        "CREATE TABLE other.orders AS SELECT * REPLACE (total + (id = 7)::INT AS total) FROM orders"
    )
    db.execute("""CALL genesis_fit_database('almost', schema := 'other',
        relationships := ['items.order_id -> orders.id'])""")
    found = db.execute("""SELECT step FROM genesis_describe('almost')
        WHERE column_name = 'total'""").fetchall()
    assert found[0][0] != "aggregate"


def test_a_stored_model_gives_the_same_totals(db: duckdb.DuckDBPyConnection, tmp_path) -> None:
    path = str(tmp_path / "shop.genesis")
    db.execute(f"CALL genesis_export('shop', '{path}')")
    con = genesis_sql.connect()
    con.execute(f"CALL genesis_import('{path}')")
    rows = "FROM genesis_generate('shop', 'orders', scale := 2, seed := 3)"
    assert con.execute(rows).fetchall() == db.execute("FROM synth.orders").fetchall()
    con.close()
