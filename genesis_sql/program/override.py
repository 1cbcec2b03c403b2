"""Other values for single rows: a step that a plan adds to a program, and that is never stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_sql.program.domain import Raw


@dataclass(frozen=True, eq=False)
class Override:
    """Other values of a column for some rows, by number.

    Attributes:
        column: what another step made before.
        numbers: int64, sorted.
        values: one for each of them.
        valid: bool, False at NULL; None where there is none.
    """

    column: str
    numbers: np.ndarray
    values: np.ndarray
    valid: np.ndarray | None = None

    def apply(self, drawn: Raw, number: np.ndarray) -> Raw:
        """The column of a block of rows with these values in their places."""
        at = np.minimum(np.searchsorted(self.numbers, number), len(self.numbers) - 1)
        hit = self.numbers[at] == number
        if not hit.any():
            return drawn
        values = drawn.values.copy()
        values[hit] = self.values[at[hit]]
        if self.valid is None and drawn.valid is None:
            return Raw(values)
        valid = np.ones(len(values), bool) if drawn.valid is None else drawn.valid.copy()
        valid[hit] = True if self.valid is None else self.valid[at[hit]]
        return Raw(values, valid)
