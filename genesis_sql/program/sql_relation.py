"""Relations under construction: columns put one above the other, written as a chain of CTEs.

A column may use those put before it. What depends on nothing new shares a level, so that the draws
of all columns stand beside each other; a level hands on only what a later one reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.program.dialects.base import Dialect, Item
from genesis_sql.program.dialects.duckdb import DUCKDB
from genesis_sql.program.dialects.limits import MOST_LEVELS, depth
from genesis_sql.program.draw import LOW
from genesis_sql.program.sql_nodes import at, named, op, relation_name, step
from genesis_sql.program.sql_recursion import Recursion, nested
from genesis_sql.sqlbuild import column

Node = exp.Expression
Index = exp.Expression | int
Columns = Iterable[tuple[str, exp.Expression]]


CELLS = "cells"
"""The relation of the cell data: (name, values), a row for each array."""

OUT = "#out "
"""What the names of columns with values begin with; the name of the table's column follows."""

_READS = ("genesis_at", "genesis_step")
KEY = "#key "
"""What the names of columns with keys of streams begin with."""


class Query:
    """A statement that grows: its common table expressions in order, and the arrays it reads.

    Attributes:
        dialect: of the engine it is written for.
        keys: the relation of one row that has the keys of streams, where they are not literals.
        items: the arrays by name.
        kept: shared relations that are computed once even where they are read once.
    """

    def __init__(self, dialect: Dialect = DUCKDB, keys: str | None = None) -> None:
        self.dialect, self.keys = dialect, keys
        self.items: dict[str, Item] = {}
        self.kept: set[str] = set()
        self._known: dict[tuple[str, bytes], str] = {}
        self._tables: list[tuple[str, exp.Expression | Recursion, bool]] = []
        self._names = 0

    def name(self, begin: str) -> str:
        """A name that no other relation has."""
        self._names += 1
        return f"{begin} {self._names - 1}"

    def begin(self, tables: Iterable[tuple[str, exp.Expression, bool]]) -> None:
        """Put tables in front of all others: their names, trees, whether they are shared."""
        self._tables[:0] = tables

    def add(
        self, name: str, tree: exp.Expression, *, shared: bool = False, comment: str = ""
    ) -> str:
        """Add one.

        Args:
            name: what its name begins with; a running number follows.
            tree: its SELECT.
            shared: whether the engine is to compute it once, as it is read more than once.
            comment: what stands in front of it.

        Returns:
            Its name.
        """
        if comment:
            tree.add_comments([comment])
        made = self.name(name)
        self._tables.append((made, tree, shared))
        return made

    def add_recursion(self, name: str, recursion: Recursion) -> None:
        """Add one that reads itself, under a name of `name`."""
        self._tables.append((name, recursion, False))

    def item(
        self, name: str, values: np.ndarray | tuple[str, ...], places: int = 0, align: int = 1
    ) -> str:
        """Add an array to the cell data, each but once; returns the name of the item."""
        plain = repr(values).encode() if isinstance(values, tuple) else values.tobytes()
        kind = "text" if isinstance(values, tuple) else f"{values.dtype.str} {places}"
        known = self._known.get((kind, plain))
        if known is None:
            known = name if name not in self.items else f"{name} {len(self.items)}"
            if self.dialect.data is not None:  # tells it from those of all other texts
                content = f"{self.dialect.name} {kind} ".encode() + plain
                known = f"{name} {blake2b(content, digest_size=8).hexdigest()}"
            self._known[kind, plain] = known
            self.items[known] = Item(known, values, places, align)
        return known

    def text(self, last: exp.Select) -> str:
        """The whole statement."""
        dialect = self.dialect
        cells = self._cells(last)
        recursive = self.keys is not None
        recursive |= any(isinstance(tree, Recursion) for _, tree, _ in self._tables)
        if cells is not None:
            alias = exp.to_identifier(CELLS, quoted=True)
            kept = dialect.materialized(shared=True) if dialect.data else dialect.cells_kept
            last = last.with_(alias, as_=cells, materialized=kept, copy=False)
        inside = self._read_once(last) if dialect.within else set[str]()
        once = self._read_once(last) - self.kept if dialect.cells_kept else set[str]()
        texts: dict[str, str] = {}
        for name, tree, given in self._tables:
            made, kept = self._member(name, tree, shared=given and name not in once)
            kept = kept if dialect.keeps or not recursive else None
            made = nested(made, texts) if texts else made
            if name in inside:
                texts[name] = dialect.text(made)
                continue
            alias = exp.to_identifier(name, quoted=True)
            last = last.with_(alias, as_=made, materialized=kept, recursive=recursive, copy=False)
        whole = self._worded(last, last.args["from_"].this.name, top=True)
        return dialect.text(nested(whole, texts) if texts else whole)

    def _read_once(self, last: exp.Select) -> set[str]:
        """The relations that one SELECT reads, which is no member of a recursion."""
        reads = Counter[str]()
        for tree in (last, *(tree for _, tree, _ in self._tables)):
            if isinstance(tree, Recursion):
                for part in (tree.first, *(level for _, level in tree.levels), tree.last):
                    reads.update(2 * [t.name for t in part.find_all(exp.Table)])
            else:
                reads.update(t.name for t in tree.find_all(exp.Table))
        return {n for n, tree, _ in self._tables if reads[n] == 1 and isinstance(tree, exp.Select)}

    def rows(self) -> list[tuple[str, str]]:
        """The cell data as rows (name, values)."""
        return [row for item in self.items.values() for row in self.dialect.stored(item)]

    def _cells(self, last: exp.Select) -> exp.Expression | None:
        """The relation of the cell data; where they stand elsewhere, the rows ask for all."""
        items = list(self.items.values())
        if not items or self.dialect.data is None:
            return self.dialect.cells(items) if items else None
        last.where(self.dialect.complete(items), copy=False)
        return self.dialect.outside(self.dialect.data, items)

    def _member(
        self, name: str, tree: exp.Expression | Recursion, *, shared: bool
    ) -> tuple[exp.Expression, bool | None]:
        """A common table expression in the engine's words, and whether it is computed once."""
        dialect = self.dialect
        if isinstance(tree, Recursion):
            return dialect.rewritten(tree.tree(partial(self._level, name)), self.items), None
        made = dialect.fenced(self._worded(tree, name), shared=shared)
        return made, dialect.materialized(shared=shared)

    def _worded(self, tree: exp.Expression, relation: str, *, top: bool = False) -> exp.Expression:
        """A tree in the engine's words; what it cannot say is told with its column and table."""
        table, dialect = relation.rsplit(" ", 1)[0], self.dialect
        entries = list(tree.expressions) if isinstance(tree, exp.Select) else []
        if len(entries) > dialect.wide:
            message = (
                f"table '{table}' takes {len(entries):,} columns at once, and {dialect.title} has "
                f"at most {dialect.wide:,}; leave columns out, or use genesis_generate, which "
                "gives the same rows"
            )
            raise GenesisError(message)
        names = [entry.alias_or_name.removeprefix(OUT) for entry in entries]
        for name, entry in zip(names, entries, strict=True):
            if depth(entry) > MOST_LEVELS:
                raise self._too_deep(table, name)
        try:
            made = dialect.rewritten(tree, self.items, top=top)
        except GenesisError as error:
            message = f"{self._failing(entries, names, table)}{error}"
            raise GenesisError(message) from error
        for name, entry in zip(names, made.expressions if entries else [], strict=True):
            if dialect.is_too_deep(entry):
                raise self._too_deep(table, name)
        return made

    def _too_deep(self, table: str, name: str) -> GenesisError:
        message = (
            f"column '{name}' of table '{table}' nests more than the parser of "
            f"{self.dialect.title} follows; divide its expression into several columns, or use "
            "genesis_generate, which gives the same rows"
        )
        return GenesisError(message)

    def _failing(self, entries: list[Node], names: list[str], table: str) -> str:
        """The beginning of an error: the column that cannot be said."""
        for name, entry in zip(names, entries, strict=True):
            try:
                self.dialect.rewritten(entry.copy(), self.items)
            except GenesisError:
                return f"column '{name}' of table '{table}': "
        return f"table '{table}': "

    def _level(self, name: str, tree: exp.Expression) -> str:
        """The text of a level of a recursion."""
        made = self._worded(tree, f"{name} 0")
        return self.dialect.text(self.dialect.fenced(made, shared=False))


def select(columns: Columns, source: str) -> exp.Select:
    """``SELECT … AS name, … FROM source``."""
    return exp.Select(expressions=named(columns)).from_(relation_name(source), copy=False)


def _reads(node: exp.Expression) -> list[exp.Column]:
    """The columns an expression reads, those of its subqueries aside."""
    found = node.walk(prune=lambda n: isinstance(n, exp.Query))
    return [n for n in found if isinstance(n, exp.Column)]


def _elements(node: Node) -> int:
    """How many elements of the cell data an expression reads."""
    return sum(1 for n in node.find_all(exp.Anonymous) if n.this in _READS)


def _comment(made: Iterable[str], nodes: Mapping[str, Node]) -> str:
    """What a level makes: its columns that have a name of the table, and what they are made of."""
    told = []
    for name in made:
        if name.startswith("#"):
            continue
        read = dict.fromkeys(n.name.split(" ")[0].lstrip("#") for n in _reads(nodes[name]))
        inputs = ", ".join(n for n in read if n and n != name)
        told.append(f"{name} of {inputs}" if inputs else name)
    return "; ".join(told)


def _levels(nodes: Mapping[str, exp.Expression]) -> dict[str, int]:
    """The level of each column, at least one above the highest that it reads.

    A column stands as late as its readers allow: few are handed on then from level to level, and an
    engine that works on blocks of rows finds them in its nearest cache.
    """
    reads = {name: {read.name for read in _reads(node)} for name, node in nodes.items()}
    first: dict[str, int] = {}
    for name in nodes:
        first[name] = 1 + max((first.get(read, 0) for read in reads[name]), default=0)
    below: dict[str, int] = {}
    levels: dict[str, int] = {}
    for name in reversed(list(nodes)):  # readers stand behind what they read
        levels[name] = below.get(name, first[name])
        for read in reads[name]:
            below[read] = min(below.get(read, levels[name] - 1), levels[name] - 1)
    return {name: levels[name] for name in nodes}


class Relation:
    """A relation that gets columns: at first those of ``source``, then what is put.

    Attributes:
        query: the statement it is part of.
        name: what its common table expressions are called.
        source: the relation that has all that is written so far.
        columns: what that has.
        ends: while it is the rows of a root as `Dialect.rows` gives them, the first and the one
            behind the last.
        low: whether all addresses are below `draw.LOW`.
    """

    def __init__(
        self,
        query: Query,
        name: str,
        source: str,
        columns: Iterable[str],
        ends: tuple[Node, Node] | None = None,
    ) -> None:
        self.query, self.name, self.source = query, name, source
        self.columns = list(columns)
        self.ends = ends
        self.low = ends is not None and int(ends[1].name) <= LOW
        self._nodes: dict[str, exp.Expression] = {}
        self._single: dict[str, exp.Expression] = {}
        self._kept: list[str] = []

    def put(self, name: str, node: exp.Expression, *, keep: bool = False) -> exp.Column:
        """A new column; without ``keep`` it is gone behind the next join."""
        self._nodes[name] = node
        if keep:
            self._kept.append(name)
        return column(name)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._nodes or name in self.columns

    def once(self, name: str, node: exp.Expression) -> exp.Column:
        """A column that is the same for all who ask for it; joins keep it."""
        return column(name) if self.has(name) else self.put(name, node, keep=True)

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

    def array(self, name: str, values: np.ndarray | tuple[str, ...], index: Index) -> Node:
        """An element of a fixed array, counted from 0."""
        return at(self.query.item(f"{self.name}: {name}", values), index)

    def walk(self, name: str, tables: Sequence[np.ndarray], indices: Sequence[Node]) -> Node:
        """What some tables lead to: an element of one gives the row of the next.

        Rows are powers of two long and begin at multiples of their length, so that the place of an
        element is found without a sum, which an engine would look at for an overflow.

        Args:
            name: of the array that has all tables.
            tables: whole numbers of shape (rows, columns); the first one has one row.
            indices: the columns, in the tables' order.
        """
        begins = [0]
        for before, after in pairwise(tables):
            begins.append(-(-(begins[-1] + before.size) // after.shape[1]) * after.shape[1])
        large = max(int(table.max()) for table in tables) >= 2**31
        values = np.zeros(begins[-1] + tables[-1].size, np.int64 if large else np.int32)
        for begin, table in zip(begins, tables, strict=True):
            values[begin : begin + table.size] = table.ravel()
        for begin, table, onward, after in zip(
            begins, tables, begins[1:], tables[1:], strict=False
        ):
            values[begin : begin + table.size] = onward + table.ravel() * after.shape[1]
        widest = max(table.shape[1] for table in tables)
        item = self.query.item(f"{self.name}: {name}", values, begins[-1], widest)
        found: Node = at(item, indices[0])
        for place, index in enumerate(indices[1:]):
            row = self.put(f"#{name} {place}", found)
            found = step(item, op(exp.BitwiseOr, row, index))
        return found

    def close(self, *, shared: bool = False) -> str:
        """Write what was put; returns the relation that has it."""
        if self.query.keys is not None:
            self._hold_keys()
        nodes = self.query.dialect.reading(self._folded(), self.query.items, self._single)
        levels = _levels(nodes)
        highest = max(levels.values(), default=0)
        alive = self._alive(nodes, levels, highest)
        others = self._beside(self._shared()) if highest else []
        for level in range(1, highest + 1):
            made = [n for n, at in levels.items() if at == level and n in alive[level]]
            passed = [(n, column(n)) for n in alive[level] if n not in made]
            tree = select([*passed, *((n, nodes[n]) for n in made)], self.source)
            for other in others if level == 1 else ():
                tree = tree.join(other, join_type="cross", copy=False)
            tree = self.query.dialect.joined(tree, self.source, self.query.items)
            self.source = self.query.add(
                self.name, tree, shared=shared and level == highest, comment=_comment(made, nodes)
            )
        self.columns += self._kept
        self._nodes, self._single, self._kept = {}, {}, []
        self.ends = None if highest else self.ends
        return self.source

    def _beside(self, shared: list[exp.Table]) -> list[exp.Table]:
        """Put what all rows share beside them; returns what is to be joined still."""
        if not shared or self.ends is None:
            return shared
        made = self.query.dialect.beside(self.source, shared, list(self._single), self.ends)
        if made is None:
            return shared
        self.source = self.query.add(self.name, made)
        return []

    def _shared(self) -> list[exp.Table]:
        """The relations of one row with the values that all rows share."""
        keys = [n for n in self._single if n.startswith(KEY)]
        lists = {n: node for n, node in self._single.items() if n not in keys}
        out = [relation_name(self.query.keys)] if self.query.keys and keys else []
        if lists:
            one = exp.Select(expressions=named(lists.items()))
            if any(n.table == CELLS for n in one.find_all(exp.Column)):
                one = one.from_(relation_name(CELLS), copy=False)
            out.append(relation_name(self.query.add(f"{self.name} shared", one, shared=True)))
        return out

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
        held = {name: _elements(node) for name, node in self._nodes.items()}
        out: dict[str, exp.Expression] = {}
        for name, node in self._nodes.items():
            out[name] = node
            for read in reads[name]:
                if read.name not in out or read.name in self._kept:
                    continue
                if often[read.name] > 1:
                    out[name] = self._copied(out[name], read, out[read.name])
                    continue
                if held[name] and held[name] + held[read.name] > self.query.dialect.nested:
                    continue
                held[name] += held[read.name]
                inner = exp.paren(out.pop(read.name), copy=False)
                out[name] = inner if read is node else node
                read.replace(inner)
        return out

    def _copied(self, node: Node, read: exp.Column, inner: Node) -> Node:
        """A node with a copy of a column that several read, where that is a small one."""
        small = self.query.dialect.small
        if small == 0 or sum(1 for _ in inner.walk()) > small or _elements(inner):
            return node
        made = exp.paren(inner)
        if read is node:
            return made
        read.replace(made)
        return node

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
