"""How two columns hang together, real beside synthetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

from genesis_sql.evaluate.counts.chance import Z, apart, judged_by_chance
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.facts import Facts
from genesis_sql.evaluate.counts.joint import Joint, Pair, all_pairs, joint_facts
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.sides import Sides
from genesis_sql.types import Table

PAIR_SIMILARITY = Measure(
    "pair_similarity",
    "higher",
    "1 - total variation of the values of two columns together, 0 to 1: labels one by one, numbers "
    "in 10 quantile bins of the real rows, NULL a bin of its own",
    good=0.03,
    fair=0.1,
)
CORRELATION = Measure(
    "correlation_similarity",
    "higher",
    "1 - half the difference of Pearson's correlations of two numbers or moments, 0 to 1; as "
    "SDMetrics' CorrelationSimilarity",
    good=0.02,
    fair=0.1,
)
CONTINGENCY = Measure(
    "contingency_similarity",
    "higher",
    "1 - total variation of two columns together of which one or both are labels, numbers in 10 "
    "bins of one width, 0 to 1; as SDMetrics' ContingencySimilarity",
    good=0.03,
    fair=0.1,
)
INFORMATION = Measure(
    "mutual_information",
    "higher",
    "1 - the difference of how much two columns tell of each other (mutual information over the "
    "root of the product of their entropies, in the bins of pair_similarity, corrected for the "
    "number of rows as Miller has it), 0 to 1",
    good=0.02,
    fair=0.1,
)
PAIR = Measure(
    "pair",
    "higher",
    "mean of pair_similarity over the pairs of columns of a table, 0 to 1",
    good=0.02,
    fair=0.1,
)
METRICS: tuple[Measure, ...] = (PAIR_SIMILARITY, CORRELATION, CONTINGENCY, INFORMATION, PAIR)

MOST_PAIRS = 5000
"""Pairs of a table that are measured; of 101 columns and more it is a choice."""


def measure(sides: Sides) -> list[Metric]:
    """A row for each pair of measured columns and metric, and one `pair` for each table with any.

    Raises:
        SchemaError: a table has no rows.
    """
    found: list[Metric] = []
    for table in sides.tables:
        facts = table_facts(sides, table)
        pairs = chosen(facts)
        joint = joint_facts(sides, table, pairs)
        for pair in pairs:
            found += _pair(table.name, pair, joint[pair])
        if pairs:
            found.append(_mean(table, facts, joint))
    return found


def chosen(facts: Mapping[str, Facts], most: int | None = None) -> list[Pair]:
    """The pairs to measure: all, or those whose names have the smallest hash."""
    pairs = all_pairs(facts)
    most = MOST_PAIRS if most is None else most
    if len(pairs) <= most:
        return pairs
    keep = set(sorted(pairs, key=_hash)[:most])
    return [p for p in pairs if p in keep]


def _hash(pair: Pair) -> bytes:
    return blake2b("\0".join(pair).encode(), digest_size=8).digest()


def _pair(table: str, pair: Pair, joint: Joint) -> Iterator[Metric]:
    n = min(joint.rows[:2])

    def row(
        what: Measure, scores: Sequence[float | None], chance: float | None, note: str = ""
    ) -> Metric:
        baseline = scores[1] if len(scores) > 1 else None
        told = Metric("pair", table, pair, what.name, scores[0], baseline, n, note=note)
        return judged_by_chance(what, told, chance)

    yield row(PAIR_SIMILARITY, [1 - v for v in joint.variation], joint.chance)
    if joint.correlation is not None:
        scores = [_alike(joint.correlation[0], r) for r in joint.correlation[1:]]
        none = "" if scores[0] is not None else "a column has one value, where both have one"
        rows = joint.both[:2]
        yield row(CORRELATION, scores, Z / 2 * apart(*rows) if all(rows) else None, none)
    if joint.wide is not None:
        yield row(CONTINGENCY, [1 - v for v in joint.wide], joint.wide_chance)
    shared, bias = joint.information, joint.bias
    chance = apart(*joint.rows[:2]) + 2 * abs(bias[1] - bias[0])  # the correction is but a half
    yield row(INFORMATION, [1 - abs(s - shared[0]) for s in shared[1:]], chance)


def _alike(real: float | None, other: float | None) -> float | None:
    return None if real is None or other is None else 1 - abs(real - other) / 2


def _mean(table: Table, facts: Mapping[str, Facts], joint: Mapping[Pair, Joint]) -> Metric:
    """The table's row."""
    count = len(joint)
    first = next(iter(joint.values()))
    means = [
        1 - sum(j.variation[side] for j in joint.values()) / count
        for side in range(len(first.variation))
    ]
    there = len(all_pairs(facts))
    some = f"{count:,} of {there:,} pairs, those whose names have the smallest hash"
    note = some if there > count else f"mean of {count} pair{'s' * (count > 1)}"
    told = Metric(
        "table", table.name, (), PAIR.name, means[0], means[1] if len(means) > 1 else None,
        min(first.rows[:2]), note=note,
    )  # fmt: skip
    return judged_by_chance(PAIR, told, sum(j.chance for j in joint.values()) / count)
