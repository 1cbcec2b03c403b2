"""genesis fill: a database with empty tables is filled in one command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import genesis_sql
from genesis_sql.cli import main
from tests.actions.delivering.conftest import SHOP, ask, counts, make

CRM = [
    "CREATE TABLE customers (id {serial} PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(80) UNIQUE, created_at TIMESTAMP)",
    "CREATE TABLE products (id {serial} PRIMARY KEY, name VARCHAR(60), price DECIMAL(10, 2) CHECK (price > 0))",
    "CREATE TABLE orders (id {serial} PRIMARY KEY, customer_id INTEGER NOT NULL, status VARCHAR(12), FOREIGN KEY (customer_id) REFERENCES customers (id))",
    "CREATE TABLE items (order_id INTEGER, line INTEGER, product_id INTEGER NOT NULL, qty INTEGER, PRIMARY KEY (order_id, line), FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (product_id) REFERENCES products (id))",
]
SERIAL = {"postgresql": "SERIAL", "mysql+pymysql": "INTEGER AUTO_INCREMENT", "sqlite": "INTEGER"}


def genesis(*words: Any) -> Result:
    return CliRunner().invoke(main, ["fill", *map(str, words)])


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        (tmp_path / "empty.db").touch()
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue(request.param))


def test_a_schema_without_a_model_is_filled(url: str):
    make(url, [s.format(serial=SERIAL[url.partition(":")[0]]) for s in CRM])
    tried = genesis(url, "--rows", "orders=300", "--rows", "customers=70", "--dry-run", "--json")
    assert tried.exit_code == 0, tried.output
    assert counts(url, "customers", "orders") == [0, 0]
    done = genesis(url, "--rows", "orders=300", "--rows", "customers=70", "--json")
    assert done.exit_code == 0, done.output
    report = {r["table_name"]: r for r in json.loads(done.stdout)}
    assert (report["orders"]["rows"], report["customers"]["rows"]) == (300, 70)
    assert counts(url, "customers", "products", "orders", "items") == [
        report[t]["rows"] for t in ("customers", "products", "orders", "items")
    ]
    assert all(r["orphans"] == r["violations"] == 0 for r in report.values())
    assert ask(url, "SELECT count(DISTINCT email) FROM customers WHERE email LIKE '%%@%%'") == [
        (70,)
    ]
    again = genesis(url)
    assert again.exit_code == 1
    assert "holds rows already" in again.output
    assert "--if-exists 'append'" in again.output


def test_a_model_of_a_file(load: Callable[..., None], tmp_path: Path, postgres: str):
    file = str(tmp_path / "shop.duckdb")
    with genesis_sql.connect(file) as con:
        load(con, "shop")
    make(postgres, SHOP)
    done = genesis(postgres, "--model", "shop", "--database", file, "--rows", "orders=40")
    assert done.exit_code == 0, done.output
    assert counts(postgres, "orders") == [40]


@pytest.mark.parametrize(
    ("words", "code", "match"),
    [
        (["sqlite:///x.db", "--model", "m"], 2, "go together"),
        (["sqlite:///x.db", "--rows", "12"], 2, "--rows TABLE=N"),
        (["sqlite:////nowhere/x.db"], 1, "nowhere/x.db"),
        (["postgresql://me:pw-77@127.0.0.1:1/x"], 1, "127.0.0.1:1"),
        (["nothing"], 1, "is no URL of a database"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], code: int, match: str):
    told = genesis(*words)
    assert told.exit_code == code
    assert match in told.output
    assert "pw-77" not in told.output
    assert "Traceback" not in told.output


def test_rows_take_the_workflows_of_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    (tmp_path / "empty.db").touch()
    make(url, [s.format(serial="INTEGER") for s in CRM])
    event = {"table": "items", "set": {"qty": 7}}
    flow = {
        "instances": "orders",
        "paths": [{"name": "one", "set": {"status": "sent"}, "events": [event]}],
    }
    (tmp_path / "s.json").write_text(json.dumps({"flow": flow}), encoding="utf-8")
    (tmp_path / "s.yaml").write_text(
        "flow: {instances: order, paths: [{name: one}]}", encoding="utf-8"
    )
    (tmp_path / "no.json").write_text("{", encoding="utf-8")
    (tmp_path / "list.yaml").write_text("[1]", encoding="utf-8")
    done = genesis(url, "--rows", "orders=30", "--scenarios", tmp_path / "s.json")
    assert done.exit_code == 0, done.output
    assert counts(url, "orders", "items") == [30, 30]
    assert ask(url, "SELECT DISTINCT status, qty FROM orders JOIN items ON order_id = id") == [
        ("sent", 7)
    ]
    for name, told in (("s.yaml", "did you mean 'orders'"), ("no.json", "is no JSON"), ("list.yaml", "by name"),
                       ("gone.json", "there is no file")):  # fmt: skip
        wrong = genesis(url, "--if-exists", "replace", "--scenarios", tmp_path / name)
        assert wrong.exit_code != 0
        assert told in wrong.output
    both = genesis(
        url, "--model", "m", "--database", "x.duckdb", "--scenarios", tmp_path / "s.json"
    )
    assert "leave one out" in both.output
