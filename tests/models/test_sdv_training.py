"""SDV's trainings are looked at: each epoch is told, and who is told may end them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genesis_sql.errors import InterruptedFitError
from genesis_sql.models.frame import coded
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.sdv.frames import Field, fields_of
from genesis_sql.models.sdv.table import PAGE, addresses, fit_table
from genesis_sql.models.watch import NoWatch, TrainingRow
from genesis_sql.program.domain import Categories, Grid, Raw, Reals
from genesis_sql.program.execute import Rows

OPTIONS = FitOptions(method="sdv:tvae", device="cpu", training={"epochs": 3})


class Told(NoWatch):
    """Keeps what it is told, and cancels before an epoch."""

    def __init__(self, last: int) -> None:
        self.rows: list[TrainingRow] = []
        self.last, self.cancelled = last, False

    def log(self, table: str, row: TrainingRow) -> None:
        self.rows.append(row)
        if row.step == self.last:
            self.cancelled = True
            message = "cancelled"
            raise InterruptedFitError(message)


def fields() -> list[Field]:
    number = coded("n", Grid("BIGINT"), Raw(np.arange(60) % 7, np.arange(60) % 5 > 0))
    label = coded(
        "l",
        Categories("VARCHAR", ("a", "b", "rare")),
        Raw(np.r_[np.arange(59) % 2 + 1, 3].astype(np.int32)),
    )
    return fields_of([number, label], OPTIONS.fill, least=5)


def test_each_epoch_is_told() -> None:
    pytest.importorskip("sdv", reason="the extra sdv wants pandas below 3")
    watch = Told(-1)
    fitted = fit_table(OPTIONS, fields(), np.arange(60), watch, "t")
    assert [r.step for r in watch.rows] == [1, 2, 3]
    assert all(np.isfinite(r.loss) and r.rows_per_s > 0 for r in watch.rows)
    assert fitted.ended == "all 3 epochs done"
    drawn = fitted.draw(40, (1, 2))
    assert set(drawn["l"].values) <= {1, 2}


def test_who_is_told_may_cancel() -> None:
    pytest.importorskip("sdv", reason="the extra sdv wants pandas below 3")
    watch = Told(2)
    with pytest.raises(InterruptedFitError, match="cancelled"):
        fit_table(OPTIONS, fields(), np.arange(60), watch, "t")
    assert len(watch.rows) == 2


def test_a_column_comes_back_inside_what_it_holds() -> None:
    number, label = fields()
    assert label.withheld == 1
    raw = number.read([2.4, np.nan, 99.0, -5.0])
    assert raw.values[[0, 2, 3]].tolist() == [2, 6, 0]
    assert raw.valid is not None
    assert raw.valid.tolist() == [True, False, True, True]
    assert label.read(["0", "1", "unheard of"]).values.tolist()[:2] == [1, 2]
    real = Field(coded("r", Reals("DOUBLE"), Raw(np.array([0.5, 1.5, np.inf]))), None)
    assert real.write(np.arange(3), np.random.default_rng(0)).tolist() == [0.5, 1.5, 1.5]
    assert real.read([9.0, np.nan]).valid is None


def test_attempts_stand_on_pages_of_their_own() -> None:
    numbers = np.array([0, PAGE - 1, PAGE, 3 * PAGE + 5])
    rows = Rows(numbers, numbers)
    page, place = addresses(rows)
    assert page.tolist() == [0, 0, 1, 3]
    assert place.tolist() == [0, PAGE - 1, 0, 5]
    many = np.arange(PAGE)
    for attempt in (1, 7, 5_000):
        again = replace(Rows(many * 977, many), attempt=np.full(PAGE, attempt))
        page, place = addresses(again)
        assert page.min() > 2**60
        assert len(set(zip(page.tolist(), place.tolist(), strict=True))) == PAGE
