"""What a block of rows is put together from: parents in one go, keys of texts written once."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from genesis_sql.plan import written
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import batch, rows_of
from genesis_sql.plan.sampler import Sampler, distinct
from genesis_sql.program.expressions import sampled

GOLDEN = {
    "likes": "54b19269041004bd",
    "lines": "7998f0b10b211dc3",
    "notes": "a31243c1473f028a",
    "orders": "69ceb01a7512b83f",
    "places": "f2fee4c76cd1008f",
    "tags": "6b51539b0165ecba",
    "users": "3f08ea04e749b7be",
}


@pytest.mark.parametrize("table", sorted(GOLDEN))
def test_rows_stay_what_they_were(family: Model, table: str) -> None:
    sampler = Sampler(family, 5, 20)
    numbers = np.arange(sampler.size(table))
    assert len(numbers) > 20
    whole = rows_of(sampler, table, numbers).to_pylist()
    assert sha256(repr(whole).encode()).hexdigest()[:16] == GOLDEN[table]
    turned = np.random.default_rng(1).permutation(numbers)
    assert rows_of(sampler, table, turned).to_pylist() == [whole[i] for i in turned]
    assert [rows_of(sampler, table, numbers[i : i + 1])[0].as_py() for i in range(20)] == whole[:20]


@pytest.mark.parametrize("table", ["orders", "likes"])
def test_a_key_is_the_same_text_written_once_or_for_each_row(family: Model, table: str) -> None:
    sampler, program = Sampler(family, 5), family.programs[table]
    numbers = np.arange(sampler.size(table))
    raw = sampler.raw(table, numbers, sampled(program))
    once = sampler.texts(table).of(raw, sampler.size)
    assert list(once) == ["code"]
    assert batch(program, raw, once).to_pylist() == batch(program, raw).to_pylist()
    few = {name: column.take(numbers[:3]) for name, column in raw.items()}
    assert not written.Texts(program).of(few, sampler.size)  # three rows do not pay for thirty


def test_a_key_beyond_the_parent_is_written_for_itself(family: Model) -> None:
    sampler, program = Sampler(family, 5), family.programs["likes"]
    raw = sampler.raw("likes", np.arange(sampler.size("likes")), sampled(program))
    raw["code"].values[0] = sampler.size("tags")
    assert not sampler.texts("likes").of(raw, sampler.size)


def test_different_numbers_are_found_in_any_order() -> None:
    for numbers in ([], [3], [2, 2, 5, 9, 9], [5, 2, 2, 9]):
        places, back = distinct(np.array(numbers, np.int64))
        assert places.tolist() == sorted(set(numbers))
        assert places[back].tolist() == numbers
