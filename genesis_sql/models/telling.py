"""Whether the rows before a row tell something of it: tried on rows that were not learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genesis_sql.models.frame import Coded
from genesis_sql.models.order import binned

ROWS, MOST_COLUMNS, BINS, LEAVES, LEAST = 6_000, 6, 8, 64, 15
TELLS = 0.04  # share of the loss that goes where the rows before are known


def telling(
    targets: Sequence[Coded],
    inputs: Sequence[Coded],
    past: Sequence[Coded],
    family: np.ndarray,
    order: np.ndarray,
) -> float:
    """The mean share of the loss that goes where the rows before are known.

    Args:
        targets: columns of a table.
        inputs: what is known of each row without them.
        past: what is known of the rows before.
        family: a number for each row; whole families are held out.
        order: rows in a canonical random order.

    Returns:
        1 where they tell everything, 0 or below where they tell nothing.
    """
    found = np.unique(family[order[: ROWS // 4]])
    at = order[np.isin(family[order], found)][:ROWS]
    held = np.isin(family[at], found[::3])
    if held.sum() < 100 or (~held).sum() < 100:
        return 0.0
    able = [c for c in targets if len(c.values) + (c.rank == 0).any() > 1]
    chosen = sorted(able, key=lambda c: (len(c.values), c.name))[:MOST_COLUMNS]
    known = features(inputs, at)
    both = np.column_stack([known, features(past, at)])
    gains = []
    for column in chosen:
        y = binned(column.rows(at), BINS)
        alone = loss(known, y, held)
        if alone > 0:
            gains.append(1 - loss(both, y, held) / alone)
    return float(np.mean(gains)) if gains else 0.0


def features(columns: Sequence[Coded], at: np.ndarray) -> np.ndarray:
    """Ranks of columns in some rows, float32 of shape (rows, 1 + columns)."""
    return np.column_stack(
        [np.zeros(len(at), np.float32), *(c.rank[at].astype(np.float32) for c in columns)]
    )


def loss(features: np.ndarray, y: np.ndarray, held: np.ndarray) -> float:
    """Brier score of a small tree on the rows held out."""
    from sklearn.tree import DecisionTreeClassifier

    grown = DecisionTreeClassifier(
        max_leaf_nodes=LEAVES, min_samples_leaf=LEAST, random_state=0
    ).fit(features[~held], y[~held])
    share = grown.predict_proba(features[held])
    place = np.searchsorted(grown.classes_, y[held])
    known = np.isin(y[held], grown.classes_)
    hit = share[np.arange(len(place)), np.minimum(place, share.shape[1] - 1)]
    return float(((share**2).sum(1) - 2 * np.where(known, hit, 0.0) + 1).mean())
