"""CREATE TABLE scripts of any dialect -> RawSchema."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.introspect import statements, type_words
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.complete import Found, Reference, complete
from genesis_sql.introspect.statements import Statement
from genesis_sql.introspect.type_words import Kind
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import RawColumn, RawSchema, RawTable

_Place = tuple[str, str]
"""Schema and name of a table as written."""


@dataclass
class _Table:
    """A table while the script is read."""

    schema: str
    name: str
    columns: dict[str, RawColumn] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    comment: str | None = None


def read_ddl(text: str, *, dialect: str | None = None) -> RawSchema:
    """The schema that a script makes: its tables, keys, checks, defaults and comments.

    CREATE TABLE, CREATE TYPE, CREATE DOMAIN, CREATE UNIQUE INDEX, ALTER TABLE and COMMENT ON are
    read, and comments behind or above a column; INSERT and all others are passed over.

    Args:
        text: The script.
        dialect: Any of sqlglot's ('postgres', 'mysql', 'tsql', …); guessed where not given.

    Raises:
        SchemaError: It makes no tables, has a type that nobody knows or a key to nowhere.
        OptionError: There is no such dialect.

    Example:
        >>> schema = read_ddl("CREATE TABLE t (id SERIAL PRIMARY KEY, name VARCHAR(20))")
        >>> schema.tables[0].primary_key, schema.tables[0].columns[1].length
        (('id',), 20)
    """
    if dialect is not None:
        return _read(text, statements.dialect_of(dialect))
    failures: list[tuple[bool, SchemaError]] = []
    for guess in statements.guesses(text):
        try:
            return _read(text, guess)
        except SchemaError as error:
            failures.append(("nobody knows the type" in str(error), error))
    raise next((e for typed, e in failures if typed), failures[0][1])


def _read(text: str, dialect: str) -> RawSchema:
    script = _Script(dialect)
    for statement in statements.read_statements(text, dialect):
        script.add(statement)
    if not script.tables:
        message = "the script makes no tables: it has no CREATE TABLE with columns"
        raise SchemaError(message)
    found = [_found(t) for t in script.tables.values()]
    return complete(found, dialect=dialect, notes=script.notes)


def _found(table: _Table) -> Found:
    raw = RawTable(
        name=table.name,
        source="",
        columns=tuple(table.columns.values()),
        schema=table.schema,
        primary_key=table.primary,
        unique_keys=tuple(table.unique),
        checks=tuple(dict.fromkeys(table.checks)),
        comment=table.comment,
    )
    return Found(raw, tuple(table.references))


class _Script:
    """What the statements so far have made."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.tables: dict[_Place, _Table] = {}
        self.named: dict[str, Kind] = {}
        self.notes: list[str] = []
        self.text = ""

    def add(self, statement: Statement) -> None:
        """Take one statement."""
        tree = statement.tree
        self.text = statement.text
        if tree is None:
            self._unread(statement)
        elif isinstance(tree, exp.Create):
            self._create(tree)
        elif isinstance(tree, exp.Alter):
            self._alter(tree)
        elif isinstance(tree, exp.Comment):
            self._comment(tree)

    def _unread(self, statement: Statement) -> None:
        """A domain is read here; a table must be read, what alters one may be passed over."""
        words = statement.text.split()
        shown = " ".join(words)[:100]
        if [w.upper() for w in words[:2]] == ["CREATE", "DOMAIN"]:
            self._domain(statement.text)
        elif words[0].upper() == "CREATE" and "TABLE" in [w.upper() for w in words[:5]]:
            message = (
                f"the statement '{shown}…' cannot be read as {self.dialect}: {statement.failure}; "
                f"name the dialect it is written in, as in dialect := 'postgres'"
            )
            raise SchemaError(message)
        else:
            self.notes.append(f"passed over: {shown}")

    def _domain(self, text: str) -> None:
        """CREATE DOMAIN name AS type CHECK (VALUE …), read as a column that is called VALUE."""
        head, _, rest = text.partition(" AS ") if " AS " in text else text.partition(" as ")
        name = head.split()[2] if len(head.split()) > 2 else ""
        made = statements.read_statements(
            f"CREATE TABLE t ({quoted('VALUE')} {rest})", self.dialect
        )
        tree = made[0].tree if made else None
        column = tree.find(exp.ColumnDef) if tree is not None else None
        if column is None or not name:
            self.notes.append(f"passed over: {' '.join(text.split())[:100]}")
            return
        kind = self._kind(column, f"domain '{name}'")
        checks = [
            c.this.sql(dialect=self.dialect) for c in column.find_all(exp.CheckColumnConstraint)
        ]
        self.named[_plain(name)] = replace(kind, checks=(*kind.checks, *checks))

    def _kind(self, column: exp.ColumnDef, about: str) -> Kind:
        tree = column.args.get("kind")
        if not isinstance(tree, exp.DataType):
            return Kind("VARCHAR")
        return type_words.kind_of(tree, dialect=self.dialect, named=self.named, about=about)

    def _create(self, tree: exp.Create) -> None:
        kind = str(tree.args.get("kind")).upper()
        if kind == "TYPE" and isinstance(tree.expression, exp.DataType):
            about = f"type '{tree.this.name}'"
            made = type_words.kind_of(
                tree.expression, dialect=self.dialect, named=self.named, about=about
            )
            self.named[_plain(tree.this.name)] = made
        elif kind == "INDEX" and tree.args.get("unique"):
            self._unique_index(tree.this)
        elif kind == "TABLE" and isinstance(tree.this, exp.Schema):
            self._create_table(tree)
        elif kind == "TABLE":
            self.notes.append(f"passed over: {tree.sql()[:100]}")

    def _create_table(self, tree: exp.Create) -> None:
        place = _place(tree.this.this)
        if place in self.tables and not tree.args.get("exists") and not tree.args.get("replace"):
            message = f"the script makes the table '{place[1]}' twice"
            raise SchemaError(message)
        table = _Table(*place)
        table.comment = _table_comment(tree)
        self.tables[place] = table
        for part in tree.this.expressions:
            self._part(table, part)

    def _part(self, table: _Table, part: exp.Expression) -> None:
        """A column or a constraint of a table."""
        if isinstance(part, exp.ColumnDef):
            self._column(table, part)
        elif isinstance(part, exp.Identifier):  # SQLite: a column without a type
            table.columns[part.name] = RawColumn(part.name, "VARCHAR", comment=_said(part))
        elif isinstance(part, exp.Constraint):
            for inner in part.expressions:
                self._part(table, inner)
        elif isinstance(part, exp.PrimaryKey):
            table.primary = _names(part.expressions)
        elif isinstance(part, exp.UniqueColumnConstraint) and isinstance(part.this, exp.Schema):
            table.unique.append(_names(part.this.expressions))
        elif isinstance(part, exp.ForeignKey):
            reference = part.args.get("reference")
            if reference is not None:
                table.references.append(_reference(_names(part.expressions), reference))
        elif isinstance(part, exp.CheckColumnConstraint):
            table.checks.append(part.this.sql(dialect=self.dialect))

    def _column(self, table: _Table, tree: exp.ColumnDef) -> None:
        name = tree.name
        if name.casefold() in {c.casefold() for c in table.columns}:
            message = f"table '{table.name}' has the column '{name}' twice"
            raise SchemaError(message)
        kind = self._kind(tree, f"table '{table.name}', column '{name}'")
        facts: dict[str, Any] = {"comment": _said(tree)}
        for constraint in tree.args.get("constraints") or ():
            self._constraint(table, name, constraint.kind, facts)
        if kind.identity:
            facts["nullable"] = False
        if self.dialect == "duckdb" and kind.type == "VARCHAR":
            kind = replace(kind, length=_length(name, self.text))
        for check in kind.checks:
            own = check.replace('"VALUE"', exp.to_identifier(name, quoted=True).sql(self.dialect))
            table.checks.append(
                own.replace("VALUE", exp.to_identifier(name, quoted=True).sql(self.dialect))
            )
        table.columns[name] = kind.column(name, **facts)

    def _constraint(
        self, table: _Table, name: str, kind: exp.Expression | None, facts: dict[str, Any]
    ) -> None:
        """What one constraint of a column says, put into its facts or its table."""
        match kind:
            case exp.NotNullColumnConstraint():
                facts["nullable"] = bool(kind.args.get("allow_null"))
            case exp.PrimaryKeyColumnConstraint():
                table.primary = (name,)
            case exp.UniqueColumnConstraint():
                table.unique.append((name,))
            case exp.DefaultColumnConstraint():
                facts |= self._default(kind.this)
            case exp.CommentColumnConstraint():
                facts["comment"] = kind.this.name
            case exp.CheckColumnConstraint():
                table.checks.append(kind.this.sql(dialect=self.dialect))
            case exp.Reference():
                table.references.append(_reference((name,), kind))
            case exp.AutoIncrementColumnConstraint():
                facts |= {"identity": True, "nullable": False}
            case exp.GeneratedAsIdentityColumnConstraint() if (
                kind.expression is None or kind.args.get("start")
            ):
                facts |= {"identity": True, "nullable": False}
            case exp.GeneratedAsIdentityColumnConstraint():
                facts |= {"generated": True, "default": self._sql(kind.expression.unnest())}
            case exp.ComputedColumnConstraint():
                facts |= {"generated": True, "default": self._sql(kind.this.unnest())}
            case exp.Properties():
                facts["comment"] = _description(kind) or facts["comment"]

    def _default(self, tree: exp.Expression) -> dict[str, Any]:
        text = self._sql(tree)
        if "nextval" in text.lower():
            return {"identity": True}
        return {} if isinstance(tree, exp.Null) else {"default": text}

    def _sql(self, tree: exp.Expression) -> str:
        """DuckDB's text of a default, without a note where a word is not DuckDB's."""
        return tree.sql(dialect="duckdb", unsupported_level=_IGNORED)

    def _alter(self, tree: exp.Alter) -> None:
        if str(tree.args.get("kind")).upper() != "TABLE":
            return
        table = self._named(tree.this, "ALTER TABLE")
        for action in tree.args.get("actions") or ():
            if isinstance(action, exp.AddConstraint):
                for part in action.expressions:
                    self._part(table, part)
            elif isinstance(action, exp.AlterColumn):
                self._alter_column(table, action)
            else:
                self._part(table, action)

    def _alter_column(self, table: _Table, action: exp.AlterColumn) -> None:
        name = match(action.this.name, table.columns)
        if name is None:
            message = f"ALTER TABLE {table.name} names no column '{action.this.name}'"
            raise SchemaError(message + nearest(action.this.name, table.columns))
        column = table.columns[name]
        default, type_ = action.args.get("default"), action.args.get("dtype")
        if default is not None:
            column = replace(column, **self._default(default))
        if isinstance(type_, exp.DataType):
            about = f"table '{table.name}', column '{name}'"
            kind = type_words.kind_of(type_, dialect=self.dialect, named=self.named, about=about)
            column = replace(column, type=kind.type, length=kind.length, values=kind.values)
        if "allow_null" in action.args and action.args["allow_null"] is not None:
            column = replace(column, nullable=bool(action.args["allow_null"]))
        table.columns[name] = column

    def _unique_index(self, index: exp.Index) -> None:
        """A unique index over whole columns of all rows is a key; any other says less."""
        table = self._named(index.args["table"], "CREATE UNIQUE INDEX")
        params = index.args.get("params")
        parts = [p.this for p in (params.args.get("columns") or ())] if params else []
        partial = params is not None and params.args.get("where") is not None
        plain = parts and all(isinstance(p, exp.Column | exp.Identifier) for p in parts)
        if plain and not partial:
            table.unique.append(tuple(p.name for p in parts))
        else:
            why = "it is partial or of an expression"
            self.notes.append(
                f"table '{table.name}': left out the unique index '{index.name}': {why}"
            )

    def _comment(self, tree: exp.Comment) -> None:
        kind = str(tree.args.get("kind")).upper()
        text = tree.expression.name if tree.expression is not None else ""
        if kind == "TABLE":
            self._named(tree.this, "COMMENT ON TABLE").comment = text or None
        elif kind == "COLUMN":
            place = exp.table_(tree.this.args.get("table"), db=tree.this.args.get("db"))
            table = self._named(place, "COMMENT ON COLUMN")
            name = match(tree.this.name, table.columns)
            if name is None:
                message = f"COMMENT ON COLUMN names no column '{table.name}.{tree.this.name}'"
                raise SchemaError(message + nearest(tree.this.name, table.columns))
            table.columns[name] = replace(table.columns[name], comment=text or None)

    def _named(self, tree: exp.Expression, what: str) -> _Table:
        """The table that a statement means.

        Raises:
            SchemaError: The script makes none of that name.
        """
        schema, name = _place(tree)
        for place, table in self.tables.items():
            same = place[1].casefold() == name.casefold()
            if same and ("" in (schema, place[0]) or place[0].casefold() == schema.casefold()):
                return table
        known = [t.name for t in self.tables.values()]
        message = f"{what} names the table '{name}', which is not there{nearest(name, known)}"
        raise SchemaError(message)


def _ignored() -> Any:
    from sqlglot import ErrorLevel

    return ErrorLevel.IGNORE


_IGNORED = _ignored()


def _length(column: str, text: str) -> int | None:
    """The length of a DuckDB text as written; sqlglot drops it, as DuckDB does."""
    pattern = rf'(?<!\w)"?{re.escape(column)}"?\s+\w*char\w*\s*\(\s*(\d+)\s*\)'
    found = re.search(pattern, text, re.IGNORECASE)
    return int(found[1]) if found else None


def _plain(name: str) -> str:
    return name.strip('"`[]').casefold().rpartition(".")[2].strip('"`[]')


def _place(tree: exp.Expression) -> _Place:
    """Schema and name of a table; a database before them says nothing here."""
    table = tree.this if isinstance(tree, exp.Schema) else tree
    return str(table.args["db"].name) if table.args.get("db") else "", table.name


def _names(parts: Iterable[exp.Expression]) -> tuple[str, ...]:
    """Names of columns in a key; a direction or a length behind them is not part of them."""
    names = []
    for part in parts:
        inner = part
        while isinstance(inner, exp.Ordered | exp.ColumnPrefix):
            inner = inner.this
        names.append(inner.name)
    return tuple(names)


def _reference(columns: tuple[str, ...], tree: exp.Expression) -> Reference:
    target = tree.this
    above = _names(target.expressions) if isinstance(target, exp.Schema) else ()
    schema, name = _place(target)
    return Reference(columns, name, above, schema)


def _said(tree: exp.Expression) -> str | None:
    """What `-- comments` above or behind a column say."""
    texts: list[str] = []
    for node in tree.walk():
        texts += [c.strip() for c in node.comments or ()]
    return " ".join(t for t in dict.fromkeys(texts) if t) or None


def _table_comment(tree: exp.Create) -> str | None:
    """COMMENT = '…', OPTIONS (description = …), else the `-- comment` above the table."""
    properties = tree.args.get("properties")
    if properties is not None:
        for one in properties.expressions:
            if isinstance(one, exp.SchemaCommentProperty):
                return str(one.this.name) or None
        if (text := _description(properties)) is not None:
            return text
    own = [*(tree.comments or ()), *(tree.this.comments or ())]
    return " ".join(c.strip() for c in own if c.strip()) or None


def _description(properties: exp.Properties) -> str | None:
    for one in properties.expressions:
        if isinstance(one, exp.Property) and str(one.name).lower() == "description":
            return str(one.args["value"].name) or None
    return None
