"""The shape of each column alone: how its values are spread, real beside synthetic."""

from __future__ import annotations

from collections.abc import Iterator

from genesis_sql.evaluate.counts.chance import (
    Z,
    apart,
    distance_chance,
    judged_by_chance,
    share_chance,
)
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.facts import Facts
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.sides import Sides

KS = Measure(
    "ks_similarity",
    "higher",
    "1 - the largest difference of the cumulative shares of a number or moment (Kolmogorov-Smirnov)"
    ", 0 to 1; NULLs left out; as SDMetrics' KSComplement",
    good=0.02,
    fair=0.1,
)
TV = Measure(
    "tv_similarity",
    "higher",
    "1 - total variation of a column's values, 0 to 1: labels one by one, numbers in 20 quantile "
    "bins of the real rows, NULL a bin of its own; of labels as SDMetrics' TVComplement",
    good=0.02,
    fair=0.1,
)
WASSERSTEIN = Measure(
    "wasserstein",
    "lower",
    "how far a number or moment has to be moved on average, in standard deviations of the real "
    "rows (1-Wasserstein distance), from 0",
    good=0.05,
    fair=0.25,
    ideal=0.0,
)
NULLS = Measure(
    "null_share_error",
    "lower",
    "difference of the shares of NULL, 0 to 1",
    good=0.01,
    fair=0.05,
    ideal=0.0,
)
SHAPE = Measure(
    "shape",
    "higher",
    "mean of tv_similarity over the columns of a table, 0 to 1",
    good=0.02,
    fair=0.1,
)
METRICS: tuple[Measure, ...] = (KS, TV, WASSERSTEIN, NULLS, SHAPE)


def measure(sides: Sides) -> list[Metric]:
    """A row for each measured column and metric, and one `shape` for each table with any.

    Raises:
        SchemaError: a table has no rows.
    """
    found: list[Metric] = []
    for table in sides.tables:
        facts = table_facts(sides, table)
        for name, fact in facts.items():
            found += _column(table.name, name, fact)
        if facts:
            found.append(_mean(table.name, list(facts.values())))
    return found


def _column(table: str, name: str, fact: Facts) -> Iterator[Metric]:
    def row(
        what: Measure, scores: tuple[float | None, ...], chance: float | None, note: str = ""
    ) -> Metric:
        baseline = scores[1] if len(scores) > 1 else None
        told = Metric("column", table, (name,), what.name, scores[0], baseline, fact.n, note=note)
        return judged_by_chance(what, told, chance)

    if fact.numbers is not None:
        rows, others = fact.values[:2]
        note = "" if others else "all synthetic values are NULL"
        way = fact.numbers.transport
        yield row(
            KS,
            tuple(None if d is None else 1 - d for d in fact.numbers.distance),
            distance_chance(rows, others) if others else None,
            note,
        )
        yield row(
            WASSERSTEIN,
            way,
            Z * fact.numbers.spread * apart(rows, others) if others else None,
            note or ("" if way[0] is not None else "all real values are the same"),
        )
    yield row(TV, tuple(1 - v for v in fact.variation), fact.chance)
    share = 1 - sum(fact.values[:2]) / sum(fact.rows[:2])
    errors = tuple(abs(fact.nulls(s) - fact.nulls(0)) for s in range(1, len(fact.rows)))
    yield row(NULLS, errors, share_chance(share, *fact.rows[:2]))


def _mean(table: str, facts: list[Facts]) -> Metric:
    """The table's row."""
    means = [
        1 - sum(f.variation[side] for f in facts) / len(facts)
        for side in range(len(facts[0].variation))
    ]
    told = Metric(
        "table",
        table,
        (),
        SHAPE.name,
        means[0],
        means[1] if len(means) > 1 else None,
        facts[0].n,
        note=f"mean of {len(facts)} column{'s' * (len(facts) > 1)}",
    )
    return judged_by_chance(SHAPE, told, sum(f.chance for f in facts) / len(facts))
