"""Exact numbers of rows: totals, bounds that keys set, and what cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genesis_sql
from genesis_sql.plan.sizing import in_proportion, share_out

CLUB = """
CREATE TABLE countries (code VARCHAR PRIMARY KEY);
INSERT INTO countries VALUES ('DE'), ('FR');
CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER, country VARCHAR REFERENCES countries);
INSERT INTO people SELECT i, 18 + i % 50, ['DE', 'FR'][1 + i % 2] FROM range(200) t(i);
CREATE TABLE cards (person INTEGER PRIMARY KEY REFERENCES people, colour VARCHAR);
INSERT INTO cards SELECT id, ['red', 'blue'][1 + id % 2] FROM people WHERE id % 5 < 2;
CREATE TABLE phones (person INTEGER UNIQUE REFERENCES people, number INTEGER PRIMARY KEY);
INSERT INTO phones SELECT CASE WHEN id % 4 > 0 THEN id END, id + 7 FROM people WHERE id % 3 = 0;
CREATE TABLE clubs (name VARCHAR PRIMARY KEY);
INSERT INTO clubs SELECT 'club ' || i FROM range(12) t(i);
CREATE TABLE members (
    person INTEGER REFERENCES people, club VARCHAR REFERENCES clubs, PRIMARY KEY (person, club));
INSERT INTO members SELECT id, name FROM people, clubs WHERE hash(id, name) % 9 = 0;
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, person INTEGER REFERENCES people, guest INTEGER REFERENCES people,
    day DATE, UNIQUE (person, day));
INSERT INTO visits
SELECT row_number() OVER (), CASE WHEN id % 11 > 0 THEN id END, (id * 7 + k) % 200,
    DATE '2024-01-01' + CAST(7 * k + id % 7 AS INTEGER)
FROM people, range(5) t(k) WHERE k < id % 6;
CREATE TABLE drinks (visit INTEGER REFERENCES visits, nr INTEGER, PRIMARY KEY (visit, nr));
INSERT INTO drinks SELECT id, 1 + k FROM visits, range(3) t(k) WHERE k <= id % 3;
CREATE TABLE complaints (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people);
CREATE TABLE statutes (id INTEGER PRIMARY KEY, text VARCHAR);
INSERT INTO statutes VALUES (1, 'be kind');
"""
TABLES = ("people", "cards", "phones", "clubs", "members", "visits", "drinks", "statutes")


@pytest.fixture(scope="module")
def club() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(CLUB)
    con.execute("CALL genesis_fit_database('club', verbatim := ['countries'])")
    yield con
    con.close()


def made(con: duckdb.DuckDBPyConnection, rows: str, scale: float = 1.0) -> dict[str, int]:
    """Rows by table, of a database with declared keys that the report calls sound."""
    found = con.execute(
        "CALL genesis_generate_database('club', target := 'made', if_exists := 'replace', "
        f"rows := {rows}, scale := {scale}, seed := 5)"
    ).fetchall()
    assert {row[2:4] for row in found} == {(0, 0)}
    for table, count, *_ in found:
        assert con.execute(f"SELECT count(*) FROM made.{table}").fetchall() == [(count,)]
    return {row[0]: row[1] for row in found}


@pytest.mark.parametrize(
    "asked",
    [
        {"people": 77},
        {"visits": 1000, "drinks": 1001},
        {"people": 40, "visits": 900, "members": 480, "cards": 40},
        {"cards": 1, "visits": 1, "members": 1, "drinks": 0},
        {"phones": 500, "people": 30},
        {"complaints": 0, "statutes": 3, "clubs": 1, "members": 199},
        {"clubs": 40, "members": 7000},
    ],
)
def test_each_named_table_has_its_rows(
    club: duckdb.DuckDBPyConnection, asked: dict[str, int]
) -> None:
    found = made(club, f"MAP {asked}")
    assert {t: found[t] for t in asked} == asked


def test_the_others_follow_the_scale(club: duckdb.DuckDBPyConnection) -> None:
    found = made(club, "{'visits': 123}", 0.5)
    assert (found["people"], found["clubs"], found["visits"]) == (100, 6, 123)
    assert 0 < found["drinks"] <= 3 * 123


def test_fan_outs_keep_their_shape(club: duckdb.DuckDBPyConnection) -> None:
    """Twice the rows for the same parents: those without visits mostly stay without."""
    before = made(club, "MAP {'people': 200}")
    without = "SELECT count(*) FROM made.people ANTI JOIN made.visits ON person = people.id"
    none = club.execute(without).fetchall()[0][0]
    alone = "SELECT count(*) FROM made.visits WHERE person IS NULL"
    loose = club.execute(alone).fetchall()[0][0]
    assert made(club, f"{{'visits': {2 * before['visits']}}}")["visits"] == 2 * before["visits"]
    assert club.execute(without).fetchall() == [(none,)]
    assert abs(club.execute(alone).fetchall()[0][0] - 2 * loose) <= 1


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("{'visit': 5}", "ModelNotFoundError: .*a table 'visit' that is not in model 'club'; did"),
        ("{'visits': -1}", "rows asks for -1 rows of table 'visits'; give a number from 0"),
        ("{'visits': 1.5}", "visits is 1.5; it takes a whole number"),
        ("{'countries': 2}", "table 'countries' is copied with its 2 rows; leave it out of rows"),
        ("{'complaints': 5}", "table 'complaints' was empty when it was fitted"),
        ("{'cards': 201}", "rows asks for 201 rows of table 'cards', .* at most 200: .* 'people'"),
        ("{'clubs': 3, 'members': 601}", "at most 600: each of the 200 rows of 'people' can have"),
        ("{'people': 0, 'members': 1}", "'members', which can have none, for its parent 'people'"),
        ("{'people': 5000000000000}", "rows of table 'people', more than 1,000,000,000,000"),
        ("['visits']", "no struct or map; write rows := "),
    ],
)
def test_what_cannot_be_had(club: duckdb.DuckDBPyConnection, rows: str, text: str) -> None:
    with pytest.raises(duckdb.Error, match=text):
        made(club, rows)


def test_names_as_the_user_writes_them(club: duckdb.DuckDBPyConnection) -> None:
    assert made(club, "{'PEOPLE': 10}")["people"] == 10


def test_python_takes_a_dict(club: duckdb.DuckDBPyConnection) -> None:
    found = genesis_sql.generate_database(club, "club", "dict", rows={"people": 9, "visits": 4})
    rows: dict[str, Any] = {row["table_name"]: row["rows"] for row in found}
    assert (rows["people"], rows["visits"]) == (9, 4)


# the arithmetic


@given(
    counts=st.lists(st.integers(0, 50), min_size=1, max_size=40),
    wanted=st.integers(0, 3000),
    most=st.integers(1, 60),
)
def test_shares_add_up_and_keep_their_bounds(counts: list[int], wanted: int, most: int) -> None:
    drawn = np.minimum(np.array(counts), most)
    out, left = share_out(drawn, wanted, most, np.argsort(-drawn, kind="stable"))
    assert int(out.sum()) + left == wanted
    assert left == max(0, wanted - most * len(counts))
    assert ((out >= 0) & (out <= most)).all()
    if wanted <= most * int((drawn > 0).sum()):
        assert not out[drawn == 0].any()


@given(weight=st.lists(st.integers(0, 10**6), max_size=30), total=st.integers(0, 10**12))
def test_proportions_are_off_by_less_than_one(weight: list[int], total: int) -> None:
    out = in_proportion(np.array(weight, np.int64), total)
    if sum(weight):
        assert int(out.sum()) == total
        exact = [w * total / sum(weight) for w in weight]
        assert all(abs(a - b) < 1.01 for a, b in zip(out.tolist(), exact, strict=True))
    else:
        assert not out.any()
