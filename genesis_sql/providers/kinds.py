"""Labels whose column's name says which there are: grades, sizes, days of the week.

The table is `kinds.csv`: patterns as in `measures`, and the labels with their weights, written out,
short and shortest. A column takes the first of the three that it holds.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from genesis_sql.providers.words import words_of

Labels = dict[str, float]


def kind_labels(name: str, length: int | None) -> Labels | None:
    """The labels of a column of texts by its name; None where it tells none that fit.

    Args:
        name: of the column.
        length: characters it holds, None for any number.

    Example:
        >>> kind_labels("quarter", 2)
        {'Q1': 1.0, 'Q2': 1.0, 'Q3': 1.0, 'Q4': 1.0}
        >>> kind_labels("payment_method", 1)
        {'C': 40.0, 'D': 25.0, 'B': 20.0, 'P': 15.0}
    """
    words = words_of(name)
    for at in range(len(words)):
        for labels in _index().get(words[at:], ()):
            if length is None or max(map(len, labels)) <= length:
                return dict(labels)
    return None


@cache
def _index() -> dict[tuple[str, ...], tuple[Labels, ...]]:
    text = files("genesis_sql.providers").joinpath("kinds.csv").read_text("utf-8")
    found: dict[tuple[str, ...], tuple[Labels, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        forms = tuple(_labels(row[c]) for c in ("values", "short", "shortest") if row[c])
        found |= {words_of(pattern): forms for pattern in row["patterns"].split(";")}
    return found


def _labels(text: str) -> Labels:
    pairs = (part.rsplit(":", 1) for part in text.split(";"))
    return {label: float(weight) for label, weight in pairs}
