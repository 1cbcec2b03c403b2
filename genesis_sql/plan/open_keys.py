"""Which keys of a table no step keeps unique by itself, and what their rows are told apart by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from genesis_sql.plan.definition import Model
from genesis_sql.program.domain import Categories, Grid
from genesis_sql.program.steps import (
    PARENT,
    Copy,
    Digit,
    Draw,
    Either,
    Expression,
    Formula,
    Link,
    Number,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Sibling,
    Step,
    Stratum,
    step_columns,
    step_inputs,
)
from genesis_sql.types import Table


@dataclass(frozen=True)
class Piece:
    """A part of a key: a raw column, or the row of a parent that the key refers to.

    Attributes:
        name: the raw column; `PARENT` for the row of the main parent.
        choice: the step that chose it where it is a row of a parent that may be another one.
        labels: how many values it can have where it is a label that may be another one.
        counts: it is a whole number that may be another one.
        follows: it is made of an earlier sibling's, so that it had better not go back.
        nullable: it may be NULL.
        missing: it is NULL in some rows, so that its values set no bound.
    """

    name: str
    choice: Pick | PickSelf | None = None
    labels: int = 0
    counts: bool = False
    follows: bool = False
    nullable: bool = False
    missing: bool = False

    @property
    def free(self) -> bool:
        """Whether another value can be given."""
        return bool(self.choice is not None or self.labels or self.counts)


@dataclass(frozen=True)
class OpenKey:
    """A key whose rows are looked through for repetitions."""

    columns: tuple[str, ...]
    pieces: tuple[Piece, ...]

    @property
    def of_parent(self) -> bool:
        """Whether it tells apart the children of one row of the main parent."""
        return any(piece.name == PARENT for piece in self.pieces)

    @property
    def free(self) -> tuple[Piece, ...]:
        """The pieces that may change, those first that change a row least."""
        ranked = sorted(enumerate(self.pieces), key=lambda p: (_rank(p[1]), -p[0]))
        return tuple(p for _, p in ranked if p.free)


def _rank(piece: Piece) -> int:
    return 0 if piece.counts else 1 if piece.labels else 2


def open_keys(model: Model, table: str, held: Collection[str] = ()) -> tuple[OpenKey, ...]:
    """The keys of a table that have to be looked after; columns that are ``held`` stay."""
    program = model.programs[table]
    nodes = [t for t in model.graph.tables if t.name == table]
    keys = dict.fromkeys(k for t in nodes for k in (t.primary_key, *t.unique_keys) if k)
    makers = {c: s for s in program.steps for c in step_columns(s)}
    found = []
    for key in keys:
        if all(c in makers for c in key) and not _closed(program, key, makers):
            lost = {c for r in model.graph.parents(table) if r.orphans for c in r.columns}
            lost |= {c.name for c in nodes[0].columns if c.nulls}
            pieces = _pieces(program, nodes[0], key, makers, lost)
            made = OpenKey(key, tuple(Piece(p.name) if p.name in held else p for p in pieces))
            if made.free:
                found.append(made)
    return tuple(found)


def _closed(program: Program, key: Sequence[str], makers: dict[str, Step]) -> bool:
    """Whether a step keeps it unique, or it cannot be seen before SQL."""
    steps = [makers[c] for c in key]
    if any(isinstance(s, Number | Expression) for s in steps):
        return True
    digits = {c for c, s in makers.items() if isinstance(s, Digit)}
    if digits and digits <= set(key):
        return True
    main = set(program.main.link.columns) if program.main else set()
    if not main or not (main <= set(key) or set(key) <= main):
        return False
    if set(key) <= main or any(isinstance(s, Sibling | Stratum) for s in steps):
        return True
    distinct = {s.alias for s in program.steps if isinstance(s, PickDistinct)}
    return any(set(x.columns) <= set(key) for x in program.links if x.alias in distinct)


def _pieces(
    program: Program, node: Table, key: Sequence[str], makers: dict[str, Step], lost: set[str]
) -> tuple[Piece, ...]:
    out: dict[str, Piece] = {}
    for column in key:
        step = makers[column]
        link = _link(program, step)
        nullable = node.column(column).nullable and column not in node.primary_key
        if link is not None and set(link.columns) <= set(key):
            piece = _row(link, makers, nullable=nullable)
        else:
            piece = _value(program, column, step, nullable=nullable)
        missing = piece.nullable and column in lost
        out.setdefault(piece.name, replace(piece, missing=missing))
    return tuple(out.values())


def _link(program: Program, step: Step) -> Link | None:
    """The link whose parent a column is copied from, for every row."""
    if not isinstance(step, Copy) or step.otherwise is not None:
        return None
    alias = step.source.partition(".")[0]
    links = [*program.links, *([program.main.link] if program.main else [])]
    return next((x for x in links if x.alias == alias), None)


def _row(link: Link, makers: dict[str, Step], *, nullable: bool) -> Piece:
    if link.alias == PARENT:
        return Piece(PARENT)
    step = makers.get(link.row)
    own = isinstance(step, PickSelf) and not step.many
    if isinstance(step, Pick | PickSelf) and (own or (isinstance(step, Pick) and not step.shared)):
        return Piece(link.row, choice=step, nullable=nullable)
    return Piece(link.row)


def _value(program: Program, column: str, step: Step, *, nullable: bool) -> Piece:
    domain = program.domains.get(column)
    if isinstance(step, Draw) and isinstance(domain, Categories):
        return Piece(column, labels=len(domain.labels), nullable=nullable)
    if isinstance(step, Draw) and isinstance(domain, Grid):
        return Piece(column, counts=True, nullable=nullable)
    if isinstance(step, Formula | Either) and isinstance(domain, Grid):
        hidden = all(name.startswith("#") for name in step_inputs(step))
        return Piece(column, counts=hidden, follows=True, nullable=nullable)
    return Piece(column)
