"""Texts put together from lists of words, in the kernel's hidden columns and one expression.

Where they have to be unique, the row's number is scattered over all combinations and its mixed
radix digits choose the words; from the row on that has none left, a number stands behind the text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import product

import numpy as np
from sqlglot import exp

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.draws import single
from genesis_sql.profiles.hidden import WHOLE, Hidden
from genesis_sql.profiles.laws import Slots, Spec
from genesis_sql.program.domain import Categories
from genesis_sql.program.scatter import HALF, PRIME, PRIME2, Scatter
from genesis_sql.program.steps import Formula, Lookup
from genesis_sql.sqlbuild import column, quoted

MOST_CHECKED = 200_000
"""Combinations that are looked through where words hold the separator."""
MOST = HALF**2
Parts = tuple[tuple[str, ...], ...]


def combined_tree(hidden: Hidden, where: str, name: str, spec: Spec) -> exp.Expression:
    """The text of a row, over hidden columns that are added.

    Raises:
        ProfileError: unique texts are asked for, and two combinations read the same.
    """
    parts, separator = fitting(where, spec), str(spec.get("separator", " "))
    if not spec.get("unique"):
        return _joined([_word(hidden, name, at, p) for at, p in enumerate(parts)], separator)
    parts = _unequal(where, parts, separator)
    words, lap = _scattered(hidden, where, name, parts)
    text = _joined(words, separator)
    mark = _mark(parts, separator)
    number = exp.cast(exp.Add(this=column(lap), expression=exp.Literal.number(1)), "VARCHAR")
    longer = exp.DPipe(
        this=exp.DPipe(this=text.copy(), expression=exp.Literal.string(mark)), expression=number
    )
    again = exp.GT(this=column(lap), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=again, true=longer)], default=text)


def fitting(where: str, spec: Spec) -> Parts:
    """The lists of words; none that makes the text longer than its type holds.

    Raises:
        ProfileError: even the shortest words are too long.
    """
    parts: Parts = tuple(tuple(dict.fromkeys(map(str, p))) for p in spec["parts"])
    length = spec.get("length")
    if length is None:
        return parts
    between = len(str(spec.get("separator", " "))) * (len(parts) - 1)
    room = int(length) - between - (MARKED if spec.get("unique") else 0)
    least = [min(map(len, p)) for p in parts]
    if sum(least) > room:
        message = (
            f"{where}: its shortest text has {sum(least) + between} characters, and its type "
            f"VARCHAR({length}) has room for {max(room + between, 0)}; widen the type"
        )
        raise ProfileError(message)
    spare = (room - sum(least)) // len(parts)
    return tuple(
        tuple(w for w in p if len(w) <= short + spare)
        for p, short in zip(parts, least, strict=True)
    )


MARKED = 7
"""Characters that are kept free behind unique texts: a mark and a number of six digits."""


def _word(hidden: Hidden, name: str, at: int, words: Sequence[str]) -> exp.Expression:
    """A drawn word, each as likely as the others; a text where there is only one."""
    if len(words) == 1:
        return exp.Literal.string(words[0])
    kind, many = Categories("VARCHAR", tuple(words)), len(words)
    law = Slots(
        np.arange(1, many + 1, dtype=np.int32), np.ones(many, np.int32), np.full(many, 1.0 / many)
    )
    return column(hidden.put(single(f"#own:word {at}:{name}", kind, law), kind))


def _joined(words: Sequence[exp.Expression], separator: str) -> exp.Expression:
    out = words[0]
    for word in words[1:]:
        if separator:
            out = exp.DPipe(this=out, expression=exp.Literal.string(separator))
        out = exp.DPipe(this=out, expression=word)
    return out


# unique ones


def _scattered(
    hidden: Hidden, where: str, name: str, parts: Parts
) -> tuple[list[exp.Expression], str]:
    """The words of a row, and the column that counts how often all were used before."""
    sizes = [len(p) for p in parts]
    high, low = halves(sizes)
    salt = int.from_bytes(blake2b(where.encode(), digest_size=4).digest(), "little")
    number, capacity = quoted(hidden.number()), high * low

    def put(part: str, sql: str) -> str:
        return hidden.put(Formula(f"#own:{part}:{name}", sql), WHOLE)

    lap = put("lap", f"{number} // {capacity}")
    place = quoted(put("place", _place(put, f"({number} % {capacity})", high, low, salt)))
    words: list[exp.Expression] = []
    divisor = 1
    for at, part in reversed(list(enumerate(parts))):
        if len(part) == 1:
            words.append(exp.Literal.string(part[0]))
            continue
        digit = put(f"digit {at}", f"{place} // {divisor} % {len(part)}")
        divisor *= len(part)
        many = len(part)
        step = Lookup(
            f"#own:word {at}:{name}",
            (digit,),
            (np.arange(many, dtype=np.int64),),
            np.arange(1, many + 1, dtype=np.int64),
            np.arange(1, many + 1, dtype=np.int32),
        )
        words.append(column(hidden.put(step, Categories("VARCHAR", part))))
    return words[::-1], lap


def halves(sizes: Sequence[int]) -> tuple[int, int]:
    """Two factors of the number of combinations, as near to one another as whole lists allow.

    Example:
        >>> halves([10, 20, 30])
        (200, 30)
    """
    found = [(math.prod(sizes[:cut]), math.prod(sizes[cut:])) for cut in range(len(sizes) + 1)]
    return min(found, key=max)


def _place(put: Callable[[str, str], str], at: str, high: int, low: int, salt: int) -> str:
    """The scattered number of a row as formulas: `genesis_sql.program.scatter.scatter`."""
    how = Scatter.of(high, low, salt)
    p, p2 = PRIME, PRIME2
    left = quoted(put("left", f"{at} // {low}"))
    right = quoted(put("right", f"{at} % {low}"))
    mixed = f"({right} + {how.s}) * ({right} + {how.t}) % {p} * {how.c} % {p2}"
    left = quoted(put("left 2", f"({left} + {mixed}) % {high}"))
    mixed = f"({left} + {how.a}) * ({left} + {how.b}) % {p} * {how.d} % {p2}"
    return f"{left} * {low} + ({right} * {how.multiplier} + {mixed}) % {low}"


def _unequal(where: str, parts: Parts, separator: str) -> Parts:
    """The lists, if no two combinations read the same.

    Raises:
        ProfileError: two do, or there are too many combinations.
    """
    capacity = math.prod(len(p) for p in parts)
    if max(halves([len(p) for p in parts])) > HALF:
        message = f"{where}: its lists have {capacity:,} combinations; {MOST:,} are possible"
        raise ProfileError(message)
    apart = len(parts) == 1 or (
        separator and all(separator not in w and not _overlaps(w, separator) for w in _all(parts))
    )
    if apart:
        return parts
    if capacity <= MOST_CHECKED:
        seen: set[str] = set()
        for words in product(*parts):
            text = separator.join(words)
            if text in seen:
                message = f"{where}: two combinations of its words read {text[:60]!r}; change one"
                raise ProfileError(message)
            seen.add(text)
        return parts
    held = next((w for w in _all(parts) if not separator or separator in w), "")
    message = (
        f"{where}: its texts have to be unique, and {held[:60]!r} "
        f"{'holds the separator' if separator else 'stands without a separator'}; "
        "take a separator that no word holds"
    )
    raise ProfileError(message)


def _overlaps(word: str, separator: str) -> bool:
    """Whether a word ends or begins with part of the separator."""
    return any(
        word.endswith(separator[:n]) or word.startswith(separator[-n:])
        for n in range(1, len(separator))
    )


def _all(parts: Parts) -> Iterator[str]:
    return (word for part in parts for word in part)


def _mark(parts: Parts, separator: str) -> str:
    """What stands before the number: no text ends with it and digits."""
    last = parts[-1]
    ends = [separator + w if len(parts) > 1 else w for w in last]

    def clear(mark: str) -> bool:
        for text in ends:
            bare = text.rstrip("0123456789")
            if len(bare) < len(text) and (bare.endswith(mark) or not mark):
                return False
            if not bare and mark:
                return False
        return True

    marks = [separator or "", "-", ".", "_", "#", "~", ":", "/", "+", "="]
    return next((m for m in marks if clear(m)), "no")
