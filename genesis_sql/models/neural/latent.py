"""What networks that draw all columns of a row at once share: tokens in, tokens out, noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genesis_sql.models.neural.data import Field
from genesis_sql.models.neural.network import normal
from genesis_sql.program.execute import HALF_OPEN


class Tokens(nn.Module):
    """Tokens (B, columns) -> (B, out): a dense layer on one-hot columns, without making them."""

    def __init__(
        self, sizes: Sequence[int], out: int, by: torch.Generator, gain: float = 1.0
    ) -> None:
        super().__init__()
        spread = gain / max(len(sizes), 1) ** 0.5
        self.weight = normal(sum(sizes), out, spread=spread, by=by)
        self.bias = nn.Parameter(torch.zeros(out))
        begins = np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int64)[: len(sizes)]
        self.begins: torch.Tensor
        self.register_buffer("begins", torch.from_numpy(begins), persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The sum of the tokens' vectors; without columns the bias for each row."""
        if not len(self.begins):
            return self.bias.expand(len(tokens), -1)
        return F.embedding_bag(tokens + self.begins, self.weight, mode="sum") + self.bias


def start_of(fields: Sequence[Field]) -> torch.Tensor:
    """Logits of the shares of the source, all columns side by side: (sum of V,)."""
    shares = [s for field in fields for s in field.share]
    return torch.log(torch.tensor(shares, dtype=torch.float32) + 1e-6)


def uniforms(words: torch.Tensor) -> torch.Tensor:
    """Numbers in [0, 1) of words, float64."""
    return words.double() * HALF_OPEN


def normals(words: torch.Tensor) -> torch.Tensor:
    """Normal numbers of words, float32."""
    out: torch.Tensor = torch.special.ndtri((words.double() + 0.5) * HALF_OPEN)
    return out.float()


def columns_of(x: torch.Tensor, sizes: Sequence[int]) -> Sequence[torch.Tensor]:
    """Numbers of all columns side by side (B, sum of V), cut into (B, V) each."""
    parts: Sequence[torch.Tensor] = torch.split(x, list(sizes), dim=1)
    return parts


def shares_of(logits: torch.Tensor, sizes: Sequence[int]) -> list[torch.Tensor]:
    """Logits of all columns side by side (B, sum of V) as shares of each, (B, V) each."""
    return [torch.softmax(own, 1) for own in columns_of(logits, sizes)]


def tokens_at(shares: Sequence[torch.Tensor], u: torch.Tensor) -> torch.Tensor:
    """A token of each column, the inverse of its running share at u (C, B) in [0, 1): (B, C).

    All columns stand in one running sum, in which each is looked for in its own stretch.
    """
    running = torch.cat(list(shares), 1).cumsum(1, dtype=torch.float64)  # (B, sum of V)
    ends = torch.tensor([s.shape[1] for s in shares], device=u.device).cumsum(0)
    begins = F.pad(ends, (1, 0))[:-1]
    high = running[:, ends - 1]
    low = F.pad(high, (1, 0))[:, :-1]
    at = torch.searchsorted(running, low + u.T.double() * (high - low), right=True)
    return torch.minimum(torch.maximum(at, begins), ends - 1) - begins


def token_at(share: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """The same of one column: share (B, V), u (B,) -> (B,)."""
    return tokens_at([share], u[None])[:, 0]
