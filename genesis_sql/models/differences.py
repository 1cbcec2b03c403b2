"""Differences of two numbers as inputs: a humidity follows from how far apart two temperatures are.

A tree cuts along its inputs, so a border that runs between two of them takes it hundreds of cells;
with their difference as one more input it takes one. Tried on rows that were not learnt from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.gaps import SAFE
from genesis_sql.models.order import binned
from genesis_sql.models.telling import features, loss
from genesis_sql.program.domain import Grid, Raw
from genesis_sql.program.steps import Formula
from genesis_sql.sqlbuild import quoted

ROWS, BINS, LEAST_VALUES = 6_000, 8, 20
GAIN = 0.05  # share of the loss that has to go
MOST, TRIED = 2, 12


def differences(
    target: Coded, numbers: Sequence[Coded], inputs: Sequence[Coded], at: np.ndarray
) -> list[tuple[Formula, Coded]]:
    """Differences that tell more of a column than its inputs do, the best first.

    Args:
        target: the column, of n rows.
        numbers: the inputs that may be subtracted.
        inputs: all that is known of each row.
        at: rows in a canonical random order.
    """
    at = at[target.rank[at] > 0][:ROWS]
    if len(at) < ROWS // 6 or not target.numeric or len(target.values) < LEAST_VALUES:
        return []
    pairs = list(_pairs(numbers, at))
    if not pairs:
        return []
    held = np.arange(len(at)) % 3 == 0
    y = binned(target.rows(at), BINS)
    known, out = features(inputs, at), list[tuple[Formula, Coded]]()
    best = loss(known, y, held)
    while pairs and len(out) < MOST:
        tried = [(loss(np.c_[known, values], y, held), i) for i, (_, values) in enumerate(pairs)]
        least, place = min(tried)
        if least > best * (1 - GAIN):
            break
        (one, other), values = pairs.pop(place)
        out.append(_difference(one, other))
        known, best = np.c_[known, values], least
    return out


def _pairs(
    numbers: Sequence[Coded], at: np.ndarray
) -> Iterator[tuple[tuple[Coded, Coded], np.ndarray]]:
    """Pairs on one scale, those that go together most first, and their differences."""
    able = [c for c in numbers if isinstance(c.domain, Grid) and len(c.values) >= LEAST_VALUES]
    able = [c for c in able if max(abs(int(c.values[0])), abs(int(c.values[-1]))) < SAFE]
    found: list[tuple[float, int, Coded, Coded]] = []
    for one, other in combinations(able, 2):
        if not _alike(one, other):
            continue
        a, b = (c.rank[at].astype(np.float64) for c in (one, other))
        if a.std() and b.std():
            found.append((-abs(float(np.corrcoef(a, b)[0, 1])), len(found), one, other))
    for *_, one, other in sorted(found)[:TRIED]:
        valid = (one.rank[at] > 0) & (other.rank[at] > 0)
        values = (one.raw.values[at] - other.raw.values[at]).astype(np.float32)
        yield (one, other), np.where(valid, values, np.nan).astype(np.float32)


def _alike(one: Coded, other: Coded) -> bool:
    a, b = one.domain, other.domain
    return (
        isinstance(a, Grid)
        and isinstance(b, Grid)
        and (a.type, a.step, a.scale) == (b.type, b.step, b.scale)
    )


def _difference(one: Coded, other: Coded) -> tuple[Formula, Coded]:
    name = f"#{one.name} - {other.name}"
    valid = (one.rank > 0) & (other.rank > 0)
    values = np.where(valid, one.raw.values - other.raw.values, 0)
    domain = one.domain
    step, scale = (domain.step, domain.scale) if isinstance(domain, Grid) else (1, 0)
    made = coded(name, Grid("BIGINT", step, scale), Raw(values, valid))
    return Formula(name, f"{quoted(one.name)} - {quoted(other.name)}"), made
