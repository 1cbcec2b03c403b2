"""CHECKs are kept by the rows, or told before any work; what else cannot be is one sentence."""

from __future__ import annotations

import duckdb
import pytest

import genesis_sql
from genesis_sql.drafts.draft import draft
from genesis_sql.errors import SchemaError
from genesis_sql.introspect.from_ddl import read_ddl
from tests.drafts.test_apart import count, fill

LEFT_OUT = {
    "a pattern": ("zip SIMILAR TO '[0-9]{5}'", "zip SIMILAR TO"),
    "a glob": ("zip GLOB '[0-9]*'", "zip GLOB"),
    "what no number is": ("a * a < 0", "the rows that were tried did not keep it"),
    "a sum of keys": ("id + id = a + 1", "the rows that were tried did not keep it"),
}
KEPT = [
    "a + b = c",
    "c = a * 3 - 1",
    "zip LIKE '%1%'",
    "a % 2 = 0",
    "a + b > 30 OR b IS NULL",
    "(a IS NULL) <> (zip IS NULL)",
]
TABLE = "CREATE TABLE t (id INT PRIMARY KEY, zip TEXT, a INT{0}, b INT, c INT, CHECK ({1}))"


@pytest.mark.parametrize("wanted", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_cannot_be_kept_is_told(
    con: duckdb.DuckDBPyConnection, wanted: tuple[str, str]
) -> None:
    check, reason = wanted
    ddl = TABLE.format(" NOT NULL", check)
    (told,) = con.execute("CALL genesis_schema('m', ddl := ?)", [ddl]).fetchall()
    notes = str(told[-1])
    assert f"CHECK ({check}) is not kept by construction" in notes
    assert reason in notes
    made = genesis_sql.generate_database(con, "m", "made", rows={"t": 50}, seed=1)
    assert [r["rows"] for r in made] == [50]


@pytest.mark.parametrize("check", KEPT)
def test_what_can_be_kept_is(con: duckdb.DuckDBPyConnection, check: str) -> None:
    assert draft(read_ddl(TABLE.format("", check)))["tables"]["t"]["checks"] == [check]
    assert fill(con, TABLE.format("", check), t=80) == {"t": 80}
    assert count(con, f"t WHERE NOT ({check})") == 0
    assert count(con, "t WHERE b IS NULL OR c IS NULL") < 60


def test_only_the_check_that_cannot_be_kept_is_left_out() -> None:
    ddl = TABLE.format(
        " NOT NULL", "a % 2 = 0), CHECK (a % 2 = 1), CHECK (b < 9), CHECK (a * 0 = 1"
    )
    table = draft(read_ddl(ddl))["tables"]["t"]
    assert table["checks"] == ["b < 9"]
    assert table["description"].count("is not kept by construction") == 3


def test_tables_whose_names_differ_in_case_alone() -> None:
    ddl = 'CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE "T" (id INT PRIMARY KEY)'
    with pytest.raises(SchemaError, match="the tables 't' and 'T' differ in case alone"):
        draft(read_ddl(ddl))


@pytest.mark.parametrize(("rows", "told"), [("0", "at least 1: ask"), ("NULL", "says NULL of 't'")])
def test_rows_that_are_none(con: duckdb.DuckDBPyConnection, rows: str, told: str) -> None:
    sql = f"CALL genesis_schema('m', ddl := ?, rows := MAP {{'t': {rows}}})"
    with pytest.raises(duckdb.Error, match=told):
        con.execute(sql, [TABLE.format("", "a > 0")])
