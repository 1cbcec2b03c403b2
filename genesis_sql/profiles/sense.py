"""What a schema cannot say of a profile: shares that sum, bounds in order, values in lists."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import FAMILIES, is_number
from genesis_sql.profiles.wording import path_text

CLOSE = 1e-6
"""How far shares may be from 1, or percent from 100 in hundredths of it."""

Path = tuple[str | int, ...]


def check_sense(plain: Mapping[str, Any]) -> None:
    """Refuse laws that make no sense, wherever in a profile they stand.

    Raises:
        ProfileError: the first one.
    """
    for path, law in _laws((), plain):
        _check(path, law)


def _laws(path: Path, value: Any) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if value.get("type") in (*FAMILIES, "conditional", "logistic"):
            yield path, value
        for key, inner in value.items():
            yield from _laws((*path, key), inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _laws((*path, at), inner)


def _check(path: Path, law: Mapping[str, Any]) -> None:
    type_ = law["type"]
    if type_ == "categorical" and isinstance(law.get("values"), Mapping):
        check_sum((*path, "values"), list(law["values"].values()))
    if type_ == "explicit" and "weights" in law:
        _same_length(path, law)
        check_sum((*path, "weights"), law["weights"])
    if type_ == "bands" and isinstance(law.get("bands"), list):
        check_sum((*path, "bands"), [b["weight"] for b in law["bands"]])
        for at, band in enumerate(law["bands"]):
            _ordered((*path, "bands", at), band)
    if type_ in ("normal", "lognormal", "uniform", "exponential", "beta", "poisson"):
        _ordered(path, law)
        if type_ == "beta" and law.get("min", 0) == law.get("max", 1):
            message = f"{path_text(path)}: min and max are both {law.get('min', 0)}"
            raise ProfileError(message)
    for value in law.values():
        if isinstance(value, float) and not math.isfinite(value):
            message = f"{path_text(path)}: holds {value}, which is no number JSON knows"
            raise ProfileError(message)


def check_sum(path: Path, weights: list[Any]) -> None:
    """Refuse shares that sum neither to 1 nor, as percent, to 100.

    Raises:
        ProfileError: says by how much.
    """
    total = math.fsum(float(w) for w in weights)
    if abs(total - 1.0) <= CLOSE or abs(total - 100.0) <= 100.0 * CLOSE:
        return
    aim = 1 if total < 10 else 100
    off = abs(total - aim)
    how = "too much" if total > aim else "too little"
    message = (
        f"{path_text(path)}: sum to {total:.10g}, {off:.4g} {how}; shares sum to 1, percent to 100"
    )
    raise ProfileError(message)


def _same_length(path: Path, law: Mapping[str, Any]) -> None:
    values, weights = law["values"], law["weights"]
    if len(values) != len(weights):
        message = (
            f"{path_text((*path, 'weights'))}: {len(weights)} weights for {len(values)} values"
        )
        raise ProfileError(message)


def _ordered(path: Path, law: Mapping[str, Any]) -> None:
    low, high = law.get("min"), law.get("max")
    if low is None or high is None:
        return
    if is_number(low) != is_number(high):
        message = f"{path_text(path)}: min {low!r} and max {high!r} are not of one kind"
        raise ProfileError(message)
    if low > high:
        message = f"{path_text(path)}: min {low!r} is above max {high!r}"
        raise ProfileError(message)
