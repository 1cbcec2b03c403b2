"""Which pairs of columns are measured: a tree (MST), then those that the tree explains worst (AIM).

McKenna, Miklau, Sheldon, "Winning the NIST Contest" (2021), and McKenna, Mullins, Sheldon, Miklau,
"AIM: An Adaptive and Iterative Mechanism for Differentially Private Synthetic Data" (2022): its
score, in few rounds of fixed noise, on pairs that keep the junction tree small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.dp.columns import Counted
from genesis_sql.models.dp.infer import (
    Clique,
    Estimate,
    JunctionTree,
    Measured,
    junction_tree,
    sample,
)
from genesis_sql.models.dp.meter import Meter

MOST_COLUMNS = 40  # with more, the tree alone is measured
MOST_CELLS = 4_000  # of a clique of the junction tree
ROUNDS = 2  # batches of further pairs, each chosen beside what is known by then
SAMPLE = 100_000  # rows that stand for the distribution so far


@dataclass(frozen=True, eq=False)
class Market:
    """Sells pairs of columns.

    Attributes:
        meter: what is paid.
        columns: as far as they are known.
        codes: their groups of the rows: exact, and counted through the meter alone.
        price: of a pair, in rho.
    """

    meter: Meter
    columns: Sequence[Counted]
    codes: Sequence[np.ndarray]
    price: float

    @property
    def noise(self) -> float:
        """Standard deviation of the noise on each cell of a pair."""
        return self.meter.most / math.sqrt(2 * self.price)

    def true(self, pair: Clique) -> np.ndarray:
        """Exact counts of a pair: not to be shown."""
        a, b = pair
        sizes = (self.columns[a].groups, self.columns[b].groups)
        flat = self.codes[a] * sizes[1] + self.codes[b]
        return np.bincount(flat, minlength=sizes[0] * sizes[1]).reshape(sizes)

    def buy(self, pair: Clique) -> Measured:
        """Noisy counts of a pair."""
        noisy = self.meter.counts(self.true(pair), self.price)
        return Measured(pair, noisy.counts, 1 / noisy.variance)

    def score(self, pair: Clique, expected: np.ndarray) -> int:
        """How far a pair is from what is expected of it, less the noise it would come with.

        L1 distance of counts; a row changes it by 1.
        """
        true = self.true(pair)
        penalty = int(math.sqrt(2 / math.pi) * self.noise * true.size)
        return int(np.abs(true - np.rint(expected).astype(np.int64)).sum()) - penalty


def choose_tree(market: Market, above: int, rho: float) -> list[Clique]:
    """A spanning tree of pairs far from independent, by the exponential mechanism.

    The first ``above`` columns are the parent's: known, and joined already.
    """
    d = len(market.columns)
    pairs = [(a, b) for a in range(d) for b in range(max(a + 1, above), d)]
    alone = [c.by_group() for c in market.columns]
    total = [max(float(x.sum()), 1.0) for x in alone]
    scores = np.empty(len(pairs), np.int64)
    for at, (a, b) in enumerate(pairs):
        share = alone[a] if a >= above else alone[a] / total[a] * total[b]
        scores[at] = market.score((a, b), np.outer(share, alone[b] / total[b]))
    joined = [max(v, above - 1) if above else v for v in range(d)]
    chosen: list[Clique] = []
    rounds = d - max(above, 1)
    for _ in range(rounds):
        able = np.array([i for i, (a, b) in enumerate(pairs) if joined[a] != joined[b]])
        best = pairs[int(able[market.meter.choose(scores[able], rho / rounds)])]
        chosen.append(best)
        old, new = joined[best[1]], joined[best[0]]
        joined = [new if x == old else x for x in joined]
    return chosen


def extra_pairs(columns: int) -> int:
    """How many pairs are measured beside the tree."""
    left = columns * (columns - 1) // 2 - (columns - 1)
    return min(columns, left) if columns <= MOST_COLUMNS else 0


def batches(pairs: int) -> list[int]:
    """They are chosen in batches."""
    return [n for n in (pairs // ROUNDS + (i < pairs % ROUNDS) for i in range(ROUNDS)) if n]


def choose_pairs(
    market: Market,
    found: Estimate,
    known: Sequence[Clique],
    wanted: int,
    rho: float,
    rows: int,
) -> list[Clique]:
    """Pairs that the distribution so far explains worst, for ``rho`` each.

    Those that would make the junction tree too large are left out; fewer may be left.
    """
    d = len(market.columns)
    sizes = [c.groups for c in market.columns]
    drawn = sample(found, SAMPLE)
    pairs = [(a, b) for a in range(d) for b in range(a + 1, d) if (a, b) not in known]
    scores = {}
    for a, b in pairs:
        flat = np.bincount(drawn[a] * sizes[b] + drawn[b], minlength=sizes[a] * sizes[b])
        expected = flat.reshape(sizes[a], sizes[b]) * (rows / SAMPLE)
        scores[a, b] = market.score((a, b), expected)
    chosen: list[Clique] = []
    for _ in range(wanted):
        held = [*known, *chosen]
        able = [p for p in pairs if p not in chosen and _small(sizes, [*held, p])]
        if not able:
            break
        at = market.meter.choose(np.array([scores[p] for p in able]), rho)
        chosen.append(able[at])
    return chosen


def _small(sizes: Sequence[int], cliques: Sequence[Clique]) -> bool:
    return most_cells(sizes, junction_tree(sizes, cliques)) <= MOST_CELLS


def most_cells(sizes: Sequence[int], tree: JunctionTree) -> int:
    """Cells of the largest clique."""
    return max(math.prod(sizes[v] for v in clique) for clique in tree.cliques)
