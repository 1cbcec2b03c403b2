import numpy as np
import pytest

from benchmarks import draw
from benchmarks.report import render


@pytest.fixture
def table():
    return np.random.default_rng(0).integers(0, 2**32, (30, 20_000), dtype=np.uint32)


def checks(table):
    yield from draw._alone("alone", table)
    yield "pairs", draw.every_pair(table)
    yield "triples", draw.each(draw.joint3, table[:-2], table[1:-1], table[2:])


def test_a_good_generator_passes(table):
    for name, z in checks(table):
        assert not [line for line in draw.summary(name, np.ravel(z)) if line.failed]


@pytest.mark.parametrize(
    "fault",
    [
        lambda t: t | np.uint32(1 << 7) * (t % np.uint32(16) == 0),
        lambda t: np.concatenate([t[:1] + np.uint32(1 << 28), t]),
        lambda t: np.repeat(t, 2, axis=1),
        lambda t: np.sort(t, axis=1),
    ],
)
def test_a_bad_generator_fails(table, fault):
    lines = [line for name, z in checks(fault(table)) for line in draw.summary(name, np.ravel(z))]
    assert any(line.failed for line in lines)


def test_equal_addresses_are_counted():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2**31, 1_000_000)
    assert abs(draw._twins(values)) < 4.5
    assert draw._twins(np.concatenate([values, values[:1000]])) > 10
    assert draw.collisions(1000) == 0


def test_a_quick_run_makes_a_table():
    report = draw.run(draw.Options(quick=True))
    assert "dieharder was not run" in render(report)
    assert len(report.lines) > 20
    assert len(report.failures) <= 1


def test_weak_outcomes_of_dieharder_are_judged_by_their_number():
    verdicts = [draw.battery.Verdict("columns", f"t {i}", 0.5, "PASSED") for i in range(99)]
    passed, weak = draw._dieharder([*verdicts, draw.battery.Verdict("columns", "t", 0.004, "WEAK")])
    assert (passed.ours, weak.ours) == (0, 1)
    assert not weak.failed
    failed, _ = draw._dieharder([*verdicts, draw.battery.Verdict("columns", "t", 0.0, "FAILED")])
    assert failed.failed
