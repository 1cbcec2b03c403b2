"""How long after one event the next one is, in seconds, as a law of a plain profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.scenarios.form import SECONDS

SCALED = {
    "constant": ("value",),
    "uniform": ("min", "max"),
    "normal": ("mean", "std_dev", "min", "max"),
    "exponential": ("mean", "min", "max"),
    "lognormal": ("min", "max"),
    "explicit": ("values",),
}
"""What of a law grows with its unit; the mean of a lognormal one is a logarithm."""
NEEDED = {
    "constant": ("value",), "uniform": ("min", "max"), "normal": ("mean", "std_dev"),
    "exponential": ("mean",), "lognormal": ("mean", "std_dev"), "explicit": ("values",),
}  # fmt: skip


def wait(where: str, after: Any, unit: str) -> dict[str, Any] | None:
    """The law of a wait, None where nothing is told.

    Args:
        where: the path of it, for errors.
        after: a number, two bounds, or a law in the unit.
        unit: of `SECONDS`.

    Raises:
        OptionError: it is no such law.

    Example:
        >>> wait("x", [1, 2], "minute")
        {'type': 'uniform', 'min': 60, 'max': 120, 'decimals': 0}
    """
    if after is None:
        return None
    if isinstance(after, int | float):
        after = {"type": "constant", "value": after}
    elif isinstance(after, list):
        after = {"type": "uniform", "min": after[0], "max": after[1]}
    return _scaled(where, after, SECONDS[unit])


def _scaled(where: str, law: Mapping[str, Any], by: int) -> dict[str, Any]:
    kind = str(law["type"])
    if kind not in SCALED:
        message = f"{where}: a wait has no law of type '{kind}'"
        raise OptionError(message + nearest(kind, SCALED))
    missing = [key for key in NEEDED[kind] if law.get(key) is None]
    if missing:
        message = f"{where}: the {kind} law of a wait needs '{missing[0]}'"
        raise OptionError(message)
    out = {k: v for k, v in law.items() if v is not None}
    for key in SCALED[kind]:
        if key in out:
            out[key] = _times(f"{where}.{key}", out[key], by)
    if kind == "lognormal":
        out["mean"] = _times(f"{where}.mean", law["mean"], 1, whole=False) + math.log(by)
    if kind in ("normal", "exponential", "lognormal"):
        out.setdefault("min", 0)
    if kind in ("uniform", "normal", "exponential", "lognormal"):
        out["decimals"] = 0
    if "min" in out and "max" in out and out["min"] > out["max"]:
        message = f"{where}: its min is above its max; swap them"
        raise OptionError(message)
    return out


def _times(where: str, value: Any, by: int, *, whole: bool = True) -> Any:
    """Values in seconds; never below 0 where they are whole."""
    if isinstance(value, list):
        return [_times(where, v, by) for v in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{where}: {value!r} is no number"
        raise OptionError(message)
    if whole and value < 0:
        message = f"{where}: {value:g} is below 0, and an event comes after the one before"
        raise OptionError(message)
    return round(value * by) if whole else float(value)
