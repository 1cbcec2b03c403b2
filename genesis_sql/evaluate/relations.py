"""Whether keys hold, how many children parents have, and what hangs together across keys.

All of it is counted over all rows. Keys are compared by equality; a reference with a NULL in it is
none; a key that holds for one value of a column (`Relationship.when`) is looked at in these rows.
An empty table has kept nothing: it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Template

from genesis_sql.evaluate.counts.hops import KHOP, measure_hops
from genesis_sql.evaluate.counts.joins import referring
from genesis_sql.evaluate.counts.rules import VIOLATIONS, measure_rules
from genesis_sql.evaluate.counts.steps import alike
from genesis_sql.evaluate.counts.values import run
from genesis_sql.evaluate.measures import FAIL, PASS, Measure, Metric, judged
from genesis_sql.evaluate.sides import Sides
from genesis_sql.plan.verify import orphans, repeated
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Relationship, Table

ORPHANS = Measure(
    "orphans",
    "zero",
    "rows whose reference finds no parent; where the real rows have such, too, a like share passes",
    ideal=0.0,
)
DUPLICATES = Measure(
    "key_duplicates",
    "zero",
    "rows whose primary or unique key another row has already",
    ideal=0.0,
)
NULLS = Measure("key_nulls", "zero", "rows with a NULL in their primary key", ideal=0.0)
CARDINALITY = Measure(
    "cardinality",
    "higher",
    "similarity of the number of children that parents have, 0 to 1: 1 - Kolmogorov-Smirnov "
    "distance, parents without children counted",
    good=0.05,
    fair=0.15,
)
METRICS = (ORPHANS, DUPLICATES, NULLS, CARDINALITY, *KHOP, VIOLATIONS)

_COUNT = Template("SELECT count(*) FROM $table")
_MISSING = Template("SELECT count(*), count(*) FILTER (WHERE $missing) FROM $table")
_FAMILIES = Template("""
SELECT coalesce("#c".n, 0) AS x, count(*) AS n FROM (SELECT * FROM $parent) AS "#p" LEFT JOIN (
  SELECT $keys, count(*) AS n FROM $child WHERE $referring GROUP BY $groups) AS "#c" ON $same
GROUP BY 1
""")


def measure(sides: Sides) -> list[Metric]:
    """Keys, references, numbers of children, hops and constraints."""
    out: list[Metric] = []
    rows = {t.name: _rows(sides, sides.synthetic[t.name]) for t in sides.tables}
    for table in sides.tables:
        out += _keys(sides, table, rows[table.name])
    keys = [r for r in sides.relationships if r.columns]
    for key in keys:
        out += [_orphans(sides, key), _cardinality(sides, key, rows)]
    if keys:
        out += measure_hops(sides)
    return [*out, *measure_rules(sides)]


def _rows(sides: Sides, place: str) -> int:
    return int(run(sides.con, _COUNT.substitute(table=place))[0][0])


def _keys(sides: Sides, table: Table, rows: int) -> list[Metric]:
    """Duplicates of each key, and NULLs in the primary key."""
    place = sides.synthetic[table.name]
    out = []
    for key in dict.fromkeys(k for k in (table.primary_key, *table.unique_keys) if k):
        looked, surplus = run(sides.con, repeated(key, place))[0]
        row = Metric("table", table.name, key, DUPLICATES.name, float(surplus), None, int(looked))
        out.append(_zero(DUPLICATES, row, rows, _rows(sides, sides.real[table.name])))
    if table.primary_key:
        missing = " OR ".join(f"{quoted(c)} IS NULL" for c in table.primary_key)
        _, nulls = run(sides.con, _MISSING.substitute(missing=missing, table=place))[0]
        row = Metric("table", table.name, table.primary_key, NULLS.name, float(nulls), None, rows)
        out.append(_zero(NULLS, row, rows, _rows(sides, sides.real[table.name])))
    return out


def _zero(measure: Measure, row: Metric, made: int, real: int) -> Metric:
    """The verdict on a count; of no rows there is none, and that fails unless nothing was real."""
    if row.n:
        return judged(measure, row)
    what = "synthetic table is empty" if not made else "synthetic rows have no such values"
    told = replace(row, score=None, note=f"the {what}: nothing was checked")
    return replace(told, verdict=FAIL) if real else told


def _orphans(sides: Sides, key: Relationship) -> Metric:
    check = orphans(key, lambda name: sides.synthetic[name])
    looked, lost = (int(n) for n in run(sides.con, check.sql)[0])
    before = orphans(key, lambda name: sides.real[name])
    real, gone = (int(n) for n in run(sides.con, before.sql)[0])
    row = Metric("parent-child", key.child, key.columns, ORPHANS.name, float(lost), None, looked)
    row = _zero(ORPHANS, row, _rows(sides, sides.synthetic[key.child]), real)
    if gone and row.score is not None:
        share = replace(check, share=gone / real)
        like = share.holds(looked, lost)
        note = f"{gone:,} of {real:,} real references find no parent, too"
        row = replace(row, note=note, verdict=PASS if like or not lost else FAIL)
    return row


def _families(key: Relationship, place: Mapping[str, str]) -> str:
    names = [f"k{i}" for i in range(len(key.columns))]
    named = zip(key.columns, key.parent_columns, names, strict=True)
    pairs: Sequence[tuple[str, str, str]] = list(named)
    return _FAMILIES.substitute(
        parent=place[key.parent],
        keys=", ".join(f"{quoted(c)} AS {n}" for c, _, n in pairs),
        child=place[key.child],
        referring=referring(key),
        groups=", ".join(str(i + 1) for i in range(len(pairs))),
        same=" AND ".join(f'"#p".{quoted(p)} = "#c".{n}' for _, p, n in pairs),
    )


def _cardinality(sides: Sides, key: Relationship, rows: Mapping[str, int]) -> Metric:
    real = _families(key, sides.real)
    score, n, made = alike(sides.con, real, _families(key, sides.synthetic))
    baseline = None
    if sides.holdout is not None and key.parent not in sides.shared:
        baseline, _, _ = alike(sides.con, real, _families(key, sides.holdout))
    row = Metric(
        "parent-child", key.child, key.columns, CARDINALITY.name, score, baseline, min(n, made)
    )
    if not rows[key.child] or not rows[key.parent]:
        note = "a synthetic table is empty: nothing was compared"
        empty = replace(row, score=None, note=note)
        return replace(empty, verdict=FAIL) if _rows(sides, sides.real[key.child]) else empty
    return judged(CARDINALITY, row)
