"""Types that DuckDB does not have are filled with texts that their own database reads."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.providers.type_texts import FORMS, type_text
from genesis_sql.types import RawColumn

NUMBER, DAY = r"-?\d+(\.\d+)?", r"202[45]-\d\d-\d\d"
TYPES = {
    "point": rf"\({NUMBER},{NUMBER}\)",
    "circle": rf"<\({NUMBER},{NUMBER}\),{NUMBER}>",
    "box": rf"\({NUMBER},{NUMBER}\),\({NUMBER},{NUMBER}\)",
    "polygon": rf"\((\({NUMBER},{NUMBER}\),?)+\)",
    "int4range": r"\[\d+,\d+\)",
    "daterange": rf"\[{DAY},{DAY}\)",
    "tsvector": r"'[a-z]+':1 '[a-z]+':2",
    "macaddr": r"([0-9a-f]{2}:){5}[0-9a-f]{2}",
    "inet": r"[0-9.]+",
    "cidr": r"[0-9.]+",
    "jsonb": r"\{.+\}",
}


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    columns = ", ".join(f"c_{t} {t} NOT NULL" for t in TYPES)
    others = "span INTERVAL NOT NULL, words TEXT[] NOT NULL, numbers INT[] NOT NULL, raw BYTEA"
    with genesis_sql.connect() as con:
        ddl = f"CREATE TABLE t (id INT PRIMARY KEY, {columns}, maybe POINT, {others})"
        con.execute("CALL genesis_schema('m', ddl := ?, dialect := 'postgres')", [ddl]).fetchall()
        con.execute("CREATE TABLE made AS SELECT * FROM genesis_generate('m', 't', rows := 80)")
        yield con


def values(con: duckdb.DuckDBPyConnection, column: str) -> list[Any]:
    found = [v for (v,) in con.execute(f"SELECT {column} FROM made").fetchall()]
    assert found
    return found


@pytest.mark.parametrize("type_", TYPES)
def test_a_text_is_of_the_form_of_its_type(made: duckdb.DuckDBPyConnection, type_: str) -> None:
    found = values(made, f"c_{type_}")
    assert all(re.fullmatch(TYPES[type_], v) for v in found), found[:3]
    assert len(set(found)) > 10


def test_addresses_are_of_ranges_kept_for_documents(made: duckdb.DuckDBPyConnection) -> None:
    kept = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    found = [ipaddress.ip_address(v) for t in ("inet", "cidr") for v in values(made, f"c_{t}")]
    assert all(any(a in net for net in kept) for a in found)


def test_other_types_differ_from_row_to_row(made: duckdb.DuckDBPyConnection) -> None:
    for column in ("span", "words", "numbers", "raw"):
        assert len({str(v) for v in values(made, column)}) > 20, column
    assert all(isinstance(json.loads(v), dict) for v in values(made, "c_jsonb"))
    assert 0 < values(made, "maybe").count(None) < 20


def test_ranges_begin_before_they_end(made: duckdb.DuckDBPyConnection) -> None:
    for text in values(made, "c_int4range"):
        low, high = text[1:-1].split(",")
        assert int(low) < int(high)
    assert all(v[1:11] < v[12:22] for v in values(made, "c_daterange"))


def test_a_type_is_read_from_the_reason() -> None:
    reason = "no values are made of the type "
    assert type_text(RawColumn("a", "VARCHAR", reason=f"{reason}vector")) is None
    assert (
        type_text(RawColumn("a", "VARCHAR", reason=f"{reason}x'); DROP TABLE victim; --")) is None
    )
    assert all(type_text(RawColumn("a", "VARCHAR", reason=reason + t)) for t in FORMS)
