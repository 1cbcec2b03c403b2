"""A plain profile becomes programs: the kernel and plain SQL give the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genesis_sql.errors import ExpressionError, ProfileError
from genesis_sql.profiles.choices import as_cases
from genesis_sql.profiles.compile import compile_profile, content_id
from genesis_sql.profiles.described import describe_profile

PEOPLE = {
    "id": {"type": "key", "format": "P%08d"},
    "age": {
        "type": "bands",
        "bands": [
            {"min": 0, "max": 17, "weight": 0.25},
            {"min": 18, "max": 64, "weight": 0.6},
            {"min": 65, "max": 100, "weight": 0.15},
        ],
    },
    "sex": {"type": "categorical", "values": {"F": 0.5, "M": 0.5}},
    "state": {"type": "constant", "value": "TX"},
    "doctor": {"type": "reference", "table": "doctors"},
    "weight": {"type": "normal", "mean": 72, "std_dev": 8, "min": 65, "decimals": 1},
    "height": {"type": "normal", "mean": 170, "std_dev": 9, "null_share": 0.1},
    "ill": {
        "type": "logistic",
        "rate": 0.12,
        "among": {"age": {"min": 18}},
        "effects": [
            {"column": "age", "bands": [{"min": 45, "max": 64, "log_odds": 1.5}]},
            {"column": "sex", "levels": {"M": 0.3}},
        ],
    },
    "obese": {
        "type": "logistic",
        "rate": 0.33,
        "among": {"age": {"min": 18}},
        "effects": [{"column": "ill", "levels": {"1": 1.1}}],
    },
    "degree": {
        "type": "conditional",
        "cases": [
            {
                "when": {"ill": 1, "age": {"min": 45}},
                "then": {"type": "categorical", "values": {"high": 0.8, "low": 0.2}},
            },
            {"when": {"ill": 1}, "then": {"type": "constant", "value": "low"}},
        ],
    },
    "born": {
        "type": "expression",
        "sql": "DATE '2026-01-01' - to_days(CAST(AGE * 365 AS INTEGER))",
        "sql_type": "DATE",
    },
}
HEALTH: dict[str, Any] = {
    "generation": {"count": 500, "seed": 1},
    "tables": {
        "people": {"columns": PEOPLE},
        "doctors": {
            "rows": 20,
            "columns": {
                "doctor_id": {"type": "key", "format": "D%03d"},
                "kind": {"type": "explicit", "values": ["gp", "er"], "weights": [0.7, 0.3]},
            },
        },
        "conditions": {
            "parent": "people",
            "rows": {"type": "each", "flags": ["ill", "obese"]},
            "columns": {
                "id": {"type": "parent", "column": "id"},
                "age": {"type": "parent", "column": "age", "hidden": True},
                "state": {"type": "parent", "column": "state"},
                "born": {"type": "parent", "column": "born"},
                "code": {"type": "chosen", "labels": {"ill": "E11", "obese": "E66"}},
                "stage": {
                    "type": "conditional",
                    "cases": [
                        {
                            "when": {"code": "E11", "age": {"min": 45}},
                            "then": {"type": "poisson", "mean": 3},
                        }
                    ],
                    "otherwise": {"type": "constant", "value": 0},
                },
            },
        },
        "visits": {
            "parent": "people",
            "rows": {
                "type": "conditional",
                "cases": [{"when": {"ill": 1}, "then": {"type": "poisson", "mean": 4}}],
                "otherwise": {"type": "poisson", "mean": 1},
            },
            "columns": {
                "visit": {"type": "key"},
                "id": {"type": "parent", "column": "id"},
                "doctor": {"type": "reference", "table": "doctors"},
            },
        },
    },
}


def test_kernel_and_sql_give_the_same_rows(compiled: Any) -> None:
    made = compiled(HEALTH)
    assert made.model.order == ("doctors", "people", "conditions", "visits")
    for table in made.model.order:
        drawn = made.table(table, seed=7)
        assert len(drawn) > 10
        assert drawn == made.in_sql(table, seed=7), table
        assert drawn != made.table(table, seed=8)


def test_every_flag_that_is_set_is_a_row(compiled: Any) -> None:
    made = compiled(HEALTH)
    for table in ("people", "conditions"):
        made.table(table, seed=3)
    wanted = made.con.execute(
        "SELECT id, code FROM (SELECT id, 'E11' AS code FROM people WHERE ill = 1 "
        "UNION ALL SELECT id, 'E66' FROM people WHERE obese = 1) ORDER BY ALL"
    ).fetchall()
    assert len(wanted) > 100
    assert made.con.execute("SELECT id, code FROM conditions ORDER BY ALL").fetchall() == wanted
    assert made.one(
        "SELECT count(*) FROM conditions c JOIN people p USING (id) WHERE c.born <> p.born"
    ) == (0,)


def test_flags_beyond_one_formula(compiled: Any) -> None:
    flags = {f"flag {i}": {"type": "logistic", "rate": 0.3} for i in range(20)}
    made = compiled(
        {
            "tables": {
                "a": {"rows": 60, "columns": {"id": {"type": "key"}, **flags}},
                "b": {
                    "parent": "a",
                    "rows": {"type": "each", "flags": list(flags)},
                    "columns": {
                        "id": {"type": "parent", "column": "id"},
                        "which": {"type": "chosen", "labels": {f: f for f in flags}},
                        "place": {
                            "type": "chosen",
                            "labels": {f: i for i, f in enumerate(flags)},
                        },
                    },
                },
            }
        }
    )
    rows = {r[0]: r[1:] for r in made.table("a")}
    found = made.table("b")
    assert found == made.in_sql("b")
    assert [(i, w) for i, w, _ in found] == [
        (i, f) for i in rows for f, on in zip(flags, rows[i], strict=True) if on
    ]
    assert all(which == f"flag {place}" for _, which, place in found)


def test_graph_declares_the_keys(compiled: Any) -> None:
    graph = compiled(HEALTH).model.graph
    assert {t.name: t.primary_key for t in graph.tables} == {
        "doctors": ("doctor_id",), "people": ("id",), "conditions": (), "visits": ("visit",)
    }  # fmt: skip
    assert {r.name for r in graph.relationships} == {
        "people(doctor) -> doctors(doctor_id)",
        "conditions(id) -> people(id)",
        "visits(id) -> people(id)",
        "visits(doctor) -> doctors(doctor_id)",
    }
    people = {c.name: c.role.value for c in graph.table("people").columns}
    assert people["doctor"] == "foreign key"
    assert people["state"] == "constant"
    assert people["born"] == "date"


def test_sizes_at_scale_one(compiled: Any) -> None:
    programs = compiled(HEALTH).model.programs
    assert programs["people"].rows == 500
    assert programs["doctors"].rows == 20
    adults = 0.75 * 500
    assert programs["conditions"].rows == round(adults * (0.12 + 0.33))
    assert programs["visits"].rows == round(adults * 0.12 * 3 + 500)


def test_uuid_is_the_content() -> None:
    uuid = content_id(HEALTH)
    named = {**HEALTH, "id": "other", "generation": {"count": 500, "seed": 9, "batch_size": 5}}
    assert content_id(named) == uuid
    tables = {**HEALTH["tables"]}
    noted = {**PEOPLE, "sex": {**PEOPLE["sex"], "note": "guessed", "origin": "default"}}
    assert content_id({**HEALTH, "tables": {**tables, "people": {"columns": noted}}}) == uuid
    assert content_id({**HEALTH, "generation": {"count": 501}}) != uuid
    other = {**PEOPLE, "state": {"type": "constant", "value": "CA"}}
    assert content_id({**HEALTH, "tables": {**tables, "people": {"columns": other}}}) != uuid
    one, two = (compile_profile(HEALTH, name=n, version=v) for n, v in (("a", 1), ("b", 2)))
    assert one.uuid == two.uuid


def test_names_are_quoted(one_table: Any) -> None:
    name = "x'); DROP TABLE victim; --\""
    made = one_table(
        {
            name: {"type": "categorical", "values": {name: 0.5, "b": 0.5}},
            "y": {
                "type": "conditional",
                "cases": [{"when": {name: name}, "then": {"type": "constant", "value": name}}],
            },
            "z": {"type": "expression", "sql": "lower(y)"},
        },
        50,
    )
    made.con.execute("CREATE TABLE victim AS SELECT 1 AS v")
    drawn = made.table("t")
    assert drawn == made.in_sql("t")
    assert {r for r in drawn} == {(name, name, name.lower()), ("b", None, None)}
    assert made.one("SELECT count(*) FROM victim") == (1,)


def test_constants_are_no_draws(one_table: Any) -> None:
    made = one_table({f"c{i}": {"type": "constant", "value": i} for i in range(5)}, 3)
    kinds = {type(s).__name__ for s in made.model.programs["t"].steps}
    assert kinds == {"Constant"}
    assert made.table("t") == [(0, 1, 2, 3, 4)] * 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": {"type": "expression", "sql": "read_csv('x')"}}, "may not|reads"),
        ({"a": {"type": "expression", "sql": "b + 1"}}, r"t\.a reads 'b'"),
        ({"a": {"type": "expression", "sql": "a + 1"}}, "a → a"),
        (
            {
                "a": {"type": "expression", "sql": "1"},
                "b": {
                    "type": "conditional",
                    "cases": [{"when": {"a": 1}, "then": {"type": "constant", "value": 1}}],
                },
            },
            "asks about 'a', a column of type 'expression'",
        ),
        ({"a": {"type": "logistic", "rate": 0.5, "among": {"sexx": 1}}, "sex": {"type": "constant", "value": 1}}, "did you mean 'sex'"),
        ({"a": {"type": "normal", "mean": 0, "std_dev": 1, "min": 50}}, "less than one in 10⁹"),
        ({"a": {"type": "key", "format": "x"}}, "holds no number"),
        ({"a": {"type": "reference", "table": "u"}}, "there is no table 'u'"),
        ({"a": {"type": "parent", "column": "u"}}, "copies a column of the parent"),
        ({"a.b": {"type": "constant", "value": 1}}, "cannot be a name"),
        ({"a": {"type": "key"}, "A": {"type": "key"}}, "takes for the same name"),
        ({"a": {"type": "constant", "value": "x", "sql_type": "INTEGER"}}, "is no INTEGER"),
    ],
)  # fmt: skip
def test_refused(columns: Any, message: str) -> None:
    with pytest.raises((ProfileError, ExpressionError), match=message):
        compile_profile({"tables": {"t": {"columns": columns}}}, name="p", version=1)


def test_row_range_is_its_own(compiled: Any) -> None:
    made = compiled(HEALTH)
    first, more = made.table("people", rows=40), made.table("people", rows=90)
    assert len(first) == 40
    assert more[:40] == first
    assert len({r[0] for r in more}) == 90
    assert np.all([r[3] == "TX" for r in more])


def test_describe_tells_where_columns_come_from() -> None:
    columns = {
        **PEOPLE,
        "ill": {
            **PEOPLE["ill"],
            "origin": "reference",
            "note": "county 48201, PLACES 2024 DIABETES",
        },
        "sex": {**PEOPLE["sex"], "origin": "spec"},
        "height": {**PEOPLE["height"], "hidden": True},
    }
    plain = {**HEALTH, "tables": {**HEALTH["tables"], "people": {"columns": columns}}}
    rows = describe_profile(plain, compile_profile(plain, name="p", version=1))
    people = {d.column: d for d in rows if d.table == "people"}
    assert people["ill"].reason == "reference: county 48201, PLACES 2024 DIABETES"
    assert (people["sex"].reason, people["age"].reason) == ("spec", "")
    assert (people["ill"].step, people["ill"].inputs) == ("tree", ("age", "sex"))
    assert people["ill"].cells > 2
    assert {people[c].step for c in ("id", "born", "doctor")} == {"unique", "expression", "choice"}
    assert "height" not in people
    assert [d.column for d in rows if d.table == "visits"] == ["visit", "id", "doctor"]


CHOICE = "CASE WHEN a = 1 AND (b = 0) THEN 'only a' WHEN \"B\" = 1 THEN 'b' ELSE 'none' END"


def test_choices_of_flags_are_drawn_as_cases(compiled: Any) -> None:
    """The same values as the expression, without its columns leaving the kernel."""
    flags = {
        "a": {"type": "logistic", "rate": 0.4, "hidden": True},
        "b": {"type": "logistic", "rate": 0.3, "hidden": True, "null_share": 0.2},
    }
    chosen = {"type": "expression", "sql": CHOICE, "sql_type": "VARCHAR"}
    kept = {"type": "expression", "sql": f"trim({CHOICE})", "sql_type": "VARCHAR"}
    again = {"type": "expression", "sql": "upper(x)"}
    columns = {"x": chosen, "y": kept, "z": again, **flags}
    made = compiled({"tables": {"t": {"rows": 500, "columns": columns}}})
    rows = made.table("t")
    assert rows == made.in_sql("t")
    assert {r[0] for r in rows} == {"only a", "b", "none"}
    assert all(x == y and z == x.upper() for x, y, z in rows)
    kinds = {s.column: type(s).__name__ for s in made.model.programs["t"].steps}
    assert (kinds["x"], kinds["y"]) == ("Draw", "Expression")
    assert as_cases(chosen, {"a": flags["a"], "b": {"type": "key"}}) is None
    assert as_cases({**chosen, "sql": "CASE WHEN a > 0 THEN 'x' END"}, flags) is None
    assert as_cases({**chosen, "sql": "CASE WHEN a = 1 THEN lower('X') END"}, flags) is None


def test_a_chain_of_flags_is_a_chain_in_the_tree(compiled: Any) -> None:
    flags = {f"f{i}": {"type": "logistic", "rate": 0.2} for i in range(14)}
    cases = [{"when": {name: 1}, "then": {"type": "constant", "value": name}} for name in flags]
    columns = {**flags, "first": {"type": "conditional", "cases": cases}}
    made = compiled({"tables": {"t": {"rows": 300, "columns": columns}}})
    (step,) = [s for s in made.model.programs["t"].steps if s.column == "first"]
    assert step.tree.leaves == 15
    for *ones, first in made.table("t"):
        assert first == next((f"f{i}" for i, one in enumerate(ones) if one), None)
