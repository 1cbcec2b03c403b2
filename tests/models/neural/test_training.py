"""The training loop: it learns, stops, goes back after NaN, makes batches smaller, goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from genesis_sql.errors import GenesisError, InterruptedFitError, OptionError
from genesis_sql.models.neural.argn import Argn, Config
from genesis_sql.models.neural.data import MOST_HELD_OUT, Field, Rows
from genesis_sql.models.neural.network import Learning, device_of
from genesis_sql.models.neural.training import Batch, Budget, train
from genesis_sql.models.watch import NoWatch, TrainingRow

BUDGET = Budget(epochs=30, batch=64, rate=5e-3)


def rows(n: int = 1_000) -> Rows:
    """Three columns, the second of which is the first."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, n)
    tokens = np.column_stack([a, a, rng.integers(0, 3, n)]).astype(np.int16)
    fields = tuple(
        Field(name, size, False, False, (1 / size,) * size)
        for name, size in (("a", 4), ("b", 4), ("c", 3))
    )
    return Rows.of(tokens, np.zeros((n, 0), np.int16), fields, ())


def task(held: Rows, kind: type[Learning] = Learning) -> Learning:
    return kind(Argn(Config.of(held), held.fields, 0), torch.device("cpu"), seed=0)


class Seen(NoWatch):
    """Keeps what it is told."""

    def __init__(self, state: bytes | None = None) -> None:
        self.rows: list[TrainingRow] = []
        self.state = state
        self.cancelled = False

    def log(self, table: str, row: TrainingRow) -> None:
        self.rows.append(row)

    def save(self, table: str, state: bytes) -> None:
        self.state = state

    def saved(self, table: str) -> bytes | None:
        return self.state

    @property
    def notes(self) -> list[str]:
        return [r.note for r in self.rows if r.note]


LEAST = np.log(4) + np.log(3)  # a is drawn among four, b is known, c among three
AT_FIRST = 2 * np.log(4) + np.log(3)


def test_it_learns_what_there_is_to_learn() -> None:
    held, watch = rows(), Seen()
    done = train(task(held), held, BUDGET, watch, "t")
    assert AT_FIRST - 0.1 < watch.rows[0].validation_loss < AT_FIRST + 0.1
    assert done.loss < LEAST + 0.1
    assert watch.rows[-1].note == done.ended
    assert [r.step for r in watch.rows] == sorted(r.step for r in watch.rows)
    assert {n for n in done.tensors} == {n for n, _ in task(held).network.named_parameters()}


def test_it_ends_where_held_out_rows_gain_no_more() -> None:
    held = rows()
    done = train(task(held), held, replace(BUDGET, epochs=10_000, rate=0.02), Seen(), "t")
    assert done.ended == "no more gain on held-out rows"
    assert done.epochs < 300


def test_a_limit_of_seconds_is_kept() -> None:
    held = rows(20_000)
    budget = replace(BUDGET, epochs=10**6, max_seconds=1.0, patient=False)
    watch = Seen()
    done = train(task(held), held, budget, watch, "t")
    assert done.ended == "time is up"
    assert 1.0 <= watch.rows[-1].seconds < 10.0
    assert done.tensors


def test_no_time_at_all_gives_what_the_shares_say() -> None:
    held = rows()
    done = train(task(held), held, replace(BUDGET, max_seconds=0.0), Seen(), "t")
    assert (done.steps, done.ended) == (0, "time is up")
    assert done.tensors


class _Breaks(Learning):
    """Has NaN weights after its fortieth step, once."""

    broken = 1

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        loss = super().step(batch, rate)
        if self.steps == 40 and self.broken:
            self.broken -= 1
            with torch.no_grad():
                next(iter(self.network.parameters())).fill_(float("nan"))
        return loss


class _AlwaysBroken(Learning):
    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        return super().step(batch, rate) * float("nan")


def test_nan_leads_back_to_the_last_good_state() -> None:
    held, watch = rows(), Seen()
    done = train(task(held, _Breaks), held, BUDGET, watch, "t")
    assert any(n.startswith("NaN: back to the last good state, learning rate") for n in watch.notes)
    assert done.loss < LEAST + 0.2
    assert all(bool(torch.isfinite(t).all()) for t in done.tensors.values())


def test_nan_again_and_again_is_an_error_that_names_the_option() -> None:
    held = rows()
    with pytest.raises(GenesisError, match=r"NaN 6 times.*options := \{'learning_rate': 0.0005\}"):
        train(task(held, _AlwaysBroken), held, BUDGET, Seen(), "t")


class _Narrow(Learning):
    """Takes batches of no more than some rows, as a small GPU would."""

    most = 20

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        if len(batch.tokens) > self.most:
            message = "CUDA out of memory. Tried to allocate 2.00 GiB"
            raise torch.OutOfMemoryError(message)
        return super().step(batch, rate)


def test_out_of_memory_makes_batches_smaller() -> None:
    held, watch = rows(), Seen()
    train(task(held, _Narrow), held, replace(BUDGET, epochs=2), watch, "t")
    assert [n for n in watch.notes if "memory" in n] == [
        "out of memory: batches of 32 rows from here",
        "out of memory: batches of 16 rows from here",
    ]


def test_no_memory_for_the_smallest_batch_is_an_error_with_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_Narrow, "most", 0)
    held = rows()
    with pytest.raises(GenesisError, match=r"even with 16 rows in a batch: .* take \d+ MiB"):
        train(task(held, _Narrow), held, BUDGET, Seen(), "t")


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    class Faulty(Learning):
        def step(self, batch: Batch, rate: float) -> torch.Tensor:
            message = "shapes do not fit"
            raise RuntimeError(message)

    held = rows()
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        train(task(held, Faulty), held, BUDGET, Seen(), "t")


class _Unplugged(Learning):
    """The device fails as CUDA says it."""

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        if self.steps == 50:
            message = "CUDA error: device-side failure\nCUDA kernel errors might be reported later"
            raise RuntimeError(message)
        return super().step(batch, rate)


def test_a_device_that_vanishes_leaves_a_checkpoint() -> None:
    held, watch = rows(), Seen()
    expected = r"device 'cpu' failed after step 50: CUDA error: device-side failure; .*'resume'"
    with pytest.raises(GenesisError, match=expected):
        train(task(held, _Unplugged), held, BUDGET, watch, "t")
    later = Seen(watch.state)
    assert train(task(held), held, BUDGET, later, "t", resume=True).loss < LEAST + 0.1


class _Stopped(Learning):
    """Somebody presses Ctrl-C in the middle."""

    at, error = 100, KeyboardInterrupt

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        if self.steps == self.at:
            self.steps += 1
            raise self.error
        return super().step(batch, rate)


def test_ctrl_c_keeps_the_best_state_so_far_and_a_later_fit_goes_on() -> None:
    held, watch = rows(), Seen()
    done = train(task(held, _Stopped), held, BUDGET, watch, "t")
    assert done.ended == "stopped by Ctrl-C; the best state so far is kept"
    assert done.steps == 100
    assert watch.state is not None
    later = Seen(watch.state)
    more = train(task(held), held, BUDGET, later, "t", resume=True)
    step = int(later.rows[0].note.split()[4])
    assert later.rows[0].note == f"went on from step {step} of an earlier fit"
    assert 80 <= step <= 100
    assert more.steps > 100
    assert more.loss < done.loss


def test_ctrl_c_before_anything_is_learnt_goes_on_as_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_Stopped, "at", 3)
    held = rows()
    with pytest.raises(KeyboardInterrupt):
        train(task(held, _Stopped), held, BUDGET, Seen(), "t")


def test_a_cancelled_fit_ends_and_its_checkpoint_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Stopped, "error", InterruptedFitError("cancelled"))
    held, watch = rows(), Seen()
    watch.cancelled = True
    with pytest.raises(InterruptedFitError, match="cancelled"):
        train(task(held, _Stopped), held, BUDGET, watch, "t")
    assert watch.state is not None


def test_a_file_is_read_batch_by_batch_and_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    held = rows()
    mapped = np.memmap(
        tmp_path_factory.mktemp("t") / "rows", np.int16, "w+", shape=held.tokens.shape
    )
    mapped[:] = held.tokens
    budget = replace(BUDGET, epochs=3)
    one, other = (
        train(task(held), r, budget, Seen(), "t") for r in (held, replace(held, tokens=mapped))
    )
    assert other.loss == pytest.approx(one.loss, rel=1e-3)


def test_few_rows_validate_by_themselves() -> None:
    assert rows(19).held == 0
    assert len(rows(19).validation()) == 19
    assert rows(1_000).held == 100
    assert rows(200_000).held == MOST_HELD_OUT


@pytest.mark.parametrize("name", ["gpu", "cuda:7", "CPU"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(OptionError, match=rf"device := '{name}' is not there: torch .* sees"):
        device_of(name)


def test_auto_is_the_cpu_where_there_is_no_gpu() -> None:
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert str(device_of("auto")) == expected
