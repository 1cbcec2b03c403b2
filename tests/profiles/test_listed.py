"""Columns whose values stand in a list: row by row, from the beginning again behind the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.profiles.read import read_profile

Compiled = Callable[[Mapping[str, Any]], Any]


def _plain(**columns: Any) -> dict[str, Any]:
    listed = {n: {"type": "listed", "values": v} for n, v in columns.items()}
    key = {"id": {"type": "key", "format": "D%02d"}}
    return {"tables": {"t": {"rows": 4, "columns": {**key, **listed}}}}


def test_each_row_has_its_value_in_the_kernel_and_in_sql(compiled: Compiled) -> None:
    drawn = compiled(_plain(word=["b", "a", None, "b"], number=[3, 1, 2, 9], part=[0.5, 0.25]))
    expected = [
        ("D01", "b", 3, 0.5),
        ("D02", "a", 1, 0.25),
        ("D03", None, 2, 0.5),
        ("D04", "b", 9, 0.25),
    ]
    assert drawn.table("t", seed=7) == drawn.table("t", seed=8) == expected
    assert drawn.in_sql("t", seed=7) == expected
    assert drawn.table("t", rows=6)[4:] == [("D05", "b", 3, 0.5), ("D06", "a", 1, 0.25)]


def test_a_child_table_has_no_list() -> None:
    plain = _plain(word=["a"])
    plain["tables"]["kids"] = {
        "parent": "t",
        "rows": {"type": "poisson", "mean": 1},
        "columns": {"toy": {"type": "listed", "values": ["a"]}},
    }
    with pytest.raises(ProfileError, match="kids.toy lists the rows of a table, and 'kids' hangs"):
        compile_profile(read_profile(plain), name="p", version=1)


def test_no_condition_asks_about_a_list() -> None:
    plain = _plain(word=["a", "b"])
    plain["tables"]["t"]["columns"]["x"] = {
        "type": "conditional",
        "cases": [{"when": {"word": "a"}, "then": {"type": "constant", "value": 1}}],
    }
    with pytest.raises(ProfileError, match="asks about 'word', a column of type 'listed'"):
        compile_profile(read_profile(plain), name="p", version=1)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ProfileError, match="tables.t.columns.word"):
        read_profile(_plain(word=[]))
