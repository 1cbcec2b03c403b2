"""Learning a table under zCDP: MST, marginals along a tree of columns that was chosen privately.

McKenna, Miklau, Sheldon, "Winning the NIST Contest" (2021): noisy counts of each column; a tree of
pairs by the exponential mechanism; noisy counts of these pairs; one distribution out of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.models.dp.columns import Asked as Asked
from genesis_sql.models.dp.columns import Counted as Counted
from genesis_sql.models.dp.infer import Clique, Estimate, Measured, estimate
from genesis_sql.models.dp.meter import Meter, Noisy
from genesis_sql.models.dp.select import (
    Market,
    batches,
    choose_pairs,
    choose_tree,
    extra_pairs,
)
from genesis_sql.models.dp.space import (
    PARTS,
    SINGLE,
    Space,
    label_space,
    merged,
    octaves,
    real_octaves,
    refined,
    singles,
)
from genesis_sql.program.domain import Categories, Grid

ROWS, BOUNDS, ONE, CHOICE, TWO = 0.01, 0.09, 0.25, 0.2, 0.45
"""Shares of rho: the number of rows, ranges that were not given, columns, the choice, pairs."""
BINS = 64  # of a number of a wide range
SURE = 5.0  # standard deviations of its noise at which a bin surely has rows
GROUP = 3.0  # the same of a pair's noise, at which a label stands alone: MST's compression
MOST_GROUPS = 32


@dataclass(frozen=True, eq=False)
class Learnt:
    """What the guarantee allows to be known of a table.

    ``columns`` begin with the ``above`` columns of the parent; ``unnamed`` are columns of labels of
    which none can be shown.
    """

    rows: int
    columns: tuple[Counted, ...]
    edges: tuple[Clique, ...]
    found: Estimate | None
    unnamed: tuple[str, ...] = ()
    above: int = 0

    @property
    def own(self) -> tuple[Counted, ...]:
        """The columns of the table itself."""
        return self.columns[self.above :]


@dataclass(frozen=True, eq=False)
class Context:
    """What was learnt of the parent, and the group of each of its columns for every child row.

    The groups are of the data: they are counted through a meter alone.
    """

    columns: tuple[Counted, ...] = ()
    codes: tuple[np.ndarray, ...] = ()


def onto_simplex(counts: np.ndarray, total: float) -> np.ndarray:
    """The nearest counts ≥ 0 of that sum (Held, Wolfe, Crowder 1974)."""
    if total <= 0 or not len(counts):
        return np.zeros(len(counts))
    high = np.sort(counts.astype(np.float64))[::-1]
    over = (np.cumsum(high) - total) / np.arange(1, len(high) + 1)
    last = int(np.flatnonzero(high > over)[-1])
    return np.asarray(np.maximum(counts - over[last], 0.0))


def learn(
    meter: Meter, asked: Sequence[Asked], arrow: pa.Table, context: Context | None = None
) -> tuple[Learnt, list[np.ndarray]]:
    """Spend the budget of a meter on one table.

    Args:
        meter: sells what is learnt.
        asked: the columns.
        arrow: the rows.
        context: of their parents.

    Returns:
        What may be known, and the groups of the rows by column, which may not.
    """
    context = context or Context()
    above = len(context.columns)
    rho, seen = meter.rho, len(asked)
    total = meter.counts(np.array([arrow.num_rows]), ROWS * rho)
    rows = max(int(total.counts[0]), 1)
    wide = sum(_searched(a) for a in asked)
    one = (ONE + (0.0 if wide else BOUNDS)) * rho / max(seen, 1)
    bounds = BOUNDS * rho / max(wide, 1)
    risk = meter.delta / max(sum(_named(a) for a in asked), 1)
    counted, codes, unnamed = list(context.columns), list(context.codes), []
    bought = max(seen - (0 if above else 1), 1)
    pair_noise = meter.most * math.sqrt(bought / (2 * TWO * rho))
    for a in asked:
        array = _column(arrow, a)
        found = (
            _labels(meter, a, array, rows, (bounds if _searched(a) else 0.0) + one, risk)
            if isinstance(a.domain, Categories)
            else _number(meter, a, array, rows, bounds, one)
        )
        if found is None:
            unnamed.append(a.name)
            continue
        grouped = replace(found, group=_groups(found, pair_noise, rows))
        counted.append(grouped)
        codes.append(grouped.group[grouped.space.encode(array)])
    if len(counted) == above:
        return Learnt(rows, tuple(counted), (), None, tuple(unnamed), above), []
    extra = 0 if above else extra_pairs(len(counted))
    price = TWO * rho / max(len(counted) - max(above, 1) + extra, 1)
    market = Market(meter, counted, codes, price)
    edges = choose_tree(market, above, CHOICE * rho * (0.5 if extra else 1.0))
    measured = [_alone(at, c) for at, c in enumerate(counted) if at >= above]
    measured += [market.buy(pair) for pair in edges]
    sizes = [c.groups for c in counted]
    found_ = estimate(sizes, rows, measured)
    for batch in batches(extra):
        more = choose_pairs(market, found_, edges, batch, CHOICE * rho * 0.5 / extra, rows)
        measured += [market.buy(pair) for pair in more]
        edges += more
        found_ = estimate(sizes, rows, measured, found_)
    got = Learnt(rows, tuple(counted), tuple(edges), found_, tuple(unnamed), above)
    return got, codes[above:]


def _column(arrow: pa.Table, asked: Asked) -> pa.Array:
    held = arrow[asked.name].combine_chunks()
    if isinstance(held, pa.ChunkedArray):
        held = held.chunk(0) if held.num_chunks else pa.array([], held.type)
    return held.cast(pa.string()) if isinstance(asked.domain, Categories) else held


def _named(asked: Asked) -> bool:
    """Whether labels have to be found."""
    return asked.open and isinstance(asked.domain, Categories)


def _searched(asked: Asked) -> bool:
    """Whether a part of the budget goes into labels or bins, before these are counted."""
    if isinstance(asked.domain, Categories):
        return asked.open
    assert asked.limits is not None
    return not isinstance(asked.domain, Grid) or asked.limits[1] - asked.limits[0] >= SINGLE


def _labels(
    meter: Meter, asked: Asked, array: pa.Array, rows: int, rho: float, risk: float
) -> Counted | None:
    """Counts of labels; None where none can be shown."""
    assert isinstance(asked.domain, Categories)
    if not asked.open:
        space = label_space(
            asked.type, asked.domain.labels, nullable=asked.nullable, rest=asked.type == "VARCHAR"
        )
        return _counted(meter, asked, space, space.encode(array), rows, rho, "labels as given")
    values = pc.value_counts(array.drop_null())
    labels, true = values.field("values").to_pylist(), values.field("counts").to_numpy()
    order = sorted(range(len(labels)), key=lambda i: labels[i])
    named = int(asked.nullable)
    counts = np.r_[np.full(named, array.null_count, np.int64), true[order].astype(np.int64)]
    shown, noisy = meter.labels(counts, rho, risk, named)
    kept = [labels[order[i - named]] for i in shown.tolist() if i >= named]
    if not kept:
        return None
    space = label_space(asked.type, kept, nullable=asked.nullable, rest=True)
    held = np.zeros(space.codes)
    held[0 if asked.nullable else 1 : -1] = noisy.counts
    held[-1] = rows - held.sum()
    variance = np.full(space.codes, float(noisy.variance))
    variance[-1] *= len(kept)
    told = f"{len(kept)} labels found under the budget, rare ones are not shown"
    return _projected(asked, space, held, variance, rows, told)


def _counted(
    meter: Meter, asked: Asked, space: Space, code: np.ndarray, rows: int, rho: float, told: str
) -> Counted:
    present = space.present
    noisy = meter.counts(np.bincount(code, minlength=space.codes)[present], rho)
    held = np.zeros(space.codes)
    held[present] = noisy.counts
    return _projected(asked, space, held, np.full(space.codes, float(noisy.variance)), rows, told)


def _projected(
    asked: Asked, space: Space, held: np.ndarray, variance: np.ndarray, rows: int, told: str
) -> Counted:
    present = space.present
    held[present] = onto_simplex(held[present], rows)
    return Counted(asked, space, held, variance, np.zeros(space.codes, np.int64), told)


def _number(
    meter: Meter, asked: Asked, array: pa.Array, rows: int, bounds: float, one: float
) -> Counted:
    """Counts of a number: of single ones, or of bins of about equal rows."""
    assert asked.limits is not None
    assert not isinstance(asked.domain, Categories)
    whole = isinstance(asked.domain, Grid)
    least, most = asked.limits
    told = "bounds estimated under the budget" if asked.open else "bounds as given"
    if not _searched(asked):
        low, width = singles(int(least), int(most))
        told = told if not asked.open else "bounds of the type"
    else:
        made = octaves(int(least), int(most)) if whole else real_octaves(least, most)
        rough = Space(asked.domain, asked.nullable, *made)
        code = rough.encode(array)
        noisy = meter.counts(np.bincount(code[code > 0] - 1, minlength=rough.size), bounds)
        low, width = _bins(*made, noisy, rows, whole=whole, given=not asked.open)
    space = Space(asked.domain, asked.nullable, low, width)
    return _counted(meter, asked, space, space.encode(array), rows, one, told)


def _bins(
    low: np.ndarray, width: np.ndarray, noisy: Noisy, rows: int, *, whole: bool, given: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Bins for the counting proper, by rough noisy counts."""
    noise = math.sqrt(noisy.variance)
    first, last = 0, len(low) - 1
    if not given:
        sure = noisy.counts > SURE * noise
        others = np.where(sure, 0, noisy.counts)  # many near each other, none sure by itself
        near = np.convolve(others, np.ones(PARTS), "valid") > SURE * noise * math.sqrt(PARTS)
        inside = [a + int(others[a : a + PARTS].argmax()) for a in np.flatnonzero(near).tolist()]
        at = np.r_[np.flatnonzero(sure), np.array(inside, np.int64)]
        at = at if len(at) else np.array([int(noisy.counts.argmax())])
        first, last = int(at.min()), int(at.max())
    low, width = low[first : last + 1], width[first : last + 1]
    if whole and int(low[-1] + width[-1] - low[0]) <= SINGLE:
        return singles(int(low[0]), int(low[-1] + width[-1] - 1))
    counts = noisy.counts[first : last + 1]
    mass = onto_simplex(np.where(counts > 2 * noise, counts, 0.0), rows)
    starts = merged(width, mass, max(3 * noise, rows / BINS))
    sums = np.add.reduceat(mass, starts)
    ends = np.r_[low[starts[1:]], low[-1] + width[-1]]
    return refined(low[starts], ends - low[starts], sums, BINS)


def _groups(column: Counted, noise: float, rows: int) -> np.ndarray:
    """The group of each code: NULL, then bins of enough rows, or labels; rare labels together."""
    space, least = column.space, max(GROUP * noise, rows / MOST_GROUPS / 4)
    group = np.zeros(space.codes, np.int64)
    first = int(space.nullable)
    mass = column.rows[1:]
    if space.low is not None:
        starts = merged(column.rows, mass, max(least, rows / MOST_GROUPS))
        group[1:] = np.searchsorted(starts, np.arange(space.size), "right") - 1 + first
        return group
    heavy = np.flatnonzero(mass[: space.size] >= least)
    if len(heavy) > MOST_GROUPS:
        heavy = np.sort(heavy[np.argsort(-mass[heavy], kind="stable")][:MOST_GROUPS])
    group[1:] = first + len(heavy)
    group[1 + heavy] = first + np.arange(len(heavy))
    return group


def _alone(at: int, column: Counted) -> Measured:
    """What is known of one column alone, by its groups."""
    variance = np.bincount(column.group, column.variance, column.groups)
    return Measured((at,), column.by_group(), 1 / np.maximum(variance, 1.0))
