"""Conditions over metrics: read, kept or named."""

from __future__ import annotations

import pytest

from genesis_sql.errors import AssertError, OptionError
from genesis_sql.evaluate.gate import hold, read_condition, require
from genesis_sql.evaluate.measures import Measure, Metric

KNOWN = {
    m.name: m
    for m in (
        Measure("c2st_auc", "lower", "", ideal=0.5),
        Measure("orphans", "zero", "", ideal=0.0),
        Measure("shape", "higher", ""),
        Measure("tstr_auc", "higher", ""),
    )
}


def _metric(name: str, score: float | None, table: str = "t", note: str = "") -> Metric:
    return Metric("table", table, (), name, score, None, 100, note=note)


FOUND = [
    _metric("c2st_auc", 0.55, "orders"), _metric("c2st_auc", 0.7, "users"),
    _metric("orphans", 0.0, "orders"), _metric("orphans", 2.0, "items"),
    _metric("shape", 0.99, "orders"), _metric("shape", 0.9, "users"),
    _metric("tstr_auc", None, "users", "too few rows"),
]  # fmt: skip


def _held(condition: str) -> list[tuple[str, float, bool]]:
    return [
        (h.term.text, h.value, h.passed)
        for h in hold(read_condition(condition, KNOWN), FOUND, KNOWN)
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("c2st_auc < 0.6", [("c2st_auc < 0.6", 0.7, False)]),
        ("orders.c2st_auc < 0.6", [("orders.c2st_auc < 0.6", 0.55, True)]),
        ("orphans = 0", [("orphans = 0", 2.0, False)]),  # the sum
        ("orders.orphans = 0 AND shape >= 0.9", [
            ("orders.orphans = 0", 0.0, True), ("shape >= 0.9", 0.9, True)]),
        ("(NOT shape < 0.5) AND (orphans = 0 OR SHAPE > 0.8)", [
            ("NOT shape < 0.5", 0.9, True), ("orphans = 0 OR SHAPE > 0.8", 2.0, True)]),
        ("shape > -1", [("shape > -1", 0.9, True)]),
        ("shape <> 0.9", [("shape <> 0.9", 0.9, False)]),
    ],
)  # fmt: skip
def test_the_worst_row_counts(condition: str, expected: list[tuple[str, float, bool]]) -> None:
    assert _held(condition) == expected


def test_a_failure_names_each_part_and_its_value() -> None:
    held = hold(read_condition("c2st_auc < 0.6 AND orphans = 0 AND shape > 0", KNOWN), FOUND, KNOWN)
    with pytest.raises(
        AssertError,
        match=r"'m' fails: c2st_auc < 0.6 does not hold, it is 0.7; orphans = 0 does not hold, it is 2;",
    ):
        require("m", held)


def test_nothing_measured_is_no_pass() -> None:
    with pytest.raises(AssertError, match="'tstr_auc' was not measured: too few rows"):
        _held("tstr_auc > 0")
    with pytest.raises(AssertError, match="'shape' was not measured"):
        hold(read_condition("shape > 0", KNOWN), [], KNOWN)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("c2st_au < 0.6", "no metric 'c2st_au'; did you mean 'c2st_auc'"),
        ("1 < 2", "names no metric"),
        ("shape", "has no place in it|names|cannot be read"),
        ("shape > 'x'", "''x'' has no place in it"),
        ("shape > (SELECT 1)", "has no place in it"),
        ("read_text('/etc/passwd') = 1 AND shape > 0", "has no place in it"),
        ("shape > ", "it is no condition"),
        ("", "it is no condition"),
        ("shape > 0; DROP TABLE x", "cannot be read"),
    ],
)
def test_what_is_no_condition(condition: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_condition(condition, KNOWN)


def test_a_table_without_that_metric() -> None:
    with pytest.raises(
        OptionError, match="'shape' is not measured of table 'order'; did you mean 'orders'"
    ):
        _held('"order".shape > 0')
