"""Autoregressive network over tokens, any column order: `argn`.

After TabularARGN (Tiwald, Krchova, Sidorenko, Vargas Vieyra, Scriminaci, Platzer 2025, arXiv
2501.12012), with the masks of MADE (Germain, Gregor, Murray, Larochelle 2015, arXiv 1502.03509).

    p(x) = prod_j p(x_j | x_i for i before j)      for any order of the columns

Every column has a small network of its own, one hidden layer wide, that reads the embeddings of
the columns before it. All of them are one matrix product: the columns that do not stand before
are masked in the weights, and tell by a vector of their own that they are not known. Batches take
the natural order or one by chance, so that what is asked for can be drawn first.

Sizes in comments: B rows, C columns, K context columns, E embedding, H hidden, V tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genesis_sql.models.neural.data import Field, Rows, fields_like
from genesis_sql.models.neural.network import Learning, Linear, dropped, normal
from genesis_sql.models.neural.sampling import Held
from genesis_sql.models.neural.training import Batch, Budget

BY_CHANCE = 0.5  # batches whose order is drawn; the others keep the natural one
PARAMETERS = 4_000_000  # of the first layer, about: hidden layers of wide tables are narrower


@dataclass(frozen=True)
class Config:
    """Sizes of the network; the natural order of the columns is that of the fields."""

    sizes: tuple[int, ...]
    inputs: tuple[int, ...]
    embedding: int = 16
    hidden: int = 128
    dropout: float = 0.1

    @staticmethod
    def of(rows: Rows) -> Config:
        """The sizes for a table."""
        sizes, inputs = (tuple(f.size for f in fs) for fs in (rows.fields, rows.inputs))
        wide = len(sizes) * (len(sizes) + len(inputs)) * Config.embedding
        hidden = int(np.clip(PARAMETERS // wide, 32, Config.hidden)) // 8 * 8
        return Config(sizes, inputs, hidden=hidden)


class Argn(nn.Module):
    """The networks of all columns as one."""

    def __init__(self, config: Config, fields: Sequence[Field], seed: int) -> None:
        super().__init__()
        self.config = config
        by = torch.Generator().manual_seed(seed)
        total, columns = sum(config.sizes) + sum(config.inputs), len(config.sizes)
        width = (columns + len(config.inputs)) * config.embedding
        self.embedding = normal(total, config.embedding, spread=0.5, by=by)
        self.first = normal(width, columns * config.hidden, spread=width**-0.5, by=by)
        self.bias = nn.Parameter(torch.zeros(columns * config.hidden))
        self.absent = nn.Parameter(torch.zeros(columns, columns * config.hidden))
        self.out = nn.ModuleList(Linear(config.hidden, v, by, gain=0.1) for v in config.sizes)
        for field, out in zip(fields, self.out, strict=True):
            out.bias.data = torch.log(torch.tensor(field.share, dtype=torch.float32) + 1e-6)
        begins = np.r_[0, np.cumsum([*config.sizes, *config.inputs])[:-1]]
        self.begins: torch.Tensor
        self.register_buffer("begins", torch.from_numpy(begins.astype(np.int64)), persistent=False)
        self.order_by = np.random.default_rng([seed, 11])

    def hidden(self, x: torch.Tensor, context: torch.Tensor, order: Sequence[int]) -> torch.Tensor:
        """Hidden layers of all columns for one order: (B, C, H)."""
        c, size = len(self.config.sizes), self.config.hidden
        place = torch.empty(c, dtype=torch.long)
        place[torch.as_tensor(list(order))] = torch.arange(c)
        before = (place[:, None] < place[None, :]).to(x.device, self.first.dtype)  # (from, to)
        mask = before.repeat_interleave(size, dim=1)  # (C, C·H)
        rows = mask.repeat_interleave(self.config.embedding, dim=0)  # (C·E, C·H)
        always = rows.new_ones(len(self.config.inputs) * self.config.embedding, c * size)
        weight = self.first * torch.cat([rows, always])
        bias = self.bias + (self.absent * (1 - mask)).sum(0)
        held = torch.cat([x, context], dim=1) + self.begins  # (B, C + K)
        flat = F.embedding(held, self.embedding).flatten(1)  # (B, (C + K)·E)
        return F.relu(flat @ weight + bias).view(len(x), c, size)

    def loss(self, batch: Batch, by: torch.Generator | None = None) -> torch.Tensor:
        """Negative log-likelihood of a row, mean of the batch, in nats."""
        order: Sequence[int] = range(len(self.config.sizes))
        if by is not None and self.order_by.random() < BY_CHANCE:
            order = self.order_by.permutation(len(order)).tolist()
        h = dropped(self.hidden(batch.tokens, batch.context, order), self.config.dropout, by)
        parts = [
            F.cross_entropy(out(h[:, j]), batch.tokens[:, j]) for j, out in enumerate(self.out)
        ]
        return torch.stack(parts).sum()


def begin(rows: Rows, device: torch.device, seed: int) -> tuple[Config, Learning]:
    """A network of the sizes of a table, and its training."""
    config = Config.of(rows)
    network = Argn(config, rows.fields, seed)
    return config, Learning(network, device, seed=seed)


BUDGET = Budget(epochs=200, batch=512, rate=2e-3, steps=64)


# sampling on tensors


def sample_torch(
    held: Held,
    context: torch.Tensor,
    u: torch.Tensor,
    order: Sequence[int],
    given: dict[int, np.ndarray],
) -> torch.Tensor:
    """The same on tensors: context (B, K), u (C, B) -> tokens (B, C)."""
    network = held.network(_network)
    c, h, e = len(order), network.config.hidden, network.config.embedding
    first = network.first.view(-1, e, c, h)  # (C + K, E, C, H)
    absent = network.absent.view(c, c, h)
    tokens = torch.zeros(len(context), c, dtype=torch.long, device=context.device)
    flat = F.embedding(context + network.begins[c:], network.embedding).flatten(1)
    known = list(range(c, len(first)))
    for at, j in enumerate(order):
        base = network.bias.view(c, h)[j] + absent[order[at:], j].sum(0)
        hidden = F.relu(flat @ first[known, :, j].flatten(0, 1) + base)  # (B, H)
        share = torch.softmax(network.out[j](hidden).double(), 1)  # (B, V)
        if j in given:
            share = share * torch.as_tensor(given[j], device=share.device)
        running = share.cumsum(1)
        picked = (running <= u[j][:, None] * running[:, -1:]).sum(1)
        tokens[:, j] = picked.clamp_max(share.shape[1] - 1)
        own = F.embedding(tokens[:, j] + network.begins[j], network.embedding)
        flat, known = torch.cat([flat, own], 1), [*known, j]
    return tokens


def _network(held: Held) -> Argn:
    config = Config(**held.config)
    return Argn(config, fields_like(config.sizes), 0)
