"""Expressions with draws of their own, row numbers, and columns of the parent that computes them."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.errors import ExpressionError, ProfileError
from genesis_sql.profiles.compile import compile_profile

PEOPLE = {
    "id": {"type": "key"},
    "first": {"type": "explicit", "values": ["Zoë", "Max", "Ann"]},
    "full": {"type": "combined", "parts": [["Dr", "Mr"], ["Ek", "Oz"]]},
    "mail": {"type": "expression", "sql": "lower(strip_accents(first)) || n() || '@' || host"},
    "host": {"type": "expression", "sql": "['a.example', 'b.example'][1 + CAST(floor(2 * u()) AS INTEGER)]"},
    "born": {"type": "uniform", "min": "1950-01-01", "max": "1999-12-31", "sql_type": "DATE"},
    "adult": {"type": "after", "of": "born", "by": {"type": "explicit", "values": [6575]}, "unit": "day"},
    "spend": {"type": "expression", "sql": "round(1000 * u() + u(), 2)", "sql_type": "DECIMAL(8,2)"},
    "grown": {"type": "expression", "sql": "year(adult) - year(born)"},
    "part": {"type": "expression", "sql": "first", "null_share": 0.5},
}  # fmt: skip
CARDS = {
    "id": {"type": "parent", "column": "id"},
    "mail": {"type": "parent", "column": "mail"},
    "upper": {"type": "expression", "sql": 'upper("people".mail) || "PEOPLE".full'},
    "bonus": {"type": "expression", "sql": '"people".spend * 2', "sql_type": "DECIMAL(9,2)"},
    "old": {"type": "expression", "sql": 'year("people".adult) + n() * 0 + u() * 0', "sql_type": "INTEGER"},
    "born": {"type": "expression", "sql": '"people".born'},
}  # fmt: skip
USES = {
    "mail": {"type": "parent", "column": "mail"},
    "upper": {"type": "parent", "column": "upper"},
    "bonus": {"type": "expression", "sql": '"cards".bonus + 1', "sql_type": "DECIMAL(9,2)"},
    "card": {"type": "key"},
}


def tables() -> dict[str, Any]:
    many = {"type": "poisson", "mean": 2}
    return {
        "people": {"rows": 80, "columns": dict(PEOPLE)},
        "cards": {"parent": "people", "rows": many, "columns": {"no": {"type": "key"}, **CARDS}},
        "uses": {
            "parent": "cards", "rows": many,
            "columns": {"no": {"type": "parent", "column": "no"}, **USES},
        },
    }  # fmt: skip


def test_draws_are_uniform_and_each_its_own(one_table: Any) -> None:
    columns = {
        "a": {"type": "expression", "sql": "u()"},
        "b": {"type": "expression", "sql": "U() - u()"},
        "c": {"type": "expression", "sql": "a + u() * 0"},
        "n": {"type": "expression", "sql": "n()"},
    }
    made = one_table(columns, 20_000)
    rows = made.table("t", seed=3)
    assert rows == made.in_sql("t", seed=3)
    found = made.one(
        "SELECT avg(a), var_pop(a), min(a), max(a), avg(b), var_pop(b), corr(a, b), "
        "count(DISTINCT a), count_if(a <> c), min(n), max(n), count(DISTINCT n) FROM t"
    )
    assert found[0] == pytest.approx(0.5, abs=0.01)
    assert found[1] == pytest.approx(1 / 12, abs=0.002)
    assert 0 <= found[2] < 0.001 < 0.999 < found[3] < 1
    assert abs(found[4]) < 0.02
    assert found[5] == pytest.approx(1 / 6, abs=0.005)
    assert abs(found[6]) < 0.03
    assert found[7] > 19_900
    assert found[8:] == (0, 0, 19_999, 20_000)


def test_what_a_parent_computes_is_the_same_below_it(stored: Any) -> None:
    made = stored(tables()).written()
    assert made.one(
        "SELECT count(*) > 100, count_if(c.mail <> p.mail), "
        "count_if(c.upper <> upper(p.mail) || p.full), count_if(c.bonus <> p.spend * 2), "
        "count_if(c.old <> year(p.adult)), count_if(c.born <> p.born) "
        "FROM made.cards AS c JOIN made.people AS p USING (id)"
    ) == (True, 0, 0, 0, 0, 0)
    assert made.one(
        "SELECT count(*) > 200, count_if(u.mail <> c.mail), count_if(u.upper <> c.upper), "
        "count_if(u.bonus <> c.bonus + 1) FROM made.uses AS u JOIN made.cards AS c USING (no)"
    ) == (True, 0, 0, 0)
    assert made.one(
        "SELECT count(DISTINCT mail), count(DISTINCT host), count(DISTINCT spend) > 70, "
        "count_if(mail NOT LIKE '%' || host), bool_or(mail LIKE 'zoe%'), "
        "count(part) BETWEEN 25 AND 55, count_if(grown NOT BETWEEN 17 AND 19) FROM made.people"
    ) == (80, 2, True, 0, True, True, 0)


def test_the_same_in_any_range(stored: Any) -> None:
    made = stored(tables())
    assert all(made.steady(table) for table in ("people", "cards", "uses"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": {"type": "expression", "sql": "b"}, "b": {"type": "expression", "sql": "c || 'x'"},
          "c": {"type": "expression", "sql": "a"}}, "a → b → c → a"),
        ({"a": {"type": "expression", "sql": '"people".x'}}, "its parent is 'people'|has no column|no column"),
        ({"a": {"type": "expression", "sql": '"peple".mail'}}, "did you mean 'people'"),
        ({"a": {"type": "expression", "sql": "u(3)"}}, r"u\(\) takes nothing in its brackets"),
        ({"a": {"type": "expression", "sql": "genesis_python('{}')"}}, "which models may not"),
        ({"a": {"type": "expression", "sql": "random()"}}, "which models may not"),
        ({"a": {"type": "expression", "sql": "upper(u())"}}, "does not fit its columns"),
    ],
)  # fmt: skip
def test_expressions_that_make_no_sense(columns: dict[str, Any], message: str) -> None:
    plain = {"tables": tables()}
    plain["tables"]["cards"]["columns"].update(columns)
    with pytest.raises((ProfileError, ExpressionError), match=message):
        compile_profile(plain, name="p", version=1)
