"""Counts the values of each column on all sides and reads the facts from the counts.

The counting is a GROUP BY, which DuckDB does out of core; sums are of whole numbers or rounded, so
that nothing depends on the order of rows or the number of threads.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from string import Template
from typing import Any

from genesis_sql.errors import SchemaError
from genesis_sql.evaluate.counts.chance import variation_chance, variation_sql
from genesis_sql.evaluate.counts.edges import (
    bin_sql,
    end_ranks,
    ends,
    few_edges,
    quantile_edges,
    ranks,
)
from genesis_sql.evaluate.counts.facts import (
    COARSE,
    DIGITS,
    FINE,
    MOST_LABELS,
    Facts,
    Labels,
    Numbers,
)
from genesis_sql.evaluate.counts.values import (
    kept,
    number_literal,
    run,
    sides_of,
    stacked,
    value_sql,
)
from genesis_sql.evaluate.sides import LABEL, NUMBER, Sides, measured
from genesis_sql.types import Column, Table


def table_facts(sides: Sides, table: Table) -> dict[str, Facts]:
    """The facts of each measured column; worked out once for each `Sides`.

    Raises:
        SchemaError: a side has no rows.
    """
    key = ("facts", table.name)
    if key not in sides.known:
        rows = row_counts(sides, table)
        sides.known[key] = {
            name: _facts(sides, table, table.column(name), kind, rows)
            for name, kind in measured(table).items()
        }
    found: dict[str, Facts] = sides.known[key]
    return found


_ROWS = Template("SELECT count(*) FROM $source")


def row_counts(sides: Sides, table: Table) -> tuple[int, ...]:
    """Rows of the real, the synthetic and the held-out side.

    Raises:
        SchemaError: a side has none.
    """
    key = ("rows", table.name)
    if key not in sides.known:
        sources = sides_of(sides, table.name)
        found = tuple(run(sides.con, _ROWS.substitute(source=s))[0][0] for s in sources)
        for name, count in zip(("real", "synthetic", "held-out"), found, strict=False):
            if not count:
                msg = f"the {name} table '{table.name}' has no rows: there is nothing to compare"
                raise SchemaError(msg)
        sides.known[key] = found
    counts: tuple[int, ...] = sides.known[key]
    return counts


_COUNTED = Template("""
SELECT v, count(*) FILTER (WHERE side = 0) AS n0, count(*) FILTER (WHERE side = 1) AS n1,
       $n2 AS n2
FROM $rows WHERE v IS NOT NULL GROUP BY v
""")
_RUNNING = Template("""
SELECT *, sum(n0) OVER w AS c0, sum(n1) OVER w AS c1, $c2 AS c2, lead(v) OVER w AS above
FROM ($counted) WINDOW w AS (ORDER BY v)
""")


def _facts(sides: Sides, table: Table, column: Column, kind: str, rows: tuple[int, ...]) -> Facts:
    value = f"{value_sql(column, kind)} AS v"
    held = len(rows) > 2
    n2 = "count(*) FILTER (WHERE side = 2)" if held else "CAST(0 AS BIGINT)"
    counted = _COUNTED.substitute(rows=stacked(sides_of(sides, table.name), value), n2=n2)
    if kind == LABEL:
        with kept(sides.con, counted) as name:
            return _label_facts(sides, column, rows, name)
    c2 = "sum(n2) OVER w" if held else "CAST(0 AS HUGEINT)"  # a sum over nothing costs as much
    with kept(sides.con, _RUNNING.substitute(counted=counted, c2=c2)) as name:
        return _number_facts(sides, column, kind, rows, name)


# labels

_LABEL_SUMS = Template("""
SELECT coalesce(sum(n0), 0), coalesce(sum(n1), 0), coalesce(sum(n2), 0),
       coalesce(sum(n1) FILTER (WHERE n0 > 0), 0), coalesce(sum(n2) FILTER (WHERE n0 > 0), 0),
       count(*) FILTER (WHERE n0 > 0), count(*) FILTER (WHERE n0 = 1),
       sum(abs(CAST(n0 AS HUGEINT) * $r1 - CAST(n1 AS HUGEINT) * $r0)),
       sum(abs(CAST(n0 AS HUGEINT) * $r2 - CAST(n2 AS HUGEINT) * $r0)),
       $chance
FROM $name
""")
_LABEL_TOP = Template("""
SELECT v, n0, n1, n2 FROM $name WHERE n0 > 0 ORDER BY n0 DESC, v LIMIT $most
""")


def _label_facts(sides: Sides, column: Column, rows: tuple[int, ...], name: str) -> Facts:
    r0, r1, r2 = (*rows, 0)[:3]
    given = {"r0": r0, "r1": r1, "r2": r2, "chance": variation_sql(r0, r1)}
    sums = run(sides.con, _LABEL_SUMS.substitute(given, name=name))[0]
    values, inside = sums[:3], (sums[0], *sums[3:5])
    top = run(sides.con, _LABEL_TOP.substitute(name=name, most=MOST_LABELS))
    apart = [(sums[7], r1), (sums[8], r2)][: len(rows) - 1]
    nulls = [r - v for r, v in zip(rows, values, strict=False)]
    variation = tuple(
        (float(difference or 0) + abs(nulls[0] * r - nulls[side] * r0)) / (2 * r0 * r)
        for side, (difference, r) in enumerate(apart, 1)
    )
    return Facts(
        column=column,
        kind=LABEL,
        rows=rows,
        values=tuple(int(v) for v in values[: len(rows)]),
        variation=variation,
        chance=variation_chance(float(sums[9] or 0), [nulls[0] + nulls[1]], r0, r1),
        inside=_shares(inside, values[: len(rows)]),
        singles=sums[6],
        labels=Labels(
            tuple(r[0] for r in top),
            tuple(tuple(r[side] for r in top) for side in range(1, len(rows) + 1)),
            sums[5],
        ),
    )


# numbers and moments

_NUMBER_SUMS = Template("""
SELECT coalesce(sum(n0), 0), coalesce(sum(n1), 0), coalesce(sum(n2), 0),
       count(*) FILTER (WHERE n0 > 0), min(v) FILTER (WHERE n0 > 0), max(v) FILTER (WHERE n0 > 0),
       coalesce(sum(n0) FILTER (WHERE v % 1 <> 0), 0),
       coalesce(sum(n1) FILTER (WHERE v % 1 <> 0), 0),
       coalesce(sum(n2) FILTER (WHERE v % 1 <> 0), 0),
       fsum(v * n0) FILTER (WHERE isfinite(v))
FROM $name
""")
_NUMBER_DISTANCES = Template("""
SELECT max(abs(CAST(c0 AS HUGEINT) * $v1 - CAST(c1 AS HUGEINT) * $v0)),
       max(abs(CAST(c0 AS HUGEINT) * $v2 - CAST(c2 AS HUGEINT) * $v0)),
       fsum(abs(c0 / $v0 - c1 / nullif($v1, 0)) * (above - v)) FILTER (WHERE isfinite(above - v)),
       fsum(abs(c0 / $v0 - c2 / nullif($v2, 0)) * (above - v)) FILTER (WHERE isfinite(above - v)),
       fsum(sqrt(c0 / $v0 * ($v0 - c0) / $v0) * (above - v)) FILTER (WHERE isfinite(above - v)),
       fsum(n0 * (v - $mean) * (v - $mean)) FILTER (WHERE isfinite(v)),
       sum(n1) FILTER (WHERE v >= $low AND v <= $high),
       sum(n2) FILTER (WHERE v >= $low AND v <= $high)
FROM $name
""")
_NUMBER_RANKED = Template("""
SELECT v, c0 FROM $name
WHERE n0 > 0 AND floor(100.0 * (c0 + 2) / $steps) > floor(100.0 * (c0 - n0 - 2) / $steps)
ORDER BY v
""")
"""The values near each hundredth of the real side, one more on each side of it."""
_NUMBER_FEW = Template("SELECT v FROM $name WHERE n0 > 0 ORDER BY v")
_NUMBER_BINS = Template("""
SELECT bin, sum(n0), sum(n1), sum(n2)
FROM (SELECT $bin AS bin, n0, n1, n2 FROM $name) GROUP BY bin ORDER BY bin
""")


def _number_facts(
    sides: Sides, column: Column, kind: str, rows: tuple[int, ...], name: str
) -> Facts:
    sums = run(sides.con, _NUMBER_SUMS.substitute(name=name))[0]
    values = tuple(int(v) for v in sums[: len(rows)])
    if not values[0]:
        msg = f"column '{column.name}' has no values among the real rows, its graph says otherwise"
        raise SchemaError(msg)
    found = run(
        sides.con,
        _NUMBER_DISTANCES.substitute(
            dict(zip(("v0", "v1", "v2"), (*values, 0), strict=False)),
            name=name,
            mean=number_literal((sums[9] or 0.0) / values[0]),
            low=number_literal(sums[4]),
            high=number_literal(sums[5]),
        ),
    )[0]
    at = _ranked(sides, name, values[0])
    few = run(sides.con, _NUMBER_FEW.substitute(name=name)) if sums[3] <= FINE else []
    fine, coarse = (
        few_edges([r[0] for r in few]) if sums[3] <= bins else quantile_edges(values[0], bins, at)
        for bins in (FINE, COARSE)
    )
    counts = bin_counts(sides, name, fine, rows, values)
    deviation = round(math.sqrt((found[5] or 0.0) / values[0]), DIGITS)
    low, high = ends(values[0], at)
    numbers = Numbers(
        distance=tuple(
            float(d) / (values[0] * v) if v else None
            for d, v in zip(found[:2], values[1:], strict=False)
        ),
        transport=tuple(
            _over(t, deviation) if v else None for t, v in zip(found[2:4], values[1:], strict=False)
        ),
        spread=_over(found[4], deviation) or 0.0,
        low=sums[4],
        high=sums[5],
        middle=(low, high),
        whole=kind == NUMBER and not sums[6],
        broken=_shares(sums[6:9], values),
        fine=fine,
        coarse=coarse,
        counts=counts,
        distinct=sums[3],
    )
    together = [a + b for a, b in zip(*counts[:2], strict=True)]
    return Facts(
        column=column,
        kind=kind,
        rows=rows,
        values=values,
        variation=tuple(_variation(counts[0], c) for c in counts[1:]),
        chance=variation_chance(0.0, together, rows[0], rows[1]),
        inside=_shares((values[0], found[6] or 0, found[7] or 0), values),
        numbers=numbers,
    )


def _ranked(sides: Sides, name: str, values: int) -> dict[int, float]:
    """The real values at the places in sorted order that quantiles are made of."""
    near = run(sides.con, _NUMBER_RANKED.substitute(name=name, steps=max(values - 1, 1)))
    ends_at = [int(c) for _, c in near]
    wanted = {*ranks(values, FINE), *ranks(values, COARSE), *end_ranks(values)}
    return {k: near[bisect_right(ends_at, k)][0] for k in wanted}


def _shares(counts: Sequence[Any], values: Sequence[int]) -> tuple[float, ...]:
    """Counts over values, by side; 0 where there are none."""
    return tuple(int(c) / v if v else 0.0 for c, v in zip(counts, values, strict=False))


def _over(moved: float | None, deviation: float) -> float | None:
    """A way in standard deviations; None where the real side has but one value."""
    return round(moved / deviation, DIGITS) if moved is not None and deviation else None


def bin_counts(
    sides: Sides,
    name: str,
    edges: tuple[float, ...],
    rows: tuple[int, ...],
    values: tuple[int, ...],
) -> tuple[tuple[int, ...], ...]:
    """Rows by bin and side; the first bin is NULL."""
    found = run(sides.con, _NUMBER_BINS.substitute(name=name, bin=bin_sql("v", edges)))
    by_bin = {r[0]: r[1:] for r in found}
    return tuple(
        (
            rows[side] - values[side],
            *(int(by_bin[b][side]) if b in by_bin else 0 for b in range(1, len(edges) + 2)),
        )
        for side in range(len(rows))
    )


def _variation(real: Sequence[int], other: Sequence[int]) -> float:
    """Total variation of two lists of counts."""
    n, m = sum(real), sum(other)
    return sum(abs(a * m - b * n) for a, b in zip(real, other, strict=True)) / (2 * n * m)
