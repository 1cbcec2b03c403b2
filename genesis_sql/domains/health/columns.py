"""Columns of a plain profile, as the sections of the health spec write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from genesis_sql.errors import OptionError

Column = dict[str, Any]
SPEC, REFERENCE, DEFAULT = "spec", "reference", "default"
SURE = 50.0
"""Log odds that are certainty: 1 / (1 + exp(-50)) is 1 in double precision."""
SLACK = 1e-6
"""Shares sum to 1 within this, as in every other law of a profile."""


class Told(NamedTuple):
    """Where something comes from, and what is said of it."""

    origin: str
    note: str


def made(column: Mapping[str, Any], origin: str, note: str, *, hidden: bool = False) -> Column:
    """A column with where it came from, as `genesis_describe` shows it.

    Example:
        >>> made({"type": "constant", "value": 1}, "spec", "n", hidden=True)["hidden"]
        True
    """
    extra: Column = {"origin": origin, "note": note}
    return {**column, **extra, **({"hidden": True} if hidden else {})}


def constant(value: Any) -> Column:
    """The same value in each row."""
    return {"type": "constant", "value": value}


def categorical(values: Mapping[str, float]) -> Column:
    """Labels by weight; labels without weight are left out."""
    kept = {label: float(weight) for label, weight in values.items() if weight > 0}
    if len(kept) == 1:
        return constant(next(iter(kept)))
    total = sum(kept.values())
    return {"type": "categorical", "values": {k: v / total for k, v in kept.items()}}


def expression(sql: str, sql_type: str) -> Column:
    """A value computed from the row's other columns."""
    return {"type": "expression", "sql": sql, "sql_type": sql_type}


def either(
    cases: Sequence[tuple[Mapping[str, Any], Column]], otherwise: Column | None = None
) -> Column:
    """The distribution of the first case that holds; NULL where none does and none is left."""
    listed = [{"when": dict(when), "then": then} for when, then in cases]
    rest = {} if otherwise is None else {"otherwise": otherwise}
    return {"type": "conditional", "cases": listed, **rest}


def zero_one(rate: float, among: Mapping[str, Any] | None = None) -> Column:
    """A 0/1 column: 1 for a share of those it is among, 0 for the others.

    Example:
        >>> zero_one(0.2)
        {'type': 'logistic', 'rate': 0.2}
    """
    level = {"rate": rate} if 0 < rate < 1 else {"intercept": SURE if rate else -SURE}
    return {"type": "logistic", **level, **({"among": dict(among)} if among else {})}


def share(path: str, value: Any) -> float:
    """A probability.

    Raises:
        OptionError: it is none.
    """
    if not 0 <= _number(value) <= 1:
        message = f"{path}: {value!r} is no share between 0 and 1"
        raise OptionError(message)
    return float(value)


def _number(value: Any) -> float:
    """A value as a number; what is none is no share either."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else math.nan


def shares(path: str, values: Any) -> dict[str, float]:
    """Probabilities by label, which sum to 1; those that sum to 100 are percent.

    Args:
        path: where they stand in the spec.
        values: ``{label: share}``, or the same inside ``{"type": "categorical", "values": …}``.

    Raises:
        OptionError: there is none, one is no probability, or their sum is not 1.

    Example:
        >>> shares("demographics.gender", {"male": 0.48, "female": 0.52})
        {'male': 0.48, 'female': 0.52}
    """
    if isinstance(values, Mapping) and isinstance(values.get("values"), Mapping):
        values = values["values"]
    if not isinstance(values, Mapping) or not values:
        message = f"{path}: give shares by label, such as {{'a': 0.4, 'b': 0.6}}"
        raise OptionError(message)
    unit = 100 if abs(math.fsum(map(_number, values.values())) - 100) <= 100 * SLACK else 1
    found = {str(k): share(f"{path}.{k}", v if unit == 1 else v / unit) for k, v in values.items()}
    total = math.fsum(found.values())
    if abs(total - 1) > SLACK:
        message = f"{path}: the shares sum to {total:g}, not to 1"
        raise OptionError(message)
    return found
