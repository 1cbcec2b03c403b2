"""Columns as SDV sees them: labels as text, numbers as raw numbers, dates on their number line.

NULL is a label among labels and missing among numbers. Rare labels are withheld, as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from genesis_sql.models.fill import FillOptions
from genesis_sql.models.frame import Coded
from genesis_sql.models.tokens import Tokens, encode, tokens_of
from genesis_sql.program.domain import Raw, Reals

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Field:
    """One column of a frame.

    Attributes:
        target: what it stands for.
        tokens: how labels stand for text; None for numbers.
        made: the column it becomes again: ``target``, or a hidden one of groups of labels.
    """

    target: Coded
    tokens: Tokens | None

    @property
    def made(self) -> str:
        """The column of a program."""
        return self.target.name if self.tokens is None else self.tokens.made

    @property
    def withheld(self) -> int:
        """Labels that are too rare to be told."""
        if self.tokens is None:
            return 0
        return int(((self.tokens.of_rank[1:] < 0) & (self.target.count > 0)).sum())

    @property
    def sdtype(self) -> str:
        """What SDV calls it."""
        return "numerical" if self.tokens is None else "categorical"

    @property
    def nulls(self) -> bool:
        """Whether a number can be NULL."""
        return self.target.raw.valid is not None or not len(self.target.values)

    def slim(self) -> Field:
        """The same without the rows of the source."""
        none = np.zeros(0, np.int64)
        return replace(self, target=self.target.rows(none))

    def write(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Values of the source's rows for SDV."""
        if self.tokens is not None:
            return encode(self.tokens, self.target.rank[rows], rng).astype(str).astype(object)
        raw = self.target.raw.take(rows)
        if not self.nulls and not isinstance(self.target.domain, Reals):
            return raw.values
        values = raw.values.astype(np.float64)
        if isinstance(self.target.domain, Reals):
            low, high = self.bounds
            values = np.nan_to_num(values, nan=self.usual, posinf=high, neginf=low)
        return values if raw.valid is None else np.where(raw.valid, values, np.nan)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest number."""
        values = self.target.values
        values = values[np.isfinite(values)]
        return (values[0], values[-1]) if len(values) else (0, 0)

    @property
    def usual(self) -> float:
        """A number in the middle."""
        values = self.target.values
        return values[len(values) // 2] if len(values) else 0

    def read(self, values: Any) -> Raw:
        """The raw column of what SDV drew, inside what the source has."""
        if self.tokens is not None:
            names = {str(token): int(code) for token, code in enumerate(self.tokens.codes)}
            usual = int(self.tokens.codes[self.tokens.commonest])
            return Raw(np.array([names.get(str(v), usual) for v in values], np.int32))
        given = np.asarray(values, np.float64)
        missing = np.isnan(given)
        low, high = self.bounds
        inside = np.where(missing, self.usual, given)
        if isinstance(self.target.domain, Reals):
            made = np.clip(inside, low, high)
        else:
            made = np.full(len(inside), low, np.int64)
            made[inside >= high] = high
            between = (inside > low) & (inside < high)
            made[between] = np.clip(np.rint(inside[between]).astype(np.int64), low, high)
        return Raw(made, ~missing if self.nulls and missing.any() else None)


def fields_of(targets: Sequence[Coded], fill: FillOptions, *, least: int) -> list[Field]:
    """The columns of a frame for some columns of a table."""
    return [Field(t, None if t.numeric else tokens_of(t, fill, least=least)) for t in targets]


def frame_of(fields: Sequence[Field], rows: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The source's rows as a frame: columns c0, c1, …."""
    import pandas as pd

    return pd.DataFrame({f"c{i}": field.write(rows, rng) for i, field in enumerate(fields)})


def described(fields: Sequence[Field]) -> dict[str, dict[str, str]]:
    """The columns as SDV's metadata has them."""
    return {f"c{i}": {"sdtype": field.sdtype} for i, field in enumerate(fields)}


def columns_of(fields: Sequence[Field], frame: pd.DataFrame) -> dict[str, Raw]:
    """Raw columns of the program out of what SDV drew."""
    return {field.made: field.read(frame[f"c{i}"]) for i, field in enumerate(fields)}
