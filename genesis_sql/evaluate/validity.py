"""Whether values are ones that the real column could have."""

from __future__ import annotations

import math
from collections.abc import Iterator

from genesis_sql.evaluate.counts.chance import judged_by_chance
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.facts import Facts
from genesis_sql.evaluate.measures import Measure, Metric, judged
from genesis_sql.evaluate.sides import Sides

IN_RANGE = Measure(
    "in_range",
    "higher",
    "share of a number's or moment's values between the least and the greatest real one, 0 to 1; "
    "0 where there are no values",
    good=0.001,
    fair=0.02,
)
IN_CATEGORY = Measure(
    "in_category",
    "higher",
    "share of labels that the real rows have, too, 0 to 1; 0 where there are no values",
    good=0.001,
    fair=0.02,
)
NON_INTEGER = Measure(
    "non_integer_share",
    "zero",
    "share of values with a fraction in a column of whole numbers, 0 to 1",
    ideal=0.0,
)
METRICS: tuple[Measure, ...] = (IN_RANGE, IN_CATEGORY, NON_INTEGER)


def measure(sides: Sides) -> list[Metric]:
    """A row for each measured column, two for whole numbers.

    Raises:
        SchemaError: a table has no rows.
    """
    return [
        metric
        for table in sides.tables
        for name, fact in table_facts(sides, table).items()
        for metric in _column(table.name, name, fact)
    ]


def _column(table: str, name: str, fact: Facts) -> Iterator[Metric]:
    baseline = fact.inside[2] if len(fact.inside) > 2 else None
    what, chance = (
        (IN_CATEGORY, _unseen(fact)) if fact.numbers is None else (IN_RANGE, _beyond(fact))
    )
    told = Metric("column", table, (name,), what.name, fact.inside[1], baseline, fact.n)
    yield judged_by_chance(what, told, chance)
    if fact.numbers is not None and fact.numbers.whole:
        broken = fact.numbers.broken
        held = broken[2] if len(broken) > 2 else None
        yield judged(
            NON_INTEGER,
            Metric("column", table, (name,), NON_INTEGER.name, broken[1], held, fact.n),
        )


def _beyond(fact: Facts) -> float:
    """The share of fresh real values outside of the range that the real side happens to show.

    Of r fresh values for each real one, as many lie beyond the two ends as a negative binomial has
    it: 2 r on average, its variance 2 r (1 + r).
    """
    if not fact.values[1]:
        return 0.0
    times = fact.values[1] / fact.values[0]
    return (2 * times + 2 * math.sqrt(2 * times * (1 + times))) / fact.values[1]


def _unseen(fact: Facts) -> float:
    """The share of fresh real values whose label the real side does not happen to show.

    Labels that occur once tell it: Good (1953), "The population frequencies of species". Rows of
    one unseen label come together, which makes them vary more than a Poisson number does.
    """
    if not fact.values[1]:
        return 0.0
    times = fact.values[1] / fact.values[0]
    spread = math.sqrt(times * (fact.singles + 1) * (1 + 3 * times))
    return (times * fact.singles + 1.645 * spread + min(times, 1.0)) / fact.values[1]
