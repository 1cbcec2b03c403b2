"""Trains the network of a block and packs what is drawn from later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import import_module
from typing import Any

import numpy as np

from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.neural.data import Field, Rows
from genesis_sql.models.neural.network import device_of
from genesis_sql.models.neural.training import Budget, Trained, train
from genesis_sql.models.neural.weights import as_part, pack
from genesis_sql.models.tokens import Tokens
from genesis_sql.models.watch import Watch

Side = tuple[np.ndarray, Sequence[Tokens]]
"""Tokens of rows, int16 of shape (n, columns), and what their columns are."""


def fit_network(
    options: FitOptions, own: Side, inputs: Side, watch: Watch, table: str, *, seconds_gone: float
) -> tuple[np.ndarray, str]:
    """Train a network on the tokens of a table.

    Args:
        options: method, device, budget.
        own: the columns to learn, in the order in which they are drawn unless asked otherwise.
        inputs: what is known before.
        watch: who looks on.
        table: its name.
        seconds_gone: of `max_seconds` already.

    Returns:
        The part of the program, and why training ended.
    """
    module = import_module(f"genesis_sql.models.neural.{options.method}")
    rows = Rows.of(own[0], inputs[0], _fields(own[1]), _fields(inputs[1]))
    given = options.training
    limit = options.max_seconds
    budget = replace(
        module.BUDGET,
        epochs=given.get("epochs", module.BUDGET.epochs),
        batch=given.get("batch_size", module.BUDGET.batch),
        rate=given.get("learning_rate", module.BUDGET.rate),
        max_seconds=None if limit is None else max(limit - seconds_gone, 0.0),
        seed=options.trees.seed,
        patient="epochs" not in given,
        steps=1 if "batch_size" in given else module.BUDGET.steps,
    )
    tensors, about, trained = trained_by(
        module,
        rows,
        budget,
        device=options.device,
        watch=watch,
        table=table,
        resume=bool(given.get("resume")),
    )
    known = {f"known.{k}": t.known for k, t in enumerate(inputs[1])}
    about = {
        **about,
        "fields": [_about(t) for t in own[1]],
        "inputs": [_about(t) for t in inputs[1]],
        "trained": {"steps": trained.steps, "epochs": trained.epochs, "ended": trained.ended},
    }
    return as_part(pack({**tensors, **known}, about)), trained.ended


def trained_by(
    module: Any,
    rows: Rows,
    budget: Budget,
    *,
    device: str = "cpu",
    watch: Watch,
    table: str = "",
    resume: bool = False,
) -> tuple[dict[str, np.ndarray], dict[str, Any], Trained]:
    """Train the network of a module: its weights, its sizes, and how it went.

    Args:
        module: has ``begin(rows, device, seed)``, which gives a config and a task.
        rows: what to learn.
        budget: how long.
        device: where, see `device_of`.
        watch: who looks on.
        table: its name.
        resume: whether to go on from a checkpoint.
    """
    config, task = module.begin(rows, device_of(device), budget.seed)
    trained = train(task, rows, budget, watch, table, resume=resume)
    held = {n: t.float().cpu().numpy() for n, t in trained.tensors.items()}
    return held, {"config": asdict(config)}, trained


def _fields(tokens: Sequence[Tokens]) -> tuple[Field, ...]:
    return tuple(
        Field(t.column, t.size, t.ordered, t.null, tuple(t.share.tolist())) for t in tokens
    )


def _about(tokens: Tokens) -> dict[str, Any]:
    return {
        "made": tokens.made,
        "size": tokens.size,
        "ordered": tokens.ordered,
        "null": tokens.null,
        "commonest": tokens.commonest,
    }
