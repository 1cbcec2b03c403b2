"""What fills a column of which only the type is known, within the bounds of its CHECKs."""

from __future__ import annotations

import math
from typing import Any

from genesis_sql.drafts.checks import Facts
from genesis_sql.drafts.sheet import Sheet, base_type, is_moment, is_text, is_whole
from genesis_sql.errors import ProfileError, SchemaError
from genesis_sql.profiles.typed import type_of
from genesis_sql.types import RawColumn

BITS = {
    "TINYINT": (-(2**7), 2**7 - 1), "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1), "BIGINT": (-(2**63), 2**63 - 1),
    "UTINYINT": (0, 2**8 - 1), "USMALLINT": (0, 2**16 - 1),
    "UINTEGER": (0, 2**32 - 1), "UBIGINT": (0, 2**63 - 1),
}  # fmt: skip
"""Least and greatest number of each whole type (as far as draws reach)."""
LARGEST = 1_000
"""Numbers go so far where nothing says otherwise."""
SHARE_OF_NULL = 0.05
WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island", "juniper",
    "kestrel", "lagoon", "meadow", "nectar", "orchid", "prairie", "quartz", "river", "summit",
    "tundra", "umber", "valley", "willow", "zephyr",
)  # fmt: skip
FIXED = {
    "BLOB": "\\x00", "BYTEA": "\\x00", "INTERVAL": "1 day", "JSON": "{}", "BIT": "0",
    "TIME": "12:00:00", "TIMETZ": "12:00:00+00",
}  # fmt: skip
"""One value of types that no law draws."""


_WORD = f"split_part('{','.join(WORDS)}', ',', CAST(floor(u() * {len(WORDS)}) AS INTEGER) + 1)"
_NUMBER = "CAST(floor(u() * 100) AS INTEGER)"
COMPUTED = {
    "INTERVAL": f"to_minutes({_NUMBER} * 5 + 5)",
    "BLOB": "CAST(md5(CAST(u() AS VARCHAR)) AS BLOB)",
    "VARCHAR[]": f"list_value({_WORD}, {_WORD})",
    "INTEGER[]": f"list_value({_NUMBER}, {_NUMBER}, {_NUMBER})",
}
"""SQL for values of types that no law draws."""


def by_type(sheet: Sheet, column: RawColumn) -> dict[str, Any]:
    """A law for the type of a column.

    Raises:
        SchemaError: nothing is known of its type.
    """
    facts, type_ = sheet.checked.of(column.name), base_type(column.type)
    if type_ == "BOOLEAN":
        return {"type": "explicit", "values": [True, False], "sql_type": "BOOLEAN"}
    if is_whole(type_):
        low, high = whole_bounds(column, facts)
        held = "BIGINT" if "HUGE" in type_ else type_
        return {"type": "uniform", "min": low, "max": high, "decimals": 0, "sql_type": held}
    if type_ in ("DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL"):
        return _number(column, facts)
    if is_moment(type_):
        start, end = sheet.period
        start, end = str(facts.low or start), str(facts.high or end)
        return {"type": "uniform", "min": start, "max": max(start, end), "sql_type": column.type}
    if is_text(type_):
        words = [w for w in WORDS if column.length is None or len(w) <= column.length]
        words = words or [chr(97 + at) for at in range(26)]
        return {"type": "explicit", "values": words, "sql_type": "VARCHAR"}
    if type_ == "UUID":
        return {"type": "key", "sql_type": "UUID"}
    return _fixed(sheet, column, type_)


def is_held(type_: str) -> bool:
    """Whether a column of a profile can be of a type.

    Example:
        >>> is_held("INTEGER[]"), is_held("BIT")
        (True, False)
    """
    try:
        type_of("", type_)
    except ProfileError:
        return False
    return True


def _fixed(sheet: Sheet, column: RawColumn, type_: str) -> dict[str, Any]:
    written = COMPUTED.get(column.type.upper())
    if written is not None:
        return {"type": "expression", "sql": written, "sql_type": column.type}
    value = "[]" if type_.endswith("]") else FIXED.get(type_)
    if not is_held(column.type) or (value is None and not column.nullable):
        message = (
            f"nothing is known of type {column.type} of column '{column.name}' of table "
            f"'{sheet.name}', which may not be NULL; say what fills it in columns := "
            f"{{'{sheet.name}.{column.name}': '<SQL expression>'}}"
        )
        raise SchemaError(message)
    return {"type": "constant", "value": value, "sql_type": column.type}


def whole_bounds(column: RawColumn, facts: Facts) -> tuple[int, int]:
    """From and to, both of them allowed, of a column of whole numbers."""
    least, most = BITS.get(base_type(column.type), BITS["BIGINT"])
    low = _number_of(facts.low)
    high = _number_of(facts.high)
    if low is not None:
        low = math.floor(low) + 1 if facts.above else math.ceil(low)
    if high is not None:
        high = math.ceil(high) - 1 if facts.below else math.floor(high)
    if low is None:
        low = min(1, high - LARGEST) if high is not None and high < 1 else 1
    if high is None:
        high = low + LARGEST - 1
    return max(int(low), least), min(int(high), most)


def number_bounds(facts: Facts, step: float) -> tuple[float, float]:
    """The same of numbers with a smallest step."""
    low, high = _number_of(facts.low), _number_of(facts.high)
    if low is not None and facts.above:
        low += step
    if high is not None and facts.below:
        high -= step
    if low is None:
        low = 0.0 if high is None or high > 0 else high - LARGEST
    return low, low + LARGEST if high is None else high


def _number_of(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def decimals_of(type_: str) -> int:
    """Decimals of a number type; 2 where it does not say.

    Example:
        >>> decimals_of("DECIMAL(10,3)"), decimals_of("DECIMAL(9)"), decimals_of("DOUBLE")
        (3, 0, 2)
    """
    if "(" not in type_:
        return 2
    parts = type_[type_.index("(") + 1 :].rstrip(") ").split(",")
    return min(int(parts[1]), 9) if len(parts) > 1 else 0


def _number(column: RawColumn, facts: Facts) -> dict[str, Any]:
    decimals = decimals_of(column.type)
    low, high = number_bounds(facts, 10.0**-decimals)
    if "(" in column.type:
        digits = int(column.type[column.type.index("(") + 1 :].split(",")[0].rstrip(") "))
        most = 10.0 ** (digits - decimals) - 10.0**-decimals
        low, high = max(low, -most), min(high, most)
    return {
        "type": "uniform", "min": round(low, decimals), "max": round(high, decimals),
        "decimals": decimals, "sql_type": column.type,
    }  # fmt: skip
