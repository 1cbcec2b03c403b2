"""What the rows of a program keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constraint:
    """A predicate that no row breaks: rows for which it is false are drawn again.

    Attributes:
        sql: over columns of the row by their name and of parents as "alias"."column", of theirs as
            "alias.alias"."column". NULL counts as kept, as in CHECK.
        source: 'check' (the catalog's), 'declared' (the caller's) or 'profile' (written there).
        shown: as it was written.
    """

    sql: str
    source: str
    shown: str = ""

    @property
    def text(self) -> str:
        """As messages show it."""
        return self.shown or self.sql
