import json

import pytest

from benchmarks import child, scale, scale_jobs
from benchmarks.options import BenchmarkError, Options


@pytest.fixture
def small(tmp_path):
    """A table in a Parquet file, in the place of adult."""
    return scale_jobs.large_table(tmp_path, 3_000)


def test_a_stream_is_measured_by_size_with_its_memory(tmp_path, small):
    told = child.start(
        "scale",
        json.dumps({"what": "stream", "place": str(tmp_path), "file": str(small),
                    "sizes": [1_000, 3_000], "rounds": 2}),
    )  # fmt: skip
    assert told["rows"] == 3_000
    assert {n: len(s) for n, s in told["seconds"].items()} == {
        "1000": 20,
        "3000": 20,
    }  # small ones more often
    assert len(told["bind"]) == scale_jobs.BINDS - 1
    assert 0 < told["limit"] < 5
    assert 100 < told["peak_mb"] < 2_000


def test_a_large_fit_is_measured(tmp_path, small):
    told = scale_jobs.job(json.dumps({"what": "fit", "place": str(tmp_path), "file": str(small)}))
    assert told["fit"] > 0
    assert told["peak_mb"] > 100


def test_compiled_sql_is_measured_beside_the_kernel(tmp_path, small):
    told = scale_jobs.compiled({"file": str(small), "rows": 2_000, "rounds": 2})
    assert [len(told[name]) for name in ("kernel", "sql")] == [2, 2]
    assert all(rate > 0 for name in ("kernel", "sql") for rate in told[name])


def test_tables_with_the_same_keys_are_filled_by_duckdb(tmp_path):
    import genesis_sql

    con = genesis_sql.connect(str(tmp_path / "flights.duckdb"))
    con.execute("CREATE TABLE planes (id INTEGER PRIMARY KEY, seats INTEGER)")
    con.execute("CREATE TABLE flights (id INTEGER PRIMARY KEY, plane INTEGER REFERENCES planes)")
    con.execute("INSERT INTO planes SELECT i, 2 + i % 9 FROM range(60) AS r(i)")
    con.execute("INSERT INTO flights SELECT i, i % 60 FROM range(300) AS r(i)")
    con.execute("CALL genesis_fit_database('m')").fetchall()
    con.close()
    told = scale_jobs.flights({"place": str(tmp_path), "scale": 2, "keys": "declare"})
    assert set(told["seconds"]) == {"parquet", "declare", "duckdb"}
    assert told["flights"] == 600
    with genesis_sql.connect(str(tmp_path / "made.duckdb")) as con:
        assert con.execute("SELECT count(*) FROM flights").fetchall() == [(600,)]
        query = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
        assert con.execute(query).fetchall() == [(1,)]


def test_adult_stands_beside_random():
    report = scale.run(Options(quick=True, only=("random",)))
    rates, share = report.lines
    assert rates.ours > 0 < rates.peers["random()"]
    assert share.ours > 0
    assert share.must is not None


def test_an_unknown_part_is_refused():
    with pytest.raises(BenchmarkError, match="there is no part 'nothing'"):
        scale.run(Options(quick=True, only=("nothing",)))
