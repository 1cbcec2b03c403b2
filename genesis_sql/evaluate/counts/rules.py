"""Constraints: those declared, and those found because every real row keeps them.

Found are, among columns that are measured: a <= b of two numbers or two moments; a = b, a = b + c
and a = b * c of numbers; and columns that another one fixes (a fixes b, each a in several rows).
Looked for on PROBE rows, then counted on all real rows and all rows held out: one that breaks in
any of these is none. A rule has to say something: were the columns independent, SURPRISE real rows
or more would break it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from string import Template

import numpy as np

from genesis_sql.evaluate.counts.values import run
from genesis_sql.evaluate.features import Rows, draw, features_of
from genesis_sql.evaluate.measures import FAIL, Measure, Metric, judged
from genesis_sql.evaluate.sides import LABEL, MOMENT, NUMBER, Sides, measured
from genesis_sql.graph.constraints import comparisons, joined
from genesis_sql.program.allowlist import columns_of
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Role, Table

PROBE = 2_000
LEAST_ROWS = 100  # real rows whose columns are all known
SURPRISE = 20.0
SUPPORT = 5.0  # rows that a value which fixes another has on the average
MOST_COLUMNS = 40  # that are searched, in their order
MOST_RULES = 10  # of a kind and table, those that say most

VIOLATIONS = Measure(
    "constraint_violations",
    "zero",
    "rows that break a constraint: a declared CHECK, NOT NULL or rule, or one that was found "
    "because all real rows keep it; NULL keeps it",
    ideal=0.0,
)

_COUNTS = Template("SELECT $parts FROM $table")
_TORN = Template("""
SELECT count(*), coalesce(sum("#n"), 0) FROM (
  SELECT min($b) IS DISTINCT FROM max($b) AS "#torn", count(*) AS "#n"
  FROM $table WHERE $a IS NOT NULL AND $b IS NOT NULL GROUP BY $a) WHERE "#torn"
""")
_MISFIT = Template("""
SELECT count(*), count(*) FILTER (m.b <> known.b) FROM
  (SELECT $a AS a, $b AS b FROM $table WHERE $a IS NOT NULL AND $b IS NOT NULL) AS m JOIN
  (SELECT $a AS a, min($b) AS b FROM $real WHERE $a IS NOT NULL AND $b IS NOT NULL GROUP BY $a)
  AS known ON m.a = known.a
""")


@dataclass(frozen=True)
class Found:
    """A rule that real rows seem to keep.

    Attributes:
        columns: that it is about.
        shown: as it is told.
        keeps: SQL that is true, or NULL where something is not known; '' of a lookup.
        surprise: real rows that would break it, were the columns independent.
    """

    columns: tuple[str, ...]
    shown: str
    keeps: str
    surprise: float


def measure_rules(sides: Sides) -> list[Metric]:
    """A row for each constraint of each table."""
    out: list[Metric] = []
    for table in sides.tables:
        out += _not_null(sides, table)
        out += _declared(sides, table)
        out += _found(sides, table)
    return out


def _row(
    sides: Sides, table: Table, columns: Sequence[str], broken: int, looked: int, note: str
) -> Metric:
    row = Metric(
        *("table", table.name, tuple(columns), VIOLATIONS.name, float(broken), None, looked),
        note=note,
    )
    if looked:
        return judged(VIOLATIONS, row)
    there = run(sides.con, _COUNTS.substitute(parts="count(*)", table=sides.real[table.name]))
    verdict = FAIL if there[0][0] else row.verdict
    note = f"{note}; no synthetic row to check it on"
    return Metric(
        *("table", table.name, tuple(columns), VIOLATIONS.name, None, None, 0), verdict, note=note
    )


# declared


def _not_null(sides: Sides, table: Table) -> Iterator[Metric]:
    """All NOT NULLs of a table, as one row."""
    names = [c.name for c in table.columns if not c.nullable and not c.inside]
    if names:
        parts = ["count(*)", *(f"count(*) - count({quoted(n)})" for n in names)]
        query = _COUNTS.substitute(parts=", ".join(parts), table=sides.synthetic[table.name])
        looked, *missing = run(sides.con, query)[0]
        broken = [n for n, count in zip(names, missing, strict=True) if count]
        note = f"NOT NULL of {len(names)} columns"
        note += f", broken in {', '.join(broken)}" if broken else ""
        yield _row(sides, table, broken or names, sum(missing), looked, note)


def _declared(sides: Sides, table: Table) -> Iterator[Metric]:
    """CHECKs, and rules of the caller."""
    place = sides.synthetic
    for check in table.checks:
        yield _counted(sides, table, f"CHECK ({check})", check, place[table.name])
    for rule in sides.graph.rules:
        ends = {r.parent for r in sides.relationships if any(r.name in w for _, w in rule.paths)}
        if rule.table == table.name and ends <= set(place):
            told = joined(sides.graph, rule, lambda name: place[name])
            yield _counted(sides, table, rule.shown, *told, sql=rule.sql)


def _counted(
    sides: Sides, table: Table, shown: str, predicate: str, rows: str, sql: str = ""
) -> Metric:
    parts = f"count(*), count(*) FILTER (WHERE NOT ({predicate}))"
    looked, broken = run(sides.con, _COUNTS.substitute(parts=parts, table=rows))[0]
    columns = [name for path, name in columns_of(sql or predicate) if not path]
    return _row(sides, table, columns, broken, looked, shown)


# found


def _found(sides: Sides, table: Table) -> Iterator[Metric]:
    """What all real rows keep, counted on the synthetic ones."""
    real = sides.real[table.name]
    told = {frozenset(n for _, n in columns_of(c)) for c in table.checks if list(comparisons(c))}
    rules = [r for r in _candidates(sides, table) if frozenset(r.columns) not in told]
    for rule in rules:
        held = [real] if sides.holdout is None else [real, sides.holdout[table.name]]
        if any(_breaks(sides, rule, place)[1] for place in held):
            continue
        rows = _breaks(sides, rule, real)[0]
        looked, broken = _breaks(sides, rule, sides.synthetic[table.name], real)
        note = f"found, all {rows:,} real rows keep it: {rule.shown}"
        yield _row(sides, table, rule.columns, broken, looked, note)


def _breaks(sides: Sides, rule: Found, place: str, real: str | None = None) -> tuple[int, int]:
    """Rows looked at, and those that break a rule; a lookup is the one of the real rows."""
    if rule.keeps:
        parts = f"count({rule.keeps}), count(*) FILTER (WHERE NOT ({rule.keeps}))"
        looked, broken = run(sides.con, _COUNTS.substitute(parts=parts, table=place))[0]
        return int(looked), int(broken)
    a, b = (quoted(c) for c in rule.columns)
    if real is None:
        known = f"count(*) FILTER ({a} IS NOT NULL AND {b} IS NOT NULL)"
        looked = run(sides.con, _COUNTS.substitute(parts=known, table=place))[0][0]
        return int(looked), int(run(sides.con, _TORN.substitute(a=a, b=b, table=place))[0][0])
    looked, broken = run(sides.con, _MISFIT.substitute(a=a, b=b, table=place, real=real))[0]
    return int(looked), int(broken)


def _candidates(sides: Sides, table: Table) -> list[Found]:
    """What a sample of the real rows keeps, of each kind the most telling."""
    names = list(measured(table))[:MOST_COLUMNS]
    features = [f for f in features_of(table) if f.column in names]
    features = list({f.column: f for f in reversed(features)}.values())[::-1]
    if len(features) < 2:
        return []
    rows = draw(sides.con, sides.real[table.name], features, PROBE, f"{sides.seed}/rules")
    if len(rows) < LEAST_ROWS:
        return []
    scale = max(table.rows, len(rows)) / len(rows)
    kinds = measured(table)
    numbers = {f.column: rows.of(f.column) for f in features if kinds[f.column] == NUMBER}
    out = []
    ordered, fixed = list(_ordered(table, rows, scale)), list(_fixed(rows, scale))
    for kind in (_reduced(ordered), list(_computed(numbers, scale)), _reduced(fixed)):
        out += sorted(kind, key=lambda r: (-r.surprise, r.columns))[:MOST_RULES]
    return out


def _ordered(table: Table, rows: Rows, scale: float) -> Iterator[Found]:
    """Pairs of which one is never above the other."""
    kinds = measured(table)
    for low, high in permutations([f.column for f in rows.features], 2):
        if kinds[low] == LABEL or _scale_of(table, low) != _scale_of(table, high):
            continue
        a, b = rows.of(low), rows.of(high)
        known = ~(np.isnan(a) | np.isnan(b))
        a, b = a[known], b[known]
        if len(a) < LEAST_ROWS or (a > b).any() or (a == b).all():
            continue
        above = np.searchsorted(
            np.sort(b), a, "left"
        ).mean()  # rows of b below an a, on the average
        if above * scale >= SURPRISE:
            keeps = f"{quoted(low)} <= {quoted(high)}"
            yield Found((low, high), keeps, keeps, above * scale)


def _scale_of(table: Table, name: str) -> str:
    kind = measured(table)[name]
    return "time" if kind == MOMENT and table.column(name).role is Role.TIME else kind


def _reduced(rules: Sequence[Found]) -> list[Found]:
    """Without those that follow from two others."""
    known = {r.columns for r in rules}
    names = {c for pair in known for c in pair}
    return [
        r
        for r in rules
        if not any(
            {(r.columns[0], m), (m, r.columns[1])} <= known and (m, r.columns[0]) not in known
            for m in names - set(r.columns)
        )
    ]


def _close(value: np.ndarray, other: np.ndarray) -> np.ndarray:
    close: np.ndarray = np.abs(value - other) <= 1e-9 * np.maximum(1, np.abs(value))
    return close


def _computed(numbers: dict[str, np.ndarray], scale: float) -> Iterator[Found]:
    """Numbers that are another one, the sum or the product of two."""
    able = {n: v for n, v in numbers.items() if len(np.unique(v[~np.isnan(v)])) >= 3}
    probe = slice(0, LEAST_ROWS)
    for a, b in combinations(able, 2):
        if rule := _holds(able, a, (b,), "", able[b], scale):
            yield rule
    for b, c in combinations(able, 2):
        for shown, value in ((" + ", able[b] + able[c]), (" * ", able[b] * able[c])):
            for a in able:
                first = _close(able[a][probe], value[probe]) | np.isnan(able[a] + value)[probe]
                likely = a not in (b, c) and first.all()
                if likely and (rule := _holds(able, a, (b, c), shown, value, scale)):
                    yield rule


def _double(name: str) -> str:
    return f"CAST({quoted(name)} AS DOUBLE)"


def _holds(
    numbers: dict[str, np.ndarray],
    target: str,
    inputs: tuple[str, ...],
    sign: str,
    value: np.ndarray,
    scale: float,
) -> Found | None:
    """The rule that a number is another one, or a sum or product, where the sample keeps it."""
    mine = numbers[target]
    known = ~(np.isnan(mine) | np.isnan(value))
    if known.sum() < LEAST_ROWS or not _close(mine[known], value[known]).all():
        return None
    apart = f"abs({_double(target)} - ({sign.join(map(_double, inputs))}))"
    keeps = f"{apart} <= 1e-9 * greatest(1, abs({_double(target)}))"
    _, counts = np.unique(mine[known], return_counts=True)
    surprise = scale * known.sum() * (1 - ((counts / counts.sum()) ** 2).sum())
    shown = f"{quoted(target)} = {sign.join(map(quoted, inputs))}"
    return Found((target, *inputs), shown, keeps, float(surprise)) if surprise >= SURPRISE else None


def _fixed(rows: Rows, scale: float) -> Iterator[Found]:
    """Columns that another one fixes: equal there, equal here."""
    codes = {}
    for feature, values in zip(rows.features, rows.values, strict=True):
        texts = np.array(["" if v is None else v for v in values]) if feature.label else values
        missing = texts == "" if feature.label else np.isnan(values)
        codes[feature.column] = np.where(missing, -1, np.unique(texts, return_inverse=True)[1])
    for a, b in permutations(codes, 2):
        known = (codes[a] >= 0) & (codes[b] >= 0)
        left, right = codes[a][known], codes[b][known]
        one, other = len(np.unique(left)), len(np.unique(right))
        if len(left) < LEAST_ROWS or one < 2 or other < 2 or one * SUPPORT > len(left):
            continue
        if len(np.unique(left.astype(np.int64) * (right.max() + 1) + right)) != one:
            continue
        shares = np.unique(right, return_counts=True)[1] / len(right)
        surprise = float((1 - (shares**2).sum()) * len(left) * scale)
        if surprise >= SURPRISE:
            yield Found((a, b), f"{quoted(a)} fixes {quoted(b)}", "", surprise)
