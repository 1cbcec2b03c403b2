"""Keys of a profile, one for each row number: integers, a format such as ``P%08d``, or UUIDs."""

from __future__ import annotations

import re
from hashlib import blake2b

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import Spec
from genesis_sql.program.column_types import keys_within
from genesis_sql.program.domain import Grid, Key
from genesis_sql.program.pattern import DIGITS, UUID, Counter, Pattern, Run, Shape
from genesis_sql.program.scatter import IntegerKey

_FORMAT = re.compile(r"((?:[^%]|%%)*)%(?:0(\d{1,2}))?d((?:[^%]|%%)*)", re.DOTALL)
_NUMBERS = ("DECIMAL", "HUGEINT", "UHUGEINT", "DOUBLE", "FLOAT")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOST = 2**62
"""Row numbers that text can tell apart: more than there can be."""
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def key_domain(where: str, spec: Spec) -> Key:
    """How row numbers are written; no two rows have the same key.

    Args:
        where: the column, for errors.
        spec: ``format`` ('%d' where there is none), ``start`` (1), ``sql_type``.

    Raises:
        ProfileError: the format does not hold exactly one number.

    Example:
        >>> from genesis_sql.plan.output import decode
        >>> from genesis_sql.program.domain import Raw
        >>> import numpy as np
        >>> made = key_domain("people.id", {"type": "key", "format": "P%04d"})
        >>> decode(made, Raw(np.arange(2))).to_pylist()
        ['P0001', 'P0002']
    """
    given, start = str(spec.get("format", "%d")), int(spec.get("start", 1))
    found = _FORMAT.fullmatch(given)
    if found is None:
        message = f"{where}: the format {given!r} holds no number; write as 'P%08d'"
        raise ProfileError(message)
    prefix, width, suffix = found[1].replace("%%", "%"), int(found[2] or 0), found[3]
    suffix = suffix.replace("%%", "%")
    type_ = str(spec.get("sql_type") or ("BIGINT" if given == "%d" else "VARCHAR")).upper()
    if type_ == "UUID" and "format" not in spec:
        return Key(type_, Pattern("uuid", (UUID,), (1,), salt=_salt(where)))
    _check_type(where, type_, given, f"{prefix}{start:0{width}d}{suffix}")
    if type_ in WHOLE:
        return Key(type_, IntegerKey(start))
    if width > 18:
        message = f"{where}: the format {given!r} has {width} digits; at most 18 are possible"
        raise ProfileError(message)
    shape = Shape(
        (*([prefix] if prefix else []), Run(DIGITS, max(width, 1)), *([suffix] if suffix else []))
    )
    counter = Counter(start, 1, width, prefix, suffix)
    return Key(type_, Pattern("identifier", (shape,), (1,), counter))


def _check_type(where: str, type_: str, given: str, first: str) -> None:
    """Refuse a type that cannot hold what a format makes."""
    numbers = type_ in WHOLE or type_.startswith(_NUMBERS)
    if numbers and not first.isdecimal():
        message = f"{where}: the format {given!r} makes text, and its sql_type is {type_}"
        raise ProfileError(message)
    if type_ == "UUID" and not _UUID.fullmatch(first):
        message = (
            f"{where}: the format {given!r} makes no UUID, which has a form of its own; leave the "
            "format out"
        )
        raise ProfileError(message)
    if not numbers and type_ not in ("UUID", "VARCHAR"):
        message = f"{where}: a key is text, a UUID or a number, no {type_}"
        raise ProfileError(message)


def _salt(where: str) -> int:
    """A number of the column's own: the keys of two tables differ."""
    return int.from_bytes(blake2b(where.encode(), digest_size=3).digest(), "big")


def most_keys(kind: Key, length: int | None = None) -> int:
    """How many rows a key can tell apart.

    Args:
        kind: as `key_domain` gives it.
        length: the characters that its column has room for, None: any number.

    Example:
        >>> most_keys(key_domain("t.id", {"type": "key", "sql_type": "SMALLINT"}))
        32767
        >>> most_keys(key_domain("t.id", {"type": "key", "format": "P%02d"}), 4)
        999
        >>> most_keys(key_domain("t.id", {"type": "key", "sql_type": "DECIMAL(5,2)"}))
        999
    """
    if isinstance(kind.format, IntegerKey):
        return keys_within(kind.type, kind.format.start, kind.format.step)
    counter = kind.format.counter
    if length is None:
        return _numbers(kind.type, counter)
    if counter is None:
        return MOST if length >= UUID.characters else 0
    digits = length - len(counter.prefix) - len(counter.suffix)
    fits = digits >= max(counter.width, len(str(counter.start)))
    return min(10**digits - counter.start, MOST) if fits else 0


def _numbers(type_: str, counter: Counter | None) -> int:
    """How many numbers of a counter a decimal type holds; of other types, as many as rows."""
    if counter is None or not type_.startswith("DECIMAL("):
        return MOST
    digits, decimals = (int(part) for part in type_[len("DECIMAL(") : -1].split(","))
    return max(0, min(int(10 ** (digits - decimals)) - counter.start, MOST))


def sibling_kind(where: str, spec: Spec, parent: str | None) -> Grid:
    """How the place of a row among its siblings is held.

    Raises:
        ProfileError: the table has no parent, or the column is of no whole type.
    """
    type_ = str(spec.get("sql_type", "INTEGER")).upper()
    if parent is None:
        message = f"{where} counts the rows of one parent, and its table has none; use type 'key'"
        raise ProfileError(message)
    if type_ not in WHOLE:
        message = f"{where} counts rows, and its sql_type is {type_}; take INTEGER"
        raise ProfileError(message)
    return Grid(type_, 1, 0)
