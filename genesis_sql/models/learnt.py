"""What learning a table takes and leaves: options, columns to draw, and what its children need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genesis_sql.models.anonymity import Anonymity
from genesis_sql.models.fill import FillOptions
from genesis_sql.models.frame import Coded
from genesis_sql.models.trees import TreeOptions
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Domain
from genesis_sql.program.steps import Tree
from genesis_sql.types import Ordered


@dataclass(frozen=True)
class FitOptions:
    """How one table is learnt.

    Attributes:
        trees: how trees are grown.
        fill: how cells are filled.
        first: columns drawn before all others.
        main: the main parent, where it is not to be chosen.
        child_cell: rows per cell in tables that have a parent, and of hidden columns.
        child_forest: trees per column there.
        siblings: whether children may know the rows before them.
        max_seconds: after that long no more trees are grown; the columns left are drawn without
            inputs.
        ordered: pairs of columns of which one is never above the other.
        method: how the columns that keys leave are learnt.
        device: where a network is trained.
        training: options of networks: epochs, batch_size, learning_rate, resume.
        anonymity: how far its rows are generalised before; None: not at all.
    """

    trees: TreeOptions = field(default_factory=TreeOptions)
    fill: FillOptions = field(default_factory=FillOptions)
    first: tuple[str, ...] = ()
    main: str | None = None
    child_cell: int = 10
    child_forest: int = 1
    siblings: bool = True
    max_seconds: float | None = None
    ordered: tuple[Ordered, ...] = ()
    method: str = "trees"
    device: str = "auto"
    training: Mapping[str, Any] = field(default_factory=dict)
    anonymity: Anonymity | None = None

    @property
    def quasi(self) -> tuple[str, ...]:
        """Columns that are drawn together, as generalised."""
        return self.anonymity.quasi if self.anonymity else ()


@dataclass(frozen=True, eq=False)
class Described:
    """A row of `genesis_describe`."""

    table: str
    column: str
    type: str
    role: str
    step: str
    inputs: tuple[str, ...] = ()
    cells: int = 0
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a table that is done gives to its children.

    Attributes:
        columns: its own, as read, and the hidden kinds of its rows.
        domains: of all its columns.
        above: its parents' columns for its rows, ``parent.column``.
        summaries: what it says about its children, by child.
    """

    columns: dict[str, Coded]
    domains: dict[str, Domain]
    above: list[Coded] = field(default_factory=list)
    summaries: dict[str, list[Coded]] = field(default_factory=dict)


@dataclass(eq=False)
class Drawn:
    """A column still to be drawn, and the step it became.

    Thresholds are ranks until all trees are known. ``only`` marks the rows it is learnt from, bool
    of shape (n,), where not all of them; ``withheld`` counts the rare labels that are left out.
    """

    target: Coded
    inputs: tuple[Coded, ...] = ()
    tree: Tree | None = None
    cells: Cells | None = None
    at_most: str | None = None
    at_least: str | None = None
    only: np.ndarray | None = None
    withheld: int = 0
