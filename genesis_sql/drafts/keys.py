"""Keys and references of a table as columns of a profile, and how many rows a parent has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genesis_sql.drafts.absent import chosen_share
from genesis_sql.drafts.relations import only_one, optional, singular
from genesis_sql.drafts.sheet import Sheet, base_type, is_moment, is_text, is_whole
from genesis_sql.errors import SchemaError
from genesis_sql.sqlbuild import string
from genesis_sql.types import RawColumn, RawForeignKey

SPREAD = 0.8
"""Standard deviation of the logarithm of a number of children: the busiest tenth has a third."""
CHOSEN_SPREAD = 1.0
"""The same of how often a row is chosen."""
FAN = 8
"""Rows below a row of a table that refers to itself, on average."""
ABSENT = 0.1
"""Share of references that are NULL where they may be."""
WIDTH = 6
"""Digits of a text key, where there is room."""


NATURAL = frozenset(
    "country_code currency_code state_code iban isbn vin sku barcode icd10_code procedure_code npi "
    "bic license_plate time_zone email username slug domain_name language".split()
)
"""Meanings of keys that are codes of the world."""


def is_natural(sheet: Sheet, column: RawColumn) -> bool:
    """Whether a key is a code that the world has, not one that the database counts up."""
    return is_text(column.type) and sheet.meaning(column.name) in NATURAL


def fill_keys(sheet: Sheet, sheets: Mapping[str, Sheet], *, absent: float = ABSENT) -> None:
    """The columns of a table's primary key and of its references.

    Args:
        sheet: the table.
        sheets: all of them.
        absent: the share of NULL in references that may be.
    """
    if sheet.main is not None:
        for name, above in zip(sheet.main.columns, sheet.main.parent_columns, strict=True):
            _put(sheet, name, {"type": "parent", "column": above}, f"its {sheet.main.parent}")
    for key in sheet.others:
        _refer(sheet, key, sheets, absent)
    named = {c for s in sheets.values() for k in s.raw.foreign_keys if k.parent == sheet.name
             for c in k.parent_columns}  # fmt: skip
    own = [c for c in sheet.raw.primary_key if c not in sheet.made]
    for name in sorted(named - set(own) - set(sheet.made)):
        _put(sheet, name, key_spec(sheet, sheet.column(name)), "other tables refer to it")
    hangs = sheet.main is not None and set(sheet.main.columns) <= sheet.key_columns
    for name in own:
        column = sheet.column(name)
        if hangs and is_whole(column.type) and len(own) == 1:
            spec = {"type": "sibling", "base": 1, "sql_type": column.type}
            _put(sheet, name, spec, "its place among the rows of one parent")
        elif name not in named and is_moment(column.type) and _timed(sheet, name):
            continue  # in order with the others, see `drafts.moments`
        elif name not in named and (
            is_natural(sheet, column) or (len(sheet.raw.primary_key) > 1 and is_text(column.type))
        ):
            continue  # what it means fills it, see `drafts.fill` and `drafts.apart`
        else:
            _put(sheet, name, key_spec(sheet, column), "the number of the row")


def _put(sheet: Sheet, name: str, spec: dict[str, Any], note: str) -> None:
    if name not in sheet.made:
        sheet.put(name, {**spec, "origin": "default", "note": note})


def _refer(sheet: Sheet, key: RawForeignKey, sheets: Mapping[str, Sheet], absent: float) -> None:
    """A chosen row of another table."""
    above = sheets[key.parent]
    spec: dict[str, Any] = {"type": "reference", "table": above.name}
    if above.name != sheet.name:
        spec["skew"] = CHOSEN_SPREAD
    elif is_tree(sheet, key):
        spec |= {"fan": FAN} if sheet.main is None else {"among": "siblings"}
    share = chosen_share(sheet.raw, key)
    if optional(sheet.raw, key) and (absent or share):
        spec["null_share"] = share or absent
    if _paired(sheet, key) and above.name != sheet.name:
        spec["distinct"] = True
    if len(key.columns) > 1:
        spec["link"] = "_".join(key.columns)
    pairs = zip(key.columns, key.parent_columns, strict=True)
    shared = {own: column for own, column in pairs if own in sheet.made}
    if len(shared) == len(key.columns) and _implied(sheet, sheets, key):
        return
    if len(shared) == len(key.columns):
        message = (
            f"the columns ({', '.join(key.columns)}) of table '{sheet.name}' refer to "
            f"'{key.parent}' and to another table at once, and no row of both is known to fit; "
            f"leave one of the keys out, or fill the columns: columns := "
            f"{{'{sheet.name}.{key.columns[0]}': …}}"
        )
        raise SchemaError(message)
    if shared:  # the chosen row agrees in what another key has filled
        spec["match"] = shared
        spec.pop("skew", None)
    for own, column in zip(key.columns, key.parent_columns, strict=True):
        note = f"a row of {above.name}, some chosen more often than others"
        _put(sheet, own, {**spec, "column": column}, note)


def _timed(sheet: Sheet, name: str) -> bool:
    """Whether a moment of the primary key is one of several, or not the whole of it.

    Then it is drawn, and another one where the key repeats; a calendar has one day after another.
    """
    others = [c for c in sheet.raw.columns if c.name != name and is_moment(c.type)]
    return len(sheet.raw.primary_key) > 1 or bool(others)


def _implied(sheet: Sheet, sheets: Mapping[str, Sheet], key: RawForeignKey) -> bool:
    """Whether the rows that other references name refer, all columns at once, to the same row."""
    target = key.parent, key.parent_columns
    waiting = [(k, key.columns) for k in sheet.raw.foreign_keys if k is not key]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        found, columns = waiting.pop()
        named = dict(zip(found.columns, found.parent_columns, strict=True))
        if not set(columns) <= named.keys():
            continue
        there = found.parent, tuple(named[c] for c in columns)
        if there == target:
            return True
        if there not in seen:
            seen.add(there)
            waiting += [(k, there[1]) for k in sheets[found.parent].raw.foreign_keys]
    return False


def is_tree(sheet: Sheet, key: RawForeignKey) -> bool:
    """Whether rows hang on earlier ones of their table, as many on one as it comes."""
    unique = {c for held in (sheet.raw.primary_key, *sheet.raw.unique_keys) for c in held}
    return key.parent == sheet.name and not unique & {*key.columns} - {*_main(sheet)}


def _main(sheet: Sheet) -> tuple[str, ...]:
    return sheet.main.columns if sheet.main is not None else ()


def _paired(sheet: Sheet, key: RawForeignKey) -> bool:
    """Whether two rows of one main parent may not choose the same row."""
    if sheet.main is None:
        return False
    pair = {*sheet.main.columns, *key.columns}
    keys = [k for k in (sheet.raw.primary_key, *sheet.raw.unique_keys) if k]
    return any(set(k) == pair for k in keys)


def key_spec(sheet: Sheet, column: RawColumn) -> dict[str, Any]:
    """A column that no two rows have the same of.

    Raises:
        SchemaError: its type holds no such values.
    """
    type_ = base_type(column.type)
    if is_whole(type_) and "HUGE" not in type_:
        return {"type": "key", "sql_type": type_}
    if type_ == "UUID":
        return {"type": "key", "sql_type": "UUID"}
    if is_text(type_):
        return {"type": "key", "format": _format(sheet, column), "sql_type": "VARCHAR"}
    if type_ in ("HUGEINT", "UHUGEINT", "DECIMAL", "NUMERIC", "DOUBLE", "FLOAT"):
        return {"type": "key", "format": "%d", "sql_type": column.type}
    if is_moment(type_):
        start = f"CAST({string(sheet.period[0])} AS {type_})"
        step = "CAST(n() AS INTEGER)" if type_ == "DATE" else "to_minutes(n())"
        return {"type": "expression", "sql": f"{start} + {step}", "sql_type": column.type}
    message = (
        f"column '{column.name}' of table '{sheet.name}' has to tell rows apart, and no such "
        f"values are known of type {column.type}; say how in columns := "
        f"{{'{sheet.name}.{column.name}': {{…}}}}"
    )
    raise SchemaError(message)


def _format(sheet: Sheet, column: RawColumn) -> str:
    """A prefix and digits, as far as they fit.

    Whatever the length, the digits reach the rows of the table, see `capacity`.
    """
    digits = max(WIDTH, len(str(sheet.rows)))
    room = column.length if column.length is not None else 64
    prefix = "".join(c for c in singular(sheet.name).upper() if c.isascii() and c.isalnum())[:3]
    prefix = f"{prefix}-" if prefix else ""
    if len(prefix) + digits > room:
        prefix = prefix[: max(0, min(1, room - digits))]
    return f"{prefix}%0{max(1, min(digits, room - len(prefix)))}d"


def children(sheet: Sheet, above: Sheet) -> dict[str, Any]:
    """The law of the number of rows that one row of the main parent has.

    Its mean is what the rows of both tables make; lognormal, so that a few parents have many.
    """
    if sheet.main is None:
        message = f"table '{sheet.name}' hangs on no other"
        raise ValueError(message)
    mean = sheet.rows / max(above.rows, 1)
    if only_one(sheet.raw, sheet.main):
        if mean > 1:
            shown = ", ".join(sheet.main.columns)
            message = (
                f"rows asks for {sheet.rows:,} rows of '{sheet.name}', and its key ({shown}) "
                f"allows one for each of the {above.rows:,} rows of '{above.name}'; ask for fewer, "
                f"or for more rows of '{above.name}'"
            )
            raise SchemaError(message)
        weights = [round(1.0 - mean, 6), round(mean, 6)]
        return {"type": "explicit", "values": [0, 1], "weights": weights}
    if mean < 2.0:
        return {"type": "poisson", "mean": round(mean, 6)}
    centre = math.log(mean) - SPREAD * SPREAD / 2
    return {"type": "lognormal", "mean": round(centre, 6), "std_dev": SPREAD, "decimals": 0}
