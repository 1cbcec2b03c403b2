"""Patterns: text made from numbers, never copied.

A pattern is a mixture of *shapes*; a shape is literal text between runs of symbols, so all its
texts have the same number of characters. A text is written in two ways, both as arithmetic on
integers below 2**63, in numpy (`pattern_numpy`) and in SQL (`pattern_sql`):

- of a row number: different numbers give different texts. The residue of the number modulo 1024
  picks the shape, what is left counts inside the shape; that count is scattered over the shape's
  texts by a two-sided Feistel step. Past the last text of a shape, ``count // capacity`` is
  appended.
- of random words: one word picks the shape by weight, the others its symbols.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from genesis_sql.errors import ModelFormatError
from genesis_sql.program.scatter import HALF, constants
from genesis_sql.program.scatter import IntegerKey as IntegerKey

WORD = 2**32
SHARES = 1024
"""Residues of the row number that the shapes divide among themselves."""
STRIDE = 421
"""Odd, so that residues of neighbouring rows fall into different shapes."""
DRAWN = 2**24
"""Largest capacity of a block of symbols taken out of one random word."""
SHAPES, CHARACTERS, SYMBOLS = 64, 4096, 256
"""Limits of a pattern, a shape and a run."""
KINDS = ("identifier", "text", "uuid")
DIGITS, HEX = "0123456789", "0123456789abcdef"
MARKS = "-_.~#/+:;=!*"
"""What may stand between a used up text and its number, the first that no shape holds."""


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ModelFormatError(message)


@lru_cache(maxsize=1024)
def _symbols(alphabet: str, width: int) -> tuple[str, ...]:
    return tuple(alphabet[i : i + width] for i in range(0, len(alphabet), width))


@dataclass(frozen=True)
class Run:
    """``length`` symbols of an alphabet; a symbol is ``width`` characters of it."""

    alphabet: str
    length: int = 1
    width: int = 1

    def __post_init__(self) -> None:
        _require(
            isinstance(self.alphabet, str) and self.alphabet, "a run of a pattern has no alphabet"
        )
        whole = isinstance(self.length, int) and isinstance(self.width, int)
        _require(whole and min(self.width, self.length) > 0, "a run of a pattern has no length")
        _require(
            len(self.alphabet) % self.width == 0, "an alphabet does not divide into its symbols"
        )
        _require(self.size <= SYMBOLS, f"an alphabet has more than {SYMBOLS} symbols")
        _require(len(set(self.symbols)) == self.size, "an alphabet has a symbol twice")
        _require("\0" not in self.alphabet, "an alphabet has the character NUL")

    @property
    def size(self) -> int:
        """Number of symbols."""
        return len(self.alphabet) // self.width

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in order."""
        return _symbols(self.alphabet, self.width)


@dataclass(frozen=True)
class Shape:
    """Literal text and runs, one after the other."""

    parts: tuple[str | Run, ...]

    def __post_init__(self) -> None:
        _require(
            all(isinstance(p, str | Run) for p in self.parts), "a shape holds text and runs only"
        )
        _require(
            not any("\0" in p for p in self.parts if isinstance(p, str)),
            "a shape has the character NUL",
        )
        _require(self.characters <= CHARACTERS, f"a shape is longer than {CHARACTERS} characters")

    @property
    def characters(self) -> int:
        """Characters of each of its texts."""
        return sum(len(p) if isinstance(p, str) else p.length * p.width for p in self.parts)

    @property
    def capacity(self) -> int:
        """Number of different texts."""
        return math.prod(p.size**p.length for p in self.parts if isinstance(p, Run))

    @property
    def slots(self) -> tuple[Run, ...]:
        """The run of each symbol in order."""
        return tuple(p for p in self.parts if isinstance(p, Run) for _ in range(p.length))


@dataclass(frozen=True)
class Counter:
    """A key that counts up: prefix, start + step · number in at least ``width`` digits, suffix."""

    start: int
    step: int = 1
    width: int = 0
    prefix: str = ""
    suffix: str = ""

    def __post_init__(self) -> None:
        whole = all(isinstance(v, int) for v in (self.start, self.step, self.width))
        _require(
            whole and 0 <= self.start < 2**62 and 0 < self.step < 2**31,
            "a counter starts or steps out of range",
        )
        _require(0 <= self.width <= 18, "a counter has 0 to 18 digits")
        _require(len(self.prefix) + len(self.suffix) <= CHARACTERS, "a counter's text is too long")
        _require("\0" not in self.prefix + self.suffix, "a counter has the character NUL")


@dataclass(frozen=True)
class Pattern:
    """What the texts of a column look like.

    Attributes:
        kind: 'identifier', 'text' or 'uuid' (random words then make a UUID of version 4).
        shapes: at most 64.
        weights: rows of each shape; their sum stays below 2**31.
        counter: how unique texts count up; None where they are scattered.
        salt: another salt scatters row numbers differently.
    """

    kind: str
    shapes: tuple[Shape, ...]
    weights: tuple[int, ...]
    counter: Counter | None = None
    salt: int = 0

    def __post_init__(self) -> None:
        _require(
            self.kind in KINDS, f"a pattern's kind is one of {', '.join(KINDS)}, not '{self.kind}'"
        )
        _require(0 < len(self.shapes) <= SHAPES, f"a pattern has 1 to {SHAPES} shapes")
        _require(len(self.weights) == len(self.shapes), "a pattern has a weight for each shape")
        _require(
            all(isinstance(w, int) and w > 0 for w in self.weights), "a weight is a positive number"
        )
        _require(sum(self.weights) < 2**31, "the weights of a pattern add up to 2**31 or more")
        _require(self.kind != "uuid" or self.shapes == (UUID,), "a uuid has one fixed shape")

    @property
    def words_needed(self) -> int:
        """Random words that `render` takes for each row."""
        if self.kind == "uuid":
            return 4
        return max(1, (len(self.shapes) > 1) + content_words(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them."""
        return {
            "kind": self.kind,
            "shapes": [[_plain_part(p) for p in s.parts] for s in self.shapes],
            "weights": list(self.weights),
            "counter": None if self.counter is None else dict(vars(self.counter)),
            "salt": self.salt,
        }

    @staticmethod
    def from_dict(plain: Mapping[str, Any]) -> Pattern:
        """The pattern of `to_dict`'s values, checked.

        Example:
            >>> p = Pattern("identifier", (Shape(("A-", Run("0123456789", 4))),), (100,))
            >>> Pattern.from_dict(p.to_dict()) == p
            True
        """
        try:
            shapes = tuple(
                Shape(tuple(p if isinstance(p, str) else Run(*p) for p in s))
                for s in plain["shapes"]
            )
            counter = None if plain["counter"] is None else Counter(**plain["counter"])
            return Pattern(
                plain["kind"], shapes, tuple(plain["weights"]), counter, int(plain["salt"])
            )
        except (KeyError, TypeError, IndexError) as error:
            message = f"a stored pattern cannot be read: {error}"
            raise ModelFormatError(message) from error


def _plain_part(part: str | Run) -> str | list[Any]:
    return part if isinstance(part, str) else [part.alphabet, part.length, part.width]


UUID = Shape(
    (
        Run(HEX, 8),
        "-",
        Run(HEX, 4),
        "-4",
        Run(HEX, 3),
        "-",
        Run("89ab"),
        Run(HEX, 3),
        "-",
        Run(HEX, 12),
    )
)


@dataclass(frozen=True)
class Block:
    """Slots [first, stop) of a shape: the digits of one number below ``capacity``."""

    first: int
    stop: int
    capacity: int


_CUTS = (0, 4, 8, 12, 15, 19, 23, 27, 31)
UUID_BLOCKS = tuple(Block(a, b, 2**14 if a == 15 else 16 ** (b - a)) for a, b in pairwise(_CUTS))
"""The halves of four words fill these; two of them lose the bits that version and variant take."""


def _greedy(sizes: list[int], first: int, limit: int) -> Block:
    stop, capacity = first, 1
    while stop < len(sizes) and capacity * sizes[stop] <= limit:
        capacity *= sizes[stop]
        stop += 1
    return Block(first, stop, capacity)


def _blocks(sizes: list[int]) -> tuple[Block, ...]:
    blocks, at = list[Block](), 0
    while at < len(sizes):
        blocks.append(_greedy(sizes, at, DRAWN))
        at = blocks[-1].stop
    return tuple(blocks)


@lru_cache(maxsize=1024)
def draw_blocks(shape: Shape) -> tuple[Block, ...]:
    """Blocks of at most 2**24 texts each, for random words."""
    return _blocks([s.size for s in shape.slots])


@lru_cache(maxsize=1024)
def key_blocks(shape: Shape) -> tuple[Block, ...]:
    """Blocks for row numbers: the last two hold its high and low half, those before only fill."""
    sizes = [s.size for s in shape.slots]
    n = len(sizes)
    if shape.capacity <= HALF**2:
        cuts = [(math.prod(sizes[:c]), math.prod(sizes[c:]), c) for c in range(n + 1)]
        fitting = [(max(a, b), a, b, c) for a, b, c in cuts if max(a, b) <= HALF]
        if fitting:
            _, high, low, cut = min(fitting)
            return Block(0, cut, high), Block(cut, n, low)
    back = _greedy(sizes[::-1], 0, HALF)
    front = _greedy(sizes[::-1], back.stop, HALF)
    high, low = n - front.stop, n - back.stop
    return (*_blocks(sizes[:high]), Block(high, low, front.capacity), Block(low, n, back.capacity))


@lru_cache(maxsize=1024)
def content_words(pattern: Pattern) -> int:
    """Words that fill a shape: one per block, for long shapes three, mixed for further blocks."""
    return min(3, max(len(draw_blocks(s)) for s in pattern.shapes))


@dataclass(frozen=True)
class Share:
    """The residues [first, first + count) of the row number, which make texts of this shape."""

    shape: Shape
    first: int
    count: int


def _letters(shape: Shape) -> list[frozenset[str]]:
    """The characters that can stand at each place of a shape."""
    out: list[frozenset[str]] = []
    for part in shape.parts:
        if isinstance(part, str):
            out += [frozenset(c) for c in part]
        else:
            out += [
                frozenset(part.alphabet[k :: part.width]) for k in range(part.width)
            ] * part.length
    return out


def _disjoint(one: Shape, other: Shape) -> bool:
    """No text belongs to both."""
    if one.characters != other.characters:
        return True
    return any(a.isdisjoint(b) for a, b in zip(_letters(one), _letters(other), strict=True))


@lru_cache(maxsize=1024)
def unique_shares(pattern: Pattern) -> tuple[Share, ...]:
    """The shapes that make unique texts, and the residues of each.

    The commonest come first, at most 16; a shape that overlaps with one before, or has fewer texts
    than the source had rows of it, is left out.
    """
    order = sorted(range(len(pattern.shapes)), key=lambda k: -pattern.weights[k])
    roomy = [k for k in order if pattern.shapes[k].capacity >= pattern.weights[k]]
    largest = max(order, key=lambda k: pattern.shapes[k].capacity)
    kept: list[int] = []
    for k in roomy or [largest]:
        if len(kept) < 16 and all(_disjoint(pattern.shapes[k], pattern.shapes[j]) for j in kept):
            kept.append(k)
    total, before, shares = sum(pattern.weights[k] for k in kept), 0, list[Share]()
    for at, k in enumerate(kept):
        before += pattern.weights[k]
        stop = max(before * (SHARES - len(kept)) // total + at + 1, 1)  # at least one residue each
        first = shares[-1].first + shares[-1].count if shares else 0
        shares.append(Share(pattern.shapes[k], first, stop - first))
    return tuple(shares)


@lru_cache(maxsize=1024)
def overflow_mark(pattern: Pattern) -> str:
    """What stands before ``count // capacity``: nothing where lengths tell the texts apart."""
    shares = unique_shares(pattern)
    if len(shares) == 1:
        return ""
    used = {c for share in shares for letters in _letters(share.shape) for c in letters}
    return next(c for c in MARKS + "".join(map(chr, range(0xA1, 0x2000))) if c not in used)


def fill_constants(salt: int, block: int) -> tuple[int, ...]:
    """Constants of a block that does not hold the row number but must look as if it did."""
    return constants(salt, f"fill {block}", 3)


def residues(pattern: Pattern) -> int:
    """What is added to 421 times the row number before the shape is picked modulo 1024."""
    return constants(pattern.salt, "residue", 1)[0] % SHARES


def mix_constants(block: int) -> tuple[int, ...]:
    """Constants that make a further word out of two."""
    return constants(0, f"mix {block}", 3)
