"""Which columns hold personal data, by their names and by what a sample of their values passes.

A name alone is believed where half of the values look right; values alone where `SHARE` of many
different ones pass a test that chance does not pass. So a number that passes Luhn once in ten times
is no card, and nine digits called `amount` are no social security numbers.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import duckdb

from genesis_sql.graph.personal_kinds import (
    BIRTH,
    KINDS,
    NOT,
    PERSON,
    PLACE,
    PLACES,
    Kind,
    words_of,
)
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Column, Role, Table

SAMPLE = 2000
"""Different values of a column that are looked at."""
MANY = 50_000
"""Of more different values only a part is put in order, by their hashes."""
SHARE, HALF = 0.8, 0.5
"""Share that tells by itself; share that must look right where the name tells."""
ROWS = 10
"""Rows of a label on average, below which too many labels would be rare, and withheld."""
NAMES, DIFFERENT = 0.6, 20
"""Share of common names among at least so many different values that tells names of people."""

_LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR")
_MOMENTS = (Role.DATE, Role.TIMESTAMP)
_NO_VALUES = (Role.FOREIGN_KEY, Role.EMPTY, Role.UNSUPPORTED, Role.STRUCT, Role.LIST, Role.JSON)
_WHOLE = ("INT", "DECIMAL")

_VALUES = """
SELECT v FROM (
  SELECT DISTINCT CAST($column AS VARCHAR) AS v FROM $source WHERE $column IS NOT NULL $part
) ORDER BY md5(v), v LIMIT $limit
"""


@dataclass(frozen=True)
class Personal:
    """Personal data in a column.

    Attributes:
        table: where.
        column: as users write it.
        kind: 'e-mail', 'US SSN', …
        share: of the different values looked at that look like it, 0 to 1.
        by: 'name', 'content' or 'both'.
    """

    table: str
    column: str
    kind: str
    share: float
    by: str

    @property
    def anew(self) -> bool:
        """Whether a fit makes its values anew; others are learnt like any column."""
        return made_anew(self.kind)


def made_anew(kind: str) -> bool:
    """Whether values of that kind are never copied.

    Example:
        >>> made_anew("e-mail"), made_anew("postal code"), made_anew("")
        (True, False, False)
    """
    return bool(kind) and kind not in PLACES and kind != FREE_TEXT


FREE_TEXT = "free text"


def find_personal(con: duckdb.DuckDBPyConnection, table: Table) -> list[Personal]:
    """The columns of a table that hold personal data, in their order.

    Args:
        con: An open connection or cursor; only read from.
        table: With its roles.
    """
    found = []
    for column, shown in zip(table.columns, table.names, strict=True):
        seen = look(con, table.source, table.name, column)
        if seen is not None:
            found.append(Personal(table.name, shown, *seen))
    return found


def with_personal(
    con: duckdb.DuckDBPyConnection, source: str, table: str, column: Column
) -> Column:
    """The column with the kind of personal data it holds, and a role that copies none of it.

    What repeats becomes labels, which the fit exchanges for invented ones; what is nearly unique
    follows a pattern. An ENUM can hold no new labels and stays as it is.
    """
    found = look(con, source, table, column)
    if found is None:
        return column
    kind = found[0]
    marked = replace(column, personal=kind)
    if not anew(marked):
        return marked
    role = column.role
    if role in (Role.CATEGORY, Role.INTEGER, Role.DECIMAL, Role.CONSTANT):
        values = column.rows - column.nulls
        role = Role.IDENTIFIER if ROWS * column.distinct > values else Role.CATEGORY
    elif role is Role.TEXT and kind != "postal address":
        role = Role.IDENTIFIER
    return replace(marked, role=role)


def anew(column: Column) -> bool:
    """Whether a fit makes the values of a column anew because they are personal."""
    return made_anew(column.personal) and not column.type.startswith("ENUM(")


def look(
    con: duckdb.DuckDBPyConnection, source: str, table: str, column: Column
) -> tuple[str, float, str] | None:
    """What personal data a column holds: its kind, the share of values and what told; or None."""
    name = words_of(column.name)
    if column.role in _NO_VALUES or column.type == "BOOLEAN":
        return None
    if column.role in _MOMENTS:
        return ("date of birth", 1.0, "name") if BIRTH.fullmatch(name) else None
    if column.type in ("FLOAT", "DOUBLE") or _scaled(column.type):
        return ("location", 1.0, "name") if PLACE.fullmatch(name) else None
    number = column.type.startswith(_WHOLE) or column.type.endswith("INT")
    if not number and column.type != "VARCHAR" and not column.type.startswith("ENUM("):
        return None
    named = None if NOT.fullmatch(name) else _by_name(name, words_of(table), number=number)
    if number and named is not None and named.strict is None and column.role is Role.KEY:
        named = None  # patient_no 1, 2, 3 … names rows, and is made of row numbers anyway
    if number and named is None and column.distinct < DIFFERENT:
        return None
    values = _values(con, source, column, large=number and named is None)
    found = _kind_of(values, named, number=number)
    if found is None and column.role is Role.TEXT:
        return FREE_TEXT, 1.0, "content"
    return found


def _scaled(type_: str) -> bool:
    """Whether a decimal has digits behind the point."""
    return type_.startswith("DECIMAL") and not type_.endswith(",0)")


def _by_name(name: str, table: str, *, number: bool) -> Kind | None:
    """The kind that a column is called by; `name` alone where the table holds people."""
    for kind in KINDS:
        if (not number or "number" in kind.types) and kind.called.fullmatch(name):
            return kind
    if name in ("name", "nom", "nome", "naam", "display name") and PERSON.fullmatch(table):
        return next(k for k in KINDS if k.name == "person name")
    return None


def _values(
    con: duckdb.DuckDBPyConnection, source: str, column: Column, *, large: bool
) -> list[str]:
    """At most SAMPLE different values as text, the same ones each time.

    Args:
        con: to ask.
        source: SQL text behind FROM.
        column: of which.
        large: only numbers of nine digits or more.
    """
    name = quoted(column.name)
    part = f" AND {name} >= 100000000" if large else ""
    if column.distinct > MANY:
        part += f" AND hash({name}) % {column.distinct // (5 * SAMPLE)} = 0"
    about = f"column {name}"
    limit = str(SAMPLE)
    rows = ask(con, _VALUES, about=about, column=name, source=source, part=part, limit=limit)
    return [v for (v,) in rows]


def _kind_of(
    values: Sequence[str], named: Kind | None, *, number: bool
) -> tuple[str, float, str] | None:
    """The kind that the values are of, with its share and what told it."""
    texts = [v.strip() for v in values if v.strip()]
    if not texts:
        return None
    strict = _by_content(texts, named, number=number)
    if named is not None:
        share = sum(named.plausible.fullmatch(t) is not None for t in texts) / len(texts)
        if strict is not None and strict[0] == named.name:
            return named.name, max(share, strict[1]), "both"
        # a name that says less than the content: `contact` with e-mail addresses
        if strict is not None and strict[1] > share:
            return (*strict, "content")
        if share >= HALF:
            return named.name, share, "name"
    if strict is not None:
        return (*strict, "content")
    return None if number else _names(texts, named)


def _by_content(
    texts: Sequence[str], named: Kind | None, *, number: bool
) -> tuple[str, float] | None:
    """The first kind whose test the values pass; the one they are called by is asked first."""
    order = [k for k in KINDS if k is named] + [k for k in KINDS if k is not named]
    for kind in order:
        if kind.strict is None or (number and "number" not in kind.types):
            continue
        if kind is not named and len(texts) < kind.least:
            continue
        some = texts[:100]
        if sum(map(kind.strict, some)) < HALF * len(some):
            continue
        share = sum(map(kind.strict, texts)) / len(texts)
        if share >= SHARE:
            return kind.name, share
    return None


def _names(texts: Sequence[str], named: Kind | None) -> tuple[str, float, str] | None:
    """Names of people by the commonest first and last names of some countries."""
    tokens = [t.split() for t in texts]
    few = sum(len(t) <= 4 for t in tokens) >= 0.9 * len(texts)
    if len(texts) < DIFFERENT or not few or not all(t[0][:1].isalpha() for t in tokens[:50]):
        return None
    first, last = common_names()
    heads = sum(t[0].casefold().strip(",") in first for t in tokens) / len(texts)
    ends = sum(t[-1].casefold() in last for t in tokens) / len(texts)
    if sum(len(t) > 1 for t in tokens) >= HALF * len(texts):
        either = max(heads, sum(t[0].casefold().strip(",") in last for t in tokens) / len(texts))
        return ("person name", either, "content") if either >= NAMES and named is None else None
    if max(heads, ends) < NAMES:
        return None
    return ("first name", heads, "content") if heads >= ends else ("last name", ends, "content")


@cache
def common_names() -> tuple[frozenset[str], frozenset[str]]:
    """Common first and last names, case folded; of Faker's lists for seven countries."""
    first, last = set[str](), set[str]()
    for locale in _LOCALES:
        known = importlib.import_module(f"faker.providers.person.{locale}").Provider
        first |= {str(n).casefold() for n in known.first_names}
        last |= {str(n).casefold() for n in known.last_names}
    return frozenset(first), frozenset(last)
