"""CHECKs on what may be NULL together, and on the order of two references, are kept."""

from __future__ import annotations

import duckdb
import pytest

from genesis_sql.drafts.absent import absent_shares
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.types import RawColumn, RawTable
from tests.drafts.test_apart import count, fill

ABOVE = "CREATE TABLE p (id INT PRIMARY KEY, n TEXT); CREATE TABLE q (id INT PRIMARY KEY, n TEXT);"
ONE_OF = [
    "(p_id IS NULL) <> (q_id IS NULL)",
    "(p_id IS NOT NULL AND q_id IS NULL) OR (p_id IS NULL AND q_id IS NOT NULL)",
    "CAST(p_id IS NOT NULL AS INTEGER) + CAST(q_id IS NOT NULL AS INTEGER) = 1",
    "num_nonnulls(p_id, q_id) = 1",
    "num_nulls(q_id, p_id) = 1",
]
PAIRS = {
    "a pair once": "a INT REFERENCES p (id), b INT REFERENCES p (id), PRIMARY KEY (a, b), CHECK (a < b)",
    "home and away": "a INT NOT NULL REFERENCES p (id), b INT NOT NULL REFERENCES p (id), UNIQUE (a, b), "
    "CHECK (a <> b)",
    "numbers": "a INT, b INT, PRIMARY KEY (a, b), CHECK (a < b)",
}


@pytest.mark.parametrize("check", ONE_OF)
def test_one_of_two_references(con: duckdb.DuckDBPyConnection, check: str) -> None:
    ddl = (
        f"{ABOVE} CREATE TABLE low (id INT PRIMARY KEY, v INT NOT NULL, p_id INT REFERENCES p (id),"
        f" q_id INT REFERENCES q (id), CHECK ({check}));"
    )
    assert fill(con, ddl, p=20, q=20, low=200)["low"] == 200
    assert count(con, "low WHERE (p_id IS NULL) = (q_id IS NULL)") == 0
    assert 50 < count(con, "low WHERE p_id IN (SELECT id FROM p)") < 150
    kept = con.execute("SELECT constraint_type FROM duckdb_constraints() WHERE table_name = 'low'")
    assert ("CHECK",) in kept.fetchall()


def test_one_of_two_values(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """CREATE TABLE t (id INT PRIMARY KEY, email TEXT, phone TEXT, a INT, b INT,
      CHECK (num_nonnulls(email, phone) = 1), CHECK (a IS NULL OR b IS NULL))"""
    fill(con, ddl, t=200)
    assert count(con, "t WHERE (email IS NULL) = (phone IS NULL)") == 0
    assert count(con, "t WHERE a IS NOT NULL AND b IS NOT NULL") == 0
    assert count(con, "t WHERE a IS NOT NULL") > 50


@pytest.mark.parametrize(
    ("check", "shares"),
    [
        ("(a IS NULL) <> (b IS NULL)", {"a": 0.5, "b": 0.5}),
        ("a IS NULL OR b IS NULL", {"a": 0.5, "b": 0.5}),
        ("a IS NOT NULL OR b IS NOT NULL", {}),
        ("a IS NULL OR b > 3", {}),
        ("zip IS NULL OR (b IS NULL AND a IS NULL)", {"zip": 0.75, "a": 0.5, "b": 0.5}),
    ],
)
def test_shares_of_null(check: str, shares: dict[str, float]) -> None:
    columns = tuple(RawColumn(c, "INTEGER") for c in ("a", "b", "zip"))
    found = absent_shares(RawTable("t", "", columns, checks=(check,)))
    assert found.keys() == shares.keys()
    assert all(0.2 < share < 0.8 for share in found.values())


@pytest.mark.parametrize("columns", PAIRS.values(), ids=PAIRS)
def test_pairs_of_rows_in_order(con: duckdb.DuckDBPyConnection, columns: str) -> None:
    made = fill(con, f"{ABOVE} CREATE TABLE low ({columns}, v INT);", p=30, low=90)
    assert made["low"] > 50
    assert count(con, "(SELECT DISTINCT a, b FROM low)") == made["low"]
    assert count(con, "low WHERE NOT (a <> b)") == 0
    assert count(con, "low WHERE a > b") == 0 or "<>" in columns


def test_checks_of_other_databases_are_read() -> None:
    (table,) = read_ddl("CREATE TABLE t (a INT, b INT, CHECK (num_nulls(a, b) = 1))").tables
    assert "num_nulls" not in table.checks[0].lower()
    assert absent_shares(table) == {"a": 0.5, "b": 0.5}
