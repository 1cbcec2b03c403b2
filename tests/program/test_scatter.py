"""Integer keys: a bijection in numpy, the same one in SQL."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.errors import ModelFormatError, OptionError
from genesis_sql.program.pattern_sql import integer_key_sql
from genesis_sql.program.scatter import IntegerKey, Scatter, scatter
from genesis_sql.sqlbuild import column, text

KEYS = [
    IntegerKey(1),
    IntegerKey(-50, 10),
    IntegerKey(100, 10, 30, 20, sequential=False),
    IntegerKey(0, 1, 1, 7, sequential=False),
    IntegerKey(1000, 1, 900, 1000, sequential=False, salt=3),
    IntegerKey(-(2**63), 2**4, 2**30, 2**30, sequential=False),
    IntegerKey(2**62, 1, 2**30, 2**30, sequential=False),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_keys_differ_and_are_the_same_in_sql(key: IntegerKey) -> None:
    at = np.arange(20_000, dtype=np.int64)
    made = key.render(at)
    assert made.dtype == np.int64
    assert len(np.unique(made)) == len(at)
    con = duckdb.connect()
    con.register("source", pa.table({"i": at}))
    rows = con.sql(f"SELECT {text(integer_key_sql(key, column('i')))} FROM source").fetchall()
    assert [row[0] for row in rows] == made.tolist()
    assert IntegerKey.from_dict(key.to_dict()) == key


def test_scattered_keys_fill_their_range_and_go_on_above() -> None:
    made = IntegerKey(100, 10, 30, 20, sequential=False).render(np.arange(602)).tolist()
    assert sorted(made[:600]) == list(range(100, 6100, 10))
    assert made[:600] != sorted(made[:600])
    assert made[600:] == [6100, 6110]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**64))
def test_scatter_is_a_bijection(high: int, low: int, salt: int) -> None:
    at = np.arange(min(high * low, 5000), dtype=np.uint64)
    left, right = scatter(at, Scatter.of(high, low, salt))
    assert int(left.max()) < high
    assert int(right.max()) < low
    assert len(np.unique(left * np.uint64(low) + right)) == len(at)


@pytest.mark.parametrize(
    ("plain", "match"),
    [
        ({"start": 2**63}, "BIGINT"),
        ({"start": 0, "step": 0}, "positive step"),
        ({"start": 0, "step": 16, "high": 2**30, "low": 2**30}, "BIGINT"),
        ({"start": 0, "low": 2**31}, "2\\^60"),
        ({"start": 0, "from": 1}, "cannot be read"),
    ],
)
def test_a_changed_key_is_refused(plain: dict[str, int], match: str) -> None:
    with pytest.raises(ModelFormatError, match=match):
        IntegerKey.from_dict(plain)


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(OptionError, match="has no key left"):
        IntegerKey(2**63 - 10).render(np.array([10]))
    with pytest.raises(OptionError, match="count from 0"):
        IntegerKey(1).render(np.array([-1]))
