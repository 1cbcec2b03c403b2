"""Which columns an attacker is after, and which he knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from genesis_sql.errors import OptionError, nearest
from genesis_sql.evaluate.sides import LABEL, measured
from genesis_sql.graph.personal import anew
from genesis_sql.types import Column, Role, Table

CHOSEN, MOST_LABELS = 3, 50
"""Columns that are chosen where none is named: labels of 2 to 50 values, the fewest first."""
_NO_VALUE = (Role.STRUCT, Role.LIST, Role.UNSUPPORTED, Role.EMPTY)


@dataclass(frozen=True)
class Attacked:
    """The columns of one table.

    Attributes:
        sensitive: measured columns to guess.
        named: columns that are made anew (identifiers, text, keys): copies of their values are
            counted. Where none is named, those of personal data that hardly come twice.
        known: what the attacker knows; None: all other columns.
        why: for the note of what was chosen.
    """

    sensitive: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    known: frozenset[str] | None = None
    why: str = ""


def choose(
    tables: Sequence[Table], sensitive: Sequence[str] | None, known: Sequence[str] | None
) -> Mapping[str, Attacked]:
    """The columns of each table by its name.

    Raises:
        OptionError: no table has a column of that name, or it cannot be attacked.
    """
    wanted = None if sensitive is None else _found(tables, sensitive, "sensitive")
    given = None if known is None else _found(tables, known, "known")
    for table, column in given or ():
        if column.name not in measured(table):
            message = (
                f"known := ['{column.name}']: a column of '{table.name}' that is a "
                f"{column.role.value} is no help in comparing rows; name others"
            )
            raise OptionError(message)
    out = {}
    for table in tables:
        knows = None if given is None else frozenset(c.name for t, c in given if t is table)
        if wanted is None:
            names = _likely(table)
            why = "; the column was chosen for you: name yours with sensitive := ['…']"
            own = tuple(c.name for c in table.columns if anew(c) and 2 * c.distinct >= c.rows > 0)
            out[table.name] = Attacked(names, own, knows, why)
            continue
        mine = [c.name for t, c in wanted if t is table]
        can = measured(table)
        out[table.name] = Attacked(
            tuple(n for n in mine if n in can), tuple(n for n in mine if n not in can), knows
        )
    return out


def _likely(table: Table) -> tuple[str, ...]:
    """Labels with few values, the fewest first: such are states, diagnoses, classes of income."""
    labels = [
        c
        for c in table.columns
        if measured(table).get(c.name) == LABEL and 2 <= c.distinct <= MOST_LABELS
    ]
    return tuple(c.name for c in sorted(labels, key=lambda c: c.distinct)[:CHOSEN])


def _found(
    tables: Sequence[Table], names: Sequence[str], option: str
) -> list[tuple[Table, Column]]:
    """The columns that names mean, each once, in their order."""
    if not names:
        message = f"{option} := [] names no column; leave it out, or name some"
        raise OptionError(message)
    out: dict[tuple[str, str], tuple[Table, Column]] = {}
    for name in names:
        found = [(t, c) for t in tables for shown, c in _shown(t) if name in shown]
        low = name.lower()
        found = found or [
            (t, c) for t in tables for shown, c in _shown(t) if low in [s.lower() for s in shown]
        ]
        if not found:
            every = [s for t in tables for shown, _ in _shown(t) for s in shown[:2]]
            message = f"{option} := ['{name}']: there is no such column{nearest(name, every)}"
            raise OptionError(message)
        out |= {(t.name, c.name): (t, c) for t, c in found}
    return list(out.values())


def _shown(table: Table) -> Iterator[tuple[list[str], Column]]:
    """How a column may be called."""
    for shown, column in zip(table.names, table.columns, strict=True):
        if column.role not in _NO_VALUE and not column.inside:
            yield [shown, f"{table.name}.{shown}", f"{table.bare_name}.{shown}"], column
