"""One distribution out of noisy marginals: exact where they agree, sampled as it says."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sql.models.dp.compose import router
from genesis_sql.models.dp.infer import Measured, beliefs, estimate, junction_tree, sample

RNG = np.random.default_rng(3)
SIZES = [3, 4, 2, 5]


def table() -> np.ndarray:
    return RNG.dirichlet(np.full(int(np.prod(SIZES)), 0.5)).reshape(SIZES)


def onto(joint: np.ndarray, clique: tuple[int, ...]) -> np.ndarray:
    return joint.sum(axis=tuple(v for v in range(4) if v not in clique))


@pytest.mark.parametrize(
    "cliques", [[(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 2), (0, 2), (2, 3)], [(0,), (1,), (2, 3)]]
)
def test_marginals_that_agree_are_kept(cliques: list[tuple[int, ...]]) -> None:
    joint = table()
    measured = [Measured(c, onto(joint, c) * 1000, 1.0) for c in cliques]
    found = estimate(SIZES, 1000, measured, steps=3000)
    for c in cliques:
        assert np.abs(found.marginal(c) - onto(joint, c)).max() < 3e-3, c


def test_beliefs_are_what_the_product_says() -> None:
    tree = junction_tree(SIZES, [(0, 1), (1, 2), (0, 2), (2, 3)])
    potentials = [RNG.normal(size=[SIZES[v] for v in c]) for c in tree.cliques]
    whole = np.zeros(SIZES)
    for clique, held in zip(tree.cliques, potentials, strict=True):
        whole = whole + held.reshape([SIZES[v] if v in clique else 1 for v in range(4)])
    joint = np.exp(whole) / np.exp(whole).sum()
    for clique, got in zip(tree.cliques, beliefs(tree, potentials), strict=True):
        assert np.allclose(got, onto(joint, clique))


def test_the_more_exact_count_weighs_more() -> None:
    measured = [
        Measured((0,), np.array([900.0, 100.0]), 1.0),
        Measured((0,), np.array([100.0, 900.0]), 0.01),
    ]
    assert estimate([2], 1000, measured).marginal((0,))[0] > 0.85


def test_samples_follow_the_distribution() -> None:
    joint = table()
    cliques = [(0, 1), (1, 2), (0, 2), (2, 3)]
    found = estimate(SIZES, 1, [Measured(c, onto(joint, c), 1.0) for c in cliques])
    drawn = sample(found, 60_000)
    for a, b in cliques:
        flat = np.bincount(drawn[a] * SIZES[b] + drawn[b], minlength=SIZES[a] * SIZES[b]) / 60_000
        assert np.abs(flat.reshape(SIZES[a], SIZES[b]) - found.marginal((a, b))).max() < 0.01


def test_a_router_leads_each_combination_to_its_cell() -> None:
    lasts = [[0, 2, 5], [1, 3], [4]]
    tree = router(lasts)
    assert tree.leaves == 6
    for codes in np.ndindex(6, 4, 5):
        node = 0
        while tree.feature[node] >= 0:
            left = codes[tree.feature[node]] <= tree.threshold[node]
            node = int((tree.left if left else tree.right)[node])
        groups = [int(np.searchsorted(last, c)) for last, c in zip(lasts, codes, strict=True)]
        assert tree.left[node] == groups[0] * 2 + groups[1]
