"""Columns of a profile that are drawn: cases of laws, or log odds, as steps of a program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import Slots, Spec, kind_of, slots
from genesis_sql.profiles.routing import Sum, added_up, case_of, first_of, grow
from genesis_sql.profiles.when import Axis, Reach, Test, tests_of
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Reals
from genesis_sql.program.steps import Draw, Tree

WEIGHT = 2**31
"""Sum of the whole weights of a cell: shares are exact to 2^-32, what one word can tell apart."""

Tests = tuple[Test, ...]


@dataclass(frozen=True, eq=False)
class Logit:
    """A column that is 1 with the log odds ``intercept`` + what its effects add, else 0.

    Attributes:
        intercept: None as long as it is to be found from ``rate``.
        rate: the share of ones inside ``among``.
        among: elsewhere it is 0.
        effects: per column, tests and what they add; the first that holds counts.
    """

    intercept: float | None
    rate: float | None
    among: Tests
    effects: tuple[tuple[str, tuple[tuple[Test, float], ...]], ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A column with its laws.

    Attributes:
        where: table and column, for errors.
        name: the column.
        kind: how it is held.
        null: share of NULL.
        cases: conditions and laws, of which the first that holds counts.
        otherwise: the law where none does; None: NULL.
        logit: in place of cases.
    """

    where: str
    name: str
    kind: Domain
    null: float = 0.0
    cases: tuple[tuple[Tests, Spec], ...] = ()
    otherwise: Spec | None = None
    logit: Logit | None = None

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """All tests it asks."""
        asked = [t for tests, _ in self.cases for t in tests]
        if self.logit is not None:
            asked += self.logit.among
            asked += [t for _, levels in self.logit.effects for t, _ in levels]
        return tuple(asked)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The columns it depends on."""
        return tuple(dict.fromkeys(t.column for t in self.tests))

    @cached_property
    def laws(self) -> tuple[Slots, ...]:
        """The laws of its cases, and behind them the one for no case."""
        found = [slots(self.where, law, self.kind, self.null) for _, law in self.cases]
        last = nothing(self.kind) if self.otherwise is None else None
        if self.otherwise is not None:
            last = slots(self.where, self.otherwise, self.kind, self.null)
        return (*found, last) if last is not None else tuple(found)

    @cached_property
    def reach(self) -> Reach:
        """What values it can have."""
        if self.logit is not None:
            return Reach(0, 1, self.null > 0)
        null = any(law.null > 0 for law in self.laws)
        some = [law for law in self.laws if len(law.low)]
        last = [law.low + law.width - (law.low.dtype.kind == "i") for law in some]
        if isinstance(self.kind, Categories) or not some:
            return Reach(null=null)
        return Reach(
            float(min(law.low.min() for law in some)), float(max(h.max() for h in last)), null
        )

    def flag(self, share: float) -> Slots:
        """The law of a 0/1 column."""
        one = min(max(share, 0.0), 1.0)
        labels = isinstance(self.kind, Categories)
        low = np.array([1, 2], np.int32) if labels else np.array([0, 1], np.int64)
        weight = np.array([1.0 - one, one]) * (1.0 - self.null)
        keep = weight > 2.0**-32
        return Slots(low[keep], np.ones(int(keep.sum()), low.dtype), weight[keep], self.null)


def nothing(kind: Domain) -> Slots:
    """The law that is always NULL."""
    type_ = np.int32 if isinstance(kind, Categories) else np.int64
    empty = np.zeros(0, np.float64 if isinstance(kind, Reals) else type_)
    return Slots(empty, empty, np.zeros(0), 1.0)


def read_drawn(where: str, name: str, spec: Spec, *, counts: bool = False) -> Drawn:
    """A column out of its specification.

    Args:
        where: table and column, for errors.
        name: the column.
        spec: a law, `conditional` or `logistic`.
        counts: it counts rows.
    """
    null = float(spec.get("null_share", 0.0))
    if spec["type"] == "logistic":
        type_ = str(spec.get("sql_type", "INTEGER")).upper()
        labels = Categories(type_, ("false", "true"))
        kind: Domain = labels if type_ == "BOOLEAN" else Grid(type_, 1, 0)
        return Drawn(where, name, kind, null, logit=_logit(spec))
    kind = kind_of(where, spec, whole=counts)
    if counts and not (isinstance(kind, Grid) and kind.scale == 0):
        message = f"{where}: rows are whole numbers; give a law of such, as poisson or bands"
        raise ProfileError(message)
    *cases, last = _flat((), spec)
    if last[0]:
        return Drawn(where, name, kind, null, (*cases, last))
    return Drawn(where, name, kind, null, tuple(cases), last[1])


def _flat(before: Tests, spec: Spec) -> Iterator[tuple[Tests, Spec]]:
    """Conditions and laws of a distribution, those inside others too."""
    if spec["type"] != "conditional":
        yield before, spec
        return
    for case in spec["cases"]:
        yield from _flat((*before, *tests_of(case["when"])), case["then"])
    if "otherwise" in spec:
        yield from _flat(before, spec["otherwise"])


def _logit(spec: Spec) -> Logit:
    effects: dict[str, list[tuple[Test, float]]] = {}
    for effect in spec.get("effects", ()):
        column = effect["column"]
        held = effects.setdefault(column, [])
        before = len(held)
        for value, odds in effect.get("levels", {}).items():
            held.append((Test(column, (value,)), float(odds)))
        for band in effect.get("bands", ()):
            test = Test(column, None, band.get("min"), band.get("max"))
            held.append((test, float(band["log_odds"])))
        if before:
            message = f"two effects name the column '{column}'; put their levels into one"
            raise ProfileError(message)
    rate, intercept = spec.get("rate"), spec.get("intercept")
    listed = tuple((column, tuple(levels)) for column, levels in effects.items())
    return Logit(
        None if intercept is None else float(intercept),
        None if rate is None else float(rate),
        tests_of(spec.get("among", {})),
        listed,
    )


def expit(odds: float) -> float:
    """The share that log odds stand for."""
    return 1.0 / (1.0 + math.exp(-odds)) if odds > -700 else 0.0


def added(logit: Logit, inputs: Sequence[str], axes: Mapping[str, Axis]) -> list[np.ndarray]:
    """What each code of each input adds to the log odds."""
    out = [np.zeros(axes[name].size) for name in inputs]
    for column, levels in logit.effects:
        values = out[list(inputs).index(column)]
        for test, odds in reversed(levels):
            values[axes[column].masks[test]] = odds
    return out


def draw_step(column: Drawn, axes: Mapping[str, Axis]) -> Draw:
    """The step that draws a column."""
    tree, laws = routed(column, axes)
    return Draw(column.name, column.inputs, tree, cells(column.kind, laws))


def routed(column: Drawn, axes: Mapping[str, Axis]) -> tuple[Tree, Sequence[Slots]]:
    """The tree over the codes of a column's inputs, and the laws it leads to."""
    inputs = column.inputs
    codes = tuple((axes[n].lowest, axes[n].size - 1) for n in inputs)
    if column.logit is None:
        cases = [case_of(i, t, inputs, dict(axes)) for i, (t, _) in enumerate(column.cases)]
        tree = grow(column.where, codes, first_of(cases, len(cases)))
        return tree, column.laws
    if column.logit.intercept is None:
        message = f"{column.where} has no intercept yet; calibrate finds it from its rate"
        raise ProfileError(message)
    found: dict[float, int] = {}

    def cell(odds: float) -> int:
        return found.setdefault(expit(odds), len(found))

    among = case_of(0, column.logit.among, inputs, dict(axes))
    sums = Sum(column.logit.intercept, tuple(added(column.logit, inputs, axes)), among)
    outside = found.setdefault(0.0, 0) if column.logit.among else 0
    tree = grow(column.where, codes, added_up(sums, cell, outside))
    return tree, [column.flag(p) for p in found]


def cells(kind: Domain, laws: Sequence[Slots]) -> Cells:
    """Laws side by side, one cell each."""
    labels = isinstance(kind, Categories)
    dtype: Any = np.int32 if labels else np.float64 if isinstance(kind, Reals) else np.int64
    low, width, weight, null, start = [], [], [], [], [0]
    for law in laws:
        some = law.null > 0 or not len(law.low)
        low.append(np.r_[law.low, np.zeros(int(some))].astype(dtype))
        width.append(np.r_[law.width, np.full(int(some), not isinstance(kind, Reals))])
        weight.append(np.r_[law.weight, np.full(int(some), law.null)])
        null.append(np.r_[np.zeros(len(law.low), bool), np.ones(int(some), bool)])
        start.append(start[-1] + len(low[-1]))
    begins = np.array(start, np.int64)
    whole = np.maximum(np.rint(np.concatenate(weight) * WEIGHT), 1).astype(np.int64)
    accept, alias = alias_tables(begins, whole)
    values = np.concatenate(low)
    if labels:
        return Cells(begins, accept, alias, values)
    return Cells(
        begins, accept, alias, values, np.concatenate(width).astype(dtype), np.concatenate(null)
    )


def single(name: str, kind: Domain, law: Slots) -> Draw:
    """A column that one law draws, whatever the others are."""
    return Draw(name, (), Tree.single(), cells(kind, [law]))
