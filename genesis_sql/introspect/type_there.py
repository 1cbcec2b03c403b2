"""DuckDB's types as other databases have them, where sqlglot's own word is none of theirs.

MySQL's TIMESTAMP begins in 1970, ends in 2038 and changes by itself: moments are DATETIME(6).
SQLite takes any word, but SQLAlchemy reads a column by it, and it decides what a text becomes.
"""

from __future__ import annotations

from sqlglot import exp

_MOMENTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_ZONED = ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
_WIDER = {
    "UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)", "HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP",
}  # fmt: skip
"""For all that have no words of their own here."""
_OF = {
    "mysql": {
        **dict.fromkeys((*_MOMENTS, *_ZONED), "DATETIME(6)"), "TIME": "TIME(6)",
        "UUID": "CHAR(36)", "BLOB": "LONGBLOB", "INTERVAL": "VARCHAR(64)", "BIT": "TEXT",
        "HUGEINT": "DECIMAL(39, 0)", "UHUGEINT": "DECIMAL(39, 0)",
    },
    "sqlite": {
        **dict.fromkeys((*_MOMENTS, *_ZONED), "DATETIME"), "UUID": "CHAR(36)", "BIT": "TEXT",
        "INTERVAL": "TEXT", "HUGEINT": "TEXT", "UHUGEINT": "TEXT", "BOOLEAN": "BOOLEAN",
        **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER"), "INTEGER"), "UBIGINT": "NUMERIC(20)",
    },
    "postgres": {**_WIDER, "BIT": "TEXT"},
    "tsql": {**_WIDER, "BIT": "VARCHAR(MAX)", "INTERVAL": "VARCHAR(64)", "TIMESTAMP_S": "DATETIME2",
             "TIMESTAMP_MS": "DATETIME2", "TIMESTAMP_NS": "DATETIME2", "UTINYINT": "TINYINT",
             "TINYINT": "SMALLINT"},
}  # fmt: skip
_OWN = ("duckdb", "clickhouse")
"""Dialects that have all these types."""
_KEY_BYTES = {"mysql": "VARBINARY(255)", "tsql": "VARBINARY(255)"}
"""What a blob is where it is a key: those of MySQL need a length."""
_NOW = ("NOW()", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP()", "GET_CURRENT_TIMESTAMP()")
_FLAT = ("mysql", "tsql", "sqlite", "oracle", "redshift", "teradata", "fabric")
"""Dialects without lists and structs; PostgreSQL has lists alone."""
_NESTED = ("STRUCT(", "MAP(", "UNION(")


def type_there(
    type_: str, dialect: str, *, keyed: bool = False, flat: bool = False
) -> exp.DataType:
    """A type of DuckDB in a dialect.

    Args:
        type_: as DuckDB writes it; no ENUM.
        dialect: of sqlglot.
        keyed: whether it is that of a key.
        flat: whether lists and structs are JSON everywhere, as their values may be written.

    Example:
        >>> type_there("TIMESTAMP", "mysql").sql("mysql"), type_there("UUID", "postgres").sql()
        ('DATETIME(6)', 'UUID')
    """
    head = type_.upper().partition("(")[0].strip()
    if dialect in _OWN:
        return exp.DataType.build(type_, dialect="duckdb")
    struct = type_.upper().startswith(_NESTED)
    if struct or type_.endswith("]"):
        array = dialect == "postgres" and not struct
        own = array or not (flat or dialect in _FLAT or dialect == "postgres")
        return exp.DataType.build(type_ if own else "JSON", dialect="duckdb")
    word = _OF.get(dialect, _WIDER).get(head)
    if head == "BLOB" and keyed:
        word = _KEY_BYTES.get(dialect, word)
    if head in ("DECIMAL", "NUMERIC") and dialect == "sqlite":
        word = type_  # sqlglot's REAL would have SQLAlchemy read it as a float
    if word is None:
        return exp.DataType.build(type_, dialect="duckdb")
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=word)


def default_there(default: exp.Expression, type_: str, dialect: str) -> exp.Expression:
    """A default in a dialect: the present is a word in SQLite, and has six digits in MySQL."""
    if default.sql(dialect="duckdb").upper() not in _NOW:
        return default
    if dialect == "sqlite":
        return exp.var("CURRENT_TIMESTAMP")
    if dialect == "mysql" and type_.upper().startswith("TIMESTAMP"):
        return exp.var("CURRENT_TIMESTAMP(6)")
    return default
