"""The counter draw: a random 32-bit word as a pure function of a stream and a row address.

Integer operations only; every intermediate stays below 2**63 and nothing relies on overflow, so
that SQL engines without unsigned types compute the same. The mixer is the low-bias pair of
constants below 2**31 published in the hash-prospector list (Wellons, "Prospecting for Hash
Functions"). `python -m benchmarks draw` runs the battery.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol, cast

import numpy as np
from sqlglot import exp

M1, M2, GOLDEN = 0x21F0AAAD, 0x735A2D97, 1640531527
HIGH = M2  # what the upper half of an address is multiplied with before the first round
LOW, WORD = 2**31, 2**32
_MASK = np.uint64(WORD - 1)


@dataclass(frozen=True)
class Stream:
    """Two 32-bit keys that select one sequence of words."""

    a: int
    b: int


@dataclass(frozen=True)
class Held:
    """The keys of a stream that are known only when a statement runs: two columns with them."""

    a: str
    b: str


class Streams(Protocol):
    """What gives the keys of each purpose of a column."""

    def stream(self, table: str, column: str, purpose: str) -> Stream | Held:
        """The keys, or where they are found."""
        ...


def stream(seed: int, uuid: str, table: str, column: str, purpose: str) -> Stream:
    """The stream of one purpose of one column.

    It is blake2b of the five parts, each with its length in front.
    """
    digest = blake2b(digest_size=8)
    for part in (str(seed), uuid, table, column, purpose):
        digest.update(length_and(part))
    word = int.from_bytes(digest.digest(), "little")
    return Stream(word & 0xFFFFFFFF, word >> 32)


def length_and(part: str) -> bytes:
    """A text as it stands in the message: its length in 8 bytes, the lowest first, then itself."""
    raw = part.encode()
    return len(raw).to_bytes(8, "little") + raw


def _mix(x: np.ndarray) -> np.ndarray:
    x = x ^ (x >> np.uint64(16))
    x = (x * np.uint64(M1)) & _MASK
    x = x ^ (x >> np.uint64(15))
    x = (x * np.uint64(M2)) & _MASK
    return x ^ (x >> np.uint64(15))


def draw(keys: Stream, rows: np.ndarray) -> np.ndarray:
    """Words of the rows: uint32 of the shape of ``rows`` (integers, 0 ≤ row < 2**62).

    Example:
        >>> few, many = draw(Stream(1, 2), np.arange(3)), draw(Stream(1, 2), np.arange(5))
        >>> few.tolist() == many[:3].tolist()
        True
    """
    row = np.asarray(rows).astype(np.uint64)
    low, high = row & np.uint64(LOW - 1), row >> np.uint64(31)
    first = ((low ^ np.uint64(keys.a)) + high * np.uint64(HIGH)) & _MASK
    return _two_rounds(first, high * np.uint64(GOLDEN) + np.uint64(keys.b)).astype(np.uint32)


def _two_rounds(x: np.ndarray, added: np.ndarray) -> np.ndarray:
    return _mix((_mix(x) + added) & _MASK)


def address(keys: tuple[Stream, Stream], parents: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Address of the k-th child of a parent, out of the parent's address: int64 below 2**62.

    Two words of the parent are the two keys of a stream over k, once in each order.
    """
    a, b = (draw(key, parents).astype(np.uint64) for key in keys)
    at = np.asarray(k).astype(np.uint64)
    low, high = (_two_rounds(at ^ x, y) >> np.uint64(1) for x, y in ((a, b), (b, a)))
    return (high << np.uint64(31) | low).astype(np.int64)


def number(value: int) -> exp.Expression:
    """A BIGINT literal node."""
    return exp.cast(exp.Literal.number(value), "BIGINT")


def _key(value: int | str) -> exp.Expression:
    """A key: itself, or the column that holds it."""
    return number(value) if isinstance(value, int) else exp.column(value, quoted=True)


def _paren(node: exp.Expression) -> exp.Expression:
    return (
        node
        if isinstance(node, exp.Column | exp.Literal | exp.Paren | exp.Cast | exp.Func)
        else exp.paren(node, copy=False)
    )


def binary(kind: type[exp.Binary], left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """A binary node with both sides in brackets where they need them."""
    return cast(exp.Expression, kind(this=_paren(left), expression=_paren(right)))


def _steps_sql(x: str, name: str) -> list[tuple[str, exp.Expression]]:
    """The mixer as named columns, each a function of the one before."""
    out: list[tuple[str, exp.Expression]] = []

    def column(n: str) -> exp.Expression:
        return exp.column(n, quoted=True)

    def put(node: exp.Expression) -> str:
        out.append((f"{name}{len(out)}", node))
        return out[-1][0]

    def shift_xor(n: str, bits: int) -> str:
        return put(
            binary(exp.BitwiseXor, column(n), binary(exp.IntDiv, column(n), number(2**bits)))
        )

    x = shift_xor(x, 16)
    x = put(binary(exp.Mod, binary(exp.Mul, column(x), number(M1)), number(WORD)))
    x = shift_xor(x, 15)
    x = put(binary(exp.Mod, binary(exp.Mul, column(x), number(M2)), number(WORD)))
    shift_xor(x, 15)
    return out


def draw_columns(
    keys: Stream | Held, row: str, name: str, *, low: bool = False, mixed: str | None = None
) -> list[tuple[str, exp.Expression]]:
    """SQL of one draw as a chain of named columns.

    The last one is the word (BIGINT, 0 ≤ word < 2**32).

    Args:
        keys: the stream.
        row: name of the column that holds the row address.
        name: prefix of the columns made.
        low: whether all addresses are below `LOW`: their upper half is 0.
        mixed: name of the column that holds `folded` of these, which all streams begin with.
    """
    source = exp.column(row, quoted=True)
    if low and mixed is not None and isinstance(keys, Stream):
        known = number(keys.a ^ keys.a >> 16)
        first = binary(exp.BitwiseXor, exp.column(mixed, quoted=True), known)
        _, (begin, _), *others = round_columns(source, _key(keys.b), name)
        return [(begin, first), *others]
    if low:
        return round_columns(binary(exp.BitwiseXor, source, _key(keys.a)), _key(keys.b), name)
    upper = binary(exp.IntDiv, source, number(LOW))
    lower = binary(exp.BitwiseXor, binary(exp.Mod, source.copy(), number(LOW)), _key(keys.a))
    first = binary(exp.Add, lower, binary(exp.Mul, upper, number(HIGH)))
    added = binary(exp.Add, binary(exp.Mul, upper.copy(), number(GOLDEN)), _key(keys.b))
    return round_columns(binary(exp.Mod, first, number(WORD)), added, name)


def folded(row: str) -> exp.Expression:
    """SQL of an address below `LOW`, a column, and its upper half, joined as the mixer begins."""
    source = exp.column(row, quoted=True)
    return binary(exp.BitwiseXor, source, binary(exp.IntDiv, source.copy(), number(2**16)))


def round_columns(
    first: exp.Expression, added: exp.Expression, name: str
) -> list[tuple[str, exp.Expression]]:
    """SQL of the two rounds: mix(mix(first) + added), as a chain of named columns."""
    inner = _steps_sql(f"{name}l", f"{name}i")
    joined = binary(exp.Add, exp.column(inner[-1][0], quoted=True), added)
    outer = (f"{name}j", binary(exp.Mod, joined, number(WORD)))
    return [(f"{name}l", first), *inner, outer, *_steps_sql(outer[0], f"{name}o")]


def inline(columns: Iterable[tuple[str, exp.Expression]]) -> exp.Expression:
    """Substitute a chain of named columns into its last one."""
    known: dict[str, exp.Expression] = {}
    last: exp.Expression = exp.null()
    for name, node in columns:
        last = node.transform(
            lambda n: (
                exp.paren(known[n.name].copy())
                if isinstance(n, exp.Column) and n.name in known
                else n
            )
        )
        known[name] = last
    return last
