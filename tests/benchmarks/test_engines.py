import os
from contextlib import contextmanager
from decimal import Decimal

import pyarrow as pa
import pytest

import genesis_sql
from benchmarks import engines
from benchmarks.engines_run import RUNNERS, Runner
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


def test_values_are_compared_to_the_last_bit():
    rows = [(1, 0.1, "x", None), (Decimal("2"), float("nan"), "y", True)]
    assert engines.same_values(rows, [(Decimal(1), 0.1, "x", None), (2, float("nan"), "y", True)])
    for at, other in enumerate((3, 0.1 + 2**-56, "X", 0)):
        changed = [tuple(other if i == at else v for i, v in enumerate(rows[0])), rows[1]]
        assert not engines.same_values(rows, changed)
    assert not engines.same_values(rows, rows[:1])
    assert not engines.same_values([], [])


@pytest.mark.parametrize("name", ["sqlite", "datafusion"])
def test_other_engines_are_measured_and_agree(con, name):
    runner = RUNNERS[name]
    if runner.missing():
        if os.environ.get("GENESIS_SERVERS") == "required":
            pytest.fail(runner.missing())
        pytest.skip(runner.missing())
    speed, agree = engines.measure_other(con, name, runner, 300)
    assert speed > 0
    assert agree


def test_another_engine_with_other_rows_is_found_out(con):
    @contextmanager
    def start():
        with RUNNERS["sqlite"].start() as ask:
            yield lambda text: (1.0, ask(text)[1][1:])

    assert engines.measure_other(con, "sqlite", Runner(start, 300), 300) == (300.0, False)


def test_a_missing_engine_says_what_installs_it(monkeypatch):
    monkeypatch.setattr("benchmarks.engines_run.find_spec", lambda name: None)
    assert RUNNERS["clickhouse"].missing() == "no chdb: pip install -e '.[engines]'"
