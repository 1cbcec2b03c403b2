"""Texts that rows take by their number, as often as their weights say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.allocated import MOST_PLACES, sequence
from genesis_sql.profiles.compile import compile_profile
from tests.profiles.conftest import Drawn

Columns = Mapping[str, Mapping[str, Any]]
PATHS = {"type": "allocated", "values": ["a", "b", "c"], "weights": [0.7, 0.2, 0.1]}


@pytest.mark.parametrize(
    "weights",
    [(0.7, 0.2, 0.1), (1, 1, 1), (0.05, 0.95), (5, 3, 2, 1, 1, 7), (0.5, 0.0, 0.5), (3,)],
)
def test_up_to_every_row_each_has_come_as_its_weight_says(weights: tuple[float, ...]) -> None:
    places = np.tile(sequence(weights), 3)
    n = np.arange(1, len(places) + 1)
    for at, weight in enumerate(weights):
        off = np.abs(np.cumsum(places == at) - n * weight / sum(weights))
        assert off.max() < 1
        assert off[len(places) // 3 - 1] < 1e-9


def test_weights_that_fit_no_short_sequence_are_rounded() -> None:
    places = sequence((1 / 7, 0.123456789, 2.0))
    assert len(places) == MOST_PLACES
    shares = np.bincount(places) / MOST_PLACES
    total = 1 / 7 + 0.123456789 + 2
    assert np.abs(shares - np.array([1 / 7, 0.123456789, 2]) / total).max() < 1 / MOST_PLACES


@pytest.mark.parametrize("rows", [1, 9, 10, 137])
def test_kernel_and_sql_give_the_same(
    one_table: Callable[[Columns, int], Drawn], rows: int
) -> None:
    cost = {"type": "conditional", "cases": [{"when": {"path": "a"}, "then": {"type": "constant", "value": 5}}],
            "otherwise": {"type": "uniform", "min": 6, "max": 9, "decimals": 0}}  # fmt: skip
    drawn = one_table({"path": PATHS, "cost": cost}, rows)
    found = drawn.table("t", seed=3)
    assert found == drawn.in_sql("t", seed=3)
    assert all((path == "a") == (cost == 5) for path, cost in found)
    counts = Counter(path for path, _ in found)
    assert all(abs(counts[p] - w * rows) < 1 for p, w in (("a", 0.7), ("b", 0.2), ("c", 0.1)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": [1, 2]}, "t.path: values has 3 entries, and weights 2; give one"),
        ({"weights": [0, 0, 0]}, "t.path: all weights are 0; give one"),
    ],
)
def test_weights_that_make_no_sense_are_refused(change: Mapping[str, Any], said: str) -> None:
    table = {"rows": 3, "columns": {"path": {**PATHS, **change}}}
    with pytest.raises(ProfileError, match=said):
        compile_profile({"tables": {"t": table}}, name="p", version=1)


def test_a_later_moment_takes_its_amount_from_a_column(
    one_table: Callable[[Columns, int], Drawn],
) -> None:
    first = {"type": "uniform", "min": "2024-01-01", "max": "2024-12-31", "sql_type": "TIMESTAMP"}
    wait = {"type": "uniform", "min": 5, "max": 900, "decimals": 0, "sql_type": "BIGINT"}
    later = {"type": "after", "of": "first", "plus": "wait", "unit": "second"}
    drawn = one_table({"first": first, "wait": wait, "later": later}, 50)
    found = drawn.table("t")
    assert found == drawn.in_sql("t")
    assert all((later - first).total_seconds() == wait for first, wait, later in found)
    assert len({wait for _, wait, _ in found}) > 20


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "t.later: type 'after' needs 'by', a law, or 'plus', a column"),
        ({"plus": "part"}, "t.later: plus names 'part', which holds no whole numbers"),
        ({"plus": "wait", "until": "2025-01-01"}, "t.later: 'until' stands beside 'plus'"),
    ],
)
def test_amounts_that_make_no_sense_are_refused(change: Mapping[str, Any], said: str) -> None:
    columns = {
        "first": {"type": "uniform", "min": "2024-01-01", "max": "2024-12-31", "sql_type": "DATE"},
        "wait": {"type": "uniform", "min": 5, "max": 9, "decimals": 0},
        "part": {"type": "uniform", "min": 5, "max": 9},
        "later": {"type": "after", "of": "first", "unit": "day", **change},
    }
    with pytest.raises(ProfileError, match=said):
        compile_profile({"tables": {"t": {"rows": 3, "columns": columns}}}, name="p", version=1)
