"""Conditional generative adversarial network over tokens: `ctgan`.

After CTGAN (Xu, Skoularidou, Cuesta-Infante, Veeramachaneni 2019, "Modeling Tabular data using
Conditional GAN", arXiv 1907.00503): the generator is told one token of the row that it has to
make, a column by chance and what a row of the source has there, and pays where it makes another.

    x_j ~ softmax(generator(noise, told token, context)_j)
    critic(x, told token, context) is higher for rows of the source than for made ones

In the place of WGAN-GP (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville 2017, arXiv 1704.00028)
and of ten rows judged together (PacGAN: Lin, Khetan, Fanti, Oh 2018, arXiv 1712.04086) the critic
compares a made row with the row whose token was told (relativistic pairs, Jolicoeur-Martineau
2018, arXiv 1807.00734), which cannot be won by rows of one kind, under zero-centred penalties on
both (R3GAN: Huang, Gokaslan, Kuleshov, Tompkin 2025, arXiv 2501.05441). The critic is piecewise
linear with two layers: its gradient is written out, no second backward pass is needed.

The critic sees whole tokens only. The generator learns by what each other token would have
changed, to first order (straight through: Bengio, Léonard, Courville 2013, arXiv 1308.3432).

Sizes in comments: B rows, C columns, K context columns, Z noise, H hidden, V tokens of all columns.
"""

from __future__ import annotations

import copy
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

PENALTY, EVERY = 0.005, 8  # weight of the gradients' squares; steps between them
FEW = 5_000  # rows: with less the layers are half as wide
SLOPE = 0.2  # of the critic's units below zero
NEAR = 0.1  # of the source's rows between two tokens of a number: how far they look alike
COMPARED = 1024  # rows of a batch that are compared with made ones in validation


@dataclass(frozen=True)
class Config:
    """Sizes of both networks."""

    sizes: tuple[int, ...]
    inputs: tuple[int, ...]
    noise: int = 64
    hidden: int = 256

    @staticmethod
    def of(rows: Rows) -> Config:
        """The sizes for a table."""
        sizes, inputs = (tuple(f.size for f in fs) for fs in (rows.fields, rows.inputs))
        hidden = Config.hidden if rows.size >= FEW else Config.hidden // 2
        return Config(sizes, inputs, hidden=hidden)


class Generator(nn.Module):
    """Noise, a told token and context to logits of all columns."""

    def __init__(self, config: Config, fields: Sequence[Field], seed: int) -> None:
        super().__init__()
        self.config = config
        by = torch.Generator().manual_seed(seed)
        h, total = config.hidden, sum(config.sizes)
        self.told = normal(total, h, spread=0.5, by=by)
        self.context = Tokens(config.inputs, h, by)
        self.first = Linear(config.noise, h, by, gain=math.sqrt(2))
        self.second = Linear(h, h, by, gain=math.sqrt(2))
        self.out = Linear(h, total, by, gain=0.1)
        self.out.bias.data = start_of(fields)
        self.tell = Tokens(config.inputs, total, by, gain=0.1)  # what to tell, by context
        self.tell.bias.data = start_of(fields)

    def forward(
        self, noise: torch.Tensor, told: torch.Tensor, context: torch.Tensor
    ) -> torch.Tensor:
        """Noise (B, Z), told (B,), context (B, K) -> logits (B, V)."""
        h = F.relu(self.first(noise) + F.embedding(told, self.told) + self.context(context))
        logits: torch.Tensor = self.out(F.relu(self.second(h)))
        return logits

    def told_of(self, x: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        """What is told of rows x (B, C): their token in a column of each, (B,)."""
        begins = torch.tensor([0, *self.config.sizes[:-1]], device=x.device).cumsum(0)
        return begins[column] + x.gather(1, column[:, None])[:, 0]

    def told_at(self, u: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """What is told where there is no row yet: u (B,) in [0, 1), context (B, K) -> (B,)."""
        columns = len(self.config.sizes)
        logits = self.tell(context if self.config.inputs else context[:1])
        shares = shares_of(logits, self.config.sizes)
        one = torch.cat(shares, 1).double() / columns  # the column is drawn with its token
        return token_at(one.expand(len(u), -1), u)

    def draw(
        self, noise: torch.Tensor, first: torch.Tensor, u: torch.Tensor, context: torch.Tensor
    ) -> torch.Tensor:
        """Rows (B, C): noise (B, Z), numbers in [0, 1) first (B,) and u (C, B), context (B, K)."""
        logits = self(noise, self.told_at(first, context), context)
        return tokens_at(shares_of(logits, self.config.sizes), u)


class Critic(nn.Module):
    """Rows, what was told and context to a number, in two layers."""

    def __init__(self, config: Config, seed: int) -> None:
        super().__init__()
        self.total = sum(config.sizes)
        by = torch.Generator().manual_seed(seed + 1)
        h = config.hidden
        self.read = Tokens((*config.sizes, *config.inputs), h, by)
        self.told = normal(self.total, h, spread=0.5, by=by)
        self.second = Linear(h, h, by, gain=math.sqrt(2))
        self.last = Linear(h, 1, by)

    def enter(self, x: torch.Tensor, told: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """The sums that enter the first layer's units: (B, H)."""
        entered: torch.Tensor = self.read(torch.cat([x, context], 1))
        return entered + F.embedding(told, self.told)

    def judge(self, entered: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The number of each row (B,), and the sums that enter the second layer (B, H)."""
        middle = self.second(F.leaky_relu(entered, SLOPE))
        return self.last(F.leaky_relu(middle, SLOPE))[:, 0], middle

    def steepness(self, entered: torch.Tensor, middle: torch.Tensor) -> torch.Tensor:
        """Mean square of the gradient with respect to one-hot columns."""
        back = _slopes(middle) * self.last.weight[:, 0] @ self.second.weight.T
        back = back * _slopes(entered)  # (B, H)
        own = self.read.weight[: self.total]  # (V, H)
        return ((back @ (own.T @ own)) * back).sum() / len(back)


def _slopes(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, 1.0, SLOPE)


class Ctgan(nn.Module):
    """Both networks, which share no parameter."""

    def __init__(self, config: Config, fields: Sequence[Field], seed: int) -> None:
        super().__init__()
        self.generator = Generator(config, fields, seed)
        self.critic = Critic(config, seed)


class Adversaries(Learning):
    """Both networks in training: a step of the critic, then one of the generator.

    The optimiser is one: parameters without a gradient stay where they are.
    """

    def __init__(
        self, network: Ctgan, fields: Sequence[Field], device: torch.device, *, seed: int
    ) -> None:
        super().__init__(network, device, seed=seed)
        self.generator, self.critic = network.generator, network.critic
        self.shown = copy.deepcopy(network.generator)
        self.config = network.generator.config
        self.optimizer = torch.optim.AdamW(
            network.parameters(), betas=(0.0, 0.99), weight_decay=0.0, fused=device.type == "cpu"
        )
        self.alike = [_alike(field).to(device) for field in fields]

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        """See `Task.step`; the loss is the sum of both sides'."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        x, context = batch.tokens, batch.context
        noise = torch.empty(len(x), self.config.noise, device=self.device)
        column = torch.randint(x.shape[1], (len(x),), generator=self.by, device=self.device)
        told = self.generator.told_of(x, column)
        logits = self.generator(noise.normal_(generator=self.by), told, context)
        shares = shares_of(logits, self.config.sizes)
        u = torch.rand(x.shape[1], len(x), generator=self.by, device=self.device)
        made = tokens_at([s.detach() for s in shares], u)
        theirs, real = self._learn_critic(x, made, told, context)
        ours = self._learn_generator(batch, made, torch.cat(shares, 1), told, real)
        self.follow()
        return theirs + ours

    def _learn_critic(
        self, x: torch.Tensor, made: torch.Tensor, told: torch.Tensor, context: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The rows x of the source above those that are made; the loss, and what x were worth."""
        both = torch.cat([x, made]), told.repeat(2), context.repeat(2, 1)
        entered = self.critic.enter(*both)
        value, middle = self.critic.judge(entered)
        real, fake = value.chunk(2)
        loss = F.softplus(fake - real).mean()
        if self.steps % EVERY == 0:
            loss = loss + PENALTY * EVERY * self.critic.steepness(entered, middle)
        self._apply(loss)
        return loss.detach(), real.detach()

    def _learn_generator(
        self,
        batch: Batch,
        made: torch.Tensor,
        shares: torch.Tensor,
        told: torch.Tensor,
        real: torch.Tensor,
    ) -> torch.Tensor:
        """The made rows above those of the source, worth ``real``; with the told token in them."""
        x, context = batch.tokens, batch.context
        with torch.no_grad():
            entered = self.critic.enter(made, told, context)
        entered.requires_grad_()
        fake, _ = self.critic.judge(entered)
        lost = F.softplus(real - fake).mean()
        (back,) = torch.autograd.grad(lost, entered)  # (B, H)
        # what each token in the place of the made one would change, to first order: (B, V)
        change = back @ self.critic.read.weight.detach()[: shares.shape[1]].T
        missed = -torch.log(shares.gather(1, told[:, None]) + 1e-8).mean()
        loss = (shares * change).sum() + missed
        if self.config.inputs:
            logits = columns_of(self.generator.tell(context), self.config.sizes)
            loss = (
                loss
                + torch.stack([F.cross_entropy(own, x[:, j]) for j, own in enumerate(logits)]).sum()
            )
        self._apply(loss)
        return lost.detach() + missed.detach()

    def _apply(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def score(self, batch: Batch) -> float:
        """See `Task.score`: the distance of rows made now from those of a batch.

        It is the squared maximum mean discrepancy (Gretton et al. 2012) with the square of the
        share of columns in which two rows are alike: how far the tables of all pairs of columns
        are apart, in percent.
        """
        x, context = batch.tokens[:COMPARED], batch.context[:COMPARED]
        by = torch.Generator(self.device).manual_seed(0)  # the same noise each time
        noise = torch.empty(len(x), self.config.noise, device=self.device).normal_(generator=by)
        u = torch.rand(1 + x.shape[1], len(x), generator=by, device=self.device)
        with torch.no_grad():
            self.shown.load_state_dict(self.best())
            made = self.shown.draw(noise, u[0], u[1:], context)
            real, fake = self._features(x), self._features(made)
            apart = _among(real) + _among(fake) - 2 * (real @ fake.T).square().mean()
        return float(apart) * 100

    def _features(self, x: torch.Tensor) -> torch.Tensor:
        """Rows x (B, C) as vectors whose product is the share of columns in which they agree."""
        parts = [alike[x[:, j]] for j, alike in enumerate(self.alike)]
        out: torch.Tensor = torch.cat(parts, 1) / math.sqrt(len(parts))
        return out

    def best(self) -> dict[str, torch.Tensor]:
        """See `Task.best`: the generator's average."""
        prefix = "generator."
        return {n.removeprefix(prefix): t for n, t in self.average.items() if n.startswith(prefix)}


def _among(rows: torch.Tensor) -> torch.Tensor:
    """The mean square of the products of different rows."""
    near = (rows @ rows.T).square()
    out: torch.Tensor = near.sum() - near.diagonal().sum()
    return out / max(len(rows) * (len(rows) - 1), 1)


def _alike(field: Field) -> torch.Tensor:
    """A vector of length 1 for each token: those of near numbers are alike, (V, …)."""
    if not field.ordered:
        return torch.eye(field.size)
    share = torch.tensor(field.share, dtype=torch.float32)
    place = share.cumsum(0) - share / 2
    far = place[:, None] - torch.arange(0, 1 + NEAR, NEAR)  # (V, knots)
    out = torch.exp(-(far / NEAR).square() / 2)
    out = torch.cat([out, out.new_zeros(len(out), 1)], 1)
    if field.null:
        out[0] = 0
        out[0, -1] = 1
    return F.normalize(out, dim=1)


def begin(rows: Rows, device: torch.device, seed: int) -> tuple[Config, Adversaries]:
    """A network of the sizes of a table, and its training."""
    config = Config.of(rows)
    network = Ctgan(config, rows.fields, seed)
    return config, Adversaries(network, rows.fields, device, seed=seed)


BUDGET = Budget(epochs=200, batch=512, rate=2e-3, steps=64)


# sampling


def sample(held: Held, asked: Asked) -> np.ndarray:
    """Tokens of rows, of shape (B, C)."""
    noise = [f"#noise {i}" for i in range(held.about["config"]["noise"])]
    words = np.stack([asked.words(n) for n in ("#told", *held.fields, *noise)])
    return held.in_blocks(_draw, asked.context, words)


def _draw(held: Held, context: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Context (B, K), words (1 + C + Z, B) -> tokens (B, C)."""
    network: Generator = held.network(_network)
    c = len(network.config.sizes)
    u = uniforms(words[: 1 + c])
    return network.draw(normals(words[1 + c :]).T, u[0], u[1:], context)


def _network(held: Held) -> Generator:
    config = Config(**held.config)
    return Generator(config, fields_like(config.sizes), 0)


register("ctgan", sample)
