"""Sizes: keys of labels end, others go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.scaling import Scales, smallest_scale, uncounted_scale
from genesis_sql.plan.spec import Spec
from genesis_sql.program.domain import Categories, Grid
from genesis_sql.program.steps import Digit, Output, Program
from genesis_sql.types import Graph


def grid(*, labels: bool) -> Model:
    """A key of two parts that fill a grid of 3 × 4; the second, open one holds labels or numbers."""
    first = Digit("a", np.arange(1, 4, dtype=np.int32), 1, 1, 3)
    second = Digit("b", np.arange(1, 5, dtype=np.int32 if labels else np.int64), 1, 3, 0)
    letters = Categories("VARCHAR", tuple("wxyz"))
    domains = {"a": letters, "b": letters if labels else Grid("INTEGER")}
    outputs = (Output("a", "VARCHAR"), Output("b", domains["b"].type))
    program = Program("t", 10, (first, second), domains, {}, outputs)
    return Model("m", 1, "u", Graph(()), {"t": program}, {}, ("t",))


def test_a_key_of_labels_ends() -> None:
    model = grid(labels=True)
    assert [Sampler(model, 0, scale).size("t") for scale in (0.5, 1.0, 1.2, 50.0)] == [
        5,
        10,
        12,
        12,
    ]
    assert smallest_scale(Sampler, model, "t", 12, Spec()) == 1.2
    with pytest.raises(OptionError, match="'t' has at most 12 rows: its key is made of labels"):
        smallest_scale(Sampler, model, "t", 13, Spec())


def test_a_key_of_numbers_goes_on() -> None:
    model = grid(labels=False)
    raw = Sampler(model, 0, 50.0).raw("t", np.arange(500), ["a", "b"])
    pairs = set(zip(raw["a"].values.tolist(), raw["b"].values.tolist(), strict=True))
    assert len(pairs) == Sampler(model, 0, 50.0).size("t") == 500
    assert smallest_scale(Sampler, model, "t", 500, Spec()) == 50.0


def test_an_empty_table_has_no_scale() -> None:
    model = grid(labels=False)
    empty = replace(model.programs["t"], rows=0)
    with pytest.raises(OptionError, match="table 't' was empty when it was fitted"):
        smallest_scale(Sampler, replace(model, programs={"t": empty}), "t", 1, Spec())


def test_a_scale_left_open_is_the_smallest(family: Model) -> None:
    known, spec = Scales(), replace(Spec(5), least=("orders", 77))
    found = known.found(Sampler, family, spec)
    assert found == Spec(5).at(smallest_scale(Sampler, family, "orders", 77, Spec(5)))
    assert known.found(_never, family, spec) == found  # kept
    assert known.found(_never, family, found) is found
    assert Spec.from_json(spec.to_json()) == spec


def _never(_: Model, __: Spec) -> Sampler:
    raise AssertionError


def test_what_needs_no_counting_is_told_at_once(family: Model) -> None:
    assert uncounted_scale(family, "users", 80) == 2.0
    assert uncounted_scale(family, "orders", 0) == 1.0
    assert uncounted_scale(family, "orders", 1) is None
