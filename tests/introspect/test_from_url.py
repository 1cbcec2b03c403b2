"""Schemas of live databases: SQLite, DuckDB, PostgreSQL and MariaDB, and what goes wrong."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from genesis_sql.errors import GenesisError, MissingExtraError, OptionError, SourceError
from genesis_sql.introspect import urls
from genesis_sql.introspect.from_url import read_url
from genesis_sql.introspect.urls import safe_url
from genesis_sql.introspect.written import from_plain, to_plain
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable
from tests.servers import PASSWORD, Server

SQLITE = """
CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, code VARCHAR(20) NOT NULL UNIQUE,
  born DATE, state TEXT DEFAULT 'on' CHECK (state IN ('on', 'off')), half REAL,
  twice REAL GENERATED ALWAYS AS (half * 2), anything);
CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people, no INTEGER, name TEXT,
  PRIMARY KEY (owner, no));
CREATE TABLE visits (owner INT, no INT, at DATETIME, FOREIGN KEY (owner, no) REFERENCES pets);
CREATE UNIQUE INDEX one ON visits (owner, at);
CREATE VIEW seen AS SELECT * FROM pets;
"""


def _table(schema: RawSchema, name: str) -> RawTable:
    return next(t for t in schema.tables if t.name == name)


def _columns(schema: RawSchema, name: str) -> dict[str, RawColumn]:
    return {c.name: c for c in _table(schema, name).columns}


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    file = tmp_path / "it's a shop.db"
    with sqlite3.connect(file) as con:
        con.executescript(SQLITE)
    con.close()
    return f"sqlite:///{file}"


def test_sqlite(sqlite_url: str) -> None:
    schema = read_url(sqlite_url)
    assert [t.name for t in schema.tables] == ["people", "pets", "visits"]
    assert _table(schema, "pets").primary_key == ("owner", "no")
    assert _table(schema, "people").unique_keys == (("code",),)
    assert _table(schema, "visits").unique_keys == (("owner", "at"),)
    assert _table(schema, "visits").foreign_keys == (
        RawForeignKey(("owner", "no"), "pets", ("owner", "no")),
    )
    columns = _columns(schema, "people")
    assert columns["code"].length == 20
    assert columns["state"].values == ("on", "off")
    assert columns["state"].default == "'on'"
    assert (columns["id"].identity, columns["twice"].generated) == (True, True)
    assert [c.type for c in columns.values()] == [
        "INTEGER", "VARCHAR", "DATE", "VARCHAR", "FLOAT", "FLOAT", "VARCHAR",
    ]  # fmt: skip
    assert from_plain(to_plain(schema)) == schema


def test_chosen_tables(sqlite_url: str) -> None:
    schema = read_url(sqlite_url, tables=["PETS"])
    assert [t.name for t in schema.tables] == ["pets"]
    assert _table(schema, "pets").foreign_keys == ()
    assert "refers to 'people', which is not among the models" in schema.notes[0]
    with pytest.raises(SourceError, match="no table 'pet'; did you mean 'pets'"):
        read_url(sqlite_url, tables=["pet"])
    with pytest.raises(SourceError, match="no schema 'mian'; did you mean 'main'"):
        read_url(sqlite_url, schema="mian")


DUCKDB = """
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE SEQUENCE numbers;
CREATE TABLE people (id BIGINT PRIMARY KEY DEFAULT nextval('numbers'), mood mood NOT NULL,
  half DECIMAL(8,2) DEFAULT 1.5, twice DECIMAL(9,2) AS (half * 2), boss BIGINT REFERENCES people (id),
  state VARCHAR CHECK (state IN ('on', 'off')));
CREATE TABLE pets (owner BIGINT REFERENCES people (id), name VARCHAR UNIQUE);
CREATE VIEW seen AS FROM pets;
COMMENT ON TABLE people IS 'who';
COMMENT ON COLUMN people.half IS 'of one';
INSERT INTO people (id, mood) VALUES (7, 'calm');
"""


def test_duckdb(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(file) as con:
        con.execute(DUCKDB)
        schema = read_url(f"duckdb:///{file}")  # while it is open here
    assert read_url(f"genesis:///{file}") == schema
    people = _table(schema, "people")
    assert [t.name for t in schema.tables] == ["people", "pets"]
    assert (people.comment, people.source, people.rows) == ("who", "", 0)
    assert people.foreign_keys == (RawForeignKey(("boss",), "people", ("id",)),)
    columns = _columns(schema, "people")
    assert columns["id"].identity
    assert columns["mood"].values == ("calm", "wild")
    assert (columns["half"].default, columns["half"].comment) == ("1.5", "of one")
    assert (columns["twice"].generated, columns["twice"].default) == (True, "half * 2")
    assert columns["state"].values == ("on", "off")
    alone = read_url(f"duckdb:///{file}", tables=["pets"])
    assert [(t.name, t.foreign_keys) for t in alone.tables] == [("pets", ())]
    assert "refers to 'people', which is not among the tables" in alone.notes[0]
    with pytest.raises(SourceError, match="has no schema 'no'"):
        read_url(f"duckdb:///{file}", schema="no")


POSTGRES = """
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE DOMAIN mail AS VARCHAR(80) CHECK (VALUE LIKE '%@%');
CREATE SCHEMA other;
CREATE TABLE other.towns (id SERIAL PRIMARY KEY);
CREATE TABLE people (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood NOT NULL DEFAULT 'calm',
  mail mail UNIQUE, state TEXT CHECK (state IN ('on', 'off')), born TIMESTAMPTZ DEFAULT now(),
  half NUMERIC(8,2), twice NUMERIC(9,2) GENERATED ALWAYS AS (half * 2) STORED, tags TEXT[],
  doc JSONB, token UUID, ip INET, words TSVECTOR, town INT REFERENCES other.towns, a INT, b INT,
  EXCLUDE USING gist (int4range(a, b) WITH &&));
CREATE TABLE pets (a INT, b INT, PRIMARY KEY (a, b));
ALTER TABLE people ADD FOREIGN KEY (a, b) REFERENCES pets;
ALTER TABLE pets ADD FOREIGN KEY (a) REFERENCES people;
CREATE UNIQUE INDEX part ON people (half) WHERE half > 1;
COMMENT ON TABLE people IS 'who';
COMMENT ON COLUMN people.half IS 'of one';
"""


def test_postgres(postgres: str) -> None:
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as con:
        con.exec_driver_sql(POSTGRES.replace("%", "%%"))
    engine.dispose()
    schema = read_url(postgres)
    assert [t.name for t in schema.tables] == ["other.towns", "public.people", "public.pets"]
    people = _table(schema, "public.people")
    assert people.unique_keys == (("mail",),)
    assert set(people.foreign_keys) == {
        RawForeignKey(("town",), "other.towns", ("id",)),
        RawForeignKey(("a", "b"), "public.pets", ("a", "b")),
    }
    assert people.comment == "who"
    assert "state IN ('on', 'off')" in people.checks
    assert any("mail" in check and "%@%" in check for check in people.checks)
    assert any("'part'" in note for note in schema.notes)
    columns = _columns(schema, "public.people")
    assert [c.type for c in columns.values()] == [
        "INTEGER", "ENUM('calm', 'wild')", "VARCHAR", "VARCHAR", "TIMESTAMP WITH TIME ZONE",
        "DECIMAL(8,2)", "DECIMAL(9,2)", "VARCHAR[]", "JSON", "UUID", "VARCHAR", "VARCHAR",
        "INTEGER", "INTEGER", "INTEGER",
    ]  # fmt: skip
    assert (columns["id"].identity, columns["twice"].generated) == (True, True)
    assert (columns["mail"].length, columns["state"].values) == (80, ("on", "off"))
    assert columns["mood"].default == "CAST('calm' AS mood)"
    assert columns["words"].reason


MARIADB = """
CREATE TABLE towns (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY COMMENT 'it''s a number', town INT UNSIGNED,
  mood ENUM('calm', 'wild') NOT NULL DEFAULT 'calm', code VARCHAR(20) UNIQUE, open TINYINT(1), doc JSON,
  state VARCHAR(9) CHECK (state IN ('on', 'off')), half DECIMAL(8,2), at DATETIME DEFAULT CURRENT_TIMESTAMP,
  twice DECIMAL(9,2) GENERATED ALWAYS AS (half * 2) STORED, body LONGTEXT, y YEAR,
  FOREIGN KEY (town) REFERENCES towns (id)) COMMENT 'who';
"""


def test_mariadb(mariadb: str) -> None:
    engine = sa.create_engine(mariadb)
    with engine.begin() as con:
        for statement in MARIADB.split(";\n")[:2]:
            con.exec_driver_sql(statement)
    engine.dispose()
    schema = read_url(mariadb.replace("+pymysql", ""))
    people = _table(schema, "people")
    assert people.foreign_keys == (RawForeignKey(("town",), "towns", ("id",)),)
    assert (people.comment, people.unique_keys) == ("who", (("code",),))
    columns = _columns(schema, "people")
    assert [c.type for c in columns.values()] == [
        "INTEGER", "UINTEGER", "ENUM('calm', 'wild')", "VARCHAR", "BOOLEAN", "JSON", "VARCHAR",
        "DECIMAL(8,2)", "TIMESTAMP", "DECIMAL(9,2)", "VARCHAR", "SMALLINT",
    ]  # fmt: skip
    assert columns["id"].comment == "it's a number"
    assert (columns["id"].identity, columns["twice"].generated) == (True, True)
    assert (columns["mood"].values, columns["mood"].default) == (("calm", "wild"), "'calm'")
    assert (columns["state"].values, columns["state"].length) == (("on", "off"), 9)
    assert schema.notes == ()


def test_a_wrong_password_is_one_sentence_without_it(
    postgres_server: Server, mariadb_server: Server
) -> None:
    for server, kind in ((postgres_server, "postgres"), (mariadb_server, "mysql")):
        url = server.url("postgres" if kind == "postgres" else "mysql", "locked")
        wrong = url.replace("locked@", f"locked:not-{PASSWORD}@")
        with pytest.raises(SourceError, match="cannot be reached: ") as raised:
            read_url(wrong)
        text = str(raised.value)
        assert PASSWORD not in text
        assert "locked:***@" in text
        assert "\n" not in text


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_nobody_answers(tmp_path: Path) -> None:
    urls_of_nobody = (
        f"postgresql://u:hidden@/x?host={tmp_path}",
        f"mysql://u:hidden@h/x?unix_socket={tmp_path}/s",
    )
    for url in urls_of_nobody:
        text = ""
        try:
            read_url(url)
        except SourceError as error:
            text = str(error)
        assert "cannot be reached: " in text
        assert "hidden" not in text
        assert "\n" not in text
    gc.collect()  # PyMySQL leaves its socket to the collector; not into the next test


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("shop.db", OptionError, "'shop.db' is no URL of a database; write it as in 'postgresql"),
        ("postgre://u:hidden@h/d", OptionError, "no database 'postgre'; did you mean 'postgres"),
        ("mysql://u:hidden@h:x/d", OptionError, "is no URL of a database"),
        ("postgresql+nodriver://u:hidden@h/d", OptionError, "has no database"),
        (
            "postgresql+pg8000://u:hidden@h/d",
            MissingExtraError,
            "is not installed: pip install pg8000",
        ),
        ("mysql://u:hid@hidden@h/d", OptionError, "is written %40"),
        ("sqlite://", OptionError, "a SQLite database in memory is empty"),
        ("sqlite:////no/such.db", SourceError, "there is no SQLite database '/no/such.db'"),
        ("duckdb://", OptionError, "a DuckDB database in memory is empty"),
        ("duckdb:////no/such.duckdb", SourceError, "there is no DuckDB database"),
    ],
)
def test_what_is_wrong_is_named(url: str, kind: type[GenesisError], expected: str) -> None:
    with pytest.raises(kind, match=expected) as raised:
        read_url(url)
    assert "hidden" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_are_no_databases(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no database at all, and longer than a page" * 300)
    with pytest.raises(SourceError, match="file is not a database"):
        read_url(f"sqlite:///{tmp_path / 'x'}")
    with pytest.raises(SourceError, match="cannot be opened"):
        read_url(f"duckdb:///{tmp_path / 'x'}")
    sqlite3.connect(tmp_path / "empty.db").execute("VACUUM").connection.close()
    with pytest.raises(SourceError, match="has no tables"):
        read_url(f"sqlite:///{tmp_path / 'empty.db'}")


def test_a_missing_driver_names_our_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'genesis-sql\[databases\]'"):
        read_url("mysql://u:hidden@h/d")


def test_secrets_never_show() -> None:
    assert safe_url("mysql://u:p%40:s@h/d?ssl_key=abc&charset=utf8") == (
        "mysql://u:***@h/d?ssl_key=***&charset=utf8"
    )
    assert safe_url("at mysql://u:a/b@c@h/d?x=1, and") == "at mysql://u:***@h/d?x=1, and"
    url = urls.parsed("postgresql://u:p%40ss@h/d?sslpassword=deep")
    with pytest.raises(SourceError) as raised, urls.telling(url, "failed"):
        raise sa.exc.ArgumentError("p@ss and p%40ss and deep")
    assert "p@ss" not in str(raised.value)
    assert "deep" not in str(raised.value)


def test_an_engine_is_as_good_as_its_url(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    assert read_url(engine) == read_url(engine.url) == read_url(sqlite_url)
    with pytest.raises(OptionError, match="5 is no URL of a database; write it as in"):
        read_url(5)  # type: ignore[arg-type]


def test_a_file_that_another_process_has_open(tmp_path: Path) -> None:
    file = tmp_path / "busy.duckdb"
    code = f"import duckdb; con = duckdb.connect({str(file)!r}); print(1, flush=True); input()"
    held = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert held.stdout is not None
    held.stdout.readline()
    try:
        with pytest.raises(
            SourceError, match=r"busy.duckdb' is open in another process .*close it"
        ):
            read_url(f"duckdb:///{file}")
    finally:
        held.communicate(b"\n")
