"""SQLAlchemy's declarative models, MetaData and Tables -> RawSchema."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, orm

from genesis_sql.errors import SchemaError
from genesis_sql.introspect.checks import translated
from genesis_sql.introspect.complete import Found, Reference, complete
from genesis_sql.introspect.sqlalchemy_types import kind_of
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn, RawSchema, RawTable


def read_models(
    source: Any, *, dialect: str = "postgres", reflected: bool = False, home: str = ""
) -> RawSchema:
    """The schema of models: tables, keys, checks, defaults, comments and docstrings.

    A class's docstring is its table's comment where that has none, the ``doc`` of a column or
    relationship that of its column; ``info={"meaning": "email"}`` says what a column holds.

    Args:
        source: A declarative base (all its tables), a model or Table, several of them, or MetaData.
        dialect: What text of checks and server defaults is written in, by sqlglot's name.
        reflected: Whether the tables were read from a database.
        home: The schema of tables without one; 'main' where not given.

    Raises:
        SchemaError: It is none of these, has no tables, or SQLAlchemy refuses its relationships.

    Example:
        >>> class Base(orm.DeclarativeBase): ...
        >>> class Tag(Base):
        ...     __tablename__ = "tags"
        ...     id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        ...     name: orm.Mapped[str] = orm.mapped_column(sa.String(30), unique=True)
        >>> [(c.name, c.length) for c in read_models(Base).tables[0].columns]
        [('id', None), ('name', 30)]
    """
    try:
        mappers, tables, whole = _parts(source)
        if not tables:
            message = "the models have no tables: import the modules that define them first"
            raise SchemaError(message)
        notes: list[str] = []
        known = {} if whole else {(t.schema or "", t.name) for t in tables}
        found = [
            _found(t, known=known, dialect=dialect, reflected=reflected, notes=notes)
            for t in tables
        ]
        told = [_told(f, t, mappers) for f, t in zip(found, tables, strict=True)]
        if home or any(t.schema for t in tables):
            told = [_at_home(f, home or "main") for f in told]
    except exc.SQLAlchemyError as error:
        message = f"SQLAlchemy refuses the models: {_sentence(error)}"
        raise SchemaError(message) from error
    return complete(told, dialect=dialect, notes=notes)


def _sentence(error: Exception) -> str:
    plain = " ".join(str(error).split("(Background on")[0].split())
    return plain.rstrip(".")


def _parts(source: Any) -> tuple[list[Any], list[sa.Table], bool]:
    """The mappers and tables of a source, and whether it is all there is."""
    if isinstance(source, sa.MetaData):
        return [], list(source.tables.values()), True
    if _mapper(source) is None and isinstance(getattr(source, "metadata", None), sa.MetaData):
        if isinstance(source, sa.Table):
            return [], [source], False
        registry = getattr(source, "registry", None) or getattr(source, "_sa_registry", None)
        mappers = list(registry.mappers) if registry is not None else []
        _configure(mappers)
        return _sorted(mappers), list(source.metadata.tables.values()), True
    listed = (
        list(source)
        if isinstance(source, Iterable) and not isinstance(source, str | type)
        else [source]
    )
    mappers, tables = [], {}
    for one in listed:
        if isinstance(one, sa.Table):
            tables[one.key] = one
            continue
        mapper = _mapper(one)
        if mapper is None:
            shown = one.__name__ if isinstance(one, type) else repr(one)[:60]
            message = f"{shown} is no model of SQLAlchemy: give mapped classes, Tables, or a base"
            raise SchemaError(message)
        mappers += [m for m in mapper.iterate_to_root() if m not in mappers]
        tables |= {t.key: t for t in mapper.tables if isinstance(t, sa.Table)}
    _configure(mappers)
    tables |= {t.key: t for t in _between(mappers, tables)}
    return mappers, list(tables.values()), False


def _configure(mappers: Sequence[Any]) -> None:
    """Let SQLAlchemy find the relationships of these models, and of no others in this process."""
    for registry in {id(m.registry): m.registry for m in mappers}.values():
        registry.configure()


def _mapper(source: Any) -> Any:
    found = sa.inspect(source, raiseerr=False) if isinstance(source, type) else None
    return found if isinstance(found, orm.Mapper) else None


def _sorted(mappers: Iterable[Any]) -> list[Any]:
    return sorted(mappers, key=lambda m: m.class_.__name__)


def _between(mappers: Sequence[Any], tables: Any) -> Iterator[sa.Table]:
    """The association tables whose both sides are among the models."""
    for mapper in mappers:
        for relation in mapper.relationships:
            between = relation.secondary
            if isinstance(between, sa.Table) and all(
                key.column.table.key in tables for key in between.foreign_keys
            ):
                yield between


def _found(
    table: sa.Table, *, known: Any, dialect: str, reflected: bool, notes: list[str]
) -> Found:
    columns = tuple(_column(table, c, dialect, reflected=reflected) for c in table.columns)
    unique = [_names(k.columns) for k in _unique(table)]
    for index in sorted(table.indexes, key=lambda i: str(i.name)):
        if index.unique and _is_whole(index):
            unique.append(_names(index.columns))
        elif index.unique:
            why = "it is partial or of an expression"
            notes.append(f"table '{table.name}': left out the unique index '{index.name}': {why}")
    order = [c.name for c in table.columns]
    unique.sort(key=lambda key: [order.index(name) for name in key])
    raw = RawTable(
        name=str(table.name),
        source="",
        columns=columns,
        schema=str(table.schema or ""),
        primary_key=_names(table.primary_key.columns),
        unique_keys=tuple(dict.fromkeys(unique)),
        checks=tuple(_checks(table)),
        comment=table.comment,
    )
    return Found(raw, tuple(_references(table, known, notes, reflected=reflected)))


def _names(columns: Iterable[Any]) -> tuple[str, ...]:
    """Plain texts: SQLAlchemy's own kind of name is no text to YAML and others."""
    return tuple(str(c.name) for c in columns)


def _unique(table: sa.Table) -> Iterator[sa.UniqueConstraint]:
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint) and len(constraint.columns) > 0:
            yield constraint


def _at_home(found: Found, home: str) -> Found:
    """With the schema of tables that name none, of its own and of those it refers to."""
    own = replace(found.table, schema=found.table.schema or home)
    above = tuple(replace(r, schema=r.schema or home) for r in found.references)
    return replace(found, table=own, references=above)


def _is_whole(index: sa.Index) -> bool:
    """Whether an index is over columns of all rows."""
    partial = any(
        options.get("where") is not None for options in dict(index.dialect_options).values()
    )
    plain = all(isinstance(e, sa.Column) or _is_descending(e) for e in index.expressions)
    return plain and not partial and len(index.columns) == len(index.expressions)


def _is_descending(expression: Any) -> bool:
    inner = getattr(expression, "element", None)
    return isinstance(inner, sa.Column)


def _references(
    table: sa.Table, known: Any, notes: list[str], *, reflected: bool
) -> Iterator[Reference]:
    """The foreign keys, but for those to tables that the caller did not give."""
    keys = [c for c in table.constraints if isinstance(c, sa.ForeignKeyConstraint)]
    order = [c.name for c in table.columns]
    for key in sorted(keys, key=lambda k: [order.index(c.name) for c in k.columns]):
        own = _names(key.columns)
        above = [_target(e) for e in key.elements]
        schema, parent = above[0][:2]
        there = parent if not schema else f"{schema}.{parent}"
        given = not known or (schema, parent) in known
        if not given and (reflected or there in table.metadata.tables):
            what = f"table '{table.name}', column '{', '.join(own)}'"
            notes.append(f"{what} refers to '{parent}', which is not among the models: left out")
            continue
        columns = tuple(a[2] for a in above)
        yield Reference(own, parent, columns if all(columns) else (), schema)


def _target(key: sa.ForeignKey) -> tuple[str, str, str]:
    """Schema, table and column of a reference, where SQLAlchemy has not found the table yet too."""
    try:
        table = key.column.table
        return str(table.schema or ""), str(table.name), str(key.column.name)
    except exc.NoReferenceError:
        parts = key.target_fullname.split(".")
        return ".".join(parts[:-2]), parts[-2] if len(parts) > 1 else parts[0], parts[-1]


def _checks(table: sa.Table) -> Iterator[str]:
    of_columns = [c for column in table.columns for c in column.constraints]
    for constraint in [*of_columns, *sorted(table.constraints, key=lambda c: str(c.name or ""))]:
        bound = getattr(constraint, "_type_bound", False)  # made by Boolean or Enum
        if isinstance(constraint, sa.CheckConstraint) and not bound:
            yield _text(constraint.sqltext)
    for column in table.columns:
        rule = getattr(column.type, "check", None)  # of a DOMAIN of PostgreSQL
        if rule is not None and hasattr(column.type, "data_type"):
            yield re.sub(r"\bVALUE\b", lambda _, c=column: quoted(c.name), _text(rule))  # type: ignore[misc]


def _text(expression: Any) -> str:
    """The SQL of an expression, values inside."""
    if isinstance(expression, str):
        return expression
    return str(expression.compile(compile_kwargs={"literal_binds": True}))


def _column(table: sa.Table, column: Any, dialect: str, *, reflected: bool) -> RawColumn:
    about = f"table '{table.name}', column '{column.name}'"
    kind = kind_of(column.type, about=about, reflected=reflected)
    facts: dict[str, Any] = {
        "nullable": bool(column.nullable),
        "comment": column.comment or column.doc,
        "default": _default(column, dialect),
    }
    if (meaning := column.info.get("meaning")) is not None:
        facts["meaning"] = str(meaning)
    if column.computed is not None:
        facts |= {"generated": True, "default": translated(_text(column.computed.sqltext), dialect)}
    if column.identity is not None or _is_counted(table, column):
        facts["identity"] = True
    return kind.column(str(column.name), **facts)


def _is_counted(table: sa.Table, column: Any) -> bool:
    """Whether the database numbers the column: SQLAlchemy's rule for a single whole-number key."""
    if isinstance(column.default, sa.Sequence) or "nextval" in _server_default(column):
        return True
    alone = [c.name for c in table.primary_key.columns] == [column.name]
    wanted = column.autoincrement is True or (column.autoincrement == "auto" and alone)
    free = not column.foreign_keys and column.default is None and column.server_default is None
    return bool(wanted and column.primary_key and isinstance(column.type, sa.Integer) and free)


def _server_default(column: Any) -> str:
    arg = getattr(column.server_default, "arg", None)
    if arg is None or column.computed is not None:
        return ""
    return string(arg) if isinstance(arg, str) else _text(arg)


def _default(column: Any, dialect: str) -> str | None:
    """DuckDB's text of the server's default, else of Python's where it is one value."""
    text = _server_default(column)
    if text and "nextval" not in text:
        return translated(text, dialect)
    default = column.default
    if default is None or not getattr(default, "is_scalar", False):
        return None
    return _literal(default.arg, column.type)


def _literal(value: Any, type_: Any) -> str | None:
    if isinstance(value, enum.Enum):
        known = isinstance(type_, sa.Enum) and value.name in type_.enums
        value = value.name if known else value.value
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | decimal.Decimal):
        return str(value)
    if isinstance(value, str | datetime.date | datetime.time | uuid.UUID):
        return string(str(value))
    return None


def _told(found: Found, table: sa.Table, mappers: Sequence[Any]) -> Found:
    """With what the classes say: docstrings, documented relationships, identities of subclasses."""
    raw = found.table
    own = [m for m in mappers if m.local_table is table]
    said = next((d for m in own if (d := _docstring(m.class_))), None)
    columns = {c.name: c for c in raw.columns}
    for mapper in own:
        for name, text in _documented(mapper):
            if name in columns and columns[name].comment is None:
                columns[name] = replace(columns[name], comment=text)
        kinds = _identities(mapper, mappers)
        if kinds and (on := columns.get(mapper.polymorphic_on.name)) and not on.values:
            columns[on.name] = replace(on, values=kinds)
    raw = replace(raw, comment=raw.comment or said, columns=tuple(columns.values()))
    return replace(found, table=raw)


def _docstring(model: type) -> str | None:
    """What a class says of itself; a dataclass says only its signature."""
    text = model.__dict__.get("__doc__") or ""
    plain = re.sub(r"\s+", " ", text).strip()
    return None if plain.startswith(f"{model.__name__}(") else plain or None


def _documented(mapper: Any) -> Iterator[tuple[str, str]]:
    """Columns that a documented attribute or relationship stands for."""
    for attribute in mapper.column_attrs:
        for column in attribute.columns:
            if attribute.doc:
                yield column.name, attribute.doc
    for relation in mapper.relationships:
        for column in relation.local_columns if relation.doc else ():
            if column.foreign_keys:
                yield column.name, relation.doc


def _identities(mapper: Any, mappers: Sequence[Any]) -> tuple[str, ...]:
    """The values of the column that tells subclasses apart."""
    on = mapper.polymorphic_on
    if not isinstance(on, sa.Column) or mapper.inherits is not None:
        return ()
    known = sorted((m for m in mappers if m.base_mapper is mapper), key=lambda m: m is not mapper)
    return tuple(str(m.polymorphic_identity) for m in known if m.polymorphic_identity is not None)
