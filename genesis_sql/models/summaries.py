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
from genesis_sql.models.variety import kinds_of, set_column, sets_differ
from genesis_sql.program.domain import Grid, Raw

MIN_PARENTS = 200  # fewer parents cannot tell how their children's means are spread
DIFFERENT = 0.08  # how far apart two distributions of a summary are that it is needed for
NOISE = 1.36  # the same by chance, times the square root of 2 / families
LIKENESS_ROWS = 50_000
LEAVES, LEAST = 64, 100  # of the tree that says which parents are alike


def summaries(
    child: str,
    columns: Mapping[str, Coded],
    link: LinkData,
    family: Siblings,
    known: Sequence[Coded],
    hashes: tuple[np.ndarray, np.ndarray],
) -> list[Coded]:
    """Summaries of each column of a child table that siblings have in common.

    What they have in common as the parent's own columns fix it needs no summary: one more column to
    be drawn, and one that says less exactly what is known.

    Args:
        child: its name.
        columns: its encoded columns, of n rows.
        link: the row of the parent of each row.
        family: their order; what orders them is summed up in any case.
        known: what is known of each row of the parent.
        hashes: of the child's rows and of the parent's, which order them whatever their numbers.

    Returns:
        Columns of ``parents`` rows named ``#mean:child.column``, and so on; NULL without children.
    """
    has, parents = link.parent_row >= 0, len(known[0].rank)
    if len(np.unique(link.parent_row[has])) < MIN_PARENTS:
        return []
    out: list[Coded] = []
    rows = _whole_families(link.parent_row, hashes)
    features = np.column_stack([c.rank for c in known]).astype(np.float32)
    several = len(np.unique(link.parent_row[rows])) < len(rows)  # else no row has a sibling
    kind = kinds_of(columns)
    if several and kind is not None:
        of, anew, size = _anew(kind + 1, link.parent_row, rows, features)
        if sets_differ(kind[rows], kind[anew], of, size):
            made = set_column(child, kind, link.parent_row, parents)
            out += [made] if made is not None else []
    for name, column in columns.items():
        kept = _telling(column, link.parent_row, family.k, rows, features) if several else set()
        if name == family.moment:
            kept = {"mean", "min", "max", "distinct"}
        if not kept:
            continue
        for what, raw in _of(column, link.parent_row, family.k, parents).items():
            if what not in kept:
                continue
            domain = Grid("BIGINT") if what == "distinct" else column.domain
            made = coded(f"#{what}:{child}.{name}", domain, raw)
            if len(made.values) > 1:
                out.append(made)
    return out


def _whole_families(parent: np.ndarray, hashes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Rows of families in a canonical random order, about LIKENESS_ROWS of them."""
    has = np.flatnonzero(parent >= 0)
    own, above = hashes
    order = np.lexsort((own[has], parent[has], above[parent[has]]))
    return has[order][:LIKENESS_ROWS]


def _telling(
    column: Coded, parent: np.ndarray, k: np.ndarray, rows: np.ndarray, features: np.ndarray
) -> set[str]:
    """Summaries that families would not have if their rows were drawn apart from each other.

    The rows are dealt anew among families whose parents are alike, those of one cell of a tree over
    what is known of the parents; a summary tells something where its distribution is another one.

    Args:
        column: of the child table.
        parent: the parent's row of each row.
        k: the place of each row among its siblings.
        rows: those to try with.
        features: what is known of the parents, float32 of shape (parents, columns).
    """
    of, anew, size = _anew(binned(column), parent, rows, features)
    real = _of(column.rows(rows), of, k[rows], size)
    apart = _of(column.rows(anew), of, k[rows], size)
    least = max(DIFFERENT, NOISE * np.sqrt(2 / size))
    return {what for what in real if what in apart and _distance(real[what], apart[what]) >= least}


def _anew(
    code: np.ndarray, parent: np.ndarray, rows: np.ndarray, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows dealt anew among the families of like parents.

    Args:
        code: what likeness is about, for each row of the table.
        parent: the parent's row of each row.
        rows: those to deal.
        features: what is known of the parents.

    Returns:
        The family of each of the rows, 0 … size - 1; the row that it gets; the size.
    """
    found, first, back = np.unique(parent[rows], return_index=True, return_inverse=True)
    of = np.argsort(np.argsort(first, kind="stable"), kind="stable")[back]  # by their first row
    place = _cells(features[parent[rows]], code[rows])
    lot = np.random.default_rng(0).permutation(len(rows))
    dealt, into = lot[np.argsort(place[lot], kind="stable")], np.argsort(place, kind="stable")
    anew = np.empty(len(rows), np.int64)
    anew[into] = rows[dealt]
    return of, anew, len(found)


def _distance(one: Raw, other: Raw) -> float:
    """The largest difference of two distributions (Kolmogorov, Smirnov); labels: half the total."""
    a, b = (r.values if r.valid is None else r.values[r.valid] for r in (one, other))
    if not len(a) or not len(b):
        return 0.0
    values, back = np.unique(np.r_[a, b], return_inverse=True)
    p = np.bincount(back[: len(a)], minlength=len(values)) / len(a)
    q = np.bincount(back[len(a) :], minlength=len(values)) / len(b)
    if one.valid is None:
        return float(np.abs(p - q).sum() / 2)
    return float(np.abs(np.cumsum(p - q)).max())


def _cells(features: np.ndarray, code: np.ndarray) -> np.ndarray:
    """A small tree's cell of every row."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, min_samples_leaf=LEAST, random_state=0)
    return np.asarray(tree.fit(features, code).apply(features))


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
    place = {"mean": 2, "first": 3, "set": 4, "distinct": 4, "min": 5, "max": 6}

    def rank(column: Coded) -> int:
        what, _, of = column.name[1:].partition(":")
        timed = what in ("min", "max") and of.partition(".")[2] == moment
        return ("min", "max").index(what) if timed else place[what]

    return sorted(found, key=rank)
