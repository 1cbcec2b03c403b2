"""Rows of SQLite, PostgreSQL and MariaDB databases brought into a schema of DuckDB."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

import genesis_sql
from genesis_sql.errors import OptionError, SourceError, TargetError
from genesis_sql.introspect import urls
from genesis_sql.introspect.from_url import read_url
from genesis_sql.introspect.rows_of import copy_rows

SQLITE = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, born DATE, boss INTEGER
  REFERENCES people, half DECIMAL(8,2), open BOOLEAN, at TIMESTAMP, pic BLOB);
CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES people, kind TEXT);
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as con:
        con.executescript(SQLITE)
        con.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (i, f"p{i}", f"2000-01-{1 + i % 28:02}", i - 1 if i else None, i / 4, i % 2,
                 f"2024-01-01 00:00:{i % 60:02}", b"\x00\xff" if i % 3 else None)
                for i in range(300)
            ],
        )  # fmt: skip
        con.executemany(
            "INSERT INTO pets VALUES (?, ?, ?)", [(i, i // 2, "cd"[i % 2]) for i in range(600)]
        )
    con.close()
    return f"sqlite:///{file}"


def test_sqlite_rows_can_be_learnt(shop: str) -> None:
    with duckdb.connect() as con:
        copied = copy_rows(con, shop, target="shop copy")
        assert copied.rows == {"people": 300, "pets": 600}
        assert copied.relationships == ("people(boss) -> people(id)", "pets(owner) -> people(id)")
        found = con.execute('SELECT * FROM "shop copy".people WHERE id = 7').fetchall()
        assert [str(v) for v in found[0]] == [
            "7", "p7", "2000-01-08", "6", "1.75", "True", "2024-01-01 00:00:07", r"b'\x00\xff'",
        ]  # fmt: skip
        assert con.execute('SELECT count(pic) FROM "shop copy".people').fetchall() == [(200,)]
        assert con.execute("SELECT current_schema()").fetchall() == [("main",)]
        with pytest.raises(duckdb.ConstraintException, match="Duplicate key"):
            con.execute("INSERT INTO \"shop copy\".people (id, name) VALUES (900, 'p7')")


def test_a_copy_is_whole_or_not_there(shop: str) -> None:
    with sqlite3.connect(shop.removeprefix("sqlite:///")) as source:
        source.execute("UPDATE pets SET owner = 'nobody' WHERE id = 599")
    source.close()
    with duckdb.connect() as con:
        with pytest.raises(
            SourceError, match="table 'pets', column 'owner': 'nobody' is no INTEGER"
        ):
            copy_rows(con, shop, target="t")
        assert (
            con.execute("SELECT 1 FROM duckdb_schemas() WHERE schema_name = 't'").fetchall() == []
        )
        assert copy_rows(con, shop, target="t", tables=["people"], limit=3).rows == {"people": 3}
        with pytest.raises(TargetError, match="schema 't' is there already"):
            copy_rows(con, shop, target="t", tables=["people"])
        with pytest.raises(OptionError, match="a DuckDB file needs no copy: ATTACH 'x.duckdb'"):
            copy_rows(con, "duckdb:///x.duckdb", target="u")


SERVER = """
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(20,4), doc {json}, at {at}, flag {flag});
CREATE TABLE pets (id INT PRIMARY KEY, owner INT, FOREIGN KEY (owner) REFERENCES people (id));
INSERT INTO people VALUES (1, 'é', 12345678901234.5678, '{{"a": [1, null]}}', '2024-02-29 12:00:00', {true}),
                          (2, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pets VALUES (1, 2), (2, NULL)
"""
WORDS = {
    "postgres": {"json": "JSONB", "at": "TIMESTAMPTZ", "flag": "BOOLEAN", "true": "TRUE"},
    "mariadb": {"json": "JSON", "at": "DATETIME", "flag": "TINYINT(1)", "true": "1"},
}


@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_rows_of_servers(server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server).replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url)
    with engine.begin() as there:
        for statement in SERVER.format(**WORDS[server]).split(";\n"):
            there.exec_driver_sql(statement)
        if server == "postgres":
            there.exec_driver_sql(
                "ALTER TABLE people ADD words TSVECTOR, ADD tags TEXT[] DEFAULT '{x,NULL}', "
                "ADD token UUID DEFAULT gen_random_uuid(), ADD gap INTERVAL DEFAULT '1 day 02:00:00'"
            )
    engine.dispose()
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        copied = copy_rows(con, url, target="t")
        assert copied.rows == {"people": 2, "pets": 2}
        assert copied.relationships == ("pets(owner) -> people(id)",)
        people = con.execute("SELECT name, price, doc->'a', \"at\", flag FROM t.people ORDER BY id")
        first, second = people.fetchall()
        assert (first[0], str(first[1]), first[2], first[4]) == (
            "é",
            "12345678901234.5678",
            "[1,null]",
            True,
        )
        assert str(first[3]).startswith("2024-02-29 12:00:00")
        assert second == (None,) * 5
        if server == "postgres":
            more = con.execute("SELECT words, tags, length(token::TEXT), gap::TEXT FROM t.people")
            assert more.fetchall()[0] == (None, ["x", None], 36, "26:00:00")


def test_hostile_names(tmp_path: Path) -> None:
    evil = "x'); DROP TABLE victim; --\""
    name = '"' + evil.replace('"', '""') + '"'
    with sqlite3.connect(tmp_path / "e.db") as source:
        source.execute(f"CREATE TABLE {name} ({name} TEXT PRIMARY KEY)")
        source.execute(f"INSERT INTO {name} VALUES (?)", [evil])
    source.close()
    with duckdb.connect() as con:
        con.execute("CREATE TABLE victim AS SELECT 1")
        assert copy_rows(con, f"sqlite:///{tmp_path / 'e.db'}", target=evil).rows == {evil: 1}
        assert con.execute(f"FROM {name}.{name}").fetchall() == [(evil,)]
        assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]


def test_through_sql_into_a_fit(shop: str) -> None:
    with genesis_sql.connect() as con:
        call = (
            "FROM genesis_copy_database($url, 'it''s', tables := ['people', 'pets'], most := 200)"
        )
        rows = con.execute(call, {"url": shop}).fetchall()
        assert [(name, many) for name, many, _ in rows] == [("people", 200), ("pets", 200)]
        keys = [key for *_, found in rows for key in found]
        assert keys == ["people.boss -> people.id", "pets.owner -> people.id"]
        genesis_sql.fit_database(con, "m", schema="it's", relationships=keys)
        con.execute("CALL genesis_generate_database('m', target := 'synth')").fetchall()
        query = """
            SELECT count(*) > 100, count(*) FILTER (people.id IS NULL)
            FROM synth.pets LEFT JOIN synth.people ON people.id = owner"""
        assert con.execute(query).fetchall() == [(True, 0)]
        with pytest.raises(duckdb.Error, match="TargetError: .*is there already"):
            con.execute(call, {"url": shop}).fetchall()
    off = genesis_sql.connect(config={"enable_external_access": "false"})
    with off, pytest.raises(duckdb.Error, match="enable_external_access is off"):
        off.execute(call, {"url": shop}).fetchall()


def _make(url: str, *statements: str) -> None:
    engine = sa.create_engine(urls.parsed(url))
    with engine.begin() as there:
        for statement in statements:
            there.exec_driver_sql(statement)
    engine.dispose()


def test_money_of_postgres_is_a_number(postgres: str) -> None:
    rows = "INSERT INTO m VALUES (1, '-1234.5', 0.25), (2, NULL, NULL), (3, '12345678.91', 7)"
    _make(postgres, "CREATE TABLE m (id INT PRIMARY KEY, a MONEY, b NUMERIC)", rows)
    with duckdb.connect() as con:
        copy_rows(con, postgres, target="t")
        found = con.execute("SELECT a::VARCHAR, b::DOUBLE FROM t.m ORDER BY id").fetchall()
    assert found == [("-1234.5000", 0.25), (None, None), ("12345678.9100", 7.0)]


def test_tables_that_differ_in_case_alone(postgres: str) -> None:
    _make(
        postgres, 'CREATE TABLE "T" (id INT)', "CREATE TABLE t (id INT)", "INSERT INTO t VALUES (5)"
    )
    with duckdb.connect() as con:
        with pytest.raises(
            SourceError, match=r"'T' and 't' differ in case alone.*tables := \['T', "
        ):
            copy_rows(con, postgres, target="x")
        assert copy_rows(con, postgres, target="x", tables=["t"]).rows == {"t": 1}
        assert con.execute("SELECT current_schema()").fetchall() == [("main",)]


def test_a_year_of_mariadb_comes_and_goes(mariadb: str) -> None:
    rows = "INSERT INTO y VALUES (1, 2024, 1999), (2, NULL, 0), (3, 1901, 2155)"
    _make(mariadb, "CREATE TABLE y (id INT PRIMARY KEY, a YEAR, `b c` YEAR NOT NULL)", rows)
    with genesis_sql.connect() as con:
        genesis_sql.copy_database(con, mariadb, "t")
        found = con.execute("FROM t.y ORDER BY id").fetchall()
        assert found == [(1, 2024, 1999), (2, None, 0), (3, 1901, 2155)]
        genesis_sql.from_url(mariadb, con=con, name="y")
        made = genesis_sql.fill(con, "y", mariadb, rows={"y": 50}, if_exists="replace")
    assert [r["rows"] for r in made] == [50]


def test_tables_that_sqlite_keeps_for_itself(tmp_path: Path) -> None:
    file = tmp_path / "search.db"
    with sqlite3.connect(file) as there:
        there.executescript(
            "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); CREATE TABLE docs_idx_x (id INT);"
            "CREATE VIRTUAL TABLE docs_fts USING fts5 (body, content = docs, content_rowid = id)"
        )
    there.close()
    read = read_url(f"sqlite:///{file}")
    assert [t.name for t in read.tables] == ["docs", "docs_idx_x"]
    assert "table 'docs_fts_idx' is or serves an index of SQLite's: left out" in read.notes
    assert "table 'docs_fts' is or serves an index of SQLite's: left out" in read.notes
    assert [t.name for t in read_url(f"sqlite:///{file}", tables=["docs_fts"]).tables] == [
        "docs_fts"
    ]
