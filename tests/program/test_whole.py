"""Programs whose rows are drawn at once: here by a method that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.spec import Sizes, Spec
from genesis_sql.program.domain import Grid, Raw
from genesis_sql.program.execute import Identity
from genesis_sql.program.steps import Block, Output, Program
from genesis_sql.program.whole import drawn_parts, register_whole, whole_method
from genesis_sql.types import Column, Graph, Role, Table

DOMAINS = {"x": Grid("BIGINT"), "y": Grid("BIGINT")}
OUTPUTS = (Output("x", "BIGINT"), Output("y", "BIGINT"))
PARTS = {"#block": np.zeros(16, np.uint8)}
PROGRAM = Program(
    "t", 10, (Block(("x", "y"), "test_whole", "#block"),), DOMAINS, {}, OUTPUTS, parts=PARTS
)
COLUMNS = tuple(Column(n, "BIGINT", Role.INTEGER) for n in DOMAINS)
MODEL = Model("m", 1, "u" * 32, Graph((Table("t", "", COLUMNS, 10),)), {"t": PROGRAM}, {}, ("t",))
DRAWN: list[float] = []


def _count(
    programs: Mapping[str, Program], identity: Identity, scale: float
) -> Mapping[str, Program]:
    DRAWN.append(scale)
    size = round(scale * programs["t"].rows)
    x = Raw(np.arange(size) + identity.seed)
    y = Raw(np.arange(size) ** 2, np.arange(size) % 3 > 0)
    parts = {**programs["t"].parts, **drawn_parts({"x": x, "y": y})}
    return {"t": replace(programs["t"], parts=parts)}


register_whole("test_whole", _count)


def test_rows_are_looked_up_in_what_was_drawn() -> None:
    DRAWN.clear()
    sampler = Sampler(MODEL, 5, 2.0)
    assert sampler.size("t") == 20
    numbers = np.array([3, 19, 0])
    raw = sampler.raw("t", numbers, ["x", "y"])
    assert raw["x"].values.tolist() == [8, 24, 5]
    assert raw["y"].values.tolist() == [9, 361, 0]
    assert raw["y"].valid is not None
    assert raw["y"].valid.tolist() == [False, True, False]
    assert DRAWN == [2.0]


def test_the_method_is_found() -> None:
    assert whole_method([PROGRAM]) == "test_whole"
    other = replace(PROGRAM, steps=(Block(("x", "y"), "another", "#block"),))
    assert whole_method([other]) == ""


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        (Spec(0, conditions=(("t", '{"x":["1"]}'),)), "takes no conditions"),
        (Spec(0, (Sizes(1.0), Sizes(1.0))), "cannot go on from rows that are there"),
        (Spec(0, (Sizes(1.0, (("t", 7),)),)), "ask for more or fewer with scale"),
    ],
)
def test_what_such_a_method_cannot_do_is_said(spec: Spec, match: str) -> None:
    with pytest.raises(OptionError, match=f"drawn as a whole by method 'test_whole'.*{match}"):
        Sampler(MODEL, spec)
