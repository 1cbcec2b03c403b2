"""Moments in the order of the rows: of the rows of one parent, else of the whole table.

Siblings share the time from one moment to another: it is cut into as many equal parts as there are
siblings, and each draws a moment of its part, so that an earlier sibling is earlier in time. Of a
table without parent, row n stands n / (n + half) of the time after the begin, whatever the number
of rows that are made: half of the time passes with the first ``half`` rows.
"""

from __future__ import annotations

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.hidden import NUMBER
from genesis_sql.profiles.laws import Spec
from genesis_sql.program.steps import PARENT
from genesis_sql.sqlbuild import quoted

PARTS = 1_000_000
"""Places inside the part of one row."""
PLACE = {"type": "uniform", "min": 0, "max": PARTS - 1, "decimals": 0}
"""The law of a row's place in its part."""


def check_in_order(where: str, spec: Spec, *, root: bool) -> None:
    """Refuse what does not go together with the order of rows.

    Args:
        where: the column, for errors.
        spec: a column of type 'after' with ``ordered``.
        root: its table has no parent.

    Raises:
        ProfileError: tells what is missing, or too much.
    """
    beside = [key for key in ("by", "plus") if key in spec]
    if beside:
        message = f"{where}: '{beside[0]}' stands beside 'ordered'; leave one of them out"
        raise ProfileError(message)
    if not spec.get("until"):
        message = f"{where}: 'ordered' needs 'until', the moment before which all rows are"
        raise ProfileError(message)
    if root and "half" not in spec:
        message = (
            f"{where}: 'ordered' needs 'half' in a table without parent: the number of rows with "
            "which half of the time passes"
        )
        raise ProfileError(message)
    if not root and "half" in spec:
        message = f"{where}: 'half' is for tables without parent; leave it out"
        raise ProfileError(message)


def amount(room: str, place: str, half: int | None) -> str:
    """How many units after the begin a row is: a formula.

    Args:
        room: column with the units from the begin to the end.
        place: column with the place in the row's part, from 0 to `PARTS` - 1.
        half: rows with which half of the time passes; None: the row is one of siblings.
    """
    whole, at = quoted(room), quoted(NUMBER if half else f"{PARENT}.#k")
    if half:
        low = f"{whole} * {at} // ({at} + {half})"
        high = f"{whole} * ({at} + 1) // ({at} + {half + 1})"
    else:
        low = f"{whole} * {at} // " + quoted(f"{PARENT}.#count")
        high = f"{whole} * ({at} + 1) // " + quoted(f"{PARENT}.#count")
    inside = f"({high} - {low}) * {quoted(place)} // {PARTS}"
    first = f" + least({at}, {whole}, 1)" if half else ""  # none stands with the first row
    return f"{low} + {inside}{first}"
