"""The CRM example: five tables from CREATE TABLE text, through SQL, offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.schema_doors import from_schema
from genesis_sql.types import RawSchema
from tests.drafts.conftest import CRM

ROWS = {"customers": 40, "contacts": 100, "products": 30, "orders": 200, "order_items": 500}
_MAP = ", ".join(f"'{t}': {n}" for t, n in ROWS.items())
GENERATE = f"CALL genesis_generate_database('crm', target := $target, rows := MAP {{{_MAP}}}, seed := $seed)"


@pytest.fixture(scope="module")
def filled() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute("CALL genesis_schema('crm', ddl := ?)", [CRM]).fetchall()
    con.execute(GENERATE, {"target": "synth", "seed": 1}).fetchall()
    con.execute("USE synth")
    yield con
    con.close()


def count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    """Rows of a query that there should be none of, or all of."""
    return int(con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def test_rows_are_exact_and_keys_declared(filled: duckdb.DuckDBPyConnection) -> None:
    assert {t: count(filled, t) for t in ROWS} == ROWS
    declared = "SELECT constraint_type FROM duckdb_constraints() WHERE schema_name = 'synth'"
    kinds = [r[0] for r in filled.execute(declared).fetchall()]
    assert (kinds.count("PRIMARY KEY"), kinds.count("FOREIGN KEY")) == (5, 4)
    checked = "SELECT count(*) > 10, sum(violations) FROM genesis_integrity('crm')"
    assert filled.execute(checked).fetchall() == [(True, 0)]


def test_totals_are_the_sums_of_the_lines(filled: duckdb.DuckDBPyConnection) -> None:
    lines = "SELECT order_id, round(sum(quantity * unit_price), 2) AS s FROM order_items GROUP BY 1"
    wrong = (
        f"orders LEFT JOIN ({lines}) AS l ON l.order_id = id WHERE total_amount <> coalesce(s, 0)"
    )
    assert count(filled, wrong) == 0
    assert count(filled, "orders WHERE total_amount > 0") > 100


def test_a_line_costs_what_the_product_does(filled: duckdb.DuckDBPyConnection) -> None:
    pairs = "order_items AS i JOIN products AS p ON p.id = i.product_id"
    assert count(filled, f"{pairs} WHERE unit_price = price") == ROWS["order_items"]


def test_orders_come_after_their_customers(filled: duckdb.DuckDBPyConnection) -> None:
    pairs = "orders AS o JOIN customers AS c ON c.id = o.customer_id"
    assert count(filled, f"{pairs} WHERE order_date > created_at") == ROWS["orders"]
    assert count(filled, "orders WHERE order_date > DATE '2026-01-01'") == 0


def test_only_what_was_sent_has_a_day_of_sending(filled: duckdb.DuckDBPyConnection) -> None:
    sent = "orders WHERE status IN ('Shipped', 'Delivered')"
    assert count(filled, sent) > 50
    assert count(filled, f"{sent} AND shipped_at > order_date") == count(filled, sent)
    assert count(filled, "orders WHERE shipped_at IS NOT NULL") == count(filled, sent)
    states = filled.execute("SELECT DISTINCT status FROM orders").fetchall()
    assert {s for (s,) in states} <= {"New", "Processing", "Shipped", "Delivered", "Cancelled"}


def test_addresses_are_unique_and_one_contact_is_the_first(
    filled: duckdb.DuckDBPyConnection,
) -> None:
    assert count(filled, "(SELECT DISTINCT email FROM contacts WHERE email LIKE '%@%.%')") == 100
    assert count(filled, "(SELECT DISTINCT name FROM customers)") == ROWS["customers"]
    groups = "SELECT customer_id FROM contacts GROUP BY 1 HAVING count(*) FILTER (is_primary) <> 1"
    assert count(filled, f"({groups})") == 0


def test_the_busiest_customers_have_more_than_their_share(
    filled: duckdb.DuckDBPyConnection,
) -> None:
    query = "SELECT max(n), sum(n) FROM (SELECT count(*) AS n FROM orders GROUP BY customer_id)"
    most, whole = filled.execute(query).fetchall()[0]
    assert most > 2 * whole / ROWS["customers"]


def test_describe_says_what_fills_a_column_and_why(filled: duckdb.DuckDBPyConnection) -> None:
    told = dict(
        filled.execute(
            "SELECT table_name || '.' || column_name, reason FROM genesis_describe('crm')"
        ).fetchall()
    )
    assert "email" in told["contacts.email"]
    assert "order_items" in told["orders.total_amount"]
    assert "customers" in told["orders.order_date"]


def test_the_same_seed_gives_the_same_rows_and_another_gives_others() -> None:
    con = genesis_sql.connect()
    con.execute("CALL genesis_schema('crm', ddl := ?)", [CRM]).fetchall()
    for target, seed in (("one", 5), ("two", 5), ("three", 6)):
        con.execute(GENERATE, {"target": target, "seed": seed}).fetchall()
    for table in ROWS:
        assert count(con, f"(FROM one.{table} EXCEPT FROM two.{table})") == 0
        assert count(con, f"(FROM one.{table} EXCEPT FROM three.{table})") > 0
    part = con.execute("FROM genesis_generate('crm', 'contacts', rows := 5)").fetchall()
    assert len(part) == 5
    con.close()


@pytest.mark.parametrize(
    "price",
    ["round(5 + 10 * u(), 2)", {"type": "uniform", "min": 5, "max": 15}, [5.25, 9.75]],
    ids=["SQL", "a law without decimals", "a list"],
)
def test_totals_add_up_whatever_fills_the_price(crm: RawSchema, price: Any) -> None:
    with genesis_sql.connect() as con:
        from_schema(crm, con=con, name="crm", columns={"products.price": price})
        genesis_sql.generate_database(con, "crm", "made", rows={"orders": 60, "products": 20})
        query = "SELECT count(*) FILTER (price BETWEEN 5 AND 15) FROM made.products"
        assert con.execute(query).fetchall() == [(20,)]
        query = """
            SELECT count(*), count(*) FILTER (abs(total_amount - s) > 0.005) FROM made.orders AS o JOIN (
              SELECT order_id, sum(quantity * unit_price) AS s FROM made.order_items GROUP BY order_id
            ) ON order_id = o.id"""
        ((orders, wrong),) = con.execute(query).fetchall()
        assert orders > 40
        assert wrong == 0
