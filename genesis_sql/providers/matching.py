"""Which rules fit a column: the words of its name and of its comment against the patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from genesis_sql.providers.rules import MONEY, OWNERS, TYPES, Rule, rules
from genesis_sql.providers.words import table_words, words_of
from genesis_sql.types import RawColumn, RawSchema, RawTable

WORD, WHOLE, OWNED, COMMENT = 10, 4, 6, -3
"""Points of a rule for each word found, for a whole name, a fitting owner; of a comment's words."""

VAGUE_NAME = 5
"""Points more for a comment where the name is one of `_NOUNS`."""
_NOUNS = frozenset("name code type value number title position text data label key field".split())

TINY = frozenset(("TINYINT", "UTINYINT"))
"""Types that MySQL has in the place of a BOOLEAN."""
_BREAK = re.compile(
    r"\b(?:of|for|in|when|that|who|which|where|from|to|at|by|with|on|used|as|if|per|or|and|this)\b"
    r"|[:(,.;\n\[]"
)


@dataclass(frozen=True)
class _Asked:
    """The column that is asked for, the class of its type, and the words of its table."""

    column: RawColumn
    table: RawTable
    schema: RawSchema
    kind: str
    of_table: tuple[str, ...]


def candidates(
    column: RawColumn, table: RawTable, schema: RawSchema, kind: str
) -> Iterator[tuple[int, int, Rule, str]]:
    """Rules that fit, with their points and place in the table."""
    of_table = table_words(table.name)
    asked = _Asked(column, table, schema, kind, of_table)
    for words in _readings(words_of(column.name), of_table):
        shown = "its name ends on '{}'" if len(words) > 1 else "its name is '{}'"
        yield from _matching(words, asked, 0, shown)
    if column.comment:
        vague = (
            VAGUE_NAME if words_of(column.name)[-1:] and words_of(column.name)[-1] in _NOUNS else 0
        )
        for words in _phrases(column.comment):
            shown = "its comment speaks of '{}'"
            points = COMMENT + vague
            yield from _matching(words, asked, points, shown)


def _readings(words: tuple[str, ...], table: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A name as it is, without the table's words before it, and without numbers behind it."""
    found = [words] if words else []
    for size in range(min(len(words) - 1, len(table)), 0, -1):
        if words[:size] == table[-size:] or words[:size] == table[:size]:
            found.append(words[size:])
            break
    # one or two letters before all names of a table stand for it (c_name, ps_availqty)
    if len(words) > 1 and len(words[0]) <= 2 and words[0] not in ("is", "ip", "id", "no", "to"):
        found.append(words[1:])
    found += [w[:-1] for w in found if w[-2:] == ("identifier", "number")]
    found += [w[:-1] for w in found if len(w) > 1 and (w[-1].isdigit() or w[-1] in _AFTER)]
    turned = [w for w in found[:1] if "of" in w[1:-1]]
    found += [w[w.index("of") + 1 :] + w[: w.index("of")] for w in turned]
    return found + [w[: w.index("per")] for w in found[:1] if "per" in w[1:-1]]


_AFTER = frozenset(
    "en de fr es it pt ar zh ja ru normalized formatted canonical lower upper old new previous "
    "original unconfirmed encrypted ciphertext plain cent usd eur gbp raw cached local utc "
    "primary secondary alternate average".split()
)
"""Words behind a name that do not change what it is: `amount_cents`, `title_fr`."""


@lru_cache(maxsize=16384)
def _phrases(comment: str) -> tuple[tuple[str, ...], ...]:
    """The first nouns of a comment: 'Date of birth of the contact' begins with 'birth date'."""
    text = re.sub(r"(?i)\bdate of (birth|service|death)\b", r"\1 date", comment.strip())
    text = re.sub(r"(?i)^(the |total )?(number|count) of\b", "count: ", text)
    text = re.sub(r"['’]s\b", "", text)
    pieces = [p for p in _BREAK.split(text)[:2]]
    alternatives = _BREAK.split(text)[1:3] if re.match(r"\S+( \S+)? or ", text) else []
    phrases = [words_of(p) for p in (pieces[:1] + alternatives)]
    return tuple(p for p in phrases if 0 < len(p) <= 8)


def _matching(
    words: tuple[str, ...], asked: _Asked, points: int, shown: str
) -> Iterator[tuple[int, int, Rule, str]]:
    """The rules that these words fit."""
    for pattern, rank, mark, rule in _there(words):
        whole = len(pattern) == len(words)
        if (mark == "=" and (not whole or points)) or (mark in ("^", "+") and whole):
            continue
        if not mark and not _PHRASE.isdisjoint(words[1 : -len(pattern)]):
            continue  # the night of `price_per_night`
        if asked.kind not in (rule.types or TYPES.get(rule.meaning, "t")):
            continue
        if rule.meaning in MONEY and asked.column.type in TINY:
            continue
        before = _owner(words[: -len(pattern)]) or asked.of_table
        if rule.owner and not _owned(rule.owner, before, asked.schema):
            continue
        if rule.beside and not _beside(rule.beside, asked.table):
            continue
        total = points + WORD * len(pattern) + rule.weight + OWNED * bool(rule.owner)
        total += WHOLE * (whole and not points) + OWNED * bool(rule.beside)
        where = shown.replace("ends on", "begins with") if mark == "^" else shown
        yield total, rank, rule, where.format(" ".join(pattern))


def _there(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, str, Rule]]:
    """The patterns that stand at the end of the words, and those at their beginning."""
    ends, begins, longest = _index()
    for size in range(1, min(len(words), longest) + 1):
        for part, place in ((words[-size:], ends), (words[:size], begins)):
            for rank, mark, rule in place.get(part, ()):
                yield part, rank, mark, rule


def _owner(before: tuple[str, ...]) -> tuple[str, ...]:
    """The words before a noun without those that only say which of its kind (`iso_name`)."""
    return before[:-1] if before and before[-1] in _WHICH else before


_WHICH = frozenset(
    "iso short long common english official local native old new current main primary default "
    "original alternate alternative public internal external generic abbreviated preferred "
    "normalized printable sort search seo meta second other".split()
)


def _owned(group: str, before: Sequence[str], schema: RawSchema) -> bool:
    """Whether a name is of a thing of that group ('category+product': in a schema of products)."""
    group, _, also = group.partition("+")
    vague = len(before) > 1 and before[-1] in _VAGUE  # the name of `customer_details`
    if before[-1 - vague] not in OWNERS[group]:
        return False
    return not also or any(not OWNERS[also].isdisjoint(table_words(t.name)) for t in schema.tables)


_VAGUE = frozenset("code account detail profile information record personal contact".split())


def _beside(words: str, table: RawTable) -> bool:
    """Whether a column of the table has one of these words in its name."""
    return not _words(words).isdisjoint(_all_words(tuple(c.name for c in table.columns)))


@lru_cache(maxsize=64)
def _all_words(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(w for name in names for w in words_of(name))


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PHRASE = frozenset(("per", "of"))

Entries = dict[tuple[str, ...], list[tuple[int, str, Rule]]]


@lru_cache(maxsize=1)
def _index() -> tuple[Entries, Entries, int]:
    """The rules by their patterns, those that look at the beginning apart; the longest pattern."""
    ends: Entries = {}
    begins: Entries = {}
    for rank, rule in enumerate(rules()):
        for written in rule.patterns:
            mark = written[:1] if written[:1] in "=^+" else ""
            place = begins if mark == "^" else ends
            for pattern in dict.fromkeys((words_of(written), tuple(written.strip("=^+").split()))):
                place.setdefault(pattern, []).append((rank, mark, rule))
    return ends, begins, max(map(len, (*ends, *begins)))
