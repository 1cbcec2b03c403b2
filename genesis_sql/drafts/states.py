"""Legal courses of a status: which states a row has been through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genesis_sql.drafts.sheet import Sheet
from genesis_sql.drafts.stages import STAGES, place_of
from genesis_sql.drafts.words import stems
from genesis_sql.sqlbuild import quoted, string


@dataclass(frozen=True)
class Reached:
    """The states of a column in which something has happened."""

    column: str | None
    labels: tuple[str, ...] = ()

    def sql(self) -> str:
        """The condition that a row is in one of them."""
        listed = ", ".join(string(label) for label in self.labels)
        return f"{quoted(str(self.column))} IN ({listed})"


def reached(sheet: Sheet, told: Sequence[str]) -> Reached | None:
    """The states in which what a name speaks of has happened; None where none is of that name.

    Args:
        sheet: its columns of the meaning 'status' tell the states and their courses.
        told: first letters of the words of the name.
    """
    for name, meaning in sheet.meanings.items():
        if meaning.name != "status" or not meaning.options.get("values"):
            continue
        labels = [str(label) for label in meaning.options["values"]]
        own = [label for label in labels if set(stems(label)) & set(told)]
        if own:
            path = meaning.options.get("path") or course(labels)
            return Reached(name, through(path, labels, own))
    return None


def course(labels: Sequence[str]) -> dict[str, list[str]]:
    """Which states may follow which, by the stages that their names speak of.

    A state of no known stage comes as early as the one listed before it.

    Example:
        >>> course(["open", "paid", "sent", "void"])["paid"]
        ['sent', 'void']
    """
    ranks: dict[str, int] = {}
    last = -1
    for label in labels:
        place = place_of(label)
        if place is None or not STAGES[place].side:
            last = last if place is None else place
            ranks[label] = last
    exits = [label for label in labels if label not in ranks]
    path: dict[str, list[str]] = {label: [] for label in labels}
    for label, rank in ranks.items():
        after = min((r for r in ranks.values() if r > rank), default=None)
        if after is not None:
            path[label] = [other for other, r in ranks.items() if r == after] + exits
    return path


def through(
    path: Mapping[str, Sequence[str]], labels: Sequence[str], own: Sequence[str]
) -> tuple[str, ...]:
    """The states that no course comes to without one of ``own``, and these themselves.

    Example:
        >>> path = {"new": ["sent", "void"], "sent": ["done", "void"], "done": [], "void": []}
        >>> through(path, list(path), ["sent"])
        ('sent', 'done')
    """
    followers = {after for afters in path.values() for after in afters}
    found = [label for label in labels if label not in followers and label not in own]
    seen = set(found)
    while found:
        for after in path.get(found.pop(), ()):
            if after not in seen and after not in own:
                seen.add(after)
                found.append(after)
    return tuple(label for label in labels if label not in seen)
