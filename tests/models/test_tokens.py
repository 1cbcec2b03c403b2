"""Columns as tokens: every value has one, groups are large enough, values come back from cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.encoders.number import fit_number
from genesis_sql.models.fill import FillOptions
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.load import code_labels
from genesis_sql.models.tokens import (
    MOST,
    cells_of,
    encode,
    encode_values,
    groups_as_column,
    one_cell_each,
    raw_tokens,
    tokens_of,
)
from genesis_sql.program.domain import Grid, Raw

FILL = FillOptions()


def number(values: list[float | None], type_: str = "DOUBLE") -> Coded:
    return coded("x", *fit_number(pa.array(values), type_))


def labels(values: list[str | None]) -> Coded:
    return code_labels("x", "VARCHAR", pa.array(values, pa.string()))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=1, max_size=400))
def test_numbers_are_grouped_with_their_neighbours(values: list[int | None]) -> None:
    column = coded("x", *fit_number(pa.array(values, pa.int64()), "BIGINT"))
    tokens = tokens_of(column, FILL, least=20)
    token = encode(tokens, column.rank, rng())
    assert token.min() >= 0
    assert token.max() < tokens.size
    assert tokens.share.sum() == pytest.approx(1)
    known = column.rank > 0
    order = np.argsort(column.rank[known], kind="stable")
    assert (np.diff(token[known][order]) >= 0).all()
    if known.sum() >= 20:
        assert np.bincount(token[known])[int(tokens.null) :].min() >= 20
    again = raw_tokens(
        column.raw, tokens.known, ordered=True, null=tokens.null, commonest=tokens.commonest
    )
    assert (again == token).all()


def test_a_spike_stands_alone() -> None:
    column = number([0.0] * 5_000 + list(np.linspace(1, 2, 5_000)))
    tokens = tokens_of(column, FILL, least=20)
    token = encode(tokens, column.rank, rng())
    assert (token[:5_000] == 0).all()
    assert (token[5_000:] > 0).all()
    assert tokens.size > 60


def test_many_labels_share_tokens_and_rare_ones_are_withheld() -> None:
    column = labels([f"l{i % 2_000}" for i in range(20_000)] + ["rare"])
    tokens = tokens_of(column, FILL, least=20)
    assert tokens.grouped
    assert tokens.size <= MOST
    cells = cells_of(tokens, column, FILL)
    held = {column.domain.labels[code - 1] for code in cells.low}
    assert held == {f"l{i}" for i in range(2_000)}
    few = tokens_of(labels(["a"] * 9 + ["b"] * 9 + ["rare", None]), FILL, least=20)
    assert (few.size, few.null, few.grouped) == (3, True, False)


def test_a_hundred_thousand_labels_do() -> None:
    column = labels([f"l{i % 100_000}" for i in range(300_000)])
    tokens = tokens_of(column, FILL, least=20)
    assert tokens.size <= MOST
    assert len(encode(tokens, column.rank, rng())) == 300_000


def test_all_labels_rare_are_kept_alike() -> None:
    assert tokens_of(labels(["a", "b", "c"]), FILL, least=20).size == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_each_group_has_its_cell(size: int) -> None:
    tree = one_cell_each(size)
    assert tree.leaves == size
    for code in range(1, size + 1):
        at = 0
        while tree.feature[at] >= 0:
            at = int(tree.left[at] if code <= tree.threshold[at] else tree.right[at])
        assert tree.left[at] == code - 1


def test_values_come_from_the_cells_of_their_group() -> None:
    values = np.round(rng().gamma(2, 30, 4_000), 2).tolist()
    column = number(values)
    assert isinstance(column.domain, Grid)
    tokens = tokens_of(column, FILL, least=20)
    cells = cells_of(tokens, column, FILL)
    assert cells.count == tokens.size == len(groups_as_column(tokens).values)
    for group in range(1, cells.count - 1):
        here = slice(cells.start[group], cells.start[group + 1])
        low, high = cells.low[here].min(), (cells.low + cells.width)[here].max()
        assert tokens.edges[group - 1] <= low
        assert high <= tokens.edges[group] + 1


def test_values_never_seen_have_a_token_too() -> None:
    column = labels(["a"] * 50 + ["b"] * 50)
    tokens = tokens_of(column, FILL, least=20)
    found = encode_values(tokens, column.domain, pa.array(["b", "new", None]), rng())
    assert found[0] == encode(tokens, column.rank, rng())[-1]
    assert set(found.tolist()) <= {0, 1}
    held = number([float(i) / 4 for i in range(1_000)])
    cut = tokens_of(held, FILL, least=20)
    beyond = encode_values(cut, held.domain, pa.array([-9.0, 9e9, 1.3, None]), rng())
    assert beyond.tolist()[:2] == [0, cut.size - 1]
    assert (beyond >= 0).all()
    assert (
        raw_tokens(Raw(np.array([99])), tokens.known, ordered=False, null=False, commonest=1) == [1]
    ).all()
