"""Rows of the tables below a unit of privacy: read, and bounded, so that none weighs too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa

from genesis_sql.actions.private_tables import Prepared
from genesis_sql.models.dp.learn import Asked, Context, Learnt
from genesis_sql.models.dp.mechanisms import words
from genesis_sql.models.load import parent_rows
from genesis_sql.models.stream import read_table
from genesis_sql.program.domain import Grid
from genesis_sql.program.steps import PARENT
from genesis_sql.types import Column


@dataclass(frozen=True, eq=False)
class Held:
    """The rows of a table that count; ``parent_row`` is the place of each among those above."""

    arrow: pa.Table
    parent_row: np.ndarray


def count_name(child: str) -> str:
    """The hidden column of a table that says how many rows of a child table belong to a row."""
    return f"#count:{child}"


def counts_asked(prepared: Sequence[Prepared], table: Prepared, most: int) -> list[Asked]:
    """The numbers of rows below, as columns to be learnt with the others: 0 to ``most``."""
    below = [p.name for p in prepared if p.link is not None and p.link.parent == table.name]
    return [
        Asked(count_name(n), "BIGINT", Grid("BIGINT"), False, (0, most), open=False) for n in below
    ]


def read_bounded(
    con: duckdb.DuckDBPyConnection, prepared: Sequence[Prepared], most: int
) -> dict[str, Held]:
    """The rows of all tables, at most ``most`` of each child table for a row above.

    Which ones is left to chance, whatever they hold. Rows without a parent belong to no unit and
    do not count. Each table gets the numbers of rows below as columns.

    Args:
        con: reads them.
        prepared: parents first.
        most: the bound.
    """
    out: dict[str, Held] = {}
    for p in prepared:
        arrow = read_table(con, replace(p.table, columns=_needed(prepared, p)))
        if p.link is None:
            out[p.name] = Held(arrow, np.arange(arrow.num_rows))
            continue
        above = parent_rows(con, arrow, out[p.link.parent].arrow, p.link)
        kept = chosen(above, most)
        out[p.name] = Held(arrow.filter(pa.array(kept)).combine_chunks(), above[kept])
    for p in prepared:
        if p.link is not None:
            held = out[p.link.parent]
            count = np.bincount(out[p.name].parent_row, minlength=held.arrow.num_rows)
            arrow = held.arrow.append_column(count_name(p.name), pa.array(count))
            out[p.link.parent] = replace(held, arrow=arrow)
    return out


def _needed(prepared: Sequence[Prepared], table: Prepared) -> tuple[Column, ...]:
    """The columns that are learnt, and the keys on either side."""
    names = {a.name for a in table.asked} | set(table.link.columns if table.link else ())
    for p in prepared:
        if p.link is not None and p.link.parent == table.name:
            names |= set(p.link.parent_columns)
    return tuple(c for c in table.table.columns if c.name in names)


def chosen(parent_row: np.ndarray, most: int) -> np.ndarray:
    """Which rows count: at most so many of each parent, taken at random: bool of shape (n,)."""
    order = np.lexsort((words(len(parent_row)), parent_row))
    held = parent_row[order]
    first = np.searchsorted(held, held, "left")
    kept = np.empty(len(parent_row), bool)
    kept[order] = (held >= 0) & (np.arange(len(held)) - first < most)
    return kept


def below(above: Learnt, groups: Sequence[np.ndarray], parent_row: np.ndarray) -> Context:
    """The columns of a table as its children see them."""
    columns, codes = [], []
    for column, code in zip(above.own, groups, strict=True):
        if not column.asked.name.startswith("#"):
            name = f"{PARENT}.{column.asked.name}"
            columns.append(replace(column, asked=replace(column.asked, name=name)))
            codes.append(code[parent_row])
    return Context(tuple(columns), tuple(codes))
