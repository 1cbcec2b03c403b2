"""Later moments and formulas: exact in every row, readable by children, totals and one another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile

DAYS = {"type": "uniform", "min": "2023-01-01", "max": "2023-12-31", "sql_type": "DATE"}
MOMENTS = {
    "type": "uniform", "min": "1965-01-01", "max": "1975-12-31", "sql_type": "TIMESTAMP",
}  # fmt: skip


def refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        compile_profile({"tables": {"t": {"rows": 90, "columns": columns}}}, name="p", version=1)


def after(of: str, by: Any, unit: str = "day", **more: Any) -> dict[str, Any]:
    law = {"type": "explicit", "values": [by]} if isinstance(by, int) else by
    return {"type": "after", "of": of, "by": law, "unit": unit, **more}


def test_later_moments_in_all_units_and_types(compiled: Any) -> None:
    columns = {
        "late": after("day", 3),
        "day": DAYS,
        "hours": after("day", 49, "hour"),
        "back": after("hours", 1, "minute", sql_type="DATE"),
        "moment": {**MOMENTS, "null_share": 0.2},
        "later": after("moment", 90, "second"),
        "its_day": after("moment", 0, sql_type="DATE"),
        "zoned": after("moment", 2, "hour", sql_type="TIMESTAMP WITH TIME ZONE"),
        "fine": after("moment", 1, "minute", sql_type="TIMESTAMP_NS"),
    }
    made = compiled({"tables": {"t": {"rows": 400, "columns": columns}}})
    assert made.table("t", seed=4) == made.in_sql("t", seed=4)
    wrong = made.one(
        "SELECT count(*), count(moment), count(later), "
        "count_if(late <> day + 3), count_if(hours <> day + INTERVAL 49 HOUR), "
        "count_if(back <> day + 2), count_if(later <> moment + INTERVAL 90 SECOND), "
        "count_if(its_day <> CAST(moment AS DATE)), "
        "count_if(epoch(zoned) <> epoch(moment) + 7200), "
        "count_if(fine <> CAST(moment + INTERVAL 1 MINUTE AS TIMESTAMP_NS)), min(moment) FROM t"
    )
    assert wrong[0] == 400
    assert 280 < wrong[1] == wrong[2] < 360
    assert wrong[3:10] == (0,) * 7
    assert wrong[10] < datetime(1970, 1, 1)


def test_until_bounds_the_draw_and_piles_nothing_up(compiled: Any) -> None:
    by = {"type": "exponential", "mean": 200}
    columns = {
        "day": DAYS,
        "open": after("day", by),
        "kept": after("day", by, until="2024-01-31"),
        "hour": after("day", by, "hour", until="2023-06-30 12:00:00"),
        "part": after("day", {"type": "poisson", "mean": 2}, null_share=0.5),
    }
    made = compiled({"tables": {"t": {"rows": 3000, "columns": columns}}})
    assert made.table("t") == made.in_sql("t")
    late, last, most, at_end, early, past, some = made.one(
        "SELECT count_if(open > '2024-01-31'), max(kept), mode(kept), "
        "count_if(kept = '2024-01-31'), count_if(kept < day), "
        "count_if(hour > greatest(CAST(day AS TIMESTAMP), TIMESTAMP '2023-06-30 12:00:00')), "
        "count(part) FROM t"
    )
    assert late > 500
    assert last == date(2024, 1, 31)
    assert at_end < 100
    assert (early, past) == (0, 0)
    assert most != last or at_end < 60
    assert 1350 < some < 1650


def test_children_read_later_moments_of_their_parent(stored: Any) -> None:
    tables = {
        "orders": {
            "rows": 150,
            "columns": {"id": {"type": "key"}, "placed": DAYS, "shipped": after("placed", 2)},
        },
        "returns": {
            "parent": "orders",
            "rows": {"type": "poisson", "mean": 1},
            "columns": {
                "id": {"type": "parent", "column": "id"},
                "shipped": {"type": "parent", "column": "shipped", "hidden": True},
                "back": after("shipped", {"type": "uniform", "min": 1, "max": 30}, "hour"),
                "closed": after("back", 1, sql_type="DATE"),
            },
        },
    }
    made = stored(tables).written()
    found = made.one(
        "SELECT count(*), count_if(back <= shipped OR back > shipped + INTERVAL 30 HOUR), "
        "count_if(closed <> CAST(back AS DATE) + 1), count(DISTINCT back - shipped) "
        "FROM made.returns JOIN made.orders USING (id)"
    )
    assert found[0] > 80
    assert found[1:3] == (0, 0)
    assert found[3] > 10
    assert made.steady("returns")


def test_how_much_later_may_depend_on_other_columns(compiled: Any) -> None:
    by = {
        "type": "conditional",
        "cases": [{"when": {"express": 1}, "then": {"type": "explicit", "values": [1]}}],
        "otherwise": {"type": "explicit", "values": [5]},
    }
    columns = {"day": DAYS, "express": {"type": "logistic", "rate": 0.4}, "there": after("day", by)}
    made = compiled({"tables": {"t": {"rows": 300, "columns": columns}}})
    made.table("t")
    assert made.con.execute(
        "SELECT DISTINCT express, there - day FROM t ORDER BY ALL"
    ).fetchall() == [(0, 5), (1, 1)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": after("b", 1), "b": after("a", 1)}, "read one another: a → b → a"),
        ({"a": after("b", 1), "b": {"type": "poisson", "mean": 1}}, "'b', which holds INTEGER"),
        ({"a": after("b", 1), "b": {"type": "expression", "sql": "DATE '2020-01-01'"}}, "computed"),
        ({"a": after("c", 1), "b": DAYS}, "reads 'c', which is no column of it"),
        ({"b": DAYS, "a": after("b", -1)}, "by can be -1; a later moment needs a law from 0"),
        ({"b": DAYS, "a": after("b", 1, sql_type="INTEGER")}, "is a date or timestamp, no INTEGER"),
        ({"b": DAYS, "a": after("b", 1, until="soon")}, "t.a: 'soon' is no DATE"),
    ],
)  # fmt: skip
def test_moments_that_make_no_sense(columns: dict[str, Any], message: str) -> None:
    refused(columns, message)


PRICE = {"type": "uniform", "min": 0.01, "max": 99.99, "decimals": 2, "sql_type": "DECIMAL(6,2)"}
QUANTITY = {"type": "uniform", "min": 1, "max": 9, "decimals": 0}
FORMULA = "quantity * price * 1.075 - least(price, 2.5)"


def test_formulas_are_exact_and_rounded_once(compiled: Any) -> None:
    columns = {
        "quantity": QUANTITY,
        "price": PRICE,
        "balance": {"type": "uniform", "min": -50, "max": 50, "decimals": 1, "null_share": 0.1},
        "line": {"type": "formula", "sql": FORMULA, "decimals": 2, "sql_type": "DECIMAL(10,2)"},
        "twice": {"type": "formula", "sql": "2 * (line - 0.5)"},
        "half": {"type": "formula", "sql": "balance * 0.5", "decimals": 1},
        "real": {"type": "formula", "sql": "price * 0.25", "sql_type": "DOUBLE"},
        "whole": {"type": "formula", "sql": "-price", "sql_type": "INTEGER"},
        "gap": {"type": "formula", "sql": "quantity", "null_share": 0.5},
    }
    made = compiled({"tables": {"t": {"rows": 800, "columns": columns}}})
    assert made.table("t", seed=2) == made.in_sql("t", seed=2)
    found = made.one(
        f"SELECT count_if(line <> CAST({FORMULA} AS DECIMAL(10,2))), count_if(twice <> 2 * line - 1), "
        "count_if(half <> round(CAST(balance AS DECIMAL(9,1)) / 2 + sign(balance) * 1e-9, 1)), "
        "count_if((half IS NULL) <> (balance IS NULL)), "
        "count_if(abs(real - CAST(price AS DOUBLE) / 4) > 1e-9), count_if(whole <> round(-price)), "
        "count_if(gap <> quantity), typeof(any_value(twice)) FROM t"
    )
    assert found[:-1] == (0,) * 7
    assert found[-1] == "DECIMAL(18,2)"
    assert 300 < made.one("SELECT count(gap) FROM t")[0] < 500
    assert made.one("SELECT count_if(half < 0 AND balance * 5 % 1 <> 0) FROM t")[0] > 5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": {"type": "formula", "sql": "b + 1"}, "b": {"type": "formula", "sql": "a"}}, "a → b → a"),
        ({"a": {"type": "formula", "sql": "x"}}, "reads 'x', which is no column of it"),
        ({"a": {"type": "formula", "sql": "b"}, "b": {"type": "normal", "mean": 0, "std_dev": 1}}, "'decimals'"),
        ({"a": {"type": "formula", "sql": "b / 2"}, "b": QUANTITY}, "holds a Div"),
        ({"a": {"type": "formula", "sql": "b; DROP TABLE x"}, "b": QUANTITY}, "is not one formula"),
        ({"a": {"type": "formula", "sql": "b * 1000", "sql_type": "DECIMAL(4,2)"}, "b": QUANTITY},
         r"can reach 9,000, which its type DECIMAL\(4,2\) does not hold"),
        ({"a": {"type": "formula", "sql": "b * 100", "sql_type": "UTINYINT"}, "b": QUANTITY}, "900"),
        ({"a": {"type": "formula", "sql": "b", "sql_type": "DATE"}, "b": QUANTITY}, "numbers, no DATE"),
        ({"a": {"type": "formula", "sql": "b * 1000000000 * 1000000000 * 10"}, "b": QUANTITY}, "64 bits"),
        ({"a": {"type": "formula", "sql": '"u".b'}, "b": QUANTITY}, "its table has no parent"),
    ],
)  # fmt: skip
def test_formulas_that_make_no_sense(columns: dict[str, Any], message: str) -> None:
    refused(columns, message)
