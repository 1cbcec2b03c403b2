"""The bodies of macros on a connection that knows nothing of this package: rows of the sampler."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import OptionError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.macro import macro_sql
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.scaling import smallest_scale
from genesis_sql.plan.spec import Spec

FAMILY = ("users", "tags", "places", "notes", "orders", "likes", "lines")
SHOP = """
CREATE TABLE goods (code VARCHAR PRIMARY KEY, kind VARCHAR);
CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER, "seed" INTEGER);
CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id),
  code VARCHAR REFERENCES goods (code), day INTEGER);
CREATE TABLE notes (id INTEGER PRIMARY KEY, visit INTEGER REFERENCES visits (id),
  code VARCHAR REFERENCES goods (code));
CREATE TABLE likes (person INTEGER REFERENCES people (id), code VARCHAR REFERENCES goods (code),
  PRIMARY KEY (person, code));
INSERT INTO goods SELECT 'S' || lpad(CAST(i * 3 AS VARCHAR), 5, '0'), ['x', 'y'][1 + i % 2]
FROM range(40) AS r(i);
INSERT INTO people SELECT i, CASE WHEN i % 10 > 0 THEN i // 3 END, i % 7 FROM range(90) AS r(i);
INSERT INTO visits SELECT i, i * i * 17 % 90, 'S' || lpad(CAST(i % 40 * 3 AS VARCHAR), 5, '0'), i % 9
FROM range(300) AS r(i);
INSERT INTO notes SELECT i, i * i * 31 % 300, 'S' || lpad(CAST(i * 7 % 40 * 3 AS VARCHAR), 5, '0')
FROM range(400) AS r(i);
INSERT INTO likes SELECT DISTINCT i * i * 7 % 90, 'S' || lpad(CAST(i * 13 % 40 * 3 AS VARCHAR), 5, '0')
FROM range(200) AS r(i);
"""
TABLES = ("goods", "people", "visits", "notes", "likes")


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(SHOP)
    options, keys = {"siblings": False}, ["people.boss -> people.id"]
    genesis_sql.fit_database(con, "shop", relationships=keys, options=options)
    genesis_sql.deploy(con, "shop")
    yield con
    con.close()


def made(con: duckdb.DuckDBPyConnection, model: Model, table: str) -> None:
    parameters = "rows := NULL, first_row := 0, scale := NULL, seed := 0"
    body = macro_sql(model, table, "{}")
    con.execute(f"CREATE OR REPLACE MACRO made({parameters}) AS TABLE {body}")


@pytest.mark.parametrize("table", FAMILY)
def test_a_family_made_by_hand(plain: duckdb.DuckDBPyConnection, family: Model, table: str) -> None:
    made(plain, family, table)
    expected = plain.sql(compile_sql(family, table, seed=7, scale=1.5))
    found = plain.sql("FROM made(scale := 1.5, seed := 7)")
    assert (found.columns, found.types) == (expected.columns, expected.types)
    rows = expected.fetchall()
    assert found.fetchall() == rows
    many = Sampler(family, 7, 1.5).size(table)
    assert len(rows) == many > 0
    if table == "likes":
        return
    scale = smallest_scale(Sampler, family, table, many, Spec.of(7))
    expected = plain.sql(compile_sql(family, table, seed=7, scale=scale, first=1, stop=many))
    found = plain.sql(f"FROM made(rows := {many - 1}, first_row := 1, seed := 7)")
    assert found.fetchall() == expected.fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_related_tables(shop: duckdb.DuckDBPyConnection, table: str) -> None:
    for given in ("seed := 3", "scale := 2.3", "rows := 70, first_row := 30, scale := 5"):
        expected = shop.sql(f"FROM genesis_generate('shop', '{table}', {given})").fetchall()
        assert len(expected) >= 40
        assert shop.sql(f"FROM shop_{table}({given})").fetchall() == expected
    sized = f"FROM shop_{table}(rows := 150, seed := 4)"
    if table == "likes":
        told = "its size depends on that of other tables, so give the scale, too"
        with pytest.raises(duckdb.Error, match=told):
            shop.sql(sized).fetchall()
        return
    expected = genesis_sql.generate(shop, "shop", table, rows=150, seed=4).fetchall()
    assert shop.sql(sized).fetchall() == expected


def test_a_scale_that_is_too_large_for_a_key() -> None:
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE t (id TINYINT PRIMARY KEY, a INTEGER)")
        con.execute("INSERT INTO t SELECT i, i % 5 FROM range(100) AS r(i)")
        con.execute("CALL genesis_fit_database('m')")
        genesis_sql.deploy(con, "m")
        with pytest.raises(OptionError):
            genesis_sql.generate(con, "m", scale=3)
        with pytest.raises(duckdb.Error, match=re.escape("'t' would have 300 rows at that scale")):
            con.sql("FROM m(scale := 3)").fetchall()
        assert len(con.sql("FROM m(scale := 1.2)").fetchall()) == 120


def test_a_parent_without_children() -> None:
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        con.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id))")
        con.execute("INSERT INTO p SELECT i FROM range(50) AS r(i)")
        con.execute("CALL genesis_fit_database('m')")
        genesis_sql.deploy(con, "m")
        assert con.sql("FROM m_c()").fetchall() == []
        with pytest.raises(duckdb.Error, match="it was empty when it was fitted"):
            con.sql("FROM m_c(rows := 1)").fetchall()


VISITS = """
CREATE TABLE patients (id INTEGER PRIMARY KEY, sex VARCHAR);
CREATE TABLE visits (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id),
  day DATE NOT NULL, kind VARCHAR, score INTEGER);
INSERT INTO patients SELECT i, ['f', 'm'][1 + i % 2] FROM range(300) AS r(i);
INSERT INTO visits SELECT row_number() OVER (ORDER BY i, k), i,
  DATE '2020-01-01' + CAST(i * 7919 % 211 + 13 * k + i * k * 31 % 11 AS INTEGER),
  ['check', 'cure', 'test'][1 + (i * 7919 % 1009 + k) % 3], 50 + i * 7919 % 1009 % 20 + k
FROM range(300) AS p(i), range(9) AS q(k) WHERE k < 3 + i * 37 % 101 % 6;
"""


def test_rows_that_know_the_rows_before_them() -> None:
    query = "SELECT macro_definition FROM duckdb_functions() WHERE function_name = 'm_visits'"
    with genesis_sql.connect() as con:
        con.execute(VISITS)
        con.execute("CALL genesis_fit_database('m')")
        genesis_sql.deploy(con, "m")
        ((text,),) = con.execute(query).fetchall()
        assert (
            len(re.findall(r"UNION\s+ALL", text)) > 1
        )  # the rounds of the keys, and the rows of families
        for given in ("seed := 3", "rows := 70, first_row := 30, seed := 5", "scale := 0.7"):
            expected = con.sql(f"FROM genesis_generate('m', 'visits', {given})").fetchall()
            assert len(expected) >= 70
            assert con.sql(f"FROM m_visits({given})").fetchall() == expected
