"""Ages in whole years: nothing outside the bounds, nothing heaped at them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from genesis_sql.domains.health.whole_ages import whole_ages
from genesis_sql.errors import OptionError


def _weights(spec: Any) -> dict[int, float]:
    column = whole_ages(spec)
    return dict(zip(column["values"], column["weights"], strict=True))


def test_a_bound_cuts_and_heaps_nothing() -> None:
    cut = _weights({"type": "normal", "mean": 72, "std_dev": 8, "min": 65})
    whole = _weights({"type": "normal", "mean": 72, "std_dev": 8})
    assert min(cut) == 65
    assert min(whole) < 40
    kept = sum(w for age, w in whole.items() if age >= 65)
    assert cut[65] == pytest.approx(whole[65] / kept)
    assert cut[65] < cut[72] < 0.07
    assert sum(cut.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("spec", "mean"),
    [
        ({"type": "normal", "mean": 50, "std_dev": 5}, 50),
        ({"type": "lognormal", "mean": math.log(40), "std_dev": 0.1}, 40.2),
        ({"type": "uniform", "min": 20, "max": 30}, 25),
        ({"type": "exponential", "mean": 10}, 10),
        ({"type": "poisson", "mean": 30}, 30),
        ({"type": "beta", "alpha": 2, "beta": 2, "min": 0, "max": 100}, 50),
        ({"type": "bands", "bands": [{"min": 0, "max": 10, "weight": 1}]}, 5),
        ({"18-22": 0.5, "28-32": 0.5}, 25),
        ({"type": "categorical", "values": {"40": 1.0}}, 40),
        ({"type": "explicit", "values": [20, 40], "weights": [1, 3]}, 35),
        ({"min": 30, "max": 40}, 35),
        (44, 44),
    ],
)
def test_each_distribution_has_its_mean(spec: Any, mean: float) -> None:
    weights = _weights(spec)
    assert sum(a * w for a, w in weights.items()) == pytest.approx(mean, abs=0.15)
    assert all(isinstance(a, int) and a >= 0 for a in weights)


def test_an_open_band_ends_at_a_hundred() -> None:
    assert (min(_weights({"65+": 1.0})), max(_weights({"65+": 1.0}))) == (65, 100)


def test_ages_may_depend_on_the_sex() -> None:
    column = whole_ages(
        {
            "type": "conditional",
            "cases": [{"when": {"gender": "F"}, "then": {"type": "constant", "value": 30}}],
            "otherwise": {"type": "constant", "value": 50},
        }
    )
    assert column["cases"][0]["then"]["values"] == [30]
    assert column["otherwise"]["values"] == [50]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"type": "normel", "mean": 1}, "did you mean 'normal'"),
        ({"type": "normal", "mean": 70}, "demographics.age: a normal distribution .*std_dev"),
        ({"type": "uniform", "min": 80, "max": 70}, "no age between 0 and 130 is possible"),
        ({"type": "constant", "value": 4.5}, "4.5 is no whole number of years"),
        ({"old": 1.0}, "categorical distribution of ages cannot be read"),
        ({"type": "poisson", "mean": 0}, "poisson distribution of ages cannot be read"),
        (["a"], "give a distribution"),
        ({"type": "explicit", "values": [1, 2], "weights": [1]}, "cannot be read"),
    ],
)
def test_what_is_no_distribution_is_named(spec: Any, text: str) -> None:
    with pytest.raises(OptionError, match=text):
        whole_ages(spec)
