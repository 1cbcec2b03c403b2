"""genesis demo on a part of the real flights; never skipped."""

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
from genesis_sql.cli.demo import NEXT, RELATIONSHIPS, TABLES, data_folder, refuse_foreign
from genesis_sql.errors import TargetError

FLIGHTS = 2000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def report(place: Path) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["demo", "--flights", str(FLIGHTS), "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout)[0])


def test_the_report(report: dict[str, Any]) -> None:
    tables = {t["table"]: t for t in report["tables"]}
    assert list(tables) == [t["table"] for t in report["tables"]]
    assert set(tables) == set(TABLES)
    assert tables["flights"]["real rows"] == FLIGHTS
    assert tables["flights"]["rows"] == pytest.approx(FLIGHTS, rel=0.15)
    assert tables["flights"]["dangling"] > 200
    assert (tables["airlines"]["how"], tables["airlines"]["rows"]) == ("verbatim", 16)
    assert [t["orphans"] for t in tables.values()] == [0] * 5


def test_the_comparison_is_of_real_and_synthetic(report: dict[str, Any]) -> None:
    figures = {c["measure"]: (c["real"], c["synthetic"]) for c in report["comparison"]}
    assert len(figures) >= 8
    real, synthetic = map(float, figures["flights with a known plane, %"])
    assert abs(real - synthetic) < 5
    assert figures["largest carriers, %"][0].count(",") == 2


def test_the_keys_hold_and_are_declared(report: dict[str, Any], place: Path) -> None:
    with duckdb.connect("demo.duckdb", read_only=True) as con:
        query = "FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
        assert len(con.execute(query).fetchall()) == len(RELATIONSHIPS)
        tags = con.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
        assert tags[0][0]["storage_version"] == "v1.5.0+"


def test_the_source_is_the_real_data(report: dict[str, Any], place: Path) -> None:
    with duckdb.connect("source.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) FROM weather").fetchall() == [(26115,)]
        assert con.execute("SELECT count(*) FROM planes WHERE speed IS NULL").fetchall() == [
            (3299,)
        ]
        found = con.execute("SELECT count(DISTINCT month), max(flight_id) FROM flights").fetchall()
        assert found == [(12, 336776)]


@pytest.mark.parametrize("number", range(len(NEXT)))
def test_the_statements_to_try_next_work(number: int, report: dict[str, Any], place: Path) -> None:
    assert report["next"][number] == NEXT[number]
    con = genesis_sql.connect("source.duckdb")
    rows = con.execute(NEXT[number].replace("100000", "1000")).fetchall()
    con.close()
    assert len(rows) >= 5


def test_only_its_own_files_are_overwritten(report: dict[str, Any], place: Path) -> None:
    refuse_foreign("source.duckdb")
    refuse_foreign("demo.duckdb")
    with duckdb.connect("demo.duckdb") as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS a")
    with pytest.raises(TargetError, match=r"'demo.duckdb' holds a table 'mine' of yours"):
        refuse_foreign("demo.duckdb")
    Path("source.duckdb").write_text("a,b\n1,2\n")
    done = CliRunner().invoke(main, ["demo"])
    assert done.exit_code == 1
    assert "'source.duckdb' is no database of this demo" in done.stderr
    assert Path("source.duckdb").read_text() == "a,b\n1,2\n"


def test_the_data_are_found_without_importing_the_package() -> None:
    assert {"flights.csv.zip", "weather.csv"} <= {f.name for f in data_folder().iterdir()}
