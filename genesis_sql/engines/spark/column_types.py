"""The type that Spark has for a DuckDB type, and how values get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genesis_sql.sqlbuild import quoted


@dataclass(frozen=True)
class Written:
    """How values of a type are written.

    Attributes:
        duckdb: what DuckDB casts them to.
        spark: the type in a schema of Spark.
        arrow: the type in which they go from Python to Spark.
    """

    duckdb: str
    spark: str
    arrow: pa.DataType


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its type here, and how it is written."""

    name: str
    type: str
    written: Written


TEXT = Written("VARCHAR", "string", pa.string())
"""What Spark has no type for (ENUM, UUID, JSON, INTERVAL, BIT …) is its text: no value is lost."""
_MOMENT = Written("TIMESTAMP", "timestamp_ntz", pa.timestamp("us"))
_PLAIN = {
    "boolean": Written("BOOLEAN", "boolean", pa.bool_()),
    "tinyint": Written("TINYINT", "tinyint", pa.int8()),
    "smallint": Written("SMALLINT", "smallint", pa.int16()),
    "integer": Written("INTEGER", "int", pa.int32()),
    "bigint": Written("BIGINT", "bigint", pa.int64()),
    "utinyint": Written("SMALLINT", "smallint", pa.int16()),
    "usmallint": Written("INTEGER", "int", pa.int32()),
    "uinteger": Written("BIGINT", "bigint", pa.int64()),
    "ubigint": Written("DECIMAL(20,0)", "decimal(20,0)", pa.decimal128(20, 0)),
    "hugeint": Written("DECIMAL(38,0)", "decimal(38,0)", pa.decimal128(38, 0)),
    "uhugeint": Written("DECIMAL(38,0)", "decimal(38,0)", pa.decimal128(38, 0)),
    "float": Written("FLOAT", "float", pa.float32()),
    "double": Written("DOUBLE", "double", pa.float64()),
    "blob": Written("BLOB", "binary", pa.binary()),
    "date": Written("DATE", "date", pa.date32()),
    "timestamp": _MOMENT,
    "timestamp_s": _MOMENT,
    "timestamp_ms": _MOMENT,
    "timestamp with time zone": Written(
        "TIMESTAMP WITH TIME ZONE", "timestamp", pa.timestamp("us", "UTC")
    ),
}
_TIME = Written("TIME", "time(6)", pa.time64("ns"))


def written(type_: Any, *, times: bool) -> Written:
    """How Spark holds a type of a DuckDB relation.

    Args:
        type_: `duckdb.sqltypes.DuckDBPyType`.
        times: whether this Spark has a type for the time of a day (4.1 and later).
    """
    kind = type_.id
    if kind in ("list", "array"):
        item = written(type_.children[0][1], times=times)
        return Written(f"{item.duckdb}[]", f"array<{item.spark}>", pa.list_(item.arrow))
    if kind == "struct":
        fields = [(name, written(child, times=times)) for name, child in type_.children]
        return Written(
            f"STRUCT({', '.join(f'{quoted(n)} {w.duckdb}' for n, w in fields)})",
            f"struct<{', '.join(f'{backticked(n)}: {w.spark}' for n, w in fields)}>",
            pa.struct([pa.field(n, w.arrow) for n, w in fields]),
        )
    if kind == "map":
        key, value = (written(child, times=times) for _, child in type_.children)
        return Written(
            f"MAP({key.duckdb}, {value.duckdb})",
            f"map<{key.spark}, {value.spark}>",
            pa.map_(key.arrow, value.arrow),
        )
    if kind == "decimal":
        precision, scale = (int(number) for _, number in type_.children)
        text = f"decimal({precision},{scale})"
        return Written(text.upper(), text, pa.decimal128(precision, scale))
    if kind == "time" and times:
        return _TIME
    return _PLAIN.get(kind, TEXT)


def columns_of(relation: Any, *, times: bool) -> tuple[Column, ...]:
    """The columns of a relation of DuckDB."""
    pairs = zip(relation.columns, relation.types, strict=True)
    return tuple(Column(name, str(type_), written(type_, times=times)) for name, type_ in pairs)


def backticked(name: str) -> str:
    """A name as Spark identifier text.

    Example:
        >>> backticked("a`b")
        '`a``b`'
    """
    return "`" + name.replace("`", "``") + "`"


def schema_text(columns: Sequence[Column]) -> str:
    """A schema as Spark reads it."""
    return ", ".join(f"{backticked(c.name)} {c.written.spark}" for c in columns)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The same for Arrow."""
    return pa.schema([pa.field(c.name, c.written.arrow) for c in columns])


def cast_sql(columns: Sequence[Column], query: str) -> str:
    """A SELECT of DuckDB that gives the rows of a query in the types that are written."""
    shown = (
        quoted(c.name)
        if c.type == c.written.duckdb
        else f"CAST({quoted(c.name)} AS {c.written.duckdb}) AS {quoted(c.name)}"
        for c in columns
    )
    return f"SELECT {', '.join(shown)} FROM ({query})"  # noqa: S608 - our own SQL, quoted names
