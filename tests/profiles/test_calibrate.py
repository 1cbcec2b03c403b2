"""Rates are reached exactly, under the profile's own joint distribution."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles import calibrate as module
from genesis_sql.profiles.calibrate import Joint, calibrate
from genesis_sql.profiles.tables import read_tables

AGES = [(0, 17, 0.25), (18, 44, 0.4), (45, 64, 0.2), (65, 99, 0.15)]
EFFECT = {(18, 44): 0.0, (45, 64): 1.5, (65, 99): 2.25}


def profile(**columns: Any) -> dict[str, Any]:
    """People with an age and a sex that depends on it."""
    base: dict[str, Any] = {
        "age": {
            "type": "bands",
            "bands": [{"min": a, "max": b, "weight": w} for a, b, w in AGES],
        },
        "sex": {
            "type": "conditional",
            "cases": [
                {
                    "when": {"age": {"min": 65}},
                    "then": {"type": "categorical", "values": {"F": 0.6, "M": 0.4}},
                }
            ],
            "otherwise": {"type": "categorical", "values": {"F": 0.5, "M": 0.5}},
        },
    }
    return {"tables": {"t": {"rows": 100_000, "columns": {**base, **columns}}}}


ILL = {
    "type": "logistic",
    "rate": 0.125,
    "among": {"age": {"min": 18}},
    "effects": [
        {
            "column": "age",
            "bands": [{"min": a, "max": b, "log_odds": o} for (a, b), o in EFFECT.items()],
        },
        {"column": "sex", "levels": {"M": 0.4}},
    ],
}
WORSE = {
    "type": "logistic",
    "rate": 0.3,
    "among": {"ill": 1, "age": {"min": 45}},
    "effects": [{"column": "sex", "levels": {"F": -0.7}}],
}


def share(odds: float) -> float:
    """The share of log odds."""
    return 1 / (1 + np.exp(-odds))


def test_a_rate_is_reached_by_hand() -> None:
    """The expected share, added up over all combinations, written out anew."""
    found = calibrate(profile(ill=ILL, worse=WORSE), "t")["tables"]["t"]["columns"]
    a, b = found["ill"]["intercept"], found["worse"]["intercept"]
    assert "rate" not in found["ill"]
    adults = ill = among = worse = 0.0
    for (low, high, weight), sex in itertools.product(AGES[1:], "FM"):
        here = weight * {"F": 0.6 if low == 65 else 0.5, "M": 0.4 if low == 65 else 0.5}[sex]
        one = share(a + EFFECT[low, high] + (0.4 if sex == "M" else 0.0))
        adults += here
        ill += here * one
        if low >= 45:
            among += here * one
            worse += here * one * share(b - (0.7 if sex == "F" else 0.0))
    assert ill / adults == pytest.approx(0.125, abs=1e-10)
    assert worse / among == pytest.approx(0.3, abs=1e-10)


def test_drawn_rows_reach_it(compiled: Any) -> None:
    made = compiled(profile(ill=ILL, worse=WORSE))
    made.table("t", seed=5)
    rate, n, none, worse, few, outside = made.one(
        "SELECT avg(ill) FILTER (age >= 18), count(*) FILTER (age >= 18), "
        "sum(ill) FILTER (age < 18), avg(worse) FILTER (ill = 1 AND age >= 45), "
        "count(*) FILTER (ill = 1 AND age >= 45), sum(worse) FILTER (ill = 0 OR age < 45) FROM t"
    )
    assert (none, outside) == (0, 0)
    assert abs(rate - 0.125) < 4 * np.sqrt(0.125 * 0.875 / n)
    assert abs(worse - 0.3) < 4 * np.sqrt(0.3 * 0.7 / few)
    by_age = made.con.execute(
        "SELECT avg(ill) FROM t WHERE age >= 18 GROUP BY age >= 45, age >= 65 ORDER BY 1"
    ).fetchall()
    assert by_age[2][0] > 3 * by_age[0][0]


def test_numbers_count_through_their_bands() -> None:
    columns = {
        "bmi": {"type": "normal", "mean": 28, "std_dev": 5},
        "dm": {
            "type": "logistic",
            "rate": 0.2,
            "effects": [{"column": "bmi", "bands": [{"min": 30, "log_odds": 2.0}]}],
        },
    }
    found = calibrate({"tables": {"t": {"columns": columns}}}, "t")["tables"]["t"]["columns"]
    from scipy.stats import norm

    above, a = float(norm(28, 5).sf(30)), found["dm"]["intercept"]
    assert above * share(a + 2.0) + (1 - above) * share(a) == pytest.approx(0.2, abs=1e-6)


def test_many_columns_are_summed_out() -> None:
    """Thirty flags in a chain have 2^30 combinations, and two at a time are held."""
    chain: dict[str, Any] = {"f0": {"type": "logistic", "rate": 0.3}}
    for i in range(1, 30):
        effects = [{"column": f"f{i - 1}", "levels": {"1": 1.0}}]
        chain[f"f{i}"] = {"type": "logistic", "rate": 0.1 + i / 100, "effects": effects}
    plain = {"tables": {"t": {"columns": chain}}}
    table = read_tables(calibrate(plain, "t"))["t"]
    found = Joint(table, list(chain))
    for i in range(1, 30):
        assert found.ones[f"f{i}"] == pytest.approx(0.1 + i / 100, abs=1e-9)


def test_too_many_combinations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STATES", 100)
    flags = {f"f{i}": {"type": "logistic", "rate": 0.3} for i in range(8)}
    effects = [{"column": name, "levels": {"1": 1.0}} for name in flags]
    plain = {
        "tables": {"t": {"columns": {**flags, "x": {"type": "logistic", "rate": 0.2, "effects": effects}}}}
    }  # fmt: skip
    with pytest.raises(ProfileError, match=r"combinations of columns .* more than 100"):
        calibrate(plain, "t")


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_ends_are_reached(compiled: Any, rate: float) -> None:
    made = compiled(profile(ill={**ILL, "rate": rate}))
    made.table("t")
    assert made.one("SELECT avg(ill) FROM t WHERE age >= 18") == (rate,)


def test_nobody_to_reach_it() -> None:
    with pytest.raises(ProfileError, match="no row lies inside 'among'"):
        calibrate(profile(ill={**ILL, "among": {"age": {"min": 150}}}), "t")


def test_null_takes_part_in_no_effect(compiled: Any) -> None:
    columns = {
        "x": {"type": "explicit", "values": ["a", "b"], "null_share": 0.5},
        "y": {
            "type": "logistic",
            "rate": 0.3,
            "effects": [{"column": "x", "levels": {"a": 3.0}}],
        },
    }
    made = compiled({"tables": {"t": {"rows": 100_000, "columns": columns}}})
    made.table("t")
    rate, missing, plain = made.one(
        "SELECT avg(y), avg(y) FILTER (x IS NULL), avg(y) FILTER (x = 'b') FROM t"
    )
    assert abs(rate - 0.3) < 0.006
    assert abs(missing - plain) < 0.015


def test_the_parents_share_is_not_known_below() -> None:
    plain = {
        "tables": {
            "a": {"rows": 5, "columns": {"id": {"type": "key"}, "s": {"type": "explicit", "values": [1, 2]}}},
            "b": {
                "parent": "a",
                "rows": {"type": "constant", "value": 2},
                "columns": {
                    "id": {"type": "parent", "column": "id"},
                    "s": {"type": "parent", "column": "s"},
                    "y": {"type": "logistic", "rate": 0.5, "effects": [{"column": "s", "levels": {"1": 1}}]},
                },
            },
        }
    }  # fmt: skip
    with pytest.raises(ProfileError, match="depends on 's' of the parent"):
        calibrate(plain, "b")
