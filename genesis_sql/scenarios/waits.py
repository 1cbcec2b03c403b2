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


KNOWN = {kind: ("type", *dict.fromkeys((*NEEDED[kind], *SCALED[kind]))) for kind in SCALED}
"""What a law may say."""
KNOWN["explicit"] += ("weights",)
KNOWN |= {kind: (*known, "decimals") for kind, known in KNOWN.items()}


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
    _check(where, kind, law)
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
    return _constant(out)


def _check(where: str, kind: str, law: Mapping[str, Any]) -> None:
    """Refuse keys that a law does not have, and lists without a value that can come.

    Raises:
        OptionError: names the key.
    """
    for key in law:
        if key not in KNOWN[kind]:
            message = f"{where}: the {kind} law of a wait has no '{key}'"
            raise OptionError(message + nearest(key, KNOWN[kind]))
    if kind != "explicit" or law.get("values") is None:
        return
    values, weights = law["values"], law.get("weights")
    if not isinstance(values, list) or not values:
        message = f"{where}.values is empty; list at least one wait"
        raise OptionError(message)
    if weights is None:
        return
    whole = isinstance(weights, list) and all(isinstance(w, int | float) for w in weights)
    if not whole or len(weights) != len(values):
        message = f"{where}.weights: write one number for each of the {len(values)} values"
        raise OptionError(message)
    if min(weights) < 0 or not sum(weights):
        message = f"{where}.weights: a weight is at least 0, and one of them is above 0"
        raise OptionError(message)


def _constant(law: dict[str, Any]) -> dict[str, Any]:
    """A law that leaves nothing to chance, as the one value that it has."""
    kind, low = law["type"], law.get("min", 0)
    if kind == "exponential" and not law["mean"]:
        return {"type": "constant", "value": low}
    if kind in ("normal", "lognormal") and not law["std_dev"]:
        mean = round(math.exp(law["mean"])) if kind == "lognormal" else law["mean"]
        return {"type": "constant", "value": max(low, min(mean, law.get("max", mean)))}
    return law


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
