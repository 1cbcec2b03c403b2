"""Distributions of a profile as slots: what the cells of a sampling program hold.

A column has a *kind*: labels, whole numbers on a grid, or doubles. A law is laid onto it as atoms
and intervals with weights, once; draws, calibration and validation all read these slots. Truncation
conditions the law on [min, max]: no draw is ever moved to a bound. On a grid a value k stands for
the law between k - 1/2 and k + 1/2 steps, of those from min to max.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.typed import WHOLE, is_nested, limits, moment_step, type_of
from genesis_sql.program.domain import Categories, Domain, Grid, Reals

CONTINUOUS = ("normal", "lognormal", "uniform", "exponential", "beta")
NUMERIC = (*CONTINUOUS, "poisson", "bands")
LISTED = ("categorical", "explicit", "constant")
FAMILIES = (*NUMERIC, *LISTED)
"""Laws that stand alone; `conditional` chooses among them."""
TEXTS = ("VARCHAR", "BOOLEAN", "UUID", "JSON", "BLOB", "INTERVAL")
"""Types whose values are labels."""
DAY = 86_400  # seconds: times of day lie below

EXACT = 4_096  # values on a grid up to which each has a slot of its own
KNOTS = 1_024  # intervals of equal mass of a continuous law
TAIL = 31  # an open end is cut where 2^-31 of the mass is left: what weights can tell apart
LEAST_MASS = 1e-9  # what [min, max] has to hold of a law
MOST_ATOMS = 1_000_000

Spec = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Slots:
    """A law on its kind.

    Attributes:
        low: codes (int32), grid numbers (int64) or doubles, of shape (slots,).
        width: how far a slot reaches: whole numbers from 1, doubles from 0 (an atom); codes have 1.
        weight: float64 shares that sum to 1 with ``null``.
        null: share of NULL.
    """

    low: np.ndarray
    width: np.ndarray
    weight: np.ndarray
    null: float = 0.0

    def below(self, edges: np.ndarray) -> np.ndarray:
        """Shares at or below each edge, NULL aside: float64 of shape (edges,)."""
        low, width, out = self.low, self.width, []
        whole = low.dtype.kind == "i"
        for edge in edges:
            if whole:
                share = np.clip((edge - low + 1) / width, 0.0, 1.0)
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    inside = np.clip((edge - low) / width, 0.0, 1.0)
                share = np.where(width > 0, inside, low <= edge)
            out.append(float((share * self.weight).sum()))
        return np.array(out)

    def at(self, size: int) -> np.ndarray:
        """Shares of label codes 0 to size - 1, NULL being 0."""
        out = np.bincount(self.low, weights=self.weight, minlength=size)
        out[0] += self.null
        return out


# kinds


def leaves(spec: Spec) -> Iterator[Spec]:
    """The plain laws inside a distribution."""
    if spec["type"] == "conditional":
        for case in spec["cases"]:
            yield from leaves(case["then"])
        if "otherwise" in spec:
            yield from leaves(spec["otherwise"])
    else:
        yield spec


def kind_of(where: str, spec: Spec, *, whole: bool = False) -> Domain:
    """How a column is held: by its ``sql_type`` and ``decimals``, else by what its laws give.

    Args:
        where: the column, for errors.
        spec: its distribution.
        whole: it counts rows.

    Raises:
        ProfileError: its laws give numbers and texts.
    """
    laws = list(leaves(spec))
    named = [type_of(where, s["sql_type"]) for s in (spec, *laws) if s.get("sql_type")]
    type_ = named[0] if named else ""
    listed = [v for law in laws for v in _values(law)]
    numeric = [law["type"] for law in laws if law["type"] in NUMERIC]
    if type_ in TEXTS or type_.startswith("ENUM") or is_nested(type_):
        if numeric:
            message = f"{where}: a {numeric[0]} law gives numbers, no {type_}"
            raise ProfileError(message)
        return Categories(type_, tuple(dict.fromkeys(text_of(v) for v in listed if v is not None)))
    if not type_ and not numeric:
        known = [v for v in listed if v is not None]
        if any(law["type"] == "categorical" for law in laws) or not all(map(is_number, known)):
            kind = "BOOLEAN" if known and all(isinstance(v, bool) for v in known) else "VARCHAR"
            return Categories(kind, tuple(dict.fromkeys(map(text_of, known))))
    return _number_kind(where, spec, laws, type_, whole=whole)


def _number_kind(where: str, spec: Spec, laws: list[Spec], type_: str, *, whole: bool) -> Domain:
    ends = [as_number(where, v, type_) for law in laws for v in _ends(law)]
    given = [s["decimals"] for s in (spec, *laws) if s.get("decimals") is not None]
    scale = given[0] if given else None
    if scale is None:
        scale = 0 if whole else _scale(type_, laws, ends)
    if type_.startswith(("DATE", "TIME")):
        return Grid(type_, moment_step(type_), 0)
    if scale is None:
        return Reals(type_ or "DOUBLE")
    if not type_:
        small = all(abs(e) < 2**31 - 1 for e in ends)
        type_ = "DOUBLE" if scale else "INTEGER" if small else "BIGINT"
    fits = _scale(type_, laws, ends) if type_.startswith("DECIMAL(") or type_ in WHOLE else scale
    if fits is not None and scale > fits:
        message = f"{where}: {type_} has {fits or 'no'} decimals, and decimals is {scale}"
        raise ProfileError(message)
    return Grid(type_, 1, int(scale))


def _scale(type_: str, laws: list[Spec], ends: list[float]) -> int | None:
    """Decimals of the values, None where they lie on no grid."""
    if type_.startswith("DECIMAL(") and "," in type_:
        return int(type_[8:-1].split(",")[1])
    if type_ in WHOLE or type_.startswith(("DATE", "TIME")):
        return 0
    if any(law["type"] in CONTINUOUS for law in laws):
        return None
    from genesis_sql.encoders.number import decimals

    found = decimals(np.array(ends, np.float64))
    bands = any(law["type"] == "bands" for law in laws)
    return None if bands and found else found


def _values(law: Spec) -> list[Any]:
    if law["type"] == "categorical":
        return list(law["values"])
    if law["type"] == "explicit":
        return list(law["values"])
    return [law["value"]] if law["type"] == "constant" else []


def _ends(law: Spec) -> list[Any]:
    """The numbers a law names that are values of the column."""
    if law["type"] == "bands":
        return [b[end] for b in law["bands"] for end in ("min", "max")]
    if law["type"] in LISTED:
        return [v for v in _values(law) if v is not None]
    return [law[end] for end in ("min", "max") if law.get(end) is not None]


def is_number(value: object) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_of(value: object) -> str:
    """A value as DuckDB writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_number(where: str, value: Any, type_: str = "") -> float:
    """A value as the number its column counts in: days, seconds, or itself.

    Raises:
        ProfileError: it is none.
    """
    if is_number(value):
        return value  # type: ignore[no-any-return]
    try:
        if type_ == "DATE":
            return date.fromisoformat(str(value)[:10]).toordinal() - 719_163
        if type_.startswith("TIMESTAMP"):
            moment = datetime.fromisoformat(str(value))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            return int(moment.timestamp())
        if type_.startswith("TIME"):
            at = time.fromisoformat(str(value))
            return at.hour * 3_600 + at.minute * 60 + at.second
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    except (TypeError, ValueError) as error:
        message = f"{where}: {value!r} is no {type_ or 'number'}"
        raise ProfileError(message) from error


# slots


def slots(where: str, law: Spec, kind: Domain, null: float = 0.0) -> Slots:
    """A plain law on a kind.

    Args:
        where: the column, for errors.
        law: one of `FAMILIES`.
        kind: as `kind_of` gave it.
        null: share of NULL.

    Raises:
        ProfileError: it has no value there.
    """
    if isinstance(kind, Categories):
        made = _labels(law, kind)
    elif law["type"] in LISTED or law["type"] in ("bands", "poisson"):
        made = _pieces(where, law, kind)
    else:
        made = _continuous(where, law, kind)
    if isinstance(kind, Grid):
        made = _inside(where, law, kind, made)
    held, missing = made.weight > 0, 1.0 - (1.0 - made.null) * (1.0 - null)
    if not held.any() and missing < 1.0:
        message = f"{where}: no value has a weight above 0"
        raise ProfileError(message)
    weight = made.weight[held] / max(made.weight[held].sum(), 1e-300) * (1.0 - missing)
    return Slots(made.low[held], made.width[held], weight, missing)


def _inside(where: str, law: Spec, kind: Grid, made: Slots) -> Slots:
    """A law on what its column's type can hold: named values have to, tails are cut off."""
    ends = (0, DAY - 1) if kind.type.startswith("TIME") and "STAMP" not in kind.type else None
    ends = ends or limits(kind.type, kind.scale)
    if ends is None or not len(made.low):
        return made
    low, high = max(ends[0], -(2**62)), min(ends[1], 2**62)
    last = made.low + made.width - 1
    if made.low.min() >= low and last.max() <= high:
        return made
    if law["type"] in (*LISTED, "bands", "uniform"):
        wrong = made.low.min() if made.low.min() < low else last.max()
        message = f"{where}: {wrong / unit_of(kind):,.10g} is no {kind.type}"
        raise ProfileError(message)
    first, until = np.maximum(made.low, low), np.minimum(last, high)
    width = np.maximum(until - first + 1, 0)
    return Slots(first, np.maximum(width, 1), made.weight * width / made.width, made.null)


def _weighted(law: Spec) -> tuple[list[Any], list[float]]:
    if law["type"] == "categorical":
        return list(law["values"]), [float(w) for w in law["values"].values()]
    values = _values(law)
    return values, [float(w) for w in law.get("weights") or [1.0] * len(values)]


def _labels(law: Spec, kind: Categories) -> Slots:
    values, weights = _weighted(law)
    total = sum(weights) or 1.0
    code = {label: i + 1 for i, label in enumerate(kind.labels)}
    known = [(code[text_of(v)], w) for v, w in zip(values, weights, strict=True) if v is not None]
    null = sum(w for v, w in zip(values, weights, strict=True) if v is None) / total
    low = np.array([c for c, _ in known], np.int32)
    return Slots(low, np.ones(len(low), np.int32), np.array([w for _, w in known]), null)


def unit_of(kind: Domain) -> float:
    """Raw numbers per unit of the column."""
    return 10.0**kind.scale if isinstance(kind, Grid) else 1.0


def _pieces(where: str, law: Spec, kind: Domain) -> Slots:
    """Atoms and bands."""
    unit, whole = unit_of(kind), isinstance(kind, Grid)
    type_ = kind.type
    null = 0.0
    if law["type"] == "bands":
        low = np.array([as_number(where, b["min"], type_) for b in law["bands"]]) * unit
        high = np.array([as_number(where, b["max"], type_) for b in law["bands"]]) * unit
        weight = np.array([float(b["weight"]) for b in law["bands"]])
    elif law["type"] == "poisson":
        low, weight = _poisson(where, law)
        low = high = low * unit
    else:
        values, weights = _weighted(law)
        null = sum(w for v, w in zip(values, weights, strict=True) if v is None) / sum(weights)
        pairs = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
        low = high = np.array([as_number(where, v, type_) for v, _ in pairs]) * unit
        weight = np.array([w for _, w in pairs])
    if not whole:
        return Slots(low.astype(np.float64), (high - low).astype(np.float64), weight, null)
    first, last = np.ceil(low - 1e-6).astype(np.int64), np.floor(high + 1e-6).astype(np.int64)
    if (last < first).any():
        at = int(np.argmax(last < first))
        message = f"{where}: {low[at] / unit:g} does not lie on its grid of {1 / unit:g}"
        raise ProfileError(message)
    return Slots(first, last - first + 1, weight, null)


def _poisson(where: str, law: Spec) -> tuple[np.ndarray, np.ndarray]:
    from scipy.special import gammaln

    mean = float(law["mean"])
    reach = 8.0 * math.sqrt(mean) + 30.0
    low = max(0, math.floor(mean - reach), math.ceil(law.get("min") or 0))
    high = math.ceil(mean + reach)
    high = high if law.get("max") is None else min(high, math.floor(law["max"]))
    if high < low or high - low > MOST_ATOMS:
        message = f"{where}: a poisson law of mean {mean:g} has no value from its min to its max"
        raise ProfileError(message)
    k = np.arange(low, high + 1)
    weight = np.exp(k * math.log(mean) - mean - gammaln(k + 1.0)) if mean else 1.0 * (k == 0)
    if weight.sum() < LEAST_MASS:
        raise ProfileError(_none_inside(where, law))
    return k.astype(np.float64), weight


def _none_inside(where: str, law: Spec) -> str:
    shown = ", ".join(f"{e} {law[e]}" for e in ("min", "max") if law.get(e) is not None)
    return (
        f"{where}: with {shown} less than one in 10⁹ of its {law['type']} law is left; "
        "move the bounds nearer to its mean"
    )


@dataclass(frozen=True, eq=False)
class _Curve:
    """Distribution function, its inverse, and where the law lies."""

    cdf: Callable[[np.ndarray], np.ndarray]
    ppf: Callable[[np.ndarray], np.ndarray]
    low: float
    high: float


def _curve(where: str, law: Spec, type_: str) -> _Curve:
    from scipy.special import betainc, betaincinv, ndtr, ndtri

    def number(key: str, default: float) -> float:
        value = law.get(key)
        return default if value is None else float(as_number(where, value, type_))

    low, high = number("min", -math.inf), number("max", math.inf)
    name = law["type"]
    if name == "normal":
        mean, sd = number("mean", 0.0), float(law["std_dev"])
        return _Curve(lambda x: ndtr((x - mean) / sd), lambda u: mean + sd * ndtri(u), low, high)
    if name == "lognormal":
        mean, sd = float(law["mean"]), float(law["std_dev"])

        def below(x: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore"):
                return np.asarray(ndtr((np.log(np.maximum(x, 0.0)) - mean) / sd))

        return _Curve(below, lambda u: np.exp(mean + sd * ndtri(u)), max(low, 0.0), high)
    if name == "exponential":
        mean = float(law["mean"])
        return _Curve(
            lambda x: -np.expm1(-np.maximum(x, 0.0) / mean),
            lambda u: -mean * np.log1p(-u),
            max(low, 0.0),
            high,
        )
    if name == "beta":
        a, b, low, high = (
            float(law["alpha"]),
            float(law["beta"]),
            number("min", 0),
            number("max", 1),
        )
        return _Curve(
            lambda x: betainc(a, b, np.clip((x - low) / (high - low), 0.0, 1.0)),
            lambda u: low + (high - low) * betaincinv(a, b, u),
            low,
            high,
        )
    return _Curve(
        lambda x: np.clip((x - low) / (high - low), 0.0, 1.0),
        lambda u: low + (high - low) * u,
        low,
        high,
    )


def _levels() -> np.ndarray:
    """Shares between the intervals: 1/KNOTS apart, halving towards both ends."""
    tail = 2.0 ** -np.arange(TAIL, math.log2(KNOTS), -1.0)
    inner = np.arange(1, KNOTS) / KNOTS
    return np.concatenate([tail, inner, 1.0 - tail[::-1]])


def _continuous(where: str, law: Spec, kind: Domain) -> Slots:
    curve, unit = _curve(where, law, kind.type), unit_of(kind)
    if isinstance(kind, Grid):
        return _on_grid(where, law, curve, unit)
    if law["type"] == "uniform" or curve.low == curve.high:
        return Slots(np.array([curve.low]), np.array([curve.high - curve.low]), np.ones(1))
    first, last = (float(curve.cdf(np.array([e]))[0]) for e in (curve.low, curve.high))
    if last - first < LEAST_MASS:
        raise ProfileError(_none_inside(where, law))
    inner = curve.ppf(first + _levels() * (last - first))
    ends = [curve.low] if math.isfinite(curve.low) else []
    edges = np.concatenate([ends, inner, [curve.high] if math.isfinite(curve.high) else []])
    edges = np.unique(np.clip(edges, curve.low, curve.high))
    return Slots(edges[:-1], np.diff(edges), np.diff(curve.cdf(edges)))


def _on_grid(where: str, law: Spec, curve: _Curve, unit: float) -> Slots:
    """Exact masses of the values, or of runs of values where there are many."""
    cut = np.array([2.0**-TAIL, 1.0 - 2.0**-TAIL])
    ends = curve.ppf(cut)
    low = curve.low if math.isfinite(curve.low) else float(ends[0])
    high = curve.high if math.isfinite(curve.high) else float(ends[1])
    first, last = math.ceil(low * unit - 1e-6), math.floor(high * unit + 1e-6)
    if last < first:
        message = f"{where}: no value of its grid of {1 / unit:g} lies from min to max"
        raise ProfileError(message)
    if max(abs(first), abs(last)) >= 2**62:
        message = f"{where}: its values leave the range of BIGINT; take fewer decimals"
        raise ProfileError(message)
    if law["type"] == "uniform":
        return Slots(np.array([first]), np.array([last - first + 1]), np.ones(1))
    if last - first < EXACT:
        starts = np.arange(first, last + 2, dtype=np.int64)
    else:
        lo, hi = (curve.cdf(np.array([(e + h) / unit]))[0] for e, h in ((first, -0.5), (last, 0.5)))
        knots = np.rint(curve.ppf(lo + _levels() * (hi - lo)) * unit)
        knots = np.clip(knots, first, last + 1).astype(np.int64)
        starts = np.unique(np.r_[first, knots, last + 1])
    mass = np.diff(curve.cdf((starts - 0.5) / unit))
    if mass.sum() < LEAST_MASS:
        raise ProfileError(_none_inside(where, law))
    return Slots(starts[:-1], np.diff(starts), mass)
