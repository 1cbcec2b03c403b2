"""The sampling program as plain data: ordered steps that produce the columns of one table.

Names of columns: the table's own by their name; those of a parent as ``alias.column`` (its parent's
as ``alias.alias.column``); hidden ones begin with ``#`` (child counts, chosen rows). Of the
siblings before a row: ``#prev.column`` of the last one; ``#ago.3`` how many rows back the last one
of kind 3 is (see `KIND`), ``#time.3`` how much earlier than this row, ``#past.3`` how much earlier
than the last one (in raw numbers of `Program.moment`).
A program holds no connection and no code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from genesis_sql.program.cells import Cells
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.domain import Domain
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.formula import formula_columns
from genesis_sql.program.override import Override as Override
from genesis_sql.program.tree import NEVER as NEVER
from genesis_sql.program.tree import Tree as Tree

FORMAT = 2
READABLE = (1, 2)
"""Formats that this release runs to the same rows; 2 added steps and fields, and changed none."""
AGAIN = 8  # draws of a value that has to reach another one
PARENT = "parent"
KIND = "#kind"
PREV, AGO, TIME, PAST = "#prev", "#ago", "#time", "#past"
BEFORE = tuple(f"{name}." for name in (PREV, AGO, TIME, PAST))
ROW = "#row"
"""The row number of a table whose rows stand in a list; more of them would repeat it."""
PLACES = ("#k", "#count", "#left")
"""Columns of the main parent's alias that are the child's own: its place among its siblings, their
number, and how many come after it."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Draws one column: the tree picks the cell, a word the slot, a second word the place in it.

    A value above that of the column ``at_most``, or below that of ``at_least``, is drawn again up
    to `AGAIN` times; what is still outside then becomes the bound.
    """

    column: str
    inputs: tuple[str, ...]
    tree: Tree
    cells: Cells
    at_most: str | None = None
    at_least: str | None = None


@dataclass(frozen=True)
class Number:
    """The row number itself as a raw column: keys. NULL where the column ``present`` has code 0."""

    column: str
    present: str | None = None


@dataclass(frozen=True)
class Random:
    """A block of ``words`` random words per row as a raw column.

    For text patterns that need not be unique.
    """

    column: str
    words: int
    present: str | None = None


@dataclass(frozen=True)
class Constant:
    """One value for every row."""

    column: str


@dataclass(frozen=True)
class Copy:
    """Takes a parent's raw column (`source` is ``alias.column``).

    ``otherwise`` names a hidden column drawn for the rows without that parent; None gives NULL.
    """

    column: str
    source: str
    otherwise: str | None = None


@dataclass(frozen=True, eq=False)
class Digit:
    """One part of a composite key without parent: a mixed radix digit of the row number.

    The digit is ``number // divisor % base``, without the remainder where ``base`` is 0 (the last,
    open part). Digit d stands for ``values[d]`` (sorted); past their end for the last value plus
    steps of ``step``.
    """

    column: str
    values: np.ndarray
    step: int
    divisor: int
    base: int


@dataclass(frozen=True)
class Sibling:
    """The row's place among its siblings, counted from ``base``: line numbers."""

    column: str
    base: int = 0


@dataclass(frozen=True, eq=False)
class Stratum:
    """A value that no sibling has: child k of c takes one of run k out of c runs of sorted values.

    Run k of n values is [k · n div c, (k + 1) · n div c); the value stands at its begin +
    floor(u · its length).
    """

    column: str
    values: np.ndarray


@dataclass(frozen=True)
class Pick:
    """Chooses the row of a further parent, as the raw column ``column`` of row numbers.

    A row number is invalid where there is no parent. ``kind`` is a hidden label column, code 0 = no
    parent; a row is chosen among the parent's rows whose own hidden column ``group`` has that code,
    in proportion to its hidden column ``weight``. ``shared`` pairs columns of this table with
    columns of the parent that must agree; where it is given, it takes the place of the group.
    """

    column: str
    alias: str
    kind: str
    group: str
    weight: str
    shared: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PickDistinct:
    """Chooses a row of a further parent that no sibling has.

    It is place k of a permutation that the main parent's address keys.
    """

    column: str
    alias: str


@dataclass(frozen=True)
class PickSelf:
    """Chooses an earlier row of the same table; row 0, and code 0 in ``present``, have none.

    ``many`` names a column with the number of rows to choose from, the first of them row ``first``;
    where it is 0 there is none. Without it, all earlier rows are.
    """

    column: str
    alias: str
    present: str
    many: str | None = None
    first: str | None = None


@dataclass(frozen=True)
class Beyond:
    """A row number that the parent ``alias`` does not have: a reference that dangles.

    One of the ``spread`` numbers behind its last row; NULL where ``present`` has code 0.
    """

    column: str
    alias: str
    spread: int
    present: str | None = None


@dataclass(frozen=True, eq=False)
class Lookup:
    """A column that others fix: the value that stands with their values.

    Attributes:
        column: what is made.
        inputs: what fixes it: labels, or numbers on a grid.
        levels: the known values of each input in order, codes of labels among them.
        keys: int64, sorted: mixed radix numbers of the known combinations, an input's digit being
            0 for NULL, else 1 + its place in its levels; a value between two levels counts as the
            lower one, one below all as the lowest.
        values: the column's raw values, one for each key.
        valid: bool, False at NULL; None where there is none.

    A combination that is not known takes the value of the last known one before it.
    """

    column: str
    inputs: tuple[str, ...]
    levels: tuple[np.ndarray, ...]
    keys: np.ndarray
    values: np.ndarray
    valid: np.ndarray | None = None


@dataclass(frozen=True)
class Formula:
    """A column on a grid computed from raw whole numbers, as an input of later steps too.

    ``sql`` holds columns, whole numbers, + − × // and %, see `genesis_sql.program.formula`; NULL
    where one of its columns is NULL. There ``otherwise`` gives the value, a hidden column, or None.
    """

    column: str
    sql: str
    otherwise: str | None = None


@dataclass(frozen=True)
class Part:
    """A calendar part of a date or time, as an input of later steps.

    ``unit`` is how many nanoseconds one raw number of ``source`` stands for; ``part`` one of
    `genesis_sql.program.calendar.PARTS`.
    """

    column: str
    source: str
    part: str
    unit: int


@dataclass(frozen=True, eq=False)
class Following:
    """A moment on one of some days: that number ``hops`` after the first not before ``base``.

    ``days`` are raw numbers of the column in order; ``factor`` of them are one raw number of the
    base. Hops beyond the last day lead to it; what is above the column ``at_most`` becomes it.
    """

    column: str
    base: str
    hops: str
    days: np.ndarray
    factor: int = 1
    at_most: str | None = None


@dataclass(frozen=True)
class Either:
    """Takes ``source`` where the label ``flag`` has code 1, else ``otherwise``; all read alike."""

    column: str
    flag: str
    source: str
    otherwise: str


@dataclass(frozen=True)
class Expression:
    """A column computed in SQL from other columns of the row, after sampling.

    It may read hidden columns and expressions before it. It is never an input of a step.
    """

    column: str
    sql: str


@dataclass(frozen=True)
class Block:
    """Several columns that a model draws at once for a block of rows.

    All of them are label columns; `codes_part` names the part of the program with the codes that
    each can have. ``part`` names the stored parameters, ``direct`` says that the model draws among
    codes that are ``given``: codes and a weight of each, by column. What is given is never stored.
    """

    columns: tuple[str, ...]
    method: str
    part: str
    inputs: tuple[str, ...] = ()
    direct: bool = False
    given: tuple[tuple[str, tuple[tuple[int, float], ...]], ...] = ()


Step = (
    Draw
    | Number
    | Random
    | Constant
    | Copy
    | Digit
    | Sibling
    | Stratum
    | Pick
    | PickDistinct
    | PickSelf
    | Beyond
    | Lookup
    | Formula
    | Part
    | Following
    | Either
    | Override
    | Expression
    | Aggregate
    | Block
)


def codes_part(column: str) -> str:
    """The part of a program with the codes that a block can give a column."""
    return f"#codes:{column}"


def step_columns(step: Step) -> tuple[str, ...]:
    """Columns a step produces."""
    return step.columns if isinstance(step, Block) else (step.column,)


def step_inputs(step: Step) -> tuple[str, ...]:
    """Columns a step reads (an expression reads them in SQL, outside the kernel)."""
    if isinstance(step, Draw):
        return step.inputs + tuple(b for b in (step.at_most, step.at_least) if b)
    if isinstance(step, Block | Lookup):
        return step.inputs
    if isinstance(step, Formula):
        return formula_columns(step.sql) + ((step.otherwise,) if step.otherwise else ())
    if isinstance(step, Following):
        return (step.base, step.hops) + ((step.at_most,) if step.at_most else ())
    if isinstance(step, Part):
        return (step.source,)
    if isinstance(step, Either):
        return (step.flag, step.source, step.otherwise)
    if isinstance(step, Copy):
        return (step.source,) + ((step.otherwise,) if step.otherwise else ())
    if isinstance(step, Pick):
        return (step.kind, *(own for own, _ in step.shared))
    if isinstance(step, PickSelf):
        return (step.present, *(n for n in (step.many, step.first) if n))
    if isinstance(step, Number | Random | Beyond | Aggregate):
        return (step.present,) if step.present else ()
    return ()


@dataclass(frozen=True)
class Link:
    """A foreign key inside a program.

    Attributes:
        alias: prefix of the parent's columns among the inputs.
        parent: its table.
        columns, parent_columns: the key.
    """

    alias: str
    parent: str
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]

    @property
    def row(self) -> str:
        """Hidden column with the parent's row number."""
        return f"#row:{self.alias}"


@dataclass(frozen=True)
class MainParent:
    """How a child's rows are numbered.

    ``count`` is the parent's hidden column with this child's rows per parent.

    Rows without parent stand behind those of their neighbours: after parent p come
    ``(p + 1) * loose // parents - p * loose // parents`` of them.
    """

    link: Link
    count: str
    loose: int = 0
    parents: int = 1


@dataclass(frozen=True)
class Output:
    """A column of the table as users see it."""

    name: str
    type: str


@dataclass(frozen=True, eq=False)
class Program:
    """Ordered steps that produce the columns of one table from row address, seed and parents.

    Attributes:
        table: its name.
        rows: rows of a root at scale 1; a child has the rows its counts say.
        steps: in order; a step reads only what stands before it.
        domains: how each raw column is read; hidden columns too.
        edges: thresholds at which a numeric input is cut: code = 1 + number of edges below the
            value, 0 = NULL.
        outputs: visible columns in order.
        main: the parent whose children these rows are, None for a root.
        links: further parents.
        parts: arrays of block steps by name.
        notes: facts for `genesis_describe`, by column.
        constraints: predicates that every row keeps.
        moment: the date or time that orders siblings.
    """

    table: str
    rows: int
    steps: tuple[Step, ...]
    domains: Mapping[str, Domain]
    edges: Mapping[str, np.ndarray]
    outputs: tuple[Output, ...]
    main: MainParent | None = None
    links: tuple[Link, ...] = ()
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    moment: str | None = None
    format: int = FORMAT
    constraints: tuple[Constraint, ...] = ()

    def needed(self, columns: Iterable[str]) -> tuple[Step, ...]:
        """The steps that those columns depend on, in order.

        Where a step reads an earlier sibling, all that this sibling's column depends on is there.
        """
        rows = {f"{link.alias}.": link.row for link in self.links}
        wanted: set[str] = set()

        def want(name: str) -> None:
            wanted.add(name)
            wanted.update(row for prefix, row in rows.items() if name.startswith(prefix))
            wanted.update(earlier_columns(name, self.moment))

        for name in columns:
            want(name)
        kept: set[int] = set()
        size = -1
        while len(kept) > size:
            size = len(kept)
            for at in range(len(self.steps) - 1, -1, -1):
                step = self.steps[at]
                if at in kept or wanted.isdisjoint(step_columns(step)):
                    continue
                kept.add(at)
                for name in step_inputs(step):
                    want(name)
        return tuple(self.steps[at] for at in sorted(kept))


def earlier_columns(name: str, moment: str | None) -> tuple[str, ...]:
    """The columns that earlier siblings must have for an input of a row."""
    if not name.startswith(BEFORE):
        return ()
    which, _, of = name.partition(".")
    if which == PREV:
        return (of,)
    return (KIND,) if which == AGO or moment is None else (KIND, moment)


def sequential(steps: Iterable[Step]) -> bool:
    """Whether a step reads an earlier sibling."""
    return any(name.startswith(BEFORE) for step in steps for name in step_inputs(step))
