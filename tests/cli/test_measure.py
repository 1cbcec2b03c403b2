"""The commands that measure, as a newcomer types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result

Genesis = Callable[..., Result]
ROWS = """
SELECT i AS id, 18 + CAST(hash(i, {salt}) % 60 AS INTEGER) AS age, ['CA', 'NY'][1 + CAST(hash(i, {salt}, 1) % 2 AS INTEGER)] AS state,
       100010001 + hash(i, {salt}, 2) % 599999999 AS ssn
FROM range(400) AS r(i)
"""


@pytest.fixture
def files(folder: Path) -> Path:
    """original.csv and synthetic.csv of one distribution."""
    with duckdb.connect() as con:
        for name, salt in (("original", 1), ("synthetic", 2)):
            con.sql(ROWS.format(salt=salt)).write_csv(str(folder / f"{name}.csv"))
    return folder


def test_profile(files: Path, told: Callable[..., Any]) -> None:
    rows = {r["column_name"]: r for r in told("profile", "original.csv")}
    assert rows["ssn"]["meaning"] == "US SSN"
    assert rows["age"]["distinct_values"] == 60
    rows = {r["column_name"]: r for r in told("profile", "shop.duckdb", "customers")}
    assert rows["region"]["distinct_values"] == 4


def test_compare(files: Path, told: Callable[..., Any], genesis: Genesis) -> None:
    rows = told("compare", "original.csv", "synthetic.csv", "--metrics", "shapes,pairs")
    shape = next(r for r in rows if r["metric"] == "shape")
    assert (shape["verdict"], shape["n"]) == ("pass", 400)
    done = genesis("compare", "original.csv", "synthetic.csv", "--metrics", "shapes")
    assert done.stderr.splitlines()[-1].endswith("0 fail, 0 warn")
    assert (
        "did you mean 'synthetic.csv'"
        in genesis("compare", "original.csv", "syntetic.csv", code=1).stderr
    )
    assert "the same file" in genesis("compare", "original.csv", "original.csv", code=1).stderr


def test_compare_databases(files: Path, told: Callable[..., Any], genesis: Genesis) -> None:
    genesis("generate", "shop.duckdb", "shop", "--target", "made.duckdb")
    rows = told("compare", "shop.duckdb", "made.duckdb", "--metrics", "shapes,relations")
    orphans = [r for r in rows if r["metric"] == "orphans"]
    assert [(r["table_name"], r["score"], r["n"] > 500) for r in orphans] == [("orders", 0.0, True)]


def test_privacy_audit(files: Path, told: Callable[..., Any]) -> None:
    asked = ("privacy-audit", "-r", "original.csv", "-s")
    rows = told(*asked, "synthetic.csv", "--sensitive", "ssn,state")
    assert {r["columns"][0] for r in rows if r["metric"] == "copied_values"} == {"ssn"}
    assert not [r for r in rows if r["verdict"] == "fail"]
    with duckdb.connect() as con:
        con.sql("FROM 'original.csv'").write_parquet("copy.parquet")
    rows = told(*asked, "copy.parquet", "--sensitive", "ssn")
    failed = {r["metric"] for r in rows if r["verdict"] == "fail"}
    assert "copied_values" in failed


def test_assert_ends_with_one_where_it_fails(told: Callable[..., Any], genesis: Genesis) -> None:
    assert told("assert", "shop.duckdb", "shop", "shape > 0.5 AND orphans = 0")[0]["passed"]
    done = genesis("assert", "shop.duckdb", "shop", "orphans > 0", code=1)
    assert (
        "orphans > 0 does not hold, it is 0; genesis quality shop.duckdb 'shop' shows all"
        in done.stderr
    )


def test_report_and_certificate(told: Callable[..., Any], folder: Path) -> None:
    (made,) = told("report", "shop.duckdb", "shop", "--out", "r.html")
    assert made["path"] == "r.html"
    assert (folder / "r.html").stat().st_size > 10_000
    facts = told("certificate", "shop.duckdb", "shop")
    assert facts["subject"]["model"] == "shop"
    rows = json.dumps(told("quality", "shop.duckdb", "shop", "--metrics", "shapes"))
    assert "tv_similarity" in rows


def test_a_private_fit_and_its_ledger(told: Callable[..., Any], genesis: Genesis) -> None:
    told("budget", "shop.duckdb", "customers", "--epsilon", "1.2", "--delta", "1e-6")
    asked = ("--method", "dp", "--option", "epsilon=1", "--option", "delta=1e-6")
    fit = ("fit", "shop.duckdb", "safe", "--source", "customers", *asked)
    told(*fit)
    (row,) = told("ledger", "shop.duckdb")
    assert (row["model"], row["epsilon"], row["budget_epsilon"]) == ("safe", 1.0, 1.2)
    assert "the budget of" in genesis(*fit, code=1).stderr
    assert len(told("ledger", "shop.duckdb")) == 1
    assert told("certificate", "shop.duckdb", "safe")["guaranteed"]["epsilon"] == 1.0
