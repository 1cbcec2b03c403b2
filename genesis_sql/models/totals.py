"""Columns of a parent that its children fix: sums, counts, first and last; found at fit, kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from genesis_sql.models.family import Ties, child_counts
from genesis_sql.models.frame import Coded
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.program.domain import Grid
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import Block, Copy, Expression, Program, Step
from genesis_sql.types import Role

DRAWN = "#drawn:"
"""What a stand-in is called: drawn like any column, it is what others read of an aggregate."""

MIN_PARENTS = 30  # rows that must agree
PROBE = 500  # rows looked at before all are
MIN_FAMILIES = 10  # of them with two children or more, whose values are not all the same
_MOMENTS = ("DATE", "TIME")
_LARGEST = 2**62


@dataclass(frozen=True)
class Total:
    """A column of a parent that is an aggregate of a child's column, and how it is read."""

    step: Aggregate
    domain: Grid

    @property
    def text(self) -> str:
        """As `genesis_describe` shows it."""
        of = self.step.child + "".join(f".{name}" for name in self.step.sources)
        return f"{self.step.function} of {of}"


def stand_in(name: str) -> bool:
    """Whether a hidden column is drawn in the place of a visible one."""
    return name.startswith(DRAWN)


def hidden(name: str) -> bool:
    """Whether a column is one of those that only the program needs."""
    return name.startswith("#") and not stand_in(name)


def shown(name: str) -> str:
    """The column a user knows: a stand-in's, wherever it stands in the name."""
    return name.replace(DRAWN, "")


def settled(programs: Mapping[str, Program]) -> dict[str, Program]:
    """The programs, in which each aggregate can be made of what its child's program draws.

    Where the child draws a source on another grid, or not at all, the column is its stand-in.
    """
    return {name: _settled(programs, program) for name, program in programs.items()}


def _settled(programs: Mapping[str, Program], program: Program) -> Program:
    steps: list[Step] = []
    domains = dict(program.domains)
    for step in program.steps:
        stands = f"{DRAWN}{step.column}" if isinstance(step, Aggregate) else ""
        if isinstance(step, Aggregate) and stands in domains and not _made(programs, program, step):
            steps.append(Copy(step.column, stands))
            domains[step.column] = domains[stands]
        else:
            steps.append(step)
    return replace(program, steps=tuple(steps), domains=domains)


def _made(programs: Mapping[str, Program], program: Program, step: Aggregate) -> bool:
    """Whether the child draws the sources on the grid of the aggregate."""
    child, mine = programs[step.child], program.domains[step.column]
    if step.function == "count":
        return True
    for name in step.sources:
        theirs = child.domains.get(name)
        made = any(s.column == name for s in child.steps if not isinstance(s, Expression | Block))
        if not made or not isinstance(theirs, Grid) or not isinstance(mine, Grid):
            return False
        if (theirs.step, theirs.scale) != (mine.step, mine.scale):
            return False
    return True


def find_totals(
    tables: Mapping[str, Loaded], bonds: Mapping[str, Ties], name: str
) -> dict[str, Total]:
    """The columns of a table that are an aggregate of its children in every row.

    Args:
        tables: everything loaded.
        bonds: foreign keys by the part they play, by table.
        name: the parent.
    """
    loaded = tables[name]
    if loaded.rows < MIN_PARENTS:
        return {}
    keys = {c for k in (loaded.table.primary_key, *loaded.table.unique_keys) for c in k}
    keys |= {c for link in loaded.links for c in link.relationship.columns}
    open_ = {
        c: held
        for c, held in loaded.columns.items()
        if c not in keys and isinstance(held.domain, Grid) and len(held.values) > 1
    }
    out: dict[str, Total] = {}
    for child, link in _children(bonds, name):
        if not open_:
            break
        found = _of_child(tables, bonds, child, link, loaded.rows, open_)
        out.update(found)
        open_ = {c: held for c, held in open_.items() if c not in found}
    return out


def sources_of(tables: Mapping[str, Loaded], bonds: Mapping[str, Ties], name: str) -> set[str]:
    """The columns of a table that its main parent's totals are made of."""
    main = bonds[name].main
    if main is None:
        return set()
    totals = find_totals(tables, bonds, main.relationship.parent).values()
    return {c for t in totals if t.step.child == name for c in t.step.sources}


def _children(bonds: Mapping[str, Ties], name: str) -> Iterator[tuple[str, LinkData]]:
    for child, bond in bonds.items():
        if bond.main is not None and bond.main.relationship.parent == name and child != name:
            yield child, bond.main


def _of_child(
    tables: Mapping[str, Loaded],
    bonds: Mapping[str, Ties],
    child: str,
    link: LinkData,
    parents: int,
    columns: Mapping[str, Coded],
) -> dict[str, Total]:
    """The columns that one child table fixes."""
    rows = child_counts(link, parents)
    out: dict[str, Total] = {}
    for name, held in columns.items():
        step = Aggregate(name, child, (), "count")
        total = _fits(held, rows, rows, step, Grid(_type(held)))
        if total is not None and _is_number(held):
            out[name] = total
    below = find_totals(tables, bonds, child)
    keys = {c.name for c in tables[child].table.columns if c.role in (Role.KEY, Role.FOREIGN_KEY)}
    for source, values in tables[child].columns.items():
        left = {n: c for n, c in columns.items() if n not in out}
        if not left or source in keys or not isinstance(values.domain, Grid):
            continue
        grid = below[source].domain if source in below else values.domain
        out.update(_of_column(child, source, values, grid, link, parents, left))
    return out


def _of_column(
    child: str,
    source: str,
    values: Coded,
    grid: Grid,
    link: LinkData,
    parents: int,
    columns: Mapping[str, Coded],
) -> dict[str, Total]:
    """The columns that one column of a child fixes."""
    moment = not _is_number(values)
    likely = {
        n: c
        for n, c in columns.items()
        if (_type(c) == grid.type if moment else _is_number(c)) and _holds(_type(c), grid)
    }
    if not likely:
        return {}
    probe = min(parents, PROBE)
    folded, found = _folded(values, link, probe)
    if folded is None or not any(_likely(c, folded, found, values.domain) for c in likely.values()):
        return {}
    folded, found = _folded(values, link, parents)
    if folded is None or (found > 1).sum() < MIN_FAMILIES:
        return {}
    varied = int((folded["min"] != folded["max"])[found > 1].sum())
    out: dict[str, Total] = {}
    for name, held in likely.items():
        for function in ("sum", "min", "max"):
            if varied < MIN_FAMILIES or (moment and function == "sum"):
                continue  # where siblings agree, the child takes the value of its parent
            step = Aggregate(name, child, (source,), function)
            domain = Grid(_type(held), grid.step, grid.scale)
            total = _fits(held, folded[function], found, step, domain, values.domain)
            if total is not None:
                out[name] = total
                break
    return out


def _likely(
    held: Coded, folded: Mapping[str, np.ndarray], found: np.ndarray, source: object
) -> bool:
    """Whether a column is one of the aggregates for the first rows that have children."""
    some = np.flatnonzero(found > 0)
    return any(_equal(held, folded[f], some, source) for f in folded)


def _equal(held: Coded, made: np.ndarray, rows: np.ndarray, source: object) -> bool:
    """Whether a column has the same values as what was made, in some rows."""
    own = held.domain
    theirs = source if isinstance(source, Grid) else Grid("BIGINT")
    if not isinstance(own, Grid) or not (held.rank[rows] > 0).all():
        return False
    scale = max(own.scale, theirs.scale)
    units = [int(d.step * 10 ** (scale - d.scale)) for d in (own, theirs)]
    left, right = held.raw.values[rows], made[rows]
    sizes = [np.abs(v.astype(np.float64)).max(initial=0) for v in (left, right)]
    if max(sizes[0] * units[0], sizes[1] * units[1]) >= _LARGEST:
        return False
    return bool((left * units[0] == right * units[1]).all())


def _folded(
    values: Coded, link: LinkData, parents: int
) -> tuple[dict[str, np.ndarray] | None, np.ndarray]:
    """Sum, least and largest raw value of every parent's children, and how many have a value."""
    has = (link.parent_row >= 0) & (link.parent_row < parents) & (values.rank > 0)
    owner, raw = link.parent_row[has], values.raw.values[has]
    found = np.bincount(owner, minlength=parents)
    if np.abs(raw.astype(np.float64)).sum() * values.domain.step >= _LARGEST:  # type: ignore[union-attr]
        return None, found
    total = np.zeros(parents, np.int64)
    least, most = np.full(parents, 2**62), np.full(parents, -(2**62))
    np.add.at(total, owner, raw)
    np.minimum.at(least, owner, raw)
    np.maximum.at(most, owner, raw)
    return {"sum": total, "min": least, "max": most}, found


def _fits(
    held: Coded,
    made: np.ndarray,
    found: np.ndarray,
    step: Aggregate,
    domain: Grid,
    source: object = None,
) -> Total | None:
    """The total, if it is the column in every row; ``found`` counts the values of each row."""
    some, known = found > 0, held.rank > 0
    if step.function == "count":
        some = found >= 0 if (known | (found > 0)).all() else found > 0
    rows = np.flatnonzero(some)
    if len(rows) < MIN_PARENTS or not _equal(held, made, rows, source):
        return None
    if len(np.unique(made[rows])) < 2:
        return None
    rest = held.raw.values[~some & known]
    if (~some).any() and len(rest) not in (0, int((~some).sum())):
        return None
    if len(rest) and (rest != 0).any():
        return None
    empty = 0 if len(rest) or (step.function == "count" and some.all()) else None
    return Total(Aggregate(step.column, step.child, step.sources, step.function, empty), domain)


def _type(held: Coded) -> str:
    return str(held.domain.type)


def _is_number(held: Coded) -> bool:
    return not _type(held).startswith(_MOMENTS)


def _holds(type_: str, grid: Grid) -> bool:
    """Whether values on a grid can be written in a type without loss."""
    if type_.startswith(("FLOAT", "DOUBLE", *_MOMENTS)):
        return True
    most = int(type_[:-1].split(",")[1]) if type_.startswith("DECIMAL") else 0
    if not type_.startswith("DECIMAL"):
        return grid.scale == 0
    return grid.scale <= most or grid.step % 10 ** (grid.scale - most) == 0
