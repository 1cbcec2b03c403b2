"""What every provider is made of: plain columns that fit a type, a length and a number of rows.

A text column of a profile is drawn from labels (`listed`), put together from lists (`combined`),
drawn by a shape (`shaped`) or computed from others of the row (`computed`). Each of them keeps to
the length of the column and, where it is unique, reaches as far as its rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from genesis_sql.errors import OptionError
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.short_forms import codes
from genesis_sql.sqlbuild import quoted, string

Spec = dict[str, Any]

_SIZED = re.compile(r"(?:VARCHAR|CHAR|BPCHAR|TEXT|STRING)\s*\(\s*(\d+)\s*\)")
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_ALIASES = {
    "INT": "INTEGER", "INT1": "TINYINT", "INT2": "SMALLINT", "INT4": "INTEGER", "INT8": "BIGINT",
    "SHORT": "SMALLINT", "LONG": "BIGINT", "BOOL": "BOOLEAN", "LOGICAL": "BOOLEAN",
    "REAL": "FLOAT", "FLOAT4": "FLOAT", "FLOAT8": "DOUBLE", "NUMERIC": "DECIMAL(18,3)",
    "DECIMAL": "DECIMAL(18,3)", "DATETIME": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP", "TIME WITH TIME ZONE": "TIME",
    "TEXT": "VARCHAR", "STRING": "VARCHAR", "CHAR": "VARCHAR", "BPCHAR": "VARCHAR",
}  # fmt: skip
"""Other names of types. Moments are held without a zone: a cast to one would ask the session."""
_WHOLE = {
    "TINYINT": 127, "UTINYINT": 255, "SMALLINT": 32_767, "USMALLINT": 65_535,
    "INTEGER": 2**31 - 1, "UINTEGER": 2**32 - 1, "BIGINT": 2**62, "UBIGINT": 2**62,
    "HUGEINT": 2**62, "UHUGEINT": 2**62,
}  # fmt: skip
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
FEW = 50_000
"""Combinations of words up to which the words may hold blanks where all have to differ: the
compiler compares so many; of more it asks that no word holds the separator."""
FEWEST = 3
"""Labels that have to fit into a column; of fewer, all are written as codes."""
DRAWN = (
    "constant", "categorical", "explicit", "normal", "lognormal", "uniform", "exponential", "beta",
    "poisson", "bands", "conditional", "after",
)  # fmt: skip
"""Column types that have a share of NULL of their own."""


# types


def plain_type(type_: str) -> str:
    """A type as a column of a profile spells it; texts have no length in it.

    Example:
        >>> plain_type("varchar(20)"), plain_type("NUMERIC(10, 2)"), plain_type("INT8")
        ('VARCHAR', 'DECIMAL(10,2)', 'BIGINT')
    """
    text = type_.strip()
    if text.upper().startswith("ENUM"):
        return "ENUM" + text[4:]
    upper = " ".join(text.upper().split())
    if _SIZED.fullmatch(upper):
        return "VARCHAR"
    found = _DECIMAL.fullmatch(upper)
    if found:
        return f"DECIMAL({found[1]},{found[2] or 0})"
    return _ALIASES.get(upper, upper)


def family(type_: str) -> str:
    """The kind of a type: text, whole, decimal, float, date, timestamp, time, boolean, uuid, json.

    Returns:
        'other' where no provider can fill it: lists, structs, blobs, intervals.

    Example:
        >>> family("VARCHAR(3)"), family("DECIMAL(8,2)"), family("BLOB")
        ('text', 'decimal', 'other')
    """
    plain = plain_type(type_)
    if plain == "VARCHAR" or plain.startswith("ENUM"):
        return "text"
    if plain in _WHOLE:
        return "whole"
    if plain.startswith("DECIMAL("):
        return "decimal"
    names = {"DOUBLE": "float", "FLOAT": "float", "DATE": "date", "TIMESTAMP": "timestamp",
             "TIME": "time", "BOOLEAN": "boolean", "UUID": "uuid", "JSON": "json"}  # fmt: skip
    return names.get(plain, "other")


def length_of(ask: Ask) -> int | None:
    """Characters that the column holds, by its length or its type."""
    if ask.length is not None:
        return ask.length
    found = _SIZED.fullmatch(" ".join(ask.type.upper().split()))
    return int(found[1]) if found else None


def enum_labels(type_: str) -> tuple[str, ...]:
    """The labels of an ENUM type, nothing of another.

    Example:
        >>> enum_labels("ENUM('a', 'it''s')"), enum_labels("VARCHAR")
        (('a', "it's"), ())
    """
    if not type_.strip().upper().startswith("ENUM"):
        return ()
    return tuple(found.replace("''", "'") for found in _LABEL.findall(type_))


def most_of(type_: str) -> float:
    """The largest value that a number of this type can be.

    Example:
        >>> most_of("DECIMAL(5,2)"), most_of("SMALLINT")
        (999.99, 32767)
    """
    plain = plain_type(type_)
    found = _DECIMAL.fullmatch(plain)
    if found:
        scale = int(found[2] or 0)
        return float((10 ** int(found[1]) - 1) / 10**scale)
    return float(2**53) if plain not in _WHOLE else _WHOLE[plain]


def decimals_of(type_: str, wish: int) -> int:
    """Decimals of a number of this type, ``wish`` where it may have any."""
    kind = family(type_)
    if kind == "whole":
        return 0
    if kind == "decimal":
        return min(wish, int(plain_type(type_)[8:-1].split(",")[1]))
    return wish


# columns


def where(ask: Ask) -> str:
    """The column, for errors."""
    return f"{ask.table}.{ask.column}"


def helper(ask: Ask, word: str) -> str:
    """The name of a hidden column beside the one asked for."""
    return f"{ask.column}_{word}"


def hidden(spec: Mapping[str, Any]) -> Spec:
    """A column that is drawn and not shown."""
    return {**spec, "hidden": True}


def alone(ask: Ask, spec: Mapping[str, Any]) -> Columns:
    """The one column, in the type that was asked for."""
    return {ask.column: {"sql_type": plain_type(ask.type), **spec}}


def weighted(values: Iterable[Any], weights: Iterable[float] | None = None) -> Spec:
    """A law of values with their weights, whatever these sum to; a value that comes twice, once."""
    held: dict[Any, float] = {}
    listed = list(values)
    for value, weight in zip(listed, weights or [1.0] * len(listed), strict=True):
        held[value] = held.get(value, 0.0) + float(weight)
    if weights is None and len(held) == len(listed):
        return {"type": "explicit", "values": listed}
    total = sum(held.values())
    shares = [w / total for w in held.values()]
    return {"type": "explicit", "values": list(held), "weights": shares}


def fitting(ask: Ask, values: Sequence[str], room: int = 0) -> list[int]:
    """Places of the values that leave ``room`` characters of the column's length."""
    length = length_of(ask)
    return [i for i, v in enumerate(values) if length is None or len(v) + room <= length]


def labels(ask: Ask, values: Sequence[str], weights: Sequence[float] | None = None) -> Spec:
    """A law of the texts that fit into the column; of codes for them where few do."""
    held = fitting(ask, values)
    if len(held) >= min(len(values), FEWEST):
        return weighted([values[i] for i in held], weights and [weights[i] for i in held])
    length = length_of(ask) or 1
    return weighted(codes(values, length), weights or [1.0] * len(values))


def listed(
    ask: Ask,
    values: Sequence[str],
    weights: Sequence[float] | None = None,
    *,
    growing: bool = False,
) -> Columns:
    """A column of labels.

    Args:
        ask: the column.
        values: its labels.
        weights: how often each comes.
        growing: where it is unique and the labels run out, a number follows them.

    Raises:
        OptionError: it is unique and has more rows than labels.
    """
    if not ask.unique:
        return alone(ask, labels(ask, values, weights))
    fit = [values[i] for i in fitting(ask, values)]
    if len(set(fit)) >= ask.rows:
        return alone(ask, {"type": "combined", "parts": [list(dict.fromkeys(fit))], "unique": True})
    if not growing:
        raise too_many(ask, len(set(fit)))
    return combined(ask, [values])


def combined(ask: Ask, parts: Sequence[Sequence[str]], separator: str = " ") -> Columns:
    """A text put together from lists, one word of each; unique where that is asked.

    Args:
        ask: the column.
        parts: lists of words; front parts are dropped until the text fits into the length.
        separator: between the words.

    Raises:
        OptionError: no such text fits, or too few do.
    """
    room = digits_for(ask.rows) + 1 if ask.unique else 0
    length = length_of(ask)
    for drop in range(len(parts)):
        kept = [list(dict.fromkeys(p)) for p in parts[drop:]]
        if length is not None:
            share = (length - room - len(separator) * (len(kept) - 1)) // len(kept)
            kept = [[w for w in p if len(w) <= share] for p in kept]
        if ask.unique and math.prod(map(len, kept)) > FEW:
            kept = [[w for w in p if separator not in w] for p in kept]
        if all(kept):
            spec: Spec = {"type": "combined", "parts": kept, "separator": separator}
            return alone(ask, {**spec, "unique": True} if ask.unique else spec)
    if not ask.unique:
        return alone(ask, labels(ask, parts[-1]))
    return shaped(ask, tail(ask))


def tail(ask: Ask) -> str:
    """A shape of letters and digits for a column that holds no words.

    Raises:
        OptionError: not even that has as many values as rows.
    """
    length = length_of(ask) or 12
    shape = "@" * min(length, 8)
    if 26 ** len(shape) < ask.rows:
        raise too_many(ask, 26 ** len(shape))
    return shape


def capacity(shape: str) -> int:
    """How many texts a shape has.

    Example:
        >>> capacity("##-@")
        2600
    """
    many, escaped = 1, False
    for letter in shape:
        if not escaped and letter != "\\":
            many *= {"#": 10, "@": 26, "?": 26, "*": 16}.get(letter, 1)
        escaped = letter == "\\" and not escaped
    return many


def shaped(ask: Ask, shape: str) -> Columns:
    """A text by a shape (# a digit, @ and ? a letter, * a hex digit).

    Raises:
        OptionError: it does not fit into the length, or is unique and has too few values.
    """
    require_length(ask, len(re.sub(r"\\(.)", r"\1", shape)))
    if ask.unique and capacity(shape) < ask.rows:
        raise too_many(ask, capacity(shape))
    return alone(ask, shape_of(shape, unique=ask.unique))


def shape_of(shape: str, *, unique: bool = False) -> Spec:
    """The spec of a shape."""
    return {"type": "pattern", "shape": shape, **({"unique": True} if unique else {})}


def computed(ask: Ask, sql: str, most: int | None = None, type_: str | None = None) -> Columns:
    """A column that SQL computes from others of the row.

    Args:
        ask: the column.
        sql: the expression.
        most: characters its text can have; it is cut at a blank where the column holds fewer.
        type_: another type than the one asked for.
    """
    length = length_of(ask)
    if most is not None and length is not None and most > length:
        sql = cut_sql(sql, length)
    return alone(ask, {"type": "expression", "sql": sql, "sql_type": type_ or plain_type(ask.type)})


def cut_sql(sql: str, length: int) -> str:
    """SQL for as many whole words of a text as so many characters hold; part of a first one."""
    words = f"regexp_extract(({sql}) || ' ', '^(.{{1,{length}}})[ ,]', 1)"
    return f"coalesce(nullif({words}, ''), left({sql}, {length}))"


def as_type(ask: Ask, type_: str) -> Ask:
    """The same wish for another type, and no length."""
    return replace(ask, type=type_, length=None)


def recast(ask: Ask, made: Columns, sql: str) -> Columns:
    """Columns whose last one becomes a hidden helper that an expression reads as ``{0}``."""
    *before, last = made
    name = helper(ask, "drawn")
    out = {c: made[c] for c in before}
    out[name] = hidden(made[last])
    return {**out, **computed(ask, sql.format(quoted(name)))}


def joined(*parts: str) -> str:
    """SQL that puts texts behind one another."""
    return " || ".join(parts)


def text_sql(value: str) -> str:
    """A text as SQL."""
    return string(value)


def plain_letters(sql: str, marks: str = " '-.") -> str:
    """SQL for the lower-case letters of a name without accents, blanks and marks."""
    for mark in marks:
        sql = f"replace({sql}, {string(mark)}, {string('ss' if mark == 'ß' else '')})"
    return f"lower(strip_accents({sql}))"


# uniqueness and bounds


def digits_for(rows: int) -> int:
    """Digits of the last row's number, counted from 1.

    Example:
        >>> digits_for(1_000_000), digits_for(9)
        (7, 1)
    """
    return len(str(max(rows, 1)))


def too_many(ask: Ask, many: int) -> OptionError:
    """The error of a unique column whose values run out."""
    length = length_of(ask)
    held = f" of {length} characters" if length is not None else ""
    message = (
        f"{where(ask)} is unique and its table may get {ask.rows:,} rows, but its type"
        f"{held} and meaning have {many:,} values: ask for at most {many:,} rows, as in "
        f"rows := MAP {{{string(ask.table)}: {many}}}"
    )
    return OptionError(message)


def require_length(ask: Ask, least: int) -> None:
    """Raise OptionError where the column is shorter than what belongs into it."""
    length = length_of(ask)
    if length is not None and length < least:
        message = (
            f"{where(ask)} holds {length} characters and what it means takes {least}: widen it, "
            f"or give it a provider of its own, as in columns := {{'{where(ask)}': …}}"
        )
        raise OptionError(message)


def bounded(ask: Ask, made: Columns) -> Columns:
    """Numbers between the options min and max, whatever made them.

    Laws of values lose those outside; other laws and expressions are held inside.

    Raises:
        OptionError: min is above max.
    """
    low, high = ask.options.get("min"), ask.options.get("max")
    if (low is None and high is None) or family(ask.type) not in ("whole", "decimal", "float"):
        return made
    least = -math.inf if low is None else number_option(ask, "min", 0)
    most = math.inf if high is None else number_option(ask, "max", 0)
    if least > most:
        message = f"{where(ask)}: the option min {low} is above max {high}"
        raise OptionError(message)
    last = made[ask.column]
    if last["type"] == "expression":
        sql = last["sql"] if high is None else f"least({last['sql']}, {most})"
        sql = sql if low is None else f"greatest({sql}, {least})"
        return {**made, ask.column: {**last, "sql": sql}}
    inner = _within(last, least, most)
    if inner is None:
        first = least if low is not None else most - 100
        end = most if high is not None else least + 100
        places = decimals_of(ask.type, 2)
        inner = {"type": "uniform", "min": first, "max": end, "decimals": places}
    return {**made, ask.column: {"sql_type": plain_type(ask.type), **inner}}


def _within(spec: Spec, least: float, most: float) -> Spec | None:
    """A law whose numbers lie between two, None where nothing of it does."""
    if spec["type"] == "explicit":
        weights = spec.get("weights") or [1.0] * len(spec["values"])
        pairs = zip(spec["values"], weights, strict=True)
        kept = [(v, w) for v, w in pairs if v is None or least <= v <= most]
        rest = {k: v for k, v in spec.items() if k not in ("values", "weights")}
        return {**rest, **weighted(*zip(*kept, strict=True))} if kept else None
    if spec["type"] == "conditional":
        cases = [(c["when"], _within(c["then"], least, most)) for c in spec["cases"]]
        last = _within(spec["otherwise"], least, most)
        if last is None:
            return None
        held = [{"when": w, "then": t} for w, t in cases if t is not None]
        return {**spec, "cases": held, "otherwise": last} if held else last
    if "min" in spec or "max" in spec:
        low, high = max(spec.get("min", least), least), min(spec.get("max", most), most)
        return {**spec, "min": low, "max": high} if low < high else None
    if spec["type"] == "bands":
        kept_bands = [b for b in spec["bands"] if least <= b["min"] and b["max"] <= most]
        total = sum(b["weight"] for b in kept_bands)
        bands = [{**b, "weight": b["weight"] / total} for b in kept_bands]
        return {**spec, "bands": bands} if bands else None
    return spec


def option(ask: Ask, name: str, default: Any) -> Any:
    """An option of the meaning, or its default."""
    value = ask.options.get(name)
    return default if value is None else value


def number_option(ask: Ask, name: str, default: float) -> float:
    """An option that is a number.

    Raises:
        OptionError: it is none.
    """
    value = option(ask, name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{where(ask)}: the option {name} is a number, not {value!r}"
        raise OptionError(message)
    return value
