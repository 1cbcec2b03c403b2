"""Runs a program on a block of rows: steps in order, kernel calls only.

No connection, no global state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from genesis_sql.errors import ModelFormatError
from genesis_sql.program.calendar import part_of
from genesis_sql.program.codes import Codes
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.draw import Stream, draw, stream
from genesis_sql.program.formula import evaluate, formula_columns
from genesis_sql.program.fused import MOST_PLANS, Plan, keys_of, plan
from genesis_sql.program.partial import steps_from
from genesis_sql.program.places import places
from genesis_sql.program.prepared import Prepared, prepare
from genesis_sql.program.steps import (
    AGAIN,
    BEFORE,
    Beyond,
    Block,
    Constant,
    Copy,
    Digit,
    Draw,
    Either,
    Expression,
    Following,
    Formula,
    Lookup,
    Number,
    Override,
    Part,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Random,
    Sibling,
    Stratum,
)

HALF_OPEN = 2.0**-32  # a word times this lies in [0, 1)


@dataclass(frozen=True)
class Identity:
    """What makes draws differ: the model version's uuid and the seed."""

    uuid: str
    seed: int

    def stream(self, table: str, column: str, purpose: str) -> Stream:
        """The stream of one purpose of one column."""
        return _stream(self.seed, self.uuid, table, column, purpose)

    def keys(self, table: str, column: str, purposes: tuple[str, ...]) -> np.ndarray:
        """The keys of some streams one after the other, uint64: what the kernel takes."""
        return _keys(self, table, column, purposes)


_stream = lru_cache(maxsize=16_384)(stream)


@lru_cache(maxsize=16_384)
def _keys(identity: Identity, table: str, column: str, purposes: tuple[str, ...]) -> np.ndarray:
    streams = [identity.stream(table, column, purpose) for purpose in purposes]
    return np.array([key for s in streams for key in (s.a, s.b)], np.uint64)


@dataclass(frozen=True, eq=False)
class Rows:
    """A block of n rows to draw, int64 arrays of shape (n,).

    Attributes:
        address: the counters of the draws.
        number: row numbers, what keys are made of.
        k: place among the siblings (0 for roots), -1 where the row has no parent.
        count: number of siblings, itself included.
        parent_address: address of the main parent.
        attempt: how often a row was drawn before; None where none was.
    """

    address: np.ndarray
    number: np.ndarray
    k: np.ndarray | None = None
    count: np.ndarray | None = None
    parent_address: np.ndarray | None = None
    attempt: np.ndarray | None = None

    def take(
        self,
        at: np.ndarray,
        address: np.ndarray | None = None,
        attempt: np.ndarray | None = None,
    ) -> Rows:
        """The rows at those positions, under the addresses of an attempt where some are given."""
        rest = (self.k, self.count, self.parent_address, self.attempt)
        k, count, parent, before = (None if a is None else a[at] for a in rest)
        own = self.address[at] if address is None else address
        return Rows(own, self.number[at], k, count, parent, before if attempt is None else attempt)


class Parents(Protocol):
    """Where a program finds the columns of parents."""

    def column(self, name: str, raw: Mapping[str, Raw]) -> Raw:
        """The raw column ``alias.column`` for the rows of the block."""
        ...

    def choose(
        self, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        """Row numbers of a chosen parent, -1 for none."""
        ...

    def size(self, alias: str) -> int:
        """Rows of a further parent."""
        ...

    def take(
        self, at: np.ndarray, rows: Rows, wanted: tuple[str, ...], anew: np.ndarray
    ) -> Parents:
        """The parents of the rows at those positions of the block, which are drawn as ``rows``.

        Where ``anew`` holds, what the main parent says of its children is drawn anew.
        """
        ...


class History(Protocol):
    """Where a program finds what came before a row among its siblings."""

    def column(self, name: str, raw: Mapping[str, Raw]) -> Raw:
        """The raw column ``#prev.x``, ``#same.x`` or ``#since.x`` for the rows of the block."""
        ...

    def take(self, at: np.ndarray) -> History:
        """What came before the rows at those positions of the block."""
        ...


class Words(Protocol):
    """Random words of one purpose: uint32, of the rows of a block, or of other addresses."""

    def __call__(self, purpose: str, addresses: np.ndarray | None = None) -> np.ndarray:
        """Words of shape (n,)."""
        ...


BlockModel = Callable[[Block, Program, Rows, dict[str, Raw], Words], dict[str, Raw]]
BLOCKS: dict[str, BlockModel] = {}
"""Block methods by name; models register theirs (see `register_block`)."""


def register_block(method: str, model: BlockModel) -> None:
    """Make a block method known.

    ``model(step, program, rows, raw, words)`` gives the raw columns of the step.
    """
    BLOCKS[method] = model


def run(
    program: Program,
    identity: Identity,
    rows: Rows,
    parents: Parents | None,
    wanted: Iterable[str],
    history: History | None = None,
    given: Mapping[str, Raw] | None = None,
) -> dict[str, Raw]:
    """Raw columns of a block.

    Args:
        program: what to run.
        identity: uuid and seed.
        rows: the block.
        parents: columns of parents; None for a program that has none.
        wanted: the columns to produce, a parent's too; only what they depend on is drawn.
        history: earlier siblings; None where the rows have none.
        given: columns that are known and not drawn.

    Returns:
        Raw columns by name.
    """
    names = tuple(wanted)
    state = _State(program, identity, rows, parents, history)
    state.raw.update(given or {})
    steps = steps_from(program, names, frozenset(given)) if given else _needed(program, names)
    for step in steps if given else steps[state.do_first(steps, names) :]:
        state.do(step)
    for name in names:
        if "." in name:  # a parent's column that a child reads through this table
            state.get(name)
    return state.raw


@lru_cache(maxsize=1_024)
def _needed(program: Program, names: tuple[str, ...]) -> tuple[Any, ...]:
    return program.needed(names)


def _plan(prepared: Prepared, steps: tuple[Any, ...], names: tuple[str, ...]) -> Plan | None:
    """The plan of some columns, made once while they are asked for."""
    if names in prepared.plans:
        return prepared.plans[names]
    if len(prepared.plans) >= MOST_PLANS:
        prepared.plans.clear()
    made = prepared.plans[names] = plan(prepared, steps, names)
    return made


def _below(raw: Raw, bound: Raw) -> np.ndarray:
    """Rows whose value is below a bound; NULL is below nothing."""
    return np.asarray((raw.values < bound.values) & _valid(raw) & _valid(bound))


def _where(chosen: np.ndarray, one: Raw, other: Raw) -> Raw:
    """Rows of one column where chosen, of the other elsewhere."""
    values = np.where(chosen, one.values, other.values)
    if one.valid is None and other.valid is None:
        return Raw(values)
    return Raw(values, np.where(chosen, _valid(one), _valid(other)))


def _valid(raw: Raw) -> np.ndarray:
    return np.ones(len(raw), bool) if raw.valid is None else raw.valid


class _State:
    """The columns of a block while its steps run."""

    def __init__(
        self,
        program: Program,
        identity: Identity,
        rows: Rows,
        parents: Parents | None,
        history: History | None,
    ) -> None:
        self.program, self.identity, self.rows, self.parents = program, identity, rows, parents
        self.history = history
        self.address = rows.address.astype(np.uint64)
        self.raw: dict[str, Raw] = {}
        self.codes = Codes(prepare(program), self.address)

    def do_first(self, steps: tuple[Any, ...], names: tuple[str, ...]) -> int:
        """Do the first steps that can be done together; how many they are."""
        plan = _plan(self.codes.prepared, steps, names)
        if plan is None:
            return 0
        keys = keys_of(self.identity, self.program.table, plan.drawn)
        self.raw.update(plan.run(keys, self.address))
        if plan.steps < len(steps):
            for name in plan.asked:
                self.codes.learn(name, self.raw[name])
        return plan.steps

    def do(self, step: Any) -> None:
        if isinstance(step, Block):
            if step.method not in BLOCKS:
                message = f"a program has a block of method '{step.method}', which is not installed"
                raise ModelFormatError(message)
            words = self._block_words
            made = BLOCKS[step.method](step, self.program, self.rows, self._inputs(step), words)
            self.raw.update(made)
        elif not isinstance(step, Expression):
            self.raw[step.column] = _DO[type(step)](self, step)

    def _inputs(self, step: Block) -> dict[str, Raw]:
        return {name: self.get(name) for name in step.inputs}

    def _block_words(self, purpose: str, addresses: np.ndarray | None = None) -> np.ndarray:
        at = self.rows.address if addresses is None else addresses
        return draw(self.identity.stream(self.program.table, "#block", purpose), at)

    def get(self, name: str) -> Raw:
        """A raw column, an earlier sibling's or a parent's where it is not our own."""
        if name not in self.raw:
            source = self.history if name.startswith(BEFORE) else self.parents
            if source is None:
                raise KeyError(name)
            self.raw[name] = source.column(name, self.raw)
        return self.raw[name]

    def word(self, column: str, purpose: str) -> np.ndarray:
        return draw(self.identity.stream(self.program.table, column, purpose), self.rows.address)

    def draw(self, step: Draw) -> Raw:
        cell = self.codes.cells(step, self.get)
        drawn = self._from_cells(step, cell, "")
        if step.at_most is None and step.at_least is None:
            return drawn
        most, least = (b and self.get(b) for b in (step.at_most, step.at_least))
        for again in range(1, AGAIN + 1):
            outside = np.zeros(len(drawn), bool)
            if most:
                outside |= _below(most, drawn)
            if least:
                outside |= _below(drawn, least)
            if not outside.any():
                return drawn
            drawn = _where(outside, self._from_cells(step, cell, str(again)), drawn)
        if most:
            drawn = _where(_below(most, drawn), most, drawn)
        return _where(_below(drawn, least), least, drawn) if least else drawn

    def _from_cells(self, step: Draw, cell: np.ndarray, again: str) -> Raw:
        purposes = (f"cell{again}", f"within{again}")
        return self.codes.draw(
            step, cell, self.identity.keys(self.program.table, step.column, purposes)
        )

    def present(self, name: str | None) -> np.ndarray | None:
        return None if name is None else self.raw[name].values > 0

    def number(self, step: Number) -> Raw:
        return Raw(self.rows.number, self.present(step.present))

    def constant(self, step: Constant) -> Raw:
        return Raw(np.zeros(len(self.address), np.int32))

    def random(self, step: Random) -> Raw:
        words = [self.word(step.column, f"word{w}") for w in range(step.words)]
        return Raw(np.column_stack(words), self.present(step.present))

    def copy(self, step: Copy) -> Raw:
        source = self.get(step.source)
        if step.otherwise is None:
            return source
        other = self.get(step.otherwise)
        labels = isinstance(self.program.domains[step.column], Categories)
        missing = source.values == 0 if labels else ~_valid(source)
        valid = None if labels or other.valid is None else np.where(missing, other.valid, True)
        return Raw(np.where(missing, other.values, source.values), valid)

    def lookup(self, step: Lookup) -> Raw:
        held = [self.get(name) for name in step.inputs]
        labels = [self._labels(name) for name in step.inputs]
        if len(held) == 1 and step.valid is None and (labels[0] or held[0].valid is None):
            told = self.codes.prepared.looked_up(step, labels=labels[0])
            if told is not None:
                return Raw(self.codes.told(held[0].values, told))
        known = [r.values > 0 if of else _valid(r) for r, of in zip(held, labels, strict=True)]
        found = places(step, [r.values for r in held], known)
        return Raw(step.values[found], None if step.valid is None else step.valid[found])

    def _labels(self, name: str) -> bool:
        """Whether a lookup's input holds label codes: they alone are int32."""
        return bool(self.get(name).values.dtype == np.int32)

    def formula(self, step: Formula) -> Raw:
        held = {name: self.get(name) for name in formula_columns(step.sql)}
        n = len(self.address)
        values = np.broadcast_to(evaluate(step.sql, {k: r.values for k, r in held.items()}), n)
        valid = np.ones(n, bool)
        for raw in held.values():
            valid &= _valid(raw)
        made = Raw(values.astype(np.int64), None if valid.all() else valid)
        if step.otherwise is None or made.valid is None:
            return made
        return _where(valid, made, self.get(step.otherwise))

    def part(self, step: Part) -> Raw:
        raw = self.get(step.source)
        return Raw(part_of(raw.values, step.unit, step.part), raw.valid)

    def following(self, step: Following) -> Raw:
        base, hops = self.get(step.base), self.get(step.hops)
        first = np.searchsorted(step.days, base.values * step.factor)
        at = np.minimum(first + np.maximum(hops.values, 0), len(step.days) - 1)
        made = Raw(step.days[at], _valid(base) & _valid(hops))
        if step.at_most is None:
            return made
        bound = self.get(step.at_most)
        return _where(_below(bound, made), bound, made)

    def either(self, step: Either) -> Raw:
        flag = self.raw[step.flag].values == 1
        return _where(flag, self.get(step.source), self.get(step.otherwise))

    def digit(self, step: Digit) -> Raw:
        at = self.rows.number // step.divisor
        at = at % step.base if step.base else at
        last = len(step.values) - 1
        beyond = np.maximum(at - last, 0)
        return Raw(
            (step.values[np.minimum(at, last)] + beyond * step.step).astype(step.values.dtype)
        )

    def sibling(self, step: Sibling) -> Raw:
        k, _ = self._family()
        return Raw(k + step.base)

    def stratum(self, step: Stratum) -> Raw:
        k, count = self._family()
        size, place, many = len(step.values), np.maximum(k, 0), np.maximum(count, 1)
        first = place * size // many
        width = (place + 1) * size // many - first
        at = first + np.floor(self.word(step.column, "cell") * HALF_OPEN * width).astype(np.int64)
        return Raw(step.values[np.minimum(at, size - 1)])

    def _family(self) -> tuple[np.ndarray, np.ndarray]:
        if self.rows.k is None or self.rows.count is None:
            return self.rows.number, self.rows.number + 1
        return self.rows.k, self.rows.count

    def pick(self, step: Pick) -> Raw:
        if self.parents is None:
            raise KeyError(step.alias)
        shared = [self.get(own) for own, _ in step.shared]
        chosen = self.parents.choose(
            step, self.get(step.kind).values, shared, self.word(step.column, "cell")
        )
        return Raw(np.maximum(chosen, 0), None if (chosen >= 0).all() else chosen >= 0)

    def pick_distinct(self, step: PickDistinct) -> Raw:
        above = self.rows.parent_address
        if self.parents is None or above is None:
            raise KeyError(step.alias)
        size, k = self.parents.size(step.alias), self._family()[0]
        streams = (
            self.identity.stream(self.program.table, step.column, p) for p in ("offset", "stride")
        )
        offset, stride = (draw(s, above).astype(np.int64) for s in streams)
        chosen = distinct_place(np.maximum(k, 0), offset, stride, size)
        return Raw(chosen, None if (k >= 0).all() else k >= 0)

    def pick_self(self, step: PickSelf) -> Raw:
        many = self.get(step.many).values if step.many else self.rows.number
        chosen = np.floor(self.word(step.column, "cell") * HALF_OPEN * many).astype(np.int64)
        valid = (many > 0) & (self.raw[step.present].values > 0)
        return Raw(chosen + self.get(step.first).values if step.first else chosen, valid)

    def beyond(self, step: Beyond) -> Raw:
        if self.parents is None:
            raise KeyError(step.alias)
        share = self.word(step.column, "cell") * HALF_OPEN
        at = np.floor(share * step.spread).astype(np.int64)
        return Raw(self.parents.size(step.alias) + at, self.present(step.present))

    def override(self, step: Override) -> Raw:
        return step.apply(self.raw[step.column], self.rows.number)


_DO: dict[type, Callable[[_State, Any], Raw]] = {
    Draw: _State.draw,
    Number: _State.number,
    Constant: _State.constant,
    Random: _State.random,
    Copy: _State.copy,
    Digit: _State.digit,
    Sibling: _State.sibling,
    Stratum: _State.stratum,
    Pick: _State.pick,
    PickDistinct: _State.pick_distinct,
    PickSelf: _State.pick_self,
    Beyond: _State.beyond,
    Lookup: _State.lookup,
    Formula: _State.formula,
    Part: _State.part,
    Following: _State.following,
    Either: _State.either,
    Override: _State.override,
}

STRIDES = (1000003, 1000033, 1000037, 1000039, 1000081, 1000099, 1000117, 1000121)
"""Primes; of any two neighbours one divides no size below 10**12: it walks through all places."""


def distinct_place(k: np.ndarray, offset: np.ndarray, stride: np.ndarray, size: int) -> np.ndarray:
    """Place k of a permutation of ``size`` places: (offset + k · prime) mod size.

    ``stride`` picks the prime.
    """
    fitting = np.array([p for p in STRIDES if size % p], np.int64)
    return np.asarray((offset + k * fitting[stride % len(fitting)]) % max(size, 1))
