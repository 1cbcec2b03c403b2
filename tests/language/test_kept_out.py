"""What is kept out: keys out of every text that is shown, proposals that do not fit out of a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import GenesisError, OptionError
from genesis_sql.language.config import read_config

from .endpoint import serving

pytest.importorskip("openai")

KEY = "sk-secret-of-mine-12345"
DDL = """
CREATE TABLE people (id INTEGER PRIMARY KEY, plan VARCHAR(10), a INTEGER, b INTEGER, c INTEGER, score DOUBLE);
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (f"{{'provider': 'openai', 'api_key': '{KEY}'}}", "llm is no struct"),
        ([KEY], "llm is no struct"),
        (f'["{KEY}"]', "llm is no struct"),
        ({"model_name": "m", "proxy": KEY}, "proxy of llm is no struct"),
        ({"model_name": "m", "proxy": {"haeders": {"a": KEY}}}, "has no 'haeders'.*'headers'"),
        ({"model_name": "m", "proxy": {"headers": KEY}}, "headers"),
        ({"model_name": "m", "api_key": [KEY]}, "api_key"),
        ({"model_name": {"key": KEY}}, "needs its name"),
    ],
)
def test_a_wrong_configuration_does_not_show_the_key(given: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told) as raised:
        read_config(given)
    assert KEY not in str(raised.value)


def test_a_configuration_may_be_json() -> None:
    text = json.dumps({"provider": "openai", "model_name": "m", "api_key": KEY, "price": [1, 2]})
    config = read_config(text)
    assert config is not None
    assert (config.model_name, config.price, config.key) == ("m", (1, 2), KEY)


@pytest.mark.parametrize(
    "call",
    [
        "CALL genesis_schema('m', ddl := $d, llm := {'model_name': 'm', 'api_key': 'KEY', 'proxy': 'KEY'})",
        "CALL genesis_schema('m', ddl := $d, llm := '{\"api_key\": \"KEY\"')",
        "CALL genesis_schema('m', ddl := $d, prompt := {'api_key': 'KEY'}, llm := {'modl': 'KEY'})",
        "CALL genesis_schema('m', ddl := {'password': 'KEY'})",
        "CALL genesis_schema('m', url := 'postgresql://ann:KEY@127.0.0.1:1/nowhere')",
        "CALL genesis_schema('m', url := 'postgresql:/ann:KEY@nowhere')",
        "CALL genesis_copy_database('mysql://ann:KEY@127.0.0.1:1/nowhere', 't')",
        "CALL genesis_fill('m', 'postgresql://ann:KEY@127.0.0.1:1/nowhere')",
        "CALL genesis_export_database('m', 'postgresql://ann:KEY@127.0.0.1:1/nowhere')",
    ],
)
def test_no_error_of_sql_shows_a_secret(con: duckdb.DuckDBPyConnection, call: str) -> None:
    genesis_sql.from_ddl(DDL, con=con, name="m")
    told = {"d": DDL} if "$d" in call else {}
    with pytest.raises(duckdb.Error, match="genesis: ") as raised:
        con.execute(call.replace("KEY", KEY), told).fetchall()
    assert KEY not in str(raised.value)
    assert KEY not in str(con.execute("SELECT arguments, error FROM genesis_history()").fetchall())


def test_no_error_of_a_file_shows_a_password(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'gone.db'}?password={KEY}"
    with pytest.raises(GenesisError) as raised:
        genesis_sql.from_url(url, con=con, name="m")
    assert KEY not in str(raised.value)


def test_proposals_that_read_one_another_in_a_circle(con: duckdb.DuckDBPyConnection) -> None:
    """Each fits alone; what comes first is kept."""
    proposed = {
        "people.a": {"expression": "b + 1"},
        "people.b": {"expression": "a + 1"},
        "people.c": {"expression": "a * 2"},
        "people.plan": {"values": {"basic": 1}},
        "people.score": {"expression": "wages / 2"},
    }
    llm = {"provider": "openai", "model_name": "m", "api_key": KEY, "retries": 0}
    with serving(json.dumps({"columns": proposed})) as end:
        made = genesis_sql.from_ddl(
            DDL, con=con, name="m", prompt="x", rows={"people": 50}, llm={**llm, "base_url": f"{end.url}/v1"}
        )  # fmt: skip
    ((notes,),) = [(row["notes"],) for row in made]
    assert "people.b: " in notes
    assert "people.score: " in notes
    query = (
        "SELECT count(*), bool_and(a = b + 1 AND c = a * 2), min(plan) FROM genesis_generate('m')"
    )
    assert con.execute(query).fetchall() == [(50, True, "basic")]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"type": "normal", "mean": 10**400, "std_dev": 1}, "no number"),
        ({"type": "normal", "mean": 1, "std_dev": 1, "sql": "1"}, "has no"),
        ({"type": "normal", "mean": "9", "std_dev": 1}, "no number"),
    ],
)
def test_numbers_that_are_none(con: duckdb.DuckDBPyConnection, value: Any, why: str) -> None:
    llm = {"provider": "openai", "model_name": "m", "api_key": KEY, "retries": 0}
    with serving(json.dumps({"columns": {"people.score": {"distribution": value}}})) as end:
        (row,) = genesis_sql.from_ddl(
            DDL, con=con, name="m", prompt="x", llm={**llm, "base_url": f"{end.url}/v1"}
        )
    assert "people.score: the distribution" in row["notes"] or "a distribution" in row["notes"]
    assert why in row["notes"]
    assert len(con.execute("FROM genesis_generate('m', rows := 9)").fetchall()) == 9
