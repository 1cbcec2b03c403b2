"""Rows by number: any range, any order, any threads; keys that hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.plan.query import OLD

TABLES = ("customers", "products", "orders", "lines", "likes")
SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, state VARCHAR, boss INTEGER);
INSERT INTO customers
SELECT i, ['CA', 'NY', 'TX'][1 + i % 3], CASE WHEN i % 4 = 0 THEN NULL ELSE i // 2 END
FROM range(400) t(i);

CREATE TABLE products (code VARCHAR PRIMARY KEY, price DECIMAL(8, 2), kind VARCHAR);
INSERT INTO products
SELECT 'P-' || lpad(CAST(i AS VARCHAR), 4, '0'), 5 + i % 50, ['food', 'tool'][1 + i % 2]
FROM range(150) t(i);

CREATE TABLE orders (
    id BIGINT PRIMARY KEY,
    customer INTEGER REFERENCES customers (id),
    placed TIMESTAMP NOT NULL
);
INSERT INTO orders
SELECT 1000 + 3 * row_number() OVER (), CASE WHEN random() < 0.1 THEN NULL ELSE id END,
    TIMESTAMP '2024-01-01' + INTERVAL 1 MINUTE * CAST(random() * 500000 AS INTEGER)
FROM customers, range(5)
WHERE random() < 0.5;

CREATE TABLE lines (
    order_id BIGINT REFERENCES orders (id),
    line INTEGER,
    product VARCHAR NOT NULL REFERENCES products (code),
    n INTEGER,
    PRIMARY KEY (order_id, line)
);
INSERT INTO lines
SELECT o.id, 1 + l.i,
    'P-' || lpad(CAST(CAST(floor(random() * 150) AS INTEGER) AS VARCHAR), 4, '0'),
    CAST(1 + random() * 9 AS INTEGER)
FROM orders o, range(4) l(i)
WHERE l.i <= o.id % 4;

CREATE TABLE likes (
    customer INTEGER REFERENCES customers (id),
    product VARCHAR REFERENCES products (code),
    PRIMARY KEY (customer, product)
);
INSERT INTO likes SELECT id, code FROM customers, products WHERE random() < 0.02;
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """Customers, orders, lines, products and a bridge; some references are NULL, some dangle."""
    con = genesis_sql.connect()
    con.execute("SELECT setseed(0.5)")
    con.execute(SHOP)
    con.execute(
        "CALL genesis_fit_database('shop', relationships := ['customers.boss -> customers.id'])"
    )
    con.execute("CALL genesis_generate_database('shop', target := 'synth', seed := 7)")
    yield con
    con.close()


def fetch(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def test_every_table_has_about_its_rows_and_its_keys(shop: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        real, made = (fetch(shop, f"SELECT count(*) FROM {p}{table}")[0][0] for p in ("", "synth."))
        assert made > 0
        assert abs(made / real - 1) < 0.15, table
    for table in ("customers", "products"):
        same = f"SELECT (SELECT count(*) FROM {table}) = (SELECT count(*) FROM synth.{table})"
        assert fetch(shop, same) == [(True,)]
    keys = """SELECT table_name, count(*) FROM duckdb_constraints()
        WHERE schema_name = 'synth' AND constraint_type = 'FOREIGN KEY'
        GROUP BY ALL ORDER BY ALL"""
    own = [] if OLD else [("customers", 1)]  # there no key of a table to itself is declared
    assert fetch(shop, keys) == [*own, ("likes", 2), ("lines", 2), ("orders", 1)]


def test_null_references_keep_their_share(shop: duckdb.DuckDBPyConnection) -> None:
    real, made = (
        fetch(shop, f"SELECT avg(CAST(customer IS NULL AS INTEGER)) FROM {p}orders")[0][0]
        for p in ("", "synth.")
    )
    assert 0.05 < real < 0.15
    assert abs(real - made) < 0.04


LEVELS = """WITH RECURSIVE tree AS (
    SELECT id, 0 AS depth FROM {0}customers WHERE boss IS NULL UNION ALL
    SELECT c.id, depth + 1 FROM {0}customers c JOIN tree ON c.boss = tree.id)
    SELECT depth, count(*) FROM tree GROUP BY depth ORDER BY depth"""


def test_a_self_reference_keeps_its_levels(shop: duckdb.DuckDBPyConnection) -> None:
    real, made = (fetch(shop, LEVELS.format(place)) for place in ("", "synth."))
    assert made == real
    assert sum(n for _, n in made) == 400
    assert len(made) > 5


def test_line_numbers_count_up_within_their_order(shop: duckdb.DuckDBPyConnection) -> None:
    odd = """SELECT count(*) FROM (
        SELECT max(line) <> count(*) OR min(line) <> 1 AS odd FROM synth.lines GROUP BY order_id
        ) WHERE odd"""
    assert fetch(shop, odd) == [(0,)]


@pytest.mark.parametrize("table", TABLES)
def test_separate_statements_give_the_same_database(
    shop: duckdb.DuckDBPyConnection, table: str
) -> None:
    order = "ORDER BY id" if table == "customers" else ""  # loaded by the levels of its key
    kept = fetch(shop, f"FROM synth.{table} {order}")
    made = "FROM genesis_generate('shop', '{0}', {1}scale := 1.0, seed := {2})"
    whole = fetch(shop, made.format(table, "", 7))
    assert len(kept) > 100
    assert kept == whole
    part = fetch(shop, made.format(table, "rows := 37, first_row := 41, ", 7))
    assert part == whole[41:78]
    assert whole != fetch(shop, made.format(table, "", 8))


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_change_nothing(shop: duckdb.DuckDBPyConnection, threads: int) -> None:
    cursor = genesis_sql.register(shop.cursor())
    cursor.execute(f"SET threads = {threads}")
    made = fetch(cursor, "FROM genesis_generate('shop', 'lines', scale := 1.0, seed := 7)")
    cursor.execute("SET threads = 2")
    assert made == fetch(shop, "FROM synth.lines")


def test_rows_without_scale_are_a_prefix_where_no_further_parent_is_chosen(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    many = fetch(shop, "FROM genesis_generate('shop', 'orders', rows := 3000, seed := 7)")
    few = fetch(shop, "FROM genesis_generate('shop', 'orders', rows := 100, seed := 7)")
    assert len(many) == 3000
    assert many[:100] == few


def test_a_larger_scale_keeps_the_rows_of_the_smaller(shop: duckdb.DuckDBPyConnection) -> None:
    """A chosen row, of another table or of this one, depends on the scale; all else does not."""
    for columns, table, rows in (("* EXCLUDE (boss)", "customers", 400), ("*", "products", 150)):
        made = (
            f"SELECT {columns} FROM genesis_generate('shop', '{table}', scale := {{}}, seed := 7)"
        )
        small, large = (fetch(shop, made.format(scale)) for scale in (0.5, 3))
        assert (len(small), len(large)) == (rows // 2, rows * 3)
        assert large[: rows // 2] == small


def test_verbatim_tables_are_copied_and_never_scaled(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute(
        """CALL genesis_fit_database('copy',
        tables := ['products', 'likes', 'customers'], verbatim := ['products'])"""
    )
    report = fetch(shop, "CALL genesis_generate_database('copy', target := 'copied', scale := 2)")
    assert [r[2:4] for r in report] == [(0, 0)] * 3
    copied = fetch(shop, "FROM copied.products ORDER BY code")
    assert copied == fetch(shop, "FROM products ORDER BY code")
    assert fetch(shop, "SELECT count(*) FROM copied.customers") == [(800,)]


def test_nothing_generated_is_a_failure_not_a_pass(shop: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="no rows were generated"):
        shop.execute("CALL genesis_generate_database('shop', target := 'nothing', scale := 0.0001)")
    left = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'nothing'"
    assert fetch(shop, left) == [(0,)]
    status = fetch(shop, "SELECT status FROM genesis_history() LIMIT 1")
    assert status == [("error",)]
