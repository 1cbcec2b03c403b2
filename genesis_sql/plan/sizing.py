"""How many rows the tables of one spec have, and how many children each parent."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

import numpy as np

from genesis_sql.errors import ModelNotFoundError, OptionError, nearest
from genesis_sql.plan.definition import Model, parent_of
from genesis_sql.plan.family import BlockedFamily, Family
from genesis_sql.plan.open_keys import OpenKey, open_keys
from genesis_sql.plan.required import matches
from genesis_sql.plan.room import Room, type_room
from genesis_sql.plan.spec import Spec
from genesis_sql.program.domain import Categories, Key, Raw
from genesis_sql.program.draw import draw
from genesis_sql.program.execute import Identity
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.steps import (
    PARENT,
    Digit,
    Formula,
    MainParent,
    Pick,
    PickDistinct,
    Program,
    Stratum,
)

MOST_ROWS = 10**12  # of a table at any scale
MOST_PARENTS = 10**8  # where their children are counted, which takes a second for a million
IN_BLOCKS = 10**6  # parents from which on the counts of a block are kept at a time
MOST_DRAWN = 3 * 10**9  # rows that can be shared out anew: their square stays below 2**63
MANY = 2**31  # children of one parent, where no key sets a bound
COUNT_BLOCK = 65_536  # parents whose counts are drawn, and kept, at a time


class Draws(Protocol):
    """What sizes are drawn with."""

    model: Model
    spec: Spec
    identity: Identity

    def raw(self, table: str, numbers: np.ndarray, wanted: Iterable[str]) -> dict[str, Raw]:
        """Raw columns of rows by number."""
        ...

    def members(self, program: Program, step: Pick) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that a choice is made from."""
        ...

    def can_have_children(self, program: Program, source: str, numbers: np.ndarray) -> np.ndarray:
        """Whether rows of a parent can have a child, as far as its other parents are concerned."""
        ...


class Sizing:
    """The sizes of one spec; ``before`` has those of the segments before its last one."""

    def __init__(self, sampler: Draws, lock: threading.RLock, before: Sizing | None = None) -> None:
        self.sampler, self.before = sampler, before
        self.sizes = sampler.spec.sizes[-1]
        self._lock = lock  # the sampler's: each asks the other
        self._families: dict[str, Family | BlockedFamily] = {}
        self._open: dict[str, tuple[OpenKey, ...]] = {}
        self._types: dict[str, Room] = {}

    def size(self, table: str) -> int:
        """Rows of a table.

        Raises:
            OptionError: there are too many.
        """
        model = self.sampler.model
        if table in model.verbatim:
            return int(model.verbatim[table].num_rows)
        program = model.programs[table]
        if program.main is None:
            return self._typed(table, self._roots(program))
        return self._typed(table, self.family(table).rows)

    def _typed(self, table: str, rows: int) -> int:
        """The rows, where the types of its keys have room for them."""
        if table not in self._types:
            self._types[table] = type_room(self.sampler.model, table)
        room = self._types[table]
        why = f", whose key '{room.column}' is of type {room.type}"
        return self._allowed(table, rows, room.rows, why)

    def first(self, table: str) -> int:
        """The first row of the last segment."""
        return 0 if self.before is None else self.before.size(table)

    def _roots(self, program: Program) -> int:
        table, first, most = program.table, self.first(program.table), most_rows(program)
        why = "its key is made of labels, and there are no more combinations of them"
        room, because = self._room(table)
        if room < min(most, MANY):
            most, why = room, because
        exact = self.sizes.exact(table)
        if exact is not None and first + exact > most:
            message = (
                f"rows asks for {exact:,} rows of table '{table}', which can have "
                f"{max(most - first, 0):,}: {why}; ask for fewer"
            )
            raise OptionError(message)
        more = round(self.sizes.scale * program.rows) if exact is None else exact
        if not more and exact is None and self._needed(table):
            more = 1
        return self._allowed(table, min(first + more, most))

    def _allowed(self, table: str, rows: int, most: int = MOST_ROWS, why: str = "") -> int:
        if rows > most:
            message = (
                f"scale := {self.sizes.scale:g} makes {rows:,} rows of table '{table}'{why}, "
                f"more than {most:,}; take a smaller scale"
            )
            if self.sizes.exact(table) is not None:
                message = (
                    f"table '{table}' would have {rows:,} rows{why}, more than {most:,}; ask for "
                    "fewer in rows"
                )
            raise OptionError(message)
        return rows

    def family(self, table: str) -> Family | BlockedFamily:
        """The children of all rows of the main parent."""
        with self._lock:
            if table not in self._families:
                self._families[table] = self._family(table)
            return self._families[table]

    def _family(self, table: str) -> Family | BlockedFamily:
        main = main_of(self.sampler.model, table)
        parent = main.link.parent
        stop = self._allowed(parent, self.size(parent), MOST_PARENTS, ", which has children")
        first = self.first(parent)
        exact = self.sizes.exact(table)
        room, why = self._room(table)
        if stop > IN_BLOCKS and exact is None and room >= MANY and self.before is None:
            blocks = BlockedFamily(stop, COUNT_BLOCK, partial(self._drawn, table, main))
            if blocks.rows:
                return blocks
        counts, loose = self._drawn(table, main, first, stop)
        left = max(room - self.first(table), 0)
        if exact is not None and room < MANY and exact > left:
            message = (
                f"rows asks for {exact:,} rows of table '{table}', which can have {left:,}: {why}; "
                "ask for fewer"
            )
            raise OptionError(message)
        self._check_fixed(table, main, exact, int(counts.sum()))
        if exact is None and room < MANY and int(counts.sum() + loose.sum()) > left:
            exact = left
        if exact is None and not counts.any() and not loose.any() and self._needed(table):
            exact = 1
        if exact is not None:
            counts, loose = self._fitted(table, np.arange(first, stop), counts, loose, exact)
        ends = np.cumsum(counts + loose)
        if self.before is None:
            return Family(ends, counts)
        old = self.before.family(table)
        if isinstance(old, BlockedFamily):
            old = self.before._whole(table)
        since = old.ends[-1] if len(old.ends) else 0
        return Family(np.r_[old.ends, since + ends], np.r_[old.counts, counts])

    def _whole(self, table: str) -> Family:
        """The children of all parents at once, where the sizes behind need them."""
        main = main_of(self.sampler.model, table)
        counts, loose = self._drawn(table, main, 0, self.size(main.link.parent))
        return Family(np.cumsum(counts + loose), counts)

    def _check_fixed(self, table: str, main: MainParent, exact: int | None, counted: int) -> None:
        """Refuse other rows than the parents' columns say, each of which stands for one row."""
        parent = main.link.parent
        steps = self.sampler.model.programs[parent].steps
        fixed = any(isinstance(s, Formula) and s.column == main.count for s in steps)
        if fixed and exact is not None and exact != counted:
            message = (
                f"rows asks for {exact:,} rows of table '{table}', and columns of '{parent}' say "
                f"that there are {counted:,}; ask for rows of '{parent}' only"
            )
            raise OptionError(message)

    def _drawn(
        self, table: str, main: MainParent, first: int, stop: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Children of the parents from ``first`` on, and the rows without parent behind each."""
        most = self.most(table)
        counts, loose = np.zeros((2, stop - first), np.int64)
        for at in range(first, stop, COUNT_BLOCK):
            numbers = np.arange(at, min(at + COUNT_BLOCK, stop), dtype=np.int64)
            block = slice(at - first, at - first + len(numbers))
            drawn = self.sampler.raw(main.link.parent, numbers, [main.count])[main.count]
            counts[block] = np.minimum(positive(drawn), most)
            counts[block] *= self.sampler.can_have_children(
                self.sampler.model.programs[table], PARENT, numbers
            )
            loose[block] = loose_rows(main, numbers)
        return counts, loose

    def most(self, table: str) -> int:
        """The most children a parent can have: what keeps a composite key unique must suffice."""
        model = self.sampler.model
        program = model.programs[table]
        links = {link.alias: link.parent for link in program.links}
        limits = [self._combinations(table, key) for key in self._keys(table) if key.of_parent]
        limits += [self.size(links[s.alias]) for s in program.steps if isinstance(s, PickDistinct)]
        limits += [len(s.values) for s in program.steps if isinstance(s, Stratum)]
        return min([MANY, *limits, *([1] if only_child(model, table) else [])])

    # keys that allow no more than so many rows

    def _keys(self, table: str) -> tuple[OpenKey, ...]:
        if table not in self._open:
            held = self.sampler.spec.conditioned(table)
            self._open[table] = open_keys(self.sampler.model, table, held)
        return self._open[table]

    def _combinations(self, table: str, key: OpenKey) -> int:
        """Different values of a key, beside the main parent's row, as far as they are bounded."""
        model, out = self.sampler.model, 1
        for piece in key.pieces:
            if piece.name == PARENT:
                continue
            if piece.missing or not piece.free or piece.counts:
                return MANY
            parent = parent_of(model.programs[table], piece.choice.alias) if piece.choice else None
            if parent is not None and model.order.index(parent) >= model.order.index(table):
                return MANY
            out = min(MANY, out * (piece.labels if parent is None else self.size(parent)))
        return out

    def _room(self, table: str) -> tuple[int, str]:
        """The most rows that the keys of a table allow (MANY: no bound), and why no more."""
        empty = self._required_and_empty(table)
        if empty is not None:
            return 0, f"every row needs one of '{empty}', which has none for it"
        keys = [key for key in self._keys(table) if not key.of_parent]
        room = [(self._combinations(table, key), ", ".join(key.columns)) for key in keys]
        most, columns = min(room, default=(MANY, ""))
        texts, column = text_room(self.sampler.model.programs[table])
        if texts < most:
            return texts, f"there are no more texts of the shape of '{column}'"
        return most, f"its key ({columns}) has no more values"

    def _needed(self, table: str) -> bool:
        """Whether rows are asked for of a table that can have none without this one."""
        model = self.sampler.model
        for name, program in model.programs.items():
            parents = {match.link.parent for match in matches(model, program)}
            parents |= {program.main.link.parent} if program.main else set()
            exact = self.sizes.exact(name)
            if name == table or table not in parents or not program.rows or exact == 0:
                continue
            if exact or self._needed(name):
                return True
        return False

    def _required_and_empty(self, table: str) -> str | None:
        """A further parent that no row of the table can do without and that has none for it."""
        for match in matches(self.sampler.model, self.sampler.model.programs[table]):
            members, _, _ = self.sampler.members(self.sampler.model.programs[table], match.step)
            if not len(members):
                return match.link.parent
        return None

    # exact numbers of rows

    def _fitted(
        self,
        table: str,
        numbers: np.ndarray,
        counts: np.ndarray,
        loose: np.ndarray,
        wanted: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Children of each parent, and rows without parent behind it, ``wanted`` in all."""
        main, most = main_of(self.sampler.model, table), self.most(table)
        if main.loose and not loose.any():
            loose = np.ones(len(numbers), np.int64)
        drawn = int(counts.sum() + loose.sum())
        self._allowed(table, drawn, MOST_DRAWN)
        alone = wanted * int(loose.sum()) // max(drawn, 1)
        order = np.argsort(
            draw(self.sampler.identity.stream(table, "#rows", "order"), numbers), kind="stable"
        )
        program = self.sampler.model.programs[table]
        limit = most * self.sampler.can_have_children(program, PARENT, numbers)
        children, left = share_out(counts, wanted - alone, limit, order)
        if left and not loose.any():
            raise OptionError(self._too_many(table, main.link.parent, limit, most, wanted))
        return children, in_proportion(loose, alone + left)

    def _too_many(self, table: str, parent: str, limit: np.ndarray, most: int, wanted: int) -> str:
        parents = int(np.count_nonzero(limit))
        asked = f"rows asks for {wanted:,} rows of table '{table}', which can have"
        if len(limit) and not parents:
            return f"{asked} none, for no row of '{parent}' agrees with one of its other parents"
        if parents == 0:
            new = "" if self.before is None else "new "
            return f"{asked} none, for its parent '{parent}' has no {new}rows; give that some"
        return (
            f"{asked} at most {parents * most:,}: each of the {parents:,} rows of '{parent}' can "
            f"have {most:,} without breaking a key; ask for fewer, or for more rows of '{parent}'"
        )


def share_out(
    counts: np.ndarray, wanted: int, most: int | np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, int]:
    """Numbers in proportion to counts, none above ``most``, and how many could not be placed.

    Zero stays zero as long as the others have room. ``order`` says who comes first when remainders
    are given out.

    Example:
        >>> share_out(np.array([1, 0, 2, 1]), 8, 3, np.arange(4))
        (array([2, 0, 3, 3]), 0)
    """
    out, left = np.zeros(len(counts), np.int64), wanted
    most = np.broadcast_to(most, counts.shape)[order]
    for weight in (counts[order], (counts[order] == 0).astype(np.int64)):
        while left and weight.any():
            more = np.minimum(in_proportion(weight, left), most - out)
            out += more
            left -= int(more.sum())
            weight = np.where(out < most, weight, 0)
    placed = np.empty(len(counts), np.int64)
    placed[order] = out
    return placed, left


def in_proportion(weight: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers that add up to ``total``, in proportion to weights.

    Example:
        >>> in_proportion(np.array([1, 0, 2]), 5)
        array([1, 0, 4])
    """
    running = np.cumsum(weight)
    whole, rest = divmod(total, max(int(running[-1]), 1) if len(running) else 1)
    if not len(running) or not running[-1]:
        return np.zeros(len(weight), np.int64)
    return np.diff(running * whole + running * rest // running[-1], prepend=0)


def check_rows(model: Model, rows: Mapping[str, int]) -> dict[str, int]:
    """The rows asked for by table, names as the model spells them.

    Raises:
        ModelNotFoundError: the model has no such table.
        OptionError: a table cannot have that many.
    """
    out: dict[str, int] = {}
    for given, count in rows.items():
        same = [n for n in model.visible if n == given]
        same = same or [n for n in model.visible if n.lower() == given.lower()]
        if len(same) != 1:
            message = f"rows names a table '{given}' that is not in model '{model.name}'"
            raise ModelNotFoundError(message + nearest(given, model.visible))
        if same[0] in out:
            message = f"rows names table '{same[0]}' twice; give it one number"
            raise OptionError(message)
        out[same[0]] = _possible(model, same[0], count)
    return out


def _possible(model: Model, table: str, count: int) -> int:
    if table in model.verbatim:
        held = model.verbatim[table].num_rows
        message = f"table '{table}' is copied with its {held:,} rows; leave it out of rows"
    elif count < 0:
        message = f"rows asks for {count:,} rows of table '{table}'; give a number from 0"
    elif count > MOST_ROWS:
        message = f"rows asks for {count:,} rows of table '{table}', more than {MOST_ROWS:,}"
    elif count > (room := type_room(model, table)).rows:
        message = (
            f"rows asks for {count:,} rows of table '{table}', which can have {room.rows:,}: "
            f"{room.why}; ask for fewer"
        )
    elif count and model.programs[table].rows == 0:
        message = (
            f"table '{table}' was empty when it was fitted, so that it cannot have {count:,} rows; "
            "leave it out of rows"
        )
    else:
        return count
    raise OptionError(message)


def main_of(model: Model, table: str) -> MainParent:
    """The main parent of a child table."""
    main = model.programs[table].main
    if main is None:
        raise KeyError(table)
    return main


def only_child(model: Model, table: str) -> bool:
    """Whether a key of the table lies inside its reference to the main parent (1 : 0..1)."""
    columns = set(main_of(model, table).link.columns)
    nodes = [t for t in model.graph.tables if t.name == table]
    return any(k and set(k) <= columns for t in nodes for k in (t.primary_key, *t.unique_keys))


def most_rows(program: Program) -> int:
    """The rows that a key allows: one made of labels alone ends, others go on."""
    ends = [
        step.divisor * len(step.values)
        for step in program.steps
        if isinstance(step, Digit)
        and step.base == 0
        and step.values[-1] != 0  # beyond its labels it is NULL
        and isinstance(program.domains[step.column], Categories)
    ]
    return min(ends, default=2**62)


def text_room(program: Program) -> tuple[int, str]:
    """The most rows that the texts of its keys allow (MANY: no bound), and the column."""
    shapes = [
        (d.format.shapes[0].capacity, name)
        for name, d in program.domains.items()
        if isinstance(d, Key) and isinstance(d.format, Pattern) and d.format.kind == "text"
    ]
    return min(shapes, default=(MANY, ""))


def loose_rows(main: MainParent, numbers: np.ndarray) -> np.ndarray:
    """The rows without parent behind the children of each parent, by its number."""
    until, since = ((numbers + i) * main.loose // main.parents for i in (1, 0))
    return np.asarray(until - since)


def positive(raw: Raw) -> np.ndarray:
    """Counts and weights: 0 for NULL and below."""
    valid = np.ones(len(raw), bool) if raw.valid is None else raw.valid
    return np.maximum(np.where(valid, raw.values, 0).astype(np.int64), 0)
