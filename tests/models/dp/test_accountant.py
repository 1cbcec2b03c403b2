"""The accountant against published values and another's library."""

from __future__ import annotations

import math

import pytest

from genesis_sql.models.dp.accountant import (
    Cost,
    delta_of,
    epsilon_of,
    rho_of,
    threshold_of,
    variance_of,
)
from genesis_sql.models.dp.mechanisms import discrete_gaussian


@pytest.mark.parametrize(
    ("rho", "epsilon"),
    [
        (0.01, 0.6216926547572759),
        (0.1, 2.141938938375065),
        (0.5, 5.2215344846911185),
        (1.0, 7.7662167546957805),
        (2.0, 11.68859637968801),
    ],
)
def test_epsilon_as_googles_dp_accounting_has_it(rho: float, epsilon: float) -> None:
    """compute_epsilon of dp-accounting 0.6.0 over 200,000 orders up to 400, delta 1e-6."""
    assert epsilon_of(rho, 1e-6) == pytest.approx(epsilon, rel=1e-6)
    assert epsilon_of(rho, 1e-6) <= epsilon * (1 + 1e-12)


@pytest.mark.parametrize(
    ("epsilon", "delta", "rho"), [(1, 1e-9, 0.014973057433962822), (1, 1e-5, 0.03055659495294094)]
)
def test_rho_as_googles_dp_accounting_has_it(epsilon: float, delta: float, rho: float) -> None:
    assert rho_of(epsilon, delta) == pytest.approx(rho, rel=1e-7)


def test_what_the_us_census_published() -> None:
    """2020 redistricting data: persons, rho 2.56 and delta 1e-10, told as epsilon 17.14."""
    assert epsilon_of(2.56, 1e-10) == pytest.approx(17.14, rel=2e-3)


@pytest.mark.parametrize("rho", [1e-6, 0.01, 0.5, 3.0])
@pytest.mark.parametrize("delta", [1e-12, 1e-6, 1e-2])
def test_never_above_the_bound_of_bun_and_steinke(rho: float, delta: float) -> None:
    """Proposition 1.3: rho + 2 sqrt(rho ln(1/delta)); the newer one is tighter."""
    epsilon = epsilon_of(rho, delta)
    assert 0 <= epsilon < rho + 2 * math.sqrt(rho * math.log(1 / delta))
    assert delta_of(rho, epsilon) <= delta
    if epsilon > 1e-9:  # else delta alone suffices
        assert rho_of(epsilon, delta) == pytest.approx(rho, rel=1e-6)


def test_never_below_what_the_gaussian_itself_costs() -> None:
    """The exact delta of Gaussian noise (Balle, Wang 2018, theorem 8) of that rho."""

    def tail(x: float) -> float:
        return math.erfc(-x / math.sqrt(2)) / 2

    for rho in (0.01, 0.3, 2.0):
        sigma = 1 / math.sqrt(2 * rho)
        for epsilon in (0.1, 1.0, 4.0):
            exact = tail(0.5 / sigma - epsilon * sigma)
            exact -= math.exp(epsilon) * tail(-0.5 / sigma - epsilon * sigma)
            assert delta_of(rho, epsilon) >= exact


def test_costs_add_up() -> None:
    cost = Cost(0.1, 1e-9) + Cost(0.2, 1e-9)
    assert cost.rho == pytest.approx(0.3)
    assert cost.epsilon(1e-6) == epsilon_of(cost.rho, 1e-6 - 2e-9)
    assert cost.epsilon(1e-9) == math.inf
    assert Cost(0.0).epsilon(1e-6) == 0


def test_variances_cost_no_more_than_was_paid() -> None:
    for rho in (1e-9, 0.003, 0.49, 0.5, 7.0):
        assert 1 / (2 * variance_of(rho)) <= rho
        assert variance_of(rho) == 1 or 1 / (2 * (variance_of(rho) - 1)) > rho


def test_a_label_of_one_row_passes_seldom() -> None:
    least = threshold_of(25, 0.01)
    passed = (1 + discrete_gaussian(25, 50_000) >= least).mean()
    assert 0.001 < passed <= 0.0115
    assert (1 + discrete_gaussian(25, 50_000) >= least - 6).mean() > 0.02
