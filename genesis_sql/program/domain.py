"""Domains: how the raw numbers a program works on stand for values of a column.

A *raw* column is what the kernel computes: label codes (0 = NULL), whole numbers on a grid,
doubles, or row numbers of a key. A domain turns them into values of the column's DuckDB type; it
knows no data beyond its own fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_sql.program.pattern import IntegerKey, Pattern


@dataclass(frozen=True)
class Categories:
    """Labels by code: code c stands for ``labels[c - 1]``, 0 for NULL.

    ``labels`` are the texts DuckDB gives for the values; ``type`` is the type they are cast to.
    """

    type: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Whole numbers q that stand for the value q · step.

    The unit is 10^-scale (numbers), the day (dates) or the microsecond (times).
    """

    type: str
    step: int = 1
    scale: int = 0


@dataclass(frozen=True)
class Reals:
    """Doubles that lie on no decimal grid, drawn as they are."""

    type: str


@dataclass(frozen=True)
class Key:
    """Row numbers, written in a format that never gives two numbers the same text or integer.

    A pattern of kind 'text' has one shape and no more rows than that has texts.
    """

    type: str
    format: IntegerKey | Pattern


@dataclass(frozen=True)
class Words:
    """Text made of random words by a pattern.

    The raw column is the block of words, uint32 of shape (n, words).
    """

    type: str
    pattern: Pattern


@dataclass(frozen=True)
class Fixed:
    """One value for every row (None: NULL), as DuckDB text."""

    type: str
    value: str | None


@dataclass(frozen=True)
class Record:
    """Structs as elements of a list: each field has a raw column of its own.

    Where ``optional``, a label column stands in front of them: code 0 is a struct that is NULL.
    """

    type: str
    fields: tuple[tuple[str, Domain], ...]
    optional: bool = False


@dataclass(frozen=True)
class Listed:
    """Lists of the values of another domain; the raw column is a `RawLists`."""

    type: str
    item: Domain


Domain = Categories | Grid | Reals | Key | Words | Fixed | Record | Listed


@dataclass(frozen=True, eq=False)
class Raw:
    """A column of n rows as the kernel has it.

    ``valid`` is None where nothing is NULL (codes: 0 is NULL).
    """

    values: np.ndarray
    valid: np.ndarray | None = None

    def take(self, at: np.ndarray) -> Raw:
        """The rows at those positions."""
        return Raw(self.values[at], None if self.valid is None else self.valid[at])

    def __len__(self) -> int:
        """Rows."""
        return len(self.values)


@dataclass(frozen=True, eq=False)
class RawLists(Raw):
    """Lists: ``values`` are their lengths, ``items`` the raw columns of all elements in a row."""

    items: tuple[Raw, ...] = ()
