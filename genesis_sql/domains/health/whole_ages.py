"""Ages in whole years: each distribution of numbers becomes weights of single years.

A year k has the weight F(k + 1/2) - F(k - 1/2), F the distribution function, for all whole k
between ``min`` and ``max`` (both may occur): what is outside is left out, never moved to the bound,
so that no year holds a heap. Single years make every share that depends on age an exact sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

from genesis_sql.domains.health.columns import Column
from genesis_sql.errors import OptionError, nearest

OLDEST = 110
"""Years of age; nobody is older where the spec says nothing."""


def whole_ages(spec: Any, path: str = "demographics.age") -> Column:
    """A column of ages from what the spec says of them.

    Args:
        spec: a number (everybody's age), ``{"min", "max"}``, ``{"18-44": share, …}``, or a
            distribution: normal, lognormal, uniform, exponential, beta, poisson, bands,
            categorical, explicit, constant, conditional.
        path: where it stands in the spec.

    Raises:
        OptionError: it is no distribution of ages, or no age is left between its bounds.

    Example:
        >>> whole_ages({"type": "normal", "mean": 72, "std_dev": 8, "min": 65})["values"][0]
        65
    """
    if isinstance(spec, int | float) and not isinstance(spec, bool):
        spec = {"type": "constant", "value": spec}
    if not isinstance(spec, Mapping):
        message = f"{path}: give a distribution, such as {{'type': 'normal', 'mean': 50}}"
        raise OptionError(message)
    kind = spec.get("type") or ("uniform" if set(spec) <= {"min", "max"} else "categorical")
    if kind == "conditional":
        return _conditional(spec, path)
    if kind not in _WEIGHTS:
        message = f"{path}: ages have no distribution '{kind}'{nearest(str(kind), _WEIGHTS)}"
        raise OptionError(message)
    try:
        weights = _WEIGHTS[kind](spec)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        message = f"{path}: a {kind} distribution of ages cannot be read ({error})"
        raise OptionError(message) from error
    return of_years(weights, path)


def of_years(weights: Mapping[int, float], path: str = "demographics.age") -> Column:
    """A column of whole years by weight.

    Raises:
        OptionError: no year between 0 and 130 has any.
    """
    kept = {year: w for year, w in sorted(weights.items()) if w > 0 and 0 <= year <= 130}
    total = sum(kept.values())
    if not kept or not math.isfinite(total):
        message = f"{path}: no age between 0 and 130 is possible between its bounds"
        raise OptionError(message)
    scaled = [w / total for w in kept.values()]
    values = {"values": list(kept), "weights": scaled}
    return {"type": "explicit", **values, "sql_type": "INTEGER"}


def _conditional(spec: Mapping[str, Any], path: str) -> Column:
    cases = [
        {"when": dict(case["when"]), "then": whole_ages(case["then"], f"{path}.cases[{i}].then")}
        for i, case in enumerate(spec.get("cases", ()))
    ]
    column: Column = {"type": "conditional", "cases": cases, "sql_type": "INTEGER"}
    if "otherwise" in spec:
        column["otherwise"] = whole_ages(spec["otherwise"], f"{path}.otherwise")
    return column


def _years(spec: Mapping[str, Any]) -> range:
    low, high = spec.get("min", 0), spec.get("max", OLDEST)
    return range(max(0, math.ceil(low)), math.floor(high) + 1)


def _from(function: Callable[[float], float], spec: Mapping[str, Any]) -> dict[int, float]:
    return {k: function(k + 0.5) - function(k - 0.5) for k in _years(spec)}


def _normal(spec: Mapping[str, Any]) -> dict[int, float]:
    return _from(NormalDist(spec["mean"], spec["std_dev"]).cdf, spec)


def _lognormal(spec: Mapping[str, Any]) -> dict[int, float]:
    logs = NormalDist(spec["mean"], spec["std_dev"])
    return _from(lambda x: logs.cdf(math.log(x)) if x > 0 else 0.0, spec)


def _exponential(spec: Mapping[str, Any]) -> dict[int, float]:
    return _from(lambda x: 1 - math.exp(-max(x, 0.0) / spec["mean"]), spec)


def _uniform(spec: Mapping[str, Any]) -> dict[int, float]:
    return dict.fromkeys(_years({"min": spec["min"], "max": spec["max"]}), 1.0)


def _poisson(spec: Mapping[str, Any]) -> dict[int, float]:
    rate = math.log(spec["mean"])
    return {k: math.exp(k * rate - spec["mean"] - math.lgamma(k + 1)) for k in _years(spec)}


def _beta(spec: Mapping[str, Any]) -> dict[int, float]:
    """The density at 200 places inside each year."""
    low, high = spec.get("min", 0), spec.get("max", 1)
    a, b = spec["alpha"] - 1, spec["beta"] - 1
    weights = {}
    for k in _years({"min": low, "max": high}):
        places = ((k - 0.5 + (i + 0.5) / 200 - low) / (high - low) for i in range(200))
        weights[k] = sum(x**a * (1 - x) ** b for x in places if 0 < x < 1)
    return weights


def _bands(spec: Mapping[str, Any]) -> dict[int, float]:
    weights: dict[int, float] = {}
    for band in spec["bands"]:
        years = _years({"min": band["min"], "max": band["max"]})
        for k in years:
            weights[k] = weights.get(k, 0.0) + band["weight"] / len(years)
    return weights


def _categorical(spec: Mapping[str, Any]) -> dict[int, float]:
    """Labels are single years (``40``), bands (``18-44``) or open (``65+``)."""
    values = spec.get("values", {k: v for k, v in spec.items() if k != "type"})
    return _bands({"bands": [_band(str(k)) | {"weight": w} for k, w in values.items()]})


def _band(label: str) -> dict[str, int]:
    if label.endswith("+"):
        return {"min": int(label[:-1]), "max": max(int(label[:-1]), 100)}
    low, _, high = label.partition("-")
    return {"min": int(low), "max": int(high or low)}


def _explicit(spec: Mapping[str, Any]) -> dict[int, float]:
    values = spec["values"]
    weights: dict[int, float] = {}
    for value, weight in zip(values, spec.get("weights") or [1.0] * len(values), strict=True):
        weights[_whole(value)] = weights.get(_whole(value), 0.0) + weight
    return weights


def _constant(spec: Mapping[str, Any]) -> dict[int, float]:
    return {_whole(spec["value"]): 1.0}


def _whole(value: Any) -> int:
    if int(value) != value:
        message = f"{value!r} is no whole number of years"
        raise ValueError(message)
    return int(value)


_WEIGHTS: dict[str, Callable[[Mapping[str, Any]], dict[int, float]]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "exponential": _exponential,
    "uniform": _uniform,
    "poisson": _poisson,
    "beta": _beta,
    "bands": _bands,
    "categorical": _categorical,
    "explicit": _explicit,
    "constant": _constant,
}
