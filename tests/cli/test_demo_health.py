"""genesis demo health: a county's people beside its figures; nothing to install, nothing to bring."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

import genesis_sql
from genesis_sql.cli import main
from genesis_sql.cli.demo_health import COHORT, COUNTY, FILE, NEXT, compare

PEOPLE = 20_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("health")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def report(place: Path) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["demo", "health", "--people", str(PEOPLE), "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout)[0])


def test_every_figure_is_within_chance_of_the_county(report: dict[str, Any]) -> None:
    figures = {f["figure"]: f for f in report["figures"]}
    assert len(figures) == len(report["figures"]) > 14
    assert {"women and girls", "aged 0 to 17", "Diagnosed diabetes", "Obesity"} <= set(figures)
    assert [f["figure"] for f in figures.values() if not f["within"]] == []
    bands = [f["reference"] for f in figures.values() if f["figure"].startswith("aged")]
    assert sum(bands) == pytest.approx(100)
    adults = figures["Diagnosed diabetes"]["people"]
    assert 0.7 * PEOPLE < adults < 0.78 * PEOPLE
    assert figures["women and girls"]["people"] == PEOPLE


def test_the_figures_are_those_of_the_reference(report: dict[str, Any], place: Path) -> None:
    figures = {f["figure"]: f["reference"] for f in report["figures"]}
    with duckdb.connect(FILE, read_only=True) as con:
        query = (
            "SELECT pct_diabetes, pct_female FROM genesis_reference.county_figures WHERE fips = ?"
        )
        diabetes, women = con.execute(query, [COUNTY]).fetchall()[0]
    assert figures["Diagnosed diabetes"] == pytest.approx(diabetes)
    assert figures["women and girls"] == pytest.approx(women)


def test_the_comparison_sees_a_cohort_that_is_off(report: dict[str, Any], place: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{FILE}' AS held (READ_ONLY)")
        con.execute("CREATE SCHEMA genesis_reference")
        for table in ("measures", "prevalences", "county_ages"):
            con.execute(
                f"CREATE TABLE genesis_reference.{table} AS FROM held.genesis_reference.{table}"
            )
        con.execute(f"CREATE SCHEMA {COHORT}")
        con.execute(f"CREATE TABLE {COHORT}.patients AS FROM held.{COHORT}.patients WHERE age > 40")
        con.execute(
            f"CREATE TABLE {COHORT}.conditions AS FROM held.{COHORT}.conditions WHERE code <> 'E11'"
        )
        off = {f["figure"] for f in compare(con) if not f["within"]}
    assert {"aged 0 to 17", "Diagnosed diabetes"} <= off


def test_it_runs_twice_and_says_what_it_did(report: dict[str, Any], place: Path) -> None:
    done = CliRunner().invoke(main, ["demo", "health", "--people", "1000", "--seed", "7"])
    assert done.exit_code == 0, done.output
    assert "cohort 'harris_1' of 1,000 people" in done.output
    assert max(map(len, done.output.splitlines())) <= 80
    for statement in NEXT:
        assert statement in done.output
    with duckdb.connect(FILE, read_only=True) as con:
        assert con.execute(f"SELECT count(*) FROM {COHORT}.patients").fetchall() == [(1000,)]
        tags = con.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
        assert tags[0][0].get("storage_version", "v1.5.0+") == "v1.5.0+"


@pytest.mark.parametrize("number", range(len(NEXT)))
def test_the_statements_to_try_next_work(number: int, report: dict[str, Any], place: Path) -> None:
    assert report["next"][number] == NEXT[number]
    con = genesis_sql.connect(FILE)
    rows = con.execute(NEXT[number]).fetchall()
    con.close()
    assert len(rows) >= 5


def test_a_file_that_is_no_database_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_text("mine\n")
    done = CliRunner().invoke(main, ["demo", "health"])
    assert done.exit_code == 1
    assert f"'{FILE}' is no DuckDB database" in done.stderr
    assert Path(FILE).read_text() == "mine\n"
