"""References that share columns, short keys, meanings that do not fit: drafted so that rows exist."""

from __future__ import annotations

import duckdb
import pytest

import genesis_sql
from genesis_sql.drafts.draft import draft
from genesis_sql.errors import ProfileError, SchemaError
from genesis_sql.introspect.from_ddl import read_ddl

SHARED = """
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE users (tenant_id INTEGER NOT NULL REFERENCES tenants (id), no INTEGER NOT NULL, name VARCHAR,
  PRIMARY KEY (tenant_id, no));
CREATE TABLE tickets (
  id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, author INTEGER NOT NULL, assignee INTEGER NOT NULL, title VARCHAR,
  FOREIGN KEY (tenant_id, author) REFERENCES users (tenant_id, no),
  FOREIGN KEY (tenant_id, assignee) REFERENCES users (tenant_id, no));
"""


def test_both_users_of_a_ticket_are_of_its_tenant(con: duckdb.DuckDBPyConnection) -> None:
    genesis_sql.from_ddl(SHARED, con=con, name="desk", rows={"users": 200, "tickets": 900})
    con.execute("CALL genesis_generate_database('desk', target := 's', seed := 5)").fetchall()
    query = """
        SELECT count(*), count(u.no), count(v.no), count(*) FILTER (author <> assignee), count(DISTINCT t.tenant_id)
        FROM s.tickets t LEFT JOIN s.users u ON u.tenant_id = t.tenant_id AND u.no = t.author
        LEFT JOIN s.users v ON v.tenant_id = t.tenant_id AND v.no = t.assignee"""
    many, authors, assignees, differ, tenants = con.execute(query).fetchall()[0]
    assert many == authors == assignees > 500
    assert differ > 100
    assert tenants > 3


def test_columns_that_lead_to_two_tables_at_once_are_refused() -> None:
    ddl = """
        CREATE TABLE a (x INTEGER, y INTEGER, PRIMARY KEY (x, y));
        CREATE TABLE b (x INTEGER, y INTEGER, PRIMARY KEY (x, y));
        CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER NOT NULL, y INTEGER NOT NULL,
          FOREIGN KEY (x, y) REFERENCES a (x, y), FOREIGN KEY (x, y) REFERENCES b (x, y));"""
    told = r"columns \(x, y\) of table 'c' refer to '.' and to another table at once"
    with pytest.raises(SchemaError, match=told):
        draft(read_ddl(ddl))


SHORT = "CREATE TABLE codes (code {type} PRIMARY KEY, label VARCHAR)"


@pytest.mark.parametrize(
    ("type_", "values"), [("VARCHAR(2)", 99), ("VARCHAR(3)", 999), ("TINYINT", 127)]
)
def test_a_short_key_has_as_many_rows_as_values(
    con: duckdb.DuckDBPyConnection, type_: str, values: int
) -> None:
    ddl = SHORT.format(type=type_)
    genesis_sql.from_ddl(ddl, con=con, name="most", rows={"codes": values})
    con.execute("CALL genesis_generate_database('most', target := 'most')").fetchall()
    query = "SELECT count(*), count(DISTINCT code), max(length(code::VARCHAR)) FROM most.codes"
    many, distinct, longest = con.execute(query).fetchall()[0]
    assert (many, distinct) == (values, values)
    assert longest <= 3
    with pytest.raises(SchemaError, match="column 'code' of table 'codes' is unique and"):
        genesis_sql.from_ddl(ddl, con=con, name="more", rows={"codes": values + 1})
    (row,) = genesis_sql.from_ddl(ddl, con=con, name="unasked")
    assert 0 < row["rows"] <= values
    ((made,),) = con.execute("SELECT count(*) FROM genesis_generate('unasked')").fetchall()
    assert made == row["rows"]


def test_a_meaning_that_does_not_fit_its_type_is_left(con: duckdb.DuckDBPyConnection) -> None:
    ddl = "CREATE TABLE t (id INTEGER PRIMARY KEY, email INTEGER, birth_date SMALLINT UNIQUE)"
    genesis_sql.from_ddl(ddl, con=con, name="odd", rows={"t": 50})
    query = """
        SELECT count(*), count(DISTINCT birth_date), count(DISTINCT email), typeof(any_value(email))
        FROM genesis_generate('odd')"""
    many, days, emails, type_ = con.execute(query).fetchall()[0]
    assert (many, days, type_) == (50, 50, "INTEGER")
    assert emails > 20


def test_what_may_never_come_is_dated_only_where_it_came(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """CREATE TABLE jobs (id INTEGER PRIMARY KEY, cancelled_at TIMESTAMP, status VARCHAR
      CHECK (status IN ('open', 'done', 'cancelled')))"""
    genesis_sql.from_ddl(ddl, con=con, name="jobs", rows={"jobs": 600})
    query = """SELECT status = 'cancelled', count(*), count(cancelled_at)
      FROM genesis_generate('jobs') GROUP BY ALL ORDER BY 1"""
    (_, others, dated), (_, many, came) = con.execute(query).fetchall()
    assert others > 100
    assert dated == 0
    assert many == came > 20


def test_what_the_reader_left_out_is_told(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);
      CREATE UNIQUE INDEX few ON t (n) WHERE n > 5;"""
    (row,) = genesis_sql.from_ddl(ddl, con=con, name="m", dialect="postgres")
    assert "left out the unique index 'few'" in row["notes"]
    assert row["rows"] > 0


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"type": "normal", "mean": 5}, "'std_dev' is missing"),
        ({"type": "uniform", "min": 9, "max": 1}, "max"),
        ({"type": "normall", "mean": 5}, "normal"),
        ({"type": "lognormal", "mean": 1, "std_dev": -2}, "std_dev"),
    ],
)
def test_what_is_given_of_a_column_is_checked(spec: dict[str, object], told: str) -> None:
    schema = read_ddl("CREATE TABLE t (id INTEGER PRIMARY KEY, price DOUBLE)")
    with pytest.raises(ProfileError, match=r"tables\.t\.columns\.price") as raised:
        draft(schema, columns={"t.price": spec})
    assert told in str(raised.value)
