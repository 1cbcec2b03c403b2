"""genesis reference: loading, listing, inventing and searching, on a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genesis_sql import refdata
from genesis_sql.cli import main


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "care.duckdb")


def _run(*words: str, fails: bool = False) -> Result:
    done = CliRunner().invoke(main, ["reference", *words])
    assert (done.exit_code != 0) == fails, done.output
    return done


def _rows(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_run(*words, "--json").stdout)
    return found


def test_load_and_list(db: str) -> None:
    assert {r["table_name"] for r in _rows("tables")} == set(refdata.sources())
    rows = _rows("load", db, "--table", "mdc", "--table", "place_of_service")
    assert [(r["table_name"], r["status"]) for r in rows] == [
        ("mdc", "loaded"),
        ("place_of_service", "loaded"),
    ]
    assert _rows("load", db, "--table", "mdc")[0]["status"] == "kept"
    loaded = {r["table_name"] for r in _rows("tables", db) if r["loaded"]}
    assert loaded == {"mdc", "place_of_service"}
    assert "mdc" in _run("tables", db).stdout


def test_load_from_a_folder_that_is_none(db: str, tmp_path: Path) -> None:
    done = _run("load", db, "--from", str(tmp_path), fails=True)
    assert "SOURCES.csv" in done.stderr
    assert not Path(db).exists()


def test_directory(db: str) -> None:
    done = _run("facilities", db, "--type", "hospital", fails=True)
    assert "there is no file" in done.stderr
    rows = _rows("make-directory", db, "--state", "DE", "--seed", "3")
    assert [r["status"] for r in rows][-2:] == ["made", "made"]
    found = _rows(
        "facilities",
        db,
        "--county",
        "New Castle",
        "--state",
        "delaware",
        "--type",
        "hospital",
        "--limit",
        "2",
    )
    assert [r["county_fips"] for r in found] == ["10003", "10003"]
    assert all(r["fictional"] for r in found)
    assert "NEWARK" not in {r["city"] for r in _rows("providers", db, "--city", "dover")}
    assert "The directory has none of these." in _run("providers", db, "--city", "nowhere").stderr
    done = _run("providers", db, "--specialty", "cardiology", fails=True)
    assert f"genesis reference load-directory {db} nppes npidata_pfile.csv" in done.stderr


def test_codes(db: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_text("A000    Cholera\n")
    assert _rows("load-codes", db, "icd10cm", str(path))[0]["rows"] == 1
    assert "did you mean 'mdc'" in _run("load-codes", db, "mcd", fails=True).stderr


def test_directories_of_publishers(db: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    done = _run("load-directory", db, "nppes", str(path), fails=True)
    assert "has no column 'NPI'" in done.stderr
