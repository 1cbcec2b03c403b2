"""Every type of a column, from the profile to the generated table."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile

NORMAL = {"type": "normal", "mean": 50, "std_dev": 60}
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
TYPES: dict[str, dict[str, Any]] = {
    **{t: NORMAL for t in (*WHOLE, *(f"U{t}" for t in WHOLE))},
    **{t: NORMAL for t in ("FLOAT", "DOUBLE", "DECIMAL(4,2)", "DECIMAL(38,10)")},
    "DECIMAL(6,1)": {"type": "lognormal", "mean": 4, "std_dev": 4},
    "DECIMAL(2,0)": {"type": "poisson", "mean": 90},
    "DATE": {"type": "uniform", "min": "2020-01-01", "max": "2021-12-31"},
    **{
        t: {"type": "uniform", "min": "2020-01-01", "max": "2021-12-31 23:59:59"}
        for t in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
                  "TIMESTAMP WITH TIME ZONE")
    },
    "TIME": {"type": "normal", "mean": "12:00:00", "std_dev": 40000},
    "BOOLEAN": {"type": "logistic", "rate": 0.3},
    "VARCHAR": {"type": "explicit", "values": ["a", "x'); DROP TABLE t; --"]},
    "UUID": {"type": "explicit", "values": ["b279e2ad-0fe7-4991-a93d-d04351cd008b"]},
    "ENUM('a', 'b''c')": {"type": "categorical", "values": {"a": 0.5, "b'c": 0.5}},
    "BLOB": {"type": "explicit", "values": ["\\x00\\xFF", "ab"]},
    "JSON": {"type": "explicit", "values": ['{"a": 1}']},
    "INTERVAL": {"type": "explicit", "values": ["3 days", "01:00:00"]},
    "INTEGER[]": {"type": "constant", "value": "[1, 2]"},
    "STRUCT(a INTEGER, b VARCHAR[])": {"type": "constant", "value": "{'a': 1, 'b': [x]}"},
    "VARCHAR[]": {"type": "expression", "sql": "['a', CAST(n() AS VARCHAR)]"},
}  # fmt: skip


def refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        compile_profile({"tables": {"t": {"rows": 90, "columns": columns}}}, name="p", version=1)


def test_each_type_arrives_in_the_table(stored: Any) -> None:
    columns = {f"c{i}": {**c, "sql_type": t} for i, (t, c) in enumerate(TYPES.items())}
    made = stored({"t": {"rows": 400, "columns": columns}}).written()
    found = made.con.execute("SELECT column_type FROM (DESCRIBE made.t)").fetchall()
    assert [t for (t,) in found] == list(TYPES)
    assert made.rows("t") == made.con.execute("FROM made.t").fetchall()
    for at, type_ in enumerate(TYPES):
        many, known = made.one(f"SELECT count(DISTINCT c{at}), count(c{at}) FROM made.t")
        assert known == 400, type_
        fixed = len(TYPES[type_].get("values", "ab")) == 1 or TYPES[type_]["type"] == "constant"
        assert fixed or many > 1, type_


def test_tails_are_cut_at_what_a_type_holds(one_table: Any) -> None:
    made = one_table({"a": {**NORMAL, "std_dev": 200, "sql_type": "TINYINT"}}, 4000)
    made.table("t")
    low, high, at_low, at_high = made.one(
        "SELECT min(a), max(a), count_if(a = -128), count_if(a = 127) FROM t"
    )
    assert -128 <= low < -120
    assert 120 < high <= 127
    assert max(at_low, at_high) < 50


def test_other_spellings_of_types(one_table: Any) -> None:
    spelled = {
        "int4": "INTEGER", "real": "FLOAT", "double precision": "DOUBLE", "numeric(5)": "DECIMAL(5,0)",
        "Numeric(7, 3)": "DECIMAL(7,3)", "int8": "BIGINT",
    }  # fmt: skip
    columns = {f"c{i}": {**NORMAL, "sql_type": t} for i, t in enumerate(spelled)}
    columns["t"] = {"type": "explicit", "values": ["a"], "sql_type": "character varying(3)"}
    columns["z"] = {**TYPES["TIMESTAMP"], "sql_type": "timestamptz"}
    made = one_table(columns, 10)
    types = [o.type for o in made.model.programs["t"].outputs]
    assert types == [*spelled.values(), "VARCHAR", "TIMESTAMP WITH TIME ZONE"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": "explicit", "values": ["abcd"], "sql_type": "VARCHAR(3)"}, r"'abcd' has 4 characters.*VARCHAR\(3\) holds 3"),
        ({"type": "explicit", "values": [300], "sql_type": "TINYINT"}, "300 is no TINYINT"),
        ({"type": "uniform", "min": 0, "max": 1000, "sql_type": "DECIMAL(4,2)"}, r"1,000 is no DECIMAL\(4,2\)"),
        ({"type": "explicit", "values": ["c"], "sql_type": "ENUM('a', 'b')"}, r"'c' is no ENUM"),
        ({"type": "explicit", "values": ["no"], "sql_type": "UUID"}, "'no' is no UUID"),
        ({"type": "explicit", "values": ["{"], "sql_type": "JSON"}, "is no JSON"),
        ({"type": "explicit", "values": ["[1]", "[2]"], "sql_type": "INTEGER[]"}, "is a constant or an expression"),
        ({"type": "constant", "value": "x", "sql_type": "INTEGER[]"}, r"'x' is no INTEGER\[\]"),
        ({"type": "explicit", "values": ["25:00:00"], "sql_type": "TIME"}, "is no TIME"),
        ({**NORMAL, "sql_type": "DECIMAL(40,2)"}, "is no type of a column"),
        ({**NORMAL, "sql_type": "DECIMAL(5,2)", "decimals": 3}, "has 2 decimals, and decimals is 3"),
        ({**NORMAL, "sql_type": "VARCHR"}, "did you mean 'VARCHAR'"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_their_type(spec: dict[str, Any], message: str) -> None:
    refused({"a": spec}, message)
