"""What a program reads of its parents, for a block of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from genesis_sql.plan.definition import Model, domain_of
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.execute import Rows
from genesis_sql.program.steps import PARENT, PLACES, Link, Pick, Program, step_columns, step_inputs


class Tables(Protocol):
    """What `Above` asks of a sampler."""

    model: Model

    def columns(self, table: str, numbers: np.ndarray, names: Sequence[str]) -> dict[str, Raw]:
        """Raw columns of a table by row number."""
        ...

    def choose(
        self, program: Program, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        """Row numbers of a chosen parent."""
        ...

    def size(self, table: str) -> int:
        """Rows of a table."""
        ...

    def redrawn(
        self, table: str, numbers: np.ndarray, addresses: np.ndarray, names: Sequence[str]
    ) -> dict[str, Raw]:
        """Hidden columns of rows, drawn anew under other addresses; visible ones stay."""
        ...


class Above:
    """The parents of one block of rows: all columns of one that are needed come at once.

    ``parent`` holds each row's number of its main parent, -1 where it has none.
    """

    def __init__(
        self,
        sampler: Tables,
        program: Program,
        parent: np.ndarray | None,
        rows: Rows,
        wanted: tuple[str, ...],
    ) -> None:
        self.sampler, self.program, self.parent, self.rows = sampler, program, parent, rows
        self.wanted = wanted
        self.links: dict[str, Link] = {link.alias: link for link in program.links}
        self.held: dict[str, Raw] = {}

    def column(self, name: str, raw: Mapping[str, Raw]) -> Raw:
        """See `Parents.column`."""
        alias, _, column = name.partition(".")
        if alias == PARENT and column in PLACES:
            return place_of(self.rows, column)
        if name not in self.held:
            self._bring(alias, raw)
        return self.held[name]

    def _bring(self, alias: str, raw: Mapping[str, Raw]) -> None:
        names = foreign_columns(self.program, alias, self.wanted)
        if alias == PARENT and self.program.main is not None:
            number, table = _known(self.parent), self.program.main.link.parent
        else:
            chosen = raw[self.links[alias].row]
            number = np.where(_valid(chosen), chosen.values, -1)
            table = self.links[alias].parent
        missing = np.flatnonzero(number < 0)
        found = self.sampler.columns(table, _filled(number), names)
        for name in names:
            self.held[f"{alias}.{name}"] = self._without(table, name, found[name], missing)

    def _without(self, table: str, column: str, found: Raw, missing: np.ndarray) -> Raw:
        """A column of a parent, NULL in the rows that have none."""
        if not len(missing):
            return found
        values = found.values.copy()
        if not len(values):
            values = np.zeros((len(missing), *values.shape[1:]), values.dtype)
        values[missing] = 0
        if isinstance(domain_of(self.sampler.model, table, column), Categories):
            return Raw(values)
        valid = _valid(found).copy() if len(found) else np.zeros(len(missing), bool)
        valid[missing] = False
        return Raw(values, valid)

    def take(self, at: np.ndarray, rows: Rows, wanted: tuple[str, ...], anew: np.ndarray) -> Above:
        """See `Parents.take`: the main parent stays, further ones may be others."""
        parent = None if self.parent is None else self.parent[at]
        part = Above(self.sampler, self.program, parent, rows, wanted)
        part.held = {n: c.take(at) for n, c in self.held.items() if n.startswith(f"{PARENT}.")}
        if parent is not None and self.program.main is not None:
            part._summarize(self.program.main.link.parent, anew & (parent >= 0))
        return part

    def _summarize(self, table: str, anew: np.ndarray) -> None:
        """Draw anew what the main parents of some rows say of their children as a group."""
        names = [n for n in foreign_columns(self.program, PARENT, self.wanted) if is_summary(n)]
        if not names or not anew.any():
            return
        self._bring(PARENT, {})
        number, own = _known(self.parent)[anew], self.rows.address[anew]
        found = self.sampler.redrawn(table, number, own, names)
        for name in names:
            held = self.held[f"{PARENT}.{name}"]
            values, valid = held.values.copy(), _valid(held).copy()
            values[anew], valid[anew] = found[name].values, _valid(found[name])
            labels = held.valid is None and found[name].valid is None
            self.held[f"{PARENT}.{name}"] = Raw(values, None if labels else valid)

    def choose(
        self, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        """See `Parents.choose`."""
        return self.sampler.choose(self.program, step, kind, shared, word)

    def size(self, alias: str) -> int:
        """See `Parents.size`."""
        main = self.program.main
        if alias == PARENT and main is not None:
            return self.sampler.size(main.link.parent)
        return self.sampler.size(self.links[alias].parent)


def is_summary(name: str) -> bool:
    """Whether a hidden column tells of the children as a group, other than how many there are."""
    return name.startswith("#") and not name.startswith(("#count", "#kind", "#row", "#of", "#own"))


@lru_cache(maxsize=1_024)
def foreign_columns(program: Program, alias: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of one parent that are read where those columns of a program are wanted."""
    read = [*wanted, *(name for step in program.needed(wanted) for name in step_inputs(step))]
    own = {c for step in program.steps for c in step_columns(step)}
    found = {n.partition(".")[2] for n in read if n.startswith(f"{alias}.") and n not in own}
    return tuple(sorted(found - set(PLACES)))


def place_of(rows: Rows, which: str) -> Raw:
    """A row's place among its siblings, their number, or how many come after it."""
    k, count = _known(rows.k), _known(rows.count)
    if which == "#count":
        return Raw(count)
    return Raw(np.maximum(k if which == "#k" else count - k - 1, 0), k >= 0)


def _filled(number: np.ndarray) -> np.ndarray:
    """Rows of a parent, with the one before in the place of each -1; no rows where all are -1.

    Numbers that stand in order stay in order.

    Example:
        >>> _filled(np.array([-1, 3, -1, 4])).tolist(), _filled(np.array([-1, -1])).tolist()
        ([3, 3, 3, 4], [])
    """
    has = number >= 0
    if has.all():
        return number
    if not has.any():
        return number[:0]
    at = np.maximum.accumulate(np.where(has, np.arange(len(number)), -1))
    return np.asarray(number[np.where(at < 0, np.argmax(has), at)])


def _known(values: np.ndarray | None) -> np.ndarray:
    if values is None:
        message = "a root has no parent"
        raise KeyError(message)
    return values


def _valid(raw: Raw) -> np.ndarray:
    return np.ones(len(raw), bool) if raw.valid is None else raw.valid
