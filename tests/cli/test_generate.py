"""genesis generate: to the standard output, into files of data, into databases."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result

Told = Callable[..., Any]
Genesis = Callable[..., Result]
ORDERS = ("generate", "shop.duckdb", "shop", "orders")


def test_csv_where_the_output_is_piped(genesis: Genesis) -> None:
    lines = genesis(*ORDERS, "--rows", "5", "--seed", "7").stdout.splitlines()
    assert lines[0] == "id,customer_id,amount,placed"
    assert len(list(csv.DictReader(lines))) == 5
    assert genesis(*ORDERS, "--rows", "5", "--seed", "7").stdout.splitlines() == lines
    assert genesis(*ORDERS, "--rows", "5").stdout.splitlines() != lines


def test_a_part_is_the_same_rows(genesis: Genesis) -> None:
    everything = genesis(*ORDERS, "--scale", "1").stdout.splitlines()
    part = genesis(*ORDERS, "--scale", "1", "--first-row", "10", "--rows", "3").stdout
    assert part.splitlines()[1:] == everything[11:14]


def test_json_for_machines(told: Told) -> None:
    found = told(*ORDERS, "--rows", "3")
    assert [sorted(row) for row in found] == [["amount", "customer_id", "id", "placed"]] * 3
    assert told(*ORDERS, "--rows", "0") == []


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.tsv", "o.parquet", "o.json", "o.jsonl"])
def test_every_kind_of_file(name: str, told: Told, folder: Path) -> None:
    assert told(*ORDERS, "--rows", "50", "--out", name) == [{"path": name, "rows": 50}]
    with duckdb.connect() as con:
        kept = con.execute(f"SELECT id, customer_id, amount, placed FROM '{name}'").fetchall()
    shown = told(*ORDERS, "--rows", "50")
    assert [(r[0], r[1], float(r[2]), str(r[3])) for r in kept] == [
        (s["id"], s["customer_id"], s["amount"], s["placed"]) for s in shown
    ]
    if name == "o.json":
        assert len(json.loads((folder / name).read_text())) == 50
    assert {f.name for f in folder.iterdir()} == {name, "shop.duckdb"}


def test_a_file_that_is_there_is_not_lost(genesis: Genesis, folder: Path) -> None:
    Path("o.csv").write_text("mine")
    done = genesis(*ORDERS, "--rows", "5", "--out", "o.csv", code=1)
    assert "'o.csv' is there already: take another name, or --if-exists replace" in done.stderr
    assert Path("o.csv").read_text() == "mine"
    genesis(*ORDERS, "--rows", "5", "--out", "o.csv", "--if-exists", "replace")
    assert len(Path("o.csv").read_text().splitlines()) == 6


def _read(file: str) -> dict[str, Any]:
    with duckdb.connect(file, read_only=True) as con:
        query = (
            "SELECT constraint_type, table_name FROM duckdb_constraints() "
            "WHERE constraint_type LIKE '% KEY'"
        )
        tags = con.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
        return {
            "keys": sorted(con.execute(query).fetchall()),
            "orders": con.execute("SELECT count(*) FROM orders").fetchall()[0][0],
            "storage": tags[0][0]["storage_version"],
        }


def test_a_whole_database_into_another_file(told: Told, folder: Path) -> None:
    found = told("generate", "shop.duckdb", "shop", "--scale", "2", "--target", "synth.duckdb")
    rows = {f["table_name"]: (f["rows"], f["orphans"], f["violations"]) for f in found}
    assert rows["customers"] == (600, 0, 0)
    kept = _read("synth.duckdb")
    assert kept == {
        "keys": [
            ("FOREIGN KEY", "orders"),
            ("PRIMARY KEY", "customers"),
            ("PRIMARY KEY", "orders"),
        ],
        "orders": rows["orders"][0],
        "storage": "v1.5.0+",  # DuckDB 1.5 opens it
    }
    assert {f.name for f in folder.iterdir()} == {"shop.duckdb", "synth.duckdb"}


def test_so_many_rows_of_each_table(told: Told) -> None:
    words = ("--rows", "customers=50", "--rows", "orders=333", "--target", "exact.duckdb")
    found = told("generate", "shop.duckdb", "shop", *words)
    assert {f["table_name"]: f["rows"] for f in found} == {"customers": 50, "orders": 333}


def test_a_target_that_is_there(genesis: Genesis) -> None:
    words = ["generate", "shop.duckdb", "shop", "--target", "synth.duckdb"]
    genesis(*words)
    before = _read("synth.duckdb")
    done = genesis(*words, "--scale", "2", code=1)
    assert "'synth.duckdb' has a table 'customers' and 1 more already" in done.stderr
    assert _read("synth.duckdb") == before
    genesis(*words, "--scale", "2", "--if-exists", "replace")
    assert _read("synth.duckdb")["orders"] > before["orders"]


def test_a_foreign_table_is_never_replaced(genesis: Genesis) -> None:
    with duckdb.connect("mine.duckdb") as con:
        con.execute("CREATE TABLE orders AS SELECT 42 AS a")
    words = ["generate", "shop.duckdb", "shop", "--target", "mine.duckdb"]
    done = genesis(*words, "--if-exists", "replace", code=1)
    assert "'mine.duckdb' holds 'orders'" in done.stderr
    with duckdb.connect("mine.duckdb") as con:
        assert con.execute("FROM orders").fetchall() == [(42,)]


def test_a_schema_of_the_same_file(genesis: Genesis) -> None:
    genesis("generate", "shop.duckdb", "shop", "--target", "synth", "--keys", "none")
    with duckdb.connect("shop.duckdb") as con:
        assert con.execute("SELECT count(*) FROM synth.customers").fetchall() == [(300,)]


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["shop"], 1, "name one as in genesis generate shop.duckdb 'shop' 'orders'"),
        (["shp"], 1, "did you mean 'shop'?"),
        (["shop", "order"], 1, "did you mean 'orders'?"),
        (["shop", "orders", "--rows", "-1"], 1, "--rows -1 is negative"),
        (["shop", "orders", "--version", "9"], 1, "has no version 9; ready: 1"),
        (["shop", "orders", "--out", "o.xlsx"], 2, "none of the endings .csv"),
        (["shop", "orders", "--out", "o.duckdb"], 2, "--target o.duckdb"),
        (["shop", "orders", "--out", "no/o.csv"], 1, "there is no folder 'no'"),
        (["shop", "orders", "--target", "x.duckdb"], 2, "takes no TABLE"),
        (["shop", "--rows", "5", "--target", "x.duckdb"], 2, "takes no --rows 5; write --rows T"),
        (["shop", "--rows", "order=5", "--target", "x.duckdb"], 1, "did you mean 'orders'"),
        (["shop", "orders", "--rows", "orders=5"], 2, "--rows orders=5: give one number"),
        (["shop", "--target", "shop.duckdb"], 2, "--target is FILE itself"),
        (["shop", "--target", "x.duckdb", "--scale", "0"], 1, "--scale 0.0 is not a positive"),
        (["shp", "--target", "x.duckdb"], 1, "did you mean 'shop'?"),
    ],
)
def test_refusals(
    words: list[str], code: int, expected: str, genesis: Genesis, folder: Path
) -> None:
    assert expected in genesis("generate", "shop.duckdb", *words, code=code).stderr
    assert {f.name for f in folder.iterdir()} == {"shop.duckdb"}


def test_rows_with_values_asked_for(told: Told, genesis: Genesis) -> None:
    where = ("--where", "region=N", "--where", "age=[24, 36, 40]")
    found = told("generate", "shop.duckdb", "shop", "customers", "--rows", "40", *where)
    assert len(found) == 40
    assert {r["region"] for r in found} == {"N"}
    assert {r["age"] for r in found} <= {24, 36, 40}
    genesis("generate", "shop.duckdb", "shop", "--target", "s", "--where", "customers.region=S")
    with duckdb.connect("shop.duckdb") as con:
        query = "SELECT count(*), count(*) FILTER (WHERE region <> 'S') FROM s.customers"
        assert con.execute(query).fetchall() == [(300, 0)]
    done = genesis(*ORDERS, "--where", "amount", code=2)
    assert "'amount' is not KEY=VALUE" in done.stderr
