"""Laws: what is drawn against what the formulas say, truncation, grids, kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import kind_of, slots
from genesis_sql.program.domain import Categories, Grid, Reals

N = 100_000
NORMAL = {"type": "normal", "mean": 72, "std_dev": 8}


def column(one_table: Any, law: dict[str, Any], rows: int = N, seed: int = 0) -> np.ndarray:
    """Values of one drawn column."""
    made = one_table({"x": law}, rows)
    made.table("t", seed=seed)
    values = made.con.execute("SELECT x FROM t").fetchnumpy()["x"]
    assert len(values) == rows
    return np.asarray(values)


CONTINUOUS = {
    "normal": (NORMAL, stats.norm(72, 8)),
    "normal from 65": ({**NORMAL, "min": 65}, stats.truncnorm(-7 / 8, np.inf, 72, 8)),
    "normal far out": ({**NORMAL, "min": 100, "max": 110}, stats.truncnorm(3.5, 4.75, 72, 8)),
    "uniform": ({"type": "uniform", "min": -3, "max": 5}, stats.uniform(-3, 8)),
    "exponential": ({"type": "exponential", "mean": 4}, stats.expon(scale=4)),
    "beta": ({"type": "beta", "alpha": 0.5, "beta": 2}, stats.beta(0.5, 2)),
    "beta on a scale": (
        {"type": "beta", "alpha": 2, "beta": 5, "min": 10, "max": 30},
        stats.beta(2, 5, 10, 20),
    ),
    "lognormal": (
        {"type": "lognormal", "mean": 1, "std_dev": 0.6},
        stats.lognorm(0.6, scale=np.exp(1)),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_laws_are_theirs(one_table: Any, name: str) -> None:
    law, truth = CONTINUOUS[name]
    values = column(one_table, law)
    assert stats.kstest(values, truth.cdf).pvalue > 1e-3
    assert len(np.unique(values)) > 0.99 * N
    if law["type"] != "beta":  # a wrong law is told apart
        assert stats.kstest(values + 0.04 * truth.std(), truth.cdf).pvalue < 1e-6


@pytest.mark.slow
def test_a_million_rows_keep_a_truncated_law(one_table: Any) -> None:
    values = column(one_table, {**NORMAL, "min": 65}, 1_000_000, seed=3)
    law = stats.truncnorm(-7 / 8, np.inf, 72, 8)
    assert stats.kstest(values, law.cdf).pvalue > 1e-3


def test_no_pile_up_at_a_bound(one_table: Any) -> None:
    """21 % of a clamped law stand at 65; of this one 65 is as likely as the law says."""
    values = column(one_table, {**NORMAL, "min": 65, "max": 90, "decimals": 0})
    k = np.arange(65, 91)
    law = stats.norm(72, 8)
    mass = law.cdf(k + 0.5) - law.cdf(k - 0.5)
    mass /= mass.sum()
    found = np.bincount(values - 65, minlength=26)
    assert found.sum() == N
    assert stats.chisquare(found, mass * N).pvalue > 1e-3
    assert found[0] / N < 0.05


def test_slots_are_exact_on_a_grid() -> None:
    made = slots("x", {**NORMAL, "min": 60, "max": 80}, Grid("DOUBLE", 1, 1))
    law = stats.norm(72, 8)
    k = np.arange(600, 801)
    mass = law.cdf((k + 0.5) / 10) - law.cdf((k - 0.5) / 10)
    assert np.array_equal(made.low, k)
    assert np.allclose(made.weight, mass / mass.sum(), rtol=1e-9)
    fine = slots("x", {**NORMAL, "min": 60, "max": 80}, Grid("DOUBLE", 1, 4))
    assert len(fine.low) < 2_000
    assert fine.low[0] == 600_000
    assert fine.low[-1] + fine.width[-1] - 1 == 800_000
    assert np.array_equal(fine.low[1:], (fine.low + fine.width)[:-1])


def test_poisson_bands_and_lists(one_table: Any) -> None:
    counts = column(one_table, {"type": "poisson", "mean": 2.5, "min": 1})
    k = np.arange(1, 11)
    mass = stats.poisson(2.5).pmf(k)
    assert counts.dtype.kind == "i"
    assert counts.min() == 1
    found = np.array([(counts == v).sum() for v in k])
    assert stats.chisquare(found, mass / mass.sum() * found.sum()).pvalue > 1e-3
    bands = [{"min": 0, "max": 17, "weight": 0.2}, {"min": 18, "max": 64, "weight": 0.8}]
    ages = column(one_table, {"type": "bands", "bands": bands})
    assert set(ages) == set(range(65))
    assert abs((ages < 18).mean() - 0.2) < 5 * np.sqrt(0.16 / N)
    assert stats.chisquare(np.bincount(ages)[18:]).pvalue > 1e-3
    listed = column(one_table, {"type": "explicit", "values": [0.5, 2, 7.25]})
    assert set(listed) == {0.5, 2.0, 7.25}


def test_null_share(one_table: Any) -> None:
    made = one_table({"x": {**NORMAL, "null_share": 0.25}, "y": {"type": "explicit", "values": ["a", None], "weights": [0.4, 0.6]}}, N)  # fmt: skip
    made.table("t")
    nulls, missing = made.one("SELECT count(*) - count(x), count(*) - count(y) FROM t")
    assert abs(nulls / N - 0.25) < 5 * np.sqrt(0.19 / N)
    assert abs(missing / N - 0.6) < 5 * np.sqrt(0.24 / N)


def test_dates_and_moments(one_table: Any) -> None:
    made = one_table(
        {
            "d": {"type": "uniform", "min": "2024-01-01", "max": "2024-01-03", "sql_type": "DATE"},
            "m": {
                "type": "uniform",
                "min": "2024-01-01T00:00:00",
                "max": "2024-01-01T00:00:01",
                "sql_type": "TIMESTAMP",
            },
            "late": {
                "type": "conditional",
                "cases": [
                    {"when": {"d": {"min": "2024-01-02"}}, "then": {"type": "constant", "value": 1}}
                ],
                "otherwise": {"type": "constant", "value": 0},
            },
        },
        300,
    )
    rows = made.table("t")
    assert rows == made.in_sql("t")
    assert {str(r[0]) for r in rows} == {"2024-01-01", "2024-01-02", "2024-01-03"}
    assert {r[1].second for r in rows} == {0, 1}
    assert all(late == (str(d) >= "2024-01-02") for d, _, late in rows)


@pytest.mark.parametrize(
    ("law", "kind"),
    [
        (NORMAL, Reals("DOUBLE")),
        ({**NORMAL, "decimals": 0}, Grid("INTEGER", 1, 0)),
        ({**NORMAL, "sql_type": "DECIMAL(6,2)"}, Grid("DECIMAL(6,2)", 1, 2)),
        ({"type": "poisson", "mean": 3}, Grid("INTEGER", 1, 0)),
        ({"type": "categorical", "values": {"1": 1}}, Categories("VARCHAR", ("1",))),
        ({"type": "explicit", "values": [True, False]}, Categories("BOOLEAN", ("true", "false"))),
        ({"type": "constant", "value": 2**40}, Grid("BIGINT", 1, 0)),
        ({"type": "explicit", "values": [0.25, 1]}, Grid("DOUBLE", 1, 2)),
    ],
)
def test_kinds(law: dict[str, Any], kind: Any) -> None:
    assert kind_of("x", law) == kind


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ({**NORMAL, "min": 500}, "less than one in 10⁹ of its normal law"),
        ({"type": "poisson", "mean": 3, "min": 5, "max": 4}, "no value from its min to its max"),
        ({**NORMAL, "min": 65.2, "max": 65.4, "decimals": 0}, "no value of its grid of 1"),
        ({**NORMAL, "sql_type": "VARCHAR"}, "gives numbers, no VARCHAR"),
        ({**NORMAL, "sql_type": "INTEGER", "decimals": 2}, "INTEGER has no decimals"),
        ({"type": "categorical", "values": {"a": 0}}, "no value has a weight above 0"),
        ({"type": "uniform", "min": "x", "max": "y", "sql_type": "DATE"}, "'x' is no DATE"),
    ],
)
def test_refused(law: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        slots("x", law, kind_of("x", law))
