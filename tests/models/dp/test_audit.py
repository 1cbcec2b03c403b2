"""Audits by many runs: what an observer can tell neighbours apart by stays under epsilon.

A mechanism with too little noise has to be caught, or the audit says nothing.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.dp_audit import audit_of_counts, audit_of_fits, audited
from genesis_sql.models.dp import learn as learn_module
from genesis_sql.models.dp import meter as meter_module
from genesis_sql.models.dp.meter import Meter

RUNS, DELTA, EPSILON = 400_000, 1e-3, 1.0


def _less_noise(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A bug: so many times less variance than is paid for."""
    right = meter_module.discrete_gaussian
    monkeypatch.setattr(
        meter_module, "discrete_gaussian", lambda variance, n: right(max(1, variance // times), n)
    )


def test_counts_keep_their_epsilon() -> None:
    assert 0.5 * EPSILON < audit_of_counts(RUNS, EPSILON, DELTA) <= EPSILON


@pytest.mark.parametrize("times", [2, 4], ids=["half the variance", "half the noise"])
def test_the_audit_catches_too_little_noise(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    _less_noise(monkeypatch, times)
    assert audit_of_counts(RUNS, EPSILON, DELTA) > EPSILON


def audit_of_choices(epsilon: float, runs: int) -> float:
    """Whether the first of 21 is chosen, where all scores move by one against it."""
    one, other = np.array([4] + [3] * 20), np.array([3] + [4] * 20)

    def chosen(scores: np.ndarray) -> np.ndarray:
        rho = epsilon**2 / 8
        return np.array([float(Meter(1.0).choose(scores, rho) == 0) for _ in range(runs)])

    return audited(chosen(one), chosen(other), 0.0)


def test_choices_keep_their_epsilon() -> None:
    assert 0.2 < audit_of_choices(2.0, 5_000) <= 2.0


def test_the_audit_catches_choices_of_twice_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    right = meter_module.choose
    monkeypatch.setattr(
        meter_module, "choose", lambda scores, above, under: right(scores, 2 * above, under)
    )
    assert audit_of_choices(2.0, 5_000) > 2.0


@pytest.fixture
def counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits without the last part, which looks at noisy counts only."""
    monkeypatch.setattr(learn_module, "estimate", lambda *_: None)


@pytest.mark.usefixtures("counts_alone")
def test_whole_fits_keep_their_epsilon() -> None:
    assert audit_of_fits(400, 20.0, 0.01) <= 20.0


@pytest.mark.usefixtures("counts_alone")
def test_the_audit_sees_a_fit_without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        meter_module, "discrete_gaussian", lambda variance, n: np.zeros(n, np.int64)
    )
    assert audit_of_fits(300, 1.0, 0.01) > 1.5
