"""Personal data made anew: patterns and labels that give no value of the source.

Numbers with a check digit are cut into pieces. A piece may be any that keeps a made-up number
valid when it replaces its own: for weighted sums (Luhn, mod 97, mod 11) and for ISO 7064 each such
piece leaves the check as it was, so all combinations of pieces are valid too. That needs no new
step in a program: a piece is one symbol of a run. Pieces that the source has at that place are left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.away import keep_away, part_of, pieces_of, width_of
from genesis_sql.encoders.identifier import fit_identifier
from genesis_sql.encoders.names import fresh_names, name_pattern
from genesis_sql.encoders.text import (
    CLASSES,
    UPPER,
    fit_text,
    sample,
    shape_of,
    strings,
)
from genesis_sql.graph import check_digits as digits
from genesis_sql.program.pattern import DIGITS, SYMBOLS, Pattern, Run, Shape
from genesis_sql.program.pattern_numpy import render, render_unique

CHECKS: dict[str, Callable[[str], bool]] = {
    "card number": digits.is_card,
    "IBAN": digits.is_iban,
    "provider id (NPI)": digits.is_npi,
    "UK national insurance number": digits.is_nino,
    "Italian codice fiscale": digits.is_codice_fiscale,
    "Spanish DNI": digits.is_dni,
    "French NIR": digits.is_nir,
    "German tax id": digits.mod_11_10,
    "Brazilian CPF": lambda n: digits.is_cpf(n) and "0" not in n[9:],
    "Polish PESEL": digits.is_pesel,
    "Dutch BSN": digits.is_bsn,
    "UK NHS number": digits.is_nhs,
    "vehicle id": digits.is_vin,
}
"""Kinds whose made-up values pass the check; a device id does where the source's do.

Of a CPF the check digit 0 stands for two remainders: such ones are not made, see the module.
"""

CARDS = {"3": "378282", "4": "400000", "5": "555555", "6": "601111", "2": "222300"}
"""Prefixes of the numbers that card companies give to testers, by the first digit."""
NAME_KINDS = ("first name", "last name", "person name")
PIECES = (4, 6, 8)
"""Characters of a piece; longer ones where the source has used up the shorter."""
TRIES = 3000
BASES = 2
"""Random texts tried for a number or its pieces; numbers that pieces are cut from, by layout."""
FEWEST = 8
"""Pieces that must be left for none of the source's to be taken."""
LAYOUTS = 4
ROOM = 20
"""Times as many texts as the source has; a pattern that gives fewer is given up for a wider one."""
LONGEST = 512


def personal_pattern(
    kind: str,
    values: Iterable[Any],
    *,
    salt: int = 0,
    highest: int | None = None,
    prose: bool = False,
) -> Pattern:
    """The pattern of a column of personal data; none of its texts is among the values.

    Args:
        kind: of `genesis_sql.graph.personal`.
        values: all texts of the column; NULLs are passed over.
        salt: other random choices.
        highest: of numbers, the largest that their type holds.
        prose: whether they are free text.

    Example:
        >>> cards = ["4111111111111111", "4012888888881881"]
        >>> texts = render_unique(personal_pattern("card number", cards), np.arange(50)).to_pylist()
        >>> all(map(digits.is_card, texts)), {*texts} & {*cards}
        (True, set())
    """
    known = pc.unique(strings(values))
    if kind in NAME_KINDS:
        return name_pattern(kind, known, salt)
    some = sample(known)
    valid = CHECKS.get(kind) or (digits.is_imei if _mostly(digits.is_imei, some) else None)
    made = None
    if kind == "US SSN":
        made = _never_issued(some, salt)
    elif kind == "IP address" and all("." in t and ":" not in t for t in some):
        made = _never_routed(salt)
    elif valid is not None and _mostly(valid, some):
        made = _checked(kind, known, some, valid, salt)
    fitted = made or (fit_text if prose else fit_identifier)(strings(values), salt=salt)
    for pattern in (fitted, _wide(some, salt)):
        pattern = replace(pattern, counter=None)
        if highest is not None:
            pattern = _as_numbers(pattern, highest)
        kept = keep_away(pattern, known, salt)
        if kept is not None and sum(s.capacity for s in kept.shapes) >= ROOM * len(known):
            return kept
    # all that has the length of the source has been said there
    longest = 1 + max(len(t) for t in known.to_pylist())
    most = longest if highest is None else min(longest, len(str(highest)) - 1)
    shape = Shape((Run(DIGITS[1:]), Run(DIGITS, max(1, min(most, 4000) - 1))))
    return Pattern("identifier", (shape,), (1,), salt=salt)


def invented_labels(
    kind: str, labels: Sequence[str], *, salt: int = 0, highest: int | None = None
) -> tuple[str, ...]:
    """For each label another one that is none of them, all different."""
    if not labels:
        return ()
    rng = np.random.default_rng([salt, crc32("\0".join(labels).encode())])
    if kind in ("first name", "last name"):
        made = fresh_names(kind, labels, len(labels), rng)
    else:
        pattern = personal_pattern(kind, labels, salt=salt, highest=highest)
        made = _different(pattern, len(labels), {*labels}, rng)
    return tuple(made[k] for k in rng.permutation(len(made)))


def _different(
    pattern: Pattern, count: int, taken: Set[str], rng: np.random.Generator
) -> list[str]:
    """So many texts of a pattern; at last of row numbers, where it has hardly more than these."""
    made: dict[str, None] = {}
    for _ in range(ROOM):
        words = rng.integers(0, 2**32, (2 * count, pattern.words_needed)).astype(np.uint32)
        made |= {t: None for t in render(pattern, words).to_pylist() if t not in taken}
        if len(made) >= count:
            return list(made)[:count]
    at = 0
    while len(made) < count:
        texts = render_unique(pattern, np.arange(at, at + count)).to_pylist()
        made |= {t: None for t in texts if t not in taken}
        at += count
    return list(made)[:count]


def _mostly(valid: Callable[[str], bool], texts: Sequence[str]) -> bool:
    return sum(valid(digits.bare(t)) for t in texts) >= 0.5 * len(texts)


# numbers


def _never_issued(texts: Sequence[str], salt: int) -> Pattern:
    """Social security numbers of area 9, group 01 to 49: neither these nor ITINs are issued so."""
    dashes = 2 * sum("-" in t for t in texts) > len(texts)
    mark = "-" if dashes else ""
    groups = "".join(f"{k:02d}" for k in range(1, 50))
    parts = ("9", Run(DIGITS, 2), mark, Run(groups, 1, 2), mark, Run(DIGITS, 4))
    return Pattern("identifier", (Shape(tuple(p for p in parts if p)),), (1,), salt=salt)


def _never_routed(salt: int) -> Pattern:
    """Addresses of 240.0.0.0/4, which are reserved and nobody's (RFC 1112)."""
    octet = Run("".join(map(str, range(100, 256))), 1, 3)
    first = Run("".join(map(str, range(240, 255))), 1, 3)
    shape = Shape((first, ".", octet, ".", octet, ".", octet))
    return Pattern("identifier", (shape,), (1,), salt=salt)


def _checked(
    kind: str, known: pa.Array, texts: Sequence[str], valid: Callable[[str], bool], salt: int
) -> Pattern | None:
    """A pattern of valid numbers in the layouts of the source; None where none is found."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        lead = {"IBAN": 2, "card number": 1}.get(kind, 0)
        groups.setdefault(text[:lead] + text[lead:].translate(CLASSES), []).append(text)
    order = sorted(groups, key=lambda g: (-len(groups[g]), g))[:LAYOUTS]
    rng = np.random.default_rng([salt, 2])
    shapes: Counter[Shape] = Counter()
    for group in order:
        some = groups[group]
        fixed = _fixed_start(kind, some[0])
        places = _places(some, fixed)
        if 2 * sum(valid(digits.bare(t)) for t in some) < len(some):
            continue
        for base in _bases(places, valid, rng):
            cut = (_cut(base, places, len(fixed), n, valid, known, rng) for n in PIECES)
            shape = next((s for s in cut if s is not None), None)
            if shape is not None:
                shapes[shape] += max(1, len(some))
    top = shapes.most_common(LAYOUTS * BASES)
    if not top:
        return None
    return Pattern("identifier", tuple(s for s, _ in top), tuple(n for _, n in top), salt=salt)


def _fixed_start(kind: str, text: str) -> str:
    """What each number of a layout begins with: a card's test prefix, an account's country."""
    if kind == "card number":
        lead = CARDS.get(text[:1], text[:1])
        out, at = "", 0
        for c in text:  # the marks of the source between the digits
            if at == len(lead):
                break
            out, at = (out + lead[at], at + 1) if c.isdigit() else (out + c, at)
        return out
    return text[:2] if kind == "IBAN" else ""


def _places(texts: Sequence[str], fixed: str) -> list[str]:
    """The characters that may stand at each place: digits, or the letters that stood there."""
    out = list(fixed)
    for column in list(zip(*texts, strict=True))[len(fixed) :]:
        seen = Counter(column)
        often = [c for c, n in seen.items() if n >= max(2, len(texts) / 500)] or list(seen)
        if all(c.isdigit() for c in seen):
            few = len(texts) >= 100 and len(often) <= 3
            out.append("".join(sorted(often)) if few else DIGITS)
        elif all(c.isalnum() for c in seen):
            out.append("".join(sorted(often)) if len(texts) >= 20 else UPPER)
        else:
            out.append(column[0])
    return out


def _random(places: Sequence[str], rng: np.random.Generator) -> list[str]:
    """TRIES random texts."""
    columns = [np.array(list(p))[rng.integers(0, len(p), TRIES)] for p in places]
    joined = np.stack(columns, axis=1).astype("U1").view(f"U{len(places)}")
    return [str(t) for t in joined.ravel()]


def _bases(
    places: Sequence[str], valid: Callable[[str], bool], rng: np.random.Generator
) -> Iterator[str]:
    """Made-up numbers that pass the check."""
    found = 0
    for text in _random(places, rng):
        if valid(digits.bare(text)):
            yield text
            found += 1
            if found == BASES:
                return


def _cut(
    base: str,
    places: Sequence[str],
    start: int,
    piece: int,
    valid: Callable[[str], bool],
    known: pa.Array,
    rng: np.random.Generator,
) -> Shape | None:
    """The shape of a made-up number: pieces that leave its check as it is; None: no room."""
    pieces = max(1, round((len(base) - start) / piece))
    cuts = [start + (len(base) - start) * k // pieces for k in range(pieces + 1)]
    same = known.filter(pc.equal(pc.utf8_length(known), len(base)))
    parts: list[str | Run] = [base[:start]] if start else []
    apart = False
    for first, stop in pairwise(cuts):
        held = {*pc.unique(pc.utf8_slice_codeunits(same, first, stop)).to_pylist()}
        free, used = dict[str, None](), dict[str, None]()
        for made in _random(places[first:stop], rng):
            if made not in free and valid(digits.bare(base[:first] + made + base[stop:])):
                (used if made in held else free)[made] = None
            if len(free) == SYMBOLS:
                break
        alone = len(free) >= FEWEST
        apart = apart or alone
        symbols = sorted(free if alone else free | used)[:SYMBOLS]
        if not symbols:
            return None
        run = Run("".join(symbols), 1, stop - first)
        parts.append(run.alphabet if run.size == 1 else run)
    return Shape(tuple(parts)) if apart else None


def _wide(texts: Sequence[str], salt: int) -> Pattern:
    """Any digits and letters where the commonest layout has some."""
    alphabets = {"0": DIGITS, "A": UPPER, "a": UPPER.lower()}
    layout = Counter(t.translate(CLASSES) for t in texts).most_common(1)[0][0]
    parts = [
        Run(alphabets[c]) if c in alphabets and t.isalnum() else t
        for c, t in zip(
            layout, next(t for t in texts if t.translate(CLASSES) == layout), strict=True
        )
    ]
    return Pattern("identifier", (shape_of(parts[:LONGEST]),), (1,), salt=salt)


def _as_numbers(pattern: Pattern, highest: int) -> Pattern:
    """The pattern without texts that are numbers of another length, or larger ones."""
    shapes, weights = list[Shape](), list[int]()
    for shape, weight in zip(pattern.shapes, pattern.weights, strict=True):
        rest = shape.characters - width_of(pieces_of(shape)[0])
        head, *others = pieces_of(shape)
        able = [
            s
            for s in ((head,) if isinstance(head, str) else head)
            if s[0] in DIGITS[1:] and int(s + "9" * rest) <= highest
        ]
        whole = all(s.isdigit() for p in others for s in ((p,) if isinstance(p, str) else p))
        if able and whole:
            first = able[0] if len(able) == 1 else Run("".join(able), 1, len(able[0]))
            shapes.append(shape_of([first, *map(part_of, others)]))
            weights.append(weight)
    if not shapes:
        shapes = [Shape((Run(DIGITS[1:]), Run(DIGITS, len(str(highest)) - 2)))]
        weights = [1]
    return replace(pattern, shapes=tuple(shapes), weights=tuple(weights))
