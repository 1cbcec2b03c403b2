"""Every word a column can mean, and what fills it: the one table of providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from genesis_sql.errors import OptionError, nearest
from genesis_sql.providers import (
    address,
    company,
    general,
    health,
    internet,
    money,
    person,
    product,
    text,
    times,
)
from genesis_sql.providers.ask import Ask, Columns, Provider
from genesis_sql.providers.faker_words import from_faker
from genesis_sql.providers.forms import (
    DRAWN,
    alone,
    bounded,
    computed,
    enum_labels,
    family,
    helper,
    hidden,
    listed,
    number_option,
    recast,
    require_length,
    weighted,
    where,
)
from genesis_sql.providers.general import by_type
from genesis_sql.providers.meaning_names import MEANINGS
from genesis_sql.providers.measures import Measure, measured
from genesis_sql.providers.word import Word
from genesis_sql.sqlbuild import quoted

FAKER = "faker:"
"""In front of a method of Faker: a provider of its own."""
EVERY = (
    "values", "weights", "null_share", "locale", "as_of", "min", "max", "mean", "path", "currency",
)  # fmt: skip
"""Options that every word takes: bounds hold whatever fills a number; path and currency are read by
others."""
MOSTLY_NULL = {"deleted_at": 0.9, "address_line_2": 0.7}
"""Shares of NULL where it is allowed and nothing else is said."""

WORDS: dict[str, Word] = {
    **person.WORDS, **address.WORDS, **company.WORDS, **product.WORDS, **money.WORDS,
    **internet.WORDS, **times.WORDS, **health.WORDS, **text.WORDS, **general.WORDS,
}  # fmt: skip


def fill(name: str, ask: Ask) -> Columns:
    """The plain columns that fill one of a meaning.

    Args:
        name: a word of MEANINGS, 'faker:' and a method of Faker, or '' where only the type counts.
        ask: the column.

    Returns:
        Hidden helpers first, the column itself last.

    Raises:
        OptionError: there is no such word or option, or the column cannot hold such values.

    Example:
        >>> fill("blood_type", Ask("patients", "blood"))["blood"]["values"][0]
        'O+'
    """
    if name.startswith(FAKER):
        _check_options(name, ask, ("args", "many"))
        return _nulled("", ask, from_faker(_localised(ask), name[len(FAKER) :]))
    if not name:
        return _nulled("", ask, by_type(_localised(ask)))
    if name not in WORDS:
        message = f"{where(ask)}: there is no provider '{name}'{nearest(name, WORDS)}"
        raise OptionError(message)
    word = WORDS[name]
    _check_options(name, ask, word.options)
    return _nulled(name, ask, _made(word, _localised(ask)))


def fill_measure(measure: Measure, beside: Mapping[str, str], ask: Ask) -> Columns | None:
    """The plain columns that fill one of a measure, see `genesis_sql.providers.measures`.

    Args:
        measure: what it holds.
        beside: columns of the table by their measures.
        ask: the column, with no other options than bounds, as_of and null_share.

    Returns:
        None where its type or bounds leave no such value.
    """
    made = measured(ask, measure, beside)
    return None if made is None else _nulled("", ask, made)


def provider(name: str) -> Provider:
    """The provider of a word, of 'faker:METHOD', or of '' (by type).

    Raises:
        OptionError: there is none.

    Example:
        >>> [*provider("city")(Ask("people", "town"))]
        ['town_place', 'town']
    """
    if name and name not in WORDS and not name.startswith(FAKER):
        message = f"there is no provider '{name}'{nearest(name, WORDS)}"
        raise OptionError(message)
    return partial(fill, name)


def describe(name: str) -> str:
    """What a word stands for, in one sentence.

    Example:
        >>> describe("blood_type")
        'ABO and rhesus'
    """
    if name not in WORDS:
        message = f"there is no provider '{name}'{nearest(name, WORDS)}"
        raise OptionError(message)
    return WORDS[name].about


class Catalog(Mapping[str, Provider]):
    """The providers by their words; 'faker:METHOD' is there without being listed."""

    def __getitem__(self, name: str) -> Provider:
        """The provider of a word."""
        if name not in WORDS and not name.startswith(FAKER):
            raise KeyError(name)
        return partial(fill, name)

    def __iter__(self) -> Iterator[str]:
        """The words, in the order of their list."""
        return iter(MEANINGS)

    def __len__(self) -> int:
        """How many words there are."""
        return len(MEANINGS)


PROVIDERS: Mapping[str, Provider] = Catalog()
"""What fills a column of each meaning."""


TOLD = ("provider", "fills", "example", "options")
"""Columns of `genesis_providers()`."""


def told() -> list[tuple[str, str, str, str]]:
    """Every word with what it fills in, an example, and options of its own."""
    return [
        (name, WORDS[name].about, WORDS[name].example, ", ".join(WORDS[name].options))
        for name in MEANINGS
    ]


def _localised(ask: Ask) -> Ask:
    given = ask.options.get("locale")
    return ask if given is None else replace(ask, locale=str(given))


def _check_options(name: str, ask: Ask, own: Sequence[str]) -> None:
    known = (*own, *EVERY)
    for given in ask.options:
        if given not in known:
            message = (
                f"{where(ask)}: the provider '{name}' has no option '{given}'"
                f"{nearest(given, known)}"
            )
            raise OptionError(message)


def _made(word: Word, ask: Ask) -> Columns:
    labels = enum_labels(ask.type)
    if "values" in ask.options or labels:
        return _of_values(ask, ask.options.get("values", labels))
    kind = family(ask.type)
    if kind in word.families:
        if kind == "whole" and word.families in (("text", "whole"),) and not _whole_itself(word):
            return bounded(ask, _digits(word, ask))
        made = word.make(ask)
        if ask.unique and made[ask.column]["type"] in DRAWN:
            return by_type(_bare(ask))
        return bounded(ask, made)
    if kind == "text":
        return _as_text(word, ask)
    return by_type(_bare(ask))


def _bare(ask: Ask) -> Ask:
    """The column with nothing but its bounds."""
    return replace(ask, options={k: v for k, v in ask.options.items() if k in ("min", "max")})


def _whole_itself(word: Word) -> bool:
    return word.make in (general.identifier, general.sequence_number, person.gender)


def _digits(word: Word, ask: Ask) -> Columns:
    """A text of digits as a whole number."""
    made = word.make(replace(ask, type="VARCHAR", length=None))
    marks = "{0}"
    for mark in ("-", " ", "(", ")", "+", "."):
        marks = f"replace({marks}, '{mark}', '')"
    letters = [c for c in str(made[[*made][-1]].get("shape", "")) if c.isalpha() or c in "@?*"]
    if letters:
        return by_type(_bare(ask))
    return recast(ask, made, f"CAST({marks} AS BIGINT)")


def _as_text(word: Word, ask: Ask) -> Columns:
    """A number, moment or flag written down."""
    if ask.unique:
        return by_type(_bare(ask))
    types = {"whole": "INTEGER", "decimal": "DECIMAL(12,2)", "float": "DOUBLE", "date": "DATE",
             "timestamp": "TIMESTAMP", "boolean": "BOOLEAN", "time": "TIME", "uuid": "UUID",
             "json": "JSON"}  # fmt: skip
    wanted = "decimal" if "decimal" in word.families else word.families[0]
    made = word.make(replace(ask, type=types[wanted], length=None))
    require_length(ask, 3)
    return recast(ask, made, f"left(CAST({{0}} AS VARCHAR), {ask.length or 40})")


def _of_values(ask: Ask, given: object) -> Columns:
    """A column of the values that the caller lists."""
    weights = ask.options.get("weights")
    if isinstance(given, Mapping):
        values, weights = [*given], [float(w) for w in given.values()]
    elif isinstance(given, Sequence) and not isinstance(given, str):
        values = list(given)
    else:
        message = f"{where(ask)}: values is a list, or a mapping from values to weights"
        raise OptionError(message)
    good = weights is None or (len(weights) == len(values) and min(weights, default=0) >= 0)
    if not values or not good or (weights is not None and not sum(weights) > 0):
        message = f"{where(ask)}: values and weights are lists of one length, weights above 0"
        raise OptionError(message)
    if family(ask.type) == "text":
        texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in values]
        long = [t for t in texts if ask.length is not None and len(t) > ask.length]
        if long:
            require_length(ask, len(long[0]))
        return listed(ask, texts, weights)
    return alone(ask, weighted(values, weights))


def _nulled(name: str, ask: Ask, made: Columns) -> Columns:
    """The column with its share of NULL, where it may have any."""
    share = number_option(ask, "null_share", MOSTLY_NULL.get(name, 0.0))
    if not 0 <= share <= 1:
        message = f"{where(ask)}: null_share is from 0 to 1, not {share}"
        raise OptionError(message)
    if not ask.nullable or not share:
        return made
    *before, last = made
    if made[last]["type"] in (*DRAWN, "combined", "pattern"):
        return {**made, last: {**made[last], "null_share": share}}
    kept = helper(ask, "all")
    out = {c: made[c] for c in before}
    out[kept] = hidden(made[last])
    sql = f"CASE WHEN u() >= {share:.9f} THEN {quoted(kept)} END"
    return {**out, **computed(ask, sql, type_=made[last].get("sql_type"))}
