"""What stands in DuckDB's catalog, as records: the names, columns and constraints of one schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]

from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.sources import split_name
from genesis_sql.sqlbuild import DIALECT, qualified

if TYPE_CHECKING:
    from sqlalchemy import Connection

TEMP = "temp"
_NAMED = re.compile(r'\w+(\(.*\))?|"[^"]+"', re.DOTALL)
"""An expression that CREATE INDEX takes without brackets: a column or a call."""
_HERE = "SELECT current_database(), current_schema()"
_SCHEMAS = """
SELECT database_name, schema_name FROM duckdb_schemas()
WHERE database_name NOT IN ('system', 'temp')
  AND schema_name NOT IN ('genesis', 'information_schema', 'pg_catalog')
ORDER BY database_name <> current_database(), database_name, schema_name
"""
_OBJECTS = """
SELECT table_name, 'table' AS kind, temporary, comment, sql FROM duckdb_tables()
WHERE ((database_name = $1 AND schema_name = $2) OR ($3 AND temporary)) AND NOT internal
UNION ALL
SELECT view_name, 'view', temporary, comment, sql FROM duckdb_views()
WHERE ((database_name = $1 AND schema_name = $2) OR ($3 AND temporary)) AND NOT internal
ORDER BY temporary, table_name
"""
_COLUMNS = """
SELECT column_name, data_type, is_nullable, column_default, comment, table_name
FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND NOT internal
ORDER BY table_name, column_index
"""
_CONSTRAINTS = """
SELECT constraint_type, constraint_column_names, constraint_name, expression, referenced_table,
       referenced_column_names, table_name
FROM duckdb_constraints()
WHERE database_name = $1 AND schema_name = $2 AND constraint_type <> 'NOT NULL'
ORDER BY table_name, constraint_index
"""
_INDEXES = """
SELECT index_name, is_unique, sql, table_name FROM duckdb_indexes()
WHERE database_name = $1 AND schema_name = $2 AND NOT is_primary ORDER BY table_name, index_name
"""
_ENUMS = """
SELECT type_name, labels FROM duckdb_types()
WHERE logical_type = 'ENUM' AND NOT internal AND database_name = $1 AND schema_name = $2
"""
_SEQUENCES = """
SELECT sequence_name FROM duckdb_sequences() WHERE database_name = $1 AND schema_name = $2
ORDER BY sequence_name
"""
_TEMPORARY = """
SELECT table_name FROM duckdb_tables() WHERE temporary AND NOT internal
UNION ALL SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal
"""
_STORES = """
SELECT database_name FROM duckdb_tables()
WHERE schema_name = 'genesis' AND table_name = 'relationships'
"""
_RELATIONSHIPS = """
SELECT target, child, child_columns, parent, parent_columns FROM $store
WHERE NOT declared AND target <> '' ORDER BY target, model, version, position
"""


@dataclass(frozen=True)
class Place:
    """A schema of an attached database; ``given`` is how the caller named it."""

    database: str
    schema: str
    given: str | None

    @property
    def here(self) -> bool:
        """Whether nothing was named: TEMP tables are found there, too."""
        return self.given is None


@dataclass(frozen=True)
class Thing:
    """A table or view."""

    name: str
    kind: str
    temporary: bool
    comment: str | None
    sql: str


@dataclass(frozen=True)
class Constraint:
    """A key or check."""

    kind: str
    columns: tuple[str, ...]
    name: str | None
    expression: str | None = None
    parent: str | None = None
    parent_columns: tuple[str, ...] = ()
    parent_schema: str | None = None


@dataclass(frozen=True)
class Index:
    """An index as CREATE INDEX made it; None stands for an expression."""

    name: str
    unique: bool
    columns: tuple[str | None, ...]
    expressions: tuple[str, ...] = field(default=())


def place_of(con: Connection, schema: str | None) -> Place:
    """The place that SQLAlchemy's ``schema`` names: `main`, `alias.main`, or the current one."""
    database, current = rows(con, _HERE)[0]
    if schema is None:
        return Place(database, current, None)
    plain = {s for d, s in rows(con, _SCHEMAS) if d == database}
    parts = split_name(schema)
    if schema not in plain and len(parts) == 2:
        return Place(parts[0], parts[1], schema)
    return Place(database, parts[0] if len(parts) == 1 else schema, schema)


def rows(con: Connection, query: str, *values: Any) -> list[Any]:
    """The rows of a query."""
    return list(con.exec_driver_sql(query, values or None).fetchall())


def schemas(con: Connection) -> list[str]:
    """The schemas of the current database, then `alias.schema` of attached ones; ours is none."""
    current = rows(con, _HERE)[0][0]
    return [_named(s) if d == current else qualified_name(d, s) for d, s in rows(con, _SCHEMAS)]


def qualified_name(database: str, schema: str) -> str:
    """Both names as SQLAlchemy takes them for a schema."""
    return f"{_named(database)}.{_named(schema)}"


def _named(name: str) -> str:
    return qualified(name) if {".", '"'} & {*name} else name


def things(con: Connection, place: Place) -> dict[str, Thing]:
    """Tables and views by name; a TEMP one hides the other of its name."""
    found = rows(con, _OBJECTS, place.database, place.schema, place.here)
    return {r[0]: Thing(*r) for r in found}


def columns(con: Connection, place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """(name, type, nullable, default, comment) of each column, by table."""
    return _by_table(con, _COLUMNS, place)


def constraints(con: Connection, place: Place) -> dict[str, list[Constraint]]:
    """The keys and checks by table, names spelled as the tables spell them."""
    spelled = {t: [str(c[0]) for c in cs] for t, cs in columns(con, place).items()}
    found: dict[str, list[Constraint]] = {}
    for table, facts in _by_table(con, _CONSTRAINTS, place).items():
        for kind, names, name, expression, parent, parent_names in facts:
            there = match(parent, spelled) if parent else None
            own = _spelled(names, spelled.get(table, ()))
            theirs = _spelled(parent_names, spelled.get(there or "", ()))
            found.setdefault(table, []).append(
                Constraint(kind, own, name, expression, there or parent, theirs)
            )
    return found


def _spelled(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    return tuple(match(name, known) or name for name in names)


def indexes(con: Connection, place: Place) -> dict[str, list[Index]]:
    """The indexes of CREATE INDEX, by table."""
    found = _by_table(con, _INDEXES, place).items()
    return {table: [_index(*facts) for facts in many] for table, many in found}


def _index(name: str, unique: bool, sql: str) -> Index:  # noqa: FBT001 - as the catalog has them
    items = list(_items(sql))
    plain = [item[0].text if len(item) == 1 else None for item in items]
    if None not in plain:
        return Index(name, unique, tuple(plain))
    bare = [_bare(sql[item[0].start : item[-1].end + 1]) for item in items]
    texts = [t if _NAMED.fullmatch(t) else f"({t})" for t in bare]
    return Index(name, unique, tuple(plain), tuple(texts))


def _bare(text: str) -> str:
    """An expression without the brackets around all of it."""
    inner = text[1:-1]
    depths = list(accumulate({"(": 1, ")": -1}.get(c, 0) for c in inner))
    closed = text.startswith("(") and text.endswith(")") and min(depths, default=0) >= 0
    return _bare(inner) if closed else text


def generated(thing: Thing) -> frozenset[str]:
    """The columns whose values are computed; DuckDB 1.5 tells it in the table's SQL alone."""
    if "GENERATED ALWAYS AS" not in thing.sql:
        return frozenset()
    return frozenset(
        item[0].text
        for item in _items(thing.sql)
        if any(t.text.upper() == "GENERATED" for t in item[1:])
    )


def _items(sql: str) -> Iterator[list[Token]]:
    """What stands between the commas of the first brackets."""
    depth, item = 0, list[Token]()
    for token in Dialect.get_or_raise(DIALECT).tokenize(sql):
        depth -= token.token_type == TokenType.R_PAREN
        ends = depth == 0 and token.token_type == TokenType.R_PAREN
        if ends or (depth == 1 and token.token_type == TokenType.COMMA):
            if item:
                yield item
            item = []
            if ends:
                return
        elif depth:
            item.append(token)
        depth += token.token_type == TokenType.L_PAREN


def enum_names(con: Connection, place: Place) -> dict[tuple[str, ...], str]:
    """The name of an enum type by its labels, where one type alone has these."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, labels in rows(con, _ENUMS, place.database, place.schema):
        found.setdefault(tuple(labels or ()), []).append(name)
    return {labels: names[0] for labels, names in found.items() if len(names) == 1}


def sequences(con: Connection, place: Place) -> list[str]:
    """The names of the sequences."""
    return [r[0] for r in rows(con, _SEQUENCES, place.database, place.schema)]


def noted(con: Connection, place: Place) -> dict[str, list[Constraint]]:
    """Foreign keys of generated tables that DuckDB could not declare, by table.

    The package keeps them in ``genesis.relationships`` for each schema it has written. A file that
    got another name since is still known by its own store.
    """
    if not (stores := rows(con, _STORES)):
        return {}
    attached = {r[0] for r in rows(con, "SELECT database_name FROM duckdb_databases()")}
    found: dict[str, list[Constraint]] = {}
    for (store,) in stores:
        query = _RELATIONSHIPS.replace("$store", qualified(store, "genesis", "relationships"))
        others = attached - ({place.database} if store == place.database else set())
        for target, child, names, parent, parent_names in rows(con, query):
            base = _base(target, place.database, others if store == place.database else None)
            for near, far in zip(_places(base, child), _places(base, parent), strict=False):
                if base and near[0].lower() == place.schema.lower():
                    made = Constraint(
                        "FOREIGN KEY", (*names,), None, None, far[1], (*parent_names,), far[0]
                    )
                    found.setdefault(near[1], []).append(made)
    return found


def _base(target: str, database: str, others: set[str] | None) -> str:
    """The schema that a target names in this database; nothing where it is in another."""
    alias, _, schema = target.rpartition(".")
    renamed = others is not None and alias not in others
    return schema if alias.lower() == database.lower() or renamed else ""


def _places(base: str, table: str) -> list[tuple[str, str]]:
    """Where a model's table may stand: tables of several schemas have their name before them."""
    schema, dot, name = table.partition(".")
    return [(base, table), *([(f"{base}_{schema}", name)] if dot else [])]


def _by_table(con: Connection, query: str, place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a schema by table, and those of TEMP tables where no schema was named."""
    found = _grouped(rows(con, query, place.database, place.schema))
    if place.here and (hiding := {r[0] for r in rows(con, _TEMPORARY)}):
        found = {t: many for t, many in found.items() if t not in hiding}
        found |= _grouped(rows(con, query, TEMP, "main"))
    return found


def _grouped(many: Iterable[Any]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for *facts, table in many:
        found.setdefault(table, []).append(tuple(facts))
    return found
