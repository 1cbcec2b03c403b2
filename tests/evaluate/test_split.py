"""Which rows are held out: families together, references whole, the same rows in any order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from genesis_sql.evaluate.split import HOLDOUT, TRAIN, Split, split
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.sqlbuild import qualified
from genesis_sql.types import Graph

BANK = """
CREATE TABLE regions (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE accounts (id INTEGER PRIMARY KEY, region INTEGER REFERENCES regions (id), opened DATE);
CREATE TABLE owners (id INTEGER PRIMARY KEY, born INTEGER);
CREATE TABLE rights (account INTEGER REFERENCES accounts (id), owner INTEGER REFERENCES owners (id), kind VARCHAR);
CREATE TABLE moves (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), amount INTEGER);
INSERT INTO regions SELECT i, 'r' || i FROM range(50) r(i);
INSERT INTO accounts SELECT i, i % 50, DATE '2020-01-01' + CAST(i % 300 AS INTEGER) FROM range(1000) r(i);
INSERT INTO owners SELECT i, 1940 + i % 60 FROM range(1200) r(i);
INSERT INTO rights SELECT i % 1000, i, if(i < 1000, 'owner', 'user') FROM range(1200) r(i);
INSERT INTO moves SELECT i, if(i % 10 = 0, NULL, i * 7 % 1000), i % 97 FROM range(5000) r(i);
"""
MAIN = {"accounts": "regions", "rights": "accounts", "moves": "accounts"}


def _graph(con: duckdb.DuckDBPyConnection) -> Graph:
    return build_graph(con, read_schema(con, database="memory", schema="main"))


@contextmanager
def _split(
    con: duckdb.DuckDBPyConnection, main: dict[str, str] = MAIN, place: str = "a place"
) -> Iterator[Split]:
    graph = _graph(con)
    keys = {t: next(r for r in graph.parents(t) if r.parent == p) for t, p in main.items()}
    con.execute(f"ATTACH ':memory:' AS {qualified(place)}")
    try:
        yield split(con, place, graph, {t.name: t.source for t in graph.tables}, keys)
    finally:
        con.execute(f"DETACH {qualified(place)}")


def _ids(con: duckdb.DuckDBPyConnection, side: str, table: str, column: str = "id") -> set[object]:
    rows = con.execute(f"SELECT {column} FROM {qualified('a place', side, table)}").fetchall()
    return {r[0] for r in rows}


def test_families_stay_together(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(BANK)
    with _split(con) as done:
        train, held = _ids(con, TRAIN, "accounts"), _ids(con, HOLDOUT, "accounts")
        assert train | held == set(range(1000))
        assert train & held == set()
        assert 150 < len(held) < 250
        for table in ("moves", "rights"):
            learnt, unseen = (_ids(con, s, table, "account") - {None} for s in (TRAIN, HOLDOUT))
            assert len(learnt) > 700
            assert learnt <= train
            assert len(unseen) > 100
            assert unseen <= held
        assert done.shared == {"regions"}
        assert sum(done.rows["moves"]) == 5000


def test_a_row_without_parent_is_held_out_by_itself(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(BANK)
    with _split(con):
        loose = [
            con.execute(
                f"SELECT count(*) FROM {qualified('a place', side, 'moves')} WHERE account IS NULL"
            ).fetchall()[0][0]
            for side in (TRAIN, HOLDOUT)
        ]
    assert sum(loose) == 500
    assert 60 < loose[1] < 140


def test_a_further_parent_goes_with_its_children(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(BANK)
    with _split(con) as done:
        assert next(r for r in done.rules if r.table == "owners").by == "children"
        train, held = _ids(con, TRAIN, "owners"), _ids(con, HOLDOUT, "owners")
        assert train == _ids(con, TRAIN, "rights", "owner")
        assert held == _ids(con, HOLDOUT, "rights", "owner")
        assert train & held == set()


def test_a_parent_of_both_parts_is_shared(con: duckdb.DuckDBPyConnection) -> None:
    """Five owners have all accounts: held out of nothing."""
    con.execute(BANK.replace("i % 1000, i, if", "i % 1000, i % 5, if"))
    with _split(con) as done:
        assert {"regions", "owners"} <= done.shared | {"owners"}
        assert _ids(con, TRAIN, "owners") >= set(range(5))
        assert _ids(con, HOLDOUT, "owners") >= set(range(5))


def test_references_of_both_parts_are_whole(con: duckdb.DuckDBPyConnection) -> None:
    """Owners head no family here, and orders come in by another door than their owners."""
    con.execute(BANK)
    con.execute("CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES owners (id))")
    con.execute("INSERT INTO pets SELECT i, i * 13 % 1200 FROM range(600) r(i)")
    with _split(con, {**MAIN, "pets": "owners"}):
        checked = 0
        for side in (TRAIN, HOLDOUT):
            for child, column, parent in (
                ("accounts", "region", "regions"), ("rights", "account", "accounts"),
                ("rights", "owner", "owners"), ("moves", "account", "accounts"),
                ("pets", "owner", "owners"),
            ):  # fmt: skip
                wanted = _ids(con, side, child, column) - {None}
                assert wanted <= _ids(con, side, parent)
                checked += len(wanted)
        assert checked > 1000


def test_the_same_rows_in_any_order(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(BANK)
    with _split(con):
        before = [_ids(con, HOLDOUT, t) for t in ("accounts", "moves", "owners")]
    con.execute("CREATE TABLE others AS FROM moves ORDER BY hash(id)")
    con.execute("DELETE FROM moves")
    con.execute("INSERT INTO moves FROM others")
    con.execute("DROP TABLE others")
    with _split(con):
        assert [_ids(con, HOLDOUT, t) for t in ("accounts", "moves", "owners")] == before
    assert all(len(ids) > 100 for ids in before)


def test_equal_rows_are_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    """Otherwise no row held out would equal one that was learnt, and copies had no baseline."""
    con.execute("CREATE TABLE t AS SELECT i % 3 AS a, 'x' AS b FROM range(3000) r(i)")
    with _split(con, {}) as done:
        train, held = done.rows["t"]
        assert train + held == 3000
        assert 500 < held < 700
        assert len(_ids(con, HOLDOUT, "t", "a")) == 3


def test_small_tables_are_not_split(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT i AS a FROM range(199) r(i)")
    with _split(con, {}) as done:
        assert done.shared == {"t"}
        assert done.rows["t"] == (199, 199)


@pytest.mark.parametrize("name", ["x'); DROP TABLE victim; --", 'a"b', "select"])
def test_names_stay_names(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    quoted = qualified(name)
    con.execute(f"CREATE TABLE {quoted} ({quoted} INTEGER PRIMARY KEY, v INTEGER)")
    con.execute(f"INSERT INTO {quoted} SELECT i, i FROM range(400) r(i)")
    with _split(con, {}, name) as done:
        assert sum(done.rows[name]) == 400
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]
