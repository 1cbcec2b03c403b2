"""Integer keys: dense ones count up, sparse ones are scattered over their range."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sql.encoders.key import fit_integer_key
from genesis_sql.errors import SourceError
from genesis_sql.program.scatter import IntegerKey

R = np.random.default_rng(2)
TOP = 2**63 - 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(1, 100), IntegerKey(1)),
        (R.permutation(np.arange(1, 1000))[:600], None),
        (np.arange(500, 900, 10), IntegerKey(500, 10)),
        ([7], IntegerKey(7)),
        (np.append(np.arange(1, 1000), [999_999, -1]), None),
        (np.arange(-40, 0), IntegerKey(-40)),
    ],
)
def test_dense_keys_count_up(values: np.ndarray, expected: IntegerKey | None) -> None:
    key = fit_integer_key(values)
    assert key.sequential
    assert expected in (None, key)
    assert key.start == min(values)


@pytest.mark.parametrize(
    ("low", "high"),
    [(10_000, 99_999), (0, 2**31 - 1), (-(2**63), TOP), (1, TOP), (-(2**40), 2**40)],
)
def test_sparse_keys_are_scattered_over_their_range(low: int, high: int) -> None:
    known = R.integers(low, high, 3000, endpoint=True)
    key = fit_integer_key(known)
    made = key.render(np.arange(2000))
    assert not key.sequential
    assert len(np.unique(made)) == 2000
    assert known.min() <= made.min()
    assert made.max() <= known.max()
    middle = sum(int(v) for v in made) / 2000
    assert abs(middle - (low + high) / 2) < (high - low) / 20
    assert abs(np.corrcoef(made.astype(float), np.arange(2000))[0, 1]) < 0.1
    assert fit_integer_key(known, salt=1).render(np.arange(5)).tolist() != made[:5].tolist()


def test_keys_near_the_top_of_their_type_leave_room() -> None:
    key = fit_integer_key(np.arange(100) + TOP - 99)
    assert key.sequential
    assert key.start + 2**32 <= TOP
    small = fit_integer_key(np.arange(32_000, 32_100), highest=32_767)
    assert small.start + 16 * 100 <= 32_767


def test_a_column_without_keys_is_refused() -> None:
    with pytest.raises(SourceError, match="without values"):
        fit_integer_key(np.array([], np.int64))
