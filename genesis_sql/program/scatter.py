"""Scattered numbers: bijections of row numbers that show no order, and integer keys made of them.

Arithmetic on integers below 2**63 only, so that `pattern_sql` says the same in SQL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from genesis_sql.errors import ModelFormatError, OptionError

PRIME, PRIME2 = 2147483647, 2147483629
"""The two largest primes below 2**31: products of two remainders stay below 2**62."""
HALF = 2**30
"""Largest half of a number that is scattered."""


def constants(salt: int, purpose: str, count: int) -> tuple[int, ...]:
    """Odd numbers in [2**28, 2**29) that depend on nothing but the arguments."""
    raw = blake2b(f"{salt} {purpose}".encode(), digest_size=4 * count).digest()
    words = (int.from_bytes(raw[4 * i : 4 * i + 4], "little") for i in range(count))
    return tuple(2**28 + w % 2**28 | 1 for w in words)


@dataclass(frozen=True)
class Scatter:
    """A bijection of [0, high · low), both at most 2**30, that leaves no order to be seen.

    With i = left · low + right:
    left' = (left + (right + s)(right + t) mod p · c mod p') mod high,
    right' = (right · multiplier + (left' + a)(left' + b) mod p · d mod p') mod low.
    """

    high: int
    low: int
    multiplier: int
    s: int
    t: int
    c: int
    a: int
    b: int
    d: int

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(high: int, low: int, salt: int) -> Scatter:
        """The bijection of a salt; the multiplier is coprime to low, near its golden section."""
        golden = max(1, round(low * 0.6180339887498949))
        multiplier = next(m for m in range(golden, 2 * low + 2) if math.gcd(m, low) == 1)
        return Scatter(high, low, multiplier % low or 1, *constants(salt, "scatter", 6))


def row_numbers(numbers: np.ndarray) -> np.ndarray:
    """The numbers as uint64; refuses negative ones."""
    at = np.asarray(numbers).astype(np.int64, copy=False)
    if len(at) and int(at.min()) < 0:
        message = "row numbers count from 0; a negative one was asked for"
        raise OptionError(message)
    return at.astype(np.uint64)


def scatter(at: np.ndarray, how: Scatter) -> tuple[np.ndarray, np.ndarray]:
    """Both halves (uint64) of the scattered numbers."""
    high, low, p, p2 = (np.uint64(v) for v in (how.high, how.low, PRIME, PRIME2))
    s, t, c, a, b, d, m = (
        np.uint64(v) for v in (how.s, how.t, how.c, how.a, how.b, how.d, how.multiplier)
    )
    left = at // low
    right = at - left * low
    left = (left + (right + s) * (right + t) % p * c % p2) % high
    right = (right * m + (left + a) * (left + b) % p * d % p2) % low
    return left, right


@dataclass(frozen=True)
class IntegerKey:
    """Integers made of row numbers, a different one for each.

    Sequential: ``start + step · number``. Otherwise numbers below ``modulus`` = high · low are
    scattered over ``start + step · [0, modulus)``, and the others go on above as if sequential.
    """

    start: int
    step: int = 1
    high: int = 1
    low: int = 1
    sequential: bool = True
    salt: int = 0

    def __post_init__(self) -> None:
        fields = (self.start, self.step, self.high, self.low, self.salt)
        if not all(isinstance(v, int) for v in fields) or not 0 < self.step < 2**63:
            message = "an integer key has whole fields and a positive step"
            raise ModelFormatError(message)
        if not (0 < self.high <= HALF and 0 < self.low <= HALF):
            message = "an integer key scatters at most 2^60 numbers"
            raise ModelFormatError(message)
        if self.start < -(2**63) or self.start + self.step * (self.modulus - 1) >= 2**63:
            message = "an integer key leaves the range of BIGINT"
            raise ModelFormatError(message)

    @property
    def modulus(self) -> int:
        """Numbers below it are scattered."""
        return self.high * self.low

    @property
    def middle(self) -> tuple[int, int]:
        """A number and its key; counted from there, nothing passes 2**63 on the way."""
        half = self.modulus // 2
        return half, self.start + self.step * half

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them."""
        return dict(vars(self))

    @staticmethod
    def from_dict(plain: Mapping[str, Any]) -> IntegerKey:
        """The key of `to_dict`'s values, checked."""
        try:
            return IntegerKey(**plain)
        except TypeError as error:
            message = f"a stored key format cannot be read: {error}"
            raise ModelFormatError(message) from error

    def render(self, numbers: np.ndarray) -> np.ndarray:
        """The keys of row numbers, int64.

        Example:
            >>> IntegerKey(start=100, step=10).render(np.arange(3)).tolist()
            [100, 110, 120]
        """
        at = row_numbers(numbers)
        if (
            len(at)
            and self.start + self.step * int(at.max()) >= 2**63
            and int(at.max()) >= self.modulus
        ):
            message = f"row {int(at.max())} has no key left: the keys would pass 2^63 - 1"
            raise OptionError(message)
        if not self.sequential:
            left, right = scatter(
                np.minimum(at, np.uint64(self.modulus - 1)),
                Scatter.of(self.high, self.low, self.salt),
            )
            at = np.where(at < np.uint64(self.modulus), left * np.uint64(self.low) + right, at)
        half, key = self.middle
        return key + self.step * (at.astype(np.int64) - half)
