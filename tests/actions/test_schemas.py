"""Models of several schemas: written into as many, keys inside one declared, others verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql

SHOP = """
CREATE SCHEMA crm; CREATE SCHEMA "the sales";
CREATE TABLE crm.client (id INTEGER PRIMARY KEY, grade VARCHAR);
CREATE TABLE crm.call (id INTEGER PRIMARY KEY, client INTEGER NOT NULL REFERENCES crm.client (id),
  minutes INTEGER);
CREATE TABLE "the sales".bill (id INTEGER PRIMARY KEY, client INTEGER, total DECIMAL(8, 2));
CREATE TABLE "the sales".line (bill INTEGER REFERENCES "the sales".bill (id), nr INTEGER,
  amount INTEGER, PRIMARY KEY (bill, nr));
INSERT INTO crm.client SELECT i, ['a', 'b', 'c'][1 + i % 3] FROM range(90) r(i);
INSERT INTO crm.call SELECT i, i * 7 % 90, i % 50 FROM range(400) r(i);
INSERT INTO "the sales".bill SELECT i, nullif(i * 11 % 91, 90), i % 700 / 10 FROM range(300) r(i);
INSERT INTO "the sales".line SELECT i, k, (i + k) % 9 FROM range(300) r(i), range(4) s(k) WHERE k <= i % 4;
"""
FIT = """CALL genesis_fit_database('m', schema := ['crm', 'the sales'],
    relationships := ['"the sales".bill.client -> crm.client.id'])"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    connection.execute(SHOP)
    yield connection
    connection.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_each_schema_is_written(con: duckdb.DuckDBPyConnection) -> None:
    tables = [r[2] for r in rows(con, FIT)]
    assert tables == ["crm.client", "crm.call", "the sales.bill", "the sales.line"]
    made = rows(con, "CALL genesis_generate_database('m', target := 'synth', scale := 2)")
    assert [r[0] for r in made] == tables
    assert sum(r[2] + r[3] for r in made) == 0
    declared = """SELECT schema_name, table_name, referenced_table FROM duckdb_constraints()
        WHERE constraint_type = 'FOREIGN KEY' AND schema_name LIKE 'synth%' ORDER BY ALL"""
    assert rows(con, declared) == [
        ("synth_crm", "call", "client"),
        ("synth_the sales", "line", "bill"),
    ]
    kept = """SELECT child, declared, reason FROM genesis.relationships
        WHERE target = 'synth' AND NOT declared"""
    assert rows(con, kept) == [("the sales.bill", False, "the tables are in different schemas")]
    lost = """SELECT count(*) FROM "synth_the sales".bill ANTI JOIN synth_crm.client c ON client = c.id
        WHERE client IS NOT NULL"""
    assert rows(con, lost) == [(0,)]
    streamed = "SELECT count(*) FROM (FROM genesis_generate('m', 'crm.call', scale := 2) EXCEPT FROM synth_crm.call)"
    assert rows(con, streamed) == [(0,)]


def test_what_is_there_is_seen_in_each(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(FIT)
    con.execute('CREATE SCHEMA "synth_the sales"; CREATE TABLE "synth_the sales".LINE (x INTEGER)')
    write = "CALL genesis_generate_database('m', target := 'synth', if_exists := '{}')"
    with pytest.raises(
        duckdb.Error, match="schema 'synth_the sales' .* has a table 'line' already"
    ):
        con.execute(write.format("error"))
    with pytest.raises(duckdb.Error, match="holds 'line', which .* did not write"):
        con.execute(write.format("replace"))
    con.execute('DROP TABLE "synth_the sales".LINE')
    for choice in ("error", "replace", "append"):
        con.execute(write.format(choice))
    assert rows(con, "SELECT count(*) FROM synth_crm.client") == [(180,)]


def test_other_doors(tmp_path: Path) -> None:
    with genesis_sql.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        found = genesis_sql.fit_database(
            con, "m", schema=["crm", "the sales"], tables=["client", "line"]
        )
        assert [r["table_name"] for r in found] == ["crm.client", "the sales.line"]
        one = genesis_sql.fit_database(con, "one", schema=["crm"])
        assert [r["table_name"] for r in one] == ["client", "call"]
        with pytest.raises(genesis_sql.errors.OptionError, match="no list of texts"):
            genesis_sql.fit_database(con, "m", schema=[1])  # type: ignore[list-item]
        con.execute("CREATE SCHEMA e1; CREATE SCHEMA e2")
        with pytest.raises(
            genesis_sql.errors.SourceError, match="schema 'e1' and 'e2'|has no tables"
        ):
            genesis_sql.fit_database(con, "m", schema=["e1", "e2"])
