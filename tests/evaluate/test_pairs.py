"""Pairs agree with the referee and SDMetrics, and see what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import duckdb
import pytest

from genesis_sql.evaluate import pairs
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.joint import joint_facts
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


def test_every_pair_is_the_referees(fresh: duckdb.DuckDBPyConnection) -> None:
    score, kinds, (real, synth, held) = frames(fresh, "real.people", "synth.people", "held.people")
    with opened(fresh, "real", "synth", holdout="held") as sides:
        found = pairs.measure(sides)
    similar = by_name(found, "pair_similarity")
    assert set(similar) == set(combinations(kinds, 2))
    for (a, b), metric in similar.items():
        for value, other in ((metric.score, synth), (metric.baseline, held)):
            (xa, ya, ma), (xb, yb, mb) = (score.codes(real, other, c, kinds[c], 10) for c in (a, b))
            expected = 1 - score.tv(xa * mb + xb, ya * mb + yb, ma * mb)
            assert value == pytest.approx(expected, abs=EXACT), (a, b)
    (mean,) = by_name(found, "pair").values()
    assert mean.score == pytest.approx(score.own(real, synth, kinds)["pair"], abs=ROUNDED)
    assert mean.score < 0.95


def test_adult_is_scored_as_the_referee_does(con: duckdb.DuckDBPyConnection) -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there")
    con.execute(f"CREATE TABLE adult AS FROM '{DATA}/adult/train/adult.parquet' LIMIT 4000")
    con.execute(
        "CREATE TABLE other AS SELECT * REPLACE (fnlwgt * 1.1 AS fnlwgt, "
        "CASE WHEN age > 40 THEN 'x' ELSE education END AS education) FROM adult LIMIT 3000"
    )
    with opened(con, "adult", "other") as sides:
        (mean,) = by_name(pairs.measure(sides), "pair").values()
    assert mean.score == pytest.approx(own(con, "adult", "other")["pair"], abs=ROUNDED)


def test_sdmetrics_agrees(fresh: duckdb.DuckDBPyConnection) -> None:
    """CorrelationSimilarity to 1e-8, ContingencySimilarity to 1e-9."""
    of_pairs = pytest.importorskip("sdmetrics.column_pairs")
    real, synth = (fresh.sql(f"FROM {s}.people").df() for s in ("real", "synth"))
    numbers = ("age", "pay", "since")
    with opened(fresh, "real", "synth") as sides:
        found = pairs.measure(sides)
    similar = by_name(found, "correlation_similarity")
    assert set(similar) == set(combinations(numbers, 2))
    for pair, metric in similar.items():
        expected = of_pairs.CorrelationSimilarity.compute(real[list(pair)], synth[list(pair)])
        assert metric.score == pytest.approx(expected, abs=1e-8)
    similar = by_name(found, "contingency_similarity")
    assert len(similar) == 7
    for frame in (real, synth):
        frame["since"] = frame["since"].astype("int64")
    for pair, metric in similar.items():
        expected = of_pairs.ContingencySimilarity.compute(
            real[list(pair)].copy(), synth[list(pair)].copy(),
            continuous_column_names=[c for c in pair if c in numbers],
        )  # fmt: skip
        assert metric.score == pytest.approx(expected, abs=EXACT), pair


def test_mutual_information_of_columns_that_tell_each_other_or_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("CREATE TABLE a AS SELECT CAST(i % 4 AS VARCHAR) AS x, CAST((i + 1) % 4 AS VARCHAR) AS y, "
                "CAST(i // 4 % 4 AS VARCHAR) AS z FROM range(1600) AS r(i)")  # fmt: skip
    con.execute("CREATE TABLE b AS SELECT x, z AS y, z FROM a")
    with opened(con, "a", "b") as sides:
        found = by_name(pairs.measure(sides), "mutual_information")
        joint = joint_facts(sides, sides.tables[0], [("x", "y"), ("x", "z")])
    assert joint["x", "y"].information == pytest.approx((1, 0), abs=EXACT)
    assert joint["x", "z"].information == pytest.approx((0, 0), abs=EXACT)
    assert found["x", "y"].score == pytest.approx(0, abs=EXACT)
    assert {p: m.verdict for p, m in found.items()} == {
        ("x", "y"): FAIL, ("x", "z"): PASS, ("y", "z"): FAIL,
    }  # fmt: skip


def test_independent_columns_fail_where_real_ones_hang_together(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("CREATE TABLE a AS SELECT i % 100 AS x, (i % 100) * 2 + i % 3 AS y, 'k' || (i % 100 // 20) AS c "
                "FROM range(3000) AS r(i)")  # fmt: skip
    con.execute(
        "CREATE TABLE b AS SELECT a.x, (a2.x * 2 + i % 3) AS y, 'k' || (a3.x // 20) AS c FROM "
        "(SELECT x, row_number() OVER () AS i FROM a) AS a "
        "JOIN (SELECT x, row_number() OVER (ORDER BY hash(x, y, c)) AS i FROM a) AS a2 USING (i) "
        "JOIN (SELECT x, row_number() OVER (ORDER BY hash(y, x)) AS i FROM a) AS a3 USING (i)"
    )
    with opened(con, "a", "b") as sides:
        found = pairs.measure(sides)
    for name in (m.name for m in pairs.METRICS):
        assert {m.verdict for m in by_name(found, name).values()} == {FAIL}, name


def test_fresh_real_samples_pass_nineteen_times_of_twenty(con: duckdb.DuckDBPyConnection) -> None:
    tried, passed, rows = dict.fromkeys((m.name for m in pairs.METRICS), 0), {}, 100
    con.execute("CREATE TABLE pool AS SELECT i, hash(i) % 100 AS a, hash(i) % 50 + hash(i + 7) % 50 AS b, "
                "CASE WHEN hash(3 * i) % 9 > 0 THEN 'k' || (hash(i * 11) % 7) END AS c, "
                "'l' || (hash(i * 11) % 5 + hash(i * 13) % 3) AS d FROM range(100_000) AS r(i)")  # fmt: skip
    query = "(SELECT a, b, c, d FROM pool WHERE i >= {0} AND i < {0} + {1})"
    for trial in range(10):
        first, second = 2 * trial * rows, (2 * trial + 1) * rows
        with opened(con, query.format(first, rows), query.format(second, rows)) as sides:
            for metric in pairs.measure(sides):
                tried[metric.name] += 1
                passed[metric.name] = passed.get(metric.name, 0) + (metric.verdict == PASS)
    for name, count in tried.items():
        assert count >= 10
        assert passed[name] / count >= 0.9, (name, passed[name], count)


def test_many_columns_are_a_choice_that_is_told(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE a AS SELECT " + ", ".join(f"(i * {k + 1}) % 5 AS c{k}" for k in range(8))
                + " FROM range(50) AS r(i)")  # fmt: skip
    with opened(con, "a", "a") as sides:
        facts = table_facts(sides, sides.tables[0])
    some = pairs.chosen(facts, most=10)
    assert len(some) == 10
    assert some == pairs.chosen(facts, most=10)
    assert set(some) < set(combinations(facts, 2))
    assert set(pairs.chosen(facts, most=5)) < set(some)


def test_wide_tables_stay_under_the_cap(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "MOST_PAIRS", 6)
    con.execute("CREATE TABLE a AS SELECT " + ", ".join(f"(i * {k + 1}) % 5 AS c{k}" for k in range(5))
                + " FROM range(50) AS r(i)")  # fmt: skip
    with opened(con, "a", "a") as sides:
        found = pairs.measure(sides)
    assert len(by_name(found, "pair_similarity")) == 6
    assert "6 of 10 pairs" in by_name(found, "pair")[()].note


def test_labels_beyond_the_list_and_thread_counts(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE a AS SELECT 'k' || (i % 1500) AS c, i % 7 AS x FROM range(6000) AS r(i)"
    )
    con.execute(
        "CREATE TABLE b AS SELECT 'k' || (i % 1600) AS c, i % 7 AS x FROM range(6000) AS r(i)"
    )
    seen = []
    for threads in (1, 3):
        con.execute(f"SET threads = {threads}")
        with opened(con, "a", "b") as sides:
            seen.append(pairs.measure(sides))
    assert seen[0] == seen[1]
    assert 0.3 < seen[0][0].score < 1


def test_names_are_harmless(con: duckdb.DuckDBPyConnection) -> None:
    name = """x'); DROP TABLE victim; --"""
    spelled = '"' + name + '"'
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    con.execute(f"CREATE TABLE {spelled} AS SELECT i % 9 AS {spelled}, i % 5 AS b, 'it''s); DROP TABLE victim; --' || i % 4 AS \"$name\" "
                "FROM range(90) AS r(i)")  # fmt: skip
    with opened(con, spelled, spelled) as sides:
        found = pairs.measure(sides)
    assert by_name(found, "pair_similarity")[name, "$name"].score == 1
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]


def test_a_column_of_one_synthetic_value_has_no_correlation(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE a AS SELECT i AS x, i * i AS y FROM range(90) AS r(i)")
    con.execute("CREATE TABLE b AS SELECT x, CAST(3 AS BIGINT) AS y FROM a")
    with opened(con, "a", "b") as sides:
        metric = by_name(pairs.measure(sides), "correlation_similarity")["x", "y"]
    assert (metric.score, metric.verdict) == (None, "info")
    assert "one value" in metric.note
    assert replace(metric, note="") != metric
