"""Relations under construction: columns put one above the other, written as a chain of CTEs.

A column may use those put before it. What depends on nothing new shares a level, so that the draws
of all columns stand beside each other; a level hands on only what a later one reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from genesis_sql.program.sql_nodes import named, relation_name
from genesis_sql.sqlbuild import column, text

Columns = Iterable[tuple[str, exp.Expression]]


KEY = "#key "
"""What the names of columns with keys of streams begin with."""


@dataclass(frozen=True)
class Recursion:
    """A common table expression that reads itself.

    Attributes:
        first: its first rows.
        levels: trees by name, each a derived table of the ones that read it; the first one reads
            the expression itself.
        last: what makes the next rows out of the last level.
    """

    first: exp.Expression
    levels: tuple[tuple[str, exp.Expression], ...]
    last: exp.Expression

    def tree(self, write: Callable[[exp.Expression], str]) -> exp.Expression:
        """The union of both members.

        Args:
            write: gives the text of a level: trees nested so deeply cannot be walked as one.
        """
        texts: dict[str, str] = {}
        for name, tree in self.levels:
            texts[name] = write(_nested(tree, texts))
        last = _nested(self.last, texts)
        return exp.Union(this=self.first, expression=last, distinct=False)


def _nested(tree: exp.Expression, texts: Mapping[str, str]) -> exp.Expression:
    """A tree with derived tables in the place of the levels that it reads."""
    for table in list(tree.find_all(exp.Table)):
        if table.name in texts:
            alias = exp.to_identifier(table.alias or table.name, quoted=True)
            inner = exp.Var(this=texts[table.name])
            table.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=alias)))
    return tree


class Query:
    """A statement that grows: its common table expressions in order.

    Attributes:
        keys: the relation of one row that has the keys of streams, where they are not literals.
    """

    def __init__(self, keys: str | None = None) -> None:
        self.keys = keys
        self._tables: list[tuple[str, exp.Expression | Recursion, bool]] = []
        self._names = 0

    def name(self, begin: str) -> str:
        """A name that no other relation has."""
        self._names += 1
        return f"{begin} {self._names - 1}"

    def begin(self, tables: Iterable[tuple[str, exp.Expression, bool]]) -> None:
        """Put tables in front of all others: their names, trees, whether they are shared."""
        self._tables[:0] = tables

    def add(self, name: str, tree: exp.Expression, *, shared: bool = False) -> str:
        """Add one.

        Args:
            name: what its name begins with; a running number follows.
            tree: its SELECT.
            shared: whether DuckDB is to compute it once, as it is read more than once.

        Returns:
            Its name.
        """
        made = self.name(name)
        self._tables.append((made, tree, shared))
        return made

    def add_recursion(self, name: str, recursion: Recursion) -> None:
        """Add one that reads itself, under a name of `name`."""
        self._tables.append((name, recursion, False))

    def text(self, last: exp.Select) -> str:
        """The whole statement."""
        recursive = self.keys is not None
        recursive |= any(isinstance(tree, Recursion) for _, tree, _ in self._tables)
        for name, tree, shared in self._tables:
            alias = exp.to_identifier(name, quoted=True)
            made = tree.tree(text) if isinstance(tree, Recursion) else tree
            keep = None if isinstance(tree, Recursion) else shared
            last = last.with_(alias, as_=made, materialized=keep, recursive=recursive, copy=False)
        return text(last)


def select(columns: Columns, source: str) -> exp.Select:
    """``SELECT … AS name, … FROM source``."""
    return exp.Select(expressions=named(columns)).from_(relation_name(source), copy=False)


def _reads(node: exp.Expression) -> list[exp.Column]:
    """The columns an expression reads, those of its subqueries aside."""
    found = node.walk(prune=lambda n: isinstance(n, exp.Query))
    return [n for n in found if isinstance(n, exp.Column)]


def _levels(nodes: Mapping[str, exp.Expression]) -> dict[str, int]:
    """The level of each column: one above the highest that it reads."""
    levels: dict[str, int] = {}
    for name, node in nodes.items():
        levels[name] = 1 + max((levels.get(read.name, 0) for read in _reads(node)), default=0)
    return levels


class Relation:
    """A relation that gets columns: at first those of ``source``, then what is put.

    Attributes:
        query: the statement it is part of.
        name: what its common table expressions are called.
        source: the relation that has all that is written so far.
        columns: what that has.
    """

    def __init__(self, query: Query, name: str, source: str, columns: Iterable[str]) -> None:
        self.query, self.name, self.source = query, name, source
        self.columns = list(columns)
        self._nodes: dict[str, exp.Expression] = {}
        self._single: dict[str, exp.Expression] = {}
        self._kept: list[str] = []

    def put(self, name: str, node: exp.Expression, *, keep: bool = False) -> exp.Column:
        """A new column; without ``keep`` it is gone behind the next join."""
        self._nodes[name] = node
        if keep:
            self._kept.append(name)
        return column(name)

    def put_all(self, columns: Columns) -> exp.Column:
        """A chain of columns; the last one is returned."""
        last = exp.Column()
        for name, node in columns:
            last = self.put(name, node)
        return last

    def single(self, name: str, node: exp.Expression) -> exp.Column:
        """A value that all rows share, such as a list: a column of a one-row relation."""
        self._single[name] = node
        return column(name)

    def close(self, *, shared: bool = False) -> str:
        """Write what was put; returns the relation that has it."""
        if self.query.keys is not None:
            self._hold_keys()
        nodes = self._folded()
        levels = _levels(nodes)
        highest = max(levels.values(), default=0)
        alive = self._alive(nodes, levels, highest)
        for level in range(1, highest + 1):
            made = [n for n, at in levels.items() if at == level and n in alive[level]]
            passed = [(n, column(n)) for n in alive[level] if n not in made]
            tree = select([*passed, *((n, nodes[n]) for n in made)], self.source)
            if level == 1 and self._single:
                one = exp.Select(expressions=named(self._single.items()))
                if self.query.keys and any(n.startswith(KEY) for n in self._single):
                    one = one.from_(relation_name(self.query.keys), copy=False)
                lists = relation_name(self.query.add(f"{self.name} lists", one))
                tree = tree.join(lists, join_type="cross", copy=False)
            self.source = self.query.add(self.name, tree, shared=shared and level == highest)
        self.columns += self._kept
        self._nodes, self._single, self._kept = {}, {}, []
        return self.source

    def _hold_keys(self) -> None:
        """Make the keys that are read values that all rows share."""
        for node in self._nodes.values():
            for read in _reads(node):
                if read.name.startswith(KEY):
                    self._single[read.name] = column(read.name)

    def _folded(self) -> dict[str, exp.Expression]:
        """What was put; a column that is read but once stands inside its reader."""
        reads = {name: _reads(node) for name, node in self._nodes.items()}
        often = Counter(c.name for found in reads.values() for c in found)
        out: dict[str, exp.Expression] = {}
        for name, node in self._nodes.items():
            out[name] = node
            for read in reads[name]:
                if read.name in out and often[read.name] == 1 and read.name not in self._kept:
                    inner = exp.paren(out.pop(read.name), copy=False)
                    out[name] = inner if read is node else node
                    read.replace(inner)
        return out

    def _alive(
        self, nodes: Mapping[str, exp.Expression], levels: Mapping[str, int], highest: int
    ) -> list[dict[str, None]]:
        """What each level hands on: what is kept, and what a level above it reads."""
        alive = [dict.fromkeys([*self.columns, *self._kept])]
        for level in range(highest, 0, -1):
            below = dict[str, None]()
            for name in alive[0]:
                if levels.get(name) == level:
                    below |= dict.fromkeys(read.name for read in _reads(nodes[name]))
                else:
                    below[name] = None
            alive.insert(0, below)
        return alive

    def join(self, other: str, on: exp.Expression, columns: Columns) -> None:
        """LEFT JOIN another relation: it is ``o`` in ``on`` and ``columns``, this one ``r``."""
        mine = exp.alias_(relation_name(self.close()), "r", table=True)
        added = list(columns)
        tree = exp.Select(expressions=named([(n, column(n, "r")) for n in self.columns] + added))
        their = exp.alias_(relation_name(other), "o", table=True)
        tree = tree.from_(mine, copy=False).join(their, on=on, join_type="left", copy=False)
        self.source = self.query.add(self.name, tree)
        self.columns += [n for n, _ in added]

    def replace(self, name: str, node: exp.Expression) -> None:
        """Give a column that is there other values."""
        source = self.close()
        tree = select([(n, node if n == name else column(n)) for n in self.columns], source)
        self.source = self.query.add(self.name, tree)
