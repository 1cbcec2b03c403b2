"""genesis models, describe, history, activate, drop, export, import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result

Told = Callable[..., Any]
Genesis = Callable[..., Result]


def test_the_life_of_a_model(told: Told, folder: Path) -> None:
    told("fit", "shop.duckdb", "shop", "--seed", "1")
    found = told("models", "shop.duckdb")
    assert [(m["version"], m["active"], m["rows"]) for m in found] == [
        (1, False, 1200),
        (2, True, 1200),
    ]
    assert told("activate", "shop.duckdb", "shop", "--version", "1")[0]["status"] == "active"
    assert [m["active"] for m in told("models", "shop.duckdb")] == [True, False]

    exported = told("export", "shop.duckdb", "shop", "shop.genesis", "--version", "2")
    assert exported[0]["bytes"] == (folder / "shop.genesis").stat().st_size
    assert told("import", "other.duckdb", "shop.genesis", "--name", "copy")[0]["model"] == "copy"
    same = ["orders", "--rows", "4"]
    assert told("generate", "other.duckdb", "copy", *same) == told(
        "generate", "shop.duckdb", "shop", *same, "--version", "2"
    )

    assert [d["version"] for d in told("drop", "shop.duckdb", "shop")] == [1, 2]
    assert told("models", "shop.duckdb") == []
    kinds = [h["kind"] for h in told("history", "shop.duckdb", "shop")]
    assert kinds == ["drop", "export", "activate", "fit_database", "fit_database"]


def test_describe_shows_every_column(told: Told) -> None:
    found = told("describe", "shop.duckdb", "shop")
    assert len(found) == 7
    assert found[0]["table_name"] == "customers"
    assert isinstance(found[0]["inputs"], list)


def test_tables_are_aligned_text_where_they_are_piped(genesis: Genesis) -> None:
    head, row = genesis("models", "shop.duckdb").stdout.splitlines()
    assert head.split()[:3] == ["model", "version", "active"]
    assert row.split()[:5] == ["shop", "1", "yes", "ready", "2"]
    assert head.index("status") == row.index("ready")


def test_a_file_without_models(genesis: Genesis, told: Told) -> None:
    duckdb.connect("empty.duckdb").close()
    assert (
        genesis("models", "empty.duckdb").stderr == "No models yet: genesis fit empty.duckdb NAME\n"
    )
    assert told("history", "empty.duckdb") == []


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["models", "shp.duckdb"], 1, "did you mean 'shop.duckdb'?"),
        (["describe", "shop.duckdb", "shp"], 1, "did you mean 'shop'?; genesis models shop.duckdb"),
        (["history", "shop.duckdb", "shp"], 1, "genesis history shop.duckdb lists all"),
        (["activate", "shop.duckdb", "shop"], 2, "Missing option '--version'"),
        (["activate", "shop.duckdb", "shop", "--version", "3"], 1, "no version 3; ready: 1"),
        (["drop", "shop.duckdb", "shp"], 1, "did you mean 'shop'?"),
        (["export", "shop.duckdb", "shop", "shop.duckdb"], 1, "is no export of a model"),
        (["import", "new.duckdb", "shop.genesi"], 1, "there is no file 'shop.genesi'"),
        (["import", "new.duckdb", "shop.duckdb"], 1, "was not written by genesis export"),
    ],
)
def test_refusals(words: list[str], code: int, expected: str, genesis: Genesis) -> None:
    assert expected in genesis(*words, code=code).stderr
    assert not Path("new.duckdb").exists()


def test_methods(told: Told) -> None:
    found = {m["name"]: m for m in told("methods")}
    assert (found["trees"]["installed"], found["trees"]["compile"]) == (True, True)
