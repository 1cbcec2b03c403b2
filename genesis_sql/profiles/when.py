"""Conditions of a profile, and the codes that trees see of the columns they ask about.

A condition is a mapping from columns to a value, a list of values, or a range with ``min`` and
``max`` (both inside). NULL meets none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import Slots, as_number, is_number, text_of, unit_of
from genesis_sql.program.domain import Categories, Domain, Grid

MOST_LEVELS = 2**20


@dataclass(frozen=True)
class Test:
    """What is asked about one column: one of ``values``, or a number from ``low`` to ``high``."""

    column: str
    values: tuple[Any, ...] | None = None
    low: Any = None
    high: Any = None


def tests_of(when: Mapping[str, Any]) -> tuple[Test, ...]:
    """The tests of a condition; all have to hold.

    Example:
        >>> tests_of({"age": {"min": 65}})
        (Test(column='age', values=None, low=65, high=None),)
    """
    return tuple(_test(column, asked) for column, asked in when.items())


def _test(column: str, asked: Any) -> Test:
    if isinstance(asked, Mapping):
        return Test(column, None, asked.get("min"), asked.get("max"))
    if isinstance(asked, Sequence) and not isinstance(asked, str):
        return Test(column, tuple(asked))
    return Test(column, (asked,))


@dataclass(frozen=True, eq=False)
class Axis:
    """The codes of one column: 0 is NULL; labels have theirs, numbers are cut at ``edges``.

    Attributes:
        kind: how the column is held.
        edges: of numbers, None of labels.
        size: how many codes there are.
        masks: the codes for which each test holds, bool of shape (size,).
        cell: code to class: codes of a class pass the same tests.
        lowest: 1 where the column is never NULL, else 0.
    """

    kind: Domain
    edges: np.ndarray | None
    size: int
    masks: Mapping[Test, np.ndarray]
    cell: np.ndarray
    lowest: int = 0

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.cell.max()) + 1

    @property
    def first(self) -> np.ndarray:
        """A code of each class."""
        return np.unique(self.cell, return_index=True)[1]

    def shares(self, slots: Slots) -> np.ndarray:
        """Shares of the classes under a law."""
        if self.edges is None:
            by_code = slots.at(self.size)
        else:
            until = np.r_[slots.below(self.edges), 1.0 - slots.null]
            by_code = np.r_[slots.null, np.diff(until, prepend=0.0)]
        return np.bincount(self.cell, weights=by_code, minlength=self.classes)


@dataclass(frozen=True)
class Reach:
    """What values a column can have: raw numbers from and to, and whether it may be NULL."""

    low: float = -math.inf
    high: float = math.inf
    null: bool = True


def axis(where: str, kind: Domain, tests: Iterable[Test], reach: Reach) -> Axis:
    """The codes that a column's tests need.

    Args:
        where: the column, for errors.
        kind: how it is held.
        tests: all that are asked of it.
        reach: its values; what lies outside is not told apart.

    Raises:
        ProfileError: a test makes no sense there.
    """
    asked = tuple(dict.fromkeys(tests))
    if isinstance(kind, Categories):
        masks = {t: _label_mask(where, kind, t) for t in asked}
        size, edges = len(kind.labels) + 1, None
    else:
        ranges = {t: _ranges(where, kind, t) for t in asked}
        edges = _edges(kind, ranges.values())
        edges = edges[(edges >= reach.low) & (edges < reach.high)]
        size = len(edges) + 2
        ends = np.r_[edges.astype(np.float64), reach.high]
        masks = {t: np.r_[False, _inside(ends, found)] for t, found in ranges.items()}
    if size > MOST_LEVELS:
        message = f"{where}: its conditions tell {size:,} cases apart; {MOST_LEVELS:,} are allowed"
        raise ProfileError(message)
    table = np.column_stack([np.arange(size) == 0, *masks.values()])
    cell = np.unique(table, axis=0, return_inverse=True)[1].ravel()
    return Axis(kind, edges, size, masks, cell, int(not reach.null))


def _label_mask(where: str, kind: Categories, test: Test) -> np.ndarray:
    if test.values is None:
        message = f"{where} has labels, so that no condition can ask for a range of it"
        raise ProfileError(message)
    wanted = {text_of(v) for v in test.values}
    return np.array([False, *(label in wanted for label in kind.labels)])


def _ranges(where: str, kind: Domain, test: Test) -> list[tuple[float, float]]:
    """Raw numbers from and to, both inside."""
    unit, whole = unit_of(kind), isinstance(kind, Grid)
    if test.values is None:
        low = -math.inf if test.low is None else as_number(where, test.low, kind.type) * unit
        high = math.inf if test.high is None else as_number(where, test.high, kind.type) * unit
        if whole:
            low = low if math.isinf(low) else math.ceil(low - 1e-6)
            high = high if math.isinf(high) else math.floor(high + 1e-6)
        return [(low, high)] if low <= high else []
    out = []
    for value in test.values:
        given = value if is_number(value) else _bare(value)
        at = as_number(where, given, kind.type) * unit
        if whole:
            if abs(at - round(at)) > 1e-6:
                continue
            at = round(at)
        out.append((at, at))
    return out


def _bare(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _edges(kind: Domain, ranges: Iterable[list[tuple[float, float]]]) -> np.ndarray:
    whole = isinstance(kind, Grid)
    found: set[float] = set()
    for low, high in (pair for held in ranges for pair in held):
        if not math.isinf(low):
            found.add(low - 1 if whole else math.nextafter(low, -math.inf))
        if not math.isinf(high):
            found.add(high)
    return np.array(sorted(found), np.int64 if whole else np.float64)


def _inside(ends: np.ndarray, ranges: list[tuple[float, float]]) -> np.ndarray:
    out = np.zeros(len(ends), bool)
    for low, high in ranges:
        out |= (ends >= low) & (ends <= high)
    return out
