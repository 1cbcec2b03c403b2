"""The encoded table that models learn from: raw columns, their ranks, nothing of the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from genesis_sql.program.domain import Categories, Domain, Grid, Raw, Reals

MANY_ROWS = 200_000  # from here on columns are worked on side by side
T = TypeVar("T")
U = TypeVar("U")
WORKERS = min(os.cpu_count() or 1, 4)
"""Columns and trees that are worked on at a time: each holds its rows in memory."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as routers and cells see it.

    Attributes:
        name: as the program will call it.
        domain: how raw values are read.
        raw: raw column of n rows.
        rank: int32 of shape (n,): 0 = NULL, else 1 + the position among the distinct values.
        values: distinct raw values in order (numbers), or the codes 1 … labels.
        count: int64, rows of each distinct value.
    """

    name: str
    domain: Domain
    raw: Raw
    rank: np.ndarray
    values: np.ndarray
    count: np.ndarray

    @property
    def numeric(self) -> bool:
        """Whether it lies on a scale rather than being a label."""
        return isinstance(self.domain, Grid | Reals)

    def rows(self, at: np.ndarray) -> Coded:
        """The same column for those rows; distinct values and counts are kept."""
        return replace(self, raw=self.raw.take(at), rank=self.rank[at])

    def ranked(self, at: np.ndarray) -> Coded:
        """The ranks of those rows; all else stays that of the column."""
        return replace(self, rank=self.rank[at])


def coded(name: str, domain: Domain, raw: Raw) -> Coded:
    """Rank a raw column."""
    if isinstance(domain, Categories):
        size = len(domain.labels)
        count = np.bincount(raw.values, minlength=size + 1)[1:].astype(np.int64)
        return Coded(
            name,
            domain,
            raw,
            raw.values.astype(np.int32),
            np.arange(1, size + 1, dtype=np.int32),
            count,
        )
    valid = np.ones(len(raw), bool) if raw.valid is None else raw.valid
    values, inverse, count = distinct(raw.values[valid])
    rank = np.zeros(len(raw), np.int32)
    rank[valid] = inverse + 1
    return Coded(name, domain, raw, rank, values, count.astype(np.int64))


def each(work: Callable[[T], U], columns: Sequence[T], rows: int) -> list[U]:
    """What work gives for each column, on threads where the rows are many."""
    if rows < MANY_ROWS or len(columns) < 2:
        return [work(column) for column in columns]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, columns))


def distinct(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct values in order, the place of each value among them, and how often each occurs.

    Whole numbers that lie close together are counted, the others sorted.

    Example:
        >>> distinct(np.array([7, 5, 7]))
        (array([5, 7]), array([1, 0, 1]), array([1, 2]))
    """
    if values.dtype.kind == "i" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < len(values):
            count = np.bincount(values - low)
            found = np.flatnonzero(count)
            place = np.cumsum(count > 0) - 1
            return (found + low).astype(values.dtype), place[values - low], count[found]
    found, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return found, place, count


def spread(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014) on uint64."""
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def by_key(keys: np.ndarray) -> np.ndarray:
    """Rows in the order of their keys, equal ones as they stand.

    A sort that keeps equal keys in their order takes three times as long: they are put in order
    afterwards, where there are few of them.

    Example:
        >>> by_key(np.array([3, 1, 3, 2])).tolist()
        [1, 3, 0, 2]
    """
    order = np.argsort(keys)
    held = keys[order]
    same = held[1:] == held[:-1]
    if 4 * np.count_nonzero(same) > len(keys):
        return np.argsort(keys, kind="stable")
    at = np.flatnonzero(np.r_[False, same] | np.r_[same, False]) if len(keys) else order
    order[at] = order[at][np.lexsort((order[at], held[at]))]
    return order


def row_hash(columns: Mapping[str, Coded], n: int) -> np.ndarray:
    """A 64-bit hash of every row's ranks, the same on every machine."""
    out = np.full(n, 0x9E3779B97F4A7C15, np.uint64)
    for name in sorted(columns):
        out = spread(out + columns[name].rank.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9))
    return out
