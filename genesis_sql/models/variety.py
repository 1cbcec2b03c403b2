"""Which kinds occur among the rows of one parent: a column of the parent, flags for its children.

Whether a family ever buys insurance is the family's; how often it does is the rows'. Rows that are
drawn one by one from what their like do would all buy some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from genesis_sql.models.family import whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.siblings import frequent_kinds, kind_columns, kind_step
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.steps import PARENT, Lookup

SETS = 64  # at most
SET_FAMILIES = 5  # a set that fewer families have is nobody's business: they have none
COVERED = 0.8  # of the families, at least, have one of the other sets
DIFFERENT = 0.08  # the share of families that have another set than they would by chance


def kinds_of(columns: Mapping[str, Coded]) -> np.ndarray | None:
    """The kind of each row, as what a family is asked about: 0 … 9, or -1 for a rare kind.

    A kind is a combination of labels; None where the table has no labels of few values.
    """
    names = kind_columns(columns, list(columns))
    if not names:
        return None
    kind = kind_step([columns[n] for n in names])[1]
    place = np.full(len(kind.count) + 1, -1)
    frequent = frequent_kinds(kind)
    place[frequent] = np.arange(len(frequent))
    return np.asarray(place[kind.rank])


def kind_sets(kind: np.ndarray, parent: np.ndarray, parents: int) -> np.ndarray:
    """The set of kinds that occur among each parent's children.

    Args:
        kind: of each row, see `kinds_of`.
        parent: the parent's row of each row; -1: none.
        parents: how many there are.

    Returns:
        int64 of shape (parents,): bit k stands for kind k.
    """
    has = (parent >= 0) & (kind >= 0)
    out = np.zeros(parents, np.int64)
    np.bitwise_or.at(out, parent[has], np.int64(1) << kind[has])
    return out


def frequent_sets(sets: np.ndarray) -> np.ndarray | None:
    """Sets that enough families have, in order; None where they leave out too many families."""
    found, count = np.unique(sets[sets != 0], return_counts=True)
    kept = found[count >= SET_FAMILIES]
    covered = count[count >= SET_FAMILIES].sum() >= COVERED * count.sum()
    return kept if 2 <= len(kept) <= SETS and covered else None


def set_codes(sets: np.ndarray, frequent: np.ndarray) -> np.ndarray:
    """1 + the place of each set among the frequent ones; 0 where it is none of them."""
    at = np.minimum(np.searchsorted(frequent, sets), len(frequent) - 1)
    return np.where(frequent[at] == sets, at + 1, 0).astype(np.int32)


def set_column(child: str, kind: np.ndarray, parent: np.ndarray, parents: int) -> Coded | None:
    """The sets as a hidden column of the parent; the label of a set is its bits as a number."""
    sets = kind_sets(kind, parent, parents)
    frequent = frequent_sets(sets)
    if frequent is None:
        return None
    domain = Categories("VARCHAR", tuple(str(int(s)) for s in frequent))
    return coded(f"#set:{child}", domain, Raw(set_codes(sets, frequent)))


def sets_differ(one: np.ndarray, other: np.ndarray, parent: np.ndarray, parents: int) -> bool:
    """Whether families have other sets of kinds with one kind per row than with the other."""
    mine, theirs = kind_sets(one, parent, parents), kind_sets(other, parent, parents)
    frequent = frequent_sets(mine)
    if frequent is None:
        return False
    size = len(frequent) + 1
    p, q = (np.bincount(set_codes(s, frequent), minlength=size) / parents for s in (mine, theirs))
    chance = float(np.sqrt(size / (np.pi * parents)))  # the mean of equal distributions, at most
    return float(np.abs(p - q).sum() / 2) >= max(DIFFERENT, 1.5 * chance)


def flags(child: str, context: Sequence[Coded]) -> list[tuple[Lookup, Coded]]:
    """Whether a family may have each kind that only some families have; with the steps.

    Args:
        child: name of the table.
        context: what its rows know of their parent.

    Returns:
        Columns of 1, NULL where the kind does not occur or nothing is known.
    """
    told = next((c for c in context if c.name == f"{PARENT}.#set:{child}"), None)
    if told is None or not isinstance(told.domain, Categories):
        return []
    sets = np.array([int(s) for s in told.domain.labels], np.int64)
    levels = (np.arange(1, len(sets) + 1, dtype=np.int32),)
    keys = np.arange(len(sets) + 1, dtype=np.int64)
    made = []
    for bit in range(int(sets.max()).bit_length()):
        valid = np.r_[False, sets >> bit & 1 == 1]
        if 0 < valid.sum() < len(sets):
            name, one = f"#may:{bit + 1}", np.ones(len(keys), np.int64)
            step = Lookup(name, (told.name,), levels, keys, one, valid)
            may = valid[told.rank]
            made.append((step, whole(name, may.astype(np.int64), may)))
    return made
