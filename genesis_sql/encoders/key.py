"""Keys of row numbers: they count up where the source is dense, else scatter over its range."""

from __future__ import annotations

import math
from itertools import takewhile
from typing import Any

import numpy as np

from genesis_sql.errors import SourceError
from genesis_sql.program.pattern import DIGITS, Counter
from genesis_sql.program.scatter import HALF, IntegerKey

DENSE = 0.5
"""Share of the range that is taken: half the rows of a key that counts up still count up."""
OUTSIDE = 200
"""One in 200 keys at each end may lie apart (placeholders such as 999999)."""
BIGINT = 2**63 - 1


def fit_integer_key(values: Any, *, highest: int = BIGINT, salt: int = 0) -> IntegerKey:
    """How the integers of a key are numbered.

    Args:
        values: int64 array of all keys, or a random half of them.
        highest: largest value of the column's type.
        salt: another salt scatters differently.

    Example:
        >>> fit_integer_key(np.array([11, 12, 13, 15]))
        IntegerKey(start=11, step=1, high=1, low=1, sequential=True, salt=0)
    """
    known = np.unique(np.asarray(values, np.int64))
    if not len(known):
        message = "no key format can be learnt from a column without values"
        raise SourceError(message)
    start, last, step = int(known[0]), int(known[-1]), _step(known)
    if _dense(known, step):
        room = 2**32 if highest > 2**40 else 16 * len(known)
        lowest = 0 if start >= 0 else -highest - 1
        start = min(start, max(lowest, highest - step * room))
        return IntegerKey(start, step, salt=salt)
    if (last - start) // step + 1 > HALF**2:
        step = -(-(last - start + 1) // HALF**2)
    places = (last - start) // step + 1
    low = math.isqrt(places - 1) + 1
    return IntegerKey(start, step, max(1, places // low), low, False, salt)


def fit_counter(texts: Any, min_count: int) -> Counter | None:
    """The counter behind texts such as 'C0001', or None.

    Args:
        texts: a pyarrow array of strings without NULL, all rows or a random half.
        min_count: of fewer rows, a prefix with letters or digits might be a person's: no counter.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    prefix = _common_start(pc.min_max(texts).as_py()).rstrip(DIGITS)
    suffix = _common_start(pc.min_max(pc.utf8_reverse(texts)).as_py())[::-1].lstrip(DIGITS)
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    shortest = int(lengths.min())
    named = any(c.isalnum() for c in prefix + suffix)
    if shortest <= len(prefix) + len(suffix) or (named and len(texts) < min_count):
        return None
    body = pc.utf8_slice_codeunits(texts, len(prefix), -len(suffix) if suffix else None)
    if not pc.all(pc.match_substring_regex(body, "^[0-9]{1,18}$")).as_py():
        return None
    width = shortest - len(prefix) - len(suffix)
    padded = pc.starts_with(body, "0").to_numpy(zero_copy_only=False) & (
        lengths > len(prefix) + len(suffix) + 1
    )
    if padded.any() and (lengths[padded] != shortest).any():
        return None
    known = np.unique(pc.cast(body, pa.int64()).to_numpy())
    step = _step(known)
    if not _dense(known, step) or step >= 2**31:
        return None
    return Counter(int(known[0]), step, width if padded.any() else 0, prefix, suffix)


def _common_start(ends: dict[str, str]) -> str:
    """What the least and the greatest of some texts begin with, and so all between them."""
    pairs = zip(ends["min"], ends["max"], strict=False)
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _step(known: np.ndarray) -> int:
    """Greatest common divisor of the differences; unsigned, they hold any two int64."""
    return int(np.gcd.reduce(np.diff(known).view(np.uint64))) if len(known) > 1 else 1


def _dense(known: np.ndarray, step: int) -> bool:
    cut = len(known) // OUTSIDE
    core = known[cut : len(known) - cut]
    return len(core) >= DENSE * ((int(core[-1]) - int(core[0])) // step + 1)
