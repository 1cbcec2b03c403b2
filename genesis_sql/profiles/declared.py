"""What a table of a profile declares of itself: its keys, what may not be NULL, its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
from sqlglot import exp

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.plan.private import connection
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.program.allowlist import check_expression
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.domain import Fixed
from genesis_sql.program.expressions import known_last
from genesis_sql.program.steps import Program
from genesis_sql.sqlbuild import column as column_of
from genesis_sql.sqlbuild import quoted, text

Tables = Mapping[str, TableLaws]
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """The keys of a table as the database keeps them."""

    primary: Columns
    unique: tuple[Columns, ...]

    @property
    def keys(self) -> tuple[Columns, ...]:
        """All of them."""
        return tuple(k for k in (self.primary, *self.unique) if k)


def declared(table: TableLaws) -> Declared:
    """The keys of a table: those it names, its key columns, and what `distinct` keeps apart.

    Raises:
        ProfileError: one names a column that is not there, or hidden.

    Example:
        >>> from genesis_sql.profiles.tables import read_tables
        >>> spec = {"columns": {"id": {"type": "key"}, "mail": {"type": "key", "format": "m%d"}}}
        >>> declared(read_tables({"tables": {"t": spec}})["t"])
        Declared(primary=('id',), unique=(('mail',),))
    """
    shown = [c for c, spec in table.columns.items() if not spec.get("hidden")]
    given = tuple(table.spec.get("primary_key", ()))
    more = [tuple(key) for key in table.spec.get("unique", ())]
    for role, key in [("primary_key", given), *(("unique", key) for key in more)]:
        for column in key:
            if column not in shown:
                what = "is hidden" if column in table.columns else "is not there"
                message = f"tables.{table.name}.{role}: the column '{column}' {what}"
                raise ProfileError(message + nearest(column, shown))
    own = [(c,) for c in table.of("key") if c in shown]
    primary = given or (own[0] if own else ())
    apart = [
        (*main_columns(table), *law.columns)
        for law in table.links.values()
        if law.distinct and set(main_columns(table)) | set(law.columns) <= set(shown)
    ]
    alone = [key for key in own if key[0] not in given]  # of a composite key, only the whole
    found = dict.fromkeys(tuple(key) for key in (*alone, *more, *apart))
    held = {frozenset(primary)}
    unique = []
    for key in found:
        if frozenset(key) not in held:
            held.add(frozenset(key))
            unique.append(key)
    return Declared(primary, tuple(unique))


def main_columns(table: TableLaws) -> Columns:
    """The columns that name a row's main parent."""
    return tuple(own for own, _ in table.main)


# NULL


def is_nullable(table: TableLaws, column: str) -> bool:
    """Whether the database lets a column be NULL."""
    held = table.columns[column]
    if column in declared(table).primary or held["type"] == "key":
        return False
    if "nullable" in held:
        return bool(held["nullable"])
    law = next((x for x in table.links.values() if column in x.columns), None)
    if law is not None:
        return law.optional
    return column not in main_columns(table) or bool(held.get("null_share"))


def check_nulls(table: TableLaws, tables: Tables) -> None:
    """Refuse columns that may not be NULL and whose values are at times.

    Raises:
        ProfileError: names the first.
    """
    for column, held in table.columns.items():
        strict = held.get("nullable") is False or column in declared(table).primary
        if strict and is_missing(table, column, tables):
            message = (
                f"{table.where(column)} may not be NULL, and its values are at times; leave its "
                "null_share out, give its cases an 'otherwise', or let it be nullable"
            )
            raise ProfileError(message)


def is_missing(table: TableLaws, column: str, tables: Tables) -> bool:
    """Whether the values of a column are known to be NULL at times."""
    if column in table.drawn:
        return table.drawn[column].reach.null
    kind, law = table.kinds.get(column), None
    if isinstance(kind, Fixed):
        return kind.value is None
    for link in table.links.values():
        if column in link.columns:
            return bool(link.null) or (link.own and link.optional)
    if table.columns[column]["type"] != "parent":
        return False
    law = table.link_of(column)
    above = tables[law.table if law is not None else str(table.parent)]
    missing = law is not None and bool(law.null or (law.own and law.optional))
    source = str(table.columns[column]["column"])
    own = above is table and source == column
    return missing or (not own and is_missing(above, source, tables))


# checks


def checks_of(table: TableLaws, types: Mapping[str, str]) -> tuple[str, ...]:
    """The checks of a table, columns spelled as it has them.

    Args:
        table: which.
        types: of its visible columns.

    Raises:
        ProfileError: one reads what is not there, does not bind, or is no condition.
        ExpressionError: it holds what is not on the allow-list.
    """
    known = {name.lower(): name for name in types}
    return tuple(_check_sql(table, str(given), known, types) for given in _checks(table))


def _checks(table: TableLaws) -> list[str]:
    return list(table.spec.get("checks", ()))


def _check_sql(
    table: TableLaws, given: str, known: Mapping[str, str], types: Mapping[str, str]
) -> str:
    where, tree = f"tables.{table.name}.checks", check_expression(given)
    for node in tree.find_all(exp.Column):
        if node.table or node.name.lower() not in known:
            name = node.sql(dialect="duckdb")
            message = f"{where}: '{given}' reads {name}, which is no visible column of the table"
            raise ProfileError(message + nearest(node.name, list(types)))
    tree = tree.transform(
        lambda n: column_of(known[n.name.lower()]) if isinstance(n, exp.Column) else n
    )
    sql = text(tree)
    fields = ", ".join(f"CAST(NULL AS {type_}) AS {quoted(c)}" for c, type_ in types.items())
    query = f"DESCRIBE SELECT ({sql}) AS v FROM (SELECT {fields})"  # noqa: S608 - a checked expression, checked types, quoted names
    try:
        found = str(connection().execute(query).fetchall()[0][1])
    except duckdb.Error as error:
        reason = str(error).strip().split("\n", 1)[0]
        message = f"{where}: '{given}' does not fit the columns: {reason}"
        raise ProfileError(message) from error
    if found != "BOOLEAN":
        message = f"{where}: '{given}' gives {found}, no condition; write one that is true or false"
        raise ProfileError(message)
    return sql


def constrained(program: Program, checks: tuple[str, ...]) -> Program:
    """The program with its checks; not those on what is known when all rows are."""
    folded = known_last(program)
    kept = tuple(
        Constraint(sql, "profile")
        for sql in checks
        if folded.isdisjoint(n.name for n in check_expression(sql).find_all(exp.Column))
    )
    return replace(program, constraints=(*program.constraints, *kept))
