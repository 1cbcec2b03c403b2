"""What a schema tells of the values of a column: labels, bounds, and the states of a row."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from genesis_sql.providers.listed import (
    Bounds,
    Label,
    bounds_of,
    currency_of,
    labels_of,
    range_of,
)
from genesis_sql.providers.rules import MONEY
from genesis_sql.providers.statuses import known_course, path_of, plain, states_of
from genesis_sql.providers.words import table_words
from genesis_sql.types import RawColumn, RawTable

KINDS = (1, 2, 3, 4, 5)
"""Numbers of kinds, where a whole number tells a kind and nothing tells which there are."""

LABELLED = frozenset(
    "status category priority gender marital_status card_type blood_type product_category "
    "industry department specialty language currency_code country country_code state "
    "state_code flag code color mime_type nationality name_prefix job_title brand team "
    "medication rating score month time_zone version label".split()
)
"""Meanings whose provider takes ``values``; other texts with known labels are a category."""


def default_of(column: RawColumn) -> str:
    """The text of a default that is a literal, or ''.

    Example:
        >>> default_of(RawColumn("state", "VARCHAR", default="'new'::character varying"))
        'new'
    """
    found = re.match(r"\(*'((?:[^']|'')*)'", (column.default or "").strip())
    return found[1].replace("''", "'") if found else ""


def length_of(column: RawColumn) -> int | None:
    """The characters that a text holds at most."""
    if column.length is not None:
        return column.length
    found = re.fullmatch(r"(?i)\w*char\((\d+)\)", column.type)
    return int(found[1]) if found else None


def told_bounds(column: RawColumn, table: RawTable, kind: str) -> Bounds:
    """Labels and bounds, the surest first: an enum, a CHECK, the comment."""
    values: tuple[Label, ...] = column.values or _enum(column.type)
    low = high = None
    for check in table.checks:
        told = bounds_of(check).get(column.name.lower())
        if told is not None:
            values = values or told.values
            low = told.low if told.low is not None else low
            high = told.high if told.high is not None else high
    if column.comment and not values and kind in "ti":
        values = _fitting(labels_of(column.comment), column, kind)
    if column.comment and low is None and high is None and kind in "in" and not values:
        low, high = range_of(column.comment) or (None, None)
    return Bounds(values, low, high)


def _fitting(labels: tuple[str, ...], column: RawColumn, kind: str) -> tuple[Label, ...]:
    """Labels of a comment, where the column can hold each of them."""
    if kind == "i":
        whole = all(re.fullmatch(r"-?\d{1,9}", x) for x in labels)
        return tuple(int(x) for x in labels) if whole else ()
    longest = max(map(len, labels), default=0)
    return labels if longest <= (length_of(column) or longest) else ()


@lru_cache(maxsize=4096)
def _enum(type_: str) -> tuple[str, ...]:
    """The labels of DuckDB's ENUM('a', 'b')."""
    if not type_.startswith("ENUM("):
        return ()
    return tuple(x.replace("''", "'") for x in re.findall(r"'((?:[^']|'')*)'", type_))


def told_options(
    name: str, column: RawColumn, table: RawTable, kind: str, bounds: Bounds
) -> dict[str, Any]:
    """What the provider has to keep to."""
    options: dict[str, Any] = {}
    if name == "status" and kind == "t":
        options = _states(table, column, bounds)
    elif bounds.values:
        options["values"] = list(bounds.values)
    elif kind == "i" and name == "category" and bounds.low is None:
        options["values"] = list(KINDS)
    elif name in ("flag", "gender") and kind == "t" and length_of(column) == 1:
        options["values"] = ["Y", "N"] if name == "flag" else ["F", "M"]
    if kind in "in":
        options |= {k: v for k, v in (("min", bounds.low), ("max", bounds.high)) if v is not None}
    if name in MONEY and column.comment and currency_of(column.comment):
        options["currency"] = currency_of(column.comment)
    return options


def _states(table: RawTable, column: RawColumn, bounds: Bounds) -> dict[str, Any]:
    """The labels of a status with their weights, and the legal ways between them."""
    labels = tuple(str(v) for v in bounds.values)
    if labels:
        course = known_course(labels)
        if course is None:
            return {"values": list(labels)}
        shares = {plain(k): v for k, v in course.shares.items()}
        return {
            "values": {label: shares.get(plain(label), 0.05) for label in labels},
            "path": path_of(course, labels),
        }
    default = default_of(column)
    course = states_of(table_words(table.name), default)
    written = {label: _like(label, default) for label in course.labels}
    most = length_of(column)
    if most is not None and max(map(len, written.values())) > most:
        written = {label: label.upper()[:most] for label in course.labels}
        if len(set(written.values())) < len(written):
            return {}
    return {
        "values": {written[label]: share for label, share in course.shares.items()},
        "path": path_of(course, tuple(written.values())),
    }


def _like(label: str, example: str) -> str:
    """A label in the spelling of an example: 'IN_PROGRESS' where the default is 'NEW'."""
    if not example or not example[0].isalpha():
        return label.capitalize()
    if example.isupper():
        return label.upper().replace(" ", "_")
    return label.replace(" ", "_") if example.islower() else label.title()
