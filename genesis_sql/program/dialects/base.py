"""What an engine calls the vocabulary of `genesis_sql.program.sql_nodes`.

The defaults write what most engines know; an engine's file overrides what it calls otherwise.
Methods named like a vocabulary function (``date``, ``exact``, …) get its arguments as nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlglot import exp

from genesis_sql.errors import GenesisError, OptionError
from genesis_sql.program.dialects.items import Item as Item
from genesis_sql.program.dialects.items import Place as Place
from genesis_sql.program.dialects.items import separator as separator
from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    literal,
    named,
    op,
    own,
    relation_name,
    times,
)
from genesis_sql.sqlbuild import column

Node = exp.Expression
_TYPES = exp.DataType.Type
SHIFTED = 2**15
"""Powers of two from here on divide numbers that are never below 0: a shift is the same."""
HUGE = 2**62
OTHERS = "these cell data are not those of this text: write both with the same arguments"
"""What a text says where it finds others than it was written with."""
_WIDE = (_TYPES.INT128, _TYPES.UINT128)


@dataclass(frozen=True)
class Dialect:
    """How one engine writes a program.

    Attributes:
        name: what users call it.
        title: what its makers call it.
        writes: the sqlglot dialect of its text.
        reads: how rows read the cell data: 'columns' (lists beside the rows), 'scalars' (a
            subquery that gives the list) or 'joins' (a row for each element).
        ran: whether the tests run it; the others are written, and parsed by sqlglot.
        infinite: whether its dates and timestamps may be infinite.
        nan: whether its doubles may be NaN.
        decimals: whether it counts with decimals as DuckDB does.
        midnight: whether a time of day may be 24:00:00.
        nested: how many elements of the cell data one expression may hold.
        keeps: whether a common table expression may be computed once beside one that reads itself.
        walks: whether it runs expressions that read themselves through many nested levels.
        small: how many nodes a column may have that is repeated in each of its readers.
        within: write a relation that is read once inside its reader, not in front of all.
        wide: how many columns a SELECT may have.
        before: statements that a session needs in front of a long one.
        cells_kept: whether the relation of the cell data is computed once; None says nothing.
        data: where the cell data stand, where the text does not hold them.
    """

    name: str
    title: str
    writes: str
    reads: str = "scalars"
    ran: bool = True
    infinite: bool = False
    nan: bool = True
    decimals: bool = True
    midnight: bool = False
    nested: int = 12
    keeps: bool = True
    walks: bool = True
    small: int = 0
    within: bool = False
    wide: int = 10_000
    before: tuple[str, ...] = ()
    cells_kept: bool | None = None
    data: Place | None = None

    def first(self) -> tuple[str, ...]:
        """The statements that a session needs in front of a text."""
        return self.before

    def text(self, tree: exp.Expression) -> str:
        """The text of a tree of this engine's words."""
        return tree.sql(dialect=self.writes, copy=False, comments=True)

    def is_too_deep(self, tree: exp.Expression) -> bool:
        """Whether an expression in this engine's words is more than its parser follows."""
        return False

    def materialized(self, *, shared: bool) -> bool | None:
        """What a common table expression says of being computed once; None says nothing."""
        return None

    def fenced(self, tree: exp.Expression, *, shared: bool) -> exp.Expression:
        """A SELECT that is not to be folded into the one that reads it."""
        return tree

    # cell data

    def stored(self, item: Item) -> list[tuple[str, str]]:
        """The rows (name, values) of an item."""
        if isinstance(item.values, tuple):
            mark = separator(item.values)
            return [(item.name, mark + mark.join(item.values))]
        return [(item.name, f"[{','.join(map(repr, item.values.tolist()))}]")]

    def cells(self, items: list[Item]) -> exp.Expression | None:
        """The relation (name, values); None where the arrays stand in the text themselves."""
        return values_relation([row for item in items for row in self.stored(item)])

    def source(self, data: Place) -> exp.Expression:
        """The relation of cell data that the text does not hold."""
        if data.parquet:
            return self.parquet(data.parquet)
        parts = [exp.to_identifier(part, quoted=True) for part in reversed(data.table)]
        places = dict(zip(("this", "db", "catalog"), parts, strict=False))
        return exp.Table(**places)

    def parquet(self, path: str) -> exp.Expression:
        """A Parquet file as a relation."""
        message = (
            f"{self.title} reads no Parquet file: load the rows of genesis_compile_data(…) into a "
            f"table and name that with its schema, as in data := 'main.cells', not '{path}'"
        )
        raise OptionError(message)

    def outside(self, data: Place, items: list[Item]) -> exp.Select:
        """The relation (name, values) of cell data that the text does not hold."""
        made = exp.Select(expressions=[column("name"), column("values")])
        return made.from_(self.source(data), copy=False).where(self._among(items), copy=False)

    def _among(self, items: list[Item]) -> exp.Expression:
        names = [exp.Literal.string(n) for item in items for n, _ in self.stored(item)]
        return exp.In(this=column("name"), expressions=names)

    def complete(self, items: list[Item]) -> exp.Expression:
        """Whether the relation has the cell data of this text; an error that says so where not."""
        counted = self.found().subquery(copy=False)
        many = sum(len(self.stored(item)) for item in items)
        return self.asserted(op(exp.EQ, counted, many), OTHERS)

    def found(self) -> exp.Select:
        """How many rows of cell data there are."""
        return exp.select("count(*)").from_(relation_name("cells"))

    def asserted(self, test: exp.Expression, message: str) -> exp.Expression:
        """A condition that is an error where it does not hold."""
        found = case([(test, exp.Literal.string("1"))], self.failure(message))
        return op(exp.EQ, as_type(found, "INTEGER"), 1)

    def failure(self, message: str) -> exp.Expression:
        """A text that fails where it is cast to a number."""
        return exp.Literal.string(message)

    def list_of(self, item: Item) -> exp.Expression:
        """The list of an item, as a subquery: it is parsed inside, once."""
        made = self.parsed(item, column("values"))
        found = exp.Select(expressions=[made]).from_(relation_name("cells"))
        chosen = binary(exp.EQ, column("name"), exp.Literal.string(item.name))
        return exp.Subquery(this=found.where(chosen, copy=False))

    def parsed(self, item: Item, text: exp.Expression) -> exp.Expression:
        """The list that the text of an item stands for."""
        raise NotImplementedError

    def element(self, values: exp.Expression, index: exp.Expression) -> exp.Expression:
        """An element of a list, counted from 0."""
        raise NotImplementedError

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        """An element of an item, where the data are read as 'scalars'."""
        return self.element(exp.paren(self.list_of(item), copy=False), index)

    def reading(
        self, nodes: dict[str, Node], items: Mapping[str, Item], single: dict[str, Node]
    ) -> dict[str, Node]:
        """The columns of a relation, changed where elements come of columns or joins."""
        return nodes

    def joined(self, tree: exp.Select, source: str, items: Mapping[str, Item]) -> exp.Select:
        """A level, with the joins that its elements come of."""
        return tree

    def held(self, rows: list[exp.Tuple]) -> tuple[exp.Expression, list[exp.Expression]]:
        """A relation of tuples of literals that stand in the statement, and its columns."""
        names = [exp.to_identifier(f"c{i}") for i in range(len(rows[0].expressions))]
        made = exp.values(rows)
        made.set("alias", exp.TableAlias(this=exp.to_identifier("held"), columns=names))
        return made, [exp.column(n.name) for n in names]

    # rows

    def rows(self, first: Node, stop: Node) -> exp.Expression:
        """A relation of ``#number`` and ``#address``, both first … stop - 1."""
        raise NotImplementedError

    def beside(
        self, source: str, shared: list[exp.Table], names: list[str], ends: tuple[Node, Node]
    ) -> exp.Select | None:
        """The relation of `rows` with what all rows share, where that is faster than a cross join.

        Args:
            source: the rows.
            shared: relations of one row.
            names: their columns that are read.
            ends: the first row and the one behind the last.
        """
        return None

    def repeated(
        self, source: str, columns: list[str], low: exp.Expression, high: exp.Expression, to: str
    ) -> exp.Expression:
        """The rows of a relation, each once for every number low … high - 1, which ``to`` gets."""
        raise NotImplementedError

    # words

    def rewritten(
        self, node: exp.Expression, items: Mapping[str, Item], *, top: bool = False
    ) -> exp.Expression:
        """A tree in this engine's words.

        Args:
            node: the tree; it is changed.
            items: the cell data.
            top: leave the common table expressions alone, they are done.
        """
        if _is_floored(node):
            return self.floored(self.rewritten(node.this.this, items))
        for key, value in list(node.args.items()):
            if top and key in ("with", "with_"):
                continue
            if isinstance(value, exp.Expression):
                made = self.rewritten(value, items)
                if made is not value:
                    node.set(key, made)
            elif isinstance(value, list):
                new = [
                    self.rewritten(v, items) if isinstance(v, exp.Expression) else v for v in value
                ]
                if any(a is not b for a, b in zip(new, value, strict=True)):
                    node.set(key, new)
        return self._swapped(node, items)

    def _swapped(self, node: exp.Expression, items: Mapping[str, Item]) -> exp.Expression:
        """One node whose children are in this engine's words already."""
        if isinstance(node, exp.Anonymous):
            return self._called(node, items)
        method = _METHODS.get(type(node))
        return node if method is None else method(self, node)

    def _called(self, node: exp.Anonymous, items: Mapping[str, Item]) -> exp.Expression:
        name = str(node.this)
        if name == "genesis_at":
            item = items[node.expressions[0].name]
            return self.at(item, node.expressions[1])
        if name.startswith("genesis_"):
            return cast(Node, getattr(self, name.removeprefix("genesis_"))(*node.expressions))
        if name in ("least", "greatest"):
            return self.end(name, node.expressions)
        return node

    def without(self, what: str) -> GenesisError:
        """The error that says what this engine has not."""
        message = (
            f"{self.title} has no {what}; leave that column out, or use genesis_generate, which "
            "gives the same rows"
        )
        return GenesisError(message)

    def without_walks(self, column_: str, table: str) -> GenesisError:
        """The error that names a column which follows from the row before it."""
        message = (
            f"{self.title} runs no recursion of many levels, which column '{column_}' of table "
            f"'{table}' needs as it follows from the row before it; compile the table for "
            "dialect := 'duckdb', or use genesis_generate, which gives the same rows"
        )
        return GenesisError(message)

    def xor(self, left: Node, right: Node) -> Node:
        """Exclusive or of whole numbers."""
        return binary(exp.BitwiseXor, left, right)

    def divided(self, left: Node, right: Node) -> Node:
        """Whole division."""
        return exp.Div(this=exp.paren(left), expression=exp.paren(right), typed=True)

    def rest(self, left: Node, right: Node) -> Node:
        """Remainder of a whole division."""
        return binary(exp.Mod, left, right)

    def shifted(self, left: Node, bits: int) -> Node:
        """A whole number shifted to the right, which is faster than to divide."""
        return exp.paren(binary(exp.BitwiseRightShift, left, literal(bits)), copy=False)

    def masked(self, left: Node, bits: int) -> Node:
        """The lowest bits of a whole number, which is faster than a remainder."""
        return exp.paren(binary(exp.BitwiseAnd, left, literal(2**bits - 1)), copy=False)

    def end(self, name: str, nodes: list[Node]) -> Node:
        """The least or greatest of some values."""
        return call(name, *nodes)

    def words(self, words: list[Node]) -> Node:
        """A list of random words."""
        return exp.Array(expressions=[own(w) for w in words])

    def word(self, words: Node, index: Node) -> Node:
        """One of them, counted from 0 by a literal."""
        return self.element(words, index)

    def real(self, value: float) -> Node:
        """A double, to the last bit."""
        return _cast(exp.Literal.string(repr(value)), "DOUBLE")

    def floored(self, value: Node) -> Node:
        """A double rounded down, as BIGINT."""
        return _cast(exp.Floor(this=own(value)), "BIGINT")

    def floor(self, value: Node) -> Node:
        """A double rounded down, as a double."""
        return exp.Floor(this=own(value))

    def substring(self, node: exp.Expression) -> Node:
        """A part of a text."""
        return node

    def pad(self, node: exp.Expression) -> Node:
        """A text filled up on its left."""
        return node

    def cast(self, node: exp.Expression) -> Node:
        """A cast to one of DuckDB's types."""
        return node

    def date(self, days: Node) -> Node:
        """A date, by its days since 1970."""
        raise NotImplementedError

    def timestamp(self, micros: Node) -> Node:
        """A timestamp without zone, by its microseconds since 1970."""
        raise NotImplementedError

    def timestamp_tz(self, micros: Node) -> Node:
        """A timestamp with zone."""
        raise NotImplementedError

    def timestamp_ns(self, nanos: Node) -> Node:
        """A timestamp by its nanoseconds since 1970."""
        what = "timestamps of nanoseconds"
        raise self.without(what)

    def time(self, micros: Node) -> Node:
        """A time of day, by its microseconds."""
        what = "times of day"
        raise self.without(what)

    def exact(self, whole: Node) -> Node:
        """A double without decimals as a number of up to 38 digits: two parts below 2**62."""
        huge = self.real(float(HUGE))
        upper = self.floor(binary(exp.Div, own(whole), huge))
        lower = binary(exp.Sub, own(whole), binary(exp.Mul, own(upper), huge.copy()))
        parts = [_cast(_cast(n, "BIGINT"), "DECIMAL(38, 0)") for n in (upper, lower)]
        unit = _cast(exp.Literal.string(str(HUGE)), "DECIMAL(19, 0)")
        return add(times(parts[0], unit), parts[1])

    def decimal(self, units: Node, scale: Node) -> Node:
        """A number without decimals times 10^-scale."""
        digits = int(scale.name)
        if digits == 0:
            return units
        unit = exp.Literal.string(f"0.{'0' * (digits - 1)}1")
        return times(units, _cast(unit, f"DECIMAL({digits}, {digits})"))


def _cast(node: exp.Expression, type_: str) -> exp.Expression:
    return as_type(node, type_)


def to_text(node: exp.Expression, kinds: tuple[str, ...]) -> exp.Expression:
    """A cast, to text where the engine does not have the type."""
    to = cast(exp.Cast, node).to
    if any(to.is_type(_TYPES[kind]) for kind in kinds):
        node.set("to", exp.DataType.build("TEXT"))
    return node


def retyped(node: exp.Expression, types: Mapping[str, str], dialect: str) -> exp.Expression:
    """A cast, to the type that stands for DuckDB's in an engine."""
    to = cast(exp.Cast, node).to
    for kind, name in types.items():
        if to.is_type(_TYPES[kind]):
            node.set("to", exp.DataType.build(name, dialect=dialect))
            break
    return node


def union(selects: list[exp.Select]) -> exp.Expression:
    """All rows of some SELECTs: a balanced tree, as a long one must not nest deeply."""
    if len(selects) == 1:
        return selects[0]
    half = len(selects) // 2
    left, right = union(selects[:half]), union(selects[half:])
    return exp.Union(this=left, expression=right, distinct=False)


def numbered(source: exp.Expression, number: exp.Expression) -> exp.Select:
    """The relation of ``#number`` and ``#address`` of a source with numbers."""
    made = exp.Select(expressions=named([("#number", number), ("#address", number.copy())]))
    return made.from_(source, copy=False)


def repeated(source: str, columns: list[str], number: exp.Expression, to: str) -> exp.Select:
    """A SELECT of some columns and an expression that gives several rows."""
    shown = [(n, column(n)) for n in columns]
    return exp.Select(expressions=named([*shown, (to, number)])).from_(
        relation_name(source), copy=False
    )


def values_relation(rows: list[tuple[str, str]]) -> exp.Select:
    """``SELECT * FROM (VALUES …)`` of the cell data."""
    made = exp.values(rows)
    names = [exp.to_identifier(n, quoted=True) for n in ("name", "values")]
    alias = exp.TableAlias(this=exp.to_identifier("rows", quoted=True), columns=names)
    made.set("alias", alias)
    return exp.select("*").from_(made)


def power_of_two(node: exp.Expression) -> int:
    """The bits of a literal (behind a cast too) that is a power of two from SHIFTED on; else 0."""
    inner = node.this if isinstance(node, exp.Cast) else node
    if not isinstance(inner, exp.Literal) or inner.is_string or not inner.name.isdecimal():
        return 0
    value = int(inner.name)
    return value.bit_length() - 1 if value >= SHIFTED and value & (value - 1) == 0 else 0


def _divided(dialect: Dialect, node: Any) -> Node:
    bits = power_of_two(node.expression)
    left, right = node.this, node.expression
    return dialect.shifted(left, bits) if bits else dialect.divided(left, right)


def _rest(dialect: Dialect, node: Any) -> Node:
    bits = power_of_two(node.expression)
    left, right = node.this, node.expression
    return dialect.masked(left, bits) if bits else dialect.rest(left, right)


def _is_floored(node: exp.Expression) -> bool:
    """A double rounded down, as BIGINT."""
    return (
        isinstance(node, exp.Cast)
        and isinstance(node.this, exp.Floor)
        and node.to.is_type(_TYPES.BIGINT)
    )


def _cast_node(dialect: Dialect, node: Any) -> Node:
    inner, to = node.this, node.to
    if to.is_type(_TYPES.DOUBLE) and isinstance(inner, exp.Literal) and inner.is_string:
        return dialect.real(float(inner.name))
    return dialect.cast(node)


_METHODS: dict[type, Callable[[Dialect, Any], Node]] = {
    exp.BitwiseXor: lambda d, n: d.xor(n.this, n.expression),
    exp.IntDiv: _divided,
    exp.Mod: _rest,
    exp.Least: lambda d, n: d.end("least", [n.this, *n.args["expressions"]]),
    exp.Greatest: lambda d, n: d.end("greatest", [n.this, *n.args["expressions"]]),
    exp.Array: lambda d, n: d.words(n.expressions),
    exp.Substring: lambda d, n: d.substring(n),
    exp.Pad: lambda d, n: d.pad(n),
    exp.Cast: _cast_node,
    exp.Floor: lambda d, n: d.floor(n.this),
}
