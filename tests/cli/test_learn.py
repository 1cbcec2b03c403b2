"""genesis check, genesis fit: arguments, files in, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result

from genesis_sql.cli.learn import read_options

Told = Callable[..., Any]
Genesis = Callable[..., Result]


def _write(query: str, file: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"COPY ({query}) TO '{file}'")


ORDERS = "SELECT i % 7 AS kind, i * 3 % 101 AS amount FROM range(400) r(i)"


@pytest.mark.parametrize("ending", ["csv", "parquet", "json", "csv.gz"])
def test_a_table_of_data_is_learnt_into_another_file(ending: str, told: Told) -> None:
    _write(ORDERS, f"orders.{ending}")
    found = told("fit", f"orders.{ending}", "orders", "--to", "models.duckdb", "--seed", "3")
    assert [(f["model"], f["version"], f["rows"], f["columns"]) for f in found] == [
        ("orders", 1, 400, 2)
    ]
    assert [m["model"] for m in told("models", "models.duckdb")] == ["orders"]


def test_many_files_are_one_table(told: Told) -> None:
    _write(ORDERS, "part1.parquet")
    _write(ORDERS, "part2.parquet")
    assert told("fit", "part*.parquet", "m", "--to", "models.duckdb")[0]["rows"] == 800


def test_a_database_is_learnt_with_its_keys(told: Told) -> None:
    found = told("fit", "shop.duckdb", "shop", "--option", "orders.min_cell=30")
    assert [(f["table_name"], f["version"]) for f in found] == [("customers", 2), ("orders", 2)]
    arguments = told("history", "shop.duckdb")[0]["arguments"]
    assert arguments["options"] == {"orders": {"min_cell": 30}}
    roles = {
        (c["table_name"], c["column_name"]): c["role"]
        for c in told("describe", "shop.duckdb", "shop")
    }
    assert roles["orders", "customer_id"] == "foreign key"


def test_keys_can_be_declared(told: Told) -> None:
    with duckdb.connect("loose.duckdb") as con:
        con.execute("CREATE TABLE a AS SELECT i AS id, i % 3 AS kind FROM range(60) r(i)")
        con.execute("CREATE TABLE b AS SELECT i AS id, i % 70 AS a_id FROM range(200) r(i)")
    key = ["--relationship", "b(a_id) -> a(id)", "--verbatim", "a"]
    found = told("check", "loose.duckdb", *key)
    assert any("references to no row of a" in f["finding"] for f in found)
    rows = told("fit", "loose.duckdb", "loose", *key)
    assert {r["table_name"]: (r["method"], r["orphans"]) for r in rows} == {
        "a": ("verbatim", 0),
        "b": ("trees", 20),
    }


def test_one_table_or_query_of_a_database(told: Told) -> None:
    query = "(SELECT * FROM orders WHERE amount > 50)"
    assert told("fit", "shop.duckdb", "some", "--source", query)[0]["rows"] < 900
    assert told("fit", "shop.duckdb", "part", "--table", "customers")[0]["rows"] == 300


def test_check_ends_with_1_where_a_fit_would_fail(genesis: Genesis, told: Told) -> None:
    with duckdb.connect("circle.duckdb") as con:
        con.execute("CREATE TABLE a (id INT PRIMARY KEY, b INT NOT NULL)")
        con.execute("CREATE TABLE b (id INT PRIMARY KEY, a INT NOT NULL)")
        con.execute("INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 2), (2, 1)")
    circle = ["--relationship", "a(b) -> b(id)", "--relationship", "b(a) -> a(id)"]
    found = told("check", "circle.duckdb", *circle, code=1)
    assert "error" in {f["severity"] for f in found}


def test_check_says_how_to_mend_it_here(genesis: Genesis) -> None:
    _write("SELECT i AS id, i % 5 AS kind FROM range(90) r(i)", "t.csv")
    out = genesis("check", "t.csv").stdout
    assert """--option 'query.roles={"id": "key"}'""" in out
    assert genesis("check", "shop.duckdb").stderr == "No findings: everything can be learnt.\n"


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["fit", "shp.duckdb", "m"], 1, "did you mean 'shop.duckdb'?"),
        (["fit", "t.csv", "m"], 2, "name a database, as in --to models.duckdb"),
        (["fit", "t.csv", "m", "--to", "x.duckdb", "--table", "a"], 2, "takes no --table"),
        (["fit", "shop.duckdb", "m", "--to", "x.duckdb"], 2, "keeps its models itself"),
        (["fit", "shop.duckdb", "m", "--source", "a", "--verbatim", "b"], 2, "no --verbatim"),
        (["fit", "shop.duckdb", "m", "--source", "order"], 1, "did you mean 'orders'?"),
        (["fit", "shop.duckdb", "m", "--option", "min_cel=3"], 1, "did you mean 'min_cell'?"),
        (["fit", "shop.duckdb", "m", "--option", "min_cell"], 2, "is not KEY=VALUE"),
        (["fit", "shop.duckdb", "m", "--method", "tree"], 1, "did you mean 'trees'?"),
        (["fit", "shop.duckdb", "m", "--relationship", "orders(x) -> a(b)"], 1, "no table 'a'"),
        (["fit", "shop.duckdb", "m", "--seed", "x"], 2, "'x' is not a valid integer"),
        (["check", "t.csv", "orders"], 2, "leave SOURCE out"),
        (["check", "shop.duckdb", "oders"], 1, "did you mean 'orders'?"),
    ],
)
def test_refusals(words: list[str], code: int, expected: str, genesis: Genesis) -> None:
    Path("t.csv").write_text("a\n1\n")
    done = genesis(*words, code=code)
    assert expected in done.stderr
    assert "genesis: " not in done.stderr
    assert not Path("x.duckdb").exists()


def test_option_values_are_json_or_text() -> None:
    given = ("slack=0.5", "main=a=b", 'roles={"id": "key"}', "t.first=[]", "t.floor=3")
    assert read_options(given) == {
        "slack": 0.5,
        "main": "a=b",
        "roles": {"id": "key"},
        "t": {"first": [], "floor": 3},
    }


def test_constraints_hold(told: Told) -> None:
    _write(ORDERS, "orders.csv")
    words = ("fit", "orders.csv", "m", "--to", "models.duckdb", "--constraint", "amount > kind")
    assert "source rows break 'amount > kind'" in told(*words)[0]["notes"]
    rows = told("generate", "models.duckdb", "m", "--rows", "500")
    assert len(rows) == 500
    assert all(r["amount"] > r["kind"] for r in rows)
