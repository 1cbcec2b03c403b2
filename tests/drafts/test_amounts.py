"""Amounts of one row fit together: taxes, discounts, what is paid and what is due."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql

DDL = """
CREATE TABLE invoices (
  id INT PRIMARY KEY, total_amount DECIMAL(10,2) NOT NULL, tax_amount DECIMAL(10,2),
  discount_amount DECIMAL(10,2), amount_paid DECIMAL(10,2), balance_due DECIMAL(10,2),
  status VARCHAR(20) CHECK (status IN ('draft', 'partial', 'paid')));
CREATE TABLE bills (id INT PRIMARY KEY, total DOUBLE, amount_due DOUBLE, due_days INT);
CREATE TABLE sales (
  id INT PRIMARY KEY, subtotal DECIMAL(8,2), tax DECIMAL(8,2), discount DECIMAL(8,2),
  shipping DECIMAL(8,2), total DECIMAL(8,2));
CREATE TABLE loans (id INT PRIMARY KEY, loan_amount DECIMAL(12,2), balance DECIMAL(12,2));
CREATE TABLE accounts (id INT PRIMARY KEY, balance DECIMAL(12,2));
CREATE TABLE "it's" (id INT PRIMARY KEY, total_amount DOUBLE, "due""); DROP" DOUBLE);
"""
WRONG = {
    "more is due than there is": "invoices WHERE balance_due NOT BETWEEN 0 AND total_amount",
    "the rest is wrong": "invoices WHERE balance_due <> total_amount - amount_paid",
    "paid and due": "invoices WHERE status = 'paid' AND balance_due <> 0",
    "a draft is paid": "invoices WHERE status = 'draft' AND amount_paid <> 0",
    "a large discount": "invoices WHERE discount_amount NOT BETWEEN 0 AND total_amount / 3",
    "a large tax": "invoices WHERE tax_amount NOT BETWEEN 0 AND total_amount / 9",
    "a bill is off": "bills WHERE amount_due NOT BETWEEN 0 AND total",
    "a total is off": "sales WHERE total <> subtotal + tax + shipping - discount",
    "a loan is off": "loans WHERE balance NOT BETWEEN 0 AND loan_amount",
}
THERE = {
    "partly paid": "invoices WHERE balance_due > 0 AND amount_paid > 0",
    "discounts": "invoices WHERE discount_amount > 0",
    "taxes": "invoices WHERE tax_amount > 0",
    "open bills": "bills WHERE amount_due > 0",
    "paid bills": "bills WHERE amount_due = 0",
    "an account of its own": "accounts WHERE balance > 100",
    "a name with SQL": """"it's" WHERE "due""); DROP" BETWEEN 1 AND total_amount""",
}


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        rows = dict.fromkeys(("invoices", "bills", "sales", "loans", "accounts", "it's"), 150)
        genesis_sql.from_ddl(DDL, con=con, name="m", rows=rows)
        genesis_sql.generate_database(con, "m", "s", seed=1)
        con.execute("USE s")
        yield con


def count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_no_row_is_wrong(made: duckdb.DuckDBPyConnection, rows: str) -> None:
    assert count(made, rows.split(" WHERE ")[0]) == 150
    assert count(made, rows) == 0


@pytest.mark.parametrize("rows", THERE.values(), ids=THERE)
def test_there_are_rows_of_every_kind(made: duckdb.DuckDBPyConnection, rows: str) -> None:
    assert count(made, rows) > 5
