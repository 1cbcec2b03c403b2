"""`genesis_deploy`: macros that any client of the file runs, among them one without Python."""

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
from genesis_sql.errors import GenesisError, ModelNotFoundError, OptionError, TargetError

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
DUCKDB = str(Path(sys.executable).parent / "duckdb")
SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, "Scale" VARCHAR, seed INTEGER, joined DATE);
CREATE TABLE products (id INTEGER PRIMARY KEY, price DOUBLE, "it's" VARCHAR);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),
  "rows" DECIMAL(10, 2));
CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id),
  product_id INTEGER REFERENCES products (id), "first_row" INTEGER);
CREATE TABLE kinds (id INTEGER PRIMARY KEY, "scale" VARCHAR);
INSERT INTO customers SELECT i, ['CA', 'NY', 'it''s', NULL][1 + i % 4], 18 + i * 7919 % 61,
  DATE '2024-01-01' + CAST(i * 37 % 300 AS INTEGER) FROM range(200) AS r(i);
INSERT INTO products SELECT i, i * 7 % 23 / 3, ['kg', 'g', 't'][1 + i % 3] FROM range(40) AS r(i);
INSERT INTO orders SELECT i, i * i * 31 % 200, i * 577 % 1999 / 100 FROM range(500) AS r(i);
INSERT INTO items SELECT i, i * i * 17 % 500, i * 13 % 40, i % 5 FROM range(900) AS r(i);
INSERT INTO kinds SELECT i, chr(CAST(97 + i AS INTEGER)) FROM range(5) AS r(i);
"""
RANGES = [
    "",
    "rows := 1000, seed := -3",
    "rows := 40, first_row := 333, seed := 9007199254740993",
    "rows := 40, first_row := 333, scale := 10.7, seed := 8",
    "first_row := 20, scale := 0.7",
    "rows := 0",
    "rows := 1, seed := 5",
]


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A file that DuckDB 1.5 can read."""
    new = not duckdb.__version__.startswith("1.")
    config = {"storage_compatibility_version": "v1.5.0"} if new else {}
    return genesis_sql.connect(str(path), config=config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deploy")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = opened(folder / "shop.duckdb")
    con.execute(SHOP)
    con.execute(
        "CALL genesis_fit_database('shop', verbatim := ['kinds'], options := {'siblings': false})"
    )
    con.execute("CALL genesis_fit('one', 'products')")
    con.execute("CALL genesis_deploy('shop')")
    con.execute("CALL genesis_deploy('one')")
    yield con
    con.close()


@pytest.fixture(scope="module")
def copy(shop: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What EXPORT DATABASE took along, on a connection that knows nothing of the package."""
    shop.execute(f"EXPORT DATABASE '{folder}/exported'")
    con = duckdb.connect()
    con.execute(f"IMPORT DATABASE '{folder}/exported'")
    yield con
    con.close()


@pytest.mark.parametrize("table", ["customers", "products", "orders", "items"])
@pytest.mark.parametrize("given", RANGES)
def test_the_rows_of_genesis_generate(
    shop: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, table: str, given: str
) -> None:
    expected = shop.sql(f"FROM genesis_generate('shop', '{table}'{given and ', ' + given})")
    found = copy.sql(f"FROM shop_{table}({given})")
    assert (found.columns, found.types) == (expected.columns, expected.types)
    rows = expected.fetchall()
    assert rows or given == "rows := 0"
    assert found.fetchall() == rows


def test_one_table_is_called_like_its_model(
    shop: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection
) -> None:
    expected = genesis_sql.generate(shop, "one", rows=30, seed=4).fetchall()
    assert copy.sql("FROM one(rows := 30, seed := 4)").fetchall() == expected


def test_a_copied_table(shop: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection) -> None:
    expected = genesis_sql.generate(shop, "shop", "kinds", rows=2, first_row=1).fetchall()
    assert copy.sql("FROM shop_kinds(rows := 2, first_row := 1)").fetchall() == expected
    assert copy.sql("FROM shop_kinds(seed := 3)").fetchall() == shop.sql("FROM kinds").fetchall()
    with pytest.raises(duckdb.Error, match="'kinds' is copied with its 5 rows; ask for fewer"):
        copy.sql("FROM shop_kinds(rows := 6)").fetchall()


def test_the_command_line_of_duckdb(shop: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """A process that never imports this package, of DuckDB 1.5, as the README has it."""
    section = README.split("\n## Run it anywhere\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"<!-- runs: deploy -->\n```sh\n(.*?)```", section, re.DOTALL)
    deploying, reading = block.splitlines()
    rows = genesis_sql.generate(shop, "shop", "orders", rows=1000, seed=7)
    expected = [tuple("NULL" if v is None else str(v) for v in row) for row in rows.fetchall()]
    with opened(folder / "other.duckdb") as con:
        con.execute(SHOP)
        options = {"siblings": False}
        genesis_sql.fit_database(con, "shop", verbatim=["kinds"], options=options)
    done = CliRunner().invoke(main, [*_in(folder, shlex.split(deploying)[1:]), "--json"])
    assert done.exit_code == 0, done.output
    assert [row["macro"] for row in json.loads(done.stdout)] == MACROS
    _, *arguments = _in(folder, shlex.split(reading))
    command = [DUCKDB, "-readonly", "-csv", "-noheader", *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(expected) == 1000
    assert [tuple(line.split(",")) for line in out.splitlines()] == expected
    call = ["undeploy", str(folder / "other.duckdb"), "shop", "--json"]
    removed = json.loads(CliRunner().invoke(main, call).stdout)
    assert sorted(row["macro"] for row in removed) == sorted(MACROS)


MACROS = ["shop_customers", "shop_kinds", "shop_orders", "shop_products", "shop_items"]


def _in(folder: Path, words: list[str]) -> list[str]:
    return [str(folder / "other.duckdb") if w == "shop.duckdb" else w for w in words]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("shop_orders(rows := -1)", "rows := -1 is no whole number from 0"),
        ("shop_orders(rows := 2.5)", "rows := 2.5 is no whole number from 0"),
        ("shop_orders(first_row := -2)", "first_row := -2 is no whole number from 0"),
        ("shop_customers(scale := 0)", "scale := 0 is not a positive number"),
        ("shop_items(scale := -1)", "scale := -1 is not a positive number"),
        (
            "shop_customers(rows := 500, scale := 1)",
            "'customers' has 200 rows at scale 1.0, rows 0",
        ),
        ("shop_items(rows := 10000, scale := 2)", "leave scale out, or take a larger one"),
        ("shop_orders(rows := 10000000000)", "give scale too, and first_row for pieces"),
    ],
)
def test_arguments_that_make_no_sense(
    copy: duckdb.DuckDBPyConnection, call: str, told: str
) -> None:
    with pytest.raises(duckdb.Error, match=re.escape(told)):
        copy.sql(f"FROM {call}").fetchall()


def test_prepared_and_composed(
    shop: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection
) -> None:
    expected = genesis_sql.generate(shop, "shop", "orders", rows=20, seed=6).fetchall()
    assert copy.execute("FROM shop_orders(rows := ?, seed := ?)", [20, 6]).fetchall() == expected
    copy.execute("CREATE VIEW twenty AS FROM shop_orders(rows := 20, seed := 6)")
    assert copy.sql("FROM twenty").fetchall() == expected


def test_nothing_but_the_macro_is_read(shop: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT macro_definition FROM duckdb_functions() WHERE function_name = 'shop_items'"
    ((text,),) = shop.execute(query).fetchall()
    assert len(text) > 1000
    assert "genesis_deploy {" in text
    assert not re.search(r"genesis_\w+\(|genesis\.", text)


def test_the_history_and_its_rows(shop: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT model, version, arguments FROM genesis_history('shop') WHERE kind = 'deploy'"
    ((model, version, arguments),) = shop.execute(query).fetchall()
    assert (model, version) == ("shop", 1)
    assert json.loads(arguments) == {"prefix": None, "if_exists": "error", "schema": "main"}
    ((tables,),) = shop.execute(
        "SELECT list(table_name ORDER BY position) FROM genesis.execution_tables WHERE execution = "
        "(SELECT id FROM genesis.executions WHERE kind = 'deploy' AND model = 'shop')"
    ).fetchall()
    assert [f"shop_{t}" for t in tables] == MACROS


@pytest.fixture
def small() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a FROM range(100) AS r(i)")
    con.execute("CALL genesis_fit('m', 't')")
    yield con
    con.close()


def macros(con: duckdb.DuckDBPyConnection) -> list[str]:
    query = """
    SELECT schema_name || '.' || function_name FROM duckdb_functions()
    WHERE function_type = 'table_macro' AND database_name = current_database() ORDER BY ALL
    """
    return [name for (name,) in con.execute(query).fetchall()]


def test_replace_and_undeploy(small: duckdb.DuckDBPyConnection) -> None:
    (row,) = genesis_sql.deploy(small, "m")
    assert (row["macro"], row["status"], row["version"]) == ("m", "deployed", 1)
    small.execute("INSERT INTO t SELECT 50 FROM range(900)")
    small.execute("CALL genesis_fit('m', 't')")
    told = r"macro of table 't' of model 'm', version 1; replace it: CALL genesis_deploy\('m', if"
    with pytest.raises(TargetError, match=told):
        genesis_sql.deploy(small, "m")
    (row,) = genesis_sql.deploy(small, "m", if_exists="replace")
    assert (row["status"], row["version"]) == ("replaced", 2)
    expected = genesis_sql.generate(small, "m", rows=50).fetchall()
    assert small.sql("FROM m(rows := 50)").fetchall() == expected
    small.execute("CREATE SCHEMA s; USE s")
    genesis_sql.deploy(small, "m", prefix="x'_", version=1)
    small.execute("USE memory.main")
    assert macros(small) == ["main.m", "s.x'_t"]
    assert [r["macro"] for r in genesis_sql.undeploy(small, "m")] == ["m", "x'_t"]
    assert macros(small) == []
    kinds = small.sql("SELECT kind FROM genesis_history() WHERE kind LIKE '%deploy'").fetchall()
    assert [k for (k,) in kinds] == ["undeploy", "deploy", "deploy", "deploy"]


def test_a_name_that_is_taken(small: duckdb.DuckDBPyConnection) -> None:
    small.execute("CREATE MACRO m(a) AS TABLE SELECT a AS own")
    told = r"'m' is taken by another function \(table_macro\); choose others: .*prefix := 'm_new_'"
    with pytest.raises(TargetError, match=told):
        genesis_sql.deploy(small, "m", if_exists="replace")
    genesis_sql.deploy(small, "m", prefix="m_new_")
    assert macros(small) == ["main.m", "main.m_new_t"]
    small.execute("CALL genesis_fit('range', 't')")
    with pytest.raises(TargetError, match="'range' is taken by DuckDB's own function"):
        genesis_sql.deploy(small, "range")


def test_refusals(small: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OptionError, match="if_exists := 'replce' is not known; did you mean 'rep"):
        genesis_sql.deploy(small, "m", if_exists="replce")
    with pytest.raises(ModelNotFoundError, match="did you mean 'm'"):
        genesis_sql.deploy(small, "mm")
    with pytest.raises(ModelNotFoundError, match="no macros of a model 'm' are deployed"):
        genesis_sql.undeploy(small, "m")


def test_what_has_no_sql_form_leaves_nothing(small: duckdb.DuckDBPyConnection) -> None:
    small.execute("CREATE TABLE u AS SELECT i AS id, i % 5 AS a, i % 3 AS b FROM range(100) r(i)")
    small.execute("CALL genesis_fit('c', 'u', constraints := ['a >= b'])")
    assert genesis_sql.compile_sql(small, "c")
    told = "table 'u' has constraints, .* which SQL can have for one seed and scale only"
    with pytest.raises(GenesisError, match=told):
        genesis_sql.deploy(small, "c")
    assert macros(small) == []


def test_names_are_not_sql(small: duckdb.DuckDBPyConnection) -> None:
    name = "x\"() AS TABLE SELECT 1; DROP TABLE t; -- '"
    small.execute("CALL genesis_fit(?, 't')", [name])
    (row,) = genesis_sql.deploy(small, name, prefix=name)
    assert row["macro"] == f"{name}t"
    called = '"' + row["macro"].replace('"', '""') + '"'
    expected = genesis_sql.generate(small, name, rows=9).fetchall()
    assert small.sql(f"FROM {called}(rows := 9)").fetchall() == expected
    assert len(genesis_sql.undeploy(small, name)) == 1
    assert small.sql("SELECT count(*) FROM t").fetchall() == [(100,)]
