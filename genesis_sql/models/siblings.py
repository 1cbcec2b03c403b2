"""Children in their order: who came before whom, and what a row can know of the rows before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.family import gather, whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.load import Loaded
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import AGO, KIND, PAST, PREV, TIME, Lookup
from genesis_sql.types import Role

RARE_KIND, MOST_TOLD = 0.02, 10  # of a kind that every row knows how long ago it was
LEAST_PAIRS = 200  # rows with a row before them, to learn from
MOST_KINDS = 40  # combinations of labels that make the kind of a row
MOST_LABELS = 24  # of a label that can be part of it
MOMENTS = (Role.DATE, Role.TIMESTAMP, Role.TIME)


@dataclass(frozen=True, eq=False)
class Siblings:
    """The rows of a table within their families.

    Attributes:
        k: place among the siblings, -1 without parent: int64 of shape (n,).
        count: number of siblings, 0 without parent.
        previous: the row before, -1 for the first.
        moment: the column that orders them, None where nothing does.
        tie: rank of what orders them: rows of one rank stand in any order.
    """

    k: np.ndarray
    count: np.ndarray
    previous: np.ndarray
    moment: str | None
    tie: np.ndarray | None = None


def moment_of(loaded: Loaded) -> str | None:
    """The first date or time of a table."""
    columns = loaded.table.columns
    return next((c.name for c in columns if c.role in MOMENTS and c.name in loaded.columns), None)


def arrange(loaded: Loaded, parent: np.ndarray, by: str | None) -> Siblings:
    """Siblings in the order of a column, else of the first date or time.

    Args:
        loaded: the table.
        parent: row of the parent, -1: none.
        by: a column that numbers them.
    """
    moment = moment_of(loaded)
    named = by or moment
    first = loaded.columns[named].rank if named else np.zeros(loaded.rows, np.int32)
    order = np.lexsort((loaded.hash, first, parent))
    k, count, previous = in_order(order, parent)
    return Siblings(k, count, previous, moment, first)


def in_order(order: np.ndarray, parent: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place, number and row before of every row, for rows sorted by parent and place."""
    n = len(order)
    of = parent[order]
    begins = np.r_[True, of[1:] != of[:-1]] if n else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(begins, np.arange(n), 0))
    k, previous = np.empty(n, np.int64), np.full(n, -1, np.int64)
    k[order] = np.arange(n) - start
    follows = np.flatnonzero(~begins & (of >= 0))
    previous[order[follows]] = order[follows - 1]
    alone = parent < 0
    size = np.bincount(parent[~alone], minlength=1)
    count = np.where(alone, 0, size[np.maximum(parent, 0)])
    return np.where(alone, -1, k), count, previous


def siblings_matter(family: Siblings) -> bool:
    """Whether enough rows have a row before them to learn from."""
    return int((family.previous >= 0).sum()) >= LEAST_PAIRS


def kind_columns(columns: Mapping[str, Coded], open_: Sequence[str]) -> tuple[str, ...]:
    """Labels of few values whose combinations make the kind of a row, at most MOST_KINDS."""
    chosen: list[str] = []
    for name in sorted(open_, key=lambda n: (len(columns[n].values), n)):
        column = columns[name]
        if column.numeric or not 1 < len(column.values) + (column.rank == 0).any() <= MOST_LABELS:
            continue
        if len(np.unique(_radix([columns[c] for c in [*chosen, name]]))) <= MOST_KINDS:
            chosen.append(name)
    return tuple(chosen)


def _radix(columns: Sequence[Coded]) -> np.ndarray:
    """Mixed radix numbers of the labels of each row."""
    out = np.zeros(len(columns[0].rank), np.int64)
    for column in columns:
        out = out * (len(column.values) + 1) + column.rank
    return out


def kind_step(columns: Sequence[Coded]) -> tuple[Lookup, Coded]:
    """The step that tells a row's kind from its labels, and the kinds of the rows."""
    keys, codes = np.unique(_radix(columns), return_inverse=True)
    values = np.arange(1, len(keys) + 1, dtype=np.int32)
    levels = tuple(np.arange(1, len(c.values) + 1, dtype=np.int32) for c in columns)
    step = Lookup(KIND, tuple(c.name for c in columns), levels, keys, values)
    labels = Categories("VARCHAR", tuple(str(v) for v in values))
    return step, coded(KIND, labels, Raw((codes + 1).astype(np.int32)))


def frequent_kinds(kind: Coded) -> list[int]:
    """Kinds that are frequent enough for how long ago they were to tell something."""
    share = kind.count / max(int(kind.count.sum()), 1)
    found = [int(at) + 1 for at in np.argsort(-kind.count, kind="stable") if share[at] >= RARE_KIND]
    return sorted(found[:MOST_TOLD])


def ago(
    kind: Coded, family: Siblings, parent: np.ndarray, moment: Coded | None
) -> tuple[list[Coded], list[Coded], list[Coded]]:
    """How far back the last row of each frequent kind is.

    Returns:
        In rows; in time, before the row before; in time, before the row itself.
    """
    order = np.lexsort((family.k, parent))
    of = parent[order]
    begins = np.r_[True, of[1:] != of[:-1]] if len(of) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(begins, np.arange(len(of)), 0))
    rows, past, time = list[Coded](), list[Coded](), list[Coded]()
    for code in frequent_kinds(kind):
        hit = np.where(kind.rank[order] == code, np.arange(len(of)), -1)
        last = np.r_[-1, np.maximum.accumulate(hit)[:-1]] if len(of) else hit
        found = np.where((last >= start) & (of >= 0), last, -1)
        at = np.full(len(of), -1, np.int64)
        at[order] = np.where(found >= 0, order[np.maximum(found, 0)], -1)
        has = at >= 0
        back = np.where(has, family.k - family.k[np.maximum(at, 0)], 0)
        rows.append(whole(f"{AGO}.{code}", back, has))
        if moment is not None:
            then = gather(moment, at, "then")
            previous = gather(moment, family.previous, "previous")
            past.append(_apart(f"{PAST}.{code}", previous, then))
            time.append(_apart(f"{TIME}.{code}", moment, then))
    return rows, past, time


def _apart(name: str, now: Coded, then: Coded) -> Coded:
    valid = (now.rank > 0) & (then.rank > 0)
    return whole(name, np.where(valid, now.raw.values - then.raw.values, 0), valid)


def before(columns: Mapping[str, Coded], previous: np.ndarray) -> list[Coded]:
    """Columns of the row before."""
    return [gather(c, previous, f"{PREV}.{n}") for n, c in columns.items()]
