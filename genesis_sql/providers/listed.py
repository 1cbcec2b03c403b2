"""Labels and bounds that a schema tells: those a comment lists, those that a CHECK allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Label = str | int | float

MOST_WORDS, MOST_LETTERS = 3, 30
"""Of a label in a comment; what is longer is a sentence."""
_STOP = frozenset(
    "the a an of is are be to when if not this that with for in on by from as it do only use used "
    "see where which who has have was were must may can will should".split()
)
_CODED = re.compile(
    r"\s*['\"]?([\w.-]{1,12})['\"]?\s*(?:=>?|:|->|\s-\s)\s*['\"]?([^,;|=:]{1,40}?)['\"]?\s*(?:[,;|]|$)"
)
_SUCH = re.compile(r"(?i)^\s*(e\.?g\.?|i\.?e\.?|such as|like|values?|one of|either)[,:]?\s+")
_ETC = re.compile(r"(?i)[,;]?\s*(etc\.?|and so on|…|\.\.\.)\s*$")
_BETWEEN = re.compile(r"\s*[,;|/]\s*(?:or\s+|and\s+)?|\s+or\s+")
_QUOTED = re.compile(r"['\"]([^'\"]{1,40})['\"]")
_RANGE = re.compile(
    r"\b(?:between|from|range:?|scale:?|score)?\s*\(?(-?\d+(?:\.\d+)?)\s*(?:-|–|to|and|\.\.)\s*(-?\d+(?:\.\d+)?)\b"
)
_CURRENCY = re.compile(r"\b(USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CNY|INR|BRL|MXN)\b")


@dataclass(frozen=True)
class Bounds:
    """What the values must be: one of `values` (none: any), at least `low`, at most `high`."""

    values: tuple[Label, ...] = ()
    low: float | None = None
    high: float | None = None


@lru_cache(maxsize=16384)
def labels_of(comment: str) -> tuple[str, ...]:
    """The labels that a comment lists; none where it is a sentence.

    Example:
        >>> labels_of("Order status: New, Processing, Shipped")
        ('New', 'Processing', 'Shipped')
        >>> labels_of("Insurance plan type (HMO, PPO, etc.)"), labels_of("M = male, F = female")
        (('HMO', 'PPO'), ('M', 'F'))
        >>> labels_of("Paid to the owner, net of fees")
        ()
    """
    text = " ".join(comment.split()).rstrip(". ")
    coded = _coded(text)
    if coded:
        return coded
    places = [m for m in re.findall(r"[(\[]([^()\[\]]*)[)\]]", text)]
    head, colon, tail = text.partition(":")
    if colon and len(head.split()) <= 6:
        places.insert(0, tail)
    if " one of " in f" {text.lower()}":
        places.insert(0, re.split(r"(?i)\bone of\b:?", text, maxsplit=1)[1])
    places.append(text)
    for place in places:
        quoted = tuple(dict.fromkeys(_QUOTED.findall(place)))
        if len(quoted) >= 2:
            return quoted
        found = _list(place)
        if found:
            return found
    return ()


def _coded(text: str) -> tuple[str, ...]:
    """The codes of '0 = open, 1 = closed'."""
    for place in (text, text.partition(":")[2], *re.findall(r"\(([^()]*)\)", text)):
        found = list(_CODED.finditer(place))
        whole = sum(len(m[0]) for m in found) == len(place)
        if len(found) >= 2 and whole:
            return tuple(dict.fromkeys(m[1] for m in found))
    return ()


def _list(text: str) -> tuple[str, ...]:
    """The labels of 'Active, Inactive or Prospect'."""
    text = re.sub(
        r"(?i)^\s*(e\.?g\.?|i\.?e\.?|such as|like|values?|one of|either)[,:]?\s+", "", text
    )
    text = re.sub(r"(?i)[,;]?\s*(etc\.?|and so on|…|\.\.\.)\s*$", "", text)
    pieces = [p.strip(" '\"`.") for p in re.split(r"\s*[,;|/]\s*(?:or\s+|and\s+)?|\s+or\s+", text)]
    pieces = [p for p in pieces if p]
    if len(pieces) < 2 or len(set(pieces)) < len(pieces):
        return ()
    for piece in pieces:
        words = piece.split()
        if len(words) > MOST_WORDS or len(piece) > MOST_LETTERS or not piece[0].isalnum():
            return ()
        if any(w.lower() in _STOP for w in words):
            return ()
    # 'city, state' in prose is seldom a list of one word each with the same first letter's case
    cases = {p[0].isupper() for p in pieces if p[0].isalpha()}
    return tuple(pieces) if len(cases) <= 1 and (len(pieces) > 2 or _short(pieces)) else ()


def _short(pieces: list[str]) -> bool:
    return all(len(p.split()) == 1 for p in pieces)


@lru_cache(maxsize=16384)
def range_of(comment: str) -> tuple[float, float] | None:
    """The bounds of '1 to 5' or 'between 0 and 100'; None where there are no two in order.

    Example:
        >>> range_of("Stars, 1-5"), range_of("see ISO 3166-1")
        ((1.0, 5.0), None)
    """
    found = _RANGE.search(comment)
    if found is None or "iso" in comment.lower() or "icd" in comment.lower():
        return None
    low, high = float(found[1]), float(found[2])
    return (low, high) if low < high and not 1900 < high < 2200 else None


def currency_of(comment: str) -> str:
    """The currency that a comment names, or ''.

    Example:
        >>> currency_of("Total amount in USD")
        'USD'
    """
    found = _CURRENCY.search(comment)
    return found[1] if found else ""


@lru_cache(maxsize=4096)
def bounds_of(check: str) -> dict[str, Bounds]:
    """What a CHECK says of each of its columns by itself; columns in lower case.

    A check that cannot be read, or that ties columns to each other, says nothing here: whoever
    makes the rows keeps it as it stands.

    Example:
        >>> bounds_of("status IN ('a', 'b') AND price >= 0")["status"].values
        ('a', 'b')
    """
    try:
        tree = sqlglot.parse_one(check, read="duckdb")
    except SqlglotError:
        return {}
    if isinstance(tree, exp.Alias) or not isinstance(tree, exp.Expression):
        return {}
    found: dict[str, Bounds] = {}
    for part in _parts(_inside(tree)):
        for name, new in _told(part):
            old = found.get(name, Bounds())
            low = (
                new.low
                if old.low is None
                else old.low
                if new.low is None
                else max(old.low, new.low)
            )
            high = (
                new.high
                if old.high is None
                else old.high
                if new.high is None
                else min(old.high, new.high)
            )
            found[name] = Bounds(new.values or old.values, low, high)
    return found


def _inside(tree: exp.Expression) -> exp.Expression:
    """Without CHECK(…) and brackets around it."""
    tree = cast(exp.Expression, tree.unnest())
    if isinstance(tree, exp.Anonymous | exp.CheckColumnConstraint):
        inner = tree.expressions[0] if tree.expressions else tree.this
        return _inside(inner) if isinstance(inner, exp.Expression) else tree
    return tree


def _parts(tree: exp.Expression) -> list[exp.Expression]:
    tree = cast(exp.Expression, tree.unnest())
    if isinstance(tree, exp.And):
        return [*_parts(cast(exp.Expression, tree.left)), *_parts(cast(exp.Expression, tree.right))]
    return [tree]


def _told(part: exp.Expression) -> list[tuple[str, Bounds]]:
    """What one condition says of one column."""
    if isinstance(part, exp.Or):
        sides = [_told(cast(exp.Expression, x.unnest())) for x in (part.left, part.right)]
        if all(len(s) == 1 and s[0][1].values for s in sides) and sides[0][0][0] == sides[1][0][0]:
            return [(sides[0][0][0], Bounds(sides[0][0][1].values + sides[1][0][1].values))]
        # "x IS NULL OR x > 0" bounds what is not null
        kept = [
            s
            for s, x in zip(sides, (part.left, part.right), strict=True)
            if not isinstance(x.unnest(), exp.Is)
        ]
        return kept[0] if len(kept) == 1 else []
    name = _column(part.this) if isinstance(part.this, exp.Expression) else ""
    if isinstance(part, exp.In) and name:
        values = [_literal(e) for e in part.expressions]
        known = tuple(v for v in values if v is not None)
        return [(name, Bounds(known))] if known and len(known) == len(values) else []
    if isinstance(part, exp.Between) and name:
        low, high = _number(part.args["low"]), _number(part.args["high"])
        return [(name, Bounds((), low, high))]
    if isinstance(part, exp.EQ) and name:
        return _equal(name, part.expression)
    return _compared(part, name)


def _equal(name: str, other: exp.Expression) -> list[tuple[str, Bounds]]:
    """Of x = 'a', and x = ANY (ARRAY['a', 'b']) as PostgreSQL writes an IN."""
    if isinstance(other, exp.Any):
        inner = next(iter(other.find_all(exp.Array)), None)
        values = [_literal(e) for e in inner.expressions] if inner else []
        known = tuple(v for v in values if v is not None)
        return [(name, Bounds(known))] if known and len(known) == len(values) else []
    value = _literal(other)
    return [(name, Bounds((value,)))] if value is not None else []


def _compared(part: exp.Expression, name: str) -> list[tuple[str, Bounds]]:
    """Of x > 0 or 0 <= x."""
    if not isinstance(part, exp.GT | exp.GTE | exp.LT | exp.LTE):
        return []
    above = isinstance(part, exp.GT | exp.GTE)
    value = _number(part.expression)
    if not name:
        name, value, above = _column(part.expression), _number(part.this), not above
    if not name or value is None:
        return []
    return [(name, Bounds((), value, None) if above else Bounds((), None, value))]


def _column(tree: exp.Expression) -> str:
    """The column that stands here, also inside a cast, in lower case; '' for anything else."""
    tree = cast(exp.Expression, tree.unnest())
    while isinstance(tree, exp.Cast | exp.Paren):
        tree = tree.this
    return tree.name.lower() if isinstance(tree, exp.Column) else ""


def _literal(tree: exp.Expression) -> Label | None:
    tree = cast(exp.Expression, tree.unnest())
    while isinstance(tree, exp.Cast):
        tree = tree.this
    if isinstance(tree, exp.Literal) and tree.is_string:
        return str(tree.this)
    number = _number(tree)
    if number is None:
        return None
    return int(number) if number == int(number) else number


def _number(tree: exp.Expression) -> float | None:
    tree = cast(exp.Expression, tree.unnest())
    while isinstance(tree, exp.Cast):
        tree = tree.this
    if isinstance(tree, exp.Neg):
        inner = _number(tree.this)
        return None if inner is None else -inner
    if isinstance(tree, exp.Literal) and not tree.is_string:
        return float(tree.this)
    return None
