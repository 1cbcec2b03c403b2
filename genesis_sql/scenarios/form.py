"""A workflow as data: rows of one table take weighted paths, each a series of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
"""Of a unit."""


@dataclass(frozen=True)
class Event:
    """One step of a path: rows of a table.

    Attributes:
        table: which.
        settings: what its columns hold in these rows.
        least, most: how many rows, at least 0.
        law: seconds since the event before, a law of a plain profile; None: none pass.
    """

    table: str
    settings: Mapping[str, Any]
    least: int = 1
    most: int = 1
    law: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Path:
    """One way through a workflow.

    Attributes:
        name: of it.
        weight: against the other paths, at least 0.
        settings: what columns of the instance hold.
        events: in their order.
    """

    name: str
    weight: float
    settings: Mapping[str, Any]
    events: tuple[Event, ...]

    def rows_of(self, table: str) -> float:
        """Rows of a table that one instance has, on average."""
        return sum((e.least + e.most) / 2 for e in self.events if e.table == table)


@dataclass(frozen=True)
class Slot:
    """A row that an instance of a path may have: the ``again``-th of an event, from 1."""

    at: int
    path: Path
    place: int
    event: Event
    again: int

    @property
    def sure(self) -> bool:
        """Whether each instance of the path has it."""
        return self.again <= self.event.least


@dataclass(frozen=True)
class Scenario:
    """A workflow.

    Attributes:
        name: of it.
        instances: the table whose rows are its instances.
        paths: at least one.
        times: the column that says when an event was, by table, where that is told.
        shared: columns that hold the same value in all rows of an instance, by a name.
        ledger: the table with the plan; '' where there is none.
    """

    name: str
    instances: str
    paths: tuple[Path, ...]
    ledger: str
    times: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of its events, in the order in which they come."""
        return tuple(dict.fromkeys(e.table for p in self.paths for e in p.events))

    def slots(self, path: Path) -> Iterator[Slot]:
        """The rows that an instance of a path may have, in their order, numbered from 1."""
        at = 0
        for place, event in enumerate(path.events):
            for again in range(1, event.most + 1):
                at += 1
                yield Slot(at, path, place, event, again)

    @property
    def all_slots(self) -> tuple[Slot, ...]:
        """Those of all paths."""
        return tuple(s for p in self.paths for s in self.slots(p))

    @property
    def length(self) -> int:
        """The slots of the longest path."""
        return max((s.at for s in self.all_slots), default=0)

    def share(self, path: Path) -> float:
        """Of the instances that take a path."""
        return path.weight / sum(p.weight for p in self.paths)

    def rows_of(self, table: str) -> float:
        """Rows of a table that one instance has, on average."""
        return sum(self.share(p) * p.rows_of(table) for p in self.paths)

    def column(self, *told: object) -> str:
        """A hidden column of its own.

        Example:
            >>> Scenario("buy", "orders", (), "buy_ledger").column("slot")
            'scenario:buy:slot'
        """
        return ":".join(["scenario", self.name, *map(str, told)])

    def settings(self) -> Iterator[tuple[str, str, str]]:
        """Tables and columns that it fills, with where it says so."""
        for n, path in enumerate(self.paths):
            for column in path.settings:
                yield self.instances, column, f"{self.name}.paths[{n}].set"
            for m, event in enumerate(path.events):
                for column in event.settings:
                    yield event.table, column, f"{self.name}.paths[{n}].events[{m}].set"
        for name, columns in self.shared.items():
            for table, column in columns:
                yield table, column, f"{self.name}.shared.{name}"
        for table, column in self.times.items():
            yield table, column, f"{self.name}.times"
