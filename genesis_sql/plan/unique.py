"""Keeps the keys unique that no step keeps so: a row that repeats an earlier one gets other values.

What it gets is free and near: the next number, another label, another row of the same kind of
parent. All rows of the table are looked through once; a row that changed depends on them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model, parent_of
from genesis_sql.plan.open_keys import OpenKey, Piece
from genesis_sql.program.domain import Raw
from genesis_sql.program.draw import draw
from genesis_sql.program.execute import Identity
from genesis_sql.program.steps import PARENT, Override, Pick, PickSelf, Program, step_columns

NEAR = 64  # how far a number moves before one above all others is taken
TRIES = 20_000  # labels or rows that are tried one by one
ALL = 4_000_000  # combinations that are looked through where hardly any is free
FEW = 200  # and so many where each try asks the checks
AGAIN = 50  # times that what is left is dealt out, where checks refuse some of it
ROUNDS = 50
_ODD = tuple(np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))

NULL = np.iinfo(np.int64).min

Values = dict[str, np.ndarray]
Offer = Callable[[np.ndarray], Values]
OfPiece = Callable[[np.ndarray], np.ndarray]
Sized = list[tuple[Piece, int]]
"""Pieces, each with how many values it can have."""
Breaks = Callable[[np.ndarray, list[Override]], np.ndarray]
"""(rows by number, their other values) -> bool of shape (n,): those that break a check then."""


class Chooses(Protocol):
    """What is asked of a sampler."""

    model: Model
    identity: Identity

    def size(self, table: str) -> int:
        """Rows of a table."""
        ...

    def members(self, program: Program, step: Pick) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that a choice is made from: members, where each group begins, group of each kind."""
        ...


class Repair:
    """The keys of one table, whose columns are known for all rows.

    Args:
        sampler: has the parents.
        program: of the table.
        keys: what has to be unique.
        first: rows before this one stay as they are.
        breaks: which of some rows would break a check with other values; None without checks.
    """

    def __init__(
        self,
        sampler: Chooses,
        program: Program,
        keys: tuple[OpenKey, ...],
        first: int,
        breaks: Breaks | None = None,
    ) -> None:
        self.sampler, self.program, self.keys, self.first = sampler, program, keys, first
        self.breaks, self.tries = breaks, TRIES if breaks is None else FEW
        self.values: Values = {}
        self.touched = np.zeros(0, bool)

    @property
    def names(self) -> tuple[str, ...]:
        """The raw columns that are looked at."""
        pieces = [p for key in self.keys for p in key.pieces]
        kinds = [p.choice.kind for p in pieces if isinstance(p.choice, Pick)]
        return tuple(dict.fromkeys([*(p.name for p in pieces), *kinds]))

    @property
    def drawn(self) -> tuple[str, ...]:
        """Those of them that a program draws."""
        return tuple(name for name in self.names if name != PARENT)

    def look(self, raw: Mapping[str, Raw]) -> bool:
        """Take the columns of all rows, change what repeats; whether anything had to be changed."""
        self.values = {name: _whole(raw[name]) for name in self.names}
        size = len(next(iter(self.values.values())))
        if len(self.touched) < size:
            self.touched = np.zeros(size, bool)
        changed = False
        for _ in range(ROUNDS):
            again = [self._mend(key) for key in self.keys]
            changed = changed or any(again)
            if not any(again) or len(self.keys) == 1:
                return changed
        raise OptionError(self.impossible(self.keys[0]))

    def overrides(self) -> list[Override]:
        """The values of the rows that were changed, of all columns that keys may change."""
        return self._overrides(np.flatnonzero(self.touched), {})

    def _overrides(self, rows: np.ndarray, offered: Values) -> list[Override]:
        """What some rows have, or are offered."""
        free = {p.name: p for key in self.keys for p in key.free}
        out = []
        for name, piece in free.items():
            values, valid = offered.get(name, self.values[name][rows]), None
            if not piece.labels:
                valid, values = values != NULL, np.where(values != NULL, values, 0)
            out.append(Override(name, rows, values, valid))
        return out

    # one key

    def _mend(self, key: OpenKey) -> bool:
        columns = [self.values[p.name] for p in key.pieces]
        absent = np.zeros(len(columns[0]), bool)
        for piece, column in zip(key.pieces, columns, strict=True):
            absent |= (column == 0) if piece.labels else (column == NULL)
        rows = np.flatnonzero(~absent)
        hashes = _hash([c[rows] for c in columns])
        order = np.argsort(hashes, kind="stable")
        repeated = np.zeros(len(rows), bool)
        repeated[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
        lost = rows[repeated]
        lost = lost[lost >= self.first]
        if not len(lost):
            return False
        taken = hashes[order][~repeated[order]]
        self.touched[lost] = True
        for values in self._offers(key):
            found, taken = self._accept(key, lost, values, taken)
            lost = lost[~found]
            if not len(lost):
                return True
        self._give_up(key, lost)
        return True

    def _accept(
        self,
        key: OpenKey,
        lost: np.ndarray,
        offer: Offer,
        taken: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give rows what is offered where it is free; which rows, and what is taken then."""
        offered = offer(lost)
        columns = [offered.get(p.name, self.values[p.name][lost]) for p in key.pieces]
        hashes = _hash(columns)
        at = np.minimum(np.searchsorted(taken, hashes), len(taken) - 1)
        fine = taken[at] != hashes
        for name, values in offered.items():
            labels = any(p.labels for p in key.pieces if p.name == name)
            fine &= values != (0 if labels else NULL)
        first = np.zeros(len(lost), bool)
        first[np.unique(hashes, return_index=True)[1]] = True
        fine &= first
        if self.breaks is not None and fine.any():
            some = np.flatnonzero(fine)
            given = {name: values[some] for name, values in offered.items()}
            fine[some] = ~self.breaks(lost[some], self._overrides(lost[some], given))
        for name, values in offered.items():
            self.values[name][lost[fine]] = values[fine]
        if fine.any():
            more = np.sort(hashes[fine])
            taken = np.insert(taken, np.searchsorted(taken, more), more)
        return fine, taken

    # what is offered

    def _offers(self, key: OpenKey) -> Iterator[Offer]:
        """Ways to other values, the nearest first; each is asked once for the rows still lost."""
        for piece in key.free:
            for values in self._of_piece(piece):
                yield partial(_single, piece.name, values)
        if len(key.free) > 1:
            yield from self._together(key)

    def _of_piece(self, piece: Piece) -> Iterator[OfPiece]:
        """Other values of one piece."""
        now = self.values[piece.name]
        if piece.counts:
            known = now[now != NULL]
            low, high = int(known.min()), int(known.max())
            ways = (1,) if piece.follows else (1, -1)
            for step in (way * d for d in range(1, NEAR + 1) for way in ways):
                yield partial(_moved, now, step, low, high)
            for step in range(self.tries):
                yield partial(_above, high + 1 + step)
        elif piece.labels:
            for step in range(min(piece.labels, self.tries)):
                yield partial(self._label, piece, step)
        elif isinstance(piece.choice, PickSelf):
            for step in range(self.tries):
                yield partial(self._earlier, piece, step)
        elif piece.choice is not None:
            yield from self._rows(piece, piece.choice)

    def _rows(self, piece: Piece, choice: Pick) -> Iterator[OfPiece]:
        """Other rows of a parent: of the same kind, then any, but for the own table."""
        members, begins, kinds = self.sampler.members(self.program, choice)
        largest = int(np.diff(begins).max(initial=0))
        group = kinds[np.minimum(self.values[choice.kind], len(kinds) - 1)]
        for step in range(min(largest, self.tries)):
            yield partial(self._of_kind, piece, members, begins, group, step)
        size = self._domain(piece)
        for step in range(min(size, self.tries)):
            yield partial(self._any, piece, size, step)

    def _label(self, piece: Piece, step: int, rows: np.ndarray) -> np.ndarray:
        return 1 + (self._word(piece, rows) + step) % piece.labels

    def _any(self, piece: Piece, size: int, step: int, rows: np.ndarray) -> np.ndarray:
        return np.asarray((self._word(piece, rows) + step) % size)

    def _earlier(self, piece: Piece, step: int, rows: np.ndarray) -> np.ndarray:
        found = (self._word(piece, rows) + step) % np.maximum(rows, 1)
        return np.where(rows > step, found, NULL)

    def _of_kind(
        self,
        piece: Piece,
        members: np.ndarray,
        begins: np.ndarray,
        group: np.ndarray,
        step: int,
        rows: np.ndarray,
    ) -> np.ndarray:
        mine = group[rows]
        size = begins[mine + 1] - begins[mine]
        at = begins[mine] + (self._word(piece, rows) + step) % np.maximum(size, 1)
        return np.where(size > step, members[np.minimum(at, len(members) - 1)], NULL)

    def _domain(self, piece: Piece) -> int:
        """How many values a piece can have; 0 where that is not known."""
        if piece.labels:
            return piece.labels
        parent = parent_of(self.program, piece.choice.alias) if piece.choice else None
        return 0 if parent in (None, self.program.table) else self.sampler.size(str(parent))

    def _together(self, key: OpenKey) -> Iterator[Offer]:
        """Other values of several pieces at once."""
        pieces = [(p, n) for p in key.free if (n := self._domain(p))]
        whole = math.prod(n for _, n in pieces)
        if len(pieces) == len(key.pieces) and whole <= ALL:
            for step in range(1 if self.breaks is None else AGAIN):
                yield partial(self._unused, key, pieces, whole, step)
            return
        for step in range(min(whole, self.tries) if pieces else 0):
            yield partial(self._mixed, key, pieces, whole, step)

    def _mixed(
        self, key: OpenKey, pieces: Sized, whole: int, step: int, rows: np.ndarray
    ) -> Values:
        return _digits(pieces, (self._word(key.free[0], rows) + step) % whole)

    def _unused(
        self, key: OpenKey, pieces: Sized, whole: int, step: int, rows: np.ndarray
    ) -> Values:
        """Combinations that no row has; where there are too few, the last one again."""
        every = _digits(pieces, np.arange(whole))
        taken = _hash([self.values[p.name] for p in key.pieces])
        left = np.flatnonzero(~np.isin(_hash([every[p.name] for p in key.pieces]), taken))
        stream = self.sampler.identity.stream(self.program.table, "#unique", "unused")
        left = left[np.argsort(draw(stream, left + whole * step), kind="stable")]
        left = left if len(left) else np.zeros(1, np.int64)
        return _digits(pieces, left[np.minimum(np.arange(len(rows)), len(left) - 1)])

    def _word(self, piece: Piece, rows: np.ndarray) -> np.ndarray:
        stream = self.sampler.identity.stream(self.program.table, "#unique", piece.name)
        return draw(stream, rows).astype(np.int64)

    def _give_up(self, key: OpenKey, lost: np.ndarray) -> None:
        """NULL breaks no key; where it may not stand, there are too many rows."""
        for piece in key.free:
            if piece.nullable:
                self.values[piece.name][lost] = 0 if piece.labels else NULL
                return
        raise OptionError(self.impossible(key))

    def impossible(self, key: OpenKey) -> str:
        """That there are too few values, and what mends it."""
        return (
            f"table '{self.program.table}' cannot have {len(self.touched):,} rows whose key "
            f"({', '.join(key.columns)}) is unique: there are too few values for it; take a "
            "smaller scale, or ask for fewer in rows"
        )


def _single(name: str, values: OfPiece, rows: np.ndarray) -> Values:
    return {name: values(rows)}


def _moved(now: np.ndarray, step: int, low: int, high: int, rows: np.ndarray) -> np.ndarray:
    values = now[rows] + step
    return np.where((values >= low) & (values <= high), values, NULL)


def _above(first: int, rows: np.ndarray) -> np.ndarray:
    return first + np.arange(len(rows))


def _digits(pieces: Sized, number: np.ndarray) -> Values:
    """Mixed radix digits of numbers as values of pieces."""
    out = {}
    for piece, size in pieces:
        out[piece.name] = number % size + (1 if piece.labels else 0)
        number = number // size
    return out


def overridden(program: Program, overrides: list[Override]) -> Program:
    """The program with other values for some rows, each right behind the step it corrects."""
    steps = []
    for step in program.steps:
        steps.append(step)
        steps += [o for o in overrides if o.column in step_columns(step)]
    return replace(program, steps=tuple(steps))


def _whole(raw: Raw) -> np.ndarray:
    """A column as int64, NULL as the smallest number (labels keep their code 0)."""
    values = raw.values
    if values.ndim > 1:
        values = np.unique(values, axis=0, return_inverse=True)[1].reshape(len(raw))
    elif values.dtype.kind == "f":
        values = np.unique(values, return_inverse=True)[1]
    values = values.astype(np.int64)
    return values if raw.valid is None else np.where(raw.valid, values, NULL)


def _hash(columns: list[np.ndarray]) -> np.ndarray:
    """64 bits of each row: rows that differ share them in no table of a size that can be held."""
    out = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        out = (out ^ column.astype(np.uint64)) * _ODD[0]
        for odd in _ODD[1:]:
            out = (out ^ (out >> np.uint64(29))) * odd
        out ^= out >> np.uint64(32)
    return out
