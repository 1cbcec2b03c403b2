"""What a parent says about its children as a group: columns of the extended parent.

A parent draws them after its own columns; its children read them. So siblings have a common mean,
range and variety without knowing each other (the idea of extended parents is that of Patki, Wedge,
Veeramachaneni, "The Synthetic Data Vault", 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.load import LinkData
from genesis_sql.models.order import binned
from genesis_sql.models.siblings import Siblings
from genesis_sql.program.domain import Grid, Raw

MIN_PARENTS = 200  # fewer parents cannot tell how their children's means are spread
ALIKE = 0.01  # columns in which siblings are no more alike than that need no summary
SAME = 0.999  # all siblings have one value: its mean says all
LIKENESS_ROWS = 50_000


def summaries(
    child: str,
    columns: Mapping[str, Coded],
    link: LinkData,
    family: Siblings,
    parents: int,
) -> list[Coded]:
    """Summaries of each column of a child table that siblings have in common.

    Args:
        child: its name.
        columns: its encoded columns, of n rows.
        link: the row of the parent of each row.
        family: their order; what orders them is summed up in any case.
        parents: rows of the parent.

    Returns:
        Columns of ``parents`` rows named ``#mean:child.column``, and so on; NULL without children.
    """
    has = link.parent_row >= 0
    if len(np.unique(link.parent_row[has])) < MIN_PARENTS:
        return []
    out: list[Coded] = []
    for name, column in columns.items():
        likeness = alike(column, link.parent_row)
        if name != family.moment and likeness < ALIKE:
            continue
        for what, raw in _of(column, link.parent_row, family.k, parents).items():
            if likeness > SAME and name != family.moment and what not in ("mean", "first"):
                continue
            domain = column.domain
            if what == "distinct":
                domain = Grid("BIGINT")
            made = coded(f"#{what}:{child}.{name}", domain, raw)
            if len(made.values) > 1:
                out.append(made)
    return out


def alike(column: Coded, parent: np.ndarray) -> float:
    """How much more often two siblings share a group of values than any two rows do, 0 to 1."""
    order = np.argsort(parent, kind="stable")
    order = order[parent[order] >= 0][:LIKENESS_ROWS]
    code, of = binned(column)[order], parent[order]
    if len(code) < 2:
        return 0.0
    total = int(code.max()) + 1
    chance = float(((np.bincount(code) / len(code)) ** 2).sum())
    size = np.bincount(of)
    cells = np.unique(of * total + code, return_counts=True)[1].astype(np.float64)
    pairs = float((size * (size - 1.0)).sum())
    if pairs == 0 or chance > 0.999:
        return 0.0
    return (float((cells * (cells - 1)).sum()) / pairs - chance) / (1 - chance)


def _of(column: Coded, parent: np.ndarray, k: np.ndarray, parents: int) -> dict[str, Raw]:
    """Raw values by summary."""
    known = (parent >= 0) & (column.rank > 0)
    at, order = parent[known], np.lexsort((k[known], parent[known]))
    if not column.numeric:
        first = np.zeros(parents, np.int32)
        rows = np.flatnonzero(known)[order][::-1]  # the first child is written last
        first[parent[rows]] = column.raw.values[rows]
        return {"first": Raw(first), "distinct": _distinct(at, column.rank[known], parents)}
    values = column.raw.values[known]
    count = np.bincount(at, minlength=parents)
    valid = count > 0
    total = np.bincount(at, weights=values.astype(np.float64), minlength=parents)
    mean = total / np.maximum(count, 1)
    whole = isinstance(column.domain, Grid)
    out = {"mean": Raw(np.round(mean).astype(np.int64) if whole else mean, valid)}
    if count.max(initial=0) > 1:
        kind = np.int64 if whole else np.float64
        low, high = (np.full(parents, v, kind) for v in _ends(values))
        np.minimum.at(low, at, values)
        np.maximum.at(high, at, values)
        out["min"] = Raw(np.where(valid, low, 0), valid)
        out["max"] = Raw(np.where(valid, high, 0), valid)
        out["distinct"] = _distinct(at, column.rank[known], parents)
    return out


def _ends(values: np.ndarray) -> tuple[int | float, int | float]:
    """What is above and below all values."""
    if values.dtype == np.int64:
        return np.iinfo(np.int64).max, np.iinfo(np.int64).min
    return np.inf, -np.inf


def _distinct(parent: np.ndarray, rank: np.ndarray, parents: int) -> Raw:
    pairs = np.unique(parent * (int(rank.max(initial=0)) + 1) + rank)
    of = pairs // (int(rank.max(initial=0)) + 1)
    count = np.bincount(of, minlength=parents)
    return Raw(count.astype(np.int64), count > 0)


def ordered(found: Sequence[Coded], moment: str | None) -> list[Coded]:
    """Summaries in the order in which they are drawn.

    The first and last moment, then means, at last the ends of the others.
    """
    place = {"mean": 2, "first": 3, "distinct": 4, "min": 5, "max": 6}

    def rank(column: Coded) -> int:
        what, _, of = column.name[1:].partition(":")
        timed = what in ("min", "max") and of.partition(".")[2] == moment
        return ("min", "max").index(what) if timed else place[what]

    return sorted(found, key=rank)
