import duckdb
import pytest

import genesis_sql
from benchmarks import adult, child
from benchmarks.options import Options

SCORES = {
    "c2st": 0.511,
    "shape": 0.995,
    "pair": 0.986,
    "tstr": 0.92,
    "tstr_real": 0.931,
    "copies": 0.0028,
    "copies_holdout": 0.0021,
    "share_full": 0.83,
    "share_full_expected": 0.8,
}


def test_copies_and_nearness_are_judged_by_the_holdout():
    lines = {line.name: line for line in adult._quality(SCORES, SCORES)}
    assert not lines["exact copies"].failed
    assert lines["share_full"].failed
    assert lines["share_full"].peers[adult.HOLDOUT] == 0.8


def test_the_random_table_has_the_shape_of_adult():
    with duckdb.connect() as con:
        con.execute(adult.random_sql(1000))
        types = [r[1] for r in con.execute("DESCRIBE made").fetchall()]
    assert (types.count("BIGINT"), types.count("VARCHAR")) == (6, 9)


class Peer:
    def sample(self, rows, out=None):
        return {"rows": rows, "seconds": rows / 60_000}


def test_speeds_are_medians_of_alternating_rounds():
    con = genesis_sql.connect()
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a, 'v' || i % 3 AS b FROM range(500) r(i)")
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    speed = adult.measure_speed(con, Peer(), Options(rows=2000, quick=True))
    con.close()
    assert speed["sdv"] == pytest.approx(60_000)
    assert len(speed["rounds"]["ours"]) == 3
    first = {"wall": 5.0, "fit": 4.0, "wall_compiling": 9.0, "peak_mb": 300.0}
    lines = adult._speed(first, speed, {"fit": 6.5, "fit_with_imports": 9.0})
    assert [line.name for line in lines if line.must] == [
        "first fit of a process, imports included, s",
        "… times SDV",
        "… times random()",
    ]


@pytest.mark.slow
def test_the_first_fit_is_measured_in_a_process_of_its_own(tmp_path):
    path = tmp_path / "t.parquet"
    with duckdb.connect() as con:
        con.sql("SELECT i % 7 AS a, i % 3 AS b FROM range(500) r(i)").write_parquet(str(path))
    told = child.start("first-fit", str(path))
    assert 0 < told["fit"] < told["wall"]
    assert told["peak_mb"] > 10
