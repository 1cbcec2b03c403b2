"""Rows as text, written by DuckDB itself: lines of CSV for COPY, tuples of literals for INSERT.

A SELECT of one VARCHAR column gives whole lines, and an Arrow batch of it holds them side by side
in one buffer, which is what goes to the other database: no Python per row or value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from genesis_sql.sqlbuild import quoted, string

_FAMILIES = {
    "boolean": ("BOOLEAN",),
    "whole": (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM", "VARINT"),
    ),
    "number": ("DECIMAL", "NUMERIC", "FLOAT", "DOUBLE", "REAL"),
    "text": ("VARCHAR", "ENUM", "CHAR", "TEXT", "BIT"),
    "date": ("DATE",),
    "time": ("TIME", "TIME_NS", "TIME WITH TIME ZONE", "TIMETZ"),
    "timestamp": ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "instant": ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    "interval": ("INTERVAL",),
    "uuid": ("UUID",),
    "json": ("JSON", "STRUCT", "MAP", "UNION"),
    "binary": ("BLOB", "BYTEA"),
}
_OF = {type_: family for family, types in _FAMILIES.items() for type_ in types}
BARE = ("boolean", "whole", "number")
"""Families whose texts need no quotes."""


def family(type_: str) -> str:
    """What sort of values a DuckDB type holds; 'text' where it is not known.

    Example:
        >>> family("DECIMAL(10,2)"), family("INTEGER[]"), family("TIMESTAMP WITH TIME ZONE")
        ('number', 'list', 'instant')
    """
    head = type_.upper().partition("(")[0].strip()
    return "list" if type_.endswith("]") else _OF.get(head, "text")


@dataclass(frozen=True)
class Cell:
    """A column on its way out.

    Attributes:
        name: in the model.
        type: DuckDB's.
        there: its name in the other place.
        kind: the family of the column there.
        length: of a text there.
    """

    name: str
    type: str
    there: str
    kind: str
    length: int | None = None


def text_sql(cell: Cell, *, arrays: bool = False, zones: bool = False) -> str:
    """SQL of a value as the text that other databases read; NULL stays NULL.

    Args:
        cell: the column.
        arrays: whether a list may be written as PostgreSQL writes arrays; else it is JSON.
        zones: whether a moment may be written with its offset; else it is the time in UTC.
    """
    value, of = quoted(cell.name), family(cell.type)
    if of == "boolean" and cell.kind in BARE and cell.kind != "boolean":
        return f"CAST(CAST({value} AS INTEGER) AS VARCHAR)"
    if of == "instant":
        offset = " || '+00:00'" if zones else ""
        return f"CAST(make_timestamp(epoch_us({value})) AS VARCHAR){offset}"
    if of == "binary":
        return f"lower(hex({value}))"
    if of == "list" and arrays and cell.kind == "list":
        return _array(value, cell.type)
    if of == "list" or (of == "json" and not cell.type.upper().startswith("JSON")):
        return f"CAST(to_json({value}) AS VARCHAR)"
    if of == "uuid" and cell.kind == "text" and cell.length == 32:  # as SQLAlchemy keeps it
        return f"replace(CAST({value} AS VARCHAR), '-', '')"
    return f"CAST({value} AS VARCHAR)"


def _array(value: str, type_: str, depth: int = 0) -> str:
    """A list in PostgreSQL's notation: {1,2}, {"a","b c"}, {{1},{2}}."""
    inner, item = type_[: type_.rindex("[")], f"x{depth}"
    if inner.endswith("]"):
        one = _array(item, inner, depth + 1)
    else:
        cell = Cell(item, inner, item, family(inner))
        text = text_sql(cell, zones=True).replace(quoted(item), item)
        mark = "\\\\x" if family(inner) == "binary" else ""
        held = text if mark else f"replace(replace({text}, '\\', '\\\\'), '\"', '\\\"')"
        one = f"'\"{mark}' || {held} || '\"'"
    listed = f"list_transform({value}, lambda {item}: coalesce({one}, 'NULL'))"
    return f"'{{' || array_to_string({listed}, ',') || '}}'"


def csv_line(cells: Sequence[Cell]) -> str:
    """SQL of a row as a line of the CSV that PostgreSQL's COPY reads: NULL is nothing."""

    def one(cell: Cell) -> str:
        text = text_sql(cell, arrays=True, zones=cell.kind != "timestamp")
        if family(cell.type) == "binary":
            text = f"'\\x' || {text}"
        if family(cell.type) not in BARE:
            text = f"""'"' || replace({text}, '"', '""') || '"'"""
        return f"coalesce({text}, '')"

    return f"concat_ws(',', {', '.join(map(one, cells))}) || chr(10)"


def literal_line(
    cells: Sequence[Cell],
    escape: Callable[[str], str],
    binary: str,
    *,
    arrays: bool = False,
    zones: bool = False,
) -> str:
    """SQL of a row as `(literal, …),` and a new line.

    Args:
        cells: the columns.
        escape: SQL of a text -> SQL of what stands between the quotes of its literal.
        binary: what stands around the digits of a blob's literal, as in ``X'{}'``.
        arrays: see :func:`text_sql`.
        zones: the same.
    """

    def one(cell: Cell) -> str:
        text, of = text_sql(cell, arrays=arrays, zones=zones), family(cell.type)
        if of == "binary":
            before, _, after = binary.partition("{}")
            text = f"{string(before)} || {text} || {string(after)}"
        elif of in BARE and cell.type.upper() not in ("FLOAT", "DOUBLE", "REAL"):
            pass
        elif of in BARE:  # infinity and nan are words
            text = (
                f"CASE WHEN isfinite({quoted(cell.name)}) THEN {text} "
                f"ELSE '''' || {text} || '''' END"
            )
        else:
            text = f"'''' || {escape(text)} || ''''"
        return f"coalesce({text}, 'NULL')"

    return f"'(' || concat_ws(', ', {', '.join(map(one, cells))}) || '),' || chr(10)"


def doubled(text: str) -> str:
    """SQL of a text with its single quotes doubled, which is all that the standard asks for."""
    return f"replace({text}, '''', '''''')"


def packets(array: Any, most: int) -> Iterator[memoryview]:
    """The lines of an Arrow array of texts, side by side, in pieces of about ``most`` bytes.

    A line longer than that is a piece of its own.
    """
    lines = array if array.type == pa.string() else array.cast(pa.string())
    if not len(lines):
        return
    _, offsets, data = lines.buffers()
    at = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    view, first = memoryview(data), 0
    while first < len(lines):
        stop = int(np.searchsorted(at, at[first] + most, side="right")) - 1
        stop = min(max(stop, first + 1), len(lines))
        yield view[at[first] : at[stop]]
        first = stop
