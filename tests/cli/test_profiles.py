"""genesis profiles, run, replay, validate and cohorts, one after the other on one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result

from genesis_sql.cli import main

Genesis = Callable[..., Result]
Told = Callable[..., Any]
SPEC = """
id: ward
generation: {count: 60}
tables:
  people:
    columns:
      person: {type: key, format: "P%04d"}
      sex: {type: categorical, values: {F: 0.5, M: 0.5}}
"""


@pytest.fixture
def spec(folder: Path) -> str:
    (folder / "ward.yaml").write_text(SPEC, encoding="utf-8")
    return "ward.yaml"


def test_from_a_spec_to_an_export(genesis: Genesis, told: Told, spec: str, folder: Path) -> None:
    saved = told("profiles", "save", "new.duckdb", "ward", spec, "--tag", "t", "--tag", "u")
    assert [(r["version"], r["status"], r["tables"]) for r in saved] == [(1, "saved", ["people"])]
    assert told("profiles", "save", "new.duckdb", "ward", spec)[0]["status"] == "kept"
    listed = told("profiles", "list", "new.duckdb", "--tag", "u", "--search", "WARD")
    assert [(r["name"], r["tags"], r["count"]) for r in listed] == [("ward", ["t", "u"], 60)]
    made = told("run", "new.duckdb", "ward", "--cohort", "a", "--seed", "3")
    assert [(r["table_name"], r["rows"]) for r in made] == [("people", 60)]
    again = told("replay", "new.duckdb", "3")
    assert [(r["identical"], r["replayed_hash"]) for r in again] == [
        (True, made[0]["content_hash"])
    ]
    shown = genesis("profiles", "show", "new.duckdb", "--execution", "3", "--resolved").stdout
    assert "people" in json.loads(shown)["tables"]
    told("run", "new.duckdb", "ward", "--cohort", "b", "--count", "5")
    assert {r["name"]: r["rows"] for r in told("cohorts", "list", "new.duckdb")} == {
        "a": 60,
        "b": 5,
    }
    told("cohorts", "merge", "new.duckdb", "ab", "a", "b")
    assert told("cohorts", "tag", "new.duckdb", "ab", "x", "--remove", "t")[0]["tags"] == ["u", "x"]
    written = told("cohorts", "export", "new.duckdb", "ab", "out", "--format", "csv")
    assert (folder / written[0]["path"]).is_file()
    assert told("cohorts", "delete", "new.duckdb", "b")[0]["status"] == "dropped"
    with duckdb.connect("new.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) FROM ab.people").fetchall() == [(65,)]


def test_validate_says_no_with_its_exit_code(genesis: Genesis, told: Told, spec: str) -> None:
    told("profiles", "save", "new.duckdb", "ward", spec)
    told("run", "new.duckdb", "ward", "--cohort", "a")
    assert all(r["passed"] is not False for r in told("validate", "new.duckdb", "a"))
    with duckdb.connect("new.duckdb") as con:
        con.execute("UPDATE a.people SET sex = 'F'")
    done = genesis("validate", "new.duckdb", "--execution", "2", code=1)
    assert "checks failed" in done.stderr


def test_a_schema_becomes_a_cohort(told: Told) -> None:
    saved = told("cohorts", "save", "shop.duckdb", "real", "--schema", "main", "--table", "orders")
    assert [(r["table_name"], r["rows"]) for r in saved] == [("orders", 900)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("cohorts", "delete", "shop.duckdb", "x"),
            "Error: no cohort 'x'; genesis cohorts list shop.duckdb lists them all",
        ),
        (
            ("run", "shop.duckdb", "shop", "--cohort", "c"),
            "'shop' is a model that was learnt from data, not a profile; genesis generate shop.duckdb 'shop' --target",
        ),
        (
            ("profiles", "save", "shop.duckdb", "p", "none.yaml"),
            "'none.yaml' cannot be read: No such",
        ),
        (("profiles", "save", "shop.duckdb", "p", "."), "'.' cannot be read: "),
        (
            ("replay", "shop.duckdb", "99"),
            "there is no execution 99; runs are: none; genesis history",
        ),
    ],
)
def test_errors_are_one_sentence(genesis: Genesis, words: tuple[str, ...], expected: str) -> None:
    done = genesis(*words, code=1)
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_copies_under_other_names(told: Told) -> None:
    told("cohorts", "save", "shop.duckdb", "real", "--schema", "main", "--tag", "a")
    told("cohorts", "clone", "shop.duckdb", "real", "copy", "--schema", "elsewhere")
    assert told("cohorts", "rename", "shop.duckdb", "copy", "other")[0]["cohort"] == "other"
    summary = told("cohorts", "summarise", "shop.duckdb", "other")
    assert {r["table_name"]: r["rows"] for r in summary if r["column_name"] is None} == {
        "customers": 300, "orders": 900,
    }  # fmt: skip


def test_help_of_every_command(genesis: Genesis) -> None:
    for group in ("profiles", "cohorts"):
        for name, command in main.commands[group].commands.items():  # type: ignore[attr-defined]
            assert len(command.help.splitlines()[0]) > 20, name
            genesis(group, name, "--help")


def test_the_published_schema(genesis: Genesis) -> None:
    told = json.loads(genesis("profiles", "schema").stdout)
    assert told["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"tables", "demographics", "clinical", "providers"} <= set(told["properties"])
