"""Harder schemas, drafted, filled and looked at: circles, states, sums, composite and odd keys."""

from __future__ import annotations

import duckdb
import pytest

import genesis_sql

SHOP = """
CREATE TYPE order_state AS ENUM ('pending', 'paid', 'shipped', 'delivered', 'cancelled');
CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(60) NOT NULL);
CREATE TABLE users (
  id UUID PRIMARY KEY, email TEXT NOT NULL UNIQUE, country_code CHAR(2) REFERENCES countries (code),
  created_at TIMESTAMP NOT NULL, last_login TIMESTAMP);
CREATE TABLE products (
  id INT PRIMARY KEY, sku VARCHAR(12) UNIQUE NOT NULL, price NUMERIC(8,2) NOT NULL CHECK (price > 0),
  cost NUMERIC(8,2), stock INT CHECK (stock >= 0), tags TEXT[], CHECK (cost < price));
CREATE TABLE orders (
  id BIGSERIAL PRIMARY KEY, user_id UUID NOT NULL REFERENCES users (id), status order_state NOT NULL,
  placed_at TIMESTAMP NOT NULL, paid_at TIMESTAMP, shipped_at TIMESTAMP, delivered_at TIMESTAMP,
  cancelled_at TIMESTAMP, subtotal NUMERIC(10,2) NOT NULL, tax NUMERIC(10,2) NOT NULL,
  total NUMERIC(10,2) NOT NULL, line_count INT);
CREATE TABLE order_lines (
  order_id BIGINT REFERENCES orders (id), line_no INT, product_id INT NOT NULL REFERENCES products (id),
  qty INT NOT NULL CHECK (qty BETWEEN 1 AND 9), unit_price NUMERIC(8,2) NOT NULL,
  line_total NUMERIC(10,2) NOT NULL, PRIMARY KEY (order_id, line_no), UNIQUE (order_id, product_id));
CREATE TABLE product_tags (
  product_id INT REFERENCES products (id), tag VARCHAR(20), PRIMARY KEY (product_id, tag));
CREATE TABLE user_profiles (user_id UUID PRIMARY KEY REFERENCES users (id), bio TEXT);
"""
WRONG = {
    "a total is off": "orders WHERE total <> subtotal + tax",
    "a subtotal is off": """orders AS o WHERE subtotal <> (
      SELECT coalesce(sum(line_total), 0) FROM order_lines AS l WHERE l.order_id = o.id)""",
    "a line is off": "order_lines WHERE line_total <> qty * unit_price",
    "a count is off": """orders AS o WHERE line_count <> (
      SELECT count(*) FROM order_lines AS l WHERE l.order_id = o.id)""",
    "paid and not": "orders WHERE (paid_at IS NULL) <> (status IN ('pending', 'cancelled'))",
    "sent and not": "orders WHERE (shipped_at IS NULL) <> (status NOT IN ('shipped', 'delivered'))",
    "there and not": "orders WHERE (delivered_at IS NULL) <> (status <> 'delivered')",
    "void and not": "orders WHERE (cancelled_at IS NULL) <> (status <> 'cancelled')",
    "back in time": "orders WHERE paid_at <= placed_at OR shipped_at <= paid_at",
    "before the user": "orders JOIN users AS u ON u.id = user_id WHERE placed_at <= created_at",
    "a login too early": "users WHERE last_login <= created_at",
    "dearer to buy": "products WHERE cost >= price",
}


def count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    con = genesis_sql.connect()
    genesis_sql.from_ddl(SHOP, con=con, name="shop", rows={"users": 80})
    told = genesis_sql.generate_database(con, "shop", "made", seed=1)
    assert sum(r["orphans"] + r["violations"] for r in told) == 0
    con.execute("USE made")
    return con


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_no_row_is_wrong(shop: duckdb.DuckDBPyConnection, rows: str) -> None:
    assert count(shop, rows) == 0


def test_there_are_rows_of_every_kind(shop: duckdb.DuckDBPyConnection) -> None:
    assert count(shop, "(SELECT DISTINCT status FROM orders)") == 5
    assert count(shop, "users WHERE country_code IS NOT NULL") > 40
    assert count(shop, "user_profiles") < count(shop, "users") == 80
    assert count(shop, "(SELECT DISTINCT tag FROM product_tags)") > 10
    assert count(shop, "order_lines") > count(shop, "orders") > 100


def fill(con: duckdb.DuckDBPyConnection, ddl: str, **rows: int) -> None:
    genesis_sql.from_ddl(ddl, con=con, name="m", rows=rows)
    told = genesis_sql.generate_database(con, "m", "made", seed=2)
    assert sum(r["orphans"] + r["violations"] for r in told) == 0
    con.execute("USE made")


def test_managers_of_departments_are_their_people(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """
    CREATE TABLE departments (id SERIAL PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE, manager_id INT);
    CREATE TABLE employees (
      id SERIAL PRIMARY KEY, last_name VARCHAR(40) NOT NULL, hire_date DATE NOT NULL,
      termination_date DATE, department_id INT NOT NULL REFERENCES departments (id),
      manager_id INT REFERENCES employees (id), CHECK (termination_date > hire_date));
    ALTER TABLE departments ADD FOREIGN KEY (manager_id) REFERENCES employees (id);"""
    fill(con, ddl, departments=10, employees=60)
    assert count(con, "departments WHERE manager_id IN (SELECT id FROM employees)") > 5
    assert (
        count(con, "employees AS e JOIN employees AS m ON m.id = e.manager_id WHERE m.id < e.id")
        > 30
    )
    assert count(con, "employees WHERE termination_date IS NULL") > 40


def test_a_reference_of_two_columns_and_a_day_as_key(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """
    CREATE TABLE days (day DATE PRIMARY KEY, holiday BOOLEAN);
    CREATE TABLE courses (unit CHAR(3), number INT, credits SMALLINT, PRIMARY KEY (unit, number));
    CREATE TABLE students (id CHAR(8) PRIMARY KEY, birth_date DATE);
    CREATE TABLE places (
      student_id CHAR(8) REFERENCES students (id), unit CHAR(3), number INT,
      PRIMARY KEY (student_id, unit, number), FOREIGN KEY (unit, number) REFERENCES courses (unit, number));
    CREATE TABLE sums (a INT, twice INT GENERATED ALWAYS AS (a * 2));"""
    fill(con, ddl, students=20, courses=15, places=60, days=40)
    placed = count(con, "places AS p JOIN courses AS c USING (unit, number)")
    assert placed == count(con, "places") > 20
    assert count(con, "(SELECT DISTINCT day FROM days)") == 40
    assert count(con, "sums WHERE twice <> a * 2") == 0 < count(con, "sums WHERE twice = a * 2")


def test_what_no_value_is_made_of_is_left_out_and_told(con: duckdb.DuckDBPyConnection) -> None:
    ddl = "CREATE TABLE t (id INT PRIMARY KEY, bits BIT, l INT[], d INTERVAL, b BLOB)"
    (told,) = genesis_sql.from_ddl(ddl, con=con, name="t", rows={"t": 3})
    assert told["notes"] == "bits is left out: no value of type BIT is made"
    made = con.execute("FROM genesis_generate('t')")
    assert [c[0] for c in made.description or ()] == ["id", "l", "d", "b"]


def test_names_with_sql_in_them_stay_names(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE victim (a INTEGER)")
    evil = "x'); DROP TABLE victim; --\""
    quoted = '"' + evil.replace('"', '""') + '"'
    ddl = (
        f"CREATE TABLE {quoted} (id INT PRIMARY KEY, {quoted} VARCHAR CHECK ({quoted} IN ('a;--')),"
        f" quantity INT, price DOUBLE, created_at DATE, updated_at DATE, is_primary BOOLEAN);"
        f"CREATE TABLE low (id INT PRIMARY KEY, up INT REFERENCES {quoted} (id), at DATE, quantity INT,"
        f" price DOUBLE, is_primary BOOLEAN);"
    )
    genesis_sql.from_ddl(ddl, con=con, name=evil, columns={f"low.{'at'}": "DATE '2020-01-01'"})
    genesis_sql.generate_database(con, evil, "made", rows={"low": 5})
    assert con.execute("SELECT count(*) FROM memory.main.victim").fetchall() == [(0,)]
    con.execute("CALL genesis_schema(?, ddl := ?)", [evil, ddl]).fetchall()
    assert con.execute("SELECT count(*) FROM memory.main.victim").fetchall() == [(0,)]
