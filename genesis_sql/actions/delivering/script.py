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
from genesis_sql.introspect.type_there import type_there
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
    return tree.sql(dialect=dialect, pretty=True)


def _plain(tree: exp.Expression, dialect: str) -> None:
    """Put the types of a dialect into a CREATE TABLE of DuckDB's."""
    keys = {
        i.name
        for key in tree.find_all(exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey)
        for i in key.find_all(exp.Identifier)
    }
    texts = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
    for column in tree.find_all(exp.ColumnDef):
        kind, keyed = column.args.get("kind"), column.name in keys
        if not isinstance(kind, exp.DataType):
            continue
        if kind.this == exp.DataType.Type.ENUM:
            made = kind if dialect == _PACKED else exp.DataType.build("VARCHAR", dialect=DIALECT)
        elif kind.this in texts:
            short = dialect == _PACKED and keyed and not kind.expressions
            made = exp.DataType.build("VARCHAR(255)", dialect=DIALECT) if short else kind
        else:
            made = type_there(kind.sql(dialect=DIALECT), dialect, keyed=keyed, flat=True)
        column.set("kind", made)


def insert_sql(model: Model, table: str, dialect: str) -> str:
    """The beginning of an INSERT, up to its values."""
    columns = [exp.to_identifier(name, quoted=True) for name, _ in output_columns(model, table)]
    into = exp.Schema(this=_named(model, table), expressions=columns)
    tree = exp.Insert(this=into, expression=exp.Values(expressions=[exp.Tuple(expressions=[])]))
    return tree.sql(dialect=dialect).removesuffix("()").rstrip()
