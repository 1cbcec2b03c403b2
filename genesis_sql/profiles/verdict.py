"""The outcome of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that a run keeps, or not.

    Attributes:
        table, column: what was looked at; a column '' stands for the table.
        check: 'rows', 'column', 'unique', 'reference', 'copy', 'expression', 'each', 'values',
            'after', 'formula', 'total', 'pattern', 'distribution' or 'children'.
        expected, found: for people.
        passed: None where the run does not show enough to tell.
        p_value: of a check of chance, adjusted for all of them; None where it must always hold.
    """

    table: str
    column: str
    check: str
    expected: str
    found: str
    passed: bool | None
    p_value: float | None = None
