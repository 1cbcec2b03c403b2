"""Attacks on what people keep to themselves: guess a column, link two halves of a record.

Each is made on rows that were learnt from and on rows that were held out: general statistics help
with both alike, and what helps with the first alone has leaked (Giomi et al. 2023, PoPETs 2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.measures import INFO, Measure, Metric
from genesis_sql.evaluate.sides import LABEL
from genesis_sql.privacy.chance import NO_HOLDOUT, SURE, beyond, risk, unmeasured, wilson
from genesis_sql.privacy.rows import NULL, Floats, Rows, nearest_rows

ROWS = 5_000
"""Records that are attacked, of each kind."""
NEIGHBOURS = 5
"""Synthetic rows near each half of a record among which a link is looked for."""
TOLERANCE = 0.05
"""A guess of a number is right within this share of the middle half's spread."""

PASSES = (
    f"(0: no better than on held-out rows, 1: all). Passes up to .01 beyond {SURE:.0f} standard "
    "errors, fails from .05."
)
GUESS = Measure(
    "attribute_inference",
    "none",
    "Share of real rows whose sensitive value the nearest synthetic row by the known columns has "
    f"(a number: within {TOLERANCE:.0%} of its interquartile range), beside the same of held-out "
    "rows.",
)
GUESS_RISK = Measure(
    "attribute_inference_risk",
    "lower",
    "(attack - control) / (1 - control) of attribute_inference (Giomi et al. 2023) " + PASSES,
    good=0.01,
    fair=0.05,
    ideal=0.0,
)
LINK = Measure(
    "linkability",
    "none",
    "Share of real rows whose two halves (every second column) lead to the same synthetic row "
    f"among the {NEIGHBOURS} nearest of each, beside the same of held-out rows.",
)
LINK_RISK = Measure(
    "linkability_risk",
    "lower",
    "(attack - control) / (1 - control) of linkability (Giomi et al. 2023) " + PASSES,
    good=0.01,
    fair=0.05,
    ideal=0.0,
)
METRICS = (GUESS, GUESS_RISK, LINK, LINK_RISK)

Hits = NDArray[np.float64]


def told_risk(
    measures: tuple[Measure, Measure],
    place: tuple[str, tuple[str, ...]],
    attack: Hits,
    control: Hits | None,
    note: str,
    alike: float = 1.0,
) -> list[Metric]:
    """The row of an attack's successes and the row of its risk.

    Args:
        measures: of the two.
        place: table and columns.
        attack: successes on rows learnt from.
        control: successes on rows held out.
        note: what the guess of somebody without any synthetic row is worth, and what else.
        alike: attempts that come out alike, on average: so many fewer are independent.
    """
    table, columns = place
    share, n = float(attack.mean()), len(attack)
    low, high = wilson(share * n / alike, n / alike)
    held = None if control is None else float(control.mean())
    first = Metric(
        "privacy", table, columns, measures[0].name, share, held, n, INFO, low, high, note
    )
    if control is None:
        return [first, unmeasured(measures[1], table, NO_HOLDOUT, columns)]
    found = risk(attack, control, alike)
    if found is None:
        why = "every held-out row is hit too: the rest of the table gives it away"
        return [first, unmeasured(measures[1], table, why, columns)]
    second = Metric(
        "privacy", table, columns, measures[1].name, found.value, 0.0, min(n, len(control)),
        beyond(measures[1], found.value, found.error), *found.interval,
    )  # fmt: skip
    return [first, second]


def guessing(
    rows: Rows, table: str, sensitive: int, known: Sequence[int], why: str
) -> list[Metric]:
    """Attribute inference of one column.

    Args:
        rows: of the table.
        table: its name.
        sensitive: index of the column that is guessed.
        known: indices of the columns that the attacker knows.
        why: said in the note, such as that the column was chosen for the user.
    """
    seen = rows.only(known)
    wanted = rows.only([sensitive])
    truth, made = wanted.real[:, 0], wanted.synthetic[:, 0]
    near = _tolerance(truth) if rows.kinds[sensitive] != LABEL else 0.0

    def attack(candidates: Floats, values: Floats) -> Hits:
        at = nearest_rows(candidates, seen.synthetic)[1][:, 0]
        return _right(made[at], values, near)

    hits = attack(seen.real[:ROWS], truth[:ROWS])
    control = None
    if seen.holdout is not None and wanted.holdout is not None:
        control = attack(seen.holdout[:ROWS], wanted.holdout[:ROWS, 0])
    naive = float(_right(np.full(len(truth), _commonest(truth, near)), truth, near).mean())
    note = f"always the same guess is right for {naive:.3f}; {len(known)} columns known{why}"
    place = (table, (rows.names[sensitive],))
    return told_risk((GUESS, GUESS_RISK), place, hits, control, note)


def _tolerance(values: Floats) -> float:
    known = values[values < NULL]
    if not len(known):
        return 0.0
    low, high = np.quantile(known, [0.25, 0.75])
    return TOLERANCE * float(high - low)


def _right(guesses: Floats, truth: Floats, near: float) -> Hits:
    """1 where a guess is right; a missing value is guessed by a missing value only."""
    return np.asarray(np.abs(guesses - truth) <= near, np.float64)


def _commonest(values: Floats, near: float) -> float:
    """The one guess that is right most often."""
    distinct, counts = np.unique(values, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)])
    low = np.searchsorted(distinct, distinct - near, "left")
    high = np.searchsorted(distinct, distinct + near, "right")
    return float(distinct[np.argmax(before[high] - before[low])])


def linkability(rows: Rows, table: str) -> list[Metric]:
    """Linkability of the two halves of the columns."""
    if len(rows.names) < 2:
        why = "a single column has no halves to link"
        return [unmeasured(m, table, why) for m in (LINK, LINK_RISK)]
    halves = [rows.only(range(part, len(rows.names), 2)) for part in (0, 1)]

    def attack(side: str) -> Hits:
        found = [
            nearest_rows(getattr(h, side)[:ROWS], h.synthetic, min(NEIGHBOURS, len(h.synthetic)))[1]
            for h in halves
        ]
        met: Hits = (found[0][:, :, None] == found[1][:, None, :]).any((1, 2)).astype(np.float64)
        return met

    hits = attack("real")
    control = None if rows.holdout is None else attack("holdout")
    chance = min(1.0, NEIGHBOURS**2 / len(rows.synthetic))
    note = f"two blind draws meet in {chance:.5f}; halves {' and '.join(map(_named, halves))}"
    return told_risk((LINK, LINK_RISK), (table, ()), hits, control, note)


def _named(rows: Rows) -> str:
    return f"({', '.join(rows.names)})"
