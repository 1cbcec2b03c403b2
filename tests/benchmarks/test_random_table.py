import duckdb
import pytest

import genesis_sql
from benchmarks import kernel, random_table
from benchmarks.options import BenchmarkError, Options
from genesis_sql.plan.blocks import LARGEST


def test_the_random_table_has_the_shape_of_adult():
    with duckdb.connect() as con:
        con.execute(random_table.random_sql(5_000))
        described = con.execute("DESCRIBE random_made").fetchall()
        labels = con.execute("SELECT DISTINCT b3 FROM random_made ORDER BY 1").fetchall()
    types = [row[1] for row in described]
    assert (types.count("BIGINT"), types.count("VARCHAR")) == (6, 9)
    assert [label for (label,) in labels] == list("abcde")


def test_ratios_are_those_of_the_rounds():
    con = genesis_sql.connect()
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a, 'v' || i % 3 AS b FROM range(500) r(i)")
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    ratios, ours, random = random_table.compare(con, 3_000, 2)
    made = con.execute("SELECT count(*) FROM made").fetchall()
    con.close()
    assert made == [(3_000,)]
    assert ratios == pytest.approx([a / b for a, b in zip(ours, random, strict=True)])
    assert len(ratios) == 2
    assert min(ours + random) > 0


def test_the_kernel_alone_runs_the_program_that_was_fitted(monkeypatch):
    con = genesis_sql.connect()
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a, 'v' || i % 3 AS b FROM range(500) r(i)")
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    monkeypatch.setattr(kernel, "fitted", lambda options: con)
    (line,) = kernel.adult(Options(quick=True, rounds=1))
    assert line.name == "adult program alone, one core: rows/s"
    assert line.must.least == 4e6
    assert line.ours > 0
    assert kernel.ADULT_BLOCK == LARGEST


def test_without_the_table_the_folder_is_named(tmp_path):
    with pytest.raises(BenchmarkError, match=r"keys\.json"):
        random_table.generate_against_random(Options(data=tmp_path))
