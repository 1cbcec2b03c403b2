"""Constraints as users write them: names, ways to parents, what is refused, what is counted."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import ConstraintError
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.constraints import comparisons, declare
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.constrain import ordered_pairs
from genesis_sql.types import Graph, Ordered

SHOP = """
CREATE TABLE cities (id INTEGER PRIMARY KEY, founded DATE, "Size" INTEGER);
INSERT INTO cities SELECT i, DATE '1900-01-01' + CAST(i AS INTEGER), i FROM range(40) AS r(i);
CREATE TABLE users (
    id INTEGER PRIMARY KEY, city INTEGER REFERENCES cities (id), joined DATE, "left" DATE, tags INTEGER[], picture BLOB,
    CHECK ("left" >= JOINED), CHECK (list_position(tags, 1) > 0 OR true), CHECK (users.id >= 0));
INSERT INTO users SELECT i, i % 40, DATE '2020-01-01' + CAST(i AS INTEGER),
    DATE '2020-02-01' + CAST(i AS INTEGER), [1], CAST('x' AS BLOB) FROM range(200) AS r(i);
CREATE TABLE rides (
    id INTEGER, user_id INTEGER REFERENCES users (id), origin INTEGER REFERENCES cities (id),
    goal INTEGER REFERENCES cities (id), day DATE, km INTEGER);
INSERT INTO rides SELECT i, i % 200, i % 40, i * 7 % 40, DATE '2020-01-10' + CAST(i % 200 AS INTEGER), i % 9
    FROM range(1000) AS r(i);
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(SHOP)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def graph(con: duckdb.DuckDBPyConnection) -> Graph:
    return build_graph(con, read_schema(con, database="memory", schema="main"))


def test_checks_that_can_be_kept(graph: Graph) -> None:
    assert graph.table("users").checks == ('"left" >= "joined"', '"id" >= 0')


@pytest.mark.parametrize(
    ("text", "table", "sql", "paths", "broken"),
    [
        ("km >= 0", "rides", '"km" >= 0', (), 0),
        ("KM < 8 and day IS NOT NULL", "rides", '"km" < 8 AND NOT "day" IS NULL', (), 111),
        ("rides.day >= users.joined", "rides", '"day" >= "p0"."joined"', ("users",), 0),
        ("day > users.joined", "rides", '"day" > "p0"."joined"', ("users",), 0),
        ("joined < \"left\"", "users", '"joined" < "left"', (), 0),
        ("users.joined > cities.founded AND size >= 0", "users",
         '"p0"."founded"', ("cities",), 0),
        ('rides.km < "cities(goal)".size + 9', "rides", '"p0"."Size" + 9', ("cities",), 0),
    ],
)  # fmt: skip
def test_what_is_meant(
    con: duckdb.DuckDBPyConnection,
    graph: Graph,
    text: str,
    table: str,
    sql: str,
    paths: tuple[str, ...],
    broken: int,
) -> None:
    rule = declare(con, graph, [text]).rules[0]
    assert (rule.table, rule.shown, rule.broken) == (table, text, broken)
    assert sql in rule.sql
    assert [links[-1].partition(" -> ")[2].partition("(")[0] for _, links in rule.paths] == [*paths]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rides.kms > 1", "table 'rides' has no column 'kms'; did you mean 'km'"),
        ("ride.km > 1", "there is no table 'ride'; did you mean 'rides'"),
        ("kms > 1", "no table has a column 'kms'"),
        ("id > 1", "'id' may be one of cities.id, rides.id, users.id; write its table, too"),
        ("km > cities.size", r"2 foreign keys|3 ways|3 foreign keys lead from 'rides' to 'cities'"),
        ("km > cities(goal).size", r'by its key column in double quotes: "airports\(origin\)"'),
        ("users.picture IS NULL", "column 'picture' of 'users' is left out of the fit"),
        ("1 = 1", "it names no column"),
        ("", "is not one expression"),
        ("km > 1; DROP TABLE rides", "is not one expression"),
        ("km > (SELECT 1)", "holds '.SELECT 1.' .Subquery., which models may not"),
        ("km IN (SELECT id FROM users)", "which models may not"),
        ("km > length(read_text('x'))", "which models may not"),
        ("km > random()", "which models may not"),
        ("main.rides.km > 1", "names another schema"),
        ("km > '); DROP TABLE rides; --'", "cannot be computed on the source rows"),
        ("km < 0", "is broken by all 1,000 source rows of 'rides'"),
        ("day > km", "cannot be computed on the source rows"),
    ],
)
def test_what_is_refused(
    con: duckdb.DuckDBPyConnection, graph: Graph, text: str, reason: str
) -> None:
    with pytest.raises(ConstraintError, match=reason):
        declare(con, graph, [text])
    assert con.execute("SELECT count(*) FROM rides").fetchall() == [(1000,)]


def test_tables_that_are_not_related(con: duckdb.DuckDBPyConnection, graph: Graph) -> None:
    alone = Graph(graph.tables, ())
    with pytest.raises(ConstraintError, match="no foreign keys lead from one of 'rides' and 'use"):
        declare(con, alone, ["rides.day > users.joined"])


def test_pairs_in_order_for_the_learner(con: duckdb.DuckDBPyConnection, graph: Graph) -> None:
    texts = ["day > users.joined AND km >= 0", "users.joined <= rides.day", "day > cities.founded"]
    declared = declare(con, graph, texts[:2])
    main = next(r for r in graph.parents("rides") if r.parent == "users")
    assert ordered_pairs(declared, "rides", main) == (
        Ordered("parent.joined", "day", strict=True),
        Ordered("parent.joined", "day"),
    )
    assert ordered_pairs(declared, "rides", None) == ()
    assert ordered_pairs(declared, "users", None) == (Ordered("joined", "left"),)


def test_comparisons_only_where_they_must_hold() -> None:
    found = [(a.name, b.name) for a, b, _ in comparisons("(a > b) AND (c < d OR e < f) AND g > 1")]
    assert found == [("b", "a")]


def test_a_fit_tells_what_is_kept() -> None:
    with genesis_sql.connect() as con:
        con.execute(SHOP)
        made = genesis_sql.fit_database(con, "m", constraints=["km < 8", "day > '2020-01-09'"])
        notes = {r["table_name"]: r["notes"] for r in made}
        assert "111 of 1,000 source rows break 'km < 8', new ones do not" in notes["rides"]
        assert "list_position(tags, 1)" in notes["users"]
        shown = con.execute("SELECT reason FROM genesis_describe('m') WHERE column_name = 'km'")
        assert shown.fetchall() == [("km < 8",)]
        con.execute("CALL genesis_generate_database('m', target := 's')").fetchall()
        query = "SELECT count(*) > 900, count(*) FILTER (WHERE km >= 8) FROM s.rides"
        assert con.execute(query).fetchall() == [(True, 0)]
        one = con.execute("CALL genesis_fit('one', 'rides', constraints := ['km <> 3'])").fetchall()
        assert "112 of 1,000" in one[0][-1] or "111 of 1,000" in one[0][-1]
        query = "SELECT count(*) FROM genesis_generate('one', rows := 2000) WHERE km = 3"
        assert con.execute(query).fetchall() == [(0,)]
        again = con.execute("CALL genesis_fit('one', 'rides')").fetchall()
        uuids = con.execute("SELECT count(DISTINCT uuid) FROM genesis.model_versions").fetchall()
        assert (again[0][1], uuids) == (2, [(3,)])
