"""National Provider Identifiers that nobody has: valid check digits, each number once.

An NPI has ten digits; the first is 1 or 2, the last is the Luhn digit of '80840' and the first nine
(CMS, "Requirements for NPI and NPI Check Digit"). NPPES has so far given out numbers that begin
with 1 only (8.4 million in 2024: Cook, johndcook.com/blog/2024/06/26/npi-number), so ours begin
with 2: valid for every check, and no provider's.
"""

from __future__ import annotations

import numpy as np

from genesis_sql.program.scatter import Scatter, scatter

PREFIX = 24
"""What the constant 80840 adds to the sum of any NPI."""
FIRST = 2
MOST = 10**8
"""There are this many numbers that begin with 2."""
_HALF = 10**4


def check_digits(nine: np.ndarray) -> np.ndarray:
    """The tenth digit of numbers of nine digits.

    Every second digit from the right is doubled, the digits of the products are summed.

    Example:
        >>> check_digits(np.array([123456789])).tolist()  # the example of the standard
        [3]
    """
    digits = np.asarray(nine)[:, None] // 10 ** np.arange(9) % 10  # [number, place from the right]
    doubled = digits[:, ::2] * 2
    total = PREFIX + (doubled // 10 + doubled % 10).sum(axis=1) + digits[:, 1::2].sum(axis=1)
    tenth: np.ndarray = (-total) % 10
    return tenth


def fictional_npis(numbers: np.ndarray, seed: int) -> np.ndarray:
    """NPIs of row numbers below :data:`MOST`, as whole numbers: a bijection, so none comes twice.

    Example:
        >>> found = fictional_npis(np.arange(1000), seed=0)
        >>> len(set(found.tolist())), {str(n)[0] for n in found.tolist()}
        (1000, {'2'})
    """
    high, low = scatter(np.asarray(numbers).astype(np.uint64), Scatter.of(_HALF, _HALF, seed))
    nine = FIRST * MOST + (high * np.uint64(_HALF) + low).astype(np.int64)
    whole: np.ndarray = nine * 10 + check_digits(nine)
    return whole
