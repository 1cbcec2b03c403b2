"""Counts the cells of pairs of columns on all sides and reads the facts from the counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import Template

from genesis_sql.evaluate.counts.chance import variation_chance, variation_sql
from genesis_sql.evaluate.counts.codes import code_names, coded
from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.facts import DIGITS, Facts
from genesis_sql.evaluate.counts.values import run, sides_of, value_sql
from genesis_sql.evaluate.sides import Sides
from genesis_sql.types import Table

BATCH = 100
"""Pairs, or correlations, in one statement."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Joint:
    """Two columns together.

    Attributes:
        rows: by side.
        variation: total variation of the cells from the real side's, of the synthetic and the
            held-out side; numbers in 10 quantile bins.
        chance: what a fresh real sample stays under.
        information: mutual information over the root of the product of the two entropies, 0 to 1,
            by side, of the same cells.
        bias: what was taken off `information` because few rows make cells look uneven, by side.
        wide, wide_chance: the same as the first two with bins of one width; None where both are
            numbers.
        correlation: Pearson's, by side; None where a column has one value, or is a label.
        both: rows with both values, by side; () where one is a label.
    """

    rows: tuple[int, ...]
    variation: tuple[float, ...]
    chance: float
    information: tuple[float, ...]
    bias: tuple[float, ...]
    wide: tuple[float, ...] | None = None
    wide_chance: float = 0.0
    correlation: tuple[float | None, ...] | None = None
    both: tuple[int, ...] = ()


def joint_facts(sides: Sides, table: Table, pairs: Sequence[Pair]) -> dict[Pair, Joint]:
    """The facts of pairs of measured columns; each pair is worked out once for each `Sides`."""
    known: dict[Pair, Joint] = sides.known.setdefault(("joint", table.name), {})
    missing = [p for p in pairs if p not in known]
    if missing:
        facts = table_facts(sides, table)
        used = {c: f for c, f in facts.items() if any(c in p for p in missing)}
        numbers = dict(_correlations(sides, table.name, used, missing))
        with coded(sides, table.name, used) as codes:
            entropies = _entropies(sides, codes, used)
            for at in range(0, len(missing), BATCH):
                batch = missing[at : at + BATCH]
                known |= _cells(sides, codes, used, batch, entropies, numbers)
    return {p: known[p] for p in pairs}


def all_pairs(facts: Mapping[str, Facts]) -> list[Pair]:
    """Each two columns once, in the order of the table."""
    return list(combinations(facts, 2))


# cells

_GROUP = Template("""
SELECT CAST($number AS USMALLINT) AS number, $by, side, count(*) AS n
FROM $codes GROUP BY $group, side
""")
_CELLS = Template("""
SELECT number, sum(abs(CAST(n0 AS HUGEINT) * $r1 - CAST(n1 AS HUGEINT) * $r0)),
       sum(abs(CAST(n0 AS HUGEINT) * $r2 - CAST(n2 AS HUGEINT) * $r0)), $chance,
       fsum(n0 * ln(greatest(n0, 1))), fsum(n1 * ln(greatest(n1, 1))),
       fsum(n2 * ln(greatest(n2, 1))), count(*) FILTER (WHERE n0 > 0),
       count(*) FILTER (WHERE n1 > 0), count(*) FILTER (WHERE n2 > 0)
FROM (
  SELECT number, CAST(coalesce(sum(n) FILTER (WHERE side = 0), 0) AS BIGINT) AS n0,
         CAST(coalesce(sum(n) FILTER (WHERE side = 1), 0) AS BIGINT) AS n1,
         CAST(coalesce(sum(n) FILTER (WHERE side = 2), 0) AS BIGINT) AS n2
  FROM ($groups) GROUP BY number, a, b
)
GROUP BY number ORDER BY number
""")
"""Groups of one code have b = 0."""

_Cells = tuple[tuple[float, ...], float, tuple["Entropy", ...]]
"""Total variations, the chance of one, and entropies by side."""


@dataclass(frozen=True)
class Entropy:
    """The entropy of cells in nats, and what counting n rows in k of them takes from it.

    The latter is about (k - 1) / 2n: Miller (1955), "Note on the bias of information estimates".
    """

    seen: float
    missing: float


def _count(
    sides: Sides, codes: str, rows: tuple[int, ...], groups: Sequence[tuple[str, ...]]
) -> list[_Cells]:
    """What the cells of each group of codes tell."""
    r0, r1, r2 = (*rows, 0)[:3]
    given = {"r0": r0, "r1": r1, "r2": r2, "chance": variation_sql(r0, r1)}
    counted = " UNION ALL ".join(
        _GROUP.substitute(number=number, by=_named(group), codes=codes, group=", ".join(group))
        for number, group in enumerate(groups)
    )
    found = run(sides.con, _CELLS.substitute(given, groups=counted))
    return [
        (
            tuple(float(d) / (2 * r0 * r) for d, r in zip(row[1:3], rows[1:], strict=False)),
            variation_chance(float(row[3]), (), r0, r1),
            tuple(
                Entropy(math.log(r) - e / r, (k - 1) / (2 * r))
                for e, k, r in zip(row[4:7], row[7:], rows, strict=False)
            ),
        )
        for row in found
    ]


def _named(group: Sequence[str]) -> str:
    one, other = (*group, "0")[:2]
    return f"CAST({one} AS USMALLINT) AS a, CAST({other} AS USMALLINT) AS b"


def _entropies(
    sides: Sides, codes: str, facts: Mapping[str, Facts]
) -> dict[str, tuple[Entropy, ...]]:
    rows = next(iter(facts.values())).rows
    names, _ = code_names(list(facts))
    groups = [(names[c],) for c in facts]
    found: list[_Cells] = []
    for at in range(0, len(groups), BATCH):
        found += _count(sides, codes, rows, groups[at : at + BATCH])
    return {c: cells[2] for c, cells in zip(facts, found, strict=True)}


def _cells(
    sides: Sides,
    codes: str,
    facts: Mapping[str, Facts],
    pairs: Sequence[Pair],
    entropies: Mapping[str, tuple[Entropy, ...]],
    numbers: Mapping[Pair, tuple[tuple[float | None, ...], tuple[int, ...]]],
) -> dict[Pair, Joint]:
    rows = facts[pairs[0][0]].rows
    quantile, wide = code_names(list(facts))
    mixed = [p for p in pairs if len({facts[c].labels is None for c in p}) == 2]
    groups: list[tuple[str, ...]] = [(quantile[a], quantile[b]) for a, b in pairs]
    groups += [tuple(wide[c] if facts[c].numbers else quantile[c] for c in p) for p in mixed]
    found = _count(sides, codes, rows, groups)
    equal = dict(zip(mixed, found[len(pairs) :], strict=True))
    made = {}
    for pair, cells in zip(pairs, found, strict=False):
        variation, chance, together = cells
        apart = [entropies[c] for c in pair]
        both = equal.get(pair, cells)
        labels = any(facts[c].labels for c in pair)
        correlation, count = numbers.get(pair, (None, ()))
        shared = [_shared(*h) for h in zip(*apart, together, strict=True)]
        made[pair] = Joint(
            rows=rows,
            variation=variation,
            chance=chance,
            information=tuple(s[0] for s in shared),
            bias=tuple(s[1] for s in shared),
            wide=both[0] if labels else None,
            wide_chance=both[1],
            correlation=correlation,
            both=count,
        )
    return made


def _shared(one: Entropy, other: Entropy, together: Entropy) -> tuple[float, float]:
    """Mutual information over the root of the product of two entropies, and what was taken off it.

    0 where a column has one value. Strehl and Ghosh (2002), "Cluster ensembles".
    """
    if one.seen <= 0 or other.seen <= 0:
        return 0.0, 0.0
    root = math.sqrt((one.seen + one.missing) * (other.seen + other.missing))
    off = together.missing - one.missing - other.missing
    share = (one.seen + other.seen - together.seen - off) / root
    return round(min(max(share, 0.0), 1.0), DIGITS), round(off / root, DIGITS)


# correlations

_CORRELATED = Template("SELECT $parts FROM (SELECT $values FROM $source)")


def _correlations(
    sides: Sides, table: str, facts: Mapping[str, Facts], pairs: Sequence[Pair]
) -> Iterator[tuple[Pair, tuple[tuple[float | None, ...], tuple[int, ...]]]]:
    """Pearson's correlation and the rows it is of, for pairs of numbers, by side."""
    wanted = [p for p in pairs if all(facts[c].numbers for c in p)]
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        used = [c for c in facts if any(c in p for p in batch)]
        names, _ = code_names(used)
        values = ", ".join(
            f"{value_sql(facts[c].column, facts[c].kind)} AS {names[c]}" for c in used
        )
        parts = ", ".join(
            f"corr({names[a]}, {names[b]}), regr_count({names[a]}, {names[b]})" for a, b in batch
        )
        found = [
            run(sides.con, _CORRELATED.substitute(parts=parts, values=values, source=source))[0]
            for source in sides_of(sides, table)
        ]
        for at, pair in enumerate(batch):
            yield (
                pair,
                (
                    tuple(_finite(row[2 * at]) for row in found),
                    tuple(int(row[2 * at + 1]) for row in found),
                ),
            )


def _finite(value: float | None) -> float | None:
    return round(value, DIGITS) if value is not None and math.isfinite(value) else None
