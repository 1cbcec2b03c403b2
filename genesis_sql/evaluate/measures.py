"""What every measurement returns: a row with its score, what real rows score, and a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

PASS, WARN, FAIL, INFO = "pass", "warn", "fail", "info"


@dataclass(frozen=True)
class Measure:
    """What a metric means.

    Attributes:
        name: an identifier, unique among all metrics; `genesis_assert` reads it.
        better: 'higher' (1 is ideal), 'lower' (0 is, or .5 of an AUC), 'zero' (anything else is a
            fault), 'none' (told only).
        good, fair: how far a score may lie behind its baseline to pass, or to warn.
        ideal: what a perfect score is, where no baseline is known.
        told: one sentence for the README and the report, with its range and its source.
    """

    name: str
    better: str
    told: str
    good: float = 0.0
    fair: float = 0.0
    ideal: float = 1.0


@dataclass(frozen=True)
class Metric:
    """A row of `genesis_quality`, `genesis_compare` or `genesis_privacy`.

    Attributes:
        scope: 'column', 'pair', 'table', 'parent-child', 'database' or 'privacy'.
        table: '' for the whole database; a child's for parent-child.
        columns: what it is about; () where it is the whole table.
        name: of the metric.
        score: None where it could not be measured, `note` then says why.
        baseline: the same of real rows that were held out; None where there is none.
        n: rows of the smaller side that it was computed from.
        verdict: 'pass', 'warn', 'fail' or 'info'.
        low, high: ends of a 95 % confidence interval of the score, where there is one.
        note: what a reader has to know to read the number.
    """

    scope: str
    table: str
    columns: tuple[str, ...]
    name: str
    score: float | None
    baseline: float | None
    n: int
    verdict: str = INFO
    low: float | None = None
    high: float | None = None
    note: str = ""


def judge(measure: Measure, score: float | None, baseline: float | None) -> str:
    """The verdict on a score: how far it lies behind its baseline, or behind the ideal.

    Example:
        >>> auc = Measure("c2st_auc", "lower", "", good=0.1, fair=0.25, ideal=0.5)
        >>> judge(auc, 0.55, 0.5), judge(auc, 0.7, 0.5), judge(auc, 0.95, None)
        ('pass', 'warn', 'fail')
        >>> judge(Measure("orphans", "zero", "", ideal=0.0), 1.0, None)
        'fail'
    """
    if measure.better == "none" or score is None or math.isnan(score):
        return INFO
    if measure.better == "zero":
        return PASS if score == 0 else FAIL
    if baseline is None or math.isnan(baseline):
        baseline = measure.ideal
    behind = baseline - score if measure.better == "higher" else score - baseline
    if measure.better == "lower":
        behind = min(behind, score - measure.ideal)
    return PASS if behind <= measure.good else WARN if behind <= measure.fair else FAIL


def judged(measure: Measure, metric: Metric) -> Metric:
    """The row with its verdict."""
    return replace(metric, verdict=judge(measure, metric.score, metric.baseline))


@dataclass(frozen=True)
class Distribution:
    """One column drawn over itself: shares of rows by bin, real beside synthetic.

    Attributes:
        table, column: whose it is.
        kind: 'number', 'moment' or 'label'.
        bins: labels, commonest first, the rest in one called '…'; or the edges of the bins of a
            number or moment as text (one more than shares).
        real, synthetic: a share for each bin; they and the share of NULL add up to 1.
        nulls: share of NULL, real and synthetic.
        similarity: 1 - total variation of the two.
    """

    table: str
    column: str
    kind: str
    bins: tuple[str, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]
    nulls: tuple[float, float] = (0.0, 0.0)
    similarity: float = 0.0


@dataclass(frozen=True)
class Matrix:
    """How strongly the columns of a table hang together, two by two.

    Attributes:
        table: whose columns.
        columns: their names, in order.
        real, synthetic: association from 0 to 1, a row for each column.
        similarity: of the joint distribution of each pair, 1 - total variation.
    """

    table: str
    columns: tuple[str, ...]
    real: tuple[tuple[float, ...], ...]
    synthetic: tuple[tuple[float, ...], ...]
    similarity: tuple[tuple[float, ...], ...]
