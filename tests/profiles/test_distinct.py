"""Expressions that differ from row to row, and those that only read the row's number."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.profiles.distinct import is_distinct

SAME = [
    "n() % 2", "n() // 2", "floor(n() / 3)", "n() > 5", "n() * 0", "n() - n()", "u() + n()",
    "CASE WHEN n() > 5 THEN 'a' ELSE 'b' END", "CASE WHEN u() < 0.5 THEN n() END",
    "CAST(n() AS BOOLEAN)", "CAST(n() / 2 AS INTEGER)", "CAST(n() * 0.5 AS INTEGER)", "abs(n() - 5)",
    "left(CAST(n() AS VARCHAR), 1)", "round(n(), -1)", "code % 7", "left(code, 2)", "length(code)",
    "'a' || (n() % 10)", "(n() * 10) % 100", "CAST(DATE '2020-01-01' + to_minutes(n()) AS DATE)",
    "word", "least(n(), 5)",
]  # fmt: skip
APART = [
    "n()", "-n()", "n() * 2 + 1", "'a' || n()", "word || '-' || CAST(n() + 1 AS VARCHAR)",
    "DATE '2020-01-01' + CAST(n() AS INTEGER)", "TIMESTAMP '2020-01-01' + to_minutes(n())",
    "CAST(DATE '2020-01-01' + to_days(CAST(n() AS INTEGER)) AS DATE)", "lower(code) || '.example'",
    "(n() * 7 + 3) % 100", "(n() // 9) || '.' || (n() % 9)", "left(code, 3) || right(code, 5)",
    "lpad(CAST(n() AS VARCHAR), 9, '0')", "CASE WHEN u() < 0.5 THEN 'a' || n() ELSE 'b' || n() END",
]  # fmt: skip


@pytest.mark.parametrize("sql", SAME)
def test_what_throws_the_number_away(sql: str) -> None:
    assert not is_distinct(sql, lambda name: name == "code", 50)


@pytest.mark.parametrize("sql", APART)
def test_what_keeps_it(sql: str) -> None:
    assert is_distinct(sql, lambda name: name == "code", 50)


def test_a_remainder_reaches_as_far_as_its_divisor() -> None:
    assert is_distinct("n() % 50", lambda _: False, 50)
    assert not is_distinct("n() % 50", lambda _: False, 51)


def test_a_key_of_such_an_expression_is_refused() -> None:
    def compiled(sql: str) -> Any:
        table = {"rows": 9, "unique": [["a"]], "columns": {"a": {"type": "expression", "sql": sql}}}
        return compile_profile({"tables": {"t": table}}, name="p", version=1)

    with pytest.raises(ProfileError, match=r"cannot keep \(a\) unique"):
        compiled("n() % 2")
    assert compiled("n() % 9").order == ("t",)
