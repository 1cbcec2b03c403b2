"""An answer as plain columns of our own making: nothing of its text is ever run as it came."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from genesis_sql.errors import GenesisError, LanguageError
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.profiles.read import read_profile
from genesis_sql.program.allowlist import DRAWS, check_expression
from genesis_sql.sqlbuild import text
from genesis_sql.types import RawColumn, RawSchema, RawTable

MOST_LABELS, MOST_TEXTS, MOST_LETTERS = 200, 2_000, 20_000
KINDS = ("values", "texts", "distribution", "expression", "meaning")
PARAMETERS = ("mean", "std_dev", "min", "max", "alpha", "beta", "decimals")
MOST_NUMBER = 1e15
LAWS = ("normal", "lognormal", "uniform", "exponential", "beta", "poisson")
ORIGIN = "language model"
"""What `genesis_describe` gives as the origin of such a column."""

Plain = dict[str, Any]
Fits = Callable[[Mapping[str, Plain]], object]


def read_answer(answer: str) -> Mapping[str, Any]:
    """The object inside an answer, with or without words or a code fence around it.

    Raises:
        LanguageError: there is none, or it does not hold columns.

    Example:
        >>> read_answer('Sure: {"columns": {"t.a": {"meaning": "email"}}} Done.')
        {'t.a': {'meaning': 'email'}}
    """
    start = answer.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(answer[max(start, 0) :])
    except (ValueError, RecursionError) as error:
        message = "the language model's answer holds no JSON object"
        raise LanguageError(message) from error
    columns = found.get("columns") if isinstance(found, dict) else None
    if not isinstance(columns, dict):
        message = "the language model's answer has no object 'columns'"
        raise LanguageError(message)
    return columns


def rebuild(
    schema: RawSchema,
    answer: Mapping[str, Any],
    fill: Collection[str],
    words: Collection[str],
    fits: Fits,
) -> tuple[dict[str, Plain], tuple[str, ...]]:
    """What of an answer can be used, and why the rest cannot.

    Args:
        schema: that was asked about.
        answer: generators by 'table.column', as they came.
        fill: the columns that may be proposed.
        words: the meanings that are known.
        fits: raises where columns do not fit together.

    Returns:
        Plain columns (or {'provider': word}) by 'table.column', and a note for each that was left
        out.
    """
    known = {f"{t.name}.{c.name}": (t, c) for t in schema.tables for c in t.columns}
    found: dict[str, Plain] = {}
    notes: list[str] = []
    for name, given in answer.items():
        if name not in fill or name not in known:
            notes.append(f"{_short(name)}: not asked for")
            continue
        table, column = known[name]
        try:
            found[name] = _column(table, column, given, words)
        except (GenesisError, ValueError, TypeError, ArithmeticError) as error:
            notes.append(f"{name}: {_short(str(error))}")
    return _fitting(found, fits, notes), tuple(notes)


def _fitting(found: dict[str, Plain], fits: Fits, notes: list[str]) -> dict[str, Plain]:
    """The columns that fit together with those of the caller and with one another."""
    try:
        fits(found)
    except GenesisError:
        kept: dict[str, Plain] = {}
        for name, plain in found.items():
            try:
                fits({**kept, name: plain})
            except GenesisError as error:
                notes.append(f"{name}: {_short(error)}")
            else:
                kept[name] = plain
        return kept
    return found


def _short(said: object) -> str:
    return " ".join(str(said).split())[:200]


def _column(table: RawTable, column: RawColumn, given: Any, words: Collection[str]) -> Plain:
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in KINDS:
        message = f"a generator is an object with one of {', '.join(KINDS)}"
        raise LanguageError(message)
    ((kind, value),) = given.items()
    if kind == "meaning":
        if value not in words:
            message = f"there is no meaning {_short(value)!r}"
            raise LanguageError(message)
        return {"provider": value, "origin": ORIGIN}
    plain = _BUILDERS[kind](column, value)
    _check(table, column, plain)
    return {**plain, "origin": ORIGIN}


def _values(column: RawColumn, value: Any) -> Plain:
    if not isinstance(value, dict) or not 1 <= len(value) <= MOST_LABELS:
        message = f"values are an object of 1 to {MOST_LABELS} labels with weights"
        raise LanguageError(message)
    for label, weight in value.items():
        if not _is_number(weight) or weight < 0:
            message = f"the weight of {_short(label)!r} is no number from 0"
            raise LanguageError(message)
    total = math.fsum(value.values())
    if total <= 0:
        message = "all weights are 0"
        raise LanguageError(message)
    labels = [label for label, weight in value.items() if weight > 0]
    _fit(column, labels)
    return {"type": "explicit", "values": labels, "weights": [value[v] / total for v in labels]}


def _texts(column: RawColumn, value: Any) -> Plain:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        message = "texts are a list of texts"
        raise LanguageError(message)
    texts = list(dict.fromkeys(value))[:MOST_TEXTS]
    if not texts:
        message = "the list of texts is empty"
        raise LanguageError(message)
    _fit(column, texts)
    return {"type": "explicit", "values": texts}


def _fit(column: RawColumn, labels: list[str]) -> None:
    most = MOST_LETTERS if column.length is None else column.length
    for label in labels:
        if len(label) > most:
            message = f"{_short(label)[:40]!r} has more than {most} characters"
            raise LanguageError(message)
        if column.values and label not in column.values:
            message = f"{_short(label)!r} is none of its values"
            raise LanguageError(message)


def _distribution(column: RawColumn, value: Any) -> Plain:
    if not isinstance(value, dict) or value.get("type") not in LAWS:
        message = f"a distribution is an object with a type of {', '.join(LAWS)}"
        raise LanguageError(message)
    for name, number in value.items():
        if name != "type" and name not in PARAMETERS:
            message = f"a distribution has no {_short(name)!r}"
            raise LanguageError(message)
        dates = isinstance(number, str) and name in ("min", "max")
        if name != "type" and not dates and not _is_number(number):
            message = f"the distribution's {name!r} is no number"
            raise LanguageError(message)
    return dict(value)


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= MOST_NUMBER  # whole numbers of any length, NaN and infinity are none


def _expression(column: RawColumn, value: Any) -> Plain:
    if not isinstance(value, str):
        message = "an expression is a text"
        raise LanguageError(message)
    return {"type": "expression", "sql": text(check_expression(value, DRAWS))}


_BUILDERS = {
    "values": _values, "texts": _texts, "distribution": _distribution, "expression": _expression,
}  # fmt: skip


def _check(table: RawTable, column: RawColumn, plain: Plain) -> None:
    """Compile the column in its table, so that what does not fit is known now."""
    others: dict[str, Plain] = {
        c.name: {"type": "constant", "value": None, "sql_type": c.type}
        for c in table.columns
        if c.name != column.name
    }
    columns = {**others, column.name: {**plain, "sql_type": column.type}}
    spec = {"tables": {table.name: {"rows": 1, "columns": columns}}}
    compile_profile(read_profile(spec), name="proposal", version=1)
