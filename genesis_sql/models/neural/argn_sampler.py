"""Draws tokens from an `argn` network: on the CPU compiled, a row at a time, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from genesis_sql.models.neural.sampling import Asked, Held, register

TABLE = 128 * 2**20  # bytes of the products of embeddings and first layer that are kept ready


@dataclass(frozen=True, eq=False)
class _Ready:
    """The network as the kernel wants it.

    Attributes:
        table: embedding times first layer, float32 of shape (tokens + context tokens, C, H).
        bias: of shape (C, H). absent: of shape (C, C, H).
        out: output layers side by side, of shape (H, sum of V); out_bias (sum of V,).
        begins: where the tokens of each column and context column begin.
    """

    table: np.ndarray
    bias: np.ndarray
    absent: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray
    begins: np.ndarray


def _ready(held: Held) -> _Ready | None:
    """None where the products take too much memory."""
    config = held.about["config"]
    c, h, e = len(config["sizes"]), config["hidden"], config["embedding"]
    sizes = [*config["sizes"], *config["inputs"]]
    if sum(sizes) * c * h * 4 > TABLE:
        return None
    begins = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    first = held.tensors["first"].reshape(len(sizes), e, c * h)
    embedding = held.tensors["embedding"]
    table = np.concatenate(
        [embedding[a:b] @ w for a, b, w in zip(begins[:-1], begins[1:], first, strict=True)]
    ).reshape(-1, c, h)
    out = np.concatenate([held.tensors[f"out.{j}.weight"] for j in range(c)], axis=1)
    out_bias = np.concatenate([held.tensors[f"out.{j}.bias"] for j in range(c)])
    return _Ready(
        np.ascontiguousarray(table),
        held.tensors["bias"].reshape(c, h),
        held.tensors["absent"].reshape(c, c, h),
        np.ascontiguousarray(out),
        out_bias,
        begins,
    )


def sample(held: Held, asked: Asked) -> np.ndarray:
    """Tokens of rows, int32 of shape (B, C).

    On the CPU every row is computed alone, in an order of operations that no other row changes: it
    is the same in any range. On a GPU, and where the network is too wide, rows are drawn in blocks
    of one size.
    """
    columns = range(len(held.fields))
    order = [*asked.given, *(j for j in columns if j not in asked.given)]
    ready = held.once("ready", _ready) if held.device == "cpu" else None
    u = np.stack([asked.uniform(field) for field in held.fields])  # (C, B)
    if ready is None:
        from genesis_sql.models.neural.argn import sample_torch

        return held.in_blocks(sample_torch, asked.context, u, order, asked.given)
    place = np.argsort(order)
    after = place[:, None] >= place[None, :]  # (from, to): not known
    base = ready.bias + (ready.absent * after[:, :, None]).sum(0, dtype=np.float32)
    out = np.empty((asked.size, len(order)), np.int32)
    draw_rows(
        ready.table,
        base.astype(np.float32),
        ready.out,
        ready.out_bias,
        ready.begins,
        np.array(order, np.int64),
        _weights(held, asked),
        np.array([j in asked.given for j in range(len(order))]),
        u,
        asked.context,
        out,
    )
    return out


def _weights(held: Held, asked: Asked) -> np.ndarray:
    """Weights of the tokens of all columns side by side, 1 where nothing is given."""
    sizes = held.about["config"]["sizes"]
    return np.concatenate([asked.given.get(j, np.ones(v)) for j, v in enumerate(sizes)])


@njit(nogil=True, cache=True)
def draw_rows(table, bias, out, out_bias, begins, order, weights, given, u, context, tokens):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D417
    """Fill ``tokens``, int32 of shape (rows, columns).

    Args:
        table: float32 (tokens + context tokens, columns, hidden).
        bias: float32 (columns, hidden), with what is absent in this order.
        out: float32 (hidden, all tokens); out_bias (all tokens,).
        begins: first token of each column, then of each context column; int64.
        order: columns as they are drawn.
        weights: float64 (all tokens,), factors of the columns that are ``given``.
        u: float64 (columns, rows) in [0, 1).
        context: int32 (rows, context columns).
    """
    columns, size = bias.shape
    widest = 0
    for j in range(columns):
        widest = max(widest, begins[j + 1] - begins[j])
    hidden = np.empty(size, np.float32)
    share = np.empty(widest, np.float32)
    for row in range(tokens.shape[0]):
        for at in range(columns):
            j = order[at]
            first, v = begins[j], begins[j + 1] - begins[j]
            hidden[:] = bias[j]
            for k in range(context.shape[1]):
                vector = table[begins[columns + k] + context[row, k], j]
                for h in range(size):
                    hidden[h] += vector[h]
            for before in range(at):
                i = order[before]
                vector = table[begins[i] + tokens[row, i], j]
                for h in range(size):
                    hidden[h] += vector[h]
            for t in range(v):
                share[t] = out_bias[first + t]
            for h in range(size):
                held = hidden[h]
                if held > 0:
                    line = out[h, first : first + v]
                    for t in range(v):
                        share[t] += held * line[t]
            tokens[row, j] = _pick(share, v, u[j, row], weights[first : first + v], given[j])


@njit(nogil=True, cache=True)
def _pick(share, v, u, weights, given):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A token by its logits, the inverse of the running sum at ``u``."""
    highest = share[0]
    for t in range(1, v):
        highest = max(highest, share[t])
    total = 0.0
    for t in range(v):
        p = math.exp(share[t] - highest)
        if given:
            p *= weights[t]
        share[t] = p
        total += share[t]
    if given and total <= 0.0:  # none of them is likely at all: as they are in the source
        for t in range(v):
            share[t] = weights[t]
            total += share[t]
    goal, running, last = u * total, 0.0, 0
    for t in range(v):
        if share[t] > 0:
            last = t
            running += share[t]
            if running > goal:
                return t
    return last


register("argn", sample)
