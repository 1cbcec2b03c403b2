"""Legal courses of a status: which states a row has been through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis_sql.drafts.sheet import Sheet
from genesis_sql.drafts.stages import STAGES, place_of
from genesis_sql.drafts.words import stems, words
from genesis_sql.sqlbuild import quoted, string

GOOD = frozenset("comp done fini reso clos deli succ won paid conv acce".split())
"""First letters of states in which something has come to a good end."""
BAD = frozenset(
    "canc reje refu fail void lost term dele remo arch bloc deac inac expi disc reti retu with "
    "deni defa aban left susp show churn".split()
)
"""Those in which it has come to another one."""
ENDS = {
    "clos": GOOD | BAD, "ende": GOOD | BAD, "comp": GOOD, "fini": GOOD, "reso": GOOD, "done": GOOD,
    **dict.fromkeys(("term", "deac", "disc", "left", "reti", "arch", "dele", "remo"), BAD),
    **dict.fromkeys(("canc", "void", "reje", "refu", "fail", "lost", "retu"), BAD),
}  # fmt: skip
"""By what a moment tells: the ends at which it comes, where no state is named after it."""
BEGUN = frozenset(("started", "began", "begun"))
WAITING = frozenset("to todo plan sche draf pend new queu open back requ subm trial".split())
"""First letters of states in which nothing has begun."""
STEPS = range(2, 8)
"""The stages of a course that a row goes through, in `STAGES`."""


@dataclass(frozen=True)
class Reached:
    """The states of a column in which something has happened."""

    column: str | None
    labels: tuple[str, ...] = ()

    def sql(self) -> str:
        """The condition that a row is in one of them."""
        if not self.labels:
            return "false"
        listed = ", ".join(string(label) for label in self.labels)
        return f"{quoted(str(self.column))} IN ({listed})"

    def begins(self, sheet: Sheet) -> bool:
        """Whether the first state is among them."""
        first = {labels[0] for column, labels in labels_of(sheet) if column == self.column}
        return bool(first & set(self.labels))


def reached(sheet: Sheet, name: str) -> Reached | None:
    """The states in which what a name speaks of has happened; None where none tells.

    States of that name tell, and those that come behind them; else states of later stages; of ends,
    the states that are ends.

    Args:
        sheet: its columns of the meaning 'status' tell the states and their courses.
        name: of a moment or a flag.
    """
    told, found = set(stems(name)), list(_courses(sheet))
    for column, labels, path in found:
        own = [label for label in labels if set(stems(label)) & told]
        if own:
            return Reached(column, through(path, labels, own))
    for column, labels, _ in found:
        named = _ended(labels, told) or _come_to(labels, name)
        if named is not None:
            return Reached(column, named)
    return None


def labels_of(sheet: Sheet) -> list[tuple[str, list[str]]]:
    """The columns that hold states, and their labels."""
    return [(column, labels) for column, labels, _ in _courses(sheet)]


def _courses(sheet: Sheet) -> Iterator[tuple[str, list[str], Mapping[str, Sequence[str]]]]:
    """The columns that hold states, their labels, and which may follow which."""
    for name, meaning in sheet.meanings.items():
        if meaning.name != "status":
            continue
        made = _given(sheet.made.get(name, {}).get(name, {}))
        labels = [str(label) for label in made or meaning.options.get("values") or ()]
        path = None if made else meaning.options.get("path")
        if labels:
            yield name, labels, path or course(labels)


def _given(spec: Mapping[str, Any]) -> list[Any]:
    """The labels of a column that is filled already."""
    if spec.get("type") == "conditional":
        laws = [case["then"] for case in spec["cases"]] + [spec.get("otherwise", {})]
        return list(dict.fromkeys(label for law in laws for label in _given(law)))
    if spec.get("type") == "constant":
        return [] if spec.get("value") is None else [spec["value"]]
    return list(spec.get("values", ())) if spec.get("type") in ("explicit", "categorical") else []


def _ended(labels: Sequence[str], told: set[str]) -> tuple[str, ...] | None:
    """The states that are ends; None where the name speaks of none, or no state is known."""
    wanted = [ENDS[word] for word in ENDS if word in told]
    known = {*GOOD, *BAD, *WAITING, "acti", "prog"}
    if not wanted or not any(set(stems(label)) & known for label in labels):
        return None
    found = [tuple(x for x in labels if set(stems(x)) & ends) for ends in wanted]
    return next(filter(None, found), ())


def _come_to(labels: Sequence[str], name: str) -> tuple[str, ...] | None:
    """The states of the same stage as a moment, or a later one; None where none is."""
    if set(words(name)) & BEGUN:
        waiting = [x for x in labels if set(stems(x)) & WAITING]
        begun = tuple(x for x in labels if x not in waiting)
        return begun if waiting and begun else None
    stage, ranks = place_of(name), _ranks(labels)
    if stage is None or stage not in STEPS:
        return None
    known = [x for x in ranks if place_of(x) is not None and not set(stems(x)) & BAD]
    return tuple(x for x in known if ranks[x] >= stage) or None


def course(labels: Sequence[str]) -> dict[str, list[str]]:
    """Which states may follow which, by the stages that their names speak of.

    A state of no known stage comes as early as the one listed before it.

    Example:
        >>> course(["open", "paid", "sent", "void"])["paid"]
        ['sent', 'void']
    """
    ranks = _ranks(labels)
    exits = [label for label in labels if label not in ranks]
    path: dict[str, list[str]] = {label: [] for label in labels}
    for label, rank in ranks.items():
        after = min((r for r in ranks.values() if r > rank), default=None)
        if after is not None:
            path[label] = [other for other, r in ranks.items() if r == after] + exits
    return path


def _ranks(labels: Sequence[str]) -> dict[str, int]:
    """The stages of states, but for those that lead out of a course; -1: before all."""
    ranks: dict[str, int] = {}
    last = -1
    for label in labels:
        place = place_of(label)
        if place is None or not STAGES[place].side:
            last = last if place is None else place
            ranks[label] = last
    return ranks


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
