"""The block step: several columns that a model draws at once, here a trivial one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from genesis_sql.errors import ModelFormatError
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Grid, Raw, Reals
from genesis_sql.program.execute import Identity, Rows, register_block, run
from genesis_sql.program.serialize import from_bytes, to_bytes
from genesis_sql.program.steps import Block, Draw, Output, Program, Tree


def _pair(
    step: Block,
    program: Program,
    rows: Rows,
    raw: dict[str, Raw],
    words: Callable[[str], np.ndarray],
) -> dict[str, Raw]:
    """x uniform, y = loc[kind] + x: what a neural model does, in one line."""
    x = words("x") * 2.0**-32
    return {"x": Raw(x), "y": Raw(program.parts[step.part][raw["kind"].values] + x)}


register_block("test_pair", _pair)


def program() -> Program:
    start = np.array([0, 2], np.int64)
    accept, alias = alias_tables(start, np.array([1, 3], np.int64))
    kind = Draw("kind", (), Tree.single(), Cells(start, accept, alias, np.array([1, 2], np.int32)))
    block = Block(("x", "y"), "test_pair", "loc", ("kind",))
    size = Draw(
        "size",
        ("y",),
        Tree(*(np.array(a, np.int32) for a in ([0, -1, -1], [1, 0, 0], [1, 0, 1], [2, 0, 0]))),
        Cells(
            np.array([0, 1, 2], np.int64),
            np.full(2, 2**32 - 1, np.uint32),
            np.arange(2, dtype=np.int32),
            np.array([5, 9]),
            np.array([1, 1]),
            np.zeros(2, bool),
        ),
    )
    domains = {
        "kind": Categories("VARCHAR", ("a", "b")),
        "x": Reals("DOUBLE"),
        "y": Reals("DOUBLE"),
        "size": Grid("BIGINT"),
    }
    outputs = tuple(Output(n, d.type) for n, d in domains.items())
    edges = {"y": np.array([50.0])}
    parts = {"loc": np.array([0.0, 10.0, 100.0])}
    return Program("t", 100, (kind, block, size), domains, edges, outputs, parts=parts)


def rows(numbers: np.ndarray) -> Rows:
    return Rows(numbers, numbers)


def test_a_block_step_feeds_and_is_fed() -> None:
    raw = run(program(), Identity("u", 1), rows(np.arange(1000)), None, ["size"])
    kind, x, y, size = (raw[n].values for n in ("kind", "x", "y", "size"))
    assert set(kind) == {1, 2}
    assert np.array_equal(y - x, np.where(kind == 1, 10.0, 100.0))
    assert np.array_equal(size, np.where(kind == 1, 5, 9))


def test_a_block_of_rows_equals_its_parts() -> None:
    whole = run(program(), Identity("u", 1), rows(np.arange(300)), None, ["x", "y"])
    part = run(program(), Identity("u", 1), rows(np.arange(100, 200)), None, ["x", "y"])
    for name in ("x", "y"):
        assert np.array_equal(whole[name].values[100:200], part[name].values)
        assert len(np.unique(whole[name].values)) == 300


def test_a_block_step_survives_storage() -> None:
    again = from_bytes(to_bytes(program()))
    made, before = (
        run(p, Identity("u", 1), rows(np.arange(50)), None, ["x", "y"]) for p in (again, program())
    )
    assert np.array_equal(made["y"].values, before["y"].values)


def test_an_unknown_block_method_is_named() -> None:
    found = program()
    other = Block(("x", "y"), "not_installed", "loc", ("kind",))
    broken = Program(**{**vars(found), "steps": (found.steps[0], other)})
    with pytest.raises(ModelFormatError, match="not_installed"):
        run(broken, Identity("u", 1), rows(np.arange(5)), None, ["x"])
