"""What a long training tells its surroundings, and what it finds there of an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TrainingRow:
    """A row of `genesis_training_log`.

    Attributes:
        step: optimiser steps so far.
        epoch: passes over the rows so far.
        loss: mean training loss since the row before, in nats per row where the method has a
            likelihood.
        validation_loss: the same on rows held out; None between validations.
        rows_per_s: rows trained on per second since the row before.
        seconds: since training began.
        left: seconds that are left at most, None where nothing limits them.
        note: what happened: a smaller batch, a step back after NaN, why it ended.
    """

    step: int
    epoch: float
    loss: float
    validation_loss: float | None
    rows_per_s: float
    seconds: float
    left: float | None = None
    note: str = ""


class Watch(Protocol):
    """Who looks on while a table is trained."""

    @property
    def cancelled(self) -> bool:
        """Whether the fit was cancelled, so that no model is wanted of what was learnt so far."""
        ...

    def log(self, table: str, row: TrainingRow) -> None:
        """Take a row of the log; may raise to cancel."""
        ...

    def save(self, table: str, state: bytes) -> None:
        """Keep a checkpoint in the place of the one before."""
        ...

    def saved(self, table: str) -> bytes | None:
        """The checkpoint to go on from, None to begin anew."""
        ...

    def settle(self) -> None:
        """Training was ended by Ctrl-C and its best state is taken: forget that it was pressed."""
        ...


class NoWatch:
    """Nobody looks on."""

    cancelled = False

    def log(self, table: str, row: TrainingRow) -> None:
        """Nobody reads it."""

    def save(self, table: str, state: bytes) -> None:
        """Nobody keeps it."""

    def saved(self, table: str) -> bytes | None:
        """There is none."""
        return None

    def settle(self) -> None:
        """Nobody remembers it."""
