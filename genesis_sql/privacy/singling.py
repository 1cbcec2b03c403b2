"""Singling out: predicates found in the synthetic rows that hold for exactly one real row.

GDPR, recital 26, names it first. Predicates that single out a synthetic row are tried on rows that
were learnt from and on as many that were held out (Giomi et al. 2023, PoPETs 2, section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.sides import LABEL
from genesis_sql.privacy.chance import unmeasured
from genesis_sql.privacy.inference import PASSES, told_risk
from genesis_sql.privacy.rows import FAR, NULL, Floats, Rows, Whole

CANDIDATES, PREDICATES = 20_000, 2_000
"""Predicates that are tried on the synthetic rows, and at most kept."""
WIDEST = 8
"""Columns of a predicate: from 2 to this."""
LEAST = 50
"""Predicates without which nothing is told."""
PARTS = 5
"""Samples of the rows learnt from, each as large as the holdout."""

ONE = Measure(
    "singling_out_univariate",
    "none",
    "Share of predicates on one column (a value that one synthetic row has, the lowest, the "
    "highest) that hold for exactly one of the rows learnt from, beside one of as many held out.",
)
ONE_RISK = Measure(
    "singling_out_univariate_risk",
    "lower",
    "(attack - control) / (1 - control) of singling_out_univariate " + PASSES,
    good=0.01,
    fair=0.05,
    ideal=0.0,
)
MANY = Measure(
    "singling_out",
    "none",
    f"The same of predicates on 2 to {WIDEST} columns of one synthetic row: labels equal, numbers "
    "on the same side of the middle and at least as far out.",
)
MANY_RISK = Measure(
    "singling_out_risk",
    "lower",
    "(attack - control) / (1 - control) of singling_out " + PASSES,
    good=0.01,
    fair=0.05,
    ideal=0.0,
)
METRICS = (ONE, ONE_RISK, MANY, MANY_RISK)


@dataclass(frozen=True, eq=False)
class Predicates:
    """low <= value <= high in each of the columns; -1 stands for no column.

    Attributes:
        columns: int64 of shape (n, width).
        low, high: float32 of shape (n, width).
    """

    columns: Whole
    low: Floats
    high: Floats

    def take(self, at: Whole | slice) -> Predicates:
        """Some of them."""
        return Predicates(self.columns[at], self.low[at], self.high[at])

    def singles(self, rows: Floats) -> tuple[NDArray[np.bool_], Whole]:
        """Which hold for exactly one of the rows, and for which one."""
        from genesis_sql.privacy.kernel import matches

        count, last = np.zeros(len(self.columns), np.int64), np.zeros(len(self.columns), np.int64)
        matches(np.ascontiguousarray(rows.T), self.columns, self.low, self.high, count, last)
        return count == 1, last


def singling_out(rows: Rows, table: str) -> list[Metric]:
    """The rows of the four metrics."""
    out = _tried(rows, table, (ONE, ONE_RISK), univariate(rows))
    if len(rows.names) < 2:
        why = "a table of one measured column has no predicates of two"
        return [*out, *(unmeasured(m, table, why) for m in (MANY, MANY_RISK))]
    return [*out, *_tried(rows, table, (MANY, MANY_RISK), multivariate(rows))]


def _tried(
    rows: Rows, table: str, measures: tuple[Measure, Measure], made: Predicates
) -> list[Metric]:
    """Try predicates on parts of the rows learnt from, and on those held out."""
    kept = made.take(_first(made, rows.synthetic))
    n = len(kept.columns)
    if n < LEAST:
        why = f"only {n} predicates single out a synthetic row, {LEAST} are needed"
        return [unmeasured(m, table, why) for m in measures]
    size = len(rows.real)
    if rows.holdout is not None:
        size = min(size, len(rows.holdout))
    parts = [
        rows.real[i * size : (i + 1) * size] for i in range(min(PARTS, len(rows.real) // size))
    ]
    tried = [kept.singles(part) for part in parts]
    attack = np.mean([hit for hit, _ in tried], axis=0)
    control = None
    if rows.holdout is not None:
        tried.append(kept.singles(rows.holdout[:size]))
        control = tried[-1][0].astype(np.float64)
    found = sum(int(hit.sum()) for hit, _ in tried)
    different = sum(len(np.unique(row[hit])) for hit, row in tried)
    note = f"{n:,} predicates on {len(parts)} × {size:,} rows"
    # several predicates for one row are no independent attempts
    return told_risk(
        measures, (table, ()), attack, control, note, max(1.0, found / max(1, different))
    )


def _first(made: Predicates, synthetic: Floats) -> Whole:
    """Which predicates single out a synthetic row, in their order until there are enough."""
    found: list[Whole] = []
    for at in range(0, len(made.columns), PREDICATES):
        found.append(
            at + np.flatnonzero(made.take(slice(at, at + PREDICATES)).singles(synthetic)[0])
        )
        if sum(map(len, found)) >= PREDICATES:
            break
    return np.concatenate(found)[:PREDICATES] if found else np.zeros(0, np.int64)


def univariate(rows: Rows) -> Predicates:
    """Values that one synthetic row has, and beyond the lowest and highest number."""
    found: list[tuple[int, float, float]] = []
    each = PREDICATES // len(rows.names) + 1
    rng = np.random.default_rng([rows.seed, 11])
    for j, kind in enumerate(rows.kinds):
        values, counts = np.unique(rows.synthetic[:, j], return_counts=True)
        once = values[(counts == 1) & (values < NULL)]
        chosen = np.sort(rng.permutation(once)[:each])
        found += [(j, v, v) for v in chosen]
        known = values[values < NULL]
        if kind != LABEL and len(known):
            found += [(j, -np.inf, known[0]), (j, known[-1], FAR)]
    columns, low, high = (np.array(part) for part in zip(*found, strict=True)) if found else (
        np.zeros(0), np.zeros(0), np.zeros(0),
    )  # fmt: skip
    return Predicates(
        columns.astype(np.int64)[:, None],
        low.astype(np.float32)[:, None],
        high.astype(np.float32)[:, None],
    )


def multivariate(rows: Rows) -> Predicates:
    """Predicates out of some values of one synthetic row each."""
    rng = np.random.default_rng([rows.seed, 12])
    n, k = CANDIDATES, len(rows.names)
    width = min(WIDEST, k)
    columns = np.argsort(rng.random((n, k)), axis=1)[:, :width]
    wide = rng.integers(2, width + 1, n)
    columns = np.where(np.arange(width) < wide[:, None], columns, -1)
    values = rows.synthetic[rng.integers(0, len(rows.synthetic), n)[:, None], columns]
    known = np.where(rows.synthetic < NULL, rows.synthetic, np.nan)
    middle = np.array([np.nanmedian(c) if not np.isnan(c).all() else 0.0 for c in known.T])
    number = np.array([kind != LABEL for kind in rows.kinds])[columns] & (values < NULL)
    above = values >= middle[columns]
    low = np.where(number & ~above, -np.inf, values)
    high = np.where(number & above, FAR, values)
    return Predicates(columns, low.astype(np.float32), high.astype(np.float32))
