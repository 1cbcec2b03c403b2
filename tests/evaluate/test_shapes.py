"""Shapes agree with the referee, SciPy and SDMetrics, and see what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from genesis_sql.evaluate import shapes
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.measures import FAIL, PASS

from .opened import FRESH, by_name, opened
from .referee import DATA, ROUNDED, frames, own

EXACT = 1e-9


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without the functions: none is needed here."""
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def fresh(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute(FRESH)
    return con


def test_every_column_has_its_metrics_and_the_table_a_mean(
    fresh: duckdb.DuckDBPyConnection,
) -> None:
    with opened(fresh, "real", "synth", holdout="held") as sides:
        found = shapes.measure(sides)
    names = {(m.columns, m.name) for m in found}
    numbers, labels = {"age", "pay", "since"}, {"grade", "member"}
    assert names == (
        {((c,), n) for c in numbers | labels for n in ("tv_similarity", "null_share_error")}
        | {((c,), n) for c in numbers for n in ("ks_similarity", "wasserstein")}
        | {((), "shape")}
    )
    assert {m.n for m in found} == {800}
    assert all(m.baseline is not None and m.score is not None for m in found)
    assert {m.name for m in found} == {m.name for m in shapes.METRICS}


def test_total_variation_is_the_referees(fresh: duckdb.DuckDBPyConnection) -> None:
    score, kinds, (real, synth, held) = frames(fresh, "real.people", "synth.people", "held.people")
    with opened(fresh, "real", "synth", holdout="held") as sides:
        found = by_name(shapes.measure(sides), "tv_similarity")
    assert {c for (c,) in found} == set(kinds)
    for (column,), metric in found.items():
        for value, other in ((metric.score, synth), (metric.baseline, held)):
            a, b, size = score.codes(real, other, column, kinds[column], 20)
            assert value == pytest.approx(1 - score.tv(a, b, size), abs=EXACT), column
    assert len({m.score for m in found.values()}) == len(found)  # they are not all 1


def test_adult_is_scored_as_the_referee_does(con: duckdb.DuckDBPyConnection) -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there")
    con.execute(f"CREATE TABLE adult AS FROM '{DATA}/adult/train/adult.parquet' LIMIT 8000")
    con.execute(
        "CREATE TABLE other AS SELECT * REPLACE (age + 1 AS age, fnlwgt * 1.1 AS fnlwgt, "
        "CASE WHEN age > 40 THEN 'x' ELSE education END AS education) FROM adult LIMIT 5000"
    )
    expected = own(con, "adult", "other")
    with opened(con, "adult", "other") as sides:
        found = shapes.measure(sides)
    (shape,) = by_name(found, "shape").values()
    assert shape.score == pytest.approx(expected["shape"], abs=ROUNDED)
    errors = [m.score for m in by_name(found, "null_share_error").values()]
    assert np.mean(errors) == pytest.approx(expected["null_rate_error"], abs=ROUNDED)
    assert shape.score < 0.99


def test_ks_and_wasserstein_are_scipys(fresh: duckdb.DuckDBPyConnection) -> None:
    stats = pytest.importorskip("scipy.stats")
    with opened(fresh, "real", "synth") as sides:
        found = shapes.measure(sides)
    for column in ("age", "pay"):
        real, synth = (
            fresh.execute(f"SELECT {column} FROM {s}.people").fetchnumpy()[column].astype(float)
            for s in ("real", "synth")
        )
        ks = by_name(found, "ks_similarity")[(column,)]
        assert ks.score == pytest.approx(1 - stats.ks_2samp(real, synth).statistic, abs=EXACT)
        way = by_name(found, "wasserstein")[(column,)]
        expected = stats.wasserstein_distance(real, synth) / real.std()
        assert way.score == pytest.approx(expected, abs=1e-8)
        assert way.score > 0.01


def test_sdmetrics_agrees(fresh: duckdb.DuckDBPyConnection) -> None:
    """KSComplement to 1e-9 (it rounds values to 14 decimals), TVComplement to 1e-9."""
    single = pytest.importorskip("sdmetrics.single_column")
    real, synth = (fresh.sql(f"FROM {s}.people").df() for s in ("real", "synth"))
    with opened(fresh, "real", "synth") as sides:
        found = shapes.measure(sides)
    for column in ("age", "pay", "since"):
        expected = single.KSComplement.compute(real[column], synth[column])
        assert by_name(found, "ks_similarity")[(column,)].score == pytest.approx(
            expected, abs=EXACT
        )
    for column in ("grade", "member"):
        expected = single.TVComplement.compute(real[column].dropna(), synth[column].dropna())
        with opened(fresh, f"(FROM real.people WHERE {column} IS NOT NULL)",
                    f"(FROM synth.people WHERE {column} IS NOT NULL)") as sides:  # fmt: skip
            metric = by_name(shapes.measure(sides), "tv_similarity")[(column,)]
        assert metric.score == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("rows", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_fresh_real_samples_pass_nineteen_times_of_twenty(
    con: duckdb.DuckDBPyConnection, rows: int
) -> None:
    """Two samples of one distribution differ; that alone must not fail them."""
    tried, passed = dict.fromkeys((m.name for m in shapes.METRICS), 0), {}
    con.execute("CREATE TABLE pool AS SELECT i, hash(i) % 1000 AS a, sqrt(hash(i + 7) % 977) AS b, "
                "CASE WHEN hash(3 * i) % 9 > 0 THEN 'k' || (hash(i * 11) % 7) * (hash(i * 5) % 3) END AS c "
                "FROM range(100_000) AS r(i)")  # fmt: skip
    for trial in range(15):
        first, second = 2 * trial * rows % 90_000, (2 * trial + 1) * rows % 90_000
        query = "(SELECT a, b, c FROM pool WHERE i >= {0} AND i < {0} + {1})"
        with opened(con, query.format(first, rows), query.format(second, rows)) as sides:
            for metric in shapes.measure(sides):
                tried[metric.name] += 1
                passed[metric.name] = passed.get(metric.name, 0) + (metric.verdict == PASS)
    for name, count in tried.items():
        assert count >= 15
        assert passed[name] / count >= 0.9, (name, passed[name], count)


def test_other_distributions_fail(fresh: duckdb.DuckDBPyConnection) -> None:
    fresh.execute("CREATE SCHEMA wrong")
    fresh.execute(
        "CREATE TABLE wrong.people AS SELECT age // 3 AS age, CASE WHEN age > 50 THEN grade END AS grade, "
        "pay * 3 + 1 AS pay, since + 3000 AS since, true AS member FROM real.people"
    )
    with opened(fresh, "real", "wrong", holdout="held") as sides:
        found = shapes.measure(sides)
    for name in ("ks_similarity", "tv_similarity", "wasserstein", "shape"):
        assert {m.verdict for m in by_name(found, name).values()} == {FAIL}, name
    assert by_name(found, "null_share_error")[("grade",)].verdict == FAIL


def test_extremes_nan_and_nulls(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE a AS SELECT CASE i % 5 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN NULL "
        "ELSE CAST(i AS VARCHAR) END::DOUBLE AS x, CASE WHEN i < 50 THEN i END AS y, 1e300 * i AS z, "
        "TIMESTAMP '2020-01-01' + to_hours(i) AS t FROM range(100) AS r(i)"
    )
    con.execute("CREATE TABLE b AS SELECT x, CAST(NULL AS BIGINT) AS y, z, t FROM a")
    with opened(con, "a", "b") as sides:
        found = shapes.measure(sides)
        facts = table_facts(sides, sides.tables[0])
    assert facts["x"].values == (60, 60)  # NaN is no value
    assert by_name(found, "ks_similarity")[("x",)].score == 1
    nothing = by_name(found, "ks_similarity")[("y",)]
    assert (nothing.score, nothing.verdict) == (None, "info")
    assert "NULL" in nothing.note
    assert by_name(found, "null_share_error")[("y",)].verdict == FAIL


def test_thread_count_does_not_matter(fresh: duckdb.DuckDBPyConnection) -> None:
    seen = []
    for threads in (1, 2, 4):
        fresh.execute(f"SET threads = {threads}")
        with opened(fresh, "real", "synth", holdout="held") as sides:
            seen.append(shapes.measure(sides))
    assert seen[0] == seen[1] == seen[2]


def test_names_are_harmless(con: duckdb.DuckDBPyConnection) -> None:
    name = """x'); DROP TABLE victim; --"""
    spelled = '"' + name + '"'
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    con.execute(f"CREATE TABLE {spelled} AS SELECT i % 9 AS {spelled}, '$v0' || i % 4 AS \"$name\" "
                "FROM range(90) AS r(i)")  # fmt: skip
    with opened(con, spelled, spelled) as sides:
        found = shapes.measure(sides)
    assert by_name(found, "ks_similarity")[(name,)].score == 1
    assert by_name(found, "tv_similarity")[("$name",)].score == 1
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]


def test_no_temporary_table_is_left(fresh: duckdb.DuckDBPyConnection) -> None:
    with opened(fresh, "real", "synth") as sides:
        shapes.measure(sides)
        left = sides.con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall()
    assert left == [(0,)]
