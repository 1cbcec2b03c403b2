"""RawSchema <-> plain data for storing, and -> CREATE TABLE statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

import sqlglot
from sqlglot import ErrorLevel, exp

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.introspect.type_there import default_there, type_there
from genesis_sql.sqlbuild import DIALECT
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable, Role

_INLINE = ("mysql", "snowflake", "databricks", "spark", "hive", "doris", "starrocks")
"""Dialects whose comments stand in the CREATE TABLE."""

_ENUMS = ("duckdb", "mysql", "doris", "starrocks")
"""Dialects with a type of labels that needs no CREATE TYPE."""


_SHORT = ("mysql", "tsql", "oracle", "doris", "starrocks", "teradata", "fabric")
"""Dialects where texts of any length can be no key and have no default."""
_KEY_LENGTH = 255


def to_plain(schema: RawSchema) -> dict[str, Any]:
    """The schema as JSON data; what has its usual value is left out.

    Example:
        >>> table = RawTable("t", "", (RawColumn("a", "DATE"),))
        >>> to_plain(RawSchema((table,)))
        {'tables': [{'name': 't', 'columns': [{'name': 'a', 'type': 'DATE'}]}]}
    """
    plain: dict[str, Any] = _plain(schema)
    return plain


def from_plain(plain: Mapping[str, Any]) -> RawSchema:
    """The schema that `to_plain` wrote.

    Raises:
        SchemaError: It is none: a key is unknown or missing.
    """
    tables = tuple(
        _made(
            RawTable,
            {"source": "", **table},
            columns=tuple(_made(RawColumn, c) for c in table.get("columns", ())),
            foreign_keys=tuple(_made(RawForeignKey, k) for k in table.get("foreign_keys", ())),
        )
        for table in plain.get("tables", ())
    )
    schema: RawSchema = _made(RawSchema, dict(plain), tables=tables)
    return schema


def _plain(value: Any) -> Any:
    if isinstance(value, Role):
        return value.value
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    found = {f.name: getattr(value, f.name) for f in fields(value)}
    usual = {f.name: f.default for f in fields(value) if f.default is not MISSING} | {"source": ""}
    return {k: _plain(v) for k, v in found.items() if k not in usual or v != usual[k]}


def _made(kind: type[Any], plain: Mapping[str, Any], **parts: Any) -> Any:
    known = [f.name for f in fields(kind)]
    for key in plain:
        if key not in known:
            message = f"a stored schema has the key '{key}'{nearest(key, known)}"
            raise SchemaError(message)
    values = {k: _frozen(v) for k, v in plain.items()} | parts
    if values.get("role") is not None:
        values["role"] = Role(values["role"])
    try:
        return kind(**values)
    except TypeError as error:
        message = f"a stored schema is not whole: {error}"
        raise SchemaError(message) from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def to_ddl(schema: RawSchema, *, dialect: str = DIALECT) -> str:
    """CREATE TABLE statements of a dialect, parents first.

    A foreign key of a cycle of tables is added behind them; DuckDB cannot add one, nor have one
    between schemas, so there a comment tells it.

    Args:
        schema: The tables.
        dialect: Of sqlglot.

    Example:
        >>> column = RawColumn("a b", "VARCHAR", nullable=False, length=9)
        >>> print(to_ddl(RawSchema((RawTable("t", "", (column,)),)), dialect="postgres"))
        CREATE TABLE "t" (
          "a b" VARCHAR(9) NOT NULL
        );
    """
    several = len({t.schema for t in schema.tables}) > 1
    parts: list[str] = []
    if several:
        for name in dict.fromkeys(t.schema for t in schema.tables):
            made = exp.Create(this=exp.table_("", db=exp.to_identifier(name, quoted=True)))
            made.set("kind", "SCHEMA")
            made.set("exists", True)
            parts.append(_sql(made, dialect))
    order, later = _order(schema)
    for table in order:
        late = [k for k in table.foreign_keys if (table.name, k) in later]
        parts.append(_create(table, late, several=several, dialect=dialect))
        parts += [_sql(c, dialect) for c in _comments(table, several=several, dialect=dialect)]
    for name, key in later:
        table = next(t for t in schema.tables if t.name == name)
        parts.append(_added(table, key, schema, several=several, dialect=dialect))
    return "\n\n".join(p if p.startswith("--") else f"{p};" for p in parts)


def _sql(tree: exp.Expression, dialect: str) -> str:
    return tree.sql(dialect=dialect, unsupported_level=ErrorLevel.IGNORE)


def _order(schema: RawSchema) -> tuple[list[RawTable], list[tuple[str, RawForeignKey]]]:
    """The tables, parents first, and the keys that have to wait until all are there."""
    left = {t.name: t for t in schema.tables}
    order: list[RawTable] = []
    later: list[tuple[str, RawForeignKey]] = []

    def waits(table: RawTable) -> list[RawForeignKey]:
        return [k for k in table.foreign_keys if k.parent in left and k.parent != table.name]

    while left:
        ready = next((t for t in left.values() if not waits(t)), None)
        if ready is None:  # a cycle: the table that waits for the fewest begins
            ready = min(left.values(), key=lambda t: len(waits(t)))
            later += [(ready.name, k) for k in waits(ready)]
        order.append(left.pop(ready.name))
    return order, later


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _table(table: RawTable, *, several: bool) -> exp.Table:
    if not several:
        return exp.Table(this=_identifier(table.name))
    bare = table.name.removeprefix(f"{table.schema}.")
    return exp.Table(this=_identifier(bare), db=_identifier(table.schema))


def _create(table: RawTable, late: Sequence[RawForeignKey], *, several: bool, dialect: str) -> str:
    """CREATE TABLE, a line for each column and constraint."""
    parts: list[exp.Expression] = [_column(table, c, dialect) for c in table.columns]
    if table.primary_key:
        parts.append(exp.PrimaryKey(expressions=[_identifier(c) for c in table.primary_key]))
    for key in table.unique_keys:
        inner = exp.Schema(expressions=[_identifier(c) for c in key])
        parts.append(exp.UniqueColumnConstraint(this=inner))
    for reference in table.foreign_keys:
        if reference not in late and not (several and dialect == DIALECT):
            parts.append(_foreign(table, reference, several=several))
    checks = [*table.checks, *_label_checks(table, dialect)]
    for check in dict.fromkeys(checks):
        tree = _expression(check).unnest()
        parts.append(exp.CheckColumnConstraint(this=tree))
    lines = ",\n  ".join(_sql(part, dialect) for part in parts)
    behind = ""
    if table.comment and dialect in _INLINE:
        said = exp.SchemaCommentProperty(this=exp.Literal.string(table.comment))
        behind = f" {_sql(said, dialect)}"
    place = _sql(_table(table, several=several), dialect)
    return f"CREATE TABLE {place} (\n  {lines}\n){behind}"


def _label_checks(table: RawTable, dialect: str) -> Iterator[str]:
    """Labels as a check where the dialect has no type for them."""
    for column in table.columns:
        if column.type.startswith("ENUM(") and dialect not in _ENUMS:
            subject = exp.column(column.name, quoted=True)
            labels = [exp.Literal.string(v) for v in column.values]
            yield exp.In(this=subject, expressions=labels).sql(dialect=DIALECT)


def _foreign(table: RawTable, key: RawForeignKey, *, several: bool) -> exp.ForeignKey:
    schema, _, bare = key.parent.partition(".")
    there = exp.Table(this=_identifier(key.parent))
    if several and bare:
        there = exp.Table(this=_identifier(bare), db=_identifier(schema))
    above = exp.Schema(this=there, expressions=[_identifier(c) for c in key.parent_columns])
    own = [_identifier(c) for c in key.columns]
    return exp.ForeignKey(expressions=own, reference=exp.Reference(this=above))


def _column(table: RawTable, column: RawColumn, dialect: str) -> exp.ColumnDef:
    constraints: list[exp.Expression] = []
    keyed = dialect == DIALECT and _is_keyed(table, column)  # DuckDB: no keys of generated columns
    if column.generated and column.default and not keyed:
        computed = exp.paren(_expression(column.default), copy=False)
        constraints.append(exp.ComputedColumnConstraint(this=computed))
    elif column.identity and dialect != DIALECT:
        word: exp.Expression = exp.GeneratedAsIdentityColumnConstraint(this=False)
        if dialect in ("mysql", "sqlite", "tsql", "snowflake"):
            word = exp.AutoIncrementColumnConstraint()
        if dialect != "sqlite":
            constraints.append(word)
    elif column.default and not column.generated:
        default = default_there(_expression(column.default), column.type, dialect)
        constraints.append(exp.DefaultColumnConstraint(this=default))
    if not column.nullable and column.name not in table.primary_key:
        constraints.append(exp.NotNullColumnConstraint())
    if column.comment and dialect in _INLINE:
        constraints.append(exp.CommentColumnConstraint(this=exp.Literal.string(column.comment)))
    wrapped = [exp.ColumnConstraint(kind=c) for c in constraints]
    return exp.ColumnDef(
        this=_identifier(column.name), kind=_type(table, column, dialect), constraints=wrapped
    )


def _is_keyed(table: RawTable, column: RawColumn) -> bool:
    keys = (table.primary_key, *table.unique_keys, *(k.columns for k in table.foreign_keys))
    mentioned = any(column.name.casefold() in check.casefold() for check in table.checks)
    return mentioned or any(column.name in key for key in keys)


def _expression(text: str) -> Any:
    return sqlglot.parse_one(text, read=DIALECT)


def _type(table: RawTable, column: RawColumn, dialect: str) -> exp.DataType:
    """The type in a dialect: DuckDB's text with the length, which DuckDB itself forgets."""
    if dialect == DIALECT:
        return exp.DataType.build(column.type, dialect=DIALECT)
    if column.type.startswith("ENUM(") and dialect not in _ENUMS:
        return _text_type(max(len(v) for v in column.values))
    keys = (table.primary_key, *table.unique_keys, *(k.columns for k in table.foreign_keys))
    keyed = any(column.name in key for key in keys)
    if column.type == "VARCHAR":
        short = dialect in _SHORT and (keyed or column.default is not None)
        return _text_type(column.length or (_KEY_LENGTH if short else None))
    return type_there(column.type, dialect, keyed=keyed)


def _text_type(length: int | None) -> exp.DataType:
    return exp.DataType.build(f"VARCHAR({length})" if length else "TEXT", dialect="postgres")


def _comments(table: RawTable, *, several: bool, dialect: str) -> Iterator[exp.Comment]:
    if dialect in _INLINE or dialect in ("sqlite", "tsql", "bigquery"):
        return
    place = _table(table, several=several)
    if table.comment:
        text = exp.Literal.string(table.comment)
        yield exp.Comment(this=place, kind="TABLE", expression=text)
    for column in table.columns:
        if column.comment:
            name = exp.Column(
                this=_identifier(column.name), table=place.this, db=place.args.get("db")
            )
            yield exp.Comment(
                this=name, kind="COLUMN", expression=exp.Literal.string(column.comment)
            )


def _added(
    table: RawTable, key: RawForeignKey, schema: RawSchema, *, several: bool, dialect: str
) -> str:
    """ALTER TABLE … ADD FOREIGN KEY, or a comment where there is no such statement."""
    foreign = _foreign(table, key, several=several)
    made = exp.Alter(
        this=_table(table, several=several),
        kind="TABLE",
        actions=[exp.AddConstraint(expressions=[foreign])],
    )
    text = made.sql(dialect=dialect, unsupported_level=ErrorLevel.IGNORE)
    if dialect not in (DIALECT, "sqlite"):
        return text
    return "-- " + text.replace("\n", " ")
