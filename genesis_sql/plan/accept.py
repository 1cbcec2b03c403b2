"""Draws rows that keep the constraints of their table: those that break one are drawn again.

Attempt a of a row has an address of its own, made of the row's address and a: which attempt is the
first that keeps all depends on the row alone. Row numbers, and so keys, places among siblings and
the main parent stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genesis_sql.errors import ConstraintError
from genesis_sql.program.domain import Raw
from genesis_sql.program.draw import address
from genesis_sql.program.execute import History, Identity, Parents, Rows, run
from genesis_sql.program.steps import (
    Constant,
    Copy,
    Digit,
    Number,
    PickDistinct,
    Program,
    Sibling,
    sequential,
)

ATTEMPTS = 1_000  # of a row, beside the first, before its constraints are given up
PATIENCE = 63  # after so many attempts, what a parent says of its children is drawn anew, too
PROBES = 8  # and so many rows are tried to the end before the others
MOST = 65_536  # rows drawn at once while attempts are looked through
_SETTLED = (Number, Constant, Digit, Sibling, PickDistinct, Copy)
"""Steps that no address decides; a copy where what it copies is one."""

Broken = Callable[[Mapping[str, Raw], int], np.ndarray]
"""(raw columns, n) -> bool of shape (n,): the rows that break a predicate."""
Again = Callable[[np.ndarray, np.ndarray], None]
"""(row numbers, their attempts): hears of rows that were drawn again."""


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that every row has to keep.

    Attributes:
        text: as messages show it.
        mends: what to do where it cannot be kept.
        broken: tells the rows that break it.
    """

    text: str
    mends: str
    broken: Broken


@dataclass(frozen=True, eq=False)
class Checks:
    """What the rows of one table have to keep, prepared once for a sampler.

    Attributes:
        broken: of all checks at once.
        single: each of them, to tell which one fails.
        needed: the columns of the program that they read.
        attempts: how often a row is drawn again.
    """

    broken: Broken
    single: tuple[Check, ...]
    needed: tuple[str, ...]
    attempts: int = ATTEMPTS


def draw(
    program: Program,
    identity: Identity,
    rows: Rows,
    parents: Parents | None,
    wanted: Iterable[str],
    checks: Checks | None,
    history: History | None = None,
    again: Again | None = None,
) -> dict[str, Raw]:
    """Raw columns of a block as `program.execute.run` gives them, of rows that keep the checks.

    Args:
        program: what to run.
        identity: uuid and seed.
        rows: the block.
        parents: columns of parents; None for a program that has none.
        wanted: the columns to produce.
        checks: of the table; without any it is the same as `run`.
        history: earlier siblings; None where the rows have none.
        again: is told which rows were drawn again.

    Raises:
        ConstraintError: a row kept them in no attempt.
    """
    names = tuple(wanted)
    if checks is None or _settled(program, names):
        return run(program, identity, rows, parents, names, history)
    first = run(program, identity, rows, parents, (*names, *checks.needed), history)
    bad = np.flatnonzero(checks.broken(first, len(rows.address)))
    if not len(bad):
        return first
    search = _Search(program, identity, checks, rows, parents, history)
    tries = search.attempts(bad)
    if again is not None:
        again(rows.number[bad], tries)
    others = search.run(bad, tries, names)
    return {n: _patched(first[n], bad, others[n]) for n in names if n in others}


@lru_cache(maxsize=1_024)
def _settled(program: Program, names: tuple[str, ...]) -> bool:
    """Whether no address decides these columns: a redraw would leave them as they are."""
    steps = program.needed(names)
    return not sequential(steps) and all(isinstance(step, _SETTLED) for step in steps)


def _patched(whole: Raw, at: np.ndarray, part: Raw) -> Raw:
    """The column with other values at these positions."""
    values = whole.values.copy()
    values[at] = part.values
    if whole.valid is None and part.valid is None:
        return Raw(values)
    valid = np.ones(len(values), bool) if whole.valid is None else whole.valid.copy()
    valid[at] = True if part.valid is None else part.valid
    return Raw(values, valid)


class _Search:
    """Looks for the first attempt of each row that keeps the checks."""

    def __init__(
        self,
        program: Program,
        identity: Identity,
        checks: Checks,
        rows: Rows,
        parents: Parents | None,
        history: History | None,
    ) -> None:
        self.program, self.identity, self.checks = program, identity, checks
        self.rows, self.parents, self.history = rows, parents, history
        self.streams = tuple(
            identity.stream(program.table, "#again", purpose) for purpose in ("low", "high")
        )

    def again(self, at: np.ndarray, attempt: np.ndarray) -> np.ndarray:
        """Addresses of attempts of rows by position."""
        low, high = self.streams
        return address((low, high), self.rows.address[at], attempt)

    def run(self, at: np.ndarray, tries: np.ndarray, names: tuple[str, ...]) -> dict[str, Raw]:
        """Raw columns of attempts of rows by position."""
        rows, anew = self.rows.take(at, self.again(at, tries), tries), tries > PATIENCE
        parents = None if self.parents is None else self.parents.take(at, rows, names, anew)
        history = None if self.history is None else self.history.take(at)
        return run(self.program, self.identity, rows, parents, names, history)

    def attempts(self, bad: np.ndarray) -> np.ndarray:
        """The first attempt in which each of these rows keeps the checks."""
        found = self._first(bad, 1, PATIENCE, np.zeros(len(bad), np.int64))
        left = np.flatnonzero(found == 0)
        if len(left) > PROBES:  # what cannot be kept shows soon
            some = left[:PROBES]
            found[some] = self._first(bad[some], PATIENCE + 1, self.checks.attempts, found[some])
            self._require(bad, bad[some[found[some] == 0]], "at least ")
            left = left[PROBES:]
        found[left] = self._first(bad[left], PATIENCE + 1, self.checks.attempts, found[left])
        self._require(bad, bad[found == 0])
        return found

    def _first(self, rows: np.ndarray, begin: int, end: int, found: np.ndarray) -> np.ndarray:
        """The first attempt of each row, from begin to end, that keeps the checks; 0 for none."""
        left, attempt = np.arange(len(rows)), begin
        while len(left) and attempt <= end:
            width = min(max(1, MOST // len(left)), attempt, end + 1 - attempt)
            at = np.repeat(rows[left], width)
            tries = np.tile(np.arange(attempt, attempt + width), len(left))
            kept = ~self._broken(at, tries, self.checks.broken).reshape(len(left), width)
            has = kept.any(axis=1)
            found[left[has]] = attempt + kept.argmax(axis=1)[has]
            left, attempt = left[~has], attempt + width
        return found

    def _broken(self, at: np.ndarray, tries: np.ndarray, broken: Broken) -> np.ndarray:
        return broken(self.run(at, tries, self.checks.needed), len(at))

    def _require(self, bad: np.ndarray, left: np.ndarray, few: str = "") -> None:
        """Say what could not be kept by these rows, how often, and what mends it."""
        if not len(left):
            return
        some = left[:100]
        at = np.repeat(some, 10)
        tries = np.tile(np.arange(1, 11), len(some))
        worst = max(self.checks.single, key=lambda c: int(self._broken(at, tries, c.broken).sum()))
        kept = 1 - len(bad) / max(len(self.rows.address), 1)
        message = (
            f"{worst.text} of table '{self.program.table}' was not met by {few}{len(left):,} of "
            f"{len(self.rows.address):,} rows in {self.checks.attempts:,} attempts "
            f"(at the first draw {100 * kept:.3g} % of the rows kept everything); {worst.mends}"
        )
        raise ConstraintError(message)


def all_of(checks: Iterable[Broken]) -> Broken:
    """Rows that break any of some predicates."""
    each = tuple(checks)
    if len(each) == 1:
        return each[0]

    def broken(raw: Mapping[str, Raw], n: int) -> np.ndarray:
        out = np.zeros(n, bool)
        for one in each:
            out |= one(raw, n)
        return out

    return broken
