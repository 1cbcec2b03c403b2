"""`if_exists := 'append'`: more rows behind those that are there, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql

SHOP = """
CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER, boss INTEGER REFERENCES users);
INSERT INTO users SELECT i, 18 + i % 50, NULL FROM range(3) t(i);
INSERT INTO users SELECT i, 18 + i % 50, CASE WHEN i % 9 > 0 THEN i % 3 END FROM range(3, 90) t(i);
CREATE TABLE tags (code VARCHAR PRIMARY KEY, kind VARCHAR);
INSERT INTO tags SELECT 'T' || i, ['a', 'b'][1 + i % 2] FROM range(30) t(i);
CREATE TABLE orders (
    id UUID PRIMARY KEY, user_id INTEGER REFERENCES users, tag VARCHAR REFERENCES tags, n INTEGER);
INSERT INTO orders
SELECT uuid(), CASE WHEN id % 13 > 0 THEN id END, 'T' || (id * 7 + k) % 30, k + id % 5
FROM users, range(6) t(k) WHERE k < id % 7;
CREATE TABLE lines (id UUID REFERENCES orders, nr INTEGER, x DOUBLE, PRIMARY KEY (id, nr));
INSERT INTO lines SELECT id, k, n / 3 FROM orders, range(3) t(k) WHERE k < n % 4;
CREATE TABLE likes (
    user_id INTEGER REFERENCES users, tag VARCHAR REFERENCES tags, PRIMARY KEY (user_id, tag));
INSERT INTO likes SELECT id, code FROM users, tags WHERE hash(id, code) % 7 = 0;
"""
FIT = """CALL genesis_fit_database('shop', seed := {}, options := {{
    'orders': {{'main': 'users'}}, 'likes': {{'main': 'users'}}}})"""
KEYS = {"users": "id", "tags": "code", "orders": "id", "lines": "(id, nr)",
        "likes": "(user_id, tag)"}  # fmt: skip
WRITE = "CALL genesis_generate_database('shop', target := '{}', seed := 7, if_exists := 'append'{})"


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(SHOP)
    con.execute(FIT.format(0))
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, target: str, more: str = "") -> dict[str, int]:
    """New rows by table of one call, which found no orphan and no duplicate."""
    found = con.execute(WRITE.format(target, more)).fetchall()
    assert {row[2:4] for row in found} == {(0, 0)}
    return {row[0]: row[1] for row in found}


def whole(con: duckdb.DuckDBPyConnection, target: str) -> dict[str, list[tuple[Any, ...]]]:
    return {t: con.execute(f"FROM {target}.{t}").fetchall() for t in KEYS}


def test_twice_more(shop: duckdb.DuckDBPyConnection) -> None:
    first = rows(shop, "synth")
    old = whole(shop, "synth")
    second = rows(shop, "synth", ", scale := 0.5")
    third = rows(shop, "synth", ", rows := {'users': 11, 'orders': 40, 'likes': 111, 'tags': 0}")
    assert (first["users"], second["users"], third["users"]) == (90, 45, 11)
    assert (third["orders"], third["likes"], third["tags"]) == (40, 111, 0)
    now = whole(shop, "synth")
    for table, key in KEYS.items():
        assert len(now[table]) == first[table] + second[table] + third[table]
        assert now[table][: first[table]] == old[table]
        distinct = f"SELECT count(DISTINCT {key}) FROM synth.{table}"
        assert shop.execute(distinct).fetchall() == [(len(now[table]),)]
    history = "SELECT count(*) FROM genesis_history('shop') WHERE status = 'done'"
    assert shop.execute(f"{history} AND kind = 'generate_database'").fetchall() == [(3,)]


def test_children_belong_to_new_parents_and_choose_among_all(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    rows(shop, "more")
    users = {r[0] for r in shop.execute("SELECT id FROM more.users").fetchall()}
    tags = {r[0] for r in shop.execute("SELECT code FROM more.tags").fetchall()}
    before = shop.execute("SELECT count(*) FROM more.orders").fetchall()[0][0]
    rows(shop, "more", ", scale := 2")
    added = shop.execute(f"SELECT user_id, tag FROM more.orders OFFSET {before}").fetchall()
    assert len(added) > 100
    assert {a[0] for a in added}.isdisjoint(users)
    assert {a[1] for a in added} & tags
    assert {a[1] for a in added} - tags - {None}


def test_the_same_calls_give_the_same_rows(shop: duckdb.DuckDBPyConnection) -> None:
    for target in ("one", "two"):
        rows(shop, target)
        rows(shop, target, ", rows := {'lines': 77}")
    assert whole(shop, "one") == whole(shop, "two")


def test_keys_that_were_not_declared_stay_so(shop: duckdb.DuckDBPyConnection) -> None:
    rows(shop, "bare", ", keys := 'none'")
    rows(shop, "bare")
    query = "SELECT count(*) FROM duckdb_constraints() WHERE schema_name = 'bare'"
    assert shop.execute(f"{query} AND constraint_type = 'FOREIGN KEY'").fetchall() == [(0,)]
    kept = "SELECT count(*), count(*) FILTER (declared) FROM genesis.relationships"
    assert shop.execute(f"{kept} WHERE target = 'bare'").fetchall() == [(6, 0)]


def test_into_a_file(shop: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    shop.execute(f"ATTACH '{tmp_path / 'a.duckdb'}' AS other")
    first, second = (rows(shop, "other.main")["orders"] for _ in range(2))
    count = shop.execute("SELECT count(*) FROM other.orders").fetchall()
    assert count == [(first + second,)]
    shop.execute("DETACH other")


@pytest.mark.parametrize(
    ("change", "more", "text"),
    [
        ("DELETE FROM {}.lines WHERE nr = 0", "", "table 'lines' has .* were written, so it was"),
        ("DROP TABLE {}.lines", "", "table 'lines' has 0 rows there"),
        ("SELECT 1", ", seed := 8", "were written with seed := 7; give the same seed"),
        (
            "CALL genesis_fit_database('shop', tables := ['users'])",
            "",
            "version 1 of model 'shop', not by",
        ),
    ],
)
def test_what_it_refuses(
    shop: duckdb.DuckDBPyConnection, change: str, more: str, text: str
) -> None:
    target = f"refuse{len(change)}"
    call = WRITE.format(target, ", version := 1")
    shop.execute(call)
    shop.execute(change.replace("{}.", f"{target}."))
    second = WRITE.format(target, "") if not more else WRITE.replace(", seed := 7", more)
    with pytest.raises(duckdb.Error, match=f"TargetError: nothing can be appended .*{text}"):
        shop.execute(second.format(target, ""))
    shop.execute("CALL genesis_activate('shop', version := 1)")


def test_conditions_have_to_be_the_same(shop: duckdb.DuckDBPyConnection) -> None:
    young = ", version := 1, conditions := {'tags': {'kind': 'a'}}"
    first, second = (rows(shop, "cond", young)["tags"] for _ in range(2))
    kinds = "SELECT count(*), min(kind), max(kind) FROM cond.tags"
    assert shop.execute(kinds).fetchall() == [(first + second, "a", "a")]
    with pytest.raises(duckdb.Error, match="written under other conditions; give the same ones"):
        rows(shop, "cond", ", version := 1")


def test_tables_of_somebody_else(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute("CREATE SCHEMA own; CREATE TABLE own.users (id INTEGER)")
    with pytest.raises(duckdb.Error, match="'users', which genesis_generate_database did not"):
        shop.execute(WRITE.format("own", ""))
