"""Draws tokens from an `argn` network: on the CPU compiled, a row at a time, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from genesis_sql.models.neural.sampling import Asked, Held, register

_ONE, _TWO, _FOUR = np.uint64(1), np.uint64(2), np.uint64(4)
SPAN = 32  # rows drawn side by side: a column's weights stay in the nearest cache meanwhile
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
    embedding = _shaped(held.tensors["embedding"], sum(sizes), e)
    table = np.concatenate(
        [embedding[a:b] @ w for a, b, w in zip(begins[:-1], begins[1:], first, strict=True)]
    ).reshape(-1, c, h)
    outs = range(c)
    total = int(begins[c])
    return _Ready(
        _shaped(table, len(embedding), c, h),
        _shaped(held.tensors["bias"].reshape(c, h), c, h),
        _shaped(held.tensors["absent"].reshape(c, c, h), c, c, h),
        _shaped(np.concatenate([held.tensors[f"out.{j}.weight"] for j in outs], 1), h, total),
        _shaped(np.concatenate([held.tensors[f"out.{j}.bias"] for j in outs]), total),
        begins,
    )


def _shaped(array: np.ndarray, *shape: int) -> np.ndarray:
    """The array as the kernel indexes it, without looking: of that shape."""
    if array.shape != shape:
        message = f"an array has the shape {array.shape}, not {shape}"
        raise ValueError(message)
    return np.ascontiguousarray(array, np.float32)


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
        ready.begins.astype(np.uint64),
        np.array(order, np.uint64),
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
        begins: first token of each column, then of each context column, and the end; uint64.
        order: columns as they are drawn; uint64.
        weights: float64 (all tokens,), factors of the columns that are ``given``.
        u: float64 (columns, rows) in [0, 1).
        context: int32 (rows, context columns).

    Places are uint64 and arrays flat: a negative index would be looked for in every step.
    """
    columns, size = np.uint64(bias.shape[0]), np.uint64(bias.shape[1])
    flat, wide, line = table.reshape(-1), out.reshape(-1), np.uint64(out.shape[1])
    held = np.empty((SPAN, columns + np.uint64(context.shape[1])), np.uint64)
    hidden = np.empty(size, np.float32)
    which, value = np.empty(size + _ONE, np.uint64), np.empty(size + _ONE, np.float32)
    share = np.empty(out.shape[1], np.float32)
    for begin in range(0, tokens.shape[0], SPAN):
        many = min(SPAN, tokens.shape[0] - begin)
        for k in range(context.shape[1]):
            for r in range(many):
                held[r, k] = begins[columns + np.uint64(k)] + np.uint64(context[begin + r, k])
        known = np.uint64(context.shape[1])  # and where the vectors of what is known begin
        for at in range(columns):
            j = order[at]
            first = begins[j]
            v = begins[j + _ONE] - first
            for r in range(many):
                hidden[:] = bias[j]
                _add(hidden, flat, held[r], known, columns * size, j * size)
                active = _positive(hidden, which, value, line, first)
                share[:v] = out_bias[first : first + v]
                _multiply(share, v, wide, which, value, active)
                weight = weights[first : first + v]
                token = _pick(share[:v], u[j, begin + r], weight, given[j])
                tokens[begin + r, j] = token
                held[r, known] = first + np.uint64(token)
            known += _ONE


@njit(nogil=True, cache=True, inline="always")
def _add(hidden, flat, held, known, stride, begin):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add the vectors of what is known, two at a time."""
    size = np.uint64(hidden.shape[0])
    even = known - known % _TWO
    for k in range(np.uint64(0), even, _TWO):
        one = held[k] * stride + begin
        two = held[k + _ONE] * stride + begin
        for h in range(size):
            hidden[h] += flat[one + h] + flat[two + h]
    for k in range(even, known):
        one = held[k] * stride + begin
        for h in range(size):
            hidden[h] += flat[one + h]


@njit(nogil=True, cache=True, inline="always")
def _positive(hidden, which, value, line, first):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The hidden units above 0 and where their output weights begin; how many there are."""
    active = np.uint64(0)
    for h in range(np.uint64(hidden.shape[0])):
        which[active] = h * line + first
        value[active] = hidden[h]
        if hidden[h] > 0:
            active += _ONE
    return active


@njit(nogil=True, cache=True, inline="always")
def _multiply(share, v, out, which, value, active):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add the output weights of active units, four at a time."""
    whole = active - active % _FOUR
    for q in range(np.uint64(0), whole, _FOUR):
        w0, w1, w2, w3 = which[q], which[q + _ONE], which[q + _TWO], which[q + _ONE + _TWO]
        h0, h1, h2, h3 = value[q], value[q + _ONE], value[q + _TWO], value[q + _ONE + _TWO]
        for t in range(v):
            share[t] += (h0 * out[w0 + t] + h1 * out[w1 + t]) + (
                h2 * out[w2 + t] + h3 * out[w3 + t]
            )
    for q in range(whole, active):
        w0, h0 = which[q], value[q]
        for t in range(v):
            share[t] += h0 * out[w0 + t]


@njit(nogil=True, cache=True)
def _pick(share, u, weights, given):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A token by its logits: where the running sum of their shares passes ``u``."""
    highest = share[0]
    for t in range(1, len(share)):
        highest = max(highest, share[t])
    for t in range(len(share)):
        share[t] = math.exp(share[t] - highest)
    if given:
        for t in range(len(share)):
            share[t] *= weights[t]
    total = np.float64(0.0)
    for t in range(len(share)):
        total += share[t]
    if given and total <= 0.0:  # none of them is likely at all: as they are in the source
        for t in range(len(share)):
            share[t] = weights[t]
            total += share[t]
    goal, running, last = u * total, 0.0, 0
    for t in range(len(share)):
        if share[t] > 0:
            last = t
            running += share[t]
            if running > goal:
                return t
    return last


register("argn", sample)
