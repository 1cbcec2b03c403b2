"""Tables that refer to themselves, through SQL: what a row names was there before, and is beside it."""

from __future__ import annotations

import duckdb
import pytest

DDL = """
CREATE TABLE posts (id INT PRIMARY KEY, title VARCHAR(80), created_at TIMESTAMP NOT NULL);
CREATE TABLE comments (
  id INT PRIMARY KEY, post_id INT NOT NULL REFERENCES posts (id), parent_id INT REFERENCES comments (id),
  body TEXT, created_at TIMESTAMP NOT NULL);
CREATE TABLE books (id INT PRIMARY KEY, title VARCHAR(80), pages INT);
CREATE TABLE notes (
  id INT PRIMARY KEY, book_id INT NOT NULL REFERENCES books (id), reply_to INT REFERENCES notes (id),
  written DATE NOT NULL);
CREATE TABLE staff (
  id INT PRIMARY KEY, full_name VARCHAR(80), manager_id INT REFERENCES staff (id), hired_at DATE NOT NULL,
  left_on DATE);
CREATE TABLE folders (
  tenant_id INT NOT NULL REFERENCES posts (id), id INT, up INT, made_at TIMESTAMP, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, up) REFERENCES folders (tenant_id, id));
"""
WRONG = {
    "another post": "comments AS c JOIN comments AS p ON p.id = c.parent_id WHERE p.post_id <> c.post_id",
    "a later comment": "comments AS c JOIN comments AS p ON p.id = c.parent_id WHERE p.created_at >= c.created_at",
    "before the post": "comments AS c JOIN posts AS p ON p.id = post_id WHERE p.created_at > c.created_at",
    "another book": "notes AS c JOIN notes AS p ON p.id = c.reply_to WHERE p.book_id <> c.book_id",
    "a later note": "notes AS c JOIN notes AS p ON p.id = c.reply_to WHERE p.written > c.written",
    "a newer manager": "staff AS c JOIN staff AS p ON p.id = c.manager_id WHERE p.hired_at >= c.hired_at",
    "a newer folder": """folders AS c JOIN folders AS p ON p.id = c.up AND p.tenant_id = c.tenant_id
      WHERE p.made_at >= c.made_at""",
}
MANY = {"comments": "parent_id", "notes": "reply_to", "staff": "manager_id", "folders": "up"}


@pytest.fixture(scope="module")
def made() -> duckdb.DuckDBPyConnection:
    """The tables, filled."""
    import genesis_sql

    con = genesis_sql.connect()
    con.execute(
        "CALL genesis_schema('m', ddl := ?, rows := MAP {'posts': 60, 'books': 20})", [DDL]
    ).fetchall()
    told = con.execute(
        "SELECT sum(orphans + violations) FROM genesis_generate_database('m', target := 's')"
    )
    assert told.fetchall() == [(0,)]
    con.execute("USE s")
    return con


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_no_row_names_a_wrong_one(made: duckdb.DuckDBPyConnection, rows: str) -> None:
    assert made.execute(f"SELECT count(*) FROM {rows}").fetchall() == [(0,)]


@pytest.mark.parametrize(("table", "column"), MANY.items())
def test_many_rows_name_another(made: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    ((named, free),) = made.execute(
        f"SELECT count({column}), count(*) - count({column}) FROM {table}"
    ).fetchall()
    assert named >= 20
    assert free >= 1
