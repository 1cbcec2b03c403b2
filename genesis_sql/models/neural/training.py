"""Training, the same for all networks: batches, validation, early stop, budget, checkpoints.

The learning rate rises for a few steps, stays, and falls each time that the loss on held-out rows
has not improved for a while; what is kept is the moving average of the weights (Polyak and
Juditsky 1992) that was best on those rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from genesis_sql.errors import GenesisError, InterruptedFitError, OptionError
from genesis_sql.models.neural.data import Rows
from genesis_sql.models.neural.weights import pack, unpack
from genesis_sql.models.watch import TrainingRow, Watch

LOG = logging.getLogger(__name__)
TOLD = 1.0  # seconds between rows of the log
SAVED = 60.0  # seconds between checkpoints
CHECKED = 1_000  # steps between validations, where an epoch is longer
PATIENCE, FALLS, LOWER = 4, 2, 0.3  # validations without gain before the rate falls; how often
ENDING = 0.25  # the share of a time limit in which the rate goes down to nothing
SMALLEST = 16  # rows of a batch, before memory is given up
FEWEST = 32  # rows of a batch that is made smaller for the sake of more steps
STEPS_BACK = 5  # returns from NaN
LOUD = 1e-4  # a gain in loss that counts


@dataclass(frozen=True)
class Budget:
    """How long to train.

    Attributes:
        epochs: passes over the rows, at most.
        batch: rows of a step.
        rate: learning rate.
        max_seconds: None for no limit.
        seed: of everything random.
        patient: whether to stop when held-out rows gain no more.
        steps: of an epoch at least: batches of small tables are smaller.
    """

    epochs: float
    batch: int
    rate: float
    max_seconds: float | None = None
    seed: int = 0
    patient: bool = True
    steps: int = 1

    def rows_of(self, size: int) -> int:
        """Rows of a step where ``size`` rows are trained on."""
        enough = self.batch if self.steps == 1 else max(size // self.steps, FEWEST)
        return min(self.batch, enough, max(size, 1))


@dataclass(frozen=True, eq=False)
class Batch:
    """Tokens of some rows on the device: int64 of shape (rows, fields)."""

    tokens: torch.Tensor
    context: torch.Tensor


class Task(Protocol):
    """A network in training."""

    device: torch.device

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        """One optimiser step; the loss before it, a scalar on the device."""
        ...

    def score(self, batch: Batch) -> float:
        """Loss per row of what would be sampled from now; lower is better."""
        ...

    def best(self) -> dict[str, torch.Tensor]:
        """What is sampled from."""
        ...

    def state(self) -> dict[str, torch.Tensor]:
        """All that is needed to go on."""
        ...

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        ...


@dataclass
class _Clock:
    """Steps, losses and seconds of one training."""

    began: float = field(default_factory=time.perf_counter)
    before: float = 0.0
    step: int = 0
    rows: int = 0
    told: float = 0.0
    told_rows: int = 0
    saved: float = 0.0
    losses: list[torch.Tensor] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.began


class Training:
    """One network on its way: see :func:`train`."""

    def __init__(
        self, task: Task, rows: Rows, budget: Budget, told: Callable[[TrainingRow], None]
    ) -> None:
        self.task, self.rows, self.budget, self.told = task, rows, budget, told
        self.rng = np.random.default_rng([budget.seed, 7])
        self.clock = _Clock()
        self.batch = budget.rows_of(rows.size)
        self.rate, self.bad, self.falls, self.back = budget.rate, 0, 0, 0
        self.lowest = np.inf
        self.kept: dict[str, torch.Tensor] | None = None
        self.good = _copied(task.state())
        self.tokens = _on_device(rows.tokens, task.device)
        self.context = _on_device(rows.context, task.device)

    # steps of the loop

    def pick(self, at: np.ndarray) -> Batch:
        """The rows of a batch on the device."""
        device = self.task.device
        if isinstance(self.tokens, torch.Tensor) and isinstance(self.context, torch.Tensor):
            where = torch.from_numpy(at).to(device)
            return Batch(self.tokens[where].long(), self.context[where].long())
        at = np.sort(at)  # a file is read in its order
        held = (torch.from_numpy(np.asarray(a[at], np.int64)) for a in self._arrays())
        return Batch(*(t.to(device, non_blocking=True) for t in held))

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return self.rows.tokens, self.rows.context

    def learning_rate(self) -> float:
        """Warm at first, lower with every plateau, down to nothing where the time runs out."""
        warm = min(1.0, (self.clock.step + 1) / 100)
        left = 1.0
        if self.budget.max_seconds is not None:
            share = 1 - self.clock.seconds / self.budget.max_seconds
            left = min(1.0, max(share, 0.0) / ENDING)
        return self.rate * warm * left

    def learn(self, at: np.ndarray) -> None:
        """A step on these rows; where memory does not do, in several steps of fewer."""
        while len(at):
            some = at[: self.batch]
            try:
                loss = self.task.step(self.pick(some), self.learning_rate())
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
                self._smaller(error)
                continue
            self.clock.losses.append(loss.detach())
            self.clock.step += 1
            self.clock.rows += len(some)
            at = at[len(some) :]

    def _smaller(self, error: BaseException) -> None:
        if self.batch <= min(SMALLEST, self.rows.size):
            size = sum(t.numel() * t.element_size() for t in self.task.state().values())
            message = (
                f"out of memory on {self.task.device} even with {self.batch} rows in a batch: the "
                f"network and its optimiser take {size / 2**20:,.0f} MiB; fit fewer columns or "
                "labels, or with device := 'cpu'"
            )
            raise GenesisError(message) from error
        self.batch = max(self.batch // 2, SMALLEST)
        if self.task.device.type == "cuda":
            torch.cuda.empty_cache()
        self.tell(note=f"out of memory: batches of {self.batch} rows from here")

    def tell(self, validation: float | None = None, note: str = "") -> float:
        """A row of the log; the mean loss since the one before. Also looks for NaN."""
        clock = self.clock
        now = clock.seconds
        loss = float(torch.stack(clock.losses).mean()) if clock.losses else float("nan")
        pace = (clock.rows - clock.told_rows) / max(now - clock.told, 1e-9)
        limit = self.budget.max_seconds
        to_go = self.budget.epochs * self.rows.size - clock.rows
        left = min(
            max(to_go, 0) / pace if pace > 0 else np.inf,
            np.inf if limit is None else max(limit - now, 0.0),
        )
        epoch = clock.rows / max(self.rows.size, 1)
        ahead = float(left) if np.isfinite(left) else None
        self.told(TrainingRow(clock.step, epoch, loss, validation, pace, now, ahead, note))
        clock.told, clock.told_rows = now, clock.rows
        clock.losses.clear()
        return loss

    def broken(self) -> bool:
        """Whether the last losses are NaN or infinite: then the last good state is back."""
        if not self.clock.losses or bool(torch.isfinite(torch.stack(self.clock.losses)).all()):
            return False
        self.back += 1
        if self.back > STEPS_BACK:
            message = (
                f"the loss became NaN {self.back} times, at last with learning rate "
                f"{self.rate:.2g}; give a smaller one, as in options := "
                f"{{'learning_rate': {self.budget.rate / 10:.2g}}}"
            )
            raise GenesisError(message)
        self.task.restore(self.good)
        self.rate *= 0.5
        self.clock.losses.clear()
        note = f"NaN: back to the last good state, learning rate {self.rate:.2g}"
        self.tell(note=note)
        return True

    def validate(self) -> None:
        """Loss on held-out rows; the best state is kept, the rate falls after a plateau."""
        if self.broken():
            return
        at, size = self.rows.validation(), max(self.batch, 1024)
        parts = [at[i : i + size] for i in range(0, len(at), size)]
        scores = [self.task.score(self.pick(p)) * len(p) for p in parts]
        score = sum(scores) / max(len(at), 1)
        if not np.isfinite(score):
            self.clock.losses.append(torch.tensor(float("nan")))
            self.broken()
            return
        self.good = _copied(self.task.state())
        if self.kept is None or score < self.lowest - LOUD or not self.rows.held:
            self.lowest, self.bad, self.kept = score, 0, _copied(self.task.best())
        else:
            self.bad += 1
        if self.bad >= PATIENCE:
            self.bad, self.falls, self.rate = 0, self.falls + 1, self.rate * LOWER
        self.tell(score)

    @property
    def over(self) -> str:
        """Why training ends here, '' where it goes on."""
        limit = self.budget.max_seconds
        if limit is not None and self.clock.seconds >= limit:
            return "time is up"
        if self.clock.rows >= self.budget.epochs * self.rows.size:
            return "all epochs done"
        if self.budget.patient and self.rows.held and self.falls > FALLS:
            return "no more gain on held-out rows"
        return ""

    # checkpoints

    def to_bytes(self) -> bytes:
        """All that is needed to go on later."""
        state = {f"state.{n}": t.cpu().numpy() for n, t in self.good.items()}
        kept = {f"kept.{n}": t.cpu().numpy() for n, t in (self.kept or {}).items()}
        about = {
            "step": self.clock.step,
            "rows": self.clock.rows,
            "seconds": self.clock.seconds,
            "lowest": float(self.lowest) if np.isfinite(self.lowest) else None,
            "rate": self.rate,
            "falls": self.falls,
        }
        return pack({**state, **kept}, about)

    def resume(self, data: bytes) -> None:
        """Go on from a checkpoint; its seconds do not count against this call's limit."""
        held, about = unpack(data)
        self.good = _named(held, "state.")
        for name, mine in self.task.state().items():
            if name not in self.good or self.good[name].shape != mine.shape:
                message = (
                    "the training that was stopped cannot be resumed: the network had other sizes "
                    "then, for the source had other values or labels; leave option 'resume' out to "
                    "begin anew"
                )
                raise OptionError(message)
        self.kept = _named(held, "kept.") or None
        self.task.restore(self.good)
        self.clock.step, self.clock.rows = int(about["step"]), int(about["rows"])
        self.clock.told_rows = self.clock.rows
        self.lowest = np.inf if about["lowest"] is None else float(about["lowest"])
        self.rate, self.falls = float(about["rate"]), int(about["falls"])
        self.rng = np.random.default_rng([self.budget.seed, 7, self.clock.step])
        self.tell(note=f"went on from step {self.clock.step} of an earlier fit")


@dataclass(frozen=True, eq=False)
class Trained:
    """What is sampled from, and how it came about."""

    tensors: dict[str, torch.Tensor]
    steps: int
    epochs: float
    loss: float
    ended: str


def train(
    task: Task, rows: Rows, budget: Budget, watch: Watch, table: str, *, resume: bool = False
) -> Trained:
    """Train until the budget is spent, nothing is gained any more, or somebody presses Ctrl-C.

    After Ctrl-C the best state so far is what comes back; before the first validation there is
    none, and the interrupt goes on.

    Raises:
        InterruptedFitError: the fit was cancelled; the checkpoint is kept.
        GenesisError: no memory, NaN again and again, or the device is gone.
    """
    training = Training(task, rows, budget, lambda row: watch.log(table, row))
    earlier = watch.saved(table) if resume else None
    if earlier is not None:
        training.resume(earlier)
    ended = ""
    try:
        while not (ended := training.over):
            for at in rows.batches(training.batch, training.rng):
                training.learn(at)
                clock = training.clock
                if clock.step % CHECKED == 0:
                    training.validate()
                elif clock.seconds - clock.told > TOLD and not training.broken():
                    training.tell()
                if clock.seconds - clock.saved > SAVED:
                    watch.save(table, training.to_bytes())
                    clock.saved = clock.seconds
                if training.over:
                    break
            training.validate()
    except RuntimeError as error:
        if not _device_gone(error):
            raise
        watch.save(table, training.to_bytes())
        message = (
            f"device '{task.device}' failed after step {training.clock.step}: "
            f"{str(error).splitlines()[0]}; the state of the last validation is kept: fit again "
            "with options := {'resume': true}, or with device := 'cpu'"
        )
        raise GenesisError(message) from error
    except (KeyboardInterrupt, InterruptedFitError):
        if training.kept is None:
            raise
        watch.save(table, training.to_bytes())
        if watch.cancelled:
            raise
        watch.settle()
        ended = "stopped by Ctrl-C; the best state so far is kept"
    training.clock.losses.clear()
    training.tell(note=ended)
    clock, kept = training.clock, training.kept or _copied(task.best())
    return Trained(kept, clock.step, clock.rows / max(rows.size, 1), float(training.lowest), ended)


def _copied(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A copy in main memory: it outlives the device."""
    return {n: t.detach().to("cpu", copy=True) for n, t in state.items()}


def _named(held: dict[str, Any], prefix: str) -> dict[str, torch.Tensor]:
    return {
        n.removeprefix(prefix): torch.from_numpy(np.array(a))
        for n, a in held.items()
        if n.startswith(prefix)
    }


def _on_device(array: np.ndarray, device: torch.device) -> torch.Tensor | np.ndarray:
    """All tokens on the device, unless they lie in a file: then batches are read from there."""
    if isinstance(array, np.memmap):
        return array
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


def _device_gone(error: BaseException) -> bool:
    return "CUDA error" in str(error) or "CUDA driver error" in str(error)


def _out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text
