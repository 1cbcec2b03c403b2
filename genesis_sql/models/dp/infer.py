"""One distribution out of noisy marginals that do not agree.

Private-PGM (McKenna, Sheldon, Miklau, "Graphical-model based estimation and inference for
differential privacy", 2019): the distribution of largest entropy among those whose marginals are
nearest to what was measured, found by mirror descent over a junction tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """The distribution: probabilities of the cliques of a junction tree.

    ``potentials`` are those of the measurements in order, where another descent may begin.
    """

    tree: JunctionTree
    probabilities: tuple[np.ndarray, ...]
    potentials: tuple[np.ndarray, ...] = ()

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


class _Fit:
    """How far the distribution of some potentials is from what was measured."""

    def __init__(self, sizes: Sequence[int], rows: float, measured: Sequence[Measured]) -> None:
        self.tree = junction_tree(sizes, [m.clique for m in measured])
        self.measured = measured
        cliques = self.tree.cliques
        self.home = [
            next(i for i, c in enumerate(cliques) if set(m.clique) <= set(c)) for m in measured
        ]
        self.shape = [[sizes[v] for v in c] for c in cliques]
        self.targets = [m.counts / rows for m in measured]
        most = max(float(np.max(m.weight)) for m in measured)
        self.weights = [m.weight / most for m in measured]

    def look(self, at: list[np.ndarray]) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
        """The loss, the probabilities of the cliques, and the slope for each measurement."""
        held = [np.zeros(shape) for shape in self.shape]
        for i, m, potential in zip(self.home, self.measured, at, strict=True):
            held[i] += _onto(potential, m.clique, self.tree.cliques[i])
        probabilities = beliefs(self.tree, held)
        apart = [
            marginal_of(probabilities[i], self.tree.cliques[i], m.clique) - t
            for i, m, t in zip(self.home, self.measured, self.targets, strict=True)
        ]
        slope = [w * a for w, a in zip(self.weights, apart, strict=True)]
        loss = sum(float((s * a).sum()) for s, a in zip(slope, apart, strict=True))
        return loss, probabilities, slope


def estimate(
    sizes: Sequence[int],
    rows: float,
    measured: Sequence[Measured],
    begin: Estimate | None = None,
    steps: int = STEPS,
) -> Estimate:
    """The distribution that fits what was measured.

    Descent with momentum, begun anew where it overshoots (Nesterov 1983; O'Donoghue, Candes 2015).

    Args:
        sizes: codes of each column.
        rows: how many rows the counts are of.
        measured: marginals; each column is in one of them.
        begin: what was found of the first of them.
        steps: at most.
    """
    fit = _Fit(sizes, rows, measured)
    at = list(begin.potentials) if begin is not None else []
    at += [_first(m, t) for m, t in zip(measured, fit.targets, strict=True)][len(at) :]
    loss, probabilities, slope = fit.look(at)
    ahead, pace, age = at, 1.0, 0
    for _ in range(steps):
        here = fit.look(ahead) if age else (loss, probabilities, slope)
        for _ in range(HALVED):
            tried = [x - pace * s for x, s in zip(ahead, here[2], strict=True)]
            new = fit.look(tried)
            if new[0] <= here[0]:
                break
            pace /= 2
        else:
            break
        if new[0] > loss:  # momentum led astray
            ahead, age = at, 0
            continue
        gain, age = loss - new[0], age + 1
        push = (age - 1) / (age + 2)
        ahead = [x + push * (x - old) for x, old in zip(tried, at, strict=True)]
        at, pace = tried, pace * 1.2
        loss, probabilities, slope = new
        if gain < CLOSE * loss or loss < EXACT:
            break
    return Estimate(fit.tree, tuple(probabilities), tuple(at))


def _first(measured: Measured, target: np.ndarray) -> np.ndarray:
    """Where a descent begins: columns as they are alone, pairs independent."""
    if len(measured.clique) > 1:
        return np.zeros(target.shape)
    return np.asarray(np.log(np.maximum(target, 1e-6)))
