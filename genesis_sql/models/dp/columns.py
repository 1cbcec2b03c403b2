"""A column that is learnt: as it was asked for, and what was bought of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_sql.models.dp.space import Space
from genesis_sql.program.domain import Categories, Grid, Reals


@dataclass(frozen=True)
class Asked:
    """A column to learn, as the catalog and the caller describe it.

    Attributes:
        name, type: as in the catalog.
        domain: how values are read; of labels, those that are known.
        nullable: whether the catalog allows NULL.
        limits: least and greatest raw number; of a number without given bounds, of its type.
        open: whether labels, or the range, have to be found.
    """

    name: str
    type: str
    domain: Categories | Grid | Reals
    nullable: bool
    limits: tuple[float, float] | None = None
    open: bool = True


@dataclass(frozen=True, eq=False)
class Counted:
    """A column with what was bought of it.

    Attributes:
        asked: what it is.
        space: its codes.
        rows: estimated rows of each code, float64 ≥ 0 of shape (codes,).
        variance: of the noise in each.
        group: coarser code of each code, used where two columns meet.
        told: for `genesis_describe`.
    """

    asked: Asked
    space: Space
    rows: np.ndarray
    variance: np.ndarray
    group: np.ndarray
    told: str = ""

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    def by_group(self) -> np.ndarray:
        """Rows of each group."""
        return np.bincount(self.group, self.rows, self.groups)
