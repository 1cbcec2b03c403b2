"""Fits under differential privacy: what is kept, what is refused, what the ledger says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pytest

import genesis_sql
from genesis_sql import errors
from genesis_sql.actions.fit_private import sealed
from genesis_sql.models.dp.meter import Meter, Noisy
from genesis_sql.store import ledger, models

SETUP = """
CREATE TABLE people (
  id INTEGER PRIMARY KEY, code VARCHAR UNIQUE, age INTEGER, sex VARCHAR NOT NULL,
  pay DECIMAL(10, 2), born DATE, seen TIMESTAMP, ratio DOUBLE, member BOOLEAN, name VARCHAR,
  token UUID, tags VARCHAR[], mood ENUM('sad', 'it''s ok') NOT NULL, CHECK (age >= 0));
INSERT INTO people SELECT i, 'c' || i, CASE WHEN i % 11 = 0 THEN NULL ELSE 20 + i % 50 END,
  ['f', 'm'][1 + i % 2], 1000 + (i % 50) * 37 + (i % 2) * 4000, DATE '1970-01-01' + CAST(i % 9000 AS INTEGER),
  TIMESTAMP '2024-01-01' + to_hours(CAST(i % 5000 AS INTEGER)), sqrt(i), i % 3 = 0, 'name ' || i,
  uuid(), ['x'], ['sad', 'it''s ok'][1 + i % 2] FROM range(4000) r(i);
"""
OPTIONS = {"epsilon": 5.0, "delta": 1e-6}


@pytest.fixture(scope="module")
def people() -> Any:
    with genesis_sql.connect() as con:
        con.execute(SETUP)
        genesis_sql.fit(con, "m", "people", method="dp", options=OPTIONS)
        yield con


def fit(con: duckdb.DuckDBPyConnection, **options: Any) -> Any:
    return genesis_sql.fit(con, "m", "people", method="dp", options={**OPTIONS, **options})


def test_rows_of_a_private_model(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("CREATE OR REPLACE TABLE made AS FROM genesis_generate('m', rows := 4000)")
    columns = [r[0] for r in people.execute("DESCRIBE made").fetchall()]
    wanted = [r[0] for r in people.execute("DESCRIBE people").fetchall()]
    assert columns == [c for c in wanted if c != "tags"]
    query = """
    SELECT count(DISTINCT id) = 4000, count(DISTINCT code) = 4000, min(age) >= 0, count(sex) = 4000,
      list_sort(list(DISTINCT sex)) = ['f', 'm'], count(mood) = 4000, avg(age) BETWEEN 40 AND 50,
      count(age) BETWEEN 3300 AND 3900, min(born) > DATE '1960-01-01', max(born) < DATE '2010-01-01',
      avg(pay) FILTER (sex = 'm') - avg(pay) FILTER (sex = 'f') BETWEEN -2500 AND 6000,
      max(abs(ratio)) < 130, count(*) FILTER (name LIKE 'name %') = 0, count(DISTINCT token) = 4000
    FROM made"""
    assert people.execute(query).fetchall()[0] == (True,) * 14


def test_pairs_are_learnt(people: duckdb.DuckDBPyConnection) -> None:
    fit(people, epsilon=30.0)
    query = """SELECT avg(((sex = 'f') = (mood = 'sad'))::INT), avg((sex = 'f')::INT)
      FROM genesis_generate('m', rows := 3000)"""
    agree, share = people.execute(query).fetchall()[0]
    assert agree > 0.97
    assert 0.4 < share < 0.6


def test_epsilon_changes_the_output(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE people AS SELECT i % 4 AS a, i % 100 AS b FROM range(20000) r(i)")
    apart = {}
    for epsilon in (0.0001, 10.0):
        fit(con, epsilon=epsilon, bounds={"a": [0, 15], "b": [0, 127]})
        made = con.execute("SELECT a FROM genesis_generate('m', rows := 20000)").fetchnumpy()["a"]
        share = np.bincount(np.asarray(made), minlength=16) / 20000
        apart[epsilon] = float(np.abs(share - np.r_[np.full(4, 0.25), np.zeros(12)]).sum() / 2)
    assert apart[10.0] < 0.02
    assert apart[0.0001] > 0.2  # noise of a thousand times the rows


def test_sampling_is_replayed_fitting_is_not(people: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT md5(string_agg(COLUMNS(*)::VARCHAR)) FROM genesis_generate('m', rows := 300, seed := 5)"
    fit(people)
    first, again = (people.execute(query).fetchall() for _ in range(2))
    assert first == again
    fit(people)
    assert people.execute(query).fetchall() != first
    uuids = people.execute("SELECT DISTINCT uuid FROM genesis.model_versions").fetchall()
    assert len(uuids) >= 3


def everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """All that the store keeps but identities and clocks."""
    query = """SELECT table_name, string_agg('"' || column_name || '"', ', ' ORDER BY column_index)
      FROM duckdb_columns() WHERE schema_name = 'genesis' AND table_name <> 'migrations'
      AND column_name NOT IN ('uuid', 'at', 'started_at', 'finished_at', 'created_at', 'seconds',
        'instance') GROUP BY ALL"""
    return {
        table: con.execute(f"SELECT {columns} FROM genesis.{table} ORDER BY ALL").fetchall()
        for table, columns in con.execute(query).fetchall()
    }


OTHERS = {
    "few": "INSERT INTO people SELECT -5, 'z', 3, 'Ünique', 1, NULL, NULL, 'nan', NULL, 'Bob', NULL, NULL, 'sad'",
    "many": SETUP.split(";")[1].replace("range(4000)", "range(9000)").replace("'name '", "'Bob '"),
    "none": "SELECT 1",
}


def stored(what: str, known: int | None, patch: pytest.MonkeyPatch) -> Any:
    """The store after a fit to other data; every count that leaves is ``known``, if given."""
    if known is not None:
        patch.setattr(Meter, "counts", lambda _, true, __: Noisy(np.full(np.shape(true), known), 9))
        patch.setattr(Meter, "choose", lambda *_: 0)
    with genesis_sql.connect() as con:
        con.execute(SETUP.split(";")[0])
        con.execute(OTHERS[what])
        answered = fit(con)
        kept = everything(con)
        described = con.execute("FROM genesis_describe('m')").fetchall()
        history = con.execute("SELECT rows, error FROM genesis_history()").fetchall()
        return [{**a, "seconds": 0} for a in answered], kept, described, history


def test_nothing_leaves_but_through_the_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the meter's answers held fixed, any two databases leave the same store, to the byte."""
    kept = {what: stored(what, 0, monkeypatch) for what in OTHERS}
    assert kept["few"] == kept["many"] == kept["none"]
    assert len(kept["few"][1]["model_parts"]) >= 2


def test_what_was_not_paid_for_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comparison without that: it can fail."""
    kept = [stored(what, None, monkeypatch)[1]["model_parts"] for what in ("few", "many")]
    assert kept[0] != kept[1]


def test_no_exact_number_is_kept(people: duckdb.DuckDBPyConnection) -> None:
    fit(people)
    kept = people.execute("""SELECT fingerprint, metrics, rows FROM genesis.model_versions v
      JOIN genesis.model_tables t USING (model, version) ORDER BY version DESC LIMIT 1""").fetchall()
    version = models.find(people, "memory", "m")
    told = ledger.guarantee(version)
    assert told is not None
    assert (told["epsilon"], told["delta"]) == (5.0, 1e-6)
    assert ledger.guarantee(replace(version, method="trees")) is None
    fingerprint, metrics, rows = kept[0]
    assert fingerprint is None
    assert json.loads(metrics)["privacy"]["unit"] == "a row of people"
    assert abs(rows - 4000) < 200
    parts = people.execute("SELECT data FROM genesis.model_parts WHERE part = 'graph'").fetchall()
    for (data,) in parts:
        for column in json.loads(data)["tables"][0]["columns"]:
            assert (column["rows"], column["distinct"], column["nulls"]) == (0, 0, 0)


def test_an_error_tells_nothing(
    people: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Noisy:
        message = "could not convert 'Bob' to a number"
        raise RuntimeError(message)

    before = len(people.execute("FROM genesis_ledger()").fetchall())
    monkeypatch.setattr(Meter, "counts", breaks)
    with pytest.raises(errors.GenesisError, match="is not told") as raised:
        fit(people)
    assert "Bob" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert "Bob" not in str(everything(people))
    fits = people.execute("FROM genesis_ledger()").fetchall()
    assert len(fits) == before + 1  # a fit that failed has spent what it might have shown


UNTOUCHED = """
CREATE VIEW seen AS SELECT error('the rows were read') AS a;
CREATE TABLE people (a INTEGER, b VARCHAR, c DATE); INSERT INTO people VALUES (1, 'x', NULL);
"""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "needs epsilon"),
        ({"epsilon": 1.0}, "needs delta"),
        ({"epsilon": 0, "delta": 1e-9}, "above 0"),
        ({"epsilon": -1.0, "delta": 1e-9}, "above 0"),
        ({"epsilon": 1.0, "delta": 0}, "above 0"),
        ({"epsilon": 1.0, "delta": 1.0}, "between 0 and 1"),
        ({"epsilon": 1.0, "delta": 1e-9, "min_cell": 3}, "has no option 'min_cell'"),
        ({**OPTIONS, "bounds": "required"}, r"needs bounds of a, c and domains of b"),
        ({**OPTIONS, "bounds": {"aa": [0, 1]}}, "did you mean 'a'"),
        ({**OPTIONS, "bounds": {"a": [5, 1]}}, "below the second"),
        ({**OPTIONS, "bounds": {"a": [1]}}, "two values"),
        ({**OPTIONS, "bounds": {"a": ["x", "y"]}}, "no INTEGER"),
        ({**OPTIONS, "bounds": {"b": [0, 1]}}, "'domains', not 'bounds'"),
        ({**OPTIONS, "domains": {"a": ["1"]}}, "'bounds'"),
        ({**OPTIONS, "domains": {"b": []}}, "take texts"),
        ({**OPTIONS, "people": {"method": "trees"}}, "as a whole or not at all"),
        ({**OPTIONS, "people": {"epsilon": 2.0}}, "give it once|one for the whole|as a whole"),
        ({**OPTIONS, "roles": {"a": "date"}}, "takes category"),
    ],
)
def test_bad_options(con: duckdb.DuckDBPyConnection, options: dict[str, Any], told: str) -> None:
    con.execute(UNTOUCHED)
    if "people" in options and "epsilon" in options["people"]:
        options = {"epsilon": 1.0, "delta": 1e-9, "people": {"roles": "x"}}
        told = "takes a struct"
    with pytest.raises(errors.OptionError, match=told):
        genesis_sql.fit(con, "m", "people", method="dp", options=options)
    assert con.execute("FROM genesis_ledger()").fetchall() == []
    assert con.execute("FROM genesis_models()").fetchall() == []


def test_required_bounds_that_are_given(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(UNTOUCHED)
    con.execute(
        "INSERT INTO people SELECT i % 9, 'y', DATE '2020-03-01' + CAST(i % 90 AS INTEGER) "
        "FROM range(2000) AS r(i)"
    )
    own = {"bounds": {"a": [0, 9], "c": ["2020-01-01", "2021-01-01"]}, "domains": {"b": ["x", "y"]}}
    fit(con, bounds="required", people=own)
    found = dict(con.execute("SELECT column_name, reason FROM genesis_describe('m')").fetchall())
    assert found["a"] == "bounds as given: 0 to 9"
    assert found["b"] == "labels as given"
    made = con.execute(
        "SELECT min(a), max(a), min(c), max(c) FROM genesis_generate('m', rows := 500)"
    )
    low, high, first, last = made.fetchall()[0]
    assert (low >= 0, high <= 9) == (True, True)
    assert (str(first) >= "2020-01-01", str(last) <= "2021-01-01") == (True, True)


@pytest.mark.parametrize("source", ["seen", "(SELECT a FROM people)"])
def test_only_tables_have_a_unit(con: duckdb.DuckDBPyConnection, source: str) -> None:
    con.execute(UNTOUCHED)
    with pytest.raises(errors.SourceError, match="a private fit takes a table"):
        genesis_sql.fit(con, "m", source, method="dp", options=OPTIONS)


def test_a_guarantee_is_for_the_whole_fit(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(UNTOUCHED)
    for method, options in (
        ("trees", {"people": {"method": "dp"}}),
        ("trees", {"epsilon": 1.0}),
        ("trees", {"delta": 1e-9}),
    ):
        with pytest.raises(errors.OptionError, match="a guarantee holds for a whole fit"):
            genesis_sql.fit(con, "m", "people", method=method, options=options)
    with pytest.raises(errors.OptionError, match="copies no table"):
        genesis_sql.fit_database(con, "m", method="dp", options=OPTIONS, verbatim=["people"])
    with pytest.raises(errors.OptionError, match="keeps no references"):
        genesis_sql.fit_database(con, "m", method="dp", options=OPTIONS, orphans="keep")
    with pytest.raises(errors.OptionError, match="no constraints"):
        genesis_sql.fit(con, "m", "people", method="dp", options=OPTIONS, constraints=["a > 0"])


def test_a_spent_budget_is_refused_before_a_row_is_read(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(SETUP)
    con.execute("CALL genesis_budget('people', epsilon := 6.0, delta := 1e-6)")
    fit(con)
    looked: list[Any] = []
    monkeypatch.setattr("genesis_sql.actions.fit_private.read_bounded", lambda *a: looked.append(a))
    with pytest.raises(errors.BudgetError, match="the budget of .* is epsilon 6"):
        fit(con)
    assert looked == []
    statuses = con.execute("SELECT status FROM genesis_history() ORDER BY id").fetchall()
    assert statuses == [("done",), ("error",)]
    row = con.execute(
        "SELECT source, model, version, epsilon, delta, spent_epsilon, budget_epsilon "
        "FROM genesis_ledger()"
    ).fetchall()
    assert row[0][:5] == ('"main"."people"', "m", 1, 5.0, 1e-6)
    assert 4.9 < row[0][5] < 5.1
    assert row[0][6] == 6.0


@pytest.mark.parametrize(
    "given",
    ["epsilon := 0, delta := 1e-9", "epsilon := 1", "delta := 1e-9", "epsilon := 1, delta := 2"],
)
def test_bad_budgets(con: duckdb.DuckDBPyConnection, given: str) -> None:
    con.execute("CREATE TABLE people (a INTEGER)")
    with pytest.raises(duckdb.Error, match="as in CALL genesis_budget"):
        con.execute(f"FROM genesis_budget('people', {given})").fetchall()


def test_names_that_would_break_out(con: duckdb.DuckDBPyConnection) -> None:
    name = "x'); DROP TABLE victim; --\""
    quoted = '"' + name.replace('"', '""') + '"'
    con.execute("CREATE TABLE victim (a INTEGER)")
    con.execute(
        f"CREATE TABLE {quoted} AS SELECT i % 5 AS {quoted}, 'l' || i % 3 AS b FROM range(900) r(i)"
    )
    options = {**OPTIONS, "bounds": {name: [0, 9]}, "roles": {"b": "category"}}
    genesis_sql.fit(con, name, quoted, method="dp", options=options)
    genesis_sql.generate(con, name, rows=10).fetchall()
    con.execute("FROM genesis_ledger()").fetchall()
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(0,)]


def test_no_other_ledger_can_be_asked(con: duckdb.DuckDBPyConnection) -> None:
    """Otherwise a budget would be passed by fitting from another database."""
    con.execute("CREATE TABLE own AS SELECT i % 9 AS a FROM range(200) AS r(i)")
    con.execute("ATTACH ':memory:' AS elsewhere")
    con.execute("USE elsewhere")
    asked = "method := 'dp', options := {'epsilon': 1.0, 'delta': 1e-6}"
    for call in (
        f"CALL genesis_fit('m', 'memory.main.own', {asked})",
        "CALL genesis_budget('memory.main.own', epsilon := 1.0, delta := 1e-6)",
    ):
        with pytest.raises(duckdb.Error, match="of another database than 'elsewhere'"):
            con.execute(call).fetchall()


def test_a_child_alone_has_to_be_meant(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE top (id INTEGER PRIMARY KEY)")
    con.execute("INSERT INTO top SELECT i FROM range(100) AS r(i)")
    con.execute("CREATE TABLE low (top INTEGER REFERENCES top (id), a INTEGER)")
    con.execute("INSERT INTO low SELECT i % 100, i % 9 FROM range(300) AS r(i)")
    asked = "'epsilon': 1.0, 'delta': 1e-6"
    for call in (
        f"CALL genesis_fit('m', 'low', method := 'dp', options := {{{asked}}})",
        f"CALL genesis_fit_database('m', tables := ['low'], method := 'dp', options := {{{asked}}})",
    ):
        with pytest.raises(duckdb.Error, match=r"'low' refers to 'top'.*'privacy_unit': 'low'"):
            con.execute(call).fetchall()
    meant = f"{{{asked}, 'privacy_unit': 'low'}}"
    con.execute(f"CALL genesis_fit('m', 'low', method := 'dp', options := {meant})").fetchall()


def test_required_bounds_of_one_table(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE own AS SELECT i % 9 AS a FROM range(200) AS r(i)")
    asked = "{'epsilon': 1.0, 'delta': 1e-6, 'own': {'bounds': 'required'}}"
    with pytest.raises(duckdb.Error, match=r"'a'|\ba\b"):
        con.execute(f"CALL genesis_fit('m', 'own', method := 'dp', options := {asked})").fetchall()


def test_a_lack_of_memory_tells_no_sizes() -> None:
    with pytest.raises(errors.GenesisError, match="ran out of memory") as raised, sealed("m"):
        raise MemoryError("array with shape (123456789,)")
    assert "123456789" not in str(raised.value)
