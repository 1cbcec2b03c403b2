"""Columns of a profile that SQL computes from others of the row and of its parent.

Expressions of the allow-list, combined texts, what Python functions give, formulas over totals, and
copies of what a parent computes: its inputs are copied and it is computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from genesis_sql.errors import ProfileError
from genesis_sql.plan.private import connection
from genesis_sql.profiles.arithmetic import Exact, exact, parse_arithmetic
from genesis_sql.profiles.called import call_tree
from genesis_sql.profiles.combined import combined_tree
from genesis_sql.profiles.hidden import Hidden, own_column
from genesis_sql.profiles.made import parent_named
from genesis_sql.profiles.making import Making
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.profiles.totals import total_error
from genesis_sql.program.allowlist import DRAWS, check_expression
from genesis_sql.program.domain import Fixed, Grid
from genesis_sql.program.steps import PARENT, Copy, Expression
from genesis_sql.sqlbuild import column, quoted, string, text

SHOWN = 80
"""Characters of a value that an error shows."""
COMPUTED = ("expression", "combined", "function", "formula")
ABOVE = "#above:"
"""In front of a column of the parent, while trees are put together."""
MOST_WHOLE = 10**37
"""Whole numbers of HUGEINT stay below it."""
Tables = Mapping[str, TableLaws]


@dataclass
class Computed:
    """What SQL computes of a table.

    Attributes:
        trees: over own columns, hidden ones, and columns of the parent (`ABOVE`).
        types: of those columns.
        hidden: columns the kernel makes for them.
        copies: columns that copy one computed elsewhere: where from (see `Path`), and its name.
    """

    trees: dict[str, exp.Expression]
    types: dict[str, str]
    hidden: Hidden
    copies: dict[str, tuple[str, str, str]]


class Computing:
    """The computed columns of all tables of a profile, found when they are asked for.

    Args:
        tables: with everything the kernel makes known.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.found: dict[str, Computed] = {}

    def of(self, table: TableLaws) -> Computed:
        """The computed columns of a table.

        Raises:
            ProfileError: one reads what is not there, itself, or does not bind.
        """
        if table.name not in self.found:
            made = self.found[table.name] = Computed({}, {}, Hidden(), {})
            for name in table.of("parent", "reference"):
                if name not in table.kinds:
                    made.copies[name] = (*_source(table, name), table.source_of(name))
            trees = {n: self._tree(table, n, made.hidden) for n in self._names(table)}
            for name in _ordered(table, trees):
                made.trees[name] = trees[name]
                made.types[name] = self._type(table, name, trees[name], made)
        return self.found[table.name]

    def _names(self, table: TableLaws) -> list[str]:
        return [c for c in table.of(*COMPUTED) if c not in table.drawn and c not in table.kinds]

    def _tree(self, table: TableLaws, name: str, hidden: Hidden) -> exp.Expression:
        spec, where = table.columns[name], table.where(name)
        if spec["type"] == "combined":
            tree = combined_tree(hidden, where, name, spec)
        elif spec["type"] == "function":
            known = [c for c in table.columns if c in table.kinds]
            tree = call_tree(hidden, table, name, known)
        elif spec["type"] == "formula":
            tree = late_formula(table, name)
        else:
            tree = self._expression(table, name, hidden)
        if spec["type"] == "expression" and spec.get("origin") == "spec":
            tree = _told_apart(tree, spec, hidden, where)
        return _shaped(tree, spec, hidden, name)

    def _expression(self, table: TableLaws, name: str, hidden: Hidden) -> exp.Expression:
        where, draws = table.where(name), 0

        def swap(node: exp.Expression) -> exp.Expression:
            nonlocal draws
            if isinstance(node, exp.Column) and node.table:
                above = parent_named(where, node, table, self.tables)
                return column(ABOVE + own_column(where, node, above.columns))
            if isinstance(node, exp.Column):
                return column(own_column(where, node, table.columns))
            if isinstance(node, exp.Anonymous) and node.name.lower() in DRAWS:
                if node.expressions:
                    message = f"{where}: {node.name.lower()}() takes nothing in its brackets"
                    raise ProfileError(message)
                if node.name.lower() == "n":
                    return column(hidden.number())
                draws += 1
                return column(hidden.uniform(name, draws - 1))
            return node

        tree = check_expression(str(table.columns[name]["sql"]), DRAWS)
        return tree.transform(swap)

    def type(self, table: TableLaws, name: str) -> str:
        """The type of a column of a table.

        Raises:
            ProfileError: it has none yet: it depends on itself.
        """
        if name in table.kinds:
            return table.kinds[name].type
        made = self.of(table)
        if name in made.copies:
            above, _, source = made.copies[name]
            return self.type(self.tables[above], source)
        if name not in made.types:
            message = (
                f"{table.where(name)} depends on itself, by way of rows that references choose; "
                "leave one of the copies out"
            )
            raise ProfileError(message)
        return made.types[name]

    def _type(self, table: TableLaws, name: str, tree: exp.Expression, made: Computed) -> str:
        """The type DuckDB gives an expression; ``sql_type`` where that is given."""
        spec = table.columns[name]
        given = spec.get("sql_type")
        if spec["type"] in ("function", "formula"):
            return str(given or f"DECIMAL(18,{_decimals(table, name)})")
        fields = ", ".join(
            f"CAST(NULL AS {self._read_type(table, read, made)}) AS {quoted(read)}"
            for read in dict.fromkeys(c.name for c in tree.find_all(exp.Column))
        )
        sql = text(tree)
        value = f"CAST({sql} AS {given})" if given else sql
        query = f"DESCRIBE SELECT {value} AS v FROM (SELECT {fields or '1 AS one'})"  # noqa: S608 - a checked expression, checked types, quoted names
        try:
            return str(connection().execute(query).fetchall()[0][1])
        except duckdb.Error as error:
            reason = str(error).strip().split("\n", 1)[0]
            message = f"{table.where(name)}: the expression does not fit its columns: {reason}"
            raise ProfileError(message) from error

    def _read_type(self, table: TableLaws, read: str, made: Computed) -> str:
        if read.startswith(ABOVE):
            return self.type(self.tables[str(table.parent)], read.removeprefix(ABOVE))
        if read in made.hidden.domains:
            return made.hidden.domains[read].type
        return made.types[read] if read in made.types else self.type(table, read)

    # values in a program

    def value(
        self, made: Making, where: str, path: tuple[str, ...], table: TableLaws, name: str
    ) -> exp.Expression:
        """What stands for a column of a table in the program of one below it.

        Args:
            made: the program; hidden copies are added.
            where: the column that reads it, for errors.
            path: aliases from the program's table up to the other; () is itself.
            table: the other.
            name: its column.
        """
        computed = self.of(table)
        kind = table.kinds.get(name) or computed.hidden.domains.get(name)
        if not path and (kind is not None or name in computed.trees):
            return column(name)
        if name in table.columns and table.columns[name]["type"] == "total":
            raise ProfileError(total_error(where, table.name, name))
        if isinstance(kind, Fixed):
            return _fixed(kind)
        if kind is not None:
            shown = "/".join(path if path[0] != PARENT else path[1:])
            hidden = f"#of:{shown}/{name}".replace("#of:/", "#of:")
            if hidden not in made.domains:
                made.put(Copy(hidden, ".".join([*path, name])), kind)
            return column(hidden)
        if name in computed.copies:
            above, alias, source = computed.copies[name]
            return self.value(made, where, (*path, alias), self.tables[above], source)
        inner = self.placed(made, where, path, table, computed.trees[name])
        type_ = computed.types[name]
        return exp.cast(exp.paren(inner), type_, dialect="duckdb")

    def placed(
        self,
        made: Making,
        where: str,
        path: tuple[str, ...],
        table: TableLaws,
        tree: exp.Expression,
    ) -> exp.Expression:
        """A tree of a table with everything it reads as the program has it."""

        def swap(node: exp.Expression) -> exp.Expression:
            if not isinstance(node, exp.Column):
                return node
            if node.name.startswith(ABOVE):
                above = self.tables[str(table.parent)]
                source = node.name.removeprefix(ABOVE)
                return self.value(made, where, (*path, PARENT), above, source)
            return self.value(made, where, path, table, node.name)

        return tree.copy().transform(swap)


def add_expressions(made: Making, table: TableLaws, computing: Computing) -> dict[str, str]:
    """Add what SQL computes of a table in an order in which each finds what it reads.

    Returns:
        The types by column.

    Raises:
        ProfileError: one reads what is not there, itself, or does not bind.
    """
    computed = computing.of(table)
    computed.hidden.into(made)
    for name, (above, alias, source) in computed.copies.items():
        tree = computing.value(made, table.where(name), (alias,), computing.tables[above], source)
        made.put(Expression(name, text(tree)))
    for name, tree in computed.trees.items():
        placed = computing.placed(made, table.where(name), (), table, tree)
        made.put(Expression(name, text(placed)))
    copied = {name: computing.type(table, name) for name in computed.copies}
    return {**copied, **computed.types}


def _source(table: TableLaws, name: str) -> tuple[str, str]:
    """The table that a column copies of, and its alias."""
    law = table.link_of(name)
    return (str(table.parent), PARENT) if law is None else (law.table, law.alias)


def _ordered(table: TableLaws, trees: Mapping[str, exp.Expression]) -> list[str]:
    done: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            message = f"expressions of table '{table.name}' read one another: {circle}"
            raise ProfileError(message)
        path.append(name)
        for node in trees[name].find_all(exp.Column):
            if node.name in trees:
                visit(node.name)
        done.append(path.pop())

    for name in trees:
        visit(name)
    return done


def _shaped(
    tree: exp.Expression, spec: Mapping[str, object], hidden: Hidden, name: str
) -> exp.Expression:
    """No longer than its type holds, and NULL in a share of the rows."""
    length, null = spec.get("length"), float(str(spec.get("null_share", 0.0)))
    if length is not None and spec["type"] == "expression":
        whole = exp.cast(exp.paren(tree), "VARCHAR")
        tree = exp.Left(this=whole, expression=exp.Literal.number(int(str(length))))
    if null > 0:
        some = exp.Not(this=exp.Is(this=column(hidden.some(name, null)), expression=exp.null()))
        tree = exp.Case(ifs=[exp.If(this=some, true=tree)])
    return tree


def _told_apart(
    tree: exp.Expression, spec: Mapping[str, object], hidden: Hidden, where: str
) -> exp.Expression:
    """What somebody wrote for a column; a value that it cannot hold ends the work and is named.

    Nothing is cut off silently: the text would not be what was asked for.
    """
    length, out = spec.get("length"), tree
    if length is not None:
        value = exp.cast(exp.paren(tree.copy()), "VARCHAR")
        size = exp.Length(this=value.copy())
        shown = exp.Left(this=value.copy(), expression=exp.Literal.number(SHOWN))
        ends = f"', and the column is VARCHAR({length}): it is longer"
        message = _message(where, hidden, "the expression gave '", shown, ends)
        long = exp.GT(this=size, expression=exp.Literal.number(int(str(length))))
        out = exp.Case(ifs=[exp.If(this=long, true=message)], default=value)
    if spec.get("nullable") is False and not spec.get("null_share"):
        ends = "the expression gave NULL, and the column is NOT NULL"
        out = exp.Coalesce(this=exp.paren(out), expressions=[_message(where, hidden, ends)])
    return out


def _message(where: str, hidden: Hidden, *parts: exp.Expression | str) -> exp.Expression:
    """SQL that raises a sentence with the row's number in it."""
    number = exp.cast(column(hidden.number()), "VARCHAR")
    first = exp.Literal.string(f"{where}, row ")
    texts = [exp.Literal.string(p) if isinstance(p, str) else p for p in (": ", *parts)]
    whole: exp.Expression = exp.DPipe(this=first, expression=number)
    for part in texts:
        whole = exp.DPipe(this=whole, expression=part)
    return exp.Anonymous(this="error", expressions=[whole])


def _fixed(kind: Fixed) -> exp.Expression:
    value = "NULL" if kind.value is None else string(kind.value)
    return exp.maybe_parse(f"CAST({value} AS {kind.type})", dialect="duckdb")


# formulas over totals


def _decimals(table: TableLaws, name: str) -> int:
    spec = table.columns[name]
    type_ = str(spec.get("sql_type") or "")
    if spec.get("decimals") is not None:
        return int(str(spec["decimals"]))
    if type_.startswith("DECIMAL("):
        return int(type_[8:-1].split(",")[1])
    if type_ in ("DOUBLE", "FLOAT") or not type_:
        return _late_exact(table, name).scale
    return 0


def _late_exact(table: TableLaws, name: str) -> Exact:
    where = table.where(name)

    def find(node: exp.Column) -> Exact:
        own = own_column(where, node, table.columns)
        kind = table.kinds.get(own)
        if isinstance(kind, Fixed) and kind.value is not None:
            return exact(where, parse_arithmetic(where, kind.value), find, MOST_WHOLE)
        late = table.columns[own]["type"] == "formula"
        numbers = isinstance(kind, Grid) and not kind.type.startswith(("DATE", "TIME"))
        if node.table or not (numbers or late):
            message = (
                f"{where}: a formula over totals reads own columns with fixed decimals, and "
                f"'{node.name}' is none; take the type 'expression'"
            )
            raise ProfileError(message)
        scale = kind.scale if isinstance(kind, Grid) else _decimals(table, own)
        return Exact(f"CAST(round({quoted(own)} * {10**scale}) AS HUGEINT)", scale)

    tree = parse_arithmetic(where, str(table.columns[name]["sql"]))
    return exact(where, tree, find, MOST_WHOLE)


def late_formula(table: TableLaws, name: str) -> exp.Expression:
    """A formula in SQL, over the columns of its table."""
    scale = _decimals(table, name)
    whole = _late_exact(table, name).rounded(scale).sql
    unit = f"CAST('0.{'0' * (scale - 1)}1' AS DECIMAL({scale}, {scale}))" if scale else "1"
    sql = f"CAST({whole} AS DECIMAL(19, 0)) * {unit}"
    return exp.maybe_parse(sql, dialect="duckdb")
