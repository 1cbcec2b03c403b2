"""Membership inference: can one tell from the synthetic rows who was learnt from?

The attacker has the synthetic rows, a candidate record, and for one attack rows of the same
population. He never sees the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.privacy.chance import NO_HOLDOUT, SURE, Z95, beyond, unmeasured, wilson
from genesis_sql.privacy.rows import Floats, Rows, nearest_rows

ROWS = 5_000
"""Candidates of each kind."""
LEAST = 40
"""Held-out rows without which there is no attack worth its number."""
RARE = 4
"""Non-members that have to lie above a threshold for a rate of theirs to be told."""

AUC = Measure(
    "membership_auc",
    "lower",
    "Area under the ROC curve of the best of three membership attacks that look at the synthetic "
    "rows only: distance to the nearest one, and its density there over that of other real rows "
    "(DOMIAS, van Breugel et al. 2023); members against held-out rows (.5: cannot tell, 1: knows "
    f"all). Passes up to .02 above .5 beyond {SURE:.0f} standard errors, fails from .05.",
    good=0.02,
    fair=0.05,
    ideal=0.5,
)
TPR = Measure(
    "membership_tpr",
    "lower",
    "Share of members that the density attack names where it is wrong about 1 % of the held-out "
    "rows (.01: cannot tell; Carlini et al. 2022). Passes up to .01 above it beyond "
    f"{SURE:.0f} standard errors, fails from .02.",
    good=0.01,
    fair=0.02,
    ideal=0.0,
)
TPR_RARE = Measure(
    "membership_tpr_rare",
    "lower",
    "The same where it is wrong about .1 % of the held-out rows. Passes up to .002 above it beyond "
    f"{SURE:.0f} standard errors, fails from .005.",
    good=0.002,
    fair=0.005,
    ideal=0.0,
)
METRICS = (AUC, TPR, TPR_RARE)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What each attack says of members and of others, higher for likelier members."""

    members: dict[str, Floats]
    others: dict[str, Floats]


def membership(rows: Rows, table: str) -> list[Metric]:
    """The rows of the three metrics."""
    if rows.holdout is None or len(rows.holdout) < LEAST:
        why = NO_HOLDOUT if rows.holdout is None else f"fewer than {LEAST} rows were held out"
        return [unmeasured(m, table, why) for m in METRICS]
    half = len(rows.holdout) // 2
    reference, others = rows.holdout[:half], rows.holdout[half : half + ROWS]
    members = rows.real[:ROWS]
    said = Candidates(*(_attacks(rows.synthetic, reference, c) for c in (members, others)))
    return [
        _auc(said, table),
        _tpr(said, table, TPR, 0.01),
        _tpr(said, table, TPR_RARE, 0.001),
    ]


def _attacks(synthetic: Floats, reference: Floats, candidates: Floats) -> dict[str, Floats]:
    """Scores of candidates by attack."""
    near = nearest_rows(candidates, synthetic, 5)[0]
    real = nearest_rows(candidates, reference, 5)[0]
    small = np.float32(1e-3 / candidates.shape[1])  # a thousandth of one column
    last = min(5, len(synthetic), len(reference)) - 1
    return {
        "distance": -near[:, 0],
        "density": np.log((real[:, 0] + small) / (near[:, 0] + small)),
        "density of five": np.log((real[:, last] + small) / (near[:, last] + small)),
    }


def auc(members: Floats, others: Floats) -> tuple[float, float]:
    """The area under the ROC curve and its variance (DeLong et al. 1988, Biometrics 44)."""
    above = _placed(members, others)
    below = _placed(others, members)
    value = float(above.mean())
    n, m = len(members), len(others)
    # half a pair that went the other way keeps the variance above 0 where all are told apart
    least = (0.5 / (n * m)) ** 2
    return value, max(float(above.var()) / n + float(below.var()) / m, least)


def _placed(of: Floats, among: Floats) -> NDArray[np.float64]:
    """For each value the share of others below it; equal ones count half."""
    ordered = np.sort(among)
    low, high = np.searchsorted(ordered, of, "left"), np.searchsorted(ordered, of, "right")
    placed: NDArray[np.float64] = (low + high) / (2 * len(ordered))
    return placed


def _auc(said: Candidates, table: str) -> Metric:
    """The best attack, chosen on one half of the candidates and measured on the other, twice."""
    found, names = [], []
    for side in (0, 1):
        name = max(said.members, key=lambda a: auc(*_half(said, a, 1 - side))[0])
        found.append(auc(*_half(said, name, side)))
        names.append(name)
    score = (found[0][0] + found[1][0]) / 2
    error = math.sqrt(found[0][1] + found[1][1]) / 2
    n, m = len(said.members["distance"]), len(said.others["distance"])
    note = f"{n:,} members, {m:,} held-out rows; attack by {' and '.join(dict.fromkeys(names))}"
    return Metric(
        "privacy", table, (), AUC.name, score, 0.5, min(n, m), beyond(AUC, score - 0.5, error),
        max(0.0, score - Z95 * error), min(1.0, score + Z95 * error), note,
    )  # fmt: skip


def _half(said: Candidates, attack: str, side: int) -> tuple[Floats, Floats]:
    return said.members[attack][side::2], said.others[attack][side::2]


def _tpr(said: Candidates, table: str, measure: Measure, rate: float) -> Metric:
    """Share of members above the threshold that `rate` of the others are above."""
    members, others = said.members["density"], said.others["density"]
    if rate * len(others) < RARE:
        why = f"a rate of {rate:.1%} needs {RARE / rate:,.0f} held-out rows, not {len(others):,}"
        return unmeasured(measure, table, why)
    score = _share_above(members, others, rate)
    low, high = wilson(score * len(members), len(members))
    # under chance; the threshold is itself one of few held-out rows
    error = math.sqrt(rate * (1 - rate) * (1 / len(members) + 1 / len(others)))
    return Metric(
        "privacy", table, (), measure.name, score, rate, min(len(members), len(others)),
        beyond(measure, score - rate, error), low, high,
    )  # fmt: skip


def _share_above(members: Floats, others: Floats, rate: float) -> float:
    """The ROC curve at a rate of false alarms; where several are equal, the line between."""
    wanted = rate * len(others)
    threshold = np.sort(others)[::-1][min(math.ceil(wanted), len(others)) - 1]
    over, equal = int((others > threshold).sum()), int((others == threshold).sum())
    part = (wanted - over) / equal
    found = (members > threshold).sum() + part * (members == threshold).sum()
    return float(found) / len(members)
