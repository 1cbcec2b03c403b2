"""Programs made by hand and at random, for the tests of the kernel, its SQL form and its bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid, Key, Reals, Words
from genesis_sql.program.pattern import DIGITS, IntegerKey, Pattern, Run, Shape
from genesis_sql.program.steps import (
    Constant,
    Digit,
    Draw,
    Number,
    Output,
    Program,
    Random,
    Sibling,
    Step,
    Stratum,
    Tree,
)

TEXT = Pattern(
    "identifier", (Shape(("A-", Run(DIGITS, 4))), Shape((Run("xyzé", 3), "!"))), (5, 2), salt=3
)
EXTREME = np.array([-np.inf, np.inf, np.nan, -0.0, 1e-300, 1e300])


class Maker:
    """Draws programs of all steps that need no parent."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.steps: list[Step] = []
        self.domains: dict[str, Domain] = {}
        self.edges: dict[str, np.ndarray] = {}
        self.inputs: list[str] = []

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def tree(self, codes: list[int]) -> Tree:
        """A tree over inputs with that many codes; children stand behind their parents."""
        feature, threshold, left, right = [-1], [0], [0], [0]
        leaves = [0]
        for _ in range(self.whole(0, 6) if codes else 0):
            node, asked = leaves.pop(self.whole(0, len(leaves))), self.whole(0, len(codes))
            feature[node], threshold[node] = asked, self.whole(0, codes[asked])
            left[node], right[node] = len(feature), len(feature) + 1
            leaves += [left[node], right[node]]
            feature += [-1, -1]
            threshold, left, right = [*threshold, 0, 0], [*left, 0, 0], [*right, 0, 0]
        for cell, node in enumerate(sorted(leaves)):
            left[node] = cell
        return Tree(*(np.array(a, np.int32) for a in (feature, threshold, left, right)))

    def cells(self, count: int, domain: Domain) -> Cells:
        start = np.r_[0, np.cumsum(self.rng.integers(1, 9, count))].astype(np.int64)
        slots = int(start[-1])
        accept, alias = alias_tables(start, self.rng.integers(1, 60, slots))
        if isinstance(domain, Categories):
            low = self.rng.integers(0, len(domain.labels) + 1, slots).astype(np.int32)
            return Cells(start, accept, alias, low)
        null = self.rng.random(slots) < 0.2
        if isinstance(domain, Grid):
            low = self.rng.integers(-(10**6), 10**6, slots)
            return Cells(start, accept, alias, low, self.rng.integers(1, 10**5, slots), null)
        low = self.rng.normal(size=slots)
        width = np.where(self.rng.random(slots) < 0.5, 0.0, np.abs(low))
        wild = self.rng.random(slots) < 0.2
        low = np.where(wild, self.rng.choice(EXTREME, slots), low)
        return Cells(start, accept, alias, low, np.where(wild, 0.0, width), null)

    def draw(self, name: str, domain: Domain) -> None:
        asked = [n for n in self.inputs if self.rng.random() < 0.6]
        tree = self.tree([self.codes(n) for n in asked])
        self.add(Draw(name, tuple(asked), tree, self.cells(tree.leaves, domain)), domain)
        if not isinstance(domain, Categories):
            low = self.rng.normal(size=4) if isinstance(domain, Reals) else np.arange(4) * 10**5
            self.edges[name] = np.unique(low[: self.whole(0, 5)])
        self.inputs.append(name)

    def codes(self, name: str) -> int:
        domain = self.domains[name]
        labels = isinstance(domain, Categories)
        return len(domain.labels) + 1 if labels else len(self.edges[name]) + 2

    def add(self, step: Step, domain: Domain) -> None:
        self.steps.append(step)
        self.domains[step.column] = domain  # type: ignore[union-attr]

    def one(self, name: str) -> None:
        """A column of a kind chosen at random."""
        labels = tuple("abcdefgh"[: self.whole(1, 8)])
        values = np.unique(self.rng.integers(-100, 100, 7))
        present = next((n for n in self.inputs if n.startswith("label")), None)
        kind = self.whole(0, 9)
        if kind == 0:
            self.draw(f"label {name}", Categories("VARCHAR", labels))
        elif kind == 1:
            self.draw(name, Grid("DECIMAL(18,2)", self.whole(1, 5), 2))
        elif kind == 2:
            self.draw(name, Reals("DOUBLE"))
        elif kind == 3:
            self.add(Number(name, present), Key("BIGINT", IntegerKey(7, 3, 40, 50, False, 5)))
        elif kind == 4:
            self.add(Number(name, present), Key("VARCHAR", TEXT))
        elif kind == 5:
            self.add(Random(name, TEXT.words_needed, present), Words("VARCHAR", TEXT))
        elif kind == 6:
            self.add(Constant(name), Fixed("DATE", self.rng.choice([None, "2024-02-29"])))
        elif kind == 7:
            base = self.whole(0, 4)
            step = Digit(name, values, self.whole(1, 5), self.whole(1, 9), base)
            self.add(step, Grid("BIGINT"))
        else:
            self.add(Stratum(f"s {name}", values), Grid("DATE"))
            self.add(Sibling(name, self.whole(-3, 3)), Grid("INTEGER", 2))


@pytest.fixture(scope="session")
def random_program() -> Callable[[int], Program]:
    """A program that needs no parent, by seed."""

    def make(seed: int) -> Program:
        maker = Maker(seed)
        for i in range(8):
            maker.one(f"c{i}")
        outputs = tuple(Output(n, d.type) for n, d in maker.domains.items())
        return Program("t", 50, tuple(maker.steps), maker.domains, maker.edges, outputs)

    return make
