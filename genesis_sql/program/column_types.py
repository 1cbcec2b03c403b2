"""The texts of column types: which may be written into statements, and what is inside nested ones.

A nested type is a ``STRUCT(name type, …)`` or a list, ``type[]``; JSON counts as a plain one.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(
    r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE"
    r"|DECIMAL\(\d{1,2}, ?\d{1,2}\)|DATE|TIME(_NS)?"
    r"|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|VARCHAR|UUID|JSON|BLOB|INTERVAL"
    r"|ENUM\('(?:[^']|'')*'(?:, ?'(?:[^']|'')*')*\)"
)
_FIELD = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_]*))\s+(\S.*)', re.DOTALL)
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),\[\]]|[^'"(),\[\]]+""")
MAX_DEPTH = 8

POINT = "·"
"""Between a struct and its field: a plain point stands between a parent and its column."""

THERE = f"{POINT}?"
"""Behind the name of a struct or list that may be NULL: is it there?"""

ROOT = f"{POINT}{{}}"
"""Behind the name of a JSON column: the struct or list that holds the same."""

POSITION, VALUE = "position", "value"
"""The columns of the hidden table of a list; those of a list of structs are ``value·field``."""


def fields_of(type_: str) -> tuple[tuple[str, str], ...]:
    """Names and types of the fields of a struct type; nothing of any other type.

    Example:
        >>> fields_of('STRUCT(a INTEGER, "b c" DECIMAL(3,1)[])')
        (('a', 'INTEGER'), ('b c', 'DECIMAL(3,1)[]'))
    """
    if not (type_.startswith("STRUCT(") and type_.endswith(")")):
        return ()
    found = [_FIELD.fullmatch(part) for part in _split(type_[7:-1])]
    if not all(found):
        return ()
    return tuple((m[1].replace('""', '"') if m[1] else m[2], m[3].rstrip()) for m in found if m)


def item_of(type_: str) -> str | None:
    """The type of a list's elements; None of any other type.

    Example:
        >>> item_of("INTEGER[]"), item_of("INTEGER[3]"), item_of("DATE")
        ('INTEGER', None, None)
    """
    return type_[:-2] if type_.endswith("[]") else None


def is_plain(type_: str) -> bool:
    """Whether it is a type of single values, spelled as DuckDB spells it."""
    return isinstance(type_, str) and bool(_PLAIN.fullmatch(type_))


_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}


def keys_within(type_: str, start: int = 0, step: int = 1) -> int:
    """How many of the numbers start, start + step, … a type of whole numbers can hold.

    Of other types as many as there are row numbers: 2^62.

    Example:
        >>> keys_within("SMALLINT", 1), keys_within("UTINYINT"), keys_within("VARCHAR")
        (32767, 256, 4611686018427387904)
    """
    bits = _BITS.get(type_.removeprefix("U"))
    if bits is None:
        return 2**62
    highest = (1 << (bits if type_.startswith("U") else bits - 1)) - 1
    return max(0, min(2**62, (highest - start) // step + 1))


def is_known(type_: str, depth: int = 0) -> bool:
    """Whether it is a plain type, or a struct or list of such.

    Example:
        >>> is_known("STRUCT(a DATE)[]"), is_known("INTEGER) AS x, (SELECT 1")
        (True, False)
    """
    if is_plain(type_):
        return True
    if not isinstance(type_, str) or depth == MAX_DEPTH:
        return False
    item, fields = item_of(type_), fields_of(type_)
    inner = [item] if item is not None else [t for _, t in fields]
    return bool(inner) and all(is_known(t, depth + 1) for t in inner)


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets and no quotes."""
    parts, level = [""], 0
    for piece in _PIECE.findall(text):
        level += (piece in "([") - (piece in ")]")
        if piece == "," and level == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
