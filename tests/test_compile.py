"""`genesis_compile`: the rows of `genesis_generate` as SQL text, run where nobody knows the package."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

import genesis_sql
from genesis_sql.cli import main
from genesis_sql.errors import GenesisError, ModelNotFoundError, OptionError

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, "home state" VARCHAR, age INTEGER, joined DATE);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),
  amount DECIMAL(10, 2), note VARCHAR);
INSERT INTO customers SELECT i, ['CA', 'NY', 'it''s', NULL][1 + i % 4], 18 + i * 7919 % 61,
  DATE '2024-01-01' + CAST(i * 37 % 300 AS INTEGER) FROM range(300) AS r(i);
INSERT INTO orders SELECT i, i * 31 % 300, 20 * (1 + i % 3) + i * 577 % 1999 / 100,
  ['a', 'b', NULL][1 + i % 3] FROM range(700) AS r(i);
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path_factory.mktemp("compile") / "shop.duckdb"
    con = genesis_sql.connect(str(path))
    con.execute(SHOP)
    con.execute("CALL genesis_fit_database('shop', options := {'siblings': false})")
    con.execute("CALL genesis_fit('one', 'customers')")
    yield con
    con.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


@pytest.mark.parametrize(
    "given",
    [
        "'one'",
        "'one', rows := 1000, seed := 3",
        "'one', rows := 10, first_row := 5000, seed := -4",
        "'shop', 'customers', scale := 2.5",
        "'shop', 'orders'",
        "'shop', 'orders', rows := 1500, seed := 8",
        "'shop', 'orders', rows := 40, first_row := 333, seed := 8",
        "'shop', 'orders', rows := 40, first_row := 333, scale := 3, seed := 8",
    ],
)
def test_the_rows_of_genesis_generate(
    shop: duckdb.DuckDBPyConnection, plain: duckdb.DuckDBPyConnection, given: str
) -> None:
    expected = shop.sql(f"FROM genesis_generate({given})")
    ((text,),) = shop.execute(f"FROM genesis_compile({given})").fetchall()
    found = plain.sql(text)
    assert (found.columns, found.types) == (expected.columns, expected.types)
    rows = expected.fetchall()
    assert len(rows) >= 10
    assert found.fetchall() == rows


def test_no_rows_are_a_table_without_rows(
    shop: duckdb.DuckDBPyConnection, plain: duckdb.DuckDBPyConnection
) -> None:
    found = plain.sql(genesis_sql.compile_sql(shop, "shop", "orders", rows=0))
    assert found.columns == ["id", "customer_id", "amount", "note"]
    assert found.fetchall() == []


def test_the_text_reads_nothing_of_ours(shop: duckdb.DuckDBPyConnection) -> None:
    text = genesis_sql.compile_sql(shop, "shop", "orders", rows=10)
    assert len(text) > 1000
    assert "genesis" not in text
    assert len(duckdb.extract_statements(text)) == 1


def test_names_and_labels_cannot_become_sql(plain: duckdb.DuckDBPyConnection) -> None:
    evil = 'x"; DROP TABLE victim; --'
    quoted = evil.replace('"', '""')
    with genesis_sql.connect() as con:
        con.execute(f"""CREATE TABLE "t{quoted}" AS
            SELECT ['a''; DROP TABLE victim; --', 'b'][1 + i % 2] AS "{quoted}" FROM range(100) r(i)""")
        genesis_sql.fit(con, "m'; DROP TABLE victim; --", f'"t{quoted}"')
        text = genesis_sql.compile_sql(con, "m'; DROP TABLE victim; --", rows=50)
        expected = genesis_sql.generate(con, "m'; DROP TABLE victim; --", rows=50).fetchall()
    plain.execute("CREATE OR REPLACE TABLE victim AS SELECT 1 AS a")
    found = plain.sql(text)
    assert found.columns == [evil]
    assert found.fetchall() == expected
    assert len(expected) == 50
    assert plain.execute("FROM victim").fetchall() == [(1,)]


def test_constraints_are_kept(plain: duckdb.DuckDBPyConnection) -> None:
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE p AS SELECT i AS id, i % 3 AS g FROM range(3, 300) AS r(i)")
        genesis_sql.fit(con, "kept", "p", constraints=["id > g"])
        found = plain.sql(genesis_sql.compile_sql(con, "kept")).fetchall()
        assert found == genesis_sql.generate(con, "kept").fetchall()
        assert len(found) == 297


def test_what_has_no_sql_form_is_named() -> None:
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE p AS SELECT i AS id, range(i % 4) AS xs FROM range(300) AS r(i)")
        genesis_sql.fit(con, "lists", "p")
        with pytest.raises(GenesisError, match="'xs' of table 'p' is the list of rows.*generate"):
            genesis_sql.compile_sql(con, "lists", "p")


def test_a_copied_table(plain: duckdb.DuckDBPyConnection) -> None:
    with genesis_sql.connect() as con:
        con.execute(SHOP)
        con.execute("""ALTER TABLE customers ADD COLUMN seen TIMESTAMP;
            UPDATE customers SET seen = joined + INTERVAL 90 MINUTE WHERE id % 3 = 0""")
        genesis_sql.fit_database(con, "m", verbatim=["customers"])
        for given in ({}, {"rows": 20, "first_row": 7}):
            expected = genesis_sql.generate(con, "m", "customers", **given)
            found = plain.sql(genesis_sql.compile_sql(con, "m", "customers", **given))
            assert (found.columns, found.types) == (expected.columns, expected.types)
            assert len(found.fetchall()) == given.get("rows", 300)
            assert found.fetchall() == expected.fetchall()


def test_what_is_not_there(shop: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OptionError, match="dialect := 'duckd' is not known; did you mean 'duckdb'"):
        genesis_sql.compile_sql(shop, "one", dialect="duckd")
    with pytest.raises(OptionError, match="data := 'file' is not known; there are: 'values'"):
        genesis_sql.compile_sql(shop, "one", data="file")
    with pytest.raises(ModelNotFoundError, match="did you mean 'orders'"):
        genesis_sql.compile_sql(shop, "shop", "order")
    with pytest.raises(OptionError, match="leave scale out, or take a larger one"):
        genesis_sql.compile_sql(shop, "one", rows=10_000, scale=1)


def test_the_readme_runs_in_the_command_line(
    shop: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.split("\n## Run it anywhere\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"<!-- runs: shell -->\n```sh\n(.*?)```", section, re.DOTALL)
    compiling, reading = block.splitlines()
    with genesis_sql.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        genesis_sql.fit_database(con, "shop")
        rows = genesis_sql.generate(con, "shop", "customers", rows=1000, seed=8)
        expected = [tuple("NULL" if v is None else str(v) for v in row) for row in rows.fetchall()]
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, shlex.split(compiling)[1:])
    assert done.exit_code == 0, done.output
    assert re.search(r"customers\.sql: [\d,]+ characters of SQL for duckdb", done.output)
    program, *arguments = shlex.split(reading)
    command = [str(Path(sys.executable).parent / program), "-csv", "-noheader", *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [tuple(line.split(",")) for line in out.splitlines()]
    assert len(found) == 1000
    assert [tuple(v.strip('"') for v in row) for row in found] == expected


def test_json_for_machines(plain: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "c.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(SHOP)
        genesis_sql.fit(con, "one", "customers")
        expected = genesis_sql.generate(con, "one", rows=25).fetchall()
    call = ["compile", str(path), "one", "--rows", "25", "--json"]
    ((made,),) = [row.values() for row in json.loads(CliRunner().invoke(main, call).stdout)]
    assert plain.sql(made).fetchall() == expected
    assert len(expected) == 25
    out = tmp_path / "one.sql"
    told = json.loads(CliRunner().invoke(main, [*call, "--out", str(out)]).stdout)
    assert told == [{"path": str(out), "characters": len(made)}]
    assert out.read_text(encoding="utf-8") == f"{made};\n"
