"""CHECKs of the catalog and declared constraints: names resolved, meanings checked, breaks counted.

| form | meaning |
|---|---|
| `end_date >= start_date` | columns of the one table that has them |
| `orders.placed >= customers.joined` | a row and its parent, or the parent of it |
| `flights.km > "airports(origin)".height` | the parent that the key column `origin` refers to |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, cast

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.errors import ConstraintError, ExpressionError, GenesisError, nearest
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.query import ask
from genesis_sql.program.allowlist import check_expression
from genesis_sql.sqlbuild import DIALECT, column, quoted, string, text
from genesis_sql.types import Column, Graph, RawSchema, RawTable, Relationship, Role, Rule

MOST_UP = 6  # foreign keys between a row and a table that a constraint names
_BROKEN = "SELECT count(*) FILTER (WHERE NOT ($predicate)), count(*) FROM $rows"

_Path = tuple[Relationship, ...]


# CHECK


@dataclass(frozen=True)
class Unkept:
    """A CHECK that generated rows may break, and why."""

    table: str
    check: str
    reason: str


def read_checks(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    columns: Sequence[Column],
    *,
    counted: bool = True,
) -> tuple[tuple[str, ...], tuple[Unkept, ...]]:
    """The CHECKs of a table that its new rows will keep, and those they may break.

    Args:
        con: An open connection or cursor.
        raw: The table as the catalog has it.
        columns: Its columns with their roles.
        counted: Whether the rows are asked if they keep them; the catalog says they do.
    """
    kept, unkept = [], []
    for check in raw.checks:
        try:
            sql = _check_sql(check, raw.name, columns)
            broken = _count(con, sql, raw.source)[0] if counted else 0
            if broken:
                message = "it means something else outside the catalog"
                raise ConstraintError(message)
            kept.append(sql)
        except GenesisError as error:
            unkept.append(Unkept(raw.name, check, str(error)))
    return tuple(dict.fromkeys(kept)), tuple(unkept)


def _check_sql(check: str, table: str, columns: Sequence[Column]) -> str:
    """A CHECK with its columns in quotes, as the table spells them."""
    there = {c.name: c for c in columns}

    def swap(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        found = match(node.name, there)
        if found is None or (node.table and node.table.casefold() != table.casefold()):
            message = f"'{text(node)}' is no column that is learnt"
            raise ConstraintError(message)
        if there[found].role is Role.UNSUPPORTED:
            message = f"column '{found}' is left out"
            raise ConstraintError(message)
        return column(found)

    return text(_bare(check_expression(_own_names(check)).transform(swap)))


def _own_names(check: str) -> str:
    """A CHECK without the schema that the catalog of DuckDB 1.5 puts before functions."""
    try:
        tree = sqlglot.parse_one(check, read=DIALECT)
    except SqlglotError:
        return check  # the allow-list will say what is wrong with it

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            return cast(exp.Expression, node.expression) if node.this.name == "main" else node
        return node

    return text(tree.transform(swap))


def _bare(tree: exp.Expression) -> exp.Expression:
    """The tree without brackets around it."""
    return cast(exp.Expression, tree.unnest())


def _count(con: duckdb.DuckDBPyConnection, predicate: str, rows: str) -> tuple[int, int]:
    """Source rows that break a predicate, and all of them.

    Raises:
        ConstraintError: DuckDB cannot compute it.
    """
    try:
        found = ask(con, _BROKEN, about="the source", predicate=predicate, rows=rows)
    except GenesisError as error:
        message = f"it cannot be computed on the source rows ({error})"
        raise ConstraintError(message) from error
    return int(found[0][0]), int(found[0][1])


# declared


def declare(con: duckdb.DuckDBPyConnection, graph: Graph, constraints: Sequence[str]) -> Graph:
    """The graph with declared constraints, each resolved and counted on the source rows.

    Raises:
        ConstraintError: One cannot be read, names what is not there, or holds for no source row.
    """
    return replace(graph, rules=tuple(_rule(con, graph, c) for c in constraints))


def _rule(con: duckdb.DuckDBPyConnection, graph: Graph, shown: str) -> Rule:
    try:
        tree = check_expression(shown)
    except ExpressionError as error:
        if not isinstance(shown, str) or len(shown) > 10_000:
            raise ConstraintError(str(error)) from error
        message = f"constraint {string(shown[:200])} cannot be read: {error}{_alias_form(shown)}"
        raise ConstraintError(message) from error
    names = _Names(graph, shown, tree)
    rule = names.rule()
    try:
        broken, rows = _count(con, *joined(graph, rule, lambda name: graph.table(name).source))
    except ConstraintError as error:
        message = f"constraint {string(shown)}: {error}"
        raise ConstraintError(message) from error
    if rows and broken == rows:
        message = (
            f"constraint {string(shown)} is broken by all {rows:,} source rows of "
            f"'{rule.table}', so nothing can be learnt about rows that keep it; turn it round or "
            f"leave it out"
        )
        raise ConstraintError(message)
    return replace(rule, broken=broken)


def _alias_form(shown: str) -> str:
    """How a parent is named by a key column, where that was tried without quotes."""
    if ")." in shown and '"' not in shown:
        return '; a parent is named by its key column in double quotes: "airports(origin)".column'
    return ""


class _Names:
    """The names of one constraint, resolved against the tables."""

    def __init__(self, graph: Graph, shown: str, tree: exp.Expression) -> None:
        self.graph, self.shown, self.tree = graph, shown, tree
        self.tables = [t for t in graph.tables if not t.nested]
        self.columns = list(tree.find_all(exp.Column))
        self.given = sorted({(c.table, c.name) for c in self.columns})
        if not self.given:
            self._refuse("it names no column")

    def _refuse(self, reason: str) -> NoReturn:
        message = f"constraint {string(self.shown)}: {reason}"
        raise ConstraintError(message)

    def rule(self) -> Rule:
        """What was meant."""
        found = {(q, n): self._qualified(q, n) for q, n in self.given if q}
        bare = [n for q, n in self.given if not q]
        if bare:
            found |= {("", n): (t, None, c) for n, (t, c) in self._bare(bare).items()}
        table = self._lowest({t for t, _, _ in found.values()})
        names: dict[_Path, str] = {}
        columns: dict[tuple[str, str], exp.Column] = {}
        for key, (owner, alias, name) in found.items():
            path = self._path(table, owner, alias)
            if path:
                names.setdefault(path, f"p{len(names)}")
            columns[key] = column(name, names.get(path))

        def swap(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Column):
                return columns[node.table, node.name].copy()
            return node

        sql = text(_bare(self.tree.transform(swap)))
        paths = tuple((name, tuple(r.name for r in path)) for path, name in names.items())
        return Rule(table, sql, paths, self.shown)

    def _qualified(self, qualifier: str, name: str) -> tuple[str, str | None, str]:
        """(table, how a key leads to it where that is named, column)."""
        tables = [t.name for t in self.tables]
        aliases = {_alias(r): r.parent for r in self.graph.relationships}
        table = match(qualifier, tables)
        if table is not None:
            return table, None, self._column(table, name)
        alias = match(qualifier, aliases)
        if alias is None:
            self._refuse(f"there is no table '{qualifier}'{nearest(qualifier, tables)}")
        return aliases[alias], alias, self._column(aliases[alias], name)

    def _column(self, table: str, name: str) -> str:
        columns = {c.name: c for c in self.graph.table(table).columns}
        found = match(name, columns)
        if found is None:
            self._refuse(f"table '{table}' has no column '{name}'{nearest(name, columns)}")
        if columns[found].role is Role.UNSUPPORTED:
            self._refuse(f"column '{found}' of '{table}' is left out of the fit")
        return found

    def _bare(self, names: list[str]) -> dict[str, tuple[str, str]]:
        """(table, column) of columns without a table: of the one table that has them all."""
        having = [
            t for t in self.tables if all(match(n, [c.name for c in t.columns]) for n in names)
        ]
        if len(having) == 1:
            table = having[0].name
            return {n: (table, self._column(table, n)) for n in names}
        out = {}
        for name in names:
            there = [t for t in self.tables if match(name, [c.name for c in t.columns])]
            if not there:
                known = sorted({c.name for t in self.tables for c in t.columns})
                self._refuse(f"no table has a column '{name}'{nearest(name, known)}")
            if len(there) > 1:
                meant = ", ".join(f"{t.name}.{name}" for t in there)
                self._refuse(f"column '{name}' may be one of {meant}; write its table, too")
            out[name] = (there[0].name, self._column(there[0].name, name))
        return out

    def _lowest(self, tables: set[str]) -> str:
        """The table from which foreign keys lead to all the others."""
        below = [
            t for t in sorted(tables) if all(t == o or _ways(self.graph, t, o) for o in tables)
        ]
        if not below:
            shown = " and ".join(f"'{t}'" for t in sorted(tables))
            self._refuse(f"no foreign keys lead from one of {shown} to the other")
        return below[0]

    def _path(self, table: str, owner: str, alias: str | None) -> _Path:
        """The foreign keys from the rows to the table of a column."""
        if owner == table:
            if alias is None:
                return ()
            self._refuse(f"'{table}' is its own parent, which constraints cannot name yet")
        ways = _ways(self.graph, table, owner)
        if alias is not None:
            ways = [w for w in ways if _alias(w[-1]) == alias]
        shortest = [w for w in ways if len(w) == min(map(len, ways))]
        if len(shortest) == 1:
            return shortest[0]
        last = sorted({f'"{_alias(w[-1])}"' for w in ways})
        if len(last) > 1:
            self._refuse(
                f"{len(ways)} foreign keys lead from '{table}' to '{owner}'; say which one, as in "
                f"{' or '.join(f'{a}.column' for a in last[:3])}"
            )
        self._refuse(f"{len(ways)} ways lead from '{table}' to '{owner}', so it is not clear")


def _alias(relationship: Relationship) -> str:
    """A parent by the key columns that refer to it."""
    return f"{relationship.parent}({', '.join(relationship.columns)})"


def _ways(graph: Graph, table: str, above: str, most: int = MOST_UP) -> list[_Path]:
    """The ways up from one table to another."""
    if most == 0:
        return []
    found: list[_Path] = []
    for link in graph.parents(table):
        if link.parent == above and link.parent != table:
            found.append((link,))
        elif link.parent not in (table, above):
            found += [(link, *rest) for rest in _ways(graph, link.parent, above, most - 1)]
    return found


def joined(graph: Graph, rule: Rule, place: Callable[[str], str]) -> tuple[str, str]:
    """The predicate of a rule, and the rows it can be asked of: each with its parents.

    Args:
        graph: has the rule's foreign keys.
        rule: the rule.
        place: SQL text of where a table's rows stand, by its name.
    """
    by_name = {r.name: r for r in graph.relationships}

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and not node.table:
            return column(node.name, "#row")
        return node

    joins = [f"(SELECT * FROM {place(rule.table)}) AS {quoted('#row')}"]  # noqa: S608
    for name, path in rule.paths:
        below = "#row"
        for at, link in enumerate(by_name[n] for n in path):
            own = name if at + 1 == len(path) else f"#{name}.{at}"
            same = " AND ".join(
                f"{quoted(below)}.{quoted(c)} = {quoted(own)}.{quoted(p)}"
                for c, p in zip(link.columns, link.parent_columns, strict=True)
            )
            above = f"(SELECT * FROM {place(link.parent)}) AS {quoted(own)}"  # noqa: S608
            joins.append(f"LEFT JOIN {above} ON {same}")
            below = own
    return text(check_expression(rule.sql).transform(swap)), " ".join(joins)


# order


def comparisons(sql: str) -> Iterator[tuple[exp.Column, exp.Column, bool]]:
    """(low, high, strict) of the comparisons of two columns that a predicate demands.

    Example:
        >>> [(a.name, b.name, s) for a, b, s in comparisons("a >= b AND (c < d) AND e > 1")]
        [('b', 'a', False), ('c', 'd', True)]
    """
    tree = check_expression(sql).unnest()
    for part in tree.flatten() if isinstance(tree, exp.And) else [tree]:
        node = part.unnest()
        if not isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE):
            continue
        left, right = node.this.unnest(), node.expression.unnest()
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            strict = isinstance(node, exp.GT | exp.LT)
            low, high = (right, left) if isinstance(node, exp.GT | exp.GTE) else (left, right)
            yield low, high, strict


def unkept_text(found: Unkept) -> str:
    """A finding about a CHECK."""
    return f"CHECK {found.check} is not kept by construction: {found.reason}"


def constraint_notes(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph
) -> dict[str, list[str]]:
    """What the report of a fit says about constraints, by table."""
    notes: dict[str, list[str]] = {}
    for table in raw.tables:
        node = next((t for t in graph.tables if t.name == table.name), None)
        for found in read_checks(con, table, node.columns)[1] if node and table.checks else ():
            notes.setdefault(table.name, []).append(unkept_text(found))
    for rule in graph.rules:
        if rule.broken:
            rows = graph.table(rule.table).rows
            text_ = f"{rule.broken:,} of {rows:,} source rows break '{rule.shown}', new ones do not"
            notes.setdefault(rule.table, []).append(text_)
    return notes
