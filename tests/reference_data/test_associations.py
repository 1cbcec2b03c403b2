"""How odds depend on age, sex and other measures: the derivation finds again what is put in."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sql import refdata
from genesis_sql.reference_data import associations as a

AGES = np.arange(18, 101)
NONE: dict[str, dict[str, float]] = {}


def _counties(count: int) -> np.ndarray:
    """Shares of ages 18 to 100 of young and old counties."""
    tilt = np.linspace(-0.03, 0.03, count)
    people = np.exp(tilt[:, None] * (AGES - 50)) * np.exp(-(((AGES - 45) / 30) ** 2))
    shares: np.ndarray = people / people.sum(axis=1, keepdims=True)
    return shares


def _observed(curve: np.ndarray, share: np.ndarray, standard: np.ndarray) -> np.ndarray:
    """Crude and adjusted percentages where each county has its own multiple of a curve."""
    multiple = np.random.default_rng(5).uniform(0.7, 1.3, len(share))
    return (
        100
        * np.column_stack([share @ curve, np.full(len(share), standard @ curve)])
        * (multiple[:, None])
    )


def test_the_curve_behind_crude_and_adjusted_is_found() -> None:
    share = _counties(200)
    standard = share[60]
    z = (AGES - 50) / 10
    curve = a._expit(-2.2 + 0.6 * z - 0.08 * z**2)
    both = _observed(curve, share, standard)
    found = a._curve(both, np.full(len(share), 1000.0), share, standard)
    ratio = found / curve  # its level is that of the counties' mean multiple
    assert ratio.std() / ratio.mean() < 0.01
    assert found[0] < 0.02 < 0.15 < found[60]


def test_a_curve_does_not_bend_upwards() -> None:
    share = _counties(200)
    curve = a._expit(-3 + 0.15 * ((AGES - 50) / 10) ** 2)
    found = a._curve(_observed(curve, share, share[9]), np.ones(len(share)), share, share[9])
    logit = np.log(found / (1 - found))
    assert np.diff(logit, 2).max() < 1e-6


@pytest.mark.parametrize("measure", ["DIABETES", "BPHIGH", "OBESITY"])
def test_with_other_measures_each_age_keeps_its_prevalence(measure: str) -> None:
    curves = {m: np.linspace(low, high, len(AGES)) for m, low, high in (
        ("OBESITY", 0.2, 0.4), ("DIABETES", 0.02, 0.3), ("BPHIGH", 0.1, 0.7),
    )}  # fmt: skip
    sexes = {"OBESITY": -0.1, "DIABETES": 0.3, "BPHIGH": 0.2}
    others = {"DIABETES": {"OBESITY": 1.1}, "BPHIGH": {"OBESITY": 0.6, "DIABETES": 0.8}}
    men = np.full(len(AGES), 0.45)
    levels = a.conditional_levels(measure, curves, sexes, others, men)
    alone = a.conditional_levels(measure, curves, sexes, NONE, men)
    for at, (low, high) in enumerate(a.BANDS):
        cases = a._cases(a.PARENTS.get(measure, ()), at, curves, sexes, others, men)
        odds = np.array([levels[at] + a._shift(measure, c, sexes, others) for c, _ in cases])
        weight = np.array([w for _, w in cases])
        inside = (low <= AGES) & ((high or 100) >= AGES)
        assert weight.sum() == pytest.approx(1)
        assert weight @ a._expit(odds) == pytest.approx(curves[measure][inside].mean(), abs=1e-6)
    if measure in others:  # who has none of the others has lower odds than without them
        assert (levels < alone - 0.05).all()


def test_what_ships() -> None:
    rows = refdata.read("measure_effects").to_pylist()
    by_age = {m: [r for r in rows if r["measure"] == m and r["factor"] == "age"] for m in a.WHOLE}
    for measure, bands in by_age.items():
        assert [(r["level_min"], r["level_max"]) for r in bands] == list(a.BANDS), measure
        assert bands[a.REFERENCE]["log_odds"] == 0
        assert all(abs(r["log_odds"]) < 5 for r in bands)
    odds = [r["log_odds"] for r in by_age["DIABETES"]]
    assert odds == sorted(odds)
    assert odds[0] < -2 < 1 < odds[-1]
    found = {(r["measure"], r["factor"]): r["log_odds"] for r in rows if r["level"] == "1"}
    assert set(found) == {(m, p) for m, parents in a.PARENTS.items() for p in parents}
    assert found["DIABETES", "OBESITY"] > 0.8
