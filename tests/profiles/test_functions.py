"""Python functions as columns: seeded by the row, checked by type, named when they are missing."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import genesis_sql
from genesis_sql.errors import OptionError

BASE = {
    "id": {"type": "key"},
    "a": {"type": "uniform", "min": 1, "max": 9, "decimals": 0},
    "day": {"type": "uniform", "min": "2023-01-01", "max": "2023-12-31", "sql_type": "DATE"},
}


def made_by(name: str, sql_type: str = "DOUBLE", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": name, "sql_type": sql_type, **more}


def billed(row: dict[str, Any], column: str) -> float:
    assert column == "paid"
    return float(row["a"]) + random.random() + float(np.random.rand())


def test_a_function_sees_its_row_and_draws_from_the_seed(
    con: duckdb.DuckDBPyConnection, stored: Any
) -> None:
    genesis_sql.register_function(con, "billed", billed)
    columns = {
        **BASE,
        "paid": made_by("billed", reads=["a"]),
        "later": {"type": "expression", "sql": "paid * 2 + a"},
    }
    kid = {"id": {"type": "parent", "column": "id"}, "paid": {"type": "parent", "column": "paid"}}
    kids = {"parent": "t", "rows": {"type": "poisson", "mean": 2}, "columns": kid}
    made = stored({"t": {"rows": 5000, "columns": columns}, "kids": kids})
    state, array = random.getstate(), np.random.get_state()
    assert made.steady("t")
    made.written()
    assert random.getstate() == state
    assert np.array_equal(np.random.get_state()[1], array[1])
    found = made.one(
        "SELECT count(*), count_if(paid NOT BETWEEN a AND a + 2), count_if(later <> paid * 2 + a), "
        "count(DISTINCT paid - a) > 4900, avg(paid - a) FROM made.t"
    )
    assert found[:4] == (5000, 0, 0, True)
    assert found[4] == pytest.approx(1, abs=0.02)
    assert made.one(
        "SELECT count(*) > 8000, count_if(k.paid <> t.paid) "
        "FROM made.kids AS k JOIN made.t USING (id)"
    ) == (True, 0)


def test_a_function_on_arrow_gets_its_draws_as_a_column(
    con: duckdb.DuckDBPyConnection, stored: Any
) -> None:
    def fast(table: pa.Table, column: str) -> pa.Array:
        assert column == "x"
        return pc.add(table["a"], table["u()"])

    genesis_sql.register_function(con, "fast", fast, arrow=True)
    made = stored({"t": {"rows": 6000, "columns": {**BASE, "x": made_by("fast")}}})
    assert made.steady("t")
    made.written()
    assert made.one("SELECT count_if(floor(x) <> a), count(DISTINCT x) > 5900 FROM made.t") == (
        0,
        True,
    )


VALUES = {
    "INTEGER": 7, "UTINYINT": np.int64(200), "HUGEINT": 10**30, "DECIMAL(6,2)": 2.005,
    "DOUBLE": 0.1, "FLOAT": 2, "BOOLEAN": True, "VARCHAR": "ä'; DROP TABLE t; --",
    "DATE": dt.date(2024, 2, 29), "TIMESTAMP": dt.datetime(2024, 1, 1, 2, 3, 4, 5),
    "TIMESTAMP WITH TIME ZONE": dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc),
    "TIME": dt.time(1, 2, 3), "UUID": uuid.UUID(int=5), "ENUM('a', 'b''c')": "b'c",
    "BLOB": b"\x00a\xff", "JSON": {"a": [1]}, "INTERVAL": dt.timedelta(days=1, seconds=3),
    "INTEGER[]": [1, 2], "STRUCT(a INTEGER, b VARCHAR)": {"a": 1, "b": 'x"y'},
    "DATE[]": [dt.date(2024, 1, 1)],
}  # fmt: skip


def test_values_of_every_type_arrive_as_they_are(
    con: duckdb.DuckDBPyConnection, stored: Any
) -> None:
    columns: dict[str, Any] = {"n": {"type": "key"}}
    for at, (type_, value) in enumerate(VALUES.items()):
        given = lambda row, column, value=value: None if row["n"] == 2 else value  # noqa: E731
        genesis_sql.register_function(con, f"f{at}", given)
        columns[f"c{at}"] = made_by(f"f{at}", type_, reads=["n"])
    made = stored({"t": {"rows": 2, "columns": columns}}).written()
    first, second = made.con.execute("FROM made.t").fetchall()
    assert set(second[1:]) == {None}
    found = dict(zip(VALUES, first[1:], strict=True))
    expected = {**VALUES, "DECIMAL(6,2)": Decimal("2.01"), "JSON": '{"a": [1]}', "FLOAT": 2.0}
    zoned = found.pop("TIMESTAMP WITH TIME ZONE")
    assert zoned == expected.pop("TIMESTAMP WITH TIME ZONE")
    assert found == expected
    types = [t for (t,) in made.con.execute("SELECT column_type FROM (DESCRIBE made.t)").fetchall()]
    assert types == ["BIGINT", *VALUES]


@pytest.mark.parametrize(
    ("type_", "value", "told"),
    [
        ("INTEGER", "x", r"gave 'x' \(str\), and the column is INTEGER"),
        ("TINYINT", 300, "it holds -128 to 127"),
        ("INTEGER", True, r"gave True \(bool\)"),
        ("DECIMAL(4,2)", 100, r"and the column is DECIMAL\(4,2\)"),
        ("VARCHAR(3)", "abcd", r"and the column is VARCHAR\(3\): it is longer"),
        ("VARCHAR", 5, r"gave 5 \(int\)"),
        ("DATE", dt.datetime(2024, 1, 1), "and the column is DATE"),
        ("ENUM('a')", "b", "gave 'b'"),
        ("UUID", "no", "gave 'no'"),
        ("BOOLEAN", 1, r"gave 1 \(int\)"),
        ("INTEGER[]", 3, r"and the column is INTEGER\[\]"),
        ("DOUBLE", object(), "and the column is DOUBLE"),
    ],
)
def test_a_wrong_result_names_row_column_and_value(
    con: duckdb.DuckDBPyConnection, stored: Any, type_: str, value: Any, told: str
) -> None:
    columns = {"n": {"type": "key"}, "x": made_by("f", type_)}
    made = stored({"t": {"rows": 4, "columns": columns}})
    genesis_sql.register_function(con, "f", lambda row, column: value if row["n"] == 3 else None)
    with pytest.raises(
        Exception, match=rf"t\.x, row 2: the function 'f' {told}|t\.x, row 2.*{told}"
    ):
        made.rows("t")


def test_errors_of_functions_are_told_with_their_place(
    con: duckdb.DuckDBPyConnection, stored: Any
) -> None:
    made = stored({"t": {"rows": 4, "columns": {"n": {"type": "key"}, "x": made_by("billing")}}})
    with pytest.raises(
        Exception, match=r"'billing', which this session does not have.*register_function"
    ):
        made.rows("t")

    def broken(row: dict[str, Any], column: str) -> float:
        return 1 / (row["n"] - 2)

    genesis_sql.register_function(con, "billing", broken)
    told = r"t\.x, row 1: the function 'billing' raised ZeroDivisionError: division by zero"
    with pytest.raises(Exception, match=told):
        made.rows("t")
    with pytest.raises(Exception, match=told):
        made.written()
    assert made.one("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'made'") == (0,)
    genesis_sql.register_function(con, "billing", lambda row, column: 1.5)
    assert made.rows("t") == [(1, 1.5), (2, 1.5), (3, 1.5), (4, 1.5)]
    genesis_sql.register_function(con, "billing", lambda t, column: pa.array([1.0]), arrow=True)
    with pytest.raises(Exception, match="rows 0 to 3: the function 'billing' gave 1 values for 4"):
        made.rows("t")
    genesis_sql.register_function(con, "billing", lambda t, column: [1.0] * 4, arrow=True)
    with pytest.raises(Exception, match="gave a list, no Arrow array"):
        made.rows("t")

    def wild(table: pa.Table, column: str) -> pa.Array:
        return pa.array(np.random.rand(len(table)))

    genesis_sql.register_function(con, "billing", wild, arrow=True)
    with pytest.raises(Exception, match=r"draws from random or numpy.random.*the column 'u\(\)'"):
        made.rows("t")


def test_what_cannot_be_called_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OptionError, match="takes a name and a function"):
        genesis_sql.register_function(con, "f", 3)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="genesis_python is called by profiles only"):
        con.execute("SELECT genesis_python('x', 1, 2)").fetchall()


def test_functions_belong_to_their_database(con: duckdb.DuckDBPyConnection, stored: Any) -> None:
    made = stored({"t": {"rows": 2, "columns": {"n": {"type": "key"}, "x": made_by("f")}}})
    with genesis_sql.connect() as other:
        genesis_sql.register_function(other, "f", lambda row, column: 1.0)
    with pytest.raises(Exception, match="'f', which this session does not have"):
        made.rows("t")
    genesis_sql.register_function(con, "f", lambda row, column: 2.0)
    with genesis_sql.register(con.cursor()) as cursor:
        found = cursor.execute("SELECT x FROM genesis_generate('p', 't')").fetchall()
    assert found == [(2.0,), (2.0,)]


def test_checks_and_conditions_on_what_is_known_last(
    con: duckdb.DuckDBPyConnection, stored: Any
) -> None:
    genesis_sql.register_function(con, "f", lambda row, column: float(row["n"]))
    columns = {
        "n": {"type": "key"},
        "x": made_by("f"),
        "kids": {"type": "total", "table": "kids", "function": "count"},
        "many": {"type": "expression", "sql": "kids > 1 AND x > 0"},
    }
    kids = {"n": {"type": "parent", "column": "n"}}
    table = {"rows": 9, "columns": columns, "checks": ["x > 0", "many OR kids < 2"]}
    below = {"parent": "t", "rows": {"type": "poisson", "mean": 2}, "columns": kids}
    made = stored({"t": table, "kids": below}).written()
    assert made.one("SELECT count(*), count_if(x <> n) FROM made.t") == (9, 0)
    assert made.one(
        "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'CHECK'"
    ) == (2,)
    for asked, told in (("x", "computed when all rows"), ("kids", "made of the rows below it")):
        with pytest.raises(Exception, match=f"'t.{asked}' is {told}.*no value of it can be asked"):
            made.rows("t", more=f", conditions := {{'{asked}': 1}}")
