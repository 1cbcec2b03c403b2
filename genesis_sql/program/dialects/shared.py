"""What several engines write in the same way, as they have no word for it."""

from __future__ import annotations

from sqlglot import exp

from genesis_sql.program.draw import binary
from genesis_sql.program.sql_nodes import (
    above,
    add,
    call,
    case,
    less,
    named,
    op,
    own,
    relation_name,
)
from genesis_sql.sqlbuild import column

Node = exp.Expression
WIDER = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINT": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)",
    "INT128": "DECIMAL(38, 0)",
    "UINT128": "DECIMAL(38, 0)",
}
"""The signed types that hold DuckDB's unsigned ones, and numbers of more than 64 bits."""


def counted_up(source: str, columns: list[str], low: Node, high: Node, to: str) -> exp.Select:
    """The rows of a relation, once for every number low … high - 1: a recursion that counts up."""
    names = [exp.to_identifier(n, quoted=True) for n in [*columns, to, "#stop"]]
    shown = [(n, column(n)) for n in columns]
    first = exp.Select(expressions=named([*shown, (to, low), ("#stop", high)]))
    first = first.from_(relation_name(source), copy=False).where(less(low, high), copy=False)
    following = add(column(to), 1)
    more = exp.Select(expressions=[*(column(n) for n in columns), following, column("#stop")])
    more = more.from_(relation_name("more"), copy=False)
    more = more.where(less(following.copy(), column("#stop")), copy=False)
    alias = exp.TableAlias(this=exp.to_identifier("more", quoted=True), columns=names)
    both = exp.Union(this=first, expression=more, distinct=False)
    made = exp.Select(expressions=named([*((n, column(n)) for n in columns), (to, column(to))]))
    made = made.from_(relation_name("more"), copy=False)
    counted = exp.CTE(this=both, alias=alias)
    made.set("with_", exp.With(expressions=[counted], recursive=True))
    return made


def either(left: Node, right: Node) -> Node:
    """Exclusive or: the bits of both together without those that both have."""
    all_ = exp.paren(binary(exp.BitwiseOr, left, right))
    both = exp.paren(binary(exp.BitwiseAnd, left.copy(), right.copy()))
    return exp.paren(op(exp.Sub, all_, both))


def single(value: Node) -> Node:
    """A double rounded to the 24 bits of a FLOAT (Veltkamp's split)."""
    big = exp.Mul(this=exp.paren(own(value)), expression=exp.Literal.number("536870913.0"))
    near = op(
        exp.Sub,
        exp.paren(big),
        exp.paren(op(exp.Sub, exp.paren(big.copy()), exp.paren(value.copy()))),
    )
    large = above(call("abs", value.copy()), exp.Literal.number("1e30"))
    return case([(large, value.copy())], near)
