"""Cells that hold some of their values: each as likely among them as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.plan import restrict
from genesis_sql.plan.values import Allowed
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Grid, Reals
from genesis_sql.program.steps import Draw, Tree


def shares(cells: Cells) -> dict[float, float]:
    """How likely each slot's value is."""
    weight = restrict._weights(cells, 0, len(cells.low))
    return {v: w / weight.sum() for v, w in zip(cells.low.tolist(), weight.tolist(), strict=True)}


def draw_of(weights: list[int], dtype: type, width: list[float] | None = None) -> Draw:
    start = np.array([0, len(weights)])
    accept, alias = alias_tables(start, np.array(weights))
    low = (np.arange(len(weights)) * 10).astype(dtype)
    null = None if dtype is np.int32 else np.zeros(len(weights), bool)
    wide = None if width is None else np.array(width, dtype)
    return Draw("x", (), Tree.single(), Cells(start, accept, alias, low, wide, null))


@settings(deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=40), st.data())
def test_labels_keep_their_odds(weights: list[int], data: st.DataObject) -> None:
    places = st.sets(st.integers(0, len(weights) - 1), min_size=1)
    chosen = sorted(data.draw(places))
    step, domain = draw_of(weights, np.int32), Categories("VARCHAR", ())
    codes = np.array([10 * c for c in chosen if c > 0], np.int32)
    allowed = Allowed(codes, tuple(map(str, codes)), 0 in chosen, labels=True)
    found = restrict.cells(step, domain, [], allowed)
    assert found is not None
    total = sum(weights[c] for c in chosen)
    for code, share in shares(found).items():
        assert share == pytest.approx(weights[code // 10] / total, abs=1e-6)


@pytest.mark.parametrize(
    ("domain", "dtype", "widths", "values", "expected"),
    [
        (Grid("INTEGER"), np.int64, [1, 5, 10], [0, 12, 25], {0: 10 / 17, 12: 4 / 17, 25: 3 / 17}),
        (Reals("DOUBLE"), np.float64, [2.0, 5.0, 10.0], [1.5, 12.0], {1.5: 5 / 9, 12.0: 4 / 9}),
        (Reals("DOUBLE"), np.float64, [0.0, 5.0, 10.0], [0.0, 12.0], {0.0: 1.0}),
        (Grid("INTEGER"), np.int64, [1, 5, 10], [8], None),
    ],
)  # fmt: skip
def test_points_of_intervals_share_their_weight(
    domain: Domain, dtype: type, widths: list[float], values: list[float], expected: object
) -> None:
    step = draw_of([10, 20, 30], dtype, widths)
    allowed = Allowed(np.array(values, dtype), tuple(map(str, values)), null=False, labels=False)
    found = restrict.cells(step, domain, [], allowed)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert shares(found) == pytest.approx(expected, abs=1e-6)


def grouped(bounds: list[int], weights: list[int]) -> Draw:
    """Whole numbers 0 … in groups: code c of the group leads to cell c - 1."""
    start = np.array(bounds)
    accept, alias = alias_tables(start, np.array(weights))
    low = np.arange(len(weights), dtype=np.int64)
    cells = Cells(start, accept, alias, low, np.ones_like(low), np.zeros(len(low), bool))
    inner = [(0, c + 1, 2 * c + 1, 2 * c + 2) for c in range(len(bounds) - 2)]
    nodes: list[tuple[int, int, int, int]] = []
    for at, node in enumerate(inner):
        nodes += [node, (-1, 0, at, 0)]
    nodes.append((-1, 0, len(bounds) - 2, 0))
    return Draw("x", ("#bin:x",), Tree(*np.array(nodes, np.int32).T), cells)


def test_values_in_groups_keep_their_odds() -> None:
    step = grouped([0, 3, 5, 9], [1, 2, 3, 4, 6, 5, 1, 1, 3])
    allowed = Allowed(np.array([1, 2, 8]), ("1", "2", "8"), null=False, labels=False)
    share, made = restrict.groups(step, Grid("BIGINT"), allowed)
    assert share == {1: pytest.approx(5 / 6, abs=1e-6), 3: pytest.approx(0.3, abs=1e-6)}
    leaves = {code: restrict._leaf(made.tree, [code]) for code in share}
    assert leaves == {1: 0, 3: 1}
    assert made.cells.low.tolist() == [1, 2, 8]
    weight = restrict._weights(made.cells, 0, 2)
    assert weight[1] / weight[0] == pytest.approx(1.5, abs=1e-6)


def test_values_that_no_group_has_give_none() -> None:
    step = grouped([0, 3, 5, 9], [1] * 9)
    allowed = Allowed(np.array([77]), ("77",), null=False, labels=False)
    assert restrict.groups(step, Grid("BIGINT"), allowed)[0] == {}
