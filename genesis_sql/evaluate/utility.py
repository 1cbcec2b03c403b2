"""Whether models that were learnt from synthetic rows serve on real ones.

TSTR and TRTS (Esteban, Hyland and Raetsch, "Real-valued medical time series generation", 2017):
gradient boosting foretells one column of a table, trained on synthetic rows and tested on real ones
that were held out, and the other way round. What real rows teach stands beside it as the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genesis_sql.errors import OptionError, nearest
from genesis_sql.evaluate.boosting import auc, classifier, losses, one_thread, regressor
from genesis_sql.evaluate.features import Coder, Rows, draw, features_of
from genesis_sql.evaluate.measures import FAIL, Measure, Metric, judged
from genesis_sql.evaluate.sides import LABEL, NUMBER, Sides, measured
from genesis_sql.introspect.catalog import match
from genesis_sql.types import Table

TSTR_AUC = Measure(
    "tstr_auc",
    "higher",
    "area under the curve, .5 (chance) to 1, of a classifier of the target that is trained on "
    "synthetic rows and tested on held-out real ones (one class against the rest, mean over "
    "classes); baseline: trained on real rows",
    good=0.03,
    fair=0.1,
)
TSTR_R2 = replace(
    TSTR_AUC,
    name="tstr_r2",
    told="share of the target's variance, at most 1, that a regression explains which is trained "
    "on synthetic rows and tested on held-out real ones; baseline: trained on real rows",
    good=0.05,
    fair=0.15,
)
TRTS_AUC = replace(
    TSTR_AUC,
    name="trts_auc",
    told="the same, trained on real rows and tested on synthetic ones; baseline: tested on "
    "held-out real ones",
)
TRTS_R2 = replace(
    TSTR_R2,
    name="trts_r2",
    told="the same, trained on real rows and tested on synthetic ones; baseline: tested on "
    "held-out real ones",
)
AGREEMENT = Measure(
    "importance_agreement",
    "higher",
    "rank correlation, -1 to 1, of how much each column counts (Breiman 2001: what the score loses "
    "when it is shuffled) in the models learnt from real and from synthetic rows; baseline: from "
    "two halves of the real rows",
    good=0.15,
    fair=0.4,
)
METRICS = (TSTR_AUC, TSTR_R2, TRTS_AUC, TRTS_R2, AGREEMENT)

MOST = 100_000  # rows a side
LEAST = 50
CLASSES = 20  # the rest of them is one
FEW_VALUES = 10  # numbers of no more values are classes
SHUFFLED = 60_000  # cells that are shuffled, one column after the other: rows x columns
TEST_SHARE = 0.2  # of the real rows, where none are held out


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be foretold, on which rows.

    Attributes:
        table: of the graph; target: a column of it.
        classes: the classes, the commonest first; () of a number.
        real: to learn from; made: the synthetic rows; test: real rows to be tested on.
        note: what a reader has to know.
    """

    table: Table
    target: str
    classes: tuple[str, ...]
    real: Rows
    made: Rows
    test: Rows
    note: str


def measure(sides: Sides) -> list[Metric]:
    """TSTR, TRTS and the agreement of importances for each target.

    Raises:
        OptionError: there is no target, or one that cannot be foretold.
    """
    if not sides.targets:
        known = [c for t in sides.tables for c in measured(t)]
        example = known[-1] if known else "column"
        message = f"utility needs a column to foretell: say target := 'column', as in '{example}'"
        raise OptionError(message)
    out: list[Metric] = []
    for at, (name, target) in enumerate(sorted(sides.targets.items())):
        sides.progress(f"foretelling {target} of {name}", at / len(sides.targets))
        out += _measured(sides, _task(sides, _table(sides, name), target))
    return out


def _table(sides: Sides, name: str) -> Table:
    known = {t.name: t for t in sides.tables}
    found = match(name, known)
    if found is None:
        message = f"there is no table '{name}' to foretell a column of{nearest(name, known)}"
        raise OptionError(message)
    return known[found]


def _task(sides: Sides, table: Table, given: str) -> Task:
    """The rows of all sides whose target is known."""
    kinds = measured(table)
    target = match(given, kinds)
    if target is None:
        there = match(given, [c.name for c in table.columns])
        why = "is no column" if there is None else "is a key, text or empty: nothing to foretell"
        message = f"target := '{given}' {why} of '{table.name}'{nearest(given, kinds)}"
        raise OptionError(message)
    features = features_of(table)
    if len({f.column for f in features}) < 2:
        message = f"table '{table.name}' has no column that could foretell '{target}'"
        raise OptionError(message)

    def drawn(side: str, place: Mapping[str, str]) -> Rows:
        salt = f"{sides.seed}/utility/{side}"
        rows = draw(sides.con, place[table.name], features, MOST, salt)
        return rows.at(_known(rows.of(target)))

    real, made = drawn("real", sides.real), drawn("synthetic", sides.synthetic)
    if sides.holdout is None or table.name in sides.shared:
        cut = int(len(real) * TEST_SHARE)
        test, real = real.first(cut), real.at(np.arange(cut, len(real)))
        note = f"no rows are held out: tested on {TEST_SHARE:.0%} of the real rows, which the model"
        note += " that made the synthetic ones has seen"
    else:
        test, note = drawn("holdout", sides.holdout), ""
    classes = _classes(sides, table, target, real.of(target), kinds[target])
    return Task(table, target, classes, real, made, test, note)


def _known(values: np.ndarray) -> np.ndarray:
    """Which values are not NULL."""
    if values.dtype == object:
        return np.array([v is not None for v in values], bool)
    known: np.ndarray = ~np.isnan(values)
    return known


def _classes(
    sides: Sides, table: Table, target: str, values: np.ndarray, kind: str
) -> tuple[str, ...]:
    """The classes of a label or of a number with few values; () of other numbers and moments."""
    texts, counts = np.unique(values.astype(str), return_counts=True)
    if len(texts) < 2:
        others = [n for n in measured(table) if n != target and table.column(n).distinct > 1]
        message = (
            f"target := '{target}' has one value only in the real rows of '{table.name}', so there "
            f"is nothing to foretell; name another column{nearest(target, others)}"
        )
        raise OptionError(message)
    if kind != LABEL and (kind != NUMBER or len(texts) > FEW_VALUES):
        return ()
    order = sorted(range(len(texts)), key=lambda i: (-counts[i], texts[i]))
    return tuple(str(texts[i]) for i in order[:CLASSES])


@dataclass(frozen=True, eq=False)
class Forecast:
    """Learns and scores the target on coded rows."""

    task: Task
    coder: Coder
    seed: int

    def inputs(self, rows: Rows) -> np.ndarray:
        """All columns but the target."""
        return self.coder.matrix(rows.without(self.task.target))

    def target(self, rows: Rows) -> np.ndarray:
        """Numbers, or of each row its class; the rare ones share one."""
        values = rows.of(self.task.target)
        if not self.task.classes:
            return values
        codes = {c: i for i, c in enumerate(self.task.classes)}
        return np.array([codes.get(v, len(codes)) for v in values.astype(str)])

    def learnt(self, rows: Rows) -> Any:
        """A model of rows, or the class that all of them have."""
        values, target = self.inputs(rows), self.target(rows)
        if not self.task.classes:
            return regressor(values, target, self.coder.categorical, self.seed)
        if len(np.unique(target)) < 2:
            return None
        return classifier(values, target, self.coder.categorical, self.seed)

    def score(self, model: Any, values: np.ndarray, target: np.ndarray) -> float | None:
        """R2, or the mean area under the curve over the classes; None where there is one only."""
        if not self.task.classes:
            off = ((target - target.mean()) ** 2).sum()
            return float(1 - ((target - model.predict(values)) ** 2).sum() / off) if off else None
        there = np.unique(target)
        if len(there) < 2:
            return None
        if model is None:
            return 0.5
        told = model.predict_proba(values)
        column = {c: told[:, i] for i, c in enumerate(model.classes_)}
        nothing = np.zeros(len(values))
        if len(there) == 2:
            return auc(target == there[1], column.get(there[1], nothing))
        return float(np.mean([auc(target == c, column.get(c, nothing)) for c in there]))


def _measured(sides: Sides, task: Task) -> list[Metric]:
    """The three metrics of one target."""
    names = (TSTR_AUC, TRTS_AUC) if task.classes else (TSTR_R2, TRTS_R2)
    n = min(map(len, (task.real, task.made, task.test)))
    if n < LEAST:
        few = f"{len(task.made):,} synthetic, {len(task.real):,} real, {len(task.test):,} test"
        note = f"there are {few} rows with a {task.target}, at least {LEAST} of each are needed"
        verdict = FAIL if not len(task.made) else "info"
        return [
            Metric(
                "column", task.table.name, (task.target,), m.name, None, None, n, verdict, note=note
            )
            for m in (*names, AGREEMENT)
        ]
    forecast = Forecast(task, Coder([task.real.without(task.target)]), sides.seed)
    half = len(task.real) // 2
    halves = (task.real.first(half), task.real.at(np.arange(half, len(task.real))))
    with one_thread():
        return _scored(sides, forecast, halves, names, n)


def _scored(
    sides: Sides, forecast: Forecast, halves: Sequence[Rows], names: Sequence[Measure], n: int
) -> list[Metric]:
    """The models, and the metrics they give."""
    task = forecast.task
    models = [forecast.learnt(rows) for rows in (task.real, task.made, *halves)]
    values, target = forecast.inputs(task.test), forecast.target(task.test)
    best = forecast.score(models[0], values, target)
    own = (forecast.inputs(task.made), forecast.target(task.made))
    scores = (forecast.score(models[1], values, target), forecast.score(models[0], *own))
    out = [_row(task, m, score, best, n) for m, score in zip(names, scores, strict=True)]
    return [*out, _agreement(sides, forecast, models, (values, target), n)]


def _row(task: Task, measure: Measure, score: float | None, best: float | None, n: int) -> Metric:
    notes = [task.note] if task.note else []
    if len(task.classes) == CLASSES:
        notes.append(f"classes: the {CLASSES} commonest, and the rest")
    if score is None:
        notes.append("the rows to test on have one value of it only")
    row = Metric("column", task.table.name, (task.target,), measure.name, score, best, n)
    return judged(measure, replace(row, note="; ".join(notes)))


def _agreement(
    sides: Sides,
    forecast: Forecast,
    models: Sequence[Any],
    test: tuple[np.ndarray, np.ndarray],
    n: int,
) -> Metric:
    """Rank correlation of the importances in the models of real and of synthetic rows."""
    task = forecast.task
    rows = max(SHUFFLED // len(forecast.coder.features), LEAST)
    values, target = test[0][:rows], test[1][:rows]

    def counts(model: Any) -> Mapping[str, float]:
        def score(shuffled: np.ndarray) -> float:
            return forecast.score(model, shuffled, target) or 0.0

        return losses(score, values, forecast.coder.features, sides.seed)

    real, made, one, other = map(counts, models)
    agree, least = _ranks_agree(real, made), _ranks_agree(one, other)
    row = _row(task, AGREEMENT, agree, least, n)
    first = sorted(made, key=lambda c: -made[c])[:3]
    note = f"counts most in the synthetic rows: {', '.join(first)}"
    if agree is None:
        note = "fewer than three columns count"
    return replace(row, note="; ".join(filter(None, (task.note, note))))


def _ranks_agree(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Spearman's correlation; columns that count for nothing share the last rank."""
    if len(one) < 3:
        return None
    left, right = (_ranks(np.array([max(side[c], 0.0) for c in one])) for side in (one, other))
    if min(len(set(left)), len(set(right))) < 2:
        return None
    return float(np.corrcoef(left, right)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share their mean."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[at]
    return ranks
