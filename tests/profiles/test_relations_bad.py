"""Relations that cannot be: named in one sentence when the profile is saved, or before any work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import ConstraintError, ExpressionError, OptionError, ProfileError
from genesis_sql.profiles.compile import compile_profile

Con = duckdb.DuckDBPyConnection
Spec = dict[str, Any]
KEY: Spec = {"type": "key"}
ODD = "x'); DROP TABLE victim; --"


def to(table: str, **more: Any) -> Spec:
    return {"type": "reference", "table": table, **more}


def table(columns: Mapping[str, Any], rows: int = 10, **more: Any) -> Spec:
    return {"rows": rows, "columns": {"id": KEY, **columns}, **more}


def child(columns: Mapping[str, Any], mean: float = 3, **more: Any) -> Spec:
    own = {"a": {"type": "parent", "column": "id"}, **columns}
    return {"parent": "a", "rows": {"type": "poisson", "mean": mean}, "columns": own, **more}


COLOUR: Spec = {"type": "explicit", "values": ["red", "green"]}
REAL: Spec = {"type": "normal", "mean": 0, "std_dev": 1}
A = table({"colour": COLOUR, "real": REAL})

BAD: dict[str, tuple[Spec, str]] = {
    "nowhere": (
        {"a": A, "b": table({"x": to("aa")})},
        r"tables\.b\.columns\.x: there is no table 'aa'; .*'a'",
    ),
    "no column": (
        {"a": A, "b": table({"x": to("a", column="color")})},
        r"b\.x names 'a\.color', which is no column of it; .*'colour'",
    ),
    "no key": (
        {"a": {"columns": {"x": COLOUR}}, "b": table({"x": to("a")})},
        r"b\.x: table 'a' has no column of type 'key' to refer to",
    ),
    "circle": (
        {"a": table({"b": to("b")}), "b": table({"a": to("a")})},
        r"none of the references may be NULL: a → b → a; give tables\.a\.columns\.b \"nullable\"",
    ),
    "own parent": (
        {"a": child({})},
        r"tables\.a\.parent: 'a' cannot be its own parent",
    ),
    "copy in a circle": (
        {"a": table({"up": to("a"), "top": {"type": "parent", "column": "top", "of": "up"}})},
        r"a\.top copies itself: a\.top → a\.top",
    ),
    "computed in a circle": (
        {
            "a": table(
                {
                    "up": to("a", column="mail"),
                    "mail": {"type": "expression", "sql": "coalesce(up, '') || id"},
                }
            )
        },
        r"a\.mail depends on itself, by way of rows that references choose",
    ),
    "of nothing": (
        {"a": A, "b": table({"x": to("a"), "y": {"type": "parent", "column": "id", "of": "z"}})},
        r"b\.y copies of 'z', which is no reference of its table",
    ),
    "link of two": (
        {
            "a": A,
            "b": table(
                {"x": to("a", link="l", skew=1), "y": to("a", column="colour", link="l", skew=2)}
            ),
        },
        r"b\.x: the columns of the link 'l' disagree on skew: 1 and 2",
    ),
    "link twice": (
        {"a": A, "b": table({"x": to("a", link="l"), "y": to("a", link="l")})},
        r"two columns of the link 'l' name the same column",
    ),
    "match of nothing": (
        {"a": A, "b": table({"x": to("a", match={"colour": "colour"}), "colour": COLOUR})},
        r"b\.x has to agree with 'colour', which is no reference and no copy",
    ),
    "match in a circle": (
        {
            "a": A,
            "b": table(
                {
                    "x": to("a", match={"y": "colour"}),
                    "y": to("a", column="colour", match={"x": "id"}),
                }
            ),
        },
        r"b\.y has to agree with 'x', which is chosen after it",
    ),
    "never NULL": (
        {"a": A, "b": table({"x": to("a", null_share=0.1, nullable=False)})},
        r"b\.x: null_share is 0\.1, and 'x' is not nullable",
    ),
    "strict and NULL": (
        {"a": table({"x": {**COLOUR, "null_share": 0.5, "nullable": False}})},
        r"a\.x may not be NULL, and its values are at times",
    ),
    "strict copy": (
        {
            "a": table({"x": {**COLOUR, "null_share": 0.5}}),
            "b": child({"x": {"type": "parent", "column": "x", "nullable": False}}),
        },
        r"b\.x may not be NULL",
    ),
    "skewed self": (
        {"a": table({"x": to("a", skew=1)})},
        r"a\.x refers to its own table, where skew is not possible",
    ),
    "few for distinct": (
        {"a": A, "g": table({}, rows=2), "b": child({"g": to("g", distinct=True)})},
        r"b\.g: a row of 'a' has 3 rows of 'b' on average, .* of 'g', which has 2",
    ),
    "distinct root": (
        {"a": A, "b": table({"x": to("a", distinct=True)})},
        r"b\.x is to be distinct among the rows of one parent, and 'b' has none",
    ),
    "small key": (
        {"a": {"rows": 100_000, "columns": {"id": {**KEY, "sql_type": "SMALLINT"}}}},
        r"a\.id: 100,000 rows need as many keys, and its type holds 32,767",
    ),
    "short key": (
        {"a": {"rows": 100, "columns": {"id": {**KEY, "format": "P%d", "sql_type": "VARCHAR(3)"}}}},
        r"a\.id: 100 rows need as many keys, and its type holds 99",
    ),
    "few labels": (
        {"a": table({"colour": COLOUR}, unique=[["colour"]])},
        r"table 'a' asks for 10 rows, and its key \(colour\) has 2 different values",
    ),
    "few pairs": (
        {
            "a": table({}, rows=3),
            "b": {
                "rows": 7,
                "primary_key": ["x", "colour"],
                "columns": {"x": to("a"), "colour": COLOUR},
            },
        },
        r"table 'b' asks for 7 rows, and its key \(x, colour\) has 6 different values",
    ),
    "unkept": (
        {"a": table({"real": REAL}, unique=[["real"]])},
        r"table 'a' cannot keep \(real\) unique",
    ),
    "unkept text": (
        {
            "a": table(
                {"colour": COLOUR, "mail": {"type": "expression", "sql": "colour || '@x'"}},
                unique=[["mail"]],
            )
        },
        r"table 'a' cannot keep \(mail\) unique",
    ),
    "key of nothing": (
        {"a": table({"colour": COLOUR}, unique=[["color"]])},
        r"tables\.a\.unique: the column 'color' is not there; .*'colour'",
    ),
    "hidden key": (
        {"a": table({"x": {**COLOUR, "hidden": True}}, primary_key=["x"])},
        r"tables\.a\.primary_key: the column 'x' is hidden",
    ),
    "check of nothing": (
        {"a": table({"colour": COLOUR}, checks=["color = 'red'"])},
        r"tables\.a\.checks: 'color = 'red'' reads color, which is no visible column",
    ),
    "no condition": (
        {"a": table({}, checks=["id + 1"])},
        r"tables\.a\.checks: 'id \+ 1' gives BIGINT, no condition",
    ),
    "check that does not bind": (
        {"a": table({}, checks=["id > DATE '2020-01-01'"])},
        r"tables\.a\.checks: .* does not fit the columns",
    ),
    "lonely sibling": (
        {"a": table({"x": {"type": "sibling"}})},
        r"a\.x counts the rows of one parent, and its table has none",
    ),
    "formatted UUID": (
        {"a": table({"x": {**KEY, "format": "P%d", "sql_type": "UUID"}})},
        r"a\.x: the format 'P%d' makes no UUID, which has a form of its own",
    ),
    "key of dates": (
        {"a": table({"x": {**KEY, "sql_type": "DATE"}})},
        r"a\.x: a key is text, a UUID or a number, no DATE",
    ),
    "part of a key": (
        {
            "a": {
                **table({"n": {"type": "uniform", "min": 1, "max": 9, "decimals": 0}}),
                "primary_key": ["id", "n"],
            },
            "b": {
                "parent": "c",
                "rows": {"type": "poisson", "mean": 1},
                "columns": {"n": {"type": "parent", "column": "n"}},
            },
            "c": {"columns": {"n": COLOUR}, "rows": 3},
        },
        r"tables\.b\.parent: table 'c' has no key to name its rows by",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_named_when_it_is_compiled(case: str) -> None:
    tables, match = BAD[case]
    with pytest.raises(ProfileError, match=match):
        compile_profile({"tables": tables}, name="p", version=1)


@pytest.mark.parametrize("sql", ["id > (SELECT 1)", f"id = '{ODD}'", "id > 0; DROP TABLE victim"])
def test_a_check_is_an_expression_of_the_allow_list(con: Con, sql: str) -> None:
    con.execute("CREATE TABLE victim AS SELECT 1 AS x")
    with pytest.raises((ExpressionError, ProfileError)):
        genesis_sql.save_profile(con, "p", {"tables": {"a": table({}, checks=[sql])}})
    assert con.execute("FROM victim").fetchall() == [(1,)]


def test_odd_names_stay_names(con: Con) -> None:
    """Tables, columns and links may be called anything; a check may hold any text."""
    odd = ODD.replace(".", "")
    tables = {
        odd: {
            "rows": 12,
            "columns": {odd: KEY, "c": COLOUR},
            "checks": [f"c <> '{odd.replace(chr(39), chr(39) * 2)}'"],
            "comment": odd,
        },
        "b": table({odd: to(odd, link=odd, skew=1, null_share=0.2)}, unique=[[odd, "id"]]),
    }
    con.execute("CREATE TABLE victim AS SELECT 1 AS x")
    genesis_sql.save_profile(con, "p", {"tables": tables})
    con.execute("CALL genesis_generate_database('p', target := 's')")
    name = '"' + odd.replace('"', '""') + '"'
    found = con.execute(f"SELECT count(*) FROM s.b JOIN s.{name} AS a ON a.{name} = b.{name}")
    assert found.fetchall()[0][0] >= 5
    assert con.execute("FROM victim").fetchall() == [(1,)]


def refuse(con: Con, tables: Mapping[str, Any], rows: str) -> str:
    spec = json.dumps({"tables": tables})
    con.execute("CALL genesis_save_profile('p', spec := ?)", [spec])
    with pytest.raises(duckdb.Error) as caught:
        con.execute(f"CALL genesis_generate_database('p', target := 's', {rows})")
    assert not con.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 's'").fetchall()
    return str(caught.value)


def test_more_rows_than_a_key_holds_are_refused_before_any_work(con: Con) -> None:
    small = {"a": {"rows": 5, "columns": {"id": {**KEY, "sql_type": "SMALLINT"}}}}
    told = refuse(con, small, "rows := MAP {'a': 100000}")
    assert OptionError.__name__ in told
    assert "rows asks for 100,000 rows of table 'a', which can have 32,767" in told
    assert "its column 'id' of type SMALLINT has no more values" in told
    told = refuse(con, small, "scale := 20000")
    assert "makes 100,000 rows of table 'a', whose key 'id' is of type SMALLINT" in told
    marked = {"type": "uniform", "min": 0, "max": 100, "decimals": 0, "sql_type": "UTINYINT"}
    told = refuse(con, {"a": table({"n": marked}, unique=[["n"]])}, "rows := MAP {'a': 300}")
    assert "which can have 256: its column 'n' of type UTINYINT has no more values" in told


def test_more_children_than_there_are_rows_to_choose(con: Con) -> None:
    tables = {"a": A, "g": table({}, rows=4), "b": child({"g": to("g", distinct=True)})}
    told = refuse(con, tables, "rows := MAP {'b': 41}")
    assert "which can have at most 40: each of the 10 rows of 'a' can have 4" in told


def test_a_check_that_no_row_can_keep(con: Con) -> None:
    tables = {
        "a": table({"n": {"type": "uniform", "min": 0, "max": 9, "decimals": 0}}, checks=["n > 9"])
    }
    told = refuse(con, tables, "seed := 1")
    assert ConstraintError.__name__ in told
    assert "\"n\" > 9' of table 'a' was not met" in told
    assert "leave it out of the checks, or give its columns laws that keep it" in told
