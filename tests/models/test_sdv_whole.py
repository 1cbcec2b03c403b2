"""The methods of SDV that draw all rows at once: `sdv:par` for sequences, `sdv:hma` for databases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.models.methods import METHODS

pytest.importorskip("sdv", reason="the extra sdv wants pandas below 3: it is in .venv-duckdb15")

VISITS = """
CREATE TABLE visits (id INTEGER PRIMARY KEY, patient VARCHAR, moment TIMESTAMP, weight DOUBLE, ward VARCHAR,
  sex VARCHAR);
INSERT INTO visits SELECT i, 'P-' || (1000 + i // 5), TIMESTAMP '2020-01-01' + to_hours(i * 37),
  CASE WHEN i % 9 > 0 THEN 60 + i * 7 % 30 / 10 END, ['a', 'b', 'c'][i % 3 + 1],
  CASE WHEN (i // 5) % 2 = 0 THEN 'f' ELSE 'm' END FROM range(100) AS r(i)
"""
SHOP = """
CREATE TABLE customers (id BIGINT PRIMARY KEY, age INTEGER, member BOOLEAN, email VARCHAR UNIQUE);
CREATE TABLE agents (id INTEGER PRIMARY KEY, grade VARCHAR);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id BIGINT REFERENCES customers (id),
  agent_id INTEGER NOT NULL REFERENCES agents (id), amount DECIMAL(10, 2), placed DATE);
INSERT INTO customers SELECT i, 18 + i * 13 % 70, i % 3 = 0, 'x' || i || '@example.org' FROM range(40) AS r(i);
INSERT INTO agents SELECT i, ['junior', 'senior'][i % 2 + 1] FROM range(8) AS r(i);
INSERT INTO orders SELECT i, CASE WHEN i % 10 > 0 THEN i * 31 % 40 END, i % 8, (i * 17 % 9999) / 100,
  CASE WHEN i % 7 > 0 THEN DATE '2020-01-01' + CAST(i AS INTEGER) END FROM range(120) AS r(i);
"""
PAR = """
CALL genesis_fit('m', 'visits', method := 'sdv:par', device := 'cpu',
  options := {'epochs': 2, 'sequence_key': 'patient', 'sequence_index': 'moment'})
"""


@pytest.fixture(scope="module")
def sequences() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        con.execute(VISITS)
        (row,) = con.execute(PAR).fetchall()
        assert "all 2 epochs done; not stored" in row[-1]
        yield con


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        con.execute(SHOP)
        rows = con.execute("CALL genesis_fit_database('m', method := 'sdv:hma')").fetchall()
        assert {r[3] for r in rows} == {"sdv:hma"}
        assert all("not stored" in r[-1] for r in rows)
        con.execute("CALL genesis_generate_database('m', target := 'synth', seed := 3)").fetchall()
        yield con


def test_what_the_registry_says() -> None:
    for name, data in {"sdv:par": "sequences", "sdv:hma": "related tables"}.items():
        found = METHODS[name]
        assert (found.data, found.conditions) == (data, "none")
        assert (found.row_random, found.kept, found.nulls, found.dates) == (
            False,
            False,
            True,
            True,
        )
        assert found.licence == "Business Source License 1.1"


def test_sequences_have_one_value_of_what_never_changes(
    sequences: duckdb.DuckDBPyConnection,
) -> None:
    query = """
    SELECT count(DISTINCT patient) > 10, count(*), max(sexes), min(rows) > 0
    FROM (SELECT patient, count(DISTINCT sex) AS sexes, count(*) AS rows
          FROM genesis_generate('m', scale := 2) GROUP BY ALL)
    """
    many, patients, sexes, there = sequences.execute(query).fetchall()[0]
    assert (many, sexes, there) == (True, 1, True)
    assert patients < 200
    held = """
    SELECT count(*), count(DISTINCT id), count(weight) BETWEEN 1 AND 199,
      bool_and(ward IN ('a', 'b', 'c')), bool_and(patient SIMILAR TO 'P-[0-9]+'), count(moment)
    FROM genesis_generate('m', scale := 2)
    """
    assert sequences.execute(held).fetchall() == [(200, 200, True, True, True, 200)]


def test_rows_of_a_sequence_follow_each_other(sequences: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT patient FROM genesis_generate('m', scale := 1, seed := 2)"
    patients = [r[0] for r in sequences.execute(query).fetchall()]
    changes = 1 + sum(a != b for a, b in itertools.pairwise(patients))
    assert changes == len(set(patients)) > 1


def test_a_range_of_a_whole_is_a_part_of_it(sequences: duckdb.DuckDBPyConnection) -> None:
    whole = sequences.execute("FROM genesis_generate('m', scale := 1, seed := 4)").fetchall()
    part = "FROM genesis_generate('m', scale := 1, rows := 30, first_row := 40, seed := 4)"
    assert sequences.execute(part).fetchall() == whole[40:70]
    other = sequences.execute("FROM genesis_generate('m', scale := 1, seed := 5)").fetchall()
    assert other != whole
    exactly = sequences.execute("FROM genesis_generate('m', rows := 33)").fetchall()
    assert len(exactly) == 33


@pytest.mark.parametrize(
    ("call", "match"),
    [
        ("FROM genesis_generate('m', conditions := {'sex': 'f'})", "takes no conditions; generate and use WHERE"),
        ("CALL genesis_generate_database('m', target := 'w', rows := MAP {'visits': 9})", "ask for more or fewer with scale"),
        ("CALL genesis_fit('n', 'visits', method := 'sdv:par')", "name the column.*'patient'"),
        ("CALL genesis_fit('n', 'visits', method := 'sdv:par', options := {'sequence_key': 'pat'})", "did you mean 'patient'"),
        ("CALL genesis_fit('n', 'visits', method := 'sdv:par', options := {'sequence_key': 'weight'})", "'visits.weight' cannot be the sequence_key: it holds NULL"),
        ("CALL genesis_fit('n', 'visits', method := 'sdv:par', options := {'batch_size': 5})", "'sdv:par' has no option 'batch_size'"),
        ("CALL genesis_fit('n', 'visits', options := {'sequence_key': 'patient'})", "'trees' has no option 'sequence_key'"),
    ],
)  # fmt: skip
def test_what_sequences_cannot_do_is_said(
    sequences: duckdb.DuckDBPyConnection, call: str, match: str
) -> None:
    with pytest.raises(duckdb.Error, match=match):
        sequences.execute(call).fetchall()


def test_rows_cannot_be_appended(sequences: duckdb.DuckDBPyConnection) -> None:
    first = "CALL genesis_generate_database('m', target := 'grown')"
    assert sequences.execute(first).fetchall()[0][1:4] == (100, 0, 0)
    with pytest.raises(duckdb.Error, match="cannot go on from rows that are there"):
        sequences.execute(first.replace(")", ", if_exists := 'append')")).fetchall()


def test_keys_of_a_drawn_database_resolve(shop: duckdb.DuckDBPyConnection) -> None:
    call = "CALL genesis_generate_database('m', target := 'twice', scale := 2, seed := 9)"
    made = {r[0]: r[1:4] for r in shop.execute(call).fetchall()}
    assert made == {"customers": (80, 0, 0), "agents": (16, 0, 0), "orders": (240, 0, 0)}
    declared = "SELECT count(*) FROM duckdb_constraints() WHERE schema_name = 'twice' AND constraint_type = 'FOREIGN KEY'"
    assert shop.execute(declared).fetchall() == [(2,)]


def test_a_drawn_database_has_nulls_where_the_source_has(shop: duckdb.DuckDBPyConnection) -> None:
    query = """
    SELECT count(*), count(customer_id), count(agent_id), count(DISTINCT customer_id) > 20,
      count(DISTINCT agent_id) > 4, count(amount), count(placed) BETWEEN 70 AND 119,
      min(placed) >= DATE '2020-01-01'
    FROM synth.orders
    """
    assert shop.execute(query).fetchall() == [(120, 108, 120, True, True, 120, True, True)]
    assert shop.execute("SELECT count(DISTINCT email) FROM synth.customers").fetchall() == [(40,)]


def test_a_drawn_table_is_the_same_alone_and_again(shop: duckdb.DuckDBPyConnection) -> None:
    alone = shop.execute("FROM genesis_generate('m', 'orders', seed := 3)").fetchall()
    assert alone == shop.execute("FROM synth.orders").fetchall()
    other = shop.execute("FROM genesis_generate('m', 'orders', seed := 4)").fetchall()
    assert {r[3] for r in other} != {r[3] for r in alone}


@pytest.mark.parametrize(
    ("change", "options", "match"),
    [
        ("CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id)); INSERT INTO lines SELECT i, i FROM range(9) AS r(i)",
         "method := 'sdv:hma'", "'lines' has a parent 'orders' that has one itself"),
        ("ALTER TABLE agents ADD COLUMN boss INTEGER; UPDATE agents SET boss = id // 2 WHERE id > 1",
         "method := 'sdv:hma', relationships := ['agents(boss) -> agents(id)']", "'agents' refers to itself"),
        ("CREATE TABLE a AS FROM agents; CREATE TABLE b AS FROM agents; CREATE TABLE c AS FROM agents",
         "method := 'sdv:hma'", "at most 5 tables, there are 6"),
        ("SELECT 1", "options := {'orders': {'method': 'sdv:hma'}}", "give it for all tables, not beside 'trees'"),
        ("SELECT 1", "method := 'sdv:hma', verbatim := ['agents']", "give it for all tables, not beside 'verbatim'"),
        ("SELECT 1", "method := 'sdv:par'", "'sdv:par' learns the sequences of one table"),
    ],
)  # fmt: skip
def test_what_a_database_must_not_have_is_said(
    con: duckdb.DuckDBPyConnection, change: str, options: str, match: str
) -> None:
    con.execute(SHOP)
    con.execute(change)
    with pytest.raises(duckdb.Error, match=match):
        con.execute(f"CALL genesis_fit_database('n', {options})").fetchall()


def test_after_reopening_both_say_how_to_fit_them_again(file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        con.execute(SHOP)
        con.execute(
            "CALL genesis_fit_database('m', method := 'sdv:hma', tables := ['agents'])"
        ).fetchall()
    with (
        genesis_sql.connect(str(file)) as con,
        pytest.raises(
            duckdb.Error,
            match=r"pickle.*CALL genesis_fit_database\('m', method := 'sdv:hma'.*\['agents'\]",
        ),
    ):
        con.execute("FROM genesis_generate('m')").fetchall()


def test_a_database_is_learnt_from_fewer_parents_where_time_is_short(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genesis_sql.models.sdv import database

    monkeypatch.setattr(database, "TRIED", 10)
    con.execute(SHOP)
    options = {"max_seconds": 0}
    rows = genesis_sql.fit_database(con, "m", method="sdv:hma", options=options)
    notes = {r["table_name"]: r["notes"] for r in rows}
    assert "learnt from 10 of 40 rows: max_seconds" in notes["customers"]
    made = genesis_sql.generate_database(con, "m", "synth", scale=2)
    sizes = {r["table_name"]: r["rows"] for r in made}
    assert sizes["customers"] == 80
    assert all(r["orphans"] == r["violations"] == 0 for r in made)
    assert sizes["orders"] > 0
