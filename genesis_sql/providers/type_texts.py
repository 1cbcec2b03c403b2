"""Texts of types that DuckDB does not have, in the form that their own database reads.

Such a column arrives as VARCHAR, and the reason why it does names its type. Forms: PostgreSQL 17,
sections 8.8 (geometric), 8.11 (text search) and 8.17 (ranges); OGC's well-known text for geometry.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from genesis_sql.sqlbuild import string
from genesis_sql.types import RawColumn

_TYPE = re.compile(r"no values are made of the type (\w+)")
WORDS = ("order", "garden", "market", "letter", "report", "winter", "paper", "bridge", "river")
Sql = Callable[[], str]


def _whole(low: int, many: int) -> str:
    """SQL for a whole number of so many from the lowest."""
    return f"CAST(CAST(floor(u() * {many}) AS INTEGER) + {low} AS VARCHAR)"


def _decimal(low: int, many: int) -> str:
    """SQL for a number with three decimals, of so many from the lowest."""
    return f"{_whole(low, many)} || '.' || lpad({_whole(0, 1000)}, 3, '0')"


def _joined(*parts: str) -> str:
    return " || ".join(part if "u()" in part else string(part) for part in parts)


def _point() -> str:
    return _joined("(", _decimal(0, 100), ",", _decimal(0, 100), ")")


def _box() -> str:
    return _joined("(", _decimal(50, 50), ",", _decimal(50, 50), "),(", _decimal(0, 50), ",",
                   _decimal(0, 50), ")")  # fmt: skip


def _circle() -> str:
    return _joined("<(", _decimal(0, 100), ",", _decimal(0, 100), "),", _decimal(1, 9), ">")


def _segment() -> str:
    return _joined("[", _point(), ",", _point(), "]")


def _shape() -> str:
    return _joined("(", _point(), ",", _point(), ",", _point(), ")")


def _line() -> str:
    return _joined("{", _whole(1, 9), ",", _whole(1, 9), ",", _whole(0, 50), "}")


def _range() -> str:
    return _joined("[", _whole(1, 500), ",", _whole(501, 500), ")")


def _days(clock: str = "") -> str:
    day = f"lpad({_whole(1, 28)}, 2, '0')"
    return _joined("[2024-", f"lpad({_whole(1, 12)}, 2, '0')", "-", day, f"{clock},2025-",
                   f"lpad({_whole(1, 12)}, 2, '0')", "-", day, f"{clock})")  # fmt: skip


def _word() -> str:
    place = f"CAST(floor(u() * {len(WORDS)}) AS INTEGER) + 1"
    return f"split_part({string(','.join(WORDS))}, ',', {place})"


def _vector() -> str:
    return _joined("'", _word(), "':1 '", _word(), "':2")


def _query() -> str:
    return _joined("'", _word(), "' & '", _word(), "'")


def _wkt() -> str:
    return _joined("POINT(", _decimal(-120, 50), " ", _decimal(25, 24), ")")


def _wkt_line() -> str:
    return _joined("LINESTRING(", _decimal(-120, 50), " ", _decimal(25, 24), ", ",
                   _decimal(-120, 50), " ", _decimal(25, 24), ")")  # fmt: skip


FORMS: dict[str, Sql] = {
    "point": _point, "box": _box, "circle": _circle, "lseg": _segment, "path": _segment,
    "polygon": _shape, "line": _line,
    **dict.fromkeys(("int4range", "int8range", "numrange"), _range),
    "daterange": _days, "tsrange": lambda: _days(" 08:00"), "tstzrange": lambda: _days(" 08:00+00"),
    **dict.fromkeys(("int4multirange", "int8multirange", "nummultirange"),
                    lambda: _joined("{", _range(), "}")),
    "tsvector": _vector, "tsquery": _query, "hierarchyid":
        lambda: _joined("/", _whole(1, 9), "/", _whole(1, 99), "/"),
    **dict.fromkeys(("geometry", "geography", "geographypoint"), _wkt), "linestring": _wkt_line,
}  # fmt: skip
"""SQL for a text of each type."""


def type_text(column: RawColumn) -> str | None:
    """SQL for texts of the type that a column has in its own database, None where it is known here.

    Example:
        >>> type_text(RawColumn("a", "VARCHAR")) is None
        True
    """
    found = _TYPE.match(column.reason or "")
    form = FORMS.get(found[1].lower()) if found else None
    return form() if form else None
