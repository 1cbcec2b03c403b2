"""Types of a profile's columns: how they are spelled, how long texts are, how large numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb
import pyarrow as pa

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.plan.private import ask
from genesis_sql.program.column_types import is_known

_KNOWN = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DATE",
    "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR", "UUID", "BLOB", "JSON", "INTERVAL",
    "DECIMAL(10,2)",
)  # fmt: skip
_ALIASES = {
    "TEXT": "VARCHAR", "STRING": "VARCHAR", "CHAR": "VARCHAR", "BPCHAR": "VARCHAR",
    "CHARACTER VARYING": "VARCHAR", "NVARCHAR": "VARCHAR",
    "INT": "INTEGER", "INT1": "TINYINT", "INT2": "SMALLINT", "INT4": "INTEGER", "INT8": "BIGINT",
    "SHORT": "SMALLINT", "LONG": "BIGINT", "SIGNED": "INTEGER", "INTEGRAL": "INTEGER",
    "BOOL": "BOOLEAN", "LOGICAL": "BOOLEAN", "REAL": "FLOAT", "FLOAT4": "FLOAT",
    "FLOAT8": "DOUBLE", "DOUBLE PRECISION": "DOUBLE", "NUMERIC": "DECIMAL(18,3)",
    "DECIMAL": "DECIMAL(18,3)", "DATETIME": "TIMESTAMP", "TIMESTAMP_US": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ": "TIMESTAMP WITH TIME ZONE",
    "BYTEA": "BLOB", "BINARY": "BLOB", "VARBINARY": "BLOB",
}  # fmt: skip
_LENGTH = re.compile(
    r"(?:VARCHAR|CHAR|BPCHAR|TEXT|STRING|NVARCHAR|CHARACTER VARYING)\s*\(\s*(\d{1,9})\s*\)"
)
_NUMERIC = re.compile(r"(?:NUMERIC|DECIMAL|DEC)\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)")
_BITS = {
    "TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128,
}  # fmt: skip
WHOLE = tuple(f"{sign}{name}" for name in _BITS for sign in ("", "U"))
"""Types of whole numbers."""
MICROSECONDS = 1_000_000
NESTED = "STRUCT("


def type_of(where: str, given: object) -> str:
    """A column type as DuckDB spells it; the length of a text is left out.

    Raises:
        ProfileError: it is none that a column of a profile can have.

    Example:
        >>> type_of("people.born", "date"), type_of("people.name", "varchar(20)")
        ('DATE', 'VARCHAR')
    """
    text = str(given).strip()
    cased = text.upper()
    if not cased.startswith("ENUM") and not is_nested(cased):
        text = _ALIASES.get(cased, cased)
        if _LENGTH.fullmatch(text):
            return "VARCHAR"
        found = _NUMERIC.fullmatch(text)
        text = f"DECIMAL({found[1]},{found[2] or 0})" if found else text
    if not is_known(text) or not _fits(text):
        message = f"{where}: sql_type '{str(given)[:60]}' is no type of a column"
        raise ProfileError(message + nearest(text, _KNOWN))
    return text


def _fits(text: str) -> bool:
    found = _NUMERIC.fullmatch(text)
    return found is None or (0 < int(found[1]) <= 38 and int(found[2] or 0) <= int(found[1]))


def length_of(given: object) -> int | None:
    """The characters that a text type holds at most; None where it does not say.

    Example:
        >>> length_of("varchar(20)"), length_of("VARCHAR")
        (20, None)
    """
    found = _LENGTH.fullmatch(str(given).strip().upper())
    return int(found[1]) if found else None


def is_nested(type_: str) -> bool:
    """Whether it is a list or struct."""
    return type_.endswith("]") or type_.startswith(NESTED)


def moment_step(type_: str) -> int:
    """Units of a date or time type in a raw number of a profile: a day, or a second."""
    if type_ == "DATE":
        return 1
    return 1_000 * MICROSECONDS if type_ == "TIMESTAMP_NS" else MICROSECONDS


def limits(type_: str, scale: int) -> tuple[int, int] | None:
    """The least and the largest whole number of 10^-scale that a type of numbers holds.

    Example:
        >>> limits("DECIMAL(5,2)", 2), limits("TINYINT", 0)
        ((-99999, 99999), (-128, 127))
    """
    found = _NUMERIC.fullmatch(type_)
    if found:
        most = 10 ** (int(found[1]) - int(found[2] or 0) + scale) - 1
        return -most, most
    bits = _BITS.get(type_.removeprefix("U"))
    if bits is None:
        return None
    if type_.startswith("U"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def check_texts(where: str, type_: str, values: Iterable[str], length: int | None) -> None:
    """Refuse texts that are no value of a type, or longer than it holds.

    Raises:
        ProfileError: names the first.
    """
    held = list(values)
    for value in held if length is not None else ():
        if length is not None and len(value) > length:
            message = (
                f"{where}: {value[:60]!r} has {len(value)} characters, and its type "
                f"VARCHAR({length}) holds {length}; leave it out, or widen the type"
            )
            raise ProfileError(message)
    if type_ == "VARCHAR" or not held:
        return
    table = pa.table({"v": pa.array(held, pa.string())})
    query = f"SELECT v FROM labels WHERE TRY_CAST(v AS {type_}) IS NULL LIMIT 1"  # noqa: S608 - a checked type
    try:
        wrong = ask(query, labels=table)["v"]
    except duckdb.Error as error:
        message = f"{where}: {type_} takes no texts: {str(error).splitlines()[0]}"
        raise ProfileError(message) from error
    if len(wrong):
        message = f"{where}: {str(wrong[0])[:60]!r} is no {type_[:80]}"
        raise ProfileError(message)
