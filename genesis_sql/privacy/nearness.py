"""How near synthetic rows lie to the rows they were learnt from, beside rows that were held out.

Distances find copies and near copies; they prove nothing where they find none (Yao et al. 2025,
'The DCR Delusion'), which each of these rows says.
"""

from __future__ import annotations

import math

import numpy as np

from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.privacy.chance import (
    NO_HOLDOUT,
    Z95,
    beyond,
    median_error,
    unmeasured,
)
from genesis_sql.privacy.rows import Floats, Rows, Whole, nearest_rows

ROWS = 5_000
"""Synthetic rows that are compared with all real ones: the error of a share is then .006."""
CAUTION = (
    "distances find copies, they do not rule out that rows give people away "
    "(Yao et al. 2025): read membership and inference too"
)

SHARE = Measure(
    "nearest_train_share",
    "lower",
    "Share of synthetic rows whose nearest real row (Gower distance) is one of those learnt from, "
    "beside what it is for rows that are as far from both: the share of real rows learnt from. "
    "Passes up to .02 above it, fails from .05.",
    good=0.02,
    fair=0.05,
    ideal=0.5,
)
RATIO = Measure(
    "dcr_ratio",
    "higher",
    "Median distance of synthetic rows to the nearest row learnt from, over that of held-out rows "
    "(1: as far; 0: copies). Passes down to .9, fails below .8.",
    good=0.1,
    fair=0.2,
)
NNDR = Measure(
    "nndr",
    "higher",
    "Nearest over second nearest distance to the rows learnt from, 5th percentile of the synthetic "
    "rows, beside that of held-out rows (0 to 1; near 0: rows sit on single real ones). Passes "
    "down to .1 below, fails from .2.",
    good=0.1,
    fair=0.2,
)
METRICS = (SHARE, RATIO, NNDR)


def nearness(rows: Rows, table: str) -> list[Metric]:
    """The rows of the three metrics."""
    asked = rows.synthetic[:ROWS]
    near, at = nearest_rows(asked, rows.real, 2)
    own, told = _own(rows)
    out = [_share(rows, table, near[:, 0], at[:, 0])] if rows.holdout is not None else []
    if rows.holdout is None:
        out = [unmeasured(SHARE, table, NO_HOLDOUT)]
    return [
        *out,
        _ratio(rows.seed, table, near[:, 0], own[:, 0], told),
        _nndr(rows.seed, table, _quotient(near), _quotient(own), told),
    ]


def _own(rows: Rows) -> tuple[Floats, str]:
    """Distances of real rows to the rows learnt from: of those held out, or of the others."""
    if rows.holdout is not None:
        return nearest_rows(rows.holdout[:ROWS], rows.real, 2)[0], CAUTION
    asked = rows.real[:ROWS]
    near, _ = nearest_rows(asked, rows.real, 2, np.arange(len(asked)))
    return near, f"beside each real row's distance to the others, none being held out; {CAUTION}"


def _share(rows: Rows, table: str, near: Floats, at: Whole) -> Metric:
    """The share nearer to train; ties count as the baseline.

    Had the split into train and holdout been drawn anew, the nearest row of the union would be a
    train row with the chance `expected`; rows that are nearest to several synthetic ones weigh
    more, so the variance is expected · (1 - expected) · Σ weight².
    """
    assert rows.holdout is not None
    other, place = nearest_rows(rows.synthetic[: len(near)], rows.holdout)
    other, place = other[:, 0], place[:, 0] + len(rows.real)
    expected = len(rows.real) / (len(rows.real) + len(rows.holdout))
    tie = near == other
    score = float(np.where(tie, expected, near < other).mean())
    first = np.where(near < other, at, place)[~tie]
    weights = np.bincount(first) / len(near) if len(first) else np.zeros(1)
    error = math.sqrt(expected * (1 - expected) * float((weights**2).sum()))
    low, high = max(0.0, score - Z95 * error), min(1.0, score + Z95 * error)
    note = f"{expected:.3f} of the real rows were learnt from; {CAUTION}"
    return Metric(
        "privacy", table, (), SHARE.name, score, expected, len(near),
        beyond(SHARE, score - expected, error), low, high, note,
    )  # fmt: skip


def _ratio(seed: int, table: str, near: Floats, own: Floats, told: str) -> Metric:
    middle = float(np.median(own))
    if middle == 0:
        why = "most held-out rows equal a real row, so distances say nothing: see exact_copies"
        return unmeasured(RATIO, table, why)
    score = float(np.median(near)) / middle
    error = math.hypot(
        median_error(near, 0.5, seed) / middle, score * median_error(own, 0.5, seed) / middle
    )
    return Metric(
        "privacy", table, (), RATIO.name, score, 1.0, min(len(near), len(own)),
        beyond(RATIO, 1 - score, error), max(0.0, score - Z95 * error), score + Z95 * error, told,
    )  # fmt: skip


def _quotient(near: Floats) -> Floats:
    """Nearest over second nearest; 1 where both are 0 or there is but one row."""
    first, second = near[:, 0], near[:, 1]
    fine = (second > 0) & np.isfinite(second)
    return np.where(fine, first / np.where(fine, second, 1), 1).astype(np.float32)


def _nndr(seed: int, table: str, near: Floats, own: Floats, told: str) -> Metric:
    score, baseline = float(np.quantile(near, 0.05)), float(np.quantile(own, 0.05))
    one, two = median_error(near, 0.05, seed), median_error(own, 0.05, seed)
    medians = f"medians {float(np.median(near)):.3f} and {float(np.median(own)):.3f}"
    return Metric(
        "privacy", table, (), NNDR.name, score, baseline, min(len(near), len(own)),
        beyond(NNDR, baseline - score, math.hypot(one, two)),
        max(0.0, score - Z95 * one), min(1.0, score + Z95 * one), f"{medians}; {told}",
    )  # fmt: skip
