"""The step that makes one value of a row's own children."""

from __future__ import annotations

from dataclasses import dataclass

FUNCTIONS = ("sum", "count", "min", "max", "list")
"""What an `Aggregate` can make of the children of a row."""


@dataclass(frozen=True)
class Aggregate:
    """A column computed from the row's own children: an order's total is the sum of its items.

    No step of this table or another reads it, so that it never depends on itself; what others need
    of such a column they read from a drawn stand-in, ``#drawn:column``. Only another Aggregate,
    further up, may read it.

    Attributes:
        column: what it makes.
        child: a table whose main parent this one is.
        sources: columns of the child; none counts rows, more than one make a list of structs.
        function: one of FUNCTIONS; NULLs of the source are left out, but stand in a list.
        empty: raw value of a row without any value to take; None is NULL.
        present: label column; where it has code 0, the list is NULL and not empty.
    """

    column: str
    child: str
    sources: tuple[str, ...]
    function: str
    empty: int | None = None
    present: str | None = None
