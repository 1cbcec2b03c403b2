"""Which kinds of rows a family has is the family's own, and tables of one parent fit each other."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql

FAMILIES = 1_200


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Accounts that save, pay or do both; those with a loan, and only they, repay it as well."""
    made = genesis_sql.connect()
    made.execute(f"""
        CREATE TABLE account (id INTEGER PRIMARY KEY, opened INTEGER);
        CREATE TABLE loan (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account, term INTEGER);
        CREATE TABLE booking (
            id INTEGER PRIMARY KEY, account INTEGER REFERENCES account, kind VARCHAR
        );
        INSERT INTO account SELECT i, hash(i) % 50 FROM range({FAMILIES}) r(i);
        INSERT INTO loan SELECT i, i, 12 * (1 + hash(i, 1) % 5) FROM range({FAMILIES}) r(i)
            WHERE hash(i, 2) % 3 = 0;
        INSERT INTO booking SELECT row_number() OVER (), i, CASE
                WHEN hash(i, 2) % 3 = 0 AND hash(i, k, 3) % 3 = 0 THEN 'loan'
                WHEN hash(i, 4) % 3 = 0 THEN 'save'
                WHEN hash(i, 4) % 3 = 1 THEN 'pay'
                WHEN hash(i, k, 5) % 2 = 0 THEN 'save' ELSE 'pay' END
            FROM range({FAMILIES}) r(i), range(12) s(k)
    """)
    made.execute("CALL genesis_fit_database('m')").fetchall()
    made.execute("CALL genesis_generate_database('m', target := 'synth', seed := 3)").fetchall()
    yield made
    made.close()


def _mixed(con: duckdb.DuckDBPyConnection, schema: str) -> float:
    """The share of accounts that both save and pay."""
    query = f"""
        SELECT avg(CASE WHEN kinds THEN 1 ELSE 0 END), count(*) FROM (
            SELECT count(DISTINCT kind) FILTER (kind <> 'loan') = 2 AS kinds
            FROM {schema}.booking GROUP BY account)"""
    share, accounts = con.execute(query).fetchall()[0]
    assert accounts > FAMILIES * 0.8
    return float(share)


def test_families_have_the_sets_of_kinds_of_the_source(con: duckdb.DuckDBPyConnection) -> None:
    real = _mixed(con, "main")
    assert 0.25 < real < 0.4
    assert abs(_mixed(con, "synth") - real) < 0.05


def test_its_rows_ask_for_them(con: duckdb.DuckDBPyConnection) -> None:
    asked = "SELECT inputs FROM genesis_describe('m') WHERE column_name = 'kind'"
    ((inputs,),) = con.execute(asked).fetchall()
    assert any(name.startswith(("#may:", "parent.#set:booking")) for name in inputs)


def _repayments(con: duckdb.DuckDBPyConnection, schema: str) -> tuple[int, int]:
    """Repayments in all, and those of accounts without a loan."""
    query = f"""
        SELECT count(*), count(*) FILTER (loans = 0)
        FROM (SELECT (SELECT count(*) FROM {schema}.loan l WHERE l.account = b.account) AS loans
              FROM {schema}.booking b WHERE kind = 'loan')"""
    repayments, without = con.execute(query).fetchall()[0]
    return repayments, without


def test_the_rows_of_one_child_table_fit_those_of_another(con: duckdb.DuckDBPyConnection) -> None:
    repayments, without = _repayments(con, "synth")
    assert repayments > FAMILIES / 3
    assert without / repayments < 0.02
