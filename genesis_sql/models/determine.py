"""Columns that others fix in every row: formulas and lookups, found at fit and kept exactly.

A formula is looked for first: it also holds for values the source does not have. A lookup is a
functional dependency (Huhtala et al., "TANE", 1999) on one to three columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from genesis_sql.models.frame import Coded
from genesis_sql.models.order import entropy
from genesis_sql.program.domain import Grid
from genesis_sql.program.formula import evaluate
from genesis_sql.program.steps import Lookup
from genesis_sql.sqlbuild import quoted

LEAST_ROWS = 50  # with all values known
PROBE = 500  # rows that a formula is tried on first
PROBE_LOOKUP = 4_000
BASES = (7, 10, 12, 24, 60, 100, 1000, 3600)
MOST_INPUTS = 3
SUPPORT, SUPPORT_OF_MANY = 5.0, 20.0  # rows that a combination has on the average
MOST_TIMES = 8  # as many combinations of several inputs as there are values
MOST_COLUMNS = 40  # wider tables are not searched for lookups of more than one input
MOST_CELLS = 200_000


@dataclass(frozen=True, eq=False)
class Fixed:
    """A column that others fix.

    Attributes:
        column: what is fixed.
        inputs: by which columns.
        formula: how, over raw numbers; None where a lookup tells.
        left: rows (bool) that the formula leaves open, as one of its columns is NULL there.
    """

    column: str
    inputs: tuple[str, ...]
    formula: str | None = None
    left: np.ndarray | None = None


def find_fixed(
    columns: Mapping[str, Coded], above: Mapping[str, Coded], barred: Sequence[str] = ()
) -> list[Fixed]:
    """Columns fixed by others of the row, or by columns of its parent.

    Args:
        columns: those of the table that are still to be drawn.
        above: the parent's columns for its rows.
        barred: columns that are made otherwise; they may fix others.

    Returns:
        In an order in which none is fixed by a later one; no circle.
    """
    found: list[Fixed] = []
    open_ = [n for n in columns if n not in barred]
    for name in sorted(open_, key=lambda n: (-entropy(columns[n]), n)):
        fixed = _copied(columns[name], above) or _computed(name, columns)
        if fixed is not None and not _circular(fixed, found):
            found.append(fixed)
    for name in sorted(open_, key=lambda n: (-entropy(columns[n]), n)):
        if any(f.column == name for f in found):
            continue
        fixed = _looked_up(name, columns, found)
        if fixed is not None:
            found.append(fixed)
    return _ordered(found)


def _circular(fixed: Fixed, found: Sequence[Fixed]) -> bool:
    """Whether a column would come to depend on itself."""
    by = {f.column: f.inputs for f in found}
    reached, waiting = set[str](), list(fixed.inputs)
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += by.get(at, ())
    return fixed.column in reached


def _ordered(found: Sequence[Fixed]) -> list[Fixed]:
    out: list[Fixed] = []
    left = list(found)
    while left:
        names = {f.column for f in left}
        ready = [f for f in left if names.isdisjoint(f.inputs)]
        out += ready
        left = [f for f in left if f not in ready]
    return out


# formulas


def _whole(column: Coded) -> bool:
    """A number that formulas may compute with: on a grid, no moment, more than two values."""
    domain = column.domain
    if not isinstance(domain, Grid) or len(column.values) < 3:
        return False
    return not domain.type.startswith(("DATE", "TIME"))


def _plain(column: Coded) -> bool:
    """Whether its raw numbers are the values themselves."""
    domain = column.domain
    return isinstance(domain, Grid) and domain.step == 1 and domain.scale == 0 and _whole(column)


def _copied(target: Coded, above: Mapping[str, Coded]) -> Fixed | None:
    """The same number as the parent's."""
    for name, other in above.items():
        if target.numeric and target.domain == other.domain and len(target.values) > 1:
            fixed = _holds(target, (name,), quoted(name), {name: other})
            if fixed is not None:
                return fixed
    return None


def _computed(name: str, columns: Mapping[str, Coded]) -> Fixed | None:
    target = columns[name]
    if not _whole(target):
        return None
    others = {n: c for n, c in columns.items() if n != name and _whole(c)}
    for inputs, formula in _formulas(target, others):
        fixed = _holds(target, inputs, formula, others)
        if fixed is not None:
            return fixed
    return None


def _formulas(target: Coded, others: Mapping[str, Coded]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Formulas worth a try, the simple ones first."""
    units = {n: u for n, c in others.items() if (u := _units(target, c)) is not None}
    for name, unit in units.items():
        yield (name,), _times(name, unit)
    for a, b in combinations(units, 2):
        yield (a, b), f"{_times(a, units[a])} + {_times(b, units[b])}"
    for a, b in permutations(units, 2):
        yield (a, b), f"{_times(a, units[a])} - {_times(b, units[b])}"
    for (a, one), (b, other) in combinations(others.items(), 2):
        product = _product_units(target, one, other)
        if product is not None:
            more = f" * {product}" if product > 1 else ""
            yield (a, b), f"{quoted(a)} * {quoted(b)}{more}"
    plain = [n for n, c in others.items() if _plain(c) and c.values[0] >= 0]
    if _plain(target):
        for a in plain:
            for base in BASES:
                yield (a,), f"{quoted(a)} // {base}"
                yield (a,), f"{quoted(a)} % {base}"
        for a, b in permutations(plain, 2):
            for base in BASES:
                yield (a, b), f"{quoted(a)} * {base} + {quoted(b)}"
        yield from _clocks(target, others)


def _clocks(target: Coded, others: Mapping[str, Coded]) -> Iterator[tuple[tuple[str, ...], str]]:
    """A time of day written as HHMM that is another one some minutes later."""
    times = [n for n, c in others.items() if _is_clock(c)]
    if not _is_clock(target):
        return
    for a in times:
        for b in (n for n, c in others.items() if _plain(c) and n != a):
            minutes = f"{quoted(a)} // 100 * 60 + {quoted(a)} % 100 + {quoted(b)} + 14400"
            yield (a, b), _clock(f"({minutes}) % 1440")
            yield (a, b), _clock(f"(({minutes}) + 1439) % 1440 + 1")


def _clock(minutes: str) -> str:
    return f"({minutes}) // 60 * 100 + ({minutes}) % 60"


def _is_clock(column: Coded) -> bool:
    values = column.values
    return (
        _plain(column)
        and len(values) > 20
        and bool(values[0] >= 0 and values[-1] <= 2400 and (values % 100 < 60).all())
    )


def _units(target: Coded, other: Coded) -> int | None:
    """Raw numbers of the target that one raw number of the other stands for."""
    mine, theirs = target.domain, other.domain
    if not isinstance(mine, Grid) or not isinstance(theirs, Grid) or theirs.scale > mine.scale:
        return None
    unit = theirs.step * 10 ** (mine.scale - theirs.scale)
    return None if unit % mine.step or unit >= 2**31 else unit // mine.step


def _product_units(target: Coded, one: Coded, other: Coded) -> int | None:
    domains = (target.domain, one.domain, other.domain)
    mine, a, b = (d if isinstance(d, Grid) else None for d in domains)
    if mine is None or a is None or b is None or a.scale + b.scale > mine.scale:
        return None
    unit = a.step * b.step * 10 ** (mine.scale - a.scale - b.scale)
    return None if unit % mine.step or unit >= 2**31 else unit // mine.step


def _times(name: str, unit: int) -> str:
    return quoted(name) if unit == 1 else f"{quoted(name)} * {unit}"


def _holds(
    target: Coded, inputs: tuple[str, ...], formula: str, others: Mapping[str, Coded]
) -> Fixed | None:
    """Whether a formula gives the column in every row whose inputs are known."""
    known = np.logical_and.reduce([others[n].rank > 0 for n in inputs])
    rows = np.flatnonzero(known)
    if len(rows) < LEAST_ROWS:
        return None
    for at in (rows[:: max(len(rows) // PROBE, 1)][:PROBE], rows):
        values = evaluate(formula, {n: others[n].raw.values[at] for n in inputs})
        if not bool(((values == target.raw.values[at]) & (target.rank[at] > 0)).all()):
            return None
    if len(np.unique(target.raw.values[rows])) < 3:
        return None
    return Fixed(target.name, inputs, formula, ~known)


# lookups


def _looked_up(name: str, columns: Mapping[str, Coded], found: Sequence[Fixed]) -> Fixed | None:
    """A column that one to three others fix, each combination in several rows."""
    target = columns[name]
    if len(target.values) < 2:
        return None
    able = [
        n
        for n, c in columns.items()
        if n != name and len(c.values) > 1 and not _circular(Fixed(name, (n,)), found)
    ]
    able = [n for n in able if isinstance(columns[n].domain, Grid) or not columns[n].numeric]
    rows = len(target.rank)
    probe = np.arange(rows)[:: max(rows // PROBE_LOOKUP, 1)][:PROBE_LOOKUP]
    most = MOST_INPUTS if len(columns) <= MOST_COLUMNS else 1
    for size in range(1, most + 1):
        for inputs in combinations(able, size):
            chosen = [columns[n] for n in inputs]
            if not _fits(target, chosen, probe, support=1.3):
                continue
            support = SUPPORT if size == 1 else SUPPORT_OF_MANY
            if _fits(target, chosen, np.arange(rows), support=support):
                return Fixed(name, inputs)
    return None


def _fits(target: Coded, inputs: Sequence[Coded], rows: np.ndarray, *, support: float) -> bool:
    """Whether equal inputs have equal values in these rows, and often enough to tell."""
    key = _key(inputs, rows)
    order = np.argsort(key, kind="stable")
    key, value = key[order], target.rank[rows][order]
    same = key[1:] == key[:-1]
    combos = len(key) - int(same.sum())
    most = MOST_CELLS if len(inputs) == 1 else min(MOST_CELLS, MOST_TIMES * len(target.values))
    if combos < 2 or combos * support > len(key) or combos > most:
        return False
    return not bool((same & (value[1:] != value[:-1])).any())


def _key(inputs: Sequence[Coded], rows: np.ndarray) -> np.ndarray:
    """Mixed radix numbers of the ranks."""
    out = np.zeros(len(rows), np.int64)
    for column in inputs:
        out = out * (len(column.values) + 1) + column.rank[rows]
    return out


def lookup_step(target: Coded, inputs: Sequence[Coded], floor: int) -> Lookup:
    """The step of a functional dependency; combinations of fewer rows than ``floor`` are left out.

    They take the value of a neighbour, so that none tells of a few rows.
    """
    key = _key(inputs, np.arange(len(target.rank)))
    keys, first, count = np.unique(key, return_index=True, return_counts=True)
    kept = count >= floor if (count >= floor).any() else np.ones(len(keys), bool)
    at = first[kept]
    valid = None if target.raw.valid is None else target.raw.valid[at]
    levels = tuple(c.values for c in inputs)
    return Lookup(
        target.name, tuple(c.name for c in inputs), levels, keys[kept], target.raw.values[at], valid
    )
