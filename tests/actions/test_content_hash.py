"""The same rows have the same hash, in any order, by any release of DuckDB; others have others."""

from __future__ import annotations

import duckdb
import pytest

from genesis_sql.actions.content_hash import content_hash

COLUMNS = [
    ("i", "BIGINT"), ("d", "DATE"), ("x", "DOUBLE"), ("m", "DECIMAL(9,2)"), ("t", "VARCHAR"),
    ("s", "TIMESTAMP"), ("b", "BOOLEAN"), ("l", "INTEGER[]"), ("r", "STRUCT(a INTEGER, \"b c\" VARCHAR)"),
]  # fmt: skip
MADE = """
SELECT i, DATE '1900-02-28' + CAST(i * 977 AS INTEGER) AS d,
       CASE WHEN i % 7 = 0 THEN NULL ELSE i / 3.0e0 * pow(10, i % 30 - 12) END AS x,
       CAST(i * 7 % 1000 / 8 AS DECIMAL(9,2)) AS m,
       ['', 'NULL', 'Größe 🙂', 'it''s', NULL][1 + i % 5] AS t,
       TIMESTAMP '2000-01-01' + to_microseconds(i * 1234567891) AS s, i % 3 = 0 AS b,
       [i % 3, NULL, i]::INTEGER[] AS l,
       {'a': i % 2, 'b c': 'x"' || i}::STRUCT(a INTEGER, "b c" VARCHAR) AS r
FROM range(500) AS n(i)
"""
GOLDEN = "d2e4d5ca22e4f56e0f08355231242b44"


@pytest.fixture
def plain() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def of(con: duckdb.DuckDBPyConnection, query: str) -> str:
    return content_hash(con, COLUMNS, f"({query})")


def test_every_release_gives_this_one(plain: duckdb.DuckDBPyConnection) -> None:
    assert of(plain, MADE) == GOLDEN


def test_the_order_does_not_matter(plain: duckdb.DuckDBPyConnection) -> None:
    assert of(plain, f"FROM ({MADE}) ORDER BY i % 17, i DESC") == GOLDEN


@pytest.mark.parametrize(
    "change",
    [
        "FROM ({0}) LIMIT 499",
        "FROM ({0}) UNION ALL FROM ({0})",
        "SELECT * REPLACE (CASE WHEN i = 77 THEN 78 ELSE i END AS i) FROM ({0})",
        "SELECT * REPLACE (coalesce(t, '') AS t) FROM ({0})",
        "SELECT * REPLACE (CASE WHEN t = 'NULL' THEN NULL ELSE t END AS t) FROM ({0})",
        "SELECT * REPLACE (nextafter(x, 1e300) AS x) FROM ({0})",
        "SELECT * REPLACE (lead(t, 1, t) OVER (ORDER BY i) AS t) FROM ({0})",
    ],
)
def test_any_change_shows(plain: duckdb.DuckDBPyConnection, change: str) -> None:
    assert of(plain, change.format(MADE)) != GOLDEN


def test_names_and_types_count(plain: duckdb.DuckDBPyConnection) -> None:
    hashes = {
        content_hash(
            plain, [(name, kind)], f'(SELECT CAST(i AS {kind}) AS "{name}" FROM range(3) n(i))'
        )
        for name in ("a", 'x"; DROP TABLE victim; --'.replace('"', ""))
        for kind in ("INTEGER", "BIGINT")
    }
    assert len(hashes) == 4


def test_names_are_quoted(plain: duckdb.DuckDBPyConnection) -> None:
    plain.execute("CREATE TABLE victim (i INTEGER)")
    name = 'x"); DROP TABLE victim; --'
    plain.execute('CREATE TABLE odd AS SELECT 1 AS "x""); DROP TABLE victim; --"')
    assert content_hash(plain, [(name, "INTEGER")], "odd")
    assert plain.execute("SELECT count(*) FROM victim").fetchall() == [(0,)]


def test_no_rows_have_a_hash(plain: duckdb.DuckDBPyConnection) -> None:
    assert len(of(plain, f"FROM ({MADE}) WHERE false")) == 32
