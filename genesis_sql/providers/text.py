"""Texts by a grammar of word lists: titles, sentences, remarks, reviews of bounded length."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.providers import lists_text as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.forms import (
    Spec,
    alone,
    combined,
    computed,
    digits_for,
    helper,
    hidden,
    length_of,
)
from genesis_sql.providers.word import Word
from genesis_sql.sqlbuild import quoted

Lists = Sequence[Sequence[str]]


def longest(parts: Lists) -> int:
    """Characters of the longest text of these lists, blanks between them.

    Example:
        >>> longest([["a", "bcd"], ["ef"]])
        6
    """
    return sum(max(map(len, part)) for part in parts) + len(parts) - 1


def _spec(parts: Lists) -> Spec:
    return hidden({"type": "combined", "parts": [list(p) for p in parts], "separator": " "})


def _sentences(ask: Ask, grammars: Sequence[Lists]) -> Columns:
    """Sentences behind one another, as many as fit; a number tells unique ones apart."""
    room = digits_for(ask.rows) + 3 if ask.unique else 0
    length = length_of(ask)
    kept: list[Lists] = []
    used = room
    for grammar in grammars:
        used += longest(grammar) + bool(kept)
        if length is not None and used > length:
            break
        kept.append(grammar)
    if not kept:
        return combined(ask, words.SHORT)
    names = [helper(ask, f"text{k + 1}") for k in range(len(kept))]
    if len(kept) == 1 and not ask.unique:
        return alone(ask, {k: v for k, v in _spec(kept[0]).items() if k != "hidden"})
    made: Columns = {n: _spec(g) for n, g in zip(names, kept, strict=True)}
    sql = " || ' ' || ".join(map(quoted, names))
    if ask.unique:
        sql = f"{sql} || ' (' || CAST(n() + 1 AS VARCHAR) || ')'"
    return {**made, **computed(ask, sql)}


def title(ask: Ask) -> Columns:
    """A title of a few words."""
    return combined(ask, words.TITLES)


def sentence(ask: Ask) -> Columns:
    """One sentence."""
    return _sentences(ask, [words.SENTENCE])


def paragraph(ask: Ask) -> Columns:
    """Up to four sentences: about the product where the table has one."""
    if {"product_name", "product_category", "price", "sku"} & ask.siblings.keys():
        return _sentences(ask, [words.PRODUCT, words.MAKE, words.CARE])
    return _sentences(ask, [words.SENTENCE, words.REASON, words.SENTENCE, words.OUTLOOK])


def comment(ask: Ask) -> Columns:
    """A remark of somebody at work."""
    return _sentences(ask, [words.REMARK, words.NEXT])


def review(ask: Ask) -> Columns:
    """What a buyer writes: of the mood of the rating beside it, where that is a number."""
    length = length_of(ask)
    stars = ask.siblings.get("rating")
    moods = [words.BAD, words.FAIR, words.GOOD]
    fits = length is None or length >= max(map(longest, moods))
    if stars is None or ask.unique or not fits:
        return _sentences(ask, [words.GOOD])
    made: Columns = {helper(ask, m): _spec(g) for m, g in zip(_MOODS, moods, strict=True)}
    bad, fair, good = (quoted(helper(ask, m)) for m in _MOODS)
    column = f"TRY_CAST({quoted(stars)} AS DOUBLE)"
    sql = f"CASE WHEN {column} < 2.5 THEN {bad} WHEN {column} < 3.5 THEN {fair} ELSE {good} END"
    return {**made, **computed(ask, sql)}


_MOODS = ("bad", "fair", "good")


def label(ask: Ask) -> Columns:
    """A short name of anything."""
    return combined(ask, [words.LABEL_FRONT, words.LABEL_BACK])


WORDS: dict[str, Word] = {
    "title": Word(title, "a title of a few words", "Notes on Local Markets"),
    "sentence": Word(sentence, "a sentence", "The team finished the first draft on time."),
    "paragraph": Word(paragraph, "up to four sentences", "The office moved the plan. …"),
    "comment": Word(comment, "a remark of somebody at work", "Called back, waiting for a reply."),
    "review": Word(review, "what a buyer writes, of the mood of the rating beside it",
                   "Great value, works exactly as described."),
    "label": Word(label, "a short name of anything", "Blue Harbor"),
}  # fmt: skip
