"""One distribution out of noisy marginals that do not agree.

Private-PGM (McKenna, Sheldon, Miklau, "Graphical-model based estimation and inference for
differential privacy", 2019): the distribution of largest entropy among those whose marginals are
nearest to what was measured, found by mirror descent over a junction tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

Clique = tuple[int, ...]
"""Columns by number, in order."""

STEPS, HALVED = 400, 25
CLOSE = 1e-5  # a step that gains less of what is left is the last
EXACT = 1e-10  # of squared probabilities: far below any noise


@dataclass(frozen=True, eq=False)
class Measured:
    """A noisy marginal: ``counts`` has an axis for each column of the clique.

    ``weight`` is one over the variance, of all counts or of each.
    """

    clique: Clique
    counts: np.ndarray
    weight: np.ndarray | float


@dataclass(frozen=True, eq=False)
class JunctionTree:
    """Maximal cliques of a chordal graph; ``up[i]`` is the clique before i (-1: none).

    A clique stands behind the one it hangs on; they share ``shared[i]``.
    """

    cliques: tuple[Clique, ...]
    up: tuple[int, ...]
    shared: tuple[Clique, ...]


def junction_tree(sizes: Sequence[int], measured: Iterable[Clique]) -> JunctionTree:
    """The tree that holds all those cliques: columns leave by least fill, ties by size."""
    near: dict[int, set[int]] = {v: set() for v in range(len(sizes))}
    for clique in measured:
        for a, b in combinations(clique, 2):
            near[a].add(b)
            near[b].add(a)
    found: list[Clique] = []
    left = set(near)

    def cost(v: int) -> tuple[int, float, int]:
        around = sorted(near[v] & left)
        fill = sum(b not in near[a] for a, b in combinations(around, 2))
        return fill, float(np.prod([float(sizes[u]) for u in (*around, v)])), v

    while left:
        v = min(left, key=cost)
        around = near[v] & left
        for a, b in combinations(around, 2):
            near[a].add(b)
            near[b].add(a)
        clique = tuple(sorted(around | {v}))
        if not any(set(clique) <= set(c) for c in found):
            found.append(clique)
        left.remove(v)
    return _hung(found)


def _hung(cliques: list[Clique]) -> JunctionTree:
    """Hang each clique on the one it shares most with (a spanning tree of largest weight)."""
    done, up = [0], {0: -1}
    shared: dict[int, Clique] = {0: ()}
    while len(done) < len(cliques):
        best = max(
            ((i, j) for i in range(len(cliques)) if i not in up for j in done),
            key=lambda ij: (len(set(cliques[ij[0]]) & set(cliques[ij[1]])), -ij[0], -ij[1]),
        )
        up[best[0]] = best[1]
        shared[best[0]] = tuple(sorted(set(cliques[best[0]]) & set(cliques[best[1]])))
        done.append(best[0])
    place = {old: new for new, old in enumerate(done)}
    return JunctionTree(
        tuple(cliques[i] for i in done),
        tuple(place[up[i]] if up[i] >= 0 else -1 for i in done),
        tuple(shared[i] for i in done),
    )


def _log_sum(table: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    if not axes:
        return table
    most = table.max(axis=axes, keepdims=True)
    total = np.log(np.exp(table - most).sum(axis=axes, keepdims=True)) + most
    return np.asarray(total.squeeze(axes))


def _onto(table: np.ndarray, of: Clique, clique: Clique) -> np.ndarray:
    """A table over some columns of a clique with its axes in the clique's places."""
    shape = [table.shape[of.index(v)] if v in of else 1 for v in clique]
    return table.reshape(shape)


def _away(clique: Clique, kept: Clique) -> tuple[int, ...]:
    return tuple(i for i, v in enumerate(clique) if v not in kept)


def beliefs(tree: JunctionTree, potentials: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Probabilities of each clique: sums and products along the tree, up and down, in logs."""
    held = [p.copy() for p in potentials]
    sent: dict[int, np.ndarray] = {}
    for i in range(len(held) - 1, 0, -1):
        j = tree.up[i]
        sent[i] = _log_sum(held[i], _away(tree.cliques[i], tree.shared[i]))
        held[j] += _onto(sent[i], tree.shared[i], tree.cliques[j])
    held[0] -= _log_sum(held[0], tuple(range(held[0].ndim)))
    for i in range(1, len(held)):
        j = tree.up[i]
        down = _log_sum(held[j], _away(tree.cliques[j], tree.shared[i])) - sent[i]
        held[i] += _onto(down, tree.shared[i], tree.cliques[i])
    return [np.exp(h) for h in held]


@dataclass(frozen=True, eq=False)
class Estimate:
    """The distribution: probabilities of the cliques of a junction tree."""

    tree: JunctionTree
    probabilities: tuple[np.ndarray, ...]

    def marginal(self, clique: Clique) -> np.ndarray:
        """Probabilities of columns that stand together in a clique."""
        at = next(i for i, c in enumerate(self.tree.cliques) if set(clique) <= set(c))
        return marginal_of(self.probabilities[at], self.tree.cliques[at], clique)


def sample(found: Estimate, rows: int, seed: int = 0) -> list[np.ndarray]:
    """Rows of the distribution, a column of codes each; it shows no more than it does."""
    rng = np.random.default_rng(seed)
    tree, drawn = found.tree, dict[int, np.ndarray]()
    for clique, table, known in zip(tree.cliques, found.probabilities, tree.shared, strict=True):
        new = [v for v in clique if v not in known]
        order = [clique.index(v) for v in (*known, *new)]
        turned = table.transpose(order)
        sizes = turned.shape
        flat = turned.reshape(int(np.prod(sizes[: len(known)])), -1)
        given = np.zeros(rows, np.int64)
        for v, size in zip(known, sizes, strict=False):
            given = given * size + drawn[v]
        cell = _draw(flat, given, rng.random(rows))
        for v, size in reversed(list(zip(new, sizes[len(known) :], strict=True))):
            cell, drawn[v] = np.divmod(cell, size)
    return [drawn[v] for v in sorted(drawn)]


def _draw(table: np.ndarray, row: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A place in the given row of a table for each number u, in proportion to what stands there."""
    sums = np.cumsum(table + 1e-300, axis=1)
    running = sums / sums[:, -1:] + np.arange(len(sums))[:, None]
    at = np.searchsorted(running.ravel(), row + u, "right") - row * table.shape[1]
    return np.asarray(np.clip(at, 0, table.shape[1] - 1), np.int64)


def marginal_of(table: np.ndarray, clique: Clique, kept: Clique) -> np.ndarray:
    """The sum over all other columns."""
    return np.asarray(table.sum(axis=_away(clique, kept)))


def estimate(
    sizes: Sequence[int],
    rows: float,
    measured: Sequence[Measured],
    forbidden: Mapping[Clique, np.ndarray] | None = None,
    steps: int = STEPS,
) -> Estimate:
    """The distribution that fits what was measured.

    Args:
        sizes: codes of each column.
        rows: how many rows the counts are of.
        measured: marginals; each column is in one of them.
        forbidden: bool by clique, cells that cannot be.
        steps: of the descent.
    """
    tree = junction_tree(sizes, [m.clique for m in measured])
    home = [
        next(i for i, c in enumerate(tree.cliques) if set(m.clique) <= set(c)) for m in measured
    ]
    held = [np.zeros([sizes[v] for v in c]) for c in tree.cliques]
    for clique, bad in (forbidden or {}).items():
        i = next(i for i, c in enumerate(tree.cliques) if set(clique) <= set(c))
        held[i] = held[i] + _onto(np.where(bad, -1e3, 0.0), clique, tree.cliques[i])
    targets = [m.counts / rows for m in measured]
    weights = [m.weight for m in measured]
    scale = max(float(np.max(w)) for w in weights)
    weights = [w / scale for w in weights]

    def look(at: list[np.ndarray]) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
        probabilities = beliefs(tree, at)
        apart = [
            marginal_of(probabilities[i], tree.cliques[i], m.clique) - t
            for i, m, t in zip(home, measured, targets, strict=True)
        ]
        loss = sum(float((w * a * a).sum()) for w, a in zip(weights, apart, strict=True))
        return loss, probabilities, apart

    loss, probabilities, apart = look(held)
    pace = 1.0
    for _ in range(steps):
        slope = [np.zeros_like(h) for h in held]
        for i, m, w, a in zip(home, measured, weights, apart, strict=True):
            slope[i] += _onto(2 * w * a, m.clique, tree.cliques[i])
        for _ in range(HALVED):
            tried = [h - pace * s for h, s in zip(held, slope, strict=True)]
            new = look(tried)
            if new[0] <= loss:
                break
            pace /= 2
        else:
            break
        held, pace = tried, pace * 1.5
        (loss, probabilities, apart), before = new, loss
        if before - loss < CLOSE * loss or loss < EXACT:
            break
    return Estimate(tree, tuple(probabilities))
