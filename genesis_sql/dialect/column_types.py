"""DuckDB's types, read from their text into SQLAlchemy's, and the other way round.

Types that SQLAlchemy lacks are those of duckdb-engine (MIT).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duckdb_engine import datatypes
from sqlalchemy import types
from sqlalchemy.dialects.postgresql import ARRAY, BIT, INTERVAL
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.ext.compiler import compiles
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.sqlbuild import DIALECT, string

Type = types.TypeEngine[Any]


class TimestampNs(types.TIMESTAMP):
    """TIMESTAMP_NS; Python's datetime holds its microseconds."""


class TimestampMs(types.TIMESTAMP):
    """TIMESTAMP_MS."""


class TimestampS(types.TIMESTAMP):
    """TIMESTAMP_S."""


class FixedArray(ARRAY):  # type: ignore[type-arg]
    """ARRAY of a fixed length, as ``INTEGER[3]``."""

    def __init__(self, item_type: Any, length: int, **how: Any) -> None:
        super().__init__(item_type, **how)
        self.length = length


for _kind, _name in {
    TimestampNs: "TIMESTAMP_NS",
    TimestampMs: "TIMESTAMP_MS",
    TimestampS: "TIMESTAMP_S",
}.items():
    compiles(_kind, "duckdb")(lambda _type, _compiler, text=_name, **_: text)


@compiles(FixedArray, "duckdb")
def _fixed_array(kind: FixedArray, compiler: PGTypeCompiler, **how: Any) -> str:
    return f"{compiler.process(kind.item_type, **how)}[{kind.length}]"


_SIMPLE: dict[str, Callable[[], Type]] = {
    "BOOLEAN": types.BOOLEAN,
    "TINYINT": datatypes.TinyInteger,
    "SMALLINT": types.SMALLINT,
    "INT": types.INTEGER,
    "BIGINT": types.BIGINT,
    "INT128": datatypes.HugeInteger,
    "UTINYINT": datatypes.UTinyInteger,
    "USMALLINT": datatypes.USmallInteger,
    "UINT": datatypes.UInteger,
    "UBIGINT": datatypes.UBigInteger,
    "UINT128": datatypes.UHugeInteger,
    "FLOAT": types.REAL,
    "DOUBLE": types.DOUBLE,
    "TEXT": types.VARCHAR,
    "VARCHAR": types.VARCHAR,
    "VARBINARY": types.BLOB,
    "BIT": lambda: BIT(varying=True),
    "DATE": types.DATE,
    "TIME": types.TIME,
    "TIMETZ": lambda: types.TIME(timezone=True),
    "TIMESTAMP": types.TIMESTAMP,
    "TIMESTAMPNTZ": types.TIMESTAMP,
    "TIMESTAMPTZ": lambda: types.TIMESTAMP(timezone=True),
    "TIMESTAMP_NS": TimestampNs,
    "TIMESTAMP_MS": TimestampMs,
    "TIMESTAMP_S": TimestampS,
    "INTERVAL": INTERVAL,
    "UUID": types.UUID,
    "JSON": types.JSON,
}


def type_of(text: str, name: str | None = None) -> Type:
    """SQLAlchemy's type for DuckDB's text; NullType where it has none.

    Args:
        text: As duckdb_columns() writes it.
        name: Of the type, where it is an enum: DuckDB keeps its labels alone.

    Example:
        >>> type_of("DECIMAL(10,2)"), type_of("VARCHAR[]")
        (NUMERIC(precision=10, scale=2), ARRAY(VARCHAR()))
    """
    try:
        tree = exp.DataType.build(text, dialect=DIALECT)
    except (SqlglotError, ValueError):
        return types.NullType()
    return _type(tree, name)


def _type(tree: exp.DataType, name: str | None) -> Type:
    kind, parts = str(tree.this.name), tree.expressions
    if kind == "DECIMAL":
        precision, scale = (int(p.name) for p in parts)
        return types.NUMERIC(precision, scale)
    if kind == "ENUM":
        return types.Enum(*(p.name for p in parts), name=name)
    if kind == "ARRAY":
        return _array(tree)
    if kind == "MAP":
        return datatypes.Map(*(_type(p, None) for p in parts))
    if kind in ("STRUCT", "UNION"):
        fields: dict[str, Any] = {p.name: _type(p.args["kind"], None) for p in parts}
        return datatypes.Struct(fields) if kind == "STRUCT" else datatypes.Union(fields)
    return _SIMPLE.get(kind, types.NullType)()


def _array(tree: exp.DataType) -> Type:
    lengths = tree.args.get("values")
    inner = _type(tree.expressions[0], None)
    if lengths:
        return FixedArray(inner, int(lengths[0].name))
    if type(inner) is ARRAY:  # SQLAlchemy counts the dimensions instead
        return ARRAY(inner.item_type, dimensions=(inner.dimensions or 1) + 1)
    return ARRAY(inner)


_Compiler: Any = PGTypeCompiler


class TypeCompiler(_Compiler):  # type: ignore[misc]
    """PostgreSQL's names of types where DuckDB means the same, its own where not."""

    def process(self, type_: Any, **how: Any) -> str:
        """The text of a type; duckdb-engine's STRUCT wants to be told who quotes names."""
        how.setdefault("identifier_preparer", self.dialect.identifier_preparer)
        return str(super().process(type_, **how))

    def visit_FLOAT(self, type_: Any, **how: Any) -> str:
        """FLOAT has four bytes in DuckDB, eight in SQLAlchemy unless few digits are asked for."""
        return "REAL" if type_.precision and type_.precision <= 24 else "DOUBLE"

    def visit_enum(self, type_: Any, **how: Any) -> str:
        """The labels in place: nothing has to be created, nothing is left behind."""
        if not type_.native_enum:
            return str(super().visit_VARCHAR(type_, **how))
        return self.visit_ENUM(type_, **how)

    def visit_ENUM(self, type_: Any, **how: Any) -> str:
        """See `visit_enum`."""
        return f"ENUM({', '.join(string(label) for label in type_.enums)})"

    def visit_TEXT(self, type_: Any, **how: Any) -> str:
        """DuckDB's VARCHAR has any length."""
        return "VARCHAR"

    def visit_large_binary(self, type_: Any, **how: Any) -> str:
        """Bytes."""
        return "BLOB"

    def visit_INTERVAL(self, type_: Any, **how: Any) -> str:
        """DuckDB's INTERVAL has no fields and no precision."""
        return "INTERVAL"

    def visit_BIT(self, type_: Any, **how: Any) -> str:
        """DuckDB's BIT has any length."""
        return "BIT"

    def visit_ARRAY(self, type_: Any, **how: Any) -> str:
        """A list."""
        return f"{self.process(type_.item_type, **how)}{'[]' * (type_.dimensions or 1)}"
