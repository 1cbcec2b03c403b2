"""What a caller says of a column has to fit it: else column, row, value and type are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import genesis_sql

DDL = "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(5) NOT NULL, b INT NOT NULL, d TIMESTAMP)"


def fill(con: duckdb.DuckDBPyConnection, name: str, value: Any) -> list[tuple[Any, ...]]:
    genesis_sql.from_ddl(DDL, con=con, name="m", rows={"t": 12}, columns={name: value})
    return con.execute(f"SELECT {name[2:]} FROM genesis_generate('m', 't')").fetchall()


def none_of_some(row: dict[str, Any], column: str) -> int | None:
    return None if row["id"] > 3 else 1


def none_of_all(table: pa.Table, column: str) -> pa.Array:
    return pa.nulls(len(table), pa.int64())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("t.a", "'abcde' || id", r"t\.a, row 0: the expression gave 'abcde1'.*VARCHAR\(5\)"),
        ("t.a", "lpad('é', id, 'é')", r"t\.a, row 5: the expression gave 'éééééé'.*VARCHAR\(5\)"),
        ("t.a", lambda row, column: "abcdef", r"t\.a, row 0: .*gave 'abcdef'.*VARCHAR\(5\)"),
        ("t.a", "CASE WHEN id < 5 THEN 'x' END", r"t\.a, row 4: .*gave NULL.*NOT NULL"),
        ("t.b", "CASE WHEN id < 5 THEN 1 END", r"t\.b, row 4: .*gave NULL.*NOT NULL"),
        ("t.b", none_of_some, r"t\.b, row 3: the function 'm\.t\.b' gave NULL.*NOT NULL"),
        ("t.a", ["abcdef", "x"], r"t\.a: 'abcdef' has 6 characters.*VARCHAR\(5\)"),
        ("t.b", {"provider": "email"}, r"'t\.b' the provider 'email'.*column is INTEGER"),
        ("t.d", {"provider": "city"}, r"'t\.d' the provider 'city'.*column is TIMESTAMP"),
    ],
)
def test_what_does_not_fit_is_named(
    con: duckdb.DuckDBPyConnection, name: str, value: Any, told: str
) -> None:
    with pytest.raises(Exception, match=told):
        fill(con, name, value)


def test_null_of_a_vectorised_function_is_named(con: duckdb.DuckDBPyConnection) -> None:
    genesis_sql.register_function(con, "none", none_of_all, arrow=True)
    with pytest.raises(Exception, match=r"t\.b, row 0: the function 'none' gave NULL.*NOT NULL"):
        fill(con, "t.b", {"type": "function", "function": "none"})


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("t.a", "'abc' || n()", lambda v: v[:3] == "abc"),
        ("t.a", lambda row, column: "abcde", lambda v: v == "abcde"),
        ("t.a", {"provider": "amount"}, lambda v: float(v) > 0),
        ("t.b", {"provider": "email", "values": [1, 2]}, lambda v: v in (1, 2)),
        ("t.d", {"provider": "birth_date", "null_share": 0}, lambda v: 1930 < v.year < 2009),
        ("t.d", "CASE WHEN id > 0 THEN NULL END", lambda v: v is None),
    ],
)
def test_what_fits_is_there(
    con: duckdb.DuckDBPyConnection, name: str, value: Any, good: Callable[[Any], bool]
) -> None:
    found = fill(con, name, value)
    assert len(found) == 12
    assert all(good(v) for (v,) in found), found[:3]
