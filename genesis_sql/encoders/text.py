"""Text that is unique or nearly so: learns what it looks like, keeps none of it.

Free text is learnt as habits (lengths, capitals, punctuation, digits) and turned into shapes of
made-up words of consonants and vowels. What looks like a code is learnt by `identifier`.
"""

from __future__ import annotations

import itertools
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, shake_128
from typing import Any

import numpy as np

from genesis_sql.errors import SourceError
from genesis_sql.program.pattern import DIGITS, SHAPES, Pattern, Run, Shape

MIN_COUNT = 20
"""Rows that must share a habit before it is kept, so that no shape is one person's text."""
LONGEST = 2000
"""Characters of the longest text that is made."""
HEAD, BLOCKS, BANK = 80, 16, 8
"""A longer text is 80 characters or more of free words, then up to 16 blocks, each one of 8 made-up
phrases: the SQL form of a shape stays below some 30 kB."""
WORD = 24
"""Letters of the longest word."""
SAMPLE = 20_000
"""Rows looked at."""
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"
SYLLABLES = "".join(c + v for c in CONSONANTS for v in VOWELS)
UPPER, LOWER = string.ascii_uppercase, string.ascii_lowercase
_SCRIPTS = (
    (0x370, 0x400, "αβγδεζηθικλμνξοπρστυφχψω"),
    (0x410, 0x430, "".join(map(chr, range(0x410, 0x430)))),
    (0x400, 0x530, "".join(map(chr, range(0x430, 0x450)))),
    (0x590, 0x600, "".join(map(chr, range(0x5D0, 0x5EB)))),
    (0x600, 0x700, "".join(map(chr, range(0x628, 0x63B)))),
    (0x900, 0x980, "".join(map(chr, range(0x915, 0x93A)))),
    (0xE00, 0xE80, "".join(map(chr, range(0xE01, 0xE2F)))),
    (0x3040, 0x30A0, "".join(map(chr, range(0x304B, 0x3063)))),
    (0x30A0, 0x3100, "".join(map(chr, range(0x30AB, 0x30C3)))),
    (0x3400, 0xA000, "".join(map(chr, range(0x4E00, 0x4E40)))),
    (0xAC00, 0xD7A4, "".join(map(chr, range(0xAC00, 0xD7A4, 588 // 2)))[:64]),
)
"""First and last code point of a script and the letters that stand for any text in it."""


class _Classes(dict[int, str]):
    """Class of a character by its code: '0', 'A', 'a', or another script's first letter."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        script = next(
            (letters[0] for first, stop, letters in _SCRIPTS if first <= code < stop), None
        )
        plain = "0" if letter in DIGITS else "A" if letter.isupper() else "a"
        self[code] = found = script or plain
        return found


CLASSES = _Classes()
ALPHABETS = {"0": DIGITS, "A": UPPER, "a": LOWER} | {
    letters[0]: letters for _, _, letters in _SCRIPTS
}


def fit_text(values: Iterable[Any], *, min_count: int = MIN_COUNT, salt: int = 0) -> Pattern:
    """The pattern of free text: made-up words with the habits of the source.

    Each shape stands for a quantile of the lengths: no text is shorter or longer than the source's.

    Args:
        values: texts; NULLs are passed over.
        min_count: rows that share a shape.
        salt: scatters unique texts differently.
    """
    texts = strings(values)
    some = sample(texts)
    habits, lengths = _habits(some), sorted(len(t) for t in some)
    typical = lengths[len(lengths) * 9 // 10]
    most = 32 if typical <= 2 * HEAD else 16 if typical <= 600 else 8
    count = max(1, min(most, len(some) // min_count))
    shapes: Counter[Shape] = Counter()
    for k in range(count):
        target = lengths[(2 * k + 1) * len(lengths) // (2 * count)]
        shapes[_template(min(target, LONGEST), habits, k)] += 1
    return pattern_of("text", shapes, len(texts) / count, salt=salt)


def strings(values: Iterable[Any]) -> Any:
    """A pyarrow array of the texts that are not NULL; refuses a column without any."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    known = isinstance(values, pa.Array)
    texts: Any = values if known else pa.array(values, pa.string(), from_pandas=True)
    texts = texts.cast(pa.string()).drop_null()
    if not len(texts):
        message = "no pattern can be learnt from a column without text"
        raise SourceError(message)
    return texts


def sample(texts: Any, longest: int = LONGEST * 4) -> list[str]:
    """At most 20,000 texts, evenly spread, without NUL characters."""
    at = np.arange(min(len(texts), SAMPLE)) * len(texts) // min(len(texts), SAMPLE)
    return [t[:longest].replace("\0", "") for t in texts.take(at).to_pylist()]


def pattern_of(kind: str, shapes: Counter[Shape], scale: float, **fields: Any) -> Pattern:
    """A pattern of the commonest shapes, their counts times ``scale``."""
    top = shapes.most_common(SHAPES)
    scale = min(scale, 2**30 / max(1, sum(n for _, n in top)))
    return Pattern(
        kind, tuple(s for s, _ in top), tuple(max(1, round(n * scale)) for _, n in top), **fields
    )


@dataclass(frozen=True)
class _Habits:
    """How texts are written: 100 quantiles of word lengths, a script, shares of words or texts."""

    lengths: tuple[int, ...]
    script: str
    title: float
    capitals: float
    digits: float
    first: float
    comma: float
    stop: float
    end: float


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _habits(texts: list[str]) -> _Habits:
    tokens = [t.split() for t in texts[:5000]]
    words = [w for text in tokens for w in text]
    cores = [c for c in (w.strip(string.punctuation) for w in words) if c] or ["a"]
    inner = [c for text in tokens for c in text[1:] if c[0].isalpha()]
    lengths = sorted(min(len(c), WORD) for c in cores)
    classes = Counter("".join(cores)[:100_000].translate(CLASSES))
    letters = [(n, c) for c, n in classes.items() if c != "0"]
    script = max(letters)[1] if letters else "a"
    return _Habits(
        lengths=tuple(lengths[(2 * k + 1) * len(lengths) // 200] for k in range(100)),
        script=script.lower() if script in "Aa" else script,
        title=_share([w[0].isupper() and not w[1:2].isupper() for w in inner]),
        capitals=_share([c.isupper() and len(c) > 1 for c in cores]),
        digits=_share([c.isdigit() for c in cores]),
        first=_share([t[0][0].isupper() for t in tokens if t]),
        comma=_share([w.endswith(",") for w in words]),
        stop=_share([w[-1] in ".!?" for text in tokens for w in text[:-1]]),
        end=_share([t[-1][-1] in ".!?" for t in tokens if t]),
    )


def _chance(*key: object) -> float:
    """A number in [0, 1) that depends on the arguments only."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=6).digest(), "little") / 2**48


def _word(length: int, style: str, script: str) -> list[str | Run]:
    """A made-up word: syllables, or digits, or letters of another script."""
    if style == "digits":
        return [Run(DIGITS, length)]
    if script != "a":
        return [Run(ALPHABETS[script], length)]
    if style == "capitals":
        return [Run((CONSONANTS, VOWELS)[k % 2].upper()) for k in range(length)]
    if length == 1:
        return [Run("AIO" if style == "title" else "aio")]
    start: list[str | Run] = [Run(CONSONANTS.upper()), Run(VOWELS)] if style == "title" else []
    rest = length - len(start)
    middle: list[str | Run] = [Run(SYLLABLES, rest // 2, 2)] if rest > 1 else []
    return start + middle + ([Run(CONSONANTS)] if rest % 2 else [])


def _style(habits: _Habits, key: tuple[object, ...], *, first: bool) -> str:
    where = _chance("style", *key)
    if where < habits.digits:
        return "digits"
    if where < habits.digits + habits.capitals:
        return "capitals"
    return (
        "title" if _chance("title", *key) < (habits.first if first else habits.title) else "lower"
    )


def _words(length: int, habits: _Habits, seed: object, *, end: bool = True) -> list[str | Run]:
    """Parts of a text of exactly that many characters."""
    parts, left, at, first = list[str | Run](), length, 0, True
    while left > 0:
        key = (seed, at)
        size, mark, space = habits.lengths[int(_chance("length", *key) * 100)], "", " "
        where = _chance("mark", *key)
        mark = "." if where < habits.stop else "," if where < habits.stop + habits.comma else ""
        if left < size + len(mark) + 4:
            mark, space = "." if end and left > 1 and _chance("end", seed) < habits.end else "", ""
            size = left - len(mark)
        parts += [*_word(size, _style(habits, key, first=first), habits.script), mark + space]
        left, at, first = left - size - len(mark) - len(space), at + 1, mark == "."
    return parts


def _template(length: int, habits: _Habits, seed: int) -> Shape:
    if length <= 2 * HEAD:
        return shape_of(_words(length, habits, seed))
    blocks = min(BLOCKS, (length - HEAD) // 60)
    width = (length - HEAD) // blocks
    head = _words(length - blocks * width, habits, seed, end=False)
    return shape_of(
        [*head, *(Run(_bank(width, habits, (seed, k)), 1, width) for k in range(blocks))]
    )


def _bank(width: int, habits: _Habits, seed: tuple[int, int]) -> str:
    """Different phrases of that width, a space first, one behind the other."""
    phrases: dict[str, None] = {}
    for k in itertools.count():
        if len(phrases) == BANK:
            return "".join(phrases)
        phrases.setdefault(
            " " + _spell(shape_of(_words(width - 1, habits, (*seed, k))), (*seed, k))
        )
    raise AssertionError


def _spell(shape: Shape, seed: tuple[int, ...]) -> str:
    """One text of a shape."""
    raw, text, at = shake_128(repr(seed).encode()).digest(2 * len(shape.slots)), "", 0
    for part in shape.parts:
        if isinstance(part, str):
            text += part
            continue
        for _ in range(part.length):
            text += part.symbols[int.from_bytes(raw[at : at + 2], "little") % part.size]
            at += 2
    return text


def shape_of(parts: Iterable[str | Run]) -> Shape:
    """A shape; neighbours of one kind are joined, an alphabet of one symbol becomes text."""
    out: list[str | Run] = []
    for part in parts:
        now = part.alphabet * part.length if isinstance(part, Run) and part.size == 1 else part
        last = out[-1] if out else None
        if isinstance(now, str) and isinstance(last, str):
            out[-1] = last + now
        elif (
            isinstance(now, Run)
            and isinstance(last, Run)
            and (now.alphabet, now.width) == (last.alphabet, last.width)
        ):
            out[-1] = Run(now.alphabet, now.length + last.length, now.width)
        elif now:
            out.append(now)
    return Shape(tuple(out))
