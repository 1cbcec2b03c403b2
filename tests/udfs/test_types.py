"""Every supported type through fit and generate: the same DuckDB types come out, NULLs and limits too."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.sqlbuild import quoted

TYPES = {
    "TINYINT": "i % 100 - 50",
    "SMALLINT": "i * 37 % 3000 - 1500",
    "INTEGER": "i * 37 % 30000",
    "BIGINT": "i * 7919",
    "UTINYINT": "i % 200",
    "USMALLINT": "i * 37 % 60000",
    "UINTEGER": "i * 37",
    "UBIGINT": "i * 37",
    "HUGEINT": "i * 37",
    "UHUGEINT": "i * 37",
    "DECIMAL(4,1)": "i % 900 / 10",
    "DECIMAL(18,3)": "i * 7919 / 1000",
    "DECIMAL(38,10)": "i * 7919 / 1000",
    "FLOAT": "i * 0.1",
    "DOUBLE": "i * 0.37",
    "BOOLEAN": "i % 3 = 0",
    "DATE": "DATE '2000-01-01' + CAST(i % 900 AS INTEGER)",
    "TIME": "TIME '00:00:00' + to_seconds(i * 37)",
    "TIME_NS": "TIME '00:00:00' + to_seconds(i * 37)",
    "TIMESTAMP": "TIMESTAMP '2000-01-01' + to_seconds(i * 3777)",
    "TIMESTAMP_S": "TIMESTAMP '2000-01-01' + to_seconds(i * 3777)",
    "TIMESTAMP_MS": "TIMESTAMP '2000-01-01' + to_milliseconds(i * 3777)",
    "TIMESTAMP_NS": "TIMESTAMP '2000-01-01' + to_microseconds(i * 3777)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '2000-01-01 00:00:00+02' + to_seconds(i * 3777)",
    "VARCHAR": "'v' || i % 7",
    "ENUM('a', 'it''s', '')": "['a', 'it''s', ''][i % 3 + 1]",
    "UUID": "CAST(md5(CAST(i AS VARCHAR)) AS UUID)",
}

LIMITS = {
    "DATE": [
        "'infinity'",
        "'-infinity'",
        "'5881580-07-10'",
        "'5877642-06-25 (BC)'",
        "'9999-12-31'",
    ],
    "TIMESTAMP": ["'infinity'", "'-infinity'", "'294247-01-10 04:00:54.775806'", "'0001-01-01'"],
    "TIMESTAMP_S": ["'infinity'", "'9999-12-31'"],
    "TIMESTAMP_MS": ["'infinity'", "'9999-12-31'"],
    "TIMESTAMP_NS": ["'infinity'", "'2262-04-11 23:47:16.854775806'"],
    "TIMESTAMP WITH TIME ZONE": ["'infinity'", "'294247-01-10 04:00:54.775806+00'"],
    "TIME": ["'24:00:00'", "'00:00:00'"],
    "BIGINT": ["9223372036854775807", "-9223372036854775808"],
    "UBIGINT": ["0", "9223372036854775807"],
    "HUGEINT": ["9223372036854775808", "-9223372036854775809"],
    "DECIMAL(38,10)": ["'1234567890123456789.1234567891'", "'-0.0000000001'"],
    "DECIMAL(18,18)": ["'0.999999999999999999'", "'-0.999999999999999999'"],
    "DOUBLE": ["'nan'", "'inf'", "'-inf'", "1.7e308", "5e-324"],
    "FLOAT": ["'nan'", "'inf'", "'-inf'", "3.4e38"],
    "VARCHAR": ["''", "'NULL'", "'a' || chr(0) || 'b'", "'🙂'"],
}


def table(con: duckdb.DuckDBPyConnection, cell: str, rows: int) -> None:
    """The table `t`, a column for each type; ``cell`` says what becomes of its expression {e}."""
    columns = [
        f"CAST({cell.format(e=expression)} AS {type_}) AS {quoted(type_)}"
        for type_, expression in TYPES.items()
    ]
    con.execute(
        f"CREATE TABLE t AS SELECT i % 3 AS g, {', '.join(columns)} FROM range(1, {rows + 1}) AS r(i)"
    )


def described(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    return con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {query})").fetchall()


@pytest.fixture
def zoned() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("cell", "rows"),
    [("{e}", 200), ("if(i % 4 = 0, NULL, {e})", 200), ("NULL", 30), ("{e}", 1)],
    ids=["values", "nulls mixed", "all NULL", "one row"],
)
def test_every_type(zoned: duckdb.DuckDBPyConnection, cell: str, rows: int) -> None:
    con = zoned
    table(con, cell, rows)
    notes = con.execute("SELECT notes FROM genesis_fit('m', 't')").fetchall()
    assert notes == [("",)]
    assert described(con, "FROM genesis_generate('m')") == described(con, "t")
    con.execute("CREATE TABLE s AS FROM genesis_generate('m', rows := 400)")
    assert described(con, "s") == described(con, "t")
    for type_ in TYPES:
        name = quoted(type_)
        share, low, high, known = con.execute(
            f"SELECT count({name}) / count(*), min({name}) < (SELECT min({name}) FROM t), "
            f"max({name}) > (SELECT max({name}) FROM t), count(*) FILTER ({name} IN (FROM (SELECT {name} FROM t))) FROM s"
        ).fetchall()[0]
        expected = {"NULL": 0, "{e}": 1}.get(cell, 0.75)
        assert abs(share - expected) < 0.1, type_
        if type_ not in ("UUID", "VARCHAR"):  # made anew, of one row also the text
            assert not low, type_
            assert not high, type_
        if type_.startswith(("BOOLEAN", "ENUM")):
            assert known == round(share * 400), type_
    assert con.execute("SELECT current_setting('TimeZone')").fetchall() == [("America/New_York",)]


def test_limits(con: duckdb.DuckDBPyConnection) -> None:
    """Every limit in a fifth of the rows: it comes back, as itself or as near as a double is."""
    columns = []
    for type_, limits in LIMITS.items():
        cases = " ".join(
            f"WHEN i % 5 = {n} THEN CAST({v} AS {type_})" for n, v in enumerate(limits)
        )
        usual = TYPES.get(type_, "0")
        columns.append(f"CASE {cases} ELSE CAST({usual} AS {type_}) END AS {quoted(type_)}")
    con.execute(f"CREATE TABLE t AS SELECT {', '.join(columns)} FROM range(200) AS r(i)")
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    con.execute("CREATE TABLE s AS FROM genesis_generate('m', rows := 500)")
    assert described(con, "s") == described(con, "t")
    rounded = {"HUGEINT", "DECIMAL(38,10)", "DECIMAL(18,18)", "UBIGINT", "BIGINT"}
    for type_, limits in LIMITS.items():
        for value in limits:
            near = f"abs(CAST(x AS DOUBLE) - CAST({value} AS DOUBLE)) <= abs(CAST({value} AS DOUBLE)) * 1e-9"
            same = near if type_ in rounded else f"x = CAST({value} AS {type_})"
            found = con.execute(
                f"SELECT count(*) FROM (SELECT {quoted(type_)} AS x FROM s) WHERE {same}"
            ).fetchall()[0][0]
            assert found > 40, (type_, value)


@pytest.mark.parametrize(
    "value",
    [
        "170141183460469231731687303715884105727",
        "CAST('340282366920938463463374607431768211455' AS UHUGEINT)",
    ],
)
def test_numbers_of_39_digits_are_left_out(con: duckdb.DuckDBPyConnection, value: str) -> None:
    con.execute(
        f"CREATE TABLE t AS SELECT i % 3 AS a, if(i = 7, {value}, 1) AS wide FROM range(50) AS r(i)"
    )
    found = con.execute(
        "SELECT column_name, finding FROM genesis_check('t') WHERE severity = 'warning'"
    ).fetchall()
    text = "numbers of 39 digits cannot be learnt; the column is left out"
    assert ("wide", text) in found
    assert con.execute("SELECT notes FROM genesis_fit('m', 't')").fetchall() == [(f"wide: {text}",)]
    assert described(con, "FROM genesis_generate('m')") == [("a", "BIGINT")]


def test_another_content_is_another_model(con: duckdb.DuckDBPyConnection) -> None:
    """What a fit draws from is its source, whatever was fitted from a table of that shape before."""
    seen = []
    for text in ("'A-' || i", "'B-' || i", "if(i % 2 = 0, NULL, 'B-' || i)", "'x'", "'y'", "NULL"):
        con.execute(
            f"CREATE OR REPLACE TABLE t AS SELECT CAST({text} AS VARCHAR) AS c, i % 3 AS g FROM range(200) AS r(i)"
        )
        con.execute("CALL genesis_fit('m', 't')").fetchall()
        seen.append(
            con.execute("SELECT min(c[1]), count(c) > 150 FROM genesis_generate('m')").fetchall()[0]
        )
    assert seen == [("A", True), ("B", True), ("B", False), ("x", True), ("y", True), (None, False)]
