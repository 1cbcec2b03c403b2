"""Texts of a shape that a profile writes down, such as ``AB-####``."""

from __future__ import annotations

from hashlib import blake2b

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.laws import Spec
from genesis_sql.program.domain import Domain, Key, Words
from genesis_sql.program.pattern import DIGITS, HEX, Pattern, Run, Shape
from genesis_sql.program.steps import Number, Random, Step

LOWER = "abcdefghijklmnopqrstuvwxyz"
SYMBOLS = {"#": DIGITS, "@": LOWER.upper(), "?": LOWER, "*": HEX}


def read_shape(where: str, text: str) -> Shape:
    r"""The shape that a text writes down.

    Raises:
        ProfileError: it ends inside an escape.

    Example:
        >>> read_shape("t.c", r"A\#-##").parts
        ('A#-', Run(alphabet='0123456789', length=2, width=1))
    """
    parts: list[str | Run] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in SYMBOLS:
            last = parts[-1] if parts else ""
            length = 1
            if isinstance(last, Run) and last.alphabet == SYMBOLS[char]:
                length = last.length + 1
                parts.pop()
            parts.append(Run(SYMBOLS[char], length))
        else:
            if char == "\\":
                at += 1
                if at == len(text):
                    message = f"{where}: the shape {text!r} ends with a \\ that escapes nothing"
                    raise ProfileError(message)
                char = text[at]
            if parts and isinstance(parts[-1], str):
                parts[-1] += char
            else:
                parts.append(char)
        at += 1
    return Shape(tuple(parts))


def pattern_domain(where: str, spec: Spec) -> Domain:
    """How the texts of a pattern are written."""
    shape = read_shape(where, str(spec["shape"]))
    type_, length = str(spec.get("sql_type") or "VARCHAR"), spec.get("length")
    if length is not None and shape.characters > length:
        message = (
            f"{where}: texts of the shape {spec['shape']!r} have {shape.characters} characters, "
            f"and its type holds {length}"
        )
        raise ProfileError(message)
    salt = int.from_bytes(blake2b(where.encode(), digest_size=4).digest(), "little") % 2**31
    if spec.get("unique"):
        return Key(type_, Pattern("text", (shape,), (1,), salt=salt))
    return Words(type_, Pattern("text", (shape,), (1,), salt=salt))


def pattern_step(
    where: str, name: str, spec: Spec, kind: Domain, present: str | None, rows: int
) -> Step:
    """The step that makes what a pattern is written with.

    Raises:
        ProfileError: there are fewer texts than rows.
    """
    if isinstance(kind, Words):
        return Random(name, kind.pattern.words_needed, present)
    capacity = read_shape(where, str(spec["shape"])).capacity
    if rows > capacity:
        message = (
            f"{where}: the shape {spec['shape']!r} holds {capacity:,} different texts, and the "
            f"table has {rows:,} rows; add symbols to the shape, or ask for fewer rows"
        )
        raise ProfileError(message)
    return Number(name, present)
