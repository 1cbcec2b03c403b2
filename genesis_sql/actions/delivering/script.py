"""Tables as SQL scripts: CREATE TABLE, and INSERTs whose values are written as literals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from genesis_sql.actions.delivering.cells import (
    Cell,
    doubled,
    family,
    literal_line,
    packets,
)
from genesis_sql.actions.delivering.loads import batches
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError, nearest
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import create_sql, output_columns
from genesis_sql.sqlbuild import DIALECT

STATEMENT = 1 << 18
"""Bytes of an INSERT, about; no database's limit is below half a megabyte."""
_ALIASES = {"mariadb": "mysql", "postgresql": "postgres", "mssql": "tsql"}
_BINARY = {
    "duckdb": "from_hex('{}')", "postgres": "decode('{}', 'hex')", "tsql": "0x{}",
    "bigquery": "FROM_HEX('{}')", "oracle": "HEXTORAW('{}')",
}  # fmt: skip
_BARE_BOOLEANS = ("tsql", "oracle", "sqlite")
"""Dialects without TRUE: 1 and 0 stand for it."""
_WITHOUT_ZONES = ("mysql", "sqlite")
"""Dialects whose moments are written as the time in UTC."""
_PACKED = "mysql"
"""A dialect whose keys take no TEXT: those columns get a length."""


def require_dialect(name: str) -> None:
    """Refuse a dialect that sqlglot does not know.

    Raises:
        OptionError: it does not.
    """
    known = [d.value for d in sqlglot.Dialects if d.value] + list(_ALIASES)
    if name.lower() not in known:
        message = f"dialect := '{name}' is not known{nearest(name, known)}"
        raise OptionError(message)


def append(ws: Workspace, model: Model, table: str, query: str, path: Path, dialect: str) -> None:
    """Add a table and its rows to a script."""
    dialect = _ALIASES.get(dialect.lower(), dialect.lower())
    cells = [
        Cell(name, type_, name, _kind(type_, dialect))
        for name, type_ in output_columns(model, table)
    ]
    escape = escaping(dialect)
    how = {"arrays": dialect == "postgres", "zones": dialect not in _WITHOUT_ZONES}
    line = literal_line(cells, escape, _BINARY.get(dialect, "X'{}'"), **how)
    head = (insert_sql(model, table, dialect) + "\n").encode()
    with path.open("ab") as file:
        file.write((create_table(model, table, dialect) + ";\n\n").encode())
        select = f"SELECT {line} AS line FROM ({query})"  # noqa: S608 - quoted names
        with batches(ws.con, select) as rows:
            for batch in rows:
                for packet in packets(batch.column(0), STATEMENT):
                    file.write(head)
                    file.write(packet[:-2])  # without the last comma
                    file.write(b";\n\n")
                ws.progress(table, 0.5)


def _kind(type_: str, dialect: str) -> str:
    of = family(type_)
    return "whole" if of == "boolean" and dialect in _BARE_BOOLEANS else of


def escaping(dialect: str) -> Callable[[str], str]:
    """SQL (of DuckDB) that writes a text between the quotes of a dialect's literal."""
    signs = Dialect.get_or_raise(dialect).tokenizer_class.STRING_ESCAPES
    if "\\" not in signs:
        return doubled

    def escape(text: str) -> str:
        quote = "''" if "'" in signs else "\\'"
        text = f"replace({text}, '\\', '\\\\')"
        text = f"replace({text}, '''', '{quote.replace(chr(39), chr(39) * 2)}')"
        return f"replace(replace({text}, chr(10), '\\n'), chr(13), '\\r')"

    return escape


def _named(model: Model, table: str) -> exp.Table:
    node = model.graph.table(table)
    db = exp.to_identifier(node.schema, quoted=True) if node.schema else None
    return exp.Table(this=exp.to_identifier(node.bare_name, quoted=True), db=db)


def create_table(model: Model, table: str, dialect: str) -> str:
    """CREATE TABLE in a dialect, with the keys that can be declared."""
    node = model.graph.table(table)
    made = create_sql(model, table, "", node.schema)
    tree = cast(exp.Expression, sqlglot.parse_one(made, read=DIALECT))
    if dialect != DIALECT:
        _plain(tree, dialect)
    if dialect == _PACKED:
        _lengths(tree)
    return tree.sql(dialect=dialect, pretty=True)


_Type = exp.DataType.Type
_NESTED = (_Type.STRUCT, _Type.MAP, _Type.UNION, _Type.LIST, _Type.ARRAY)
_MOMENTS = (_Type.TIMESTAMP, _Type.TIMESTAMPTZ, _Type.TIMESTAMP_S, _Type.TIMESTAMP_MS)
_WIDER = {
    _Type.UTINYINT: "SMALLINT", _Type.USMALLINT: "INTEGER", _Type.UINT: "BIGINT",
    _Type.UBIGINT: "DECIMAL(20, 0)", _Type.INT128: "DECIMAL(38, 0)",
    _Type.UINT128: "DECIMAL(38, 0)",
}  # fmt: skip


def _plain(tree: exp.Expression, dialect: str) -> None:
    """Take types that DuckDB alone has out of a CREATE TABLE: nested ones become JSON."""
    for column in tree.find_all(exp.ColumnDef):
        kind = column.args.get("kind")
        if not isinstance(kind, exp.DataType):
            continue
        arrays = dialect == "postgres" and kind.this in (_Type.LIST, _Type.ARRAY)
        if kind.this in _NESTED and not arrays:
            column.set("kind", exp.DataType.build("JSON", dialect=DIALECT))
        elif kind.this in _MOMENTS and dialect == _PACKED:  # its TIMESTAMP begins in 1970
            column.set("kind", exp.DataType.build("DATETIME(6)", dialect=_PACKED))
        elif kind.this in _WIDER:
            column.set("kind", exp.DataType.build(_WIDER[kind.this], dialect=DIALECT))
        elif kind.this == _Type.ENUM and dialect != _PACKED:
            column.set("kind", exp.DataType.build("VARCHAR", dialect=DIALECT))


def _lengths(tree: exp.Expression) -> None:
    """Give the texts of keys a length: MySQL makes no key of a TEXT without one."""
    keys = {
        i.name
        for key in tree.find_all(exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey)
        for i in key.find_all(exp.Identifier)
    }
    for column in tree.find_all(exp.ColumnDef):
        kind = column.args.get("kind")
        texts = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
        if column.name in keys and kind is not None and kind.this in texts and not kind.expressions:
            column.set("kind", exp.DataType.build("VARCHAR(255)", dialect=DIALECT))


def insert_sql(model: Model, table: str, dialect: str) -> str:
    """The beginning of an INSERT, up to its values."""
    columns = [exp.to_identifier(name, quoted=True) for name, _ in output_columns(model, table)]
    into = exp.Schema(this=_named(model, table), expressions=columns)
    tree = exp.Insert(this=into, expression=exp.Values(expressions=[exp.Tuple(expressions=[])]))
    return tree.sql(dialect=dialect).removesuffix("()").rstrip()
