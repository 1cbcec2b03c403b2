"""Conditions are exact for every row, cost nothing where a column comes first, and are refused early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import ConstraintError, OptionError

SHOP = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY, state VARCHAR, city VARCHAR, height INTEGER, pay DECIMAL(8, 2),
    joined DATE, seen TIMESTAMP, ratio DOUBLE, member BOOLEAN, note VARCHAR, kind VARCHAR,
    "year" INTEGER, CHECK (pay >= 0), CHECK (state <> 'TX' OR height < 6 OR height IS NULL));
INSERT INTO users SELECT i, s, s || '-' || (i * 7 % 4), nullif(least(i * 31 % 7, CASE WHEN s = 'TX' THEN 5 ELSE 9 END), 0),
    CAST(hash(i) % 9000 AS DOUBLE) / 100, d, CAST(d AS TIMESTAMP) + to_hours(CAST(i % 24 AS INTEGER)), CAST(hash(i) % 9000 AS DOUBLE) / 700 + sin(i) / 9,
    i % 3 = 0, md5(CAST(i AS VARCHAR)), 'all', year(d)
FROM (SELECT i, ['CA', 'NY', 'TX'][1 + i % 3] AS s,
      DATE '2020-01-01' + CAST(hash(i, 1) % 700 AS INTEGER) AS d FROM range(1500) AS r(i));
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), amount DECIMAL(8, 2), item VARCHAR);
INSERT INTO orders SELECT i, hash(i) % 1500, CAST(hash(i, 1) % 900 AS DOUBLE) / 10,
    ['a', 'b', 'c'][1 + CAST(hash(i, 2) % 3 AS INTEGER)] FROM range(3000) AS r(i);
"""
FIRST = {"users": {"first": ["state", "height"]}}


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(SHOP)
    con.execute("FROM genesis_fit_database('shop', options := ?)", [FIRST]).fetchall()
    yield con
    con.close()


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ("{'state': 'CA'}", "state = 'CA'"),
        ("{'STATE': ['CA', 'TX']}", "state IN ('CA', 'TX')"),
        ("{'city': 'NY-1'}", "city = 'NY-1'"),
        ("{'state': 'CA', 'city': 'CA-2', 'member': true}", "city = 'CA-2' AND member"),
        ("{'height': 3}", "height = 3"),
        ("{'height': NULL}", "height IS NULL"),
        ("{'height': [3, NULL], 'state': 'TX'}", "(height = 3 OR height IS NULL) AND state = 'TX'"),
        ("{'pay': 12.3}", "pay = 12.3"),
        ("{'joined': DATE '2020-05-01'}", "joined = DATE '2020-05-01'"),
        ("{'joined': ['2020-05-01', '2021-01-31']}", "joined IN ('2020-05-01', '2021-01-31')"),
        ("{'year': 2021}", "\"year\" = 2021 AND joined >= '2021-01-01'"),
        ("{'kind': 'all', 'member': 'false'}", "kind = 'all' AND NOT member"),
    ],
)
def test_every_row_fulfils_them(shop: duckdb.DuckDBPyConnection, given: str, holds: str) -> None:
    made = f"FROM genesis_generate('shop', 'users', rows := 1500, conditions := {given})"
    query = f"SELECT count(*), count(*) FILTER (WHERE {holds}), count(DISTINCT id), min(pay) >= 0 {made}"
    assert shop.execute(query).fetchall() == [(1500, 1500, 1500, True)]
    part = made.replace("rows := 1500", "rows := 40, first_row := 700")
    assert shop.execute(part).fetchall() == shop.execute(f"{made} LIMIT 40 OFFSET 700").fetchall()


def test_what_is_not_asked_about_is_as_likely_as_before(shop: duckdb.DuckDBPyConnection) -> None:
    shares = []
    for source in ("users", "genesis_generate('shop', 'users', rows := 9000, conditions := $1)"):
        query = f"SELECT avg(CAST(city = 'CA-1' AS INTEGER)) FROM {source} WHERE state = 'CA'"
        shares.append(
            shop.execute(query, [{"state": "CA"}] if "$" in query else []).fetchall()[0][0]
        )
    assert abs(shares[0] - shares[1]) < 0.03


def test_labels_of_a_list_keep_their_shares(shop: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT avg(CAST(height IS NULL AS INTEGER)) FROM genesis_generate(
        'shop', 'users', rows := 6000, conditions := {'height': [4, NULL]})"""
    real = (
        "SELECT avg(CAST(height IS NULL AS INTEGER)) FROM users WHERE height = 4 OR height IS NULL"
    )
    made, real_share = (shop.execute(q).fetchall()[0][0] for q in (query, real))
    assert abs(made - real_share) < 0.05


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"stat": "CA"}, "column 'stat' that 'users' does not have; did you mean 'state'"),
        ({"state": "CAA"}, "'users.state' is never 'CAA' in this model; did you mean 'CA'"),
        ({"state": "'; DROP TABLE users; --"}, "'users.state' is never"),
        ({"height": "1); DROP TABLE users; --"}, "is of type INTEGER, so it is never"),
        ({"height": 3.5}, "is of type INTEGER, so it is never '3.5'"),
        ({"height": 99}, "never 99 in this model; it runs from 1 to 6"),
        ({"joined": "2035-01-01"}, "it runs from 2020-01-"),
        ({"joined": "2020-05-01 10:00:00"}, "is of type DATE, so it is never"),
        ({"id": 5}, "'users.id' is a key that is made anew"),
        ({"note": "x"}, "'users.note' is a key|is text that is made anew"),
        ({"note": None}, "'users.note' is never NULL"),
        ({"city": None}, "'users.city' is never NULL in this model"),
        ({"kind": "some"}, "'users.kind' is always 'all' in this model, never 'some'"),
        ({"ratio": 0.5}, r"hardly ever exactly 0.5; fit with options := \{'users': \{'first'"),
        ({"state": []}, "an empty list, which no row fulfils"),
        ({"state": {"a": 1}}, "it takes a value, a list or NULL"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(
    shop: duckdb.DuckDBPyConnection, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(OptionError, match=text):
        genesis_sql.generate(shop, "shop", "users", rows=5, conditions=given)
    assert shop.execute("SELECT count(*) FROM users").fetchall() == [(1500,)]


def test_values_that_never_meet_say_how_often_they_were_tried(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    query = """FROM genesis_generate('shop', 'users', rows := 300,
        conditions := {'state': 'CA', 'city': 'NY-1'})"""
    with pytest.raises(duckdb.Error, match=r"'city': 'NY-1'.* at least 8 of 300 rows in 10,000"):
        shop.execute(query).fetchall()
    with pytest.raises(ConstraintError):
        genesis_sql.generate_database(
            shop, "shop", "t", conditions={"users": {"state": "CA", "city": "NY-1"}}
        )


def test_a_subtree(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute(
        """CALL genesis_generate_database('shop', target := 'west',
        conditions := {'USERS': {'state': 'CA'}, 'orders': {'item': ['a', 'b']}})"""
    ).fetchall()
    query = """SELECT count(*), count(*) FILTER (WHERE state = 'CA' AND item IN ('a', 'b'))
        FROM west.orders JOIN west.users ON users.id = user_id"""
    rows, kept = shop.execute(query).fetchall()[0]
    assert rows == kept > 1000
    spec = "SELECT arguments FROM genesis_history('shop') LIMIT 1"
    assert "'CA'" in str(shop.execute(spec).fetchall()).replace('"', "'")
    for given, text in (({"user": {}}, "did you mean 'users'"), ({"users": 1}, "no struct of col")):
        with pytest.raises(OptionError, match=text):
            genesis_sql.generate_database(shop, "shop", "t", conditions=given)


def test_copied_tables_take_none(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute("CREATE TABLE IF NOT EXISTS places AS SELECT 'x' AS a FROM range(30)")
    shop.execute(
        "CALL genesis_fit_database('copy', tables := ['places'], verbatim := ['places'])"
    ).fetchall()
    with pytest.raises(OptionError, match="'places' is copied as it is and takes no conditions"):
        genesis_sql.generate(shop, "copy", conditions={"a": "x"})
