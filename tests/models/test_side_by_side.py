"""A large fit learns the same in whatever order its rows stand and on however many threads."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import genesis_sql
from genesis_sql.models import frame, trees
from genesis_sql.models.frame import Coded, by_key, coded, each
from genesis_sql.models.trees import TreeOptions, learn_forest, made_ready
from genesis_sql.program.domain import Categories, Grid, Raw

ROWS = 4_000


def columns() -> list[Coded]:
    rng = np.random.default_rng(3)
    a = rng.integers(0, 60, ROWS)
    b = np.where(a > 30, a // 7, rng.integers(0, 9, ROWS))
    c = ((a + b) % 3 + 1).astype(np.int32)
    return [
        coded("a", Grid("BIGINT"), Raw(a)),
        coded("b", Grid("BIGINT"), Raw(b, rng.random(ROWS) < 0.9)),
        coded("c", Categories("VARCHAR", ("x", "y", "z")), Raw(c)),
    ]


@pytest.mark.parametrize("target", ["a", "b", "c"])
@pytest.mark.parametrize("forest", [1, 3])
def test_trees_follow_the_canonical_order_not_where_rows_stand(target: str, forest: int) -> None:
    made = {c.name: c for c in columns()}
    goal, inputs = made.pop(target), list(made.values())
    options = TreeOptions(forest=forest, max_rows=1_500)
    order = np.random.default_rng(8).permutation(ROWS)
    family = np.repeat(np.arange(ROWS // 4), 4)
    for of in (None, family):
        tree, cell, size = learn_forest(inputs, goal, options, order, of)
        moved = [c.rows(order) for c in inputs], goal.rows(order)
        other, there, many = learn_forest(*moved, options, np.arange(ROWS), of)
        assert tree.leaves > 3
        assert size == many == forest
        for name in ("feature", "threshold", "left", "right"):
            assert getattr(tree, name).tolist() == getattr(other, name).tolist()
        assert (cell.reshape(size, -1)[:, order] == there.reshape(size, -1)).all()


@pytest.mark.parametrize("values", [1, 50, 3_000, 2**60])
def test_keys_are_sorted_as_a_stable_sort_does(values: int) -> None:
    keys = np.random.default_rng(values % 97).integers(0, values, ROWS).astype(np.uint64)
    assert by_key(keys).tolist() == np.argsort(keys, kind="stable").tolist()
    assert by_key(keys[:0]).tolist() == []


def test_columns_keep_their_order_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "MANY_ROWS", 1)
    assert each(lambda c: c.name, columns(), ROWS) == ["a", "b", "c"]
    with pytest.raises(ZeroDivisionError):
        each(lambda c: 1 // 0, columns(), ROWS)


def test_a_fit_on_threads_is_the_fit_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> list[tuple[object, ...]]:
        with genesis_sql.connect() as con:
            con.execute(
                "CREATE TABLE t AS SELECT i % 41 AS a, i % 7 + i % 41 // 20 AS b, "
                "['x', 'y', 'z', NULL][1 + i % 41 % 4] AS c FROM range(5000) AS r(i)"
            )
            con.execute("CALL genesis_fit('m', 't')").fetchall()
            return con.execute("FROM genesis_generate('m', rows := 500, seed := 3)").fetchall()

    alone = rows()
    monkeypatch.setattr(frame, "MANY_ROWS", 1)
    monkeypatch.setattr(trees, "MANY_ROWS", 1)
    assert rows() == alone
    assert len(set(alone)) > 50


def test_what_grows_trees_is_there_once_a_large_table_is_read() -> None:
    with made_ready(frame.MANY_ROWS):
        pass
    assert "sklearn.tree" in sys.modules
