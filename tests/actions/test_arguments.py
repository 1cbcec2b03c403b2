"""Arguments that cannot be meant are refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from genesis_sql.actions.arguments import number, text, whole
from genesis_sql.errors import OptionError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (7, 7),
        (7.0, 7),
        (-(2**63), -(2**63)),
        (np.int64(3), 3),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_whole_numbers(value: Any, expected: int | None) -> None:
    found = whole({"rows": value}, "rows")
    assert found == expected
    assert found is None or type(found) is int


@pytest.mark.parametrize("value", [1.5, "7", True, 2**63, float("nan"), float("inf"), [1]])
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(
        OptionError, match=r"rows is .*; it takes a whole number of at most 64 bits"
    ):
        whole({"rows": value}, "rows")


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), (2, 2.0), (0.5, 0.5), (Decimal("1.5"), 1.5)]
)
def test_numbers(value: Any, expected: float | None) -> None:
    assert number({"scale": value}, "scale") == expected


@pytest.mark.parametrize("value", ["2", True, [1]])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(OptionError, match=r"scale is .*; it takes a number"):
        number({"scale": value}, "scale")


def test_texts() -> None:
    assert text({"model": "m"}, "model") == "m"
    with pytest.raises(OptionError, match="model is missing; it takes a text"):
        text({}, "model")
    with pytest.raises(OptionError, match="model is 3; it takes a text"):
        text({"model": 3}, "model")
