"""Whether a classifier tells synthetic rows from real ones, and by which columns.

The classifier two-sample test (Lopez-Paz and Oquab, "Revisiting classifier two-sample tests",
2017): gradient boosting, five folds, the area under its curve. .5 is chance, 1 is certainty. Real
rows are those held out where there are some: a synthetic row that repeats a training row would
otherwise hide what is wrong with the others.

What it costs: a run is given CELLS values of features a side. While they suffice (300 features of
all classifiers together), each sees MOST rows a side in five folds of 100 trees. In a wider schema
all see fewer rows, never less than LEAST_OF_MANY, in three folds, and stop at the tree from which a
validation part no longer gains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from genesis_sql.evaluate.boosting import auc, classifier, losses, one_thread
from genesis_sql.evaluate.counts.joins import gathered, joined
from genesis_sql.evaluate.features import Coder, Feature, Rows, draw, features_of
from genesis_sql.evaluate.measures import Measure, Metric, judged
from genesis_sql.evaluate.sides import Sides
from genesis_sql.types import Relationship, Table

C2ST = Measure(
    "c2st_auc",
    "lower",
    "area under the curve of a classifier that tells real rows from synthetic ones, .5 (it cannot) "
    "to 1 (always); Lopez-Paz & Oquab 2017, gradient boosting in five folds",
    good=0.1,
    fair=0.25,
    ideal=0.5,
)
JOIN = replace(
    C2ST,
    name="c2st_join_auc",
    told="the same of rows joined with the parent they refer to; a parent's rows share a fold",
)
CHILDREN = replace(
    C2ST,
    name="c2st_children_auc",
    told="the same of parents with the number of their children and the mean, least and greatest "
    "number, or the number of different labels, of each of their columns",
)
GIVES_AWAY = Measure(
    "gives_away",
    "none",
    "share, 0 to 1, that a column has in telling real from synthetic rows: how far c2st_auc falls "
    "when it is shuffled (Breiman 2001), of the falls of all columns",
    ideal=0.0,
)
METRICS = (C2ST, JOIN, CHILDREN, GIVES_AWAY)

FOLDS, FOLDS_OF_MANY = 5, 3
MOST, LEAST = 20_000, 50  # rows a side
CELLS, LEAST_OF_MANY = 6_000_000, 1_000
SHUFFLED = 40_000  # cells of a fold that are shuffled, one column after the other: rows x columns
SHOWN = 10
FALL = 0.005  # of the AUC, below which a column gives nothing away


@dataclass(frozen=True)
class Contest:
    """Two or three sides between which a classifier is to tell.

    Attributes:
        measure: whose rows.
        table: the metric's table; columns: its columns.
        drawn: draws at most so many rows of a side: 'real', 'synthetic' or 'holdout'.
        features: how many; each costs time.
    """

    measure: Measure
    table: str
    columns: tuple[str, ...]
    drawn: Callable[[str, int], Rows]
    features: int


@dataclass(frozen=True, eq=False)
class Told:
    """How well two sets of rows were told apart, and how far that falls without each column."""

    auc: float
    rows: int
    falls: Mapping[str, float] = field(default_factory=dict)


def measure(sides: Sides) -> list[Metric]:
    """All of it: rows of each table, of each key's join, of each parent with its children."""
    contests = [c for c in (*_tables(sides), *_joins(sides), *_children(sides)) if c.features]
    rows = min(MOST, max(LEAST_OF_MANY, CELLS // max(sum(c.features for c in contests), 1)))
    out: list[Metric] = []
    for at, contest in enumerate(contests):
        sides.progress(f"telling apart {contest.table}", at / len(contests))
        out += _measured(sides, contest, rows)
    return out


def _tables(sides: Sides) -> list[Contest]:
    def source(table: Table) -> Callable[[Mapping[str, str]], _Source]:
        return lambda place: (place[table.name], features_of(table), None)

    return [
        _contest(sides, C2ST, t.name, (), source(t))
        for t in sides.tables
        if t.name not in sides.shared
    ]


def _joins(sides: Sides) -> list[Contest]:
    """Children with their parent; a shared parent's values would be recognised in real rows."""

    def source(key: Relationship) -> Callable[[Mapping[str, str]], _Source]:
        return lambda place: (*joined(sides.graph, place, key), "family")

    return [
        _contest(sides, JOIN, key.child, key.columns, source(key))
        for key in sides.relationships
        if key.columns and key.parent not in sides.shared and key.child not in sides.shared
    ]


def _children(sides: Sides) -> list[Contest]:
    out = []
    for table in sides.tables:
        keys = [r for r in sides.relationships if r.parent == table.name and r.columns]
        if keys and table.name not in sides.shared:
            out.append(_gathered(sides, table.name, keys))
    return out


def _gathered(sides: Sides, table: str, keys: Sequence[Relationship]) -> Contest:
    return _contest(
        sides,
        CHILDREN,
        table,
        (),
        lambda place: (*gathered(sides.graph, place, table, keys), None),
    )


_Source = tuple[str, tuple[Feature, ...], str | None]


def _contest(
    sides: Sides,
    measure: Measure,
    table: str,
    columns: tuple[str, ...],
    source: Callable[[Mapping[str, str]], _Source],
) -> Contest:
    """A contest from what stands behind FROM, its features and its families on one side."""

    def drawn(side: str, rows: int) -> Rows:
        place = {"real": sides.real, "synthetic": sides.synthetic, "holdout": sides.holdout}[side]
        query, features, family = source(place or {})
        return draw(sides.con, query, features, rows, f"{sides.seed}/{side}", family)

    return Contest(measure, table, columns, drawn, len(source(sides.real)[1]))


def _measured(sides: Sides, contest: Contest, most: int) -> list[Metric]:
    """The metric, and what gives the rows of a table away."""
    made, real = contest.drawn("synthetic", most), contest.drawn("real", most)
    held = None if sides.holdout is None else contest.drawn("holdout", most)
    parts = [p for p in (made, real, held) if p is not None]
    n = min(map(len, parts))
    scope = "table" if contest.measure is not JOIN else "parent-child"
    if n < LEAST:
        names = ("synthetic", "real", "held-out")
        few = ", ".join(f"{len(p):,} {name}" for p, name in zip(parts, names, strict=False))
        note = f"there are {few} rows, at least {LEAST} of each are needed"
        empty = Metric(
            scope, contest.table, contest.columns, contest.measure.name, None, None, n, note=note
        )
        return [empty]
    made, real, held = made.first(n), real.first(n), held and held.first(n)
    alone = contest.measure is C2ST
    thrifty = most < MOST
    told = tell_apart(sides, real if held is None else held, made, weigh=alone, thrifty=thrifty)
    baseline = None if held is None else tell_apart(sides, held, real, thrifty=thrifty).auc
    against = "" if held is None else " held out"
    row = Metric(
        scope,
        contest.table,
        contest.columns,
        contest.measure.name,
        told.auc,
        baseline,
        n,
        note=f"{n:,} synthetic rows against {n:,} real ones{against}",
    )
    return [judged(contest.measure, row), *_giving_away(contest.table, told)]


def tell_apart(
    sides: Sides, one: Rows, other: Rows, *, weigh: bool = False, thrifty: bool = False
) -> Told:
    """How well the rows of two sides are told apart, on folds that were not learnt from.

    Args:
        sides: has the seed.
        one: rows of one side.
        other: as many of the other.
        weigh: whether to find out what each column adds.
        thrifty: whether there are many such questions to answer.
    """
    coder = Coder([one, other])
    values = np.concatenate([coder.matrix(one), coder.matrix(other)])
    truth = np.repeat([0, 1], [len(one), len(other)])
    count = FOLDS_OF_MANY if thrifty else FOLDS
    folds = np.concatenate(_folds([one, other], count, sides.seed))
    told = np.empty(len(values))

    def fold(number: int) -> Mapping[str, float]:
        held = np.flatnonzero(folds == number)
        learnt = folds != number
        model = classifier(
            values[learnt], truth[learnt], coder.categorical, sides.seed, early=thrifty
        )
        told[held] = model.predict_proba(values[held])[:, 1]
        if not weigh:
            return {}
        rng = np.random.default_rng([sides.seed % 2**32, number])
        some = rng.permutation(held)[: max(SHUFFLED // len(coder.features), 200)]

        def score(shuffled: np.ndarray) -> float:
            return auc(truth[some], model.predict_proba(shuffled)[:, 1])

        return losses(score, values[some], coder.features, sides.seed + number)

    with one_thread():
        falls = [fold(number) for number in range(count)]
    mean = {c: float(np.mean([f[c] for f in falls])) for c in falls[0]}
    return Told(auc(truth, told), len(one), mean)


def _folds(parts: Sequence[Rows], count: int, seed: int) -> list[np.ndarray]:
    """The fold of each row, the same number of each side; families stay together.

    Siblings share their parent's values: a classifier that has met a parent would recognise its
    other children by it. Where a side has fewer than LEAST families, rows are dealt out.
    """
    families = [p.families for p in parts]
    whole = all(f is not None and len(np.unique(f)) >= LEAST for f in families)
    out = []
    for side, (rows, family) in enumerate(zip(parts, families, strict=True)):
        rng = np.random.default_rng([seed % 2**32, side])
        if whole and family is not None:
            named, at = np.unique(family, return_inverse=True)
            out.append(rng.permutation(len(named))[at] % count)
        else:
            out.append(rng.permutation(len(rows)) % count)
    return out


def _giving_away(table: str, told: Told) -> list[Metric]:
    """The columns that give a table away, the worst first."""
    sum_ = sum(max(v, 0.0) for v in told.falls.values())
    worst = sorted((c for c, v in told.falls.items() if v >= FALL), key=lambda c: -told.falls[c])
    return [
        Metric(
            "column",
            table,
            (column,),
            GIVES_AWAY.name,
            told.falls[column] / sum_,
            None,
            told.rows,
            note=f"number {at + 1}: c2st_auc falls by {told.falls[column]:.3f} without it",
        )
        for at, column in enumerate(worst[:SHOWN])
    ]
