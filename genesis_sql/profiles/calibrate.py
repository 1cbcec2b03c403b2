"""Intercepts that make the expected share of a 0/1 column exactly its rate.

The joint distribution of the columns that matter is enumerated: columns in an order that keeps it
small, each by the classes of codes that later columns tell apart, and summed out once nothing reads
it any more (variable elimination; Koller and Friedman 2009, chapter 9). The intercept is the root
of a rising function, found by Newton steps kept inside a bracket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.draws import Drawn, added
from genesis_sql.profiles.tables import TableLaws, read_tables

MOST_STATES = 4_000_000
"""Combinations of classes that are held at once: 32 MB."""
ENDLESS = 60.0
"""Log odds of the rates 0 and 1: 10^-26."""
DIGITS = 12
"""Decimals of an intercept: rounding moves a rate by less than 10^-12."""


def calibrate(plain: Mapping[str, Any], table: str) -> dict[str, Any]:
    """The profile with every ``rate`` of a table replaced by its ``intercept``.

    Args:
        plain: a plain profile.
        table: one of its tables.

    Raises:
        ProfileError: the table is not there, a rate cannot be reached, or too many columns depend
            on one another.

    Example:
        >>> ill = {"type": "logistic", "rate": 0.5}
        >>> plain = {"tables": {"people": {"columns": {"ill": ill}}}}
        >>> calibrate(plain, "people")["tables"]["people"]["columns"]["ill"]
        {'type': 'logistic', 'intercept': 0.0}
    """
    tables = read_tables(plain)
    if table not in tables:
        from genesis_sql.errors import nearest

        message = f"the profile has no table '{table}'{nearest(table, tables)}"
        raise ProfileError(message)
    found = intercepts(tables[table])
    held = plain["tables"][table]
    columns = dict(held["columns"])
    for name, intercept in found.items():
        spec = {k: v for k, v in columns[name].items() if k not in ("rate", "intercept")}
        columns[name] = {"type": spec.pop("type"), "intercept": intercept, **spec}
    return {**plain, "tables": {**plain["tables"], table: {**held, "columns": columns}}}


def calibrated(tables: dict[str, TableLaws]) -> dict[str, TableLaws]:
    """The tables, every rate turned into its intercept."""
    for table in tables.values():
        for name, intercept in intercepts(table).items():
            drawn = table.drawn[name]
            if drawn.logit is not None:
                logit = replace(drawn.logit, intercept=intercept)
                table.drawn[name] = replace(drawn, logit=logit)
    return tables


def intercepts(table: TableLaws) -> dict[str, float]:
    """The intercepts of the columns of a table that have a rate."""
    wanted = [
        n for n, d in table.drawn.items() if d.logit is not None and d.logit.intercept is None
    ]
    return Joint(table, wanted).intercepts if wanted else {}


class Joint:
    """The columns of a table that some depend on, summed out one after the other.

    Attributes:
        intercepts: of the columns that had a rate.
        cells: by column, the share of rows that each of its laws draws.
        ones: by 0/1 column, its share of ones.
    """

    def __init__(self, table: TableLaws, wanted: Sequence[str]) -> None:
        self.table = table
        self.intercepts: dict[str, float] = {}
        self.cells: dict[str, np.ndarray] = {}
        self.ones: dict[str, float] = {}
        self.names: tuple[str, ...] = ()
        self.states = np.ones(())
        waiting = _closure(table, wanted)
        while waiting:
            name = min(waiting, key=lambda n: (self._size(n, waiting), waiting.index(n)))
            waiting.remove(name)
            self._add(name)
            self._drop(waiting)

    def _size(self, name: str, waiting: Sequence[str]) -> float:
        """States after a column is added; endless where what it depends on is not there yet."""
        drawn = self.table.drawn[name]
        if any(i in waiting for i in drawn.inputs):
            return float("inf")
        later = {i for n in waiting if n != name for i in self.table.drawn[n].inputs}
        size = 1.0
        for held in {*self.names, name}:
            size *= self.table.axes[held].classes if held in later else 1
        return size

    def _add(self, name: str) -> None:
        drawn, table = self.table.drawn[name], self.table
        classes = [table.axes[i].classes for i in drawn.inputs]
        size = self.states.size * (table.axes[name].classes if name in table.axes else 1)
        if size > MOST_STATES or np.prod(classes) > MOST_STATES:
            message = (
                f"{drawn.where}: {size:,} combinations of columns have to be told apart to find "
                f"its share, more than {MOST_STATES:,}; let it depend on fewer columns, or give "
                "an intercept in place of a rate"
            )
            raise ProfileError(message)
        kept = [self.names.index(i) for i in drawn.inputs]
        others = tuple(a for a in range(len(self.names)) if a not in kept)
        weight = np.transpose(self.states, (*kept, *others)).reshape(*classes, -1).sum(axis=-1)
        shares = self._shares(drawn, weight)
        if name not in table.axes:
            return
        spread = shares.reshape(*classes, *([1] * len(others)), shares.shape[-1])
        moved = np.transpose(self.states, (*kept, *others))[..., None]
        self.states = moved * spread
        self.names = (*(self.names[a] for a in (*kept, *others)), name)

    def _shares(self, drawn: Drawn, weight: np.ndarray) -> np.ndarray:
        """Shares of the column's classes for each combination of its inputs' classes."""
        axes, name = self.table.axes, drawn.name
        if drawn.logit is None:
            cell = self._cell(drawn)
            self.cells[name] = np.bincount(
                cell.ravel(), weights=weight.ravel(), minlength=len(drawn.laws)
            )
            laws = [axes[name].shares(s) if name in axes else np.ones(1) for s in drawn.laws]
            return np.asarray(np.array(laws)[cell])
        share = self._ones(drawn, weight)
        self.ones[name] = float((share * weight).sum()) * (1.0 - drawn.null)
        if name not in axes:
            return share[..., None]
        zero, one = (axes[name].shares(drawn.flag(p)) for p in (0.0, 1.0))
        return np.asarray(share[..., None] * one + (1.0 - share[..., None]) * zero)

    def _cell(self, drawn: Drawn) -> np.ndarray:
        """The law of each combination of the inputs' classes; the last one where no case holds."""
        cell = np.full([self.table.axes[i].classes for i in drawn.inputs], -1)
        for at, (tests, _) in enumerate(drawn.cases):
            cell[(cell < 0) & self._holds(drawn, tests)] = at
        cell[cell < 0] = len(drawn.laws) - 1
        return cell

    def _holds(self, drawn: Drawn, tests: Sequence[Any]) -> np.ndarray:
        held = np.ones([self.table.axes[i].classes for i in drawn.inputs], bool)
        for test in tests:
            axis = self.table.axes[test.column]
            held &= _along(axis.masks[test][axis.first], drawn.inputs, test.column)
        return held

    def _ones(self, drawn: Drawn, weight: np.ndarray) -> np.ndarray:
        """The share of ones for each combination; finds the intercept where it is open."""
        logit, axes = drawn.logit, self.table.axes
        if logit is None:
            raise TypeError(drawn.name)
        odds = np.zeros([axes[i].classes for i in drawn.inputs])
        for name, values in zip(drawn.inputs, added(logit, drawn.inputs, axes), strict=True):
            odds = odds + _along(values[axes[name].first], drawn.inputs, name)
        inside = self._holds(drawn, logit.among)
        intercept = logit.intercept
        if intercept is None:
            rate = float(logit.rate if logit.rate is not None else 0.0)
            intercept = _root(drawn.where, odds[inside], weight[inside], rate)
            self.intercepts[drawn.name] = intercept
        return np.where(inside, _expit(intercept + odds), 0.0)

    def _drop(self, waiting: Sequence[str]) -> None:
        """Sum out what nothing reads any more."""
        later = {i for n in waiting for i in self.table.drawn[n].inputs}
        gone = tuple(a for a, n in enumerate(self.names) if n not in later)
        if gone:
            self.states = self.states.sum(axis=gone)
            self.names = tuple(n for n in self.names if n in later)


def _along(values: np.ndarray, inputs: Sequence[str], name: str) -> np.ndarray:
    """Values of one input's classes, to be spread over all others."""
    at = list(inputs).index(name)
    return values.reshape([-1 if i == at else 1 for i in range(len(inputs))])


def _closure(table: TableLaws, wanted: Sequence[str]) -> list[str]:
    """Columns and all that they depend on, in order."""
    found: set[str] = set()
    open_ = list(wanted)
    while open_:
        name = open_.pop()
        if name in found:
            continue
        if name not in table.drawn:
            message = (
                f"{table.where(wanted[0])} has a rate, and depends on '{name}' of the parent, "
                "whose share among these rows is not known; give an intercept"
            )
            raise ProfileError(message)
        found.add(name)
        open_ += table.drawn[name].inputs
    return [n for n in table.order if n in found]


def _expit(odds: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * odds)))


def _root(where: str, odds: np.ndarray, weight: np.ndarray, rate: float) -> float:
    """The intercept for which the mean share of ones is the rate."""
    total = float(weight.sum())
    if total <= 0:
        message = f"{where}: no row lies inside 'among', so that no rate can be reached there"
        raise ProfileError(message)
    if rate in (0.0, 1.0):
        reach = float(np.abs(odds).max(initial=0.0))
        return -ENDLESS - reach if rate == 0.0 else ENDLESS + reach
    low = np.log(rate / (1.0 - rate)) - float(odds.max())
    high = np.log(rate / (1.0 - rate)) - float(odds.min())
    at = (low + high) / 2.0
    for _ in range(200):
        share = _expit(at + odds)
        off = float((share * weight).sum()) / total - rate
        low, high = (low, at) if off > 0 else (at, high)
        slope = float((share * (1.0 - share) * weight).sum()) / total
        step = at - off / slope if slope > 0 else low
        following = step if low < step < high else (low + high) / 2.0
        if abs(following - at) < 1e-14 * max(1.0, abs(at)):
            break
        at = following
    return round(float(at), DIGITS) + 0.0


def expected_rows(tables: Mapping[str, TableLaws]) -> dict[str, int]:
    """The rows of each table at scale 1: of a child, as many as its law says on average."""
    out: dict[str, int] = {}
    for table in tables.values():
        if table.parent is None:
            out[table.name] = table.rows
            continue
        mean = _mean_children(tables[table.parent], table)
        out[table.name] = max(round(out[table.parent] * mean), 1 if mean > 0 else 0)
    return out


def _mean_children(above: TableLaws, child: TableLaws) -> float:
    name = f"#count:{child.name}"
    wanted = list(child.flags) or [name]
    try:
        joint = Joint(above, wanted)
    except ProfileError:  # too large to enumerate, or children of children
        return _rough(above, wanted)
    if child.flags:
        return sum(joint.ones[flag] for flag in child.flags)
    laws = above.drawn[name].laws
    return float(sum(s * _mean(law) for s, law in zip(joint.cells[name], laws, strict=True)))


def _mean(law: Any) -> float:
    middle = law.low + (law.width - 1) / 2.0
    return float((np.maximum(middle, 0.0) * law.weight).sum())


def _rough(above: TableLaws, wanted: Sequence[str]) -> float:
    """The mean of the laws of a count, as if its cases were equally frequent."""
    counts = [above.drawn[n] for n in wanted if above.drawn[n].logit is None]
    if not counts:
        return 1.0
    return float(np.mean([_mean(law) for c in counts for law in c.laws]))
