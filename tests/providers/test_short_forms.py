"""Columns of few characters hold codes and whole words, never a word cut off in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.providers.address import places
from genesis_sql.providers.kinds import kind_labels
from genesis_sql.providers.short_forms import ALPHA_3, codes
from genesis_sql.reference.states import STATES

EXPECTED: dict[str, tuple[str, set[str]]] = {
    "grade": ("CHAR(2)", {"A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D", "F"}),
    "state": ("CHAR(2)", set(STATES)),
    "home_state": ("VARCHAR(8)", set(STATES)),
    "gender": ("CHAR(1)", {"F", "M"}),
    "country": ("CHAR(2)", set(ALPHA_3)),
    "birth_country": ("CHAR(3)", set(ALPHA_3.values())),
    "language": ("CHAR(2)", {"en", "es", "fr", "de", "pt", "it", "zh", "ja", "ar"}),
    "language_code": ("VARCHAR(10)", {"en", "es", "fr", "de", "pt", "it", "zh", "ja", "ar"}),
    "nationality": ("CHAR(2)", set(ALPHA_3)),
    "priority": ("CHAR(1)", {"L", "M", "H", "U"}),
    "month_name": ("CHAR(3)", set("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())),
    "day_of_week": ("CHAR(3)", {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}),
    "weekday": ("VARCHAR(10)", {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                                "Saturday", "Sunday"}),
    "quarter": ("CHAR(2)", {"Q1", "Q2", "Q3", "Q4"}),
    "size": ("CHAR(2)", {"XS", "S", "M", "L", "XL"} | {"XXL"}),
    "card_type": ("CHAR(4)", {"VISA", "MC", "AMEX", "DISC"}),
    "department": ("CHAR(3)", set()),
    "category": ("CHAR(2)", {"GE", "ST", "PR", "IN", "EX", "SP", "SE", "OT"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    columns = ", ".join(f"{name} {type_} NOT NULL" for name, (type_, _) in EXPECTED.items())
    with genesis_sql.connect() as con:
        ddl = f"CREATE TABLE t (id INT PRIMARY KEY, {columns})"
        genesis_sql.from_ddl(ddl, con=con, name="m", rows={"t": 150})
        genesis_sql.generate_database(con, "m", "s", seed=1)
        yield con


@pytest.mark.parametrize("name", EXPECTED)
def test_a_short_column_holds_short_forms(made: duckdb.DuckDBPyConnection, name: str) -> None:
    expected = EXPECTED[name][1]
    found = {v for (v,) in made.execute(f"SELECT DISTINCT {name} FROM s.t").fetchall()}
    assert found
    if expected:
        assert found <= expected
    else:
        assert all(v == v.upper() and 1 < len(v) <= 3 for v in found)


def test_long_texts_end_with_a_word(one: Callable[..., list[Any]]) -> None:
    cities = {p[32:56].strip() for p in places("en_US")[0]}
    words = {" ".join(c.split()[:k]) for c in cities for k in range(1, 5)}
    assert {len(v) <= 14 for v in words} == {True, False}
    found = set(one("city", 600, length=14))
    assert found <= words
    assert not found <= cities
    assert max(map(len, found)) <= 14


def test_codes_differ_from_one_another() -> None:
    for length in (1, 2, 3):
        words = ["Standard", "Special", "Seasonal", "Sun", "S", "-", "In progress", "Incoming"]
        found = codes(words, length)
        assert len(set(found)) == len(words)
        assert max(map(len, found)) <= length
    assert codes(["a"] * 3, 2) == ["A"] * 3


def test_labels_by_name() -> None:
    assert set(kind_labels("shirtSize", 1) or ()) == {"S", "M", "L"}
    assert kind_labels("blood_pressure", 5) is None
    assert kind_labels("x'); DROP TABLE victim; --", 5) is None
    assert kind_labels("", None) is None
