"""Tables that refer to themselves: levels, and keys that cannot be loaded."""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genesis_sql
from genesis_sql.actions.loading import MOST_LEVELS, levels
from genesis_sql.plan.query import OLD

TREES = """
CREATE TABLE staff (
    id INTEGER PRIMARY KEY, boss INTEGER, mentor INTEGER, pay INTEGER);
INSERT INTO staff SELECT i, CASE WHEN i % 10 > 0 THEN i // 3 END,
    CASE WHEN i % 4 > 0 THEN i // 2 END, i % 7 FROM range(400) t(i);
CREATE TABLE parts (
    maker VARCHAR, nr INTEGER, of_maker VARCHAR, of_nr INTEGER, PRIMARY KEY (maker, nr));
INSERT INTO parts SELECT ['x', 'y'][1 + i % 2], i // 2, ['x', 'y'][1 + i % 2],
    CASE WHEN i // 2 > 0 THEN i // 4 END FROM range(120) t(i);
CREATE TABLE rings (id INTEGER PRIMARY KEY, next INTEGER, prev INTEGER);
INSERT INTO rings SELECT i, (i + 1) % 40, CASE WHEN i > 0 THEN i - 1 END FROM range(40) t(i);
CREATE TABLE own (id INTEGER PRIMARY KEY, root INTEGER);
INSERT INTO own SELECT i, i - i % 5 FROM range(50) t(i);
"""
LINKS = """['staff.boss -> staff', 'staff.mentor -> staff', 'rings.next -> rings',
    'rings.prev -> rings', 'own.root -> own',
    'parts(of_maker, of_nr) -> parts(maker, nr)']"""


@pytest.fixture(scope="module")
def trees() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(TREES)
    con.execute(
        f"CALL genesis_fit_database('trees', relationships := {LINKS}, "
        "verbatim := ['rings', 'own', 'parts'])"
    )
    con.execute("CALL genesis_generate_database('trees', target := 'made', scale := 3)")
    yield con
    con.close()


def declared(con: duckdb.DuckDBPyConnection, table: str) -> list[list[str]]:
    query = """SELECT constraint_column_names FROM duckdb_constraints()
        WHERE schema_name = 'made' AND constraint_type = 'FOREIGN KEY' AND table_name = ?"""
    return sorted(r[0] for r in con.execute(query, [table]).fetchall())


def test_two_keys_to_one_table_are_declared(trees: duckdb.DuckDBPyConnection) -> None:
    assert declared(trees, "staff") == ([] if OLD else [["boss"], ["mentor"]])
    query = "SELECT count(*), count(boss), count(mentor) FROM made.staff"
    rows, bosses, mentors = trees.execute(query).fetchall()[0]
    assert rows == 1200
    assert 800 < bosses < 1200
    assert 700 < mentors < 1100
    whole = trees.execute("FROM genesis_generate('trees', 'staff', scale := 3.0)").fetchall()
    assert sorted(trees.execute("FROM made.staff").fetchall()) == sorted(whole)


def test_a_key_of_two_columns(trees: duckdb.DuckDBPyConnection) -> None:
    assert declared(trees, "parts") == ([] if OLD else [["of_maker", "of_nr"]])
    same = "SELECT count(*) FROM (FROM made.parts EXCEPT ALL FROM parts)"
    assert trees.execute(same).fetchall() == [(0,)]


def test_a_circle_is_not_declared_and_says_why(trees: duckdb.DuckDBPyConnection) -> None:
    assert declared(trees, "rings") == ([] if OLD else [["prev"]])
    assert declared(trees, "own") == []
    query = """SELECT child, declared, reason FROM genesis.relationships
        WHERE target = 'made' AND NOT declared ORDER BY child"""
    found = trees.execute(query).fetchall()
    if OLD:  # there no key of a table to itself is declared, whatever its rows
        assert {f[0] for f in found} == {"own", "parts", "rings", "staff"}
        assert all(f[2].startswith("DuckDB 1 ") for f in found)
        return
    assert [f[:2] for f in found] == [("own", False), ("rings", False)]
    assert all("in a circle, or to themselves" in f[2] for f in found)


def test_appended_rows_find_earlier_ones(trees: duckdb.DuckDBPyConnection) -> None:
    call = "CALL genesis_generate_database('trees', target := 'made', if_exists := 'append')"
    found = {r[0]: r[1:4] for r in trees.execute(call).fetchall()}
    assert found["staff"] == (400, 0, 0)
    assert found["parts"] == (0, 0, 0)
    above = "SELECT count(*) FROM made.staff WHERE boss IS NOT NULL"
    assert trees.execute(above).fetchall()[0][0] > 1100


# the arithmetic


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_every_row_stands_above_what_it_refers_to(pairs: list[tuple[int, int]]) -> None:
    child, parent = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    found = levels(30, child, parent)
    if isinstance(found, str):
        loop = {c for c, _ in pairs}
        while True:  # what is left after all ends are cut off lies on a circle, or above one
            left = {c for c, p in pairs if c in loop and p in loop}
            if left == loop:
                break
            loop = left
        assert loop
    else:
        assert (found[child] > found[parent]).all()
        assert (found[sorted(set(range(30)) - set(child.tolist()))] == 0).all()


def test_very_deep_chains_are_given_up() -> None:
    chain = np.arange(1, 3 * MOST_LEVELS)
    started = time.perf_counter()
    found = levels(3 * MOST_LEVELS, chain, chain - 1)
    assert "over more than 1,000 levels" in str(found)
    assert not isinstance(
        levels(MOST_LEVELS, chain[: MOST_LEVELS - 1], chain[: MOST_LEVELS - 1] - 1), str
    )
    assert time.perf_counter() - started < 5
