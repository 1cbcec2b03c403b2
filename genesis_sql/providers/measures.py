"""Measures: numbers whose name says what they count, with a scale that such numbers have.

A meaning ('score', 'amount', 'weight') says what kind of thing a column holds; a measure says
which ('credit_score', 'loan_amount', 'weight_kg'), and so between what bounds and how its values
are spread. The table is `measures.csv`; its patterns are read as those of `rules`: against the end
of the name, ``=`` for the whole name. The longest pattern wins, among equals the first row. An
owner is what the name is of (the word before it, or the table), ``beside`` words of which another
column has one. A percent is a share where the type or the bounds leave no room for 100; what is
of the calendar is never a plural ('hours' last, an 'hour' is one of the clock).

The scales are invented, but of the size that such numbers have in the United States: adults'
bodies as in NHANES, rates and incomes as of 2020 to 2025.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.dates import as_of
from genesis_sql.providers.forms import (
    Spec,
    alone,
    bounded,
    computed,
    decimals_of,
    helper,
    hidden,
    most_of,
    number_option,
    weighted,
)
from genesis_sql.providers.rules import OWNERS
from genesis_sql.providers.words import table_words, words_of
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import RawColumn, RawTable

SHARE = 10
"""A percentage is a share of 1 where its type holds nothing so large."""
HEAVIEST = 200
"""Kilograms that a weight reckoned from a height stays below."""
BMI: Spec = {
    "type": "normal", "mean": 26.6, "std_dev": 4.8, "min": 17, "max": 45, "decimals": 2,
}  # fmt: skip
GROUPS: Mapping[str, frozenset[str]] = OWNERS | {
    name: frozenset(words.split())
    for name, words in {
        "home": "home house property listing apartment flat condo residence estate dwelling",
        "loan": "loan lending borrower borrowing",
        "mortgage": "mortgage",
        "claim": "claim",
        "body": "patient person people vital sign measurement checkup exam examination visit "
        "encounter admission health body fitness athlete player member user client subject "
        "participant assessment screening employee student child donor bmi physical triage",
        "goods": "product article goods inventory stock warehouse variant part sku book",
        "vehicle": "vehicle car truck motorcycle auto automobile van fleet",
        "trip": "trip ride route journey delivery shipment run workout flight",
        "film": "film movie video show",
        "song": "song track album",
        "pet": "pet animal dog cat",
        "inventory": "inventory stock warehouse stocklevel",
        "course": "course class module subject",
    }.items()
}
"""Words of what a measure may be of."""


@dataclass(frozen=True)
class Measure:
    """One row of the table.

    Attributes:
        name: what is measured, with its unit where it has several.
        patterns: words of names, and whether each asks for the whole name.
        owner: a group of `GROUPS`, '' for any.
        beside: words, one of which another column has; none for any.
        types: 'i' whole numbers, 'n' others, 'in' both.
        law: normal, lognormal, poisson, uniform, listed (values with weights), bands, years.
        middle: its mean or median, or what `listed`, `bands` and `years` list.
        spread: standard deviation, of the logarithm for lognormal.
        low, high: bounds; None where the law has its own.
        decimals: that such numbers have, where the type has them.
        unit: 'percent', 'calendar' or ''.
    """

    name: str
    patterns: tuple[tuple[tuple[str, ...], bool], ...]
    owner: str
    beside: frozenset[str]
    types: str
    law: str
    middle: str
    spread: float
    low: float | None
    high: float | None
    decimals: int
    unit: str


def _number(text: str) -> float | None:
    return float(text) if text else None


def _row(row: Mapping[str, str]) -> Measure:
    patterns = tuple((words_of(p), p.startswith("=")) for p in row["patterns"].split(";"))
    return Measure(
        row["name"], patterns, row["owner"], frozenset(row["beside"].split()),
        row["types"] or "in", row["law"], row["middle"], float(row["spread"] or 0),
        _number(row["low"]), _number(row["high"]), int(row["decimals"]), row["unit"],
    )  # fmt: skip


@cache
def measures() -> tuple[Measure, ...]:
    """The table, in its order."""
    text = files("genesis_sql.providers").joinpath("measures.csv").read_text("utf-8")
    return tuple(_row(row) for row in csv.DictReader(text.splitlines()))


# which one a column is


def measure_of(column: RawColumn, table: RawTable, kind: str) -> Measure | None:
    """The measure that a column of numbers holds, None where its name tells none.

    Args:
        column: of the table.
        table: its name and other columns tell too.
        kind: the class of its type, see `rules`.

    Example:
        >>> score = RawColumn("credit_score", "INTEGER")
        >>> measure_of(score, RawTable("loans", "", (score,)), "i").name
        'credit_score'
    """
    if kind not in ("i", "n"):
        return None
    best: tuple[int, Measure] | None = None
    for words in _readings(words_of(column.name)):
        for pattern, whole, measure in _ending(words):
            if kind not in measure.types or (whole and len(pattern) < len(words)):
                continue
            if measure.unit == "calendar" and column.name.lower().endswith("s"):
                continue
            if "per" in words[: -len(pattern)]:
                continue  # the hour of `price_per_hour`
            if not _here(measure, words[: -len(pattern)], column, table):
                continue
            points = 2 * len(pattern) + bool(measure.owner or measure.beside)
            if best is None or points > best[0]:
                best = points, measure
    return None if best is None else best[1]


def _readings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A name, and the same without what only says that it is a number."""
    rest = words[:-1]
    return [words, rest] if rest and (words[-1] in _BARE or words[-1].isdigit()) else [words]


_BARE = frozenset("value reading usd eur gbp avg average amount total count".split())


def _here(measure: Measure, before: tuple[str, ...], column: RawColumn, table: RawTable) -> bool:
    """Whether owner and neighbours are there."""
    if measure.owner:
        names = {*before[-1:], *table_words(table.name)[-1:]}
        if names.isdisjoint(GROUPS[measure.owner]):
            return False
    if not measure.beside:
        return True
    others = (c for c in table.columns if c.name != column.name)
    return any(not measure.beside.isdisjoint(words_of(c.name)) for c in others)


Entries = Mapping[tuple[str, ...], tuple[tuple[bool, Measure], ...]]


@cache
def _index() -> Entries:
    found: dict[tuple[str, ...], list[tuple[bool, Measure]]] = {}
    for measure in measures():
        for pattern, whole in measure.patterns:
            found.setdefault(pattern, []).append((whole, measure))
    return {pattern: tuple(held) for pattern, held in found.items()}


def _ending(words: tuple[str, ...]) -> list[tuple[tuple[str, ...], bool, Measure]]:
    """Patterns that stand at the end of the words, the longest first."""
    ends = (words[at:] for at in range(len(words)))
    return [(end, whole, measure) for end in ends for whole, measure in _index().get(end, ())]


# what fills it


def measured(ask: Ask, measure: Measure, beside: Mapping[str, str]) -> Columns | None:
    """The columns that fill one of a measure; None where its type or bounds leave no such value.

    Args:
        ask: the column, with the options min, max and as_of where there are some.
        measure: what it holds.
        beside: columns of the table by their measures.
    """
    drawn = _law(ask, measure)
    if drawn is None:
        return None
    own = bounded(ask, alone(ask, drawn))
    made = _related(ask, measure, beside, own[ask.column])
    return own if made is None else bounded(ask, made)


def _law(ask: Ask, measure: Measure) -> Spec | None:
    """The law of a measure, as far as type and bounds let it reach."""
    least = number_option(ask, "min", -math.inf)
    most = min(number_option(ask, "max", math.inf), most_of(ask.type))
    shares = measure.unit == "percent" and (most <= 1 or most_of(ask.type) < SHARE)
    scale = 0.01 if shares else 1.0
    places = decimals_of(ask.type, measure.decimals + (2 if shares else 0))
    if measure.law in ("listed", "bands", "years"):
        spec = _of_list(measure, as_of(ask).year, scale, places)
        return spec if _top(spec) <= most and _bottom(spec) >= least else None
    low, high = scale * float(measure.low or 0), scale * float(measure.high or 0)
    low, high = max(low, least), min(high, most)
    if not low < high:
        return None
    spec = {"type": measure.law, "min": low, "max": high, "decimals": places}
    if measure.law == "uniform":
        return spec
    middle, spread = scale * float(measure.middle), measure.spread
    if measure.law == "lognormal":
        if not low < middle < high:
            middle = math.sqrt(max(low, high / 1000) * high)
        return {**spec, "mean": round(math.log(middle), 6), "std_dev": spread}
    if measure.law == "poisson":
        return {"type": "poisson", "mean": middle, "min": low, "max": high}
    if not low < middle < high:
        middle, spread = (low + high) / 2, (high - low) / (5 * scale)
    return {**spec, "mean": middle, "std_dev": spread * scale}


def _of_list(measure: Measure, year: int, scale: float, places: int) -> Spec:
    """A law of values or of bands, written as 'value:weight'; years may count from this one."""
    pairs = [part.split(":") for part in measure.middle.split()]
    at = [float(value) for value, _ in pairs]
    weights = [float(weight) for _, weight in pairs]
    if measure.law == "listed":
        values = [round(v * scale, places) for v in at]
        return weighted([int(v) for v in values] if not places else values, weights)
    if measure.law == "years":
        at = [v if v > 200 else year + v for v in at]
        ends = [*at[1:], year if at[-1] < year else at[-1] + 1]
    else:
        ends = [*at[1:], at[-1] + 1]
    total = sum(weights)
    bands = [
        {"min": int(a), "max": int(b) - 1, "weight": w / total}
        for a, b, w in zip(at, ends, weights, strict=True)
        if w
    ]
    return {"type": "bands", "bands": bands, "decimals": 0}


def _top(spec: Spec) -> float:
    return float(max(spec["values"] if "values" in spec else (b["max"] for b in spec["bands"])))


def _bottom(spec: Spec) -> float:
    return float(min(spec["values"] if "values" in spec else (b["min"] for b in spec["bands"])))


# measures of one row that belong together


def _related(ask: Ask, measure: Measure, beside: Mapping[str, str], own: Spec) -> Columns | None:
    """A measure that others of the row fix, None where there are none."""
    if measure.name == "diastolic" and "systolic" in beside:
        return _kept(ask, own, f"least({{0}}, CAST({quoted(beside['systolic'])} AS DOUBLE) - 20)")
    if measure.name == "bmi" and {"weight_kg", "height_cm"} <= beside.keys():
        weight, height = (
            f"CAST({quoted(beside[m])} AS DOUBLE)" for m in ("weight_kg", "height_cm")
        )
        index = f"{weight} * 10000 / ({height} * {height})"
        return computed(ask, f"round({index}, {decimals_of(ask.type, 1)})")
    if measure.name == "weight_kg" and "height_cm" in beside and most_of(ask.type) >= HEAVIEST:
        index = helper(ask, "bmi")
        height = f"CAST({quoted(beside['height_cm'])} AS DOUBLE)"
        sql = f"round({quoted(index)} * {height} * {height} / 10000, {decimals_of(ask.type, 1)})"
        return {index: hidden(BMI), **computed(ask, sql)}
    if measure.name == "years_of_work" and "age" in beside:
        return _kept(ask, own, f"greatest(least({{0}}, {quoted(beside['age'])} - 18), 0)")
    return None


def _kept(ask: Ask, own: Spec, sql: str) -> Columns:
    """A drawn value that an expression keeps in its place."""
    name = helper(ask, "drawn")
    made = {name: hidden(own)}
    return {**made, **computed(ask, sql.format(quoted(name)))}
