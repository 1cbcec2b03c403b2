"""Synthetic rows and values that are in the real table word by word, over all rows by hash join."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.evaluate.measures import INFO, Measure, Metric
from genesis_sql.evaluate.sides import Sides, measured
from genesis_sql.introspect.query import ask
from genesis_sql.privacy.chance import SURE, beyond, difference_error, wilson
from genesis_sql.privacy.rows import side_sql
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Role, Table

COPIES = Measure(
    "exact_copies",
    "lower",
    "Share of synthetic rows that equal a real row in every measured column, over all rows, beside "
    "the share of held-out rows that do (0 to 1); fails where it is more than .001 above that and "
    f"the share of real rows with an equal one, beyond {SURE:.0f} standard errors.",
    good=0.001,
    fair=0.001,
    ideal=0.0,
)
VALUES = Measure(
    "copied_values",
    "lower",
    "Share of synthetic values of a sensitive column (a name, a number of a person) that are in "
    "the real column, beside the share of held-out values (0 to 1); fails as exact_copies does.",
    good=0.001,
    fair=0.001,
    ideal=0.0,
)
METRICS = (COPIES, VALUES)

_COUNT = """
SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM ($real) AS r WHERE $same))
FROM ($other) AS o
"""
_TWINS = """
SELECT sum(n), coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT count(*) AS n FROM ($real) GROUP BY $all)
"""
_VALUES = """
SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM ($real) AS r WHERE r.v = o.v))
FROM ($other) AS o WHERE o.v IS NOT NULL
"""


def copies(sides: Sides, table: Table) -> Metric:
    """The row of `exact_copies`."""
    columns = measured(table)
    name, about = table.name, f"the rows of '{table.name}'"
    same = " AND ".join(f"r.c{i} IS NOT DISTINCT FROM o.c{i}" for i in range(len(columns)))
    every = ", ".join(f"c{i}" for i in range(len(columns)))
    real = side_sql(table, sides.real[name], columns)

    def count(source: str) -> tuple[int, int]:
        other = side_sql(table, source, columns)
        n, hits = ask(sides.con, _COUNT, about=about, real=real, other=other, same=same)[0]
        return int(n), int(hits)

    n, hits = count(sides.synthetic[name])
    low, high = wilson(hits, n)
    row = Metric("privacy", name, (), COPIES.name, hits / n, None, n, INFO, low, high)
    if table.verbatim:
        return _told(row, None, INFO, "kept verbatim, as was asked for: all rows are the real ones")
    size, twins = map(int, ask(sides.con, _TWINS, about=about, real=real, all=every)[0])
    held = sides.holdout if name not in sides.shared else None
    m, same_held = count(held[name]) if held is not None else (0, 0)
    # such rows come by twos, so there are half as many chances of one
    control, found = m + size / (2 if twins else 1), same_held + twins / (2 if twins else 1)
    excess, error = hits / n - found / control, difference_error(hits, n, found, control)
    verdict = beyond(COPIES, excess, error)
    among = f"{twins:,} of {size:,} real rows have an equal one among the others"
    if m:
        note = f"{hits:,} of {n:,} synthetic rows, {same_held:,} of {m:,} held-out rows; {among}"
        return _told(row, same_held / m, verdict, note)
    note = f"{hits:,} of {n:,} synthetic rows; without held-out rows the baseline is that {among}"
    return _told(row, twins / size, verdict, note)


def _told(row: Metric, baseline: float | None, verdict: str, note: str) -> Metric:
    return replace(row, baseline=baseline, verdict=verdict, note=note)


def copied_values(sides: Sides, table: Table, column: str) -> Metric:
    """The row of `copied_values`, for a column that is made anew (names, identifiers, text)."""
    name, about = table.name, f"column '{column}' of '{table.name}'"

    def values(source: str) -> str:
        return f"SELECT CAST({quoted(column)} AS VARCHAR) AS v FROM {source}"  # noqa: S608

    def count(source: str) -> tuple[int, int]:
        real = values(sides.real[name])
        n, hits = ask(sides.con, _VALUES, about=about, real=real, other=values(source))[0]
        return int(n), int(hits)

    n, hits = count(sides.synthetic[name])
    row = Metric("privacy", name, (column,), VALUES.name, None, None, n)
    if not n:
        return _told(row, None, INFO, "the synthetic column is empty")
    low, high = wilson(hits, n)
    row = Metric("privacy", name, (column,), VALUES.name, hits / n, None, n, INFO, low, high)
    if table.column(column).role in (Role.KEY, Role.FOREIGN_KEY):
        return _told(row, None, INFO, "a key: numbered anew, so it may have the real numbers")
    held = sides.holdout if name not in sides.shared else None
    m, twins = count(held[name]) if held is not None else (0, 0)
    note = f"{hits:,} of {n:,} synthetic values"
    if not m:
        error = difference_error(hits, n, 0, n)
        note += "; no values were held out: compared with none at all"
        return _told(row, 0.0, beyond(VALUES, hits / n, error), note)
    error = difference_error(hits, n, twins, m)
    note += f", {twins:,} of {m:,} held-out values"
    return _told(row, twins / m, beyond(VALUES, hits / n - twins / m, error), note)
