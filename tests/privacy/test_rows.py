import numpy as np
import pytest

from genesis_sql.privacy.rows import NULL, nearest_rows, read_rows


def brute(queries, refs, skip):
    apart = np.minimum(np.abs(queries[:, None, :].astype(np.float64) - refs[None]), 1).mean(2)
    for q, at in enumerate(skip):
        if at >= 0:
            apart[q, at] = np.inf
    return apart


@pytest.mark.parametrize("size", [3, 1023, 1024, 2500])
def test_nearest_rows_are_those_of_a_plain_search(size):
    rng = np.random.default_rng(size)
    queries = rng.random((130, 4), np.float32)
    refs = rng.random((size, 4), np.float32)
    refs[:, 3] = rng.integers(0, 3, size)
    queries[:, 3] = rng.integers(0, 3, 130)
    skip = rng.integers(-1, size, 130)
    dist, index = nearest_rows(queries, refs, 3, skip)
    wanted = brute(queries, refs, skip)
    there = np.isfinite(dist)
    assert np.allclose(dist[there], np.sort(wanted, axis=1)[:, :3][there], atol=1e-6)
    assert there.sum() == sum(min(3, size - (s >= 0)) for s in skip)
    assert np.allclose(np.take_along_axis(wanted, index, 1)[there], dist[there], atol=1e-6)


def test_ties_go_to_the_first():
    refs = np.zeros((2000, 2), np.float32)
    dist, index = nearest_rows(np.zeros((1, 2), np.float32), refs, 3)
    assert dist.tolist() == [[0, 0, 0]]
    assert index.tolist() == [[0, 1, 2]]


def test_missing_values_match_one_another_and_nothing_else(con, opened):
    for schema in ("real", "synth"):
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(
            f"CREATE TABLE {schema}.t AS SELECT CASE WHEN i % 2 = 0 THEN i END AS n, "
            "CASE WHEN i % 3 = 0 THEN 'x' || i % 9 END AS l, TIME '10:00' + to_seconds(i * 60) AS at "
            "FROM range(200) AS r(i)"
        )
    sides = opened()
    rows = read_rows(sides, sides.tables[0])
    number = rows.real[:, rows.names.index("n")]
    assert (number == NULL).sum() == 100
    assert number[number < NULL].max() == 1
    assert (rows.real[:, rows.names.index("l")] == 0).sum() == 133
    gap = rows.real[number == NULL][:1].copy()
    full = gap.copy()
    full[:, rows.names.index("n")] = 0.5
    assert nearest_rows(gap, gap)[0][0, 0] == 0
    assert nearest_rows(gap, full)[0][0, 0] == pytest.approx(1 / 3)


def test_other_types_of_the_same_values_are_the_same_rows(con, opened):
    con.execute("CREATE SCHEMA real; CREATE SCHEMA synth")
    con.execute(
        "CREATE TABLE real.t AS SELECT i % 7 AS code, i::DOUBLE AS n, DATE '2020-01-01' + i::INTEGER AS d, "
        "i % 2 = 0 AS b FROM range(100) AS r(i)"
    )
    con.execute(
        "CREATE TABLE synth.t AS SELECT CAST(code AS DOUBLE) AS code, CAST(n AS VARCHAR) AS n, "
        "CAST(d AS TIMESTAMP) AS d, CAST(b AS INTEGER) AS b FROM real.t"
    )
    sides = opened()
    rows = read_rows(sides, sides.tables[0])
    assert nearest_rows(rows.synthetic, rows.real)[0].max() == 0


def test_a_sample_takes_rows_not_values(con, opened, monkeypatch):
    monkeypatch.setattr("genesis_sql.privacy.rows.MOST", 300)
    for schema in ("real", "synth"):
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(
            f"CREATE TABLE {schema}.t AS SELECT CASE WHEN i % 10 < 7 THEN 'often' ELSE 'rare' END AS l "
            "FROM range(1000) AS r(i)"
        )
    sides = opened()
    rows = read_rows(sides, sides.tables[0])
    assert (len(rows.real), rows.sizes[0]) == (300, 1000)
    often = max(np.unique(rows.real, return_counts=True)[1])
    assert 0.6 < often / 300 < 0.8
