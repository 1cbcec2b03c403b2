"""Columns computed from a row's own children: sums, counts, extremes and lists.

A child never reads such a column of its parent, so that nothing depends on itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from genesis_sql.errors import GenesisError
from genesis_sql.program.domain import Categories, Grid, Listed, Raw, RawLists, Record
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import Expression, Program

if TYPE_CHECKING:
    from genesis_sql.plan.sampler import Sampler
    from genesis_sql.program.domain import Domain

CHUNK = 500_000  # children drawn at a time
EXACT = 2**62  # sums beyond this are refused: 64 bits hold what is below
_INTEGER = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")


def aggregate(
    sampler: Sampler,
    program: Program,
    step: Aggregate,
    numbers: np.ndarray,
    present: np.ndarray | None = None,
) -> Raw:
    """The raw column of a step for rows of its table.

    Args:
        sampler: draws the children.
        program: the parent's.
        step: what to make of them.
        numbers: row numbers of the parent, int64 of shape (n,), in any order.
        present: where a list is not NULL, bool of shape (n,); None is everywhere.

    Raises:
        GenesisError: a sum leaves the column's type.
    """
    parents, back = np.unique(numbers, return_inverse=True)
    first, count = _families(sampler, step.child, parents)
    if step.function == "list":
        return _lists(sampler, step, first[back], count[back], present)
    if step.function == "count" and not step.sources:
        return _filled(step, count, count)[0].take(back)
    value = np.full(len(parents), _START[step.function], np.int64)
    found, rough = np.zeros(len(parents), np.int64), np.zeros(len(parents))
    for at, rows in _pieces(first, count):
        raw = sampler.raw(step.child, rows, step.sources)[step.sources[0]]
        valid = raw.values > 0 if _is_label(sampler, step) else _valid(raw)
        owner, held = at[valid], raw.values[valid]
        np.add.at(found, owner, 1)
        if step.function == "sum":
            np.add.at(value, owner, held)
            np.add.at(rough, owner, np.abs(held.astype(np.float64)))
        elif step.function != "count":
            (np.minimum if step.function == "min" else np.maximum).at(value, owner, held)
    _check_sums(program, step, value, rough)
    made, _ = _filled(step, found if step.function == "count" else value, found)
    return made.take(back)


@lru_cache(maxsize=1_024)
def aggregates(program: Program, wanted: tuple[str, ...]) -> dict[str, Aggregate]:
    """The steps of the wanted columns that are made of children."""
    found = {s.column: s for s in program.steps if isinstance(s, Aggregate)}
    return {n: found[n] for n in wanted if n in found}


_START = {"sum": 0, "count": 0, "min": 2**63 - 1, "max": -(2**63)}


def _families(sampler: Sampler, child: str, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of the first child, and the children, of each parent (sorted row numbers)."""
    if not len(parents):
        return parents, parents
    return sampler.family(child).of(parents)


def _pieces(first: np.ndarray, count: np.ndarray) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Children at most CHUNK at a time: the place of each one's parent, and its own number."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, CHUNK):
        flat = np.arange(start, min(start + CHUNK, total), dtype=np.int64)
        at = np.searchsorted(ends, flat, side="right")
        yield at, first[at] + flat - (ends[at] - count[at])


def _filled(step: Aggregate, value: np.ndarray, found: np.ndarray) -> tuple[Raw, np.ndarray]:
    """The values; where nothing was found, what the step says."""
    none = found == 0
    filled = np.where(none, 0 if step.empty is None else step.empty, value)
    return Raw(filled, ~none if step.empty is None and none.any() else None), none


def _check_sums(program: Program, step: Aggregate, value: np.ndarray, rough: np.ndarray) -> None:
    domain = program.domains[step.column]
    if step.function != "sum" or not isinstance(domain, Grid) or not len(value):
        return
    size = np.abs(value.astype(np.float64)) * domain.step
    if rough.max() < EXACT / domain.step and size.max() < _largest(domain):
        return
    message = (
        f"column '{step.column}' of table '{program.table}' is the sum of "
        f"{step.child}.{step.sources[0]}, and a sum leaves its type {domain.type}; give the column "
        "a wider type in the source and fit again"
    )
    raise GenesisError(message)


def _largest(domain: Grid) -> float:
    """The smallest number of units of 10^-scale that the type does not hold."""
    found = _DECIMAL.fullmatch(domain.type)
    if found:
        return float(10 ** (int(found[1]) - int(found[2]) + domain.scale))
    unsigned = domain.type.startswith("U")
    bits = _INTEGER.get(domain.type.removeprefix("U"), 64)
    return float(2 ** (bits - (0 if unsigned else 1)))


def _lists(
    sampler: Sampler,
    step: Aggregate,
    first: np.ndarray,
    count: np.ndarray,
    present: np.ndarray | None,
) -> RawLists:
    """The children in their order; a list that is NULL has none."""
    length = count if present is None else np.where(present, count, 0)
    pieces: list[dict[str, Raw]] = [
        sampler.raw(step.child, rows, step.sources) for _, rows in _pieces(first, length)
    ] or [sampler.raw(step.child, np.zeros(0, np.int64), step.sources)]
    items = tuple(_joined([p[name] for p in pieces]) for name in step.sources)
    return RawLists(length, present, items)


def _joined(pieces: list[Raw]) -> Raw:
    if len(pieces) == 1:
        return pieces[0]
    valid = None
    if any(p.valid is not None for p in pieces):
        valid = np.concatenate([_valid(p) for p in pieces])
    return Raw(np.concatenate([p.values for p in pieces]), valid)


def _valid(raw: Raw) -> np.ndarray:
    return np.ones(len(raw), bool) if raw.valid is None else raw.valid


def _is_label(sampler: Sampler, step: Aggregate) -> bool:
    domain = sampler.model.programs[step.child].domains[step.sources[0]]
    return isinstance(domain, Categories)


def unfit_aggregate(programs: Mapping[str, Program], program: Program, step: Aggregate) -> str:
    """What keeps a step from being run on the programs of a model; '' where nothing does."""
    child = programs.get(step.child)
    if child is None or child.main is None or child.main.link.parent != program.table:
        return f"computes '{step.column}' from '{step.child}', which is no child of its"
    for name in step.sources:
        made = child.needed([name])
        if not made or isinstance(made[-1], Expression) or name not in child.domains:
            return f"computes '{step.column}' from a column '{name}' that '{step.child}' lacks"
    mine, theirs = program.domains[step.column], [child.domains[n] for n in step.sources]
    if isinstance(mine, Listed):
        fits = _same(mine.item, list(theirs))
    else:
        fits = step.function == "count" or _same_grid(mine, theirs[0])
    return "" if fits else f"computes '{step.column}' on another grid than '{step.child}'"


def _same_grid(mine: Domain, theirs: Domain) -> bool:
    both = isinstance(mine, Grid) and isinstance(theirs, Grid)
    return both and (mine.step, mine.scale) == (theirs.step, theirs.scale)  # type: ignore[union-attr]


def _same(item: Domain, sources: list[Domain]) -> bool:
    """Whether the raw columns of a list's elements are those of its sources; takes them away."""
    if not isinstance(item, Record):
        return bool(sources) and sources.pop(0) == item
    if item.optional and not (sources and isinstance(sources.pop(0), Categories)):
        return False
    return all(_same(field, sources) for _, field in item.fields)
