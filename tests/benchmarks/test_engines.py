import pyarrow as pa
import pytest

import genesis_sql
from benchmarks import engines
from benchmarks.options import Options


def test_rows_are_compared_value_by_value():
    one = pa.table({"a": [1, 2], "b": ["x", None]})
    assert engines.identical(one, pa.table({"a": [1, 2], "b": ["x", None]}))
    assert not engines.identical(one, pa.table({"a": [1, 2], "b": ["x", "y"]}))
    assert not engines.identical(one, pa.table({"a": [1.0, 2.0], "b": ["x", None]}))
    assert not engines.identical(one.slice(0, 0), one.slice(0, 0))


@pytest.fixture
def con():
    con = genesis_sql.connect()
    con.execute("CREATE TABLE t AS SELECT i % 7 AS a, sqrt(i % 40) AS b FROM range(300) AS r(i)")
    genesis_sql.fit(con, "m", "t")
    yield con
    con.close()


def test_every_engine_is_measured_and_agrees(con):
    kernel, rates, agree = engines.measure(con, 500, 2)
    assert len(kernel) == 2
    assert all(rate > 0 for rate in kernel)
    assert set(rates) == set(engines.ENGINES) == {n for n, same in agree.items() if same}
    assert all(len(found) == 2 and min(found) > 0 for found in rates.values())


def test_an_engine_with_other_rows_is_found_out(con, monkeypatch):
    def wrong(text):
        spent, made = engines.on_duckdb(text)
        return spent, made.slice(1)

    monkeypatch.setitem(engines.ENGINES, "duckdb", wrong)
    assert engines.measure(con, 500, 1)[2] == {"duckdb": False}


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(engines.BenchmarkError, match="adult holds no keys.json"):
        engines.run(Options(data=tmp_path))
