"""Keys of a profile: a format such as ``P%08d`` filled with the row's number, counted from 1."""

from __future__ import annotations

import re

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import Spec
from genesis_sql.program.domain import Key
from genesis_sql.program.pattern import DIGITS, Counter, Pattern, Run, Shape
from genesis_sql.program.scatter import IntegerKey

_FORMAT = re.compile(r"((?:[^%]|%%)*)%(?:0(\d{1,2}))?d((?:[^%]|%%)*)", re.DOTALL)
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
    if type_ in WHOLE:
        if prefix or suffix:
            message = f"{where}: the format {given!r} makes text, and its sql_type is {type_}"
            raise ProfileError(message)
        return Key(type_, IntegerKey(start))
    if width > 18:
        message = f"{where}: the format {given!r} has {width} digits; at most 18 are possible"
        raise ProfileError(message)
    shape = Shape(
        (*([prefix] if prefix else []), Run(DIGITS, max(width, 1)), *([suffix] if suffix else []))
    )
    counter = Counter(start, 1, width, prefix, suffix)
    return Key(type_, Pattern("identifier", (shape,), (1,), counter))
