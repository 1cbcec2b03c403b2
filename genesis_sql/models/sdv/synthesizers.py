"""SDV's synthesizers, watched while they train and drawing from the generators that we set.

Imported only inside `alone`: SDV warns while it is loaded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import torch
from sdv.metadata import Metadata
from sdv.multi_table import HMASynthesizer
from sdv.sequential import PARSynthesizer
from sdv.single_table import (
    CopulaGANSynthesizer,
    CTGANSynthesizer,
    GaussianCopulaSynthesizer,
    TVAESynthesizer,
)

from genesis_sql import interrupt
from genesis_sql.errors import InterruptedFitError
from genesis_sql.models.neural.network import device_of
from genesis_sql.models.watch import TrainingRow, Watch

SMALL_BATCH = 10  # CTGAN judges rows by tens


class _EnoughError(Exception):
    """Time is up."""


class Training:
    """A training that is looked at.

    Attributes:
        ended: why it ended.
    """

    def __init__(
        self, watch: Watch, table: str, rows: int, epochs: int, seconds_left: float | None
    ) -> None:
        self.watch, self.table, self.rows, self.epochs = watch, table, rows, epochs
        self.limit = seconds_left
        self.began = time.perf_counter()
        self.done, self.over, self.ended = 0, False, ""
        self.told = 0.0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.began

    def step(self) -> None:
        """Called whenever a network is run; ends the training where time is up."""
        if self.over:
            return
        interrupt.check()
        if self.limit is not None and self.seconds > self.limit:
            raise _EnoughError

    def epoch(self, losses: Any) -> None:
        """Called after each epoch with SDV's table of losses."""
        if self.over or not len(losses):
            return
        self.done = int(losses["Epoch"].iloc[-1]) + 1
        name = "Loss" if "Loss" in losses else "Generator Loss"
        now, before = self.seconds, self.told
        self.told = now
        left = now / self.done * (self.epochs - self.done)
        left = left if self.limit is None else min(left, max(self.limit - now, 0.0))
        loss = float(losses[name].iloc[-1])
        pace = self.rows / max(now - before, 1e-9)
        row = TrainingRow(self.done, self.done, loss, None, pace, now, left, self.ended)
        self.watch.log(self.table, row)

    def run(self, train: Any, *given: Any) -> None:
        """Train until the end, or until time is up; after Ctrl-C what was learnt is kept."""
        try:
            train(*given)
            self.ended = f"all {self.done} epochs done" if self.done else ""
        except _EnoughError:
            self.ended = f"time is up after {self.done} of {self.epochs} epochs"
        except (KeyboardInterrupt, InterruptedFitError):
            if not self.done or getattr(self.watch, "cancelled", False):
                raise
            self.ended = f"stopped by Ctrl-C after {self.done} of {self.epochs} epochs"
        finally:
            self.over = True


class _Told:
    """Put in front of the classes of ctgan and deepecho: they note losses behind each epoch."""

    _training: Training
    _losses: Any = None

    @property
    def loss_values(self) -> Any:
        """SDV's table of losses."""
        return self._losses

    @loss_values.setter
    def loss_values(self, losses: Any) -> None:
        self._losses = losses
        self._training.epoch(losses)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, torch.nn.Module):
            training = self._training
            value.register_forward_hook(lambda *_: training.step())
        super().__setattr__(name, value)


class _Ours:
    """Put in front of the synthesizers of SDV."""

    training: Training | None = None
    _random_state_set: bool

    def _set_random_state(self, random_state: Any) -> None:
        """The generators stay those that `alone` has set: SDV's own seed is always the same."""
        self._random_state_set = True

    def _print_warning(self, data: Any) -> None:
        """Print nothing."""

    def _fit(self, *given: Any) -> None:
        fit = super()._fit  # type: ignore[misc]
        if self.training is None:
            fit(*given)
        else:
            self.training.run(fit, *given)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_model" and self.training is not None and hasattr(value, "loss_values"):
            kind = type(value)
            value.__dict__.pop("loss_values")
            value.__class__ = type(kind.__name__, (_Told, kind), {"_training": self.training})
        super().__setattr__(name, value)


class GaussianCopula(_Ours, GaussianCopulaSynthesizer):  # type: ignore[misc]
    """Marginals and the correlations of their normal scores."""


class Ctgan(_Ours, CTGANSynthesizer):  # type: ignore[misc]
    """Xu et al., Modeling Tabular Data using Conditional GAN, NeurIPS 2019."""


class CopulaGan(_Ours, CopulaGANSynthesizer):  # type: ignore[misc]
    """CTGAN on the normal scores of a Gaussian copula."""


class Tvae(_Ours, TVAESynthesizer):  # type: ignore[misc]
    """The variational autoencoder of the same paper."""


class Par(_Ours, PARSynthesizer):  # type: ignore[misc]
    """Zhang, Patki, Veeramachaneni, Sequential Models in the Synthetic Data Vault, 2022."""


class Hma(HMASynthesizer):  # type: ignore[misc]
    """Patki, Wedge, Veeramachaneni, The Synthetic Data Vault, DSAA 2016."""

    _synthesizer = GaussianCopula


TABLES: dict[str, type[Any]] = {
    "sdv:gaussian_copula": GaussianCopula,
    "sdv:ctgan": Ctgan,
    "sdv:copulagan": CopulaGan,
    "sdv:tvae": Tvae,
}
EPOCHS = {"sdv:ctgan": 300, "sdv:copulagan": 300, "sdv:tvae": 300, "sdv:par": 128}
"""SDV's own defaults."""
BATCH = 500


def metadata(tables: Mapping[str, Mapping[str, Any]], relationships: list[Any]) -> Metadata:
    """SDV's description of tables."""
    return Metadata.load_from_dict({"tables": dict(tables), "relationships": relationships})


def epochs_of(method: str, given: Mapping[str, Any]) -> int:
    """Epochs of a method as asked for, whole ones."""
    epochs: float = given.get("epochs", EPOCHS.get(method, 1))
    return max(1, math.ceil(epochs))


def settings(method: str, given: Mapping[str, Any], device: str, rows: int) -> dict[str, Any]:
    """How a synthesizer of single tables is made.

    Raises:
        OptionError: the device is not there.
    """
    cuda = device_of(device).type == "cuda"
    if method == "sdv:gaussian_copula":
        return {}
    out: dict[str, Any] = {"epochs": epochs_of(method, given), "enable_gpu": cuda}
    batch = min(given.get("batch_size", BATCH), max(rows, SMALL_BATCH))
    out["batch_size"] = max(batch // SMALL_BATCH, 1) * SMALL_BATCH
    if "learning_rate" in given:
        out |= {f"{part}_lr": given["learning_rate"] for part in ("generator", "discriminator")}
    return out


def global_draws(synthesizer: Any) -> None:
    """Have its transformers draw from the generators that `alone` sets."""
    for transformer in synthesizer.get_transformers().values():
        if transformer is not None:
            transformer.random_states = None
    synthesizer._random_state_set = True
