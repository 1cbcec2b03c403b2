"""Variational autoencoder over tokens: `tvae`.

After TVAE (Xu, Skoularidou, Cuesta-Infante, Veeramachaneni 2019, "Modeling Tabular data using
Conditional GAN", arXiv 1907.00503); the prior is a learnt mixture, as in VaDE (Jiang, Zheng, Tan,
Tang, Zhou 2017, arXiv 1611.05148).

    z ~ sum_k pi_k(context) N(mean_k, spread_k)      a point of the latent space
    x_j ~ softmax(decoder(z, context)_j)             each column on its own, given z

Columns that belong together have to agree by z alone, and a mixture leaves fewer points between
the rows that there are than one normal distribution does. Every column is a softmax over its
tokens. Rows enter by the sum of a vector for each token: a dense layer on one-hot columns, without
making them.

Sizes in comments: B rows, C columns, K context columns, Z latent, H hidden, M components, V tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genesis_sql.models.neural.data import Field, Rows, fields_like
from genesis_sql.models.neural.latent import (
    Tokens,
    columns_of,
    normals,
    shares_of,
    start_of,
    token_at,
    tokens_at,
    uniforms,
)
from genesis_sql.models.neural.network import Learning, Linear, normal
from genesis_sql.models.neural.sampling import Asked, Held, register
from genesis_sql.models.neural.training import Batch, Budget

APART = 0.25  # weight of the divergence; 1/2 in TVAE, whose loss counts what is rebuilt twice
NARROW = -2.0  # log of the posterior's spread at first: at 0 the decoder learns to do without z
FEW = 5_000  # rows: with less the layers are half as wide
LEAST_SPREAD = -4.0  # log of a component's spread: no component is a single row


@dataclass(frozen=True)
class Config:
    """Sizes of the network."""

    sizes: tuple[int, ...]
    inputs: tuple[int, ...]
    latent: int = 32
    hidden: int = 256
    components: int = 64

    @staticmethod
    def of(rows: Rows) -> Config:
        """The sizes for a table."""
        sizes, inputs = (tuple(f.size for f in fs) for fs in (rows.fields, rows.inputs))
        hidden = Config.hidden if rows.size >= FEW else Config.hidden // 2
        components = int(np.clip(rows.size // 100, 1, Config.components))
        return Config(sizes, inputs, hidden=hidden, components=components)


class Tvae(nn.Module):
    """Encoder, prior and decoder."""

    def __init__(self, config: Config, fields: Sequence[Field], seed: int) -> None:
        super().__init__()
        self.config = config
        by = torch.Generator().manual_seed(seed)
        z, h, m = config.latent, config.hidden, config.components
        self.read = Tokens((*config.sizes, *config.inputs), h, by)
        self.encode = Linear(h, h, by, gain=math.sqrt(2))
        self.posterior = Linear(h, 2 * z, by, gain=0.1)
        self.posterior.bias.data[z:] = NARROW
        self.means = normal(m, z, spread=1.0, by=by)
        self.spreads = nn.Parameter(torch.zeros(m, z))
        self.weigh = Tokens(config.inputs, m, by, gain=0.1)
        self.told = Tokens(config.inputs, h, by)
        self.first = Linear(z, h, by, gain=math.sqrt(2))
        self.second = Linear(h, h, by, gain=math.sqrt(2))
        self.out = Linear(h, sum(config.sizes), by, gain=0.1)
        self.out.bias.data = start_of(fields)

    def decode(self, z: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Logits of all columns side by side: z (B, Z), context (B, K) -> (B, sum of V)."""
        h = F.relu(self.first(z) + self.told(context))
        logits: torch.Tensor = self.out(F.relu(self.second(h)))
        return logits

    def log_prior(self, z: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Log density of points: (B,)."""
        spread = self.spreads.clamp_min(LEAST_SPREAD)  # (M, Z)
        # (z - mean)² / spread² as three matrix products: (B, M)
        by = torch.exp(-2 * spread)
        far = z.square() @ by.T - 2 * z @ (self.means * by).T + (self.means.square() * by).sum(1)
        weight = torch.log_softmax(self.weigh(context), 1)
        return torch.logsumexp(weight - far / 2 - spread.sum(1), 1) - z.shape[1] * _HALF_LOG_TAU

    def loss(self, batch: Batch, by: torch.Generator | None = None) -> torch.Tensor:
        """Nats to rebuild a row and a share of the divergence, mean of the batch."""
        x, context = batch.tokens, batch.context
        h = F.relu(self.encode(F.relu(self.read(torch.cat([x, context], 1)))))
        mean, spread = self.posterior(h).chunk(2, dim=1)  # (B, Z) each
        own = by or torch.Generator(x.device).manual_seed(0)  # validation: the same noise
        noise = torch.empty_like(mean).normal_(generator=own)
        z = mean + spread.exp() * noise
        posterior = -(noise.square() / 2 + spread).sum(1) - z.shape[1] * _HALF_LOG_TAU
        parts = columns_of(self.decode(z, context), self.config.sizes)
        wrong = [F.cross_entropy(logits, x[:, j]) for j, logits in enumerate(parts)]
        apart: torch.Tensor = (posterior - self.log_prior(z, context)).mean()
        return torch.stack(wrong).sum() + APART * apart


_HALF_LOG_TAU = math.log(2 * math.pi) / 2


def begin(rows: Rows, device: torch.device, seed: int) -> tuple[Config, Learning]:
    """A network of the sizes of a table, and its training."""
    config = Config.of(rows)
    network = Tvae(config, rows.fields, seed)
    return config, Learning(network, device, seed=seed)


BUDGET = Budget(epochs=300, batch=256, rate=2e-3, steps=64)


# sampling


def sample(held: Held, asked: Asked) -> np.ndarray:
    """Tokens of rows, of shape (B, C)."""
    latent = [f"#latent {i}" for i in range(held.about["config"]["latent"])]
    words = np.stack([asked.words(n) for n in ("#component", *held.fields, *latent)])
    return held.in_blocks(_draw, asked.context, words)


def _draw(held: Held, context: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Context (B, K), words (1 + C + Z, B) -> tokens (B, C)."""
    network: Tvae = held.network(_network)
    c = len(network.config.sizes)
    u = uniforms(words[: 1 + c])
    at = token_at(torch.softmax(network.weigh(context), 1), u[0])  # (B,)
    spread = network.spreads.clamp_min(LEAST_SPREAD).exp()
    z = network.means[at] + spread[at] * normals(words[1 + c :]).T  # (B, Z)
    shares = shares_of(network.decode(z, context), network.config.sizes)
    return tokens_at(shares, u[1:])


def _network(held: Held) -> Tvae:
    config = Config(**held.config)
    return Tvae(config, fields_like(config.sizes), 0)


register("tvae", sample)
