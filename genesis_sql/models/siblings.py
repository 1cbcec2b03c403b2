"""Children in their order: who came before whom, and what a row can know of the rows before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genesis_sql.models.family import gather, whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.load import Loaded
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import KIND, PREV, SAME, SINCE, Lookup
from genesis_sql.types import Role

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
    """

    k: np.ndarray
    count: np.ndarray
    previous: np.ndarray
    moment: str | None


def moment_of(loaded: Loaded) -> str | None:
    """The first date or time of a table."""
    columns = loaded.table.columns
    return next((c.name for c in columns if c.role in MOMENTS and c.name in loaded.columns), None)


def arrange(
    loaded: Loaded, parent: np.ndarray, by: str | None, then: Sequence[np.ndarray] = ()
) -> Siblings:
    """Siblings in the order of a column, else of the first date or time.

    Args:
        loaded: the table.
        parent: row of the parent, -1: none.
        by: a column that numbers them.
        then: what orders those of one moment; at last the hash of a row does.
    """
    moment = moment_of(loaded)
    named = by or moment
    first = loaded.columns[named].rank if named else np.zeros(loaded.rows, np.int32)
    order = np.lexsort((loaded.hash, *then, first, parent))
    k, count, previous = in_order(order, parent)
    return Siblings(k, count, previous, moment)


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


def last_of_kind(kind: np.ndarray, parent: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The last row before each row that has its parent and its kind, -1: none."""
    order = np.lexsort((k, kind, parent))
    same = np.full(len(order), -1, np.int64)
    if len(order):
        of, what = parent[order], kind[order]
        again = np.flatnonzero((of[1:] == of[:-1]) & (what[1:] == what[:-1]) & (of[1:] >= 0)) + 1
        same[order[again]] = order[again - 1]
    return same


def before(columns: Mapping[str, Coded], previous: np.ndarray) -> list[Coded]:
    """Columns of the row before."""
    return [gather(c, previous, f"{PREV}.{n}") for n, c in columns.items()]


def before_of_kind(
    columns: Mapping[str, Coded], same: np.ndarray, k: np.ndarray, moment: str | None
) -> list[Coded]:
    """Columns of the last row of the kind, and how far back that is in rows and time."""
    has = same >= 0
    back = np.where(has, k - k[np.maximum(same, 0)], 0)
    out = [gather(c, same, f"{SAME}.{n}") for n, c in columns.items()]
    out.append(whole(f"{SAME}.#rows", back, has))
    if moment is not None:
        now = columns[moment]
        then = gather(now, same, "then")
        valid = (now.rank > 0) & (then.rank > 0)
        gap = np.where(valid, now.raw.values - then.raw.values, 0)
        out.append(coded(f"{SINCE}.{moment}", now.domain, Raw(gap, valid)))
    return out
