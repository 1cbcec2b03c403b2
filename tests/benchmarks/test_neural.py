"""The benchmark of networks: what cannot be measured is said, what can is."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from benchmarks import neural
from benchmarks.options import Options
from benchmarks.report import NOT_MEASURED, Line, Must, Report, render


def test_what_is_not_measured_is_neither_kept_nor_missed() -> None:
    lines = [Line("a", NOT_MEASURED, Must(most=1)), Line("b", 2.0, Must(most=1))]
    report = Report("t", lines, {})
    assert report.failures == ["b"]
    assert [line["holds"] for line in report.as_json()["lines"]] == [None, False]
    row = next(r for r in render(report).splitlines() if r.startswith("| a"))
    assert [cell.strip() for cell in row.split("|")[2:5]] == [NOT_MEASURED, "≤ 1", ""]


def test_its_parts() -> None:
    assert Options(only=("large", "argn")).parts(list(neural.PARTS)) == ["argn", "large"]


def test_a_fit_in_its_process(tmp_path: Path) -> None:
    source, out = tmp_path / "source.parquet", tmp_path / "out.parquet"
    with duckdb.connect() as con:
        con.sql("SELECT i % 7 AS a, sqrt(i) AS b FROM range(300) r(i)").write_parquet(str(source))
        told = {"source": str(source), "out": str(out), "method": "trees", "rows": 50, "rounds": 1}
        found = neural.fit_job(json.dumps(told))
        assert con.sql(f"SELECT count(*) FROM '{out}'").fetchall() == [(300,)]
    assert found["rows_per_s"] > 0
    assert found["peak_mb"] > 50


@pytest.mark.slow
def test_a_large_table_in_its_process(tmp_path: Path) -> None:
    told = {"file": str(tmp_path / "l.duckdb"), "rows": 2_000, "max_seconds": 12}
    found = neural.large_job(json.dumps(told))
    assert found["trained"] > 1_000
    assert found["steps"] > 0
