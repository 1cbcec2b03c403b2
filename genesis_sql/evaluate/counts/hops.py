"""How children hang together with those above them, one, two and three keys away.

For each pair of a child's column and an ancestor's: 1 - the total variation distance of their joint
distribution, numbers and moments in ten bins of the real rows (quantiles; each value by itself
where there are at most ten), NULL being a value. As SyntheRela and ClavaDDPM ("k-hop") look at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from string import Template

import duckdb

from genesis_sql.evaluate.counts.joins import Way, reached, ways_up
from genesis_sql.evaluate.counts.steps import union
from genesis_sql.evaluate.counts.values import kept, run
from genesis_sql.evaluate.features import number_sql
from genesis_sql.evaluate.measures import Measure, Metric, judged
from genesis_sql.evaluate.sides import LABEL, Sides, measured
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Table

HOPS = 3
BINS = 10
LEAST = 50  # rows that reach an ancestor
MOST_COLUMNS = 20  # of either end, in their order
AT_ONCE = 50  # pairs in one statement

KHOP = tuple(
    Measure(
        f"khop_{hops}",
        "higher",
        f"similarity of the joint distribution of a child's column and one of a table {hops} "
        f"foreign key{'s' if hops > 1 else ''} above it, 0 to 1: 1 - total variation in 10 bins of "
        "the real rows, mean over all such pairs",
        good=0.05,
        fair=0.15,
    )
    for hops in range(1, HOPS + 1)
)

_EDGES = Template("SELECT $parts FROM $table")
_CODED = Template("SELECT CAST($side AS UTINYINT) AS side, $codes FROM $source")
_PAIR = Template("""
SELECT $number, sum(abs(r - s)) / 2, sum(abs(r - h)) / 2 FROM (
  SELECT count(*) FILTER (side = 0) / $real AS r, count(*) FILTER (side = 1) / $made AS s,
         count(*) FILTER (side = 2) / $held AS h
  FROM $codes GROUP BY $one, $other)
""")


@dataclass(frozen=True)
class Pair:
    """A column of a child and one of an ancestor: how like their joint distribution is."""

    hops: int
    shown: str
    rows: int
    score: float
    baseline: float | None


def measure_hops(sides: Sides) -> list[Metric]:
    """A row for one, two and three hops, where there are such ways."""
    found: dict[Way, list[Pair]] = {}
    ways = [w for t in sides.tables for w in ways_up(sides, t.name, HOPS)]
    for at, way in enumerate(ways):
        sides.progress(f"following {way[0].name}", at / len(ways))
        found[way] = _pairs(sides, way)
    out = []
    for hops, measure in enumerate(KHOP, 1):
        these = [w for w in ways if len(w) == hops]
        if these:
            pairs = [p for w in these for p in found[w]]
            left = sum(not found[w] for w in these)
            out.append(judged(measure, _row(measure, pairs, len(these), left)))
    return out


def _row(measure: Measure, pairs: Sequence[Pair], ways: int, left: int) -> Metric:
    if not pairs:
        note = (
            f"no rows to compare on {ways} ways: at least {LEAST} of each side must reach a parent"
        )
        return Metric("database", "", (), measure.name, None, None, 0, note=note)
    worst = min(pairs, key=lambda p: p.score)
    held = [p.baseline for p in pairs if p.baseline is not None]
    baseline = sum(held) / len(held) if len(held) == len(pairs) else None
    note = f"{len(pairs):,} pairs on {ways} ways; lowest {worst.score:.3f}: {worst.shown}"
    note += f"; {left} ways have too few rows" if left else ""
    score, n = sum(p.score for p in pairs) / len(pairs), min(p.rows for p in pairs)
    return Metric("database", "", (), measure.name, score, baseline, n, note=note)


def _pairs(sides: Sides, way: Way) -> list[Pair]:
    """All pairs along one way."""
    low, high = sides.graph.table(way[0].child), sides.graph.table(way[-1].parent)
    below, above = _values(low, "b", '"#0".'), _values(high, "a", "")
    if not below or not above:
        return []

    def source(place: Mapping[str, str]) -> str:
        own = {name: sql for name, (_, sql) in below.items()}
        return reached(place, way, own, {name: sql for name, (_, sql) in above.items()})

    with ExitStack() as stack:
        real = stack.enter_context(kept(sides.con, f"FROM {source(sides.real)}"))
        codes = _codes(sides.con, real, [(n, t) for n, (t, _) in [*below.items(), *above.items()]])
        sources = [real, source(sides.synthetic)]
        sources += [] if sides.holdout is None else [source(sides.holdout)]
        parts = [
            _CODED.substitute(side=str(side), codes=codes, source=s)
            for side, s in enumerate(sources)
        ]
        coded = stack.enter_context(kept(sides.con, union(parts)))
        return _compared(sides, way, coded, list(below.items()), list(above.items()))


_Value = tuple[str, tuple[tuple[str, bool], str]]


def _values(table: Table, letter: str, prefix: str) -> dict[str, tuple[tuple[str, bool], str]]:
    """By a short name: (column, whether a label) and SQL of its value."""
    out = {}
    for at, (name, kind) in enumerate(list(measured(table).items())[:MOST_COLUMNS]):
        sql = f"{prefix}{quoted(name)}"
        label = kind == LABEL
        value = f"CAST({sql} AS VARCHAR)" if label else number_sql(sql, table.column(name).role)
        out[f"{letter}{at}"] = ((name, label), value)
    return out


def _codes(
    con: duckdb.DuckDBPyConnection, real: str, values: Sequence[tuple[str, tuple[str, bool]]]
) -> str:
    """SQL of a whole number for each value: a bin of the real rows, or a label's hash."""
    numbers = [name for name, (_, label) in values if not label]
    edges = _edges(con, real, numbers) if numbers else {}
    parts = []
    for name, (_, label) in values:
        bins = "".join(f" + CAST({name} >= {e!r} AS INTEGER)" for e in edges.get(name, ()))
        code = f"hash({name})" if label else f"CASE WHEN {name} IS NULL THEN 0 ELSE 1{bins} END"
        parts.append(f"{code} AS {name}")
    return ", ".join(parts)


def _edges(
    con: duckdb.DuckDBPyConnection, real: str, names: Sequence[str]
) -> dict[str, tuple[float, ...]]:
    """Inner edges of the bins: between single values, or at quantiles."""
    at = ", ".join(str(i / BINS) for i in range(1, BINS))
    parts = [f"count(DISTINCT {n}), quantile_cont({n}, [{at}])" for n in names]
    found = run(con, _EDGES.substitute(parts=", ".join(parts), table=real))[0]
    out: dict[str, tuple[float, ...]] = {}
    for place, name in enumerate(names):
        distinct, quantiles = found[2 * place], found[2 * place + 1]
        if distinct <= BINS:
            part = f"list(DISTINCT {name} ORDER BY {name}) FILTER ({name} IS NOT NULL)"
            values = run(con, _EDGES.substitute(parts=part, table=real))[0][0] or []
            out[name] = tuple((a + b) / 2 for a, b in pairwise(values))
        else:
            out[name] = tuple(sorted(set(quantiles)))
    return out


def _compared(
    sides: Sides, way: Way, coded: str, below: Sequence[_Value], above: Sequence[_Value]
) -> list[Pair]:
    counts = "count(*) FILTER (side = 0), count(*) FILTER (side = 1), count(*) FILTER (side = 2)"
    rows = run(sides.con, _EDGES.substitute(parts=counts, table=coded))[0]
    real, made, held = (int(n) for n in rows)
    if min(real, made) < LEAST:
        return []
    wanted = [(b, a) for b in below for a in above]
    out = []
    for first in range(0, len(wanted), AT_ONCE):
        part = wanted[first : first + AT_ONCE]
        sizes = {"real": str(real), "made": str(made), "held": str(max(held, 1))}
        queries = [
            _PAIR.substitute(number=str(i), codes=coded, one=b[0], other=a[0], **sizes)
            for i, (b, a) in enumerate(part)
        ]
        for i, apart, apart_held in run(sides.con, union(queries)):
            (_, ((own, _), _)), (_, ((top, _), _)) = part[i]
            shown = f"{way[0].child}.{own} with {way[-1].parent}.{top}"
            baseline = 1 - float(apart_held) if held >= LEAST else None
            out.append(Pair(len(way), shown, min(real, made), 1 - float(apart), baseline))
    return out
