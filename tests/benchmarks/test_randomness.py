import math

import pytest

from benchmarks import battery, randomness
from benchmarks.battery import Verdict
from benchmarks.options import BenchmarkError, Options


def test_the_tests_are_those_of_the_battery():
    assert set(randomness.TESTS) | set(randomness.LONG) == set(battery.TESTS)
    assert len(randomness.TESTS) > 30


def test_one_p_below_the_bound_fails():
    fine = [Verdict("top24", f"t {i}", 0.004, "WEAK") for i in range(20)]
    assert not any(line.failed for line in randomness.judged("top24", fine))
    bad = [*fine, Verdict("top24", "t", 9e-7, "FAILED"), Verdict("pairs", "t", 0.5, "PASSED")]
    smallest, missing = randomness.judged("top24", bad)
    assert smallest.failed
    assert smallest.ours == pytest.approx(0.9)
    assert not missing.failed


def test_what_did_not_run_fails():
    assert randomness.judged("pairs", [])[0].failed
    stuck = [Verdict("pairs", "t", 0.5, "PASSED"), Verdict("pairs", "u", math.nan, "NOT FINISHED")]
    assert [line.failed for line in randomness.judged("pairs", stuck)] == [False, True]


def test_without_dieharder(monkeypatch):
    monkeypatch.setattr(battery, "installed", lambda: False)
    with pytest.raises(BenchmarkError, match="make randomness"):
        randomness.run(Options(quick=True))


@pytest.mark.skipif(not battery.installed(), reason="dieharder is not installed")
def test_a_quick_run():
    report = randomness.run(Options(quick=True), tell=lambda _: None)
    assert [line.name for line in report.lines if "smallest" in line.name] == [
        "dieharder, top24: smallest p of 1, in millionths",
        "dieharder, pairs: smallest p of 1, in millionths",
    ]
    assert not report.failures
