"""Draws children that know their earlier siblings: place by place, all families of a block at once.

A row depends on the rows before it in its own family only. So a range of rows is drawn alone by
drawing the beginnings of its families.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Protocol

import numpy as np

from genesis_sql.plan.above import Above
from genesis_sql.plan.above import Tables as ParentTables
from genesis_sql.plan.accept import Again, Checks, draw
from genesis_sql.program.domain import Categories, Raw, Reals
from genesis_sql.program.draw import address
from genesis_sql.program.execute import Identity, Rows
from genesis_sql.program.steps import (
    AGO,
    KIND,
    PARENT,
    PREV,
    TIME,
    Program,
    earlier_columns,
    sequential,
    step_columns,
    step_inputs,
)


class Tables(ParentTables, Protocol):
    """What drawing families asks of a sampler."""

    def checks(self, table: str) -> Checks | None:
        """What the rows of a table have to keep."""
        ...


@lru_cache(maxsize=1_024)
def is_sequential(program: Program, wanted: tuple[str, ...]) -> bool:
    """Whether these columns depend on earlier siblings."""
    return sequential(program.needed(wanted))


@lru_cache(maxsize=1_024)
def carried_columns(program: Program, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of earlier siblings that are read where these are wanted."""
    read = (name for step in program.needed(wanted) for name in step_inputs(step))
    names = {c for name in read for c in earlier_columns(name, program.moment)}
    return tuple(sorted(names))


def run_families(
    sampler: Tables,
    program: Program,
    identity: Identity,
    rows: Rows,
    parent: np.ndarray | None,
    wanted: tuple[str, ...],
    again: Again | None = None,
) -> dict[str, Raw]:
    """Raw columns of rows whose program reads earlier siblings.

    Args:
        sampler: gives the parents' columns.
        program: the children's.
        identity: uuid and seed.
        rows: the rows asked for, any subset in any order.
        parent: each row's number of the main parent, -1: it stands alone.
        wanted: columns.
        again: is told which rows were drawn again.
    """
    if parent is None or rows.k is None:
        message = "a root has no siblings"
        raise KeyError(message)
    families = _Families(rows, parent)
    buffers: dict[str, _Buffer] = {}
    checks = sampler.checks(program.table)
    needed = (*wanted, *checks.needed) if checks else wanted
    carried = carried_columns(program, needed)
    made = {name for step in program.needed(needed) for name in step_columns(step)}
    kept = tuple(dict.fromkeys([*wanted, *carried, *({KIND} & made)]))
    above = _Brought(sampler, program, families, (*kept, *needed))
    history = _History(program, families, buffers)
    for place, size in enumerate(families.sizes):
        block = families.at(identity, program.table, place, size)
        history.begin(place, size)
        above.begin(block, size)
        drawn = draw(program, identity, block, above, kept, checks, history, again)
        for name in kept:
            buffers.setdefault(name, _Buffer(families.total)).put(
                families.begins[place], drawn[name]
            )
        history.end(drawn)
    return {name: buffers[name].take(families.asked) for name in wanted}


class _Families:
    """The beginnings of families that hold the rows asked for, longest first.

    Rows are laid out place by place: those of place k stand at ``begins[k]``, one for each of the
    first ``sizes[k]`` families. A row without parent is a family of its own.

    Attributes:
        asked: where each row asked for stands.
        parent: number of the main parent of each family.
    """

    def __init__(self, rows: Rows, parent: np.ndarray) -> None:
        k = np.maximum(rows.k if rows.k is not None else 0, 0)
        group = np.where(parent >= 0, parent, -1 - rows.number)
        found, first, back = np.unique(group, return_index=True, return_inverse=True)
        need = np.zeros(len(found), np.int64)
        np.maximum.at(need, back, k + 1)
        order = np.argsort(-need, kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        self.need = need[order]
        first = first[order]
        self.alone = parent[first] < 0
        self.parent = np.where(self.alone, -1, parent[first])
        self.start = rows.number[first] - k[first]
        self.count = _known(rows.count)[first]
        self.parent_address = _known(rows.parent_address)[first]
        self.own_address = rows.address[first]
        longest = int(self.need[0]) if len(self.need) else 0
        self.sizes = [int(n) for n in np.searchsorted(-self.need, -np.arange(longest), side="left")]
        self.begins = np.r_[0, np.cumsum(self.sizes)].astype(np.int64)
        self.total = int(self.begins[-1])
        self.asked = self.begins[k] + place[back]

    def at(self, identity: Identity, table: str, place: int, size: int) -> Rows:
        """The rows at one place of the first families."""
        k = np.full(size, place, np.int64)
        above = self.parent_address[:size]
        streams = (
            identity.stream(table, "#address", "low"),
            identity.stream(table, "#address", "high"),
        )
        alone = self.alone[:size]
        own = np.where(alone, self.own_address[:size], address(streams, above, k))
        return Rows(
            own, self.start[:size] + place, np.where(alone, -1, k), self.count[:size], above
        )


class _Buffer:
    """A column of all rows of a block of families, filled place by place."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.values: np.ndarray | None = None
        self.valid: np.ndarray | None = None

    def put(self, at: int, raw: Raw) -> None:
        if self.values is None:
            self.values = np.zeros((self.total, *raw.values.shape[1:]), raw.values.dtype)
        stop = at + len(raw)
        self.values[at:stop] = raw.values
        if raw.valid is not None and self.valid is None:
            self.valid = np.ones(self.total, bool)
        if self.valid is not None:
            self.valid[at:stop] = True if raw.valid is None else raw.valid

    def take(self, at: np.ndarray | slice) -> Raw:
        if self.values is None:
            message = "nothing was drawn yet"
            raise KeyError(message)
        return Raw(self.values[at], None if self.valid is None else self.valid[at])


class _History:
    """The siblings before the rows of one place."""

    def __init__(
        self, program: Program, families: _Families, buffers: Mapping[str, _Buffer]
    ) -> None:
        self.program, self.families, self.buffers = program, families, buffers
        self.last: np.ndarray | None = None  # where the last row of each kind of each family stands
        self.place, self.at = 0, np.zeros(0, np.int64)  # of which families, by their place

    def begin(self, place: int, size: int) -> None:
        """Turn to the next place."""
        self.place, self.at = place, np.arange(size)

    def take(self, at: np.ndarray) -> _History:
        """See `History.take`."""
        part = copy(self)
        part.at = self.at[at]
        return part

    def column(self, name: str, raw: Mapping[str, Raw]) -> Raw:
        """See `History.column`."""
        which, _, of = name.partition(".")
        if which == PREV:
            if self.place == 0:
                return self._nothing(of)
            at = int(self.families.begins[self.place - 1])
            return self.buffers[of].take(at + self.at)
        return self._kind(which, int(of), raw)

    def _place_of(self, same: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.families.begins, same, side="right") - 1

    def _nothing(self, of: str) -> Raw:
        if isinstance(self.program.domains[of], Categories):
            return Raw(np.zeros(len(self.at), np.int32))
        kind = np.float64 if isinstance(self.program.domains[of], Reals) else np.int64
        return Raw(np.zeros(len(self.at), kind), np.zeros(len(self.at), bool))

    def _kind(self, which: str, kind: int, raw: Mapping[str, Raw]) -> Raw:
        """How far back the last row of one kind is."""
        at = self._lasts()[self.at, kind]
        has = at >= 0
        if which == AGO:
            return Raw(self.place - self._place_of(at), has)
        moment = self.program.moment or ""
        now = raw[moment] if which == TIME else self.column(f"{PREV}.{moment}", raw)
        if not has.any():
            return Raw(np.zeros(len(self.at), np.int64), has)
        then = self.buffers[moment].take(np.maximum(at, 0))
        for known in (now.valid, then.valid):
            has = has if known is None else has & known
        return Raw(now.values - then.values, has)

    def _lasts(self) -> np.ndarray:
        """Where the last row of each kind of each family stands; -1: there is none."""
        if self.last is None:
            domain = self.program.domains[KIND]
            kinds = len(domain.labels) + 1 if isinstance(domain, Categories) else 1
            self.last = np.full((self.families.sizes[0], kinds), -1, np.int64)
        return self.last

    def end(self, drawn: Mapping[str, Raw]) -> None:
        """Remember the rows that were drawn."""
        if self.last is not None:
            self.last[self.at, drawn[KIND].values] = self.families.begins[self.place] + self.at


class _Brought(Above):
    """The main parent's columns, drawn once for all places of a block of families."""

    def __init__(
        self, sampler: Tables, program: Program, families: _Families, wanted: tuple[str, ...]
    ) -> None:
        numbers = families.parent
        super().__init__(sampler, program, numbers, _NO_ROWS, wanted)
        self.whole: dict[str, Raw] = {}
        self.numbers = numbers

    def begin(self, rows: Rows, size: int) -> None:
        """Turn to the rows of the next place."""
        self.rows, self.held = rows, {}
        self.parent = self.numbers[:size]
        if not self.whole:
            return
        part = slice(0, size)
        self.held.update(
            {
                n: Raw(r.values[part], None if r.valid is None else r.valid[part])
                for n, r in self.whole.items()
            }
        )

    def _bring(self, alias: str, raw: Mapping[str, Raw]) -> None:
        super()._bring(alias, raw)
        if alias == PARENT and not self.whole:  # at the first place, where all families are
            self.whole = {n: r for n, r in self.held.items() if n.startswith(f"{PARENT}.")}


_NO_ROWS = Rows(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _known(values: np.ndarray | None) -> np.ndarray:
    if values is None:
        message = "a root has no siblings"
        raise KeyError(message)
    return values
