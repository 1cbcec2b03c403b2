"""Gradient boosting for the measurements, each model in one thread, one model after the other.

OpenMP's barriers spin: two threads of one model took 31 to 50 s on a busy machine where one took
5 s. Two models side by side are no way either: scikit-learn exchanges the warning filters of the
whole process while it bins, so that two at once warn of it and may leave the wrong ones behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from genesis_sql.evaluate.features import Feature

TREES = 100
EARLY = 10_000  # rows above which a model stops when its validation part no longer gains


@contextmanager
def one_thread() -> Iterator[None]:
    """Models use one thread of OpenMP meanwhile; those of other Python threads are as they were."""
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().limit(limits=1, user_api="openmp"):
        yield


def classifier(
    values: np.ndarray,
    classes: np.ndarray,
    categorical: np.ndarray,
    seed: int,
    *,
    early: bool = False,
) -> Any:
    """A gradient-boosted classifier of rows; `early`: it stops early even of few rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rarest = int(np.unique(classes, return_counts=True)[1].min())
    model = HistGradientBoostingClassifier(
        categorical_features=categorical,
        max_iter=TREES,
        early_stopping=(early or len(classes) > EARLY) and rarest > 20,
        random_state=seed % 2**32,
    )
    return model.fit(values, classes)


def regressor(values: np.ndarray, target: np.ndarray, categorical: np.ndarray, seed: int) -> Any:
    """A gradient-boosted regression of rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        categorical_features=categorical,
        max_iter=TREES,
        early_stopping=len(target) > EARLY,
        random_state=seed % 2**32,
    )
    return model.fit(values, target)


def auc(truth: np.ndarray, told: np.ndarray) -> float:
    """Area under the curve: how often a positive row is told above a negative one, .5 by chance."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, told))


def losses(
    score: Callable[[np.ndarray], float],
    values: np.ndarray,
    features: Sequence[Feature],
    seed: int,
) -> Mapping[str, float]:
    """How much a score falls where one column is shuffled over the rows (Breiman, 2001).

    Args:
        score: of a model, on rows that it was not learnt from.
        values: these rows.
        features: of them; all that are told of one column are shuffled together.
        seed: of the shuffles.
    """
    before = score(values)
    out: dict[str, float] = {}
    for number, column in enumerate(dict.fromkeys(f.column for f in features)):
        at = np.array([i for i, f in enumerate(features) if f.column == column])
        order = np.random.default_rng([seed % 2**32, number]).permutation(len(values))
        shuffled = values.copy()
        shuffled[:, at] = values[np.ix_(order, at)]
        out[column] = before - score(shuffled)
    return out
