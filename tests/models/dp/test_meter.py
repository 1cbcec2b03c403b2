"""The budget of a meter, and that a whole fit draws no less noise than it pays for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.models.dp import meter as meter_module
from genesis_sql.models.dp.learn import Asked, learn
from genesis_sql.models.dp.meter import FINE, Meter
from genesis_sql.program.domain import Categories, Grid

ROWS = 3_000
ASKED = [
    Asked("age", "INTEGER", Grid("INTEGER"), True, (-(2**31), 2**31 - 1)),
    Asked("town", "VARCHAR", Categories("VARCHAR", ()), True),
    Asked("sex", "VARCHAR", Categories("VARCHAR", ("f", "m")), False, open=False),
    Asked("grade", "TINYINT", Grid("TINYINT"), False, (-128, 127)),
]
ARROW = pa.table(
    {
        "age": pa.array([20 + i % 60 for i in range(ROWS)], pa.int32()),
        "town": pa.array([None if i % 7 == 0 else "ab"[i % 2] for i in range(ROWS)]),
        "sex": pa.array(["fm"[i % 2] for i in range(ROWS)]),
        "grade": pa.array([i % 5 for i in range(ROWS)], pa.int8()),
    }
)


def test_a_budget_is_not_passed() -> None:
    meter = Meter(0.1)
    meter.counts(np.array([5]), 0.06)
    with pytest.raises(ValueError, match="is spent"):
        meter.counts(np.array([5]), 0.06)
    with pytest.raises(ValueError, match="is spent"):
        Meter(1.0).labels(np.array([5]), 0.1, 1e-9)  # no chance was paid for


def test_noise_of_a_whole_fit_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted where the noise is drawn, each answer once, whatever the meter believes."""
    paid: list[float] = []
    gaussian, choose = meter_module.discrete_gaussian, meter_module.choose

    def drawn(variance: int, n: int) -> np.ndarray:
        paid.append(1 / (2 * variance))
        return gaussian(variance, n)

    def chosen(scores: np.ndarray, above: int, under: int) -> int:
        paid.append((2 * above / under) ** 2 / 8)
        assert above == FINE
        return choose(scores, above, under)

    monkeypatch.setattr(meter_module, "discrete_gaussian", drawn)
    monkeypatch.setattr(meter_module, "choose", chosen)
    meter = Meter(0.5, 1e-9)
    found, _ = learn(meter, ASKED, ARROW)
    assert len(found.columns) == 4
    assert len(paid) == 1 + 1 + 4 + 6 + 6  # rows, bins of age, columns, choices and pairs
    assert sum(paid) <= 0.5 * (1 + 1e-9)
    assert sum(paid) == pytest.approx(meter.spent)
    assert sum(paid) > 0.4  # and no more noise than needed


def test_noise_of_rows_that_count_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    gaussian = meter_module.discrete_gaussian
    monkeypatch.setattr(
        meter_module,
        "discrete_gaussian",
        lambda variance, n: (drawn.append(variance), gaussian(variance, n))[1],
    )
    Meter(1.0).counts(np.zeros(3), 0.5)
    Meter(1.0, most=4).counts(np.zeros(3), 0.5)
    assert drawn[1] == 16 * drawn[0]


def test_labels_of_few_rows_are_not_shown() -> None:
    counts = np.array([0, 500, 3, 1])
    shown, noisy = Meter(1.0, 1e-9).labels(counts, 0.02, 1e-9, named=1)
    assert shown.tolist() == [0, 1]
    assert abs(noisy.counts[1] - 500) < 60
