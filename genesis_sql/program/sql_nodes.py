"""Small sqlglot nodes that the SQL form of a program is made of: the vocabulary of all engines.

Trees are built once, in DuckDB's types, of: columns, literals, ``+ - * // % xor``, comparisons,
AND, OR, IS NULL, `NullSafeEQ`, CASE, coalesce, least and greatest of two that are not NULL, casts,
`Floor`, `Substring`, `Pad`, ``||``, an `Array` of a row's own words, window sums, and
the functions below whose names begin with ``genesis_``. ``//`` and ``%`` get whole numbers of 0 or
more. `genesis_sql.program.dialects` rewrites a tree to what one engine calls these things.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from sqlglot import exp

from genesis_sql.program.draw import binary
from genesis_sql.sqlbuild import DIALECT

_LISTS = {"i4": "INTEGER[]", "i8": "BIGINT[]", "u4": "BIGINT[]", "f8": "DOUBLE[]"}


def own(node: exp.Expression) -> exp.Expression:
    """A node without parent: a copy where it stands somewhere already."""
    return node.copy() if node.parent else node


def literal(value: int) -> exp.Expression:
    """A whole number; DuckDB gives it the smallest type that holds it."""
    return exp.Literal.number(int(value))


def real(value: float) -> exp.Expression:
    """A double, infinities and NaN too."""
    return as_type(exp.Literal.string(repr(float(value))), "DOUBLE")


def as_type(node: exp.Expression, type_: str) -> exp.Expression:
    """A cast to a DuckDB type (`exp.cast` leaves out one DECIMAL over another)."""
    return exp.Cast(this=own(node), to=_type(type_).copy())


@lru_cache(maxsize=1024)
def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect=DIALECT)


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A function of DuckDB."""
    return exp.Anonymous(this=name, expressions=[own(a) for a in arguments])


def case(
    whens: Sequence[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression | None = None
) -> exp.Expression:
    """CASE WHEN … THEN … ELSE … END; NULL without ``otherwise``."""
    ifs = [exp.If(this=own(when), true=own(then)) for when, then in whens]
    return exp.Case(ifs=ifs, default=None if otherwise is None else own(otherwise))


def op(kind: type[exp.Binary], left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """A binary operation; a Python number stands for itself."""
    side = literal(right) if isinstance(right, int) else right
    return binary(kind, own(left), own(side))


def add(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left + right``."""
    return op(exp.Add, left, right)


def times(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left * right``."""
    return op(exp.Mul, left, right)


def div(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left // right`` of whole numbers, 0 or more."""
    return op(exp.IntDiv, left, right)


def mod(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left % right`` of whole numbers, 0 or more."""
    return op(exp.Mod, left, right)


def less(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left < right``."""
    return op(exp.LT, left, right)


def up_to(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left <= right``."""
    return op(exp.LTE, left, right)


def above(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """``left > right``."""
    return op(exp.GT, left, right)


def both(*nodes: exp.Expression) -> exp.Expression:
    """All of the comparisons hold."""
    joined = own(nodes[0])
    for node in nodes[1:]:
        joined = exp.And(this=joined, expression=own(node))
    return joined


def is_null(node: exp.Expression) -> exp.Expression:
    """``node IS NULL``."""
    return exp.Is(this=own(node), expression=exp.null())


def least(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """The smaller one of two that are not NULL (DuckDB passes over NULL, others do not)."""
    return call("least", left, literal(right) if isinstance(right, int) else right)


def greatest(left: exp.Expression, right: exp.Expression | int) -> exp.Expression:
    """The larger one of two that are not NULL."""
    return call("greatest", left, literal(right) if isinstance(right, int) else right)


def floored(node: exp.Expression) -> exp.Expression:
    """A double rounded down, as BIGINT."""
    return as_type(exp.Floor(this=own(node)), "BIGINT")


def element(values: exp.Expression, index: exp.Expression | int) -> exp.Expression:
    """An element of a list of DuckDB, counted from 0."""
    if isinstance(index, exp.Literal):
        index = int(index.name)
    place = literal(index + 1) if isinstance(index, int) else add(index, 1)
    return call("list_extract", values, place)


def at(item: str, index: exp.Expression | int) -> exp.Expression:
    """An element of an item of the cell data (`Query.item`), counted from 0."""
    return call("genesis_at", exp.Literal.string(item), _node(index))


def step(item: str, place: exp.Expression) -> exp.Expression:
    """An element of an item, by what one of its places says and an index that counts from there."""
    return call("genesis_step", exp.Literal.string(item), place)


def word(words: exp.Expression, index: int) -> exp.Expression:
    """One of the words of a row's own list, counted from 0."""
    return call("genesis_word", words, literal(index))


def moment(kind: str, count: exp.Expression) -> exp.Expression:
    """A date, time or timestamp by days or (nano)seconds: 'date', 'time', 'timestamp', …."""
    return call(f"genesis_{kind}", count)


def exact(whole: exp.Expression) -> exp.Expression:
    """A double without decimals as a number of up to 38 digits, digit for digit."""
    return call("genesis_exact", whole)


def decimal(units: exp.Expression, scale: int) -> exp.Expression:
    """A number without decimals, counted in units of 10^-scale."""
    return call("genesis_decimal", units, literal(scale))


def _node(value: exp.Expression | int) -> exp.Expression:
    return literal(value) if isinstance(value, int) else value


def numbers(values: np.ndarray) -> exp.Expression:
    """A list of numbers, as one text that is cast: DuckDB reads a list of literals far slower."""
    shown = ", ".join(map(repr, values.tolist()))
    return as_type(exp.Literal.string(f"[{shown}]"), _LISTS[values.dtype.str[1:]])


def texts(values: Iterable[str]) -> exp.Expression:
    """A list of texts."""
    return as_type(exp.Array(expressions=[exp.Literal.string(v) for v in values]), "VARCHAR[]")


def relation_name(name: str) -> exp.Table:
    """A relation by its name."""
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def named(columns: Iterable[tuple[str, exp.Expression]]) -> list[exp.Expression]:
    """The entries of a select list."""
    return [
        exp.Alias(this=own(node), alias=exp.to_identifier(name, quoted=True))
        for name, node in columns
    ]
