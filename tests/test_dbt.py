"""The dbt project of examples/dbt: built, built again with more rows, and documented."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import OptionError

pytestmark = pytest.mark.dbt
EXAMPLE = Path(__file__).parents[1] / "examples" / "dbt"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, built once."""
    folder = tmp_path_factory.mktemp("dbt") / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb"))
    dbt(folder, "build")
    return folder


def dbt(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments]
    about = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "NO_COLOR": "1", "DBT_USE_COLORS": "0"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **about},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def ask(folder: Path, query: str) -> list[Any]:
    with duckdb.connect(str(folder / "shop.duckdb")) as con:
        return con.execute(query).fetchall()


def read(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "target" / name).read_text(encoding="utf-8"))
    return found


def test_models_tests_and_lineage(project: Path) -> None:
    results = {r["unique_id"]: r["status"] for r in read(project, "run_results.json")["results"]}
    assert {status for name, status in results.items() if name.startswith("test.")} == {"pass"}
    tests = [name for name in results if name.startswith("test.")]
    assert len([name for name in tests if "relationships" in name]) == 2
    assert len([name for name in tests if "unique" in name]) == 3
    assert ask(project, "SELECT count(*), count(DISTINCT order_id) FROM orders") == [(600, 600)]
    assert ask(project, "SELECT count(*) = 3 AND sum(orders) = 600 FROM revenue") == [(True,)]
    query = (
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'main'"
    )
    kinds = dict(ask(project, query))
    assert kinds == {"customers": "BASE TABLE", "orders": "BASE TABLE", "revenue": "VIEW"}
    parents = read(project, "manifest.json")["parent_map"]["model.shop.revenue"]
    assert sorted(parents) == [
        "model.shop.customers",
        "model.shop.orders",
        "source.shop.synthetic.products",
    ]


def test_a_later_run_makes_only_new_rows(project: Path) -> None:
    before = ask(project, "SELECT rowid, * FROM orders ORDER BY rowid")
    dbt(project, "build", "--vars", "{rows: 650}", "--select", "orders")
    after = ask(project, "SELECT rowid, * FROM orders ORDER BY rowid")
    assert (after[: len(before)], len(after)) == (before, 650)
    with genesis_sql.connect(str(project / "shop.duckdb")) as con:
        query = "FROM genesis_generate('shop', 'orders', rows := 650, seed := 7)"
        assert [row[1:] for row in after] == con.execute(query).fetchall()


def test_docs(project: Path) -> None:
    dbt(project, "docs", "generate", "--no-compile")
    nodes = read(project, "catalog.json")["nodes"]
    assert list(nodes["model.shop.orders"]["columns"]) == [
        "order_id",
        "customer_id",
        "product_id",
        "quantity",
    ]


def test_a_source_of_no_model(tmp_path: Path) -> None:
    from dbt.adapters.duckdb.utils import SourceConfig

    from genesis_sql.dbt_plugin import Plugin

    with duckdb.connect() as con:
        plugin = Plugin("genesis", {"models": {"shop": str(EXAMPLE / "shop.yaml")}})
        plugin.configure_connection(con)
        wrong, right = (
            SourceConfig("products", "products", "synthetic", None, {"model": model}, [])
            for model in ("shpo", "shop")
        )
        with pytest.raises(
            OptionError, match="names model 'shpo', which is not there; did you mean 'shop'"
        ):
            plugin.load(wrong)
        assert plugin.load(right).num_rows == 8
