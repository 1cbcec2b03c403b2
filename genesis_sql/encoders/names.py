"""Names of people: those of Faker's lists that the source does not have, then made-up ones."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from genesis_sql.encoders.text import CONSONANTS, VOWELS, sample
from genesis_sql.program.pattern import SYMBOLS, Pattern, Run, Shape

VOCABULARY = 400
"""Names in a list that a pattern draws from."""
LONGEST_NAME = 12
_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR")


@cache
def _listed(kind: str) -> tuple[str, ...]:
    """Names of Faker's lists, in their order; short ones of Latin letters."""
    found: dict[str, None] = {}
    for locale in _LOCALES:
        known = importlib.import_module(f"faker.providers.person.{locale}").Provider
        names = known.first_names if kind == "first name" else known.last_names
        found |= {str(n): None for n in names if str(n).isalpha() and 3 <= len(n) <= LONGEST_NAME}
    return tuple(found)


def fresh_names(kind: str, taken: Iterable[str], count: int, rng: np.random.Generator) -> list[str]:
    """So many names that are not taken, in the case that most of them have."""
    held = list(taken)
    known = {t.casefold() for t in held}
    upper = 2 * sum(t.isupper() for t in held) > len(held)
    listed = [n for n in _listed(kind) if n.casefold() not in known]
    made = {listed[k]: None for k in rng.permutation(len(listed))[:count]}
    while len(made) < count:
        length = int(rng.integers(4, 10))
        turns = [(CONSONANTS, VOWELS)[k % 2] for k in range(length)]
        name = "".join(t[int(rng.integers(len(t)))] for t in turns).capitalize()
        if name.casefold() not in known:
            made[name] = None
    return [n.upper() for n in made] if upper else list(made)


def name_pattern(kind: str, known: pa.Array, salt: int) -> Pattern:
    """First names, last names or both; last names are none that stands in the source."""
    rng = np.random.default_rng([salt, 1])
    texts = sample(known)
    tokens = {t for text in known.to_pylist() for t in re.findall(r"[^\W\d_]+", text)}
    if kind == "person name":
        comma = 2 * sum("," in t for t in texts) > len(texts)
        single = 2 * sum(" " in t for t in texts) <= len(texts)
        last = fresh_names("last name", tokens, VOCABULARY, rng)
        if single:
            return _mixed([[last]], salt)
        upper = last[0].isupper()
        first = [n.upper() if upper else n for n in _listed("first name")]
        first = [first[k] for k in rng.permutation(len(first))[:VOCABULARY]]
        return _mixed([[last, ", ", first]] if comma else [[first, " ", last]], salt)
    return _mixed([[fresh_names(kind, known.to_pylist(), VOCABULARY, rng)]], salt)


def _mixed(layouts: Sequence[Sequence[str | list[str]]], salt: int) -> Pattern:
    """One shape for each combination of lengths, as frequent as its words are."""
    shapes: Counter[Shape] = Counter()
    for layout in layouts:
        made: list[tuple[tuple[str | Run, ...], int]] = [((), 1)]
        for part in layout:
            if isinstance(part, str):
                made = [((*before, part), n) for before, n in made]
                continue
            by_length: dict[int, list[str]] = {}
            for word in part:
                by_length.setdefault(len(word), []).append(word)
            runs = [(Run("".join(w[:SYMBOLS]), 1, k), len(w)) for k, w in sorted(by_length.items())]
            made = [((*before, run), n * m) for before, n in made for run, m in runs]
        shapes.update({Shape(parts): n for parts, n in made})
    top = shapes.most_common(64)
    return Pattern("identifier", tuple(s for s, _ in top), tuple(n for _, n in top), salt=salt)
