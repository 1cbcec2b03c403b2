"""How the rows of one parent follow each other: gaps in time, order, what a row keeps of the last.

Rows of one parent are ordered by a moment or, where a table has none, by the number that completes
its primary key (a line of an order); those of one moment by their primary key. All rows are looked
at, by SQL windows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from string import Template

from genesis_sql.evaluate.counts.joins import reached, referring
from genesis_sql.evaluate.counts.steps import alike
from genesis_sql.evaluate.counts.values import run
from genesis_sql.evaluate.features import number_sql
from genesis_sql.evaluate.measures import FAIL, Measure, Metric, judged
from genesis_sql.evaluate.sides import NUMBER, Sides, measured
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Relationship, Role, Table

GAPS = Measure(
    "gap_similarity",
    "higher",
    "similarity of the gaps between a row and the one before it of the same parent, 0 to 1: 1 - "
    "Kolmogorov-Smirnov distance",
    good=0.05,
    fair=0.15,
)
ORDER = Measure(
    "order_kept",
    "higher",
    "share of rows, 0 to 1, whose moment lies on the same side of their parent's as in all real "
    "rows: no order before its customer was",
    good=0.001,
    fair=0.02,
)
LAGS = Measure(
    "lag_correlation_error",
    "lower",
    "how far the correlation of a number with the one before it of the same parent is off, 0 to 2: "
    "|synthetic - real|, lag 1, Pearson",
    good=0.05,
    fair=0.15,
    ideal=0.0,
)
METRICS = (GAPS, ORDER, LAGS)

LEAST_PAIRS = 50  # of a row and the one before it, in the real rows
LEAST_ROWS = 100  # real rows that show an order
MOST_MOMENTS = 3  # of a table, in their order
_MOMENTS = (Role.DATE, Role.TIMESTAMP)

_GAPS = Template("""
SELECT v - before AS x, count(*) AS n FROM (
  SELECT v, lag(v) OVER (PARTITION BY $keys ORDER BY v) AS before
  FROM (SELECT $named, $value AS v FROM $child WHERE $referring) WHERE v IS NOT NULL)
WHERE before IS NOT NULL GROUP BY 1
""")
_LAGS = Template("""
SELECT $parts FROM (
  SELECT $values, $before FROM (SELECT $named, $value AS v, $numbers, $ties FROM $child
    WHERE $referring) WHERE v IS NOT NULL
  WINDOW last AS (PARTITION BY $keys ORDER BY v, $order))
""")
_SIDES = Template("""
SELECT count(b + a), count(*) FILTER (b < a), count(*) FILTER (b > a) FROM $rows
""")


def measure(sides: Sides) -> list[Metric]:
    """Gaps, order and lag correlation of each key's children."""
    out: list[Metric] = []
    keys = [r for r in sides.relationships if r.columns]
    for at, key in enumerate(keys):
        sides.progress(f"following rows of {key.child}", at / len(keys))
        out += _kept(sides, key)
        ordering = _ordering(sides.graph.table(key.child), key)
        for name in ordering:
            out += _gaps(sides, key, name)
        if ordering:
            out += _lags(sides, key, ordering[0])
    return out


def _moments(table: Table) -> list[str]:
    names = [c.name for c in table.columns if c.role in _MOMENTS and not c.inside]
    return names[:MOST_MOMENTS]


def _ordering(table: Table, key: Relationship) -> list[str]:
    """The columns that put the children of one parent in order, the one with most values first."""
    rest = [c for c in table.primary_key if c not in key.columns]
    if found := _moments(table):
        return sorted(found, key=lambda n: -table.column(n).distinct)
    lines = len(rest) == 1 and set(key.columns) < set(table.primary_key)
    return rest if lines and table.column(rest[0]).role is Role.INTEGER else []


def _value(table: Table, name: str, prefix: str = "") -> str:
    return number_sql(f"{prefix}{quoted(name)}", table.column(name).role)


def _held(sides: Sides, key: Relationship) -> Mapping[str, str] | None:
    """Rows held out, where they are whole families."""
    return None if key.parent in sides.shared else sides.holdout


def _named(key: Relationship) -> tuple[str, str]:
    """The key's columns under short names, and these names."""
    names = [f"k{i}" for i in range(len(key.columns))]
    given = [f"{quoted(c)} AS {n}" for c, n in zip(key.columns, names, strict=True)]
    return ", ".join(given), ", ".join(names)


def _judged(measure: Measure, row: Metric) -> Metric:
    """The verdict; where real rows follow each other and synthetic ones do not, there is none."""
    if row.score is not None:
        return judged(measure, row)
    return replace(row, verdict=FAIL, note=f"too few synthetic rows to compare; {row.note}")


def _gaps(sides: Sides, key: Relationship, name: str) -> Iterator[Metric]:
    table = sides.graph.table(key.child)

    def query(place: Mapping[str, str]) -> str:
        named, keys = _named(key)
        parts = {"named": named, "keys": keys, "referring": referring(key)}
        return _GAPS.substitute(value=_value(table, name), child=place[key.child], **parts)

    score, n, made = alike(sides.con, query(sides.real), query(sides.synthetic))
    if n < LEAST_PAIRS:
        return
    held = _held(sides, key)
    baseline = None if held is None else alike(sides.con, query(sides.real), query(held))[0]
    columns = (*key.columns, name)
    note = f"{name} of rows with the same {', '.join(key.columns)}"
    row = Metric(*("parent-child", table.name, columns, GAPS.name, score, baseline), min(n, made))
    yield _judged(GAPS, replace(row, note=note))


def _lags(sides: Sides, key: Relationship, by: str) -> Iterator[Metric]:
    """A row for each number, but the one that gives the order."""
    table = sides.graph.table(key.child)
    names = [n for n, kind in measured(table).items() if kind == NUMBER and n != by]
    if not names:
        return
    query = _lags_sql(table, key, by, names)

    def found(place: Mapping[str, str]) -> list[tuple[float | None, int]]:
        row = run(sides.con, query.safe_substitute(child=place[key.child]))[0]
        return [
            (None if c is None or math.isnan(c) else float(c), int(n))
            for c, n in zip(row[::2], row[1::2], strict=True)
        ]

    real, made, held = found(sides.real), found(sides.synthetic), _held(sides, key)
    kept = [(None, 0)] * len(names) if held is None else found(held)
    sets = zip(names, real, made, kept, strict=True)
    for name, (before, n), (after, m), (third, _) in sets:
        if before is None or n < LEAST_PAIRS:
            continue
        score = None if m < LEAST_PAIRS else abs((after or 0.0) - before)
        baseline = None if third is None else abs(third - before)
        told = "no correlation" if after is None else f"{after:.3f}"
        note = f"real {before:.3f}, synthetic {told}; in the order of {by}"
        columns = (*key.columns, name)
        row = Metric(*("parent-child", table.name, columns, LAGS.name, score, baseline), min(n, m))
        yield _judged(LAGS, replace(row, note=note))


def _lags_sql(table: Table, key: Relationship, by: str, names: list[str]) -> Template:
    """Correlation and number of pairs for each number; open is where the rows lie, `$child`."""
    named, keys = _named(key)
    short = [f"c{i}" for i in range(len(names))]
    ties = [quoted(c) for c in table.primary_key] or [_value(table, n) for n in names]
    order = [f"t{i}" for i in range(len(ties))]
    parts = {
        "parts": ", ".join(f"corr({s}, p{s}), count({s} + p{s})" for s in short),
        "values": ", ".join(short),
        "before": ", ".join(f"lag({s}) OVER last AS p{s}" for s in short),
        "named": named,
        "value": _value(table, by),
        "numbers": ", ".join(
            f"{_value(table, n)} AS {s}" for n, s in zip(names, short, strict=True)
        ),
        "ties": ", ".join(f"{t} AS {o}" for t, o in zip(ties, order, strict=True)),
        "referring": referring(key),
        "keys": keys,
        "order": ", ".join(order),
    }
    escaped = {name: text.replace("$", "$$") for name, text in parts.items()}
    return Template(_LAGS.safe_substitute(escaped))


def _kept(sides: Sides, key: Relationship) -> Iterator[Metric]:
    """Moments of children that lie on one side of their parent's in all rows that were learnt."""
    child, parent = sides.graph.table(key.child), sides.graph.table(key.parent)
    for low in _moments(child):
        for high in _moments(parent):
            below, above = _value(child, low, '"#0".'), _value(parent, high)

            def counts(
                place: Mapping[str, str], below: str = below, above: str = above
            ) -> tuple[int, int, int]:
                rows = reached(place, (key,), {"b": below}, {"a": above})
                known, early, late = run(sides.con, _SIDES.substitute(rows=rows))[0]
                return int(known), int(early), int(late)

            real = counts(sides.real)
            if real[0] < LEAST_ROWS or (real[1] and real[2]):
                continue
            wrong, told = (1, "before") if not real[1] else (2, "after")
            held = None if sides.holdout is None else counts(sides.holdout)
            if held is not None and held[wrong]:
                continue
            made = counts(sides.synthetic)
            score = 1 - made[wrong] / made[0] if made[0] else None
            baseline = 1 - held[wrong] / held[0] if held is not None and held[0] else None
            note = f"no real {child.name}.{low} lies {told} its {parent.name}.{high}"
            columns = (*key.columns, low, f"{parent.name}.{high}")
            row = Metric(
                *("parent-child", child.name, columns, ORDER.name, score, baseline), made[0]
            )
            yield _judged(ORDER, replace(row, note=note))
