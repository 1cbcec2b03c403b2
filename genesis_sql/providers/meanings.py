"""What a column holds, from its type, name, comment, CHECKs, labels, length and neighbours.

The rules are data, see `genesis_sql.providers.rules`; the type wins where it disagrees with the
name. Options that a meaning may carry, for its provider:

- ``values``: the labels that may stand there, a list or a mapping of label and weight;
- ``path``: of a status, which labels may follow each label in the life of a row;
- ``min``, ``max``: bounds of a number;
- ``currency``: of a money amount, as the comment names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.providers.ask import Meaning
from genesis_sql.providers.listed import (
    Bounds,
    Label,
    bounds_of,
    currency_of,
    labels_of,
    range_of,
)
from genesis_sql.providers.meaning_names import MEANINGS
from genesis_sql.providers.rules import OWNERS, TYPES, Rule, rules
from genesis_sql.providers.statuses import known_course, path_of, plain, states_of
from genesis_sql.providers.words import singular, table_words, words_of
from genesis_sql.types import RawColumn, RawSchema, RawTable

WORD, WHOLE, OWNED, COMMENT = 10, 4, 6, -3
"""Points of a rule for each word found, for a whole name, a fitting owner; of a comment's words."""

VAGUE_NAME = 5
"""Points more for a comment where the name is one of `_NOUNS`."""
_NOUNS = frozenset("name code type value number title position text data label key field".split())

GIVEN = {
    "cpt_code": "procedure_code", "icd_code": "icd10_code", "diagnosis_code": "icd10_code",
    "address": "street_address", "name": "full_name", "person_name": "full_name",
    "zip": "postal_code", "zip_code": "postal_code", "zipcode": "postal_code",
    "postcode": "postal_code", "phone_number": "phone", "telephone": "phone", "mobile": "phone",
    "email_address": "email", "mail": "email", "ssn": "national_id", "dob": "birth_date",
    "date_of_birth": "birth_date", "sex": "gender", "company_name": "company",
    "organization": "company", "website": "url", "currency": "currency_code",
    "credit_card": "card_number", "ip": "ip_address", "guid": "uuid", "password": "password_hash",
    "user_name": "username", "mrn": "medical_record_number", "bool": "flag", "boolean": "flag",
    "percent": "percentage", "money": "amount", "time": "time_of_day", "lat": "latitude",
    "lon": "longitude", "lng": "longitude", "drug": "medication", "timestamp": "event_time",
    "datetime": "event_time", "product": "product_name", "colour": "color", "job": "job_title",
    "province": "state", "street": "street_address", "currency_amount": "amount",
    "description": "paragraph", "enum": "category", "notes": "comment", "lat_long": "latitude",
    "vat_number": "tax_id", "swift": "bic", "hash": "token", "ean": "barcode",
}  # fmt: skip
"""Other words for a meaning that a caller may give."""

ONLY_TYPES = frozenset(
    "number integer int bigint float double decimal numeric text string varchar char str any "
    "foreign_key primary_key key".split()
)
"""Words that say no more than the type: the name goes on telling."""

LABELLED = frozenset(
    "status category priority gender marital_status card_type blood_type product_category "
    "industry department specialty language currency_code country country_code state "
    "state_code flag code color mime_type nationality name_prefix job_title brand team "
    "medication rating score month time_zone version label".split()
)
"""Meanings whose provider takes ``values``; other texts with known labels are a category."""

_MONEY = frozenset("price cost amount total_amount balance salary discount tax".split())
_BY_TYPE = {
    "b": "flag", "d": "date", "s": "event_time", "h": "time_of_day", "u": "uuid", "j": "json",
}  # fmt: skip
_TINY = frozenset(("TINYINT", "UTINYINT"))
_INTS = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split()
)
_BREAK = re.compile(
    r"\b(?:of|for|in|when|that|who|which|where|from|to|at|by|with|on|used|as|if|per|or|and|this)\b"
    r"|[:(,.;\n\[]"
)


def meaning_of(column: RawColumn, table: RawTable, schema: RawSchema) -> Meaning:
    """What a column holds.

    Args:
        column: a key or a foreign key is not asked for.
        table: that has the column; its name, checks and other columns tell too.
        schema: that has the table.

    Returns:
        The meaning, with the labels and bounds that the schema tells, and the reason; its name
        is '' where only the type tells.

    Raises:
        OptionError: the caller gave a meaning that does not exist.

    Example:
        >>> people = RawTable("customers", "", (RawColumn("cust_fname", "VARCHAR"),))
        >>> meaning_of(people.columns[0], people, RawSchema((people,))).name
        'first_name'
    """
    kind = type_class(column.type)
    bounds = _bounds(column, table, kind)
    name, reason = _given(column, table, schema, kind) or _found(column, table, schema, kind)
    name = _refined(name, column, kind)
    if bounds.values and kind in "ti" and name not in LABELLED:
        label = "the comment or the schema lists its labels"
        name, reason = "category", f"{label}; the name alone says {name}" if name else label
    options = _options(name, column, table, kind, bounds)
    return Meaning(name, options, f"{reason[:1].upper()}{reason[1:]}." if reason else "")


@lru_cache(maxsize=4096)
def type_class(text: str) -> str:
    """The class of a type, a letter as `rules` has it; '?' for nested and binary ones.

    Example:
        >>> [type_class(t) for t in ("VARCHAR(20)", "DECIMAL(10,2)", "DECIMAL(9,0)", "TINYINT")]
        ['t', 'n', 'i', 'i']
    """
    if text.endswith("]") or text.startswith(("STRUCT", "MAP", "UNION")):
        return "?"
    base, _, rest = text.upper().partition("(")
    if base in _INTS:
        return "i"
    if base in ("DECIMAL", "NUMERIC"):
        scale = rest.rstrip(") ").partition(",")[2].strip()
        return "i" if rest and scale in ("", "0") else "n"
    if base.startswith("TIMESTAMP") or base == "DATETIME":
        return "s"
    if base.startswith("TIME"):
        return "h"
    plain_types = {
        "VARCHAR": "t", "TEXT": "t", "CHAR": "t", "ENUM": "t", "STRING": "t", "BPCHAR": "t",
        "DOUBLE": "n", "FLOAT": "n", "REAL": "n", "BOOLEAN": "b", "DATE": "d", "UUID": "u",
        "JSON": "j", "INTERVAL": "v",
    }  # fmt: skip
    return plain_types.get(base, "?")


def _given(
    column: RawColumn, table: RawTable, schema: RawSchema, kind: str
) -> tuple[str, str] | None:
    """The meaning that the caller wrote, or None where that is only a type."""
    word = column.meaning.strip().lower().replace(" ", "_").replace("-", "_")
    if not word:
        return None
    name = GIVEN.get(word, word)
    if name in MEANINGS:
        by_name = _found(column, table, schema, kind)[0]
        # 'date' for a date of birth says less than the name does
        if word == "date" and by_name and "d" in TYPES.get(by_name, "t"):
            return by_name, "it is a date, and its name tells which"
        if word == "name":
            return by_name or "label", "its name and table tell what kind of name it is"
        return name, f"the schema gives the meaning '{column.meaning}'"
    if word in ONLY_TYPES:
        return None
    hint = nearest(word, (*MEANINGS, *GIVEN, *ONLY_TYPES))
    message = (
        f"column '{table.name}.{column.name}' is given the meaning '{column.meaning}', which does "
        f"not exist{hint}; leave it out to let the name and type tell"
    )
    raise OptionError(message)


def _found(column: RawColumn, table: RawTable, schema: RawSchema, kind: str) -> tuple[str, str]:
    """The meaning by the best rule, or by the type alone."""
    best: tuple[int, int, Rule, str] | None = None
    for points, rank, rule, shown in _candidates(column, table, schema, kind):
        if best is None or (points, -rank) > (best[0], -best[1]):
            best = (points, rank, rule, shown)
    if best is not None and best[0] > 0:
        return best[2].meaning, best[3]
    name = _BY_TYPE.get(kind, "")
    if column.type in _TINY:
        name = "flag"  # what MySQL has in the place of a BOOLEAN
    if kind == "i" and not name and _many(column.name.lower()):
        return "count", f"it is {column.type} and its name a plural"
    return name, f"its type is {column.type}" if name else ""


def _many(name: str) -> bool:
    """Whether a name ends on a plural: `adults`."""
    last = name.rsplit("_", 1)[-1]
    return len(last) > 3 and last.endswith("s") and singular(last) != last


def _candidates(
    column: RawColumn, table: RawTable, schema: RawSchema, kind: str
) -> Iterator[tuple[int, int, Rule, str]]:
    """Rules that fit, with their points and place in the table."""
    of_table = table_words(table.name)
    for words in _readings(words_of(column.name), of_table):
        shown = "its name ends on '{}'" if len(words) > 1 else "its name is '{}'"
        yield from _matching(words, of_table, table, schema, column, kind, 0, shown)
    if column.comment:
        vague = (
            VAGUE_NAME if words_of(column.name)[-1:] and words_of(column.name)[-1] in _NOUNS else 0
        )
        for words in _phrases(column.comment):
            shown = "its comment speaks of '{}'"
            points = COMMENT + vague
            yield from _matching(words, of_table, table, schema, column, kind, points, shown)


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
    words: tuple[str, ...],
    of_table: tuple[str, ...],
    table: RawTable,
    schema: RawSchema,
    column: RawColumn,
    kind: str,
    points: int,
    shown: str,
) -> Iterator[tuple[int, int, Rule, str]]:
    """The rules that these words fit."""
    ends, begins = _index()
    there = [(r, n, x) for r, n, x in ends.get(words[-1], ()) if words[-len(x[1]) :] == x[1]]
    there += [(r, n, x) for r, n, x in begins.get(words[0], ()) if words[: len(x[1])] == x[1]]
    for rank, rule, (mark, pattern) in there:
        whole = len(pattern) == len(words)
        if not mark and not _PHRASE.isdisjoint(words[: -len(pattern)]):
            continue  # the night of `price_per_night`
        if (mark == "=" and (not whole or points)) or (mark in "^+" and mark and whole):
            continue
        if kind not in (rule.types or TYPES.get(rule.meaning, "t")):
            continue
        if rule.meaning in _MONEY and column.type in _TINY:
            continue
        before = _owner(words[: -len(pattern)]) or of_table
        if rule.owner and not _owned(rule.owner, before, schema):
            continue
        if rule.beside and not _beside(rule.beside, table):
            continue
        total = points + WORD * len(pattern) + rule.weight + OWNED * bool(rule.owner)
        total += WHOLE * (whole and not points) + OWNED * bool(rule.beside)
        where = shown.replace("ends on", "begins with") if mark == "^" else shown
        yield total, rank, rule, where.format(" ".join(pattern))


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


_VAGUE = frozenset("account detail profile information record personal contact".split())


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

Entry = tuple[int, Rule, tuple[str, tuple[str, ...]]]


@lru_cache(maxsize=1)
def _index() -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """The rules by the last word of their patterns, and those that look at the beginning."""
    ends: dict[str, list[Entry]] = {}
    begins: dict[str, list[Entry]] = {}
    for rank, rule in enumerate(rules()):
        for written in rule.patterns:
            mark = written.strip()[:1] if written.strip()[:1] in "=^+" else ""
            for pattern in {words_of(written), tuple(written.strip(" =^+").split())}:
                entry = (rank, rule, (mark, pattern))
                place, word = (begins, pattern[0]) if mark == "^" else (ends, pattern[-1])
                place.setdefault(word, []).append(entry)
    return ends, begins


def _refined(name: str, column: RawColumn, kind: str) -> str:
    """The nearest meaning that the type and the length leave."""
    if name == "date" and kind == "s":
        return "event_time"
    if name == "event_time" and kind == "d":
        return "date"
    if name in ("month", "year") and column.name.lower().endswith("s"):
        return "duration"  # warranty_months
    if name in ("country", "state") and (_length(column) or 99) <= 3:
        return f"{name}_code"
    return name


def _length(column: RawColumn) -> int | None:
    """The characters that a text holds at most."""
    if column.length is not None:
        return column.length
    found = re.fullmatch(r"(?i)\w*char\((\d+)\)", column.type)
    return int(found[1]) if found else None


def _bounds(column: RawColumn, table: RawTable, kind: str) -> Bounds:
    """Labels and bounds, the surest first: an enum, a CHECK, the comment."""
    values: tuple[Label, ...] = column.values or _enum(column.type)
    low = high = None
    for check in table.checks:
        told = bounds_of(check).get(column.name.lower())
        if told is not None:
            values = values or told.values
            low = told.low if told.low is not None else low
            high = told.high if told.high is not None else high
    if column.comment and not values and kind in "ti":
        values = _fitting(labels_of(column.comment), column, kind)
    if column.comment and low is None and high is None and kind in "in" and not values:
        low, high = range_of(column.comment) or (None, None)
    return Bounds(values, low, high)


def _fitting(labels: tuple[str, ...], column: RawColumn, kind: str) -> tuple[Label, ...]:
    """Labels of a comment, where the column can hold each of them."""
    if kind == "i":
        whole = all(re.fullmatch(r"-?\d{1,9}", x) for x in labels)
        return tuple(int(x) for x in labels) if whole else ()
    longest = max(map(len, labels), default=0)
    return labels if longest <= (_length(column) or longest) else ()


@lru_cache(maxsize=4096)
def _enum(type_: str) -> tuple[str, ...]:
    """The labels of DuckDB's ENUM('a', 'b')."""
    if not type_.startswith("ENUM("):
        return ()
    return tuple(x.replace("''", "'") for x in re.findall(r"'((?:[^']|'')*)'", type_))


def _options(
    name: str, column: RawColumn, table: RawTable, kind: str, bounds: Bounds
) -> dict[str, Any]:
    """What the provider has to keep to."""
    options: dict[str, Any] = {}
    if name == "status" and kind == "t":
        options = _states(table, column, bounds)
    elif bounds.values:
        options["values"] = list(bounds.values)
    elif name in ("flag", "gender") and kind == "t" and _length(column) == 1:
        options["values"] = ["Y", "N"] if name == "flag" else ["F", "M"]
    if kind in "in":
        options |= {k: v for k, v in (("min", bounds.low), ("max", bounds.high)) if v is not None}
    if name in _MONEY and column.comment and currency_of(column.comment):
        options["currency"] = currency_of(column.comment)
    return options


def _states(table: RawTable, column: RawColumn, bounds: Bounds) -> dict[str, Any]:
    """The labels of a status with their weights, and the legal ways between them."""
    labels = tuple(str(v) for v in bounds.values)
    if labels:
        course = known_course(labels)
        if course is None:
            return {"values": list(labels)}
        shares = {plain(k): v for k, v in course.shares.items()}
        return {
            "values": {label: shares.get(plain(label), 0.05) for label in labels},
            "path": path_of(course, labels),
        }
    default = (column.default or "").split("::")[0].strip("'\" ()")
    course = states_of(table_words(table.name), default)
    written = {label: _like(label, default) for label in course.labels}
    longest = max(map(len, written.values()))
    if longest > (_length(column) or longest):
        return {}
    return {
        "values": {written[label]: share for label, share in course.shares.items()},
        "path": path_of(course, tuple(written.values())),
    }


def _like(label: str, example: str) -> str:
    """A label in the spelling of an example: 'IN_PROGRESS' where the default is 'NEW'."""
    if not example or not example[0].isalpha():
        return label.capitalize()
    if example.isupper():
        return label.upper().replace(" ", "_")
    return label.replace(" ", "_") if example.islower() else label.title()
