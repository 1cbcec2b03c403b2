"""Outlying rows: whether a person who stands apart from all others lives on in the synthetic rows.

Averages over all rows cannot see one row among thousands. Here each outlying row is looked at, and
a synthetic row that sits on it is weighed against how often real rows coincide with one another
where they are as far from the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN, Measure, Metric
from genesis_sql.privacy.chance import (
    NO_HOLDOUT,
    beyond,
    difference_error,
    unmeasured,
    wilson,
)
from genesis_sql.privacy.rows import Floats, Rows, Whole, nearest_rows

SHARE, LEAST = 0.01, 10
"""What part of the real rows is outlying, and how many at least."""
FIFTH = 5
"""A row is as far from the rest as its fifth nearest is: four companions do not hide it."""
NEAR = 0.05
"""A synthetic row within this part of that distance sits on the row."""
TAIL = 6_000
"""Isolated rows, of the tenth that is most so, that tell how often such rows coincide."""
COMPANY, FOLDS = 16, 5
"""Nearest others that are looked at, and parts that the real rows are cut into: of the others,
five are in the four parts that are left whichever part is taken away."""
SAMPLE, WHOLE_UP_TO = 3_000, 20_000
"""Rows of the sample that finds who may be isolated, and of a table that needs none."""
DOUBT, MOST_DOUBT = 0.02, 0.05
"""Chance of such copies in fresh real rows under which the verdict is 'fail', or 'warn'."""
TESTS = 2  # equal and near
PRIOR, PRIOR_NEAR = 0.5, 2.0
"""Coincidences added to those that were seen, so that none seen does not mean none possible: equal
rows, and near ones, which come in any table of numbers."""

COPIES = Measure(
    "outlier_copies",
    "lower",
    f"Share of the most isolated {SHARE:.0%} of the rows learnt from (at least {LEAST}) that a "
    f"synthetic row equals or sits on (within {NEAR:.0%} of the distance to the fifth nearest real "
    "row), beside what coincidence makes of fresh real rows. Fails where chance makes such copies "
    f"in less than {DOUBT:.0%} of all samples, warns under {MOST_DOUBT:.0%}.",
    ideal=0.0,
)
SURVIVE = Measure(
    "outliers_survive",
    "lower",
    "Share of those rows that have a synthetic row nearer than any other real row, beside the same "
    "of as isolated held-out rows. Passes up to .05 above it beyond 3 standard errors, fails from "
    ".15.",
    good=0.05,
    fair=0.15,
    ideal=0.0,
)
METRICS = (COPIES, SURVIVE)


@dataclass(frozen=True, eq=False)
class Isolated:
    """Real rows and how alone they are, the most isolated first.

    Attributes:
        at: their places among all real rows.
        dist, index: distances and places of the others nearest to each, nearest first.
    """

    at: Whole
    dist: Floats
    index: Whole

    @property
    def near(self) -> Floats:
        """Distance to the nearest other row."""
        return self.dist[:, 0]

    @property
    def apart(self) -> Floats:
        """Distance to the fifth nearest other row."""
        return self.dist[:, FIFTH - 1]

    def take(self, which: Any) -> Isolated:
        """Some of them."""
        return Isolated(self.at[which], self.dist[which], self.index[which])


def outliers(rows: Rows, table: str) -> list[Metric]:
    """The rows of the two metrics."""
    everyone = rows.known
    if len(rows.real) < 2 * LEAST:
        return [unmeasured(m, table, f"fewer than {2 * LEAST} real rows") for m in METRICS]
    tail = _tail(everyone)
    most = max(LEAST, round(SHARE * len(everyone)))
    found = tail.take(slice(most))
    ours, theirs = found.take(found.at < len(rows.real)), found.take(found.at >= len(rows.real))
    if not len(ours.at):
        return [unmeasured(m, table, "all outlying rows were held out") for m in METRICS]
    made = nearest_rows(everyone[ours.at], rows.synthetic)[0][:, 0]
    return [
        _copied(table, ours, made, _Chances(rows, tail)),
        _survived(rows, table, ours, theirs, made),
    ]


def _tail(everyone: Floats) -> Isolated:
    """The tenth of the rows that is farthest from the others, the farthest first.

    Rows far from all are far from a sample of them, so only the farther part by a sample is
    compared with all where there are many.
    """
    n = len(everyone)
    size = max(min(n // 10, TAIL), min(n, 10 * LEAST), round(SHARE * n))
    at = np.arange(n)
    if n > WHOLE_UP_TO:
        own = np.where(at < SAMPLE, at, -1)
        rough = nearest_rows(everyone, everyone[:SAMPLE], 2, own)[0][:, 1]
        at = np.sort(np.argsort(-rough, kind="stable")[: 2 * size])
    found = Isolated(at, *nearest_rows(everyone[at], everyone, COMPANY, at))
    return found.take(np.argsort(-found.apart, kind="stable")[:size])


class _Chances:
    """How likely a fresh sample has a row on a real one that is `apart` from the rest.

    Real rows tell: they are cut into `FOLDS` parts, each part in turn is the fresh sample of the
    others. (A row's distance to the rest must not count its double: else the rows that stand apart
    are those that happen to have none.) The farther apart, the rarer: the chance is that of all
    rows at least as far apart, or of those and nearer ones where that is lower.
    """

    def __init__(self, rows: Rows, tail: Isolated) -> None:
        n = len(rows.known)
        fold = np.random.default_rng([rows.seed, 13]).integers(0, FOLDS, n)
        known = np.where(tail.index >= 0, fold[tail.index], -1)
        near, apart = [], []
        for k in range(FOLDS):
            fresh, old = known == k, (known != k) & (known >= 0)
            fifth = (np.cumsum(old, 1) == min(FIFTH, n - 1)) & old
            use = (fold[tail.at] != k) & fifth.any(1)
            dist = tail.dist[use]
            apart.append(dist[np.arange(len(dist)), fifth[use].argmax(1)])
            near.append(np.where(fresh[use], dist, np.inf).min(1))
        self._near, self._apart = np.concatenate(near), np.concatenate(apart)
        self._times = len(rows.synthetic) * FOLDS / n

    def of(self, apart: Floats, near: float) -> NDArray[np.float64]:
        """The chance for each outlier of a fresh row within `near` · `apart` of it."""
        order = np.argsort(-self._apart, kind="stable")
        alone = self._apart[order].astype(np.float64)
        hit = self._near[order] <= near * alone
        prior = PRIOR_NEAR if near else PRIOR
        rate = (np.cumsum(hit) + prior) / (np.arange(len(hit)) + 1 + 2 * prior)
        least = np.minimum.accumulate(rate[::-1])[
            ::-1
        ]  # of all that reach down to this one or lower
        last = np.searchsorted(-alone, -apart.astype(np.float64), "right") - 1
        one = least[np.clip(last, 0, len(least) - 1)]
        chance: NDArray[np.float64] = -np.expm1(self._times * np.log1p(-one))
        return np.where(apart > 0, chance, 1.0)


def _doubt(hits: NDArray[np.bool_], chance: NDArray[np.float64]) -> float:
    """How likely chance makes as much: the first copy among the most isolated, or all of them.

    Args:
        hits: which outliers are copied, the most isolated first.
        chance: that a fresh sample does so, of each.
    """
    if not hits.any():
        return 1.0
    first = float(chance[: int(np.argmax(hits)) + 1].sum())
    mean, found = float(chance.sum()), int(hits.sum())
    below = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(found))
    return min(-math.expm1(-first), max(0.0, 1 - below))


def _copied(table: str, ours: Isolated, made: Floats, chances: _Chances) -> Metric:
    """The row of `outlier_copies`."""
    if not (ours.apart > 0).any():
        return unmeasured(COPIES, table, "no row stands apart: each has five equal ones")
    equal, sits = made == 0, made <= NEAR * ours.apart
    for_equal, for_near = chances.of(ours.apart, 0.0), chances.of(ours.apart, NEAR)
    doubt = min(1.0, TESTS * min(_doubt(equal, for_equal), _doubt(sits, for_near)))
    n, found = len(made), int(sits.sum())
    note = (
        f"{int(equal.sum()):,} of {n:,} outlying rows copied, {found:,} within {NEAR:.0%} of the "
        f"way to their fifth neighbour; {for_equal.sum():.3g} and {for_near.sum():.3g} expected by "
        f"chance, of which such copies come in {doubt:.2g} of all samples"
    )
    verdict = FAIL if doubt < DOUBT else WARN if doubt < MOST_DOUBT else PASS
    return Metric(
        "privacy", table, (), COPIES.name, found / n, float(for_near.mean()), n, verdict,
        *wilson(found, n), note,
    )  # fmt: skip


def _survived(rows: Rows, table: str, ours: Isolated, theirs: Isolated, made: Floats) -> Metric:
    """The row of `outliers_survive`."""
    n, m = len(ours.at), len(theirs.at)
    hits = int((made < ours.near).sum())
    row = Metric(
        "privacy", table, (), SURVIVE.name, hits / n, None, n, INFO, *wilson(hits, n), NO_HOLDOUT
    )
    if rows.holdout is None:
        return row
    if m < LEAST:
        return replace(row, note=f"only {m} outlying rows were held out, {LEAST} are needed")
    other = nearest_rows(rows.known[theirs.at], rows.synthetic)[0][:, 0]
    held = int((other < theirs.near).sum())
    verdict = beyond(SURVIVE, hits / n - held / m, difference_error(hits, n, held, m))
    note = f"{hits:,} of {n:,} outlying rows, {held:,} of {m:,} held-out ones"
    return replace(row, baseline=held / m, verdict=verdict, note=note)
