"""Identifiers, codes, names, addresses: learns the pattern of nearly unique text, never a text.

A text is cut into words (letters and digits) and the marks between them. Texts with the same
marks form a group, inside it those with the same lengths of words. Of 20 rows that are alike in
this, a place in a word keeps the characters that stood there; of fewer, their class: letters stay
letters, digits digits, marks marks. A word that looks spoken becomes consonants and vowels in
turn. In a table of more than 20 rows, what fewer than 20 share is counted under its commonest
neighbour.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from genesis_sql.encoders.key import fit_counter
from genesis_sql.encoders.text import (
    ALPHABETS,
    CLASSES,
    CONSONANTS,
    LOWER,
    MIN_COUNT,
    SYLLABLES,
    UPPER,
    VOWELS,
    fit_text,
    pattern_of,
    sample,
    shape_of,
    strings,
)
from genesis_sql.program.pattern import DIGITS, HEX, SYMBOLS, UUID, Pattern, Run, Shape

LONGEST = 512
"""Characters of the longest identifier."""
SURE = 0.98
"""Share of rows in which a character stands at a place for it to stay there."""
FREQUENT, NAMES, SPLITS = 0.05, 6, 24
"""A word in 5 % of the rows stays, where up to 6 of them fill half the rows; most such splits."""
LAYOUTS = 8
"""Sets of word lengths in a group, or, where lengths vary more than that, classes of length."""
WIDEST = 12
"""Letters of a word that is kept in a list of words."""
GROUPS = 16
"""Sets of marks; 20 rows or more each or, where these are not half the rows, 5, by classes only."""
SEQUENCES = 6
"""Sequences of letters and digits kept apart; more mean a mixture such as hexadecimal."""

_WORD = re.compile(r"[^\W_]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Row = tuple[str, ...]
"""The words of a text."""
Names = tuple[str | None, ...]
"""A word that stays as it is for some of them, None for the others."""
Shapes = Counter[Shape]


def fit_pattern(values: Iterable[Any], *, min_count: int = MIN_COUNT, salt: int = 0) -> Pattern:
    """The pattern of texts: free text where the median has 6 words or more, else identifiers."""
    texts = strings(values)
    words = sorted(len(t.split()) for t in sample(texts))
    if words[len(words) // 2] >= 6:
        return fit_text(texts, min_count=min_count, salt=salt)
    return fit_identifier(texts, min_count=min_count, salt=salt)


def fit_identifier(values: Iterable[Any], *, min_count: int = MIN_COUNT, salt: int = 0) -> Pattern:
    """The pattern of identifiers, codes, names, addresses, telephone numbers.

    Args:
        values: texts; NULLs are passed over. All rows, or a random half of them: density tells
            whether they count up.
        min_count: rows that must share a habit before it is kept.
        salt: scatters unique texts differently.

    Example:
        >>> fit_identifier([f"ORD-{n * n % 9973:04d}" for n in range(500)]).shapes[0].parts[0]
        'ORD-'
    """
    texts = strings(values)
    some = sample(texts, LONGEST)
    if sum(_UUID.fullmatch(t) is not None for t in some) >= SURE * len(some):
        return Pattern("uuid", (UUID,), (min(len(texts), 2**30),), salt=salt)
    shapes = _shapes(some, min_count)
    return pattern_of(
        "identifier",
        shapes,
        len(texts) / len(some),
        counter=fit_counter(texts, min_count),
        salt=salt,
    )


def _shapes(texts: list[str], min_count: int) -> Shapes:
    groups: dict[Row, list[Row]] = defaultdict(list)
    for text in texts:
        groups[tuple(_WORD.split(text))].append(tuple(_WORD.findall(text)))
    order = sorted(groups.items(), key=lambda g: -len(g[1]))[:GROUPS]
    for least in (min_count, min_count // 4) if len(texts) >= min_count else (1,):
        kept = [(marks, rows) for marks, rows in order if len(rows) >= least]
        if 2 * sum(len(rows) for _, rows in kept) >= len(texts):
            shapes: Shapes = Counter()
            for marks, rows in kept:
                shapes.update(_group(marks, rows, min_count))
            return _topped_up(shapes, len(texts))
    return _diverse(texts, min_count)


def _topped_up(shapes: Shapes, rows: int) -> Shapes:
    """Rows without a shape of their own go to the commonest."""
    shapes[shapes.most_common(1)[0][0]] += rows - shapes.total()
    return shapes


def _diverse(texts: list[str], min_count: int) -> Shapes:
    """Shapes of texts whose marks differ: prose if there are spaces, else one alphabet."""
    if sum(" " in t for t in texts) > len(texts) / 10:
        prose = fit_text(texts, min_count=min_count)
        return Counter(dict(zip(prose.shapes, prose.weights, strict=True)))
    seen = Counter("".join(texts[:2000]))
    common = Counter({c: n for c, n in seen.items() if n >= seen.total() / 1000 or c.isalnum()})
    marks = "".join(c for c in common if not c.isalnum())
    words = "".join(ALPHABETS[k] for k in {CLASSES[ord(c)] for c in common if c.isalnum()})
    alphabet = "".join(sorted({*marks, *words}))[:SYMBOLS]
    lengths = Counter(b[len(b) // 2] for b in _buckets(sorted(len(t) for t in texts), min_count))
    return Counter(
        {
            shape_of([Run(alphabet, max(1, n))]): k * len(texts) // lengths.total()
            for n, k in lengths.items()
        }
    )


def _buckets(ordered: Sequence[Any], min_count: int) -> list[Sequence[Any]]:
    """At most 8 equal runs of ordered things, none below min_count unless there are fewer."""
    k = max(1, min(LAYOUTS, len(ordered) // min_count))
    return [ordered[i * len(ordered) // k : (i + 1) * len(ordered) // k] for i in range(k)]


def _group(marks: Row, rows: list[Row], min_count: int) -> Shapes:
    """Shapes of the texts with the same marks."""
    shapes: Shapes = Counter()
    learnt = len(rows) >= min_count
    for names, part in _by_names(rows, min_count) if learnt else [((None,) * len(rows[0]), rows)]:
        for lengths, some in _by_lengths(part, min_count):
            for same in _by_classes(some, lengths, min_count) if learnt else [some]:
                shapes[_shape(marks, names, lengths, same, min_count)] += len(same)
    return _topped_up(shapes, len(rows))


def _by_names(rows: list[Row], min_count: int) -> list[tuple[Names, list[Row]]]:
    """Rows by the frequent words they hold, column by column; None stands for all other words."""
    frequent = [_frequent(column, min_count) for column in zip(*rows, strict=True)]
    groups: list[tuple[Names, list[Row]]] = [((None,) * len(frequent), rows)]
    for at in sorted(range(len(frequent)), key=lambda k: -frequent[k][1]):
        if frequent[at][0] and len(groups) * len(frequent[at][0]) <= SPLITS:
            groups = [
                (n, part) for g in groups for n, part in _split(g, at, frequent[at][0], min_count)
            ]
    return groups


def _split(
    group: tuple[Names, list[Row]], at: int, names: set[str], min_count: int
) -> list[tuple[Names, list[Row]]]:
    """A group by the names in a column; a rare one is another word, a few others are left out."""
    before, rows = group
    counts = Counter(row[at] for row in rows)
    parts: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        parts[row[at] if row[at] in names and counts[row[at]] >= min_count else None].append(row)
    if len(parts) > 1 and len(parts[None]) < min_count:
        del parts[None]
    return [
        ((*before[:at], name, *before[at + 1 :]), parts[name]) for name in sorted(parts, key=str)
    ]


def _frequent(column: Sequence[str], min_count: int) -> tuple[set[str], int]:
    """The few words that fill half a column, and how many rows they fill."""
    counts = Counter(column)
    names = {
        w for w, n in counts.items() if n >= max(min_count, FREQUENT * len(column)) and len(w) > 1
    }
    filled = sum(counts[w] for w in names)
    return (names, filled) if 2 * filled >= len(column) and len(names) <= NAMES else (set(), 0)


def _by_lengths(rows: list[Row], min_count: int) -> Iterator[tuple[tuple[int, ...], list[Row]]]:
    """Rows by the lengths of their words; where these vary, similar ones by the middle one."""
    groups: dict[tuple[int, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(map(len, row))].append(row)
    common = sorted(
        (g for g in groups if len(groups[g]) >= min_count), key=lambda g: -len(groups[g])
    )[:LAYOUTS]
    if len(groups) == 1 or sum(len(groups[g]) for g in common) >= 0.9 * len(rows):
        yield from ((g, groups[g]) for g in common or groups)
        return
    ordered = sorted(rows, key=lambda row: (sum(map(len, row)), tuple(map(len, row))))
    for bucket in _buckets(ordered, min_count):
        yield tuple(map(len, bucket[len(bucket) // 2])), list(bucket)


def _by_classes(rows: list[Row], lengths: tuple[int, ...], min_count: int) -> list[list[Row]]:
    """Rows by their sequences of digits and letters, if few cover nearly all; else all together."""
    if any(tuple(map(len, row)) != lengths for row in rows):
        return [rows]
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups["".join(row).translate(CLASSES)].append(row)
    common = [g for g in groups.values() if len(g) >= max(min_count, len(rows) / 100)]
    few = len(common) <= SEQUENCES and sum(map(len, common)) >= 0.9 * len(rows)
    return common if few else [rows]


def _shape(
    marks: Row, names: Names, lengths: Sequence[int], rows: list[Row], min_count: int
) -> Shape:
    """The shape of rows that are alike."""
    parts: list[str | Run] = [marks[0]]
    for k, (name, mark) in enumerate(zip(names, marks[1:], strict=True)):
        parts += (
            [name] if name is not None else _word([row[k] for row in rows], lengths[k], min_count)
        )
        parts.append(mark)
    return shape_of(parts)


def _word(words: list[str], length: int, min_count: int) -> list[str | Run]:
    """Runs of a word of that length; words of other lengths tell its first place and the rest."""
    words = _one_kind(words) if length > 1 else words
    learnt, aligned = len(words) >= min_count, all(len(w) == length for w in words)
    if aligned:
        places = [Counter(column) for column in zip(*words, strict=True)]
    else:
        places = [Counter(w[0] for w in words)] + [Counter("".join(w[1:] for w in words))] * (
            length - 1
        )
    alphabets = [_alphabet(p, learnt=learnt) for p in places]
    if length > 1 and alphabets[0] == DIGITS and len(words) >= 100 and places[0]["0"] == 0:
        alphabets[0] = DIGITS[1:]
    if (
        aligned
        and learnt
        and length > 1
        and (listed := _listed(words, min_count, math.prod(map(len, alphabets))))
    ):
        return [Run(listed, 1, length)]
    return _speak(alphabets) if _spoken(words) else [Run(a) for a in alphabets]


def _one_kind(words: list[str]) -> list[str]:
    """Where nearly all words are numbers or free of digits, those of the commoner kind."""
    digits, letters = [w for w in words if w.isdigit()], [w for w in words if w.isalpha()]
    pure = len(digits) + len(letters) >= 0.8 * len(words)
    return max(letters, digits, key=len) if pure else words


def _listed(words: list[str], min_count: int, possible: int) -> str:
    """All words of a column that has few and each in many rows: months, states, area codes."""
    counts = Counter(words)
    often = sorted(w for w, n in counts.items() if n >= min_count)
    known = sum(counts[w] for w in often) >= SURE * len(words)
    return (
        "".join(often)
        if known and len(often) <= min(SYMBOLS, 0.9 * possible) and len(often[0]) <= WIDEST
        else ""
    )


def _alphabet(seen: Counter[str], *, learnt: bool) -> str:
    """The characters of a place: the one nearly always there, a small set, or whole classes."""
    rows = seen.total()
    char, most = seen.most_common(1)[0]
    if learnt and most >= SURE * rows:
        return char
    classes: Counter[str] = Counter()
    for c, n in seen.items():
        classes[CLASSES[ord(c)]] += n
    kept = {k for k, n in classes.items() if n >= rows / 50}
    letters = {c for c in seen if CLASSES[ord(c)] in kept - {"0"}}
    union = "".join(sorted("".join(ALPHABETS[k] for k in kept)))
    if "0" in kept and letters and letters <= {*HEX, *HEX.upper()} and len(kept) == 2:
        union = HEX if letters <= {*HEX} else HEX.upper()
    often = sorted(c for c, n in seen.most_common(SYMBOLS) if n >= max(2, rows / 500))
    whole = rows >= 20 * len(union)
    small = 2 * len(often) <= len(union) and rows >= 10 * len(often)
    return "".join(often) if learnt and often and (whole or small) else union


def _spoken(words: list[str]) -> bool:
    """Letters with as many vowels as speech has, not a code."""
    letters = "".join(words).lower()
    vowels = sum(c in VOWELS for c in letters)
    latin = sum(c in LOWER for c in letters) >= 0.9 * len(letters)
    return (
        latin
        and len(letters) >= 3 * len(words)
        and 0.25 <= vowels / len(letters) <= 0.6
        and len({*letters}) > 7
    )


def _speak(alphabets: list[str]) -> list[str | Run]:
    """Consonants and vowels in turn, capitals where they stood; places of one character stay."""
    out: list[str | Run] = []
    for k, alphabet in enumerate(alphabets):
        turn = (CONSONANTS, VOWELS)[k % 2]
        if len(alphabet) == 1:
            out.append(alphabet)
        elif sum(c in UPPER for c in alphabet) * 2 > len(alphabet):
            out.append(Run(turn.upper()))
        elif turn == VOWELS and out and out[-1] == Run(CONSONANTS):
            out[-1] = Run(SYLLABLES, 1, 2)
        else:
            out.append(Run(turn))
    return out
