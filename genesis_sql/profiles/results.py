"""What a Python function gave for a column: checked against the column's type, and as text."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import sys
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.typed import WHOLE, is_nested, limits

_LABEL = re.compile(r"'((?:[^']|'')*)'")


class _WrongError(Exception):
    """The value is none of the type; the text says why, or nothing."""


def as_text(where: str, function: str, value: Any, type_: str, length: int | None) -> str | None:
    """A value as DuckDB reads it; None stays NULL.

    Args:
        where: table, column and row, for errors.
        function: its name.
        value: what it gave.
        type_: of the column.
        length: characters that its texts have at most.

    Raises:
        ProfileError: the type cannot hold the value.

    Example:
        >>> as_text("t.a, row 0", "f", 2.005, "DECIMAL(5,2)", None)
        '2.01'
    """
    if value is None:
        return None
    try:
        text = _writer(type_)(value, type_)
    except _WrongError as error:
        if value is getattr(sys.modules.get("pandas"), "NA", ...):
            return None
        reason = f": {error}" if str(error) else ""
        raise ProfileError(_told(where, function, value, type_, reason)) from None
    if length is not None and len(text) > length:
        raise ProfileError(_told(where, function, value, f"VARCHAR({length})", ": it is longer"))
    return text


def _told(where: str, function: str, value: Any, type_: str, reason: str) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}…"
    return (
        f"{where}: the function '{function}' gave {shown} ({type(value).__name__}), and the column "
        f"is {type_}{reason}"
    )


def result_texts(
    where: str, function: str, made: pa.Array, numbers: pa.Array, type_: str, length: int | None
) -> pa.Array:
    """An Arrow array of results as texts."""
    if pa.types.is_null(made.type):
        return pa.nulls(len(made), pa.string())
    if _alike(made.type, type_) and length is None:
        return pc.cast(made, pa.string())
    values = zip(made.to_pylist(), numbers.to_pylist(), strict=True)
    texts = [as_text(f"{where}, row {n}", function, v, type_, length) for v, n in values]
    return pa.array(texts, pa.string())


def _alike(arrow: pa.DataType, type_: str) -> bool:
    """Whether all values of an Arrow type can be cast without a look at each."""
    if type_ in ("VARCHAR", "DOUBLE", "BIGINT", "BOOLEAN", "DATE"):
        return bool(
            {
                "VARCHAR": pa.types.is_string,
                "DOUBLE": lambda t: pa.types.is_float64(t) or pa.types.is_float32(t),
                "BIGINT": lambda t: pa.types.is_signed_integer(t),
                "BOOLEAN": pa.types.is_boolean,
                "DATE": pa.types.is_date32,
            }[type_](arrow)
        )
    return False


Writer = Callable[[Any, str], str]


@lru_cache(maxsize=256)
def _writer(type_: str) -> Writer:
    if is_nested(type_):
        return _nested
    if type_ in WHOLE:
        return _whole
    name = type_.partition("(")[0]
    return _WRITERS.get(name, _text)


def _whole(value: Any, type_: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise _WrongError
    ends = limits(type_, 0)
    if ends is not None and not ends[0] <= value <= ends[1]:
        message = f"it holds {ends[0]:,} to {ends[1]:,}"
        raise _WrongError(message)
    return str(int(value))


def _decimal(value: Any, type_: str) -> str:
    if isinstance(value, bool) or not isinstance(
        value, int | float | Decimal | np.integer | np.floating
    ):
        raise _WrongError
    scale = int(type_[8:-1].split(",")[1])
    number = Decimal(str(value))
    if not number.is_finite():
        raise _WrongError
    made = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    ends = limits(type_, scale)
    if ends is not None and abs(int(made.scaleb(scale))) > ends[1]:
        raise _WrongError
    return f"{made:f}"


def _real(value: Any, type_: str) -> str:
    known = isinstance(value, int | float | Decimal | np.integer | np.floating)
    if isinstance(value, bool) or not known:
        raise _WrongError
    number = float(value)
    if math.isinf(number) or math.isnan(number):
        return str(number)
    return repr(number)


def _boolean(value: Any, type_: str) -> str:
    if not isinstance(value, bool | np.bool_):
        raise _WrongError
    return "true" if value else "false"


def _text(value: Any, type_: str) -> str:
    if not isinstance(value, str):
        raise _WrongError
    return str(value)


def _label(value: Any, type_: str) -> str:
    labels = [label.replace("''", "'") for label in _LABEL.findall(type_)]
    if not isinstance(value, str) or value not in labels:
        raise _WrongError
    return str(value)


def _uuid(value: Any, type_: str) -> str:
    try:
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(_text(value, type_)))
    except ValueError as error:
        raise _WrongError from error


def _date(value: Any, type_: str) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise _WrongError
    return value.isoformat()


def _moment(value: Any, type_: str) -> str:
    if not isinstance(value, dt.datetime):
        raise _WrongError
    if value.tzinfo is not None and type_ != "TIMESTAMP WITH TIME ZONE":
        message = "it has a time zone, and the column none"
        raise _WrongError(message)
    zoned = value if value.tzinfo or type_ != "TIMESTAMP WITH TIME ZONE" else _utc(value)
    return str(zoned.isoformat(sep=" "))


def _utc(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.timezone.utc)


def _time(value: Any, type_: str) -> str:
    if not isinstance(value, dt.time):
        raise _WrongError
    return value.isoformat()


def _interval(value: Any, type_: str) -> str:
    if not isinstance(value, dt.timedelta):
        raise _WrongError
    micro = value.seconds * 1_000_000 + value.microseconds
    return f"{value.days} days {micro} microseconds"


def _blob(value: Any, type_: str) -> str:
    if not isinstance(value, bytes | bytearray):
        raise _WrongError
    return "".join(f"\\x{byte:02X}" for byte in value)


def _json(value: Any, type_: str) -> str:
    return value if isinstance(value, str) else _nested(value, type_)


def _nested(value: Any, type_: str) -> str:
    if not isinstance(value, list | tuple | dict | np.ndarray):
        raise _WrongError
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise _WrongError(str(error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    message = f"it holds a {type(value).__name__}"
    raise TypeError(message)


_WRITERS: dict[str, Writer] = {
    "DECIMAL": _decimal,
    "FLOAT": _real,
    "DOUBLE": _real,
    "BOOLEAN": _boolean,
    "VARCHAR": _text,
    "ENUM": _label,
    "UUID": _uuid,
    "DATE": _date,
    "TIMESTAMP": _moment,
    "TIMESTAMP_S": _moment,
    "TIMESTAMP_MS": _moment,
    "TIMESTAMP_NS": _moment,
    "TIMESTAMP WITH TIME ZONE": _moment,
    "TIME": _time,
    "INTERVAL": _interval,
    "BLOB": _blob,
    "JSON": _json,
}
