"""Exact noise from the operating system's secure source: discrete Laplace, discrete Gaussian.

The samplers are those of Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy"
(2020), algorithms 1 to 3, on whole arrays. Doubles only decide where their error cannot change the
answer: a uniform number of 64 bits that lies too near to a probability is compared with it again,
with more bits and more digits, until the two differ. So no result depends on rounding, and the
attacks on floating-point noise (Mironov 2012) find nothing.
"""

from __future__ import annotations

import os
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np

from genesis_sql.errors import OptionError

NEAR = 2.0**-40
"""Doubles tell a probability closer than this: 12 roundings of 2^-53 at most, of values up to 1."""
MOST_VARIANCE = 2**50
"""With it all products of whole numbers below stay exact in doubles."""


def words(n: int) -> np.ndarray:
    """Uniform 64-bit words of the operating system: uint64 of shape (n,)."""
    return np.frombuffer(os.urandom(8 * n), np.uint64)


def below(limit: int, n: int) -> np.ndarray:
    """Uniform whole numbers from 0 to ``limit`` - 1, without bias: int64 of shape (n,)."""
    if not 0 < limit < 2**63:
        message = f"a uniform number is drawn below {limit}; the limit lies between 1 and 2^63"
        raise ValueError(message)
    out = np.empty(n, np.int64)
    todo = np.arange(n)
    last = 2**64 - 2**64 % limit  # words from here on would favour the small numbers
    while len(todo):
        drawn = words(len(todo))
        good = np.ones(len(drawn), bool) if last == 2**64 else drawn < np.uint64(last)
        out[todo[good]] = (drawn[good] % np.uint64(limit)).astype(np.int64)
        todo = todo[~good]
    return out


def exp_coin(above: np.ndarray, under: int) -> np.ndarray:
    """Coins that fall with probability exp(-above / under), exactly: bool of shape (n,).

    Args:
        above: whole numbers ≥ 0 that a double holds exactly, float64 of shape (n,).
        under: a whole number > 0.
    """
    chance = np.exp(-(above / under))
    drawn = words(len(above))
    share = drawn.astype(np.float64) / 2.0**64
    out = share < chance
    for at in np.flatnonzero(np.abs(share - chance) <= NEAR):
        out[at] = _decided(int(drawn[at]), Fraction(int(above[at]), under))
    return np.asarray(out)


def _decided(drawn: int, rate: Fraction) -> bool:
    """Whether a uniform number that begins with these 64 bits lies below exp(-rate)."""
    if not rate:
        return True
    bits = 64
    while True:
        digits = 30 + bits // 3
        with localcontext() as context:
            context.prec = digits
            chance = (-(Decimal(rate.numerator) / Decimal(rate.denominator))).exp()
            low, high = Decimal(drawn) / 2**bits, Decimal(drawn + 1) / 2**bits
            slack = Decimal(10) ** (4 - digits)
            if high < chance - slack:
                return True
            if low > chance + slack:
                return False
        drawn = drawn << 64 | int.from_bytes(os.urandom(8), "big")
        bits += 64


def discrete_laplace(scale: int, n: int) -> np.ndarray:
    """Noise y with probability in proportion to exp(-|y| / scale): int64 of shape (n,)."""
    out = np.empty(n, np.int64)
    todo = np.arange(n)
    while len(todo):
        rest = below(scale, len(todo))
        kept = exp_coin(rest.astype(np.float64), scale)
        whole = _run_of_coins(len(todo))
        negative = (words(len(todo)) & np.uint64(1)).astype(bool)
        size = rest + scale * whole
        kept &= ~(negative & (size == 0))  # zero has one sign
        out[todo[kept]] = np.where(negative, -size, size)[kept]
        todo = todo[~kept]
    return out


def _run_of_coins(n: int) -> np.ndarray:
    """How many coins of probability 1/e fall before the first that does not: int64 (n,)."""
    out = np.zeros(n, np.int64)
    running = np.arange(n)
    while len(running):
        running = running[exp_coin(np.ones(len(running)), 1)]
        out[running] += 1
    return out


def discrete_gaussian(variance: int, n: int) -> np.ndarray:
    """Noise y with probability in proportion to exp(-y² / (2 · variance)): int64 of shape (n,).

    Added to whole counts of which a row changes a vector of L2 length s, it is
    s² / (2 · variance)-zCDP (Canonne et al., theorem 4).

    Raises:
        OptionError: the variance leaves the range in which doubles hold all numbers exactly.
    """
    if not 0 < variance < MOST_VARIANCE:
        message = (
            f"noise of variance {variance:.3g} would be needed, which leaves nothing of the data: "
            f"give a larger epsilon, or learn fewer columns"
        )
        raise OptionError(message)
    scale = int(variance**0.5) + 1
    out = np.empty(n, np.int64)
    todo = np.arange(n)
    while len(todo):
        y = discrete_laplace(scale, len(todo))
        kept = _near_gaussian(y, variance, scale)
        out[todo[kept]] = y[kept]
        todo = todo[~kept]
    return out


def _near_gaussian(y: np.ndarray, variance: int, scale: int) -> np.ndarray:
    """Coins of probability exp(-(|y| - variance / scale)² / (2 variance))."""
    apart = np.abs(np.abs(y) * scale - variance).astype(np.float64)  # exact below 2^53
    chance = np.exp(-(apart * apart) / (2.0 * variance * scale * scale))
    drawn = words(len(y))
    share = drawn.astype(np.float64) / 2.0**64
    out = share < chance
    for at in np.flatnonzero(np.abs(share - chance) <= NEAR):
        rate = Fraction(int(apart[at]) ** 2, 2 * variance * scale * scale)
        out[at] = _decided(int(drawn[at]), rate)
    return np.asarray(out)


def choose(scores: np.ndarray, above: int, under: int) -> int:
    """The exponential mechanism: i, in proportion to exp(scores[i] · above / under).

    Drawn by rejection, so exactly: a candidate taken at random stays with the probability by which
    it is worse than the best. With scores that a row changes by at most 1 and ε = 2 · above / under
    it is ε-DP, and ε² / 8-zCDP (Cesar, Rogers, "Bounding, Concentrating, and Truncating", 2021).

    Args:
        scores: whole numbers, int64 of shape (n,).
        above: a whole number > 0, of the rate.
        under: a whole number > 0, of the rate.
    """
    behind = (scores.max() - scores).astype(np.float64) * above
    while True:
        tried = below(len(scores), 64)
        stays = np.flatnonzero(exp_coin(behind[tried], under))
        if len(stays):
            return int(tried[stays[0]])
