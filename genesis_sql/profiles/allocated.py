"""Labels that rows take by their number, as often as their weights say, up to every row.

Tijdeman, R. (1980), "The chairman assignment problem", Discrete Mathematics 32: a sequence in which
each label has come n · w times up to place n, less than one more or fewer, whatever n is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.hidden import NUMBER, WHOLE
from genesis_sql.profiles.laws import Spec, text_of
from genesis_sql.profiles.making import Making
from genesis_sql.program.domain import Categories, Domain
from genesis_sql.program.steps import Formula, Lookup, Number
from genesis_sql.sqlbuild import quoted

MOST_PLACES = 10_000
"""Places after which a sequence begins anew: shares are exact to one in so many."""


def as_law(where: str, spec: Spec) -> Spec:
    """The law with the same shares, for what asks how frequent a label is.

    Raises:
        ProfileError: weights and values do not pair, or all weights are 0.
    """
    weights = spec.get("weights") or [1] * len(spec["values"])
    if len(weights) != len(spec["values"]):
        message = (
            f"{where}: values has {len(spec['values'])} entries, and weights {len(weights)}; "
            "give one weight for each value"
        )
        raise ProfileError(message)
    if not any(weights):
        message = f"{where}: all weights are 0; give one of the values a weight"
        raise ProfileError(message)
    return {**spec, "type": "explicit", "sql_type": "VARCHAR"}


def put_allocated(made: Making, name: str, spec: Spec, kind: Domain) -> None:
    """The steps of such a column: the row's number, its place in the sequence, the label there."""
    if not isinstance(kind, Categories):
        raise TypeError(kind)
    values = spec["values"]
    places = sequence(tuple(spec.get("weights") or [1] * len(values)))
    many = len(places)
    if NUMBER not in made.domains:
        made.put(Number(NUMBER), WHOLE)
    place = f"#own:place:{many}"
    if place not in made.domains:
        made.put(Formula(place, f"{quoted(NUMBER)} % {many}"), WHOLE)
    code = {label: at + 1 for at, label in enumerate(kind.labels)}
    codes = np.array([code[text_of(v)] for v in values], np.int32)
    keys, levels = np.arange(1, many + 1), (np.arange(many),)
    made.put(Lookup(name, (place,), levels, keys, codes[places]), kind)


@lru_cache(maxsize=64)
def sequence(weights: tuple[float, ...]) -> np.ndarray:
    """Which of the weights each place belongs to, until the sequence begins anew.

    Args:
        weights: at least 0, not all 0.

    Returns:
        Indices, int64 of shape (n,), n ≤ `MOST_PLACES`.

    Example:
        >>> sequence((0.5, 0.25, 0.25)).tolist()
        [0, 1, 2, 0]
    """
    counts = _counts(weights)
    many, kinds = sum(counts), sum(c > 0 for c in counts)
    had, out = [0] * len(counts), np.zeros(many, np.int64)
    if kinds == 1:
        out[:] = next(at for at, c in enumerate(counts) if c)
        return out
    double = 2 * kinds - 2
    for n in range(many):
        behind = [double * (c * (n + 1) - many * h) for c, h in zip(counts, had, strict=True)]
        ready = [at for at, b in enumerate(behind) if counts[at] and b >= many]
        chosen = min(ready, key=lambda at: ((double - 1) * many - behind[at]) / counts[at])
        had[chosen] += 1
        out[n] = chosen
    return out


def _counts(weights: Sequence[float]) -> list[int]:
    """How often each comes in a sequence: exactly as weighted, where that fits, else nearly."""
    exact = [Fraction(str(w)) for w in weights]
    shares = [w / sum(exact) for w in exact]
    whole = math.lcm(*(s.denominator for s in shares))
    if whole <= MOST_PLACES:
        return [int(s * whole) for s in shares]
    out = [int(s * MOST_PLACES) for s in shares]
    rest = [s * MOST_PLACES - n for s, n in zip(shares, out, strict=True)]
    for at in sorted(range(len(out)), key=lambda at: -rest[at])[: MOST_PLACES - sum(out)]:
        out[at] += 1
    return out
