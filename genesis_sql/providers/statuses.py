"""Vocabularies of states: which there are, how many rows are in each, which may follow which.

The shares are invented: most rows have come to the end of a usual course.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise


@dataclass(frozen=True)
class States:
    """States of one kind of thing.

    Attributes:
        owners: words of tables that have them.
        stages: the usual course; each stage has one label, or several of which one is reached.
        shares: of all rows that are in each state.
        exits: labels that end a course at any stage but the last.
        extra: other steps, such as from 'denied' to 'appealed'.
    """

    owners: frozenset[str]
    stages: tuple[tuple[str, ...], ...]
    shares: dict[str, float]
    exits: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(self.shares)


def _states(owners: str, course: str, exits: str = "", extra: str = "") -> States:
    """From 'new 5 > sent 30 > paid 60 | refused 5', 'cancelled 5' and 'refused > appealed'."""
    shares: dict[str, float] = {}

    def stage(text: str) -> tuple[str, ...]:
        pairs = [part.strip().rsplit(" ", 1) for part in text.split("|") if part.strip()]
        shares.update({label: float(share) / 100 for label, share in pairs})
        return tuple(label for label, _ in pairs)

    stages = tuple(stage(part) for part in course.split(">"))
    ends = stage(exits)
    steps = []
    for step in filter(None, extra.split(";")):
        before, after = step.split(">")
        (label,) = stage(after)
        steps.append((before.strip(), label))
    return States(frozenset(owners.split()), stages, shares, ends, tuple(steps))


@cache
def vocabularies() -> tuple[States, ...]:
    """The vocabularies of `statuses.csv`, in their order."""
    text = files("genesis_sql.providers").joinpath("statuses.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(_states(r["owners"], r["course"], r["exits"], r["extra"]) for r in rows)


DEFAULT = _states("", "pending 5 > active 82 > inactive 13")
"""Of anything else: customers, accounts, users."""


def states_of(owner: tuple[str, ...], default: str = "") -> States:
    """The vocabulary of a table, by the last of its words that has one.

    Args:
        owner: the words of the table.
        default: the label of a new row, which the vocabulary then should have; '' for none.

    Example:
        >>> states_of(("sale", "order")).labels[:2], states_of(("order",), "pending").labels[:2]
        (('new', 'processing'), ('pending', 'confirmed'))
    """
    found = [s for word in reversed(owner) for s in vocabularies() if word in s.owners]
    own = [s for s in found if plain(default) in s.labels]
    other = [s for s in (DEFAULT, *vocabularies()) if plain(default) in s.labels]
    return (own or other or found or [DEFAULT])[0]


def is_state(label: str) -> bool:
    """Whether a label is one of a vocabulary.

    Example:
        >>> is_state("PENDING"), is_state("Berlin")
        (True, False)
    """
    return bool(label) and any(plain(label) in s.labels for s in (DEFAULT, *vocabularies()))


def known_course(labels: tuple[str, ...]) -> States | None:
    """The vocabulary that has all these labels but one at most; None where there is no such.

    Example:
        >>> known_course(("New", "Processing", "Shipped", "Delivered")).exits
        ('cancelled',)
    """
    own = {plain(label) for label in labels}
    best = max(vocabularies(), key=lambda s: len(own & set(map(plain, s.labels))))
    shared = len(own & set(map(plain, best.labels)))
    return best if shared >= 3 and shared >= len(own) - 1 else None


def plain(label: str) -> str:
    """A label to compare by: 'In-Progress' and 'in_progress' are the same."""
    text = label.lower().replace("_", " ").replace("-", " ").strip()
    return {"canceled": "cancelled", "complete": "completed"}.get(text, text)


def path_of(states: States, labels: tuple[str, ...]) -> dict[str, list[str]]:
    """Which of the labels may follow which: those of the next stage, or an exit.

    Example:
        >>> path_of(vocabularies()[0], ("New", "Shipped", "Cancelled"))
        {'New': ['Shipped', 'Cancelled'], 'Shipped': [], 'Cancelled': []}
    """
    own = {plain(label): label for label in labels}
    stages = [[own[x] for x in stage if x in own] for stage in states.stages]
    stages = [stage for stage in stages if stage]
    exits = [own[x] for x in states.exits if x in own]
    path: dict[str, list[str]] = {label: [] for label in labels}
    for here, after in pairwise(stages):
        for label in here:
            path[label] = after + exits
    for before, after_one in states.extra:
        if before in own and after_one in own:
            path[own[before]].append(own[after_one])
    return path
