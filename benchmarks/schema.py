"""Schemas without data: the CRM example of five tables, a million rows with keys; its phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import delivery, meanings, providers
from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report

MOST_SECONDS = 15.0
FAKER_ROWS = 3_000
ROWS = {
    "customers": 40_000, "contacts": 110_000, "products": 10_000, "orders": 240_000,
    "order_items": 600_000,
}  # fmt: skip
"""A million rows in all."""
CRM = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name VARCHAR(100) UNIQUE, industry VARCHAR(50), website VARCHAR(100),
  status VARCHAR(20), created_at DATE);
COMMENT ON COLUMN customers.name IS 'Customer organization name';
COMMENT ON COLUMN customers.status IS 'Active, Inactive, Prospect';
CREATE TABLE contacts (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), first_name VARCHAR(50),
  last_name VARCHAR(50), email VARCHAR(100) UNIQUE, phone VARCHAR(20), position VARCHAR(100),
  is_primary BOOLEAN);
COMMENT ON COLUMN contacts.position IS 'Job title or position';
CREATE TABLE products (
  id INTEGER PRIMARY KEY, name VARCHAR(100) UNIQUE, category VARCHAR(50), price DOUBLE,
  description TEXT);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), order_date DATE,
  status VARCHAR(20), total_amount DOUBLE);
COMMENT ON COLUMN orders.status IS 'Order status: New, Processing, Shipped, Delivered, Cancelled';
CREATE TABLE order_items (
  id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id),
  product_id INTEGER REFERENCES products (id), quantity INTEGER, unit_price DOUBLE);
"""
WRONG_TOTALS = """
SELECT count(*) FROM made.orders AS o LEFT JOIN (
  SELECT order_id, round(sum(quantity * unit_price), 2) AS s FROM made.order_items GROUP BY ALL
) AS l ON l.order_id = o.id WHERE abs(total_amount - coalesce(s, 0)) > 0.005
"""
EARLY = """
SELECT count(*) FROM made.orders AS o JOIN made.customers AS c ON c.id = o.customer_id
WHERE order_date <= created_at
"""


def scaled(rows: int) -> dict[str, int]:
    """The rows of each table, so many in all.

    Example:
        >>> scaled(100)["order_items"]
        60
    """
    return {table: max(1, many * rows // sum(ROWS.values())) for table, many in ROWS.items()}


def draft_time(con: Any) -> float:
    """Seconds from the script to a saved profile."""
    return seconds(lambda: con.execute("CALL genesis_schema('crm', ddl := ?)", [CRM]).fetchall())


def generate(con: Any, rows: Mapping[str, int], *, keys: str = "declare") -> dict[str, Any]:
    """Write the five tables: seconds in all and by table, and what breaks a key."""
    told: list[Any] = []
    asked = ", ".join(f"'{table}': {many}" for table, many in rows.items())
    call = (
        f"CALL genesis_generate_database('crm', target := 'made', rows := MAP {{{asked}}}, "
        f"seed := 1, keys := '{keys}', if_exists := 'replace')"
    )
    took = seconds(lambda: told.extend(con.execute(call).fetchall()))
    return {
        "seconds": took, "rows": sum(r[1] for r in told), "broken": sum(r[2] + r[3] for r in told),
        "tables": {r[0]: r[4] for r in told},
    }  # fmt: skip


def faker_rate(rows: int) -> float:
    """Contacts per second of the library that others build on, five values each."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(1)

    def contacts() -> list[tuple[str, ...]]:
        return [
            (fake.first_name(), fake.last_name(), fake.email(), fake.phone_number(), fake.job())
            for _ in range(rows)
        ]

    return rows / seconds(contacts)


def contact_rate(con: Any, rows: int) -> float:
    """Contacts per second without keys: names, e-mail, phone, position."""
    statement = "CREATE OR REPLACE TABLE few AS FROM genesis_generate('crm', 'contacts', rows := ?)"
    return rows / seconds(lambda: con.execute(statement, [rows]))


def measure(con: Any, options: Options) -> dict[str, Any]:
    """Everything of the CRM example."""
    rows = scaled(min(options.rows, 10_000) if options.quick else options.rows)
    first = draft_time(con)
    generate(con, scaled(1_000))
    runs = [generate(con, rows) for _ in range(options.rounds)]
    wrong, early = (int(con.execute(q).fetchall()[0][0]) for q in (WRONG_TOTALS, EARLY))
    bare = generate(con, rows, keys="none")
    few = rows["contacts"]
    return {
        "draft": first, "runs": runs, "bare": bare, "wrong totals": wrong, "early": early,
        "contacts": median([contact_rate(con, few) for _ in range(options.rounds)]),
        "faker": faker_rate(100 if options.quick else FAKER_ROWS),
    }  # fmt: skip


def run(options: Options) -> Report:
    """The benchmark."""
    import genesis_sql

    before = machine()
    with genesis_sql.connect() as con:
        con.execute("SET threads = 2")
        found = measure(con, options)
    took = median([r["seconds"] for r in found["runs"]])
    rows = found["runs"][0]["rows"]
    bound = None if options.quick else Must(most=MOST_SECONDS)
    lines = [
        Line("DDL to profile, first call, s", found["draft"]),
        Line(f"{rows:,} rows in five tables with keys, s", took, bound),
        Line("the same without keys, s", found["bare"]["seconds"]),
        Line("rows that break a key", max(r["broken"] for r in found["runs"]), Must(most=0)),
        Line("totals that are not the sum of the lines", found["wrong totals"], Must(most=0)),
        Line("orders not after their customer", found["early"], Must(most=0)),
        Line("contacts per second (name, e-mail, phone, position)", found["contacts"],
             None, {"faker": found["faker"]}),
    ]  # fmt: skip
    last = found["runs"][-1]["tables"]
    lines += [Line(f"of which {table}, s", spent) for table, spent in last.items()]
    for part in (providers.run(options), delivery.run(options), meanings.run(options)):
        lines += [line for line in part.lines if line.must is not None]
    return Report(
        "schemas without data: the CRM example, and its parts", lines, before, detail=found
    )
