"""The first look at a table sees what is in it, and warns of what was planted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import SourceError
from genesis_sql.evaluate.profiling.meanings import meaning_of
from genesis_sql.evaluate.profiling.profile import profile
from genesis_sql.types import Role

from .opened import workspace

PLANTED = """
CREATE TABLE people AS SELECT i AS id, 'p' || i || '@example.org' AS email, printf('AB-%04d', i * 7) AS code,
  CASE i % 10 WHEN 0 THEN 'N/A' WHEN 1 THEN ' Berlin ' WHEN 2 THEN 'BERLIN' ELSE 'Berlin' END AS city,
  CASE WHEN i % 9 = 0 THEN 99999 ELSE i % 70 END AS age, 'x' AS same, NULL::INTEGER AS nothing,
  CASE WHEN i % 3 = 0 THEN i END AS sparse, CAST(i * 3 AS VARCHAR) AS number_text,
  strftime(DATE '2020-01-01' + CAST(i AS INTEGER), '%d.%m.%Y') AS day_text, printf('%05d', i % 50) AS zip,
  CASE i WHEN 3 THEN DATE '1850-01-01' WHEN 4 THEN DATE '2999-01-01' ELSE DATE '2001-01-01' + CAST(i % 300 AS INTEGER) END AS born,
  CASE WHEN i % 2 = 0 THEN 0 ELSE 500 + i END AS fee, i % 2 = 0 AS member, {'a': i, 'b': 'z'} AS parts
FROM range(400) AS r(i)
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without the functions."""
    with duckdb.connect() as connection:
        connection.execute(PLANTED)
        yield connection


def _rows(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, dict[str, object]]:
    ws = workspace(con)
    try:
        found = {str(r["column_name"]): r for r in profile(ws, source)}
        left = ws.con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall()
        assert left == [(0,)]
        return found
    finally:
        ws.con.close()


@pytest.mark.parametrize(
    ("column", "warning"),
    [
        ("id", "unique: could be the key"),
        ("city", "40 rows with a placeholder such as 'N/A'"),
        ("city", "40 rows with spaces at an end"),
        ("city", "2 values differ from another in case or spaces alone"),
        ("age", "45 rows with a placeholder such as 99999"),
        ("age", "45 rows far out"),
        ("same", "constant"),
        ("nothing", "all values are NULL"),
        ("sparse", "mostly NULL (266 of 400 rows)"),
        ("number_text", "numbers stored as text"),
        ("day_text", "dates stored as text"),
        ("born", "1 row before 1900"),
        ("born", "1 row in the future"),
        ("fee", "200 rows are 0, all others 501 or more"),
        ("*", "no key is declared; unique: id, email, code"),
    ],
)
def test_what_was_planted_is_told(
    con: duckdb.DuckDBPyConnection, column: str, warning: str
) -> None:
    assert warning in str(_rows(con, "people")[column]["warning"])


def test_a_sound_column_has_no_warning(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE sound AS SELECT i % 7 AS a, 'k' || (i % 4) AS b, printf('%05d', i % 90) AS zip, "
                "DATE '2020-01-01' + CAST(i % 99 AS INTEGER) AS d, i % 2 = 0 AS f FROM range(500) AS r(i)")  # fmt: skip
    found = _rows(con, "sound")
    assert {c: r["warning"] for c, r in found.items() if c != "*"} == dict.fromkeys(
        ("a", "b", "zip", "d", "f")
    )
    con.execute("CREATE TABLE twice AS SELECT * FROM sound LIMIT 100")
    con.execute("INSERT INTO twice SELECT * FROM sound LIMIT 30")
    assert "30 rows are duplicates" in str(_rows(con, "twice")["*"]["warning"])


def test_numbers_patterns_and_meanings(con: duckdb.DuckDBPyConnection) -> None:
    found = _rows(con, "people")
    sparse = found["sparse"]
    assert (sparse["rows"], sparse["nulls"], sparse["distinct_values"]) == (400, 266, 134)
    assert [sparse[k] for k in ("least", "median", "greatest")] == ["0", "198", "399"]
    assert sparse["mean"] == pytest.approx(199.5)
    assert {c: found[c]["pattern"] for c in ("code", "email", "day_text", "zip")} == {
        "code": "AA-9999", "email": "a999@aaaaaaa.aaa", "day_text": "99.99.9999", "zip": "99999",
    }  # fmt: skip
    assert (found["city"]["commonest"], found["city"]["commonest_share"]) == ("Berlin", 0.7)
    meanings = {
        c: found[c]["meaning"] for c in ("email", "city", "age", "zip", "born", "fee", "same")
    }
    assert meanings == {"email": "e-mail", "city": "city", "age": "age", "zip": "postal code",
                        "born": "date of birth", "fee": "amount", "same": None}  # fmt: skip
    assert found["parts.a"]["role"] == "integer"
    assert found["parts"]["least"] is None


def test_personal_data_is_named_by_what_is_in_it(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE p AS SELECT 'p' || i || '@example.org' AS reach_at FROM range(300) r(i)"
    )
    assert _rows(con, "p")["reach_at"]["meaning"] == "e-mail"


def test_every_source_reads_the_same(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("CREATE TABLE t AS SELECT id, city, age FROM people")
    con.execute("CREATE VIEW v AS FROM t")
    con.execute(f"COPY t TO '{tmp_path}/t.csv'")
    con.execute(f"COPY t TO '{tmp_path}/t.parquet'")
    plain = _rows(con, "t")
    for source in ("v", "(SELECT * FROM t)", f"{tmp_path}/t.csv", f"{tmp_path}/t.parquet"):
        other = _rows(con, source)
        assert {c: r for c, r in other.items() if c != "*"} == {
            c: r for c, r in plain.items() if c != "*"
        }


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("poeple", "did you mean 'people'"),
        ("main", "'main' holds 2 tables: name one of them, such as 'main.none'"),
        ("none", "'none' has no rows"),
        ("nothing.csv", "no file 'nothing.csv'"),
    ],
)
def test_what_cannot_be_looked_at(con: duckdb.DuckDBPyConnection, source: str, match: str) -> None:
    con.execute("CREATE TABLE none (a INTEGER)")
    with pytest.raises(SourceError, match=match):
        _rows(con, source)


def test_names_and_values_are_harmless(con: duckdb.DuckDBPyConnection) -> None:
    name = "x'); DROP TABLE people; --"
    con.execute(
        f'CREATE TABLE "{name}" AS SELECT \'$v\' || i AS "{name}", i AS "$column" FROM range(30) AS r(i)'
    )
    assert set(_rows(con, f'"{name}"')) == {"*", name, "$column"}
    assert con.execute("SELECT count(*) FROM people").fetchall() == [(400,)]


def test_from_sql() -> None:
    with genesis_sql.connect() as con:
        con.execute(
            "CREATE TABLE t AS SELECT i AS id, NULL::TIMESTAMP AS at, TIME '10:00' AS tm FROM range(9) AS r(i)"
        )
        found = con.execute(
            "SELECT column_name, role, \"rows\" FROM genesis_profile('t')"
        ).fetchall()
    assert found == [
        ("*", "table", 9),
        ("id", "integer", 9),
        ("at", "empty", 9),
        ("tm", "constant", 9),
    ]


def test_meanings_know_words_not_letters() -> None:
    assert meaning_of("average", Role.DECIMAL) == ""
    assert meaning_of("page", Role.INTEGER) == ""
    assert meaning_of("is_active", Role.BOOLEAN) == "flag"
    assert meaning_of("customer_id", Role.FOREIGN_KEY) == "reference"
