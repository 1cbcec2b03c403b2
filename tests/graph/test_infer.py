"""Proposals: undeclared keys by name and query, tables to copy."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.graph.build import build_graph
from genesis_sql.graph.infer import propose_keys, propose_relationships, propose_verbatim
from genesis_sql.graph.notation import relationship_text
from genesis_sql.introspect.from_duckdb import read_schema


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def proposed(con, *relationships: str) -> list[str]:
    raw = read_schema(con, database="memory", schema="main")
    graph = build_graph(con, raw, relationships=relationships)
    return [relationship_text(p.relationship) for p in propose_relationships(con, raw, graph)]


@pytest.mark.parametrize(
    ("parent", "key", "column"),
    [
        ("customers", "id", "customer_id"),
        ("Customer", "CustomerId", "customerid"),
        ("categories", "id", "CategoryID"),
        ("addresses", "address_id", "billing_address_id"),
        ("airlines", "carrier", "carrier"),
        ("shop users", "id", "shop_user_id"),
        ("account", "account_no", "account"),
    ],
)
def test_found_by_name(con, parent: str, key: str, column: str) -> None:
    con.execute(f'CREATE TABLE "{parent}" AS SELECT i AS "{key}", i % 3 AS z FROM range(30) r(i)')
    con.execute(
        f'CREATE TABLE child AS SELECT i % 32 AS "{column}", i % 2 AS q FROM range(99) r(i)'
    )
    (found,) = proposed(con)
    assert found.startswith("child.")
    assert proposed(con, found) == []


@pytest.mark.parametrize(
    ("key", "column", "values"),
    [
        ("id", "id", "i % 10"),
        ("id", "customer_id", "i + 1000"),
        ("id", "customer_id", "'x' || i"),
        ("name", "name", "i % 10"),
        ("id", "acustomerid", "i % 10"),
    ],
)
def test_not_found(con, key: str, column: str, values: str) -> None:
    con.execute(f"CREATE TABLE customers AS SELECT i AS {key} FROM range(30) r(i)")
    con.execute(f"CREATE TABLE c AS SELECT {values} AS {column} FROM range(99) r(i)")
    assert proposed(con) == []


def test_composite_self_and_one_to_one(con) -> None:
    con.execute("""
        CREATE TABLE weather (origin VARCHAR, t INTEGER, PRIMARY KEY (origin, t));
        INSERT INTO weather SELECT 'o' || i % 3, i // 3 FROM range(30) r(i);
        CREATE TABLE flights AS SELECT 'o' || i % 3 AS ORIGIN, i // 9 AS T FROM range(60) r(i);
        CREATE TABLE staff AS SELECT i AS id, i // 2 AS manager_id FROM range(9) r(i);
        CREATE TABLE users AS SELECT i AS user_id FROM range(40) r(i);
        CREATE TABLE profiles AS SELECT i AS user_id FROM range(40) r(i);
    """)
    assert proposed(con) == [
        "flights(ORIGIN, T) -> weather(origin, t)",
        "profiles.user_id -> users.user_id",
        "staff.manager_id -> staff.id",
    ]


def test_primary_keys_that_nobody_declared(con) -> None:
    con.execute("""
        CREATE TABLE loans AS SELECT i AS amount, i AS loan_id FROM range(40) r(i);
        CREATE TABLE other AS SELECT i AS amount FROM range(40) r(i);
        CREATE TABLE keyed (id INTEGER PRIMARY KEY); INSERT INTO keyed VALUES (1), (2);
    """)
    raw = read_schema(con, database="memory", schema="main")
    assert propose_keys(build_graph(con, raw)) == (("loans", "loan_id"),)


def test_tables_to_copy(con) -> None:
    con.execute("""
        CREATE TABLE region (id INTEGER, name VARCHAR);
        INSERT INTO region SELECT i, 'region ' || i FROM range(5) r(i);
        CREATE TABLE district AS
            SELECT i AS id, 'd' || i AS name, i % 5 AS region FROM range(40) r(i);
        CREATE TABLE people AS SELECT i AS id, 'n' || i AS last_name FROM range(40) r(i);
        CREATE TABLE big AS SELECT i AS id, 'n' || i AS label FROM range(300) r(i);
        CREATE TABLE facts AS
            SELECT i AS id, i % 40 AS d, i % 40 AS p, i % 300 AS b FROM range(400) r(i);
    """)
    raw = read_schema(con, database="memory", schema="main")
    given = ["facts.d -> district.id", "facts.p -> people.id", "facts.b -> big.id"]
    graph = build_graph(con, raw, relationships=[*given, "district.region -> region.id"])
    assert propose_verbatim(graph) == ("district", "region")
    assert propose_verbatim(build_graph(con, raw, relationships=given)) == ("district",)
