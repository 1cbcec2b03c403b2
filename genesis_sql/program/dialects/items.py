"""The cell data of a program: arrays by name, and where they stand outside of its text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_sql.errors import GenesisError

_SEPARATORS = ("|", ";", "~", "^", *map(chr, range(31, 0, -1)))


@dataclass(frozen=True, eq=False)
class Item:
    """An array of the cell data: whole numbers, doubles, or texts.

    Attributes:
        name: what it is called.
        values: its elements.
        places: how many elements, from its begin, are places in the array itself.
        align: what the place of the array is a multiple of, and the first index below.
    """

    name: str
    values: np.ndarray | tuple[str, ...]
    places: int = 0
    align: int = 1

    @property
    def kind(self) -> str:
        """'int', 'real' or 'text'."""
        if isinstance(self.values, tuple):
            return "text"
        return "real" if self.values.dtype.kind == "f" else "int"

    @property
    def type(self) -> str:
        """DuckDB's type of an element."""
        if isinstance(self.values, tuple):
            return "VARCHAR"
        if self.values.dtype.kind == "f":
            return "DOUBLE"
        return "INTEGER" if self.values.dtype.itemsize < 8 else "BIGINT"


def separator(texts: tuple[str, ...]) -> str:
    """A character that none of the texts has."""
    used = set("".join(texts))
    found = next((s for s in _SEPARATORS if s not in used), None)
    if found is None:
        message = "labels hold every character that could stand between them; leave that column out"
        raise GenesisError(message)
    return found


@dataclass(frozen=True)
class Place:
    """Where the cell data stand that a text does not hold: a table, or a Parquet file."""

    table: tuple[str, ...] = ()
    parquet: str = ""
