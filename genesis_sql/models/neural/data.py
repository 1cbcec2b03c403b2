"""What a network is trained on: tokens of rows, in memory or in a file, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

HELD_OUT = 0.1  # of the rows, for validation
MOST_HELD_OUT = 10_000


@dataclass(frozen=True)
class Field:
    """A column as a network sees it.

    Attributes:
        size: its tokens.
        ordered: whether they lie on a scale, behind the one for NULL.
        null: whether token 0 is NULL.
        share: of the rows with each token, shape (size,).
    """

    name: str
    size: int
    ordered: bool
    null: bool
    share: tuple[float, ...]


def fields_like(sizes: Sequence[int]) -> list[Field]:
    """Fields of those sizes, for a network whose weights are read afterwards."""
    return [Field(str(j), v, False, False, (1.0,) * v) for j, v in enumerate(sizes)]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from, the last ones held out.

    Attributes:
        tokens: int16 of shape (n, fields).
        context: int16 of shape (n, context fields).
        fields, inputs: what the columns of both are.
        held: rows at the end that only validate.
    """

    tokens: np.ndarray
    context: np.ndarray
    fields: tuple[Field, ...]
    inputs: tuple[Field, ...]
    held: int

    @staticmethod
    def of(
        tokens: np.ndarray,
        context: np.ndarray,
        fields: tuple[Field, ...],
        inputs: tuple[Field, ...],
    ) -> Rows:
        """Rows in random order; a tenth of them validates, none of less than 20."""
        n = len(tokens)
        held = min(int(n * HELD_OUT), MOST_HELD_OUT) if n >= 20 else 0
        return Rows(tokens, context, fields, inputs, held)

    @property
    def size(self) -> int:
        """Rows that are trained on."""
        return len(self.tokens) - self.held

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Row numbers of one epoch in random order, ``size`` at a time.

        The rest joins the next epoch by chance; a table of less rows is one batch.
        """
        order = rng.permutation(self.size)
        for at in range(0, max(self.size - size + 1, 1), size):
            yield order[at : at + size]

    def validation(self) -> np.ndarray:
        """Row numbers that are held out; all rows where none are."""
        return np.arange(self.size if self.held else 0, len(self.tokens))
