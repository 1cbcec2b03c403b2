"""CHECKs are understood, or refused before any work."""

from __future__ import annotations

import pytest

from genesis_sql.drafts.checks import Facts, read_checks
from genesis_sql.errors import SchemaError
from genesis_sql.types import Ordered, RawColumn, RawTable

COLUMNS = tuple(
    RawColumn(name, type_)
    for name, type_ in (("a", "INTEGER"), ("b", "INTEGER"), ("s", "VARCHAR"), ("d", "DATE"))
)


def table(*checks: str) -> RawTable:
    return RawTable("t", "", COLUMNS, checks=checks)


@pytest.mark.parametrize(
    ("check", "column", "expected"),
    [
        ("a > 0", "a", Facts(low=0, above=True)),
        ("0 < a", "a", Facts(low=0, above=True)),
        ("(a) <= -3.5", "a", Facts(high=-3.5)),
        ("a BETWEEN 1 AND 5", "a", Facts(low=1, high=5)),
        ("s IN ('x', 'it''s')", "s", Facts(values=("x", "it's"))),
        ("CAST(s AS VARCHAR) = 'x' OR s = 'y'", "s", Facts(values=("x", "y"))),
        ("s = ANY(ARRAY['x', 'y'])", "s", Facts(values=("x", "y"))),
        ("d >= CAST('2020-01-01' AS DATE)", "d", Facts(low="2020-01-01")),
        ("A >= 2", "a", Facts(low=2)),
    ],
)
def test_simple_shapes(check: str, column: str, expected: Facts) -> None:
    found = read_checks(table(check)).of(column)
    assert (found.values, found.low, found.high) == (expected.values, expected.low, expected.high)
    assert (found.above, found.below) == (expected.above, expected.below)
    assert found.sources == (check,)


def test_parts_are_joined_and_the_tightest_bound_holds() -> None:
    found = read_checks(table("a > 0 AND a < 100", "a >= 5", "a <= 100", "s <> ''")).of("a")
    assert (found.low, found.above, found.high, found.below) == (5, False, 100, True)


def test_two_columns_in_order() -> None:
    assert read_checks(table("a < b", "b >= a")).ordered == [
        Ordered("a", "b", strict=True), Ordered("a", "b", strict=False),
    ]  # fmt: skip


@pytest.mark.parametrize("check", ["length(s) > 3", "a + b > 3", "a > 1 OR b > 2", "not sql ("])
def test_what_is_not_understood_says_nothing(check: str) -> None:
    found = read_checks(table(check))
    assert (found.facts, found.ordered) == ({}, [])


@pytest.mark.parametrize(
    "checks",
    [
        ("a > 5", "a < 3"), ("a > 5 AND a <= 5",), ("s IN ('x')", "s IN ('y')"),
        ("a IN (1, 2)", "a > 2"), ("d > '2020-01-01'", "d < '2019-01-01'"),
    ],
)  # fmt: skip
def test_what_no_row_keeps_is_refused(checks: tuple[str, ...]) -> None:
    with pytest.raises(SchemaError, match=r"no value of column '.' of table 't' keeps CHECK"):
        read_checks(table(*checks))


def test_a_circle_of_columns_is_refused() -> None:
    with pytest.raises(SchemaError, match="below itself"):
        read_checks(table("a < b", "b < a"))
