"""Every way a schema comes in ends in the same profile, kept and found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

import genesis_sql
from genesis_sql.errors import AccessError, OptionError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.written import from_plain

DDL = (
    "CREATE TABLE makers (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE); "
    "CREATE TABLE tools (id INTEGER PRIMARY KEY, maker_id INTEGER NOT NULL REFERENCES makers (id), "
    "price DECIMAL(8, 2) NOT NULL)"
)
ROWS = {"makers": 5, "tools": 20}


def filled(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    """What the tools and their makers are, generated."""
    genesis_sql.generate_database(con, name, f"of_{name}", rows=ROWS, seed=4)
    query = """
    SELECT count(*), count(DISTINCT m.name), min(price) > 0, any_value(typeof(price)),
           count(DISTINCT price) > 5
    FROM {0}.tools AS t JOIN {0}.makers AS m ON m.id = t.maker_id"""
    return con.execute(query.format(f"of_{name}")).fetchall()


def test_ddl_a_url_models_and_data_say_the_same(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'tools.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as sqlite:
        for statement in DDL.split("; "):
            sqlite.execute(sa.text(statement))
    metadata = sa.MetaData()
    metadata.reflect(engine)
    genesis_sql.from_ddl(DDL, con=con, name="ddl")
    genesis_sql.from_url(url, con=con, name="url")
    genesis_sql.from_sqlalchemy(metadata, con=con, name="models")
    genesis_sql.from_dict(
        {
            "makers": {"id": {"type": "integer", "primary_key": True, "nullable": False},
                       "name": {"type": "VARCHAR(40)", "unique": True, "nullable": False}},
            "tools": {"id": {"type": "integer", "primary_key": True, "nullable": False},
                      "maker_id": {"type": "foreign_key", "references": "makers.id", "nullable": False},
                      "price": {"type": "DECIMAL(8,2)", "nullable": False}},
        }, con=con, name="dict",
    )  # fmt: skip
    engine.dispose()
    wanted = [(20, 5, True, "DECIMAL(8,2)", True)]
    assert [filled(con, name) for name in ("ddl", "url", "models", "dict")] == [wanted] * 4


def test_a_url_through_sql_keeps_to_the_setting(tmp_path: Path) -> None:
    con = genesis_sql.connect(config={"enable_external_access": "false"})
    with pytest.raises(duckdb.Error, match="enable_external_access is off"):
        con.execute("CALL genesis_schema('x', url := 'sqlite:///x.db')")
    with pytest.raises(AccessError, match="enable_external_access is off"):
        genesis_sql.from_url("sqlite:///x.db", con=con, name="x")
    con.close()


def test_what_was_said_is_kept_with_the_profile(con: duckdb.DuckDBPyConnection) -> None:
    given = {"tools.price": {"type": "uniform", "min": 1, "max": 2}}
    genesis_sql.from_ddl(DDL, con=con, name="shop", columns=given, rows=ROWS, locale="de_DE")
    spec = genesis_sql.load_profile(con, "shop")["spec"]
    assert from_plain(spec["schema"]) == read_ddl(DDL)
    assert spec["columns"] == given
    assert (spec["rows"], spec["locale"]) == (ROWS, "de_DE")
    told = con.execute("FROM genesis_describe('shop')").fetchall()
    assert len(told) == 5
    assert genesis_sql.from_ddl(DDL, con=con, name="shop", columns=given, rows=ROWS)


def test_a_spec_is_given_as_a_struct_or_text(con: duckdb.DuckDBPyConnection) -> None:
    call = "CALL genesis_schema('p', spec := {'patient_id': 'number', 'email': 'email'})"
    assert con.execute(call).fetchall()[0][1] == 2
    text = json.dumps({"patient_id": "number", "email": "email"})
    assert con.execute("CALL genesis_schema('p', spec := ?)", [text]).fetchall()[0][1] == 2
    made = con.execute("FROM genesis_generate('p', rows := 3)").fetchall()
    assert all("@" in email for _, email in made)
    assert len(made) == 3


def test_functions_that_raise_are_named(con: duckdb.DuckDBPyConnection) -> None:
    def price(row: dict[str, Any], column: str) -> float:
        return 1 / (row["id"] - 1)

    genesis_sql.from_ddl(DDL, con=con, name="bad", columns={"tools": {"price": price}})
    with pytest.raises(Exception, match=r"tools\.price, row 0.*ZeroDivisionError"):
        con.execute("FROM genesis_generate('bad', 'tools', rows := 3)").fetchall()


def test_wrong_arguments_are_one_sentence(con: duckdb.DuckDBPyConnection) -> None:
    for statement, told in (
        (
            "CALL genesis_schema('x', ddl := 'CREATE TABLE t (a INT)', rows := 5)",
            "no struct or map",
        ),
        ("CALL genesis_schema('x', ddl := 'CREATE TABLE t (a INT)', rows := {'t': 'x'})", "whole"),
        (
            "CALL genesis_schema('x', ddl := 'CREATE TABLE t (a INT)', columns := ['t'])",
            "no struct",
        ),
    ):
        with pytest.raises(duckdb.Error, match=told):
            con.execute(statement)
    with pytest.raises(OptionError, match="no such table"):
        genesis_sql.from_ddl(DDL, con=con, name="x", columns={"tool.price": "1"})
