"""Cells that hold only some of their values, each as likely among them as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genesis_sql.plan.values import Allowed
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain
from genesis_sql.program.steps import Draw, Tree

ONE = Tree.single()
_TOTAL = 2**31  # of the weights: an alias table shifts them by 32 bits


def possible(held: Cells, domain: Domain, value: float) -> bool:
    """Whether any cell holds a value."""
    return bool(_inside(held, domain, value).any())


def is_atom(held: Cells, domain: Domain, value: float) -> bool:
    """Whether chance can hit a value: any label or grid number, a double that stands alone."""
    if isinstance(domain, Categories) or held.width is None or held.low.dtype.kind == "i":
        return True
    return bool(((held.width == 0) & (held.low == value) & ~_null(held, domain)).any())


def has_null(held: Cells, domain: Domain) -> bool:
    """Whether any cell holds NULL."""
    return bool(_null(held, domain).any())


def _null(held: Cells, domain: Domain) -> np.ndarray:
    if isinstance(domain, Categories):
        return np.asarray(held.low == 0)
    return np.zeros(len(held.low), bool) if held.null is None else held.null


def _inside(held: Cells, domain: Domain, value: float) -> np.ndarray:
    """The slots that hold a value."""
    if isinstance(domain, Categories) or held.width is None:
        return np.asarray(held.low == value)
    whole = held.low.dtype.kind == "i"
    width = np.maximum(held.width, 1) if whole else held.width
    with np.errstate(invalid="ignore"):  # between infinities
        inside = (held.low <= value) & (value < held.low + width)
    return np.asarray((inside | (held.low == value)) & ~_null(held, domain))


def cells(step: Draw, domain: Domain, codes: Sequence[int], allowed: Allowed) -> Cells | None:
    """One cell with the values asked for, out of the cell that these inputs lead to.

    None where it holds none of them.
    """
    cell, held = _leaf(step.tree, codes), step.cells
    first, stop = int(held.start[cell]), int(held.start[cell + 1])
    weight = _weights(held, first, stop)
    null = _null(held, domain)[first:stop]
    found: list[tuple[float, bool, float]] = []
    for value in allowed.values.tolist():
        inside = _inside(held, domain, value)[first:stop]
        found.append((value, False, _mass(held, inside, weight, first, value)))
    if any(mass == np.inf for _, _, mass in found):  # an atom outweighs a point of an interval
        atoms = [(v, n, _atoms(held, weight, first, stop, v)) for v, n, m in found if m == np.inf]
        found = atoms
    if allowed.null:
        found.append((0, True, float(weight[null].sum())))
    found = [f for f in found if f[2] > 0]
    if not found:
        return None
    heaviest = max(mass for _, _, mass in found)
    most = _TOTAL // len(found)
    ints = np.array([max(1, int(m / heaviest * most)) for _, _, m in found], np.int64)
    start = np.array([0, len(found)])
    accept, alias = alias_tables(start, ints)
    low = np.array([v for v, _, _ in found], held.low.dtype)
    if held.width is None:
        return Cells(start, accept, alias, low)
    width = np.full(len(low), 1 if low.dtype.kind == "i" else 0, low.dtype)
    return Cells(start, accept, alias, low, width, np.array([n for _, n, _ in found]))


def _mass(held: Cells, inside: np.ndarray, weight: np.ndarray, first: int, value: float) -> float:
    """How likely a value is: an atom among doubles is infinitely more so than a point."""
    at = np.flatnonzero(inside)
    if held.width is None or not len(at):
        return float(weight[at].sum())
    width = held.width[first + at]
    if held.low.dtype.kind == "i":
        return float((weight[at] / np.maximum(width, 1)).sum())
    if (width == 0).any():
        return np.inf
    return float((weight[at] / width).sum())


def _atoms(held: Cells, weight: np.ndarray, first: int, stop: int, value: float) -> float:
    width = held.width if held.width is not None else np.zeros(len(held.low))
    here = slice(first, stop)
    return float(weight[(width[here] == 0) & (held.low[here] == value)].sum())


def _weights(held: Cells, first: int, stop: int) -> np.ndarray:
    """How often each slot of a cell is drawn, out of 2^32 times their number."""
    accept = held.accept[first:stop].astype(np.int64)
    out = accept.copy()
    np.add.at(out, held.alias[first:stop] - first, 2**32 - accept)
    return out


def _leaf(tree: Tree, codes: Sequence[int]) -> int:
    """The cell that inputs with these codes lead to."""
    at = 0
    while tree.feature[at] >= 0:
        left = codes[int(tree.feature[at])] <= int(tree.threshold[at])
        at = int(tree.left[at] if left else tree.right[at])
    return int(tree.left[at])
