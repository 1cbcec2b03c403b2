"""Noise: exactly the distributions of the papers, from the operating system's source."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genesis_sql.errors import OptionError
from genesis_sql.models.dp import mechanisms
from genesis_sql.models.dp.mechanisms import below, choose, discrete_gaussian, discrete_laplace

DRAWS = 100_000


def surprise(drawn: np.ndarray, chances: dict[int, float]) -> float:
    """Chi-square per degree of freedom of draws against chances (all others in one cell)."""
    seen = np.array([(drawn == v).sum() for v in chances])
    wanted = np.array(list(chances.values())) * len(drawn)
    rest = len(drawn) - wanted.sum()
    parts = (seen - wanted) ** 2 / wanted
    last = (len(drawn) - seen.sum() - rest) ** 2 / max(rest, 1.0)
    return float((parts.sum() + last) / len(chances))


def gaussian(variance: int, reach: int) -> dict[int, float]:
    weight = {y: math.exp(-(y**2) / (2 * variance)) for y in range(-1000, 1001)}
    total = sum(weight.values())
    return {y: weight[y] / total for y in range(-reach, reach + 1)}


def laplace(scale: int, reach: int) -> dict[int, float]:
    unit = (1 - math.exp(-1 / scale)) / (1 + math.exp(-1 / scale))
    return {y: unit * math.exp(-abs(y) / scale) for y in range(-reach, reach + 1)}


@pytest.mark.parametrize("variance", [1, 7, 100])
def test_the_discrete_gaussian(variance: int) -> None:
    reach = int(3 * math.sqrt(variance))
    drawn = discrete_gaussian(variance, DRAWS)
    assert surprise(drawn, gaussian(variance, reach)) < 3
    assert surprise(drawn, gaussian(2 * variance, reach)) > 30  # the test sees a factor of two
    assert drawn.var() == pytest.approx(variance, rel=0.03)


@pytest.mark.parametrize("scale", [1, 5])
def test_the_discrete_laplace(scale: int) -> None:
    drawn = discrete_laplace(scale, DRAWS)
    assert surprise(drawn, laplace(scale, 4 * scale)) < 3
    assert surprise(drawn, laplace(2 * scale, 4 * scale)) > 30


def test_the_exact_path_has_the_same_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mechanisms, "NEAR", 2.0)  # every coin is decided with decimals
    drawn = discrete_gaussian(5, 1_500)
    assert surprise(drawn, gaussian(5, 4)) < 4
    assert surprise(drawn, gaussian(20, 4)) > 10


def test_coins_near_their_chance_are_decided_exactly() -> None:
    from fractions import Fraction

    chance = math.exp(-0.5) * 2**64
    assert mechanisms._decided(int(chance) - 10_000, Fraction(1, 2))
    assert not mechanisms._decided(int(chance) + 10_000, Fraction(1, 2))
    assert mechanisms._decided(2**64 - 1, Fraction(0))


def test_noise_comes_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    np.random.default_rng(0)
    assert not np.array_equal(discrete_gaussian(100, 50), discrete_gaussian(100, 50))
    fixed = np.random.default_rng(7)
    monkeypatch.setattr(mechanisms.os, "urandom", fixed.bytes)
    first = discrete_gaussian(100, 50)
    again = np.random.default_rng(7)
    monkeypatch.setattr(mechanisms.os, "urandom", again.bytes)
    assert np.array_equal(first, discrete_gaussian(100, 50))  # and from nowhere else


def test_whole_numbers_below_a_limit_are_even() -> None:
    drawn = below(3, DRAWS)
    assert surprise(drawn, dict.fromkeys(range(3), 1 / 3)) < 6
    with pytest.raises(ValueError, match="between 1 and"):
        below(0, 1)


def test_the_exponential_mechanism() -> None:
    scores = np.array([5, 3, 0, 5])
    drawn = np.array([choose(scores, 1, 2) for _ in range(6_000)])
    weight = np.exp(scores / 2)
    assert surprise(drawn, dict(enumerate((weight / weight.sum()).tolist()))) < 4
    assert surprise(drawn, dict(enumerate((weight**2 / (weight**2).sum()).tolist()))) > 10


@pytest.mark.parametrize("variance", [0, 2**50])
def test_noise_out_of_range(variance: int) -> None:
    with pytest.raises(OptionError, match="larger epsilon"):
        discrete_gaussian(variance, 1)
