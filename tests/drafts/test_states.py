"""States, moments, flags and the end of the history agree in every row, through SQL."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.drafts.draft import draft
from genesis_sql.drafts.moments import LAST
from genesis_sql.introspect.from_ddl import read_ddl

DDL = """
CREATE TABLE customers (
  id INT PRIMARY KEY, full_name VARCHAR(80), birth_date DATE, is_active BOOLEAN, created_at TIMESTAMP,
  last_login_at TIMESTAMP, deactivated_at TIMESTAMP, is_deleted BOOLEAN, deleted_at TIMESTAMP);
CREATE TABLE orders (
  id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), updated_at TIMESTAMP,
  status VARCHAR(20) DEFAULT 'pending', created_at TIMESTAMP, is_paid BOOLEAN, paid_at TIMESTAMP,
  shipped_at TIMESTAMP, delivered_at TIMESTAMP, cancelled_at TIMESTAMP, completed_at TIMESTAMP);
CREATE TABLE tickets (
  id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), status VARCHAR(20) NOT NULL,
  opened_at TIMESTAMP, resolved_at TIMESTAMP, closed_at TIMESTAMP, due_date DATE, is_closed TINYINT);
CREATE TABLE subscriptions (
  id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), status VARCHAR(20) DEFAULT 'active',
  started_at DATE, ended_at DATE, cancelled_at TIMESTAMP, renewal_date DATE, is_current BOOLEAN);
CREATE TABLE parcels (
  id INT PRIMARY KEY, sent_on DATE NOT NULL, picked_at DATE, shipped_at DATE, delivered_at DATE,
  arrival DATE, departure DATE, returned_on DATE, due_on DATE, cancelled_at DATE, ended_at DATE NOT NULL,
  valid_from DATE, valid_to DATE, expires_at DATE, check_in DATE, check_out DATE, updated_at TIMESTAMP);
"""
AFTER = "TIMESTAMP '2026-01-01'"
WRONG = {
    "sent and not": "orders WHERE (shipped_at IS NULL) <> (status NOT IN ('shipped', 'delivered', 'completed'))",
    "there and not": "orders WHERE (delivered_at IS NULL) <> (status NOT IN ('delivered', 'completed'))",
    "done and not": "orders WHERE (completed_at IS NULL) <> (status <> 'completed')",
    "void and not": "orders WHERE (cancelled_at IS NULL) <> (status <> 'cancelled')",
    "paid and not": "orders WHERE is_paid <> (paid_at IS NOT NULL)",
    "paid too early": "orders WHERE paid_at IS NOT NULL AND status = 'pending'",
    "changed before": "orders WHERE greatest(created_at, paid_at, completed_at, cancelled_at) > updated_at",
    "out of order": "orders WHERE shipped_at < paid_at OR delivered_at < shipped_at OR completed_at < delivered_at",
    "before the customer": "orders AS o JOIN customers AS c ON c.id = customer_id WHERE o.created_at < c.created_at",
    "too late": f"orders WHERE greatest(updated_at, completed_at, cancelled_at) >= {AFTER}",
    "a late login": f"customers WHERE greatest(last_login_at, deleted_at, deactivated_at) >= {AFTER}",
    "active and gone": "customers WHERE is_active = (coalesce(deleted_at, deactivated_at) IS NOT NULL)",
    "deleted and not": "customers WHERE is_deleted <> (deleted_at IS NOT NULL)",
    "a login when gone": "customers WHERE last_login_at > deactivated_at OR last_login_at > deleted_at",
    "born late": "customers WHERE birth_date >= created_at",
    "closed and open": "tickets WHERE (closed_at IS NULL) <> (status <> 'Closed')",
    "a flag is off": "tickets WHERE (is_closed = 1) <> (closed_at IS NOT NULL)",
    "solved and open": "tickets WHERE resolved_at IS NOT NULL AND status IN ('Open', 'In progress')",
    "never opened": "tickets WHERE opened_at IS NULL",
    "over and active": "subscriptions WHERE (ended_at IS NULL) <> (status <> 'cancelled')",
    "current and gone": "subscriptions WHERE is_current = (ended_at IS NOT NULL)",
    "over before": "subscriptions WHERE ended_at < started_at OR cancelled_at < started_at",
    "there and never sent": """parcels WHERE (delivered_at IS NOT NULL AND shipped_at IS NULL)
      OR (shipped_at IS NOT NULL AND picked_at IS NULL)""",
    "a stretch back": "parcels WHERE valid_to < valid_from OR check_out < check_in OR delivered_at < shipped_at",
    "left before": "parcels WHERE departure < arrival OR ended_at < cancelled_at",
    "late parcels": f"parcels WHERE greatest(delivered_at, check_out, updated_at) >= {AFTER}",
}  # fmt: skip
SOME = {
    "orders WHERE status = 'shipped'": 20, "orders WHERE cancelled_at IS NOT NULL": 10,
    "orders WHERE NOT is_paid": 20, "customers WHERE is_deleted": 2, "customers WHERE is_active": 60,
    "customers WHERE NOT is_active": 5, "tickets WHERE closed_at IS NULL": 50,
    "subscriptions WHERE ended_at IS NOT NULL": 20, "parcels WHERE delivered_at IS NOT NULL": 30,
    "parcels WHERE returned_on IS NOT NULL": 20,
    "parcels WHERE delivered_at IS NULL AND shipped_at IS NOT NULL": 10,
    f"subscriptions WHERE renewal_date >= {AFTER}": 5, f"parcels WHERE expires_at >= {AFTER}": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> duckdb.DuckDBPyConnection:
    """The tables, filled."""
    assert LAST.isoformat() < "2026-01-01"
    con = genesis_sql.connect()
    con.execute(
        "CALL genesis_schema('m', ddl := ?, rows := MAP {'customers': 120, 'parcels': 150})", [DDL]
    ).fetchall()
    con.execute("CALL genesis_generate_database('m', target := 's', seed := 1)").fetchall()
    con.execute("USE s")
    return con


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_no_row_is_wrong(made: duckdb.DuckDBPyConnection, rows: str) -> None:
    assert made.execute(f"SELECT count(*) FROM {rows}").fetchall() == [(0,)]


@pytest.mark.parametrize(("rows", "least"), SOME.items())
def test_there_are_rows_of_each_kind(
    made: duckdb.DuckDBPyConnection, rows: str, least: int
) -> None:
    ((many,),) = made.execute(f"SELECT count(*) FROM {rows}").fetchall()
    assert many >= least


def columns(table: str, **more: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = draft(read_ddl(table), **more)["tables"]["t"]["columns"]
    return found


def test_states_that_are_listed_stay_as_they_are() -> None:
    listed = columns(
        "CREATE TABLE t (id INT PRIMARY KEY, status TEXT CHECK (status IN ('new', 'gone')), shipped_at DATE)"
    )
    assert listed["status"]["values"] == ["new", "gone"]
    free = columns(
        "CREATE TABLE t (id INT PRIMARY KEY, status TEXT DEFAULT 'PENDING', shipped_at DATE)"
    )
    assert "SHIPPED" in str(free["status"])
    short = columns(
        "CREATE TABLE t (id INT PRIMARY KEY, status VARCHAR(6) DEFAULT 'open', dispatched_at DATE)"
    )
    assert "dispatched" not in str(short["status"])


def test_moments_follow_the_states_that_a_caller_gives() -> None:
    ddl = "CREATE TABLE t (id INT PRIMARY KEY, status TEXT, made_at DATE NOT NULL, closed_at DATE)"
    made = columns(ddl, columns={"t.status": ["open", "waiting", "closed"]})
    assert (
        made["closed_at"]["sql"]
        == """CASE WHEN "status" IN ('closed') THEN "closed_at_moment" END"""
    )
    made = columns(ddl, columns={"t.status": ["active", "terminated"]})
    assert "IN ('terminated')" in made["closed_at"]["sql"]


def test_what_is_planned_may_lie_behind_the_end() -> None:
    made = columns(
        "CREATE TABLE t (id INT PRIMARY KEY, made_at DATE NOT NULL, due_date DATE, updated_at DATE)"
    )
    assert "until" not in made["due_date"]
    assert made["updated_at"]["until"] == LAST.isoformat()
