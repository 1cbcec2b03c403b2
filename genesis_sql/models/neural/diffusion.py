"""Masked diffusion over tokens, numbers and labels alike: `diffusion`.

After MDLM (Sahoo, Arriola, Schiff, Gokaslan, Marroquin, Chiu, Rush, Kuleshov 2024, arXiv
2406.07524) and TabDiff (Shi, Xu, Hua, Zhang, Ermon, Leskovec 2025, arXiv 2410.20626); the loss by
number of masks is that of autoregressive diffusion (Hoogeboom, Gritsenko, Bastings, Poole, van den
Berg, Salimans 2022, arXiv 2110.02037).

Noise hides the fields of a row one after the other, in any order, until none is left; the network
sees what is still there and tells what stood behind each mask:

    -log p(x) <= mean over k = 1 … C, and over k masks, of  C / k · sum of -log p(x_j | the others)

Rows are drawn backwards: all masks, then in steps, each row in an order of its own.

Numbers are masked as well. On Adult, 300 s on a busy core, Gaussian noise on their positions, with
masks for labels only (50 steps, as TabDiff), had a C2ST of .607, masks for all .512.

Sizes in comments: B rows, C fields, K context fields, E embedding, W width, V tokens of a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genesis_sql.models.neural.data import Field, Rows, fields_like
from genesis_sql.models.neural.network import Learning, Linear, normal
from genesis_sql.models.neural.sampling import Asked, Held, register
from genesis_sql.models.neural.training import Batch, Budget
from genesis_sql.program.draw import M1, M2
from genesis_sql.program.execute import HALF_OPEN

STEPS = 50  # of sampling at most: wider tables unmask several fields at once
LEAST = 1e-30  # share of a token that is asked for, however unlikely it is


@dataclass(frozen=True)
class Config:
    """Sizes of the network."""

    sizes: tuple[int, ...]
    inputs: tuple[int, ...]
    embedding: int = 16
    width: int = 256
    blocks: int = 2

    @staticmethod
    def of(rows: Rows) -> Config:
        """The sizes for a table."""
        return Config(tuple(f.size for f in rows.fields), tuple(f.size for f in rows.inputs))


class Residual(nn.Module):
    """x (B, W) -> x + two layers of the normalised x."""

    def __init__(self, width: int, by: torch.Generator) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = Linear(width, 2 * width, by)
        self.down = Linear(2 * width, width, by, gain=0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block."""
        made: torch.Tensor = self.down(F.silu(self.up(self.norm(x))))
        return x + made


class Denoiser(nn.Module):
    """Tells the tokens behind masks; the token V of a field is its mask."""

    def __init__(self, config: Config, fields: Sequence[Field], seed: int) -> None:
        super().__init__()
        self.config = config
        by = torch.Generator().manual_seed(seed)
        places = [*(v + 1 for v in config.sizes), *config.inputs]  # tokens, and masks
        self.embedding = normal(sum(places), config.embedding, spread=0.5, by=by)
        begins = np.r_[0, np.cumsum(places)[:-1]].astype(np.int64)
        for field, at in zip(fields, begins.tolist(), strict=False):
            if field.ordered:
                _as_waves(self.embedding.data[at + field.null : at + field.size], by)
        self.first = Linear(len(places) * config.embedding, config.width, by)
        self.blocks = nn.ModuleList(Residual(config.width, by) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.ModuleList(Linear(config.width, v, by, gain=0.1) for v in config.sizes)
        for field, out in zip(fields, self.out, strict=True):
            out.bias.data = torch.log(torch.tensor(field.share, dtype=torch.float32) + 1e-6)
        self.begins: torch.Tensor
        self.masks: torch.Tensor
        self.register_buffer("begins", torch.from_numpy(begins), persistent=False)
        self.register_buffer("masks", torch.tensor(config.sizes), persistent=False)

    def hidden(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """What is known of rows, x (B, C) with masks, context (B, K): (B, W)."""
        held = torch.cat([x, context], dim=1) + self.begins  # (B, C + K)
        h = self.first(F.embedding(held, self.embedding).flatten(1))  # (B, W)
        for block in self.blocks:
            h = block(h)
        normed: torch.Tensor = self.norm(h)
        return normed

    def loss(self, batch: Batch, by: torch.Generator | None = None) -> torch.Tensor:
        """A bound of the negative log-likelihood of a row, mean of the batch, in nats.

        Validation has the same masks each time.
        """
        x = batch.tokens
        b, c = x.shape
        masks = torch.Generator(x.device).manual_seed(0) if by is None else by
        # numbers of masks are spread evenly over the batch
        shift = torch.rand(1, device=x.device, generator=masks)
        even = (torch.arange(b, device=x.device) / b + shift) % 1
        number = (even * c).long().clamp_max(c - 1) + 1  # (B,), 1 … C
        place = torch.rand(b, c, device=x.device, generator=masks).argsort(1).argsort(1)
        masked = place < number[:, None]  # (B, C)
        h = self.hidden(torch.where(masked, self.masks, x), batch.context)
        parts = [
            F.cross_entropy(out(h), x[:, j], reduction="none") for j, out in enumerate(self.out)
        ]
        weight = masked * (c / number[:, None])
        return (torch.stack(parts, 1) * weight).sum() / b


def _as_waves(embedding: torch.Tensor, by: torch.Generator) -> None:
    """Tokens on a scale begin as waves of random frequency: (V, E) is filled."""
    size, e = embedding.shape
    position = torch.linspace(0, 1, max(size, 1))[:, None]  # (V, 1)
    frequency = torch.empty(e).exponential_(1 / 8.0, generator=by)
    phase = torch.empty(e).uniform_(0, 2 * torch.pi, generator=by)
    embedding.copy_(0.7 * torch.cos(position * frequency + phase))


def begin(rows: Rows, device: torch.device, seed: int) -> tuple[Config, Learning]:
    """A network of the sizes of a table, and its training."""
    config = Config.of(rows)
    network = Denoiser(config, rows.fields, seed)
    return config, Learning(network, device, seed=seed)


BUDGET = Budget(epochs=400, batch=512, rate=2e-3, steps=64)


# sampling


def sample(held: Held, asked: Asked) -> np.ndarray:
    """Tokens of rows, integers of shape (B, C)."""
    noise = np.stack([asked.words("a"), asked.words("b")]).astype(np.int64)  # (2, B)
    return held.in_blocks(_denoise, asked.context, noise, asked.given)


def _denoise(
    held: Held, context: torch.Tensor, noise: torch.Tensor, given: dict[int, np.ndarray]
) -> torch.Tensor:
    """Tokens (B, C) of rows with context (B, K) and two words each, noise (2, B).

    Each row unmasks its fields in an order of its own, as in training; those that have weights
    ``given`` come first.
    """
    network = held.network(_network)
    c = len(network.config.sizes)
    order = _words(noise, torch.arange(c, device=noise.device))  # (B, C)
    for at, j in enumerate(given):
        order[:, j] = at - len(given)
    place = order.argsort(dim=1, stable=True).argsort(1)  # (B, C), 0 … C - 1
    steps = min(c, STEPS)
    step = place * steps // c
    u = _words(noise, torch.arange(c, 2 * c, device=noise.device)).double() * HALF_OPEN  # (B, C)
    tokens: torch.Tensor = network.masks.expand(len(context), c)
    weights = {j: torch.as_tensor(weight, device=noise.device) for j, weight in given.items()}
    for now in range(steps):
        h = network.hidden(tokens, context)
        found = []
        for j, out in enumerate(network.out):
            share = torch.softmax(out(h), 1).double()  # (B, V)
            if j in weights:
                share = (share + LEAST) * weights[j]
            running = share.cumsum(1)
            found.append((running <= u[:, j, None] * running[:, -1:]).sum(1))
        picked = torch.minimum(torch.stack(found, 1), network.masks - 1)
        tokens = torch.where(step == now, picked, tokens)
    return tokens


def _words(noise: torch.Tensor, counter: torch.Tensor) -> torch.Tensor:
    """A word below 2**32 per row and counter, int64 (B, counters): the mixer of `program.draw`."""
    x = _mix(noise[0][:, None] ^ counter)
    return _mix((x + noise[1][:, None]) & 0xFFFFFFFF)


def _mix(x: torch.Tensor) -> torch.Tensor:
    x = x ^ (x >> 16)
    x = (x * M1) & 0xFFFFFFFF
    x = x ^ (x >> 15)
    x = (x * M2) & 0xFFFFFFFF
    return x ^ (x >> 15)


def _network(held: Held) -> Denoiser:
    config = Config(**held.config)
    return Denoiser(config, fields_like(config.sizes), 0)


register("diffusion", sample)
