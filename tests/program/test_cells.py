"""Alias tables: every slot with exactly its share, as far as 32 bits can tell."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_sql.program.cells import Cells, alias_tables

weights = st.lists(st.integers(1, 2**20), min_size=1, max_size=25)


def shares(accept: np.ndarray, alias: np.ndarray, first: int, stop: int) -> list[Fraction]:
    """Probability of each slot of one cell by the rule of `kernel._slot`."""
    out = [Fraction(0)] * (stop - first)
    for slot in range(first, stop):
        taken = Fraction(int(accept[slot]), 2**32)
        out[slot - first] += taken
        out[int(alias[slot]) - first] += 1 - taken
    return [share / (stop - first) for share in out]


@given(st.lists(weights, min_size=1, max_size=5))
def test_every_slot_has_its_share(cells: list[list[int]]) -> None:
    start = np.r_[0, np.cumsum([len(c) for c in cells])]
    accept, alias = alias_tables(start, np.concatenate(cells))
    assert accept.dtype == np.uint32
    assert alias.dtype == np.int32
    for cell, first in zip(cells, start.tolist(), strict=False):
        stop = first + len(cell)
        assert first <= alias[first:stop].min()
        assert alias[first:stop].max() < stop
        found = shares(accept, alias, first, stop)
        assert sum(found) == 1
        for share, weight in zip(found, cell, strict=True):
            assert abs(share - Fraction(weight, sum(cell))) <= Fraction(len(cell) + 1, 2**32)


@given(st.integers(1, 40), st.integers(1, 2**30))
def test_equal_slots_need_no_alias(size: int, weight: int) -> None:
    accept, alias = alias_tables(np.array([0, size]), np.full(size, weight))
    assert shares(accept, alias, 0, size) == [Fraction(1, size)] * size
    assert alias.tolist() == list(range(size))


@given(st.sets(st.integers(1, 2**15 - 1), min_size=31, max_size=31))
def test_powers_of_two_are_exact(cuts: set[int]) -> None:
    weight = np.diff([0, *sorted(cuts), 2**15])
    accept, alias = alias_tables(np.array([0, 32]), weight)
    assert shares(accept, alias, 0, 32) == [Fraction(int(w), 2**15) for w in weight]


@pytest.mark.parametrize("large", [2**55, 2**61])
def test_large_weights(large: int) -> None:
    accept, alias = alias_tables(np.array([0, 2]), np.array([1, large - 1]))
    rare, common = shares(accept, alias, 0, 2)
    assert rare <= Fraction(1, 2**32)
    assert rare + common == 1


def test_a_cell_does_not_touch_its_neighbour() -> None:
    one = alias_tables(np.array([0, 3]), np.array([1, 5, 9]))
    both = alias_tables(np.array([0, 3, 5]), np.array([1, 5, 9, 7, 7]))
    assert both[0][:3].tolist() == one[0].tolist()
    assert both[1][:3].tolist() == one[1].tolist()
    cells = Cells(np.array([0, 3, 5]), *both, np.arange(5, dtype=np.int32))
    assert cells.count == 2
