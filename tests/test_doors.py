"""The Python doors: frames in, relations out, the real exception classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql import errors

SETUP = """
CREATE TABLE people (id INTEGER PRIMARY KEY, kind VARCHAR, size DOUBLE);
INSERT INTO people SELECT i, ['a', 'b', 'c'][1 + i % 3], sqrt(i) FROM range(120) r(i);
CREATE TABLE visits AS SELECT i AS id, i % 130 AS person, i % 11 AS room FROM range(400) r(i);
"""
KEYS = ["visits(person) -> people(id)"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that nobody registered; with the models 'm' (people) and 'both'."""
    with duckdb.connect() as connection:
        connection.execute(SETUP)
        genesis_sql.fit(connection, "m", "people")
        genesis_sql.fit_database(connection, "both", relationships=KEYS, verbatim=["people"])
        yield connection


def test_every_name_is_public() -> None:
    assert all(callable(getattr(genesis_sql, name)) for name in genesis_sql.__all__)
    assert len(set(genesis_sql.__all__)) == len(genesis_sql.__all__)


def test_fit_reports_what_it_did(con: duckdb.DuckDBPyConnection) -> None:
    row = genesis_sql.fit(
        con, "again", "people", seed=1, options={"min_cell": 30, "first": ("kind",)}
    )[0]
    assert (row["model"], row["version"], row["rows"], row["columns"]) == ("again", 1, 120, 3)
    assert genesis_sql.fit(con, "again", "(SELECT * FROM people WHERE size > 3)")[0]["version"] == 2


def test_doors_and_sql_give_the_same_rows(con: duckdb.DuckDBPyConnection) -> None:
    mine = genesis_sql.generate(con, "m", rows=50, seed=7).fetchall()
    theirs = con.execute("FROM genesis_generate('m', rows := 50, seed := 7)").fetchall()
    assert mine == theirs
    part = genesis_sql.generate(con, "m", "people", rows=5, first_row=10, scale=1.0, seed=7)
    assert isinstance(part, duckdb.DuckDBPyRelation)
    assert len(part.df()) == part.to_arrow_table().num_rows == 5


def test_a_whole_database(con: duckdb.DuckDBPyConnection) -> None:
    found = genesis_sql.generate_database(con, "both", "synth", scale=2, seed=3)
    assert {r["table_name"]: r["orphans"] for r in found} == {"people": 0, "visits": 0}
    with pytest.raises(errors.TargetError, match="has a table 'people' and 1 more already"):
        genesis_sql.generate_database(con, "both", "synth")
    again = genesis_sql.generate_database(
        con, "both", "synth", seed=3, scale=2, if_exists="replace"
    )
    assert [r["rows"] for r in again] == [r["rows"] for r in found]


def test_what_there_is_to_see(con: duckdb.DuckDBPyConnection) -> None:
    assert ("trees", True) in genesis_sql.list_methods(con).select("name", "installed").fetchall()
    assert genesis_sql.training_log(con, "m", version=1).columns[:2] == ["version", "table_name"]
    assert {row[2] for row in genesis_sql.list_jobs(con).fetchall()} >= {"m", "both"}
    with pytest.raises(errors.ModelNotFoundError, match="nothing runs for model 'm': the last"):
        genesis_sql.cancel(con, "m")


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table], ids=["pandas", "arrow"])
def test_frames(make: Callable[[Any], Any], con: duckdb.DuckDBPyConnection) -> None:
    secret = "a value that only the frame has"
    frame = make({"text": [secret, "b"] * 100, "number": list(range(200))})
    assert genesis_sql.fit(con, "framed", frame)[0]["rows"] == 200
    assert genesis_sql.generate(con, "framed", rows=3).columns == ["text", "number"]
    stored = con.execute("SELECT CAST(arguments AS VARCHAR) FROM genesis.model_versions").fetchall()
    assert secret not in str(stored)
    assert genesis_sql.check(con, frame)
    assert con.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [
        (0,)
    ]


def test_frames_of_all_libraries_give_one_model(con: duckdb.DuckDBPyConnection) -> None:
    pl = pytest.importorskip("polars")
    rows = {"a": [1, 2, 3, None] * 50, "b": ["x", "y"] * 100}
    held = pa.table(rows)
    for name, frame in (("p1", held), ("p2", pl.DataFrame(rows)), ("p3", con.from_arrow(held))):
        genesis_sql.fit(con, name, frame)
    query = "SELECT count(DISTINCT uuid) FROM genesis.model_versions WHERE model LIKE 'p_'"
    assert con.execute(query).fetchall() == [(1,)]


def test_the_small_verbs(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = str(tmp_path / "m.genesis")
    assert genesis_sql.export(con, "m", path)[0]["version"] == 1
    assert genesis_sql.import_(con, path, name="copy")[0]["model"] == "copy"
    assert genesis_sql.activate(con, "copy", version=1)[0]["status"] == "active"
    assert "copy" in {r[0] for r in genesis_sql.list_models(con).fetchall()}
    assert genesis_sql.describe(con, "copy").fetchall()[0][1] == "id"
    assert [d["status"] for d in genesis_sql.drop(con, "copy")] == ["dropped"]
    kinds = [r[1] for r in genesis_sql.history(con, "copy").fetchall()]
    assert kinds == ["drop", "activate", "import"]


def test_what_was_written_since_a_read_in_sql_is_seen() -> None:
    con = genesis_sql.connect()
    assert con.execute("FROM genesis_models()").fetchall() == []
    con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(100)")
    genesis_sql.fit(con, "m", "t")
    assert len(genesis_sql.list_models(con).fetchall()) == 1
    con.close()


def test_it_works_where_the_connection_stands(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(
            f"ATTACH '{tmp_path / 'other.duckdb'}' AS other; CREATE SCHEMA other.s; USE other.s"
        )
        con.execute("CREATE TABLE t AS SELECT i % 3 AS a FROM range(50) r(i)")
        genesis_sql.fit(con, "m", "t")
        assert con.execute("SELECT count(*) FROM other.genesis.models").fetchall() == [(1,)]
        con.execute("USE memory")
        assert genesis_sql.list_models(con).fetchall() == []


def test_uninstall() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT i % 3 AS a FROM range(50) r(i)")
        genesis_sql.fit(con, "m", "t")
        assert {"removed": "models"} in genesis_sql.uninstall(con)
        assert genesis_sql.list_models(con).fetchall() == []


@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        (lambda c: genesis_sql.fit(c, "x", "peple"), errors.SourceError, "did you mean 'people'"),
        (lambda c: genesis_sql.fit(c, "x", 3), errors.SourceError, "the source is a int"),
        (lambda c: genesis_sql.fit(c, "x", pd.DataFrame({"a": []})), errors.SourceError, "no rows"),
        (lambda c: genesis_sql.fit(c, None, "people"), errors.OptionError, "model is missing"),
        (lambda c: genesis_sql.fit(c, "x", "people", method="tree"), errors.OptionError, "trees"),
        (
            lambda c: genesis_sql.fit(c, "x", "people", options={"min_cel": 3}),
            errors.OptionError,
            "did you mean 'min_cell'",
        ),
        (
            lambda c: genesis_sql.fit(c, "x", "people", options={"first": {1, 2}}),
            errors.OptionError,
            "is not made of numbers, texts, lists and dicts",
        ),
        (
            lambda c: genesis_sql.fit_database(c, "x", verbatim="people"),
            errors.OptionError,
            r"write verbatim=\['people'\]",
        ),
        (
            lambda c: genesis_sql.fit_database(c, "x", relationships=["visits(persn) -> people"]),
            errors.SchemaError,
            "did you mean 'person'",
        ),
        (lambda c: genesis_sql.generate(c, "n"), errors.ModelNotFoundError, "no model 'n'"),
        (lambda c: genesis_sql.generate(c, "both"), errors.OptionError, "has 2 tables, name one"),
        (lambda c: genesis_sql.generate(c, "m", rows=1.5), errors.OptionError, "rows is 1.5"),
        (lambda c: genesis_sql.generate(c, "m", seed="x"), errors.OptionError, "seed is 'x'"),
        (lambda c: genesis_sql.generate(c, "m", version=9), errors.ModelNotFoundError, "ready: 1"),
        (lambda c: genesis_sql.generate_database(c, "m", ""), errors.OptionError, "target"),
        (lambda c: genesis_sql.describe(c, "zz"), errors.ModelNotFoundError, "no model 'zz'"),
        (lambda c: genesis_sql.history(c, "zz"), errors.ModelNotFoundError, "was ever run"),
        (lambda c: genesis_sql.activate(c, "m", version=7), errors.ModelNotFoundError, "ready: 1"),
        (lambda c: genesis_sql.drop(c, "zz"), errors.ModelNotFoundError, "no model 'zz'"),
        (lambda c: genesis_sql.export(c, "m", "no/m.genesis"), errors.TargetError, "cannot write"),
        (lambda c: genesis_sql.import_(c, "no.genesis"), errors.TargetError, "cannot read"),
    ],
)
def test_mistakes_raise_our_own_classes(
    call: Callable[[duckdb.DuckDBPyConnection], Any],
    error: type[Exception],
    expected: str,
    con: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(error, match=expected):
        call(con)
    with pytest.raises(genesis_sql.GenesisError, match=expected):
        call(con)


@pytest.mark.parametrize(
    "effect",
    [
        lambda c: genesis_sql.fit(c, "x", "people"),
        lambda c: genesis_sql.generate_database(c, "m", "elsewhere"),
        lambda c: genesis_sql.drop(c, "m"),
    ],
)
def test_effects_are_refused_in_a_transaction(
    effect: Callable[[duckdb.DuckDBPyConnection], Any], con: duckdb.DuckDBPyConnection
) -> None:
    con.execute("BEGIN")
    with pytest.raises(errors.TransactionError, match="COMMIT or ROLLBACK first"):
        effect(con)
    assert genesis_sql.generate(con, "m", rows=2).fetchall()
    con.execute("ROLLBACK")
    assert genesis_sql.describe(con, "m").fetchall()
