"""The ledger: what fits spent adds up per source table, and budgets hold."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import BudgetError
from genesis_sql.models.dp.accountant import Cost, epsilon_of, rho_of
from genesis_sql.store import ledger, migrator

DB = "memory"
COST = Cost(rho_of(1.0, 1e-9))


def spend(con: duckdb.DuckDBPyConnection, source: str = "t", model: str = "m") -> None:
    ledger.charge(con, DB, [source], model, 1, 1.0, 1e-9, COST)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    migrator.ensure(connection, DB)
    return connection


def test_costs_of_a_source_add_up(con: duckdb.DuckDBPyConnection) -> None:
    for _ in range(3):
        spend(con)
    spend(con, "other")
    held = ledger.account(con, DB, "t")
    assert held.spent.rho == pytest.approx(3 * COST.rho)
    assert held.epsilon == pytest.approx(epsilon_of(3 * COST.rho, 1e-9))
    assert held.epsilon < 3  # less than the sum of what each alone may cost
    assert ledger.account(con, DB, "other").spent.rho == COST.rho
    assert ledger.account(con, DB, "never").epsilon == 0
    rows = ledger.rows(con, DB)
    assert [r[0] for r in rows] == ["t", "t", "t", "other"]
    assert [r[8] for r in rows] == pytest.approx([COST.rho, 2 * COST.rho, 3 * COST.rho, COST.rho])


def test_a_budget_holds(con: duckdb.DuckDBPyConnection) -> None:
    spend(con)
    ledger.set_budget(con, DB, "t", 1.5, 1e-9)
    spend(con)
    with pytest.raises(BudgetError, match=r"budget of t is epsilon 1.5 .* CALL genesis_budget"):
        spend(con)
    assert len(ledger.rows(con, DB)) == 2
    spend(con, "other")
    ledger.set_budget(con, DB, "t", 3.0, 1e-9)
    spend(con)


def test_equal_to_the_budget_is_within(con: duckdb.DuckDBPyConnection) -> None:
    ledger.set_budget(con, DB, "t", 1.0, 1e-9)
    spend(con)
    assert ledger.account(con, DB, "t").epsilon == pytest.approx(1.0)
    with pytest.raises(BudgetError):
        ledger.charge(con, DB, ["t"], "m", 1, 0.001, 1e-9, Cost(rho_of(0.001, 1e-9)))


def test_chances_count_too(con: duckdb.DuckDBPyConnection) -> None:
    ledger.set_budget(con, DB, "t", 5.0, 1e-9)
    with pytest.raises(BudgetError, match="more than any"):
        ledger.charge(con, DB, ["t"], "m", 1, 0.1, 1e-5, Cost(1e-6, 1e-6))
    assert ledger.account(con, DB, "t").spent.rho == 0


def test_of_all_sources_or_of_none(con: duckdb.DuckDBPyConnection) -> None:
    ledger.set_budget(con, DB, "second", 0.5, 1e-9)
    with pytest.raises(BudgetError):
        ledger.charge(con, DB, ["first", "second"], "m", 1, 1.0, 1e-9, COST)
    assert ledger.account(con, DB, "first").spent.rho == 0


def test_fits_at_the_same_time_cannot_pass_a_budget(con: duckdb.DuckDBPyConnection) -> None:
    ledger.set_budget(con, DB, "t", 1.6, 1e-9)

    def one(cursor: duckdb.DuckDBPyConnection) -> bool:
        try:
            spend(cursor)
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        passed = sum(pool.map(one, [con.cursor() for _ in range(12)]))
    held = ledger.account(con, DB, "t")
    assert passed == 2
    assert held.spent.rho == pytest.approx(passed * COST.rho)
    assert held.epsilon <= 1.6 < epsilon_of(3 * COST.rho, 1e-9)


def test_the_rows_as_sql(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute(ledger.list_sql(con, DB)).fetchall() == []
    name = "x'); DROP TABLE victim; --\""
    con.execute("CREATE TABLE victim (a INTEGER)")
    ledger.charge(con, DB, [name], name, 1, 1.0, 1e-9, COST)
    ledger.set_budget(con, DB, "only a budget", 2.0, 1e-6)
    found = con.sql(ledger.list_sql(con, DB))
    assert found.columns == [
        "source", "model", "version", "epsilon", "delta", "rho", "spent_epsilon", "spent_delta",
        "spent_rho", "budget_epsilon", "budget_delta", "at",
    ]  # fmt: skip
    first, second = found.fetchall()
    assert first[:2] == (name, name)
    assert second[0] == "only a budget"
    assert second[9:11] == (2.0, 1e-6)
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(0,)]


def test_a_model_that_is_dropped_has_spent_all_the_same() -> None:
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE t AS SELECT i % 3 AS a FROM range(500) r(i)")
        given = {"epsilon": 1.0, "delta": 1e-6}
        genesis_sql.fit(con, "m", "t", method="dp", options=given)
        con.execute("CALL genesis_drop('m')")
        found = con.execute("SELECT source, model FROM genesis_ledger()").fetchall()
        assert found == [('"main"."t"', "m")]


def test_without_a_store() -> None:
    with duckdb.connect() as bare:
        assert bare.execute(ledger.list_sql(bare, "memory")).fetchall() == []
        assert ledger.account(bare, "memory", "t") == ledger.Account("t", Cost(0.0), 0.0)
    assert math.isinf(Cost(1.0, 1e-3).epsilon(1e-3))
