"""Texts of word lists and shapes: every combination, unique for any number of rows."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from genesis_sql.errors import ModelFormatError, OptionError, ProfileError
from genesis_sql.profiles.combined import halves
from genesis_sql.profiles.compile import compile_profile

FIRST, LAST = [f"F{chr(97 + i)}" for i in range(12)], [f"L{chr(97 + i)}" for i in range(15)]
NAMES = {"type": "combined", "parts": [FIRST, LAST]}
VICTIM = "x'); DROP TABLE victim; --\""


def compiles(columns: dict[str, Any], rows: int = 50) -> Any:
    plain = {"tables": {"t": {"rows": rows, "columns": columns}}}
    return compile_profile(plain, name="p", version=1)


def test_words_are_drawn_alike(one_table: Any) -> None:
    made = one_table({"name": NAMES, "one": {"type": "combined", "parts": [["a"]]}}, 9_000)
    made.table("t")
    query = (
        "SELECT count(DISTINCT name), min(n), max(n), max(one) FROM "
        "(SELECT name, one, count(*) OVER (PARTITION BY name) AS n FROM t)"
    )
    many, least, most, one = made.one(query)
    assert (many, one) == (180, "a")
    assert 20 < least < most < 90


def test_unique_texts_use_every_combination_before_a_number_follows(one_table: Any) -> None:
    made = one_table({"name": {**NAMES, "unique": True}}, 500)
    texts = [name for (name,) in made.table("t")]
    assert [(t,) for t in texts] == made.in_sql("t")
    assert set(texts[:180]) == {f"{a} {b}" for a in FIRST for b in LAST}
    assert len(set(texts)) == 500
    assert sorted(texts[180:360]) == sorted(f"{t} 2" for t in texts[:180])
    assert all(t.endswith(" 3") for t in texts[360:])
    places = [sorted(texts[:180]).index(t) for t in texts[:180]]
    steps = {(b - a) % 180 for a, b in pairwise(places)}
    assert len(steps) > 20


def test_unique_texts_are_of_any_row_range(stored: Any) -> None:
    tables = {
        "teams": {
            "rows": 40,
            "columns": {
                "id": {"type": "key"},
                "name": {**NAMES, "unique": True, "separator": ""},
                "plain": {"type": "combined", "parts": [FIRST], "separator": "-"},
            },
        },
        "members": {
            "parent": "teams",
            "rows": {"type": "poisson", "mean": 9},
            "columns": {
                "id": {"type": "parent", "column": "id"},
                "team": {"type": "parent", "column": "name"},
                "nick": {**NAMES, "unique": True, "separator": "."},
            },
        },
    }
    made = stored(tables)
    assert made.steady("members")
    made.written()
    assert made.one(
        "SELECT count(*) = count(DISTINCT nick), count(*) > 200, "
        "count_if(team <> name) FROM made.members JOIN made.teams USING (id)"
    ) == (True, True, 0)
    more = made.con.execute(
        "SELECT count(DISTINCT name) FROM genesis_generate('p', 'teams', rows := 3000)"
    ).fetchall()
    assert more == [(3000,)]


def test_texts_are_never_longer_than_their_type(one_table: Any) -> None:
    parts = [["Al", "Christopher", "Bea"], ["Ng", "Montgomery", "Ek"]]
    columns = {
        "name": {"type": "combined", "parts": parts, "sql_type": "VARCHAR(12)"},
        "one": {"type": "combined", "parts": parts, "sql_type": "VARCHAR(14)", "unique": True},
        "cut": {"type": "expression", "sql": "name || ' ' || name", "sql_type": "varchar(7)"},
        "gap": {"type": "combined", "parts": parts, "null_share": 0.5},
    }
    made = one_table(columns, 2000)
    made.table("t")
    assert made.one(
        "SELECT max(length(name)) <= 12, max(length(one)) <= 14, max(length(cut)) = 7, "
        "count(DISTINCT one), count(DISTINCT name) > 1 FROM t"
    ) == (True, True, True, 2000, True)
    assert 800 < made.one("SELECT count(gap) FROM t")[0] < 1200


def test_words_are_quoted(one_table: Any) -> None:
    spec = {"type": "combined", "parts": [[VICTIM, "b"], [VICTIM]], "separator": "' || x || '"}
    made = one_table({VICTIM: spec, "u": {**spec, "unique": True, "separator": "'"}}, 20)
    made.con.execute("CREATE TABLE victim AS SELECT 1 AS v")
    found = {row[0] for row in made.table("t")}
    assert found == {f"{w}' || x || '{VICTIM}" for w in (VICTIM, "b")}
    assert made.one("SELECT count(*) FROM victim") == (1,)


def test_a_number_is_told_from_words_that_end_with_one(one_table: Any) -> None:
    parts = [["Unit", "Unit 2"], ["A", "A 2", "7"]]
    made = one_table({"name": {"type": "combined", "parts": parts, "unique": True}}, 60)
    assert len({name for (name,) in made.table("t")}) == 60


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"parts": [["a b", "a"], ["c", "b c"]], "unique": True}, "two combinations of its words read 'a b c'"),
        ({"parts": [["ab", "a"], ["c", "bc"]], "separator": "", "unique": True}, "read 'abc'"),
        ({"parts": [["long", "longer"], ["words"]], "sql_type": "VARCHAR(8)"}, "its shortest text has 10 characters"),
        ({"parts": [[f"a {i}" for i in range(600)]] * 2, "unique": True}, "a separator that no word holds"),
    ],
)  # fmt: skip
def test_texts_that_cannot_be_told_apart(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        compiles({"a": {"type": "combined", **spec}})


def test_lists_fall_into_two_like_parts() -> None:
    assert halves([2, 3, 5, 7]) == (30, 7)
    assert halves([9]) == (1, 9)


# shapes


def test_shapes_and_their_escapes(one_table: Any) -> None:
    columns = {
        "plate": {"type": "pattern", "shape": r"@@-\#??:*"},
        "one": {"type": "pattern", "shape": "X##@", "unique": True},
        "gap": {"type": "pattern", "shape": "##", "unique": True, "null_share": 0.9},
        "id": {
            "type": "pattern", "shape": "********-****-4***-b***-************", "sql_type": "UUID",
        },
        "sole": {"type": "pattern", "shape": "########-****-****-****-************",
                 "sql_type": "UUID", "unique": True},
        "code": {"type": "pattern", "shape": "1##", "sql_type": "INTEGER"},
    }  # fmt: skip
    made = one_table({**columns, "gap": {**columns["gap"], "shape": "####"}}, 2500)
    rows = made.table("t", seed=6)
    assert rows == made.in_sql("t", seed=6)
    assert all(re.fullmatch(r"[A-Z]{2}-#[a-z]{2}:[0-9a-f]", row[0]) for row in rows)
    assert all(re.fullmatch(r"X\d\d[A-Z]", row[1]) for row in rows)
    assert len({row[1] for row in rows}) == 2500
    assert made.one("SELECT count(*) FROM (DESCRIBE t) WHERE column_type = 'UUID'") == (2,)
    kept = [row[2] for row in rows if row[2] is not None]
    assert 150 < len(kept) == len(set(kept)) < 350
    assert made.one(
        "SELECT count(DISTINCT id) > 2400, count(DISTINCT sole), min(code) >= 100, "
        "max(code) <= 199, count(DISTINCT plate) > 2000, count(DISTINCT code) FROM t"
    ) == (True, 2500, True, True, True, 100)


def test_more_rows_than_a_shape_has_texts_are_refused_before_any_work(stored: Any) -> None:
    unique = {"type": "pattern", "shape": "A##", "unique": True}
    with pytest.raises(ProfileError, match="t.a: the shape 'A##' holds 100 .* has 101 rows"):
        compiles({"a": unique}, rows=101)
    made = stored({"t": {"rows": 100, "columns": {"a": unique}}})
    assert len({a for (a,) in made.rows("t")}) == 100
    with pytest.raises(Exception, match="no more texts of the shape of 'a'|100 rows"):
        made.con.execute(
            "CALL genesis_generate_database('p', target := 'm', rows := MAP {'t': 200})"
        )
    with pytest.raises(Exception, match="more than 100|has 100 rows|can have 100"):
        made.con.execute("FROM genesis_generate('p', 't', rows := 200)")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"shape": "AB\\"}, "ends with a"),
        ({"shape": "####", "sql_type": "VARCHAR(3)"}, "have 4 characters, and its type holds 3"),
        ({"shape": "same", "unique": True}, "holds 1 different texts, and the table has 50 rows"),
    ],
)
def test_shapes_that_make_no_sense(spec: dict[str, Any], message: str) -> None:
    with pytest.raises((ProfileError, ModelFormatError, OptionError), match=message):
        compiles({"a": {"type": "pattern", **spec}})
