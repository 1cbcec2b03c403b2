"""Cells that hold only some of their values, each as likely among them as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genesis_sql.plan.values import Allowed
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain
from genesis_sql.program.steps import Draw, Tree

ONE = Tree.single()
_Found = list[tuple[float, bool, float]]
"""Values asked for, whether each is NULL, and how much of a cell it is."""
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
    leaf = _leaf(step.tree, codes)
    found = _found(step.cells, leaf, domain, allowed, atoms=_atom_in(step.cells, leaf, allowed))
    return None if not any(mass > 0 for _, _, mass in found) else _as_cells(step.cells, [found])


def groups(step: Draw, domain: Domain, allowed: Allowed) -> tuple[dict[int, float], Draw]:
    """What a column that is drawn in groups needs to have one of some values.

    Args:
        step: asks the group alone, whose code c leads to a cell.
        domain: of the column.
        allowed: the values.

    Returns:
        By code of the group the share of its rows that have one of them, and the step that draws
        among them. The codes of no share are left out.
    """
    leaves = {c: _leaf(step.tree, [c]) for c in range(1, step.cells.count + 1)}
    atoms = any(_atom_in(step.cells, leaf, allowed) for leaf in leaves.values())
    found = {c: _found(step.cells, f, domain, allowed, atoms=atoms) for c, f in leaves.items()}
    share: dict[int, float] = {}
    for code, leaf in leaves.items():
        first, stop = int(step.cells.start[leaf]), int(step.cells.start[leaf + 1])
        rows = float(_weights(step.cells, first, stop).sum())
        share[code] = sum(mass for _, _, mass in found[code]) / rows
    kept = [code for code in leaves if share[code] > 0]
    if not kept:
        return {}, step
    place = {code: at for at, code in enumerate(kept)}
    left = np.where(
        step.tree.feature < 0,
        [place.get(int(c) + 1, 0) for c in step.tree.left],
        step.tree.left,
    ).astype(np.int32)
    tree = replace(step.tree, left=left)
    made = _as_cells(step.cells, [found[code] for code in kept])
    return {code: share[code] for code in kept}, replace(step, tree=tree, cells=made)


def _found(held: Cells, cell: int, domain: Domain, allowed: Allowed, *, atoms: bool) -> _Found:
    """What a cell holds of the values; ``atoms`` leaves the points of intervals out."""
    first, stop = int(held.start[cell]), int(held.start[cell + 1])
    weight = _weights(held, first, stop)
    null = _null(held, domain)[first:stop]
    found: _Found = []
    for value in allowed.values.tolist():
        inside = _inside(held, domain, value)[first:stop]
        single = _atoms(held, weight, first, stop, value) if atoms else None
        mass = _mass(held, inside, weight, first) if single is None else single
        found.append((value, False, mass))
    if allowed.null:
        found.append((0, True, float(weight[null].sum())))
    return found


def _atom_in(held: Cells, cell: int, allowed: Allowed) -> bool:
    """Whether a cell of doubles holds a value that stands alone: it outweighs a mere point."""
    if held.width is None or held.low.dtype.kind == "i":
        return False
    here = slice(int(held.start[cell]), int(held.start[cell + 1]))
    alone = held.low[here][held.width[here] == 0]
    return bool(np.isin(alone, allowed.values).any())


def _as_cells(held: Cells, each: Sequence[_Found]) -> Cells:
    """Cells that hold these values, in proportion to their mass."""
    slots: _Found = []
    weights: list[int] = []
    start = [0]
    for found in each:
        some = [f for f in found if f[2] > 0]
        heaviest = max(mass for _, _, mass in some)
        most = _TOTAL // len(some)
        slots += some
        weights += [max(1, int(m / heaviest * most)) for _, _, m in some]
        start.append(len(slots))
    begins = np.array(start)
    accept, alias = alias_tables(begins, np.array(weights, np.int64))
    low = np.array([v for v, _, _ in slots], held.low.dtype)
    if held.width is None:
        return Cells(begins, accept, alias, low)
    width = np.full(len(low), 1 if low.dtype.kind == "i" else 0, low.dtype)
    return Cells(begins, accept, alias, low, width, np.array([n for _, n, _ in slots]))


def _mass(held: Cells, inside: np.ndarray, weight: np.ndarray, first: int) -> float:
    """How likely a value is, per unit of width where it lies in an interval."""
    at = np.flatnonzero(inside)
    if held.width is None or not len(at):
        return float(weight[at].sum())
    width = held.width[first + at]
    if held.low.dtype.kind == "i":
        width = np.maximum(width, 1)
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
