"""Keys of several columns: one of them differs from row to row where nothing else keeps them apart.

Drawn values and chosen rows are mended when a key repeats (`genesis_sql.plan.unique`). What SQL
computes or a pattern spells out cannot be: it has to differ by how it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from string import ascii_uppercase
from typing import Any

from genesis_sql.drafts.capacity import capacity
from genesis_sql.drafts.fill import allowed, filled
from genesis_sql.drafts.keys import key_spec
from genesis_sql.drafts.sheet import Sheet, is_number, is_text
from genesis_sql.errors import SchemaError
from genesis_sql.profiles.distinct import is_distinct
from genesis_sql.providers.ask import Columns
from genesis_sql.types import RawColumn

MENDED = (
    "categorical", "explicit", "normal", "lognormal", "uniform", "exponential", "beta",
    "poisson", "bands", "conditional", "reference", "after",
)  # fmt: skip
"""Types of columns that get another value where a key repeats."""
BUSIEST = 20
"""Rows of the busiest parent, in means: lognormal laws with the spread of `drafts.keys`."""
FEW = 36
"""Labels that nothing but the type speaks for are no more than so many."""


def fill_apart(sheet: Sheet, locale: str) -> None:
    """Fill a column of each key anew that could repeat otherwise; locale is that of texts."""
    for key in (sheet.raw.primary_key, *sheet.raw.unique_keys):
        if len(key) < 2 or not set(key) <= sheet.made.keys():
            continue
        if not _kept(sheet, key):
            _refill(sheet, key, locale)


def _kept(sheet: Sheet, key: tuple[str, ...]) -> bool:
    """Whether rows differ in a key by how they are made, or are mended where they do not."""
    specs = {c: sheet.made[c][c] for c in key}
    if any(_differs(sheet, column) for column in key):
        return True
    main = set(sheet.main.columns) if sheet.main else set()
    if main and main <= set(key):
        apart = any(s["type"] == "sibling" or s.get("distinct") for s in specs.values())
        if apart or set(key) == main:
            return True
    return all(
        c in main or (s["type"] in MENDED and not _scarce(sheet, c, s)) for c, s in specs.items()
    )


def _differs(sheet: Sheet, name: str) -> bool:
    """Whether a column has another value in each row; `sibling` numbers do only below a parent."""
    spec = sheet.columns().get(name, {"type": ""})
    if spec["type"] in ("key", "function") or spec.get("unique") is True:
        return True
    if spec["type"] != "expression":
        return False
    return is_distinct(str(spec["sql"]), lambda c: c != name and _differs(sheet, c), sheet.rows)


def _scarce(sheet: Sheet, name: str, spec: dict[str, Any]) -> bool:
    """Whether a few words of no meaning are all that keep the rows of a parent apart."""
    column = sheet.column(name)
    if spec["type"] != "explicit" or not is_text(column.type) or sheet.meaning(name):
        return False
    many = len(spec["values"])
    return allowed(sheet, column) is None and many <= FEW and sheet.rows > many


def _refill(sheet: Sheet, key: tuple[str, ...], locale: str) -> None:
    """Make one column differ, the one that shows it least."""
    taken = {c for k in sheet.raw.foreign_keys for c in k.columns}
    free = [
        sheet.column(c)
        for c in key
        if c not in taken and sheet.made[c][c].get("origin") != "spec"
    ]  # fmt: skip
    free = [c for c in free if allowed(sheet, c) is None]
    for column in sorted(free, key=lambda c: (not is_text(c.type), not is_number(c.type))):
        if _refilled(sheet, column, locale):
            return


def _refilled(sheet: Sheet, column: RawColumn, locale: str) -> bool:
    """Fill a column so that it differs; whether its type can."""
    sheet.apart.add(column.name)
    most = capacity(sheet, column)
    if most is not None and most < sheet.rows:
        sheet.apart.remove(column.name)
        return is_text(column.type) and _short(sheet, column)
    try:
        made, note, origin = filled(sheet, column, locale)
        _put(sheet, column.name, made, {"origin": origin, "note": note})
        if not _differs(sheet, column.name):
            spec = {column.name: key_spec(sheet, column)}
            _put(sheet, column.name, spec, {"origin": origin, "note": "the number of the row"})
    except SchemaError:
        sheet.apart.remove(column.name)
        return False
    return True


def _put(sheet: Sheet, name: str, made: Columns, told: Mapping[str, Any]) -> None:
    *helpers, last = made
    sheet.put(name, {**made[last], **told}, {h: made[h] for h in helpers})


def _short(sheet: Sheet, column: RawColumn) -> bool:
    """Codes of one or two letters, of which another is drawn where a key repeats."""
    letters = min(column.length or 2, 2)
    codes = ["".join(c) for c in product(ascii_uppercase, repeat=letters)]
    spec = {"type": "explicit", "values": codes, "sql_type": "VARCHAR"}
    sheet.put(column.name, {**spec, "origin": "default", "note": "a short code"})
    return True
