"""SQLAlchemy's types -> DuckDB's; what one database alone has, by that database's own word."""

from __future__ import annotations

import re
from typing import Any

import sqlglot
from sqlalchemy import exc, types
from sqlalchemy.engine.interfaces import Dialect
from sqlglot import exp

from genesis_sql.errors import SchemaError
from genesis_sql.introspect import type_words
from genesis_sql.introspect.complete import UNTYPED
from genesis_sql.introspect.type_words import Kind

SQLGLOT = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite",
           "mssql": "tsql", "oracle": "oracle", "duckdb": "duckdb", "snowflake": "snowflake",
           "bigquery": "bigquery", "redshift": "redshift"}  # fmt: skip
"""SQLAlchemy's names of databases -> sqlglot's."""

_PLAIN: tuple[tuple[type[Any], str], ...] = (
    (types.Boolean, "BOOLEAN"),
    (types.BigInteger, "BIGINT"),
    (types.SmallInteger, "SMALLINT"),
    (types.Integer, "INTEGER"),
    (types.REAL, "FLOAT"),
    (types.Float, "DOUBLE"),
    (types.Date, "DATE"),
    (types.Time, "TIME"),
    (types.Interval, "INTERVAL"),
    (types.JSON, "JSON"),
    (types.Uuid, "UUID"),
    (types.LargeBinary, "BLOB"),
    (types.BINARY, "BLOB"),
    (types.VARBINARY, "BLOB"),
)
"""Generic types; the order tells the narrower ones first."""


def kind_of(type_: Any, *, about: str, reflected: bool = False) -> Kind:
    """What a type of SQLAlchemy says.

    Args:
        type_: Of a column.
        about: Which column, for an error's text.
        reflected: Whether it was read from a database, which knows its types: what SQLAlchemy does
            not know is then left out and no error.

    Raises:
        SchemaError: Nobody knows the type.

    Example:
        >>> kind_of(types.String(40), about="t.a").length
        40
    """
    if isinstance(type_, types.NullType):
        return _unknown(about, reflected=reflected)
    inner = _unwrapped(type_)
    if inner is not type_:
        return kind_of(inner, about=about, reflected=reflected)
    if isinstance(type_, types.Enum):
        return _labels(type_, about)
    if isinstance(type_, types.ARRAY):
        item = kind_of(type_.item_type, about=about, reflected=reflected)
        return Kind(item.type + "[]" * (type_.dimensions or 1), reason=item.reason)
    return _special(type_, about) or _generic(type_) or _worded(type_, about, reflected=reflected)


def _unwrapped(type_: Any) -> Any:
    """The type behind a decorator or a domain of PostgreSQL."""
    if isinstance(type_, types.TypeDecorator) and not isinstance(type_, types.Interval):
        return type_.impl_instance if hasattr(type_, "impl_instance") else type_.impl
    data = getattr(type_, "data_type", None)
    return data if isinstance(data, types.TypeEngine) else type_


def _unknown(about: str, *, reflected: bool) -> Kind:
    """No type: a column that refers to a key has that key's; a database has types unknown here."""
    if reflected:
        return Kind("VARCHAR", reason="SQLAlchemy does not know its type")
    return Kind(UNTYPED)


def _labels(type_: Any, about: str) -> Kind:
    labels = [str(v) for v in type_.enums]
    if not labels:
        message = f"{about}: its Enum has no labels, so nothing can stand in it"
        raise SchemaError(message)
    if type_.native_enum:
        return type_words.enum_kind(labels)
    return Kind("VARCHAR", type_.length, tuple(dict.fromkeys(labels)))


def _generic(type_: Any) -> Kind | None:
    """The types that all databases share."""
    for known, word in _PLAIN:
        if isinstance(type_, known):
            return Kind(word)
    if isinstance(type_, types.DateTime):
        return Kind("TIMESTAMP WITH TIME ZONE" if type_.timezone else "TIMESTAMP")
    if isinstance(type_, types.Numeric):
        sizes = [type_.precision, type_.scale or 0] if type_.precision else []
        return Kind(type_words.decimal_type([str(s) for s in sizes]))
    if isinstance(type_, types.String):
        return Kind("VARCHAR", type_.length)
    return None


def _special(type_: Any, about: str) -> Kind | None:
    """A type of one database, such as INET or TINYINT(1), by that database's own word."""
    module = type(type_).__module__.split(".")
    if module[:2] != ["sqlalchemy", "dialects"]:
        return None
    from sqlalchemy.dialects import registry

    plain = module[2]
    dialect: Dialect = registry.load(plain)()
    text = _compiled(type_, dialect)
    return _parsed(text, SQLGLOT.get(plain, ""), about) if text else None


def _compiled(type_: Any, dialect: Dialect | None) -> str:
    try:
        return str(type_.compile(dialect=dialect))
    except (exc.CompileError, NotImplementedError, AttributeError):
        return ""


def _parsed(text: str, dialect: str, about: str) -> Kind:
    plain = re.sub(r"\s+(COLLATE|CHARACTER SET)\s+\S+", "", text)
    try:
        tree = exp.DataType.build(plain, dialect=dialect, udt=True)
    except (sqlglot.errors.SqlglotError, ValueError):
        return type_words.word_kind(re.split(r"[\s(]", text)[0], [], dialect=dialect, about=about)
    return type_words.kind_of(tree, dialect=dialect, about=about)


def _worded(type_: Any, about: str, *, reflected: bool) -> Kind:
    """A type of somebody else's, by the word it puts into CREATE TABLE."""
    text = _compiled(type_, None) or type(type_).__name__
    try:
        return _parsed(text, "postgres", about)
    except SchemaError:
        if not reflected:
            raise
        return Kind("VARCHAR", reason=f"no values are made of the type {text}")
