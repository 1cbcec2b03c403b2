"""Dates of keys stay where anybody believes them; numbers stay within their types."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from genesis_sql.drafts.draft import draft
from genesis_sql.errors import ProfileError, SchemaError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.profiles.compile import compile_profile
from tests.drafts.test_apart import count, fill


def test_days_of_keys_are_no_far_future(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """
    CREATE TABLE calendar (day DATE PRIMARY KEY, v INT);
    CREATE TABLE terms (id INT PRIMARY KEY, start_date DATE UNIQUE, end_date DATE);
    CREATE TABLE weeks (start_date DATE PRIMARY KEY, end_date DATE NOT NULL);
    CREATE TABLE staff (id INT PRIMARY KEY, name TEXT);
    CREATE TABLE shifts (staff_id INT REFERENCES staff (id), work_date DATE,
      PRIMARY KEY (staff_id, work_date));"""
    made = fill(con, ddl, calendar=12_000, terms=1_500, weeks=900, staff=5, shifts=3_000)
    assert count(con, "(SELECT DISTINCT day FROM calendar)") == 12_000
    assert count(con, "(SELECT DISTINCT start_date FROM terms)") == 1_500
    assert count(con, "shifts") == made["shifts"] > 1_000
    for table, column in (("calendar", "day"), ("terms", "start_date"), ("shifts", "work_date")):
        low, high = con.execute(f"SELECT min({column}), max({column}) FROM {table}").fetchall()[0]
        assert date(1900, 1, 1) <= low < high <= date(2027, 12, 31)
    assert count(con, "terms WHERE end_date < start_date") == 0
    assert count(con, "terms WHERE end_date >= start_date") > 500
    assert count(con, "weeks WHERE end_date >= start_date") == 900


@pytest.mark.parametrize(
    ("columns", "most"),
    [
        ("day DATE PRIMARY KEY", 73_049),
        ("day DATE UNIQUE CHECK (day BETWEEN '2020-01-01' AND '2020-12-31')", 366),
        ("id DECIMAL(5,2) PRIMARY KEY", 999),
        ("id NUMERIC(3,0) PRIMARY KEY", 999),
    ],
)
def test_more_rows_than_there_are_values(columns: str, most: int) -> None:
    schema = read_ddl(f"CREATE TABLE t ({columns})")
    with pytest.raises(SchemaError, match=rf"has {most:,} values, and {most + 1:,} rows are asked"):
        draft(schema, rows={"t": most + 1})
    assert draft(schema, rows={"t": most})["tables"]["t"]["rows"] == most


def test_a_decimal_key_of_a_profile_has_room_for_its_rows() -> None:
    key = {"type": "key", "format": "%d", "sql_type": "DECIMAL(3,1)"}
    plain = {"tables": {"t": {"rows": 100, "columns": {"id": key}}}}
    with pytest.raises(ProfileError, match="its type holds 99"):
        compile_profile(plain, name="p", version=1)


def test_numbers_fit_into_small_types(con: duckdb.DuckDBPyConnection) -> None:
    ddl = "CREATE TABLE beds (id DECIMAL(3,0) PRIMARY KEY, bed_no SMALLINT, room_no TINYINT)"
    assert fill(con, ddl, beds=900) == {"beds": 900}
    assert count(con, "beds WHERE bed_no > 127") > 500
