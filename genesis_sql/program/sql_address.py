"""The addresses of children in SQL: `draw.address` as chains of columns."""

from __future__ import annotations

from sqlglot import exp

from genesis_sql.program.draw import LOW, Held, Stream, draw_columns, round_columns
from genesis_sql.program.sql_nodes import add, div, op, times
from genesis_sql.sqlbuild import column

Keys = Stream | Held
Chain = list[tuple[str, exp.Expression]]


def address_columns(keys: tuple[Keys, Keys], parent: str, k: str) -> Chain:
    """`draw.address` as a chain of columns.

    Args:
        keys: the streams of the lower and the upper half.
        parent: column with the parent's address.
        k: column with the place among the siblings.
    """
    known = parent_words(keys, parent)
    one, two = (chain[-1][0] for chain in known)
    return [*known[0], *known[1], *own_address((one, two), k)]


def parent_words(keys: tuple[Keys, Keys], parent: str) -> tuple[Chain, Chain]:
    """The two words of a parent's address that are the keys of its children's addresses."""
    low, high = keys
    return draw_columns(low, parent, "#above low "), draw_columns(high, parent, "#above high ")


def own_address(words: tuple[str, str], k: str) -> Chain:
    """The address of a row out of the columns with its parent's words and its own place."""
    one, two = map(column, words)
    place = column(k)
    halves = [
        round_columns(op(exp.BitwiseXor, place.copy(), x), y.copy(), f"#own {name} ")
        for name, x, y in (("low", one, two), ("high", two.copy(), one))
    ]
    below, above = (div(column(chain[-1][0]), 2) for chain in halves)
    made = add(times(above, LOW), below)
    return [*halves[0], *halves[1], ("#made", made)]
