"""Audits by many runs: what an observer can tell neighbours apart by stays under epsilon.

Of an event seen in k of n runs, Clopper and Pearson bound the chance; the bounds of both sides
bound epsilon from below (Jagielski, Ullman, Oprea 2020). A mechanism with too little noise has to
be caught, or the audit says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.models.dp import learn as learn_module
from genesis_sql.models.dp import meter as meter_module
from genesis_sql.models.dp.accountant import rho_of
from genesis_sql.models.dp.learn import Asked, learn
from genesis_sql.models.dp.meter import Meter
from genesis_sql.program.domain import Categories

RUNS, DELTA, EPSILON = 400_000, 1e-3, 1.0
SURE = 4.9  # standard deviations: wrong in one of a million audits


def bounds(k: int, n: int) -> tuple[float, float]:
    """Wilson's interval, a little wider than Clopper and Pearson's at these counts."""
    share, z = k / n, SURE
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def audited(one: np.ndarray, other: np.ndarray, delta: float) -> float:
    """The largest epsilon that the runs prove, both ways round; half of them choose the event."""
    best = 0.0
    for low, high in ((one, other), (other, one)):
        tried = np.quantile(high[::2], [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98])
        gain = [
            math.log(
                max((high[::2] >= t).mean() - delta, 1e-12) / max((low[::2] >= t).mean(), 1e-4)
            )
            for t in tried
        ]
        at = tried[int(np.argmax(gain))]
        least = bounds(int((high[1::2] >= at).sum()), len(high[1::2]))[0] - delta
        most = bounds(int((low[1::2] >= at).sum()), len(low[1::2]))[1]
        best = max(best, math.log(least / most) if least > 0 else 0.0)
        one, other = -one, -other
    return best


def counted(rows: int, runs: int) -> np.ndarray:
    """A count under the whole budget, many times over."""
    rho = rho_of(EPSILON, DELTA)
    return np.concatenate(
        [Meter(rho * (1 + 1e-9)).counts(np.full(runs, rows), rho).counts.astype(np.float64)]
    )


def test_counts_keep_their_epsilon() -> None:
    found = audited(counted(10, RUNS), counted(11, RUNS), DELTA)
    assert 0.5 * EPSILON < found <= EPSILON


def test_the_audit_catches_noise_of_half_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    _less_noise(monkeypatch, 4)
    assert audited(counted(10, RUNS), counted(11, RUNS), DELTA) > EPSILON


def test_the_audit_catches_half_the_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    _less_noise(monkeypatch, 2)
    assert audited(counted(10, RUNS), counted(11, RUNS), DELTA) > EPSILON


def _less_noise(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A bug: so many times less variance than is paid for."""
    right = meter_module.discrete_gaussian
    monkeypatch.setattr(
        meter_module, "discrete_gaussian", lambda variance, n: right(max(1, variance // times), n)
    )


def chosen(scores: list[int], runs: int, rho: float) -> np.ndarray:
    """Whether the first of some candidates was chosen, many times over."""
    return np.array([float(Meter(1.0).choose(np.array(scores), rho) == 0) for _ in range(runs)])


def test_choices_keep_their_epsilon() -> None:
    """Scores that all move by one, against each other: the worst neighbours."""
    epsilon = 2.0
    rho = epsilon**2 / 8
    one, other = [4] + [3] * 20, [3] + [4] * 20
    found = audited(chosen(one, 5_000, rho), chosen(other, 5_000, rho), 0.0)
    assert 0.4 * epsilon < found <= epsilon


SEX = Asked("sex", "VARCHAR", Categories("VARCHAR", ("f", "m")), nullable=False, open=False)


def whole_fits(rows: list[str], runs: int, epsilon: float) -> np.ndarray:
    """What a whole fit shows of the label 'm', many times over."""
    arrow = pa.table({"sex": pa.array(rows, pa.string())})
    rho = rho_of(epsilon, DELTA)
    shown = []
    for _ in range(runs):
        found = learn(Meter(rho), [SEX], arrow)
        shown.append(found.rows + float(found.columns[0].rows[2]))
    return np.array(shown)


def audit_of_fits(runs: int, epsilon: float) -> float:
    small = ["f"] * 40 + ["m"] * 8
    return audited(
        whole_fits(small, runs, epsilon), whole_fits([*small, "m"], runs, epsilon), DELTA
    )


@pytest.fixture
def counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits without the last part, which looks at noisy counts only and takes most of the time."""
    monkeypatch.setattr(learn_module, "estimate", lambda *_: None)


@pytest.mark.usefixtures("counts_alone")
def test_whole_fits_keep_their_epsilon() -> None:
    assert audit_of_fits(400, 4.0) <= 4.0


@pytest.mark.usefixtures("counts_alone")
def test_the_audit_sees_a_fit_without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Callable[[int, int], np.ndarray] = lambda variance, n: np.zeros(n, np.int64)  # noqa: E731
    monkeypatch.setattr(meter_module, "discrete_gaussian", nothing)
    assert audit_of_fits(300, 1.0) > 1.5
